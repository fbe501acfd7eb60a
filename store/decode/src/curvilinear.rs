//! Components whose nodes have positions of their own: two-dimensional longitudes and latitudes (CF 5.2), on dimensions
//! that count nodes and measure nothing. ROMS on its rho points, NEMO, WRF and rotated poles come so.
//!
//! Components along such a grid are turned by the angle that the file gives (`angle_of_rotation_from_east_to_x`, or
//! `angle` of ROMS), else by the angle of the grid's own rows, worked out from the positions.

use std::collections::HashMap;

use driftline_domain::{AxisRotation, CurvilinearGrid, GridSpec, wrap_lon_deg};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::grid::{NodeOrder, Placement};
use crate::layout::{DimRole, Layout, role_of_coordinate, role_of_dimension};
use crate::source::{Source, Take, lower, number, numbers, text};

/// A position that stands at more nodes than this is no position: models write one and the same where they computed
/// nothing.
const MOST_AT_ONE_PLACE: usize = 8;
/// How far the stated angle may be from that of the positions before it is told, radians; the middle node of all counts.
const GOOD_ANGLE_RAD: f64 = 0.05;

/// The layout of a component with positions of its own; `None` where it has axes, or nothing fits.
pub(crate) fn layout(source: &Source, variable: &NcVariable) -> Option<Layout> {
    let (mut time, mut vertical, mut nodes) = (None, None, Vec::new());
    for (position, dim) in variable.dimensions.iter().enumerate() {
        let slot = match role_of_dimension(source, &dim.name) {
            Some(DimRole::Time) => &mut time,
            Some(role) if role.is_vertical() => &mut vertical,
            Some(DimRole::Member) => return None,
            _ if measures(source, &dim.name) => return None,
            _ if dim.size == 1 => continue,
            _ => {
                nodes.push(position);
                continue;
            }
        };
        if slot.replace(position).is_some() {
            return None;
        }
    }
    let [first, second] = nodes[..] else { return None };
    let dims = [first, second].map(|position| variable.dimensions[position].name.as_str());
    let (names, is_swapped) = positions(source, variable, dims)?;
    let (y, x) = if is_swapped { (second, first) } else { (first, second) };
    Some(Layout {
        time,
        vertical,
        x,
        y,
        projected: false,
        positions: Some(names),
    })
}

/// Whether a dimension has a coordinate that says where along an axis of its own each node is.
fn measures(source: &Source, dim: &str) -> bool {
    let Some(own) = source.variable(dim).filter(|own| own.ndim() == 1) else {
        return false;
    };
    match role_of_coordinate(own) {
        // An axis about a shifted pole measures, but nothing that is read here.
        Some(DimRole::Rotated) | None => false,
        Some(DimRole::ProjectedX | DimRole::ProjectedY) => !matches!(lower(own, "units").as_str(), "" | "1" | "count"),
        Some(_) => true,
    }
}

/// The names of longitudes and latitudes on two dimensions, and whether they run the other way round.
fn positions(source: &Source, variable: &NcVariable, dims: [&str; 2]) -> Option<([String; 2], bool)> {
    let stated = text(variable, "coordinates").unwrap_or_default();
    let named: Vec<&NcVariable> = stated
        .split_whitespace()
        .filter_map(|name| source.variable(name))
        .collect();
    let on = |candidate: &NcVariable, dims: [&str; 2]| {
        let own: Vec<&str> = candidate.dimensions.iter().map(|dim| dim.name.as_str()).collect();
        own == dims
    };
    let field = |role: DimRole, dims: [&str; 2]| {
        let fits = |candidate: &&NcVariable| on(candidate, dims) && role_of_position(candidate) == Some(role);
        let by_attribute = named.iter().copied().find(fits);
        by_attribute.or_else(|| source.variables().iter().find(fits))
    };
    for (dims, is_swapped) in [(dims, false), ([dims[1], dims[0]], true)] {
        if let (Some(lon), Some(lat)) = (field(DimRole::Longitude, dims), field(DimRole::Latitude, dims)) {
            return Some(([lon.name.clone(), lat.name.clone()], is_swapped));
        }
    }
    None
}

fn role_of_position(candidate: &NcVariable) -> Option<DimRole> {
    let by_name = match candidate.name.to_ascii_lowercase().as_str() {
        "lon_rho" | "xlong" => Some(DimRole::Longitude),
        "lat_rho" | "xlat" => Some(DimRole::Latitude),
        _ => None,
    };
    role_of_coordinate(candidate).or(by_name)
}

/// The grid of a component by its positions.
pub(crate) fn placement(
    source: &Source,
    variable: &NcVariable,
    layout: &Layout,
    names: &[String; 2],
) -> Result<Placement, Error> {
    let (nx, ny) = (
        variable.dimensions[layout.x].size as usize,
        variable.dimensions[layout.y].size as usize,
    );
    let (grid, caveat) = grid(source, &variable.name, names, [nx, ny])?;
    Ok(Placement {
        spec: GridSpec::Curvilinear(grid),
        order: NodeOrder::as_it_comes(nx, ny, layout.x < layout.y),
        caveat,
    })
}

/// The grid of the positions in two fields, rows of `nx` nodes.
pub(crate) fn grid(
    source: &Source,
    of: &str,
    names: &[String; 2],
    [nx, ny]: [usize; 2],
) -> Result<(CurvilinearGrid, Option<String>), Error> {
    let refused = |reason: String| Error::Curvilinear {
        variable: of.to_owned(),
        reason,
    };
    let values = |name: &String| {
        let field = source
            .variable(name)
            .ok_or_else(|| refused(format!("the file has no '{name}'")))?;
        Ok::<_, Error>(degrees(field, source.slab(field, &[Take::All, Take::All])?))
    };
    let (mut lon_deg, mut lat_deg) = (values(&names[0])?, values(&names[1])?);
    let left_out = leave_out_fillers(&mut lon_deg, &mut lat_deg);
    let grid = CurvilinearGrid::new(nx, ny, lon_deg, lat_deg).map_err(|problem| refused(problem.to_string()))?;
    let caveat = (left_out > 0).then(|| {
        format!("{left_out} nodes have the same position as many others, which is none; they are left out of the grid")
    });
    Ok((grid, caveat))
}

/// Unpacked degrees, NaN for what is marked as missing or is on no globe.
fn degrees(field: &NcVariable, stored: Vec<f64>) -> Vec<f64> {
    let marks = ["_FillValue", "missing_value"]
        .iter()
        .filter_map(|name| numbers(field, name));
    let marks: Vec<f64> = marks.flatten().collect();
    let (scale, offset) = (
        number(field, "scale_factor").unwrap_or(1.0),
        number(field, "add_offset").unwrap_or(0.0),
    );
    let value = |stored: f64| {
        let degrees = stored * scale + offset;
        if marks.contains(&stored) || degrees.abs() > 720.0 {
            f64::NAN
        } else {
            degrees
        }
    };
    stored.into_iter().map(value).collect()
}

/// Takes the positions from nodes that share theirs with many others; how many there were.
fn leave_out_fillers(lon_deg: &mut [f64], lat_deg: &mut [f64]) -> usize {
    let key = |lon: f64, lat: f64| (lon.to_bits(), lat.to_bits());
    let mut nodes: HashMap<(u64, u64), usize> = HashMap::with_capacity(lon_deg.len());
    for (lon, lat) in lon_deg.iter().zip(lat_deg.iter()) {
        if lon.is_finite() && lat.is_finite() {
            *nodes.entry(key(*lon, *lat)).or_default() += 1;
        }
    }
    let mut left_out = 0;
    for (lon, lat) in lon_deg.iter_mut().zip(lat_deg.iter_mut()) {
        if nodes
            .get(&key(*lon, *lat))
            .is_some_and(|count| *count > MOST_AT_ONE_PLACE)
        {
            (*lon, *lat) = (f64::NAN, f64::NAN);
            left_out += 1;
        }
    }
    left_out
}

/// How components along the grid are turned, and what is to be said of it. `dims` are those of the positions.
pub(crate) fn rotation(
    source: &Source,
    of: &str,
    grid: &CurvilinearGrid,
    positions: &str,
) -> Result<(AxisRotation, Option<String>), Error> {
    let rows = grid.row_angles_rad();
    let Some(stated) = angle_variable(source, positions) else {
        if !grid.is_right_handed() {
            return Err(Error::Curvilinear {
                variable: of.to_owned(),
                reason:
                    "its components lie along a grid whose rows follow one another to the right, and the file has no \
                         angle to turn them by"
                        .to_owned(),
            });
        }
        return Ok((AxisRotation::of_row_angles(&rows), None));
    };
    let factor = match lower(stated, "units").as_str() {
        "degree" | "degrees" => 1f64.to_radians(),
        "" | "radian" | "radians" | "rad" => 1.0,
        units => {
            return Err(Error::Units {
                variable: stated.name.clone(),
                units: units.to_owned(),
                quantity: "angle",
            });
        }
    };
    let angles = degrees(stated, source.slab(stated, &[Take::All, Take::All])?);
    let angles: Vec<f64> = angles.into_iter().map(|angle| angle * factor).collect();
    let off_rad = middle_difference(&angles, &rows);
    let caveat = (off_rad > GOOD_ANGLE_RAD).then(|| {
        format!(
            "'{}' turns vectors by another angle than the rows of '{positions}' have, {:.1} degrees at the middle of all \
             nodes; the stated angle is used",
            stated.name,
            off_rad.to_degrees()
        )
    });
    Ok((AxisRotation::of_row_angles(&angles), caveat))
}

/// A field of angles on the dimensions of the positions.
fn angle_variable<'a>(source: &'a Source, positions: &str) -> Option<&'a NcVariable> {
    let dims =
        |variable: &NcVariable| -> Vec<String> { variable.dimensions.iter().map(|dim| dim.name.clone()).collect() };
    let wanted = source.variable(positions).map(dims)?;
    source.variables().iter().find(|candidate| {
        let named =
            lower(candidate, "standard_name") == "angle_of_rotation_from_east_to_x" || candidate.name == "angle";
        named && dims(candidate) == wanted
    })
}

/// The difference of two angles that half of the nodes do not exceed, radians; 0 where nothing can be compared.
fn middle_difference(a_rad: &[f64], b_rad: &[f64]) -> f64 {
    let pairs = a_rad.iter().zip(b_rad).filter(|(a, b)| a.is_finite() && b.is_finite());
    let mut differences: Vec<f64> = pairs
        .map(|(a, b)| wrap_lon_deg((a - b).to_degrees()).to_radians().abs())
        .collect();
    differences.sort_by(f64::total_cmp);
    differences.get(differences.len() / 2).copied().unwrap_or(0.0)
}

//! Section 3: the grid of a field and the order of its nodes. Read are longitude-latitude (template 3.0), polar
//! stereographic (3.20) and Lambert conformal (3.30); others are refused by name.

use driftline_domain::{Ellipsoid, GridSpec, ProjectedGrid, Projection};

use super::octets::Octets;
use super::scanning::{NodeOrder, Scanning};
use crate::axis::EvenAxis;
use crate::grid::regular;
use crate::mapping::checked;
use crate::source::MAX_NODES;

/// Where a field's values stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    pub(crate) spec: GridSpec,
    pub(crate) order: NodeOrder,
    /// Whether vectors lie along the grid's axes and these are not east and north.
    pub(crate) along_grid: bool,
}

/// Missing increments.
const MISSING: u32 = u32::MAX;
/// Rounding of degrees that are stated in millionths, and of the steps between.
const ROUNDING_DEG: f64 = 1e-6;

/// Nodes along a row and rows as the section states them, for lists of what a file holds.
pub(crate) fn dimensions(section: Octets<'_>) -> Option<(u32, u32)> {
    matches!(section.u16(13)?, 0 | 1 | 10 | 20 | 30 | 40 | 41)
        .then(|| Some((section.u32(31)?, section.u32(35)?)))
        .flatten()
}

/// The grid of a section 3.
pub(crate) fn placement(section: Octets<'_>) -> Result<Placement, String> {
    let cut_off = || "its section 3 is too short".to_owned();
    let template = section.u16(13).ok_or_else(cut_off)?;
    if section.u8(6) != Some(0) {
        return Err("its grid is one of the centre's own list, and not described".to_owned());
    }
    if section.u8(11) != Some(0) {
        return Err("its rows have different numbers of nodes (a reduced grid)".to_owned());
    }
    let name = match template {
        0 => return lon_lat(section),
        20 => return projected(section, polar),
        30 => return projected(section, lambert),
        1..=3 => "longitudes and latitudes about a shifted pole",
        10 => "Mercator",
        12 => "transverse Mercator",
        31 => "Albers equal area",
        40..=43 => "Gaussian",
        50..=53 => "spherical harmonics",
        90 => "the view of a satellite",
        100 | 101 => "triangles or an unstructured mesh",
        140 => "Lambert azimuthal equal area",
        _ => return Err(format!("its grid template 3.{template} is not read")),
    };
    Err(format!("its grid is {name} (template 3.{template}), which is not read"))
}

/// Numbers of nodes, checked against the number of points that the section states.
fn sizes(section: Octets<'_>) -> Result<(usize, usize), String> {
    let cut_off = || "its section 3 is too short".to_owned();
    let points = section.u32(7).ok_or_else(cut_off)?;
    let (nx, ny) = (
        section.u32(31).ok_or_else(cut_off)?,
        section.u32(35).ok_or_else(cut_off)?,
    );
    let nodes = u64::from(nx) * u64::from(ny);
    if nodes != u64::from(points) {
        return Err(format!("its grid states {nx} times {ny} nodes and {points} points"));
    }
    if nodes > MAX_NODES {
        return Err(format!(
            "its grid has {nodes} nodes, more than the {MAX_NODES} that are read"
        ));
    }
    if nx < 2 || ny < 2 {
        return Err(format!(
            "its grid has {nx} times {ny} nodes, and two are needed each way for a spacing"
        ));
    }
    Ok((nx as usize, ny as usize))
}

fn lon_lat(section: Octets<'_>) -> Result<Placement, String> {
    let (file_nx, file_ny) = sizes(section)?;
    let cut_off = || "its section 3 is too short".to_owned();
    let unit_deg = unit_deg(section).ok_or_else(cut_off)?;
    let angle = |octet| {
        section
            .i32(octet)
            .map(|value| f64::from(value) * unit_deg)
            .ok_or_else(cut_off)
    };
    let (lat1, lon1, lat2, lon2) = (angle(47)?, angle(51)?, angle(56)?, angle(60)?);
    let scanning = Scanning::of(section.u8(72).ok_or_else(cut_off)?, file_nx, file_ny)?;
    let (west, east) = if scanning.westward { (lon2, lon1) } else { (lon1, lon2) };
    let (south, north) = if scanning.northward { (lat1, lat2) } else { (lat2, lat1) };
    if [west, east].iter().any(|lon| lon.abs() > 720.0)
        || [south, north].iter().any(|lat| lat.abs() > 90.0 + ROUNDING_DEG)
    {
        return Err(format!(
            "its grid reaches from {west} E {south} N to {east} E {north} N"
        ));
    }
    // Both ends of a row may be stated on either side of the seam.
    let east = if east <= west { east + 360.0 } else { east };
    let noise = ROUNDING_DEG.max(unit_deg);
    let x = EvenAxis::between(west, east, file_nx, noise).map_err(|reason| format!("along its rows, {reason}"))?;
    let y = EvenAxis::between(south, north, file_ny, noise).map_err(|reason| format!("across its rows, {reason}"))?;
    let flags = section.u8(55).ok_or_else(cut_off)?;
    for (stated, octet, step, name) in [
        (flags & 0x20, 64, x.step, "along"),
        (flags & 0x10, 68, y.step, "across"),
    ] {
        let increment = section.u32(octet).ok_or_else(cut_off)?;
        let increment_deg = f64::from(increment) * unit_deg;
        if stated != 0 && increment != MISSING && (increment_deg - step).abs() > (0.01 * step).max(noise) {
            return Err(format!(
                "its grid states steps of {increment_deg} degrees {name} its rows, and its corners make it {step}"
            ));
        }
    }
    let (spec, columns) = regular(x, y)?;
    Ok(Placement {
        spec,
        order: NodeOrder {
            scanning,
            first_column: columns.first().copied().unwrap_or(0),
            nx: columns.len(),
        },
        // Rows and columns are east and north here, whatever the flag says.
        along_grid: false,
    })
}

/// Millionths of a degree, unless the section states a basic angle of its own.
fn unit_deg(section: Octets<'_>) -> Option<f64> {
    let (basic, subdivisions) = (section.u32(39)?, section.u32(43)?);
    let own = basic != 0 && basic != MISSING && subdivisions != 0 && subdivisions != MISSING;
    Some(if own {
        f64::from(basic) / f64::from(subdivisions)
    } else {
        1e-6
    })
}

/// What a map needs beyond the octets that both templates share.
type Map = fn(Octets<'_>, Ellipsoid, Shared) -> Option<Result<(Projection, usize), String>>;

/// Octets 48 to 55 of templates 3.20 and 3.30.
#[derive(Clone, Copy)]
struct Shared {
    /// Latitude where the steps hold.
    true_lat_deg: f64,
    /// Longitude along which y is north.
    lon0_deg: f64,
    /// The plane holds the south pole.
    southern: bool,
}

fn projected(section: Octets<'_>, map: Map) -> Result<Placement, String> {
    let (nx, ny) = sizes(section)?;
    let cut_off = || "its section 3 is too short".to_owned();
    let angle = |octet| {
        section
            .i32(octet)
            .map(|value| f64::from(value) * 1e-6)
            .ok_or_else(cut_off)
    };
    let centre = section.u8(64).ok_or_else(cut_off)?;
    if centre & 0x40 != 0 {
        return Err("its map is of both poles at once".to_owned());
    }
    let shared = Shared {
        true_lat_deg: angle(48)?,
        lon0_deg: angle(52)?,
        southern: centre & 0x80 != 0,
    };
    let (projection, scanning_octet) = map(section, ellipsoid(section)?, shared).ok_or_else(cut_off)??;
    let projection = checked(projection)?;
    let (lat1, lon1) = (angle(39)?, angle(43)?);
    let step_m = |octet| {
        section
            .u32(octet)
            .map(|value| f64::from(value) * 1e-3)
            .ok_or_else(cut_off)
    };
    let (dx_m, dy_m) = (step_m(56)?, step_m(60)?);
    if dx_m <= 0.0 || dy_m <= 0.0 || lat1.abs() > 90.0 || lon1.abs() > 720.0 {
        return Err(format!(
            "its first node is at {lon1} E {lat1} N with steps of {dx_m} and {dy_m} m"
        ));
    }
    let scanning = Scanning::of(section.u8(scanning_octet).ok_or_else(cut_off)?, nx, ny)?;
    let (x_m, y_m) = projection.forward(lon1, lat1);
    let back = |backwards: bool, n: usize, step_m: f64| if backwards { (n - 1) as f64 * step_m } else { 0.0 };
    let grid = ProjectedGrid {
        projection,
        nx,
        ny,
        x0_m: x_m - back(scanning.westward, nx, dx_m),
        y0_m: y_m - back(!scanning.northward, ny, dy_m),
        dx_m,
        dy_m,
    };
    if !(grid.x0_m.abs() < 1e8 && grid.y0_m.abs() < 1e8) {
        return Err(format!("its first node at {lon1} E {lat1} N has no place on its map"));
    }
    Ok(Placement {
        spec: GridSpec::Projected(grid),
        order: NodeOrder {
            scanning,
            first_column: 0,
            nx,
        },
        // Flag table 3.3: otherwise the components are east and north.
        along_grid: section.u8(47).ok_or_else(cut_off)? & 0x08 != 0,
    })
}

fn polar(_: Octets<'_>, ellipsoid: Ellipsoid, shared: Shared) -> Option<Result<(Projection, usize), String>> {
    let lat_ts_deg = shared.true_lat_deg.abs();
    if !(1.0..=90.0).contains(&lat_ts_deg) {
        let reason = format!("its polar map is true to scale at latitude {}", shared.true_lat_deg);
        return Some(Err(reason));
    }
    let projection = Projection::PolarStereographic {
        lat_ts_deg: if shared.southern { -lat_ts_deg } else { lat_ts_deg },
        lon0_deg: shared.lon0_deg,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid,
    };
    Some(Ok((projection, 65)))
}

fn lambert(section: Octets<'_>, ellipsoid: Ellipsoid, shared: Shared) -> Option<Result<(Projection, usize), String>> {
    let angle = |octet| section.i32(octet).map(|value| f64::from(value) * 1e-6);
    let (lat1_deg, lat2_deg) = (angle(66)?, angle(70)?);
    if (lat1_deg + lat2_deg).abs() < 1e-6 || [lat1_deg, lat2_deg].iter().any(|lat| lat.abs() >= 90.0) {
        return Some(Err(format!("its parallels {lat1_deg} and {lat2_deg} make no cone")));
    }
    // The map is true to scale on its parallels; steps that hold elsewhere would have to be scaled.
    if [lat1_deg, lat2_deg]
        .iter()
        .all(|lat| (lat - shared.true_lat_deg).abs() > 1e-3)
    {
        return Some(Err(format!(
            "its steps hold at latitude {} and not at its parallels {lat1_deg} and {lat2_deg}",
            shared.true_lat_deg
        )));
    }
    let projection = Projection::LambertConformal {
        lat1_deg,
        lat2_deg,
        lat0_deg: shared.true_lat_deg,
        lon0_deg: shared.lon0_deg,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid,
    };
    Some(Ok((projection, 65)))
}

/// Code table 3.2.
fn ellipsoid(section: Octets<'_>) -> Result<Ellipsoid, String> {
    let cut_off = || "its section 3 is too short".to_owned();
    let shape = section.u8(15).ok_or_else(cut_off)?;
    let length = |octet: usize| {
        let (scale, value) = (
            section.i8(octet).ok_or_else(cut_off)?,
            section.u32(octet + 1).ok_or_else(cut_off)?,
        );
        Ok::<f64, String>(f64::from(value) * libm::pow(10.0, -f64::from(scale)))
    };
    let axes = |a_m: f64, b_m: f64| {
        let flattening = 1.0 - b_m / a_m;
        Ellipsoid {
            a_m,
            e2: flattening * (2.0 - flattening),
        }
    };
    Ok(match shape {
        0 => Ellipsoid::sphere(6_367_470.0),
        1 => Ellipsoid::sphere(length(16)?),
        2 => axes(6_378_160.0, 6_356_775.0),
        3 => axes(1000.0 * length(21)?, 1000.0 * length(26)?),
        4 => axes(6_378_137.0, 6_356_752.314),
        5 => Ellipsoid::WGS84,
        6 => Ellipsoid::sphere(6_371_229.0),
        7 => axes(length(21)?, length(26)?),
        8 => Ellipsoid::sphere(6_371_200.0),
        9 => axes(6_377_563.396, 6_356_256.909),
        other => {
            return Err(format!(
                "its figure of the Earth {other} of code table 3.2 is not known"
            ));
        }
    })
}

//! The grid of a vector field and the order its nodes have in the file.

use driftline_domain::{GridPoint, GridSpec, ProjectedGrid, RegularGrid, meters_per_degree, wrap_lon_deg};
use netcdf_reader::NcVariable;

use crate::Error;
use crate::axis::EvenAxis;
use crate::curvilinear;
use crate::layout::{DimRole, Layout, role_of_coordinate};
use crate::mapping::{self, Reading};
use crate::source::{MAX_NODES, Source, Take, lower, number, text};

/// Distance between a node's projected and stated position, in cells, below which nothing is said about it.
const GOOD_POSITION_CELLS: f64 = 0.1;
/// The distance in cells beyond which the projection is refused. Between the two a caveat tells of it: real files are
/// off by most of a cell and no reading of them is better.
const MAX_POSITION_ERROR_CELLS: f64 = 1.0;

/// A component's grid.
pub(crate) struct Placement {
    /// The grid.
    pub(crate) spec: GridSpec,
    /// Its nodes in the file.
    pub(crate) order: NodeOrder,
    /// A disagreement within the file that is small enough to live with.
    pub(crate) caveat: Option<String>,
}

/// Where each node of the grid's row order lies in a slab of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NodeOrder {
    columns: Vec<usize>,
    rows: Vec<usize>,
    file_nx: usize,
    file_ny: usize,
    /// Whether the file counts along y fastest.
    transposed: bool,
}

impl NodeOrder {
    /// The order of a field whose rows and columns are taken as they come.
    pub(crate) fn as_it_comes(file_nx: usize, file_ny: usize, transposed: bool) -> Self {
        Self {
            columns: (0..file_nx).collect(),
            rows: (0..file_ny).collect(),
            file_nx,
            file_ny,
            transposed,
        }
    }

    /// Positions in the slab, in the grid's row order.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> {
        self.rows
            .iter()
            .flat_map(move |&row| self.columns.iter().map(move |&column| self.position(column, row)))
    }

    /// Values of a slab that holds the whole field.
    pub(crate) fn slab_len(&self) -> usize {
        self.file_nx * self.file_ny
    }

    fn position(&self, column: usize, row: usize) -> usize {
        if self.transposed {
            column * self.file_ny + row
        } else {
            row * self.file_nx + column
        }
    }
}

/// The grid of a component and its node order.
pub(crate) fn grid_of(source: &Source, variable: &NcVariable, layout: &Layout) -> Result<Placement, Error> {
    let (x_dim, y_dim) = (&variable.dimensions[layout.x], &variable.dimensions[layout.y]);
    let nodes = x_dim.size.saturating_mul(y_dim.size);
    if nodes > MAX_NODES {
        return Err(Error::TooLarge {
            what: format!("the number of nodes of '{}'", variable.name),
            size: nodes,
            limit: MAX_NODES,
        });
    }
    if let Some(names) = &layout.positions {
        return curvilinear::placement(source, variable, layout, names);
    }
    let (x, y) = (coordinate(source, &x_dim.name)?, coordinate(source, &y_dim.name)?);
    let (x_values, y_values) = (source.values(x)?, source.values(y)?);
    let bad_axis = |axis: &NcVariable| {
        let axis = axis.name.clone();
        move |reason| Error::Axis { axis, reason }
    };
    let ((spec, caveat), columns, rows) = if layout.projected {
        let (x_m, y_m) = (metres(x, x_values)?, metres(y, y_values)?);
        let x_axis = EvenAxis::of_distances(&x_m).map_err(bad_axis(x))?;
        let y_axis = EvenAxis::of_distances(&y_m).map_err(bad_axis(y))?;
        let spec = projected(source, variable, layout, x_axis, y_axis)?;
        (spec, x_axis.file_order(), y_axis.file_order())
    } else {
        let x_axis = EvenAxis::of_longitudes(&unpacked(x, x_values)).map_err(bad_axis(x))?;
        let y_axis = EvenAxis::of_latitudes(&unpacked(y, y_values)).map_err(bad_axis(y))?;
        let (spec, columns) = regular(x_axis, y_axis).map_err(bad_axis(x))?;
        ((spec, None), columns, y_axis.file_order())
    };
    let order = NodeOrder {
        columns,
        rows,
        file_nx: x_dim.size as usize,
        file_ny: y_dim.size as usize,
        transposed: layout.x < layout.y,
    };
    Ok(Placement { spec, order, caveat })
}

fn coordinate<'a>(source: &'a Source, dim: &str) -> Result<&'a NcVariable, Error> {
    source.variable(dim).ok_or_else(|| Error::Axis {
        axis: dim.to_owned(),
        reason: "the file has no coordinate variable for it".to_owned(),
    })
}

pub(crate) fn unpacked(axis: &NcVariable, values: Vec<f64>) -> Vec<f64> {
    let (scale, offset) = (
        number(axis, "scale_factor").unwrap_or(1.0),
        number(axis, "add_offset").unwrap_or(0.0),
    );
    values.into_iter().map(|value| value * scale + offset).collect()
}

fn metres(axis: &NcVariable, values: Vec<f64>) -> Result<Vec<f64>, Error> {
    let factor = match lower(axis, "units").as_str() {
        "m" | "meter" | "meters" | "metre" | "metres" => 1.0,
        "km" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => 1000.0,
        units => {
            return Err(Error::Axis {
                axis: axis.name.clone(),
                reason: format!("its units '{units}' are neither m nor km"),
            });
        }
    };
    Ok(unpacked(axis, values).into_iter().map(|value| value * factor).collect())
}

/// A longitude-latitude grid and the file's column for each of its columns. A grid around the globe begins at -180.
pub(crate) fn regular(x: EvenAxis, y: EvenAxis) -> Result<(GridSpec, Vec<usize>), String> {
    let mut columns = x.file_order();
    let turn_nodes = 360.0 / x.step;
    // Some files repeat the first meridian at the end.
    if (columns.len() as f64 - 1.0 - turn_nodes).abs() < 0.01 {
        columns.pop();
    }
    if columns.len() as f64 > turn_nodes + 0.01 {
        return Err(format!(
            "{} nodes every {} degrees go more than once around the globe",
            x.len, x.step
        ));
    }
    let around = (columns.len() as f64 - turn_nodes).abs() < 0.01;
    let mut lon0_deg = wrap_lon_deg(x.first);
    if around {
        // The first node at or east of the antimeridian leads; a rounding error west of it counts as on it.
        let eastmost = libm::ceil((180.0 - lon0_deg) / x.step - 1e-6) as usize % columns.len();
        columns.rotate_left(eastmost);
        lon0_deg = wrap_lon_deg(x.first + eastmost as f64 * x.step);
    }
    let grid = RegularGrid {
        nx: columns.len(),
        ny: y.len,
        lon0_deg,
        lat0_deg: y.first,
        dlon_deg: x.step,
        dlat_deg: y.step,
    };
    Ok((GridSpec::Regular(grid), columns))
}

/// A node and the longitude and latitude that the file states for it.
type StatedPosition = (GridPoint, (f64, f64));

fn projected(
    source: &Source,
    variable: &NcVariable,
    layout: &Layout,
    x: EvenAxis,
    y: EvenAxis,
) -> Result<(GridSpec, Option<String>), Error> {
    let refused = |reason: String| Error::Projection {
        variable: variable.name.clone(),
        reason,
    };
    let readings = mapping::readings(source, variable)?;
    let specs = readings.iter().map(|reading| {
        let grid = ProjectedGrid {
            projection: reading.projection,
            nx: x.len,
            ny: y.len,
            x0_m: x.first,
            y0_m: y.first,
            dx_m: x.step,
            dy_m: y.step,
        };
        (reading, GridSpec::Projected(grid))
    });
    let specs: Vec<(&Reading, GridSpec)> = specs.collect();
    let stated = stated_positions(source, variable, layout, x, y)?;
    let cell_m = x.step.min(y.step);
    if stated.is_empty() {
        the_same(&specs, x, y, cell_m).map_err(refused)
    } else {
        nearest_to(&stated, &specs, cell_m).map_err(refused)
    }
}

/// Without positions there is nothing to decide by: two complete readings must then say the same.
fn the_same(
    specs: &[(&Reading, GridSpec)],
    x: EvenAxis,
    y: EvenAxis,
    cell_m: f64,
) -> Result<(GridSpec, Option<String>), String> {
    let [(first, spec), others @ ..] = specs else {
        return Err("there is none".to_owned());
    };
    for (other, other_spec) in others.iter().filter(|(other, _)| other.figure_stated) {
        let apart = corners(x, y).map(|point| distance_m(spec.position(point), other_spec.position(point)));
        let apart_m = apart.into_iter().fold(0.0, f64::max);
        if apart_m > GOOD_POSITION_CELLS * cell_m {
            return Err(format!(
                "{} and {} put its nodes up to {apart_m:.0} m apart",
                first.origin, other.origin
            ));
        }
    }
    Ok((spec.clone(), None))
}

/// The reading that comes nearest to the positions that the file states, and what is to be said about its error.
fn nearest_to(
    stated: &[StatedPosition],
    specs: &[(&Reading, GridSpec)],
    cell_m: f64,
) -> Result<(GridSpec, Option<String>), String> {
    let errors = specs.iter().map(|(reading, spec)| {
        let errors = stated
            .iter()
            .map(|&(point, position)| (distance_m(spec.position(point), position), point));
        let worst = errors.max_by(|a, b| a.0.total_cmp(&b.0));
        let (error_m, point) = worst.unwrap_or((f64::INFINITY, GridPoint { i: 0.0, j: 0.0 }));
        (error_m, point, *reading, spec.clone())
    });
    let nearest = errors.min_by(|a, b| a.0.total_cmp(&b.0));
    let (error_m, point, reading, spec) = nearest.ok_or_else(|| "there is none".to_owned())?;
    let finding = format!(
        "{} and the axes put node ({}, {}) {error_m:.0} m from the longitude and latitude that the file states for it \
         (cells are {cell_m} m wide)",
        reading.origin, point.i, point.j
    );
    if error_m.is_nan() || error_m > MAX_POSITION_ERROR_CELLS * cell_m {
        return Err(finding);
    }
    Ok((spec, (error_m > GOOD_POSITION_CELLS * cell_m).then_some(finding)))
}

/// The four corners and the middle node.
fn corners(x: EvenAxis, y: EvenAxis) -> [GridPoint; 5] {
    let (i, j) = (x.len - 1, y.len - 1);
    [(0, 0), (i, 0), (0, j), (i, j), (i / 2, j / 2)].map(|(i, j)| GridPoint {
        i: i as f64,
        j: j as f64,
    })
}

/// Longitude and latitude that the file itself gives for a few nodes; empty where it gives none.
fn stated_positions(
    source: &Source,
    variable: &NcVariable,
    layout: &Layout,
    x: EvenAxis,
    y: EvenAxis,
) -> Result<Vec<StatedPosition>, Error> {
    let (x_name, y_name) = (&variable.dimensions[layout.x].name, &variable.dimensions[layout.y].name);
    let named = text(variable, "coordinates").unwrap_or_default();
    let field = |role: DimRole| {
        let fits = |candidate: &&NcVariable| {
            let dims: Vec<&str> = candidate.dimensions.iter().map(|dim| dim.name.as_str()).collect();
            dims == [y_name.as_str(), x_name.as_str()] && role_of_coordinate(candidate) == Some(role)
        };
        let by_attribute = named
            .split_whitespace()
            .filter_map(|name| source.variable(name))
            .find(fits);
        by_attribute.or_else(|| source.variables().iter().find(fits))
    };
    let (Some(lon), Some(lat)) = (field(DimRole::Longitude), field(DimRole::Latitude)) else {
        return Ok(Vec::new());
    };
    let mut positions = Vec::new();
    for point in corners(x, y) {
        let place = |axis: EvenAxis, index: f64| {
            if axis.descending {
                axis.len - 1 - index as usize
            } else {
                index as usize
            }
        };
        let takes = [Take::One(place(y, point.j)), Take::One(place(x, point.i))];
        let value = |field: &NcVariable| {
            let stored = source.slab(field, &takes)?;
            Ok::<_, Error>(unpacked(field, stored).first().copied().unwrap_or(f64::NAN))
        };
        let (lon_deg, lat_deg) = (value(lon)?, value(lat)?);
        // Some files leave positions out over land or beyond the edge.
        if lon_deg.abs() <= 720.0 && lat_deg.abs() <= 90.0 {
            positions.push((point, (lon_deg, lat_deg)));
        }
    }
    Ok(positions)
}

fn distance_m((lon_a, lat_a): (f64, f64), (lon_b, lat_b): (f64, f64)) -> f64 {
    let (east_m, north_m) = meters_per_degree((lat_a + lat_b) / 2.0);
    libm::hypot(wrap_lon_deg(lon_b - lon_a) * east_m, (lat_b - lat_a) * north_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(first: f64, step: f64, len: usize) -> EvenAxis {
        EvenAxis {
            first,
            step,
            len,
            descending: false,
        }
    }

    #[test]
    fn a_global_grid_begins_at_the_antimeridian() {
        let (spec, columns) = regular(axis(0.0, 0.25, 1440), axis(-90.0, 0.25, 721)).unwrap();
        let GridSpec::Regular(grid) = spec else {
            panic!("{spec:?}")
        };
        assert_eq!((grid.lon0_deg, grid.nx), (-180.0, 1440));
        assert!(grid.wraps());
        assert_eq!(
            (columns[0], columns[719], columns[720], columns[1439]),
            (720, 1439, 0, 719)
        );
        // Cell centres: the first node stands half a cell east of the antimeridian.
        let (spec, columns) = regular(axis(0.5, 1.0, 360), axis(-89.5, 1.0, 180)).unwrap();
        let GridSpec::Regular(grid) = spec else {
            panic!("{spec:?}")
        };
        assert_eq!((grid.lon0_deg, columns[0]), (-179.5, 180));
        let (spec, columns) = regular(axis(-180.0, 1.0, 360), axis(-89.5, 1.0, 180)).unwrap();
        assert_eq!((spec.nx(), columns[0]), (360, 0));
    }

    #[test]
    fn a_repeated_meridian_is_dropped_and_more_refused() {
        let (spec, columns) = regular(axis(0.0, 1.0, 361), axis(0.0, 1.0, 2)).unwrap();
        assert_eq!((spec.nx(), columns.len(), columns[180]), (360, 360, 0));
        assert!(regular(axis(0.0, 1.0, 362), axis(0.0, 1.0, 2)).is_err());
    }

    #[test]
    fn a_region_keeps_its_order_across_the_seam() {
        let (spec, columns) = regular(axis(350.0, 1.0, 20), axis(0.0, 1.0, 2)).unwrap();
        let GridSpec::Regular(grid) = spec else {
            panic!("{spec:?}")
        };
        assert_eq!((grid.lon0_deg, columns[0], columns[19]), (-10.0, 0, 19));
    }
}

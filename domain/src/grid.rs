//! Grids that forcing lives on. One row order for all: row by row from the first (southern, or smallest y) to the
//! last, and within a row from west (or smallest x) to east. Indices are fractional: 0 is the centre of the first node.

use serde::{Deserialize, Serialize};

use crate::{BBox, CurvilinearGrid, Projection, Projector, meters_per_degree, wrap_lon_deg};

/// A regular grid of longitudes and latitudes in degrees, south to north and west to east.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegularGrid {
    /// Nodes in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
    /// Longitude of the first node, in [-180, 180).
    pub lon0_deg: f64,
    /// Latitude of the first row.
    pub lat0_deg: f64,
    /// Degrees between nodes of a row, positive.
    pub dlon_deg: f64,
    /// Degrees between rows, positive.
    pub dlat_deg: f64,
}

/// A grid with even spacing in a projection's plane, metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProjectedGrid {
    /// The projection.
    pub projection: Projection,
    /// Nodes in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
    /// x of the first node in metres.
    pub x0_m: f64,
    /// y of the first row in metres.
    pub y0_m: f64,
    /// Metres between nodes of a row, positive.
    pub dx_m: f64,
    /// Metres between rows, positive.
    pub dy_m: f64,
}

/// Where a field's values stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GridSpec {
    /// Longitude and latitude.
    Regular(RegularGrid),
    /// A map projection's plane.
    Projected(ProjectedGrid),
    /// Positions of their own for every node.
    Curvilinear(CurvilinearGrid),
}

/// A position in a grid's own index space: `0 <= i <= nx - 1` (or `< nx` where the grid wraps), `0 <= j <= ny - 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridPoint {
    /// Along the row.
    pub i: f64,
    /// Across rows.
    pub j: f64,
}

/// A rectangle of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexWindow {
    /// First node of each row.
    pub i0: usize,
    /// First row.
    pub j0: usize,
    /// Nodes in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
}

impl RegularGrid {
    /// Whether the row closes around the globe, so that the last node neighbours the first.
    pub fn wraps(&self) -> bool {
        (self.dlon_deg * self.nx as f64 - 360.0).abs() < self.dlon_deg * 0.01
    }
}

impl GridSpec {
    /// Nodes in a row.
    pub fn nx(&self) -> usize {
        match self {
            Self::Regular(grid) => grid.nx,
            Self::Projected(grid) => grid.nx,
            Self::Curvilinear(grid) => grid.nx(),
        }
    }

    /// Rows.
    pub fn ny(&self) -> usize {
        match self {
            Self::Regular(grid) => grid.ny,
            Self::Projected(grid) => grid.ny,
            Self::Curvilinear(grid) => grid.ny(),
        }
    }

    /// Nodes in all.
    pub fn len(&self) -> usize {
        self.nx() * self.ny()
    }

    /// Whether the grid has no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the last node of a row neighbours the first.
    pub fn wraps(&self) -> bool {
        matches!(self, Self::Regular(grid) if grid.wraps())
    }

    /// Where a position lies in the grid; `None` outside. For many positions make a [`Locator`] once.
    pub fn fraction(&self, lon_deg: f64, lat_deg: f64) -> Option<GridPoint> {
        Locator::of(self).fraction(lon_deg, lat_deg)
    }

    /// Longitude and latitude in degrees of an index position.
    pub fn position(&self, point: GridPoint) -> (f64, f64) {
        match self {
            Self::Regular(grid) => (
                wrap_lon_deg(grid.lon0_deg + point.i * grid.dlon_deg),
                grid.lat0_deg + point.j * grid.dlat_deg,
            ),
            Self::Projected(grid) => grid
                .projection
                .inverse(grid.x0_m + point.i * grid.dx_m, grid.y0_m + point.j * grid.dy_m),
            Self::Curvilinear(grid) => grid.position(point),
        }
    }

    /// The same grid cut to a window of nodes. On a grid that wraps the window may run over the last node of a row.
    pub fn window(&self, window: IndexWindow) -> Self {
        let (i0, j0) = (window.i0 as f64, window.j0 as f64);
        match self {
            Self::Regular(grid) => Self::Regular(RegularGrid {
                nx: window.nx,
                ny: window.ny,
                lon0_deg: wrap_lon_deg(grid.lon0_deg + i0 * grid.dlon_deg),
                lat0_deg: grid.lat0_deg + j0 * grid.dlat_deg,
                ..*grid
            }),
            Self::Projected(grid) => Self::Projected(ProjectedGrid {
                nx: window.nx,
                ny: window.ny,
                x0_m: grid.x0_m + i0 * grid.dx_m,
                y0_m: grid.y0_m + j0 * grid.dy_m,
                ..*grid
            }),
            Self::Curvilinear(grid) => Self::Curvilinear(grid.window(window)),
        }
    }

    /// The grid of every `stride`-th node along both axes, beginning with the first; what is left of a last, shorter
    /// stride is cut off. A grid around the globe stays one where the stride divides its row.
    pub fn thinned(&self, stride: usize) -> Self {
        let (nx, ny) = (self.nx().div_ceil(stride), self.ny().div_ceil(stride));
        let widened = |step: f64| step * stride as f64;
        match self {
            Self::Regular(grid) => Self::Regular(RegularGrid {
                nx,
                ny,
                dlon_deg: widened(grid.dlon_deg),
                dlat_deg: widened(grid.dlat_deg),
                ..*grid
            }),
            Self::Projected(grid) => Self::Projected(ProjectedGrid {
                nx,
                ny,
                dx_m: widened(grid.dx_m),
                dy_m: widened(grid.dy_m),
                ..*grid
            }),
            Self::Curvilinear(grid) => Self::Curvilinear(grid.thinned(stride)),
        }
    }

    /// The nodes that surround a box, with this many more on each side; `None` where grid and box do not meet.
    pub fn window_around(&self, bbox: &BBox, margin: usize) -> Option<IndexWindow> {
        match self {
            Self::Regular(grid) => regular_window(grid, bbox, margin),
            Self::Projected(grid) => projected_window(grid, bbox, margin),
            Self::Curvilinear(grid) => grid.window_around(bbox, margin),
        }
    }

    /// Size of a cell in metres (the geometric mean of both sides) in the grid's middle; finer grids are preferred.
    pub fn cell_m(&self) -> f64 {
        match self {
            Self::Regular(grid) => {
                let (lon_m, lat_m) = meters_per_degree(grid.lat0_deg + grid.dlat_deg * (grid.ny as f64 - 1.0) / 2.0);
                libm::sqrt(lon_m * grid.dlon_deg * lat_m * grid.dlat_deg)
            }
            Self::Projected(grid) => libm::sqrt(grid.dx_m * grid.dy_m),
            Self::Curvilinear(grid) => grid.cell_m(),
        }
    }

    /// A box that holds every node.
    pub fn bounds(&self) -> BBox {
        match self {
            Self::Regular(grid) => {
                let north = (grid.lat0_deg + grid.dlat_deg * (grid.ny - 1) as f64).min(90.0);
                if grid.wraps() {
                    return BBox {
                        west: -180.0,
                        south: grid.lat0_deg.max(-90.0),
                        east: 180.0,
                        north,
                    };
                }
                let east = grid.lon0_deg + grid.dlon_deg * (grid.nx - 1) as f64;
                let east = if east == 180.0 { east } else { wrap_lon_deg(east) };
                BBox {
                    west: grid.lon0_deg,
                    south: grid.lat0_deg.max(-90.0),
                    east,
                    north,
                }
            }
            Self::Projected(grid) => projected_bounds(self, grid),
            Self::Curvilinear(grid) => grid.bounds(),
        }
    }
}

/// Finds positions in a grid, with everything worked out that does not depend on the position.
#[derive(Debug, Clone, PartialEq)]
pub enum Locator {
    /// On longitude and latitude.
    Regular(RegularGrid),
    /// On a map.
    Projected(ProjectedGrid, Projector),
    /// Among positions.
    Curvilinear(CurvilinearGrid),
}

impl Locator {
    /// The locator of a grid.
    pub fn of(grid: &GridSpec) -> Self {
        match grid {
            GridSpec::Regular(grid) => Self::Regular(*grid),
            GridSpec::Projected(grid) => Self::Projected(*grid, grid.projection.projector()),
            GridSpec::Curvilinear(grid) => Self::Curvilinear(grid.clone()),
        }
    }

    /// Where a position lies in the grid's index space, within the grid or not. Outside of its positions a curvilinear
    /// grid has no index space, and the answer is not a number.
    pub fn unbounded(&self, lon_deg: f64, lat_deg: f64) -> GridPoint {
        match self {
            Self::Regular(grid) => GridPoint {
                i: wrap_lon_deg(lon_deg - grid.lon0_deg) / grid.dlon_deg,
                j: (lat_deg - grid.lat0_deg) / grid.dlat_deg,
            },
            Self::Projected(grid, projector) => {
                let (x_m, y_m) = projector.forward(lon_deg, lat_deg);
                GridPoint {
                    i: (x_m - grid.x0_m) / grid.dx_m,
                    j: (y_m - grid.y0_m) / grid.dy_m,
                }
            }
            Self::Curvilinear(grid) => grid.fraction(lon_deg, lat_deg).unwrap_or(GridPoint {
                i: f64::NAN,
                j: f64::NAN,
            }),
        }
    }

    /// Where a position lies in the grid; `None` outside.
    pub fn fraction(&self, lon_deg: f64, lat_deg: f64) -> Option<GridPoint> {
        match self {
            Self::Regular(grid) => {
                let turn = lon_deg - grid.lon0_deg;
                let turn = turn - 360.0 * libm::floor(turn / 360.0);
                // A position a rounding error west of the first node is on it, not a whole turn east of it.
                let turn = if turn > 360.0 - 1e-9 { 0.0 } else { turn };
                let point = GridPoint {
                    i: turn / grid.dlon_deg,
                    j: (lat_deg - grid.lat0_deg) / grid.dlat_deg,
                };
                point.inside(
                    if grid.wraps() {
                        grid.nx as f64
                    } else {
                        (grid.nx - 1) as f64
                    },
                    grid.ny,
                )
            }
            Self::Projected(grid, _) => self.unbounded(lon_deg, lat_deg).inside((grid.nx - 1) as f64, grid.ny),
            Self::Curvilinear(grid) => grid.fraction(lon_deg, lat_deg),
        }
    }
}

impl GridPoint {
    fn inside(self, last_i: f64, ny: usize) -> Option<Self> {
        let (i, j) = (snap(self.i, last_i), snap(self.j, (ny - 1) as f64));
        ((0.0..=last_i).contains(&i) && (0.0..=(ny - 1) as f64).contains(&j)).then_some(Self { i, j })
    }
}

/// Brings an index that misses the edge by a rounding error onto it.
fn snap(index: f64, last: f64) -> f64 {
    const ROUNDING: f64 = 1e-9;
    if index < 0.0 && index > -ROUNDING {
        0.0
    } else if index > last && index < last + ROUNDING {
        last
    } else {
        index
    }
}

fn regular_window(grid: &RegularGrid, bbox: &BBox, margin: usize) -> Option<IndexWindow> {
    let margin_f = margin as f64;
    let row = |lat: f64| (lat - grid.lat0_deg) / grid.dlat_deg;
    let (j0, ny) = clip(
        libm::floor(row(bbox.south)) - margin_f,
        libm::ceil(row(bbox.north)) + margin_f,
        grid.ny,
    )?;
    let width = if bbox.crosses_antimeridian() {
        bbox.east + 360.0 - bbox.west
    } else {
        bbox.east - bbox.west
    };
    let turn = bbox.west - grid.lon0_deg;
    let turn = turn - 360.0 * libm::floor(turn / 360.0);
    let first = libm::floor(turn / grid.dlon_deg) - margin_f;
    let last = libm::ceil((turn + width) / grid.dlon_deg) + margin_f;
    if grid.wraps() {
        if last - first + 1.0 >= grid.nx as f64 {
            return Some(IndexWindow {
                i0: 0,
                j0,
                nx: grid.nx,
                ny,
            });
        }
        let i0 = (first + if first < 0.0 { grid.nx as f64 } else { 0.0 }) as usize;
        return Some(IndexWindow {
            i0,
            j0,
            nx: (last - first) as usize + 1,
            ny,
        });
    }
    // The box may begin west of the grid's first node: then its western edge was counted a turn too far east.
    let turn_nodes = 360.0 / grid.dlon_deg;
    let (i0, nx) = clip(first, last, grid.nx).or_else(|| clip(first - turn_nodes, last - turn_nodes, grid.nx))?;
    Some(IndexWindow { i0, j0, nx, ny })
}

fn projected_window(grid: &ProjectedGrid, bbox: &BBox, margin: usize) -> Option<IndexWindow> {
    const SAMPLES: usize = 32;
    let width = if bbox.crosses_antimeridian() {
        bbox.east + 360.0 - bbox.west
    } else {
        bbox.east - bbox.west
    };
    // A single place has no rim: series at many places and steps ask for one window after the other.
    let samples = if width == 0.0 && bbox.south == bbox.north {
        1
    } else {
        SAMPLES
    };
    let projector = grid.projection.projector();
    let (mut i_min, mut i_max, mut j_min, mut j_max) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
    // A conformal map sends the box's rim to the image's rim, unless the box holds the pole: then the inside counts too.
    for across in 0..=samples {
        for along in 0..=samples {
            let lat = bbox.south + (bbox.north - bbox.south) * across as f64 / samples as f64;
            let (x, y) = projector.forward(bbox.west + width * along as f64 / samples as f64, lat);
            let (i, j) = ((x - grid.x0_m) / grid.dx_m, (y - grid.y0_m) / grid.dy_m);
            if i.is_finite() && j.is_finite() {
                (i_min, i_max, j_min, j_max) = (i_min.min(i), i_max.max(i), j_min.min(j), j_max.max(j));
            }
        }
    }
    // Between samples the curved rim can bulge by a fraction of the sampled extent.
    let bulge = 1.0 + (i_max - i_min).max(j_max - j_min) / samples as f64;
    let reach = margin as f64 + bulge;
    let (i0, nx) = clip(libm::floor(i_min - reach), libm::ceil(i_max + reach), grid.nx)?;
    let (j0, ny) = clip(libm::floor(j_min - reach), libm::ceil(j_max + reach), grid.ny)?;
    Some(IndexWindow { i0, j0, nx, ny })
}

/// First node and number of nodes of `first..=last` cut to a row of `n`; `None` when nothing is left.
fn clip(first: f64, last: f64, n: usize) -> Option<(usize, usize)> {
    let first = first.max(0.0);
    let last = last.min((n - 1) as f64);
    (first <= last).then(|| (first as usize, (last - first) as usize + 1))
}

fn projected_bounds(spec: &GridSpec, grid: &ProjectedGrid) -> BBox {
    const SAMPLES: usize = 64;
    let at = |k: usize, n: usize| (n - 1) as f64 * k as f64 / SAMPLES as f64;
    let rim = (0..=SAMPLES).flat_map(|k| {
        let (i, j) = (at(k, grid.nx), at(k, grid.ny));
        let (last_i, last_j) = ((grid.nx - 1) as f64, (grid.ny - 1) as f64);
        [(i, 0.0), (i, last_j), (0.0, j), (last_i, j)].map(|(i, j)| spec.position(GridPoint { i, j }))
    });
    let centre = spec.position(GridPoint {
        i: at(SAMPLES / 2, grid.nx),
        j: at(SAMPLES / 2, grid.ny),
    });
    let (mut west, mut east, mut south, mut north) = (0.0f64, 0.0f64, centre.1, centre.1);
    for (lon, lat) in rim {
        let turn = wrap_lon_deg(lon - centre.0);
        (west, east) = (west.min(turn), east.max(turn));
        (south, north) = (south.min(lat), north.max(lat));
    }
    for pole in [-90.0, 90.0] {
        if spec.fraction(centre.0, pole).is_some() {
            (south, north) = (south.min(pole), north.max(pole));
            (west, east) = (-180.0, 180.0);
        }
    }
    if east - west >= 359.0 {
        return BBox {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
    }
    BBox {
        west: wrap_lon_deg(centre.0 + west),
        south,
        east: wrap_lon_deg(centre.0 + east),
        north,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ellipsoid;

    fn globe() -> GridSpec {
        GridSpec::Regular(RegularGrid {
            nx: 1440,
            ny: 721,
            lon0_deg: -180.0,
            lat0_deg: -90.0,
            dlon_deg: 0.25,
            dlat_deg: 0.25,
        })
    }

    fn norkyst() -> GridSpec {
        let projection = Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        };
        let (x, y) = projection.forward(4.0, 60.0);
        GridSpec::Projected(ProjectedGrid {
            projection,
            nx: 301,
            ny: 201,
            x0_m: x - 120_000.0,
            y0_m: y - 80_000.0,
            dx_m: 800.0,
            dy_m: 800.0,
        })
    }

    #[test]
    fn a_global_grid_has_no_seam() {
        let grid = globe();
        let point = grid.fraction(179.9, 0.0).unwrap();
        assert!((point.i - 1439.6).abs() < 1e-6, "{point:?}");
        assert_eq!(grid.fraction(-180.0, 0.0).unwrap().i, 0.0);
        assert_eq!(grid.fraction(180.0, 0.0).unwrap().i, 0.0);
        let window = grid
            .window_around(&BBox::new(179.0, -1.0, -179.0, 1.0).unwrap(), 2)
            .unwrap();
        assert_eq!(
            window,
            IndexWindow {
                i0: 1434,
                j0: 354,
                nx: 13,
                ny: 13
            }
        );
        let part = grid.window(window);
        let inside = part.fraction(-179.5, 0.5).unwrap();
        assert!(
            (inside.i - 8.0).abs() < 1e-9 && (inside.j - 8.0).abs() < 1e-9,
            "{inside:?}"
        );
    }

    #[test]
    fn a_thinned_grid_has_every_nth_node() {
        for (grid, stride) in [(globe(), 5), (norkyst(), 4)] {
            let thin = grid.thinned(stride);
            assert_eq!(thin.wraps(), grid.wraps());
            let (i, j) = (thin.nx() - 1, thin.ny() - 1);
            let at = |grid: &GridSpec, i: usize, j: usize| {
                grid.position(GridPoint {
                    i: i as f64,
                    j: j as f64,
                })
            };
            let (a, b) = (at(&thin, i, j), at(&grid, i * stride, j * stride));
            assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9, "{a:?} {b:?}");
            assert!(i * stride < grid.nx() && (i + 1) * stride >= grid.nx());
        }
    }

    #[test]
    fn a_regional_grid_ends_at_its_edges() {
        let grid = GridSpec::Regular(RegularGrid {
            nx: 11,
            ny: 12,
            lon0_deg: 2.5,
            lat0_deg: 58.0,
            dlon_deg: 0.25,
            dlat_deg: 0.25,
        });
        assert!(
            grid.fraction(2.4, 59.0).is_none()
                && grid.fraction(5.1, 59.0).is_none()
                && grid.fraction(3.0, 61.0).is_none()
        );
        assert!(grid.fraction(5.0, 60.75).is_some());
        let west = BBox::new(0.0, 57.0, 3.0, 59.0).unwrap();
        assert_eq!(
            grid.window_around(&west, 0),
            Some(IndexWindow {
                i0: 0,
                j0: 0,
                nx: 3,
                ny: 5
            })
        );
        assert_eq!(grid.window_around(&BBox::new(20.0, 57.0, 30.0, 59.0).unwrap(), 3), None);
    }

    #[test]
    fn a_projected_window_holds_its_box() {
        let grid = norkyst();
        let bbox = BBox::new(3.5, 59.8, 4.5, 60.2).unwrap();
        let window = grid.window_around(&bbox, 1).unwrap();
        let part = grid.window(window);
        for (lon, lat) in [(3.5, 59.8), (4.5, 59.8), (3.5, 60.2), (4.5, 60.2), (4.0, 60.0)] {
            assert!(part.fraction(lon, lat).is_some(), "{lon} {lat}");
        }
        assert!(window.nx < 200 && window.ny < 150, "{window:?}");
        assert!(grid.bounds().contains(4.0, 60.0));
    }

    #[test]
    fn positions_and_fractions_are_inverse() {
        for grid in [globe(), norkyst()] {
            let (lon, lat) = grid.position(GridPoint { i: 100.25, j: 80.75 });
            let back = grid.fraction(lon, lat).unwrap();
            assert!(
                (back.i - 100.25).abs() < 1e-6 && (back.j - 80.75).abs() < 1e-6,
                "{back:?}"
            );
        }
    }
}

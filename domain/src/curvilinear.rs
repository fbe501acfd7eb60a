//! Grids whose nodes stand anywhere: two fields give each node's longitude and latitude, degrees. Ocean models that
//! follow a coast (ROMS) and those with their poles on land (NEMO) have them.
//!
//! Between nodes a position is the bilinear mean of the four nodes' directions from the Earth's centre, so neither the
//! antimeridian nor a pole inside the grid is a special case. A node without a position (some files leave them out on
//! land) takes its cells out of the grid.
//!
//! The positions of a grid are kept once and shared by everything that is cut from it. They are not part of what is
//! serialised: a manifest holds what there is to know about the grid and the SHA-256 of its positions, and whoever reads
//! the positions gives them back with [`CurvilinearGrid::with_positions`].

mod cell;
mod extent;
mod search;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{BBox, GridPoint, IndexWindow, meters_per_degree, wrap_lon_deg};
use cell::{Vector, direction, place};
use extent::Extent;
use search::Search;

/// Why positions make no grid.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CurvilinearProblem {
    /// Too few nodes for a cell, or not one position for each.
    #[error("{nx} x {ny} nodes with {longitudes} longitudes and {latitudes} latitudes make no grid")]
    Shape {
        /// Nodes in a row.
        nx: usize,
        /// Rows.
        ny: usize,
        /// Longitudes there are.
        longitudes: usize,
        /// Latitudes there are.
        latitudes: usize,
    },
    /// A latitude that is none.
    #[error("the latitude {lat_deg} of node ({i}, {j}) is not between -90 and 90 degrees")]
    Latitude {
        /// Along the row.
        i: usize,
        /// Across rows.
        j: usize,
        /// The latitude.
        lat_deg: f64,
    },
    /// No cell has all four of its nodes.
    #[error("no cell of the {nx} x {ny} nodes has the positions of all its four nodes")]
    NoCell {
        /// Nodes in a row.
        nx: usize,
        /// Rows.
        ny: usize,
    },
    /// Other positions than those that the grid was written with.
    #[error("the positions have SHA-256 {found}, the grid was written with {wanted}")]
    Digest {
        /// Of the positions at hand.
        found: String,
        /// Of those it was written with.
        wanted: String,
    },
}

/// A grid of positions in degrees, or a part of one.
#[derive(Debug, Clone)]
pub struct CurvilinearGrid {
    whole: Arc<Whole>,
    /// First node and row of this part in the whole.
    i0: usize,
    j0: usize,
    /// Nodes of the whole from one to the next.
    stride: usize,
    nx: usize,
    ny: usize,
}

/// What is told of a whole grid, and its positions where they are at hand.
#[derive(Debug)]
struct Whole {
    about: About,
    positions: Option<Positions>,
}

/// What a manifest says of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct About {
    nx: usize,
    ny: usize,
    /// A box that holds every node.
    bounds: BBox,
    cell_m: f64,
    positions_sha256: String,
}

#[derive(Debug)]
struct Positions {
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    /// Made when it is first needed.
    search: OnceLock<Search>,
}

impl CurvilinearGrid {
    /// The grid of these positions, row by row. A longitude or latitude that is not a number stands for a node without
    /// a position; longitudes may be in any turn.
    pub fn new(nx: usize, ny: usize, lon_deg: Vec<f64>, lat_deg: Vec<f64>) -> Result<Self, CurvilinearProblem> {
        let shape = nx
            .checked_mul(ny)
            .filter(|nodes| nx >= 2 && ny >= 2 && lon_deg.len() == *nodes && lat_deg.len() == *nodes);
        if shape.is_none() {
            return Err(CurvilinearProblem::Shape {
                nx,
                ny,
                longitudes: lon_deg.len(),
                latitudes: lat_deg.len(),
            });
        }
        let mut positions = Positions {
            lon_deg,
            lat_deg,
            search: OnceLock::new(),
        };
        positions.settle(nx)?;
        let about = positions.about(nx, ny)?;
        let whole = Whole {
            about,
            positions: Some(positions),
        };
        Ok(Self::whole(Arc::new(whole)))
    }

    /// This whole grid with the positions that it was written with.
    pub fn with_positions(&self, lon_deg: Vec<f64>, lat_deg: Vec<f64>) -> Result<Self, CurvilinearProblem> {
        let found = Self::new(self.whole.about.nx, self.whole.about.ny, lon_deg, lat_deg)?;
        if found.positions_sha256() != self.positions_sha256() {
            return Err(CurvilinearProblem::Digest {
                found: found.positions_sha256().to_owned(),
                wanted: self.positions_sha256().to_owned(),
            });
        }
        Ok(found)
    }

    fn whole(whole: Arc<Whole>) -> Self {
        let (nx, ny) = (whole.about.nx, whole.about.ny);
        Self {
            whole,
            i0: 0,
            j0: 0,
            stride: 1,
            nx,
            ny,
        }
    }

    /// Nodes in a row.
    pub fn nx(&self) -> usize {
        self.nx
    }

    /// Rows.
    pub fn ny(&self) -> usize {
        self.ny
    }

    /// Whether the positions are at hand. Without them nothing is found in the grid.
    pub fn has_positions(&self) -> bool {
        self.whole.positions.is_some()
    }

    /// SHA-256 of the whole grid's size and positions, in hexadecimal.
    pub fn positions_sha256(&self) -> &str {
        &self.whole.about.positions_sha256
    }

    /// Longitude and latitude of a node; not a number where it has no position.
    pub fn node(&self, i: usize, j: usize) -> (f64, f64) {
        let at = (self.j0 + j * self.stride) * self.whole.about.nx + self.i0 + i * self.stride;
        let stated = self
            .whole
            .positions
            .as_ref()
            .and_then(|positions| Some((*positions.lon_deg.get(at)?, *positions.lat_deg.get(at)?)));
        stated.unwrap_or((f64::NAN, f64::NAN))
    }

    /// Longitudes of all nodes, row by row.
    pub fn longitudes_deg(&self) -> Vec<f64> {
        self.nodes().map(|(lon, _)| lon).collect()
    }

    /// Latitudes of all nodes, row by row.
    pub fn latitudes_deg(&self) -> Vec<f64> {
        self.nodes().map(|(_, lat)| lat).collect()
    }

    fn nodes(&self) -> impl Iterator<Item = (f64, f64)> {
        (0..self.ny).flat_map(move |j| (0..self.nx).map(move |i| self.node(i, j)))
    }

    /// Where a position lies; `None` outside.
    pub fn fraction(&self, lon_deg: f64, lat_deg: f64) -> Option<GridPoint> {
        self.fraction_near(None, lon_deg, lat_deg)
    }

    /// As [`CurvilinearGrid::fraction`], quicker where the position is close to one that was found before.
    pub fn fraction_near(&self, near: Option<GridPoint>, lon_deg: f64, lat_deg: f64) -> Option<GridPoint> {
        let aim = cell::Aim::at(lon_deg, lat_deg)?;
        let walked = near.and_then(|near| self.walk((near.i as usize, near.j as usize), &aim));
        if walked.is_some() {
            return walked;
        }
        let (i, j) = self.search()?.cell_of(&aim)?;
        // The wide cells of a thinned grid do not end exactly where the narrow ones do: what is just beside is tried too.
        let start = (
            i.saturating_sub(self.i0) / self.stride,
            j.saturating_sub(self.j0) / self.stride,
        );
        self.walk(start, &aim)
    }

    fn search(&self) -> Option<&Search> {
        let positions = self.whole.positions.as_ref()?;
        Some(
            positions
                .search
                .get_or_init(|| Search::of(self.whole.about.nx, &positions.lon_deg, &positions.lat_deg)),
        )
    }

    /// Goes from cell to cell towards a position; `None` where that leads out of the grid or round in circles.
    fn walk(&self, (i, j): (usize, usize), aim: &cell::Aim) -> Option<GridPoint> {
        const MOST: usize = 16;
        let (last_i, last_j) = (self.nx.checked_sub(2)?, self.ny.checked_sub(2)?);
        let (mut i, mut j) = (i.min(last_i), j.min(last_j));
        for _ in 0..MOST {
            let (a, b) = aim.within(&self.corners(i, j)?)?;
            if let Some((a, b)) = cell::inside(a, b) {
                return Some(GridPoint {
                    i: i as f64 + a,
                    j: j as f64 + b,
                });
            }
            let next = (towards(i, a, last_i), towards(j, b, last_j));
            if next == (i, j) {
                return None;
            }
            (i, j) = next;
        }
        None
    }

    /// Directions of a cell's nodes, as a bilinear form counts them.
    fn corners(&self, i: usize, j: usize) -> Option<[Vector; 4]> {
        let search = self.search()?;
        let nx = self.whole.about.nx;
        let node = |i: usize, j: usize| search.direction((self.j0 + j * self.stride) * nx + self.i0 + i * self.stride);
        Some([node(i, j), node(i + 1, j), node(i, j + 1), node(i + 1, j + 1)])
    }

    /// Longitude and latitude of an index position; not a number where its cell is not complete.
    pub fn position(&self, point: GridPoint) -> (f64, f64) {
        let within = |x: f64, n: usize| x >= 0.0 && x <= (n - 1) as f64;
        if self.nx == 0 || self.ny == 0 || !within(point.i, self.nx) || !within(point.j, self.ny) {
            return (f64::NAN, f64::NAN);
        }
        let (i, j) = (point.i as usize, point.j as usize);
        let (a, b) = (point.i - i as f64, point.j - j as f64);
        if a == 0.0 && b == 0.0 {
            let (lon_deg, lat_deg) = self.node(i, j);
            return (wrap_lon_deg(lon_deg), lat_deg);
        }
        let east = (i + 1).min(self.nx - 1);
        let north = (j + 1).min(self.ny - 1);
        let of = |i: usize, j: usize| direction(self.node(i, j));
        place(cell::mixed(
            &[of(i, j), of(east, j), of(i, north), of(east, north)],
            a,
            b,
        ))
    }

    pub(crate) fn window(&self, window: IndexWindow) -> Self {
        Self {
            whole: Arc::clone(&self.whole),
            i0: self.i0 + window.i0 * self.stride,
            j0: self.j0 + window.j0 * self.stride,
            nx: window.nx,
            ny: window.ny,
            ..*self
        }
    }

    pub(crate) fn thinned(&self, stride: usize) -> Self {
        Self {
            whole: Arc::clone(&self.whole),
            stride: self.stride * stride,
            nx: self.nx.div_ceil(stride),
            ny: self.ny.div_ceil(stride),
            ..*self
        }
    }

    pub(crate) fn window_around(&self, bbox: &BBox, margin: usize) -> Option<IndexWindow> {
        let (columns, rows) = (self.cells(self.i0, self.nx)?, self.cells(self.j0, self.ny)?);
        let met = self.search()?.cells_meeting(&Extent::of_box(bbox), &columns, &rows)?;
        let along = |first: usize, last: usize, start: usize, n: usize| {
            let low = ((first - start) / self.stride).saturating_sub(margin);
            let high = ((last - start) / self.stride + 1 + margin).min(n - 1);
            (low, high - low + 1)
        };
        let (i0, nx) = along(met.i.0, met.i.1, self.i0, self.nx);
        let (j0, ny) = along(met.j.0, met.j.1, self.j0, self.ny);
        Some(IndexWindow { i0, j0, nx, ny })
    }

    /// Cells of the whole that this part has along one axis; `None` where it has a single node.
    fn cells(&self, first: usize, nodes: usize) -> Option<std::ops::Range<usize>> {
        let cells = nodes.checked_sub(1).filter(|cells| *cells > 0)?;
        Some(first..first + cells * self.stride)
    }

    /// Size of a cell in metres: the geometric mean of its sides, over the grid.
    pub fn cell_m(&self) -> f64 {
        self.whole.about.cell_m * self.stride as f64
    }

    /// A box that holds every node.
    pub fn bounds(&self) -> BBox {
        let is_whole = self.stride == 1 && (self.nx, self.ny) == (self.whole.about.nx, self.whole.about.ny);
        if is_whole {
            return self.whole.about.bounds;
        }
        extent::around_cells(self.nx, self.ny, |i, j| self.node(i, j)).map_or(self.whole.about.bounds, |all| all.bbox())
    }

    /// The angle from east to the way that rows run, at every node, radians counter-clockwise; not a number where that
    /// cannot be told. On the WGS84 ellipsoid.
    pub fn row_angles_rad(&self) -> Vec<f64> {
        let angle = |i: usize, j: usize| {
            let (west, east) = (i.saturating_sub(1), (i + 1).min(self.nx - 1));
            let spans = [(west, east), (i, east), (west, i)];
            let across = spans
                .into_iter()
                .map(|(west, east)| (self.node(west, j), self.node(east, j)));
            let mut angles = across.map(|(west, east)| angle_rad(west, east));
            angles.find(|angle| angle.is_finite()).unwrap_or(f64::NAN)
        };
        (0..self.nx * self.ny)
            .map(|node| angle(node % self.nx, node / self.nx))
            .collect()
    }

    /// Whether rows follow one another to the left of the way they run, as y lies to the left of x.
    pub fn is_right_handed(&self) -> bool {
        let sampled = |n: usize| (0..n - 1).step_by((n / 64).max(1));
        let cells = sampled(self.ny).flat_map(|j| sampled(self.nx).map(move |i| (i, j)));
        let turns = cells.filter_map(|(i, j)| {
            let (at, along, across) = (self.node(i, j), self.node(i + 1, j), self.node(i, j + 1));
            let (along, across) = (offset_m(at, along), offset_m(at, across));
            let area = along.0 * across.1 - along.1 * across.0;
            area.is_finite().then_some(area > 0.0)
        });
        let (mut right, mut left) = (0, 0);
        for is_right in turns {
            *(if is_right { &mut right } else { &mut left }) += 1;
        }
        right > left
    }
}

/// The cell to look at next: not more than a few at once, because far from its cell a bilinear form leads astray.
fn towards(cell: usize, within: f64, last: usize) -> usize {
    const STRIDES: f64 = 8.0;
    let step = libm::floor(within).clamp(-STRIDES, STRIDES);
    (cell as f64 + step).clamp(0.0, last as f64) as usize
}

fn offset_m(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (lon_m, lat_m) = meters_per_degree((from.1 + to.1) / 2.0);
    (wrap_lon_deg(to.0 - from.0) * lon_m, (to.1 - from.1) * lat_m)
}

fn angle_rad(west: (f64, f64), east: (f64, f64)) -> f64 {
    let (east_m, north_m) = offset_m(west, east);
    if east_m == 0.0 && north_m == 0.0 {
        return f64::NAN;
    }
    libm::atan2(north_m, east_m)
}

impl Positions {
    /// Brings longitudes into [-180, 180), and takes both numbers from a node that lacks one.
    fn settle(&mut self, nx: usize) -> Result<(), CurvilinearProblem> {
        for (node, (lon, lat)) in self.lon_deg.iter_mut().zip(&mut self.lat_deg).enumerate() {
            if !lon.is_finite() || !lat.is_finite() {
                (*lon, *lat) = (f64::NAN, f64::NAN);
                continue;
            }
            if lat.abs() > 90.0 {
                return Err(CurvilinearProblem::Latitude {
                    i: node % nx,
                    j: node / nx,
                    lat_deg: *lat,
                });
            }
            *lon = wrap_lon_deg(*lon);
        }
        Ok(())
    }

    fn about(&self, nx: usize, ny: usize) -> Result<About, CurvilinearProblem> {
        let node = |i: usize, j: usize| (self.lon_deg[j * nx + i], self.lat_deg[j * nx + i]);
        let all = extent::around_cells(nx, ny, node).ok_or(CurvilinearProblem::NoCell { nx, ny })?;
        Ok(About {
            nx,
            ny,
            bounds: all.bbox(),
            cell_m: self.cell_m(nx, ny).ok_or(CurvilinearProblem::NoCell { nx, ny })?,
            positions_sha256: self.sha256(nx, ny),
        })
    }

    /// Over some thousand cells that are spread over the grid.
    fn cell_m(&self, nx: usize, ny: usize) -> Option<f64> {
        let node = |i: usize, j: usize| (self.lon_deg[j * nx + i], self.lat_deg[j * nx + i]);
        let length_m = |a: (f64, f64), b: (f64, f64)| {
            let (x_m, y_m) = offset_m(a, b);
            libm::hypot(x_m, y_m)
        };
        let sampled = |n: usize| (0..n - 1).step_by((n / 64).max(1));
        let (mut sum, mut count) = (0.0, 0_u32);
        for j in sampled(ny) {
            for i in sampled(nx) {
                let at = node(i, j);
                let side_m = libm::sqrt(length_m(at, node(i + 1, j)) * length_m(at, node(i, j + 1)));
                if side_m.is_finite() && side_m > 0.0 {
                    (sum, count) = (sum + side_m, count + 1);
                }
            }
        }
        // To a decimetre: a figure to choose by, and short in print.
        (count > 0).then(|| libm::rint(sum / f64::from(count) * 10.0) / 10.0)
    }

    fn sha256(&self, nx: usize, ny: usize) -> String {
        use std::fmt::Write as _;
        let mut digest = Sha256::new();
        digest.update((nx as u64).to_le_bytes());
        digest.update((ny as u64).to_le_bytes());
        for value in self.lon_deg.iter().chain(&self.lat_deg) {
            digest.update(value.to_bits().to_le_bytes());
        }
        let bytes = digest.finalize();
        bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl PartialEq for CurvilinearGrid {
    fn eq(&self, other: &Self) -> bool {
        let part = |grid: &Self| (grid.i0, grid.j0, grid.stride, grid.nx, grid.ny);
        let same = Arc::ptr_eq(&self.whole, &other.whole) || self.whole.about == other.whole.about;
        same && part(self) == part(other)
    }
}

impl Serialize for CurvilinearGrid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self != Self::whole(Arc::clone(&self.whole)) {
            return Err(serde::ser::Error::custom(
                "a part of a curvilinear grid is never written, only the whole",
            ));
        }
        self.whole.about.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CurvilinearGrid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let about = About::deserialize(deserializer)?;
        if about.nx < 2 || about.ny < 2 || about.nx.checked_mul(about.ny).is_none() {
            return Err(serde::de::Error::custom(format!(
                "a curvilinear grid of {} x {} nodes has no cell",
                about.nx, about.ny
            )));
        }
        Ok(Self::whole(Arc::new(Whole { about, positions: None })))
    }
}

#[cfg(test)]
mod tests;

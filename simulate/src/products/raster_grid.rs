//! The one grid of longitudes and latitudes that the probability raster of a run has at every output time. Degrees.
//!
//! Its cells are about square where the run is, half the narrowest kernel wide, and larger where that would take more
//! than [`MAX_CELLS`] cells or [`MAX_VALUES`] values over all times. It holds every particle that is ever adrift and the
//! kernels around it.

use driftline_domain::{meters_per_degree, wrap_lon_deg};

use super::cloud::Cloud;
use super::density::Moments;
use super::nodes::REACH;
use super::plane::strip_m2;

/// Cells at most: 384 by 384. Twice as many take a tenth of a second more for a day's run.
const MAX_CELLS: f64 = 147_456.0;
/// Values at most, over all times of a run.
const MAX_VALUES: f64 = 16e6;
/// Longest row or column.
const MAX_SIDE: f64 = 16_384.0;
/// Cells are this share of the narrowest kernel's standard deviation where that can be afforded.
const CELLS_PER_BANDWIDTH: f64 = 2.0;
/// Where a run nears a pole this much, its rows go around the globe.
const POLAR_LAT_DEG: f64 = 89.0;
/// Runs that are wider have rows around the globe too.
const WIDE_DEG: f64 = 300.0;

/// A regular grid of cells, rows from north to south and from west to east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RasterGrid {
    /// Western edge, in [-180, 180).
    pub west_deg: f64,
    /// Northern edge.
    pub north_deg: f64,
    /// Width of a cell. West edge and width of a row may lead past 180 degrees: then the run crosses the antimeridian.
    pub dlon_deg: f64,
    /// Height of a cell.
    pub dlat_deg: f64,
    /// Cells in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
}

impl RasterGrid {
    /// The grid for the clouds of a run, whose kernels are no narrower than a floor in metres.
    pub fn around(clouds: &[Cloud<'_>], bandwidth_floor_m: f64) -> Self {
        let mut extent = Extent::default();
        for cloud in clouds {
            extent.add(cloud.active(), bandwidth_floor_m);
        }
        if extent.is_empty() {
            // Nothing is ever adrift: zeros, where the particles are.
            for cloud in clouds {
                extent.add(cloud.all(), bandwidth_floor_m);
            }
        }
        extent.grid(clouds.len())
    }

    /// Cells of a band.
    pub(crate) fn len(&self) -> usize {
        self.nx * self.ny
    }

    /// Longitude and latitude of a place counted in cells from the north-west corner.
    pub(crate) fn position(&self, column: f64, row: f64) -> (f64, f64) {
        let lat_deg = self.north_deg - row * self.dlat_deg;
        (self.west_deg + column * self.dlon_deg, lat_deg.clamp(-90.0, 90.0))
    }

    /// Size of the cells of a row, square kilometres.
    pub(crate) fn cell_km2(&self, row: usize) -> f64 {
        let (_, north) = self.position(0.0, row as f64);
        let (_, south) = self.position(0.0, row as f64 + 1.0);
        strip_m2(south, north, self.dlon_deg) / 1e6
    }
}

/// What a grid has to hold. Longitudes run on without a jump from that of the first particle.
struct Extent {
    first_lon_deg: Option<f64>,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
    narrowest_m: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            first_lon_deg: None,
            west: f64::MAX,
            east: f64::MIN,
            south: f64::MAX,
            north: f64::MIN,
            narrowest_m: f64::MAX,
        }
    }
}

impl Extent {
    fn is_empty(&self) -> bool {
        self.first_lon_deg.is_none()
    }

    /// Adds particles and the kernels around them. Lengths come from the degrees at the particles' mean latitude, which
    /// is near enough for a margin and the size of a cell.
    fn add(&mut self, places: impl Iterator<Item = (f64, f64)> + Clone, floor_m: f64) {
        let Some((own_lon, _)) = places.clone().next() else {
            return;
        };
        let first = *self.first_lon_deg.get_or_insert(wrap_lon_deg(own_lon));
        let (mut count, mut lat_sum) = (0.0, 0.0);
        let (mut south, mut north) = (f64::MAX, f64::MIN);
        for (_, lat) in places.clone() {
            (count, lat_sum) = (count + 1.0, lat_sum + lat);
            (south, north) = (south.min(lat), north.max(lat));
        }
        let (lon_m, lat_m) = meters_per_degree((lat_sum / count).clamp(-POLAR_LAT_DEG, POLAR_LAT_DEG));
        let unrolled = |lon: f64| first + wrap_lon_deg(lon - first);
        let points: Vec<(f64, f64)> = places.map(|(lon, lat)| (unrolled(lon) * lon_m, lat * lat_m)).collect();
        let bandwidth_m = Moments::of(&points).half_scott_m(count).max(floor_m);
        let (west, east) = points
            .iter()
            .fold((f64::MAX, f64::MIN), |(w, e), (x, _)| (w.min(*x), e.max(*x)));
        let margin_m = REACH * bandwidth_m;
        // Parallels are shortest where the cloud is nearest to a pole.
        let (shortest_m, _) = meters_per_degree(south.abs().max(north.abs()).min(POLAR_LAT_DEG));
        let (lon_margin, lat_margin) = (margin_m / shortest_m, margin_m / lat_m);
        self.west = self.west.min(west / lon_m - lon_margin);
        self.east = self.east.max(east / lon_m + lon_margin);
        self.south = self.south.min(south - lat_margin);
        self.north = self.north.max(north + lat_margin);
        self.narrowest_m = self.narrowest_m.min(bandwidth_m);
    }

    fn grid(mut self, bands: usize) -> RasterGrid {
        if self.is_empty() {
            (self.west, self.east, self.south, self.north) = (-0.5, 0.5, -0.5, 0.5);
        }
        let polar = self.north > POLAR_LAT_DEG || self.south < -POLAR_LAT_DEG;
        let round_the_globe = polar || self.east - self.west > WIDE_DEG;
        if round_the_globe {
            (self.west, self.east) = (-180.0, 180.0);
        }
        (self.south, self.north) = (self.south.max(-90.0), self.north.min(90.0));
        let (lon_m, lat_m) = meters_per_degree(((self.south + self.north) / 2.0).clamp(-POLAR_LAT_DEG, POLAR_LAT_DEG));
        let (width_m, height_m) = ((self.east - self.west) * lon_m, (self.north - self.south) * lat_m);
        let most = MAX_CELLS.min(MAX_VALUES / bands.max(1) as f64);
        let cell_m = (self.narrowest_m / CELLS_PER_BANDWIDTH)
            .max(libm::sqrt(width_m * height_m / most))
            .max(width_m.max(height_m) / MAX_SIDE);
        let count = |length_m: f64| libm::ceil(length_m / cell_m).max(1.0);
        let (nx, ny) = (count(width_m), count(height_m));
        RasterGrid {
            west_deg: wrap_lon_deg(self.west),
            north_deg: self.north,
            dlon_deg: (self.east - self.west) / nx,
            dlat_deg: (self.north - self.south) / ny,
            nx: nx as usize,
            ny: ny as usize,
        }
    }
}

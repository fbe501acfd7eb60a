//! Distances to the shore and the nearest water, in metres.
//!
//! Blocks are visited row by row outward from the position and left out when they are farther than the best found.
//! Distances are those of a local plane with the WGS84 metric at the position's latitude, then corrected to the mean
//! latitude of both ends: better than 0.5 % within 100 km as long as |latitude| < 70.

use crate::Coast;
use crate::coast::Degree;
use crate::edge::Edge;
use crate::grid::{BLOCK, BLOCK_CELLS, BLOCKS, CELL, COLUMNS, Metric, Point, ROWS, tile_number};
use crate::tile::{LAND, SEA, Tile};

/// How far past the shore the nearest water is looked for, metres.
const OFF_SHORE_M: f64 = 0.5;
/// Directions tried when straight across the shore there is land again, as at the end of an inlet.
const COMPASS: [(f64, f64); 8] = [
    (0.0, 1.0),
    (DIAGONAL, DIAGONAL),
    (1.0, 0.0),
    (DIAGONAL, -DIAGONAL),
    (0.0, -1.0),
    (-DIAGONAL, -DIAGONAL),
    (-1.0, 0.0),
    (-DIAGONAL, DIAGONAL),
];
const DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;

impl Coast {
    /// The nearest sea to a position within `max_m` metres: longitude, latitude and distance in metres. It is not itself
    /// on land. A position at sea is its own nearest sea; lakes are land.
    pub fn nearest_sea(&self, lon_deg: f64, lat_deg: f64, max_m: f64) -> Option<(f64, f64, f64)> {
        let here = Point::of(lon_deg, lat_deg)?;
        if !self.land_at(here) {
            return Some((lon_deg, lat_deg, 0.0));
        }
        let metric = Metric::at(here.y);
        let point = self.search(here, max_m, |shore, _| {
            let point = self.water_by(here, shore, metric)?;
            Some((point, metric.length_m(point.x - here.x, point.y - here.y)))
        })?;
        let (lon_deg, lat_deg) = point.degrees();
        let distance_m = mean_distance_m(here, point);
        (distance_m <= max_m).then_some((lon_deg, lat_deg, distance_m))
    }

    /// The distance to the nearest shore in metres, from sea or from land, if it is at most `max_m`.
    pub fn distance_to_coast(&self, lon_deg: f64, lat_deg: f64, max_m: f64) -> Option<f64> {
        self.nearest_shore(lon_deg, lat_deg, max_m)
            .map(|(.., distance_m)| distance_m)
    }

    /// The nearest point of the shore within `max_m` metres, from sea or from land: longitude, latitude and distance in
    /// metres. It lies on the shoreline itself, so [`Coast::on_land`] may say either of it.
    pub fn nearest_shore(&self, lon_deg: f64, lat_deg: f64, max_m: f64) -> Option<(f64, f64, f64)> {
        let here = Point::of(lon_deg, lat_deg)?;
        let shore = self.nearest_shore_point(lon_deg, lat_deg, max_m)?;
        let (lon_deg, lat_deg) = shore.degrees();
        Some((lon_deg, lat_deg, mean_distance_m(here, shore)))
    }

    /// The same as a point of the grid, its `x` not wrapped.
    pub(crate) fn nearest_shore_point(&self, lon_deg: f64, lat_deg: f64, max_m: f64) -> Option<Point> {
        let here = Point::of(lon_deg, lat_deg)?;
        let shore = self.search(here, max_m, |shore, distance_m| Some((shore, distance_m)))?;
        (mean_distance_m(here, shore) <= max_m).then_some(shore)
    }

    /// A point of water next to a point of the shore, on the far side of it as seen from `here` where that is water.
    fn water_by(&self, here: Point, shore: Point, metric: Metric) -> Option<Point> {
        let (east, north) = ((shore.x - here.x) * metric.east_m, (shore.y - here.y) * metric.north_m);
        let length = (east * east + north * north).sqrt();
        let across = (length > 1e-6).then(|| (east / length, north / length));
        across.into_iter().chain(COMPASS).find_map(|(east, north)| {
            let off = Point {
                x: shore.x + east * OFF_SHORE_M / metric.east_m,
                y: shore.y + north * OFF_SHORE_M / metric.north_m,
            };
            // Asked by its degrees, as the caller will.
            let (lon_deg, lat_deg) = off.degrees();
            (!self.on_land(lon_deg, lat_deg)).then_some(off)
        })
    }

    /// The nearest of the points that `candidate` makes of points of the shore within `max_m`. It is given a point of the
    /// shore and its distance, and returns a point and its distance, or none when that place will not do.
    fn search(&self, here: Point, max_m: f64, candidate: impl Fn(Point, f64) -> Option<(Point, f64)>) -> Option<Point> {
        let mut search = Search {
            here,
            metric: Metric::at(here.y),
            best_m: max_m,
            best: None,
            candidate,
        };
        let (unit_x, unit_y) = here.unit();
        let (column, row) = (unit_x as i32 / BLOCK, unit_y as i32 / BLOCK);
        for away in 0..ROWS * BLOCKS {
            let north = search.visit_row(self, column, row + away);
            let south = away > 0 && search.visit_row(self, column, row - away);
            if !north && !south {
                break;
            }
        }
        search.best
    }
}

struct Search<Candidate> {
    here: Point,
    metric: Metric,
    /// How far off the best is, or what was asked for while there is none.
    best_m: f64,
    best: Option<Point>,
    candidate: Candidate,
}

impl<Candidate: Fn(Point, f64) -> Option<(Point, f64)>> Search<Candidate> {
    /// Visits the blocks of a row outward from a column; false when the row is out of reach.
    fn visit_row(&mut self, coast: &Coast, column: i32, row: i32) -> bool {
        if !(0..ROWS * BLOCKS).contains(&row) || self.distance_m(column, row, BLOCK) > self.best_m {
            return false;
        }
        for away in 0..=COLUMNS * BLOCKS / 2 {
            let mut reached = false;
            for column in [column - away, column + away] {
                if self.distance_m(column, row, BLOCK) <= self.best_m {
                    reached = true;
                    self.visit_block(coast, column, row);
                }
                if away == 0 {
                    break;
                }
            }
            if !reached {
                break;
            }
        }
        true
    }

    fn visit_block(&mut self, coast: &Coast, column: i32, row: i32) {
        let (tile_column, tile_row) = (column.div_euclid(BLOCKS), row / BLOCKS);
        let Degree::Shore(tile) = coast.degree(tile_number(tile_column, tile_row)) else {
            return;
        };
        let block = tile.block(column.rem_euclid(BLOCKS), row % BLOCKS);
        if block == SEA || block == LAND {
            return;
        }
        for cell in 0..BLOCK_CELLS * BLOCK_CELLS {
            let (cell_column, cell_row) = (cell % BLOCK_CELLS, cell / BLOCK_CELLS);
            let code = tile.cell(block, cell_column, cell_row);
            let (world_column, world_row) = (column * BLOCK_CELLS + cell_column, row * BLOCK_CELLS + cell_row);
            if code != SEA && code != LAND && self.distance_m(world_column, world_row, CELL) <= self.best_m {
                self.visit_cell(tile, code, (tile_column * BLOCKS * BLOCK, tile_row * BLOCKS * BLOCK));
            }
        }
    }

    fn visit_cell(&mut self, tile: &Tile, code: u16, (west, south): (i32, i32)) {
        let (west, south) = (f64::from(west), f64::from(south));
        for edge in tile.edges(code) {
            let (x, y) = self.closest_on(edge, west, south);
            let distance_m = self.metric.length_m(x - self.here.x, y - self.here.y);
            if distance_m <= self.best_m
                && let Some((point, distance_m)) = (self.candidate)(Point { x, y }, distance_m)
                && distance_m <= self.best_m
            {
                self.best_m = distance_m;
                self.best = Some(point);
            }
        }
    }

    /// The point of an edge closest to here.
    fn closest_on(&self, edge: Edge, west: f64, south: f64) -> (f64, f64) {
        let (x1, y1) = (f64::from(edge.x1) + west, f64::from(edge.y1) + south);
        let (run, rise) = (
            f64::from(edge.x2) - f64::from(edge.x1),
            f64::from(edge.y2) - f64::from(edge.y1),
        );
        let (along_east, along_north) = (run * self.metric.east_m, rise * self.metric.north_m);
        let (east, north) = (
            (self.here.x - x1) * self.metric.east_m,
            (self.here.y - y1) * self.metric.north_m,
        );
        let squared = along_east * along_east + along_north * along_north;
        let t = if squared == 0.0 {
            0.0
        } else {
            ((along_east * east + along_north * north) / squared).clamp(0.0, 1.0)
        };
        (x1 + run * t, y1 + rise * t)
    }

    /// The least distance to a square of `size` units, metres.
    fn distance_m(&self, column: i32, row: i32, size: i32) -> f64 {
        let gap = |index: i32, at: f64| {
            let low = f64::from(index) * f64::from(size);
            (low - at).max(at - (low + f64::from(size))).max(0.0)
        };
        self.metric.length_m(gap(column, self.here.x), gap(row, self.here.y))
    }
}

fn mean_distance_m(a: Point, b: Point) -> f64 {
    Metric::at((a.y + b.y) / 2.0).length_m(a.x - b.x, a.y - b.y)
}

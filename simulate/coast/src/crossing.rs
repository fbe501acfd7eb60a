//! Where a straight way first meets the shore: the tiles, blocks and cells on it are walked in order (Amanatides and
//! Woo 1987, a fast voxel traversal algorithm), and in shore cells the way is tested against each edge. Nothing is
//! sampled, so an island or a spit is not jumped however thin it is and however long the step.

use crate::Coast;
use crate::coast::Degree;
use crate::grid::{BLOCK, BLOCK_CELLS, BLOCKS, CELL, COLUMNS, Metric, Point, ROWS, TILE, WIDTH, tile_number};
use crate::tile::{LAND, SEA, Tile};

/// The farthest a point of a tile can be from its south-west corner, units: north and east borders are not its own.
const LAST: f64 = (TILE as f64).next_down();
/// Tried in turn for the way back from the shore, metres; the first is nearly always enough.
const SET_BACK_M: [f64; 3] = [0.5, 0.25, 0.9];

/// Where a segment first crosses the shoreline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// How far along the segment, 0 to 1.
    pub fraction: f64,
    /// Longitude of the crossing, set back along the segment by less than a metre so that it is at sea.
    pub lon_deg: f64,
    /// Latitude of the same.
    pub lat_deg: f64,
}

impl Coast {
    /// The first crossing of the shoreline on the way from one `(longitude, latitude)` to another, degrees, straight in
    /// longitude and latitude and the short way round the globe. None when all of it is at sea, or an end is not a
    /// number. When the start is on land already, the crossing is the start itself (on land), at fraction 0.
    #[inline]
    pub fn first_crossing(&self, from: (f64, f64), to: (f64, f64)) -> Option<Crossing> {
        let (start, end) = (Point::of(from.0, from.1)?, Point::of(to.0, to.1)?);
        let (a, b) = (start.unit(), end.unit());
        let tile = |unit: (u32, u32)| (unit.0 / TILE as u32, unit.1 / TILE as u32);
        let (first, last) = (tile(a), tile(b));
        if first == last {
            match self.degree((first.1 * COLUMNS as u32 + first.0) as usize) {
                Degree::Sea => return None,
                Degree::Shore(tile) => {
                    let block = |unit: (u32, u32)| {
                        let (x, y) = (unit.0 - first.0 * TILE as u32, unit.1 - first.1 * TILE as u32);
                        (x as i32 / BLOCK, y as i32 / BLOCK)
                    };
                    let (first, last) = (block(a), block(b));
                    if first == last && tile.block(first.0, first.1) == SEA {
                        return None;
                    }
                }
                Degree::Land => {}
            }
        }
        let at_start = Crossing {
            fraction: 0.0,
            lon_deg: from.0,
            lat_deg: from.1,
        };
        if self.land_at(start) {
            Some(at_start)
        } else {
            self.walk(start, end, at_start)
        }
    }

    fn walk(&self, start: Point, end: Point, at_start: Crossing) -> Option<Crossing> {
        let mut dx = end.x - start.x;
        if dx > WIDTH / 2.0 {
            dx -= WIDTH;
        } else if dx < -WIDTH / 2.0 {
            dx += WIDTH;
        }
        let way = Way {
            start,
            dx,
            dy: end.y - start.y,
        };
        let world = Range {
            columns: (-COLUMNS, 2 * COLUMNS),
            rows: (0, ROWS - 1),
        };
        let hit = way.visit(TILE, world, (0.0, 1.0), |column, row, enters, leaves| {
            match self.degree(tile_number(column, row)) {
                Degree::Sea => None,
                Degree::Land => Some(enters),
                Degree::Shore(tile) => way.through_tile(tile, (column, row), enters, leaves),
            }
        });
        // The walk and the test of a point are the same geometry, but round differently in the last bits.
        let fraction = hit.or_else(|| self.land_at(end).then_some(1.0))?;
        Some(
            self.set_back(&way, fraction)
                .unwrap_or(Crossing { fraction, ..at_start }),
        )
    }

    /// The crossing at a fraction of the way, moved back to sea; none when rounding leaves no room but the start.
    fn set_back(&self, way: &Way, fraction: f64) -> Option<Crossing> {
        let metric = Metric::at(way.start.y + way.dy * fraction);
        let length_m = metric.length_m(way.dx, way.dy);
        SET_BACK_M.iter().find_map(|back_m| {
            let (lon_deg, lat_deg) = way.at((fraction - back_m / length_m).max(0.0)).degrees();
            (!self.on_land(lon_deg, lat_deg)).then_some(Crossing {
                fraction,
                lon_deg,
                lat_deg,
            })
        })
    }
}

/// A straight way on the grid.
struct Way {
    start: Point,
    dx: f64,
    dy: f64,
}

/// Columns and rows of cells of some size, first and last.
struct Range {
    columns: (i32, i32),
    rows: (i32, i32),
}

impl Way {
    fn at(&self, t: f64) -> Point {
        Point {
            x: self.start.x + self.dx * t,
            y: self.start.y + self.dy * t,
        }
    }

    /// Calls `look` with column, row, entry and exit of each square of `size` units on the way between two fractions of
    /// it, within a range, until it returns something.
    #[inline]
    fn visit<Found>(
        &self,
        size: i32,
        range: Range,
        (from, until): (f64, f64),
        mut look: impl FnMut(i32, i32, f64, f64) -> Option<Found>,
    ) -> Option<Found> {
        let begin = self.at(from);
        let square = |value: f64| (libm::floor(value) as i32).div_euclid(size);
        let mut column = square(begin.x).clamp(range.columns.0, range.columns.1);
        let mut row = square(begin.y).clamp(range.rows.0, range.rows.1);
        let border = |index: i32, step: f64, start: f64| {
            let line = if step > 0.0 { index + 1 } else { index };
            if step == 0.0 {
                f64::INFINITY
            } else {
                (f64::from(line * size) - start) / step
            }
        };
        let mut next_column = border(column, self.dx, self.start.x);
        let mut next_row = border(row, self.dy, self.start.y);
        let mut enters = from;
        loop {
            let leaves = next_column.min(next_row).min(until).max(enters);
            if let Some(found) = look(column, row, enters, leaves) {
                return Some(found);
            }
            if next_column.min(next_row) >= until {
                return None;
            }
            if next_column <= next_row {
                column += if self.dx > 0.0 { 1 } else { -1 };
                if column < range.columns.0 || column > range.columns.1 {
                    return None;
                }
                next_column = border(column, self.dx, self.start.x);
            } else {
                row += if self.dy > 0.0 { 1 } else { -1 };
                if row < range.rows.0 || row > range.rows.1 {
                    return None;
                }
                next_row = border(row, self.dy, self.start.y);
            }
            enters = leaves;
        }
    }

    /// The first crossing within a tile that the way is in between two fractions of it.
    fn through_tile(&self, tile: &Tile, (column, row): (i32, i32), enters: f64, leaves: f64) -> Option<f64> {
        if enters > 0.0 {
            // Shore along the border itself may be no edge of this tile; then the way is on land as it comes in.
            let entry = self.at(enters);
            let inside = |value: f64, tile: i32| (value - f64::from(tile * TILE)).clamp(0.0, LAST);
            let (x, y) = (inside(entry.x, column), inside(entry.y, row));
            if tile.on_land(x, y, (x as u32, y as u32)) {
                return Some(enters);
            }
        }
        self.first_in_tile(tile, (column, row), enters, leaves)
    }

    fn first_in_tile(&self, tile: &Tile, (column, row): (i32, i32), enters: f64, leaves: f64) -> Option<f64> {
        let blocks = within(column, row, BLOCKS);
        self.visit(
            BLOCK,
            blocks,
            (enters, leaves),
            |block_column, block_row, enters, leaves| {
                let block = tile.block(block_column - column * BLOCKS, block_row - row * BLOCKS);
                if block == SEA {
                    return None;
                }
                if block == LAND {
                    return Some(enters);
                }
                let cells = within(block_column, block_row, BLOCK_CELLS);
                self.visit(
                    CELL,
                    cells,
                    (enters, leaves),
                    |cell_column, cell_row, enters, leaves| {
                        let code = tile.cell(
                            block,
                            cell_column - block_column * BLOCK_CELLS,
                            cell_row - block_row * BLOCK_CELLS,
                        );
                        match code {
                            SEA => None,
                            LAND => Some(enters),
                            shore => self.first_in_cell(tile, shore, (column, row), leaves),
                        }
                    },
                )
            },
        )
    }

    /// The first edge of a shore cell that the way crosses before it leaves the cell.
    fn first_in_cell(&self, tile: &Tile, code: u16, (column, row): (i32, i32), leaves: f64) -> Option<f64> {
        let (west, south) = (f64::from(column * TILE), f64::from(row * TILE));
        let a = (self.start.x - west, self.start.y - south);
        let b = (a.0 + self.dx, a.1 + self.dy);
        // A micro-unit of slack: a crossing on the border must be found from one of its sides at least.
        let latest = leaves + 1e-6 / (self.dx.abs() + self.dy.abs()).max(1e-6);
        tile.edges(code)
            .filter_map(|edge| edge.crossed_at(a, b))
            .filter(|&t| t <= latest)
            .min_by(f64::total_cmp)
    }
}

/// The smaller squares, so many along a side, in the larger one at a column and row.
fn within(column: i32, row: i32, along: i32) -> Range {
    Range {
        columns: (column * along, (column + 1) * along - 1),
        rows: (row * along, (row + 1) * along - 1),
    }
}

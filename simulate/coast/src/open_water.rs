//! Whether a step of the drift kernel can meet the shore at all, answered by one bit.
//!
//! A degree is cut into 8 by 8 cells of 1/8 degree. A cell is *open water* when it and the eight cells around it are all
//! sea: whatever starts in it and moves by less than a cell in longitude and in latitude stays within those nine. The 64
//! bits of a degree are one word, made when they are first asked for and kept in an atomic: the question costs an index,
//! a load and a shift, and takes no lock. Everywhere else [`Coast::first_crossing`] has to be asked.

use std::sync::atomic::{AtomicU64, Ordering};

use driftline_domain::{integer, whole_below};

use crate::Coast;
use crate::coast::Degree;
use crate::grid::{COLUMNS, ROWS, TILES, tile_number};

/// Cells along the side of a degree.
pub(crate) const CELLS_PER_DEGREE: i32 = 8;

/// Side of a cell of open water, degrees of longitude and of latitude.
pub const OPEN_WATER_CELL_DEG: f64 = 1.0 / CELLS_PER_DEGREE as f64;

const PER_DEGREE: f64 = CELLS_PER_DEGREE as f64;
const ACROSS: f64 = (COLUMNS * CELLS_PER_DEGREE) as f64;
const UP: f64 = (ROWS * CELLS_PER_DEGREE) as f64;
/// Stands for a word not made yet. No degree has this one: where two cells with one between them are open water, all
/// nine cells around the middle one belong to the surroundings of the two, so the middle one is open water as well.
const UNKNOWN: u64 = 0b101;

/// The words of all degrees, by number of the tile.
#[derive(Debug)]
pub(crate) struct OpenWater(Box<[AtomicU64]>);

impl OpenWater {
    pub(crate) fn new() -> Self {
        Self((0..TILES).map(|_| AtomicU64::new(UNKNOWN)).collect())
    }
}

impl Coast {
    /// Whether a step that starts here and is shorter than [`OPEN_WATER_CELL_DEG`] both in longitude and in latitude
    /// (by more than a rounding, 1e-9 degrees) surely stays at sea: [`Coast::first_crossing`] finds nothing for it.
    ///
    /// It takes longitudes in [-180, 180) and latitudes in [-90, 90]; beyond them, within a cell of a pole and for what
    /// is not a number the answer is `false`, which promises nothing.
    #[inline]
    pub fn open_water(&self, lon_deg: f64, lat_deg: f64) -> bool {
        let (x, y) = ((lon_deg + 180.0) * PER_DEGREE, (lat_deg + 90.0) * PER_DEGREE);
        if !((0.0..ACROSS).contains(&x) && (0.0..UP).contains(&y)) {
            return false;
        }
        let (x, y) = (x as u32, y as u32);
        let (column, row) = (x / CELLS_PER_DEGREE as u32, y / CELLS_PER_DEGREE as u32);
        let tile = (row * COLUMNS as u32 + column) as usize;
        let bit = y % CELLS_PER_DEGREE as u32 * CELLS_PER_DEGREE as u32 + x % CELLS_PER_DEGREE as u32;
        // The word is all there is to see, so no order of memory matters; two threads at once make the same one.
        let mut word = self.open_water_words().0[tile].load(Ordering::Relaxed);
        if word == UNKNOWN {
            word = self.make_open_water(tile);
        }
        word >> bit & 1 == 1
    }

    /// The same for many positions at once: writes down the places in the list of those that are not in open water, and
    /// tells how many they are. `closed` has room for all.
    ///
    /// What belongs to one position is computed in plain arithmetic, four at a time where the processor can.
    #[inline(always)]
    pub fn closed_water(&self, lon_deg: &[f64], lat_deg: &[f64], closed: &mut [u16]) -> usize {
        const CHUNK: usize = 64;
        let mut found = 0;
        let chunks = lon_deg.chunks(CHUNK).zip(lat_deg.chunks(CHUNK));
        for (chunk, (lon_deg, lat_deg)) in chunks.enumerate() {
            let n = lon_deg.len().min(lat_deg.len());
            let (lon_deg, lat_deg) = (&lon_deg[..n], &lat_deg[..n]);
            let (mut tile, mut bit) = ([0u32; CHUNK], [0u32; CHUNK]);
            let (tile, bit) = (&mut tile[..n], &mut bit[..n]);
            for p in 0..n {
                let (x, y) = (lon_deg[p] + 180.0, lat_deg[p] + 90.0);
                let is_inside = (x >= 0.0) & (x < f64::from(COLUMNS)) & (y >= 0.0) & (y < f64::from(ROWS));
                let (column, row) = (whole_below(x), whole_below(y));
                tile[p] = integer(if is_inside {
                    row * f64::from(COLUMNS) + column
                } else {
                    f64::from(u32::MAX)
                });
                let (x, y) = (
                    whole_below((x - column) * PER_DEGREE),
                    whole_below((y - row) * PER_DEGREE),
                );
                // A number below zero or beyond seven stands for the cell next to the border: both are at hand.
                bit[p] = integer(y.clamp(0.0, 7.0) * PER_DEGREE + x.clamp(0.0, 7.0));
            }
            for p in 0..n {
                let number = tile[p] as usize;
                let is_open = match self.open_water_words().0.get(number) {
                    Some(word) => {
                        let mut word = word.load(Ordering::Relaxed);
                        if word == UNKNOWN {
                            word = self.make_open_water(number);
                        }
                        word >> (bit[p] & 63) & 1 == 1
                    }
                    None => false,
                };
                if let Some(place) = closed.get_mut(found) {
                    *place = (chunk * CHUNK + p) as u16;
                }
                found += usize::from(!is_open);
            }
        }
        found
    }

    #[cold]
    fn make_open_water(&self, tile: usize) -> u64 {
        let (column, row) = (tile as i32 % COLUMNS, tile as i32 / COLUMNS);
        let sea: [[u64; 3]; 3] =
            [-1, 0, 1].map(|north| [-1, 0, 1].map(|east| self.sea_cells(column + east, row + north)));
        let word = eroded(&sea);
        self.open_water_words().0[tile].store(word, Ordering::Relaxed);
        word
    }

    /// The cells of a degree that are all sea; none beyond a pole.
    fn sea_cells(&self, column: i32, row: i32) -> u64 {
        if !(0..ROWS).contains(&row) {
            return 0;
        }
        match self.degree(tile_number(column, row)) {
            Degree::Sea => u64::MAX,
            Degree::Land => 0,
            Degree::Shore(tile) => tile.sea_cells(),
        }
    }
}

/// The cells of the middle one of three by three degrees, from south to north and west to east, whose eight neighbours
/// are sea like themselves. A byte of a word is a row of cells, the south one lowest and in it the west one.
fn eroded(sea: &[[u64; 3]; 3]) -> u64 {
    let byte = |word: u64, row: usize| u32::from(word.to_le_bytes()[row]);
    // Cells of a row with both neighbours, from the ten cells that matter to them.
    let row_of = |degrees: &[u64; 3], row: usize| {
        let ten = byte(degrees[0], row) >> 7 | byte(degrees[1], row) << 1 | (byte(degrees[2], row) & 1) << 9;
        (ten & ten >> 1 & ten >> 2) as u8
    };
    let mut rows = [0u8; 10];
    rows[0] = row_of(&sea[0], 7);
    for row in 0..8 {
        rows[row + 1] = row_of(&sea[1], row);
    }
    rows[9] = row_of(&sea[2], 0);
    u64::from_le_bytes(std::array::from_fn(|row| rows[row] & rows[row + 1] & rows[row + 2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_of_land_closes_nine() {
        let all = u64::MAX;
        assert_eq!(eroded(&[[all; 3]; 3]), all);
        let land = 1u64 << (3 * 8 + 4);
        let word = eroded(&[[all; 3], [all, !land, all], [all; 3]]);
        let closed = [2, 3, 4].map(|row| 0b0011_1000u64 << (row * 8)).iter().sum::<u64>();
        assert_eq!(!word, closed);
        // Land across a corner and across a side of the degree.
        assert_eq!(!eroded(&[[!(1 << 63), all, all], [all; 3], [all; 3]]), 1);
        assert_eq!(
            !eroded(&[[all; 3], [all, all, !(1 << 16)], [all; 3]]),
            0x80 << 8 | 0x80 << 16 | 0x80 << 24
        );
        assert_eq!(!eroded(&[[all; 3], [all; 3], [all, 0, all]]), 0xff << 56);
    }

    #[test]
    fn no_word_is_that_of_the_unknown() {
        // What decides the lowest three bits are five by three cells; all their patterns are tried.
        for pattern in 0..1u64 << 15 {
            let cell = |row: u64, column: u64| pattern >> (row * 5 + column) & 1;
            let inner = |row: u64| (1..5).fold(!0xfu64, |word, column| word | cell(row, column) << (column - 1)) & 0xff;
            let west = |row: u64| cell(row, 0) << 7;
            let sea = [
                [west(0) << 56, inner(0) << 56, 0],
                [west(1) | west(2) << 8, inner(1) | inner(2) << 8, 0],
                [0; 3],
            ];
            assert_ne!(eroded(&sea) & 0b111, UNKNOWN, "{pattern:b}");
        }
    }
}

//! Which cell of a curvilinear grid holds a position: a pyramid of boxes. At its foot blocks of 8 x 8 cells, above them
//! always 4 x 4 blocks in one. Neighbours in a grid are neighbours on the Earth, so the blocks need no sorting.

use std::ops::Range;

use super::cell::{Aim, Vector, direction, inside};
use super::extent::Extent;

/// Cells along a side of a block at the foot.
const FOOT: usize = 8;
/// Blocks along a side that the next level makes one of.
const FAN: usize = 4;

#[derive(Debug)]
pub(super) struct Search {
    nx: usize,
    ny: usize,
    lon_lat: Vec<(f64, f64)>,
    directions: Vec<Vector>,
    /// From the foot to the single block at the top.
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    columns: usize,
    rows: usize,
    /// `None` for a block without any complete cell.
    blocks: Vec<Option<Extent>>,
}

/// First and last column and row of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) i: (usize, usize),
    pub(super) j: (usize, usize),
}

/// A block of the pyramid.
#[derive(Debug, Clone, Copy)]
struct Block {
    level: usize,
    column: usize,
    row: usize,
}

impl Search {
    pub(super) fn of(nx: usize, lon_deg: &[f64], lat_deg: &[f64]) -> Self {
        let lon_lat: Vec<(f64, f64)> = lon_deg.iter().copied().zip(lat_deg.iter().copied()).collect();
        let mut search = Self {
            nx,
            ny: lon_lat.len() / nx,
            directions: lon_lat.iter().map(|node| direction(*node)).collect(),
            lon_lat,
            levels: Vec::new(),
        };
        search.raise();
        search
    }

    /// The direction of a node of the whole grid.
    pub(super) fn direction(&self, node: usize) -> Vector {
        self.directions.get(node).copied().unwrap_or([f64::NAN; 3])
    }

    fn raise(&mut self) {
        let (cells_x, cells_y) = (self.nx - 1, self.ny - 1);
        let (columns, rows) = (cells_x.div_ceil(FOOT), cells_y.div_ceil(FOOT));
        let foot = (0..columns * rows).map(|block| {
            let (column, row) = (block % columns, block / columns);
            let cells = Self::cells(column, cells_x).flat_map(|i| Self::cells(row, cells_y).map(move |j| (i, j)));
            union(cells.map(|(i, j)| self.extent(i, j)))
        });
        self.levels = vec![Level {
            columns,
            rows,
            blocks: foot.collect(),
        }];
        while let Some(level) = self.levels.last().filter(|level| level.blocks.len() > 1) {
            let next = level.next();
            self.levels.push(next);
        }
    }

    /// Cells of a block at the foot along one axis.
    fn cells(block: usize, all: usize) -> Range<usize> {
        block * FOOT..((block + 1) * FOOT).min(all)
    }

    /// The box of a cell.
    fn extent(&self, i: usize, j: usize) -> Option<Extent> {
        let node = |i: usize, j: usize| self.lon_lat[j * self.nx + i];
        Extent::of_cell([node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)])
    }

    /// The cell that holds a position, the first in the order of the pyramid where borders are shared.
    pub(super) fn cell_of(&self, aim: &Aim) -> Option<(usize, usize)> {
        let mut found = None;
        self.descend(&|extent| extent.holds(aim.lon_deg, aim.lat_deg), &mut |i, j| {
            let node = |i: usize, j: usize| self.directions[j * self.nx + i];
            let corners = [node(i, j), node(i + 1, j), node(i, j + 1), node(i + 1, j + 1)];
            let is_here = aim.within(&corners).is_some_and(|(a, b)| inside(a, b).is_some());
            if is_here {
                found = Some((i, j));
            }
            is_here
        });
        found
    }

    /// The rectangle around all cells in a part of the grid whose boxes meet an extent; `None` where none does.
    pub(super) fn cells_meeting(&self, wanted: &Extent, columns: &Range<usize>, rows: &Range<usize>) -> Option<Met> {
        let mut met: Option<Met> = None;
        self.descend(&|extent| extent.meets(wanted), &mut |i, j| {
            if columns.contains(&i) && rows.contains(&j) {
                let all = met.get_or_insert(Met { i: (i, i), j: (j, j) });
                all.i = (all.i.0.min(i), all.i.1.max(i));
                all.j = (all.j.0.min(j), all.j.1.max(j));
            }
            false
        });
        met
    }

    /// Visits the cells whose boxes, and all boxes above them, are wanted, until one is the last.
    fn descend(&self, wanted: &dyn Fn(&Extent) -> bool, is_last: &mut dyn FnMut(usize, usize) -> bool) {
        let Some(top) = self.levels.len().checked_sub(1) else {
            return;
        };
        let mut open = vec![Block {
            level: top,
            column: 0,
            row: 0,
        }];
        while let Some(block) = open.pop() {
            let level = &self.levels[block.level];
            let extent = &level.blocks[block.row * level.columns + block.column];
            if !extent.as_ref().is_some_and(wanted) {
                continue;
            }
            let Some(below) = block.level.checked_sub(1) else {
                if self.visit(block, wanted, is_last) {
                    return;
                }
                continue;
            };
            let lower = &self.levels[below];
            for row in block.row * FAN..((block.row + 1) * FAN).min(lower.rows) {
                for column in block.column * FAN..((block.column + 1) * FAN).min(lower.columns) {
                    open.push(Block {
                        level: below,
                        column,
                        row,
                    });
                }
            }
        }
    }

    fn visit(
        &self,
        block: Block,
        wanted: &dyn Fn(&Extent) -> bool,
        is_last: &mut dyn FnMut(usize, usize) -> bool,
    ) -> bool {
        for j in Self::cells(block.row, self.ny - 1) {
            for i in Self::cells(block.column, self.nx - 1) {
                if self.extent(i, j).as_ref().is_some_and(wanted) && is_last(i, j) {
                    return true;
                }
            }
        }
        false
    }
}

impl Level {
    fn next(&self) -> Self {
        let (columns, rows) = (self.columns.div_ceil(FAN), self.rows.div_ceil(FAN));
        let blocks = (0..columns * rows).map(|block| {
            let (column, row) = (block % columns, block / columns);
            let lower_rows = row * FAN..((row + 1) * FAN).min(self.rows);
            let lower = lower_rows.flat_map(|row| {
                let lower_columns = column * FAN..((column + 1) * FAN).min(self.columns);
                lower_columns.map(move |column| self.blocks[row * self.columns + column])
            });
            union(lower)
        });
        Self {
            columns,
            rows,
            blocks: blocks.collect(),
        }
    }
}

fn union(extents: impl Iterator<Item = Option<Extent>>) -> Option<Extent> {
    extents.flatten().reduce(|all, one| all.with(&one))
}

//! One degree of coast, unpacked for look-ups. It is three levels, in units of 1/7680 degree: blocks that
//! are all sea, all land or mixed; the cells of mixed blocks, likewise; and for each shore cell the state of its
//! south-west corner and the runs of vertices that touch it. With the whole world unpacked that is about 100 MB.

use crate::edge::Edge;
use crate::grid::{BLOCK_CELLS, BLOCKS, CELL, CELLS};
use crate::open_water::CELLS_PER_DEGREE;
use crate::shape::{Line, Shape};

/// Code of a block or cell that is all sea.
pub(crate) const SEA: u16 = 0;
/// Code of a block or cell that is all land.
pub(crate) const LAND: u16 = 1;
/// Codes from here on are mixed blocks and shore cells; the rest of the number says which.
const MIXED: u16 = 2;

/// A tile unpacked for look-ups.
#[derive(Debug)]
pub(crate) struct Tile {
    blocks: Vec<u16>,
    /// The cells of 1/8 degree that are all sea, a bit each, row by row from the south-west corner.
    sea_cells: u64,
    /// The rows of cells of each mixed block.
    rows: Vec<Row>,
    /// Per shore cell the place of its first run, doubled, plus one when its corner is land; and one past the end.
    shores: Vec<u32>,
    /// Vertices that follow one another in or next to a cell: the first of them, times 256, plus the number of edges.
    runs: Vec<u32>,
    /// The points of all lines, closed ones with their first point again at the end.
    vertices: Vec<(u16, u16)>,
}

/// Sixteen cells side by side in a block, a bit for each, the westmost lowest.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    shore: u16,
    land: u16,
    /// Number of the first shore cell.
    first: u16,
}

/// Longest run that fits its byte.
const LONGEST_RUN: u32 = 255;

impl Tile {
    /// A tile without shore.
    pub(crate) fn uniform(code: u16) -> Tile {
        Tile {
            blocks: vec![code; (BLOCKS * BLOCKS) as usize],
            sea_cells: if code == SEA { u64::MAX } else { 0 },
            rows: Vec::new(),
            shores: vec![0],
            runs: Vec::new(),
            vertices: Vec::new(),
        }
    }

    /// Sorts the edges of a shape into cells.
    pub(crate) fn new(shape: &Shape) -> Tile {
        let (vertices, firsts) = join(&shape.lines);
        let edge_at = |first: u32| edge(vertices[first as usize], vertices[first as usize + 1]);
        let (starts, sorted) = sort_into_cells(&firsts, edge_at);
        let mut shores = Vec::new();
        let mut runs = Vec::new();
        let mut codes = vec![SEA; (CELLS * CELLS) as usize];
        let mut row_starts_on_land = shape.corner_is_land;
        for row in 0..CELLS {
            let y = f64::from(row * CELL);
            let mut land = row_starts_on_land;
            for column in 0..CELLS {
                let number = (row * CELLS + column) as usize;
                let here = &sorted[starts[number] as usize..starts[number + 1] as usize];
                let x = f64::from(column * CELL);
                if here.is_empty() {
                    codes[number] = u16::from(land);
                } else {
                    codes[number] = MIXED + shores.len() as u16;
                    shores.push((runs.len() as u32) << 1 | u32::from(land));
                    join_runs(here, &mut runs);
                }
                // On to the corner of the cell to the east, and at the west border to the one to the north.
                for edge in here.iter().map(|&first| edge_at(first)) {
                    if column == 0 {
                        row_starts_on_land ^= edge.parts(0.0, y, 0.0, y + f64::from(CELL));
                    }
                    land ^= edge.parts(x, y, x + f64::from(CELL), y);
                }
            }
        }
        shores.push((runs.len() as u32) << 1);
        shores.shrink_to_fit();
        runs.shrink_to_fit();
        let (blocks, rows) = sum_up(&codes);
        Tile {
            blocks,
            sea_cells: sea_cells(&codes),
            rows,
            shores,
            runs,
            vertices,
        }
    }

    /// The cells of 1/8 degree that are all sea, a bit each, row by row from the south-west corner.
    pub(crate) fn sea_cells(&self) -> u64 {
        self.sea_cells
    }

    /// Code of a block: [`SEA`], [`LAND`] or mixed.
    #[inline]
    pub(crate) fn block(&self, column: i32, row: i32) -> u16 {
        self.blocks[(row * BLOCKS + column) as usize]
    }

    /// Code of a cell of a mixed block, columns and rows counted within the block.
    #[inline]
    pub(crate) fn cell(&self, block: u16, column: i32, row: i32) -> u16 {
        let row = self.rows[usize::from(block - MIXED) * BLOCK_CELLS as usize + row as usize];
        let bit = 1u16 << column;
        if row.shore & bit == 0 {
            return u16::from(row.land & bit != 0);
        }
        MIXED + row.first + (row.shore & (bit - 1)).count_ones() as u16
    }

    /// The edges that touch the shore cell of a code.
    #[inline]
    pub(crate) fn edges(&self, code: u16) -> impl Iterator<Item = Edge> + '_ {
        let (this, next) = (
            self.shores[usize::from(code - MIXED)],
            self.shores[usize::from(code - MIXED) + 1],
        );
        self.runs[(this >> 1) as usize..(next >> 1) as usize]
            .iter()
            .flat_map(|run| {
                let first = (run >> 8) as usize;
                self.vertices[first..=first + (run & 0xff) as usize]
                    .windows(2)
                    .map(|pair| edge(pair[0], pair[1]))
            })
    }

    /// The numbers of the edges that touch a cell, columns and rows counted within the tile.
    pub(crate) fn edge_numbers(&self, column: i32, row: i32) -> impl Iterator<Item = u32> + '_ {
        let block = self.block(column / BLOCK_CELLS, row / BLOCK_CELLS);
        let code = if block < MIXED {
            block
        } else {
            self.cell(block, column % BLOCK_CELLS, row % BLOCK_CELLS)
        };
        let runs = if code < MIXED {
            0..0
        } else {
            let number = usize::from(code - MIXED);
            (self.shores[number] >> 1) as usize..(self.shores[number + 1] >> 1) as usize
        };
        self.runs[runs].iter().flat_map(|run| {
            let first = run >> 8;
            first..first + (run & 0xff)
        })
    }

    /// The edge of a number of [`Tile::edge_numbers`].
    pub(crate) fn edge_of(&self, number: u32) -> Edge {
        edge(self.vertices[number as usize], self.vertices[number as usize + 1])
    }

    /// Whether a point of this tile, in units from its south-west corner and in the whole unit `unit`, is on land.
    #[inline]
    pub(crate) fn on_land(&self, x: f64, y: f64, unit: (u32, u32)) -> bool {
        let cell = (unit.0 as i32 / CELL, unit.1 as i32 / CELL);
        let block = self.block(cell.0 / BLOCK_CELLS, cell.1 / BLOCK_CELLS);
        if block < MIXED {
            return block == LAND;
        }
        let code = self.cell(block, cell.0 % BLOCK_CELLS, cell.1 % BLOCK_CELLS);
        if code < MIXED {
            return code == LAND;
        }
        let corner_is_land = self.shores[usize::from(code - MIXED)] & 1 == 1;
        let (corner_x, corner_y) = (f64::from(cell.0 * CELL), f64::from(cell.1 * CELL));
        self.edges(code)
            .fold(corner_is_land, |land, edge| land ^ edge.parts(corner_x, corner_y, x, y))
    }

    /// Memory this tile takes, bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Tile>()
            + self.blocks.capacity() * size_of::<u16>()
            + self.rows.capacity() * size_of::<Row>()
            + (self.shores.capacity() + self.runs.capacity()) * size_of::<u32>()
            + self.vertices.capacity() * size_of::<(u16, u16)>()
    }
}

#[inline]
fn edge((x1, y1): (u16, u16), (x2, y2): (u16, u16)) -> Edge {
    Edge { x1, y1, x2, y2 }
}

/// The vertices of all lines one after the other, and those of them at which an edge begins.
fn join(lines: &[Line]) -> (Vec<(u16, u16)>, Vec<u32>) {
    let count = lines
        .iter()
        .map(|line| line.points.len() + usize::from(line.closed))
        .sum();
    let mut vertices = Vec::with_capacity(count);
    let mut firsts = Vec::with_capacity(count);
    for line in lines {
        let begin = vertices.len() as u32;
        vertices.extend(&line.points);
        if line.closed {
            vertices.extend(line.points.first());
        }
        firsts.extend(begin..(vertices.len() as u32).saturating_sub(1));
    }
    (vertices, firsts)
}

/// Every edge, by its first vertex, once for each cell it touches and sorted by cell, and where each cell's begin.
fn sort_into_cells(firsts: &[u32], edge_at: impl Fn(u32) -> Edge) -> (Vec<u32>, Vec<u32>) {
    let cells_of = |edge: Edge| {
        edge.rows(CELL, CELLS).flat_map(move |row| {
            edge.columns_in_row(row, CELL, CELLS)
                .map(move |column| (row * CELLS + column) as usize)
        })
    };
    let mut starts = vec![0u32; (CELLS * CELLS) as usize + 1];
    for cell in firsts.iter().flat_map(|&first| cells_of(edge_at(first))) {
        starts[cell + 1] += 1;
    }
    for cell in 1..starts.len() {
        starts[cell] += starts[cell - 1];
    }
    let mut next = starts.clone();
    let mut sorted = vec![0; starts.last().map_or(0, |&count| count as usize)];
    for &first in firsts {
        for cell in cells_of(edge_at(first)) {
            sorted[next[cell] as usize] = first;
            next[cell] += 1;
        }
    }
    (starts, sorted)
}

/// Adds the edges of a cell, by their first vertices in rising order, as runs.
fn join_runs(firsts: &[u32], runs: &mut Vec<u32>) {
    let mut rest = firsts;
    while let Some(&begin) = rest.first() {
        let follows = |place: &(usize, &u32)| *place.1 == begin + place.0 as u32;
        let length = rest
            .iter()
            .enumerate()
            .take(LONGEST_RUN as usize)
            .take_while(follows)
            .count();
        runs.push(begin << 8 | length as u32);
        rest = &rest[length..];
    }
}

/// The blocks of a tile from the codes of its cells, and the rows of mixed ones.
fn sum_up(codes: &[u16]) -> (Vec<u16>, Vec<Row>) {
    let mut blocks = Vec::with_capacity((BLOCKS * BLOCKS) as usize);
    let mut rows: Vec<Row> = Vec::new();
    for block in 0..BLOCKS * BLOCKS {
        let (column, row) = (block % BLOCKS * BLOCK_CELLS, block / BLOCKS * BLOCK_CELLS);
        let cells_of = |dy: i32| {
            let first = ((row + dy) * CELLS + column) as usize;
            &codes[first..first + BLOCK_CELLS as usize]
        };
        let first = cells_of(0)[0];
        if first < MIXED && (0..BLOCK_CELLS).all(|dy| cells_of(dy).iter().all(|&code| code == first)) {
            blocks.push(first);
            continue;
        }
        blocks.push(MIXED + (rows.len() / BLOCK_CELLS as usize) as u16);
        rows.extend((0..BLOCK_CELLS).map(|dy| row_of(cells_of(dy))));
    }
    rows.shrink_to_fit();
    (blocks, rows)
}

/// The cells of 1/8 degree that are all sea, from the codes of the small cells.
fn sea_cells(codes: &[u16]) -> u64 {
    const SMALL: usize = (CELLS / CELLS_PER_DEGREE) as usize;
    let mut sea = u64::MAX;
    for (row, codes) in codes.chunks(CELLS as usize).enumerate() {
        for (column, codes) in codes.chunks(SMALL).enumerate() {
            if codes.iter().any(|&code| code != SEA) {
                sea &= !(1 << (row / SMALL * CELLS_PER_DEGREE as usize + column));
            }
        }
    }
    sea
}

fn row_of(codes: &[u16]) -> Row {
    let mut row = Row::default();
    for (column, &code) in codes.iter().enumerate() {
        match code {
            SEA => {}
            LAND => row.land |= 1 << column,
            shore => {
                // Shore cells of a row are numbered from west to east.
                if row.shore == 0 {
                    row.first = shore - MIXED;
                }
                row.shore |= 1 << column;
            }
        }
    }
    row
}

//! Many points of one moment, sorted into an even grid of longitudes and latitudes once, so that a tile looks at those
//! around it only: the points of a row of cells stand one after the other, and a box is a handful of ranges.
//!
//! It also counts points by the cells of a tile: every point of the tile belongs to exactly one cell of one tile,
//! because the borders of cells come from their numbers in the whole matrix, not from the tile that asks.
//! Degrees; longitudes in [-180, 180).

use std::ops::Range;

use driftline_domain::{BBox, wrap_lon_deg};

use crate::TileId;

/// Points that a cell of the grid holds on average, where they are spread evenly.
const POINTS_PER_CELL: usize = 8;
/// Cells along a side at most.
const MOST_CELLS: usize = 1024;
/// Kinds of points that are told apart in counts.
const KINDS: usize = 8;

/// Points in the order of the grid.
#[derive(Debug, Default)]
pub struct Scatter {
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    numbers: Vec<u32>,
    kinds: Vec<u8>,
    grid: Grid,
}

/// An even grid around all points. Longitudes count eastwards from that of the first point, so that a cloud across the
/// antimeridian stays together.
#[derive(Debug, Default)]
struct Grid {
    origin_deg: f64,
    west: f64,
    south: f64,
    columns: usize,
    rows: usize,
    /// Cells per degree.
    across: f64,
    up: f64,
    /// Place of each cell's first point, row by row from the south; one more than there are cells.
    starts: Vec<u32>,
}

/// Points of a tile that share a cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// How many.
    pub count: u32,
    /// How many of each kind.
    pub of_kind: [u32; KINDS],
    /// Sums of places, degrees; longitudes as distances from the tile's western side.
    sums: (f64, f64),
    /// Longitude and latitude of their mean place.
    pub place: (f64, f64),
}

/// Cells along a tile's side: four pixels of an ordinary screen each.
const CELLS: u32 = 64;

impl Scatter {
    /// Sorts points, whose numbers are their places in these columns, each with its kind from 0 to 7. Those without a
    /// place are left out.
    pub fn new(lon_deg: &[f64], lat_deg: &[f64], kinds: &[u8]) -> Self {
        let all = lon_deg.len().min(lat_deg.len()).min(kinds.len());
        let is_placed = |number: &usize| lon_deg[*number].is_finite() && lat_deg[*number].is_finite();
        let placed: Vec<usize> = (0..all).filter(is_placed).collect();
        let Some(mut grid) = Grid::around(placed.iter().map(|number| (lon_deg[*number], lat_deg[*number]))) else {
            return Self::default();
        };
        // A counting sort: how many there are in each cell, where each cell begins, then everything into its place.
        let cells: Vec<usize> = placed
            .iter()
            .map(|number| grid.cell(lon_deg[*number], lat_deg[*number]))
            .collect();
        grid.starts = vec![0; grid.columns * grid.rows + 1];
        cells.iter().for_each(|cell| grid.starts[cell + 1] += 1);
        for cell in 1..grid.starts.len() {
            grid.starts[cell] += grid.starts[cell - 1];
        }
        let mut next = grid.starts.clone();
        let mut order = vec![0u32; placed.len()];
        for (number, cell) in placed.iter().zip(&cells) {
            order[next[*cell] as usize] = *number as u32;
            next[*cell] += 1;
        }
        let of = |column: &[f64]| order.iter().map(|number| column[*number as usize]).collect();
        Self {
            lon_deg: of(lon_deg),
            lat_deg: of(lat_deg),
            kinds: order.iter().map(|number| kinds[*number as usize]).collect(),
            numbers: order,
            grid,
        }
    }

    /// Points.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.len() * (2 * size_of::<f64>() + size_of::<u32>() + 1) + self.grid.starts.len() * size_of::<u32>()
    }

    /// Longitudes in the grid's order.
    pub fn lon_deg(&self) -> &[f64] {
        &self.lon_deg
    }

    /// Latitudes in the grid's order.
    pub fn lat_deg(&self) -> &[f64] {
        &self.lat_deg
    }

    /// Numbers of the points, as they were given, in the grid's order.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Kinds in the grid's order.
    pub fn kinds(&self) -> &[u8] {
        &self.kinds
    }

    /// Ranges of places that hold all points of a box, and a few around it.
    pub fn ranges(&self, bbox: &BBox) -> Vec<Range<usize>> {
        self.grid.ranges(bbox)
    }

    /// The cells of a tile that hold points. Over all tiles of a zoom their counts add up to the points between the
    /// latitudes of the matrix.
    pub fn cells(&self, tile: TileId) -> Vec<Cell> {
        let edges = CellEdges::of(tile);
        let mut cells = vec![Cell::default(); (CELLS * CELLS) as usize];
        for range in self.ranges(&tile.bbox(1.0 / f64::from(CELLS))) {
            for place in range {
                let (lon, lat) = (self.lon_deg[place], self.lat_deg[place]);
                let Some(at) = edges.cell(lon, lat) else { continue };
                let cell = &mut cells[at];
                cell.count += 1;
                cell.of_kind[usize::from(self.kinds[place]) % KINDS] += 1;
                cell.sums.0 += lon - edges.west_deg;
                cell.sums.1 += lat;
            }
        }
        cells.retain(|cell| cell.count > 0);
        for cell in &mut cells {
            let count = f64::from(cell.count);
            cell.place = (edges.west_deg + cell.sums.0 / count, cell.sums.1 / count);
        }
        cells
    }
}

impl Grid {
    fn around(places: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let (origin_deg, first_lat) = places.clone().next()?;
        let (mut west, mut east, mut south, mut north) = (0.0f64, 0.0f64, first_lat, first_lat);
        let mut count = 0;
        for (lon, lat) in places {
            let turned = wrap_lon_deg(lon - origin_deg);
            (west, east) = (west.min(turned), east.max(turned));
            (south, north) = (south.min(lat), north.max(lat));
            count += 1;
        }
        let side = ((count / POINTS_PER_CELL) as f64).sqrt().ceil() as usize;
        let side = side.clamp(1, MOST_CELLS);
        let per_deg = |span: f64| if span > 0.0 { side as f64 / span } else { 0.0 };
        Some(Self {
            origin_deg,
            west,
            south,
            columns: side,
            rows: side,
            across: per_deg(east - west),
            up: per_deg(north - south),
            starts: Vec::new(),
        })
    }

    fn column(&self, turned: f64) -> usize {
        // A cast takes what is below zero for zero.
        (((turned - self.west) * self.across) as usize).min(self.columns - 1)
    }

    fn row(&self, lat: f64) -> usize {
        (((lat - self.south) * self.up) as usize).min(self.rows - 1)
    }

    fn cell(&self, lon: f64, lat: f64) -> usize {
        self.row(lat) * self.columns + self.column(wrap_lon_deg(lon - self.origin_deg))
    }

    fn ranges(&self, bbox: &BBox) -> Vec<Range<usize>> {
        if self.starts.is_empty() {
            return Vec::new();
        }
        let turn = if bbox.crosses_antimeridian() { 360.0 } else { 0.0 };
        let width = bbox.east + turn - bbox.west;
        let west = wrap_lon_deg(bbox.west - self.origin_deg);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for row in self.row(bbox.south)..=self.row(bbox.north) {
            let before = ranges.len();
            // The box may reach around the globe and meet the grid's other end.
            for west in [west - 360.0, west] {
                let east = west + width;
                if east < -180.0 || west > 180.0 {
                    continue;
                }
                let first = row * self.columns;
                let (low, high) = (first + self.column(west), first + self.column(east) + 1);
                let range = self.starts[low] as usize..self.starts[high] as usize;
                match ranges[before..].last_mut() {
                    // Both ends meet in one cell: nothing may be seen twice.
                    Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                    _ if range.is_empty() => {}
                    _ => ranges.push(range),
                }
            }
        }
        ranges
    }
}

/// Where the cells of a tile begin and end.
struct CellEdges {
    /// Cells per degree of longitude in the whole matrix, and the number of the tile's first.
    per_deg: f64,
    first_column: f64,
    west_deg: f64,
    /// Latitudes of the borders of rows from the north; each comes from its number in the whole matrix.
    lats: Vec<f64>,
}

impl CellEdges {
    fn of(tile: TileId) -> Self {
        let set = tile.set();
        let (columns, _) = set.size(tile.z());
        let (_, top) = set.origin();
        let cell = set.span(tile.z()) / f64::from(CELLS);
        let first_row = u64::from(tile.y()) * u64::from(CELLS);
        let lat = |row: u64| set.lat_deg(top - (first_row + row) as f64 * cell);
        let per_deg = f64::from(columns) * f64::from(CELLS) / 360.0;
        Self {
            per_deg,
            first_column: f64::from(tile.x()) * f64::from(CELLS),
            west_deg: f64::from(tile.x()) * f64::from(CELLS) / per_deg - 180.0,
            lats: (0..=u64::from(CELLS)).map(lat).collect(),
        }
    }

    /// The cell of a point, counted by rows; `None` outside the tile. A point on a border belongs to the south and east.
    fn cell(&self, lon: f64, lat: f64) -> Option<usize> {
        let column = ((lon + 180.0) * self.per_deg).floor() - self.first_column;
        if !(0.0..f64::from(CELLS)).contains(&column) {
            return None;
        }
        let rows_begun = self.lats.partition_point(|border| *border >= lat);
        let row = rows_begun.checked_sub(1).filter(|row| *row < CELLS as usize)?;
        Some(row * CELLS as usize + column as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TileMatrixSet;

    /// Numbers between 0 and 1 that are the same every time.
    fn numbers() -> impl FnMut() -> f64 {
        let mut state = 7u64;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    fn cloud(count: usize, (west, width): (f64, f64), (south, height): (f64, f64)) -> (Vec<f64>, Vec<f64>, Vec<u8>) {
        let mut next = numbers();
        let lon = (0..count).map(|_| wrap_lon_deg(west + width * next())).collect();
        let lat = (0..count).map(|_| south + height * next()).collect();
        (lon, lat, (0..count).map(|number| (number % 3) as u8).collect())
    }

    #[test]
    fn a_box_finds_what_a_look_at_every_point_finds() {
        for (x, y) in [
            ((3.0, 2.0), (59.0, 3.0)),
            ((179.0, 3.0), (-18.0, 2.0)),
            ((-180.0, 360.0), (-90.0, 180.0)),
            ((5.0, 0.0), (60.0, 0.0)),
        ] {
            let (lon, lat, kinds) = cloud(5_000, x, y);
            let scatter = Scatter::new(&lon, &lat, &kinds);
            assert_eq!(scatter.len(), 5_000);
            for (west, south, east, north) in [
                (3.5, 59.5, 3.6, 59.7),
                (179.5, -18.0, -179.0, -17.0),
                (-180.0, -90.0, 180.0, 90.0),
                (10.0, -80.0, 9.0, 80.0),
                (-1.0, 10.0, 8.0, 70.0),
                (90.0, 0.0, 91.0, 1.0),
            ] {
                let bbox = BBox::new(west, south, east, north).unwrap();
                let mut found: Vec<u32> = Vec::new();
                for range in scatter.ranges(&bbox) {
                    let inside = range.filter(|place| bbox.contains(scatter.lon_deg[*place], scatter.lat_deg[*place]));
                    found.extend(inside.map(|place| scatter.numbers[place]));
                }
                found.sort_unstable();
                let expected: Vec<u32> = (0..5_000u32)
                    .filter(|number| bbox.contains(lon[*number as usize], lat[*number as usize]))
                    .collect();
                assert_eq!(found, expected, "{x:?} {bbox:?}");
            }
        }
    }

    #[test]
    fn counts_add_up_to_the_points_at_every_zoom() {
        for (x, y) in [((3.0, 2.0), (59.0, 3.0)), ((178.0, 4.0), (-85.0, 170.0))] {
            let (mut lon, mut lat, mut kinds) = cloud(4_000, x, y);
            // On borders of tiles and cells, where doubles and halves are lost and counted twice most easily.
            for (at_lon, at_lat) in [
                (0.0, 0.0),
                (-180.0, 66.513_260_443_111_86),
                (2.8125, 45.0),
                (5.625, 60.239_811_169),
            ] {
                lon.push(at_lon);
                lat.push(at_lat);
                kinds.push(1);
            }
            let scatter = Scatter::new(&lon, &lat, &kinds);
            for set in TileMatrixSet::ALL {
                for z in 0..5 {
                    let (columns, rows) = set.size(z);
                    let tiles = (0..columns).flat_map(|x| (0..rows).map(move |y| (x, y)));
                    let cells: Vec<Cell> = tiles
                        .flat_map(|(x, y)| scatter.cells(TileId::of(set, z, x, y).unwrap()))
                        .collect();
                    let count: u32 = cells.iter().map(|cell| cell.count).sum();
                    assert_eq!(count as usize, lon.len(), "{set:?} {z}");
                    let of_kinds: u32 = cells.iter().flat_map(|cell| cell.of_kind).sum();
                    assert_eq!(of_kinds, count);
                }
            }
        }
    }

    #[test]
    fn a_cell_stands_at_the_mean_place_and_inside_its_tile() {
        let scatter = Scatter::new(&[4.0, 4.001, 4.3], &[60.0, 60.001, 60.2], &[0, 1, 0]);
        let tile = TileId::new(5, 16, 9).unwrap();
        let mut cells = scatter.cells(tile);
        cells.sort_by_key(|cell| cell.count);
        assert_eq!(cells.len(), 2, "{cells:?}");
        let (lon, lat) = cells[1].place;
        assert!(
            (lon - 4.0005).abs() < 1e-9 && (lat - 60.0005).abs() < 1e-9,
            "{lon} {lat}"
        );
        assert_eq!((cells[1].count, cells[1].of_kind[..2].to_vec()), (2, vec![1, 1]));
        assert!(scatter.cells(TileId::new(5, 17, 9).unwrap()).is_empty());
        assert!(Scatter::new(&[f64::NAN], &[1.0], &[0]).is_empty());
        assert!(Scatter::default().cells(tile).is_empty());
    }
}

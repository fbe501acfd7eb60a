//! Cells of a run's probability raster as features. Which cells may touch a box is told by the arithmetic of their grid,
//! before the raster is read; a cell is a number until it is written. Degrees; areas in km² on the sphere that the raster
//! is measured on.

use std::ops::Range;
use std::sync::Arc;

use driftline_domain::{BBox, ValidTime};
use driftline_tiles::DensityGrid;
use geo::{Geometry, MultiPolygon, Polygon, Rect, coord};

use super::region::pieces;

/// Row numbers that each band of a raster has for its cells.
const ROWS_OF_BAND: u64 = 1 << 24;
/// Cells of a grid that are looked at at once, and are in one block at most.
const CELLS_OF_STRIP: usize = 1 << 14;
const EARTH_RADIUS_KM: f64 = 6_371.008_8;

/// Consecutive cells of a grid, of which those in a window are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Strip {
    cells: Range<usize>,
    columns_of_grid: usize,
    window: Arc<Window>,
}

/// Rows and columns of a grid.
#[derive(Debug)]
struct Window {
    rows: Range<usize>,
    columns: Vec<Range<usize>>,
}

/// The cells of a strip that have some probability, at one time.
#[derive(Debug)]
pub(crate) struct Cells {
    /// When.
    pub(crate) time: ValidTime,
    grid: Arc<DensityGrid>,
    /// Row number of the grid's first cell.
    first_row: u64,
    /// Which cells, rising: from north to south, and west to east.
    numbers: Vec<usize>,
}

impl Strip {
    /// The strips of a grid that have cells which may touch every one of the boxes.
    pub(crate) fn that_meet(grid: &DensityGrid, boxes: &[BBox]) -> Vec<Self> {
        let window = Arc::new(Window::of(grid, boxes));
        let cells = (grid.nx * grid.ny).min(usize::try_from(ROWS_OF_BAND).unwrap_or(usize::MAX));
        let strips = (0..cells).step_by(CELLS_OF_STRIP).map(|first| Self {
            cells: first..(first + CELLS_OF_STRIP).min(cells),
            columns_of_grid: grid.nx,
            window: Arc::clone(&window),
        });
        strips.filter(|strip| strip.len() > 0).collect()
    }

    /// How many cells it wants.
    pub(crate) fn len(&self) -> usize {
        self.stretches().map(|stretch| stretch.len()).sum()
    }

    /// The row numbers of its cells in a band.
    pub(crate) fn rows_of_band(&self, band: usize) -> Range<u64> {
        let first = band as u64 * ROWS_OF_BAND;
        first + self.cells.start as u64..first + self.cells.end as u64
    }

    /// Its cells that have some probability in a band.
    pub(crate) fn cells(&self, grid: Arc<DensityGrid>, band: usize, time: ValidTime) -> Cells {
        let is_some = |cell: &usize| grid.values.get(*cell).is_some_and(|density| is_shown(*density));
        let numbers = self.stretches().flatten().filter(is_some).collect();
        Cells {
            time,
            grid,
            first_row: band as u64 * ROWS_OF_BAND,
            numbers,
        }
    }

    /// Its cells in the window, stretch by stretch.
    fn stretches(&self) -> impl Iterator<Item = Range<usize>> {
        let nx = self.columns_of_grid.max(1);
        let own = self.cells.start / nx..self.cells.end.div_ceil(nx);
        common(&own, &self.window.rows).flat_map(move |row| {
            let columns = self.window.columns.iter();
            columns.map(move |columns| common(&self.cells, &(row * nx + columns.start..row * nx + columns.end)))
        })
    }
}

impl Window {
    fn of(grid: &DensityGrid, boxes: &[BBox]) -> Self {
        let whole = Self {
            rows: 0..grid.ny,
            columns: std::iter::once(0..grid.nx).collect(),
        };
        boxes.iter().fold(whole, |window, bbox| {
            let rows = covered(
                (grid.north - bbox.north) / grid.dlat,
                (grid.north - bbox.south) / grid.dlat,
                grid.ny,
            );
            let columns = columns_of(grid, bbox);
            let both = window.columns.iter();
            let both = both.flat_map(|one| columns.iter().map(|other| common(one, other)));
            Self {
                rows: common(&window.rows, &rows),
                columns: both.filter(|columns| !columns.is_empty()).collect(),
            }
        })
    }
}

/// Columns that may touch a box, in order; those of a grid that goes on past 180 degrees are met a turn further.
fn columns_of(grid: &DensityGrid, bbox: &BBox) -> Vec<Range<usize>> {
    let spans = pieces(bbox.west, bbox.east).into_iter();
    let turned = spans.flat_map(|(west, east)| [-360.0, 0.0, 360.0].map(|turn| (west + turn, east + turn)));
    let column = |lon: f64| (lon - grid.west) / grid.dlon;
    let mut columns: Vec<Range<usize>> = turned
        .map(|(west, east)| covered(column(west), column(east), grid.nx))
        .filter(|columns| !columns.is_empty())
        .collect();
    columns.sort_unstable_by_key(|columns| columns.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for next in columns {
        match joined.last_mut().filter(|last| next.start <= last.end) {
            Some(last) => last.end = last.end.max(next.end),
            None => joined.push(next),
        }
    }
    joined
}

/// Whole numbers of cells between two places counted in cells, and one more at both ends: what only touches belongs to it,
/// whatever was lost in rounding.
fn covered(from: f64, to: f64, most: usize) -> Range<usize> {
    let (from, to) = (from.floor() - 1.0, to.floor() + 2.0);
    if from.is_nan() || to.is_nan() {
        return 0..most;
    }
    // Below zero it is zero: the conversion saturates.
    (from as usize).min(most)..(to as usize).min(most)
}

fn common(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}

fn is_shown(density: f32) -> bool {
    density > 0.0 && density.is_finite()
}

impl Cells {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Row number among the features of the run.
    pub(crate) fn row(&self, index: usize) -> u64 {
        self.first_row + self.number(index) as u64
    }

    /// The first one behind a row.
    pub(crate) fn index_behind(&self, row: u64) -> usize {
        self.numbers
            .partition_point(|number| self.first_row + *number as u64 <= row)
    }

    /// The place of the one with this row.
    pub(crate) fn find(&self, row: u64) -> Option<usize> {
        let number = usize::try_from(row.checked_sub(self.first_row)?).ok()?;
        self.numbers.binary_search(&number).ok()
    }

    /// Probability per km² that the object is there, given that it is still adrift.
    pub(crate) fn density_per_km2(&self, index: usize) -> f64 {
        let density = self.grid.values.get(self.number(index));
        density.copied().map_or(0.0, f64::from)
    }

    /// Size.
    pub(crate) fn area_km2(&self, index: usize) -> f64 {
        let [south, north] = self.parallels(self.number(index));
        let zone = north.to_radians().sin() - south.to_radians().sin();
        EARTH_RADIUS_KM * EARTH_RADIUS_KM * zone * self.grid.dlon.to_radians()
    }

    /// Probability that the object is in the cell, given that it is still adrift.
    pub(crate) fn poc(&self, index: usize) -> f64 {
        self.density_per_km2(index) * self.area_km2(index)
    }

    /// West, south, east, north; west > east across the antimeridian.
    pub(crate) fn edges(&self, index: usize) -> [f64; 4] {
        let number = self.number(index);
        let [south, north] = self.parallels(number);
        let column = number % self.grid.nx.max(1);
        // Neighbours name the meridian between them by the same number.
        let meridian = |column: usize| {
            let lon = self.grid.west + column as f64 * self.grid.dlon;
            // What rounding moved off the antimeridian would leave a sliver beyond it.
            if (lon - 180.0).abs() < 1e-9 { 180.0 } else { lon }
        };
        let (west, east) = (meridian(column), meridian(column + 1));
        let turn = if west >= 180.0 { 360.0 } else { 0.0 };
        let (west, east) = (west - turn, east - turn);
        [west, south, if east > 180.0 { east - 360.0 } else { east }, north]
    }

    /// The cell as an area, in two pieces where it crosses the antimeridian (RFC 7946, 3.1.9).
    pub(crate) fn shape(&self, index: usize) -> Geometry<f64> {
        #[cfg(test)]
        tests::SHAPES_MADE.with(|made| made.set(made.get() + 1));
        let [west, south, east, north] = self.edges(index);
        let piece = |(west, east): (f64, f64)| -> Polygon<f64> {
            Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north }).to_polygon()
        };
        match pieces(west, east).map(piece) {
            [only, _] if west <= east => only.into(),
            both => MultiPolygon(both.into()).into(),
        }
    }

    fn number(&self, index: usize) -> usize {
        self.numbers.get(index).copied().unwrap_or(0)
    }

    fn parallels(&self, number: usize) -> [f64; 2] {
        let row = number / self.grid.nx.max(1);
        let parallel = |row: usize| (self.grid.north - row as f64 * self.grid.dlat).clamp(-90.0, 90.0);
        [parallel(row + 1), parallel(row)]
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::features::region::Region;

    thread_local! {
        /// Areas of cells that this thread made.
        pub(super) static SHAPES_MADE: Cell<usize> = const { Cell::new(0) };
    }

    const NOW: ValidTime = ValidTime(jiff::Timestamp::UNIX_EPOCH);

    fn grid(west: f64, north: f64, cell: (f64, f64), (nx, ny): (usize, usize)) -> Arc<DensityGrid> {
        Arc::new(DensityGrid {
            west,
            north,
            dlon: cell.0,
            dlat: cell.1,
            nx,
            ny,
            values: vec![0.5; nx * ny],
        })
    }

    fn held(grid: &Arc<DensityGrid>, boxes: &[BBox]) -> Vec<Cells> {
        let strips = Strip::that_meet(grid, boxes);
        strips
            .iter()
            .map(|strip| strip.cells(Arc::clone(grid), 2, NOW))
            .collect()
    }

    fn rows_in(cells: &[Cells], region: &Region) -> Vec<u64> {
        let all = cells
            .iter()
            .flat_map(|cells| (0..cells.len()).map(move |index| (cells, index)));
        let inside = all.filter(|(cells, index)| region.may_touch(cells.edges(*index)));
        inside.map(|(cells, index)| cells.row(index)).collect()
    }

    #[test]
    fn a_small_box_of_a_large_raster_looks_at_its_own_cells_only_and_makes_none_of_them() {
        let grid = grid(2.0, 61.0, (0.01, 0.005), (384, 384));
        let bbox = BBox::new(3.001, 60.001, 3.049, 60.024).unwrap();
        let made = SHAPES_MADE.get();
        let cells = held(&grid, &[bbox]);
        let looked_at: usize = cells.iter().map(Cells::len).sum();
        // Five columns and five rows, and one more on each side; the raster has 147,456 cells.
        assert!(looked_at <= 49, "{looked_at}");
        assert_eq!(rows_in(&cells, &Region::of_box(bbox)).len(), 25);
        assert_eq!(SHAPES_MADE.get(), made, "a box with straight sides needs no shape");
        let _ = cells[0].shape(0);
        assert_eq!(SHAPES_MADE.get(), made + 1);
        // Without a box no block has more than a strip, and together they have all.
        let all = held(&grid, &[]);
        assert!(all.iter().all(|cells| cells.len() <= CELLS_OF_STRIP));
        assert_eq!(all.iter().map(Cells::len).sum::<usize>(), 384 * 384);
        // Two boxes without a common place leave nothing to read.
        let other = BBox::new(4.0, 60.0, 4.1, 60.1).unwrap();
        assert!(Strip::that_meet(&grid, &[bbox, other]).is_empty());
    }

    #[test]
    fn the_arithmetic_leaves_out_nothing_that_touches() {
        let grids = [
            grid(2.0, 61.0, (0.02, 0.01), (90, 70)),
            grid(178.5, 0.3, (0.031, 0.02), (120, 60)),
            grid(-180.0, 90.0, (360.0 / 97.0, 180.0 / 45.0), (97, 45)),
            grid(-180.0, -60.0, (1.0, 1.0), (360, 30)),
        ];
        let places = [-180.0, -179.2, -178.97, -12.0, 0.0, 2.0, 2.5, 3.77, 178.5, 179.4, 180.0];
        for grid in grids {
            let all = held(&grid, &[]);
            let south = grid.north - grid.dlat * grid.ny as f64;
            for west in places {
                for east in places {
                    for (low, high) in [(0.0, 0.0), (0.1, 0.13), (0.5, 1.0), (0.0, 1.0)] {
                        let lat = |share: f64| (south + share * (grid.north - south)).clamp(-90.0, 90.0);
                        let bbox = BBox::new(west, lat(low), east, lat(high)).unwrap();
                        let region = Region::of_box(bbox);
                        assert_eq!(
                            rows_in(&held(&grid, &[bbox]), &region),
                            rows_in(&all, &region),
                            "{bbox:?} in a grid from {} {}",
                            grid.west,
                            grid.north
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn cells_meet_at_the_antimeridian_and_add_up_to_the_globe() {
        let grid = grid(-180.0, 90.0, (360.0 / 97.0, 4.0), (97, 45));
        let all = held(&grid, &[]);
        let (mut area, mut easternmost) = (0.0, 0);
        for cells in &all {
            for index in 0..cells.len() {
                let [west, _, east, _] = cells.edges(index);
                assert!(west < east, "{west} {east}");
                easternmost += usize::from(east == 180.0);
                area += cells.area_km2(index);
            }
        }
        assert_eq!(easternmost, 45);
        let sphere = 4.0 * std::f64::consts::PI * EARTH_RADIUS_KM * EARTH_RADIUS_KM;
        assert!((area / sphere - 1.0).abs() < 1e-12, "{area}");
    }

    #[test]
    fn rows_find_their_cells_again() {
        let mut with_gaps = (*grid(179.9, 1.0, (0.05, 0.05), (8, 4))).clone();
        (0..32).step_by(3).for_each(|cell| with_gaps.values[cell] = 0.0);
        with_gaps.values[1] = f32::NAN;
        let cells = &held(&Arc::new(with_gaps), &[])[0];
        assert_eq!(cells.len(), 20);
        for index in 0..cells.len() {
            let row = cells.row(index);
            assert_eq!((cells.find(row), cells.index_behind(row)), (Some(index), index + 1));
        }
        assert_eq!((cells.find(2 * ROWS_OF_BAND), cells.find(0)), (None, None));
        // The third column begins at the antimeridian, and the first two cells have nothing.
        assert_eq!(cells.edges(0)[0], -180.0);
    }
}

//! Stretches of shoreline with lasting names, for what is counted along the shore.
//!
//! A segment is the shore within one square of a minute of longitude by a minute of latitude (1.85 km along a meridian,
//! 0.93 km along a parallel at 60 degrees). Its name is that square's, so it depends neither on a run nor on the coast
//! file: another coast gives the same names to the same places. A segment may be in several pieces, as among islands.

use std::fmt;
use std::str::FromStr;

use crate::Coast;
use crate::coast::Degree;
use crate::edge::Edge;
use crate::grid::{CELL, CELLS, COLUMNS, Metric, Point, ROWS, TILE, tile_number};
use crate::tile::Tile;

/// Segments along the side of a degree.
const PER_DEGREE: i32 = 60;
/// Units along the side of a segment's square.
const SIDE: i32 = TILE / PER_DEGREE;
/// Cells of the look-up along the side of a segment's square.
const SIDE_CELLS: i32 = CELLS / PER_DEGREE;
/// Squares round the globe and from pole to pole.
const ACROSS: u32 = (COLUMNS * PER_DEGREE) as u32;
const UP: u32 = (ROWS * PER_DEGREE) as u32;
/// How far from the shore a particle may be that has run ashore, metres. The kernel puts it back to sea by less than a
/// metre; only where rounding left no other place at sea it stays where its step began.
const ASHORE_M: [f64; 2] = [2.0, 5_000.0];

const _: () = assert!(SIDE * PER_DEGREE == TILE && SIDE_CELLS * CELL == SIDE);

/// The name of a stretch of shoreline: the minutes of the south-west corner of its square. In text it is latitude and
/// longitude of that corner in degrees and minutes, for instance `N60-23_E005-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(u32);

/// A stretch of shoreline.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its name.
    pub id: SegmentId,
    /// Its pieces, each of at least two `(longitude, latitude)` vertices in degrees, all on one side of the
    /// antimeridian. The first and last vertex of a whole island are the same.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Length of all pieces, metres on the WGS84 ellipsoid.
    pub length_m: f64,
}

/// A text that names no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no stretch of shoreline: N60-23_E005-17 does")]
pub struct NoSegment(String);

impl SegmentId {
    /// The square that a point of [`Point::of`] or of the shore is in.
    fn at(point: Point) -> Self {
        let square = |value: f64| libm::floor(value) as i32 / SIDE;
        let column = square(point.x).rem_euclid(ACROSS as i32) as u32;
        let row = square(point.y).clamp(0, UP as i32 - 1) as u32;
        Self(row * ACROSS + column)
    }

    /// The number of the square: rows of 21,600 from the south pole, each from 180 W eastward.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The segment of a number, if there are that many.
    pub fn of_number(number: u32) -> Option<Self> {
        (number < ACROSS * UP).then_some(Self(number))
    }

    /// Longitude and latitude of the middle of the square, degrees.
    pub fn middle(self) -> (f64, f64) {
        let (column, row) = self.place();
        let degrees = |index: i32| (f64::from(index) + 0.5) / f64::from(PER_DEGREE);
        (degrees(column) - 180.0, degrees(row) - 90.0)
    }

    fn place(self) -> (i32, i32) {
        ((self.0 % ACROSS) as i32, (self.0 / ACROSS) as i32)
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, row) = self.place();
        let (lon, lat) = (column - COLUMNS / 2 * PER_DEGREE, row - ROWS / 2 * PER_DEGREE);
        let (east, north) = (if lon < 0 { 'W' } else { 'E' }, if lat < 0 { 'S' } else { 'N' });
        let (lon, lat) = (lon.abs(), lat.abs());
        let parts = |minutes: i32| (minutes / PER_DEGREE, minutes % PER_DEGREE);
        let ((lat, lat_minutes), (lon, lon_minutes)) = (parts(lat), parts(lon));
        write!(f, "{north}{lat:02}-{lat_minutes:02}_{east}{lon:03}-{lon_minutes:02}")
    }
}

impl FromStr for SegmentId {
    type Err = NoSegment;

    fn from_str(text: &str) -> Result<Self, NoSegment> {
        let number = || {
            let (lat, lon) = text.split_once('_')?;
            let signed = |text: &str, positive: char, negative: char| {
                let (sign, rest) = text
                    .strip_prefix(positive)
                    .map(|rest| (1, rest))
                    .or_else(|| text.strip_prefix(negative).map(|rest| (-1, rest)))?;
                let (degrees, minutes) = rest.split_once('-')?;
                let whole = |text: &str| text.parse::<u16>().ok().map(i32::from);
                Some(sign * (whole(degrees)? * PER_DEGREE + whole(minutes)?))
            };
            let column = signed(lon, 'E', 'W')? + COLUMNS / 2 * PER_DEGREE;
            let row = signed(lat, 'N', 'S')? + ROWS / 2 * PER_DEGREE;
            let inside = (0..ACROSS as i32).contains(&column) && (0..UP as i32).contains(&row);
            inside.then_some(Self(row as u32 * ACROSS + column as u32))
        };
        // One name for one segment: what is written otherwise than it would be printed is refused.
        number()
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| NoSegment(text.to_owned()))
    }
}

impl Coast {
    /// The segment that a particle has run ashore on: that of the nearest point of the shore, at most five kilometres
    /// away.
    pub fn segment_at(&self, lon_deg: f64, lat_deg: f64) -> Option<SegmentId> {
        let shore = ASHORE_M
            .iter()
            .find_map(|max_m| self.nearest_shore_point(lon_deg, lat_deg, *max_m))?;
        // On the border of two squares the shore may belong to the one west or south of it only.
        let beside = |x: f64, y: f64| Point {
            x: shore.x - x,
            y: shore.y - y,
        };
        [beside(0.0, 0.0), beside(0.5, 0.0), beside(0.0, 0.5), beside(0.5, 0.5)]
            .into_iter()
            .map(SegmentId::at)
            .find(|id| !self.pieces(*id).is_empty())
    }

    /// The shore of a segment; `None` where there is none.
    pub fn segment(&self, id: SegmentId) -> Option<Segment> {
        let (column, row) = id.place();
        let (west, south) = tile_of(column, row);
        let (mut length_m, mut lines) = (0.0, Vec::new());
        for piece in self.pieces(id) {
            let global: Vec<Point> = piece
                .iter()
                .map(|(x, y)| Point {
                    x: f64::from(west * TILE) + x,
                    y: f64::from(south * TILE) + y,
                })
                .collect();
            let length_of = |pair: &[Point]| {
                Metric::at((pair[0].y + pair[1].y) / 2.0).length_m(pair[1].x - pair[0].x, pair[1].y - pair[0].y)
            };
            length_m += global.windows(2).map(length_of).sum::<f64>();
            // Not wrapped: an east border at 180 degrees stays there.
            let degrees = |point: &Point| (point.x / f64::from(TILE) - 180.0, point.y / f64::from(TILE) - 90.0);
            lines.push(global.iter().map(degrees).collect());
        }
        (!lines.is_empty()).then_some(Segment { id, lines, length_m })
    }

    /// The pieces of shore in a segment, in units from the south-west corner of its degree.
    fn pieces(&self, id: SegmentId) -> Vec<Vec<(f64, f64)>> {
        let (column, row) = id.place();
        let (tile_column, tile_row) = tile_of(column, row);
        let Degree::Shore(tile) = self.degree(tile_number(tile_column, tile_row)) else {
            return Vec::new();
        };
        let within = (column - tile_column * PER_DEGREE, row - tile_row * PER_DEGREE);
        joined(clipped(tile, within))
    }
}

/// Column and row of the degree that a segment is in.
fn tile_of(column: i32, row: i32) -> (i32, i32) {
    (column / PER_DEGREE, row / PER_DEGREE)
}

/// The edges of a tile within a square of it, in the order of the shoreline, each cut at the borders.
fn clipped(tile: &Tile, (column, row): (i32, i32)) -> Vec<[(f64, f64); 2]> {
    let mut numbers: Vec<u32> = (0..SIDE_CELLS * SIDE_CELLS)
        .flat_map(|cell| {
            tile.edge_numbers(
                column * SIDE_CELLS + cell % SIDE_CELLS,
                row * SIDE_CELLS + cell / SIDE_CELLS,
            )
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let square = Square {
        west: f64::from(column * SIDE),
        south: f64::from(row * SIDE),
        last: (column + 1 == PER_DEGREE, row + 1 == PER_DEGREE),
    };
    numbers
        .into_iter()
        .filter_map(|number| square.clip(tile.edge_of(number)))
        .collect()
}

/// The square of a segment in its tile. Shore along its east or north border is the next one's, unless that is in
/// another tile.
struct Square {
    west: f64,
    south: f64,
    last: (bool, bool),
}

impl Square {
    /// What of an edge is within (Liang and Barsky 1984, doi:10.1145/357332.357333).
    fn clip(&self, edge: Edge) -> Option<[(f64, f64); 2]> {
        let side = f64::from(SIDE);
        let (a, b) = (
            (f64::from(edge.x1), f64::from(edge.y1)),
            (f64::from(edge.x2), f64::from(edge.y2)),
        );
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        if (dx == 0.0 && a.0 == self.west + side && !self.last.0)
            || (dy == 0.0 && a.1 == self.south + side && !self.last.1)
        {
            return None;
        }
        let (mut enters, mut leaves) = (0.0f64, 1.0f64);
        for (step, room) in [
            (-dx, a.0 - self.west),
            (dx, self.west + side - a.0),
            (-dy, a.1 - self.south),
            (dy, self.south + side - a.1),
        ] {
            if step == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if step < 0.0 {
                enters = enters.max(room / step);
            } else {
                leaves = leaves.min(room / step);
            }
        }
        let at = |t: f64| {
            if t == 0.0 {
                a
            } else if t == 1.0 {
                b
            } else {
                (a.0 + t * dx, a.1 + t * dy)
            }
        };
        (enters < leaves).then(|| [at(enters), at(leaves)])
    }
}

/// Edges that follow one another as lines; a line whose end is another's start goes on there.
fn joined(edges: Vec<[(f64, f64); 2]>) -> Vec<Vec<(f64, f64)>> {
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    for [start, end] in edges {
        match lines.last_mut() {
            Some(line) if line.last() == Some(&start) => line.push(end),
            _ => lines.push(vec![start, end]),
        }
    }
    let mut from = 0;
    while from < lines.len() {
        let (start, end) = (lines[from].first().copied(), lines[from].last().copied());
        let next = (from + 1..lines.len()).find(|&other| start != end && lines[other].first().copied() == end);
        let before = (from + 1..lines.len()).find(|&other| start != end && lines[other].last().copied() == start);
        if let Some(other) = next {
            let more = lines.remove(other);
            lines[from].extend_from_slice(&more[1..]);
        } else if let Some(other) = before {
            let mut more = lines.remove(other);
            more.extend_from_slice(&lines[from][1..]);
            lines[from] = more;
        } else {
            from += 1;
        }
    }
    lines
}

//! Builds the coast file from GSHHG in one-degree bins, `binned_GSHHS_f.nc` of GMT (Wessel and Smith 1996,
//! doi:10.1029/96JB00104).
//!
//! A bin of the source is a tile of ours. It holds the pieces of each shoreline inside it, points in 1/65535 degree from
//! its south-west corner, and the level of its four corners (0 ocean, 1 land, 2 lake and so on). Only the border between
//! ocean and land counts: segments of level 1, Antarctica to the ice front (the grounding line, level 6, is left out).
//! Shorelines are thinned within [`TOLERANCE_M`] and rounded to 1/7680 degree; the cells of each tile are then compared
//! with the same cells before thinning.

use std::io::Write;
use std::path::Path;

use netcdf_reader::NcFile;

use crate::Error;
use crate::format::Writer;
use crate::grid::{CELL, CELLS, COLUMNS, Metric, ROWS, TILE, TILES};
use crate::shape::{Line, Shape};
use crate::simplify::simplify;
use crate::tile::Tile;

/// No point of the source is farther from the thinned shoreline than this, metres; rounding adds at most 7 m each way.
pub const TOLERANCE_M: f64 = 8.0;
const SOURCE_UNITS: f64 = 65535.0;
const LEVEL_LAND: i32 = 1;
/// Value of a segment's entry side that marks a closed line.
const CLOSED: i32 = 4;

/// What a build did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildReport {
    /// Version of the source.
    pub version: String,
    /// Tiles of one degree that are all sea.
    pub sea_tiles: usize,
    /// Tiles that are all land.
    pub land_tiles: usize,
    /// Tiles with shore.
    pub shore_tiles: usize,
    /// Shorelines, those crossing tiles counted in each.
    pub lines: usize,
    /// Vertices of these in the source.
    pub source_points: usize,
    /// Vertices written.
    pub points: usize,
    /// Islands that shrank to a point and were left out.
    pub islands_lost: usize,
    /// Corners of bins whose level in the source contradicts the shoreline.
    pub odd_corners: usize,
    /// Centres of cells (1/240 degree) compared in tiles with shore.
    pub cells: usize,
    /// Those of them that were land before and sea after thinning and rounding, or the other way round.
    pub cells_changed: usize,
    /// Length of the file, bytes.
    pub bytes: usize,
}

/// Reads GSHHG at `source` and writes the coast file to `out`. The same source gives the same bytes.
pub fn from_gshhg(source: &Path, out: &mut impl Write) -> Result<BuildReport, Error> {
    let source = Source::read(source)?;
    let mut report = BuildReport {
        version: source.version.clone(),
        ..BuildReport::default()
    };
    let mut writer = Writer::new(&format!("GSHHG {} full, LGPL-3.0-or-later", source.version));
    for bin in 0..TILES {
        let (column, row) = (bin % COLUMNS as usize, ROWS as usize - 1 - bin / COLUMNS as usize);
        // Bins begin at Greenwich, tiles at 180 W.
        let tile = row * COLUMNS as usize + (column + COLUMNS as usize / 2) % COLUMNS as usize;
        let lines = source.lines(bin)?;
        let shape = shape(&lines, source.corners_on_land(bin), row, &mut report);
        match (shape.lines.is_empty(), shape.corner_is_land) {
            (true, false) => report.sea_tiles += 1,
            (true, true) => {
                report.land_tiles += 1;
                writer.land(tile);
            }
            (false, _) => {
                report.shore_tiles += 1;
                writer.shore(tile, &shape)?;
            }
        }
    }
    let bytes = writer.finish()?;
    report.bytes = bytes.len();
    out.write_all(&bytes).map_err(Error::Write)?;
    Ok(report)
}

/// A shoreline of the source, in units of our tile but not yet rounded.
struct Raw {
    closed: bool,
    points: Vec<(f64, f64)>,
}

impl Raw {
    fn edges(&self) -> impl Iterator<Item = ((f64, f64), (f64, f64))> + '_ {
        let closing = match (self.closed, self.points.last(), self.points.first()) {
            (true, Some(&last), Some(&first)) => Some((last, first)),
            _ => None,
        };
        self.points.windows(2).map(|pair| (pair[0], pair[1])).chain(closing)
    }
}

/// The shape of a tile: thinned, rounded, and its corner chosen so that its cells agree with the source.
fn shape(lines: &[Raw], corners_on_land: [bool; 4], row: usize, report: &mut BuildReport) -> Shape {
    let origin_is_land = vote(lines, corners_on_land, report);
    let mut shape = Shape {
        corner_is_land: origin_is_land,
        lines: Vec::with_capacity(lines.len()),
    };
    let metric = Metric::at((row as f64 + 0.5) * f64::from(TILE));
    for raw in lines {
        report.source_points += raw.points.len();
        match rounded(raw, metric) {
            Some(line) => {
                report.points += line.points.len();
                shape.lines.push(line);
            }
            None => report.islands_lost += usize::from(raw.closed),
        }
    }
    report.lines += shape.lines.len();
    if lines.is_empty() {
        return shape;
    }
    let truth = centres(lines, origin_is_land);
    let changed = |shape: &Shape| {
        let tile = Tile::new(shape);
        let land = (0..CELLS * CELLS).map(|cell| {
            let (x, y) = (cell % CELLS * CELL + CELL / 2, cell / CELLS * CELL + CELL / 2);
            tile.on_land(f64::from(x), f64::from(y), (x as u32, y as u32))
        });
        land.zip(&truth).filter(|(ours, truth)| ours != *truth).count()
    };
    // Shore that rounding moved across the corner turns the state told from there; the cells tell.
    let mut differing = changed(&shape);
    if differing > truth.len() / 2 {
        shape.corner_is_land = !shape.corner_is_land;
        differing = changed(&shape);
    }
    report.cells += truth.len();
    report.cells_changed += differing;
    shape
}

fn rounded(raw: &Raw, metric: Metric) -> Option<Line> {
    let plane: Vec<(f64, f64)> = raw
        .points
        .iter()
        .map(|&(x, y)| (x * metric.east_m, y * metric.north_m))
        .collect();
    let keep = simplify(&plane, raw.closed, TOLERANCE_M);
    let kept = raw
        .points
        .iter()
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|(point, _)| *point);
    let mut points: Vec<(u16, u16)> = kept
        .map(|(x, y)| (libm::round(x) as u16, libm::round(y) as u16))
        .collect();
    points.dedup();
    if raw.closed && points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    (points.len() > 1).then_some(Line {
        closed: raw.closed,
        points,
    })
}

/// Whether the south-west corner is land, by the levels of all four corners and the shoreline between them: a corner may
/// lie so close to the shore that its level is on the wrong side of it.
fn vote(lines: &[Raw], corners_on_land: [bool; 4], report: &mut BuildReport) -> bool {
    let (near, far) = (0.01, f64::from(TILE) - 0.01);
    let corners = [(near, near), (far, near), (far, far), (near, far)];
    let says_land = corners.iter().zip(corners_on_land).filter(|(corner, land)| {
        let crossed = lines
            .iter()
            .flat_map(Raw::edges)
            .filter(|edge| parts(*edge, (near, near), **corner))
            .count();
        land ^ (crossed % 2 == 1)
    });
    let says_land = says_land.count();
    report.odd_corners += says_land.min(4 - says_land);
    match says_land {
        0 | 1 => false,
        3 | 4 => true,
        _ => corners_on_land[0],
    }
}

/// Whether the way from `a` north or south and then east or west to `b` crosses an edge an odd number of times.
fn parts((p, q): ((f64, f64), (f64, f64)), a: (f64, f64), b: (f64, f64)) -> bool {
    let mut odd = false;
    if (p.1 <= b.1) != (q.1 <= b.1) {
        let x = p.0 + (b.1 - p.1) * (q.0 - p.0) / (q.1 - p.1);
        odd ^= (x <= a.0) != (x <= b.0);
    }
    if (p.0 <= a.0) != (q.0 <= a.0) {
        let y = p.1 + (a.0 - p.0) * (q.1 - p.1) / (q.0 - p.0);
        odd ^= (y <= a.1) != (y <= b.1);
    }
    odd
}

/// The state of the centre of each cell by the source's own points, row by row from the south-west.
fn centres(lines: &[Raw], origin_is_land: bool) -> Vec<bool> {
    let origin = (0.01, 0.01);
    let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); CELLS as usize];
    let mut border: Vec<f64> = Vec::new();
    let row_of = |y: f64| libm::floor((y - f64::from(CELL) / 2.0) / f64::from(CELL)) as i32;
    for (p, q) in lines.iter().flat_map(Raw::edges) {
        if (p.0 <= origin.0) != (q.0 <= origin.0) {
            border.push(p.1 + (origin.0 - p.0) * (q.1 - p.1) / (q.0 - p.0));
        }
        for row in row_of(p.1.min(q.1)).max(0)..=(row_of(p.1.max(q.1)) + 1).min(CELLS - 1) {
            let y = f64::from(row * CELL + CELL / 2);
            if (p.1 <= y) != (q.1 <= y) {
                crossings[row as usize].push(p.0 + (y - p.1) * (q.0 - p.0) / (q.1 - p.1));
            }
        }
    }
    let mut land = Vec::with_capacity((CELLS * CELLS) as usize);
    for (row, crossings) in crossings.iter_mut().enumerate() {
        crossings.sort_by(f64::total_cmp);
        let y = (row * CELL as usize + CELL as usize / 2) as f64;
        let on_border = border.iter().filter(|&&at| (at <= origin.1) != (at <= y)).count();
        let at_origin = crossings.partition_point(|&x| x <= origin.0);
        for column in 0..CELLS {
            let x = f64::from(column * CELL + CELL / 2);
            let passed = crossings.partition_point(|&at| at <= x) - at_origin;
            land.push(origin_is_land ^ ((on_border + passed) % 2 == 1));
        }
    }
    land
}

/// The variables of the source that count.
struct Source {
    version: String,
    first_segment: Vec<i32>,
    segments: Vec<i16>,
    corner_levels: Vec<i16>,
    segment_info: Vec<i32>,
    first_point: Vec<i32>,
    east: Vec<i16>,
    north: Vec<i16>,
}

impl Source {
    fn read(path: &Path) -> Result<Source, Error> {
        let fault = |variable| {
            move |error: netcdf_reader::Error| Error::Source {
                variable,
                source: Box::new(error),
            }
        };
        let file = NcFile::open(path).map_err(fault("the file"))?;
        let version = file.global_attribute("version").map_err(fault("version"))?;
        let version = version
            .value
            .as_string()
            .unwrap_or_default()
            .trim_matches('\0')
            .trim()
            .to_owned();
        macro_rules! variable {
            ($name:literal) => {
                file.read_variable($name)
                    .map_err(fault($name))?
                    .iter()
                    .copied()
                    .collect()
            };
        }
        let source = Source {
            version,
            first_segment: variable!("Id_of_first_segment_in_a_bin"),
            segments: variable!("N_segments_in_a_bin"),
            corner_levels: variable!("Embedded_node_levels_in_a_bin"),
            segment_info: variable!("Embedded_npts_levels_exit_entry_for_a_segment"),
            first_point: variable!("Id_of_first_point_in_a_segment"),
            east: variable!("Relative_longitude_from_SW_corner_of_bin"),
            north: variable!("Relative_latitude_from_SW_corner_of_bin"),
        };
        let bins = [
            source.first_segment.len(),
            source.segments.len(),
            source.corner_levels.len(),
        ];
        if bins != [TILES; 3] {
            return Err(Error::UnexpectedSource {
                what: "its bins are not of one degree",
            });
        }
        if source.segment_info.len() != source.first_point.len() || source.east.len() != source.north.len() {
            return Err(Error::UnexpectedSource {
                what: "its variables differ in length",
            });
        }
        Ok(source)
    }

    /// The shorelines between ocean and land in a bin.
    fn lines(&self, bin: usize) -> Result<Vec<Raw>, Error> {
        let outside = || Error::UnexpectedSource {
            what: "a bin points outside the file",
        };
        let first = usize::try_from(self.first_segment[bin]).map_err(|_negative| outside())?;
        let count = usize::try_from(self.segments[bin]).map_err(|_negative| outside())?;
        let infos = self.segment_info.get(first..first + count).ok_or_else(outside)?;
        let starts = self.first_point.get(first..first + count).ok_or_else(outside)?;
        let mut lines = Vec::new();
        for (&info, &start) in infos.iter().zip(starts) {
            // Bits: exit side 3, entry side 3, level 3, number of points the rest.
            let (entry, level, points) = ((info >> 3) & 7, (info >> 6) & 7, (info >> 9) as usize);
            if level != LEVEL_LAND {
                continue;
            }
            let start = usize::try_from(start).map_err(|_negative| outside())?;
            let east = self.east.get(start..start + points).ok_or_else(outside)?;
            let north = self.north.get(start..start + points).ok_or_else(outside)?;
            // Stored as signed, meant as unsigned.
            let unit = |value: i16| f64::from(value as u16) * (f64::from(TILE) / SOURCE_UNITS);
            let mut points: Vec<(f64, f64)> = east.iter().zip(north).map(|(&x, &y)| (unit(x), unit(y))).collect();
            let closed = entry == CLOSED;
            if closed && points.first() == points.last() {
                points.pop();
            }
            lines.push(Raw { closed, points });
        }
        Ok(lines)
    }

    /// Whether the corners of a bin are on land, counter-clockwise from the south-west; lakes and what is in them are.
    fn corners_on_land(&self, bin: usize) -> [bool; 4] {
        let levels = self.corner_levels[bin];
        [9, 6, 3, 0].map(|shift| (levels >> shift) & 7 > 0)
    }
}

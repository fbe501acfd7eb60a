//! Environment of parity runs: components as the files have them, bilinear in space and linear in time in single
//! precision, turned to east and north at the particle.

use driftline_domain::{ComponentAxes, ForcingKind, GridSpec, VectorField};
use rayon::prelude::*;

use super::holes::{self, Filled};
use super::map::{Map, Place, Spot};
use crate::Error;
use crate::shape::check_shape;

/// A window of one product on its own grid: fields at ascending times (seconds since 1970-01-01T00:00:00Z).
#[derive(Debug, Clone, PartialEq)]
pub struct NativeSource {
    /// Where the values stand.
    pub grid: GridSpec,
    /// What the components lie along. On a grid in degrees both are the same.
    pub axes: ComponentAxes,
    /// When the values hold.
    pub times_s: Vec<i64>,
    /// Components in m/s, one field per time; NaN where there is none.
    pub fields: Vec<VectorField>,
}

/// What moves things.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The same everywhere and always, m/s.
    Constant {
        /// Eastward.
        east_ms: f32,
        /// Northward.
        north_ms: f32,
    },
    /// A product on its grid.
    Native(NativeSource),
}

/// East and north components, from the store or anywhere: nothing is turned.
impl From<crate::Source> for Source {
    fn from(source: crate::Source) -> Self {
        Self::Native(NativeSource {
            grid: source.grid,
            axes: ComponentAxes::EastNorth,
            times_s: source.times_s,
            fields: source.fields,
        })
    }
}

/// A velocity at a place and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Eastward, m/s.
    pub east_ms: f32,
    /// Northward, m/s.
    pub north_ms: f32,
    /// Which source answered, in the order of preference.
    pub source: usize,
    /// Whether a corner of the cell was missing and had been filled from its neighbours.
    pub extrapolated: bool,
}

/// Currents, winds and, where it is wanted, Stokes drift, ready for runs.
pub struct Forcing {
    currents: Vec<Reader>,
    winds: Vec<Reader>,
    stokes: Vec<Reader>,
}

/// Valid ranges of the reference, m/s per component.
const CURRENT_LIMIT_MS: f32 = 15.0;
const WIND_LIMIT_MS: f32 = 50.0;

impl Forcing {
    /// Prepares sources, the preferred ones first. Without any `stokes` there is no third move; where the Stokes drift
    /// has no value it is 0, as in the reference.
    pub fn prepare(currents: Vec<Source>, winds: Vec<Source>, stokes: Vec<Source>) -> Result<Self, Error> {
        for (kind, sources) in [(ForcingKind::Current, &currents), (ForcingKind::Wind, &winds)] {
            if sources.is_empty() {
                return Err(Error::NoSource { kind });
            }
        }
        Ok(Self {
            currents: prepare(ForcingKind::Current, currents, CURRENT_LIMIT_MS)?,
            winds: prepare(ForcingKind::Wind, winds, WIND_LIMIT_MS)?,
            stokes: prepare(ForcingKind::Waves, stokes, f32::MAX)?,
        })
    }

    /// The velocity at a place and time from the first source that has one; of `Waves` the Stokes drift.
    pub fn sample(&self, kind: ForcingKind, lon_deg: f64, lat_deg: f64, time_s: f64) -> Option<Sample> {
        let readers = self.readers(kind);
        let brackets: Vec<_> = readers.iter().map(|reader| reader.bracket(time_s)).collect();
        sample(readers, &brackets, &Place::new(lon_deg, lat_deg))
    }

    pub(super) fn readers(&self, kind: ForcingKind) -> &[Reader] {
        match kind {
            ForcingKind::Current => &self.currents,
            ForcingKind::Wind => &self.winds,
            ForcingKind::Waves => &self.stokes,
        }
    }

    /// Looks up the times of a run's steps once for all particles.
    pub(super) fn timeline(&self, kind: ForcingKind, times_s: impl Iterator<Item = f64>) -> Timeline<'_> {
        let readers = self.readers(kind);
        Timeline {
            readers,
            brackets: times_s
                .flat_map(|time_s| readers.iter().map(move |reader| reader.bracket(time_s)))
                .collect(),
        }
    }
}

/// Sources of one kind with the times of a run looked up.
pub(super) struct Timeline<'a> {
    readers: &'a [Reader],
    /// For each step, for each source.
    brackets: Vec<Option<Bracket>>,
}

impl Timeline<'_> {
    /// How many sources there are.
    pub(super) fn sources(&self) -> usize {
        self.readers.len()
    }

    /// The velocity at a place in a step.
    #[inline]
    pub(super) fn sample(&self, step: u32, place: &Place) -> Option<Sample> {
        let count = self.readers.len();
        let first = step as usize * count;
        sample(self.readers, &self.brackets[first..first + count], place)
    }
}

#[inline]
fn sample(readers: &[Reader], brackets: &[Option<Bracket>], place: &Place) -> Option<Sample> {
    for (number, (reader, bracket)) in readers.iter().zip(brackets).enumerate() {
        if let Some(bracket) = bracket
            && let Some(sample) = reader.sample(*bracket, place, number)
        {
            return Some(sample);
        }
    }
    None
}

/// Where a time lies between two fields, and the weight of the later one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bracket {
    earlier: u32,
    weight: f64,
}

/// A prepared source.
pub(super) enum Reader {
    Constant([f32; 2]),
    Grid(Box<GridReader>),
}

pub(super) struct GridReader {
    map: Map,
    /// Whether components lie along the grid's axes and these are not east and north.
    turned: bool,
    nx: usize,
    ny: usize,
    times_s: Vec<i64>,
    fields: Vec<Filled>,
}

impl Reader {
    fn bracket(&self, time_s: f64) -> Option<Bracket> {
        match self {
            Self::Constant(_) => Some(Bracket {
                earlier: 0,
                weight: 0.0,
            }),
            Self::Grid(grid) => grid.bracket(time_s),
        }
    }

    #[inline]
    fn sample(&self, at: Bracket, place: &Place, source: usize) -> Option<Sample> {
        match self {
            Self::Constant([east_ms, north_ms]) => Some(Sample {
                east_ms: *east_ms,
                north_ms: *north_ms,
                source,
                extrapolated: false,
            }),
            Self::Grid(grid) => grid.sample(at, place, source),
        }
    }
}

impl GridReader {
    fn bracket(&self, time_s: f64) -> Option<Bracket> {
        let (first, last) = (*self.times_s.first()? as f64, *self.times_s.last()? as f64);
        if !(first..=last).contains(&time_s) {
            return None;
        }
        let earlier = self.times_s.partition_point(|t| *t as f64 <= time_s) - 1;
        let from_s = self.times_s[earlier];
        let weight = self
            .times_s
            .get(earlier + 1)
            .map_or(0.0, |to_s| (time_s - from_s as f64) / (to_s - from_s) as f64);
        Some(Bracket {
            earlier: earlier as u32,
            weight,
        })
    }

    #[inline]
    fn sample(&self, at: Bracket, place: &Place, source: usize) -> Option<Sample> {
        let spot = self.map.spot(place)?;
        let cell = self.cell(&spot);
        let earlier = &self.fields[at.earlier as usize];
        let mut value = cell.mixed(&earlier.nodes);
        let mut extrapolated = cell.is_lent(earlier);
        if at.weight > 0.0 {
            let later = &self.fields[at.earlier as usize + 1];
            let (early_share, late_share) = ((1.0 - at.weight) as f32, at.weight as f32);
            let end = cell.mixed(&later.nodes);
            value = [0, 1].map(|k| value[k] * early_share + end[k] * late_share);
            extrapolated |= cell.is_lent(later);
        }
        if value[0].is_nan() || value[1].is_nan() {
            return None;
        }
        let [east_ms, north_ms] = if self.turned { turned(value, spot.axis) } else { value };
        Some(Sample {
            east_ms,
            north_ms,
            source,
            extrapolated,
        })
    }

    #[inline]
    fn cell(&self, spot: &Spot) -> Cell {
        // A grid around the globe may be asked for places between its last and its first node.
        let i = (spot.i as usize).min(self.nx - 1);
        let j = (spot.j as usize).min(self.ny.saturating_sub(2));
        let east = if i + 1 < self.nx { i + 1 } else { 0 };
        let north = (j + 1).min(self.ny - 1);
        let (south, north) = (j * self.nx, north * self.nx);
        let x = (spot.i - i as f64) as f32;
        Cell {
            // On the very last column the neighbour has no weight and must not matter.
            nodes: if x == 0.0 {
                [south + i, south + i, north + i, north + i]
            } else {
                [south + i, south + east, north + i, north + east]
            },
            x,
            y: (spot.j - j as f64) as f32,
        }
    }
}

/// The nodes around a position, south-west, south-east, north-west, north-east, and where it lies between them.
struct Cell {
    nodes: [usize; 4],
    x: f32,
    y: f32,
}

impl Cell {
    #[inline]
    fn mixed(&self, nodes: &[[f32; 2]]) -> [f32; 2] {
        let [sw, se, nw, ne] = self.nodes.map(|node| nodes[node]);
        [0, 1].map(|k| {
            // Written so that equal corners give their value to the last bit.
            let south = sw[k] + (se[k] - sw[k]) * self.x;
            let north = nw[k] + (ne[k] - nw[k]) * self.x;
            south + (north - south) * self.y
        })
    }

    #[inline]
    fn is_lent(&self, field: &Filled) -> bool {
        field.lent.get(self.nodes[0]).copied().unwrap_or(false)
    }
}

/// Components along a grid's axes as east and north; in double precision, as the reference does it.
#[inline]
fn turned([x, y]: [f32; 2], (sin, cos): (f64, f64)) -> [f32; 2] {
    let (x, y) = (f64::from(x), f64::from(y));
    [(x * cos + y * sin) as f32, (y * cos - x * sin) as f32]
}

fn prepare(kind: ForcingKind, sources: Vec<Source>, limit_ms: f32) -> Result<Vec<Reader>, Error> {
    let numbered = sources.into_iter().enumerate();
    numbered
        .map(|(number, source)| match source {
            Source::Constant { east_ms, north_ms } => Ok(Reader::Constant([east_ms, north_ms])),
            Source::Native(native) => {
                check_shape(&native.grid, &native.times_s, &native.fields).map_err(|problem| Error::Source {
                    kind,
                    number,
                    problem,
                })?;
                Ok(Reader::Grid(Box::new(GridReader::of(&native, limit_ms))))
            }
        })
        .collect()
}

impl GridReader {
    fn of(source: &NativeSource, limit_ms: f32) -> Self {
        let NativeSource {
            grid,
            axes,
            times_s,
            fields,
        } = source;
        Self {
            map: Map::of(grid),
            turned: *axes == ComponentAxes::Grid && matches!(grid, GridSpec::Projected(_)),
            nx: grid.nx(),
            ny: grid.ny(),
            times_s: times_s.clone(),
            fields: fields
                .par_iter()
                .map(|field| holes::fill(grid, field, limit_ms))
                .collect(),
        }
    }
}

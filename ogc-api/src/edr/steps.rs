//! What is read for an answer: the stored steps of a time range, and what holds at each around a box. No step stands in
//! for another and nothing is interpolated in time.

use std::sync::Arc;

use driftline_domain::{BBox, GridSpec, ValidTime, meters_per_degree};
use driftline_tiles::{DensityGrid, Reading, sample_many};

use super::coords::Place;
use super::region::Frame;
use super::subject::Subject;
use crate::maps::{Layer, field_slabs};
use crate::query::Interval;
use crate::runs::RunCache;
use crate::{AppState, Error, MapSlab, StepsQuestion, StoredField};

/// A stored step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// When it holds.
    pub(crate) time: ValidTime,
    held: Held,
}

/// What leads to the values of a step.
#[derive(Debug, Clone)]
enum Held {
    /// Fields, finest grid first.
    Fields(Vec<StoredField>),
    /// Number of a band.
    Band(usize),
}

/// Values of a step around a box, in memory.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    /// Fields, finest grid first.
    Fields(Vec<MapSlab>, Reading),
    /// Cells.
    Cells(Arc<DensityGrid>),
}

/// Where values stand on longitude and latitude: on the nodes themselves, or as near to each other as the nodes of a grid
/// that has no axes of longitude and latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Native {
    /// Longitude and latitude of a node; where there are none, of nothing.
    pub(crate) origin: Option<Place>,
    /// Degrees between nodes along both axes.
    pub(crate) spacing: Place,
}

/// The steps of a subject that meet a box within an interval that includes both ends.
pub(crate) async fn steps(
    state: &AppState,
    subject: &Subject,
    bbox: BBox,
    interval: Interval,
) -> Result<Vec<Step>, Error> {
    let Some(kind) = subject.collection.forcing() else {
        return bands(state, subject, interval).await;
    };
    let question = StepsQuestion {
        kind,
        of_cycle: subject.cycle.as_ref().map(|cycle| cycle.name.clone()),
        bbox,
        from: interval.from,
        until: interval.until,
    };
    let found = state.fields.steps(question).await;
    let found = found.map_err(|error| Error::Forcing(error.to_string()))?;
    let step = |step: crate::FieldStep| Step {
        time: step.time,
        held: Held::Fields(step.fields),
    };
    Ok(found.into_iter().map(step).collect())
}

async fn bands(state: &AppState, subject: &Subject, interval: Interval) -> Result<Vec<Step>, Error> {
    let Some(run) = &subject.run else { return Ok(Vec::new()) };
    let times = RunCache::band_times(state, run).await?;
    let times = times.map(|times| times.times.clone()).unwrap_or_default();
    let inside = |time: &ValidTime| {
        interval.from.is_none_or(|from| *time >= from) && interval.until.is_none_or(|until| *time <= until)
    };
    let step = |(band, time)| Step {
        time,
        held: Held::Band(band),
    };
    let numbered = times.into_iter().enumerate();
    Ok(numbered.filter(|(_, time)| inside(time)).map(step).collect())
}

impl Step {
    /// The grids that are read for it, each with a number that steps which share it have in common; none of bands.
    pub(crate) fn grids(&self) -> impl Iterator<Item = (usize, &GridSpec)> {
        let fields = match &self.held {
            Held::Fields(fields) => fields.as_slice(),
            Held::Band(_) => &[],
        };
        fields
            .iter()
            .map(|field| (Arc::as_ptr(&field.series).addr(), &field.series.grid))
    }

    /// Where its values stand in a frame, and the part of the frame that has some; `None` where nothing does.
    pub(crate) async fn native(
        &self,
        state: &AppState,
        subject: &Subject,
        frame: &Frame,
    ) -> Result<Option<(Native, Frame)>, Error> {
        match &self.held {
            Held::Band(band) => {
                let Some(run) = &subject.run else { return Ok(None) };
                let grid = RunCache::band(state, run, *band).await?;
                Ok(grid.and_then(|grid| cells(&grid, frame)))
            }
            Held::Fields(fields) => Ok(nodes(fields, frame)),
        }
    }

    /// What holds at this step around a box.
    pub(crate) async fn read(&self, state: &AppState, subject: &Subject, bbox: BBox) -> Result<Values, Error> {
        match &self.held {
            Held::Band(band) => {
                let run = subject.run.as_ref();
                let run = run.ok_or_else(|| Error::Internal("a band of no run".to_owned()))?;
                let grid = RunCache::band(state, run, *band).await?;
                let grid = grid.ok_or_else(|| Error::Internal(format!("band {band} of {} is missing", run.id)))?;
                Ok(Values::Cells(grid))
            }
            Held::Fields(fields) => {
                let mut slabs = Vec::new();
                for field in fields {
                    let slab = state.fields.field(field, bbox).await;
                    slabs.extend(slab.map_err(|error| Error::Forcing(error.to_string()))?);
                }
                let layer: Layer = subject.collection.layer();
                Ok(Values::Fields(slabs, layer.reading()))
            }
        }
    }
}

impl Values {
    /// The components at places; NaN where there is no value.
    pub(crate) fn at(&self, places: &[Place]) -> Vec<(f64, f64)> {
        const NOTHING: (f64, f64) = (f64::NAN, f64::NAN);
        match self {
            Self::Fields(slabs, reading) => {
                let values = sample_many(&field_slabs(slabs, *reading), places).into_iter();
                values
                    .map(|value| value.map_or(NOTHING, |value| (value.east, value.north)))
                    .collect()
            }
            Self::Cells(grid) => {
                let value = |(lon, lat): &Place| grid.value_at(*lon, *lat).map(|value| (f64::from(value), 0.0));
                places.iter().map(|place| value(place).unwrap_or(NOTHING)).collect()
            }
        }
    }
}

/// The nodes of the finest grid, within what any of the grids covers.
fn nodes(fields: &[StoredField], frame: &Frame) -> Option<(Native, Frame)> {
    let mut covered: Option<Frame> = None;
    for field in fields {
        let Some(part) = overlap(frame, &Frame::of(&field.series.grid.bounds())) else {
            continue;
        };
        covered = Some(covered.map_or(part, |known| Frame {
            west: known.west.min(part.west),
            south: known.south.min(part.south),
            east: known.east.max(part.east),
            north: known.north.max(part.north),
        }));
    }
    let covered = covered?;
    let native = match &fields.first()?.series.grid {
        GridSpec::Regular(grid) => Native {
            origin: Some((grid.lon0_deg, grid.lat0_deg)),
            spacing: (grid.dlon_deg, grid.dlat_deg),
        },
        grid => {
            let (lon_m, lat_m) = meters_per_degree((covered.south + covered.north) / 2.0);
            let cell_m = grid.cell_m();
            Native {
                origin: None,
                // Close to a pole degrees of longitude get short, and a cell is wide in them.
                spacing: ((cell_m / lon_m.max(1.0)).min(1.0), cell_m / lat_m),
            }
        }
    };
    Some((native, covered))
}

fn cells(grid: &DensityGrid, frame: &Frame) -> Option<(Native, Frame)> {
    let whole = Frame {
        west: grid.west,
        south: grid.north - grid.ny as f64 * grid.dlat,
        east: grid.west + grid.nx as f64 * grid.dlon,
        north: grid.north,
    };
    let native = Native {
        origin: Some((grid.west + grid.dlon / 2.0, whole.south + grid.dlat / 2.0)),
        spacing: (grid.dlon, grid.dlat),
    };
    Some((native, overlap(frame, &whole)?))
}

/// What of a frame another covers, on the turn on which they meet.
fn overlap(frame: &Frame, other: &Frame) -> Option<Frame> {
    if other.east - other.west >= 360.0 {
        return overlap_on(
            frame,
            &Frame {
                west: frame.west,
                east: frame.east,
                ..*other
            },
        );
    }
    [0.0, 360.0, -360.0, 720.0].into_iter().find_map(|turn| {
        let turned = Frame {
            west: other.west + turn,
            east: other.east + turn,
            ..*other
        };
        overlap_on(frame, &turned)
    })
}

fn overlap_on(frame: &Frame, other: &Frame) -> Option<Frame> {
    let both = Frame {
        west: frame.west.max(other.west),
        south: frame.south.max(other.south),
        east: frame.east.min(other.east),
        north: frame.north.min(other.north),
    };
    (both.west <= both.east && both.south <= both.north).then_some(both)
}

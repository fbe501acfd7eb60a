//! Which search areas a picture shows: of a mission those of its run, of a tenant those of every run around. At an
//! instant each run shows the output time nearest to it, at most half of its own step away.

use std::ops::Range;
use std::sync::Arc;

use driftline_database::{Run, RunFilter};
use driftline_domain::{BBox, ValidTime, limits};
use jiff::ToSpan;

use super::about::LayerAbout;
use super::picture::Viewer;
use super::time::Moment;
use crate::Error;
use crate::runs::{Area, RunAreas, RunCache};

/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 100;
/// Half of the longest time between two outputs of a run.
const HALF_OF_LONGEST_STEP_S: i64 = *limits::OUTPUT_INTERVAL_S.end() as i64 / 2;

/// Areas of one run, in order.
pub(crate) struct Found {
    areas: Arc<RunAreas>,
    chosen: Range<usize>,
}

impl Found {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.chosen.len()
    }

    /// The areas.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Area> {
        self.areas.0[self.chosen.clone()].iter()
    }
}

/// The areas of a layer at a moment, by run; whether they touch the box is for the drawing to find out.
pub(crate) async fn areas_of(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    bbox: BBox,
    moment: Moment,
) -> Result<Vec<(Run, Found)>, Error> {
    let mut found = Vec::new();
    if let Some(run) = &about.run {
        found.extend(of_run(viewer, run.clone(), moment).await?);
        return Ok(found);
    }
    let (from, until) = match moment {
        Moment::Within(interval) => (interval.from, interval.until),
        Moment::Near(at) => {
            let reach = HALF_OF_LONGEST_STEP_S.seconds();
            (
                at.0.checked_sub(reach).ok().map(ValidTime),
                at.0.checked_add(reach).ok().map(ValidTime),
            )
        }
    };
    let mut filter = RunFilter {
        from,
        until,
        bbox: Some([bbox.west, bbox.south, bbox.east, bbox.north]),
        limit: RUNS_AT_ONCE,
        ..RunFilter::default()
    };
    loop {
        let runs = viewer.state.database.runs(viewer.org, &filter).await?;
        filter.after_seq = runs.last().map(|run| run.seq);
        let is_last = runs.len() < RUNS_AT_ONCE as usize;
        for run in runs {
            found.extend(of_run(viewer, run, moment).await?);
        }
        if is_last {
            return Ok(found);
        }
    }
}

async fn of_run(viewer: Viewer<'_>, run: Run, moment: Moment) -> Result<Option<(Run, Found)>, Error> {
    let Some(areas) = RunCache::areas(viewer.state, &run).await? else {
        return Ok(None);
    };
    let chosen = match moment {
        Moment::Near(at) => near(&areas.0, at),
        Moment::Within(interval) => {
            let start = interval
                .from
                .map_or(0, |from| areas.0.partition_point(|area| area.time < from));
            let end = interval.until.map_or(areas.0.len(), |until| {
                areas.0.partition_point(|area| area.time <= until)
            });
            start..end.max(start)
        }
    };
    Ok((!chosen.is_empty()).then_some((run, Found { areas, chosen })))
}

/// The areas of the time nearest to an instant, when that is at most half a step away.
fn near(areas: &[Area], at: ValidTime) -> Range<usize> {
    let distance = |time: ValidTime| time.unix_s().abs_diff(at.unix_s());
    let Some(nearest) = areas.iter().map(|area| area.time).min_by_key(|time| distance(*time)) else {
        return 0..0;
    };
    let start = areas.partition_point(|area| area.time < nearest);
    let end = areas.partition_point(|area| area.time <= nearest);
    // The step beside the nearest one tells how far steps are apart there.
    let neighbours = [start.checked_sub(1), Some(end)].into_iter().flatten();
    let gaps = neighbours.filter_map(|index| Some(areas.get(index)?.time.unix_s().abs_diff(nearest.unix_s())));
    let step_s = gaps.max().unwrap_or(u64::from(limits::DEFAULT_OUTPUT_INTERVAL_S));
    if distance(nearest) * 2 <= step_s {
        start..end
    } else {
        0..0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_tiles::AreaShape;
    use geo::MultiPolygon;

    fn areas(times_s: &[i64]) -> Vec<Area> {
        let area = |time_s: &i64| Area {
            id: String::new(),
            time: ValidTime::from_unix_s(*time_s).unwrap(),
            shape: AreaShape {
                level: 0.5,
                polygons: MultiPolygon(Vec::new()),
            },
            properties: serde_json::Map::new(),
        };
        times_s.iter().map(area).collect()
    }

    #[test]
    fn the_nearest_time_counts_within_half_a_step() {
        let areas = areas(&[0, 0, 3_600, 3_600, 7_200]);
        let at = |seconds| near(&areas, ValidTime::from_unix_s(seconds).unwrap());
        assert_eq!((at(0), at(1_799), at(1_801), at(7_200)), (0..2, 0..2, 2..4, 4..5));
        assert_eq!((at(-1_800), at(-1_801), at(9_000), at(9_001)), (0..2, 0..0, 4..5, 0..0));
        assert_eq!(near(&[], ValidTime::from_unix_s(0).unwrap()), 0..0);
    }
}

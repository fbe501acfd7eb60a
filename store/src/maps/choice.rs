//! Which stored fields show an instant: of every product the newest cycle among those whose step comes nearest.

use driftline_domain::{BBox, ForcingKind, GridSpec, RunTime, ValidTime};

use crate::{Catalog, SeriesRef};

/// The spacing that a field of a single time is taken to have, in seconds.
const LONE_STEP_S: i64 = 3600;

/// One step of a series.
#[derive(Debug, Clone)]
pub struct StepRef {
    /// The series.
    pub series: SeriesRef,
    /// Index into its times.
    pub step: usize,
}

/// What there is of one kind, over all cycles.
#[derive(Debug, Clone, PartialEq)]
pub struct KindAbout {
    /// A box around all grids.
    pub bbox: BBox,
    /// First stored step.
    pub from: ValidTime,
    /// Last stored step.
    pub until: ValidTime,
    /// Seconds between steps, the shortest that occurs.
    pub step_s: u32,
    /// Lines that every product must carry, each once.
    pub attribution: Vec<String>,
    /// The model runs, the oldest first.
    pub runs: Vec<RunAbout>,
}

/// What there is of one kind in the cycles of one model run, whatever their feeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunAbout {
    /// When the models started.
    pub run: RunTime,
    /// First stored step.
    pub from: ValidTime,
    /// Last stored step.
    pub until: ValidTime,
}

/// A step that shows an instant and how far from it it is.
struct Near {
    step: usize,
    off_s: i64,
}

impl Catalog {
    /// The steps of a kind that show an instant, finest grid first and of equal grids the newest run first. A product (a
    /// feed on a grid) gives one step: the one nearest to the instant, from the newest cycle that has it. A product whose
    /// nearest step is more than half its spacing away gives none. Whether a grid meets a place, [`crate::Store::slab`]
    /// tells.
    pub fn showing(&self, kind: ForcingKind, at: ValidTime) -> Vec<StepRef> {
        self.chosen(kind, at, |_| true)
    }

    /// The same of the cycles of one model run only.
    pub fn showing_run(&self, kind: ForcingKind, run: RunTime, at: ValidTime) -> Vec<StepRef> {
        self.chosen(kind, at, |other| other == run)
    }

    fn chosen(&self, kind: ForcingKind, at: ValidTime, counts: impl Fn(RunTime) -> bool) -> Vec<StepRef> {
        let mut chosen: Vec<(StepRef, i64)> = Vec::new();
        let series = self.series_of(kind);
        for (cycle, index) in series.filter(|(cycle, _)| counts(cycle.manifest.run)) {
            let entry = &cycle.manifest.series[index];
            let Some(near) = nearest_step(&entry.times, at) else {
                continue;
            };
            let same = chosen.iter_mut().find(|(other, _)| {
                let held = &other.series;
                held.cycle.manifest.feed == cycle.manifest.feed && held.entry().grid == entry.grid
            });
            let found = || StepRef {
                series: SeriesRef {
                    cycle: std::sync::Arc::clone(cycle),
                    index,
                },
                step: near.step,
            };
            match same {
                Some((other, off_s)) => {
                    let newer = cycle.manifest.run > other.series.cycle.manifest.run;
                    if near.off_s < *off_s || (near.off_s == *off_s && newer) {
                        (*other, *off_s) = (found(), near.off_s);
                    }
                }
                None => chosen.push((found(), near.off_s)),
            }
        }
        let mut chosen: Vec<StepRef> = chosen.into_iter().map(|(step, _)| step).collect();
        chosen.sort_by(|a, b| {
            let (a, b) = (&a.series, &b.series);
            let by_cell = a.entry().grid.cell_m().total_cmp(&b.entry().grid.cell_m());
            by_cell
                .then(b.cycle.manifest.run.cmp(&a.cycle.manifest.run))
                .then(a.cycle.manifest.feed.cmp(&b.cycle.manifest.feed))
        });
        chosen
    }

    /// What there is of a kind; `None` where nothing is stored. Worked out anew at each call: keep it with the catalog.
    pub fn about(&self, kind: ForcingKind) -> Option<KindAbout> {
        KindAbout::over(self.series_of(kind))
    }

    /// Every series of a kind: its cycle and its index there.
    pub(super) fn series_of(&self, kind: ForcingKind) -> impl Iterator<Item = (&std::sync::Arc<crate::Cycle>, usize)> {
        self.cycles().flat_map(move |cycle| {
            let series = cycle.manifest.series.iter().enumerate();
            series
                .filter(move |(_, entry)| entry.kind == kind)
                .map(move |(index, _)| (cycle, index))
        })
    }
}

impl KindAbout {
    /// What these series have together; `None` where none has a step.
    pub(super) fn over<'a>(series: impl Iterator<Item = (&'a std::sync::Arc<crate::Cycle>, usize)>) -> Option<Self> {
        let mut grids: Vec<GridSpec> = Vec::new();
        let mut about: Option<Self> = None;
        for (cycle, index) in series {
            let entry = &cycle.manifest.series[index];
            let Some((from, until)) = entry.extent() else { continue };
            let step_s = shortest_spacing_s(&entry.times);
            let whole = about.get_or_insert_with(|| Self {
                bbox: entry.grid.bounds(),
                from,
                until,
                step_s,
                attribution: Vec::new(),
                runs: Vec::new(),
            });
            note_run(&mut whole.runs, cycle.manifest.run, (from, until));
            (whole.from, whole.until) = (whole.from.min(from), whole.until.max(until));
            whole.step_s = whole.step_s.min(step_s);
            if !grids.contains(&entry.grid) {
                whole.bbox = whole.bbox.around(&entry.grid.bounds());
                grids.push(entry.grid.clone());
            }
            let credit = entry
                .attribution
                .iter()
                .filter(|line| !whole.attribution.contains(line));
            let credit: Vec<String> = credit.cloned().collect();
            whole.attribution.extend(credit);
        }
        about
    }
}

/// Takes the times of a run into the list, which stays in order.
fn note_run(runs: &mut Vec<RunAbout>, run: RunTime, (from, until): (ValidTime, ValidTime)) {
    match runs.binary_search_by_key(&run, |about| about.run) {
        Ok(at) => {
            let about = &mut runs[at];
            (about.from, about.until) = (about.from.min(from), about.until.max(until));
        }
        Err(at) => runs.insert(at, RunAbout { run, from, until }),
    }
}

/// The step nearest to an instant, unless that is more than half the spacing there away.
fn nearest_step(times: &[ValidTime], at: ValidTime) -> Option<Near> {
    let at_s = at.unix_s();
    let after = times.partition_point(|time| *time < at);
    let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten();
    let near = candidates.filter_map(|step| {
        let off_s = (times.get(step)?.unix_s() - at_s).abs();
        Some(Near { step, off_s })
    });
    let near = near.min_by_key(|near| near.off_s)?;
    let spacing_s = |a: usize, b: usize| Some(times.get(b)?.unix_s() - times.get(a)?.unix_s());
    let ahead = spacing_s(near.step, near.step + 1);
    let behind = near.step.checked_sub(1).and_then(|before| spacing_s(before, near.step));
    // The spacing on the instant's side; at either end of the series the one that there is.
    let spacing_s = if after > near.step {
        ahead.or(behind)
    } else {
        behind.or(ahead)
    };
    (2 * near.off_s <= spacing_s.unwrap_or(LONE_STEP_S)).then_some(near)
}

fn shortest_spacing_s(times: &[ValidTime]) -> u32 {
    let spacings = times.windows(2).map(|pair| pair[1].unix_s() - pair[0].unix_s());
    u32::try_from(spacings.min().unwrap_or(LONE_STEP_S)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_minute(minute: i64) -> ValidTime {
        ValidTime::from_unix_s(minute * 60).unwrap()
    }

    #[test]
    fn the_nearest_step_within_half_its_spacing() {
        // Hourly, then every three hours.
        let times: Vec<ValidTime> = [0, 60, 120, 300, 480].map(at_minute).into();
        let step = |minute: i64| nearest_step(&times, at_minute(minute)).map(|near| near.step);
        assert_eq!(
            [step(-30), step(0), step(29), step(31)],
            [Some(0), Some(0), Some(0), Some(1)]
        );
        assert_eq!(
            [step(200), step(220), step(480), step(570)],
            [Some(2), Some(3), Some(4), Some(4)]
        );
        assert_eq!([step(-31), step(571)], [None, None]);
        let lone = [at_minute(60)];
        let step = |minute: i64| nearest_step(&lone, at_minute(minute)).map(|near| near.step);
        assert_eq!([step(29), step(30), step(90), step(91)], [None, Some(0), Some(0), None]);
        assert!(nearest_step(&[], at_minute(0)).is_none());
    }
}

//! Which stored fields hold exactly at the steps of a time range: for whoever wants values and not pictures. A picture
//! may show the step nearest to an instant; a value is told for the time that it was stored for and for no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline_domain::{BBox, ForcingKind, GridSpec, RunTime, ValidTime};

use super::choice::{KindAbout, StepRef};
use crate::{Catalog, Cycle, SeriesRef};

/// Which steps are wanted; `None` restricts nothing.
#[derive(Debug, Clone, Copy)]
pub struct StepsWanted<'a> {
    /// The kind of field.
    pub kind: ForcingKind,
    /// The one cycle to take them from, its newest revision; without it every cycle counts.
    pub of_cycle: Option<(&'a str, RunTime)>,
    /// Only fields whose grid meets this box.
    pub bbox: &'a BBox,
    /// First instant.
    pub from: Option<ValidTime>,
    /// Last instant.
    pub until: Option<ValidTime>,
}

/// The fields that hold at one stored time.
#[derive(Debug, Clone)]
pub struct StepFields {
    /// When they hold.
    pub time: ValidTime,
    /// Finest grid first; of each product (a feed on a grid) that of the newest cycle which has the step.
    pub fields: Vec<StepRef>,
}

impl Catalog {
    /// The stored steps of a time range in their order.
    pub fn steps_between(&self, wanted: StepsWanted<'_>) -> Vec<StepFields> {
        let products = self.products(wanted);
        let mut steps: BTreeMap<ValidTime, Vec<StepRef>> = BTreeMap::new();
        for product in &products {
            for (time, step) in newest_by_time(product, wanted) {
                steps.entry(time).or_default().push(step);
            }
        }
        let in_order = steps.into_iter();
        in_order.map(|(time, fields)| StepFields { time, fields }).collect()
    }

    /// What one cycle has of a kind; `None` where the cycle or the kind is not there.
    pub fn about_cycle(&self, kind: ForcingKind, feed: &str, run: RunTime) -> Option<KindAbout> {
        let cycle = self.head(feed, run)?;
        let series = cycle.manifest.series.iter().enumerate();
        let of_kind = series.filter(|(_, entry)| entry.kind == kind);
        KindAbout::over(of_kind.map(|(index, _)| (cycle, index)))
    }

    /// The newest revision of every cycle that has a kind, newest run first.
    pub fn cycles_with(&self, kind: ForcingKind) -> Vec<Arc<Cycle>> {
        let has_kind = |cycle: &&Arc<Cycle>| cycle.manifest.series.iter().any(|entry| entry.kind == kind);
        let mut found: Vec<Arc<Cycle>> = self.cycles().filter(has_kind).map(Arc::clone).collect();
        found.sort_by(|a, b| {
            let by_run = b.manifest.run.cmp(&a.manifest.run);
            by_run.then_with(|| a.manifest.feed.cmp(&b.manifest.feed))
        });
        found
    }

    /// The series of the wanted kind that meet the box, those of each product together, products with the finest grid
    /// first.
    fn products(&self, wanted: StepsWanted<'_>) -> Vec<Vec<SeriesRef>> {
        let mut products: Vec<Vec<SeriesRef>> = Vec::new();
        // Cycles of a feed share their grid: whether it meets the box is worked out once.
        let mut elsewhere: Vec<&GridSpec> = Vec::new();
        let is_wanted = |feed: &str, run: RunTime| wanted.of_cycle.is_none_or(|cycle| cycle == (feed, run));
        for (cycle, index) in self.series_of(wanted.kind) {
            let (manifest, entry) = (&cycle.manifest, &cycle.manifest.series[index]);
            if !is_wanted(&manifest.feed, manifest.run) || elsewhere.contains(&&entry.grid) {
                continue;
            }
            let series = SeriesRef {
                cycle: Arc::clone(cycle),
                index,
            };
            let is_same =
                |held: &SeriesRef| held.cycle.manifest.feed == manifest.feed && held.entry().grid == entry.grid;
            let known = products.iter_mut().find(|held| held.first().is_some_and(is_same));
            match known {
                Some(product) => product.push(series),
                None if entry.grid.window_around(wanted.bbox, 0).is_some() => products.push(vec![series]),
                None => elsewhere.push(&entry.grid),
            }
        }
        products.sort_by(|a, b| {
            let key = |product: &[SeriesRef]| product.first().map_or(f64::MAX, |series| series.entry().grid.cell_m());
            let feed = |product: &[SeriesRef]| product.first().map(|series| series.cycle.manifest.feed.clone());
            key(a).total_cmp(&key(b)).then_with(|| feed(a).cmp(&feed(b)))
        });
        products
    }
}

/// The steps of one product within the range, each from the newest cycle that has it.
fn newest_by_time(product: &[SeriesRef], wanted: StepsWanted<'_>) -> BTreeMap<ValidTime, StepRef> {
    let mut by_time: BTreeMap<ValidTime, StepRef> = BTreeMap::new();
    for series in product {
        let times = &series.entry().times;
        let first = wanted.from.map_or(0, |from| times.partition_point(|time| *time < from));
        let end = wanted
            .until
            .map_or(times.len(), |until| times.partition_point(|time| *time <= until));
        for (step, time) in times.iter().enumerate().take(end).skip(first) {
            let run = series.cycle.manifest.run;
            let is_newer = |held: &StepRef| run > held.series.cycle.manifest.run;
            if by_time.get(time).is_none_or(is_newer) {
                let series = series.clone();
                by_time.insert(*time, StepRef { series, step });
            }
        }
    }
    by_time
}

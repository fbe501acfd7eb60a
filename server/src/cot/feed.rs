//! What a CoT client is to see: of an organisation's missions the output time that holds at an instant. What is drawn is made once,
//! when it is needed first, and kept.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_database::{Database, Run, RunFilter};
use driftline_domain::{MissionId, OrgId, RunId, ValidTime};
use driftline_simulate::cot::{Event, RunEvents};
use driftline_simulate::documents::{AREA_FILES, CENTROID_FILE, StoredRun};
use driftline_simulate::file_path;
use driftline_store::Results;
use jiff::ToSpan;
use moka::future::Cache;

/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 200;
/// A run that ended so long ago may still have an area that holds: the longest time between two outputs.
const ENDED_AGO_H: i64 = 6;
/// Room for what runs are drawn from.
const ROOM_BYTES: u64 = 64 * 1024 * 1024;
/// Output times whose events are kept: some ten kilobytes each.
const MOST_DRAWN: u64 = 1_000;

/// The feed of all organisations.
pub(crate) struct Feed {
    database: Database,
    results: Results,
    compute: Compute,
    coast: Arc<Coast>,
    known: Cache<RunId, Arc<Known>>,
    /// Of a run's output times those that held lately.
    drawn: Cache<(RunId, usize), Arc<Vec<Event>>>,
}

/// A run, and whether its events are never held back.
struct Known {
    run: RunEvents,
    distress: bool,
}

/// What holds of a mission.
pub(super) struct Holding {
    pub(super) run: RunId,
    pub(super) mission: MissionId,
    pub(super) distress: bool,
    /// The output time, by number.
    pub(super) number: usize,
    /// From when until when it holds.
    pub(super) span: (ValidTime, ValidTime),
    pub(super) events: Arc<Vec<Event>>,
}

impl Feed {
    pub(crate) fn new(database: Database, results: Results, compute: Compute, coast: Arc<Coast>) -> Self {
        let weigh = |_: &RunId, known: &Arc<Known>| u32::try_from(known.run.bytes()).unwrap_or(u32::MAX);
        Self {
            database,
            results,
            compute,
            coast,
            known: Cache::builder().max_capacity(ROOM_BYTES).weigher(weigh).build(),
            drawn: Cache::new(MOST_DRAWN),
        }
    }

    /// What holds at an instant, one run for each mission, the newest. A run that cannot be read is logged and left out.
    pub(super) async fn holding_at(&self, org: OrgId, at: ValidTime) -> anyhow::Result<Vec<Holding>> {
        let mut filter = RunFilter {
            from: at.0.checked_sub(ENDED_AGO_H.hours()).ok().map(ValidTime),
            until: Some(at),
            limit: RUNS_AT_ONCE,
            ..RunFilter::default()
        };
        let mut holdings: Vec<Holding> = Vec::new();
        loop {
            let runs = self.database.runs(org, &filter).await?;
            filter.after_seq = runs.last().map(|run| run.seq);
            let is_last = runs.len() < RUNS_AT_ONCE as usize;
            for run in runs {
                // A newer run of the same mission takes the older one's place.
                holdings.retain(|holding| holding.mission != run.mission);
                match self.holding_of(&run, at).await {
                    Ok(found) => holdings.extend(found),
                    Err(error) => {
                        tracing::error!(run.id = %run.id, cause = format!("{error:#}"), "a run cannot be drawn for CoT");
                    }
                }
            }
            if is_last {
                return Ok(holdings);
            }
        }
    }

    /// Whether a run is still published.
    pub(super) async fn is_published(&self, org: OrgId, mission: MissionId, run: RunId) -> anyhow::Result<bool> {
        Ok(self.database.run_for_file(org, mission, run).await?.is_some())
    }

    async fn holding_of(&self, run: &Run, at: ValidTime) -> anyhow::Result<Option<Holding>> {
        let known = self.known(run).await?;
        let Some((number, _)) = known.run.holding_at(at) else {
            return Ok(None);
        };
        let Some(span) = known.run.span(number) else {
            return Ok(None);
        };
        let distress = known.distress;
        let draw = Box::pin(async {
            let drawn = self.compute.run(move || known.run.events(number)).await;
            drawn.map(Arc::new)
        });
        let events = self.drawn.try_get_with((run.id, number), draw).await;
        Ok(Some(Holding {
            run: run.id,
            mission: run.mission,
            distress,
            number,
            span,
            events: events.map_err(|error| anyhow::anyhow!("{error}"))?,
        }))
    }

    async fn known(&self, run: &Run) -> anyhow::Result<Arc<Known>> {
        let read = Box::pin(self.read(run));
        let kept = self.known.try_get_with(run.id, read).await;
        kept.map_err(|error: Arc<anyhow::Error>| anyhow::anyhow!("{error:#}"))
    }

    async fn read(&self, run: &Run) -> anyhow::Result<Arc<Known>> {
        let mission = self.database.mission(run.org, run.mission).await?;
        let mission = mission.context("its mission was withdrawn")?;
        let distress = mission.spec.distress;
        let mut areas = Vec::with_capacity(AREA_FILES.len());
        for file in AREA_FILES {
            areas.push(self.file(run, file).await?);
        }
        let stored = StoredRun {
            mission: run.mission,
            run: run.id,
            spec: mission.spec,
            summary: run.summary.clone(),
            areas,
            centroid: self.file(run, CENTROID_FILE).await?,
            particles: None,
            besides: Vec::new(),
        };
        let coast = Arc::clone(&self.coast);
        let run = self
            .compute
            .run(move || stored.open(coast).map(RunEvents::of))
            .await??;
        Ok(Arc::new(Known { run, distress }))
    }

    async fn file(&self, run: &Run, name: &str) -> anyhow::Result<Bytes> {
        let read = self.results.read(run.mission, run.id, &file_path(name)).await;
        read.with_context(|| format!("{name} cannot be read"))
    }
}

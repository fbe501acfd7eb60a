//! What a CoT client is to see: of an organisation's missions the output time that holds at an instant. A run's events are
//! made once and kept by their size.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_database::{Database, Run, RunFilter};
use driftline_domain::{MissionId, OrgId, RunId, ValidTime};
use driftline_simulate::cot::RunEvents;
use driftline_simulate::documents::{AREA_FILES, CENTROID_FILE, StoredRun};
use driftline_simulate::file_path;
use driftline_store::Results;
use jiff::ToSpan;
use moka::future::Cache;

/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 200;
/// A run that ended so long ago may still have an area that holds: the longest time between two outputs.
const ENDED_AGO_H: i64 = 6;
/// Room for events of runs.
const ROOM_BYTES: u64 = 64 * 1024 * 1024;

/// The feed of all organisations.
pub(crate) struct Feed {
    database: Database,
    results: Results,
    compute: Compute,
    coast: Arc<Coast>,
    known: Cache<RunId, Arc<Known>>,
}

/// A run's events and whose answer is never held back.
pub(super) struct Known {
    pub(super) events: RunEvents,
    pub(super) distress: bool,
}

/// What holds of a mission.
pub(super) struct Holding {
    pub(super) run: RunId,
    pub(super) mission: MissionId,
    pub(super) known: Arc<Known>,
    /// The output time, by number.
    pub(super) number: usize,
    /// When it ends to hold.
    pub(super) until: ValidTime,
}

impl Feed {
    pub(crate) fn new(database: Database, results: Results, compute: Compute, coast: Arc<Coast>) -> Self {
        let weigh = |_: &RunId, known: &Arc<Known>| u32::try_from(known.events.bytes()).unwrap_or(u32::MAX);
        Self {
            database,
            results,
            compute,
            coast,
            known: Cache::builder().max_capacity(ROOM_BYTES).weigher(weigh).build(),
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
                let known = match self.known(&run).await {
                    Ok(known) => known,
                    Err(error) => {
                        tracing::error!(run.id = %run.id, cause = format!("{error:#}"), "a run cannot be drawn for CoT");
                        continue;
                    }
                };
                // A newer run of the same mission takes the older one's place.
                holdings.retain(|holding| holding.mission != run.mission);
                if let Some((number, until)) = known.events.holding_at(at) {
                    holdings.push(Holding {
                        run: run.id,
                        mission: run.mission,
                        known,
                        number,
                        until,
                    });
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
        let work = move || stored.open(coast).map(|view| RunEvents::of(&view));
        let events = self.compute.run(work).await??;
        Ok(Arc::new(Known { events, distress }))
    }

    async fn file(&self, run: &Run, name: &str) -> anyhow::Result<Bytes> {
        let read = self.results.read(run.mission, run.id, &file_path(name)).await;
        read.with_context(|| format!("{name} cannot be read"))
    }
}

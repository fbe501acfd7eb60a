//! What the HTTP crate asks of the installation and cannot know itself: result files, checks of a new mission against
//! forcing and coast, and the forcing catalogue.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use driftline_auth_billing::chain;
use driftline_config::Settings;
use driftline_domain::{BBox, ForcingKind, MissionId, MissionSpec, OrgId, RunId, RunTime, ValidTime, Violation};
use driftline_ingest::{FeedState, FeedStatus};
use driftline_ogc_api::{
    CoverageQuestion, DatasetQuestion, FileStream, ForcingCatalog, IntakeError, MissionIntake, RunFiles, SeamError,
};
use driftline_simulate::{Engine, SEA_REACH_M, file_path, violations};
use driftline_store::{Catalog, Cycle, CycleQuery, Kind, Results, Store};
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::commands::catalog::{cycle_json, damage_json};
use crate::scheduling;

fn seam(error: impl std::error::Error + 'static) -> SeamError {
    SeamError(chain(&error))
}

/// What was found; a missing file is an answer and no failure.
fn unless_missing<T>(found: Result<T, driftline_store::Error>) -> Result<Option<T>, SeamError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(seam(error)),
    }
}

/// Files of runs, from the object store.
pub(crate) struct StoredFiles(pub(crate) Results);

impl RunFiles for StoredFiles {
    fn read<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        Box::pin(async move { unless_missing(self.0.read(mission, run, &file_path(file)).await) })
    }

    fn keep<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<(), SeamError>> {
        Box::pin(async move {
            let created = self.0.create(mission, run, &file_path(file), bytes).await;
            created.map(drop).map_err(seam)
        })
    }

    fn stream<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<FileStream>, SeamError>> {
        Box::pin(async move {
            let found = self.0.stream(mission, run, &file_path(file)).await;
            let (size, chunks) = match unless_missing(found)? {
                Some(found) => found,
                None => return Ok(None),
            };
            Ok(Some(FileStream {
                size,
                chunks: chunks.map_err(seam).boxed(),
            }))
        })
    }

    fn size<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<u64>, SeamError>> {
        Box::pin(async move { unless_missing(self.0.size(mission, run, &file_path(file)).await) })
    }

    fn read_range<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        Box::pin(async move { unless_missing(self.0.read_range(mission, run, &file_path(file), range).await) })
    }

    fn remove(&self, mission: MissionId) -> BoxFuture<'_, Result<(), SeamError>> {
        Box::pin(async move { self.0.delete_mission(mission).await.map_err(seam) })
    }
}

/// Checks of new missions.
pub(crate) struct Intake {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
}

impl MissionIntake for Intake {
    fn validate<'a>(&'a self, _org: OrgId, spec: &'a MissionSpec) -> BoxFuture<'a, Result<Vec<String>, IntakeError>> {
        Box::pin(self.check(spec))
    }
}

impl Intake {
    async fn check(&self, spec: &MissionSpec) -> Result<Vec<String>, IntakeError> {
        let unavailable = |error: &(dyn std::error::Error + 'static)| IntakeError::Unavailable(SeamError(chain(error)));
        let mut broken = self.unknown_feeds(spec).await.map_err(|error| unavailable(&error))?;
        let mut warnings = Vec::new();
        self.look_at_the_coast(spec, &mut warnings, &mut broken);
        match self.engine.reach(spec).await {
            Ok(reach) => {
                if !reach.is_whole {
                    warnings.push(format!(
                        "forcing at the last known position ends at {}; the forecast will stop there",
                        reach.valid_until
                    ));
                }
            }
            Err(error) => match violations(&error) {
                found if found.is_empty() => return Err(unavailable(&error)),
                found => broken.extend(found),
            },
        }
        if broken.is_empty() {
            Ok(warnings)
        } else {
            Err(IntakeError::Violations(broken))
        }
    }

    async fn unknown_feeds(&self, spec: &MissionSpec) -> Result<Vec<Violation>, driftline_store::Error> {
        if spec.forcing.is_empty() {
            return Ok(Vec::new());
        }
        let catalog = self.store.catalog().await?;
        let known: Vec<&str> = catalog.cycles().map(|cycle| cycle.manifest.feed.as_str()).collect();
        let unknown = spec.feeds().into_iter().filter(|feed| !known.contains(&feed.as_str()));
        Ok(unknown
            .map(|feed| {
                Violation::new(
                    "config.forcing",
                    "unknown",
                    format!("there is no feed '{}'", feed.chars().take(64).collect::<String>()),
                )
            })
            .collect())
    }

    fn look_at_the_coast(&self, spec: &MissionSpec, warnings: &mut Vec<String>, broken: &mut Vec<Violation>) {
        let (lon, lat) = (spec.position.lon_deg(), spec.position.lat_deg());
        if !self.engine.coast.on_land(lon, lat) {
            return;
        }
        match self.engine.coast.nearest_sea(lon, lat, SEA_REACH_M) {
            Some((sea_lon, sea_lat, distance_m)) => warnings.push(format!(
                "the last known position is on land; the nearest sea is {distance_m:.0} m away at {sea_lat:.5}, {sea_lon:.5}; particles that start on land are moved to the sea nearest to them"
            )),
            None => broken.push(Violation::new("last_known_lat", "inland", format!("the last known position is on land with no sea within {:.0} km", SEA_REACH_M / 1000.0))),
        }
    }
}

/// Feeds and coverage, from the store's catalog.
pub(crate) struct StoredForcing {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
}

impl ForcingCatalog for StoredForcing {
    fn feeds(&self) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(async {
            let catalog = self.store.catalog().await.map_err(seam)?;
            let now = Timestamp::now();
            let statuses = scheduling::statuses(&self.settings, &self.store, now).await;
            let statuses = statuses.map_err(|error| SeamError(chain(error.as_ref())))?;
            Ok(feeds(&catalog, &statuses, now))
        })
    }

    fn coverage(&self, question: CoverageQuestion) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(async move { Ok(coverage(&*self.store.catalog().await.map_err(seam)?, question)) })
    }

    fn datasets(&self, question: DatasetQuestion) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(async move {
            let catalog = self.store.catalog().await.map_err(seam)?;
            let query = CycleQuery {
                bbox: question.coverage.bbox,
                kinds: question.kinds,
                from: question.coverage.from,
                until: question.coverage.until,
                feeds: question.feed.into_iter().collect(),
            };
            let found = catalog.find(&query);
            Ok(json!({"cycles": found.iter().map(|cycle| dataset(cycle)).collect::<Vec<_>>()}))
        })
    }

    fn manifest<'a>(
        &'a self,
        feed: &'a str,
        run: RunTime,
        revision: u32,
    ) -> BoxFuture<'a, Result<Option<Value>, SeamError>> {
        Box::pin(async move {
            let catalog = self.store.catalog().await.map_err(seam)?;
            let found = catalog.revision(feed, run, revision);
            found
                .map(|cycle| serde_json::to_value(&cycle.manifest).map_err(seam))
                .transpose()
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), SeamError>> {
        Box::pin(async { self.store.catalog().await.map(drop).map_err(seam) })
    }
}

/// A cycle in short: whoever wants its objects fetches its manifest.
fn dataset(cycle: &Cycle) -> Value {
    let manifest = &cycle.manifest;
    let mut value = cycle_json(cycle);
    value["bytes"] = json!(manifest.objects.iter().map(|object| object.bytes).sum::<u64>());
    value["objects"] = json!(manifest.objects.len());
    value["manifest"] = json!(format!(
        "/v1/datasets/{}/{}/{}",
        manifest.feed, manifest.run, manifest.revision
    ));
    value
}

/// Every feed with its newest cycle, and how those that are fetched here stand.
fn feeds(catalog: &Catalog, statuses: &[FeedStatus], now: Timestamp) -> Value {
    let mut newest: BTreeMap<&str, (Option<&Cycle>, usize)> = BTreeMap::new();
    for cycle in catalog.cycles() {
        let entry = newest.entry(&cycle.manifest.feed).or_insert((None, 0));
        entry.1 += 1;
        if entry.0.is_none_or(|known| cycle.manifest.run > known.manifest.run) {
            entry.0 = Some(cycle);
        }
    }
    for status in statuses.iter().filter(|status| status.state != FeedState::Off) {
        newest.entry(&status.feed).or_default();
    }
    let feed = |(name, (cycle, count)): (&&str, &(Option<&Cycle>, usize))| {
        let mut value = cycle.map_or_else(|| json!({"feed": name}), cycle_json);
        value["name"] = json!(name);
        value["cycles"] = json!(count);
        if let Some(cycle) = cycle {
            value["age_h"] = json!(now.duration_since(cycle.manifest.run.0).as_secs_f64() / 3600.0);
        }
        let is_fetched = |status: &&FeedStatus| status.feed == **name && status.state != FeedState::Off;
        value["ingest"] = json!(statuses.iter().find(is_fetched));
        value
    };
    let damaged: Vec<Value> = catalog.damaged().iter().map(damage_json).collect();
    json!({ "feeds": newest.iter().map(feed).collect::<Vec<_>>(), "damaged": damaged })
}

/// What covers a box and a time, finest first.
fn coverage(catalog: &Catalog, question: CoverageQuestion) -> Value {
    let bbox = question.bbox.unwrap_or(BBox {
        west: -180.0,
        south: -90.0,
        east: 180.0,
        north: 90.0,
    });
    let from = question.from.unwrap_or(ValidTime(Timestamp::MIN));
    let until = question.until.unwrap_or(ValidTime(Timestamp::MAX));
    let mut answer = json!({});
    for kind in ForcingKind::ALL {
        let found = catalog.covering(kind, &bbox, from, until, &[]);
        let one = |series: &driftline_store::SeriesRef| {
            let (manifest, entry) = (&series.cycle.manifest, series.entry());
            json!({
                "feed": manifest.feed,
                "run": manifest.run,
                "revision": manifest.revision,
                "cell_m": entry.grid.cell_m(),
                "bbox": entry.grid.bounds(),
                "valid_from": entry.times.first(),
                "valid_until": entry.times.last(),
                "attribution": entry.attribution,
            })
        };
        answer[kind.name()] = found.iter().map(one).collect();
    }
    answer
}

//! Forcing for maps out of the store: what there is of each kind, and the fields that show an instant.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_auth_billing::chain;
use driftline_domain::{BBox, ForcingKind, RunTime, ValidTime};
use driftline_ogc_api::{ForcingAbout, ForcingMaps, ForcingRun, MapSlab, SeamError};
use driftline_store::{Catalog, Error, KindAbout, RunAbout, StepRef, Store};
use futures::future::BoxFuture;

/// A map asks for many tiles at once; they need not each look for new manifests. A new cycle is seen within a second.
const CATALOG_AGE: Duration = Duration::from_millis(900);

/// Maps of the stored forcing.
pub(crate) struct StoredMaps {
    store: Store,
    /// What was worked out from the newest catalog seen.
    abouts: Mutex<Abouts>,
}

#[derive(Default)]
struct Abouts {
    catalog: Arc<Catalog>,
    kinds: BTreeMap<ForcingKind, Option<KindAbout>>,
}

impl StoredMaps {
    /// Maps of this store.
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            abouts: Mutex::default(),
        }
    }

    async fn describe(&self, kind: ForcingKind) -> Result<Option<ForcingAbout>, Error> {
        let catalog = self.store.recent_catalog(CATALOG_AGE).await?;
        let version = catalog.sequence();
        Ok(self.about_in(&catalog, kind).map(|about| forcing_about(about, version)))
    }

    fn about_in(&self, catalog: &Arc<Catalog>, kind: ForcingKind) -> Option<KindAbout> {
        // Nothing can panic while the lock is held that would leave it half done: a poisoned one is still good.
        let mut abouts = self.abouts.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&abouts.catalog, catalog) {
            *abouts = Abouts {
                catalog: Arc::clone(catalog),
                kinds: BTreeMap::new(),
            };
        }
        let known = abouts.kinds.entry(kind).or_insert_with(|| catalog.about(kind));
        known.clone()
    }

    async fn fields(
        &self,
        (kind, run): (ForcingKind, Option<RunTime>),
        bbox: &BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> Result<Vec<MapSlab>, SeamError> {
        let fields = self.read(kind, run, bbox, at, max_cell_m.unwrap_or(0.0)).await;
        fields.map_err(|error| SeamError(chain(&error)))
    }

    async fn read(
        &self,
        kind: ForcingKind,
        run: Option<RunTime>,
        bbox: &BBox,
        at: ValidTime,
        max_cell_m: f64,
    ) -> Result<Vec<MapSlab>, Error> {
        let catalog = self.store.recent_catalog(CATALOG_AGE).await?;
        let shown = match run {
            Some(run) => catalog.showing_run(kind, run, at),
            None => catalog.showing(kind, at),
        };
        let mut slabs = Vec::new();
        for StepRef { series, step } in shown {
            let Some(slab) = self.store.slab(&series, bbox, step, max_cell_m).await? else {
                continue;
            };
            let manifest = &series.cycle.manifest;
            slabs.push(MapSlab {
                grid: slab.grid,
                field: slab.field,
                time: slab.time,
                feed: manifest.feed.clone(),
                run: manifest.run,
                revision: manifest.revision,
                attribution: series.entry().attribution.clone(),
            });
        }
        Ok(slabs)
    }
}

/// What the store knows of a kind, as the maps are told it.
pub(crate) fn forcing_about(about: KindAbout, version: u64) -> ForcingAbout {
    let run = |about: &RunAbout| ForcingRun {
        run: about.run,
        from: about.from,
        until: about.until,
    };
    ForcingAbout {
        bbox: about.bbox,
        from: about.from,
        until: about.until,
        step_s: about.step_s,
        attribution: about.attribution,
        version,
        runs: about.runs.iter().map(run).collect(),
    }
}

impl ForcingMaps for StoredMaps {
    fn about(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Option<ForcingAbout>, SeamError>> {
        Box::pin(async move { self.describe(kind).await.map_err(|error| SeamError(chain(&error))) })
    }

    fn slabs(
        &self,
        kind: ForcingKind,
        bbox: BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>> {
        Box::pin(async move { self.fields((kind, None), &bbox, at, max_cell_m).await })
    }

    fn slabs_of_run(
        &self,
        kind: ForcingKind,
        run: RunTime,
        bbox: BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>> {
        Box::pin(async move { self.fields((kind, Some(run)), &bbox, at, max_cell_m).await })
    }
}

//! Values of forcing and objects of cycles out of the store.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use driftline_auth_billing::chain;
use driftline_domain::{BBox, ForcingKind};
use driftline_ogc_api::{
    CycleAbout, CycleName, CycleObject, CycleObjects, FieldAbout, FieldStep, ForcingFields, MapSlab, SeamError,
    StepsQuestion, StoredField,
};
use driftline_store::{Catalog, Cycle, Error, Kind, SeriesRef, StepsWanted, Store};
use futures::future::BoxFuture;

use crate::forcing_maps::forcing_about;

/// One answer asks many times; it need not each time look for new manifests.
const CATALOG_AGE: Duration = Duration::from_secs(2);

/// Values of the stored forcing.
pub(crate) struct StoredFields {
    store: Store,
}

impl StoredFields {
    /// Values out of this store.
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn catalog(&self) -> Result<Arc<Catalog>, Error> {
        self.store.recent_catalog(CATALOG_AGE).await
    }

    async fn steps_of(&self, question: &StepsQuestion) -> Result<Vec<FieldStep>, Error> {
        let catalog = self.catalog().await?;
        let of_cycle = question.of_cycle.as_ref();
        let steps = catalog.steps_between(StepsWanted {
            kind: question.kind,
            of_cycle: of_cycle.map(|cycle| (cycle.feed.as_str(), cycle.run)),
            bbox: &question.bbox,
            from: question.from,
            until: question.until,
        });
        let mut known: Vec<Arc<FieldAbout>> = Vec::new();
        let mut told = |series: &SeriesRef| {
            let manifest = &series.cycle.manifest;
            let is_same = |held: &&Arc<FieldAbout>| {
                held.index == series.index
                    && held.revision == manifest.revision
                    && held.cycle.run == manifest.run
                    && held.cycle.feed == manifest.feed
            };
            if let Some(held) = known.iter().rev().find(is_same) {
                return Arc::clone(held);
            }
            let entry = series.entry();
            let about = Arc::new(FieldAbout {
                cycle: name_of(&series.cycle),
                revision: manifest.revision,
                index: series.index,
                grid: entry.grid.clone(),
                attribution: entry.attribution.clone(),
            });
            known.push(Arc::clone(&about));
            about
        };
        let step = |fields: driftline_store::StepFields| FieldStep {
            time: fields.time,
            fields: fields
                .fields
                .iter()
                .map(|field| StoredField {
                    series: told(&field.series),
                    step: field.step,
                })
                .collect(),
        };
        Ok(steps.into_iter().map(step).collect())
    }

    async fn slab_of(&self, field: &StoredField, bbox: &BBox) -> Result<Option<MapSlab>, Error> {
        let about = &field.series;
        let series = SeriesRef {
            cycle: self
                .cycle(&about.cycle, about.revision)
                .await?
                .ok_or_else(|| gone(about))?,
            index: about.index,
        };
        let slab = self.store.slab(&series, bbox, field.step, 0.0).await?;
        Ok(slab.map(|slab| MapSlab {
            grid: slab.grid,
            field: slab.field,
            time: slab.time,
            feed: about.cycle.feed.clone(),
            run: about.cycle.run,
            revision: about.revision,
            attribution: about.attribution.clone(),
        }))
    }

    async fn cycle(&self, name: &CycleName, revision: u32) -> Result<Option<Arc<Cycle>>, Error> {
        let catalog = self.catalog().await?;
        Ok(catalog.revision(&name.feed, name.run, revision).map(Arc::clone))
    }

    async fn cycles_of(&self, kind: ForcingKind) -> Result<Vec<CycleAbout>, Error> {
        let catalog = self.catalog().await?;
        let about = |cycle: &Arc<Cycle>| {
            let manifest = &cycle.manifest;
            let about = catalog.about_cycle(kind, &manifest.feed, manifest.run)?;
            Some(CycleAbout {
                name: name_of(cycle),
                revision: manifest.revision,
                about: forcing_about(about, cycle.sequence),
            })
        };
        Ok(catalog.cycles_with(kind).iter().filter_map(about).collect())
    }
}

fn name_of(cycle: &Cycle) -> CycleName {
    CycleName {
        feed: cycle.manifest.feed.clone(),
        run: cycle.manifest.run,
    }
}

fn gone(about: &FieldAbout) -> Error {
    let cycle = &about.cycle;
    Error::NotFound(format!("{} {} revision {}", cycle.feed, cycle.run, about.revision))
}

fn seam(error: Error) -> SeamError {
    SeamError(chain(&error))
}

impl ForcingFields for StoredFields {
    fn steps(&self, question: StepsQuestion) -> BoxFuture<'_, Result<Vec<FieldStep>, SeamError>> {
        Box::pin(async move { self.steps_of(&question).await.map_err(seam) })
    }

    fn field<'a>(&'a self, field: &'a StoredField, bbox: BBox) -> BoxFuture<'a, Result<Option<MapSlab>, SeamError>> {
        Box::pin(async move { self.slab_of(field, &bbox).await.map_err(seam) })
    }

    fn cycles(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Vec<CycleAbout>, SeamError>> {
        Box::pin(async move { self.cycles_of(kind).await.map_err(seam) })
    }
}

impl CycleObjects for StoredFields {
    fn about<'a>(
        &'a self,
        cycle: &'a CycleName,
        revision: u32,
        path: &'a str,
    ) -> BoxFuture<'a, Result<Option<CycleObject>, SeamError>> {
        Box::pin(async move {
            let cycle = self.cycle(cycle, revision).await.map_err(seam)?;
            let entry = cycle.as_ref().and_then(|cycle| cycle.object(path));
            Ok(entry.map(|entry| CycleObject {
                bytes: entry.bytes,
                sha256: entry.sha256.clone(),
            }))
        })
    }

    fn read<'a>(
        &'a self,
        cycle: &'a CycleName,
        revision: u32,
        path: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        Box::pin(async move {
            let Some(cycle) = self.cycle(cycle, revision).await.map_err(seam)? else {
                return Ok(None);
            };
            let Some(entry) = cycle.object(path) else {
                return Ok(None);
            };
            match self.store.object_bytes(&cycle, entry, range).await {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == Kind::NotFound => Ok(None),
                Err(error) => Err(seam(error)),
            }
        })
    }
}

//! Object storage: forcing as Zarr, the catalog that makes whole cycles visible, and the files of results.
//!
//! Data objects are immutable and lie under a prefix of their own revision; a manifest, created last and only if
//! absent, makes them visible (feeds-and-store.md, section 8). Whatever this crate reports as done was synced first.
//! No HTTP, no physics, no relational data.

mod array_plan;
mod catalog;
mod checkpoint;
mod chunk_codec;
mod chunks;
mod cycle_objects;
mod error;
mod failures;
mod layout;
mod lineage;
mod manifest;
mod maps;
mod objects;
mod observations;
mod packing;
mod positions;
mod probe;
mod publish;
mod reports;
#[cfg(test)]
mod requests;
mod results;
mod results_age;
mod retention;
mod retention_log;
mod s3;
mod sweep;
#[cfg(test)]
mod undeletable;
mod window;
mod zarr_write;

pub use catalog::{Catalog, Cycle, CycleQuery, Damage, SeriesRef};
pub use error::{Error, Kind};
pub use manifest::{Horizon, Manifest, Mark, MissingStep, ObjectEntry, Origin, SeriesEntry, SeriesLineage, SourceFile};
pub use maps::{KindAbout, RunAbout, Slab, StepFields, StepRef, StepsWanted};
pub use objects::Objects;
pub use observations::{ObservationFile, Observations};
pub use publish::{CycleIdentity, CyclePublisher, NewSeries, Published, feed_name_violation};
pub use results::{ResultFile, Results};
pub use retention::{Retained, RetentionRules};
pub use retention_log::Hold;
pub use s3::{Addressing, Location, S3Location};
pub use sweep::{ORPHAN_AGE, Swept};
pub use window::{ForcingWindow, SeriesSpan};

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_compute::Compute;

use crate::maps::MapCache;

/// The store of one installation; clones share it.
#[derive(Clone)]
pub struct Store {
    objects: Objects,
    compute: Compute,
    cached: Arc<std::sync::Mutex<LookedAt>>,
    maps: Arc<MapCache>,
}

/// The catalog and when it was last compared with the manifests there are.
#[derive(Default)]
struct LookedAt {
    catalog: Arc<Catalog>,
    at: Option<Instant>,
}

/// Memory for decoded forcing of maps, unless told otherwise.
const MAP_CACHE_BYTES: u64 = 256 * 1024 * 1024;

impl Store {
    /// Opens (and creates) the store in the folder `objects` of a data directory.
    pub async fn open(data_dir: &Path, compute: Compute) -> Result<Self, Error> {
        Self::open_at(&Location::Folder(data_dir.join("objects")), compute).await
    }

    /// Opens the store of a location; a folder is created where it is not there, a bucket must exist.
    pub async fn open_at(location: &Location, compute: Compute) -> Result<Self, Error> {
        Self::on(Objects::open(location).await?, compute).await
    }

    /// The store on these objects, after making sure that they keep what publication rests on: an object that exists is
    /// not overwritten by a create-only put.
    pub async fn on(objects: Objects, compute: Compute) -> Result<Self, Error> {
        objects.refuse_if_unfit().await?;
        Ok(Self::new(objects, compute))
    }

    /// Opens the store of a location for whoever only reads: what a disk that is full, or may not be written to, holds.
    pub async fn open_to_read(location: &Location, compute: Compute) -> Result<Self, Error> {
        Self::to_read(Objects::open(location).await?, compute).await
    }

    /// The store on these objects for whoever only reads, after making sure that they can be.
    pub async fn to_read(objects: Objects, compute: Compute) -> Result<Self, Error> {
        objects.refuse_if_unreadable().await?;
        Ok(Self::new(objects, compute))
    }

    fn new(objects: Objects, compute: Compute) -> Self {
        Self {
            objects,
            compute,
            cached: Arc::default(),
            maps: Arc::new(MapCache::new(MAP_CACHE_BYTES)),
        }
    }

    /// The same store with this much memory for decoded forcing of maps, in bytes.
    #[must_use]
    pub fn with_map_cache(self, bytes: u64) -> Self {
        Self {
            maps: Arc::new(MapCache::new(bytes)),
            ..self
        }
    }

    /// The catalog as of now: manifests that appeared since the last call are read, the others are kept. A manifest
    /// that cannot be read stops nobody: the catalog tells of it, and the log does once.
    pub async fn catalog(&self) -> Result<Arc<Catalog>, Error> {
        let looked_at = Instant::now();
        let known = Arc::clone(&self.lock().catalog);
        let newer = known.with_new_manifests(&self.objects, &self.compute).await?;
        let mut cached = self.lock();
        cached.at = cached.at.max(Some(looked_at));
        let Some(newer) = newer else {
            return Ok(known);
        };
        let newer = Arc::new(newer);
        // Several may have looked at the same time; who knows less than is known does not replace it.
        if cached.catalog.rank() <= newer.rank() {
            report_new_damage(&cached.catalog, &newer);
            cached.catalog = Arc::clone(&newer);
        }
        Ok(newer)
    }

    /// The catalog as it was not longer ago than this: for what is asked many times a second, such as tiles. While the
    /// store cannot be asked, the one that was last seen; `catalog` is for those who must know.
    pub async fn recent_catalog(&self, at_most: Duration) -> Result<Arc<Catalog>, Error> {
        {
            let cached = self.lock();
            if cached.at.is_some_and(|at| at.elapsed() <= at_most) {
                return Ok(Arc::clone(&cached.catalog));
            }
        }
        match (self.catalog().await, self.known_catalog()) {
            (Err(error), Some(known)) => {
                tracing::warn!(cause = %error, "the catalog cannot be read; maps go on with the one that was last seen");
                Ok(known)
            }
            (looked, _) => looked,
        }
    }

    /// The catalog as it was last seen, without asking the store; `None` where it was never read.
    pub fn known_catalog(&self) -> Option<Arc<Catalog>> {
        let cached = self.lock();
        cached.at.map(|_| Arc::clone(&cached.catalog))
    }

    /// Observations of buoys.
    pub fn observations(&self) -> Observations {
        Observations::new(self.objects.clone())
    }

    /// Every object that stays, by name, with its length in bytes.
    pub async fn object_sizes(&self) -> Result<Vec<(String, u64)>, Error> {
        let found = self.objects.list_sizes(&object_store::path::Path::default()).await?;
        let staging = format!("{}/", objects::STAGING);
        let named = found.into_iter().map(|(path, bytes)| (path.to_string(), bytes));
        Ok(named.filter(|(path, _)| !path.starts_with(&staging)).collect())
    }

    /// The files of results.
    pub fn results(&self) -> Results {
        Results::new(self.objects.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LookedAt> {
        // Nothing can panic while the lock is held: a poisoned one still guards a whole catalog.
        self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn report_new_damage(known: &Catalog, newer: &Catalog) {
    if let Some(damage) = newer.broken_log().filter(|damage| known.broken_log() != Some(damage)) {
        tracing::error!(
            object = damage.object,
            reason = damage.reason,
            "an entry of the retention log cannot be read; no forcing is removed until it is restored"
        );
    }
    let is_known = |damage: &Damage| known.damaged().iter().any(|other| other.object == damage.object);
    for damage in newer.damaged().iter().filter(|damage| !is_known(damage)) {
        tracing::error!(
            object = damage.object,
            reason = damage.reason,
            "a manifest cannot be read; the forcing that it publishes is left out until it is restored"
        );
    }
}

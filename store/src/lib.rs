//! Object storage: forcing as Zarr, the catalog that makes whole cycles visible, and the files of results.
//!
//! Data objects are immutable and lie under a prefix of their own revision; a manifest, created last and only if
//! absent, makes them visible (feeds-and-store.md, section 8). Whatever this crate reports as done was synced first.
//! No HTTP, no physics, no relational data.

mod catalog;
mod error;
mod manifest;
mod objects;
mod packing;
mod publish;
mod results;
mod sweep;
#[cfg(test)]
mod undeletable;
mod window;
mod zarr_read;
mod zarr_write;

pub use catalog::{Catalog, Cycle, Damage, SeriesRef};
pub use error::{Error, Kind};
pub use manifest::{Manifest, ObjectEntry, SeriesEntry, SourceFile};
pub use objects::Objects;
pub use publish::{CycleIdentity, CyclePublisher, NewSeries, Published, feed_name_violation};
pub use results::{ResultFile, Results};
pub use sweep::{ORPHAN_AGE, Swept};
pub use window::ForcingWindow;

use std::path::Path;
use std::sync::Arc;

use driftline_compute::Compute;

/// The store of one installation; clones share it.
#[derive(Clone)]
pub struct Store {
    objects: Objects,
    compute: Compute,
    cached: Arc<std::sync::Mutex<Arc<Catalog>>>,
}

impl Store {
    /// Opens (and creates) the store below a data directory, and makes sure that it keeps what publication rests on:
    /// an object that exists is not overwritten by a create-only put.
    pub async fn open(data_dir: &Path, compute: Compute) -> Result<Self, Error> {
        let objects = Objects::open_local(&data_dir.join("objects")).await?;
        objects.refuse_if_create_overwrites().await?;
        Ok(Self {
            objects,
            compute,
            cached: Arc::default(),
        })
    }

    /// The catalog as of now: manifests that appeared since the last call are read, the others are kept. A manifest
    /// that cannot be read stops nobody: the catalog tells of it, and the log does once.
    pub async fn catalog(&self) -> Result<Arc<Catalog>, Error> {
        let known = Arc::clone(&*self.lock());
        let Some(newer) = known.with_new_manifests(&self.objects).await? else {
            return Ok(known);
        };
        let newer = Arc::new(newer);
        let mut cached = self.lock();
        // Several may have looked at the same time; who knows less than is known does not replace it.
        if cached.rank() <= newer.rank() {
            report_new_damage(&cached, &newer);
            *cached = Arc::clone(&newer);
        }
        Ok(newer)
    }

    /// The files of results.
    pub fn results(&self) -> Results {
        Results::new(self.objects.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arc<Catalog>> {
        // Nothing can panic while the lock is held: a poisoned one still guards a whole catalog.
        self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn report_new_damage(known: &Catalog, newer: &Catalog) {
    let is_known = |damage: &Damage| known.damaged().iter().any(|other| other.object == damage.object);
    for damage in newer.damaged().iter().filter(|damage| !is_known(damage)) {
        tracing::error!(
            object = damage.object,
            reason = damage.reason,
            "a manifest cannot be read; the forcing that it publishes is left out until it is restored"
        );
    }
}

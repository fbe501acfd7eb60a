//! Documents of a run on request: made from its stored files when somebody first asks, kept beside them, served from there on.
//!
//! Each is made once at a time, however many ask. The making goes on when those who asked hang up: what it cost is then not
//! lost. How much is made at once is bounded by positions in memory, in all and, by the threads of maps, per organisation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use driftline_database::{Mission, Run};
use driftline_domain::RunId;
use driftline_simulate::documents::{AREA_FILES, CENTROID_FILE, Document, PARTICLES_FILE, StoredRun};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;

use crate::runs::broken;
use crate::{AppState, Error};

/// Shares of the memory for positions; a document that reads none takes one.
const SHARES: u32 = 4;
/// Particles times output times that one share is enough for: 0.4 GB.
const POSITIONS_OF_SHARE: u64 = 25_000_000;

type Key = (RunId, &'static str);
/// The making of a document, which many can wait for.
type Making = Shared<BoxFuture<'static, Result<(), Arc<Error>>>>;

/// What is being made.
pub(crate) struct DocumentMakers {
    making: Mutex<HashMap<Key, Making>>,
    shares: Arc<Semaphore>,
}

impl Default for DocumentMakers {
    fn default() -> Self {
        Self {
            making: Mutex::default(),
            shares: Arc::new(Semaphore::new(SHARES as usize)),
        }
    }
}

/// Takes the making off the list, whatever came of it.
struct Listed {
    state: AppState,
    key: Key,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let makers = self.state.documents();
        let mut making = makers.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.remove(&self.key);
    }
}

/// Sees to it that the document is stored.
pub(super) async fn ensure(
    state: &AppState,
    mission: &Mission,
    run: &Run,
    document: &'static Document,
) -> Result<(), Error> {
    if size(state, run, document.name).await?.is_some() {
        return Ok(());
    }
    let key = (run.id, document.name);
    let making = {
        let mut all = state.documents().making.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || begin(state.clone(), mission.clone(), run.clone(), document);
        all.entry(key).or_insert_with(begin).clone()
    };
    making.await.map_err(Error::Shared)
}

/// The length of a stored file in bytes.
pub(super) async fn size(state: &AppState, run: &Run, name: &str) -> Result<Option<u64>, Error> {
    let size = state.files.size(run.mission, run.id, name).await;
    size.map_err(|error| broken(run, name, error))
}

/// Starts the making, apart from whoever asked for it.
fn begin(state: AppState, mission: Mission, run: Run, document: &'static Document) -> Making {
    let listed = Listed {
        state: state.clone(),
        key: (run.id, document.name),
    };
    let task = tokio::spawn(async move {
        let _listed = listed;
        make_and_keep(&state, &mission, &run, document).await.map_err(Arc::new)
    });
    let made = async move {
        let lost = |error: tokio::task::JoinError| Arc::new(Error::Internal(format!("a document: {error}")));
        task.await.map_err(lost)?
    };
    made.boxed().shared()
}

async fn make_and_keep(
    state: &AppState,
    mission: &Mission,
    run: &Run,
    document: &'static Document,
) -> Result<(), Error> {
    // It may have been finished between the look before and this.
    if size(state, run, document.name).await?.is_some() {
        return Ok(());
    }
    let place = state.map_places().take(mission.org, 1).await?;
    let _turn = place.turn().await?;
    let shares = if document.reads_particles {
        let particles = run.summary["particles"].as_u64().unwrap_or_default();
        let times = run.summary["hourly"].as_array().map_or(1, Vec::len) as u64;
        let shares = (particles * times).div_ceil(POSITIONS_OF_SHARE);
        u32::try_from(shares).unwrap_or(SHARES).clamp(1, SHARES)
    } else {
        1
    };
    let closed = |_closed| Error::Internal("the makers of documents were closed".to_owned());
    let makers = state.documents();
    let _shares = Arc::clone(&makers.shares)
        .acquire_many_owned(shares)
        .await
        .map_err(closed)?;
    let began = std::time::Instant::now();
    let stored = read(state, mission, run, document).await?;
    let coast = Arc::clone(&state.coast);
    let made = state.compute.run(move || (document.make)(&stored.open(coast)?)).await;
    let made = made.map_err(|error| broken(run, document.name, error))?;
    let made = made.map_err(|error| broken(run, document.name, driftline_auth_billing::chain(&error)))?;
    let bytes = made.len();
    let kept = state.files.keep(run.mission, run.id, document.name, made.into()).await;
    kept.map_err(|error| broken(run, document.name, error))?;
    let duration_ms = began.elapsed().as_millis() as u64;
    tracing::info!(mission.id = %run.mission, run.id = %run.id, file = document.name, bytes, duration_ms, "document made");
    forget_if_withdrawn(state, mission, run, document).await
}

/// A mission that was withdrawn meanwhile leaves nothing behind.
async fn forget_if_withdrawn(
    state: &AppState,
    mission: &Mission,
    run: &Run,
    document: &'static Document,
) -> Result<(), Error> {
    if state.database.mission(mission.org, mission.id).await?.is_some() {
        return Ok(());
    }
    let removed = state.files.remove(mission.id).await;
    removed.map_err(|error| broken(run, document.name, error))?;
    Err(Error::not_found("mission", &mission.id.to_string()))
}

/// What the document is made from.
async fn read(state: &AppState, mission: &Mission, run: &Run, document: &Document) -> Result<StoredRun, Error> {
    let mut areas = Vec::with_capacity(AREA_FILES.len());
    for file in AREA_FILES {
        areas.push(content(state, run, file).await?);
    }
    let particles = match document.reads_particles {
        true => Some(content(state, run, PARTICLES_FILE).await?),
        false => None,
    };
    let mut besides = Vec::with_capacity(document.reads_besides.len());
    for file in document.reads_besides {
        besides.push((*file, content(state, run, file).await?));
    }
    Ok(StoredRun {
        mission: mission.id,
        run: run.id,
        spec: mission.spec.clone(),
        summary: run.summary.clone(),
        areas,
        centroid: content(state, run, CENTROID_FILE).await?,
        particles,
        besides,
    })
}

async fn content(state: &AppState, run: &Run, file: &str) -> Result<Bytes, Error> {
    let read = state.files.read(run.mission, run.id, file).await;
    let read = read.map_err(|error| broken(run, file, error))?;
    read.ok_or_else(|| broken(run, file, "it is listed and missing"))
}

//! What the routes lean on: the database, the compute pool, and the seams that the server fills in (result files,
//! checks of a new mission, the forcing catalogue, forcing for maps, the page).

use std::ops::Range;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use driftline_auth_billing::{Auth, Outbound};
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_database::Database;
use driftline_domain::{BBox, ForcingKind, MissionId, MissionSpec, OrgId, RunId, RunTime, ValidTime, Violation};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use http::HeaderMap;
use tokio::sync::{broadcast, watch};

use crate::cycle_objects::CycleObjects;
use crate::features::{FileCache, HoldingsCache};
use crate::forcing_fields::ForcingFields;
use crate::forcing_maps::ForcingMaps;
use crate::health::Health;
use crate::links::PublicBase;
use crate::maps::MapPlaces;
use crate::missions::{CompletedMissions, DocumentMakers, EventStreams};
use crate::processes::EchoJobs;
use crate::provider::Provider;
use crate::runs::RunCache;
use crate::written::WrittenDocuments;

/// Why a seam gave no answer: a sentence for the log, never for the client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SeamError(pub String);

/// A file being read.
pub struct FileStream {
    /// Its length in bytes.
    pub size: u64,
    /// Its bytes in order.
    pub chunks: BoxStream<'static, Result<Bytes, SeamError>>,
}

/// Files of published runs; they never change. Documents made of them later come beside them.
pub trait RunFiles: Send + Sync {
    /// The whole file; `None` when the run has no such file.
    fn read<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>>;

    /// Keeps a document of a published run durably, unless it is kept already.
    fn keep<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<(), SeamError>>;

    /// Removes everything of a withdrawn mission.
    fn remove(&self, mission: MissionId) -> BoxFuture<'_, Result<(), SeamError>>;

    /// The file in pieces, for downloads; unless overridden the whole file in one piece.
    fn stream<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<FileStream>, SeamError>> {
        Box::pin(async move {
            let whole = self.read(mission, run, file).await?;
            Ok(whole.map(|bytes| FileStream {
                size: bytes.len() as u64,
                chunks: Box::pin(stream::iter([Ok(bytes)])),
            }))
        })
    }

    /// The file's length in bytes; unless overridden learned by opening it.
    fn size<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
    ) -> BoxFuture<'a, Result<Option<u64>, SeamError>> {
        Box::pin(async move { Ok(self.stream(mission, run, file).await?.map(|stream| stream.size)) })
    }

    /// These bytes of the file, which has them; unless overridden cut from the whole.
    fn read_range<'a>(
        &'a self,
        mission: MissionId,
        run: RunId,
        file: &'a str,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        Box::pin(async move {
            let Some(whole) = self.read(mission, run, file).await? else {
                return Ok(None);
            };
            let (start, end) = (range.start as usize, range.end as usize);
            if start > end || end > whole.len() {
                return Err(SeamError(format!("bytes {range:?} of {} in {file}", whole.len())));
            }
            Ok(Some(whole.slice(start..end)))
        })
    }
}

/// Why a mission is not taken in.
#[derive(Debug)]
pub enum IntakeError {
    /// It cannot be answered: for example outside all forcing.
    Violations(Vec<Violation>),
    /// The checks themselves could not be made.
    Unavailable(SeamError),
}

/// Checks of a new mission against what is there: forcing coverage, the coast.
pub trait MissionIntake: Send + Sync {
    /// Warnings for the sender, such as a position on land.
    fn validate<'a>(&'a self, org: OrgId, spec: &'a MissionSpec) -> BoxFuture<'a, Result<Vec<String>, IntakeError>>;
}

/// Where and when coverage is asked for; `None` is everywhere or always.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CoverageQuestion {
    /// The box.
    pub bbox: Option<BBox>,
    /// First instant.
    pub from: Option<ValidTime>,
    /// Last instant.
    pub until: Option<ValidTime>,
}

/// Which published cycles are asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetQuestion {
    /// Where and when.
    pub coverage: CoverageQuestion,
    /// Only cycles with one of these kinds of field; every kind where it is empty.
    pub kinds: Vec<ForcingKind>,
    /// Only this feed.
    pub feed: Option<String>,
}

/// The forcing catalogue, as JSON that is passed through.
pub trait ForcingCatalog: Send + Sync {
    /// The feeds and their newest cycles.
    fn feeds(&self) -> BoxFuture<'_, Result<serde_json::Value, SeamError>>;
    /// What covers a box and a time.
    fn coverage(&self, question: CoverageQuestion) -> BoxFuture<'_, Result<serde_json::Value, SeamError>>;
    /// The cycles that match.
    fn datasets(&self, question: DatasetQuestion) -> BoxFuture<'_, Result<serde_json::Value, SeamError>>;
    /// The manifest of one revision of a cycle; `None` where there is none.
    fn manifest<'a>(
        &'a self,
        feed: &'a str,
        run: RunTime,
        revision: u32,
    ) -> BoxFuture<'a, Result<Option<serde_json::Value>, SeamError>>;
    /// Whether the catalogue can be read, for `/ready`.
    fn check(&self) -> BoxFuture<'_, Result<(), SeamError>>;
}

/// What a part of the installation says of itself, for `/ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// It works.
    Well,
    /// It does not, or not as it should; what hangs on it waits or is refused, everything else is served.
    Degraded,
}

/// What the routes cannot see of the process and what it leans on, for `/ready`.
pub trait Readiness: Send + Sync {
    /// Whether the process has been told to end: it answers still, and nothing more should be sent to it.
    fn is_draining(&self) -> bool;
    /// Parts by name, beside the database and the catalogue.
    fn parts(&self) -> BoxFuture<'_, Vec<(&'static str, PartState)>>;
}

/// Answers `/` with the page for people, from the headers of a request that takes HTML.
pub type Page = Arc<dyn Fn(&HeaderMap) -> Response + Send + Sync>;

/// Everything that the routes are built from.
pub struct Parts {
    /// Who is calling, where a route finds out by itself.
    pub auth: Auth,
    /// Missions, runs and features.
    pub database: Database,
    /// Where Parquet pages are decoded.
    pub compute: Compute,
    /// The coast that missions are computed with, for pictures of their runs.
    pub coast: Arc<Coast>,
    /// Files of runs.
    pub files: Arc<dyn RunFiles>,
    /// Checks of new missions.
    pub intake: Arc<dyn MissionIntake>,
    /// Feeds and coverage.
    pub forcing: Arc<dyn ForcingCatalog>,
    /// Forcing for maps.
    pub maps: Arc<dyn ForcingMaps>,
    /// Test layers of the OGC conformance suites, where the operator has some.
    pub blue_lake: Option<crate::BlueLake>,
    /// Values of forcing.
    pub fields: Arc<dyn ForcingFields>,
    /// The Zarr stores of published cycles.
    pub cycle_objects: Arc<dyn CycleObjects>,
    /// The page at `/`; without one everybody gets the JSON document there.
    pub page: Option<Page>,
    /// "Something about this mission changed": sent by the worker, and by this crate when one is created or withdrawn.
    pub changes: broadcast::Sender<(OrgId, MissionId)>,
    /// Who runs the service.
    pub provider: Provider,
    /// What asks addresses that customers name.
    pub outbound: Outbound,
    /// What links begin with.
    pub public_base: PublicBase,
    /// What `/ready` tells beside the database and the catalogue.
    pub readiness: Arc<dyn Readiness>,
    /// Turns true when the process is to end: event streams end then.
    pub shutdown: watch::Receiver<bool>,
}

/// What handlers see; clones share it.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) holdings: HoldingsCache,
    pub(crate) file_cache: FileCache,
    pub(crate) runs: RunCache,
    pub(crate) map_places: MapPlaces,
    pub(crate) event_streams: EventStreams,
    pub(crate) documents: DocumentMakers,
    pub(crate) echo_jobs: EchoJobs,
    pub(crate) health: Health,
    pub(crate) written: WrittenDocuments,
    pub(crate) completed: CompletedMissions,
}

impl AppState {
    /// The state of one server.
    pub fn new(parts: Parts) -> Self {
        let map_places = MapPlaces::on(parts.compute.threads());
        Self(Arc::new(Inner {
            parts,
            holdings: HoldingsCache::default(),
            file_cache: FileCache::default(),
            runs: RunCache::default(),
            map_places,
            event_streams: EventStreams::default(),
            documents: DocumentMakers::default(),
            echo_jobs: EchoJobs::default(),
            health: Health::default(),
            written: WrittenDocuments::default(),
            completed: CompletedMissions::default(),
        }))
    }

    pub(crate) fn holdings(&self) -> &HoldingsCache {
        &self.0.holdings
    }

    pub(crate) fn file_cache(&self) -> &FileCache {
        &self.0.file_cache
    }

    pub(crate) fn runs(&self) -> &RunCache {
        &self.0.runs
    }

    pub(crate) fn map_places(&self) -> &MapPlaces {
        &self.0.map_places
    }

    pub(crate) fn event_streams(&self) -> &EventStreams {
        &self.0.event_streams
    }

    pub(crate) fn documents(&self) -> &DocumentMakers {
        &self.0.documents
    }

    pub(crate) fn echo_jobs(&self) -> &EchoJobs {
        &self.0.echo_jobs
    }

    pub(crate) fn written(&self) -> &WrittenDocuments {
        &self.0.written
    }

    pub(crate) fn completed(&self) -> &CompletedMissions {
        &self.0.completed
    }

    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

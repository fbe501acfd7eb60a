//! A service of two organisations, and a client for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use bytes::Bytes;
use driftline_auth_billing::{
    Auth, Identity, IdentitySettings, MapLinks, MasterKey, Outbound, Scopes, access_log, create_key, system_clock,
};
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_database::{Database, Mission, MissionCreation, NewMission, NewRun, Run, Work};
use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId, RunId, RunTime, Violation};
use driftline_ogc_api::{
    AppState, BlueLake, CoverageQuestion, CycleObjects, DatasetQuestion, ForcingCatalog, ForcingFields, ForcingMaps,
    IntakeError, MissionIntake, PartState, Parts, Provider, PublicBase, Readiness, RunFiles, SeamError, router,
};
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tower::ServiceExt;

use crate::content::T0_S;
use crate::forcing::TestForcing;

/// Files of runs in memory, and the missions whose files were removed.
#[derive(Default)]
pub(crate) struct MemoryFiles(
    pub(crate) Mutex<HashMap<(RunId, String), Bytes>>,
    pub(crate) Mutex<Vec<MissionId>>,
);

impl RunFiles for MemoryFiles {
    fn read<'a>(&'a self, _: MissionId, run: RunId, file: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, SeamError>> {
        let found = self.0.lock().unwrap().get(&(run, file.to_owned())).cloned();
        assert_ne!(found.as_deref(), Some(&b"panic"[..]), "on purpose");
        Box::pin(async move { Ok(found) })
    }

    fn keep<'a>(
        &'a self,
        _: MissionId,
        run: RunId,
        file: &'a str,
        bytes: Bytes,
    ) -> BoxFuture<'a, Result<(), SeamError>> {
        let before = self.0.lock().unwrap().insert((run, file.to_owned()), bytes);
        assert_eq!(before, None, "{file} is made twice");
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, mission: MissionId) -> BoxFuture<'_, Result<(), SeamError>> {
        self.1.lock().unwrap().push(mission);
        Box::pin(async { Ok(()) })
    }
}

/// Refuses what lies south of 40 degrees as outside all forcing, and warns of what lies at exactly 60.
#[derive(Default)]
struct NorthernIntake {
    forcing_gone: Arc<AtomicBool>,
}

impl MissionIntake for NorthernIntake {
    fn validate<'a>(&'a self, _: OrgId, spec: &'a MissionSpec) -> BoxFuture<'a, Result<Vec<String>, IntakeError>> {
        let lat = spec.position.lat_deg();
        let gone = self.forcing_gone.load(Ordering::Relaxed);
        Box::pin(async move {
            if lat < 40.0 || gone {
                let message = "no forcing covers this place; covered is everything north of 40 degrees";
                return Err(IntakeError::Violations(vec![Violation::new(
                    "last_known_lat",
                    "no_forcing",
                    message,
                )]));
            }
            Ok(if lat == 60.0 {
                vec!["the position is on land".to_owned()]
            } else {
                Vec::new()
            })
        })
    }
}

/// What `/ready` is told; tests change it.
#[derive(Default)]
pub(crate) struct TestReadiness {
    pub(crate) is_draining: AtomicBool,
    pub(crate) is_degraded: AtomicBool,
}

impl Readiness for TestReadiness {
    fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    fn parts(&self) -> BoxFuture<'_, Vec<(&'static str, PartState)>> {
        let state = if self.is_degraded.load(Ordering::Relaxed) {
            PartState::Degraded
        } else {
            PartState::Well
        };
        Box::pin(async move { vec![("usage_log", state)] })
    }
}

struct FixedCatalog;

/// Three cycles of one feed, six hours apart, the last one across the antimeridian.
fn cycles(question: &DatasetQuestion) -> Vec<Value> {
    let cycle = |number: i64| {
        let run = RunTime::from_unix_s(T0_S + 6 * 3600 * number).unwrap();
        let times: Vec<String> = (0..3)
            .map(|hour| crate::forcing::time(6 * number + hour).to_string())
            .collect();
        let (west, east) = if number == 2 { (170.0, -170.0) } else { (0.0, 10.0) };
        let bbox = json!({"west": west, "south": 55.0, "east": east, "north": 65.0});
        json!({
            "feed": "norkyst", "run": run, "revision": 1, "published_at": run, "bytes": 1_000,
            "series": [{
                "kind": "current", "variables": ["x_current", "y_current"], "bbox": bbox, "times": times,
                "attribution": "Data from MET Norway", "zarr": "forcing/norkyst/current",
            }],
        })
    };
    let is_asked = question.feed.as_deref().is_none_or(|feed| feed == "norkyst");
    if is_asked {
        (0..3).map(cycle).collect()
    } else {
        Vec::new()
    }
}

impl ForcingCatalog for FixedCatalog {
    fn feeds(&self) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(async { Ok(json!({"feeds": [{"name": "norkyst"}]})) })
    }
    fn coverage(&self, question: CoverageQuestion) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(async move { Ok(json!({"bbox": question.bbox, "from": question.from, "until": question.until})) })
    }
    fn datasets(&self, question: DatasetQuestion) -> BoxFuture<'_, Result<Value, SeamError>> {
        Box::pin(
            async move { Ok(json!({"feed": question.feed, "kinds": question.kinds, "cycles": cycles(&question)})) },
        )
    }
    fn manifest<'a>(
        &'a self,
        feed: &'a str,
        run: RunTime,
        revision: u32,
    ) -> BoxFuture<'a, Result<Option<Value>, SeamError>> {
        let known = feed == "norkyst" && revision == 1;
        Box::pin(async move { Ok(known.then(|| json!({"feed": feed, "run": run, "revision": revision}))) })
    }
    fn check(&self) -> BoxFuture<'_, Result<(), SeamError>> {
        Box::pin(async { Err(SeamError("the folder /secret/place is gone".to_owned())) })
    }
}

/// An organisation and its key.
pub(crate) struct Tenant {
    pub(crate) org: OrgId,
    pub(crate) key_id: KeyId,
    pub(crate) key: String,
}

pub(crate) struct Service {
    pub(crate) identity: Option<Identity>,
    pub(crate) database: Database,
    pub(crate) files: Arc<MemoryFiles>,
    pub(crate) forcing_gone: Arc<AtomicBool>,
    pub(crate) maps: Arc<TestForcing>,
    pub(crate) changes: broadcast::Sender<(OrgId, MissionId)>,
    pub(crate) shutdown: watch::Sender<bool>,
    pub(crate) readiness: Arc<TestReadiness>,
    pub(crate) router: Router,
    pub(crate) ours: Tenant,
    pub(crate) theirs: Tenant,
    _folder: tempfile::TempDir,
    _home: crate::databases::Home,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) const BASE: &str = "https://sar.example.org/drift";

impl Service {
    pub(crate) async fn start() -> Self {
        Self::start_at(BASE).await
    }

    pub(crate) async fn start_at(base: &str) -> Self {
        Self::start_with(base, None).await
    }

    /// With accounts: people log in and act by their roles.
    pub(crate) async fn start_with_people() -> Self {
        Self::build(BASE, None, true).await
    }

    /// With test layers of conformance suites.
    pub(crate) async fn start_with(base: &str, blue_lake: Option<BlueLake>) -> Self {
        Self::build(base, blue_lake, false).await
    }

    async fn build(base: &str, blue_lake: Option<BlueLake>, has_people: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, home) = crate::databases::fresh(folder.path()).await;
        let files = Arc::new(MemoryFiles::default());
        let forcing_gone = Arc::new(AtomicBool::new(false));
        let maps = Arc::new(TestForcing::default());
        let (changes, _) = broadcast::channel(16);
        let (shutdown, shutdown_seen) = watch::channel(false);
        let readiness = Arc::new(TestReadiness::default());
        let identity = match has_people {
            true => Some(open_accounts(&database).await),
            false => None,
        };
        let auth = match &identity {
            Some(identity) => Auth::with_people(database.clone(), system_clock(), identity.clone()),
            None => Auth::new(database.clone(), system_clock()),
        };
        let state = AppState::new(Parts {
            auth: auth.clone(),
            database: database.clone(),
            compute: Compute::new(2).unwrap(),
            coast: Arc::new(Coast::embedded().unwrap()),
            files: Arc::clone(&files) as Arc<dyn RunFiles>,
            intake: Arc::new(NorthernIntake {
                forcing_gone: Arc::clone(&forcing_gone),
            }),
            forcing: Arc::new(FixedCatalog),
            maps: Arc::clone(&maps) as Arc<dyn ForcingMaps>,
            blue_lake,
            fields: Arc::clone(&maps) as Arc<dyn ForcingFields>,
            cycle_objects: Arc::clone(&maps) as Arc<dyn CycleObjects>,
            page: Some(Arc::new(|_| {
                Html("<!DOCTYPE html><title>Driftline</title>").into_response()
            })),
            changes: changes.clone(),
            provider: Provider {
                name: "Rescue & Co".to_owned(),
                site: "https://rescue.example.org".to_owned(),
                phone: "+47 00 00 00 00".to_owned(),
                email: "duty@rescue.example.org".to_owned(),
            },
            outbound: Outbound::new(&["127.0.0.1".to_owned()]).unwrap(),
            public_base: PublicBase::new(base).unwrap(),
            readiness: Arc::clone(&readiness) as Arc<dyn Readiness>,
            shutdown: shutdown_seen,
        });
        tokio::spawn(driftline_ogc_api::deliver_callbacks(state.clone()));
        let public_base = PublicBase::new(base).unwrap();
        let map_links = MapLinks {
            public_url: Arc::new(move |headers, uri| Ok(public_base.for_request(headers, uri)?)),
            tilesets: &["particles", "probability"],
        };
        let accounts = driftline_auth_billing::router(&auth, map_links);
        let pages = Router::new().route("/assets/app.js", get(|| async { "let x;" }));
        let (accounts, pages) = match &identity {
            Some(identity) => (
                accounts.merge(identity.own_routes()),
                pages.merge(identity.open_routes()),
            ),
            None => (accounts, pages),
        };
        let router = router(state, accounts, pages, |tenant_routes| {
            auth.wrap(tenant_routes.layer(axum::middleware::map_response(show_bill)))
        });
        let ours = tenant(&database, "Rescue North").await;
        let theirs = tenant(&database, "Rescue South").await;
        Self {
            router: access_log(router),
            identity,
            database,
            files,
            forcing_gone,
            maps,
            changes,
            shutdown,
            readiness,
            ours,
            theirs,
            _folder: folder,
            _home: home,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 28).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// A GET with our key in the header.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &self.ours.key, &[]).await
    }

    /// A GET without any header.
    pub(crate) async fn ask_without_key(&self, path: &str) -> Answer {
        self.send(Request::builder().uri(path).body(Body::empty()).unwrap())
            .await
    }

    /// A request without a body.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("x-api-key", key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A POST of JSON with this key.
    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &str) -> Answer {
        self.post_with(key, path, body, &[]).await
    }

    /// A POST with our key and this media type.
    pub(crate) async fn post_typed(&self, path: &str, body: &str, media_type: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("x-api-key", &self.ours.key)
            .header("content-type", media_type);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A key of our organisation with these scopes.
    pub(crate) async fn key_with(&self, scopes: &str) -> String {
        let scopes: Scopes = scopes.parse().unwrap();
        let made = create_key(&self.database, self.ours.org, "test", &scopes, None, Timestamp::now()).await;
        made.unwrap().0.expose().to_owned()
    }

    /// A POST of JSON with our key in the header.
    pub(crate) async fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        self.post_with(&self.ours.key, path, body, headers).await
    }

    /// A POST of JSON with this key and these headers.
    pub(crate) async fn post_with(&self, key: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("x-api-key", key)
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Accepts a mission without going over HTTP.
    pub(crate) async fn accept(&self, tenant: &Tenant) -> Mission {
        let new = NewMission {
            id: MissionId::generate(),
            org: tenant.org,
            created_by: tenant.key_id,
            spec: MissionSpec::from_json(&mission_body()).unwrap(),
            warnings: Vec::new(),
            idempotency: None,
            created_at: Timestamp::now(),
        };
        match self.database.create_mission(new).await.unwrap() {
            MissionCreation::Created(mission) => mission,
            other => panic!("{other:?}"),
        }
    }

    /// Leases the one waiting job and publishes this run for it.
    pub(crate) async fn complete(&self, run: NewRun) -> Run {
        let (lease, now) = (Duration::from_secs(60), Timestamp::now());
        let job = self
            .database
            .lease_job("test", Work::All, lease, now)
            .await
            .unwrap()
            .unwrap();
        let published = self.database.complete_job(job.job, job.token, run, "test", now).await;
        published.unwrap().unwrap()
    }
}

async fn open_accounts(database: &Database) -> Identity {
    let settings = IdentitySettings::default();
    let master = MasterKey::generate().unwrap();
    let opened = Identity::open(database.clone(), system_clock(), settings, &master).await;
    opened.unwrap()
}

/// A body that every check accepts.
pub(crate) fn mission_body() -> Value {
    json!({
        "name": "Kutter \"Ål\"", "last_known_lat": 61.5, "last_known_lon": 4.0,
        "last_known_time": "2015-11-16T06:00:00Z", "object_type": "PIW-1", "forecast_hours": 12
    })
}

/// Shows a handler's mark as a header, so that tests can see it; the exact meter is tested where it lives.
async fn show_bill(mut response: axum::response::Response) -> axum::response::Response {
    if let Some(bill) = response.extensions().get::<driftline_auth_billing::Billable>() {
        let text = format!("{} {} {}", bill.meter, bill.units, bill.distress);
        response.headers_mut().insert("x-test-bill", text.parse().unwrap());
    }
    response
}

async fn tenant(database: &Database, name: &str) -> Tenant {
    let now = Timestamp::now();
    let org = database.create_organisation(name, now).await.unwrap().id;
    let (secret, row) = create_key(database, org, "test", &Scopes::all(), None, now)
        .await
        .unwrap();
    Tenant {
        org,
        key_id: row.id,
        key: secret.expose().to_owned(),
    }
}

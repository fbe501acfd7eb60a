//! The layers around a router, in process: every form of credential, scopes, tenants, the meter and the access log.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which tell what they counted"
)]

mod accounts;
mod billing;
mod credentials;
mod key_bounds;
mod kill;
mod kill_answers;
mod limits;
mod limits_shared;
mod links;
mod metering;
mod pages;
mod people;
mod public_keys;
mod quotas;
mod share_links;
mod usage_records;

#[path = "../../../tests/services/database.rs"]
mod database;
#[path = "../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../tests/services/service.rs"]
mod service;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use driftline_auth_billing::{
    AllowedOrigins, Auth, Billable, Caller, Clock, Cors, KeyText, LimitSettings, Limits, MapLinks, Metering,
    MissionAdmission, Networks, Peer, Problem, Quotas, Scope, Scopes, TrustedProxies, UsageLog, UsageSettings,
    UsageTasks, access_log, create_key, create_publishable_key, path_keys, router,
};
use driftline_database::{Database, MissionCreation, NewMission};
use driftline_domain::{KeyId, MissionId, MissionSpec, OBJECT_CLASSES, OrgId};
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use tower::ServiceExt;

/// A service with two organisations, a clock that tests own, and routes of every kind.
pub(crate) struct Service {
    pub(crate) folder: tempfile::TempDir,
    _home: database::Home,
    pub(crate) database: Database,
    pub(crate) router: Router,
    pub(crate) quotas: Quotas,
    tasks: Option<UsageTasks>,
    pub(crate) now_s: Arc<AtomicI64>,
    pub(crate) org: OrgId,
    pub(crate) key: KeyText,
    pub(crate) key_id: KeyId,
}

pub(crate) const START_S: i64 = 1_767_225_600;
/// The public base.
pub(crate) const BASE: &str = "https://sar.example.org/drift";
/// The origin in the settings.
pub(crate) const DESK: &str = "https://desk.example.org";

/// What every test of this program logs, as lines of JSON.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What holds on one engine holds on the other. Left out: tests that choose an engine themselves.
#[test]
fn all_of_it_again_on_a_server() {
    database::again_on_a_server("", &["on_server", "billing::", "kill", "limits_shared"]);
}

pub(crate) fn logged() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

pub(crate) async fn service() -> Service {
    service_with(LimitSettings::default()).await
}

pub(crate) async fn service_with(settings: LimitSettings) -> Service {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Log).init());
    let folder = tempfile::tempdir().unwrap();
    let (database, home) = database::fresh(folder.path()).await;
    let now_s = Arc::new(AtomicI64::new(START_S));
    let ticking = Arc::clone(&now_s);
    let clock: Clock = Arc::new(move || Timestamp::from_second(ticking.load(Ordering::SeqCst)).unwrap());
    let org = database.create_organisation("Coastguard", clock()).await.unwrap().id;
    let (key, row) = create_key(&database, org, "desk", &Scopes::all(), None, clock())
        .await
        .unwrap();
    let (log, tasks) = UsageLog::open(
        &folder.path().join("usage"),
        "node-1",
        database.clone(),
        Arc::clone(&clock),
        UsageSettings::default(),
    )
    .await
    .unwrap();
    let auth = Auth::new(database.clone(), Arc::clone(&clock));
    let quotas = Quotas::open(database.clone(), Arc::clone(&clock)).await.unwrap();
    let limits = Limits::new(settings, clock, None, Some(quotas.clone()));
    let map_links = MapLinks {
        public_url: Arc::new(|_, _| Ok(BASE.to_owned())),
        tilesets: &["particles", "probability"],
    };
    let private = routes().merge(router(&auth, map_links));
    let public = Router::new().route("/health", get(|| async { "ok" }));
    let metering = Metering::new(log).with_quotas(quotas.clone());
    let whole = public.merge(auth.wrap(limits.wrap(metering.wrap(private))));
    let cors = Cors::new(&auth, &[DESK.to_owned()]).unwrap();
    let proxies = TrustedProxies::new(Networks::parse(["127.0.0.1"]).unwrap());
    let router = access_log(limits.around(path_keys(cors.wrap(whole), "/drift"), proxies));
    Service {
        folder,
        _home: home,
        database,
        router,
        quotas,
        tasks: Some(tasks),
        now_s,
        org,
        key,
        key_id: row.id,
    }
}

fn billable(status: StatusCode, distress: bool) -> Response {
    let mut response = Response::new(Body::from("data"));
    *response.status_mut() = status;
    response.extensions_mut().insert(Billable {
        meter: "features",
        units: 3,
        distress,
    });
    response
}

fn routes() -> Router {
    let whoami = |caller: Caller| async move {
        let link = caller.carry.apply("https://example.org/wms?service=WMS");
        Json(serde_json::json!({"org": caller.org, "name": &*caller.org_name, "link": link}))
    };
    let write = |caller: Caller| async move { caller.require(Scope::MissionsWrite).map(|()| "written") };
    let billed = |request: Request| async move {
        let path = request.uri().path();
        let status = path
            .rsplit('/')
            .next()
            .and_then(|word| word.parse::<u16>().ok())
            .unwrap();
        billable(StatusCode::from_u16(status).unwrap(), path.contains("distress"))
    };
    let map = |caller: Caller, uri: http::Uri| async move {
        caller.require(Scope::FeaturesRead)?;
        let link = format!("{BASE}{}{}?a=1", caller.carry.path_prefix(), uri.path());
        let body = serde_json::json!({"link": caller.carry.apply(&link), "limited_to": caller.limited_to.as_deref()});
        let cached = [(http::header::CACHE_CONTROL, "public, max-age=31536000")];
        let mut response = (cached, Json(body)).into_response();
        response.extensions_mut().insert(Billable {
            meter: "tile",
            units: 1,
            distress: uri.query() == Some("distress"),
        });
        Ok::<_, Problem>(response)
    };
    let mission = |Extension(admission): Extension<MissionAdmission>, caller: Caller, body: String| async move {
        let (is_distress, hours) = body.split_once(' ').unwrap();
        let admitted = admission.admit(caller.key, is_distress == "distress", hours.parse().unwrap());
        admitted.await.map(|()| StatusCode::ACCEPTED)
    };
    Router::new()
        .route("/whoami", get(whoami))
        .route("/wms", axum::routing::any(map))
        .route("/missions/{mission_id}/{*rest}", axum::routing::any(map))
        .route("/write", get(write))
        .route("/billed/{status}", axum::routing::any(billed))
        .route("/v1/missions", axum::routing::post(mission))
        .route("/v1/missions/{mission_id}", axum::routing::any(map))
        .route("/distress/{status}", get(billed))
        .route(
            "/broken",
            get(|| async { Problem::internal(&std::io::Error::other("secret cause")) }),
        )
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn charge(&self) -> Option<&str> {
        self.headers.get("x-charge-units").map(|value| value.to_str().unwrap())
    }
}

/// Status, code and sentence of a problem.
pub(crate) fn refusal(answer: &Answer) -> (u16, String, String) {
    let problem = answer.json();
    let text = |name: &str| problem[name].as_str().unwrap().to_owned();
    (answer.status.as_u16(), text("code"), text("detail"))
}

/// A mission of 6,000 particle-hours.
pub(crate) fn mission_spec(is_distress: bool) -> MissionSpec {
    let spec = serde_json::json!({
        "name": "x", "description": null, "position": {"lat": 60.0, "lon": 4.0}, "time": "2026-01-01T00:00:00Z",
        "object": OBJECT_CLASSES[0].key, "radius_m": 100.0, "forecast_hours": 6, "ensemble_size": 1000,
        "priority": "normal", "distress": is_distress, "mode": "operational", "step_s": 600, "output_interval_s": 3600,
        "seed": null, "forcing": [], "current_error": null
    });
    serde_json::from_value(spec).unwrap()
}

impl Service {
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, request: Request) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
        }
    }

    /// GET from this address with these headers.
    pub(crate) async fn get_from(&self, ip: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let address = std::net::SocketAddr::new(ip.parse().unwrap(), 4711);
        request.extensions_mut().insert(Peer(address));
        self.ask(request).await
    }

    /// Ends the usage log under the running router, with everything in the ledger.
    pub(crate) async fn shut(&mut self) {
        self.tasks.take().unwrap().shutdown().await.unwrap();
    }

    /// GET with the organisation's key.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("x-api-key", self.key.expose())]).await
    }

    pub(crate) async fn another_key(&self, scopes: &str, expires: Option<Timestamp>) -> (KeyText, KeyId) {
        let scopes = scopes.parse().unwrap();
        let now = Timestamp::from_second(START_S).unwrap();
        let (key, row) = create_key(&self.database, self.org, "other", &scopes, expires, now)
            .await
            .unwrap();
        (key, row.id)
    }

    /// A key of our organisation for pages of these origins.
    pub(crate) async fn publishable(&self, origins: &[&str]) -> (String, KeyId) {
        let origins = AllowedOrigins::parse(origins.iter().copied()).unwrap();
        let now = Timestamp::from_second(START_S).unwrap();
        let (key, row) = create_publishable_key(&self.database, self.org, "page", &origins, None, now)
            .await
            .unwrap();
        (key.expose().to_owned(), row.id)
    }

    /// An accepted mission of an organisation.
    pub(crate) async fn mission(&self, org: OrgId) -> MissionId {
        self.mission_of(org, false).await
    }

    async fn mission_of(&self, org: OrgId, is_distress: bool) -> MissionId {
        let new = NewMission {
            id: MissionId::generate(),
            org,
            created_by: self.key_id,
            spec: mission_spec(is_distress),
            warnings: Vec::new(),
            idempotency: None,
            created_at: Timestamp::from_second(START_S).unwrap(),
        };
        match self.database.create_mission(new).await.unwrap() {
            MissionCreation::Created(mission) => mission.id,
            other => panic!("{other:?}"),
        }
    }

    /// An accepted mission in distress of our organisation.
    pub(crate) async fn mission_in_distress(&self) -> MissionId {
        self.mission_of(self.org, true).await
    }

    /// POST of text with this key.
    pub(crate) async fn send_text(&self, path: &str, key: &str, text: &str) -> Answer {
        let request = Request::post(path).header("x-api-key", key);
        self.ask(request.body(Body::from(text.to_owned())).unwrap()).await
    }

    /// POST of JSON with this key.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request
            .header("content-type", "application/json")
            .header("x-api-key", key);
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

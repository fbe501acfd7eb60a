//! The layers around a router, in process: every form of credential, scopes, tenants, the meter and the access log.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod accounts;
mod credentials;
mod kill;
mod metering;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use driftline_auth_billing::{
    Auth, Billable, Caller, Clock, Metering, Problem, Scope, Scopes, SecretKey, UsageLog, UsageSettings, UsageTasks,
    access_log, create_key, router,
};
use driftline_database::Database;
use driftline_domain::{KeyId, OrgId};
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
    pub(crate) database: Database,
    pub(crate) router: Router,
    tasks: Option<UsageTasks>,
    pub(crate) now_s: Arc<AtomicI64>,
    pub(crate) org: OrgId,
    pub(crate) key: SecretKey,
    pub(crate) key_id: KeyId,
}

pub(crate) const START_S: i64 = 1_767_225_600;

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

pub(crate) fn logged() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

pub(crate) async fn service() -> Service {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Log).init());
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
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
    let private = routes().merge(router(database.clone(), clock));
    let public = Router::new().route("/health", get(|| async { "ok" }));
    let router = access_log(public.merge(auth.wrap(Metering::new(log).wrap(private))));
    Service {
        folder,
        database,
        router,
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
    Router::new()
        .route("/whoami", get(whoami))
        .route("/write", get(write))
        .route("/billed/{status}", axum::routing::any(billed))
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

impl Service {
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
        }
    }

    /// Ends the usage log under the running router, with everything in the ledger.
    pub(crate) async fn shut(&mut self) {
        self.tasks.take().unwrap().shutdown().await.unwrap();
    }

    /// GET with the organisation's key.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("x-api-key", self.key.expose())]).await
    }

    pub(crate) async fn another_key(&self, scopes: &str, expires: Option<Timestamp>) -> (SecretKey, KeyId) {
        let scopes = scopes.parse().unwrap();
        let now = Timestamp::from_second(START_S).unwrap();
        let (key, row) = create_key(&self.database, self.org, "other", &scopes, expires, now)
            .await
            .unwrap();
        (key, row.id)
    }
}

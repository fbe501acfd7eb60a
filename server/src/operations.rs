//! What a process answers to operators that serves nothing else: whether it is well, whether it works, and its metrics.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use driftline_auth_billing::{Auth, TrustedProxies, access_log, chain, system_clock};
use driftline_database::Database;
use driftline_ogc_api::{PartState, Readiness};
use http::StatusCode;
use serde_json::json;
use tokio::time::timeout;

use crate::metrics::{self, Watched};
use crate::readiness::ServiceReadiness;

/// A database that takes longer counts as not there.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Ground {
    database: Database,
    readiness: Arc<ServiceReadiness>,
}

/// `/health`, `/ready` and `/metrics`.
pub(crate) fn routes(
    database: &Database,
    readiness: Arc<ServiceReadiness>,
    watched: Watched,
    proxies: TrustedProxies,
) -> Router {
    let auth = Auth::new(database.clone(), system_clock());
    let ground = Ground {
        database: database.clone(),
        readiness,
    };
    let own = Router::new()
        // Work goes on from the queue by itself when the database is back: no reason for a restart.
        .route("/health", get(|| async { axum::Json(json!({"status": "ok"})) }))
        .route("/ready", get(ready))
        .with_state(ground);
    access_log(proxies.around(own.merge(metrics::routes(&auth, watched))))
}

async fn ready(State(ground): State<Ground>) -> Response {
    let (database, parts) = tokio::join!(timeout(PATIENCE, ground.database.check()), ground.readiness.parts());
    if let Ok(Err(error)) = &database {
        tracing::error!(cause = chain(error), "the database cannot be used");
    }
    let is_up = matches!(database, Ok(Ok(())));
    let is_whole = parts.iter().all(|(_, state)| *state == PartState::Well);
    let (status, word) = match (ground.readiness.is_draining(), is_up, is_whole) {
        (true, _, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, true, false) => (StatusCode::OK, "degraded"),
        (false, true, true) => (StatusCode::OK, "ready"),
    };
    let mut checks = json!({"database": if is_up { "ok" } else { "failed" }});
    for (name, state) in parts {
        checks[name] = json!(if state == PartState::Well { "ok" } else { "degraded" });
    }
    (status, axum::Json(json!({"status": word, "checks": checks}))).into_response()
}

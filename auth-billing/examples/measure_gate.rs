//! What stands in front of an answer costs: processor time of authentication, limits and meter together on an answer that is
//! ready, with 64 callers at once, as the difference to the same router without them. Prints figures and judges none.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not the product")]

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use driftline_auth_billing::{
    Auth, Billable, LimitSettings, Limits, Metering, Quotas, Scopes, UsageLog, UsageSettings, create_key, system_clock,
};
use driftline_database::Database;
use http::Request;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tower::ServiceExt;

const CALLERS: usize = 64;
const EACH: usize = 3_000;
const TILE: &[u8] = &[0; 4_096];

async fn tile() -> Response {
    let mut response = Response::new(Body::from(TILE));
    response.extensions_mut().insert(Billable {
        meter: "tile",
        units: 1,
        distress: false,
    });
    response
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Processor time and time of one answer.
async fn measure(router: &Router, key: &str) -> (Duration, Duration) {
    let (began, before) = (Instant::now(), processor_time());
    let callers = (0..CALLERS).map(|_| {
        let (router, key) = (router.clone(), key.to_owned());
        tokio::spawn(async move {
            for _ in 0..EACH {
                let request = Request::get("/missions/tiles/particles/1/2/3").header("x-api-key", &key);
                let answer = router
                    .clone()
                    .oneshot(request.body(Body::empty()).unwrap())
                    .await
                    .unwrap();
                assert_eq!(answer.status(), 200);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let count = (CALLERS * EACH) as u32;
    ((processor_time() - before) / count, began.elapsed() / count)
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = std::env::temp_dir().join(format!("driftline-gate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let database = Database::open(&folder.join("driftline.sqlite")).await.unwrap();
    let now = Timestamp::now();
    let org = database.create_organisation("Coastguard", now).await.unwrap().id;
    let (key, _) = create_key(&database, org, "desk", &Scopes::all(), None, now)
        .await
        .unwrap();
    let usage = folder.join("usage");
    let opened = UsageLog::open(
        &usage,
        "node-1",
        database.clone(),
        system_clock(),
        UsageSettings::default(),
    );
    let (log, tasks) = opened.await.unwrap();
    let quotas = Quotas::open(database.clone(), system_clock()).await.unwrap();
    let most = 10_000_000;
    let settings = LimitSettings {
        maps: most,
        organisation_maps: most,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, system_clock(), None, Some(quotas.clone()));
    let auth = Auth::new(database, system_clock());
    let bare = || Router::new().route("/missions/tiles/particles/1/2/3", get(tile));
    let metering = Metering::new(log).with_quotas(quotas);
    let routers = [
        ("bare", bare()),
        ("authentication", auth.wrap(bare())),
        ("and limits", auth.wrap(limits.wrap(bare()))),
        ("and meter", auth.wrap(limits.wrap(metering.wrap(bare())))),
    ];
    println!(
        "an answer that is ready, {CALLERS} callers at once, {} requests:",
        CALLERS * EACH
    );
    for (name, router) in &routers {
        // Once to warm up.
        measure(router, key.expose()).await;
        let (processor, wall) = measure(router, key.expose()).await;
        let (processor, wall) = (processor.as_nanos() as f64 / 1e3, wall.as_nanos() as f64 / 1e3);
        println!("  {name:<16} {processor:6.2} us processor time, {wall:6.2} us");
    }
    drop(routers);
    drop(metering);
    tasks.shutdown().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

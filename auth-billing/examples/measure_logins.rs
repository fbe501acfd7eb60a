//! A login storm: 50 logins a second are offered over HTTP for ten seconds while clients go on asking for tiles, each answered
//! behind authentication, limits and meter. Says how many logins succeed, and how long tiles take beside it and without it.
//! Clients and service share this process and its cores. Prints figures and judges none.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not the product")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use driftline_auth_billing::{
    Auth, Billable, ClientAddress, Given, Identity, IdentitySettings, LimitSettings, Limits, MasterKey, Metering,
    NewMember, Quotas, Scopes, UsageLog, UsageSettings, create_key, system_clock,
};
use driftline_database::{Database, Role};
use jiff::Timestamp;
use tokio::time::{interval, sleep};

const PEOPLE: u32 = 40;
const OFFERED_PER_S: u32 = 50;
const WINDOW: Duration = Duration::from_secs(10);
/// Eight connections, each of which asks every 20 ms: 400 tiles a second.
const TILE_CLIENTS: u32 = 8;
const TILE_EVERY: Duration = Duration::from_millis(20);
const PASSWORD: &str = "lantern puffin gneiss";

async fn tile() -> Response {
    let mut response = Response::new(Body::from(&[0; 4_096][..]));
    response.extensions_mut().insert(Billable {
        meter: "tile",
        units: 1,
        distress: false,
    });
    response
}

/// Everybody has an address of their own, as the crew of a coast has.
async fn address(mut request: Request, next: Next) -> Response {
    let last = request.headers().get("x-person").and_then(|value| value.to_str().ok());
    let last: u32 = last.and_then(|text| text.parse().ok()).unwrap_or(0);
    let ip = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + last));
    request.extensions_mut().insert(ClientAddress {
        ip,
        is_forwarded: false,
    });
    next.run(request).await
}

/// The service's address, and the key for tiles.
async fn service(folder: &std::path::Path) -> (SocketAddr, String) {
    let database = Database::open(&folder.join("driftline.sqlite")).await.unwrap();
    let now = Timestamp::now();
    let org = database.create_organisation("Coastguard", now).await.unwrap().id;
    let (key, _) = create_key(&database, org, "desk", &Scopes::all(), None, now)
        .await
        .unwrap();
    let (master, settings) = (MasterKey::generate().unwrap(), IdentitySettings::default());
    let identity = Identity::open(database.clone(), system_clock(), settings, &master)
        .await
        .unwrap();
    for number in 0..PEOPLE {
        let member = NewMember {
            org,
            email: &format!("person{number}@example.org"),
            name: "",
            role: Role::Operator,
            password: Some(Given::Plain(PASSWORD)),
            is_verified: true,
            is_superadmin: false,
        };
        identity.make_member(&member).await.unwrap();
    }
    let usage = folder.join("usage");
    let settings = UsageSettings::default();
    let (log, tasks) = UsageLog::open(&usage, "node-1", database.clone(), system_clock(), settings)
        .await
        .unwrap();
    // The ledger's task lives as long as the process.
    std::mem::forget(tasks);
    let quotas = Quotas::open(database.clone(), system_clock()).await.unwrap();
    let settings = LimitSettings {
        maps: 10_000_000,
        organisation_maps: 10_000_000,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, system_clock(), None, Some(quotas.clone()));
    let auth = Auth::with_people(database, system_clock(), identity.clone());
    let metering = Metering::new(log).with_quotas(quotas);
    let tiles = Router::new().route("/missions/tiles/particles/1/2/3", get(tile));
    let router = identity
        .open_routes()
        .merge(auth.wrap(limits.wrap(metering.wrap(tiles))))
        .layer(from_fn(address));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, key.expose().to_owned())
}

/// How long each tile took, in the window.
async fn tiles(base: Arc<str>, key: Arc<str>) -> Vec<Duration> {
    let clients = (0..TILE_CLIENTS).map(|number| {
        let (base, key) = (Arc::clone(&base), Arc::clone(&key));
        tokio::spawn(async move {
            let client = reqwest::Client::new();
            sleep(TILE_EVERY * number / TILE_CLIENTS).await;
            let mut ticks = interval(TILE_EVERY);
            let began = Instant::now();
            let mut took = Vec::new();
            while began.elapsed() < WINDOW {
                ticks.tick().await;
                let asked = Instant::now();
                let url = format!("{base}/missions/tiles/particles/1/2/3");
                let answer = client.get(url).header("x-api-key", &*key).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.bytes().await.unwrap();
                took.push(asked.elapsed());
            }
            took
        })
    });
    let mut all = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        all.extend(client.await.unwrap());
    }
    all.sort_unstable();
    all
}

/// How long each login that succeeded took, and how many were told to come back.
async fn logins(base: Arc<str>) -> (Vec<Duration>, usize) {
    let client = reqwest::Client::new();
    let mut ticks = interval(Duration::from_secs(1) / OFFERED_PER_S);
    let mut asked = Vec::new();
    let began = Instant::now();
    while began.elapsed() < WINDOW {
        ticks.tick().await;
        let number = asked.len() as u32;
        let (client, base) = (client.clone(), Arc::clone(&base));
        asked.push(tokio::spawn(async move {
            let began = Instant::now();
            let email = format!("person{}@example.org", number % PEOPLE);
            let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
            let request = client.post(format!("{base}/v1/auth/login")).body(body);
            let request = request
                .header("content-type", "application/json")
                .header("x-person", number % PEOPLE + 1);
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            answer.bytes().await.unwrap();
            (status, began.elapsed())
        }));
    }
    let (mut succeeded, mut refused) = (Vec::new(), 0);
    for login in asked {
        match login.await.unwrap() {
            (200, took) => succeeded.push(took),
            (503 | 429, _) => refused += 1,
            (other, _) => println!("  a login was answered with {other}"),
        }
    }
    succeeded.sort_unstable();
    (succeeded, refused)
}

fn part(sorted: &[Duration], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = std::env::temp_dir().join(format!("driftline-logins-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (address, key) = service(&folder).await;
    let (base, key): (Arc<str>, Arc<str>) = (format!("http://{address}").into(), key.into());
    println!("{OFFERED_PER_S} logins a second offered beside 400 tiles a second, {WINDOW:?} each:");
    for round in 1..=3 {
        let quiet = tiles(Arc::clone(&base), Arc::clone(&key)).await;
        let (storm, (succeeded, refused)) =
            tokio::join!(tiles(Arc::clone(&base), Arc::clone(&key)), logins(Arc::clone(&base)));
        println!(
            "  {round}: {:.1} logins/s succeed (median {:.0} ms), {refused} told to come back; tiles p50 {:.2} -> {:.2} ms, \
             p99 {:.2} -> {:.2} ms ({:.2} x)",
            succeeded.len() as f64 / WINDOW.as_secs_f64(),
            part(&succeeded, 0.5),
            part(&quiet, 0.5),
            part(&storm, 0.5),
            part(&quiet, 0.99),
            part(&storm, 0.99),
            part(&storm, 0.99) / part(&quiet, 0.99),
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

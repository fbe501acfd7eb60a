//! Two nodes with one PostgreSQL between them: together they let through what one would.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use driftline_auth_billing::{Auth, Clock, LimitSettings, Limits, Scopes, SharedBuckets, create_key};
use driftline_database::{Database, PostgresSettings};
use http::Request;
use jiff::Timestamp;
use tower::ServiceExt;

use crate::START_S;
use crate::postgres::FreshDatabase;

struct Node {
    router: Router,
    database: Database,
}

impl Node {
    async fn open(server: &FreshDatabase, clock: &Clock) -> Self {
        let settings = PostgresSettings {
            url: server.url().to_owned(),
            connections: 5,
            prepared: true,
        };
        let database = Database::connect(&settings).await.unwrap();
        let rows = Arc::new(database.clone()) as Arc<dyn SharedBuckets>;
        let limits = Limits::new(LimitSettings::default(), Arc::clone(clock), Some(rows), None);
        let auth = Auth::new(database.clone(), Arc::clone(clock));
        let routes = Router::new().route("/whoami", get(|| async { "you" }));
        let router = auth.wrap(limits.wrap(routes));
        Self { router, database }
    }

    /// Whether a request with this key is let through.
    async fn lets_through(&self, key: &str) -> bool {
        let request = Request::get("/whoami").header("x-api-key", key).body(Body::empty());
        let answer = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert!(matches!(answer.status().as_u16(), 200 | 429), "{}", answer.status());
        answer.status() == 200
    }
}

#[tokio::test]
async fn two_nodes_let_through_what_one_would_within_a_tenth_and_never_more() {
    let (_server, nodes, now_us, key) = two_nodes().await;
    let (mut at_once, mut in_a_minute) = (0, 0);
    for _ in 0..1_000 {
        for node in &nodes {
            at_once += i32::from(node.lets_through(&key).await);
        }
    }
    assert!((900..=1_000).contains(&at_once), "{at_once}");
    // A minute of three times what comes back, two thirds of it at the first node.
    for _ in 0..1_000 {
        now_us.fetch_add(60_000, Ordering::SeqCst);
        for node in [&nodes[0], &nodes[1], &nodes[0]] {
            in_a_minute += i32::from(node.lets_through(&key).await);
        }
    }
    println!("{at_once} of 1000 at once, {in_a_minute} of 1000 in a minute");
    let both = at_once + in_a_minute;
    assert!((1_800..=2_000).contains(&both), "{at_once} and {in_a_minute}");
    for node in nodes {
        node.database.close().await;
    }
}

/// Two nodes, the clock of both, and a key.
async fn two_nodes() -> (FreshDatabase, [Node; 2], Arc<AtomicI64>, String) {
    let server = FreshDatabase::create();
    let now_us = Arc::new(AtomicI64::new(START_S * 1_000_000));
    let ticking = Arc::clone(&now_us);
    let clock: Clock = Arc::new(move || Timestamp::from_microsecond(ticking.load(Ordering::SeqCst)).unwrap());
    let nodes = [Node::open(&server, &clock).await, Node::open(&server, &clock).await];
    let database = &nodes[0].database;
    let org = database.create_organisation("Coastguard", clock()).await.unwrap().id;
    let (key, _) = create_key(database, org, "desk", &Scopes::all(), None, clock())
        .await
        .unwrap();
    (server, nodes, now_us, key.expose().to_owned())
}

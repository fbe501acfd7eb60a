//! What operators lean on: names of nodes, and numbers for monitoring.

use std::time::Duration;

use driftline_database::{NodeClaim, Waiting};
use uuid::Uuid;

use crate::{Place, at, run, spec};

on_both_engines! {
    a_name_is_one_living_process,
    the_numbers_are_those_of_the_rows,
}

const SILENT: Duration = Duration::from_secs(30);

fn claim(name: &str, home: u128) -> NodeClaim {
    NodeClaim {
        name: name.to_owned(),
        home: Uuid::from_u128(home),
        process: Uuid::now_v7(),
        roles: "api,worker".to_owned(),
    }
}

async fn a_name_is_one_living_process(place: Place) {
    let second = place.home.open().await;
    let (ours, theirs) = (claim("node-1", 1), claim("node-1", 2));
    let (a, b) = tokio::join!(
        place.database.claim_node(&ours, SILENT, at(0)),
        second.claim_node(&theirs, SILENT, at(0))
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a != b, "one of two that come at once");
    let (holder, other) = if a { (&ours, &theirs) } else { (&theirs, &ours) };
    assert!(place.database.node_lives(holder, at(20)).await.unwrap());
    assert!(!place.database.node_lives(other, at(20)).await.unwrap());
    assert!(
        !second.claim_node(other, SILENT, at(49)).await.unwrap(),
        "seen 29 s ago"
    );
    let successor = NodeClaim {
        process: Uuid::now_v7(),
        ..holder.clone()
    };
    assert!(
        second.claim_node(&successor, SILENT, at(21)).await.unwrap(),
        "the same data directory"
    );
    assert!(
        !place.database.node_lives(holder, at(22)).await.unwrap(),
        "it has to stop"
    );
    assert!(
        second.claim_node(other, SILENT, at(51)).await.unwrap(),
        "silent for 30 s"
    );
    assert!(second.claim_node(&claim("node-2", 2), SILENT, at(51)).await.unwrap());
    let seen = place.database.nodes_seen_since(at(50)).await.unwrap();
    let names: Vec<&str> = seen.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["node-1", "node-2"]);
    place.database.release_node(&successor).await.unwrap();
    assert_eq!(
        second.nodes_seen_since(at(50)).await.unwrap().len(),
        2,
        "not its own any more"
    );
    second.release_node(other).await.unwrap();
    assert!(
        place
            .database
            .claim_node(&claim("node-1", 3), SILENT, at(52))
            .await
            .unwrap()
    );
}

async fn the_numbers_are_those_of_the_rows(place: Place) {
    let database = &place.database;
    assert_eq!(database.waiting_by_priority().await.unwrap(), []);
    assert_eq!(database.newest_run().await.unwrap(), 0);
    for (name, priority, created_s) in [("a", "low", 3), ("b", "urgent", 2), ("c", "low", 1)] {
        let mut new = place.new_mission(name, created_s);
        new.spec = spec(name, priority);
        place.create(new).await;
    }
    let depth = |priority, waiting, oldest_s| Waiting {
        priority,
        waiting,
        oldest: Some(at(oldest_s)),
    };
    assert_eq!(
        database.waiting_by_priority().await.unwrap(),
        [depth(0, 1, 2), depth(2, 2, 1)]
    );
    let leased = place.lease("node-1/7/0", 10).await.unwrap();
    assert_eq!(database.jobs_in_hands_of("node-1/7/").await.unwrap(), 1);
    assert_eq!(database.jobs_in_hands_of("node-1/8/").await.unwrap(), 0);
    let mut computed = run(&[[4.0, 60.0, 5.0, 61.0]]);
    computed.summary["kernel_seconds"] = 2.0.into();
    computed.summary["load_seconds"] = 0.5.into();
    database
        .complete_job(leased.job, leased.token, computed, "node-1", at(11))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(database.newest_run().await.unwrap(), 1);
    let found = database.computed_after(0, 10).await.unwrap();
    assert_eq!((found.len(), found[0].seq, found[0].compute_s), (1, 1, 2.5));
    assert_eq!(database.computed_after(1, 10).await.unwrap(), []);
    let missions = database.missions_by_status().await.unwrap();
    assert_eq!((missions["completed"], missions["queued"]), (1, 2));
    assert_eq!(database.ledger_totals().await.unwrap()["mission.particle_hours"], 6000);
    let connections = database.connections();
    assert!(
        connections.open >= 1 && connections.open <= connections.most,
        "{connections:?}"
    );
}

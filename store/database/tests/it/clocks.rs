//! Nodes whose clocks differ: the queue goes by one.

use std::time::Duration;

use driftline_database::{LeaseState, MissionCreation, Work};
use jiff::Timestamp;

use crate::{LEASE, Place};

on_both_engines! {
    clocks_that_differ_hide_no_mission_and_cost_no_lease,
    a_drained_queue_is_opened_by_a_node_whose_clock_is_slow,
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap()
}

async fn clocks_that_differ_hide_no_mission_and_cost_no_lease(place: Place) {
    let database = place.home.open().await.with_real_clock();
    let now = Timestamp::now();
    let mut distress = place.new_mission("mayday", 0);
    distress.spec.distress = true;
    distress.created_at = after(now, 600);
    let mut ordinary = place.new_mission("boat", 0);
    ordinary.created_at = after(now, 3_000);
    for new in [distress, ordinary] {
        let created = database.create_mission(new).await.unwrap();
        assert!(matches!(created, MissionCreation::Created(_)));
    }
    let lease = async |worker, now| database.lease_job(worker, Work::All, LEASE, now).await.unwrap();
    let first = lease("node-a/1", now).await.expect("from a node that is ahead");
    let second = lease("node-a/2", now).await.expect("from a node that is far ahead");
    assert_eq!(first.mission.spec.name.as_deref(), Some("mayday"));
    // A worker's node that is an hour ahead, and one that is an hour behind: nothing of the living looks silent.
    for off in [3_600, -3_600] {
        assert_eq!(lease("node-b/1", after(now, off)).await, None, "{off}");
    }
    for (leased, off) in [(&first, 0), (&second, -3_600)] {
        let beat = database.heartbeat(leased.job, leased.token, 0.5, "drifting", LEASE, after(now, off));
        assert_eq!(beat.await.unwrap(), LeaseState::Held);
    }
    if database.is_shared() {
        // Its heartbeat counts from the server's time, and so does its silence.
        assert_eq!(lease("node-b/1", after(now, -60)).await, None);
        let short = Duration::from_millis(50);
        let beat = database.heartbeat(first.job, first.token, 0.5, "drifting", short, after(now, 3_600));
        assert_eq!(beat.await.unwrap(), LeaseState::Held);
        tokio::time::sleep(short * 2).await;
        let taken = lease("node-b/1", after(now, -3_600)).await.map(|found| found.job);
        assert_eq!(taken, Some(first.job));
    }
}

async fn a_drained_queue_is_opened_by_a_node_whose_clock_is_slow(place: Place) {
    let database = place.home.open().await.with_real_clock();
    let now = Timestamp::now();
    place.create(place.new_mission("boat", 0)).await;
    database.pause_queue(true, now).await.unwrap();
    database.pause_queue(false, after(now, -600)).await.unwrap();
    assert_eq!(database.queue_depth().await.unwrap().paused_since, None);
}

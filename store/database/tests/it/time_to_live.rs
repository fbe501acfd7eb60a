//! How long a mission may wait: until somebody begins it, and not while an operator holds the queue.

use driftline_database::{Failure, JobState, Mission, MissionStatus, Work};

use crate::{LEASE, Place, at};

on_both_engines! {
    a_mission_that_was_begun_is_not_given_up_because_of_its_age,
    what_waits_while_the_queue_is_drained_keeps_the_rest_of_its_time,
    a_retried_mission_has_a_whole_new_time_to_wait,
}

async fn status(place: &Place, mission: &Mission) -> MissionStatus {
    let found = place.database.mission(place.org, mission.id).await.unwrap();
    found.unwrap().status
}

async fn a_mission_that_was_begun_is_not_given_up_because_of_its_age(place: Place) {
    let database = &place.database;
    let lease = async |worker, work, now_s| database.lease_job(worker, work, LEASE, at(now_s)).await.unwrap();
    // Handed over.
    place.create(place.new_mission("handed over", 0)).await;
    let job = lease("node/1", Work::Simulation, 3599).await.unwrap();
    let left = serde_json::json!({"at": "somewhere"});
    assert!(
        database
            .hand_over_job(job.job, job.token, &left, at(3601))
            .await
            .unwrap()
    );
    let results = lease("node/2", Work::Results, 3602).await;
    assert_eq!(results.map(|found| found.job), Some(job.job), "handed over");
    // Handed back by a process that ends.
    place.create(place.new_mission("handed back", 0)).await;
    let job = lease("node-a/1", Work::Simulation, 3599).await.unwrap();
    assert_eq!(database.hand_back_leases_of("node-a/", at(3601)).await.unwrap(), 1);
    let again = lease("node/3", Work::Simulation, 3602).await;
    assert_eq!(again.map(|found| found.job), Some(job.job), "handed back");
    // Taken back from a process that died.
    place.create(place.new_mission("taken back", 0)).await;
    let job = lease("node-b/1", Work::Simulation, 3599).await.unwrap();
    assert_eq!(database.take_back_leases_of_dead("node-b/", at(3601)).await.unwrap(), 1);
    let again = lease("node/4", Work::Simulation, 3602).await;
    assert_eq!(again.map(|found| found.job), Some(job.job), "taken back");
    // Its worker fell silent.
    place.create(place.new_mission("silent", 0)).await;
    let job = lease("node/5", Work::Simulation, 3599).await.unwrap();
    let again = database
        .lease_job("node/6", Work::Simulation, LEASE, at(3629))
        .await
        .unwrap();
    assert_eq!(again.map(|found| found.job), Some(job.job), "a lease that ran out");
    // It failed for a reason that may pass.
    place.create(place.new_mission("failed once", 0)).await;
    let job = lease("node/7", Work::All, 3599).await.unwrap();
    let failed = database
        .fail_job(job.job, job.token, "no wind", "store: 503", Failure::Passing, at(3600))
        .await;
    assert!(failed.unwrap());
    let filter = driftline_database::QueueFilter {
        state: Some(JobState::Queued),
        limit: 9,
        ..Default::default()
    };
    // Everything else is in hands that are not silent yet.
    assert!(lease("node/8", Work::Results, 3605).await.is_none());
    assert_eq!(
        database.queue_jobs(&filter).await.unwrap().len(),
        1,
        "its pause goes on"
    );
    assert_eq!(
        lease("node/8", Work::All, 3613).await.map(|found| found.job),
        Some(job.job)
    );
    assert!(crate::queue::jobs(&place, JobState::Dead).await.is_empty());
}

async fn what_waits_while_the_queue_is_drained_keeps_the_rest_of_its_time(place: Place) {
    let database = &place.database;
    let early = place.create(place.new_mission("early", 0)).await;
    let late = place.create(place.new_mission("late", 0)).await;
    database.pause_queue(true, at(10)).await.unwrap();
    let during = place.create(place.new_mission("during", 5_000)).await;
    assert!(place.lease("node/1", 7_100).await.is_none());
    for mission in [&early, &late, &during] {
        assert_eq!(status(&place, mission).await, MissionStatus::Queued);
    }
    database.pause_queue(false, at(7_200)).await.unwrap();
    // 3,590 s were left to the first two, the whole hour to the third.
    let name = |leased: Option<driftline_database::LeasedJob>| leased.and_then(|leased| leased.mission.spec.name);
    let first = place.lease("node/1", 10_789).await;
    assert_eq!(name(first).as_deref(), Some("early"));
    assert_eq!(name(place.lease("node/1", 10_790).await).as_deref(), Some("during"));
    assert_eq!(status(&place, &late).await, MissionStatus::Failed);
    // Opened twice is opened once.
    let again = place.create(place.new_mission("again", 10_000)).await;
    database.pause_queue(false, at(10_791)).await.unwrap();
    assert!(place.lease("node/1", 13_600).await.is_some(), "the silent one");
    assert_eq!(status(&place, &again).await, MissionStatus::Failed);
}

async fn a_retried_mission_has_a_whole_new_time_to_wait(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let job = place.lease("node/1", 10).await.unwrap();
    let failed = database
        .fail_job(job.job, job.token, "no", "no current", Failure::Final, at(20))
        .await;
    assert!(failed.unwrap());
    assert!(database.retry_job(job.job, at(9_000)).await.unwrap());
    // Nobody has begun it since: it waits an hour, and no longer.
    assert!(place.lease("node/1", 12_600).await.is_none());
    assert_eq!(status(&place, &mission).await, MissionStatus::Failed);
    assert!(database.retry_job(job.job, at(20_000)).await.unwrap());
    assert!(place.lease("node/1", 23_599).await.is_some());
}

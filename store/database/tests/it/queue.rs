//! The queue: order, leases, fencing, failure, and that a mission is charged once whatever happens.

use std::time::Duration;

use driftline_database::{
    Failure, JobState, LeaseState, MAX_ATTEMPTS, MissionStatus, QueueFilter, QueueJob, QueueRules, Work,
};

use crate::{LEASE, Place, at, run, spec};

on_both_engines! {
    jobs_are_leased_by_priority_and_then_in_the_order_of_arrival,
    a_worker_that_lost_its_lease_publishes_nothing_and_charges_nothing,
    a_heartbeat_prolongs_the_lease_and_shows_progress,
    withdrawing_a_running_mission_takes_the_lease_from_its_worker,
    a_failing_job_is_retried_after_its_pause_and_then_its_mission_fails_in_public_words,
    a_job_whose_workers_all_die_is_given_up,
    a_restarted_node_takes_its_own_leases_back_and_no_others,
    restarts_in_good_order_are_no_attempts_of_a_mission,
    crashes_and_leases_that_ran_out_are_attempts_whatever_restarts_lie_between,
    attempts_and_the_longest_pause_are_as_set,
    a_run_that_cannot_be_stored_changes_nothing,
}

pub(crate) async fn jobs(place: &Place, state: JobState) -> Vec<QueueJob> {
    let filter = QueueFilter {
        state: Some(state),
        limit: 100,
        ..QueueFilter::default()
    };
    place.database.queue_jobs(&filter).await.unwrap()
}

const BOX: [f64; 4] = [3.0, 59.0, 4.0, 60.0];

async fn jobs_are_leased_by_priority_and_then_in_the_order_of_arrival(place: Place) {
    for (name, priority, created_s) in [
        ("c", "normal", 3),
        ("d", "low", 0),
        ("b", "normal", 2),
        ("a", "urgent", 9),
    ] {
        let mut new = place.new_mission(name, created_s);
        new.spec = spec(name, priority);
        place.create(new).await;
    }
    let mut order = Vec::new();
    while let Some(leased) = place.lease("node/1", 10).await {
        assert_eq!((leased.attempt, leased.mission.status), (1, MissionStatus::Running));
        order.extend(leased.mission.spec.name);
    }
    assert_eq!(order, ["a", "c", "b", "d"]);
}

async fn a_worker_that_lost_its_lease_publishes_nothing_and_charges_nothing(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let slow = place.lease("node/1", 0).await.unwrap();
    assert!(place.lease("node/2", 29).await.is_none(), "the lease holds");
    let quick = place.lease("node/2", 30).await.unwrap();
    assert_eq!((quick.job, quick.attempt), (slow.job, 2));
    assert!(quick.token > slow.token);
    let beat = database
        .heartbeat(slow.job, slow.token, 0.9, "late", LEASE, at(31))
        .await
        .unwrap();
    assert_eq!(beat, LeaseState::Lost);
    assert!(
        !database
            .fail_job(slow.job, slow.token, "late", "late", Failure::Final, at(31))
            .await
            .unwrap()
    );
    let late = database
        .complete_job(slow.job, slow.token, run(&[BOX]), "node", at(31))
        .await
        .unwrap();
    assert_eq!(late, None);
    assert_eq!(
        database.mission(place.org, mission.id).await.unwrap().unwrap().status,
        MissionStatus::Running
    );
    assert!(database.usage_records(place.org, 0, 10).await.unwrap().is_empty());

    let new = run(&[BOX]);
    let published = database
        .complete_job(quick.job, quick.token, new.clone(), "node", at(32))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        database
            .complete_job(slow.job, slow.token, run(&[BOX]), "node", at(33))
            .await
            .unwrap(),
        None
    );
    // The same worker asks again, because the answer to its first call was lost.
    let again = database
        .complete_job(quick.job, quick.token, new, "node", at(34))
        .await
        .unwrap();
    assert_eq!(again, Some(published.clone()));
    let done = database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!(
        (done.status, done.progress, done.run.as_ref()),
        (MissionStatus::Completed, 1.0, Some(&published))
    );
    assert_eq!(done.valid_until, Some(published.valid_until));
    let records = database.usage_records(place.org, 0, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(
        (records[0].record.units, records[0].record.mission),
        (6000, Some(mission.id))
    );
    let hours = database.usage_hours(place.org, at(0), at(3600)).await.unwrap();
    assert_eq!((hours.len(), hours[0].units, hours[0].records), (1, 6000, 1));
}

async fn a_heartbeat_prolongs_the_lease_and_shows_progress(place: Place) {
    let mission = place.create(place.new_mission("boat", 0)).await;
    let leased = place.lease("node/1", 0).await.unwrap();
    let beat = |progress, now_s| {
        let database = &place.database;
        async move {
            database
                .heartbeat(leased.job, leased.token, progress, "simulating", LEASE, at(now_s))
                .await
                .unwrap()
        }
    };
    assert_eq!(beat(0.25, 20).await, LeaseState::Held);
    assert!(place.lease("node/2", 49).await.is_none());
    let seen = place.database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!((seen.progress, seen.stage.as_str()), (0.25, "simulating"));
    assert_eq!(beat(f64::NAN, 49).await, LeaseState::Held);
    assert!(place.lease("node/2", 79).await.is_some());
    assert_eq!(beat(0.5, 80).await, LeaseState::Lost);
}

async fn withdrawing_a_running_mission_takes_the_lease_from_its_worker(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let leased = place.lease("node/1", 0).await.unwrap();
    assert!(database.delete_mission(place.org, mission.id, at(5)).await.unwrap());
    let beat = database
        .heartbeat(leased.job, leased.token, 0.5, "late", LEASE, at(6))
        .await
        .unwrap();
    assert_eq!(beat, LeaseState::Lost);
    assert_eq!(
        database
            .complete_job(leased.job, leased.token, run(&[BOX]), "node", at(7))
            .await
            .unwrap(),
        None
    );
    assert!(
        !database
            .fail_job(leased.job, leased.token, "late", "late", Failure::Final, at(7))
            .await
            .unwrap()
    );
    assert!(place.lease("node/2", 9999).await.is_none());
    assert!(
        database.usage_records(place.org, 0, 10).await.unwrap().is_empty(),
        "cancelled missions cost nothing"
    );
}

async fn a_failing_job_is_retried_after_its_pause_and_then_its_mission_fails_in_public_words(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let mut now_s = 0;
    for attempt in 1..=MAX_ATTEMPTS {
        let leased = place.lease("node/1", now_s).await.unwrap();
        assert_eq!(leased.attempt, attempt);
        assert!(
            database
                .fail_job(
                    leased.job,
                    leased.token,
                    "no wind yet",
                    "store: 503",
                    Failure::Passing,
                    at(now_s)
                )
                .await
                .unwrap()
        );
        // 10 s, and four times as long with every attempt, give or take a fifth.
        let pause = 10 * 4_i64.pow(attempt as u32 - 1);
        assert!(
            place.lease("node/1", now_s + pause * 4 / 5 - 1).await.is_none(),
            "the pause holds"
        );
        now_s += pause * 6 / 5 + 1;
    }
    let failed = database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!(
        (failed.status, failed.error.as_deref()),
        (MissionStatus::Failed, Some("no wind yet"))
    );
    assert!(place.lease("node/1", 99_999).await.is_none());
    assert!(
        database.usage_records(place.org, 0, 10).await.unwrap().is_empty(),
        "failed missions cost nothing"
    );

    place.create(place.new_mission("no retry", now_s)).await;
    let leased = place.lease("node/1", now_s).await.unwrap();
    assert!(
        database
            .fail_job(
                leased.job,
                leased.token,
                "outside the forcing",
                "no current",
                Failure::Final,
                at(now_s)
            )
            .await
            .unwrap()
    );
    let failed = database.mission(place.org, leased.mission.id).await.unwrap().unwrap();
    assert_eq!(failed.error.as_deref(), Some("outside the forcing"));
    // What was tried in vain is a dead letter; what cannot be computed is not.
    let dead = jobs(&place, JobState::Dead).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].mission, dead[0].attempts, dead[0].error.as_deref()),
        (mission.id, MAX_ATTEMPTS, Some("store: 503"))
    );
    assert!(database.retry_job(dead[0].job, at(now_s)).await.unwrap());
    assert!(!database.retry_job(dead[0].job, at(now_s)).await.unwrap(), "once");
    let again = place.lease("node/1", now_s).await.unwrap();
    assert_eq!(
        (again.mission.id, again.attempt, again.mission.error),
        (mission.id, 1, None)
    );
}

async fn a_job_whose_workers_all_die_is_given_up(place: Place) {
    let mission = place.create(place.new_mission("boat", 0)).await;
    let mut now_s = 0;
    for attempt in 1..=MAX_ATTEMPTS {
        assert!(place.lease("node/1", now_s).await.is_some(), "{attempt}");
        now_s += 30;
        if attempt == 1 {
            // The lease that ran out was pause enough.
            continue;
        }
        let pause = 10 * 4_i64.pow(attempt as u32 - 2);
        assert!(
            place.lease("node/1", now_s).await.is_none(),
            "{attempt}: the pause holds"
        );
        if attempt < MAX_ATTEMPTS {
            now_s += pause * 6 / 5 + 1;
        }
    }
    let failed = place.database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!(failed.status, MissionStatus::Failed);
    assert!(failed.error.unwrap().contains("given up"));
    assert_eq!(jobs(&place, JobState::Dead).await.len(), 1);
}

async fn a_restarted_node_takes_its_own_leases_back_and_no_others(place: Place) {
    let ours = place.create(place.new_mission("ours", 0)).await;
    let theirs = place.create(place.new_mission("theirs", 1)).await;
    let dead = place.lease("node-a/1", 2).await.unwrap();
    place.lease("node-b/1", 2).await.unwrap();
    let freed = place.database.take_back_leases_of_dead("node-a/", at(3)).await.unwrap();
    assert_eq!(freed, 1);
    let status = async |id| place.database.mission(place.org, id).await.unwrap().unwrap().status;
    assert_eq!(status(ours.id).await, MissionStatus::Queued);
    assert_eq!(status(theirs.id).await, MissionStatus::Running);
    let late = place
        .database
        .complete_job(dead.job, dead.token, run(&[BOX]), "node-a", at(3))
        .await
        .unwrap();
    assert_eq!(late, None, "the earlier process is fenced off");
    let again = place.lease("node-a/1", 3).await.unwrap();
    assert_eq!((again.mission.id, again.attempt), (ours.id, 2), "a crash is an attempt");
}

async fn restarts_in_good_order_are_no_attempts_of_a_mission(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let (mut now_s, mut tokens) = (0, Vec::new());
    for restart in 0..2 * MAX_ATTEMPTS {
        let leased = place
            .lease(&format!("node-a/process-{restart}/1"), now_s)
            .await
            .unwrap();
        assert_eq!(leased.attempt, 1, "restart {restart}");
        let own = format!("node-a/process-{restart}/");
        let other = database
            .hand_back_leases_of("node-a/process-x/", at(now_s + 1))
            .await
            .unwrap();
        assert_eq!(other, 0, "another process of the node keeps its lease");
        assert_eq!(database.hand_back_leases_of(&own, at(now_s + 1)).await.unwrap(), 1);
        assert_eq!(
            database.hand_back_leases_of(&own, at(now_s + 1)).await.unwrap(),
            0,
            "once"
        );
        let seen = database.mission(place.org, mission.id).await.unwrap().unwrap();
        assert_eq!(seen.status, MissionStatus::Queued);
        let beat = database
            .heartbeat(leased.job, leased.token, 0.5, "late", LEASE, at(now_s + 1))
            .await
            .unwrap();
        assert_eq!(beat, LeaseState::Lost);
        tokens.push(leased.token);
        now_s += 2;
    }
    assert!(tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
    let done = place.lease("node-a/process-last/1", now_s).await.unwrap();
    let published = database
        .complete_job(done.job, done.token, run(&[BOX]), "node-a", at(now_s))
        .await
        .unwrap();
    assert!(published.is_some());
}

async fn crashes_and_leases_that_ran_out_are_attempts_whatever_restarts_lie_between(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("boat", 0)).await;
    let mut now_s = 0;
    for crash in 1..=MAX_ATTEMPTS {
        let stopped = place.lease("node-a/stopped/1", now_s).await.unwrap();
        assert_eq!(stopped.attempt, crash);
        database
            .hand_back_leases_of("node-a/stopped/", at(now_s))
            .await
            .unwrap();
        let died = place.lease("node-a/died/1", now_s).await.unwrap();
        assert_eq!(died.attempt, crash);
        if crash % 2 == 0 {
            // Handed back by a process whose lease had run out: its worker hung.
            now_s += 30;
            assert_eq!(
                database.hand_back_leases_of("node-a/died/", at(now_s)).await.unwrap(),
                1
            );
        } else {
            assert_eq!(
                database.take_back_leases_of_dead("node-a/", at(now_s)).await.unwrap(),
                1
            );
            if crash > 1 && crash < MAX_ATTEMPTS {
                assert!(
                    place.lease("node-a/next/1", now_s).await.is_none(),
                    "{crash}: the pause holds"
                );
                now_s += 10 * 4_i64.pow(crash as u32 - 2) * 6 / 5 + 1;
            }
        }
    }
    assert!(place.lease("node-a/next/1", now_s).await.is_none());
    let failed = database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!(failed.status, MissionStatus::Failed);
}

async fn attempts_and_the_longest_pause_are_as_set(place: Place) {
    let rules = QueueRules {
        attempts: 3,
        retry_base: Duration::from_secs(10),
        retry_longest: Duration::from_secs(12),
        ..QueueRules::default()
    };
    let database = place.database.clone().with_rules(rules);
    let mission = place.create(place.new_mission("boat", 0)).await;
    // After a death: at once, after 8 to 12 s, and what would be 40 s is 12 with a fifth more at most.
    for now_s in [0, 0, 15] {
        let leased = database.lease_job("node-a/1", Work::All, LEASE, at(now_s)).await;
        assert!(leased.unwrap().is_some(), "{now_s}");
        assert_eq!(
            database.take_back_leases_of_dead("node-a/", at(now_s)).await.unwrap(),
            1
        );
    }
    let leased = database.lease_job("node-a/1", Work::All, LEASE, at(100)).await;
    assert_eq!(leased.unwrap(), None);
    let failed = database.mission(place.org, mission.id).await.unwrap().unwrap();
    assert_eq!(failed.status, MissionStatus::Failed);
}

async fn a_run_that_cannot_be_stored_changes_nothing(place: Place) {
    place.create(place.new_mission("boat", 0)).await;
    let leased = place.lease("node/1", 0).await.unwrap();
    let mut twice = run(&[BOX]);
    twice.features.push(twice.features[0].clone());
    let mut upside_down = run(&[BOX]);
    upside_down.features[0].bbox = [3.0, 60.0, 4.0, 59.0];
    for bad in [twice, upside_down] {
        assert!(
            place
                .database
                .complete_job(leased.job, leased.token, bad, "node", at(1))
                .await
                .is_err()
        );
    }
    let seen = place
        .database
        .mission(place.org, leased.mission.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.status, seen.run), (MissionStatus::Running, None));
    assert!(place.database.usage_records(place.org, 0, 10).await.unwrap().is_empty());
    let good = place
        .database
        .complete_job(leased.job, leased.token, run(&[BOX]), "node", at(2))
        .await
        .unwrap();
    assert!(good.is_some(), "the lease is still held");
}

/// Many workers, leases shorter than the work, every job completed by whoever still may (platform.md 5.3).
async fn under_contention_every_mission_is_published_and_charged_exactly_once(place: Place) {
    const MISSIONS: usize = 40;
    for i in 0..MISSIONS {
        place.create(place.new_mission(&format!("boat {i}"), 0)).await;
    }
    let workers = (0..4).map(|worker| {
        let database = place.database.clone();
        tokio::spawn(async move {
            let (mut now_s, mut stale) = (worker, Vec::new());
            while let Some(leased) = database
                .lease_job(&format!("node/{worker}"), Work::All, LEASE, at(now_s))
                .await
                .unwrap()
            {
                // Every third lease is slept past: its worker comes back when others have had their turn.
                if leased.attempt == 1 && now_s % 3 == 0 {
                    stale.push(leased);
                } else {
                    let new = run(&[BOX]);
                    database
                        .complete_job(leased.job, leased.token, new, "node", at(now_s))
                        .await
                        .unwrap();
                }
                now_s += 7;
            }
            for leased in stale {
                let new = run(&[BOX]);
                database
                    .complete_job(leased.job, leased.token, new, "node", at(now_s))
                    .await
                    .unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    // Whatever is still leased by a clock that stopped is finished by one that runs on.
    let mut now_s = 1_000;
    while let Some(leased) = place.lease("node/last", now_s).await {
        place
            .database
            .complete_job(leased.job, leased.token, run(&[BOX]), "node", at(now_s))
            .await
            .unwrap();
        now_s += 1;
    }
    let records = place.database.usage_records(place.org, 0, 1000).await.unwrap();
    let mut missions: Vec<_> = records.iter().filter_map(|entry| entry.record.mission).collect();
    missions.sort();
    missions.dedup();
    assert_eq!((records.len(), missions.len()), (MISSIONS, MISSIONS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contention_in_a_file() {
    under_contention_every_mission_is_published_and_charged_exactly_once(crate::place_in_file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contention_on_a_server() {
    under_contention_every_mission_is_published_and_charged_exactly_once(crate::place_on_server().await).await;
}

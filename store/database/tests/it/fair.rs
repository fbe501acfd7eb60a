//! Whose job is next: shares between organisations, urgent missions within bounds, time to live, cancelling and draining.

use std::collections::BTreeMap;

use driftline_database::{JobState, LeaseState, MissionStatus, NewMission, Work};
use driftline_domain::{KeyId, MissionId, OrgId};

use crate::{LEASE, Place, at, organisation, run, spec};

on_both_engines! {
    organisations_take_turns_however_much_one_of_them_asks_for,
    shares_follow_the_weights,
    work_counts_and_not_missions,
    nobody_gathers_credit_while_idle,
    urgent_missions_beyond_the_cap_wait_with_the_normal_ones_and_distress_never_does,
    a_mission_in_distress_goes_before_whatever_is_urgent_and_costs_no_turn,
    a_low_mission_waits_a_quarter_of_an_hour_at_most_behind_others_orders,
    a_mission_that_waited_too_long_is_given_up_but_not_a_distress_mission,
    a_cancelled_mission_stays_and_costs_nothing,
    a_drained_queue_leases_nothing_until_it_is_opened_again,
    a_simulation_is_handed_over_once_and_only_by_its_holder,
    the_depth_tells_what_waits,
}

fn mission_of(org: OrgId, key: KeyId, name: &str, priority: &str, created_s: i64) -> NewMission {
    NewMission {
        id: MissionId::generate(),
        org,
        created_by: key,
        spec: spec(name, priority),
        warnings: Vec::new(),
        idempotency: None,
        created_at: at(created_s),
    }
}

/// Names in the order of leases.
async fn order(place: &Place, leases: usize, now_s: i64) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..leases {
        let Some(leased) = place.lease("node/1", now_s).await else {
            break;
        };
        names.extend(leased.mission.spec.name);
    }
    names
}

async fn organisations_take_turns_however_much_one_of_them_asks_for(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    for _ in 0..100 {
        place
            .create(mission_of(place.org, place.key, "many", "normal", 0))
            .await;
    }
    assert_eq!(order(&place, 3, 1).await, ["many", "many", "many"]);
    for _ in 0..3 {
        place.create(mission_of(other, other_key, "few", "normal", 1)).await;
    }
    let next = order(&place, 6, 1).await;
    let few = next.iter().filter(|name| *name == "few").count();
    assert_eq!(
        few, 3,
        "three missions wait behind as many of the other's at most: {next:?}"
    );
}

async fn shares_follow_the_weights(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    assert!(place.database.set_queue_share(other, 300, 10).await.unwrap());
    for _ in 0..40 {
        place.create(mission_of(place.org, place.key, "one", "normal", 0)).await;
        place.create(mission_of(other, other_key, "three", "normal", 0)).await;
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for name in order(&place, 40, 1).await {
        *counts.entry(name).or_default() += 1;
    }
    assert!((29..=31).contains(&counts["three"]), "{counts:?}");
    assert!(!place.database.set_queue_share(OrgId::generate(), 1, 1).await.unwrap());
    assert!(place.database.set_queue_share(other, 0, 1).await.is_err());
}

async fn work_counts_and_not_missions(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    for _ in 0..20 {
        let mut large = mission_of(place.org, place.key, "large", "normal", 0);
        large.spec.ensemble_size *= 10;
        place.create(large).await;
        place.create(mission_of(other, other_key, "small", "normal", 0)).await;
    }
    let first = order(&place, 13, 1).await;
    let large = first.iter().filter(|name| *name == "large").count();
    assert!((1..=2).contains(&large), "ten small ones for each large one: {first:?}");
}

async fn nobody_gathers_credit_while_idle(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    for _ in 0..50 {
        place
            .create(mission_of(place.org, place.key, "busy", "normal", 0))
            .await;
    }
    assert_eq!(order(&place, 40, 1).await.len(), 40);
    for _ in 0..20 {
        place.create(mission_of(other, other_key, "idle", "normal", 1)).await;
    }
    let next = order(&place, 10, 2).await;
    let busy = next.iter().filter(|name| *name == "busy").count();
    assert!((4..=6).contains(&busy), "in turns from now on: {next:?}");
}

async fn urgent_missions_beyond_the_cap_wait_with_the_normal_ones_and_distress_never_does(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    assert!(place.database.set_queue_share(place.org, 100, 2).await.unwrap());
    for name in ["u1", "u2", "u3"] {
        place.create(mission_of(place.org, place.key, name, "urgent", 0)).await;
    }
    place.create(mission_of(other, other_key, "other", "urgent", 1)).await;
    let mut distress = mission_of(place.org, place.key, "mayday", "low", 2);
    distress.spec.distress = true;
    place.create(distress).await;
    let all = order(&place, 10, 3).await;
    assert_eq!(all.len(), 5);
    assert_eq!(all[4], "u3", "{all:?}");
    let place_of = |name| all.iter().position(|found| found == name).unwrap();
    assert!(place_of("mayday") < 4 && place_of("other") < 4);
}

async fn a_mission_in_distress_goes_before_whatever_is_urgent_and_costs_no_turn(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    for _ in 0..10 {
        let mut large = mission_of(place.org, place.key, "large", "urgent", 0);
        large.spec.ensemble_size *= 100;
        place.create(large).await;
        place.create(mission_of(other, other_key, "small", "urgent", 0)).await;
    }
    for (org, key, name) in [(place.org, place.key, "mayday 1"), (other, other_key, "mayday 2")] {
        let mut distress = mission_of(org, key, name, "low", 1);
        distress.spec.distress = true;
        distress.spec.ensemble_size *= 1_000;
        place.create(distress).await;
    }
    let depth = place.database.queue_depth().await.unwrap();
    assert_eq!(depth.waiting.iter().sum::<i64>(), 22);
    let names = order(&place, 4, 2).await;
    assert_eq!(names[..2], ["mayday 1", "mayday 2"], "in the order of their arrival");
    assert_eq!(names[2..], ["large", "small"], "{names:?}");
    // It is none of the urgent ones that an organisation may have at work, and the next of its own does not wait for it.
    let (third, third_key) = organisation(&place.database, "Air").await;
    assert!(place.database.set_queue_share(third, 100, 1).await.unwrap());
    let mut distress = mission_of(third, third_key, "mayday 3", "urgent", 3);
    distress.spec.distress = true;
    distress.spec.ensemble_size *= 1_000;
    place.create(distress).await;
    place.create(mission_of(third, third_key, "air", "urgent", 3)).await;
    let names = order(&place, 3, 3).await;
    assert_eq!(names[0], "mayday 3");
    assert!(names.contains(&"air".to_owned()), "{names:?}");
}

async fn a_low_mission_waits_a_quarter_of_an_hour_at_most_behind_others_orders(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    place.create(mission_of(other, other_key, "low", "low", 0)).await;
    for created_s in [0, 600, 900] {
        for _ in 0..2 {
            place
                .create(mission_of(place.org, place.key, "normal", "normal", created_s))
                .await;
        }
        let next = order(&place, 1, created_s).await;
        assert_eq!(next, [if created_s < 900 { "normal" } else { "low" }], "{created_s}");
    }
}

async fn a_mission_that_waited_too_long_is_given_up_but_not_a_distress_mission(place: Place) {
    let waits = place
        .create(mission_of(place.org, place.key, "waits", "normal", 0))
        .await;
    let mut distress = mission_of(place.org, place.key, "mayday", "normal", 0);
    distress.spec.distress = true;
    place.create(distress).await;
    assert_eq!(order(&place, 2, 3600).await, ["mayday"]);
    let failed = place.database.mission(place.org, waits.id).await.unwrap().unwrap();
    assert_eq!(failed.status, MissionStatus::Failed);
    assert!(failed.error.unwrap().contains("no worker was free"));
    let dead = crate::queue::jobs(&place, JobState::Dead).await;
    assert_eq!(dead.len(), 1);
    assert!(place.database.retry_job(dead[0].job, at(3601)).await.unwrap());
    assert_eq!(order(&place, 2, 3602).await, ["waits"], "with a new time to live");
}

async fn a_cancelled_mission_stays_and_costs_nothing(place: Place) {
    let database = &place.database;
    let waiting = place.create(place.new_mission("waiting", 0)).await;
    let cancelled = database
        .cancel_mission(place.org, waiting.id, at(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cancelled.status, MissionStatus::Cancelled);
    assert!(place.lease("node/1", 2).await.is_none());

    let running = place.create(place.new_mission("running", 0)).await;
    let leased = place.lease("node/1", 2).await.unwrap();
    let (other, _) = organisation(database, "Navy").await;
    assert_eq!(database.cancel_mission(other, running.id, at(3)).await.unwrap(), None);
    database.cancel_mission(place.org, running.id, at(3)).await.unwrap();
    let beat = database
        .heartbeat(leased.job, leased.token, 0.5, "late", LEASE, at(4))
        .await
        .unwrap();
    assert_eq!(beat, LeaseState::Lost);
    let late = database
        .complete_job(leased.job, leased.token, run(&[[3.0, 59.0, 4.0, 60.0]]), "node", at(4))
        .await;
    assert_eq!(late.unwrap(), None);
    assert!(database.usage_records(place.org, 0, 10).await.unwrap().is_empty());

    let done = place.publish("done", 5, run(&[[3.0, 59.0, 4.0, 60.0]])).await;
    let still = database
        .cancel_mission(place.org, done.mission, at(6))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        still.status,
        MissionStatus::Completed,
        "what has ended stays as it ended"
    );
    assert_eq!(crate::queue::jobs(&place, JobState::Cancelled).await.len(), 2);
}

async fn a_drained_queue_leases_nothing_until_it_is_opened_again(place: Place) {
    place.create(place.new_mission("boat", 0)).await;
    place.database.pause_queue(true, at(1)).await.unwrap();
    place.database.pause_queue(true, at(2)).await.unwrap();
    assert_eq!(place.database.queue_depth().await.unwrap().paused_since, Some(at(1)));
    assert!(place.lease("node/1", 3).await.is_none());
    place.database.pause_queue(false, at(4)).await.unwrap();
    assert!(place.lease("node/1", 5).await.is_some());
}

async fn a_simulation_is_handed_over_once_and_only_by_its_holder(place: Place) {
    let database = &place.database;
    place.create(place.new_mission("boat", 0)).await;
    let lease = async |work, now_s| database.lease_job("node/1", work, LEASE, at(now_s)).await.unwrap();
    assert_eq!(lease(Work::Results, 0).await, None);
    let simulated = lease(Work::Simulation, 0).await.unwrap();
    let left = serde_json::json!({"at": "somewhere"});
    let hand_over = async |token, now_s| {
        database
            .hand_over_job(simulated.job, token, &left, at(now_s))
            .await
            .unwrap()
    };
    assert!(!hand_over(simulated.token + 1, 1).await);
    assert!(hand_over(simulated.token, 1).await);
    assert!(!hand_over(simulated.token, 1).await);
    assert_eq!(database.queue_depth().await.unwrap().results_waiting, 1);
    assert_eq!(lease(Work::Simulation, 2).await, None);
    let results = lease(Work::Results, 2).await.unwrap();
    assert_eq!((results.job, results.attempt), (simulated.job, 1));
    assert_eq!(results.handed_over, Some(left));
    let late = database
        .complete_job(
            simulated.job,
            simulated.token,
            run(&[[3.0, 59.0, 4.0, 60.0]]),
            "node",
            at(3),
        )
        .await;
    assert_eq!(late.unwrap(), None, "the simulating worker has nothing to publish");
    let published = database
        .complete_job(
            results.job,
            results.token,
            run(&[[3.0, 59.0, 4.0, 60.0]]),
            "node",
            at(4),
        )
        .await;
    assert!(published.unwrap().is_some());
    assert_eq!(database.usage_records(place.org, 0, 10).await.unwrap().len(), 1);
}

async fn the_depth_tells_what_waits(place: Place) {
    assert_eq!(
        place.database.queue_depth().await.unwrap(),
        driftline_database::QueueDepth::default()
    );
    for (priority, created_s) in [("urgent", 5), ("normal", 3), ("normal", 4), ("low", 9)] {
        place
            .create(mission_of(place.org, place.key, "boat", priority, created_s))
            .await;
    }
    assert!(place.lease("node/1", 10).await.is_some());
    let depth = place.database.queue_depth().await.unwrap();
    assert_eq!(
        (depth.waiting, depth.leased, depth.oldest),
        ([0, 0, 2, 1], 1, Some(at(3)))
    );
}

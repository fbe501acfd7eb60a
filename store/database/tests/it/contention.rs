//! Many at the same missions at once: nobody waits in a circle, whoever deletes, cancels, computes or looks for the silent.

use std::time::Duration;

use driftline_database::{Database, Failure, LeaseState, MissionCreation, NewMission, Work};
use driftline_domain::{KeyId, MissionId, OrgId};

use crate::{LEASE, Place, at, organisation, run, spec};

async fn heartbeats_go_on_while_missions_are_withdrawn(place: Place) {
    for round in 0..40 {
        let mission = place.create(place.new_mission("boat", round)).await;
        let leased = place.lease("node/1", round).await.unwrap();
        let beats: Vec<_> = (0..3)
            .map(|_| {
                let database = place.database.clone();
                tokio::spawn(async move {
                    loop {
                        let beat = database.heartbeat(leased.job, leased.token, 0.5, "drifting", LEASE, at(round));
                        if beat.await.unwrap() == LeaseState::Lost {
                            return;
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(3)).await;
        if round % 2 == 0 {
            assert!(
                place
                    .database
                    .delete_mission(place.org, mission.id, at(round))
                    .await
                    .unwrap()
            );
        } else {
            place
                .database
                .cancel_mission(place.org, mission.id, at(round))
                .await
                .unwrap();
        }
        for beat in beats {
            beat.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn heartbeats_against_withdrawals_in_a_file() {
    heartbeats_go_on_while_missions_are_withdrawn(crate::place_in_file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn heartbeats_against_withdrawals_on_a_server() {
    heartbeats_go_on_while_missions_are_withdrawn(crate::place_on_server().await).await;
}

async fn submit(database: &Database, org: OrgId, key: KeyId, now_s: i64) -> MissionId {
    let new = NewMission {
        id: MissionId::generate(),
        org,
        created_by: key,
        spec: spec("boat", "low"),
        warnings: Vec::new(),
        idempotency: None,
        created_at: at(now_s),
    };
    match database.create_mission(new).await.unwrap() {
        MissionCreation::Created(mission) => mission.id,
        other => panic!("{other:?}"),
    }
}

/// Owners submit and withdraw; workers publish, fail, fall silent, and see to each other's silent ones.
async fn everything_at_once(place: Place) {
    let mut owners = Vec::new();
    for name in ["A", "B", "C", "D"] {
        owners.push(organisation(&place.database, name).await);
    }
    let mut tasks = Vec::new();
    for (number, (org, key)) in owners.into_iter().enumerate() {
        let database = place.database.clone();
        tasks.push(tokio::spawn(async move {
            for round in 0..12 {
                let now_s = round * 40;
                let id = submit(&database, org, key, now_s).await;
                submit(&database, org, key, now_s).await;
                if (round + number as i64) % 3 == 0 {
                    database.delete_mission(org, id, at(now_s)).await.unwrap();
                } else if round % 4 == 0 {
                    database.cancel_mission(org, id, at(now_s)).await.unwrap();
                }
            }
        }));
    }
    for worker in 0..3 {
        let database = place.database.clone();
        tasks.push(tokio::spawn(async move {
            for turn in 0..30_i64 {
                // Longer steps than a lease: what others hold looks silent.
                let (name, now_s) = (format!("node-{worker}/1"), turn * 31 + worker);
                let Some(job) = database.lease_job(&name, Work::All, LEASE, at(now_s)).await.unwrap() else {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    continue;
                };
                let (id, token) = (job.job, job.token);
                match turn % 4 {
                    0 => {
                        let new = run(&[[3.0, 59.0, 4.0, 60.0]]);
                        database.complete_job(id, token, new, "node", at(now_s)).await.unwrap();
                    }
                    1 => {
                        let passing = Failure::Passing;
                        database
                            .fail_job(id, token, "no", "no", passing, at(now_s))
                            .await
                            .unwrap();
                    }
                    2 => {
                        database
                            .heartbeat(id, token, 0.1, "drifting", LEASE, at(now_s))
                            .await
                            .unwrap();
                    }
                    _ => {
                        let own = format!("node-{worker}/");
                        database.take_back_leases_of_dead(&own, at(now_s)).await.unwrap();
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_at_once_in_a_file() {
    everything_at_once(crate::place_in_file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_at_once_on_a_server() {
    everything_at_once(crate::place_on_server().await).await;
}

//! Missions as jobs of processes: kept with their mission, listed by filters, dismissed, and subscribers told once.

use driftline_database::{JobFilter, MissionCreation, MissionStatus, NewProcessJob, ProcessJob, Subscriber};
use serde_json::json;

use crate::{Place, at, organisation, run};

on_both_engines! {
    every_mission_is_a_job_and_filters_find_it,
    a_duration_runs_from_the_first_lease_to_the_end_or_now,
    a_dismissed_job_stays_as_a_tombstone_that_its_id_finds,
    a_subscriber_is_told_of_the_beginning_and_the_end_once_each,
    a_dismissed_job_tells_nobody,
}

fn executed(process: &str, subscriber: Subscriber) -> NewProcessJob {
    NewProcessJob {
        process: process.to_owned(),
        request: json!({"response": "document"}),
        subscriber,
    }
}

async fn create(place: &Place, process: &str, now_s: i64, subscriber: Subscriber) -> driftline_database::Mission {
    let new = place.new_mission(process, now_s);
    let made = place
        .database
        .create_process_job(new, executed(process, subscriber))
        .await;
    match made.unwrap() {
        MissionCreation::Created(mission) => mission,
        other => panic!("{other:?}"),
    }
}

async fn list(place: &Place, filter: JobFilter) -> Vec<ProcessJob> {
    let filter = JobFilter { limit: 10, ..filter };
    place
        .database
        .process_jobs(place.org, &filter, at(1_000))
        .await
        .unwrap()
}

fn names(jobs: &[ProcessJob]) -> Vec<&str> {
    jobs.iter()
        .map(|job| job.mission.spec.name.as_deref().unwrap())
        .collect()
}

async fn every_mission_is_a_job_and_filters_find_it(place: Place) {
    place.create(place.new_mission("plain", 0)).await;
    create(&place, "search-area", 10, Subscriber::default()).await;
    create(&place, "backtrack", 20, Subscriber::default()).await;
    assert_eq!(
        names(&list(&place, JobFilter::default()).await),
        ["backtrack", "search-area", "plain"]
    );
    let of = |processes: &[&str]| JobFilter {
        processes: Some(processes.iter().map(|name| (*name).to_owned()).collect()),
        ..JobFilter::default()
    };
    assert_eq!(names(&list(&place, of(&["drift"])).await), ["plain"]);
    assert_eq!(
        names(&list(&place, of(&["drift", "backtrack"])).await),
        ["backtrack", "plain"]
    );
    assert!(list(&place, of(&[])).await.is_empty());
    let within = JobFilter {
        created_from: Some(at(10)),
        created_until: Some(at(19)),
        ..JobFilter::default()
    };
    assert_eq!(names(&list(&place, within).await), ["search-area"]);
    let (other, _) = organisation(&place.database, "other").await;
    assert!(
        place
            .database
            .process_jobs(other, &of(&["drift"]), at(0))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_duration_runs_from_the_first_lease_to_the_end_or_now(place: Place) {
    place.create(place.new_mission("done", 0)).await;
    let leased = place.lease("node/1", 100).await.unwrap();
    let boxes = run(&[[4.0, 60.0, 5.0, 61.0]]);
    place
        .database
        .complete_job(leased.job, leased.token, boxes, "node", at(130))
        .await
        .unwrap()
        .unwrap();
    place.create(place.new_mission("running", 200)).await;
    place.lease("node/1", 400).await.unwrap();
    place.create(place.new_mission("waiting", 300)).await;
    let least = |seconds| JobFilter {
        min_duration_s: Some(seconds),
        ..JobFilter::default()
    };
    let most = |seconds| JobFilter {
        max_duration_s: Some(seconds),
        ..JobFilter::default()
    };
    assert_eq!(names(&list(&place, least(30)).await), ["running", "done"]);
    assert_eq!(names(&list(&place, least(31)).await), ["running"]);
    assert!(list(&place, least(601)).await.is_empty());
    assert_eq!(names(&list(&place, most(30)).await), ["done"]);
    assert!(list(&place, most(29)).await.is_empty());
    let completed = JobFilter {
        statuses: Some(vec![MissionStatus::Completed]),
        ..JobFilter::default()
    };
    let found = list(&place, completed).await;
    assert_eq!((names(&found), found[0].started_at), (vec!["done"], Some(at(100))));
}

async fn a_dismissed_job_stays_as_a_tombstone_that_its_id_finds(place: Place) {
    let mission = create(&place, "drift", 0, Subscriber::default()).await;
    let find = || place.database.process_job(place.org, mission.job_id);
    assert!(!find().await.unwrap().unwrap().is_dismissed);
    assert!(
        place
            .database
            .delete_mission(place.org, mission.id, at(5))
            .await
            .unwrap()
    );
    let job = find().await.unwrap().unwrap();
    assert!(job.is_dismissed && job.mission.status == MissionStatus::Cancelled);
    assert_eq!(job.process.as_deref(), Some("drift"));
    assert!(list(&place, JobFilter::default()).await.is_empty());
    let (other, _) = organisation(&place.database, "other").await;
    assert_eq!(place.database.process_job(other, mission.job_id).await.unwrap(), None);
}

async fn a_subscriber_is_told_of_the_beginning_and_the_end_once_each(place: Place) {
    let subscriber = Subscriber {
        success: Some("https://a.example/done".to_owned()),
        in_progress: Some("https://a.example/begun".to_owned()),
        failed: None,
    };
    let mission = create(&place, "drift", 0, subscriber.clone()).await;
    let take = |now_s| place.database.take_callbacks(5, at(now_s), at(now_s + 60));
    assert!(take(1).await.unwrap().is_empty(), "it waits in the queue");
    let leased = place.lease("node/1", 2).await.unwrap();
    let begun = take(3).await.unwrap();
    assert_eq!((begun.len(), &begun[0].subscriber), (1, &subscriber));
    assert!(take(4).await.unwrap().is_empty(), "somebody has it");
    place.database.progress_was_told(mission.id, at(5)).await.unwrap();
    assert!(take(6).await.unwrap().is_empty(), "it runs, and that is known");
    let boxes = run(&[[4.0, 60.0, 5.0, 61.0]]);
    place
        .database
        .complete_job(leased.job, leased.token, boxes, "node", at(7))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(take(8).await.unwrap()[0].attempts, 0);
    place.database.callback_failed(mission.id, Some(at(100))).await.unwrap();
    assert!(take(99).await.unwrap().is_empty());
    assert_eq!(take(100).await.unwrap()[0].attempts, 1);
    assert_eq!(take(161).await.unwrap().len(), 1, "whoever took it died");
    place.database.callback_done(mission.id).await.unwrap();
    assert!(take(10_000).await.unwrap().is_empty());
}

async fn a_dismissed_job_tells_nobody(place: Place) {
    let subscriber = Subscriber {
        in_progress: Some("https://a.example/begun".to_owned()),
        ..Subscriber::default()
    };
    let mission = create(&place, "drift", 0, subscriber).await;
    place.lease("node/1", 2).await.unwrap();
    place
        .database
        .delete_mission(place.org, mission.id, at(3))
        .await
        .unwrap();
    assert!(
        place
            .database
            .take_callbacks(5, at(4), at(64))
            .await
            .unwrap()
            .is_empty()
    );
}

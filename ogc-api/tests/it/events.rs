//! Progress as server-sent events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use driftline_database::{Failure, Work};
use futures::StreamExt;
use http::Request;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use crate::content::publish;
use crate::service::Service;

/// A stream of events, read as far as is asked for.
struct Reader {
    stream: BodyDataStream,
    text: String,
}

impl Reader {
    async fn open(service: &Service, mission: &str, last_event_id: Option<&str>) -> Self {
        let mut request = Request::builder()
            .uri(format!("/v1/missions/{mission}/events"))
            .header("x-api-key", &service.ours.key);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = service
            .router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            stream: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event as (id, data); `None` when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let line = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::to_owned)
                };
                if let Some(data) = line("data: ") {
                    return Some((line("id: ").unwrap_or_default(), serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.stream.next())
                .await
                .unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn every_change_is_told_until_the_mission_has_ended() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let mut reader = Reader::open(&service, &mission.id.to_string(), None).await;
    assert_eq!(reader.next().await.unwrap().1["status"], "queued");
    let (lease, now) = (Duration::from_secs(60), Timestamp::now());
    let job = service
        .database
        .lease_job("test", Work::All, lease, now)
        .await
        .unwrap()
        .unwrap();
    service.changes.send((service.ours.org, mission.id)).unwrap();
    assert_eq!(reader.next().await.unwrap().1["status"], "running");
    let later = Timestamp::now();
    service
        .database
        .heartbeat(job.job, job.token, 0.5, "kernel", lease, later)
        .await
        .unwrap();
    // Without a wake-up the stream looks by itself.
    let (id, event) = reader.next().await.unwrap();
    assert_eq!(
        (event["progress"].as_f64(), &event["stage"]),
        (Some(0.5), &Value::from("kernel"))
    );
    service
        .database
        .fail_job(
            job.job,
            job.token,
            "no forcing",
            "met",
            Failure::Final,
            Timestamp::now(),
        )
        .await
        .unwrap();
    service.changes.send((service.ours.org, mission.id)).unwrap();
    let (last_id, event) = reader.next().await.unwrap();
    assert_eq!(
        (&event["status"], &event["error"]),
        (&Value::from("failed"), &Value::from("no forcing"))
    );
    assert!(reader.next().await.is_none(), "the stream ends with the mission");
    let path = format!("/v1/missions/{}/events", mission.id);
    let seen_all = service
        .ask(
            http::Method::GET,
            &path,
            &service.ours.key,
            &[("last-event-id", &last_id)],
        )
        .await;
    assert_eq!(
        (seen_all.status.as_u16(), seen_all.body.len()),
        (204, 0),
        "nothing to come back for"
    );
    let mut late = Reader::open(&service, &mission.id.to_string(), Some(&id)).await;
    assert_eq!(late.next().await.unwrap().1["status"], "failed");
    assert!(late.next().await.is_none());
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_only_what_it_has_not_seen() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let id = mission.id.to_string();
    let (seen, _) = Reader::open(&service, &id, None).await.next().await.unwrap();
    let mut reader = Reader::open(&service, &id, Some(&seen)).await;
    let quiet = tokio::time::timeout(Duration::from_millis(1500), reader.next()).await;
    assert!(quiet.is_err(), "nothing new: {quiet:?}");
    service
        .database
        .lease_job("test", Work::All, Duration::from_secs(60), Timestamp::now())
        .await
        .unwrap();
    assert_eq!(reader.next().await.unwrap().1["status"], "running");
    let mut garbage = Reader::open(&service, &id, Some("no id of ours")).await;
    assert_eq!(garbage.next().await.unwrap().1["status"], "running");
}

#[tokio::test]
async fn streams_end_when_the_mission_is_withdrawn_and_when_the_service_shuts_down() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let mut reader = Reader::open(&service, &mission.id.to_string(), None).await;
    reader.next().await.unwrap();
    let path = format!("/v1/missions/{}", mission.id);
    service.ask(http::Method::DELETE, &path, &service.ours.key, &[]).await;
    assert_eq!(reader.next().await.unwrap().1["status"], "withdrawn");
    assert!(reader.next().await.is_none());

    let waiting = service.accept(&service.ours).await;
    let mut reader = Reader::open(&service, &waiting.id.to_string(), None).await;
    reader.next().await.unwrap();
    service.shutdown.send(true).unwrap();
    let ended = tokio::time::timeout(Duration::from_millis(500), reader.next()).await;
    assert!(ended.unwrap().is_none(), "at once, not at the next look");
}

#[tokio::test]
async fn a_completed_mission_tells_its_end_and_closes() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let mut reader = Reader::open(&service, &mission, None).await;
    let (_, event) = reader.next().await.unwrap();
    assert_eq!(
        (&event["status"], event["progress"].as_f64()),
        (&Value::from("completed"), Some(1.0))
    );
    assert!(reader.next().await.is_none());
}

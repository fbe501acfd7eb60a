//! A mission's progress over WebSocket, spoken by a client library over TCP.

use std::time::Duration;

use driftline_auth_billing::KeyText;
use driftline_database::{Failure, LeasedJob, Work};
use futures::{SinkExt, StreamExt};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::service::Service;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A service that listens.
struct Listening {
    service: Service,
    address: String,
}

async fn listening() -> Listening {
    let service = Service::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let router = service.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Listening { service, address }
}

impl Listening {
    /// Opens a socket; the status of the refusal where there is one.
    async fn open(&self, mission: &str, query: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let address = format!("{}/v1/ws/missions/{mission}{query}", self.address);
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn lease(&self) -> LeasedJob {
        let now = Timestamp::now();
        let leased = self
            .service
            .database
            .lease_job("test", Work::All, Duration::from_secs(60), now)
            .await;
        leased.unwrap().unwrap()
    }
}

/// The next event, or the code and reason of the end.
async fn next(socket: &mut Socket) -> Result<Value, (u16, String)> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next())
            .await
            .unwrap();
        match message.unwrap().unwrap() {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(Some(close)) => return Err((close.code.into(), close.reason.to_string())),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, text: String) {
    socket.send(Message::Text(text.into())).await.unwrap();
}

#[tokio::test]
async fn events_are_told_until_the_mission_ends_and_resumed_where_the_client_was() {
    let place = listening().await;
    let (service, key) = (&place.service, place.service.ours.key.clone());
    let mission = service.accept(&service.ours).await;
    let id = mission.id.to_string();
    let mut socket = place.open(&id, "", &[("x-api-key", &key)]).await.unwrap();
    let queued = next(&mut socket).await.unwrap();
    assert_eq!(
        (&queued["event"], &queued["data"]["status"]),
        (&json!("status"), &json!("queued"))
    );
    let job = place.lease().await;
    service.changes.send((service.ours.org, mission.id)).unwrap();
    let running = next(&mut socket).await.unwrap();
    assert_eq!(running["data"]["status"], "running");
    drop(socket);

    // Comes back in each way that a last id can be said.
    let seen = running["id"].as_str().unwrap();
    let mut by_query = place
        .open(&id, &format!("?resume_from={seen}&key={key}"), &[])
        .await
        .unwrap();
    let mut by_message = place.open(&id, "", &[]).await.unwrap();
    say(
        &mut by_message,
        json!({"authenticate": key, "resume_from": seen}).to_string(),
    )
    .await;
    for socket in [&mut by_query, &mut by_message] {
        let quiet = tokio::time::timeout(Duration::from_millis(300), socket.next()).await;
        assert!(quiet.is_err(), "nothing new: {quiet:?}");
    }
    let now = Timestamp::now();
    let failed = service
        .database
        .fail_job(job.job, job.token, "no wind", "met", Failure::Final, now)
        .await;
    assert!(failed.unwrap());
    for socket in [&mut by_query, &mut by_message] {
        let last = next(socket).await.unwrap();
        assert_eq!(
            (&last["data"]["status"], &last["data"]["error"]),
            (&json!("failed"), &json!("no wind"))
        );
        assert_eq!(next(socket).await.unwrap_err().0, 1000);
    }
}

#[tokio::test]
async fn a_browser_shows_its_credential_by_subprotocol_ticket_or_first_message() {
    let place = listening().await;
    let (service, key) = (&place.service, place.service.ours.key.clone());
    let id = service.accept(&service.ours).await.id.to_string();
    let protocols = format!("driftline.v1, bearer.{key}");
    let mut socket = place
        .open(&id, "", &[("sec-websocket-protocol", &protocols)])
        .await
        .unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["data"]["status"], "queued");

    let made = service.ask(Method::POST, "/v1/ws/tickets", &key, &[]).await;
    assert_eq!(made.status, 201);
    let ticket = made.json()["ticket"].as_str().unwrap().to_owned();
    let mut socket = place.open(&id, &format!("?ticket={ticket}"), &[]).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["data"]["status"], "queued");
    assert_eq!(
        place.open(&id, &format!("?ticket={ticket}"), &[]).await.err(),
        Some(401),
        "a ticket works once"
    );
    let other = service.accept(&service.theirs).await.id.to_string();
    let made = service.ask(Method::POST, "/v1/ws/tickets", &key, &[]).await;
    let ticket = made.json()["ticket"].as_str().unwrap().to_owned();
    assert_eq!(
        place.open(&other, &format!("?ticket={ticket}"), &[]).await.err(),
        Some(404)
    );
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused_with_a_reason() {
    let place = listening().await;
    let (service, key) = (&place.service, place.service.ours.key.clone());
    let theirs = service.accept(&service.theirs).await.id.to_string();
    let ours = service.accept(&service.ours).await.id.to_string();
    for (mission, query, header, status) in [
        (&theirs, "", key.as_str(), 404),
        (&"nonsense".to_owned(), "", &key, 404),
        (&ours, "", "dls_nonsense", 401),
        (&ours, "?unknown=1", &key, 400),
        (&ours, "?ticket=nonsense", &key, 401),
    ] {
        let refused = place.open(mission, query, &[("x-api-key", header)]).await.err();
        assert_eq!(refused, Some(status), "{mission}{query}");
    }
    let writer = service.key_with("missions:write").await;
    assert_eq!(place.open(&ours, "", &[("x-api-key", &writer)]).await.err(), Some(403));
    // Without a socket: the answer says what is needed.
    let plain = service.get(&format!("/v1/ws/missions/{ours}")).await;
    assert_eq!(
        (plain.status.as_u16(), plain.json()["code"].clone()),
        (426, json!("websocket_needed"))
    );

    for (first, mission, words) in [
        (
            json!({"authenticate": "dls_nonsense"}).to_string(),
            &ours,
            "valid API key",
        ),
        (json!({"authenticate": key}).to_string(), &theirs, "mission"),
        (
            json!({"authenticate": key, "more": 1}).to_string(),
            &ours,
            "unknown field",
        ),
        ("rubbish".to_owned(), &ours, "first message"),
    ] {
        let mut socket = place.open(mission, "", &[]).await.unwrap();
        say(&mut socket, first).await;
        let (code, reason) = next(&mut socket).await.unwrap_err();
        assert!(code == 1008 && reason.contains(words), "{code} {reason}");
        assert!(!reason.contains("dls_nonsense"));
    }
    let mut chatty = place.open(&ours, "", &[("x-api-key", &key)]).await.unwrap();
    next(&mut chatty).await.unwrap();
    say(&mut chatty, "and another thing".to_owned()).await;
    assert_eq!(next(&mut chatty).await.unwrap_err().0, 1008);
    let mut silent = place.open(&ours, "", &[]).await.unwrap();
    assert_eq!(next(&mut silent).await.unwrap_err().0, 1008, "nobody is waited for");
    let mut huge = place.open(&ours, "", &[]).await.unwrap();
    say(&mut huge, "x".repeat(100_000)).await;
    let end = tokio::time::timeout(Duration::from_secs(5), huge.next()).await.unwrap();
    assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
}

#[tokio::test]
async fn sockets_say_goodbye_when_the_service_stops() {
    let place = listening().await;
    let (service, key) = (&place.service, place.service.ours.key.clone());
    let id = service.accept(&service.ours).await.id.to_string();
    let mut socket = place.open(&id, "", &[("x-api-key", &key)]).await.unwrap();
    next(&mut socket).await.unwrap();
    service.shutdown.send(true).unwrap();
    assert_eq!(next(&mut socket).await.unwrap_err().0, 1001);
}

#[tokio::test]
async fn whose_key_is_revoked_listens_no_longer_and_pings_ask_nothing() {
    let place = listening().await;
    let service = &place.service;
    let id = service.accept(&service.ours).await.id.to_string();
    let reader = service.key_with("missions:read").await;
    let mut socket = place.open(&id, "", &[("x-api-key", &reader)]).await.unwrap();
    next(&mut socket).await.unwrap();
    for _ in 0..50 {
        socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    }
    let mut flooding = place.open(&id, "", &[("x-api-key", &reader)]).await.unwrap();
    next(&mut flooding).await.unwrap();
    for _ in 0..200 {
        // The service may have closed it by now.
        let _ = flooding.send(Message::Ping(Vec::new().into())).await;
    }
    assert_eq!(end_of(&mut flooding).await, Some(1008), "too many pings");

    let sha256 = KeyText::parse(&reader).unwrap().sha256();
    let key = service.database.key_by_sha256(&sha256).await.unwrap().unwrap();
    let began = std::time::Instant::now();
    assert!(service.database.revoke_key(key.id, Timestamp::now()).await.unwrap());
    assert_eq!(end_of(&mut socket).await, Some(1008), "the key works no more");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

/// The code with which a socket ends, whatever comes before.
async fn end_of(socket: &mut Socket) -> Option<u16> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next())
            .await
            .unwrap();
        match message {
            Some(Ok(Message::Close(close))) => return close.map(|close| close.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}

//! Login sessions: seen and ended by their owner, and by nobody else.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use super::{PASSWORD, people, refused};

const SESSIONS: &str = "/v1/users/me/sessions";

#[tokio::test]
async fn sessions_are_listed_with_what_their_owner_recognises() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let wish = json!({"email": "ada@example.org", "password": PASSWORD});
    let headers = [("user-agent", "Lighthouse/1.0"), ("x-test-address", "203.0.113.9")];
    let answer = people.ask(Method::POST, "/v1/auth/login", &headers, Some(&wish)).await;
    let here = super::LoggedIn::of(&answer);
    let listed = people.get(&here.access, SESSIONS).await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["id"], here.session, "newest first");
    assert_eq!(
        (&sessions[0]["current"], &sessions[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(sessions[0]["agent"], "Lighthouse/1.0");
    assert_eq!(sessions[0]["address"], "203.0.113.9");
    assert_eq!(sessions[0]["method"], "password");
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_only() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let there = people.log_in("ada@example.org").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let path = format!("{SESSIONS}/{}", there.session);
    let foreign = people.with(&eve.access, Method::DELETE, &path, None).await;
    assert_eq!(refused(&foreign), (404, "not_found".to_owned()));
    assert_eq!(people.get(&there.access, "/whoami").await.status, StatusCode::OK);
    let ended = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(
        people.get(&there.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(refused(&again), (404, "not_found".to_owned()));
    let nonsense = people
        .with(&ada.access, Method::DELETE, &format!("{SESSIONS}/x"), None)
        .await;
    assert_eq!(refused(&nonsense), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let there = people.log_in("ada@example.org").await;
    let here = people.log_in("ada@example.org").await;
    let ended = people.with(&here.access, Method::DELETE, SESSIONS, None).await.json();
    assert_eq!(ended["ended"].as_array().unwrap().len(), 2);
    assert_eq!(
        people.get(&there.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(people.get(&here.access, "/whoami").await.status, StatusCode::OK);
}

/// What another process ends is seen here within the time that is promised.
#[tokio::test]
async fn a_session_that_another_node_ended_lets_nobody_in_after_five_seconds() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    assert_eq!(people.get(&ada.access, "/whoami").await.status, StatusCode::OK);
    let mut change = people.database.account_change("test").await.unwrap();
    let session = ada.session.parse().unwrap();
    assert!(
        change
            .revoke_session(ada.user, session, "elsewhere", people.now())
            .await
            .unwrap()
    );
    change.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(5_050)).await;
    assert_eq!(
        people.get(&ada.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
}

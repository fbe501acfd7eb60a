//! The way of people on a database server, where others commit between two statements: what must be once is once.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, people_on_server, refused};

#[tokio::test]
async fn people_register_log_in_invite_and_leave_on_a_server() {
    let people = people_on_server().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let refreshes = (0..6).map(|_| people.post("/v1/auth/refresh", json!({"refresh_token": bob.refresh})));
    let all = futures::future::join_all(refreshes).await;
    let mut successors: Vec<String> = all.iter().map(|answer| LoggedIn::of(answer).refresh).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "one successor for all");
    people.pass(11);
    let stolen = people
        .post("/v1/auth/refresh", json!({"refresh_token": bob.refresh}))
        .await;
    assert_eq!(refused(&stolen), (401, "session_over".to_owned()));
    let family = people
        .post("/v1/auth/refresh", json!({"refresh_token": successors[0]}))
        .await;
    assert_eq!(refused(&family), (401, "session_over".to_owned()));
    let attempts = (0..12).map(|_| people.try_log_in("bob@example.org", "something else entirely"));
    let answers = futures::future::join_all(attempts).await;
    let tried = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::UNAUTHORIZED);
    assert_eq!(tried.count(), 6, "counted before the password is looked at");
    people.pass(3_600);
    let bob = people.log_in("bob@example.org").await;
    let wish = json!({"name": "k", "scopes": ["missions:read"]});
    let made = people.with(&bob.access, Method::POST, "/v1/api-keys", Some(wish)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let erase = Some(json!({ "password": PASSWORD }));
    let erased = people.with(&bob.access, Method::DELETE, "/v1/users/me", erase).await;
    assert_eq!(
        erased.status,
        StatusCode::NO_CONTENT,
        "{}",
        String::from_utf8_lossy(&erased.body)
    );
    let ada = people.log_in("ada@example.org").await;
    let verdict = people.get(&ada.access, "/v1/audit/verification").await.json();
    assert_eq!(verdict["intact"], true);
    assert!(verdict["entries"].as_i64().unwrap() >= 8, "{verdict}");
}

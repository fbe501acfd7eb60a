//! The way of people on a database server, where others commit between two statements: what must be once is once.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, people_on_server, people_on_server_with, refused, settings};

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

#[tokio::test]
async fn no_step_needs_a_second_connection_while_it_holds_one() {
    let people = people_on_server_with(1, settings()).await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let spend = json!({"refresh_token": ada.refresh});
    let next = LoggedIn::of(&people.post("/v1/auth/refresh", spend.clone()).await);
    people.pass(11);
    let replayed = people.post("/v1/auth/refresh", spend).await;
    assert_eq!(refused(&replayed), (401, "session_over".to_owned()));
    let family = people
        .post("/v1/auth/refresh", json!({"refresh_token": next.refresh}))
        .await;
    assert_eq!(refused(&family), (401, "session_over".to_owned()));

    let ada = people.log_in("ada@example.org").await;
    let wish = json!({"email": "ada@new.example.org", "password": PASSWORD});
    let asked = people
        .with(&ada.access, Method::PATCH, "/v1/users/me", Some(wish))
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    let token = people.token_for("ada@new.example.org").await;
    let changed = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);

    people
        .post("/v1/auth/password-reset", json!({"email": "ada@new.example.org"}))
        .await;
    let token = people.token_for("ada@new.example.org").await;
    let wish = json!({"token": token, "password": "granite over lanterns"});
    let reset = people.post("/v1/auth/password-reset/confirm", wish).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    let wrong = people.try_log_in("ada@new.example.org", PASSWORD).await;
    assert_eq!(refused(&wrong), (401, "wrong_credentials".to_owned()));
    let right = people.try_log_in("ada@new.example.org", "granite over lanterns").await;
    let ada = LoggedIn::of(&right);
    assert_eq!(people.acts(&ada.access, "login.failed", 1).await.len(), 1);
}

//! Whoever has a part of an account, a password, an access token, a link or the mail of the address before, does not get the
//! rest of it, and loses the part when its owner acts.

use std::time::{Duration, Instant};

use driftline_auth_billing::{HashCost, IdentitySettings};
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, People, people, people_on_server_with, people_with, refused, settings};

const NEW: &str = "granite over lanterns";

async fn ask_for_another_address(people: &People, who: &LoggedIn, address: &str) {
    let wish = json!({"email": address, "password": PASSWORD});
    let asked = people
        .with(&who.access, Method::PATCH, "/v1/users/me", Some(wish))
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", String::from_utf8_lossy(&asked.body));
}

fn token_in(text: &str) -> String {
    let link = text.lines().find(|line| line.contains("/#")).unwrap();
    link.split_once('=').unwrap().1.to_owned()
}

#[tokio::test]
async fn a_new_password_ends_the_links_that_were_asked_for_before() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    ask_for_another_address(&people, &ada, "eve@evil.example.org").await;
    let mails = people.mails().await;
    let to = |address: &str| mails.iter().find(|mail| mail.to == address).unwrap();
    assert!(
        to("ada@example.org").text.contains("asked to change its mail address"),
        "{mails:?}"
    );
    let change = token_in(&to("eve@evil.example.org").text);
    people
        .post("/v1/auth/password-reset", json!({"email": "ada@example.org"}))
        .await;
    let reset = people.token_for("ada@example.org").await;
    let wish = json!({"token": reset, "password": NEW});
    let done = people.post("/v1/auth/password-reset/confirm", wish).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    let late = people.post("/v1/auth/verify-email", json!({ "token": change })).await;
    assert_eq!(refused(&late), (422, "link_over".to_owned()));

    // And by who is logged in.
    people.mails().await;
    let ada = LoggedIn::of(&people.try_log_in("ada@example.org", NEW).await);
    people
        .post("/v1/auth/password-reset", json!({"email": "ada@example.org"}))
        .await;
    let reset = people.token_for("ada@example.org").await;
    let wish = Some(json!({"current": NEW, "new": PASSWORD}));
    let set = people
        .with(&ada.access, Method::POST, "/v1/users/me/password", wish)
        .await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    let late = people
        .post(
            "/v1/auth/password-reset/confirm",
            json!({"token": reset, "password": NEW}),
        )
        .await;
    assert_eq!(refused(&late), (422, "link_over".to_owned()));
}

#[tokio::test]
async fn a_new_address_ends_the_links_that_went_to_the_old_one() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people
        .post("/v1/auth/password-reset", json!({"email": "ada@example.org"}))
        .await;
    let reset = people.token_for("ada@example.org").await;
    ask_for_another_address(&people, &ada, "ada@new.example.org").await;
    let change = people.token_for("ada@new.example.org").await;
    let changed = people.post("/v1/auth/verify-email", json!({ "token": change })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    let late = people
        .post(
            "/v1/auth/password-reset/confirm",
            json!({"token": reset, "password": NEW}),
        )
        .await;
    assert_eq!(refused(&late), (422, "link_over".to_owned()));
}

/// With hashes that take a second, so that something can happen meanwhile.
fn slow() -> IdentitySettings {
    IdentitySettings {
        hash: HashCost {
            passes: 200,
            ..HashCost::default()
        },
        ..settings()
    }
}

/// Waits until a password is compared: its account was read by then.
async fn under_way(people: &People) {
    while people.identity.hashing() == (0, 0) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_login_is_overtaken(people: &People) {
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let login = async {
        let answer = people.try_log_in("ada@example.org", PASSWORD).await;
        (answer, Instant::now())
    };
    let reset = async {
        under_way(people).await;
        let mut change = people.database.account_change("test").await.unwrap();
        change
            .set_password(ada.user, "another hash", people.now())
            .await
            .unwrap();
        change
            .revoke_sessions(ada.user, None, "password reset", people.now())
            .await
            .unwrap();
        change.commit().await.unwrap();
        Instant::now()
    };
    let ((answer, answered), changed) = futures::future::join(login, reset).await;
    assert!(changed < answered, "the password was set while the login was under way");
    assert_eq!(refused(&answer), (401, "wrong_credentials".to_owned()));
    let left = people.database.login_sessions(ada.user, people.now()).await.unwrap();
    assert_eq!(left, [], "no session outlives the password that began it");
}

#[tokio::test]
async fn a_login_under_way_does_not_outlive_the_password() {
    a_login_is_overtaken(&people_with(slow()).await).await;
    a_login_is_overtaken(&people_on_server_with(5, slow()).await).await;
}

#[tokio::test]
async fn a_full_queue_is_nobodys_wrong_password() {
    let people = people_with(IdentitySettings {
        hash_queue: 0,
        ..slow()
    })
    .await;
    people.founder("ada@example.org", "Coastguard").await;
    let occupying = people.try_log_in("nobody@example.org", PASSWORD);
    let meanwhile = async {
        under_way(&people).await;
        for _ in 0..8 {
            let answer = people.try_log_in("ada@example.org", PASSWORD).await;
            assert_eq!(refused(&answer), (503, "busy".to_owned()));
        }
    };
    let (occupied, ()) = futures::future::join(occupying, meanwhile).await;
    assert_eq!(occupied.status, StatusCode::UNAUTHORIZED);
    people.log_in("ada@example.org").await;
}

//! Nobody can make the service flood somebody with mail, or end a link by asking for another one.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, people, refused};

#[tokio::test]
async fn ten_resets_send_three_mails_and_the_first_link_works() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let ask = || people.post("/v1/auth/password-reset", json!({"email": "Ada@example.org"}));
    ask().await;
    let first = people.token_for("ada@example.org").await;
    for _ in 0..9 {
        let answer = ask().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "the same answer");
        people.pass(1);
    }
    assert_eq!(people.mails().await.len(), 2, "three with the first");
    let wish = json!({"token": first, "password": "granite over lanterns"});
    let reset = people.post("/v1/auth/password-reset/confirm", wish).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    people.pass(15 * 60);
    people.mails().await;
    ask().await;
    assert_eq!(people.mails().await.len(), 1, "a quarter of an hour later");
}

#[tokio::test]
async fn registering_an_address_again_and_again_sends_few_mails() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    for n in 0..8 {
        let wish = json!({"email": "ada@example.org", "password": PASSWORD, "organisation": format!("O{n}")});
        assert_eq!(
            people.post("/v1/auth/register", wish).await.status,
            StatusCode::ACCEPTED
        );
    }
    assert!(people.mails().await.len() <= 3);
}

#[tokio::test]
async fn who_invites_too_much_is_told_so() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Viewer).await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/invitations");
    let invite = |address: String| {
        let (people, path, access) = (&people, path.clone(), ada.access.clone());
        async move {
            let wish = json!({"email": address, "role": "viewer"});
            people.with(&access, Method::POST, &path, Some(wish)).await
        }
    };
    for n in 0..3 {
        let answer = invite("vic@example.org".to_owned()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{n}");
    }
    let fourth = invite("VIC@example.org".to_owned()).await;
    assert_eq!(refused(&fourth), (429, "too_many_mails".to_owned()));
    assert!(fourth.headers.contains_key("retry-after"));
    let mut sent = 4;
    loop {
        let answer = invite(format!("n{sent}@example.org")).await;
        if answer.status != StatusCode::CREATED {
            assert_eq!(refused(&answer), (429, "too_many_mails".to_owned()));
            break;
        }
        sent += 1;
        assert!(sent < 40, "one sender has a limit over all addresses");
    }
    // Another sender has another count.
    let wish = json!({"email": "bob@new.example.org", "password": PASSWORD});
    let asked = people
        .with(&bob.access, Method::PATCH, "/v1/users/me", Some(wish))
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    LoggedIn::of(&people.try_log_in("ada@example.org", PASSWORD).await);
}

//! Making an account: by oneself where that is open, confirmed by a mail, and without telling anybody who has one.

use driftline_auth_billing::IdentitySettings;
use http::StatusCode;
use serde_json::json;

use super::{BASE, PASSWORD, people, people_with, refused, settings};

fn wish(email: &str) -> serde_json::Value {
    json!({"email": email, "password": PASSWORD, "name": "Ada", "organisation": "Coastguard"})
}

#[tokio::test]
async fn who_registers_confirms_by_mail_and_founds_the_organisation() {
    let people = people().await;
    let answer = people.post("/v1/auth/register", wish("Ada@Example.org")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let early = people.try_log_in("ada@example.org", PASSWORD).await;
    assert_eq!(refused(&early), (403, "email_unverified".to_owned()));
    let mails = people.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "Ada@Example.org", "as its owner writes it");
    let link = mails[0].text.lines().find(|line| line.starts_with(BASE)).unwrap();
    let token = link.split_once("#verify-email=").unwrap().1;
    for (token, expected) in [(token, 204), (token, 422), ("dle_x", 422), ("", 422)] {
        let answer = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
        assert_eq!(answer.status.as_u16(), expected, "{token}");
    }
    let ada = people.log_in("ada@EXAMPLE.org").await;
    let me = people.get(&ada.access, "/v1/auth/me").await.json();
    assert_eq!(me["email"], "Ada@Example.org");
    assert_eq!(me["organisations"][0]["name"], "Coastguard");
    assert_eq!(me["organisation"]["role"], "org_admin");
    let caller = people.get(&ada.access, "/whoami").await.json();
    assert_eq!(caller["actor"], ada.user.to_string());
}

#[tokio::test]
async fn a_second_registration_has_the_same_answer_and_its_owner_a_mail() {
    let people = people().await;
    let first = people.post("/v1/auth/register", wish("ada@example.org")).await;
    let token = people.token_for("ada@example.org").await;
    people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    let second = people.post("/v1/auth/register", wish("ADA@example.org")).await;
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    let mails = people.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.contains("account already"), "{}", mails[0].subject);
    assert!(!mails[0].text.contains("dle_"), "nothing to take over the account with");
    people.log_in("ada@example.org").await;
}

#[tokio::test]
async fn registration_is_closed_unless_opened_and_open_for_the_domains_of_the_list() {
    let closed = people_with(IdentitySettings {
        registration: false,
        ..settings()
    })
    .await;
    let answer = closed.post("/v1/auth/register", wish("ada@example.org")).await;
    assert_eq!(refused(&answer), (403, "registration_closed".to_owned()));
    let listed = people_with(IdentitySettings {
        registration_domains: vec!["Kystverket.no".to_owned()],
        ..settings()
    })
    .await;
    let answer = listed.post("/v1/auth/register", wish("ada@example.org")).await;
    assert_eq!(answer.json()["details"][0]["code"], "domain_not_allowed");
    let answer = listed.post("/v1/auth/register", wish("ada@kystverket.NO")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let no_mail = people_with(IdentitySettings {
        mail: None,
        ..settings()
    })
    .await;
    let answer = no_mail.post("/v1/auth/register", wish("ada@example.org")).await;
    assert_eq!(refused(&answer), (403, "no_mail".to_owned()));
    assert!(no_mail.mails().await.is_empty());
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let people = people().await;
    let wish = json!({"email": "nobody", "password": "short", "name": "a\nb", "organisation": " "});
    let answer = people.post("/v1/auth/register", wish).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let body = answer.json();
    let fields: Vec<&str> = body["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["email", "name", "organisation", "password"]);
}

#[tokio::test]
async fn an_organisation_whose_name_is_taken_by_then_gets_another_one() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    people.post("/v1/auth/register", wish("bob@example.org")).await;
    let token = people.token_for("bob@example.org").await;
    let answer = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(refused(&answer), (409, "conflict".to_owned()));
    let other = json!({"token": token, "organisation": "Coastguard North"});
    let answer = people.post("/v1/auth/verify-email", other).await;
    assert_eq!(
        answer.status,
        StatusCode::NO_CONTENT,
        "the refusal did not use the link up"
    );
    people.log_in("bob@example.org").await;
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let people = people().await;
    people.post("/v1/auth/register", wish("ada@example.org")).await;
    let token = people.token_for("ada@example.org").await;
    people.pass(24 * 3600);
    let answer = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(refused(&answer), (422, "link_over".to_owned()));
}

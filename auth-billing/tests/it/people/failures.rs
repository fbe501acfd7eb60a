//! Failed logins in the audit log: of accounts that exist, bounded, and in each organisation.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{PASSWORD, people, refused};

fn told(entries: &[Value]) -> Vec<(&Value, &Value, &Value)> {
    entries
        .iter()
        .map(|entry| {
            let details = &entry["details"];
            (&details["what"], &details["failures"], &details["paused_s"])
        })
        .collect()
}

#[tokio::test]
async fn guessed_passwords_stand_in_the_log_of_the_organisation_and_are_no_flood() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    for _ in 0..20 {
        let wrong = people.try_log_in("bob@example.org", "something else entirely").await;
        assert!([401, 429].contains(&wrong.status.as_u16()));
    }
    let entries = people.acts(&ada.access, "login.failed", 2).await;
    assert_eq!(
        told(&entries),
        [
            (&json!("password"), &json!(6), &json!(2)),
            (&json!("password"), &json!(1), &Value::Null)
        ]
    );
    assert_eq!(entries[0]["subject"], bob.user.to_string());
    assert_eq!(entries[0]["actor"], "nobody");
    people.pass(3);
    people.try_log_in("bob@example.org", "something else entirely").await;
    let entries = people.acts(&ada.access, "login.failed", 3).await;
    assert_eq!(told(&entries)[0], (&json!("password"), &json!(7), &json!(4)));
    let foreign = people.get(&eve.access, "/v1/audit?action=login.failed").await.json();
    assert_eq!(foreign["entries"], json!([]));
    // Of nobody there is no entry, and the same answer.
    let unknown = people.try_log_in("nobody@example.org", PASSWORD).await;
    assert_eq!(refused(&unknown), (401, "wrong_credentials".to_owned()));
    assert_eq!(people.acts(&ada.access, "login.failed", 3).await.len(), 3);
    let verdict = people.get(&ada.access, "/v1/audit/verification").await.json();
    assert_eq!(verdict["intact"], true);
}

#[tokio::test]
async fn a_wrong_password_of_who_is_logged_in_is_told_too() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let wish = Some(json!({"password": "something else entirely"}));
    let erased = people.with(&ada.access, Method::DELETE, "/v1/users/me", wish).await;
    assert_eq!(erased.status, StatusCode::UNAUTHORIZED);
    let entries = people.acts(&ada.access, "login.failed", 1).await;
    assert_eq!(told(&entries), [(&json!("password"), &json!(1), &Value::Null)]);
}

//! The account of who is logged in: changed, copied out, erased.

use driftline_database::{AccountDetails, Role};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{PASSWORD, people, refused};

const ME: &str = "/v1/users/me";

#[tokio::test]
async fn name_and_number_are_changed_and_stand_nowhere_in_the_clear() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let wish = Some(json!({"name": "Ada Lovelace", "phone": "+47 22 00 00 00"}));
    let changed = people.with(&ada.access, Method::PATCH, ME, wish).await.json();
    assert_eq!(
        (&changed["name"], &changed["phone"]),
        (&json!("Ada Lovelace"), &json!("+47 22 00 00 00"))
    );
    let row = people.database.user(ada.user).await.unwrap().unwrap();
    for sealed in [row.email.unwrap(), row.name.unwrap(), row.phone.unwrap()] {
        let text = String::from_utf8_lossy(&sealed).into_owned();
        assert!(
            !text.contains("Ada") && !text.contains("ada@") && !text.contains("22 00"),
            "{text}"
        );
    }
    let none = Some(json!({"phone": ""}));
    assert_eq!(
        people.with(&ada.access, Method::PATCH, ME, none).await.json()["phone"],
        json!(null)
    );
    let bad = Some(json!({"name": "x".repeat(51), "phone": "call me"}));
    let answer = people.with(&ada.access, Method::PATCH, ME, bad).await;
    assert_eq!(answer.json()["details"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_new_address_counts_once_its_owner_opened_the_link() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people.founder("eve@example.org", "Navy").await;
    let change = |body: Value| {
        let (people, access) = (&people, ada.access.clone());
        async move { people.with(&access, Method::PATCH, ME, Some(body)).await }
    };
    let without = change(json!({"email": "new@example.org"})).await;
    assert_eq!(refused(&without), (401, "password_needed".to_owned()));
    let asked = change(json!({"email": "new@example.org", "password": PASSWORD})).await;
    assert_eq!(asked.json()["email"], "ada@example.org", "not yet");
    let token = people.token_for("new@example.org").await;
    let answer = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let told = people.mails().await;
    assert_eq!(told[0].to, "ada@example.org", "the old address is told");
    assert_eq!(people.get(&ada.access, ME).await.json()["email"], "new@example.org");
    people.log_in("new@example.org").await;
    assert_eq!(
        people.try_log_in("ada@example.org", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    change(json!({"email": "eve@example.org", "password": PASSWORD})).await;
    let token = people.token_for("eve@example.org").await;
    let taken = people.post("/v1/auth/verify-email", json!({ "token": token })).await;
    assert_eq!(refused(&taken), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let there = people.log_in("ada@example.org").await;
    let path = "/v1/users/me/password";
    let change = |body: Value| {
        let (people, access) = (&people, ada.access.clone());
        async move { people.with(&access, Method::POST, path, Some(body)).await }
    };
    let wrong = change(json!({"current": "something else entirely", "new": "gneiss lantern puffin"})).await;
    assert_eq!(refused(&wrong), (401, "wrong_credentials".to_owned()));
    let weak = change(json!({"current": PASSWORD, "new": "Password2026!"})).await;
    assert_eq!(weak.json()["details"][0]["code"], "too_common");
    let good = change(json!({"current": PASSWORD, "new": "gneiss lantern puffin"})).await;
    assert_eq!(good.status, StatusCode::NO_CONTENT);
    assert_eq!(
        people.get(&there.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(people.get(&ada.access, "/whoami").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_export_has_everything_and_no_secret() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let answer = people.get(&ada.access, "/v1/users/me/export").await;
    assert!(
        answer.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    let all = answer.json();
    assert_eq!(all["email"], "ada@example.org");
    assert_eq!(all["sessions"].as_array().unwrap().len(), 1);
    let acts: Vec<&str> = all["acts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| act["action"].as_str().unwrap())
        .collect();
    assert!(
        acts.contains(&"session.begun") && acts.contains(&"user.registered"),
        "{acts:?}"
    );
    let text = all.to_string();
    assert!(!text.contains("argon2") && !text.contains(&ada.refresh), "{text}");
}

#[tokio::test]
async fn an_erased_account_is_gone_and_what_it_did_stays_with_the_organisation() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let wish = json!({"name": "k", "scopes": ["missions:read"]});
    let key = people
        .with(&bob.access, Method::POST, "/v1/api-keys", Some(wish))
        .await
        .json();
    // Invoices go to Bob, as long as there is one.
    let (org, database) = (people.org_of(&ada.access).await, people.identity.sealed_database());
    let details = AccountDetails {
        name: "Kystvakten".to_owned(),
        email: "Bob@example.org".to_owned(),
        ..AccountDetails::default()
    };
    database.set_account(org, &details, people.now()).await.unwrap();
    people.database.account(org).await.unwrap_err();
    let export = people.get(&bob.access, "/v1/users/me/export").await.json();
    assert_eq!(
        export["invoices_go_to"],
        json!([{"org": org, "email": "Bob@example.org"}])
    );
    let export = people.get(&ada.access, "/v1/users/me/export").await.json();
    assert_eq!(export["invoices_go_to"], json!([]));
    let without = people.with(&bob.access, Method::DELETE, ME, Some(json!({}))).await;
    assert_eq!(refused(&without), (401, "password_needed".to_owned()));
    let erase = Some(json!({ "password": PASSWORD }));
    let erased = people.with(&bob.access, Method::DELETE, ME, erase).await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT);
    let left = database.account(org).await.unwrap().details;
    assert_eq!((left.name.as_str(), left.email.as_str()), ("Kystvakten", ""));
    assert_eq!(people.get(&bob.access, ME).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        people.try_log_in("bob@example.org", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    let refresh = json!({"refresh_token": bob.refresh});
    assert_eq!(
        people.post("/v1/auth/refresh", refresh).await.status,
        StatusCode::UNAUTHORIZED
    );
    let headers = [("x-api-key", key["key"].as_str().unwrap())];
    let works = people.ask(Method::GET, "/whoami", &headers, None).await;
    assert_eq!(works.status, StatusCode::UNAUTHORIZED, "a key goes with its maker");
    let log = people.get(&ada.access, "/v1/audit").await;
    let text = String::from_utf8_lossy(&log.body).into_owned();
    assert!(text.contains("member.erased") && text.contains(&bob.user.to_string()));
    assert!(!text.contains("bob@"), "no personal data in the log");
    let verdict = people.get(&ada.access, "/v1/audit/verification").await.json();
    assert_eq!(verdict["intact"], true);
    people.founder("bob@example.org", "Navy").await;
}

//! The end of an organisation: its administrator says its name and the password; then nobody gets anything of it any more, and
//! what it used stays.

use driftline_auth_billing::{Scopes, create_key};
use driftline_database::{NewMission, Role};
use driftline_domain::MissionId;
use http::{Method, StatusCode};
use serde_json::json;

use super::{PASSWORD, people, refused};

const NAME: &str = "Coastguard";

fn wish() -> serde_json::Value {
    json!({"name": NAME, "password": PASSWORD})
}

#[tokio::test]
async fn its_members_keys_and_invitations_end_and_its_people_stay() {
    let people = people().await;
    let ada = people.founder("ada@example.org", NAME).await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}");
    let key = json!({"name": "k", "scopes": ["features:read"]});
    let key = people
        .with(&ada.access, Method::POST, "/v1/api-keys", Some(key))
        .await
        .json();
    let asked = json!({"email": "cyd@example.org", "role": "viewer"});
    let invitations = format!("{path}/invitations");
    people.with(&ada.access, Method::POST, &invitations, Some(asked)).await;
    let for_cyd = people.token_for("cyd@example.org").await;
    people.mails().await;

    let done = people.with(&ada.access, Method::DELETE, &path, Some(wish())).await;
    assert_eq!(done.status, StatusCode::OK);
    let done = done.json();
    assert_eq!((&done["name"], &done["members_removed"]), (&json!(NAME), &json!(2)));
    let told: Vec<String> = people.mails().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, ["ada@example.org", "bob@example.org"]);

    // Tokens that were made for it open nothing, at once on this node.
    for who in [&ada, &bob] {
        assert_eq!(people.get(&who.access, &path).await.status, StatusCode::UNAUTHORIZED);
    }
    people.pass(6);
    let headers = [("x-api-key", key["key"].as_str().unwrap())];
    tokio::time::sleep(std::time::Duration::from_millis(5_100)).await;
    let with_key = people.ask(Method::GET, "/whoami", &headers, None).await;
    assert_eq!(with_key.status, StatusCode::UNAUTHORIZED);
    let accept = json!({"token": for_cyd, "password": PASSWORD, "name": "Cyd"});
    let accepted = people.post("/v1/auth/invitation", accept).await;
    assert_eq!(refused(&accepted), (422, "link_over".to_owned()));

    // Accounts are their people's own.
    let ada = people.log_in("ada@example.org").await;
    let me = people.get(&ada.access, "/v1/auth/me").await.json();
    assert_eq!((&me["organisation"], &me["organisations"]), (&json!(null), &json!([])));
    // The name is free, and a new organisation of that name is another one.
    let again = people.founder("eve@example.org", NAME).await;
    assert_ne!(people.org_of(&again.access).await, org);
    assert_eq!(people.get(&again.access, &path).await.status, StatusCode::NOT_FOUND);

    let verdict = people.database.verify_audit(Some(org)).await.unwrap();
    assert!(verdict.broken_at.is_none(), "{verdict:?}");
    let filter = driftline_database::AuditFilter::default();
    for chain in [Some(org), None] {
        let entries = people.database.audit_entries(chain, &filter, 100).await.unwrap();
        let last = entries.iter().find(|entry| entry.action == "organisation.deleted");
        assert_eq!(last.unwrap().subject, org.to_string(), "{chain:?}");
    }
}

#[tokio::test]
async fn nothing_is_deleted_by_accident_or_by_somebody_else() {
    let people = people().await;
    let ada = people.founder("ada@example.org", NAME).await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let path = format!("/v1/organisations/{}", people.org_of(&ada.access).await);
    let ask = |access: &str, body: serde_json::Value| {
        let (people, path, access) = (&people, path.clone(), access.to_owned());
        async move { people.with(&access, Method::DELETE, &path, Some(body)).await }
    };
    let other = json!({"name": "coastguard", "password": PASSWORD});
    assert_eq!(
        ask(&ada.access, other).await.json()["details"][0]["code"],
        "not_its_name"
    );
    let nameless = ask(&ada.access, json!({"password": PASSWORD})).await;
    assert!(nameless.status.is_client_error());
    let silent = ask(&ada.access, json!({ "name": NAME })).await;
    assert_eq!(refused(&silent), (401, "password_needed".to_owned()));
    let wrong = ask(
        &ada.access,
        json!({"name": NAME, "password": "something else entirely"}),
    )
    .await;
    assert_eq!(refused(&wrong), (401, "wrong_credentials".to_owned()));
    assert_eq!(ask(&bob.access, wish()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&eve.access, wish()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(people.get(&ada.access, &path).await.json()["name"], NAME);
}

#[tokio::test]
async fn missions_at_work_are_ended_first() {
    let people = people().await;
    let ada = people.founder("ada@example.org", NAME).await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}");
    let (_, row) = create_key(&people.database, org, "desk", &Scopes::all(), None, people.now())
        .await
        .unwrap();
    let mission = NewMission {
        id: MissionId::generate(),
        org,
        created_by: row.id,
        spec: crate::mission_spec(false),
        warnings: Vec::new(),
        idempotency: None,
        created_at: people.now(),
    };
    let id = mission.id;
    people.database.create_mission(mission).await.unwrap();
    let busy = people.with(&ada.access, Method::DELETE, &path, Some(wish())).await;
    assert_eq!(refused(&busy), (409, "conflict".to_owned()));
    assert_eq!(people.get(&ada.access, &path).await.status, StatusCode::OK);
    people.database.cancel_mission(org, id, people.now()).await.unwrap();
    let done = people
        .with(&ada.access, Method::DELETE, &path, Some(wish()))
        .await
        .json();
    assert_eq!(done["missions_withdrawn"], 1);
    assert_eq!(people.database.mission(org, id).await.unwrap(), None);
}

//! Who runs the installation looks into an organisation: for a reason, for a while, and seen by it.

use driftline_auth_billing::{Given, NewMember};
use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, People, people, refused};

async fn superadmin(people: &People) -> LoggedIn {
    let org = people
        .database
        .create_organisation("Operators", people.now())
        .await
        .unwrap();
    let new = NewMember {
        org: org.id,
        email: "root@example.org",
        name: "",
        role: Role::OrgAdmin,
        password: Some(Given::Plain(PASSWORD)),
        is_verified: true,
        is_superadmin: true,
    };
    people.identity.make_member(&new).await.unwrap();
    people.log_in("root@example.org").await
}

#[tokio::test]
async fn a_look_reads_for_a_quarter_of_an_hour_and_is_seen() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let root = superadmin(&people).await;
    let org = people.org_of(&ada.access).await;
    // Without the act nothing of the tenant's is there.
    for path in [
        format!("/v1/organisations/{org}"),
        format!("/v1/organisations/{org}/members"),
    ] {
        let answer = people.get(&root.access, &path).await;
        assert_eq!(refused(&answer), (404, "not_found".to_owned()), "{path}");
    }
    let path = format!("/v1/organisations/{org}/look");
    let reason = "ticket 4711: tiles of a mission do not load";
    let look = |who: &LoggedIn, wish: serde_json::Value| {
        let (people, access, path) = (&people, who.access.clone(), path.clone());
        async move { people.with(&access, Method::POST, &path, Some(wish)).await }
    };
    let without = look(&root, json!({"reason": "  because  ", "password": PASSWORD})).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    let without = look(&root, json!({ "reason": reason })).await;
    assert_eq!(refused(&without), (401, "password_needed".to_owned()));
    let begun = look(&root, json!({"reason": reason, "password": PASSWORD})).await;
    assert_eq!(
        begun.status,
        StatusCode::CREATED,
        "{}",
        String::from_utf8_lossy(&begun.body)
    );
    let begun = begun.json();
    let key = begun["key"].as_str().unwrap().to_owned();
    let ask = |method: Method, path: &'static str| {
        let (people, key) = (&people, key.clone());
        async move { people.ask(method, path, &[("x-api-key", &key)], None).await }
    };
    let caller = ask(Method::GET, "/whoami").await.json();
    assert_eq!(caller["org"], org.to_string());
    let scopes = caller["scopes"].as_array().unwrap();
    assert!(
        scopes.iter().all(|scope| scope.as_str().unwrap().ends_with(":read")),
        "{scopes:?}"
    );
    assert_eq!(ask(Method::GET, "/v1/api-keys").await.status, StatusCode::FORBIDDEN);

    let told = people.acts(&ada.access, "organisation.looked_into", 1).await;
    assert_eq!(told[0]["actor"], root.user.to_string());
    assert_eq!(
        (&told[0]["details"]["reason"], &told[0]["details"]["key"]),
        (&json!(reason), &begun["id"])
    );
    let listed = people.get(&ada.access, "/v1/api-keys").await.json();
    assert_eq!(
        listed["keys"][0]["id"], begun["id"],
        "its administrators see it, and can end it"
    );
    people.pass(15 * 60);
    assert_eq!(ask(Method::GET, "/whoami").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_else_looks_and_nobody_looks_at_what_is_not_there() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let root = superadmin(&people).await;
    let org = people.org_of(&ada.access).await;
    let wish = Some(json!({"reason": "a reason that is long enough", "password": PASSWORD}));
    let path = format!("/v1/organisations/{org}/look");
    let own = people.with(&ada.access, Method::POST, &path, wish.clone()).await;
    assert_eq!(refused(&own), (403, "forbidden".to_owned()));
    let foreign = people.with(&eve.access, Method::POST, &path, wish.clone()).await;
    assert_eq!(refused(&foreign), (404, "not_found".to_owned()));
    let path = format!("/v1/organisations/{}/look", driftline_domain::OrgId::generate());
    let nowhere = people.with(&root.access, Method::POST, &path, wish).await;
    assert_eq!(refused(&nowhere), (404, "not_found".to_owned()));
    let told = people
        .get(&ada.access, "/v1/audit?action=organisation.looked_into")
        .await;
    assert_eq!(told.json()["entries"], json!([]));
}

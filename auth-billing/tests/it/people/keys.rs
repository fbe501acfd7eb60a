//! API keys made by people: shown once, never more than the role has, own ones only where the matrix says so.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{EVERYTHING_OF_AN_ADMINISTRATOR, LoggedIn, People, people, refused};

const KEYS: &str = "/v1/api-keys";

async fn make(people: &People, who: &LoggedIn, wish: Value) -> crate::Answer {
    people.with(&who.access, Method::POST, KEYS, Some(wish)).await
}

fn ids(listed: &Value) -> Vec<&str> {
    let keys = listed["keys"].as_array().unwrap();
    keys.iter().map(|key| key["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_key_is_shown_once_and_does_what_its_scopes_say() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let wish = json!({"name": "desk", "scopes": ["missions:read"], "expires_at": "2026-02-01T00:00:00Z"});
    let made = make(&people, &ada, wish).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.headers["cache-control"], "no-store");
    let made = made.json();
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert_eq!(made["created_by"], ada.user.to_string());
    let caller = people
        .ask(Method::GET, "/whoami", &[("x-api-key", key)], None)
        .await
        .json();
    assert_eq!((&caller["actor"], &caller["role"]), (&json!(id), &json!(null)));
    assert_eq!(caller["scopes"], json!(["missions:read"]));
    let listed = people.get(&ada.access, KEYS).await;
    let text = String::from_utf8_lossy(&listed.body).into_owned();
    assert!(!text.contains(&key[10..]) && !text.contains("sha256"), "{text}");
    assert_eq!(ids(&listed.json()), [id], "the membership's own row is not among them");
    assert_eq!(listed.json()["keys"][0]["hint"], key[..10]);
    let page = json!({"name": "page", "kind": "publishable", "origins": ["https://*.Example.org"]});
    let page = make(&people, &ada, page).await.json();
    assert!(page["key"].as_str().unwrap().starts_with("dlp_"));
    assert_eq!(
        (&page["origins"], &page["scopes"]),
        (&json!(["https://*.example.org"]), &json!(["features:read"]))
    );
    let path = format!("{KEYS}/{id}");
    let gone = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let again = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(refused(&again), (409, "conflict".to_owned()));
    let audit = people.get(&ada.access, "/v1/audit?action=key.revoked").await.json();
    assert_eq!(audit["entries"][0]["subject"], id);
    assert!(
        !people
            .get(&ada.access, "/v1/audit")
            .await
            .json()
            .to_string()
            .contains(&key[10..])
    );
}

#[tokio::test]
async fn what_makes_no_key_is_refused_by_name() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    for (wish, field) in [
        (json!({"name": "", "scopes": ["missions:read"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": ["everything"]}), "scopes"),
        (
            json!({"name": "x", "scopes": ["missions:read"], "origins": ["https://a.org"]}),
            "origins",
        ),
        (json!({"name": "x", "kind": "publishable"}), "origins"),
        (
            json!({"name": "x", "kind": "publishable", "origins": ["a.org"]}),
            "origins",
        ),
        (
            json!({"name": "x", "kind": "publishable", "scopes": ["missions:read"]}),
            "scopes",
        ),
        (json!({"name": "x", "kind": "master"}), "kind"),
        (
            json!({"name": "x", "scopes": ["missions:read"], "expires_at": "soon"}),
            "expires_at",
        ),
        (
            json!({"name": "x", "scopes": ["missions:read"], "expires_at": "2020-01-01T00:00:00Z"}),
            "expires_at",
        ),
    ] {
        let answer = make(&people, &ada, wish.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wish}");
        assert_eq!(answer.json()["details"][0]["field"], field, "{wish}");
    }
}

#[tokio::test]
async fn an_operator_has_own_keys_only_and_gives_none_more_than_it_has() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let cyd = people.member(&ada.access, "cyd@example.org", Role::MissionOwner).await;
    let wish = json!({"name": "k", "scopes": ["missions:read"]});
    let of_ada = make(&people, &ada, wish.clone()).await.json();
    let of_bob = make(&people, &bob, wish.clone()).await.json();
    let (of_ada, of_bob) = (of_ada["id"].as_str().unwrap(), of_bob["id"].as_str().unwrap());
    assert_eq!(ids(&people.get(&bob.access, KEYS).await.json()), [of_bob]);
    assert_eq!(ids(&people.get(&ada.access, KEYS).await.json()), [of_ada, of_bob]);
    assert_eq!(
        ids(&people.get(&cyd.access, KEYS).await.json()),
        [of_ada, of_bob],
        "sees, and makes none"
    );
    assert_eq!(make(&people, &cyd, wish).await.status, StatusCode::FORBIDDEN);
    let delete = |who: &LoggedIn, id: &str| {
        let (token, path) = (who.access.clone(), format!("{KEYS}/{id}"));
        let people = &people;
        async move { people.with(&token, Method::DELETE, &path, None).await.status.as_u16() }
    };
    assert_eq!(delete(&bob, of_ada).await, 403);
    assert_eq!(delete(&cyd, of_bob).await, 403);
    assert_eq!(delete(&bob, of_bob).await, 204);
    assert_eq!(delete(&ada, of_ada).await, 204);
}

#[tokio::test]
async fn nobody_gives_a_key_what_the_role_has_not() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    // Usage of nodes that were cut off is sent with keys that the operator makes on the command line.
    for beyond in ["all", "usage:write"] {
        let wish = json!({"name": "k", "scopes": [beyond]});
        assert_eq!(
            make(&people, &ada, wish).await.status,
            StatusCode::FORBIDDEN,
            "{beyond}"
        );
    }
    let all = json!({"name": "k", "scopes": EVERYTHING_OF_AN_ADMINISTRATOR});
    assert_eq!(make(&people, &ada, all).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn keys_do_not_manage_keys_and_foreign_ones_are_not_there() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let made = make(
        &people,
        &ada,
        json!({"name": "k", "scopes": EVERYTHING_OF_AN_ADMINISTRATOR}),
    )
    .await
    .json();
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let headers = [("x-api-key", key)];
    let listed = people.ask(Method::GET, KEYS, &headers, None).await;
    assert_eq!(refused(&listed), (403, "forbidden".to_owned()));
    let wish = json!({"name": "k", "scopes": EVERYTHING_OF_AN_ADMINISTRATOR});
    let more = people.ask(Method::POST, KEYS, &headers, Some(&wish)).await;
    assert_eq!(refused(&more), (403, "forbidden".to_owned()));
    let path = format!("{KEYS}/{id}");
    let own = people.ask(Method::DELETE, &path, &headers, None).await;
    assert_eq!(refused(&own), (403, "forbidden".to_owned()));
    let foreign = people.with(&eve.access, Method::DELETE, &path, None).await;
    assert_eq!(refused(&foreign), (404, "not_found".to_owned()));
    assert_eq!(ids(&people.get(&eve.access, KEYS).await.json()), Vec::<&str>::new());
    // The row that stands for a membership is nobody's key, its organisation's own people included.
    let membership = people.get(&ada.access, "/whoami").await.json();
    let path = format!("{KEYS}/{}", membership["key"].as_str().unwrap());
    let answer = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(refused(&answer), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn a_key_gets_a_successor_and_both_work_for_a_while() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Operator).await;
    let wish = json!({"name": "k", "scopes": ["missions:read"], "networks": ["127.0.0.0/8"]});
    let made = make(&people, &ada, wish).await.json();
    assert_eq!(made["networks"], json!(["127.0.0.0/8"]));
    let path = format!("{KEYS}/{}/rotate", made["id"].as_str().unwrap());
    let wish = Some(json!({"overlap_s": 60}));
    let foreign = people.with(&bob.access, Method::POST, &path, wish.clone()).await;
    assert_eq!(refused(&foreign), (403, "forbidden".to_owned()));
    let successor = people.with(&ada.access, Method::POST, &path, wish.clone()).await;
    assert_eq!(successor.status, StatusCode::CREATED);
    let successor = successor.json();
    assert_eq!(successor["networks"], json!(["127.0.0.0/8"]));
    let works = |key: &Value| {
        let (people, key) = (&people, key.as_str().unwrap().to_owned());
        async move {
            people
                .ask(Method::GET, "/whoami", &[("x-api-key", &key)], None)
                .await
                .status
                .as_u16()
        }
    };
    assert_eq!((works(&made["key"]).await, works(&successor["key"]).await), (200, 200));
    people.pass(61);
    assert_eq!((works(&made["key"]).await, works(&successor["key"]).await), (401, 200));
    let again = people.with(&ada.access, Method::POST, &path, wish).await;
    assert_eq!(refused(&again), (409, "conflict".to_owned()));
    let bad = make(
        &people,
        &ada,
        json!({"name": "k", "scopes": ["missions:read"], "networks": ["home"]}),
    )
    .await;
    assert_eq!(bad.json()["details"][0]["field"], "networks");
}

async fn status(people: &People, key: &Value) -> u16 {
    let headers = [("x-api-key", key.as_str().unwrap())];
    people.ask(Method::GET, "/whoami", &headers, None).await.status.as_u16()
}

#[tokio::test]
async fn a_key_ends_when_its_maker_leaves() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let org = people.org_of(&ada.access).await;
    let wish = json!({"name": "k", "scopes": ["missions:read"]});
    let of_ada = make(&people, &ada, wish.clone()).await.json();
    for (name, leaves) in [("bob", "removed"), ("cyd", "left"), ("dan", "erased")] {
        let who = people
            .member(&ada.access, &format!("{name}@example.org"), Role::Operator)
            .await;
        let made = make(&people, &who, wish.clone()).await.json();
        let path = format!("/v1/organisations/{org}/members/{}", who.user);
        let gone = match leaves {
            "removed" => people.with(&ada.access, Method::DELETE, &path, None).await,
            "left" => people.with(&who.access, Method::DELETE, &path, None).await,
            _ => {
                let wish = Some(json!({ "password": super::PASSWORD }));
                people.with(&who.access, Method::DELETE, "/v1/users/me", wish).await
            }
        };
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{leaves}");
        assert_eq!(status(&people, &made["key"]).await, 401, "{leaves}");
        let told = people.acts(&ada.access, &format!("member.{leaves}"), 1).await;
        assert_eq!(told[0]["details"]["keys_revoked"], json!([made["id"]]), "{leaves}");
    }
    assert_eq!(status(&people, &of_ada["key"]).await, 200, "another's key stays");
}

#[tokio::test]
async fn a_key_ends_when_its_makers_role_has_less() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::OrgAdmin).await;
    let org = people.org_of(&ada.access).await;
    let more = make(&people, &bob, json!({"name": "m", "scopes": ["missions:write"]}))
        .await
        .json();
    let less = make(&people, &bob, json!({"name": "l", "scopes": ["missions:read"]}))
        .await
        .json();
    let path = format!("/v1/organisations/{org}/members/{}", bob.user);
    let lowered = people
        .with(&ada.access, Method::PATCH, &path, Some(json!({"role": "viewer"})))
        .await;
    assert_eq!(lowered.status, StatusCode::OK);
    assert_eq!(lowered.json()["keys_revoked"], json!([more["id"]]));
    assert_eq!(
        (status(&people, &more["key"]).await, status(&people, &less["key"]).await),
        (401, 200)
    );
    let told = people.acts(&ada.access, "member.role_changed", 1).await;
    assert_eq!(told[0]["details"]["keys_revoked"], json!([more["id"]]));
}

#[tokio::test]
async fn nobody_gets_more_by_rotating_a_key() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    // What an operator made on the command line has more than any role.
    let scopes = "usage:write".parse().unwrap();
    let org = people.org_of(&ada.access).await;
    let (_, row) = driftline_auth_billing::create_key(&people.database, org, "node", &scopes, None, people.now())
        .await
        .unwrap();
    let path = format!("{KEYS}/{}/rotate", row.id);
    let answer = people.with(&ada.access, Method::POST, &path, Some(json!({}))).await;
    assert_eq!(refused(&answer), (403, "forbidden".to_owned()));
    assert_eq!(people.database.key(row.id).await.unwrap().unwrap().replaced_by, None);
}

#[tokio::test]
async fn a_successor_that_nobody_saw_makes_place_for_another() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let made = make(&people, &ada, json!({"name": "k", "scopes": ["missions:read"]}))
        .await
        .json();
    let path = format!("{KEYS}/{}/rotate", made["id"].as_str().unwrap());
    let rotate = || people.with(&ada.access, Method::POST, &path, Some(json!({"overlap_s": 60})));
    let lost = rotate().await.json();
    let seen = rotate().await;
    assert_eq!(seen.status, StatusCode::CREATED, "the answer before was lost");
    let seen = seen.json();
    assert_eq!(
        (status(&people, &lost["key"]).await, status(&people, &seen["key"]).await),
        (401, 200)
    );
    assert_eq!(status(&people, &made["key"]).await, 200);
    let id = seen["id"].as_str().unwrap().parse().unwrap();
    while people.database.key(id).await.unwrap().unwrap().last_used_at.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(refused(&rotate().await), (409, "conflict".to_owned()), "it is in use");
    let told = people.acts(&ada.access, "key.replaced", 2).await;
    assert_eq!((told.len(), &told[0]["details"]["successor"]), (2, &seen["id"]));
}

//! The matrix of contract.md against the routes, cell by cell, for the own organisation and for a foreign one. A route is
//! asked with what would be granted to an administrator, and the answer must be what the cell says: for one's own
//! organisation a refusal is 403, a foreign thing is not there (404). Resources that have no route in this crate are named
//! in [`ELSEWHERE`]; their cells are asked of [`Caller::grant`](driftline_auth_billing::Caller::grant).

use driftline_auth_billing::{Resource, Verb, permits};
use driftline_database::Role;
use http::Method;
use serde_json::{Value, json};

use super::{LoggedIn, People, people};

/// Resources whose routes are in other crates, or not there yet.
const ELSEWHERE: [Resource; 6] = [
    Resource::Units,
    Resource::Missions,
    Resource::Plans,
    Resource::Forcing,
    Resource::Analytics,
    Resource::ShareLinks,
];

/// What a cell is asked with: a request, on a thing that the person made or that somebody else made.
struct Probe {
    method: Method,
    path: String,
    body: Option<Value>,
    owns: bool,
}

fn probe(method: Method, path: String, body: Option<Value>) -> Probe {
    Probe {
        method,
        path,
        body,
        owns: false,
    }
}

/// Things of one organisation that roles are tried on.
struct Ground {
    org: String,
    /// A member whom nobody misses.
    member: String,
    invitation: String,
    /// A key that the administrator made.
    key: String,
}

async fn ground(people: &People, admin: &LoggedIn, label: &str) -> Ground {
    let org = people.org_of(&admin.access).await.to_string();
    let member = people
        .member(&admin.access, &format!("extra-{label}@example.org"), Role::Viewer)
        .await;
    let path = format!("/v1/organisations/{org}/invitations");
    let wish = json!({"email": format!("asked-{label}@example.org"), "role": "viewer"});
    let invitation = people.with(&admin.access, Method::POST, &path, Some(wish)).await.json();
    let wish = json!({"name": "k", "scopes": ["features:read"]});
    let key = people
        .with(&admin.access, Method::POST, "/v1/api-keys", Some(wish))
        .await
        .json();
    people.mails().await;
    Ground {
        org,
        member: member.user.to_string(),
        invitation: invitation["id"].as_str().unwrap().to_owned(),
        key: key["id"].as_str().unwrap().to_owned(),
    }
}

/// The requests of a cell, in the own organisation or a foreign one; none where the resource has no such route.
fn probes(resource: Resource, verb: Verb, at: &Ground) -> Vec<Probe> {
    let org = format!("/v1/organisations/{}", at.org);
    let role = || Some(json!({"role": "analyst"}));
    match (resource, verb) {
        (Resource::Members, Verb::Create) => {
            let wish = json!({"email": "new@example.org", "role": "viewer"});
            vec![probe(Method::POST, format!("{org}/invitations"), Some(wish))]
        }
        (Resource::Members, Verb::Read) => vec![
            probe(Method::GET, format!("{org}/members"), None),
            probe(Method::GET, format!("{org}/members/{}", at.member), None),
            probe(Method::GET, format!("{org}/invitations"), None),
        ],
        (Resource::Members, Verb::Update) => vec![probe(Method::PATCH, format!("{org}/members/{}", at.member), role())],
        (Resource::Members, Verb::Delete) => vec![
            probe(Method::DELETE, format!("{org}/invitations/{}", at.invitation), None),
            probe(Method::DELETE, format!("{org}/members/{}", at.member), None),
        ],
        (Resource::Organisation, Verb::Read) => vec![probe(Method::GET, org, None)],
        (Resource::Organisation, Verb::Update) => {
            let name = json!({"name": format!("Renamed {}", at.org)});
            vec![probe(Method::PATCH, org, Some(name))]
        }
        (Resource::Keys, Verb::Delete) => vec![probe(Method::DELETE, format!("/v1/api-keys/{}", at.key), None)],
        _ => Vec::new(),
    }
}

/// The end of the organisation, which nothing can be asked of after it.
fn ending(at: &Ground, name: &str) -> Probe {
    let wish = json!({"name": name, "password": super::PASSWORD});
    probe(Method::DELETE, format!("/v1/organisations/{}", at.org), Some(wish))
}

/// Requests that name no thing of any organisation: asked in the own one only.
fn nameless(resource: Resource, verb: Verb) -> Vec<Probe> {
    match (resource, verb) {
        (Resource::Usage, Verb::Read) => ["/v1/audit", "/v1/audit/export", "/v1/audit/verification"]
            .map(|path| probe(Method::GET, path.to_owned(), None))
            .into(),
        (Resource::Keys, Verb::Read) => vec![Probe {
            owns: true,
            ..probe(Method::GET, "/v1/api-keys".to_owned(), None)
        }],
        (Resource::Keys, Verb::Create) => {
            let wish = json!({"name": "k", "scopes": ["features:read"]});
            vec![Probe {
                owns: true,
                ..probe(Method::POST, "/v1/api-keys".to_owned(), Some(wish))
            }]
        }
        _ => Vec::new(),
    }
}

/// A person of each role, in an organisation of its own with things to try on.
async fn with_role(people: &People, role: Role, foreign: bool) -> (LoggedIn, Ground) {
    let label = format!("{role}-{foreign}").replace('_', "-");
    let admin = people
        .founder(&format!("admin-{label}@example.org"), &format!("Org {label}"))
        .await;
    let who = match role {
        Role::OrgAdmin => {
            people
                .member(&admin.access, &format!("who-{label}@example.org"), role)
                .await
        }
        _ => {
            people
                .member(&admin.access, &format!("who-{label}@example.org"), role)
                .await
        }
    };
    (who, ground(people, &admin, &label).await)
}

#[tokio::test]
async fn every_cell_is_what_the_contract_says_at_home() {
    let people = people().await;
    let mut asked = 0;
    for role in Role::ALL {
        let (who, home) = with_role(&people, role, false).await;
        for resource in Resource::ALL {
            for verb in Verb::ALL {
                let all = probes(resource, verb, &home)
                    .into_iter()
                    .chain(nameless(resource, verb));
                for probe in all {
                    let (method, path) = (probe.method.clone(), probe.path.clone());
                    let answer = people.with(&who.access, probe.method, &probe.path, probe.body).await;
                    let status = answer.status.as_u16();
                    if permits(role, resource, verb, probe.owns) {
                        assert!((200..300).contains(&status), "{role} {method} {path}: {status}");
                    } else {
                        assert_eq!(status, 403, "{role} {method} {path}");
                    }
                    asked += 1;
                }
            }
        }
        let name = people
            .get(&who.access, &format!("/v1/organisations/{}", home.org))
            .await;
        let end = ending(&home, name.json()["name"].as_str().unwrap());
        let answer = people.with(&who.access, end.method, &end.path, end.body).await;
        let is_granted = permits(role, Resource::Organisation, Verb::Delete, false);
        let expected = if is_granted { 200 } else { 403 };
        assert_eq!(answer.status.as_u16(), expected, "{role} ends the organisation");
        asked += 1;
        people.mails().await;
    }
    assert_eq!(
        asked,
        Role::ALL.len() * 16,
        "a route that is left out is no cell that was asked"
    );
}

#[tokio::test]
async fn what_is_foreign_is_not_there_for_any_role() {
    let people = people().await;
    let (_, foreign) = with_role(&people, Role::Viewer, true).await;
    for role in Role::ALL {
        let (who, _) = with_role(&people, role, false).await;
        let mut asked = 0;
        for resource in Resource::ALL {
            for verb in Verb::ALL {
                let end = (resource == Resource::Organisation && verb == Verb::Delete)
                    .then(|| ending(&foreign, "Org viewer-true"));
                for probe in probes(resource, verb, &foreign).into_iter().chain(end) {
                    let (method, path) = (probe.method.clone(), probe.path.clone());
                    let answer = people.with(&who.access, probe.method, &probe.path, probe.body).await;
                    assert_eq!(answer.status.as_u16(), 404, "{role} {method} {path}");
                    asked += 1;
                }
            }
        }
        assert_eq!(asked, 11);
    }
    assert!(people.mails().await.iter().all(|mail| mail.to != "new@example.org"));
}

#[tokio::test]
async fn a_key_is_no_member_whatever_its_scopes() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let home = ground(&people, &ada, "keys").await;
    let wish = json!({"name": "all", "scopes": super::EVERYTHING_OF_AN_ADMINISTRATOR});
    let key = people
        .with(&ada.access, Method::POST, "/v1/api-keys", Some(wish))
        .await
        .json();
    let headers = [("x-api-key", key["key"].as_str().unwrap())];
    for resource in Resource::ALL {
        for verb in Verb::ALL {
            for probe in probes(resource, verb, &home)
                .into_iter()
                .chain(nameless(resource, verb))
            {
                let (method, path) = (probe.method.clone(), probe.path.clone());
                let answer = people
                    .ask(probe.method, &probe.path, &headers, probe.body.as_ref())
                    .await;
                // contract.md: a key reads the organisation, and usage and audit by its scope.
                let is_granted = verb == Verb::Read && matches!(resource, Resource::Organisation | Resource::Usage);
                let expected = if is_granted { 200 } else { 403 };
                assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
            }
        }
    }
    let end = ending(&home, "Coastguard");
    let answer = people.ask(end.method, &end.path, &headers, end.body.as_ref()).await;
    assert_eq!(answer.status.as_u16(), 403, "a key ends no organisation");
    let me = people.ask(Method::GET, "/v1/users/me", &headers, None).await;
    assert_eq!(super::refused(&me), (403, "login_needed".to_owned()));
}

#[test]
fn no_resource_is_left_out_unnamed() {
    let empty = Ground {
        org: String::new(),
        member: String::new(),
        invitation: String::new(),
        key: String::new(),
    };
    for resource in Resource::ALL {
        let has_route = Verb::ALL
            .into_iter()
            .any(|verb| !probes(resource, verb, &empty).is_empty() || !nameless(resource, verb).is_empty());
        assert_eq!(has_route, !ELSEWHERE.contains(&resource), "{resource:?}");
    }
}

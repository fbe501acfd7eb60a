//! The matrix of contract.md against the routes of missions, forcing and share links, cell by cell: every role and verb, own and
//! others' missions, the own organisation and a foreign one, keys by scope. Members, organisation, usage and keys are asked in
//! auth-billing; units, plans and analytics have no routes.

use driftline_auth_billing::{Given, NewMember};
use driftline_database::{MissionCreation, NewMission, Role};
use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId};
use http::{Method, Request};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{Answer, Service, Tenant, mission_body};

/// These rows as the contract prints them; columns in the order of [`Role::ALL`], then keys.
const CONTRACT: &str = "
| missions, runs | CRUD | CRUD | CRU (own missions) | R | R | by scope |
| forcing, observations | R | R | R | R | R | by scope |
| mission share links | CRUD | CRUD | CRUD (own missions) | R | – | by scope |";

const VERBS: [char; 4] = ['C', 'R', 'U', 'D'];

/// What a role may do with a row's things.
#[derive(Clone, Copy)]
struct Cell {
    verbs: &'static str,
    own: bool,
}

fn cells() -> Vec<(&'static str, [Cell; 5])> {
    let rows = CONTRACT.trim().lines().map(|line| {
        let fields: Vec<&'static str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(fields.len(), 7, "{line}");
        assert_eq!(fields[6], "by scope");
        let cell = |text: &'static str| Cell {
            verbs: text.split(' ').next().unwrap().trim_matches('–'),
            own: text.ends_with("(own missions)"),
        };
        (fields[0], std::array::from_fn(|column| cell(fields[column + 1])))
    });
    rows.collect()
}

fn may(cell: Cell, verb: char, owns: bool) -> bool {
    cell.verbs.contains(verb) && (owns || !cell.own)
}

/// A request of one cell.
struct Probe {
    method: Method,
    path: String,
    body: Option<Value>,
    /// What a key needs for it.
    scope: &'static str,
    /// What it makes is one's own, whoever's the thing is that it names.
    makes: bool,
}

fn probe(method: Method, path: String, scope: &'static str) -> Probe {
    Probe {
        method,
        path,
        body: None,
        scope,
        makes: false,
    }
}

/// One's own mission or another's: a completed one, one that waits, and a link of the first.
struct Ground {
    done: String,
    waiting: String,
    link: String,
}

/// The requests of a cell that name a thing; none where there is no such route.
fn probes(row: &str, verb: char, at: &Ground) -> Vec<Probe> {
    let v1 = |rest: &str| format!("/v1/missions/{}{rest}", at.done);
    match (row, verb) {
        ("missions, runs", 'C') => vec![Probe {
            makes: true,
            ..probe(Method::POST, v1(":rerun"), "missions:write")
        }],
        ("missions, runs", 'R') => ["", "/status", "/results", "/results/notes.txt", "/events"]
            .iter()
            .map(|rest| probe(Method::GET, v1(rest), "missions:read"))
            .chain(
                [
                    "/ogc",
                    "/ogc/collections/search-areas/items",
                    "/tiles",
                    "/edr",
                    "/wms?service=WMS&request=GetCapabilities",
                ]
                .iter()
                .map(|rest| probe(Method::GET, format!("/missions/{}{rest}", at.done), "features:read")),
            )
            .collect(),
        ("missions, runs", 'U') => vec![probe(
            Method::POST,
            format!("/v1/missions/{}:cancel", at.waiting),
            "missions:write",
        )],
        ("missions, runs", 'D') => vec![probe(
            Method::DELETE,
            format!("/v1/missions/{}", at.waiting),
            "missions:write",
        )],
        ("mission share links", 'C') => vec![Probe {
            body: Some(json!({"expires_in_s": 3600})),
            ..probe(Method::POST, v1("/share-links"), "missions:write")
        }],
        ("mission share links", 'R') => vec![probe(Method::GET, v1("/share-links"), "missions:read")],
        ("mission share links", 'D') => vec![probe(
            Method::DELETE,
            v1(&format!("/share-links/{}", at.link)),
            "missions:write",
        )],
        _ => Vec::new(),
    }
}

/// Requests that name no thing of anybody's.
fn nameless(row: &str, verb: char) -> Vec<Probe> {
    let made = |path: &str, body: Value| Probe {
        body: Some(body),
        makes: true,
        ..probe(Method::POST, path.to_owned(), "missions:write")
    };
    match (row, verb) {
        ("missions, runs", 'C') => vec![
            made("/v1/missions", mission_body()),
            made("/v1/missions:validate", mission_body()),
            made("/v1/missions:batch", json!({"missions": [mission_body()]})),
        ],
        ("missions, runs", 'R') => vec![Probe {
            makes: true,
            ..probe(Method::GET, "/v1/missions".to_owned(), "missions:read")
        }],
        ("forcing, observations", 'R') => [
            "/v1/feeds",
            "/v1/datasets",
            "/v1/forcing/coverage?bbox=1,58,3,60",
            "/v1/datasets/norkyst/2015-11-16T00:00:00Z/1",
        ]
        .map(|path| probe(Method::GET, path.to_owned(), "features:read"))
        .into(),
        _ => Vec::new(),
    }
}

/// Cells whose verb has no route for anybody: it stays so until it is asked here.
const NO_ROUTE: [(&str, char); 4] = [
    ("forcing, observations", 'C'),
    ("forcing, observations", 'U'),
    ("forcing, observations", 'D'),
    ("mission share links", 'U'),
];

#[test]
fn no_cell_is_left_out_unnamed() {
    let empty = Ground {
        done: String::new(),
        waiting: String::new(),
        link: String::new(),
    };
    for (row, _) in cells() {
        for verb in VERBS {
            let is_asked = !probes(row, verb, &empty).is_empty() || !nameless(row, verb).is_empty();
            assert_eq!(is_asked, !NO_ROUTE.contains(&(row, verb)), "{row} {verb}");
        }
    }
}

/// Somebody with a credential.
struct Who {
    credential: (&'static str, String),
    /// The key that stands for the person in the organisation.
    key: KeyId,
}

async fn person(service: &Service, org: OrgId, role: Role) -> Who {
    const PASSWORD: &str = "lantern puffin gneiss";
    let email = format!("{}@example.org", role.name().replace('_', "-"));
    let member = NewMember {
        org,
        email: &email,
        name: "Ada",
        role,
        password: Some(Given::Plain(PASSWORD)),
        is_verified: true,
        is_superadmin: false,
    };
    let made = service.identity.as_ref().unwrap().make_member(&member).await.unwrap();
    let wish = json!({"email": email, "password": PASSWORD}).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/auth/login")
        .header("content-type", "application/json");
    let answer = service.send(request.body(wish.into()).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let memberships = service.database.memberships(made.user).await.unwrap();
    Who {
        credential: ("authorization", format!("Bearer {token}")),
        key: memberships[0].key,
    }
}

async fn ask(service: &Service, (name, value): &(&'static str, String), probe: &Probe) -> Answer {
    let request = Request::builder()
        .method(probe.method.clone())
        .uri(&probe.path)
        .header(*name, value);
    let request = match &probe.body {
        Some(body) => request
            .header("content-type", "application/json")
            .body(body.to_string().into()),
        None => request.body(String::new().into()),
    };
    service.send(request.unwrap()).await
}

/// A mission that waits.
async fn waiting(service: &Service, org: OrgId, created_by: KeyId) -> String {
    let new = NewMission {
        id: MissionId::generate(),
        org,
        created_by,
        spec: MissionSpec::from_json(&mission_body()).unwrap(),
        warnings: Vec::new(),
        idempotency: None,
        created_at: Timestamp::now(),
    };
    match service.database.create_mission(new).await.unwrap() {
        MissionCreation::Created(mission) => mission.id.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn link(service: &Service, mission: &str, tenant: &Tenant) -> String {
    let path = format!("/v1/missions/{mission}/share-links");
    let made = service.post_as(&tenant.key, &path, r#"{"expires_in_s": 3600}"#).await;
    assert_eq!(made.status, 201);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A completed mission of a tenant that this key made.
async fn done(service: &Service, tenant: &Tenant, made_by: KeyId) -> String {
    let maker = Tenant {
        org: tenant.org,
        key_id: made_by,
        key: tenant.key.clone(),
    };
    publish(service, &maker, (3.0, 59.5), 6).await.0
}

async fn ground(service: &Service, tenant: &Tenant, made_by: KeyId, done: &str) -> Ground {
    Ground {
        link: link(service, done, tenant).await,
        waiting: waiting(service, tenant.org, made_by).await,
        done: done.to_owned(),
    }
}

#[tokio::test]
async fn every_cell_is_what_the_contract_says() {
    let service = Service::start_with_people().await;
    let cells = cells();
    let mut asked = 0;
    // All completed missions first: publishing leases whatever waits.
    let mut people = Vec::new();
    for role in Role::ALL {
        let who = person(&service, service.ours.org, role).await;
        let completed = [
            done(&service, &service.ours, who.key).await,
            done(&service, &service.ours, service.ours.key_id).await,
        ];
        people.push((role, who, completed));
    }
    for (column, (role, who, completed)) in people.into_iter().enumerate() {
        let missions = cells[0].1[column];
        let makers = [who.key, service.ours.key_id];
        for (row, columns) in &cells {
            for verb in VERBS {
                for (made_by, completed) in makers.iter().zip(&completed) {
                    let owns = *made_by == who.key;
                    let at = ground(&service, &service.ours, *made_by, completed).await;
                    for probe in probes(row, verb, &at) {
                        let answer = ask(&service, &who.credential, &probe).await;
                        let (status, what) = (
                            answer.status.as_u16(),
                            format!("{role} {} {}", probe.method, probe.path),
                        );
                        if !may(missions, 'R', owns) {
                            assert_eq!(status, 404, "{what}: others' missions are not there");
                        } else if may(columns[column], verb, owns || probe.makes) {
                            assert!((200..300).contains(&status), "{what}, own {owns}: {status}");
                        } else {
                            assert_eq!(status, 403, "{what}, own {owns}");
                        }
                        asked += 1;
                    }
                }
                for probe in nameless(row, verb) {
                    let status = ask(&service, &who.credential, &probe).await.status.as_u16();
                    let what = format!("{role} {} {}", probe.method, probe.path);
                    if may(columns[column], verb, true) {
                        assert!((200..300).contains(&status), "{what}: {status}");
                    } else {
                        assert_eq!(status, 403, "{what}");
                    }
                    asked += 1;
                }
            }
        }
        // What gathers missions of all shows those that the role sees; the oldest first, since hundreds wait by now.
        let listed = probe(
            Method::GET,
            "/v1/missions?limit=100&sort=created_at".to_owned(),
            "missions:read",
        );
        let listed = ask(&service, &who.credential, &listed).await;
        let listed = String::from_utf8_lossy(&listed.body).into_owned();
        assert!(listed.contains(&completed[0]), "{role}");
        assert_eq!(listed.contains(&completed[1]), may(missions, 'R', false), "{role}");
        for root in [
            "/ogc/collections/search-areas/items",
            "/tiles",
            "/wms?service=WMS&request=GetCapabilities",
        ] {
            let gathers = probe(Method::GET, root.to_owned(), "features:read");
            let status = ask(&service, &who.credential, &gathers).await.status.as_u16();
            assert_eq!(
                status,
                if may(missions, 'R', false) { 200 } else { 403 },
                "{role} {root}"
            );
        }
    }
    assert_eq!(asked, Role::ALL.len() * (2 * 16 + 8));
}

#[tokio::test]
async fn what_is_foreign_is_not_there_for_any_role() {
    let service = Service::start_with_people().await;
    let theirs = done(&service, &service.theirs, service.theirs.key_id).await;
    let at = ground(&service, &service.theirs, service.theirs.key_id, &theirs).await;
    for role in Role::ALL {
        let who = person(&service, service.ours.org, role).await;
        let mut asked = 0;
        for (row, _) in cells() {
            for probe in VERBS.into_iter().flat_map(|verb| probes(row, verb, &at)) {
                let answer = ask(&service, &who.credential, &probe).await;
                assert_eq!(answer.status, 404, "{role} {} {}", probe.method, probe.path);
                asked += 1;
            }
        }
        assert_eq!(asked, 16);
    }
}

#[tokio::test]
async fn keys_may_what_their_scopes_say() {
    const SCOPES: [&str; 5] = [
        "missions:read",
        "missions:write",
        "missions:distress",
        "features:read",
        "usage:read",
    ];
    let service = Service::start().await;
    let completed = done(&service, &service.ours, service.ours.key_id).await;
    for (row, _) in cells() {
        for verb in VERBS {
            let at = ground(&service, &service.ours, service.ours.key_id, &completed).await;
            for probe in probes(row, verb, &at).into_iter().chain(nameless(row, verb)) {
                let others: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != probe.scope).collect();
                let what = format!("{} {}", probe.method, probe.path);
                let without = ("x-api-key", service.key_with(&others.join(",")).await);
                let refused = ask(&service, &without, &probe).await;
                assert_eq!(refused.status, 403, "{what} without {}", probe.scope);
                let with = ("x-api-key", service.key_with(probe.scope).await);
                let granted = ask(&service, &with, &probe).await.status.as_u16();
                assert!((200..300).contains(&granted), "{what} with {}: {granted}", probe.scope);
            }
        }
    }
}

/// What leads to a mission beside its own routes keeps to the same table: a signed link, which a person may make where the
/// role may make share links, and the socket.
#[tokio::test]
async fn signed_links_and_sockets_keep_to_the_role() {
    let service = Service::start_with_people().await;
    let links = cells()[2].1;
    let missions = cells()[0].1;
    for (column, role) in Role::ALL.into_iter().enumerate() {
        let who = person(&service, service.ours.org, role).await;
        for made_by in [who.key, service.ours.key_id] {
            let owns = made_by == who.key;
            let id = done(&service, &service.ours, made_by).await;
            let link = Probe {
                body: Some(json!({"mission": id, "expires_in_s": 3600})),
                ..probe(Method::POST, "/v1/map-links".to_owned(), "missions:read")
            };
            let linked = ask(&service, &who.credential, &link).await.status.as_u16();
            // Without an upgrade: who may see the mission is told what is needed.
            let socket = probe(Method::GET, format!("/v1/ws/missions/{id}"), "missions:read");
            let opened = ask(&service, &who.credential, &socket).await.status.as_u16();
            let expected = match (may(missions[column], 'R', owns), may(links[column], 'C', owns)) {
                (false, _) => (404, 404),
                (true, true) => (200, 426),
                (true, false) => (403, 426),
            };
            assert_eq!((linked, opened), expected, "{role}, own {owns}");
        }
    }
}

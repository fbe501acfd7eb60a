//! People, through the routes: a service with accounts whose mails are caught.

mod audit;
mod bad_input;
mod deletion;
mod factors;
mod failures;
mod keycloak;
mod keys;
mod look;
mod mail;
mod mail_floods;
mod matrix;
mod members;
mod oidc;
mod on_server;
mod passkeys;
mod profile;
mod registration;
mod sessions;
mod sign_in;
mod takeover;
mod tokens;

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use driftline_auth_billing::{
    Auth, Caller, ClientAddress, Clock, Identity, IdentitySettings, MailEncryption, MailRefusal, MailSettings,
    MailTransport, MasterKey, OutgoingMail, Problem, Scope, access_log,
};
use driftline_database::{Database, PostgresSettings, Role};
use driftline_domain::{OrgId, UserId};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::postgres::FreshDatabase;
use crate::{Answer, START_S};

pub(crate) const BASE: &str = "https://sar.example.org/drift";
pub(crate) const ORIGIN: &str = "https://sar.example.org";
/// A password that passes every rule.
pub(crate) const PASSWORD: &str = "lantern puffin gneiss";

/// Every scope that the role org_admin has, and may give to a key.
pub(crate) const EVERYTHING_OF_AN_ADMINISTRATOR: [&str; 6] = [
    "missions:read",
    "missions:write",
    "missions:distress",
    "features:read",
    "usage:read",
    "billing:write",
];

/// A service with accounts.
pub(crate) struct People {
    /// What the database needs to stay.
    _home: Box<dyn Any>,
    pub(crate) database: Database,
    pub(crate) identity: Identity,
    pub(crate) router: Router,
    pub(crate) now_s: Arc<AtomicI64>,
    mails: Caught,
}

/// Mails that were sent, and whether the server takes any.
#[derive(Clone, Default)]
pub(crate) struct Caught(Arc<Mutex<Vec<OutgoingMail>>>);

impl MailTransport for Caught {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailRefusal>> {
        self.0.lock().unwrap().push(mail.clone());
        Box::pin(async { Ok(()) })
    }
}

/// What logging in answered.
#[derive(Debug, Clone)]
pub(crate) struct LoggedIn {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) user: UserId,
    pub(crate) session: String,
}

impl LoggedIn {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            user: text("user").parse().unwrap(),
            session: text("session"),
        }
    }
}

pub(crate) fn settings() -> IdentitySettings {
    IdentitySettings {
        public_base: Some(BASE.to_owned()),
        registration: true,
        hash_queue: 64,
        mail: Some(MailSettings {
            host: "mail.example.org".to_owned(),
            port: 587,
            encryption: MailEncryption::StartTls,
            credentials: None,
            authorities: None,
            from: "noreply@sar.example.org".to_owned(),
        }),
        ..IdentitySettings::default()
    }
}

pub(crate) async fn people() -> People {
    people_with(settings()).await
}

pub(crate) async fn people_with(settings: IdentitySettings) -> People {
    let folder = tempfile::tempdir().unwrap();
    let (database, home) = crate::database::fresh(folder.path()).await;
    people_in(database, Box::new((folder, home)), settings).await
}

/// The same on a database server.
pub(crate) async fn people_on_server() -> People {
    people_on_server_with(5, settings()).await
}

/// With so many connections to it: with one, whoever takes a second one waits for ever.
pub(crate) async fn people_on_server_with(connections: u32, settings: IdentitySettings) -> People {
    let fresh = FreshDatabase::create();
    let server = PostgresSettings {
        url: fresh.url().to_owned(),
        connections,
        prepared: true,
    };
    let database = Database::connect(&server).await.unwrap();
    people_in(database, Box::new(fresh), settings).await
}

async fn people_in(database: Database, home: Box<dyn Any>, settings: IdentitySettings) -> People {
    let now_s = Arc::new(AtomicI64::new(START_S));
    let ticking = Arc::clone(&now_s);
    let clock: Clock = Arc::new(move || Timestamp::from_second(ticking.load(Ordering::SeqCst)).unwrap());
    let master = MasterKey::generate().unwrap();
    let identity = Identity::open(database.clone(), Arc::clone(&clock), settings, &master)
        .await
        .unwrap();
    let auth = Auth::with_people(database.clone(), clock, identity.clone());
    let probe = Router::new().route("/whoami", get(whoami)).route(
        "/missions",
        get(|caller: Caller| async move { caller.require(Scope::MissionsRead) }),
    );
    let whole = identity
        .open_routes()
        .merge(auth.wrap(probe.merge(identity.own_routes())))
        .layer(from_fn(address));
    People {
        _home: home,
        database,
        identity,
        router: access_log(whole),
        now_s,
        mails: Caught::default(),
    }
}

async fn whoami(caller: Caller) -> Result<axum::Json<Value>, Problem> {
    let role = caller.role.map(Role::name);
    Ok(axum::Json(json!({
        "org": caller.org, "key": caller.key, "actor": caller.actor(), "role": role, "scopes": caller.scopes.names()
    })))
}

/// The client's address, as a proxy's header tells it: what the server's outer layer does.
async fn address(mut request: Request, next: Next) -> axum::response::Response {
    let told = request
        .headers()
        .get("x-test-address")
        .and_then(|value| value.to_str().ok());
    let ip = told.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |text| text.parse().unwrap());
    request.extensions_mut().insert(ClientAddress {
        ip,
        is_forwarded: false,
    });
    next.run(request).await
}

impl People {
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(HeaderName::from_bytes(name.as_bytes()).unwrap(), *value);
        }
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.answer(request.unwrap()).await
    }

    pub(crate) async fn answer(&self, request: Request) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 1 << 22).await.unwrap().to_vec(),
        }
    }

    /// Without a credential.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, &[], Some(&body)).await
    }

    /// With an access token.
    pub(crate) async fn with(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        self.ask(method, path, &[("authorization", &bearer)], body.as_ref())
            .await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.with(token, Method::GET, path, None).await
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now_s.load(Ordering::SeqCst)).unwrap()
    }

    /// The entries of an action in the organisation's audit log, newest first, once there are so many: those of failed
    /// logins are written behind the answer.
    pub(crate) async fn acts(&self, token: &str, action: &str, at_least: usize) -> Vec<Value> {
        for _ in 0..200 {
            let page = self.get(token, &format!("/v1/audit?action={action}")).await.json();
            let entries = page["entries"].as_array().unwrap().clone();
            if entries.len() >= at_least {
                return entries;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("fewer than {at_least} entries of {action}");
    }

    /// Sends what waits and hands it over.
    pub(crate) async fn mails(&self) -> Vec<OutgoingMail> {
        while self.identity.send_next(Some(&self.mails)).await.unwrap() {}
        std::mem::take(&mut *self.mails.0.lock().unwrap())
    }

    /// The token of the one mail that waits for this address.
    pub(crate) async fn token_for(&self, address: &str) -> String {
        let mails = self.mails().await;
        let mail = mails.iter().find(|mail| mail.to == address);
        let mail = mail.unwrap_or_else(|| panic!("no mail to {address} in {mails:?}"));
        let link = mail.text.lines().find(|line| line.contains("/#")).unwrap();
        assert!(link.starts_with(BASE), "{link}");
        link.split_once('=').unwrap().1.to_owned()
    }

    /// Registers, confirms and founds an organisation; answers its administrator.
    pub(crate) async fn founder(&self, email: &str, organisation: &str) -> LoggedIn {
        let wish = json!({"email": email, "password": PASSWORD, "name": "Ada", "organisation": organisation});
        let answer = self.post("/v1/auth/register", wish).await;
        assert_eq!(
            answer.status,
            StatusCode::ACCEPTED,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        let token = self.token_for(email).await;
        let answer = self.post("/v1/auth/verify-email", json!({ "token": token })).await;
        assert_eq!(
            answer.status,
            StatusCode::NO_CONTENT,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        self.log_in(email).await
    }

    pub(crate) async fn log_in(&self, email: &str) -> LoggedIn {
        LoggedIn::of(&self.try_log_in(email, PASSWORD).await)
    }

    pub(crate) async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", json!({"email": email, "password": password}))
            .await
    }

    /// The organisation that somebody works for.
    pub(crate) async fn org_of(&self, token: &str) -> OrgId {
        let me = self.get(token, "/v1/auth/me").await.json();
        me["organisation"]["id"].as_str().unwrap().parse().unwrap()
    }

    /// Somebody invited by an administrator as this role, who accepted and logged in.
    pub(crate) async fn member(&self, admin: &str, email: &str, role: Role) -> LoggedIn {
        let org = self.org_of(admin).await;
        let wish = json!({"email": email, "role": role.name()});
        let path = format!("/v1/organisations/{org}/invitations");
        let answer = self.with(admin, Method::POST, &path, Some(wish)).await;
        assert_eq!(
            answer.status,
            StatusCode::CREATED,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        let token = self.token_for(email).await;
        let wish = json!({"token": token, "password": PASSWORD, "name": "Bob"});
        let answer = self.post("/v1/auth/invitation", wish).await;
        assert_eq!(
            answer.status,
            StatusCode::NO_CONTENT,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        self.log_in(email).await
    }
}

/// Status and code of a problem.
pub(crate) fn refused(answer: &Answer) -> (u16, String) {
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code)
}

/// The cookie that an answer sets: name and value, and what stands behind.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::SET_COOKIE)?.to_str().unwrap();
    let (pair, rest) = text.split_once("; ").unwrap();
    Some((pair.to_owned(), rest.to_owned()))
}

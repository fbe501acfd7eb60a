//! Logging in through a real Keycloak (tests/services/keycloak.sh), over HTTP: the test does what a browser does, follows
//! redirects, fills the provider's form in and keeps cookies.

use std::collections::{BTreeMap, HashMap};

use driftline_auth_billing::{Given, IdentitySettings, NewMember, ProviderSettings};
use driftline_database::Role;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{PASSWORD, People, people_with, settings};
use crate::service::Service;

const CLIENT: &str = "driftline";
const SECRET: &str = "a secret of this client";
const REALM: &str = "rescue";
const AT_PROVIDER: &str = "ada's password there";

/// Our service and a Keycloak that knows it, both on ports of this machine.
struct Both {
    people: People,
    base: String,
    _keycloak: Service,
}

/// Something that asks as a browser does; redirects are the test's to follow.
#[derive(Clone)]
struct Browser {
    http: reqwest::Client,
    /// By host and port, as no browser would, and without their attributes: nothing here is of another host.
    cookies: HashMap<String, BTreeMap<String, String>>,
}

struct Page {
    status: StatusCode,
    /// Where it sends the browser.
    location: Option<String>,
    text: String,
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl Browser {
    fn new() -> Self {
        Self {
            http: http(),
            cookies: HashMap::new(),
        }
    }

    async fn ask(&mut self, method: Method, url: &str, kind: &str, body: String) -> Page {
        let parsed = url::Url::parse(url).unwrap();
        let origin = parsed.origin().ascii_serialization();
        let jar = self.cookies.entry(origin.clone()).or_default();
        let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method.clone(), url);
        if !pairs.is_empty() {
            request = request.header(COOKIE, pairs.join("; "));
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, kind).header(ORIGIN, &origin).body(body);
        }
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => jar.remove(name),
                _ => jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        let location = answer.headers().get(LOCATION);
        Page {
            status: answer.status(),
            location: location.map(|value| value.to_str().unwrap().to_owned()),
            text: answer.text().await.unwrap(),
        }
    }

    async fn get(&mut self, url: &str) -> Page {
        self.ask(Method::GET, url, "", String::new()).await
    }

    /// Goes from our login to the provider's form and fills it in; the address of our callback that the provider sends the
    /// browser to, or the page that it shows instead.
    async fn sign_in_at_the_provider(&mut self, base: &str, name: &str, password: &str) -> Result<String, String> {
        let departed = self.get(&format!("{base}/v1/auth/oidc/keycloak/login")).await;
        assert_eq!(departed.status, StatusCode::SEE_OTHER, "{}", departed.text);
        let form = self.get(&departed.location.unwrap()).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        let action = form.text.split_once("action=\"").unwrap().1.split_once('"').unwrap().0;
        let filled: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("username", name)
            .append_pair("password", password)
            .append_pair("credentialId", "")
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let sent = self
            .ask(Method::POST, &action.replace("&amp;", "&"), kind, filled)
            .await;
        sent.location.ok_or(sent.text)
    }

    /// Follows our callback; where it sends the browser.
    async fn follow(&mut self, callback: &str) -> String {
        let arrived = self.get(callback).await;
        assert_eq!(arrived.status, StatusCode::SEE_OTHER, "{}", arrived.text);
        arrived.location.unwrap()
    }

    /// Who the refresh cookie lets in.
    async fn me(&mut self, base: &str) -> Value {
        let json = "application/json";
        let refreshed = self
            .ask(Method::POST, &format!("{base}/v1/auth/refresh"), json, "{}".to_owned())
            .await;
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.text);
        let tokens: Value = serde_json::from_str(&refreshed.text).unwrap();
        assert_eq!(tokens["refresh_token"], Value::Null, "it is the cookie's");
        let request = self.http.get(format!("{base}/v1/auth/me"));
        let answer = request
            .bearer_auth(tokens["access_token"].as_str().unwrap())
            .send()
            .await;
        serde_json::from_str(&answer.unwrap().text().await.unwrap()).unwrap()
    }

    fn has_refresh_cookie(&self, base: &str) -> bool {
        let jar = self.cookies.get(base);
        jar.is_some_and(|jar| jar.contains_key("driftline_refresh"))
    }
}

/// Makes realm, client and users by Keycloak's own administration.
async fn prepare(keycloak: &str, base: &str) {
    let http = http();
    let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
    let asked = http
        .post(format!("{keycloak}/realms/master/protocol/openid-connect/token"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let told: Value = serde_json::from_str(&asked.send().await.unwrap().text().await.unwrap()).unwrap();
    let token = told["access_token"].as_str().unwrap();
    let user = |name: &str, is_verified: bool| {
        json!({
            "username": name, "email": format!("{name}@example.org"), "emailVerified": is_verified, "enabled": true,
            "firstName": name, "lastName": "Lovelace",
            "credentials": [{"type": "password", "value": AT_PROVIDER, "temporary": false}],
        })
    };
    let client = json!({
        "clientId": CLIENT, "secret": SECRET, "publicClient": false, "standardFlowEnabled": true,
        "redirectUris": [format!("{base}/v1/auth/oidc/keycloak/callback")],
        "attributes": {"pkce.code.challenge.method": "S256"},
    });
    for (path, made) in [
        ("", json!({"realm": REALM, "enabled": true})),
        ("/rescue/clients", client),
        ("/rescue/users", user("ada", true)),
        ("/rescue/users", user("bob", true)),
        ("/rescue/users", user("eve", false)),
    ] {
        let sent = http
            .post(format!("{keycloak}/admin/realms{path}"))
            .bearer_auth(token)
            .header(CONTENT_TYPE, "application/json")
            .body(made.to_string());
        let answer = sent.send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::CREATED,
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }
}

async fn both() -> Both {
    let keycloak = Service::start("keycloak.sh", &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    prepare(keycloak.address(), &base).await;
    let people = people_with(IdentitySettings {
        public_base: Some(base.clone()),
        registration: false,
        providers: vec![ProviderSettings {
            name: "keycloak".to_owned(),
            issuer: format!("{}/realms/{REALM}", keycloak.address()),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
        }],
        ..settings()
    })
    .await;
    let router = people.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Both {
        people,
        base,
        _keycloak: keycloak,
    }
}

#[tokio::test]
async fn a_person_logs_in_through_keycloak() {
    let both = both().await;
    let Both { people, base, .. } = &both;
    let org = people
        .database
        .create_organisation("Coastguard", people.now())
        .await
        .unwrap();
    let ada = NewMember {
        org: org.id,
        email: "Ada@example.org",
        name: "Ada",
        role: Role::Operator,
        password: Some(Given::Plain(PASSWORD)),
        is_verified: true,
        is_superadmin: false,
    };
    let ada = people.identity.make_member(&ada).await.unwrap().user.to_string();
    let refused = |code: &str| format!("{base}/#login-error={code}");

    let mut browser = Browser::new();
    let shown = browser.sign_in_at_the_provider(base, "ada", "a guess").await;
    assert!(shown.unwrap_err().contains("Invalid username or password"));
    let callback = browser.sign_in_at_the_provider(base, "ada", AT_PROVIDER).await.unwrap();
    assert!(
        callback.starts_with(&format!("{base}/v1/auth/oidc/keycloak/callback?")),
        "{callback}"
    );

    // A state that this browser did not bring along, and a browser that brings none along.
    let mut tampered = url::Url::parse(&callback).unwrap();
    let pairs: Vec<(String, String)> = tampered.query_pairs().into_owned().collect();
    tampered
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(name, value)| {
            let value = if name == "state" { "another" } else { value };
            (name, value)
        }));
    assert_eq!(browser.clone().follow(tampered.as_str()).await, refused("login_over"));
    assert_eq!(Browser::new().follow(&callback).await, refused("login_over"));

    let before = browser.clone();
    assert_eq!(browser.follow(&callback).await, format!("{base}/"));
    let me = browser.me(base).await;
    assert_eq!(
        (me["id"].as_str().unwrap(), &me["organisation"]["role"]),
        (ada.as_str(), &json!("operator"))
    );

    // The same callback again, with the cookie that belongs to it; and its code on a journey of its own.
    let mut replayed = before;
    assert_eq!(replayed.follow(&callback).await, refused("login_over"));
    assert!(!replayed.has_refresh_cookie(base));
    let mut thief = Browser::new();
    let departed = thief.get(&format!("{base}/v1/auth/oidc/keycloak/login")).await;
    let state = url::Url::parse(&departed.location.unwrap()).unwrap();
    let state = state
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let code = &pairs.iter().find(|(name, _)| name == "code").unwrap().1;
    let stolen = format!("{base}/v1/auth/oidc/keycloak/callback?state={state}&code={code}");
    assert_eq!(thief.follow(&stolen).await, refused("provider_failed"));

    // Of whom nobody here knows, and whose address the provider does not vouch for.
    for (name, code) in [("bob", "no_account"), ("eve", "email_not_verified")] {
        let mut other = Browser::new();
        let callback = other.sign_in_at_the_provider(base, name, AT_PROVIDER).await.unwrap();
        assert_eq!(other.follow(&callback).await, refused(code), "{name}");
        assert!(!other.has_refresh_cookie(base), "{name}");
    }
}

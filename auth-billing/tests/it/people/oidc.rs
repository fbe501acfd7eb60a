//! Logging in elsewhere, against an identity provider in this process: it has discovery, keys and a token endpoint of its
//! own, and can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_auth_billing::{IdentitySettings, ProviderSettings};
use http::{Method, StatusCode, header};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{BASE, ORIGIN, PASSWORD, People, people_on_server_with, people_with, refused, settings};

const CLIENT: &str = "driftline-test";
const SECRET: &str = "client secret";

/// An identity provider.
#[derive(Clone)]
struct Issuer(Arc<Inner>);

struct Inner {
    address: String,
    key: EncodingKey,
    other_key: EncodingKey,
    codes: Mutex<HashMap<String, Grant>>,
}

/// What a code stands for, and how the provider lies about it.
#[derive(Clone)]
struct Grant {
    challenge: String,
    claims: Value,
    signs_with_other_key: bool,
}

fn rsa_key() -> EncodingKey {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes())
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self(Arc::new(Inner {
            address,
            key: rsa_key(),
            other_key: rsa_key(),
            codes: Mutex::default(),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// What the provider's page would do: the person agrees, and the browser gets a code. `lie` changes what is signed.
    fn agree(&self, authorize: &str, person: &Value, lie: impl FnOnce(&mut Grant)) -> String {
        let url = url::Url::parse(authorize).unwrap();
        assert!(
            authorize.starts_with(&format!("{}/authorize?", self.0.address)),
            "{authorize}"
        );
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["redirect_uri"], format!("{BASE}/v1/auth/oidc/test/callback"));
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.0.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]
        });
        for (name, value) in person.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut grant = Grant {
            challenge: asked["code_challenge"].clone(),
            claims,
            signs_with_other_key: false,
        };
        lie(&mut grant);
        let code = format!("code-{}", asked["state"]);
        self.0.codes.lock().unwrap().insert(code.clone(), grant);
        code
    }
}

async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    let at = &issuer.0.address;
    Json(json!({
        "issuer": at, "authorization_endpoint": format!("{at}/authorize"), "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<Value> {
    let mut jwk = Jwk::from_encoding_key(&issuer.0.key, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some("k1".to_owned());
    Json(json!({ "keys": [jwk] }))
}

async fn token(State(issuer): State<Issuer>, headers: http::HeaderMap, body: String) -> axum::response::Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let basic = headers[header::AUTHORIZATION]
        .to_str()
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    let basic = base64::engine::general_purpose::STANDARD.decode(basic).unwrap();
    assert_eq!(
        String::from_utf8(basic).unwrap(),
        format!("{CLIENT}:{}", SECRET.replace(' ', "+"))
    );
    let refuse = || (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    let grant = issuer.0.codes.lock().unwrap().remove(&form["code"]);
    let Some(grant) = grant else { return refuse() };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != grant.challenge {
        return refuse();
    }
    let key = if grant.signs_with_other_key {
        &issuer.0.other_key
    } else {
        &issuer.0.key
    };
    let head = Header {
        kid: Some("k1".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let id_token = jsonwebtoken::encode(&head, &grant.claims, key).unwrap();
    Json(json!({"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})).into_response()
}

async fn service(issuer: &Issuer, registration: bool) -> People {
    people_with(decided(issuer, registration)).await
}

fn decided(issuer: &Issuer, registration: bool) -> IdentitySettings {
    IdentitySettings {
        registration,
        providers: vec![ProviderSettings {
            name: "test".to_owned(),
            issuer: issuer.0.address.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
        }],
        ..settings()
    }
}

/// Where a browser is sent, and the cookie of the journey.
async fn depart(people: &People) -> (String, String) {
    let answer = people.ask(Method::GET, "/v1/auth/oidc/test/login", &[], None).await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let (pair, rest) = super::cookie(&answer.headers).unwrap();
    assert!(
        rest.contains("Path=/drift/v1/auth/oidc") && rest.contains("HttpOnly"),
        "{rest}"
    );
    (answer.headers[header::LOCATION].to_str().unwrap().to_owned(), pair)
}

async fn arrive(people: &People, code: &str, state: &str, cookie: &str) -> crate::Answer {
    let path = format!("/v1/auth/oidc/test/callback?code={code}&state={state}");
    people.ask(Method::GET, &path, &[("cookie", cookie)], None).await
}

fn state_of(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    let found = url.query_pairs().find(|(name, _)| name == "state");
    found.unwrap().1.into_owned()
}

/// A whole journey; the address that the browser is sent to in the end, and the refresh cookie.
async fn journey(
    people: &People,
    issuer: &Issuer,
    person: &Value,
    lie: impl FnOnce(&mut Grant),
) -> (String, Option<String>) {
    let (to, cookie) = depart(people).await;
    let code = issuer.agree(&to, person, lie);
    let answer = arrive(people, &code, &state_of(&to), &cookie).await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let refresh = cookies
        .map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned())
        .find(|pair| pair.starts_with("driftline_refresh=dlr_"));
    (answer.headers[header::LOCATION].to_str().unwrap().to_owned(), refresh)
}

async fn me(people: &People, refresh: &str) -> Value {
    let token = access(people, refresh).await;
    people.get(&token, "/v1/auth/me").await.json()
}

async fn access(people: &People, refresh: &str) -> String {
    let headers = [("cookie", refresh), ("origin", ORIGIN)];
    let answer = people
        .ask(Method::POST, "/v1/auth/refresh", &headers, Some(&json!({})))
        .await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn ada() -> Value {
    json!({"sub": "42", "email": "Ada@example.org", "email_verified": true})
}

#[tokio::test]
async fn an_account_is_linked_by_an_address_that_both_sides_know_and_then_by_its_subject() {
    let issuer = Issuer::start().await;
    let people = service(&issuer, true).await;
    let known = people.founder("ada@example.org", "Coastguard").await;
    let listed = people.ask(Method::GET, "/v1/auth/oidc", &[], None).await;
    assert_eq!(listed.json()["providers"], json!(["test"]));
    let (to, refresh) = journey(&people, &issuer, &ada(), |_| {}).await;
    assert_eq!(to, format!("{BASE}/"));
    let found = me(&people, &refresh.unwrap()).await;
    assert_eq!(found["id"], known.user.to_string());
    assert_eq!(found["organisation"]["role"], "org_admin");
    let notices = people.mails().await;
    assert!(notices[0].text.contains("logging in with test"), "{notices:?}");
    let renamed = json!({"sub": "42", "email": "other@example.org", "email_verified": false});
    let (_, refresh) = journey(&people, &issuer, &renamed, |_| {}).await;
    assert_eq!(me(&people, &refresh.unwrap()).await["id"], known.user.to_string());
}

#[tokio::test]
async fn an_address_that_one_side_does_not_vouch_for_links_nothing() {
    let issuer = Issuer::start().await;
    let people = service(&issuer, false).await;
    people.identity.settings();
    let unverified = json!({"sub": "1", "email": "ada@example.org", "email_verified": false});
    let silent = json!({"sub": "2", "email": "ada@example.org"});
    for person in [unverified, silent] {
        let (to, refresh) = journey(&people, &issuer, &person, |_| {}).await;
        assert_eq!((to, refresh), (format!("{BASE}/#login-error=email_not_verified"), None));
    }
    let (to, _) = journey(&people, &issuer, &ada(), |_| {}).await;
    assert_eq!(to, format!("{BASE}/#login-error=no_account"), "registration is closed");
    let open = service(&issuer, true).await;
    let wish = json!({"email": "ada@example.org", "password": PASSWORD, "organisation": "Trap"});
    open.post("/v1/auth/register", wish).await;
    let (to, _) = journey(&open, &issuer, &ada(), |_| {}).await;
    assert_eq!(
        to,
        format!("{BASE}/#login-error=no_account"),
        "somebody typed this address and set a password; its owner is not let into that account"
    );
    let bob = json!({"sub": "9", "email": "bob@example.org", "email_verified": true});
    let (_, refresh) = journey(&open, &issuer, &bob, |_| {}).await;
    let found = me(&open, &refresh.unwrap()).await;
    assert_eq!(
        (&found["email"], &found["organisation"]),
        (&json!("bob@example.org"), &json!(null))
    );
}

#[tokio::test]
async fn a_journey_is_made_once_and_in_one_browser() {
    let issuer = Issuer::start().await;
    let people = service(&issuer, true).await;
    people.founder("ada@example.org", "Coastguard").await;
    let over = format!("{BASE}/#login-error=login_over");
    let location = |answer: &crate::Answer| answer.headers[header::LOCATION].to_str().unwrap().to_owned();
    let (to, cookie) = depart(&people).await;
    let code = issuer.agree(&to, &ada(), |_| {});
    let state = state_of(&to);
    for (state, cookie) in [
        (state.as_str(), ""),
        (state.as_str(), "driftline_journey=other"),
        ("other", "driftline_journey=other"),
        ("", cookie.as_str()),
    ] {
        let answer = arrive(&people, &code, state, cookie).await;
        assert_eq!(location(&answer), over, "{state} {cookie}");
    }
    let good = arrive(&people, &code, &state, &cookie).await;
    assert_eq!(location(&good), format!("{BASE}/"));
    let replayed = arrive(&people, &code, &state, &cookie).await;
    assert_eq!(location(&replayed), over);
    let (to, cookie) = depart(&people).await;
    let code = issuer.agree(&to, &ada(), |_| {});
    people.pass(600);
    let late = arrive(&people, &code, &state_of(&to), &cookie).await;
    assert_eq!(location(&late), over);
    let (_, cookie) = depart(&people).await;
    let path = "/v1/auth/oidc/test/callback?error=access_denied&state=x";
    let denied = people.ask(Method::GET, path, &[("cookie", &cookie)], None).await;
    assert_eq!(location(&denied), format!("{BASE}/#login-error=provider_refused"));
    let unknown = people.ask(Method::GET, "/v1/auth/oidc/nobody/login", &[], None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_provider_that_lies_is_not_believed() {
    let issuer = Issuer::start().await;
    let people = service(&issuer, true).await;
    people.founder("ada@example.org", "Coastguard").await;
    let not_believed = format!("{BASE}/#login-error=provider_not_believed");
    type Lie = fn(&mut Grant);
    let lies: [(&str, Lie); 6] = [
        ("nonce", |grant| grant.claims["nonce"] = json!("other")),
        ("no nonce", |grant| {
            drop(grant.claims.as_object_mut().unwrap().remove("nonce"))
        }),
        ("audience", |grant| grant.claims["aud"] = json!("somebody else")),
        ("issuer", |grant| {
            grant.claims["iss"] = json!("https://evil.example.org")
        }),
        ("expired", |grant| grant.claims["exp"] = json!(1)),
        ("signature", |grant| grant.signs_with_other_key = true),
    ];
    for (name, lie) in lies {
        let (to, refresh) = journey(&people, &issuer, &ada(), lie).await;
        assert_eq!((to, refresh), (not_believed.clone(), None), "{name}");
    }
    let failed = format!("{BASE}/#login-error=provider_failed");
    let (to, _) = journey(&people, &issuer, &ada(), |grant| grant.challenge = "other".to_owned()).await;
    assert_eq!(to, failed, "a code that was stolen has another verifier");
}

#[tokio::test]
async fn an_account_is_linked_over_one_connection() {
    let issuer = Issuer::start().await;
    let people = people_on_server_with(1, decided(&issuer, true)).await;
    let known = people.founder("ada@example.org", "Coastguard").await;
    let (to, refresh) = journey(&people, &issuer, &ada(), |_| {}).await;
    assert_eq!(to, format!("{BASE}/"));
    assert_eq!(me(&people, &refresh.unwrap()).await["id"], known.user.to_string());
}

#[tokio::test]
async fn without_a_password_a_token_alone_changes_nothing_that_matters() {
    let issuer = Issuer::start().await;
    let people = service(&issuer, true).await;
    let (_, refresh) = journey(&people, &issuer, &ada(), |_| {}).await;
    let stolen = access(&people, &refresh.unwrap()).await;
    people.pass(600);
    for (method, path, wish) in [
        (Method::POST, "/v1/users/me/password", json!({ "new": PASSWORD })),
        (Method::DELETE, "/v1/users/me", json!({})),
        (Method::PATCH, "/v1/users/me", json!({"email": "eve@example.org"})),
        (Method::POST, "/v1/users/me/totp", json!({})),
        (Method::POST, "/v1/users/me/passkeys/challenge", json!({})),
    ] {
        let answer = people.with(&stolen, method, path, Some(wish)).await;
        assert_eq!(refused(&answer), (401, "recent_login_needed".to_owned()), "{path}");
    }
    let path = format!("/v1/users/me/passkeys/{}", driftline_domain::PasskeyId::generate());
    let answer = people.with(&stolen, Method::DELETE, &path, None).await;
    assert_eq!(refused(&answer), (401, "recent_login_needed".to_owned()));
    // Refreshing is no login.
    let (_, refresh) = journey(&people, &issuer, &ada(), |_| {}).await;
    let fresh = access(&people, &refresh.unwrap()).await;
    let wish = Some(json!({ "new": PASSWORD }));
    let set = people.with(&fresh, Method::POST, "/v1/users/me/password", wish).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
}

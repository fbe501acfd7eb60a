//! Passkeys, with an authenticator of our own that makes what browsers send (WebAuthn Level 3, sections 6.1 and 6.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_auth_billing::IdentitySettings;
use http::{Method, StatusCode};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{LoggedIn, ORIGIN, PASSWORD, People, people, people_with, refused, settings};

const PASSKEYS: &str = "/v1/users/me/passkeys";

/// An authenticator with one key.
struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    handle: Vec<u8>,
    counter: u32,
    verifies: bool,
    origin: &'static str,
    host: &'static str,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[seed; 32]).unwrap(),
            id: vec![seed; 20],
            handle: Vec::new(),
            counter: 0,
            verifies: true,
            origin: ORIGIN,
            host: "sar.example.org",
        }
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let challenge = challenge["publicKey"]["challenge"].as_str().unwrap();
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn head(&mut self, attests: bool) -> Vec<u8> {
        self.counter += 1;
        // User present, user verified, attested credential data.
        let flags = 0x01 | if self.verifies { 0x04 } else { 0 } | if attests { 0x40 } else { 0 };
        let mut data = Sha256::digest(self.host).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The answer to a challenge for a new key.
    fn create(&mut self, challenge: &Value) -> Value {
        let handle = challenge["publicKey"]["user"]["id"].as_str().unwrap();
        self.handle = URL_SAFE_NO_PAD.decode(handle).unwrap();
        let mut data = self.head(true);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_encoded_point(false);
        // COSE: key type EC2, algorithm ES256, curve P-256, x, y.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(data.len() as u8);
        object.extend(data);
        let client_data = self.client_data("webauthn.create", challenge);
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "extensions": {},
            "response": {"attestationObject": b64(object), "clientDataJSON": b64(client_data)},
        })
    }

    /// The answer to a challenge for a login.
    fn get(&mut self, challenge: &Value) -> Value {
        let data = self.head(false);
        let client_data = self.client_data("webauthn.get", challenge);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": b64(data), "clientDataJSON": b64(client_data),
                "signature": b64(signature.to_der()), "userHandle": b64(&self.handle),
            },
        })
    }
}

async fn registered(people: &People, who: &LoggedIn, key: &mut Authenticator) -> crate::Answer {
    let wish = Some(json!({ "password": PASSWORD }));
    let path = format!("{PASSKEYS}/challenge");
    let challenge = people.with(&who.access, Method::POST, &path, wish).await;
    assert_eq!(
        challenge.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&challenge.body)
    );
    let challenge = challenge.json();
    let wish = json!({"ceremony": challenge["ceremony"], "name": "bridge", "credential": key.create(&challenge)});
    people.with(&who.access, Method::POST, PASSKEYS, Some(wish)).await
}

async fn challenge(people: &People) -> Value {
    let answer = people.post("/v1/auth/passkeys/challenge", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()
}

async fn log_in(people: &People, challenge: &Value, credential: Value) -> crate::Answer {
    let wish = json!({"ceremony": challenge["ceremony"], "credential": credential});
    people.post("/v1/auth/passkeys/login", wish).await
}

#[tokio::test]
async fn a_passkey_logs_its_owner_in_without_a_name_and_a_password() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let mut key = Authenticator::new(7);
    let made = registered(&people, &ada, &mut key).await;
    assert_eq!(
        made.status,
        StatusCode::CREATED,
        "{}",
        String::from_utf8_lossy(&made.body)
    );
    let told = people.mails().await;
    assert!(told[0].text.contains("passkey was added"), "{told:?}");
    let asked = challenge(&people).await;
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert_eq!(
        asked["publicKey"]["allowCredentials"],
        json!([]),
        "nobody learns who has one"
    );
    let credential = key.get(&asked);
    let found = LoggedIn::of(&log_in(&people, &asked, credential.clone()).await);
    assert_eq!(found.user, ada.user);
    let replayed = log_in(&people, &asked, credential).await;
    assert_eq!(refused(&replayed), (422, "login_over".to_owned()));
    let sessions = people.get(&found.access, "/v1/users/me/sessions").await.json();
    assert_eq!(sessions["sessions"][0]["method"], "passkey");
    let listed = people.get(&found.access, PASSKEYS).await.json();
    assert_eq!(listed["passkeys"][0]["name"], "bridge");
    let path = format!("{PASSKEYS}/{}", listed["passkeys"][0]["id"].as_str().unwrap());
    let gone = people.with(&found.access, Method::DELETE, &path, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let asked = challenge(&people).await;
    let credential = key.get(&asked);
    let after = log_in(&people, &asked, credential).await;
    assert_eq!(refused(&after), (401, "passkey_unknown".to_owned()));
    let told = people.acts(&found.access, "login.failed", 1).await;
    assert_eq!(told[0]["details"]["what"], "passkey");
}

#[tokio::test]
async fn what_an_authenticator_should_not_send_lets_nobody_in() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let mut key = Authenticator::new(7);
    registered(&people, &ada, &mut key).await;
    type Change = fn(&mut Authenticator);
    let changes: [(&str, Change); 4] = [
        ("another page", |key| key.origin = "https://evil.example.org"),
        ("another service", |key| key.host = "evil.example.org"),
        ("nobody verified", |key| key.verifies = false),
        ("another key", |key| key.key = SigningKey::from_slice(&[9; 32]).unwrap()),
    ];
    for (name, change) in changes {
        let mut bad = Authenticator {
            id: key.id.clone(),
            handle: key.handle.clone(),
            counter: 100,
            ..Authenticator::new(7)
        };
        change(&mut bad);
        let asked = challenge(&people).await;
        let credential = bad.get(&asked);
        let answer = log_in(&people, &asked, credential).await;
        assert_eq!(refused(&answer), (401, "passkey_refused".to_owned()), "{name}");
    }
    let asked = challenge(&people).await;
    let credential = key.get(&asked);
    log_in(&people, &asked, credential).await;
    key.counter -= 1;
    let asked = challenge(&people).await;
    let credential = key.get(&asked);
    let cloned = log_in(&people, &asked, credential).await;
    assert_eq!(refused(&cloned).0, 401, "a counter that stands still is a copy's");
    let asked = challenge(&people).await;
    people.pass(300);
    let credential = key.get(&asked);
    let late = log_in(&people, &asked, credential).await;
    assert_eq!(refused(&late), (422, "login_over".to_owned()));
}

#[tokio::test]
async fn a_challenge_is_for_one_person_and_a_key_for_one_account() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let path = format!("{PASSKEYS}/challenge");
    let without = people.with(&ada.access, Method::POST, &path, Some(json!({}))).await;
    assert_eq!(refused(&without), (401, "password_needed".to_owned()));
    let wish = Some(json!({ "password": PASSWORD }));
    let asked = people.with(&ada.access, Method::POST, &path, wish).await.json();
    let mut key = Authenticator::new(7);
    let answer = json!({"ceremony": asked["ceremony"], "name": "x", "credential": key.create(&asked)});
    let stolen = people.with(&eve.access, Method::POST, PASSKEYS, Some(answer)).await;
    assert_eq!(refused(&stolen), (422, "login_over".to_owned()));
    assert_eq!(registered(&people, &ada, &mut key).await.status, StatusCode::CREATED);
    let second = registered(&people, &eve, &mut Authenticator::new(7)).await;
    assert_eq!(refused(&second), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn a_service_without_an_address_of_its_own_has_no_passkeys() {
    let nowhere = people_with(IdentitySettings {
        public_base: Some("http://10.0.0.1:8080".to_owned()),
        ..settings()
    })
    .await;
    let answer = nowhere.post("/v1/auth/passkeys/challenge", json!({})).await;
    assert_eq!(refused(&answer), (403, "no_passkeys".to_owned()));
}

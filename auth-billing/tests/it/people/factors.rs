//! The second factor: enrolled, asked for, used once, replaced by recovery codes, and taken away.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{LoggedIn, PASSWORD, People, people, refused};

const TOTP: &str = "/v1/users/me/totp";

/// An authenticator as an app has it.
struct Authenticator(Vec<u8>);

impl Authenticator {
    fn scan(enrolled: &Value) -> Self {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let secret = enrolled["secret"].as_str().unwrap();
        let mut bits = secret
            .bytes()
            .flat_map(|letter| {
                let value = LETTERS.iter().position(|known| *known == letter).unwrap();
                (0..5).rev().map(move |bit| value >> bit & 1)
            })
            .collect::<Vec<_>>();
        bits.truncate(160);
        let byte = |bits: &[usize]| bits.iter().fold(0_u8, |byte, bit| byte << 1 | *bit as u8);
        Self(bits.chunks(8).map(byte).collect())
    }

    fn code(&self, at: Timestamp) -> String {
        let secret = Secret::new_stack(self.0.clone().try_into().unwrap());
        let totp = Builder::new().with_secret(secret).build().unwrap();
        totp.generate(at.as_second() as u64).to_string()
    }
}

async fn log_in(people: &People, code: Option<&str>) -> crate::Answer {
    let mut wish = json!({"email": "ada@example.org", "password": PASSWORD});
    if let Some(code) = code {
        wish["code"] = json!(code);
    }
    people.post("/v1/auth/login", wish).await
}

/// An account with a second factor, and its recovery codes.
async fn enrolled(people: &People) -> (LoggedIn, Authenticator, Vec<String>) {
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let wish = Some(json!({ "password": PASSWORD }));
    let answer = people.with(&ada.access, Method::POST, TOTP, wish).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let app = Authenticator::scan(&answer.json());
    let wish = Some(json!({"code": app.code(people.now())}));
    let answer = people
        .with(&ada.access, Method::POST, &format!("{TOTP}/confirm"), wish)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let codes = answer.json()["recovery_codes"].as_array().unwrap().clone();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    people.pass(30);
    (ada, app, codes)
}

#[tokio::test]
async fn a_code_is_asked_for_and_works_once() {
    let people = people().await;
    let (ada, app, _) = enrolled(&people).await;
    assert_eq!(people.get(&ada.access, TOTP).await.json()["recovery_codes_left"], 10);
    let without = log_in(&people, None).await;
    assert_eq!(refused(&without), (401, "second_factor_needed".to_owned()));
    let code = app.code(people.now());
    let good = log_in(&people, Some(&code)).await;
    assert_eq!(good.status, StatusCode::OK);
    let replayed = log_in(&people, Some(&code)).await;
    assert_eq!(refused(&replayed), (401, "second_factor_wrong".to_owned()));
    people.pass(30);
    let next = app.code(people.now());
    assert_eq!(log_in(&people, Some(&next)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_password_nobody_learns_of_a_second_factor() {
    let people = people().await;
    enrolled(&people).await;
    let wish = json!({"email": "ada@example.org", "password": "something else entirely", "code": "000000"});
    let answer = people.post("/v1/auth/login", wish).await;
    assert_eq!(refused(&answer), (401, "wrong_credentials".to_owned()));
}

#[tokio::test]
async fn codes_are_not_guessed_either() {
    let people = people().await;
    let (_, app, _) = enrolled(&people).await;
    let right = app.code(people.now());
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for _ in 0..6 {
        assert_eq!(refused(&log_in(&people, Some(wrong)).await).1, "second_factor_wrong");
        // Asking without a code must not clear what was counted.
        let asked = refused(&log_in(&people, None).await).1;
        assert!(
            ["second_factor_needed", "too_many_attempts"].contains(&asked.as_str()),
            "{asked}"
        );
    }
    let blocked = log_in(&people, Some(&right)).await;
    assert_eq!(refused(&blocked), (429, "too_many_attempts".to_owned()));
}

#[tokio::test]
async fn a_recovery_code_works_once_and_its_owner_is_told() {
    let people = people().await;
    let (_, _, codes) = enrolled(&people).await;
    people.mails().await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    let answer = log_in(&people, Some(&typed)).await;
    let ada = LoggedIn::of(&answer);
    let notices = people.mails().await;
    assert!(notices[0].text.contains("recovery code was used"), "{notices:?}");
    assert_eq!(
        refused(&log_in(&people, Some(&codes[3])).await).1,
        "second_factor_wrong"
    );
    assert_eq!(people.get(&ada.access, TOTP).await.json()["recovery_codes_left"], 9);
}

#[tokio::test]
async fn a_factor_counts_once_it_was_shown_and_needs_password_and_code_to_go() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let send = |method: Method, path: String, body: Value| {
        let (people, access) = (&people, ada.access.clone());
        async move { people.with(&access, method, &path, Some(body)).await }
    };
    let none = send(Method::POST, TOTP.to_owned(), json!({})).await;
    assert_eq!(refused(&none), (401, "password_needed".to_owned()));
    let wrong = send(
        Method::POST,
        TOTP.to_owned(),
        json!({"password": "something else entirely"}),
    )
    .await;
    assert_eq!(refused(&wrong), (401, "wrong_credentials".to_owned()));
    let enrolled = send(Method::POST, TOTP.to_owned(), json!({ "password": PASSWORD })).await;
    let app = Authenticator::scan(&enrolled.json());
    assert_eq!(
        log_in(&people, None).await.status,
        StatusCode::OK,
        "not confirmed: not asked for"
    );
    let confirm = format!("{TOTP}/confirm");
    let wrong = send(Method::POST, confirm.clone(), json!({"code": "abcdef"})).await;
    assert_eq!(refused(&wrong), (401, "second_factor_wrong".to_owned()));
    let good = send(Method::POST, confirm.clone(), json!({"code": app.code(people.now())})).await;
    assert_eq!(good.status, StatusCode::OK);
    let again = send(Method::POST, TOTP.to_owned(), json!({ "password": PASSWORD })).await;
    assert_eq!(refused(&again), (409, "conflict".to_owned()));
    people.pass(30);
    let without = send(
        Method::DELETE,
        TOTP.to_owned(),
        json!({"password": PASSWORD, "code": "abcdef"}),
    )
    .await;
    assert_eq!(refused(&without), (401, "second_factor_wrong".to_owned()));
    let good = json!({"password": PASSWORD, "code": app.code(people.now())});
    let gone = send(Method::DELETE, TOTP.to_owned(), good).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(log_in(&people, None).await.status, StatusCode::OK);
    assert_eq!(people.get(&ada.access, TOTP).await.json()["enabled"], false);
}

#[tokio::test]
async fn seed_and_codes_stand_nowhere_in_the_clear() {
    let people = people().await;
    let (_, app, codes) = enrolled(&people).await;
    let stored = people.database.totp(people.log_of_ada().await).await.unwrap().unwrap();
    assert!(!stored.seed.windows(20).any(|window| window == app.0.as_slice()));
    for code in &codes {
        assert!(!crate::logged().contains(code), "{code}");
    }
}

impl People {
    async fn log_of_ada(&self) -> driftline_domain::UserId {
        let audit = self
            .database
            .audit_entries(None, &Default::default(), 100)
            .await
            .unwrap();
        let registered = audit.iter().find(|entry| entry.action == "user.registered").unwrap();
        registered.subject.parse().unwrap()
    }
}

#[tokio::test]
async fn who_knows_the_password_does_not_guess_the_code_for_ever() {
    let people = people().await;
    let (ada, app, _) = enrolled(&people).await;
    let bearer = format!("Bearer {}", ada.access);
    let right = app.code(people.now());
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let remove = |code: &str, address: String| {
        let (people, bearer) = (&people, bearer.clone());
        let wish = json!({"password": PASSWORD, "code": code});
        async move {
            let headers = [("authorization", bearer.as_str()), ("x-test-address", address.as_str())];
            people.ask(Method::DELETE, TOTP, &headers, Some(&wish)).await
        }
    };
    for n in 0..6 {
        let answer = remove(wrong, format!("192.0.2.{n}")).await;
        assert_eq!(refused(&answer), (401, "second_factor_wrong".to_owned()), "{n}");
    }
    let blocked = remove(&right, "192.0.2.7".to_owned()).await;
    assert_eq!(refused(&blocked), (429, "too_many_attempts".to_owned()));
    let told = people.acts(&ada.access, "login.failed", 2).await;
    assert_eq!(
        told[0]["details"],
        json!({"what": "code", "failures": 6, "paused_s": 2})
    );
}

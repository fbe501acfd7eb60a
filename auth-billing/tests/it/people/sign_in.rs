//! Logging in: what it takes, what it answers, and what it tells nobody.

use std::time::Instant;

use http::{Method, StatusCode, header};
use serde_json::json;

use super::{ORIGIN, PASSWORD, cookie, people, refused};
use crate::logged;

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_are_not_told_apart() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let wrong = people.try_log_in("ada@example.org", "something else entirely").await;
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
        ("ada@example.org", ""),
        ("ada@example.org\r\nx", PASSWORD),
    ] {
        let unknown = people.try_log_in(email, password).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "{email}");
        let strip = |answer: &crate::Answer| {
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("request_id");
            body
        };
        assert_eq!(strip(&unknown), strip(&wrong), "{email}");
        let names = |answer: &crate::Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&unknown), names(&wrong));
    }
    assert!(!logged().contains(PASSWORD));
}

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    // The medians of several: a machine under load has outliers. Few enough that nobody has to wait.
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..5 {
        let unknown = format!("nobody{round}@example.org");
        for (times, email) in times.iter_mut().zip(["ada@example.org", &unknown]) {
            let began = Instant::now();
            let answer = people.try_log_in(email, "something else entirely").await;
            times.push(began.elapsed());
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
    }
    let [known, unknown] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    // Without the comparison with nobody's hash the ratio is above 10.
    let ratio = (known / unknown).max(unknown / known);
    assert!(ratio < 2.0, "known {known} s, unknown {unknown} s");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_ends_by_itself() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    for email in ["ada@example.org", "nobody@example.org"] {
        let mut refusals = Vec::new();
        for _ in 0..8 {
            refusals.push(refused(&people.try_log_in(email, "something else entirely").await));
        }
        let wrong = (401, "wrong_credentials".to_owned());
        let blocked = (429, "too_many_attempts".to_owned());
        assert_eq!(
            refusals[..6],
            vec![wrong; 6],
            "{email}: five are free, the sixth brings the pause"
        );
        assert_eq!(refusals[6..], [blocked.clone(), blocked], "{email}");
    }
    let blocked = people.try_log_in("ada@example.org", PASSWORD).await;
    assert_eq!(
        blocked.headers[header::RETRY_AFTER],
        "2",
        "the right password is not even looked at"
    );
    people.pass(2);
    people.log_in("ada@example.org").await;
    for _ in 0..5 {
        let wrong = people.try_log_in("ada@example.org", "something else entirely").await;
        assert_eq!(
            wrong.status,
            StatusCode::UNAUTHORIZED,
            "a right one clears what was before"
        );
    }
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_slowed_down_and_others_are_not() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let attempt = |email: String, address: &'static str| {
        let body = json!({"email": email, "password": "something else entirely"});
        let people = &people;
        async move {
            let headers = [("x-test-address", address)];
            people.ask(Method::POST, "/v1/auth/login", &headers, Some(&body)).await
        }
    };
    for n in 0..51 {
        let answer = attempt(format!("n{n}@example.org"), "203.0.113.9").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    let answer = attempt("fresh@example.org".to_owned(), "203.0.113.9").await;
    assert_eq!(refused(&answer), (429, "too_many_attempts".to_owned()));
    let answer = attempt("fresh@example.org".to_owned(), "203.0.113.10").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn many_attempts_at_once_do_not_all_pass() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let attempts = (0..12).map(|_| people.try_log_in("ada@example.org", "something else entirely"));
    let answers = futures::future::join_all(attempts).await;
    let tried = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::UNAUTHORIZED)
        .count();
    assert_eq!(tried, 6, "counted before the password is looked at");
}

#[tokio::test]
async fn a_browser_gets_a_cookie_that_only_pages_of_ours_can_use() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let wish = json!({"email": "ada@example.org", "password": PASSWORD, "cookie": true});
    let foreign = [("origin", "https://evil.example.org")];
    let answer = people.ask(Method::POST, "/v1/auth/login", &foreign, Some(&wish)).await;
    assert_eq!(refused(&answer), (403, "origin_not_allowed".to_owned()));
    let own = [("origin", ORIGIN)];
    let answer = people.ask(Method::POST, "/v1/auth/login", &own, Some(&wish)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.json().get("refresh_token").is_none(), "no script reads it");
    let (pair, rest) = cookie(&answer.headers).unwrap();
    assert_eq!(
        rest,
        "Path=/drift/v1/auth; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
    );
    let refresh = |headers: Vec<(&'static str, String)>| {
        let people = &people;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            people
                .ask(Method::POST, "/v1/auth/refresh", &headers, Some(&json!({})))
                .await
        }
    };
    for origin in [None, Some("https://evil.example.org"), Some("null")] {
        let mut headers = vec![("cookie", pair.clone())];
        headers.extend(origin.map(|origin| ("origin", origin.to_owned())));
        assert_eq!(
            refused(&refresh(headers).await),
            (403, "origin_not_allowed".to_owned()),
            "{origin:?}"
        );
    }
    let answer = refresh(vec![("cookie", pair.clone()), ("origin", ORIGIN.to_owned())]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (renewed, _) = cookie(&answer.headers).unwrap();
    assert_ne!(renewed, pair);
    people.pass(11);
    let answer = refresh(vec![("cookie", pair), ("origin", ORIGIN.to_owned())]).await;
    assert_eq!(refused(&answer), (401, "session_over".to_owned()));
    let (_, rest) = cookie(&answer.headers).unwrap();
    assert!(
        rest.contains("Max-Age=0"),
        "what works no more leaves the browser: {rest}"
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once_on_this_node() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    assert_eq!(people.get(&ada.access, "/whoami").await.status, StatusCode::OK);
    let answer = people
        .post("/v1/auth/logout", json!({"refresh_token": ada.refresh}))
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        people.get(&ada.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
    let again = people
        .post("/v1/auth/refresh", json!({"refresh_token": ada.refresh}))
        .await;
    assert_eq!(refused(&again), (401, "session_over".to_owned()));
    for token in [ada.refresh.as_str(), "dlr_x", ""] {
        let answer = people.post("/v1/auth/logout", json!({ "refresh_token": token })).await;
        assert_eq!(
            answer.status,
            StatusCode::NO_CONTENT,
            "nobody learns whether there was one"
        );
    }
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_all_sessions_end() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    for _ in 0..7 {
        people.try_log_in("ada@example.org", "something else entirely").await;
    }
    let known = people
        .post("/v1/auth/password-reset", json!({"email": "ADA@example.org"}))
        .await;
    let token = people.token_for("ada@example.org").await;
    let unknown = people
        .post("/v1/auth/password-reset", json!({"email": "nobody@example.org"}))
        .await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert!(people.mails().await.is_empty(), "nobody is sent nothing");
    let short = json!({"token": token, "password": "short"});
    let answer = people.post("/v1/auth/password-reset/confirm", short).await;
    assert_eq!(answer.json()["details"][0]["field"], "password");
    let own = json!({"token": token, "password": "ada@example.org"});
    let answer = people.post("/v1/auth/password-reset/confirm", own).await;
    assert_eq!(
        answer.json()["details"][0]["code"],
        "personal",
        "the refusal did not use the link up"
    );
    let good = json!({"token": token, "password": "gneiss lantern puffin"});
    let answer = people.post("/v1/auth/password-reset/confirm", good.clone()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let again = people.post("/v1/auth/password-reset/confirm", good).await;
    assert_eq!(refused(&again), (422, "link_over".to_owned()));
    assert_eq!(
        people.get(&ada.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
    let notices = people.mails().await;
    assert!(
        notices[0].text.contains("password of your account was set anew"),
        "{notices:?}"
    );
    let answer = people.try_log_in("ada@example.org", "gneiss lantern puffin").await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "what guessers brought does not keep the owner waiting"
    );
    let old = people.try_log_in("ada@example.org", PASSWORD).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}

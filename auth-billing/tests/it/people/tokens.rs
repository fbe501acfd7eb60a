//! Tokens: refreshed once, stolen ones end the session, and access tokens that are not ours are nobody's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_auth_billing::{IdentitySettings, TokenAlgorithm};
use hmac::{Hmac, Mac};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{LoggedIn, ORIGIN, PASSWORD, People, people, people_with, refused, settings};

async fn refresh(people: &People, token: &str) -> crate::Answer {
    people.post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn two_tabs_get_the_same_successor_and_a_thief_ends_the_session() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let first = LoggedIn::of(&refresh(&people, &ada.refresh).await);
    people.pass(10);
    let second = LoggedIn::of(&refresh(&people, &ada.refresh).await);
    assert_eq!(first.refresh, second.refresh);
    assert_eq!(first.session, ada.session);
    let next = LoggedIn::of(&refresh(&people, &first.refresh).await);
    people.mails().await;
    people.pass(1);
    let stolen = refresh(&people, &ada.refresh).await;
    assert_eq!(refused(&stolen), (401, "session_over".to_owned()));
    let family = refresh(&people, &next.refresh).await;
    assert_eq!(
        refused(&family),
        (401, "session_over".to_owned()),
        "the whole family is over"
    );
    for token in [&ada.access, &next.access] {
        assert_eq!(people.get(token, "/whoami").await.status, StatusCode::UNAUTHORIZED);
    }
    let mails = people.mails().await;
    assert_eq!(mails.len(), 1, "told once");
    assert!(mails[0].text.contains("used twice"), "{}", mails[0].text);
    let again = people.log_in("ada@example.org").await;
    let audit = people
        .get(&again.access, "/v1/audit?action=session.token_reused")
        .await
        .json();
    assert_eq!(audit["entries"][0]["subject"], ada.session);
}

#[tokio::test]
async fn many_at_once_with_one_token_get_one_successor() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let all = futures::future::join_all((0..8).map(|_| refresh(&people, &ada.refresh))).await;
    let mut successors: Vec<String> = all.iter().map(|answer| LoggedIn::of(answer).refresh).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_its_age() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let day = 86_400;
    people.pass(7 * day);
    assert_eq!(refused(&refresh(&people, &ada.refresh).await).0, 401, "idle for a week");
    let mut current = people.log_in("ada@example.org").await;
    for _ in 0..4 {
        people.pass(7 * day - 1);
        current = LoggedIn::of(&refresh(&people, &current.refresh).await);
    }
    people.pass(2 * day + 4);
    assert_eq!(
        refused(&refresh(&people, &current.refresh).await).0,
        401,
        "thirty days old"
    );
}

#[tokio::test]
async fn an_access_token_ends_after_its_hour() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people.pass(3_599);
    assert_eq!(people.get(&ada.access, "/whoami").await.status, StatusCode::OK);
    people.pass(1);
    assert_eq!(
        people.get(&ada.access, "/whoami").await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// Header, payload and signature of a token.
fn parts(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn forged_tokens_are_nobodys() {
    for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
        let people = people_with(IdentitySettings {
            algorithm,
            ..settings()
        })
        .await;
        let ada = people.founder("ada@example.org", "Coastguard").await;
        let keys = people.ask(Method::GET, "/.well-known/jwks.json", &[], None).await;
        assert_eq!(keys.headers["cache-control"], "public, max-age=300");
        let jwk = keys.json()["keys"][0].clone();
        assert!(jwk.get("d").is_none() && jwk["alg"] == algorithm.name(), "{jwk}");
        let [head, body, signature] = parts(&ada.access);
        let claims = decoded(&body);
        for name in ["iss", "aud", "sub", "org", "role", "scope", "sid", "jti", "iat", "exp"] {
            assert!(claims.get(name).is_some(), "{name}");
        }
        let mut admin = claims.clone();
        admin["role"] = json!("superadmin");
        let kid = decoded(&head)["kid"].clone();
        let none = encoded(&json!({"alg": "none", "kid": kid}));
        let hmac_head = encoded(&json!({"alg": "HS256", "kid": kid, "typ": "JWT"}));
        let hmac_of = |secret: &[u8], head: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(format!("{head}.{body}").as_bytes());
            format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
        };
        let public = jwk.get("x").or(jwk.get("n")).unwrap().as_str().unwrap();
        let forged = [
            format!("{none}.{body}."),
            format!("{none}.{body}.{signature}"),
            hmac_of(public.as_bytes(), &hmac_head),
            hmac_of(&URL_SAFE_NO_PAD.decode(public).unwrap(), &hmac_head),
            format!("{head}.{}.{signature}", encoded(&admin)),
            format!("{head}.{body}."),
            format!(
                "{}.{body}.{signature}",
                encoded(&json!({"alg": "EdDSA", "kid": "other"}))
            ),
            "eyJ.eyJ.x".to_owned(),
        ];
        for token in &forged {
            let answer = people.get(token, "/whoami").await;
            assert_eq!(refused(&answer), (401, "unauthenticated".to_owned()), "{token}");
        }
        assert_eq!(people.get(&ada.access, "/whoami").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_token_is_taken_in_headers_and_never_in_an_address() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let as_key = [("x-api-key", ada.access.as_str())];
    assert_eq!(
        people.ask(Method::GET, "/whoami", &as_key, None).await.status,
        StatusCode::OK
    );
    let in_query = format!("/whoami?key={}", ada.access);
    let answer = people.ask(Method::GET, &in_query, &[], None).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(
        !crate::logged().contains(&ada.access[..60]),
        "and the log does not have it"
    );
}

#[tokio::test]
async fn keys_are_changed_without_anybody_noticing() {
    let people = people_with(IdentitySettings {
        key_life: SignedDuration::from_hours(48),
        ..settings()
    })
    .await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let kids = || async {
        let keys = people
            .ask(Method::GET, "/.well-known/jwks.json", &[], None)
            .await
            .json();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let kid_of = |token: &str| decoded(&parts(token)[0])["kid"].as_str().unwrap().to_owned();
    let first = kids().await;
    assert_eq!(first, [kid_of(&ada.access)]);
    people.pass(47 * 3600);
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let late = LoggedIn::of(&refresh(&people, &ada.refresh).await);
    assert_eq!(kid_of(&late.access), first[0]);
    people.pass(3600);
    let renewed = LoggedIn::of(&refresh(&people, &late.refresh).await);
    let published = kids().await;
    assert_eq!(
        published.len(),
        2,
        "the next or retiring one is published beside the current"
    );
    assert_eq!(kid_of(&renewed.access), published[1]);
    people.pass(-1);
    assert_eq!(people.get(&late.access, "/whoami").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proxy_learns_who_is_logged_in_or_that_nobody_is() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let org = people.org_of(&ada.access).await;
    let answer = people.get(&ada.access, "/v1/auth/forward").await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(told("x-user"), ada.user.to_string());
    assert_eq!(told("x-email"), "ada@example.org");
    assert_eq!(
        (told("x-org"), told("x-role")),
        (org.to_string(), "org_admin".to_owned())
    );
    let cookie = format!("driftline_refresh={}", ada.refresh);
    let by_cookie = people
        .ask(Method::GET, "/v1/auth/forward", &[("cookie", &cookie)], None)
        .await;
    assert_eq!(by_cookie.headers["x-user"], ada.user.to_string().as_str());
    assert_eq!(
        refresh(&people, &ada.refresh).await.status,
        StatusCode::OK,
        "looked at, not spent"
    );
    let spent = format!("driftline_session={}", ada.refresh);
    for headers in [
        vec![],
        vec![("cookie", spent.as_str())],
        vec![("authorization", "Bearer eyJ.x.y")],
        vec![("cookie", "driftline_refresh=dlr_x")],
    ] {
        let answer = people.ask(Method::GET, "/v1/auth/forward", &headers, None).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(!answer.headers.contains_key("x-user"));
    }
}

#[tokio::test]
async fn a_browser_before_another_tool_is_known_by_a_cookie_that_is_good_for_nothing_else() {
    let people = people().await;
    people.founder("ada@example.org", "Coastguard").await;
    let wish = json!({"email": "ada@example.org", "password": PASSWORD, "cookie": true});
    let own_page = [("origin", ORIGIN)];
    let answer = people.ask(Method::POST, "/v1/auth/login", &own_page, Some(&wish)).await;
    assert_eq!(answer.status, StatusCode::OK);
    // What a browser sends with a request for /grafana/: cookies whose path is above it.
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
    let sent: Vec<&str> = cookies
        .iter()
        .copied()
        .filter(|cookie| cookie.contains("; Path=/; "))
        .collect();
    assert_eq!((cookies.len(), sent.len()), (2, 1), "{cookies:?}");
    assert!(sent[0].ends_with("; HttpOnly; SameSite=Lax; Secure"), "{sent:?}");
    let everywhere = sent[0].split(';').next().unwrap();
    let shown = [("cookie", everywhere)];
    let forward = || people.ask(Method::GET, "/v1/auth/forward", &shown, None);
    let told = forward().await;
    assert_eq!(
        (told.status, &told.headers["x-email"]),
        (StatusCode::OK, &"ada@example.org".parse().unwrap())
    );
    let at_base = [("cookie", everywhere), ("origin", ORIGIN)];
    let refreshed = people
        .ask(Method::POST, "/v1/auth/refresh", &at_base, Some(&json!({})))
        .await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED, "no tokens for it");
    assert_eq!(
        people.ask(Method::GET, "/whoami", &at_base, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let tampered = format!("{}A", &everywhere[..everywhere.len() - 1]);
    let tampered = if tampered == everywhere {
        format!("{}B", &everywhere[..everywhere.len() - 1])
    } else {
        tampered
    };
    let forged = people
        .ask(Method::GET, "/v1/auth/forward", &[("cookie", &tampered)], None)
        .await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);

    let refresh = cookies
        .iter()
        .find(|cookie| cookie.starts_with("driftline_refresh="))
        .unwrap();
    let own = [("cookie", refresh.split(';').next().unwrap()), ("origin", ORIGIN)];
    let ended = people
        .ask(Method::POST, "/v1/auth/logout", &own, Some(&json!({})))
        .await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(
        ended.headers.get_all("set-cookie").iter().count(),
        2,
        "both are taken out"
    );
    assert_eq!(forward().await.status, StatusCode::UNAUTHORIZED);
}

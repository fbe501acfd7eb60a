//! What nobody should send: refused with words, never with a 500, and never repeated where it may be a secret.

use axum::body::Body;
use axum::extract::Request;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{PASSWORD, people, refused};
use driftline_auth_billing::IDENTITY_OPERATIONS;

#[tokio::test]
async fn an_oversize_body_is_refused_by_its_announcement() {
    let people = people().await;
    // A body that would never end: whoever reads it waits for ever.
    let endless = Body::from_stream(futures::stream::pending::<Result<axum::body::Bytes, std::io::Error>>());
    let request = Request::post("/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, "65537")
        .body(endless)
        .unwrap();
    let answer = people.answer(request).await;
    assert_eq!(refused(&answer), (413, "body_too_large".to_owned()));
    let large = json!({"email": "x".repeat(70_000), "password": "x"});
    let answer = people.post("/v1/auth/login", large).await;
    assert_eq!(refused(&answer), (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn header_injection_reaches_no_mail() {
    let people = people().await;
    for email in [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nTo: eve@example.org",
        "ada@example.org%0aBcc:eve@example.org",
        "\"ada\r\n\"@example.org",
    ] {
        let wish = json!({"email": email, "password": PASSWORD, "name": "A", "organisation": "O"});
        let answer = people.post("/v1/auth/register", wish).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?}");
        people.post("/v1/auth/password-reset", json!({ "email": email })).await;
    }
    assert!(people.mails().await.is_empty());
    let ada = people.founder("ada@example.org", "Coast\u{2028}guard").await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/invitations");
    let wish = json!({"email": "bob@example.org\r\nBcc: eve@example.org", "role": "viewer"});
    let answer = people.with(&ada.access, Method::POST, &path, Some(wish)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn sql_in_any_field_is_a_text_like_any_other() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Robert'); DROP TABLE users;--").await;
    for text in [
        "' OR '1'='1",
        "'; DROP TABLE users;--",
        "ada@example.org'--",
        "\\",
        "%",
        "?",
    ] {
        let answer = people.try_log_in(text, text).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{text}");
        let encoded = text
            .replace('%', "%25")
            .replace(' ', "%20")
            .replace('?', "%3F")
            .replace('\\', "%5C");
        let encoded = encoded.replace('\'', "%27").replace(';', "%3B").replace('=', "%3D");
        let answer = people.get(&ada.access, &format!("/v1/audit?action={encoded}")).await;
        assert_eq!(answer.json()["entries"], json!([]), "{text}");
        let answer = people
            .with(&ada.access, Method::DELETE, &format!("/v1/api-keys/{encoded}"), None)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{text}");
    }
    let me = people.get(&ada.access, "/v1/auth/me").await.json();
    assert_eq!(me["organisations"][0]["name"], "Robert'); DROP TABLE users;--");
}

/// Every operation, with bodies that nobody means: whatever they are answered with, it is no fault of ours.
#[tokio::test]
async fn nonsense_is_never_a_fault() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bodies: Vec<Value> = vec![
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"email": 1, "password": [], "token": {}, "code": null, "name": 7, "role": false}),
        json!({"email": "\u{0}", "password": "\u{0}", "token": "\u{0}", "organisation": "\u{0}"}),
        json!({"unknown": true}),
    ];
    for operation in IDENTITY_OPERATIONS {
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        for id in ["x", "%00", "..%2F..", "org_00000000000000000000000000000000"] {
            let path: String = operation
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { id } else { part })
                .collect::<Vec<_>>()
                .join("/");
            for body in &bodies {
                // Ending the own session or account would make the rest of the run one without a login.
                let ends = ["endOtherSessions", "eraseUser", "logOut"].contains(&operation.id);
                if ends {
                    continue;
                }
                for token in [None, Some(&ada.access)] {
                    let answer = match token {
                        Some(token) => people.with(token, method.clone(), &path, Some(body.clone())).await,
                        None => people.ask(method.clone(), &path, &[], Some(body)).await,
                    };
                    let status = answer.status.as_u16();
                    assert!(status < 500, "{} {path} {body}: {status}", operation.method);
                    if token.is_none() && !operation.is_open {
                        assert_eq!(status, 401, "{} {path}", operation.method);
                    }
                }
            }
            if !operation.path.contains('{') {
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_is_secret_stands_in_no_log() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people
        .post(
            "/v1/auth/login",
            json!({"email": "ada@example.org", "password": "hunter22hunter22"}),
        )
        .await;
    people
        .post("/v1/auth/refresh", json!({"refresh_token": ada.refresh}))
        .await;
    let log = crate::logged();
    for secret in ["hunter22hunter22", PASSWORD, &ada.refresh, &ada.access, "dle_"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

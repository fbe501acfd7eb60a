//! The audit log through the routes: pages, the export that can be verified elsewhere, and the verdict.

use driftline_database::Role;
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{people, refused};

#[tokio::test]
async fn acts_are_listed_page_by_page_and_filtered() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    for n in 0..3 {
        people
            .member(&ada.access, &format!("m{n}@example.org"), Role::Viewer)
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/audit?limit=2".to_owned();
    loop {
        let page = people.get(&ada.access, &path).await.json();
        let entries = page["entries"].as_array().unwrap();
        assert!(entries.len() <= 2);
        seen.extend(entries.iter().map(|entry| entry["seq"].as_i64().unwrap()));
        match page["next"].as_i64() {
            Some(next) => path = format!("/v1/audit?limit=2&cursor={next}"),
            None => break,
        }
    }
    let last = seen[0];
    assert_eq!(
        seen,
        (1..=last).rev().collect::<Vec<_>>(),
        "every one once, newest first"
    );
    let invited = people.get(&ada.access, "/v1/audit?action=member.invited").await.json();
    assert_eq!(invited["entries"].as_array().unwrap().len(), 3);
    assert_eq!(invited["entries"][0]["details"]["role"], "viewer");
    let path = format!("/v1/audit?actor={}&until=2026-01-01T00:00:00Z", ada.user);
    assert_eq!(people.get(&ada.access, &path).await.json()["entries"], json!([]));
    for (query, status) in [
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=x", 400),
        ("form=x", 400),
        ("from=x", 400),
    ] {
        let answer = people.get(&ada.access, &format!("/v1/audit?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
    }
}

/// The chain computed anew from the export alone, as its description says: no code of ours.
fn verified(org: &str, lines: &str) -> Option<String> {
    let chain = org.strip_prefix("org_").unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect()
    };
    let mut previous = "0".repeat(64);
    for (number, line) in lines.lines().enumerate() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| entry[name].as_str().unwrap().as_bytes().to_vec();
        if entry["seq"] != json!(number + 1) || entry["previous"] != json!(previous) {
            return None;
        }
        let mut hash = Sha256::new();
        hash.update(bytes(&previous));
        let fields = [
            bytes(chain),
            entry["seq"].as_i64().unwrap().to_be_bytes().to_vec(),
            entry["at_us"].as_i64().unwrap().to_be_bytes().to_vec(),
            text("actor"),
            text("action"),
            text("subject"),
            text("details"),
        ];
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if entry["hash"] != json!(hash) {
            return None;
        }
        previous = hash;
    }
    Some(previous)
}

#[tokio::test]
async fn an_export_is_verified_by_whoever_has_it() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people.member(&ada.access, "bob@example.org", Role::Viewer).await;
    let org = people.org_of(&ada.access).await.to_string();
    let answer = people.get(&ada.access, "/v1/audit/export").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    let lines = String::from_utf8(answer.body).unwrap();
    let verdict = people.get(&ada.access, "/v1/audit/verification").await.json();
    assert_eq!(verdict["intact"], true);
    assert_eq!(verdict["entries"], lines.lines().count());
    assert_eq!(verified(&org, &lines).as_deref(), verdict["head"].as_str());
    let touched = lines.replacen("viewer", "org_admin", 1);
    assert_ne!(touched, lines);
    assert_eq!(verified(&org, &touched), None);
    let shortened: String = lines.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert_eq!(verified(&org, &shortened), None);
}

#[tokio::test]
async fn a_foreign_log_is_nobodys_business() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let own = people.get(&eve.access, "/v1/audit").await.json().to_string();
    assert!(!own.contains(&ada.user.to_string()), "{own}");
    let viewer = people.member(&ada.access, "bob@example.org", Role::Viewer).await;
    for path in ["/v1/audit", "/v1/audit/export", "/v1/audit/verification"] {
        let answer = people.get(&viewer.access, path).await;
        assert_eq!(refused(&answer), (403, "forbidden".to_owned()), "{path}");
    }
}

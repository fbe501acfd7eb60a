//! Organisations that measurements work for.

use driftline_database::{ApiKey, Database, KeyKind};
use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;

/// An organisation, and a key of it.
pub(crate) async fn organisation(database: &Database, number: usize) -> (OrgId, KeyId) {
    let now = Timestamp::now();
    let name = format!("organisation {number}");
    let org = database.create_organisation(&name, now).await.unwrap().id;
    let mut sha256 = [0; 32];
    sha256[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let key = ApiKey {
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: "desk".to_owned(),
        hint: "dls_abc".to_owned(),
        sha256,
        scopes: vec!["missions:write".to_owned()],
        origins: Vec::new(),
        networks: Vec::new(),
        replaced_by: None,
        user: None,
        created_by: None,
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    database.insert_key(&key).await.unwrap();
    (org, key.id)
}

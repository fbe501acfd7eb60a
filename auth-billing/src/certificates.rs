//! Client certificates as credentials of an organisation, for connections that know no header. A certificate is kept like a
//! key: by its SHA-256, under a name, with an end, revocable, and it is charged. Its text is no key, and no key is one: what is
//! hashed of a key has 53 characters.

use driftline_database::{ApiKey, Database, KeyKind};
use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::auth::is_valid;
use crate::keys::check_row;
use crate::{Error, Scope, Scopes};

/// The SHA-256 of a certificate in DER, which it is known by.
pub fn certificate_sha256(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

/// Lets the holder of a certificate read an organisation's features.
///
/// # Errors
/// A certificate that is known already, revoked ones included; a name that is none; a failing database.
pub async fn register_certificate(
    database: &Database,
    org: OrgId,
    name: &str,
    der: &[u8],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<ApiKey, Error> {
    let sha256 = certificate_sha256(der);
    let start: String = sha256.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    let row = ApiKey {
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: name.trim().to_owned(),
        hint: format!("tls:{start}"),
        sha256,
        scopes: Scopes::from_iter([Scope::FeaturesRead]).names(),
        origins: Vec::new(),
        networks: Vec::new(),
        replaced_by: None,
        created_at: now,
        expires_at,
        revoked_at: None,
        last_used_at: None,
        user: None,
        created_by: None,
    };
    check_row(&row)?;
    if let Some(known) = database.key_by_sha256(&sha256).await? {
        return Err(Error::CertificateKnown(known.id));
    }
    database.insert_key(&row).await?;
    Ok(row)
}

/// Whose certificate this is, if it works now.
///
/// # Errors
/// A failing database.
pub async fn certificate_holder(
    database: &Database,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Option<ApiKey>, Error> {
    let key = database.key_by_sha256(sha256).await?;
    let may_read = |key: &ApiKey| Scopes::of_stored(&key.scopes).contains(Scope::FeaturesRead);
    Ok(key.filter(|key| is_valid(key, now) && may_read(key)))
}

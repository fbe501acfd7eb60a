//! Organisations, their API keys, and the secret that signs links.

use std::collections::BTreeSet;

use std::time::Instant;

use driftline_domain::{KeyId, OrgId};
use jiff::{SignedDuration, Timestamp};

use crate::columns::{Reader, json, micros};
use crate::open::Change;
use crate::sql::{self, On, Row, Transaction};
use crate::{ApiKey, Database, Error, KeyKind, Organisation, Result};

/// A key's last use is kept to this precision, so that reading does not become writing.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
const NAME_MAX: usize = 200;
const COLUMNS: &str = "id, coalesce(former_name, name) AS name, created_at, deleted_at";

impl Database {
    /// Creates an organisation; its name must not be taken.
    pub async fn create_organisation(&self, name: &str, now: Timestamp) -> Result<Organisation> {
        let mut change = self.change("create the organisation").await?;
        let organisation = insert_organisation(&mut change.tx, name, now).await?;
        change.commit().await?;
        Ok(organisation)
    }

    /// Every organisation, by name, those that were deleted included.
    pub async fn organisations(&self) -> Result<Vec<Organisation>> {
        let rows = sql::query(format!("SELECT {COLUMNS} FROM organisations ORDER BY name"))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the organisations"))?;
        rows.iter().map(organisation).collect()
    }

    /// The organisation of this name; never one that was deleted.
    pub async fn organisation_by_name(&self, name: &str) -> Result<Option<Organisation>> {
        let row = sql::query(format!(
            "SELECT {COLUMNS} FROM organisations WHERE name = ? AND deleted_at IS NULL"
        ))
        .bind(name.trim())
        .fetch_optional(&self.reader)
        .await
        .map_err(Error::engine("read the organisation"))?;
        row.as_ref().map(organisation).transpose()
    }

    /// The organisation with this id, also one that was deleted.
    pub async fn organisation(&self, id: OrgId) -> Result<Option<Organisation>> {
        let row = sql::query(format!("SELECT {COLUMNS} FROM organisations WHERE id = ?"))
            .bind(id)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the organisation"))?;
        row.as_ref().map(organisation).transpose()
    }

    /// A number that grows whenever what an organisation sees of missions, runs and features changes (the progress of
    /// a running mission apart), for validators and caches; 0 where there is no such organisation.
    /// What another process changes is seen a fraction of a second later, what this one changes at once.
    pub async fn content_version(&self, org: OrgId) -> Result<i64> {
        if let Some(version) = self.versions.remembered(org) {
            return Ok(version);
        }
        let (settled, read_at) = (self.versions.settled(), Instant::now());
        let found = sql::query_scalar("SELECT content_version FROM organisations WHERE id = ?")
            .bind(org)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the content version"))?;
        let version = found.unwrap_or(0);
        self.versions.remember(org, version, read_at, settled);
        Ok(version)
    }

    /// Stores a key's row.
    pub async fn insert_key(&self, key: &ApiKey) -> Result<()> {
        insert_key(&self.writer, key).await
    }

    /// The key whose hash this is, revoked and expired ones included.
    pub async fn key_by_sha256(&self, sha256: &[u8; 32]) -> Result<Option<ApiKey>> {
        let row = sql::query("SELECT * FROM api_keys WHERE sha256 = ?")
            .bind(sha256.to_vec())
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("look the key up"))?;
        row.as_ref().map(api_key).transpose()
    }

    /// The key with this id, revoked and expired ones included.
    pub async fn key(&self, id: KeyId) -> Result<Option<ApiKey>> {
        let row = sql::query("SELECT * FROM api_keys WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("look the key up"))?;
        row.as_ref().map(api_key).transpose()
    }

    /// The origins of all publishable keys that work now, whosesoever they are; each once.
    pub async fn publishable_origins(&self, now: Timestamp) -> Result<Vec<String>> {
        let lists: Vec<String> = sql::query_scalar(
            "SELECT DISTINCT origins FROM api_keys WHERE kind = 'publishable' AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > ?)",
        )
        .bind(micros(now))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the origins of publishable keys"))?;
        let mut origins = BTreeSet::new();
        for list in &lists {
            let list: Vec<String> =
                serde_json::from_str(list).map_err(|error| Error::damaged("origins", list, error))?;
            origins.extend(list);
        }
        Ok(origins.into_iter().collect())
    }

    /// The secret of this name; where there is none yet, `fresh` becomes it. All nodes get the same.
    pub async fn signing_secret(&self, name: &str, fresh: [u8; 32], now: Timestamp) -> Result<[u8; 32]> {
        let mut change = self.change("make a signing secret").await?;
        let failed = || Error::engine("read the signing secret");
        sql::query("INSERT INTO signing_secrets (name, secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(fresh.to_vec())
            .bind(micros(now))
            .execute(&mut change.tx)
            .await
            .map_err(failed())?;
        let secret: Vec<u8> = sql::query_scalar("SELECT secret FROM signing_secrets WHERE name = ?")
            .bind(name)
            .fetch_one(&mut change.tx)
            .await
            .map_err(failed())?;
        change.commit().await?;
        bytes_32("secret", secret)
    }

    /// The keys of an organisation, oldest first, revoked and expired ones included; not those that stand for a
    /// membership, which nobody holds.
    pub async fn keys(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        let rows = sql::query("SELECT * FROM api_keys WHERE org_id = ? AND user_id IS NULL ORDER BY id")
            .bind(org)
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the keys"))?;
        rows.iter().map(api_key).collect()
    }

    /// Revokes a key for good; false where there is no such key or it was revoked before.
    pub async fn revoke_key(&self, id: KeyId, now: Timestamp) -> Result<bool> {
        let done = sql::query("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(micros(now))
            .bind(id)
            .execute(&self.writer)
            .await
            .map_err(Error::engine("revoke the key"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that a key was used, at most once a minute; the caller need not wait for it.
    pub async fn touch_key(&self, id: KeyId, now: Timestamp) -> Result<()> {
        sql::query("UPDATE api_keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) <= ?")
            .bind(micros(now))
            .bind(id)
            .bind(micros(now) - TOUCH_EVERY.as_micros() as i64)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note the key's use"))
    }
}

/// Creates an organisation; a name that is taken is refused without a failed statement, which would end a transaction.
pub(crate) async fn insert_organisation(tx: &mut Transaction, name: &str, now: Timestamp) -> Result<Organisation> {
    let name = checked_name(name)?;
    let organisation = Organisation {
        id: OrgId::generate(),
        name: name.to_owned(),
        created_at: whole_micros(now),
        deleted_at: None,
    };
    let insert =
        sql::query("INSERT INTO organisations (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(organisation.id)
            .bind(name)
            .bind(micros(now));
    let done = insert
        .execute(tx)
        .await
        .map_err(Error::engine("create the organisation"))?;
    if done.rows_affected() == 0 {
        return Err(Error::OrganisationExists(name.to_owned()));
    }
    Ok(organisation)
}

/// Refuses an organisation that is not there or was deleted, and lets nobody delete it until the transaction ends.
pub(crate) async fn require_standing(change: &mut Change, org: OrgId) -> Result<()> {
    let hold = change.tx.dialect().for_update();
    let found = sql::query(format!(
        "SELECT id FROM organisations WHERE id = ? AND deleted_at IS NULL{hold}"
    ))
    .bind(org)
    .fetch_optional(&mut change.tx)
    .await
    .map_err(Error::engine("look the organisation up"))?;
    found.map(drop).ok_or_else(|| absent(org))
}

/// That there is no such organisation.
pub(crate) fn absent(org: OrgId) -> Error {
    Error::NotFound {
        what: "organisation",
        name: org.to_string(),
    }
}

/// A name that an organisation can have.
pub(crate) fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        let rule = format!("a name has 1 to {NAME_MAX} printable characters");
        return Err(Error::invalid("the organisation name", format!("'{name}'"), rule));
    }
    Ok(name)
}

/// Stores a key's row, in a change or by itself.
pub(crate) async fn insert_key(on: impl Into<On<'_>>, key: &ApiKey) -> Result<()> {
    sql::query(
        "INSERT INTO api_keys (id, org_id, kind, name, hint, sha256, scopes, origins, networks, replaced_by, created_at, \
         expires_at, revoked_at, last_used_at, user_id, created_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(key.id)
    .bind(key.org)
    .bind(key.kind.name())
    .bind(&key.name)
    .bind(&key.hint)
    .bind(key.sha256.to_vec())
    .bind(json("scopes", &key.scopes)?)
    .bind(json("origins", &key.origins)?)
    .bind(json("networks", &key.networks)?)
    .bind(key.replaced_by)
    .bind(micros(key.created_at))
    .bind(key.expires_at.map(micros))
    .bind(key.revoked_at.map(micros))
    .bind(key.last_used_at.map(micros))
    .bind(key.user)
    .bind(key.created_by)
    .execute(on)
    .await
    .map(drop)
    .map_err(|source| match &source {
        sqlx::Error::Database(cause) if cause.is_foreign_key_violation() => Error::NotFound {
            what: "organisation",
            name: key.org.to_string(),
        },
        _ => Error::engine("store the key")(source),
    })
}

/// The time as it will be read back.
pub(crate) fn whole_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn organisation(row: &Row) -> Result<Organisation> {
    let row = Reader(row);
    Ok(Organisation {
        id: row.id("id")?,
        name: row.get("name")?,
        created_at: row.time("created_at")?,
        deleted_at: row.maybe_time("deleted_at")?,
    })
}

pub(crate) fn api_key(row: &Row) -> Result<ApiKey> {
    let row = Reader(row);
    Ok(ApiKey {
        id: row.id("id")?,
        org: row.id("org_id")?,
        kind: key_kind(&row.get::<String>("kind")?)?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        sha256: bytes_32("sha256", row.get("sha256")?)?,
        scopes: row.json("scopes")?,
        origins: row.json("origins")?,
        networks: row.json("networks")?,
        replaced_by: row.maybe_id("replaced_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.maybe_time("expires_at")?,
        revoked_at: row.maybe_time("revoked_at")?,
        last_used_at: row.maybe_time("last_used_at")?,
        user: row.maybe_id("user_id")?,
        created_by: row.maybe_id("created_by")?,
    })
}

fn key_kind(name: &str) -> Result<KeyKind> {
    [KeyKind::Secret, KeyKind::Publishable]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| Error::damaged("kind", name, "no such kind of key is known"))
}

/// Never says what was found: it may be a secret.
pub(crate) fn bytes_32(column: &'static str, bytes: Vec<u8>) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| Error::damaged(column, format!("{} bytes", bytes.len()), "32 bytes were expected"))
}

//! Login sessions and their refresh tokens. A token is spent in one conditional statement: of two who present it at the
//! same moment one finds it unspent.

use driftline_domain::{KeyId, OrgId, SessionId, UserId};
use jiff::Timestamp;

use super::AccountChange;
use super::members::role;
use crate::columns::{Reader, micros};
use crate::orgs_keys::bytes_32;
use crate::sql::{self, Row};
use crate::{Database, Error, Result, Role};

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSession {
    /// Identifier; that of its family of refresh tokens, too.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The organisation that the person works for in it.
    pub org: Option<OrgId>,
    /// How the person logged in.
    pub method: String,
    /// The program and the address, sealed.
    pub client: Vec<u8>,
    /// When it began.
    pub created_at: Timestamp,
    /// When a token of it was used last.
    pub last_used_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
    /// Why.
    pub revoked_why: Option<String>,
}

/// Who a session lets in: looked up for an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHolder {
    /// The person.
    pub user: UserId,
    /// Since when the person runs the installation.
    pub superadmin_since: Option<Timestamp>,
    /// Organisation, its name, role and key, where the person works for one.
    pub member: Option<(OrgId, String, Role, KeyId)>,
}

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Hash.
    pub sha256: [u8; 32],
    /// Family.
    pub session: SessionId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends if nobody uses it.
    pub expires_at: Timestamp,
    /// When it was used.
    pub spent_at: Option<Timestamp>,
    /// Its successor, sealed under it.
    pub successor: Option<Vec<u8>>,
}

impl Database {
    /// A session that lets its person in now, with what the person is in the organisation of the session at this moment.
    pub async fn session_holder(&self, id: SessionId, now: Timestamp) -> Result<Option<SessionHolder>> {
        let row = sql::query(
            "SELECT s.user_id, s.org_id, u.superadmin_since, o.name AS org_name, m.role, m.key_id \
             FROM login_sessions s JOIN users u ON u.id = s.user_id AND u.erased_at IS NULL \
             LEFT JOIN memberships m ON m.user_id = s.user_id AND m.org_id = s.org_id \
             LEFT JOIN organisations o ON o.id = m.org_id \
             WHERE s.id = ? AND s.revoked_at IS NULL AND s.expires_at > ?",
        )
        .bind(id)
        .bind(micros(now))
        .fetch_optional(&self.reader)
        .await
        .map_err(Error::engine("look the session up"))?;
        row.as_ref().map(holder).transpose()
    }

    /// A session, ended ones included.
    pub async fn login_session(&self, id: SessionId) -> Result<Option<LoginSession>> {
        let row = sql::query("SELECT * FROM login_sessions WHERE id = ?").bind(id);
        let row = row.fetch_optional(&self.reader).await;
        row.map_err(Error::engine("read the session"))?
            .as_ref()
            .map(session)
            .transpose()
    }

    /// The sessions of a person that are not over, newest first.
    pub async fn login_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<LoginSession>> {
        let rows = sql::query(
            "SELECT * FROM login_sessions WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ? ORDER BY id DESC",
        )
        .bind(user)
        .bind(micros(now))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the sessions"))?;
        rows.iter().map(session).collect()
    }

    /// A refresh token, spent and ended ones included.
    pub async fn refresh_token(&self, sha256: &[u8; 32]) -> Result<Option<RefreshToken>> {
        let row = sql::query("SELECT * FROM refresh_tokens WHERE sha256 = ?").bind(sha256.to_vec());
        let row = row.fetch_optional(&self.reader).await;
        let row = row.map_err(Error::engine("look the refresh token up"))?;
        row.as_ref().map(refresh_token).transpose()
    }
}

impl AccountChange {
    /// Begins a session.
    pub async fn insert_session(&mut self, new: &LoginSession) -> Result<()> {
        let insert = sql::query(
            "INSERT INTO login_sessions (id, user_id, org_id, method, client, created_at, last_used_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id)
        .bind(new.user)
        .bind(new.org)
        .bind(&new.method)
        .bind(new.client.clone())
        .bind(micros(new.created_at))
        .bind(micros(new.last_used_at))
        .bind(micros(new.expires_at));
        self.run("begin the session", insert).await
    }

    /// Notes that a session is used, and for which organisation.
    pub async fn touch_session(&mut self, id: SessionId, org: Option<OrgId>, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE login_sessions SET last_used_at = ?1, org_id = ?2 WHERE id = ?3 AND revoked_at IS NULL \
             AND expires_at > ?1",
        )
        .bind(micros(now))
        .bind(org)
        .bind(id);
        self.changed("note the session's use", update).await
    }

    /// Ends a person's session; false where there is none, or it is over.
    pub async fn revoke_session(&mut self, user: UserId, id: SessionId, why: &str, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE login_sessions SET revoked_at = ?, revoked_why = ? WHERE id = ? AND user_id = ? \
             AND revoked_at IS NULL",
        )
        .bind(micros(now))
        .bind(why)
        .bind(id)
        .bind(user);
        self.changed("end the session", update).await
    }

    /// Ends all sessions of a person but one; says which.
    pub async fn revoke_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        why: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        let rows = sql::query(
            "UPDATE login_sessions SET revoked_at = ?, revoked_why = ? WHERE user_id = ? AND revoked_at IS NULL \
             AND (CAST(? AS BIGINT) = 0 OR id <> ?) RETURNING id",
        )
        .bind(micros(now))
        .bind(why)
        .bind(user)
        .bind(i64::from(except.is_some()))
        .bind(except)
        .fetch_all(&mut self.0.tx)
        .await
        .map_err(Error::engine("end the sessions"))?;
        rows.iter().map(|row| Reader(row).id("id")).collect()
    }

    /// Stores a refresh token.
    pub async fn insert_refresh(&mut self, new: &RefreshToken) -> Result<()> {
        let insert =
            sql::query("INSERT INTO refresh_tokens (sha256, session_id, created_at, expires_at) VALUES (?, ?, ?, ?)")
                .bind(new.sha256.to_vec())
                .bind(new.session)
                .bind(micros(new.created_at))
                .bind(micros(new.expires_at));
        self.run("store the refresh token", insert).await
    }

    /// Spends a refresh token, once: true for the one caller who did.
    pub async fn spend_refresh(&mut self, sha256: &[u8; 32], successor: Vec<u8>, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE refresh_tokens SET spent_at = ?1, successor = ?2 WHERE sha256 = ?3 AND spent_at IS NULL \
             AND expires_at > ?1",
        )
        .bind(micros(now))
        .bind(successor)
        .bind(sha256.to_vec());
        self.changed("spend the refresh token", update).await
    }
}

fn holder(row: &Row) -> Result<SessionHolder> {
    let read = Reader(row);
    let key: Option<KeyId> = read.maybe_id("key_id")?;
    let member = match key {
        Some(key) => Some((read.id("org_id")?, read.get("org_name")?, role("role", row)?, key)),
        None => None,
    };
    Ok(SessionHolder {
        user: read.id("user_id")?,
        superadmin_since: read.maybe_time("superadmin_since")?,
        member,
    })
}

fn session(row: &Row) -> Result<LoginSession> {
    let row = Reader(row);
    Ok(LoginSession {
        id: row.id("id")?,
        user: row.id("user_id")?,
        org: row.maybe_id("org_id")?,
        method: row.get("method")?,
        client: row.get("client")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        expires_at: row.time("expires_at")?,
        revoked_at: row.maybe_time("revoked_at")?,
        revoked_why: row.get("revoked_why")?,
    })
}

fn refresh_token(row: &Row) -> Result<RefreshToken> {
    let row = Reader(row);
    Ok(RefreshToken {
        sha256: bytes_32("sha256", row.get("sha256")?)?,
        session: row.id("session_id")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        spent_at: row.maybe_time("spent_at")?,
        successor: row.get("successor")?,
    })
}

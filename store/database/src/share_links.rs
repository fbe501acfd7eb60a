//! Links by which one mission is shown to others. Stored is the hash of a link's token; a link ends with its time, when it is
//! revoked, with the key that made it, and with its mission.

use driftline_domain::{KeyId, MissionId, OrgId, ShareLinkId};
use jiff::Timestamp;
use serde::Serialize;

use crate::columns::{Reader, micros};
use crate::orgs_keys::bytes_32;
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// A link to one mission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareLink {
    /// Identifier, safe to print.
    pub id: ShareLinkId,
    /// Whose mission.
    #[serde(skip)]
    pub org: OrgId,
    /// The mission.
    pub mission: MissionId,
    /// The key that made it, which is charged for what is read.
    pub created_by: KeyId,
    /// What it is called.
    pub name: String,
    /// First characters of the token, safe to print.
    pub hint: String,
    /// SHA-256 of the whole token.
    #[serde(skip)]
    pub sha256: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Last use, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A link's last use is kept to this precision, so that reading does not become writing.
const TOUCH_EVERY_US: i64 = 60_000_000;

impl Database {
    /// Stores a link; false where the organisation has no such mission.
    pub async fn insert_share_link(&self, link: &ShareLink) -> Result<bool> {
        let stored = sql::query(
            "INSERT INTO share_links (id, org_id, mission_id, created_by, name, hint, sha256, created_at, expires_at) \
             SELECT ?1, m.org_id, m.id, ?2, ?3, ?4, ?5, ?6, ?7 FROM missions m \
             WHERE m.id = ?8 AND m.org_id = ?9 AND m.withdrawn_at IS NULL",
        )
        .bind(link.id)
        .bind(link.created_by)
        .bind(&link.name)
        .bind(&link.hint)
        .bind(link.sha256.to_vec())
        .bind(micros(link.created_at))
        .bind(micros(link.expires_at))
        .bind(link.mission)
        .bind(link.org)
        .execute(&self.writer)
        .await
        .map_err(Error::engine("store the link"))?;
        Ok(stored.rows_affected() > 0)
    }

    /// The links of an organisation's mission, oldest first, ended ones included.
    pub async fn share_links(&self, org: OrgId, mission: MissionId) -> Result<Vec<ShareLink>> {
        let rows = sql::query("SELECT * FROM share_links WHERE mission_id = ? AND org_id = ? ORDER BY id")
            .bind(mission)
            .bind(org)
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the links"))?;
        rows.iter().map(share_link).collect()
    }

    /// The link whose token has this hash, ended ones included; none to a mission that was withdrawn.
    pub async fn share_link_by_sha256(&self, sha256: &[u8; 32]) -> Result<Option<ShareLink>> {
        let row = sql::query(
            "SELECT l.* FROM share_links l JOIN missions m ON m.id = l.mission_id \
             WHERE l.sha256 = ? AND m.withdrawn_at IS NULL",
        )
        .bind(sha256.to_vec())
        .fetch_optional(&self.reader)
        .await
        .map_err(Error::engine("look the link up"))?;
        row.as_ref().map(share_link).transpose()
    }

    /// Revokes a link for good; false where the mission has no such link or it was revoked before.
    pub async fn revoke_share_link(
        &self,
        org: OrgId,
        mission: MissionId,
        id: ShareLinkId,
        now: Timestamp,
    ) -> Result<bool> {
        let done = sql::query(
            "UPDATE share_links SET revoked_at = ? WHERE id = ? AND mission_id = ? AND org_id = ? AND revoked_at IS NULL",
        )
        .bind(micros(now))
        .bind(id)
        .bind(mission)
        .bind(org)
        .execute(&self.writer)
        .await
        .map_err(Error::engine("revoke the link"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that a link was used, at most once a minute; the caller need not wait for it.
    pub async fn touch_share_link(&self, id: ShareLinkId, now: Timestamp) -> Result<()> {
        sql::query("UPDATE share_links SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) <= ?")
            .bind(micros(now))
            .bind(id)
            .bind(micros(now) - TOUCH_EVERY_US)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note the link's use"))
    }
}

fn share_link(row: &Row) -> Result<ShareLink> {
    let row = Reader(row);
    Ok(ShareLink {
        id: row.id("id")?,
        org: row.id("org_id")?,
        mission: row.id("mission_id")?,
        created_by: row.id("created_by")?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        sha256: bytes_32("sha256", row.get("sha256")?)?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        revoked_at: row.maybe_time("revoked_at")?,
        last_used_at: row.maybe_time("last_used_at")?,
    })
}

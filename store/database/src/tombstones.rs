//! Features that are no more, by their ids: whoever copies features learns from them what to forget.

use driftline_domain::{MissionId, OrgId, RunId, ValidTime};
use jiff::{Timestamp, ToSpan};

use crate::columns::{Reader, micros, micros_of};
use crate::features::kind_number;
use crate::open::Change;
use crate::sql::{self, QueryBuilder, Row};
use crate::{Database, Error, FeatureKind, Result};

/// How long tombstones are kept.
pub const TOMBSTONES_KEPT_DAYS: i64 = 30;
/// Tombstones of one answer at most.
const MOST: i64 = 100_000;

/// A feature that is no more.
#[derive(Debug, Clone, PartialEq)]
pub struct Tombstone {
    /// Its identifier.
    pub id: String,
    /// Its mission.
    pub mission: MissionId,
    /// Its run.
    pub run: RunId,
    /// When it was withdrawn.
    pub withdrawn_at: Timestamp,
}

impl Database {
    /// Features withdrawn from one time to another, both included, oldest first.
    pub async fn tombstones(
        &self,
        org: OrgId,
        kind: FeatureKind,
        mission: Option<MissionId>,
        from: Option<ValidTime>,
        until: Option<ValidTime>,
    ) -> Result<Vec<Tombstone>> {
        let mut query =
            QueryBuilder::new("SELECT id, mission_id, run_id, withdrawn_at FROM tombstones WHERE org_id = ");
        query.push_bind(org);
        query.push(" AND kind = ").push_bind(kind_number(kind));
        if let Some(mission) = mission {
            query.push(" AND mission_id = ").push_bind(mission);
        }
        if let Some(from) = micros_of(from) {
            query.push(" AND withdrawn_at >= ").push_bind(from);
        }
        if let Some(until) = micros_of(until) {
            query.push(" AND withdrawn_at <= ").push_bind(until);
        }
        query
            .push(" ORDER BY withdrawn_at, run_seq, row LIMIT ")
            .push_bind(MOST);
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list what was withdrawn"))?;
        rows.iter().map(tombstone).collect()
    }
}

/// Remembers the features of a mission as withdrawn, and forgets what has been for long.
pub(crate) async fn bury(change: &mut Change, org: OrgId, mission: MissionId, now: Timestamp) -> Result<()> {
    let what = "remember what is withdrawn";
    sql::query(
        "INSERT INTO tombstones (org_id, kind, withdrawn_at, run_seq, row, id, mission_id, run_id) \
         SELECT org_id, kind, ?1, run_seq, row, id, mission_id, run_id FROM features WHERE mission_id = ?2 \
         ON CONFLICT DO NOTHING",
    )
    .bind(micros(now))
    .bind(mission)
    .execute(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    let oldest = now
        .checked_sub((24 * TOMBSTONES_KEPT_DAYS).hours())
        .unwrap_or(Timestamp::MIN);
    sql::query("DELETE FROM tombstones WHERE org_id = ?1 AND withdrawn_at < ?2")
        .bind(org)
        .bind(micros(oldest))
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine(what))
}

fn tombstone(row: &Row) -> Result<Tombstone> {
    let row = Reader(row);
    Ok(Tombstone {
        id: row.get("id")?,
        mission: row.id("mission_id")?,
        run: row.id("run_id")?,
        withdrawn_at: row.time("withdrawn_at")?,
    })
}

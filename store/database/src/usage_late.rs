//! Usage that comes late, from a node that was cut off: by the time of its use while that hour is open, and beside the hours
//! afterwards, so that no sum that was billed is written again (platform.md 3.3).

use std::collections::BTreeSet;

use driftline_domain::{KeyId, MissionId, OrgId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::columns::{Reader, micros};
use crate::sql::{self, QueryBuilder, Row};
use crate::usage::{HOUR_US, hour_us};
use crate::{Database, Error, Result};

/// An hour stays open for so long after its end.
pub const USAGE_GRACE: SignedDuration = SignedDuration::from_hours(1);

/// Usage of a closed hour, by the hour in which it was entered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LateUsage {
    /// Who pays.
    #[serde(skip)]
    pub org: OrgId,
    /// The key used.
    pub key: KeyId,
    /// Meter.
    pub meter: String,
    /// Start of the hour of its use.
    pub hour: Timestamp,
    /// Start of the hour in which it was entered: it is billed as an adjustment of that time.
    pub entered_hour: Timestamp,
    /// Units.
    pub units: i64,
    /// Records.
    pub records: i64,
}

/// Whether the hour of a use is closed.
pub(crate) fn is_late(at: Timestamp, now: Timestamp) -> bool {
    micros(now) >= hour_us(at) + HOUR_US + USAGE_GRACE.as_micros() as i64
}

impl Database {
    /// Those of these missions that there are, whosesoever and withdrawn ones included.
    pub async fn missions_of_anybody(&self, missions: BTreeSet<MissionId>) -> Result<BTreeSet<MissionId>> {
        if missions.is_empty() {
            return Ok(missions);
        }
        let mut query = QueryBuilder::new("SELECT id FROM missions WHERE id");
        query.push_list(missions);
        let rows = query.build().fetch_all(&self.reader).await;
        let rows = rows.map_err(Error::engine("look for missions"))?;
        rows.iter().map(|row| Reader(row).id("id")).collect()
    }

    /// Usage of an organisation that was entered late in hours from `from` on and before `until`.
    pub async fn late_usage(&self, org: OrgId, from: Timestamp, until: Timestamp) -> Result<Vec<LateUsage>> {
        let rows = sql::query(
            "SELECT * FROM usage_late WHERE org_id = ? AND entered_hour >= ? AND entered_hour < ? \
             ORDER BY entered_hour, hour, meter, key_id",
        )
        .bind(org)
        .bind(micros(from))
        .bind(micros(until))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("read the late usage"))?;
        rows.iter().map(late_usage).collect()
    }
}

fn late_usage(row: &Row) -> Result<LateUsage> {
    let row = Reader(row);
    Ok(LateUsage {
        org: row.id("org_id")?,
        key: row.id("key_id")?,
        meter: row.get("meter")?,
        hour: row.time("hour")?,
        entered_hour: row.time("entered_hour")?,
        units: row.get("units")?,
        records: row.get("records")?,
    })
}

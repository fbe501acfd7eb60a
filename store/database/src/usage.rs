//! The ledger: single records, hourly sums, and how far each node's usage log has been entered. All three change in
//! one transaction, so that a replay after a crash neither loses nor doubles (platform.md 3.4).

use driftline_domain::OrgId;
use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::sql::{self, Row};
use crate::usage_batch::{check_days, enter_all};
use crate::{Database, Error, Result, UsageHour, UsageRecord, Watermark};

/// The meter of a completed mission.
pub const MISSION_METER: &str = "mission.particle_hours";
pub(crate) const HOUR_US: i64 = 3_600_000_000;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// One record of the ledger at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEntry {
    /// Its number in the ledger, growing: the paging cursor.
    pub entry: i64,
    /// The record.
    pub record: UsageRecord,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It was in the ledger already.
    Known,
    /// It counts in the hour of its use.
    InItsHour,
    /// That hour was closed: it counts as an adjustment.
    Late,
    /// Its hour has no room for its units: it stands beside the ledger until somebody has looked at it.
    SetAside,
}

impl Database {
    /// Enters records of one node's log and notes how far it has been entered. Records that are in the ledger already
    /// are passed over; a watermark never moves back. Returns how many records were new.
    pub async fn apply_usage(&self, records: &[UsageRecord], watermark: &Watermark, now: Timestamp) -> Result<u64> {
        let mut change = self.change("enter the usage").await?;
        let entries = enter_all(&mut change, records, now).await?;
        let new = entries.iter().filter(|entry| **entry != Entry::Known).count() as u64;
        sql::query(
            "INSERT INTO usage_watermarks (node, segment, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (node) DO UPDATE \
             SET segment = ?2, bytes = ?3 WHERE (?2, ?3) > (usage_watermarks.segment, usage_watermarks.bytes)",
        )
        .bind(&watermark.node)
        .bind(watermark.segment)
        .bind(watermark.offset)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("note the watermark"))?;
        change.commit().await?;
        Ok(new)
    }

    /// Enters records of a node that keeps no watermark here; for each what became of it.
    pub async fn enter_usage(&self, records: &[UsageRecord], now: Timestamp) -> Result<Vec<Entry>> {
        let mut change = self.change("enter the usage").await?;
        let entries = enter_all(&mut change, records, now).await?;
        change.commit().await?;
        Ok(entries)
    }

    /// The same, or nothing at all where the key of one of them would have more units of a meter on a day (UTC) than this.
    pub async fn enter_usage_within(
        &self,
        records: &[UsageRecord],
        most_a_day: i64,
        now: Timestamp,
    ) -> Result<Vec<Entry>> {
        let mut change = self.change("enter the usage").await?;
        let entries = enter_all(&mut change, records, now).await?;
        check_days(&mut change, records, most_a_day).await?;
        change.commit().await?;
        Ok(entries)
    }

    /// How far a node's log has been entered.
    pub async fn watermark(&self, node: &str) -> Result<Option<Watermark>> {
        let row = sql::query("SELECT node, segment, bytes FROM usage_watermarks WHERE node = ?")
            .bind(node)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the watermark"))?;
        row.map(|row| {
            let row = Reader(&row);
            Ok(Watermark {
                node: row.get("node")?,
                segment: row.get("segment")?,
                offset: row.get("bytes")?,
            })
        })
        .transpose()
    }

    /// The newest epoch of a node in the ledger, so that its next process takes a later one whatever its clock says.
    pub async fn last_epoch(&self, node: &str) -> Result<Option<i64>> {
        sql::query_scalar("SELECT max(epoch) FROM usage_records WHERE node = ?")
            .bind(node)
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("read the newest epoch"))
    }

    /// What an organisation used, by the hour: hours that begin at or after `from` and before `until`.
    pub async fn usage_hours(&self, org: OrgId, from: Timestamp, until: Timestamp) -> Result<Vec<UsageHour>> {
        let rows = sql::query(
            "SELECT org_id, key_id, meter, hour, units, records FROM usage_hours WHERE org_id = ? AND hour >= ? \
             AND hour < ? ORDER BY hour, meter, key_id",
        )
        .bind(org)
        .bind(micros(from))
        .bind(micros(until))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("read the hourly usage"))?;
        rows.iter().map(usage_hour).collect()
    }

    /// Single records of an organisation in the order of entry, behind this entry (0 for the first page).
    pub async fn usage_records(&self, org: OrgId, after: i64, limit: u32) -> Result<Vec<LedgerEntry>> {
        let rows = sql::query("SELECT * FROM usage_records WHERE org_id = ? AND entry > ? ORDER BY entry LIMIT ?")
            .bind(org)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("read the usage"))?;
        rows.iter().map(ledger_entry).collect()
    }
}

/// The start of the hour of a time.
pub(crate) fn hour_us(time: Timestamp) -> i64 {
    micros(time).div_euclid(HOUR_US) * HOUR_US
}

/// The start of the day (UTC) of a time.
pub(crate) fn day_us(time: Timestamp) -> i64 {
    micros(time).div_euclid(DAY_US) * DAY_US
}

fn usage_hour(row: &Row) -> Result<UsageHour> {
    let row = Reader(row);
    Ok(UsageHour {
        org: row.id("org_id")?,
        key: row.id("key_id")?,
        meter: row.get("meter")?,
        hour: row.time("hour")?,
        units: row.get("units")?,
        records: row.get("records")?,
    })
}

fn ledger_entry(row: &Row) -> Result<LedgerEntry> {
    let row = Reader(row);
    Ok(LedgerEntry {
        entry: row.get("entry")?,
        record: UsageRecord {
            node: row.get("node")?,
            epoch: row.get("epoch")?,
            seq: row.get("seq")?,
            org: row.id("org_id")?,
            key: row.id("key_id")?,
            meter: row.get("meter")?,
            units: row.get("units")?,
            at: row.time("at")?,
            request: row.maybe_id("request_id")?,
            mission: row.maybe_id("mission_id")?,
        },
    })
}

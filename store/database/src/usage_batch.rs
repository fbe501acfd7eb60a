//! Entering many records of usage with few statements: the records in lists of a few fixed lengths, and their sums, made here
//! first, one row for each organisation, key, meter and hour. The organisations' rows are held for that long only.
//!
//! No record is in the way of the others: one whose hour has no room for its units in 64 bits is set aside, told of, and kept.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::sql::{self, QueryBuilder, Row, Value};
use crate::usage::{DAY_US, Entry, day_us, hour_us};
use crate::usage_late::is_late;
use crate::{Error, Result, UsageRecord};

/// Rows of one statement: of few lengths, so that the engines know the statements already, and of no more than 2,560 values,
/// of which SQLite takes 32,766 and PostgreSQL 65,535.
const LENGTHS: [usize; 4] = [256, 32, 4, 1];

/// What a record is known by.
type Number<'r> = (&'r str, i64, i64);

/// A sum that a record is part of: of its hour, or beside the hours where that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sum<'r> {
    /// When the late ones are entered.
    entered_hour: Option<i64>,
    org: OrgId,
    hour: i64,
    meter: &'r str,
    key: KeyId,
}

impl<'r> Sum<'r> {
    fn of(record: &'r UsageRecord, now: Timestamp) -> Self {
        Self {
            entered_hour: is_late(record.at, now).then(|| hour_us(now)),
            org: record.org,
            hour: hour_us(record.at),
            meter: &record.meter,
            key: record.key,
        }
    }
}

/// Enters records; for each what became of it.
pub(crate) async fn enter_all(change: &mut Change, records: &[UsageRecord], now: Timestamp) -> Result<Vec<Entry>> {
    if let Some(odd) = records.iter().find(|record| record.units < 0) {
        return Err(Error::invalid("usage", odd.units, "units must not be negative"));
    }
    if records.is_empty() {
        return Ok(Vec::new());
    }
    lock_organisations(change, records).await?;
    enter_locked(change, records, now).await
}

/// Enters one record that is of now, in a change that holds its organisation; false where it, or its mission's charge, was
/// entered before.
pub(crate) async fn insert_record(change: &mut Change, record: &UsageRecord) -> Result<bool> {
    let entries = enter_locked(change, std::slice::from_ref(record), record.at).await?;
    Ok(entries != [Entry::Known])
}

/// Refuses where the keys of these records have more units of a meter on one of their days. It stands behind their entering,
/// which holds their organisations: two requests do not both find room for what is only room for one.
pub(crate) async fn check_days(change: &mut Change, records: &[UsageRecord], most: i64) -> Result<()> {
    let days = records.iter().map(|record| day_us(record.at));
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(());
    };
    let organisations: BTreeSet<OrgId> = records.iter().map(|record| record.org).collect();
    let keys: BTreeSet<KeyId> = records.iter().map(|record| record.key).collect();
    let mut query = QueryBuilder::new(format!(
        "SELECT key_id, meter, hour / {DAY_US} AS day, {} AS units FROM usage_all WHERE org_id",
        sql::whole_sum("units")
    ));
    query.push_list(organisations).push(" AND key_id").push_list(keys);
    query.push(" AND hour >= ").push_bind(first);
    query.push(" AND hour < ").push_bind(last + DAY_US);
    query.push(" GROUP BY key_id, meter, day");
    let rows = query.build().fetch_all(&mut change.tx).await;
    let of_records: HashSet<(KeyId, &str, i64)> = records
        .iter()
        .map(|record| (record.key, record.meter.as_str(), day_us(record.at) / DAY_US))
        .collect();
    for row in &rows.map_err(Error::engine("add up the days"))? {
        let row = Reader(row);
        let (key, meter, day) = (row.id("key_id")?, row.get::<String>("meter")?, row.get::<i64>("day")?);
        let units: i64 = row.get("units")?;
        if units > most && of_records.contains(&(key, meter.as_str(), day)) {
            let rule = format!("{key} would have so many units of {meter} on one day, and {most} are the most");
            return Err(Error::invalid("usage", units, rule));
        }
    }
    Ok(())
}

/// Holds the organisations of these records to the end of the change, always in the same order: their records are
/// numbered in the order of commits, and no two changes wait for each other.
async fn lock_organisations(change: &mut Change, records: &[UsageRecord]) -> Result<()> {
    let organisations: BTreeSet<OrgId> = records.iter().map(|record| record.org).collect();
    let mut query = QueryBuilder::new("SELECT id FROM organisations WHERE id");
    query.push_list(organisations);
    query.push(" ORDER BY id").push(change.tx.dialect().for_update());
    let locked = query.build().fetch_all(&mut change.tx).await;
    locked.map(drop).map_err(Error::engine("enter the usage"))
}

async fn enter_locked(change: &mut Change, records: &[UsageRecord], now: Timestamp) -> Result<Vec<Entry>> {
    let aside = set_aside_before(change, records).await?;
    // Of several with one number the first counts, as when they come one after the other.
    let mut seen = HashSet::with_capacity(records.len());
    let mut fresh = Vec::with_capacity(records.len());
    for record in records {
        let (node, epoch, seq) = number(record);
        let is_aside = !aside.is_empty() && aside.contains(&(node.to_owned(), epoch, seq));
        if seen.insert((node, epoch, seq)) && !is_aside {
            fresh.push(record);
        }
    }
    let mut inserted = insert(change, &fresh).await?;
    let mut entries = vec![Entry::Known; records.len()];
    let mut sums: BTreeMap<Sum<'_>, Vec<usize>> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        if inserted.remove(&number(record)) {
            let sum = Sum::of(record, now);
            entries[place] = sum.entered_hour.map_or(Entry::InItsHour, |_| Entry::Late);
            sums.entry(sum).or_default().push(place);
        }
    }
    for place in add_up(change, records, &sums).await? {
        set_aside(change, &records[place], now).await?;
        entries[place] = Entry::SetAside;
    }
    Ok(entries)
}

fn number(record: &UsageRecord) -> Number<'_> {
    (&record.node, record.epoch, record.seq)
}

/// Inserts records, all of another number; the numbers of those that were new.
async fn insert<'r>(change: &mut Change, records: &[&'r UsageRecord]) -> Result<HashSet<Number<'r>>> {
    let what = "enter the usage";
    let mut new: HashSet<Number<'r>> = HashSet::with_capacity(records.len());
    for part in parts(records) {
        let mut query = QueryBuilder::new(
            "INSERT INTO usage_records (node, epoch, seq, org_id, key_id, meter, units, at, request_id, mission_id) VALUES ",
        );
        let rows = part.iter().map(|record| {
            let row: [Value; 10] = [
                (&record.node).into(),
                record.epoch.into(),
                record.seq.into(),
                record.org.into(),
                record.key.into(),
                (&record.meter).into(),
                record.units.into(),
                micros(record.at).into(),
                record.request.into(),
                record.mission.into(),
            ];
            row
        });
        push_rows(&mut query, rows);
        query.push(" ON CONFLICT DO NOTHING RETURNING node, epoch, seq");
        let rows = query.build().fetch_all(&mut change.tx).await;
        let rows = rows.map_err(Error::engine(what))?;
        if rows.len() == part.len() {
            new.extend(part.iter().map(|&record| number(record)));
            continue;
        }
        let found: HashSet<(String, i64, i64)> = rows.iter().map(stored_number).collect::<Result<_>>()?;
        let is_found = |record: &UsageRecord| found.contains(&(record.node.clone(), record.epoch, record.seq));
        new.extend(
            part.iter()
                .filter(|&&record| is_found(record))
                .map(|&record| number(record)),
        );
    }
    Ok(new)
}

/// Adds the records at these places to their sums; the places of those for which there is no room.
async fn add_up(
    change: &mut Change,
    records: &[UsageRecord],
    sums: &BTreeMap<Sum<'_>, Vec<usize>>,
) -> Result<Vec<usize>> {
    let mut wholes = Vec::with_capacity(sums.len());
    let mut refused: Vec<Sum<'_>> = Vec::new();
    for (sum, places) in sums {
        let units: i128 = places.iter().map(|&place| i128::from(records[place].units)).sum();
        match i64::try_from(units) {
            Ok(units) => wholes.push((*sum, units, places.len() as i64)),
            Err(_) => refused.push(*sum),
        }
    }
    let is_late = |(sum, _, _): &(Sum<'_>, i64, i64)| sum.entered_hour.is_some();
    let (late, in_time): (Vec<_>, Vec<_>) = wholes.into_iter().partition(is_late);
    for all in [in_time, late] {
        for part in parts(&all) {
            refused.extend(add(change, part).await?);
        }
    }
    let mut left = Vec::new();
    for sum in refused {
        // One by one: what there is room for is added.
        for &place in sums.get(&sum).into_iter().flatten() {
            if !add(change, &[(sum, records[place].units, 1)]).await?.is_empty() {
                left.push(place);
            }
        }
    }
    Ok(left)
}

/// Adds to sums that are all late or all in time; those that have no room for it.
async fn add<'r>(change: &mut Change, part: &[(Sum<'r>, i64, i64)]) -> Result<Vec<Sum<'r>>> {
    let what = "add up the hours";
    let is_late = part.first().is_some_and(|(sum, _, _)| sum.entered_hour.is_some());
    let (table, columns, same) = if is_late {
        (
            "usage_late",
            "org_id, entered_hour, meter, key_id, hour, units, records",
            "org_id, entered_hour, meter, key_id, hour",
        )
    } else {
        (
            "usage_hours",
            "org_id, meter, key_id, hour, units, records",
            "org_id, hour, meter, key_id",
        )
    };
    let mut query = QueryBuilder::new(format!("INSERT INTO {table} ({columns}) VALUES "));
    let rows = part.iter().map(|(sum, units, records)| {
        let mut row: Vec<Value> = vec![sum.org.into()];
        row.extend(sum.entered_hour.map(Value::from));
        row.extend([
            sum.meter.into(),
            sum.key.into(),
            sum.hour.into(),
            (*units).into(),
            (*records).into(),
        ]);
        row
    });
    push_rows(&mut query, rows);
    query.push(format!(
        " ON CONFLICT ({same}) DO UPDATE SET units = {table}.units + excluded.units, \
         records = {table}.records + excluded.records WHERE {table}.units <= 9223372036854775807 - excluded.units \
         RETURNING org_id, meter, key_id, hour"
    ));
    let rows = query.build().fetch_all(&mut change.tx).await;
    let rows = rows.map_err(Error::engine(what))?;
    if rows.len() == part.len() {
        return Ok(Vec::new());
    }
    let mut added: HashSet<(OrgId, String, KeyId, i64)> = HashSet::new();
    for row in &rows {
        let row = Reader(row);
        added.insert((
            row.id("org_id")?,
            row.get("meter")?,
            row.id("key_id")?,
            row.get("hour")?,
        ));
    }
    let sums = part.iter().map(|(sum, _, _)| *sum);
    let is_refused = |sum: &Sum<'r>| !added.contains(&(sum.org, sum.meter.to_owned(), sum.key, sum.hour));
    Ok(sums.filter(is_refused).collect())
}

/// Numbers of the nodes of these records that were set aside before.
async fn set_aside_before(change: &mut Change, records: &[UsageRecord]) -> Result<HashSet<(String, i64, i64)>> {
    let nodes: BTreeSet<&str> = records.iter().map(|record| record.node.as_str()).collect();
    let mut query = QueryBuilder::new("SELECT node, epoch, seq FROM usage_set_aside WHERE node");
    query.push_list(nodes);
    let rows = query.build().fetch_all(&mut change.tx).await;
    let rows = rows.map_err(Error::engine("look for usage that was set aside"))?;
    rows.iter().map(stored_number).collect()
}

fn stored_number(row: &Row) -> Result<(String, i64, i64)> {
    let row = Reader(row);
    Ok((row.get("node")?, row.get("epoch")?, row.get("seq")?))
}

/// Takes a record that was inserted out of the ledger and keeps it beside.
async fn set_aside(change: &mut Change, record: &UsageRecord, now: Timestamp) -> Result<()> {
    let failed = || Error::engine("set usage aside");
    sql::query("DELETE FROM usage_records WHERE node = ? AND epoch = ? AND seq = ?")
        .bind(&record.node)
        .bind(record.epoch)
        .bind(record.seq)
        .execute(&mut change.tx)
        .await
        .map_err(failed())?;
    sql::query(
        "INSERT INTO usage_set_aside (node, epoch, seq, org_id, key_id, meter, units, at, request_id, mission_id, \
         set_aside_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&record.node)
    .bind(record.epoch)
    .bind(record.seq)
    .bind(record.org)
    .bind(record.key)
    .bind(&record.meter)
    .bind(record.units)
    .bind(micros(record.at))
    .bind(record.request)
    .bind(record.mission)
    .bind(micros(now))
    .execute(&mut change.tx)
    .await
    .map_err(failed())?;
    tracing::error!(
        alarm = true,
        node = record.node,
        epoch = record.epoch,
        seq = record.seq,
        org.id = %record.org,
        key.id = %record.key,
        meter = record.meter,
        units = record.units,
        "a record of usage is set aside: its hour has no room for its units"
    );
    Ok(())
}

/// Parts of a few fixed lengths.
fn parts<T>(mut all: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    for length in LENGTHS {
        while let Some((part, rest)) = all.split_at_checked(length) {
            parts.push(part);
            all = rest;
        }
    }
    parts
}

/// `(?, ?), (?, ?)` and their values.
fn push_rows<R: IntoIterator<Item = Value>>(query: &mut QueryBuilder, rows: impl Iterator<Item = R>) {
    let mut separator = "(";
    for row in rows {
        for value in row {
            query.push(separator).push_bind(value);
            separator = ", ";
        }
        separator = "), (";
    }
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_everything_in_order_and_of_few_lengths() {
        let all: Vec<usize> = (0..2_000).collect();
        for length in [0, 1, 5, 255, 256, 257, 2_000] {
            let parts = parts(&all[..length]);
            assert_eq!(parts.concat(), all[..length]);
            assert!(parts.iter().all(|part| LENGTHS.contains(&part.len())));
        }
    }
}

//! Prepaid credit: 1 unit pays for one particle-hour. A mission reserves what it may cost at most in the transaction that
//! accepts it; its completion gives that back and charges what it did cost, its failure or withdrawal gives it back. All of
//! that are entries whose sum is the balance. The balance is never below 0, but for distress: what such a mission owes is paid
//! by the next grant.

use driftline_domain::{MissionId, MissionSpec, OrgId};
use jiff::Timestamp;
use serde::Serialize;

use super::subscriptions;
use crate::audit::{self, Act};
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::quotas::particle_hours;
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// A change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditEntry {
    /// Its number, growing: the paging cursor.
    pub entry: i64,
    /// What it is.
    pub kind: CreditKind,
    /// What it adds to the balance; negative: takes.
    pub units: i64,
    /// When.
    pub at: Timestamp,
    /// The mission it is for.
    pub mission: Option<MissionId>,
    /// What a grant is for.
    pub reference: Option<String>,
}

/// Kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditKind {
    /// Bought or given.
    Grant,
    /// Held for a mission.
    Reserve,
    /// No longer held.
    Release,
    /// Spent.
    Charge,
}

impl CreditKind {
    const ALL: [Self; 4] = [Self::Grant, Self::Reserve, Self::Release, Self::Charge];

    fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Charge => "charge",
        }
    }
}

/// What became of a reservation.
enum Reservation {
    /// The organisation's plan is none of credit.
    NotPrepaid,
    /// The units are held.
    Held,
    /// There is not enough, and nothing is held.
    Short {
        /// What there is.
        balance: i64,
    },
}

impl Database {
    /// Adds credit; the same reference adds it once. Returns the balance.
    pub async fn grant_credit(&self, org: OrgId, units: i64, reference: &str, now: Timestamp) -> Result<i64> {
        let what = "grant credit";
        if units <= 0 || units > 1_000_000_000_000_000 {
            return Err(Error::invalid("a grant", units, "it has 1 to 1000000000000000 units"));
        }
        let length = reference.chars().count();
        if !(1..=200).contains(&length) || reference.chars().any(char::is_control) {
            let rule = "it says in 1 to 200 printable characters what the grant is for";
            return Err(Error::invalid("a reference", format!("'{reference}'"), rule));
        }
        let mut change = self.change(what).await?;
        let known = sql::query("SELECT id FROM organisations WHERE id = ?")
            .bind(org)
            .fetch_optional(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        if known.is_none() {
            return Err(Error::NotFound {
                what: "organisation",
                name: org.to_string(),
            });
        }
        let entered = sql::query(
            "INSERT INTO credit_entries (org_id, kind, units, at, reference) VALUES (?, 'grant', ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(org)
        .bind(units)
        .bind(micros(now))
        .bind(reference)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let added = if entered.rows_affected() == 0 { 0 } else { units };
        let balance: i64 = sql::query_scalar(
            "INSERT INTO credit_balances (org_id, units) VALUES (?1, ?2) \
             ON CONFLICT (org_id) DO UPDATE SET units = credit_balances.units + ?2 RETURNING units",
        )
        .bind(org)
        .bind(added)
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        if added > 0 {
            let details = serde_json::json!({ "units": added, "balance": balance });
            audit::append(
                &mut change,
                &Act::of_system(Some(org), "credit.granted", org, details),
                now,
            )
            .await?;
        }
        change.commit().await?;
        Ok(balance)
    }

    /// What an organisation has left; 0 where it never had any.
    pub async fn credit_balance(&self, org: OrgId) -> Result<i64> {
        let found = sql::query_scalar("SELECT units FROM credit_balances WHERE org_id = ?")
            .bind(org)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the balance"))?;
        Ok(found.unwrap_or(0))
    }

    /// Changes of an organisation's balance, the newest first, before this entry (`i64::MAX` for the first page).
    pub async fn credit_entries(&self, org: OrgId, before: i64, limit: u32) -> Result<Vec<CreditEntry>> {
        let rows =
            sql::query("SELECT * FROM credit_entries WHERE org_id = ? AND entry < ? ORDER BY entry DESC LIMIT ?")
                .bind(org)
                .bind(before)
                .bind(i64::from(limit))
                .fetch_all(&self.reader)
                .await
                .map_err(Error::engine("read the credit"))?;
        rows.iter().map(credit_entry).collect()
    }
}

/// Holds what a mission may cost at most, where its organisation pays with credit. It stands behind whatever else locks
/// the organisation, so that no two changes wait for each other.
pub(crate) async fn hold_credit(
    change: &mut Change,
    org: OrgId,
    mission: MissionId,
    spec: &MissionSpec,
    now: Timestamp,
) -> Result<()> {
    let units = particle_hours(spec);
    match reserve_credit(change, org, mission, units, spec.distress, now).await? {
        Reservation::NotPrepaid | Reservation::Held => Ok(()),
        Reservation::Short { balance } => Err(Error::CreditShort { needed: units, balance }),
    }
}

/// Holds units for a mission that is being accepted, where the organisation's plan is one of credit. What may be owed
/// (distress) is held whatever the balance.
async fn reserve_credit(
    change: &mut Change,
    org: OrgId,
    mission: MissionId,
    units: i64,
    may_owe: bool,
    now: Timestamp,
) -> Result<Reservation> {
    let subscription = subscriptions::current(&mut change.tx, org, now).await?;
    if !subscription.is_some_and(|subscription| subscription.plan.terms.prepaid) {
        return Ok(Reservation::NotPrepaid);
    }
    let what = "reserve credit";
    sql::query("INSERT INTO credit_balances (org_id, units) VALUES (?, 0) ON CONFLICT DO NOTHING")
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
    let held = sql::query("UPDATE credit_balances SET units = units - ?2 WHERE org_id = ?1 AND (?3 OR units >= ?2)")
        .bind(org)
        .bind(units)
        .bind(may_owe)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
    if held.rows_affected() == 0 {
        return Ok(Reservation::Short {
            balance: balance(change, org).await?,
        });
    }
    let last = turn(change, mission).await?;
    enter(change, org, mission, last + 1, CreditKind::Reserve, -units, now).await?;
    Ok(Reservation::Held)
}

/// Gives back what a mission holds: it failed, or was cancelled or withdrawn. Nothing happens where it holds nothing.
pub(crate) async fn release_credit(change: &mut Change, mission: MissionId, now: Timestamp) -> Result<()> {
    let Some(held) = held(change, mission).await? else {
        return Ok(());
    };
    enter(
        change,
        held.org,
        mission,
        held.turn,
        CreditKind::Release,
        held.units,
        now,
    )
    .await?;
    add(change, held.org, held.units).await
}

/// Charges what a completed mission cost and gives back the rest of what it holds. Beyond the balance only distress is
/// charged; what is not paid by credit is on the next invoice, since it is in the ledger. Nothing happens where the
/// mission holds nothing.
pub(crate) async fn settle_credit(
    change: &mut Change,
    mission: MissionId,
    units: i64,
    may_owe: bool,
    now: Timestamp,
) -> Result<()> {
    let Some(held) = held(change, mission).await? else {
        return Ok(());
    };
    let has = held.units + balance(change, held.org).await?.max(0);
    let charged = if may_owe { units } else { units.min(has) };
    enter(
        change,
        held.org,
        mission,
        held.turn,
        CreditKind::Release,
        held.units,
        now,
    )
    .await?;
    enter(change, held.org, mission, held.turn, CreditKind::Charge, -charged, now).await?;
    add(change, held.org, held.units - charged).await
}

struct Held {
    org: OrgId,
    turn: i64,
    units: i64,
}

/// What a mission holds. The balance's row is locked, so that two ends of one mission follow each other.
async fn held(change: &mut Change, mission: MissionId) -> Result<Option<Held>> {
    let what = "look for reserved credit";
    let lock = format!(
        "SELECT b.units FROM credit_balances b WHERE b.org_id = (SELECT org_id FROM credit_entries \
         WHERE mission_id = ? LIMIT 1){}",
        change.tx.dialect().for_update()
    );
    let locked: Option<i64> = sql::query_scalar(lock)
        .bind(mission)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
    if locked.is_none() {
        return Ok(None);
    }
    let row = sql::query(
        "SELECT org_id, turn, units FROM credit_entries r WHERE mission_id = ? AND kind = 'reserve' \
         AND NOT EXISTS (SELECT 1 FROM credit_entries e WHERE e.mission_id = r.mission_id AND e.turn = r.turn \
         AND e.kind = 'release') ORDER BY turn DESC LIMIT 1",
    )
    .bind(mission)
    .fetch_optional(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    Ok(Some(Held {
        org: row.id("org_id")?,
        turn: row.get("turn")?,
        units: -row.get::<i64>("units")?,
    }))
}

async fn turn(change: &mut Change, mission: MissionId) -> Result<i64> {
    sql::query_scalar("SELECT coalesce(max(turn), 0) FROM credit_entries WHERE mission_id = ?")
        .bind(mission)
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine("look for reserved credit"))
}

async fn balance(change: &mut Change, org: OrgId) -> Result<i64> {
    sql::query_scalar("SELECT units FROM credit_balances WHERE org_id = ?")
        .bind(org)
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine("read the balance"))
}

async fn add(change: &mut Change, org: OrgId, units: i64) -> Result<()> {
    sql::query("UPDATE credit_balances SET units = units + ? WHERE org_id = ?")
        .bind(units)
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("change the balance"))
}

async fn enter(
    change: &mut Change,
    org: OrgId,
    mission: MissionId,
    turn: i64,
    kind: CreditKind,
    units: i64,
    now: Timestamp,
) -> Result<()> {
    sql::query("INSERT INTO credit_entries (org_id, kind, units, at, mission_id, turn) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(org)
        .bind(kind.name())
        .bind(units)
        .bind(micros(now))
        .bind(mission)
        .bind(turn)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("enter the credit"))
}

fn credit_entry(row: &Row) -> Result<CreditEntry> {
    let row = Reader(row);
    let word: String = row.get("kind")?;
    let kind = CreditKind::ALL.into_iter().find(|kind| kind.name() == word);
    Ok(CreditEntry {
        entry: row.get("entry")?,
        kind: kind.ok_or_else(|| Error::damaged("kind", &word, "no change of a balance has this name"))?,
        units: row.get("units")?,
        at: row.time("at")?,
        mission: row.maybe_id("mission_id")?,
        reference: row.get("reference")?,
    })
}

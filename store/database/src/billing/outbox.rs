//! What Stripe is to be told of usage: for each organisation, meter and hour the difference to what was told before, under an
//! identifier that is the same however often it is sent (organisation, meter, hour, revision). Of one organisation and meter
//! one event is on its way at a time, in the order of their making.

use std::collections::BTreeMap;
use std::time::Duration;

use driftline_domain::OrgId;
use jiff::{SignedDuration, Timestamp};

use super::subscriptions::{LIVES, month_of, to_begin};
use crate::audit::{self, Act};
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::sql::{self, Row};
use crate::usage::{HOUR_US, MISSION_METER};
use crate::{Database, Error, Result};

/// Usage of so many days back is looked through for what is new.
const LOOKED_THROUGH: SignedDuration = SignedDuration::from_hours(62 * 24);
/// Stripe takes events that are 35 days old at most; what is older counts as used now.
const TOLD_AS_THEN: SignedDuration = SignedDuration::from_hours(34 * 24);

/// Stripe takes usage of a month into its invoice for an hour after the month's end; the rest of it is for the way.
const TAKES_USAGE_FOR: SignedDuration = SignedDuration::from_mins(50);

/// An event on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterEvent {
    /// Its place in the order.
    pub position: i64,
    /// Organisation.
    pub org: OrgId,
    /// Its customer at Stripe.
    pub customer: String,
    /// Meter.
    pub meter: String,
    /// The hour in which it was used.
    pub hour: Timestamp,
    /// Which difference of that hour this is, from 1.
    pub revision: i64,
    /// Units.
    pub units: i64,
    /// When Stripe is told that it was used.
    pub at: Timestamp,
    /// How often it was sent; whoever has it in hand shows it.
    pub attempts: i64,
    /// Since when it has been sent under its identifier.
    pub first_sent_at: Option<Timestamp>,
    /// When it was sent last.
    pub last_sent_at: Option<Timestamp>,
}

impl MeterEvent {
    /// The same for every attempt; at most 100 characters (meters have at most 48).
    pub fn identifier(&self) -> String {
        format!(
            "{}-{}-{}-{}",
            self.org.uuid().simple(),
            self.meter,
            self.hour.as_second() / 3600,
            self.revision
        )
    }
}

/// What becomes of an event after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum MeterEventState {
    /// Stripe has it.
    Done,
    /// Whether Stripe has it is not known: it is looked at again then.
    Later(Timestamp),
    /// Stripe does not want it, for this reason.
    Refused(String),
}

impl Database {
    /// Makes events of what was used in hours that ended before `open_from` and Stripe was not told of; returns how many.
    /// Only of organisations that are customers there, since they have a plan; without what credit has paid. What was used after
    /// a plan's end waits until its subscription has ended there, and then for the next one's beginning, so that of two none
    /// counts what is the other's.
    pub async fn enqueue_meter_events(&self, open_from: Timestamp, now: Timestamp) -> Result<u64> {
        let what = "look for usage that Stripe does not know";
        let mut change = self.change(what).await?;
        change.lock("stripe outbox").await?;
        let since = micros(now).saturating_sub(LOOKED_THROUGH.as_micros() as i64);
        let open_from = micros(open_from).div_euclid(HOUR_US) * HOUR_US;
        let paid = paid_by_credit(&mut change, since, open_from).await?;
        let to_begin = to_begin(&mut change, now).await?;
        let rows = sql::query(format!(
            "SELECT h.org_id, h.meter, h.hour, {units} AS units, \
             (SELECT {told} FROM stripe_outbox o WHERE o.org_id = h.org_id \
             AND o.meter = h.meter AND o.hour = h.hour) AS told, \
             (SELECT count(*) FROM stripe_outbox o WHERE o.org_id = h.org_id AND o.meter = h.meter \
             AND o.hour = h.hour) AS revisions, \
             (SELECT count(*) FROM invoices i WHERE i.org_id = h.org_id AND i.period_from <= h.hour \
             AND i.period_until > h.hour) AS closed, \
             (SELECT max(b.stripe_since) FROM billing_subscriptions b WHERE b.org_id = h.org_id AND {LIVES}) AS counts_from \
             FROM usage_all h JOIN billing_accounts a ON a.org_id = h.org_id AND a.stripe_customer IS NOT NULL \
             WHERE h.hour >= ?1 AND h.hour < ?2 AND h.hour + ?3 > \
             (SELECT min(s.starts_at) FROM billing_subscriptions s WHERE s.org_id = h.org_id) \
             AND NOT EXISTS (SELECT 1 FROM billing_subscriptions b WHERE b.org_id = h.org_id AND b.ends_at <= h.hour \
             AND {LIVES}) \
             GROUP BY h.org_id, h.meter, h.hour ORDER BY h.hour, h.org_id, h.meter",
            units = sql::whole_sum("h.units"),
            told = sql::whole_sum("o.units"),
        ))
        .bind(since)
        .bind(open_from)
        .bind(HOUR_US)
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let mut made = 0;
        for row in &rows {
            let row = Reader(row);
            // What is told before the subscription is there would count in none.
            if !to_begin.contains(&row.id("org_id")?) {
                made += u64::from(enqueue(&mut change, &row, &paid, now).await?);
            }
        }
        change.commit().await?;
        Ok(made)
    }

    /// Takes the next event that is due into hand, for this long: the oldest that waits of its organisation and meter.
    pub async fn claim_meter_event(&self, lease: Duration, now: Timestamp) -> Result<Option<MeterEvent>> {
        let what = "take an event for Stripe";
        let mut change = self.change(what).await?;
        let claim = format!(
            "UPDATE stripe_outbox SET lease_until = ?2 WHERE position = (SELECT o.position FROM stripe_outbox o \
             WHERE o.state = 'waiting' AND o.next_at <= ?1 AND (o.lease_until IS NULL OR o.lease_until <= ?1) \
             AND NOT EXISTS (SELECT 1 FROM stripe_outbox e WHERE e.org_id = o.org_id AND e.meter = o.meter \
             AND e.state = 'waiting' AND e.position < o.position) ORDER BY o.next_at, o.position LIMIT 1{}) \
             AND (lease_until IS NULL OR lease_until <= ?1) AND state = 'waiting' RETURNING position, org_id, meter, \
             hour, revision, units, at, attempts, first_sent_at, last_sent_at, \
             (SELECT a.stripe_customer FROM billing_accounts a WHERE a.org_id = stripe_outbox.org_id) AS customer",
            change.tx.dialect().skip_locked()
        );
        let row = sql::query(claim)
            .bind(micros(now))
            .bind(micros(now).saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX)))
            .fetch_optional(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        let event = row.as_ref().map(meter_event).transpose()?;
        change.commit().await?;
        Ok(event)
    }

    /// Notes, before it is sent, that an event is sent now; `anew` where it is certain that no earlier attempt arrived: then
    /// `at` may differ too. False where another has it in hand.
    pub async fn meter_event_is_sent(&self, event: &MeterEvent, anew: bool, now: Timestamp) -> Result<bool> {
        let done = sql::query(
            "UPDATE stripe_outbox SET attempts = attempts + 1, last_sent_at = ?3, at = ?5, \
             first_sent_at = CASE WHEN ?4 THEN ?3 ELSE coalesce(first_sent_at, ?3) END \
             WHERE position = ?1 AND attempts = ?2 AND state = 'waiting'",
        )
        .bind(event.position)
        .bind(event.attempts)
        .bind(micros(now))
        .bind(anew)
        .bind(micros(event.at))
        .execute(&self.writer)
        .await
        .map_err(Error::engine("note an event for Stripe"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes what became of an event that was sent `attempts` times. False where another has it in hand.
    pub async fn settle_meter_event(&self, position: i64, attempts: i64, state: &MeterEventState) -> Result<bool> {
        let (word, next, problem) = match state {
            MeterEventState::Done => ("done", None, None),
            MeterEventState::Later(next) => ("waiting", Some(micros(*next)), None),
            MeterEventState::Refused(problem) => ("refused", None, Some(problem.as_str())),
        };
        let done = sql::query(
            "UPDATE stripe_outbox SET state = ?3, next_at = coalesce(?4, next_at), problem = ?5, lease_until = NULL \
             WHERE position = ?1 AND attempts = ?2 AND state = 'waiting'",
        )
        .bind(position)
        .bind(attempts)
        .bind(word)
        .bind(next)
        .bind(problem)
        .execute(&self.writer)
        .await
        .map_err(Error::engine("note an event for Stripe"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Units of an organisation and meter that Stripe has of the hour in which this time lies.
    pub async fn units_told(&self, org: OrgId, meter: &str, at: Timestamp) -> Result<i64> {
        let hour = micros(at).div_euclid(HOUR_US) * HOUR_US;
        sql::query_scalar(format!(
            "SELECT {} FROM stripe_outbox WHERE org_id = ? AND meter = ? AND state = 'done' AND at >= ? AND at < ?",
            sql::whole_sum("units")
        ))
        .bind(org)
        .bind(meter)
        .bind(hour)
        .bind(hour + HOUR_US)
        .fetch_one(&self.reader)
        .await
        .map_err(Error::engine("add up what Stripe was told"))
    }

    /// Lets events that Stripe refused be sent again; returns how many.
    pub async fn retry_refused_meter_events(&self, now: Timestamp) -> Result<u64> {
        let what = "let events for Stripe be sent again";
        let mut change = self.change(what).await?;
        let done = sql::query("UPDATE stripe_outbox SET state = 'waiting', next_at = ? WHERE state = 'refused'")
            .bind(micros(now))
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        if done.rows_affected() > 0 {
            let details = serde_json::json!({ "events": done.rows_affected() });
            let act = Act::of_system(None, "stripe_events.retried", "stripe", details);
            audit::append(&mut change, &act, now).await?;
        }
        change.commit().await?;
        Ok(done.rows_affected())
    }

    /// How many events wait, and how many were refused.
    pub async fn meter_events_waiting(&self) -> Result<(i64, i64)> {
        let count = |state: &'static str| {
            sql::query_scalar("SELECT count(*) FROM stripe_outbox WHERE state = ?")
                .bind(state)
                .fetch_one::<i64>(&self.reader)
        };
        let failed = || Error::engine("count the events for Stripe");
        let waiting = count("waiting").await.map_err(failed())?;
        Ok((waiting, count("refused").await.map_err(failed())?))
    }
}

/// Particle-hours that credit has paid, by organisation and hour.
async fn paid_by_credit(change: &mut Change, since: i64, until: i64) -> Result<BTreeMap<(OrgId, i64), i64>> {
    let rows = sql::query("SELECT org_id, at, units FROM credit_entries WHERE kind = 'charge' AND at >= ? AND at < ?")
        .bind(since)
        .bind(until)
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine("add up what credit has paid"))?;
    let mut paid = BTreeMap::new();
    for row in &rows {
        let row = Reader(row);
        let hour = row.get::<i64>("at")?.div_euclid(HOUR_US) * HOUR_US;
        *paid.entry((row.id("org_id")?, hour)).or_insert(0) -= row.get::<i64>("units")?;
    }
    Ok(paid)
}

async fn enqueue(
    change: &mut Change,
    row: &Reader<'_>,
    paid: &BTreeMap<(OrgId, i64), i64>,
    now: Timestamp,
) -> Result<bool> {
    let (org, meter, hour): (OrgId, String, i64) = (row.id("org_id")?, row.get("meter")?, row.get("hour")?);
    let mut units = row.get::<i64>("units")? - row.get::<i64>("told")?;
    if meter == MISSION_METER {
        units -= paid.get(&(org, hour)).copied().unwrap_or(0);
    }
    if units <= 0 {
        return Ok(false);
    }
    let counts_from = row.get::<Option<i64>>("counts_from")?.unwrap_or(0);
    let is_late = row.get::<i64>("closed")? > 0
        || micros(now) - hour > TOLD_AS_THEN.as_micros() as i64
        || hour < micros(month_of(now - TAKES_USAGE_FOR)?);
    sql::query(
        "INSERT INTO stripe_outbox (org_id, meter, hour, revision, units, at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(org)
    .bind(meter)
    .bind(hour)
    .bind(row.get::<i64>("revisions")? + 1)
    .bind(units)
    // In the month of an invoice that is closed, here or there, nothing is charged any more: it counts as used now. A
    // subscription counts from its beginning on.
    .bind(if is_late { micros(now) } else { hour.max(counts_from) })
    .bind(micros(now))
    .execute(&mut change.tx)
    .await
    .map_err(Error::engine("make an event for Stripe"))?;
    Ok(true)
}

fn meter_event(row: &Row) -> Result<MeterEvent> {
    let row = Reader(row);
    Ok(MeterEvent {
        position: row.get("position")?,
        org: row.id("org_id")?,
        customer: row.get("customer")?,
        meter: row.get("meter")?,
        hour: row.time("hour")?,
        revision: row.get("revision")?,
        units: row.get("units")?,
        at: row.time("at")?,
        attempts: row.get("attempts")?,
        first_sent_at: row.maybe_time("first_sent_at")?,
        last_sent_at: row.maybe_time("last_sent_at")?,
    })
}

//! Who has which plan and since when. One plan at a time; another one takes its place when the month ends (UTC), so that
//! every month of an organisation has one plan.

use std::collections::BTreeSet;

use driftline_domain::{OrgId, SubscriptionId};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use super::plans::{Plan, is_stripe_id};
use crate::audit::{self, Act};
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::orgs_keys::require_standing;
use crate::sql::{self, On, Row};
use crate::{Database, Error, Result};

/// An organisation's having a plan, for a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// Organisation.
    pub org: OrgId,
    /// The plan, in the version that was given.
    pub plan: Plan,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when; none: without end.
    pub ends_at: Option<Timestamp>,
    /// Its subscription at Stripe.
    pub stripe_subscription: Option<String>,
    /// What Stripe last said of it.
    pub stripe_status: Option<String>,
}

const COLUMNS: &str = "s.id AS subscription, s.org_id, s.starts_at, s.ends_at, s.stripe_subscription, s.stripe_status, \
                       p.id, p.name, p.version, p.terms, p.created_at";
const FROM: &str = "FROM billing_subscriptions s JOIN billing_plans p ON p.id = s.plan_id";

impl Database {
    /// Gives an organisation the newest version of a plan: at once if it has none, otherwise from the next month on. `None`
    /// takes the plan away when the month ends. Returns what holds then; nothing changes where it holds already.
    pub async fn assign_plan(&self, org: OrgId, plan: Option<&str>, now: Timestamp) -> Result<Option<Subscription>> {
        let what = "give the plan";
        let mut change = self.change(what).await?;
        change.lock(&format!("subscription {org}")).await?;
        require_standing(&mut change, org).await?;
        let wanted = match plan {
            Some(name) => Some(wanted(&mut change, name).await?),
            None => None,
        };
        let current = current(&mut change.tx, org, now).await?;
        let next_month = month_after(now)?;
        if let Some(current) = &current {
            let has_given_way = withdraw_following(&mut change, org, now).await?;
            let stays = wanted == Some(current.plan.id);
            set_end(&mut change, current, (!stays).then_some(next_month)).await?;
            if stays {
                if has_given_way || current.ends_at.is_some() {
                    audit::append(&mut change, &given(org, plan, current.starts_at), now).await?;
                }
                change.commit().await?;
                return self.subscription(org, now).await;
            }
        }
        let starts_at = if current.is_some() { next_month } else { now };
        if let Some(plan) = wanted {
            sql::query("INSERT INTO billing_subscriptions (id, org_id, plan_id, starts_at) VALUES (?, ?, ?, ?)")
                .bind(SubscriptionId::generate())
                .bind(org)
                .bind(plan)
                .bind(micros(starts_at))
                .execute(&mut change.tx)
                .await
                .map_err(Error::engine(what))?;
        }
        if wanted.is_some() || current.is_some() {
            audit::append(&mut change, &given(org, plan, starts_at), now).await?;
        }
        change.commit().await?;
        self.subscription(org, starts_at).await
    }

    /// The plan that an organisation has at this time.
    pub async fn subscription(&self, org: OrgId, now: Timestamp) -> Result<Option<Subscription>> {
        current(&self.reader, org, now).await
    }

    /// Subscriptions that have begun and are not at Stripe yet; none of an organisation whose last one has not ended there, since
    /// both would count the same usage.
    pub async fn subscriptions_to_begin(&self, now: Timestamp) -> Result<Vec<Subscription>> {
        let text = format!(
            "SELECT {COLUMNS} {FROM} WHERE {TO_BEGIN} AND NOT EXISTS (SELECT 1 FROM billing_subscriptions b \
             WHERE b.org_id = s.org_id AND {LIVES}) ORDER BY s.starts_at, s.id"
        );
        let rows = sql::query(text)
            .bind(micros(now))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the subscriptions"))?;
        let all = rows.iter().map(subscription).collect::<Result<Vec<_>>>()?;
        Ok(all.into_iter().filter(is_for_stripe).collect())
    }

    /// Subscriptions at Stripe that ended before `settled`, a time until which all usage is on its way: those of which Stripe
    /// has all of it, and not since this moment only.
    pub async fn subscriptions_to_end(&self, settled: Timestamp, now: Timestamp) -> Result<Vec<Subscription>> {
        let text = format!(
            "SELECT {COLUMNS} {FROM} JOIN billing_subscriptions b ON b.id = s.id WHERE b.ends_at <= ?1 AND {LIVES} \
             AND NOT EXISTS (SELECT 1 FROM stripe_outbox o WHERE o.org_id = b.org_id AND o.hour < b.ends_at \
             AND (o.state = 'waiting' OR o.last_sent_at > ?2)) ORDER BY s.starts_at, s.id"
        );
        let rows = sql::query(text)
            .bind(micros(settled))
            .bind(micros(now - JUST_NOW))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the subscriptions"))?;
        rows.iter().map(subscription).collect()
    }

    /// Notes a subscription's counterpart at Stripe, its state there and since when it counts usage. What Stripe has told
    /// of its state stays.
    pub async fn note_stripe_subscription(
        &self,
        id: SubscriptionId,
        stripe: &str,
        status: &str,
        since: Timestamp,
    ) -> Result<()> {
        if !is_stripe_id(stripe) || !is_stripe_id(status) {
            return Err(Error::invalid(
                "the subscription",
                stripe,
                "it is no identifier of Stripe",
            ));
        }
        sql::query(
            "UPDATE billing_subscriptions SET stripe_subscription = ?1, stripe_since = ?3, \
             stripe_status = CASE WHEN stripe_event_s = 0 THEN ?2 ELSE stripe_status END WHERE id = ?4",
        )
        .bind(stripe)
        .bind(status)
        .bind(micros(since))
        .bind(id)
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(Error::engine("note the subscription"))
    }

    /// Notes that a subscription has ended at Stripe, for good.
    pub async fn stripe_subscription_has_ended(&self, id: SubscriptionId) -> Result<()> {
        sql::query("UPDATE billing_subscriptions SET stripe_status = 'canceled' WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note the end of the subscription"))
    }
}

/// What was sent so long ago lies before whatever is done now, by clocks of whole seconds.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(5);

/// Of `s`, at ?1: it has begun and is not at Stripe.
const TO_BEGIN: &str = "s.stripe_subscription IS NULL AND s.starts_at <= ?1 AND (s.ends_at IS NULL OR s.ends_at > ?1)";
/// Of `b`: Stripe has it and counts usage in it.
pub(super) const LIVES: &str = "b.stripe_subscription IS NOT NULL \
                                AND coalesce(b.stripe_status, '') NOT IN ('canceled', 'incomplete_expired')";

fn is_for_stripe(subscription: &Subscription) -> bool {
    !subscription.plan.terms.stripe_prices.is_empty()
}

/// Organisations that have a plan which is to come to Stripe and is not there.
pub(super) async fn to_begin(change: &mut Change, now: Timestamp) -> Result<BTreeSet<OrgId>> {
    let rows = sql::query(format!("SELECT {COLUMNS} {FROM} WHERE {TO_BEGIN}"))
        .bind(micros(now))
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine("list the subscriptions"))?;
    let all = rows.iter().map(subscription).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(is_for_stripe).map(|one| one.org).collect())
}

/// Lets the plan that an organisation has end with the month, and what was to follow never begin; says when it ends.
pub(crate) async fn end_with_month(change: &mut Change, org: OrgId, now: Timestamp) -> Result<Option<Timestamp>> {
    change.lock(&format!("subscription {org}")).await?;
    withdraw_following(change, org, now).await?;
    let Some(current) = current(&mut change.tx, org, now).await? else {
        return Ok(None);
    };
    let ends_at = month_after(now)?;
    set_end(change, &current, Some(ends_at)).await?;
    Ok(Some(ends_at))
}

/// Takes away what was to begin later; says whether there was any.
async fn withdraw_following(change: &mut Change, org: OrgId, now: Timestamp) -> Result<bool> {
    let given_way = sql::query("DELETE FROM billing_subscriptions WHERE org_id = ? AND starts_at > ?")
        .bind(org)
        .bind(micros(now))
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("withdraw the plan that follows"))?;
    Ok(given_way.rows_affected() > 0)
}

async fn set_end(change: &mut Change, subscription: &Subscription, ends_at: Option<Timestamp>) -> Result<()> {
    sql::query("UPDATE billing_subscriptions SET ends_at = ? WHERE id = ?")
        .bind(ends_at.map(micros))
        .bind(subscription.id)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("set the end of the plan"))
}

/// That an organisation was given a plan, or has none any more, from then on.
fn given(org: OrgId, plan: Option<&str>, from: Timestamp) -> Act {
    let details = serde_json::json!({ "plan": plan, "from": from });
    Act::of_system(Some(org), "plan.assigned", org, details)
}

async fn wanted(change: &mut Change, name: &str) -> Result<driftline_domain::PlanId> {
    let row = sql::query("SELECT id FROM billing_plans WHERE name = ? ORDER BY version DESC LIMIT 1")
        .bind(name)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine("read the plan"))?;
    let row = row.ok_or_else(|| Error::NotFound {
        what: "plan",
        name: name.to_owned(),
    })?;
    Reader(&row).id("id")
}

/// The plan that an organisation has at this time, as this transaction sees it.
pub(super) async fn current(on: impl Into<On<'_>>, org: OrgId, now: Timestamp) -> Result<Option<Subscription>> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE s.org_id = ?1 AND s.starts_at <= ?2 AND (s.ends_at IS NULL OR s.ends_at > ?2) \
         ORDER BY s.starts_at DESC LIMIT 1"
    );
    let row = sql::query(text)
        .bind(org)
        .bind(micros(now))
        .fetch_optional(on)
        .await
        .map_err(Error::engine("read the subscription"))?;
    row.as_ref().map(subscription).transpose()
}

/// The plan that an organisation had in a month, the last one where there were two.
pub(super) async fn of_period(
    change: &mut Change,
    org: OrgId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Option<Subscription>> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE s.org_id = ?1 AND s.starts_at < ?3 AND (s.ends_at IS NULL OR s.ends_at > ?2) \
         ORDER BY s.starts_at DESC LIMIT 1"
    );
    let row = sql::query(text)
        .bind(org)
        .bind(micros(from))
        .bind(micros(until))
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine("read the subscription"))?;
    row.as_ref().map(subscription).transpose()
}

/// The plan that an organisation had last before a time at which it has none.
pub(super) async fn last_before(change: &mut Change, org: OrgId, time: Timestamp) -> Result<Option<Subscription>> {
    let text =
        format!("SELECT {COLUMNS} {FROM} WHERE s.org_id = ?1 AND s.ends_at <= ?2 ORDER BY s.starts_at DESC LIMIT 1");
    let row = sql::query(text)
        .bind(org)
        .bind(micros(time))
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine("read the subscription"))?;
    row.as_ref().map(subscription).transpose()
}

/// When the month of this time began (UTC).
pub(super) fn month_of(now: Timestamp) -> Result<Timestamp> {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    let first = first.to_zoned(TimeZone::UTC);
    first
        .map(|day| day.timestamp())
        .map_err(|error| Error::invalid("the time", now, error))
}

/// When the month after this time begins (UTC).
fn month_after(now: Timestamp) -> Result<Timestamp> {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    let next = first.checked_add(1.month()).and_then(|day| day.to_zoned(TimeZone::UTC));
    next.map(|day| day.timestamp())
        .map_err(|error| Error::invalid("the time", now, error))
}

fn subscription(row: &Row) -> Result<Subscription> {
    let plan = super::plans::plan(row)?;
    let row = Reader(row);
    Ok(Subscription {
        id: row.id("subscription")?,
        org: row.id("org_id")?,
        plan,
        starts_at: row.time("starts_at")?,
        ends_at: row.maybe_time("ends_at")?,
        stripe_subscription: row.get("stripe_subscription")?,
        stripe_status: row.get("stripe_status")?,
    })
}

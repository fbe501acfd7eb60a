//! What Stripe said: its meters, and the events that it reports, each heeded once and in any order.

use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::Serialize;

use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::sql::{self, Query, Row};
use crate::{Database, Error, Result};

/// A meter of ours at Stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeMeter {
    /// Our name of it.
    pub meter: String,
    /// How events name it.
    pub event_name: String,
    /// Its identifier at Stripe.
    pub stripe_id: String,
}

/// An invoice that Stripe made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StripeInvoice {
    /// Its identifier at Stripe.
    pub id: String,
    /// draft, open, paid, uncollectible or void.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// What is to be paid, minor units.
    pub due_minor: i64,
    /// What was paid.
    pub paid_minor: i64,
}

/// What an event of Stripe tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StripeNews {
    /// A subscription's state.
    Subscription {
        /// Its identifier at Stripe.
        subscription: String,
        /// What it is in.
        status: String,
    },
    /// An invoice's state.
    Invoice {
        /// The customer that it is for.
        customer: String,
        /// The invoice.
        invoice: StripeInvoice,
    },
    /// A customer has this payment method now, or none of it.
    PaymentMethod {
        /// The customer.
        customer: String,
        /// The payment method.
        method: String,
        /// Whether it is the customer's.
        is_attached: bool,
    },
    /// Nothing that we keep.
    Nothing,
}

/// What became of an event of Stripe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripeHeard {
    /// It counts.
    New,
    /// It was heeded before.
    Before,
    /// It is about something at Stripe that is not known here, and young: what it is about may be noted in a moment.
    TooSoon,
}

/// News of something unknown are repeated for so long. Later they are somebody else's: an account at Stripe may serve others too.
const UNKNOWN_FOR_S: i64 = 2 * 3_600;

impl Database {
    /// Heeds an event of Stripe, unless it was heeded before. `made_s` is when Stripe made it: what is known from a newer
    /// event stays. Of what comes too soon nothing is kept: Stripe repeats it.
    pub async fn heed_stripe_event(
        &self,
        id: &str,
        kind: &str,
        made_s: i64,
        news: &StripeNews,
        now: Timestamp,
    ) -> Result<StripeHeard> {
        let what = "heed an event of Stripe";
        let mut change = self.change(what).await?;
        let new =
            sql::query("INSERT INTO stripe_events (id, kind, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(kind)
                .bind(micros(now))
                .execute(&mut change.tx)
                .await
                .map_err(Error::engine(what))?;
        if new.rows_affected() == 0 {
            return Ok(StripeHeard::Before);
        }
        let is_known = apply(&mut change, made_s, news).await?;
        if !is_known && now.as_second().saturating_sub(made_s) < UNKNOWN_FOR_S {
            return Ok(StripeHeard::TooSoon);
        }
        change.commit().await?;
        Ok(StripeHeard::New)
    }

    /// Meters that are known at Stripe.
    pub async fn stripe_meters(&self) -> Result<Vec<StripeMeter>> {
        let rows = sql::query("SELECT * FROM stripe_meters ORDER BY meter")
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the meters at Stripe"))?;
        let meter = |row: &Row| {
            let row = Reader(row);
            Ok(StripeMeter {
                meter: row.get("meter")?,
                event_name: row.get("event_name")?,
                stripe_id: row.get("stripe_id")?,
            })
        };
        rows.iter().map(meter).collect()
    }

    /// Notes a meter at Stripe.
    pub async fn note_stripe_meter(&self, meter: &StripeMeter) -> Result<()> {
        sql::query(
            "INSERT INTO stripe_meters (meter, event_name, stripe_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (meter) DO UPDATE SET event_name = ?2, stripe_id = ?3",
        )
        .bind(&meter.meter)
        .bind(&meter.event_name)
        .bind(&meter.stripe_id)
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(Error::engine("note a meter at Stripe"))
    }

    /// Invoices that Stripe made for an organisation, as far as it has told; the newest 100.
    pub async fn stripe_invoices(&self, org: OrgId) -> Result<Vec<StripeInvoice>> {
        let rows = sql::query(
            "SELECT id, status, currency, due_minor, paid_minor FROM stripe_invoices WHERE org_id = ? \
             ORDER BY stripe_event_s DESC, id LIMIT 100",
        )
        .bind(org)
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the invoices at Stripe"))?;
        let invoice = |row: &Row| {
            let row = Reader(row);
            Ok(StripeInvoice {
                id: row.get("id")?,
                status: row.get("status")?,
                currency: row.get("currency")?,
                due_minor: row.get("due_minor")?,
                paid_minor: row.get("paid_minor")?,
            })
        };
        rows.iter().map(invoice).collect()
    }
}

/// Whether what the news are about is known here.
async fn apply(change: &mut Change, made_s: i64, news: &StripeNews) -> Result<bool> {
    match news {
        StripeNews::Nothing => Ok(true),
        StripeNews::Subscription { subscription, status } => {
            let update = sql::query(
                "UPDATE billing_subscriptions SET stripe_status = ?1, stripe_event_s = ?2 \
                 WHERE stripe_subscription = ?3 AND stripe_event_s <= ?2",
            );
            run(change, update.bind(status).bind(made_s).bind(subscription)).await?;
            let known = "SELECT count(*) FROM billing_subscriptions WHERE stripe_subscription = ?";
            is_known(change, known, subscription).await
        }
        StripeNews::Invoice { customer, invoice } => {
            let insert = sql::query(
                "INSERT INTO stripe_invoices (id, org_id, status, currency, due_minor, paid_minor, stripe_event_s) \
                 SELECT ?1, a.org_id, ?3, ?4, ?5, ?6, ?7 FROM billing_accounts a WHERE a.stripe_customer = ?2 \
                 ON CONFLICT (id) DO UPDATE SET status = ?3, due_minor = ?5, paid_minor = ?6, stripe_event_s = ?7 \
                 WHERE stripe_invoices.stripe_event_s <= ?7",
            )
            .bind(&invoice.id)
            .bind(customer)
            .bind(&invoice.status)
            .bind(&invoice.currency)
            .bind(invoice.due_minor)
            .bind(invoice.paid_minor)
            .bind(made_s);
            run(change, insert).await?;
            is_known(change, OF_CUSTOMER, customer).await
        }
        StripeNews::PaymentMethod {
            customer,
            method,
            is_attached,
        } => {
            // Two that change one customer's methods must see each other.
            change.lock("stripe payment methods").await?;
            run(change, method_news(customer, method, *is_attached, made_s)).await?;
            let use_newest = sql::query(
                "UPDATE billing_accounts SET payment_method = (SELECT p.method FROM stripe_payment_methods p \
                 WHERE p.customer = billing_accounts.stripe_customer AND p.state = 'attached' \
                 ORDER BY p.stripe_event_s DESC, p.method DESC LIMIT 1) WHERE stripe_customer = ?1 OR payment_method = ?2",
            );
            run(change, use_newest.bind(customer).bind(method)).await?;
            // A detached one is nobody's, and is remembered.
            Ok(!is_attached || is_known(change, OF_CUSTOMER, customer).await?)
        }
    }
}

const OF_CUSTOMER: &str = "SELECT count(*) FROM billing_accounts WHERE stripe_customer = ?";

/// What is kept of a method: one that was detached is never attached again, whatever comes later.
fn method_news(customer: &str, method: &str, is_attached: bool, made_s: i64) -> Query {
    let text = if is_attached {
        "INSERT INTO stripe_payment_methods (method, customer, state, stripe_event_s) VALUES (?1, ?2, 'attached', ?3) \
         ON CONFLICT (method) DO UPDATE SET customer = ?2, stripe_event_s = ?3 \
         WHERE stripe_payment_methods.state = 'attached' AND stripe_payment_methods.stripe_event_s <= ?3"
    } else {
        "INSERT INTO stripe_payment_methods (method, customer, state, stripe_event_s) VALUES (?1, ?2, 'detached', ?3) \
         ON CONFLICT (method) DO UPDATE SET state = 'detached', stripe_event_s = ?3"
    };
    sql::query(text).bind(method).bind(customer).bind(made_s)
}

async fn run(change: &mut Change, statement: Query) -> Result<()> {
    statement
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("heed an event of Stripe"))
}

async fn is_known(change: &mut Change, count: &'static str, id: &str) -> Result<bool> {
    let found: i64 = sql::query_scalar(count)
        .bind(id)
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine("heed an event of Stripe"))?;
    Ok(found > 0)
}

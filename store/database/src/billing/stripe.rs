//! What Stripe said: its meters, and the events that it reports, each heeded once and in any order.

use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::Serialize;

use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::sql::{self, Row};
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

impl Database {
    /// Heeds an event of Stripe, unless it was heeded before: then false. `made_s` is when Stripe made it: what is known from
    /// a newer event stays.
    pub async fn heed_stripe_event(
        &self,
        id: &str,
        kind: &str,
        made_s: i64,
        news: &StripeNews,
        now: Timestamp,
    ) -> Result<bool> {
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
            return Ok(false);
        }
        apply(&mut change, made_s, news).await?;
        change.commit().await?;
        Ok(true)
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

async fn apply(change: &mut Change, made_s: i64, news: &StripeNews) -> Result<()> {
    let statement = match news {
        StripeNews::Nothing => return Ok(()),
        StripeNews::Subscription { subscription, status } => sql::query(
            "UPDATE billing_subscriptions SET stripe_status = ?1, stripe_event_s = ?2 \
             WHERE stripe_subscription = ?3 AND stripe_event_s <= ?2",
        )
        .bind(status)
        .bind(made_s)
        .bind(subscription),
        StripeNews::Invoice { customer, invoice } => sql::query(
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
        .bind(made_s),
        StripeNews::PaymentMethod {
            customer,
            method,
            is_attached: true,
        } => sql::query("UPDATE billing_accounts SET payment_method = ? WHERE stripe_customer = ?")
            .bind(method)
            .bind(customer),
        StripeNews::PaymentMethod {
            method,
            is_attached: false,
            ..
        } => sql::query("UPDATE billing_accounts SET payment_method = NULL WHERE payment_method = ?").bind(method),
    };
    statement
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("heed an event of Stripe"))
}

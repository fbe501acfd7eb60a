//! Closed invoices: one for each organisation and month (UTC) with a plan, numbered without gaps, never changed. What was used
//! in a month that is closed and became known later stands on the next invoice.

use std::collections::BTreeMap;

use driftline_domain::{InvoiceId, OrgId};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::accounts::{Account, AccountDetails, account};
use super::plans::PlanTerms;
use super::sealing::Sealing;
use super::subscriptions::{self, Subscription};
use crate::audit::{self, Act};
use crate::columns::{Reader, json, micros};
use crate::open::Change;
use crate::sql::{self, Row};
use crate::usage::{HOUR_US, MISSION_METER};
use crate::{Database, Error, Result};

/// A month stays open so long after its end for what nodes have not entered yet.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// A closed invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoice {
    /// Its identifier.
    pub id: InvoiceId,
    /// 1, 2, … in the order of closing, in the whole installation.
    pub number: i64,
    /// Organisation.
    pub org: OrgId,
    /// First instant of its month.
    pub period_from: Timestamp,
    /// First instant after it.
    pub period_until: Timestamp,
    /// When it was closed.
    pub closed_at: Timestamp,
    /// ISO 4217.
    pub currency: String,
    /// What is to be paid, minor units.
    pub total_minor: i64,
    /// All that it says.
    pub document: Value,
}

/// What an invoice is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceBasis {
    /// Name of the organisation.
    pub organisation: String,
    /// Whom it is for.
    pub account: Account,
    /// The plan of the month.
    pub subscription: Subscription,
    /// First instant of the month.
    pub period_from: Timestamp,
    /// First instant after it.
    pub period_until: Timestamp,
    /// What was used, by meter; without what credit has paid.
    pub usage: BTreeMap<String, i64>,
    /// Particle-hours that credit has paid.
    pub paid_by_credit: i64,
    /// Earlier months of which more is known than their invoices say.
    pub late: Vec<MonthOfUsage>,
}

/// Usage of one meter in a month that is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthOfUsage {
    /// First instant of the month.
    pub period_from: Timestamp,
    /// Meter.
    pub meter: String,
    /// The plan of that month.
    pub terms: PlanTerms,
    /// Units that stand on invoices.
    pub invoiced: i64,
    /// Units that are known now.
    pub units: i64,
}

/// What an invoice is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceDraft {
    /// What is to be paid, minor units.
    pub total_minor: i64,
    /// All that it says.
    pub document: Value,
}

impl Database {
    /// Closes a month of an organisation: `compose` makes the invoice of this number from what is known. The month that was
    /// closed before stays as it is and is returned; `None` where the organisation had no plan and nothing came late.
    pub async fn close_invoice(
        &self,
        org: OrgId,
        (from, until): (Timestamp, Timestamp),
        now: Timestamp,
        compose: impl FnOnce(&InvoiceBasis, i64) -> serde_json::Result<InvoiceDraft> + Send,
    ) -> Result<Option<Invoice>> {
        if now.duration_since(until) < GRACE {
            let rule = "a month is closed when an hour has passed since its end, at the earliest";
            return Err(Error::invalid("the month until", until, rule));
        }
        let mut change = self.change("close the invoice").await?;
        change.lock(&format!("invoice {org}")).await?;
        if let Some(closed) = closed(&mut change, org, from).await? {
            return Ok(Some(closed));
        }
        let Some(basis) = basis(&mut change, self.sealing.as_deref(), org, (from, until)).await? else {
            return Ok(None);
        };
        // The row's lock makes whoever closes another invoice wait: a number that is rolled back is given again.
        let number = sql::query_scalar(
            "INSERT INTO billing_numbers (name, last) VALUES ('invoice', 1) \
             ON CONFLICT (name) DO UPDATE SET last = billing_numbers.last + 1 RETURNING last",
        )
        .fetch_one(&mut change.tx)
        .await
        .map_err(Error::engine("number the invoice"))?;
        let draft = compose(&basis, number).map_err(|error| Error::invalid("the invoice", number, error))?;
        let invoice = Invoice {
            id: InvoiceId::generate(),
            number,
            org,
            period_from: from,
            period_until: until,
            closed_at: now,
            currency: basis.subscription.plan.terms.currency.clone(),
            total_minor: draft.total_minor,
            document: draft.document,
        };
        insert(&mut change, &invoice, &basis).await?;
        let details = serde_json::json!({
            "number": number, "from": from, "until": until, "currency": invoice.currency, "total_minor": invoice.total_minor
        });
        audit::append(
            &mut change,
            &Act::of_system(Some(org), "invoice.closed", invoice.id, details),
            now,
        )
        .await?;
        change.commit().await?;
        Ok(Some(invoice))
    }

    /// What an invoice of this month would be made from if it were closed now; `None` where the organisation had no plan.
    pub async fn invoice_basis(
        &self,
        org: OrgId,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Option<InvoiceBasis>> {
        let mut change = self.change("look at the month").await?;
        basis(&mut change, self.sealing.as_deref(), org, (from, until)).await
    }

    /// Closed invoices of an organisation, the newest first, with numbers below this one (`i64::MAX` for the first page).
    pub async fn invoices(&self, org: OrgId, below: i64, limit: u32) -> Result<Vec<Invoice>> {
        let rows = sql::query("SELECT * FROM invoices WHERE org_id = ? AND number < ? ORDER BY number DESC LIMIT ?")
            .bind(org)
            .bind(below)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the invoices"))?;
        rows.iter().map(invoice).collect()
    }

    /// A closed invoice of an organisation.
    pub async fn invoice(&self, org: OrgId, id: InvoiceId) -> Result<Option<Invoice>> {
        let row = sql::query("SELECT * FROM invoices WHERE org_id = ? AND id = ?")
            .bind(org)
            .bind(id)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the invoice"))?;
        row.as_ref().map(invoice).transpose()
    }

    /// Organisations that had a plan before this time; one that has none any more may have used what is known only now.
    pub async fn organisations_with_plans(&self, until: Timestamp) -> Result<Vec<OrgId>> {
        let rows = sql::query("SELECT DISTINCT org_id FROM billing_subscriptions WHERE starts_at < ? ORDER BY org_id")
            .bind(micros(until))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list who has a plan"))?;
        rows.iter().map(|row| Reader(row).id("org_id")).collect()
    }
}

async fn closed(change: &mut Change, org: OrgId, from: Timestamp) -> Result<Option<Invoice>> {
    let row = sql::query("SELECT * FROM invoices WHERE org_id = ? AND period_from = ?")
        .bind(org)
        .bind(micros(from))
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine("look for the invoice"))?;
    row.as_ref().map(invoice).transpose()
}

async fn basis(
    change: &mut Change,
    sealing: Option<&dyn Sealing>,
    org: OrgId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Option<InvoiceBasis>> {
    let late = late(change, org, from).await?;
    let (subscription, used) = match subscriptions::of_period(change, org, from, until).await? {
        Some(subscription) => {
            let used = used(change, &subscription, from, until).await?;
            (subscription, used)
        }
        None if late.is_empty() => return Ok(None),
        // Without a plan nothing of this month is charged, but what comes late is of months that had one.
        None => match subscriptions::last_before(change, org, from).await? {
            Some(subscription) => (subscription, Used::default()),
            None => return Ok(None),
        },
    };
    let row = sql::query(
        "SELECT coalesce(o.former_name, o.name) AS name, a.* FROM organisations o \
         LEFT JOIN billing_accounts a ON a.org_id = o.id WHERE o.id = ?",
    )
    .bind(org)
    .fetch_one(&mut change.tx)
    .await
    .map_err(Error::engine("read the billing account"))?;
    let is_set = Reader(&row).get::<Option<String>>("details")?.is_some();
    Ok(Some(InvoiceBasis {
        organisation: Reader(&row).get("name")?,
        account: if is_set {
            account(&row, sealing)?
        } else {
            Account {
                org,
                details: AccountDetails::default(),
                stripe_customer: None,
                payment_method: None,
            }
        },
        subscription,
        period_from: from,
        period_until: until,
        usage: used.units,
        paid_by_credit: used.paid_by_credit,
        late,
    }))
}

#[derive(Default)]
struct Used {
    units: BTreeMap<String, i64>,
    paid_by_credit: i64,
}

/// What was used in a month since the plan began, by meter, without what credit has paid.
async fn used(change: &mut Change, subscription: &Subscription, from: Timestamp, until: Timestamp) -> Result<Used> {
    let what = "add up the month";
    let begin = micros(from).max(micros(subscription.starts_at).div_euclid(HOUR_US) * HOUR_US);
    let rows = sql::query(format!(
        "SELECT meter, {} AS units FROM usage_all WHERE org_id = ? AND hour >= ? AND hour < ? GROUP BY meter",
        sql::whole_sum("units")
    ))
    .bind(subscription.org)
    .bind(begin)
    .bind(micros(until))
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    let mut units = BTreeMap::new();
    for row in &rows {
        let row = Reader(row);
        units.insert(row.get::<String>("meter")?, row.get::<i64>("units")?);
    }
    let paid_by_credit: i64 = sql::query_scalar(
        "SELECT CAST(coalesce(-sum(units), 0) AS BIGINT) FROM credit_entries WHERE org_id = ? AND kind = 'charge' \
         AND at >= ? AND at < ?",
    )
    .bind(subscription.org)
    .bind(begin)
    .bind(micros(until))
    .fetch_one(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    if let Some(missions) = units.get_mut(MISSION_METER) {
        *missions = missions.saturating_sub(paid_by_credit);
    }
    Ok(Used { units, paid_by_credit })
}

/// What is known now of closed months before this one and stands on no invoice.
async fn late(change: &mut Change, org: OrgId, before: Timestamp) -> Result<Vec<MonthOfUsage>> {
    let what = "look for late usage";
    let months = sql::query(
        "SELECT period_from, period_until FROM invoices WHERE org_id = ? AND period_from < ? ORDER BY period_from",
    )
    .bind(org)
    .bind(micros(before))
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    let mut late = Vec::new();
    for month in &months {
        let month = Reader(month);
        let (from, until) = (month.time("period_from")?, month.time("period_until")?);
        let Some(subscription) = subscriptions::of_period(change, org, from, until).await? else {
            continue;
        };
        let invoiced = sql::query(format!(
            "SELECT meter, {} AS units FROM invoice_usage WHERE org_id = ? AND period_from = ? GROUP BY meter",
            sql::whole_sum("units")
        ))
        .bind(org)
        .bind(micros(from))
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let mut before = BTreeMap::new();
        for row in &invoiced {
            let row = Reader(row);
            before.insert(row.get::<String>("meter")?, row.get::<i64>("units")?);
        }
        for (meter, units) in used(change, &subscription, from, until).await?.units {
            let invoiced = before.get(&meter).copied().unwrap_or(0);
            if units > invoiced {
                late.push(MonthOfUsage {
                    period_from: from,
                    meter,
                    terms: subscription.plan.terms.clone(),
                    invoiced,
                    units,
                });
            }
        }
    }
    Ok(late)
}

async fn insert(change: &mut Change, invoice: &Invoice, basis: &InvoiceBasis) -> Result<()> {
    let failed = || Error::engine("close the invoice");
    sql::query(
        "INSERT INTO invoices (id, number, org_id, period_from, period_until, closed_at, currency, total_minor, \
         document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(invoice.id)
    .bind(invoice.number)
    .bind(invoice.org)
    .bind(micros(invoice.period_from))
    .bind(micros(invoice.period_until))
    .bind(micros(invoice.closed_at))
    .bind(&invoice.currency)
    .bind(invoice.total_minor)
    .bind(json("the invoice", &invoice.document)?)
    .execute(&mut change.tx)
    .await
    .map_err(failed())?;
    let own = basis
        .usage
        .iter()
        .map(|(meter, units)| (meter, basis.period_from, *units));
    let late = basis.late.iter().map(|month| {
        (
            &month.meter,
            month.period_from,
            month.units.saturating_sub(month.invoiced),
        )
    });
    for (meter, period, units) in own.chain(late) {
        sql::query("INSERT INTO invoice_usage (invoice_id, org_id, meter, period_from, units) VALUES (?, ?, ?, ?, ?)")
            .bind(invoice.id)
            .bind(invoice.org)
            .bind(meter)
            .bind(micros(period))
            .bind(units)
            .execute(&mut change.tx)
            .await
            .map_err(failed())?;
    }
    Ok(())
}

fn invoice(row: &Row) -> Result<Invoice> {
    let row = Reader(row);
    Ok(Invoice {
        id: row.id("id")?,
        number: row.get("number")?,
        org: row.id("org_id")?,
        period_from: row.time("period_from")?,
        period_until: row.time("period_until")?,
        closed_at: row.time("closed_at")?,
        currency: row.get("currency")?,
        total_minor: row.get("total_minor")?,
        document: row.json("document")?,
    })
}

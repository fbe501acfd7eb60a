//! Closing months: the invoice of each organisation that had a plan. What fails of one organisation is in nobody else's way.

use driftline_database::{Database, Invoice, InvoiceDraft, PlansAndClosed};
use driftline_domain::OrgId;
use jiff::{SignedDuration, Timestamp};

use super::Month;
use super::document::{InvoiceDocument, Seller, compose};
use crate::{Error, chain};

/// What closing did.
#[derive(Debug, Default)]
pub struct Closing {
    /// Invoices that are closed now, by organisation.
    pub invoices: Vec<Invoice>,
    /// Whose month could not be closed, and why.
    pub failed: Vec<(OrgId, Error)>,
}

/// Closes a month of one organisation, or of all. Invoices that were closed before stay as they are and are among those
/// returned.
pub async fn close_month(
    database: &Database,
    only: Option<OrgId>,
    month: Month,
    seller: &Seller,
    now: Timestamp,
) -> Result<Closing, Error> {
    let mut closing = Closing::default();
    if let Some(org) = only {
        closing.invoices.extend(close(database, org, month, seller, now).await?);
        return Ok(closing);
    }
    for org in database.organisations_with_plans(month.until).await? {
        match close(database, org, month, seller, now).await {
            Ok(invoice) => closing.invoices.extend(invoice),
            Err(error) => closing.fail(org, month, error),
        }
    }
    Ok(closing)
}

/// Closes every month that ended this long ago or longer and has no invoice, of each organisation from its first plan on, the
/// oldest first. Where one cannot be closed, those behind it wait. Of organisations whose plans have ended the newest such month is
/// closed where usage has become known that stands on no invoice.
pub async fn close_due_months(
    database: &Database,
    seller: &Seller,
    after: SignedDuration,
    now: Timestamp,
) -> Result<Closing, Error> {
    let mut closing = Closing::default();
    for known in database.plans_and_closed_months().await? {
        let months = due(&known, after, now)?.into_iter();
        for month in months.chain(after_the_last_plan(&known, after, now)?) {
            match close(database, known.org, month, seller, now).await {
                Ok(invoice) => closing.invoices.extend(invoice),
                Err(error) => {
                    closing.fail(known.org, month, error);
                    break;
                }
            }
        }
    }
    Ok(closing)
}

/// How many months of organisations ended this long ago or longer and have no invoice.
pub async fn months_due(database: &Database, after: SignedDuration, now: Timestamp) -> Result<usize, Error> {
    let mut count = 0;
    for known in database.plans_and_closed_months().await? {
        count += due(&known, after, now)?.len();
    }
    Ok(count)
}

/// Months with a plan, without an invoice, and over for so long; the oldest first.
fn due(known: &PlansAndClosed, after: SignedDuration, now: Timestamp) -> Result<Vec<Month>, Error> {
    let mut due = Vec::new();
    let Some((first, _)) = known.plans.first() else {
        return Ok(due);
    };
    let mut month = Month::of(*first)?;
    while now.duration_since(month.until) >= after {
        let has_plan = known
            .plans
            .iter()
            .any(|(starts_at, ends_at)| *starts_at < month.until && ends_at.is_none_or(|ends_at| ends_at > month.from));
        if has_plan && !known.closed.contains(&month.from) {
            due.push(month);
        }
        month = Month::of(month.until)?;
    }
    Ok(due)
}

/// The newest month that is over for so long, where all plans had ended before it and it has no invoice.
fn after_the_last_plan(known: &PlansAndClosed, after: SignedDuration, now: Timestamp) -> Result<Option<Month>, Error> {
    let month = Month::of(now - after)?.before()?;
    let is_behind = known
        .plans
        .iter()
        .all(|(_, ends_at)| ends_at.is_some_and(|ends_at| ends_at <= month.from));
    Ok((is_behind && !known.closed.contains(&month.from)).then_some(month))
}

async fn close(
    database: &Database,
    org: OrgId,
    month: Month,
    seller: &Seller,
    now: Timestamp,
) -> Result<Option<Invoice>, Error> {
    let composed = database.close_invoice(org, (month.from, month.until), now, |basis, number| {
        let document = compose(basis, Some(number), seller, now);
        Ok(InvoiceDraft {
            total_minor: document.total_minor,
            document: serde_json::to_value(&document)?,
        })
    });
    Ok(composed.await?)
}

impl Closing {
    fn fail(&mut self, org: OrgId, month: Month, error: Error) {
        tracing::error!(alarm = true, org.id = %org, %month, cause = chain(&error), "a month was not closed");
        self.failed.push((org, error));
    }
}

/// What the invoice of a month would say now; `None` where the organisation has no plan in it.
pub async fn estimate(
    database: &Database,
    org: OrgId,
    month: Month,
    seller: &Seller,
    now: Timestamp,
) -> Result<Option<InvoiceDocument>, Error> {
    let basis = database.invoice_basis(org, (month.from, month.until)).await?;
    Ok(basis.map(|basis| compose(&basis, None, seller, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_due_from_the_first_plan_on_where_there_was_one_and_no_invoice() {
        let known = PlansAndClosed {
            org: OrgId::generate(),
            plans: vec![
                (time("2025-11-17T10:00:00Z"), Some(time("2026-01-01T00:00:00Z"))),
                (time("2026-02-03T00:00:00Z"), None),
            ],
            closed: [time("2025-12-01T00:00:00Z")].into(),
        };
        let due = |now: &str| -> Vec<String> {
            let due = due(&known, SignedDuration::from_hours(24), time(now)).unwrap();
            due.iter().map(Month::to_string).collect()
        };
        assert_eq!(due("2025-12-01T23:59:59Z"), Vec::<String>::new());
        assert_eq!(due("2026-02-28T00:00:00Z"), ["2025-11"]);
        assert_eq!(due("2026-04-02T00:00:00Z"), ["2025-11", "2026-02", "2026-03"]);
        let behind = |known: &PlansAndClosed, now: &str| -> Option<String> {
            let month = after_the_last_plan(known, SignedDuration::from_hours(24), time(now)).unwrap();
            month.map(|month| month.to_string())
        };
        assert_eq!(behind(&known, "2026-04-02T00:00:00Z"), None, "one plan goes on");
        let ended = PlansAndClosed {
            plans: known.plans[..1].to_vec(),
            ..known.clone()
        };
        assert_eq!(
            behind(&ended, "2026-02-01T12:00:00Z"),
            None,
            "the month before had the plan"
        );
        assert_eq!(behind(&ended, "2026-02-02T00:00:00Z").as_deref(), Some("2026-01"));
        assert_eq!(behind(&ended, "2026-04-30T00:00:00Z").as_deref(), Some("2026-03"));
    }
}

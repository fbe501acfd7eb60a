//! Closing a month: the invoice of each organisation that had a plan.

use driftline_database::{Database, Invoice, InvoiceDraft};
use driftline_domain::OrgId;
use jiff::Timestamp;

use super::Month;
use super::document::{InvoiceDocument, Seller, compose};
use crate::Error;

/// Closes a month of one organisation, or of all. Invoices that were closed before stay as they are and are among those
/// returned.
pub async fn close_month(
    database: &Database,
    only: Option<OrgId>,
    month: Month,
    seller: &Seller,
    now: Timestamp,
) -> Result<Vec<Invoice>, Error> {
    let organisations = match only {
        Some(org) => vec![org],
        None => database.organisations_with_plans(month.from, month.until).await?,
    };
    let mut invoices = Vec::new();
    for org in organisations {
        let composed = database.close_invoice(org, (month.from, month.until), now, |basis, number| {
            let document = compose(basis, Some(number), seller, now);
            Ok(InvoiceDraft {
                total_minor: document.total_minor,
                document: serde_json::to_value(&document)?,
            })
        });
        invoices.extend(composed.await?);
    }
    Ok(invoices)
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

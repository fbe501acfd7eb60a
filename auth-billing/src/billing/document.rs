//! All that an invoice says, as it is kept and shown.

use driftline_database::{AccountDetails, InvoiceBasis, MISSION_METER, MeterPrice};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Month, pricing};

/// Who sends invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seller {
    /// Name, address and VAT number.
    pub party: Party,
    /// Tax in hundredths of a percent, where a customer has none of its own.
    pub tax_rate_bp: i64,
    /// What numbers begin with.
    pub number_prefix: String,
}

/// Seller or buyer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Name in full.
    pub name: String,
    /// Address, a line each.
    pub address: Vec<String>,
    /// ISO 3166; empty: not told.
    pub country: String,
    /// VAT identification number; empty: not told.
    pub vat_id: String,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDocument {
    /// Its number as it is quoted; empty: an estimate.
    pub number: String,
    /// When it was closed.
    pub issued_at: Timestamp,
    /// First instant of its month.
    pub period_from: Timestamp,
    /// First instant after it.
    pub period_until: Timestamp,
    /// Who sends it.
    pub seller: Party,
    /// Who pays it.
    pub buyer: Party,
    /// Name of the plan.
    pub plan: String,
    /// Its version.
    pub plan_version: i64,
    /// ISO 4217.
    pub currency: String,
    /// What is charged.
    pub lines: Vec<Line>,
    /// Sum of the lines, minor units.
    pub net_minor: i64,
    /// Hundredths of a percent.
    pub tax_rate_bp: i64,
    /// Tax, minor units.
    pub tax_minor: i64,
    /// The customer owes the tax.
    pub reverse_charge: bool,
    /// What is to be paid, minor units.
    pub total_minor: i64,
    /// Whether Stripe collects it.
    pub collected_by_stripe: bool,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// What customers read.
    pub text: String,
    /// Meter, where it is for usage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub meter: Option<String>,
    /// The month of usage, such as `2026-01`.
    pub month: String,
    /// Units used; of late usage those that are new.
    pub units: i64,
    /// What they cost; none: nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<MeterPrice>,
    /// Minor units.
    pub amount_minor: i64,
}

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The plan's month.
    Plan,
    /// What was used.
    Usage,
    /// What credit has paid.
    PaidByCredit,
    /// Usage of a closed month that became known later.
    Adjustment,
}

/// Makes the invoice of a month.
pub(super) fn compose(basis: &InvoiceBasis, number: Option<i64>, seller: &Seller, now: Timestamp) -> InvoiceDocument {
    let terms = &basis.subscription.plan.terms;
    let lines = lines(basis);
    let net_minor = lines
        .iter()
        .fold(0_i64, |sum, line| sum.saturating_add(line.amount_minor));
    let details = &basis.account.details;
    let reverse_charge = details.reverse_charge;
    let tax_rate_bp = match reverse_charge {
        true => 0,
        false => details.tax_rate_bp.unwrap_or(seller.tax_rate_bp),
    };
    let tax_minor = pricing::tax(net_minor, tax_rate_bp);
    InvoiceDocument {
        number: number.map_or_else(String::new, |number| format!("{}{number:06}", seller.number_prefix)),
        issued_at: now,
        period_from: basis.period_from,
        period_until: basis.period_until,
        seller: seller.party.clone(),
        buyer: buyer(&basis.organisation, details),
        plan: basis.subscription.plan.name.clone(),
        plan_version: basis.subscription.plan.version,
        currency: terms.currency.clone(),
        net_minor,
        tax_rate_bp,
        tax_minor,
        reverse_charge,
        total_minor: net_minor.saturating_add(tax_minor),
        // A subscription that has ended there collects nothing more.
        collected_by_stripe: has_plan(basis)
            && basis.account.stripe_customer.is_some()
            && !terms.stripe_prices.is_empty(),
        lines,
    }
}

fn buyer(organisation: &str, details: &AccountDetails) -> Party {
    Party {
        name: if details.name.is_empty() {
            organisation.to_owned()
        } else {
            details.name.clone()
        },
        address: details.address.clone(),
        country: details.country.clone(),
        vat_id: details.vat_id.clone(),
    }
}

/// Whether the plan is of this month: otherwise all that is charged came late, of a month before.
fn has_plan(basis: &InvoiceBasis) -> bool {
    let ends_at = basis.subscription.ends_at;
    ends_at.is_none_or(|ends_at| ends_at > basis.period_from)
}

fn lines(basis: &InvoiceBasis) -> Vec<Line> {
    let terms = &basis.subscription.plan.terms;
    let month = Month {
        from: basis.period_from,
        until: basis.period_until,
    };
    let mut lines = Vec::new();
    if has_plan(basis) {
        lines.push(Line {
            kind: LineKind::Plan,
            text: terms.title.clone(),
            meter: None,
            month: month.to_string(),
            units: 1,
            price: None,
            amount_minor: pricing::month(terms, month, basis.subscription.starts_at),
        });
    }
    for (meter, units) in &basis.usage {
        let price = terms.meters.get(meter).copied();
        lines.push(Line {
            kind: LineKind::Usage,
            text: meter.clone(),
            meter: Some(meter.clone()),
            month: month.to_string(),
            units: *units,
            price,
            amount_minor: price.map_or(0, |price| pricing::usage(&price, *units)),
        });
    }
    if basis.paid_by_credit > 0 {
        lines.push(Line {
            kind: LineKind::PaidByCredit,
            text: format!("{MISSION_METER}, paid by credit"),
            meter: Some(MISSION_METER.to_owned()),
            month: month.to_string(),
            units: basis.paid_by_credit,
            price: None,
            amount_minor: 0,
        });
    }
    for late in &basis.late {
        let price = late.terms.meters.get(&late.meter).copied();
        let amount = |price: MeterPrice| pricing::late_usage(&price, late.invoiced, late.units);
        let of = late.period_from.strftime("%Y-%m").to_string();
        lines.push(Line {
            kind: LineKind::Adjustment,
            text: format!("{}, late usage of {of}", late.meter),
            meter: Some(late.meter.clone()),
            month: of,
            units: late.units - late.invoiced,
            price,
            amount_minor: price.map_or(0, amount),
        });
    }
    lines
}

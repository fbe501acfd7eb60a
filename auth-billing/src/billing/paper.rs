//! An invoice as the text of its pages.

use driftline_report::{Error, Fact, InvoiceLine, InvoicePaper, invoice_pdf};
use jiff::SignedDuration;

use super::money::{amount, count};
use super::{InvoiceDocument, Line, LineKind, Party};

/// The invoice as a PDF.
pub fn pdf(document: &InvoiceDocument, version: &str) -> Result<Vec<u8>, Error> {
    let currency = &document.currency;
    let fact = |name: &str, value: String| Fact {
        name: name.to_owned(),
        value,
    };
    let last_day = document.period_until - SignedDuration::from_secs(1);
    let mut facts = vec![
        fact("Date", document.issued_at.strftime("%Y-%m-%d").to_string()),
        fact(
            "Period",
            format!(
                "{} to {} (UTC)",
                document.period_from.strftime("%Y-%m-%d"),
                last_day.strftime("%Y-%m-%d")
            ),
        ),
        fact("Plan", format!("{}, version {}", document.plan, document.plan_version)),
    ];
    for (name, party) in [
        ("VAT id of the seller", &document.seller),
        ("VAT id of the customer", &document.buyer),
    ] {
        if !party.vat_id.is_empty() {
            facts.push(fact(name, party.vat_id.clone()));
        }
    }
    let (whole, hundredths) = (document.tax_rate_bp / 100, document.tax_rate_bp % 100);
    let rate = match hundredths {
        0 => format!("{whole} %"),
        hundredths => format!("{whole}.{hundredths:02} %"),
    };
    invoice_pdf(&InvoicePaper {
        number: document.number.clone(),
        issued: document.issued_at,
        seller: lines_of(&document.seller),
        buyer: lines_of(&document.buyer),
        facts,
        lines: document.lines.iter().map(|line| paper_line(line, currency)).collect(),
        sums: vec![
            fact("Net", amount(document.net_minor, currency)),
            fact(&format!("Tax {rate}"), amount(document.tax_minor, currency)),
            fact("Total", amount(document.total_minor, currency)),
        ],
        notes: notes(document),
        creator: format!("Driftline {version}"),
    })
}

fn notes(document: &InvoiceDocument) -> Vec<String> {
    let mut notes = Vec::new();
    if document.reverse_charge {
        notes.push("Reverse charge: the customer owes the tax (Article 196 of Directive 2006/112/EC).".to_owned());
    }
    if document.collected_by_stripe {
        notes.push("This amount is collected by Stripe under the customer's payment method.".to_owned());
    }
    notes
}

fn lines_of(party: &Party) -> Vec<String> {
    let mut lines = vec![party.name.clone()];
    lines.extend(party.address.iter().cloned());
    if !party.country.is_empty() {
        lines.push(party.country.clone());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn paper_line(line: &Line, currency: &str) -> InvoiceLine {
    let detail = match (line.kind, &line.price) {
        (LineKind::Plan, _) => String::new(),
        (_, None) => format!("{} units, not charged", count(line.units)),
        (_, Some(price)) => {
            let per = match price.per {
                1 => "each".to_owned(),
                per => format!("for {}", count(per)),
            };
            let included = match price.included {
                0 => String::new(),
                included => format!(", {} of a month included", count(included)),
            };
            let units = count(line.units);
            format!("{units} units{included}, {} {per}", amount(price.minor, currency))
        }
    };
    InvoiceLine {
        text: format!("{} ({})", line.text, line.month),
        detail,
        amount: amount(line.amount_minor, currency),
    }
}

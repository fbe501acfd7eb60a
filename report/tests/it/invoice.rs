//! The invoice as poppler reads it.

use driftline_report::{Fact, InvoiceLine, InvoicePaper, invoice_pdf};

use crate::briefing::File;

fn paper(lines: usize) -> InvoicePaper {
    let fact = |name: &str, value: &str| Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let line = |number: usize| InvoiceLine {
        text: format!(
            "Tiles in month {number}, a text that is long enough to be broken into two lines by the width it has"
        ),
        detail: "1 234 567 units, 1 000 000 included".to_owned(),
        amount: format!("{number}.17 EUR"),
    };
    InvoicePaper {
        number: "DL-000042".to_owned(),
        issued: "2026-02-01T02:00:00Z".parse().unwrap(),
        seller: vec!["Driftline AS".to_owned(), "Kaia 1, 5003 Bergen".to_owned()],
        buyer: vec!["Redningsselskapet ÆØÅ".to_owned(), "Havna 2".to_owned()],
        facts: vec![fact("Period", "January 2026"), fact("VAT number", "NO 123 456 785")],
        lines: (0..lines).map(line).collect(),
        sums: vec![fact("Net", "100.00 EUR"), fact("Total", "9 999 999 999.99 EUR")],
        notes: vec!["Reverse charge: the customer owes the tax.".to_owned()],
        creator: "Driftline 1".to_owned(),
    }
}

#[test]
fn the_text_is_what_the_invoice_says_and_long_ones_take_more_pages() {
    let bytes = invoice_pdf(&paper(2)).unwrap();
    assert_eq!(bytes, invoice_pdf(&paper(2)).unwrap(), "the same bytes");
    let text = File::of(&bytes, "invoice").text();
    for said in [
        "Invoice DL-000042",
        "Driftline AS",
        "Redningsselskapet ÆØÅ",
        "January 2026",
        "NO 123 456 785",
        "0.17 EUR",
        "1.17 EUR",
        "1 000 000 included",
        "9 999 999 999.99 EUR",
        "Reverse charge",
        "Page 1 of 1",
    ] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    let long = File::of(&invoice_pdf(&paper(60)).unwrap(), "invoice-long").text();
    assert!(long.contains("Page 3 of 3") && long.contains("59.17 EUR"), "{long}");
}

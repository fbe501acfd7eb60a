//! An invoice on A4 pages. All that it says comes in as text: what is charged, and how much, is decided elsewhere.

use jiff::Timestamp;

use crate::drawing::{Align, Drawing, FAINT_INK, Hand, INK, Pen};
use crate::flow::{BODY, Flow, LEADING, MARGIN, RULE, WIDTH};
use crate::font::Fonts;
use crate::pdf::{self, A4, About};
use crate::{Error, Fact};

/// What an invoice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoicePaper {
    /// Its number, as it is quoted.
    pub number: String,
    /// When it was issued: also the document's creation date.
    pub issued: Timestamp,
    /// Who sends it, a line each, the name first.
    pub seller: Vec<String>,
    /// Who pays it, a line each, the name first.
    pub buyer: Vec<String>,
    /// Date, period, plan, tax numbers; in this order.
    pub facts: Vec<Fact>,
    /// What is charged.
    pub lines: Vec<InvoiceLine>,
    /// Net, tax, total: the last one is printed bold.
    pub sums: Vec<Fact>,
    /// What the law or the seller wants said.
    pub notes: Vec<String>,
    /// The program and its version.
    pub creator: String,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What it is for.
    pub text: String,
    /// How it was counted; empty: nothing to say.
    pub detail: String,
    /// Its amount, with the currency.
    pub amount: String,
}

/// Width that a line's words may take: the rest is the amount's.
const WORDS: f32 = WIDTH - 130.0;
const SMALL: Hand = Hand::regular(7.8).in_colour(FAINT_INK);

/// The invoice as a PDF. The same invoice gives the same bytes.
pub fn invoice_pdf(invoice: &InvoicePaper) -> Result<Vec<u8>, Error> {
    let fonts = Fonts::embedded()?;
    let mut flow = Flow::new(&fonts);
    parties(&mut flow, invoice);
    for fact in &invoice.facts {
        let y = flow.y + BODY.size;
        flow.need(LEADING);
        flow.page().text(&fact.name, (MARGIN, y), SMALL, Align::Left);
        flow.block(&fact.value, BODY, MARGIN + 110.0, WIDTH - 110.0);
    }
    flow.heading("What is charged");
    invoice.lines.iter().for_each(|one| line(&mut flow, one));
    sums(&mut flow, &invoice.sums);
    if !invoice.notes.is_empty() {
        flow.y += 14.0;
    }
    invoice.notes.iter().for_each(|note| flow.paragraph(note, BODY));
    let mut pages = flow.finish();
    let count = pages.len();
    for (number, page) in pages.iter_mut().enumerate() {
        foot(page, invoice, number + 1, count);
    }
    pdf::document(&pages, &about(invoice))
}

/// Seller to the right above, buyer to the left, and the title between them and the rest.
fn parties(flow: &mut Flow<'_>, invoice: &InvoicePaper) {
    let top = flow.y;
    for (number, text) in invoice.seller.iter().enumerate() {
        let hand = if number == 0 { Hand::bold(10.0) } else { BODY };
        flow.block(text, hand, MARGIN + 290.0, WIDTH - 290.0);
    }
    let below_seller = flow.y;
    flow.y = top + 56.0;
    for (number, text) in invoice.buyer.iter().enumerate() {
        let hand = if number == 0 { Hand::bold(10.0) } else { BODY };
        flow.block(text, hand, MARGIN, 270.0);
    }
    flow.y = flow.y.max(below_seller) + 30.0;
    let title = format!("Invoice {}", invoice.number);
    flow.paragraph(&title, Hand::bold(16.0));
    flow.y += 6.0;
}

fn line(flow: &mut Flow<'_>, line: &InvoiceLine) {
    flow.need(2.0 * LEADING + 6.0);
    let y = flow.y + BODY.size;
    flow.page().text(&line.amount, (MARGIN + WIDTH, y), BODY, Align::Right);
    flow.block(&line.text, BODY, MARGIN, WORDS);
    if !line.detail.is_empty() {
        flow.block(&line.detail, SMALL, MARGIN, WORDS);
    }
    flow.y += 2.5;
    let y = flow.y;
    flow.page()
        .line(&[(MARGIN, y), (MARGIN + WIDTH, y)], Pen::solid(RULE, 0.4));
    flow.y += 3.5;
}

fn sums(flow: &mut Flow<'_>, sums: &[Fact]) {
    flow.need(LEADING * (sums.len() as f32 + 1.0));
    flow.y += 4.0;
    for (number, sum) in sums.iter().enumerate() {
        let is_last = number + 1 == sums.len();
        let hand = if is_last { Hand::bold(11.0) } else { BODY };
        if is_last {
            let y = flow.y + 2.0;
            let ends = [(MARGIN + WIDTH - 250.0, y), (MARGIN + WIDTH, y)];
            flow.page().line(&ends, Pen::solid(INK, 0.8));
            flow.y += 6.0;
        }
        let y = flow.y + hand.size;
        let page = flow.page();
        page.text(&sum.name, (MARGIN + WIDTH - 250.0, y), hand, Align::Left);
        page.text(&sum.value, (MARGIN + WIDTH, y), hand, Align::Right);
        flow.y += LEADING * hand.size / BODY.size;
    }
}

fn foot(page: &mut Drawing<'_>, invoice: &InvoicePaper, number: usize, count: usize) {
    let (right, y) = (MARGIN + WIDTH, A4.1 - 40.0);
    page.line(&[(MARGIN, y), (right, y)], Pen::solid(RULE, 0.6));
    let name = format!("Invoice {}", invoice.number);
    page.text(name, (MARGIN, y + 11.0), SMALL, Align::Left);
    page.text(
        format!("Page {number} of {count}"),
        (right, y + 11.0),
        SMALL,
        Align::Right,
    );
}

fn about(invoice: &InvoicePaper) -> About {
    let party = |lines: &[String]| lines.first().cloned().unwrap_or_default();
    About {
        title: format!("Invoice {}", invoice.number),
        subject: format!("From {} to {}", party(&invoice.seller), party(&invoice.buyer)),
        keywords: vec!["invoice".to_owned()],
        creator: invoice.creator.clone(),
        created: invoice.issued,
        id: invoice.number.clone(),
    }
}

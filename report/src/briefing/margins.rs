//! Head and foot of the briefing's pages.

use super::{ADVISORY, Briefing};
use crate::drawing::{Align, Drawing, FAINT_INK, Hand, Pen};
use crate::flow::{MARGIN, RULE, WIDTH};
use crate::notation;
use crate::pdf::A4;

/// Draws them on every page.
pub(super) fn draw(pages: &mut [Drawing<'_>], briefing: &Briefing<'_>) {
    let count = pages.len();
    for (number, page) in pages.iter_mut().enumerate() {
        margins(page, number, count, briefing);
    }
}

/// What stands above and below every page.
fn margins(page: &mut Drawing<'_>, number: usize, count: usize, briefing: &Briefing<'_>) {
    let (right, small) = (MARGIN + WIDTH, Hand::regular(7.8).in_colour(FAINT_INK));
    let top = 32.0;
    page.text(
        "DRIFT BRIEFING · SEARCH AND RESCUE",
        (MARGIN, top),
        Hand::bold(7.8),
        Align::Left,
    );
    let issued = format!("Issued {}", notation::utc(briefing.identity.issued));
    page.text(issued, (right, top), small, Align::Right);
    if let Some(classification) = &briefing.classification {
        let text = page.fitting(classification, Hand::bold(8.5), 180.0);
        page.text(text, (A4.0 / 2.0 + 20.0, top), Hand::bold(8.5), Align::Middle);
    }
    let y = A4.1 - 40.0;
    page.line(&[(MARGIN, y), (right, y)], Pen::solid(RULE, 0.6));
    page.text(ADVISORY, (MARGIN, y + 11.0), Hand::bold(7.8), Align::Left);
    let page_number = format!("Page {} of {count}", number + 1);
    page.text(page_number, (right, y + 11.0), Hand::bold(7.8), Align::Right);
    let run = format!("{} · run {}", briefing.scene.title, briefing.identity.run_id);
    let run = page.fitting(&run, small, WIDTH);
    page.text(run, (MARGIN, y + 21.5), small, Align::Left);
}

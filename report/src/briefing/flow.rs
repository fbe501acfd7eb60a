//! Pages that are filled from the top.

use super::{ADVISORY, Briefing};
use crate::drawing::{Align, Colour, Drawing, FAINT_INK, Frame, Hand, INK, Pen};
use crate::font::Fonts;
use crate::notation;
use crate::pdf::A4;

/// Margins to both sides, points.
pub(super) const MARGIN: f32 = 42.0;
/// Width of what is written.
pub(super) const WIDTH: f32 = A4.0 - 2.0 * MARGIN;
const TOP: f32 = 46.0;
const BOTTOM: f32 = A4.1 - 52.0;
pub(super) const RULE: Colour = [0x9a, 0xa3, 0xaa, 255];
pub(super) const BODY: Hand = Hand::regular(9.0);
/// From one baseline to the next.
pub(super) const LEADING: f32 = 12.4;

pub(super) struct Flow<'f> {
    pages: Vec<Drawing<'f>>,
    fonts: &'f Fonts,
    /// Where the next line begins.
    pub(super) y: f32,
}

impl<'f> Flow<'f> {
    pub(super) fn new(fonts: &'f Fonts) -> Self {
        Self {
            pages: vec![Drawing::new(fonts)],
            fonts,
            y: TOP,
        }
    }

    pub(super) fn fonts(&self) -> &'f Fonts {
        self.fonts
    }

    /// The page that is being filled.
    pub(super) fn page(&mut self) -> &mut Drawing<'f> {
        if self.pages.is_empty() {
            self.pages.push(Drawing::new(self.fonts));
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Height left on the page.
    pub(super) fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Goes to a new page unless this height is left.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height && self.y > TOP {
            self.new_page();
        }
    }

    pub(super) fn new_page(&mut self) {
        self.pages.push(Drawing::new(self.fonts));
        self.y = TOP;
    }

    /// A heading, on one page with some lines after it.
    pub(super) fn heading(&mut self, text: &str) {
        self.need(64.0);
        if self.y > TOP {
            self.y += 13.0;
        }
        let y = self.y + 11.0;
        self.page().text(text, (MARGIN, y), Hand::bold(11.5), Align::Left);
        self.page()
            .line(&[(MARGIN, y + 4.5), (MARGIN + WIDTH, y + 4.5)], Pen::solid(INK, 0.8));
        self.y = y + 11.0;
    }

    /// Lines of text at the left margin.
    pub(super) fn paragraph(&mut self, text: &str, hand: Hand) {
        self.block(text, hand, MARGIN, WIDTH);
        self.y += 2.5;
    }

    /// A line with a bullet.
    pub(super) fn bullet(&mut self, text: &str) {
        self.need(LEADING);
        let at = (MARGIN + 4.0, self.y + 9.0);
        self.page().text("•", at, BODY, Align::Left);
        self.block(text, BODY, MARGIN + 13.0, WIDTH - 13.0);
        self.y += 2.0;
    }

    /// Lines of text between a left edge and a width.
    pub(super) fn block(&mut self, text: &str, hand: Hand, left: f32, width: f32) {
        let leading = LEADING * hand.size / BODY.size;
        for line in self.page().wrapped(text, hand, width) {
            self.need(leading);
            let at = (left, self.y + hand.size);
            self.page().text(line, at, hand, Align::Left);
            self.y += leading;
        }
    }

    /// The pages with head and foot.
    pub(super) fn finish(mut self, briefing: &Briefing<'_>) -> Vec<Drawing<'f>> {
        let count = self.pages.len();
        for (number, page) in self.pages.iter_mut().enumerate() {
            margins(page, number, count, briefing);
        }
        self.pages
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

/// A filled frame with a rim.
pub(super) fn panel(page: &mut Drawing<'_>, frame: Frame, ground: Colour) {
    page.fill(frame.path(), ground);
    page.stroke(frame.path(), Pen::solid(RULE, 0.6));
}

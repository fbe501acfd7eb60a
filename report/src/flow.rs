//! Pages that are filled from the top.

use crate::drawing::{Align, Colour, Drawing, Frame, Hand, INK, Pen};
use crate::font::Fonts;
use crate::pdf::A4;

/// Margins to both sides, points.
pub(crate) const MARGIN: f32 = 42.0;
/// Width of what is written.
pub(crate) const WIDTH: f32 = A4.0 - 2.0 * MARGIN;
const TOP: f32 = 46.0;
const BOTTOM: f32 = A4.1 - 52.0;
pub(crate) const RULE: Colour = [0x9a, 0xa3, 0xaa, 255];
pub(crate) const BODY: Hand = Hand::regular(9.0);
/// From one baseline to the next.
pub(crate) const LEADING: f32 = 12.4;

pub(crate) struct Flow<'f> {
    pages: Vec<Drawing<'f>>,
    fonts: &'f Fonts,
    /// Where the next line begins.
    pub(crate) y: f32,
}

impl<'f> Flow<'f> {
    pub(crate) fn new(fonts: &'f Fonts) -> Self {
        Self {
            pages: vec![Drawing::new(fonts)],
            fonts,
            y: TOP,
        }
    }

    pub(crate) fn fonts(&self) -> &'f Fonts {
        self.fonts
    }

    /// The page that is being filled.
    pub(crate) fn page(&mut self) -> &mut Drawing<'f> {
        if self.pages.is_empty() {
            self.pages.push(Drawing::new(self.fonts));
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Height left on the page.
    pub(crate) fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Goes to a new page unless this height is left.
    pub(crate) fn need(&mut self, height: f32) {
        if self.room() < height && self.y > TOP {
            self.new_page();
        }
    }

    pub(crate) fn new_page(&mut self) {
        self.pages.push(Drawing::new(self.fonts));
        self.y = TOP;
    }

    /// A heading, on one page with some lines after it.
    pub(crate) fn heading(&mut self, text: &str) {
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
    pub(crate) fn paragraph(&mut self, text: &str, hand: Hand) {
        self.block(text, hand, MARGIN, WIDTH);
        self.y += 2.5;
    }

    /// A line with a bullet.
    pub(crate) fn bullet(&mut self, text: &str) {
        self.need(LEADING);
        let at = (MARGIN + 4.0, self.y + 9.0);
        self.page().text("•", at, BODY, Align::Left);
        self.block(text, BODY, MARGIN + 13.0, WIDTH - 13.0);
        self.y += 2.0;
    }

    /// Lines of text between a left edge and a width.
    pub(crate) fn block(&mut self, text: &str, hand: Hand, left: f32, width: f32) {
        let leading = LEADING * hand.size / BODY.size;
        for line in self.page().wrapped(text, hand, width) {
            self.need(leading);
            let at = (left, self.y + hand.size);
            self.page().text(line, at, hand, Align::Left);
            self.y += leading;
        }
    }

    /// The pages, whose head and foot are still to be drawn.
    pub(crate) fn finish(self) -> Vec<Drawing<'f>> {
        self.pages
    }
}

/// A filled frame with a rim.
pub(crate) fn panel(page: &mut Drawing<'_>, frame: Frame, ground: Colour) {
    page.fill(frame.path(), ground);
    page.stroke(frame.path(), Pen::solid(RULE, 0.6));
}

//! The layout of a legend: items under each other, symbols at the left, texts beside them.

use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::LegendSize;
use crate::areas::LevelLook;
use crate::canvas::Canvas;
use crate::marks::{sprite, track_pen};
use crate::picture::Rgba;
use crate::text::{TextBits, line_height};
use crate::{FieldStyle, MapCrs, MapView, MarkStatus, Picture, Scheme};

/// Sizes in pixels of an ordinary screen.
const PADDING: u32 = 6;
const SYMBOL_WIDTH: u32 = 40;
const ENTRY_HEIGHT: u32 = 24;
const ARROW_HEIGHT: u32 = 32;
const BAR_WIDTH: u32 = 22;
const BAR_HEIGHT: u32 = 150;
/// Degrees per pixel of the plane that symbols are drawn in; so small that the world does not repeat.
const DEG_PER_PX: f64 = 1e-3;

/// What stands in a legend.
pub(super) enum Item<'a> {
    Title(String),
    /// Above the texts beside a bar.
    Heading(String),
    Bar {
        /// Colour at a share from the lower end.
        colour: Box<dyn Fn(f64) -> Rgba + 'a>,
        /// Texts at shares from the lower end.
        ticks: Vec<(f64, String)>,
    },
    Entry(Symbol<'a>, String),
}

/// What stands before a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Symbol<'a> {
    /// Of a level, filled or not.
    Area(LevelLook, bool),
    Mark(MarkStatus),
    Track(MarkStatus),
    /// Of a speed.
    Arrow(&'a FieldStyle, f64),
    /// Symbols as a style gives them.
    Given(&'a [crate::Symbol]),
}

pub(super) struct Panel<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) scheme: Scheme,
    pub(super) pixel_ratio: u32,
}

impl Panel<'_> {
    pub(super) fn draw(&self, size: LegendSize) -> Picture {
        let ratio = self.pixel_ratio;
        let (width, height) = self.size(size);
        let (ground, ink) = match self.scheme {
            Scheme::Day => ([255, 255, 255], [20, 20, 20, 255]),
            Scheme::Night => ([16, 8, 8], [200, 120, 110, 255]),
        };
        let bounds = [0.0, -f64::from(height) * DEG_PER_PX, f64::from(width) * DEG_PER_PX, 0.0];
        let view = MapView::new(MapCrs::Crs84, bounds, width, height).map(|view| view.with_pixel_ratio(ratio));
        let Some(mut canvas) = view.as_ref().ok().and_then(Canvas::of) else {
            return Picture::empty(width, height).on_ground(ground);
        };
        // A bar takes what is left over.
        let stretch = height - self.natural_height();
        let mut top = PADDING * ratio;
        for (item, item_height) in self.items.iter().zip(self.heights()) {
            let is_bar = matches!(item, Item::Bar { .. });
            let item_height = item_height + if is_bar { stretch } else { 0 };
            self.draw_item(&mut canvas, item, (top, item_height), ink);
            top += item_height;
        }
        canvas.finish().on_ground(ground)
    }

    /// Width and height: those that are wanted, or more where the texts need it.
    pub(super) fn size(&self, wanted: LegendSize) -> (u32, u32) {
        let (width, height) = (self.width(), self.natural_height());
        let limit = MapView::MAX_SIDE_PX;
        (
            wanted.width.unwrap_or(0).clamp(width, limit.max(width)),
            wanted.height.unwrap_or(0).clamp(height, limit.max(height)),
        )
    }

    fn natural_height(&self) -> u32 {
        self.heights().iter().sum::<u32>() + 2 * PADDING * self.pixel_ratio
    }

    fn heights(&self) -> Vec<u32> {
        let (ratio, line) = (self.pixel_ratio, line_height(self.pixel_ratio));
        let height = |item: &Item<'_>| match item {
            Item::Title(_) | Item::Heading(_) => line + 3 * ratio,
            Item::Bar { ticks, .. } => (BAR_HEIGHT * ratio).max(line * ticks.len() as u32) + line,
            Item::Entry(Symbol::Arrow(..), _) => ARROW_HEIGHT * ratio,
            Item::Entry(..) => (ENTRY_HEIGHT * ratio).max(line),
        };
        self.items.iter().map(height).collect()
    }

    fn width(&self) -> u32 {
        let ratio = self.pixel_ratio;
        let text = |text: &str| TextBits::of(text, ratio).width;
        let widths = self.items.iter().map(|item| match item {
            Item::Title(title) => text(title),
            Item::Bar { ticks, .. } => {
                SYMBOL_WIDTH * ratio + ticks.iter().map(|(_, label)| text(label)).max().unwrap_or(0)
            }
            Item::Heading(label) | Item::Entry(_, label) => SYMBOL_WIDTH * ratio + text(label),
        });
        widths.max().unwrap_or(0) + 2 * PADDING * ratio
    }

    fn draw_item(&self, canvas: &mut Canvas<'_>, item: &Item<'_>, (top, height): (u32, u32), ink: Rgba) {
        let ratio = self.pixel_ratio;
        let (left, text_left) = (i64::from(PADDING * ratio), i64::from((PADDING + SYMBOL_WIDTH) * ratio));
        let mut write = |text: &str, left: i64, middle: i64| {
            let text = TextBits::of(text, ratio);
            canvas.label(&text, (left, middle - i64::from(text.height) / 2), ink, [0; 4]);
        };
        let middle = i64::from(top + height / 2);
        match item {
            Item::Title(title) => write(title, left, middle),
            Item::Heading(heading) => write(heading, text_left, middle),
            Item::Entry(symbol, label) => {
                write(label, text_left, middle);
                self.draw_symbol(canvas, *symbol, (top, height));
            }
            Item::Bar { colour, ticks } => {
                // Half a line above and below belongs to the outermost numbers.
                let line = line_height(ratio);
                let (first, rows) = (i64::from(top + line / 2), i64::from(height - line));
                for (share, label) in ticks {
                    let at = first + libm::round((1.0 - share) * (rows - 1) as f64) as i64;
                    write(label, text_left, at);
                }
                let right = left + i64::from(BAR_WIDTH * ratio);
                for row in 0..rows {
                    let share = 1.0 - (row as f64 + 0.5) / rows as f64;
                    (left..right).for_each(|x| canvas.put((x, first + row), colour(share)));
                }
                for (share, _) in ticks {
                    let at = first + libm::round((1.0 - share) * (rows - 1) as f64) as i64;
                    (right..right + 4 * i64::from(ratio)).for_each(|x| canvas.put((x, at), ink));
                }
            }
        }
    }

    fn draw_symbol(&self, canvas: &mut Canvas<'_>, symbol: Symbol<'_>, (top, height): (u32, u32)) {
        let ratio = self.pixel_ratio;
        let px = |pixels: u32| f64::from(pixels) * DEG_PER_PX;
        let (left, right) = (px(PADDING * ratio), px((PADDING + SYMBOL_WIDTH - 8) * ratio));
        let (upper, lower) = (-px(top + 4 * ratio), -px(top + height - 4 * ratio));
        let middle = (upper + lower) / 2.0;
        match symbol {
            Symbol::Area(look, filled) => {
                let ring = [
                    (left, upper),
                    (right, upper),
                    (right, lower),
                    (left, lower),
                    (left, upper),
                ];
                let ring = LineString::new(ring.map(|(x, y)| Coord { x, y }).to_vec());
                if filled {
                    canvas.fill(&MultiPolygon::new(vec![Polygon::new(ring.clone(), vec![])]), look.fill);
                }
                canvas.stroke(&ring, &look.line());
            }
            Symbol::Mark(status) => {
                if let Some(sprite) = sprite(status, self.scheme, ratio) {
                    canvas.stamp(sprite, ((left + right) / 2.0, middle));
                }
            }
            Symbol::Track(status) => {
                let line = LineString::from(vec![(left, middle), (right, middle)]);
                canvas.stroke(&line, &track_pen(status, self.scheme));
                if let Some(sprite) = sprite(status, self.scheme, ratio) {
                    canvas.stamp(sprite, (right, middle));
                }
            }
            Symbol::Given(symbols) => crate::symbols::draw_sample(canvas, symbols, (left, lower), (right, upper)),
            Symbol::Arrow(style, speed) => {
                let arrow = super::arrow(style, speed, ratio);
                for y in 0..arrow.height() {
                    for x in 0..arrow.width() {
                        canvas.put((i64::from(PADDING * ratio + x), i64::from(top + y)), arrow.colour(x, y));
                    }
                }
            }
        }
    }
}

//! The legend under the map: what each line, mark and colour means, in rows.

use driftline_tiles::{DensityStyle, MarkStatus};

use super::{LAND, SHORE, Sheet, level_pen};
use crate::drawing::{Align, Colour, Drawing, Frame, Hand, INK, Mark, Pen, Spot, WHITE};

/// Height of a row in units of the design.
pub(super) const ROW: f32 = 23.0;
/// Width of a symbol.
const SYMBOL: f32 = 34.0;
/// Width of the colour ramp.
const RAMP: f32 = 150.0;
const TEXT: f32 = 13.0;

/// A symbol and what it means.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) symbol: Symbol,
    pub(crate) text: String,
}

/// What is shown in a legend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Symbol {
    /// A search area's outline.
    Area(f64),
    /// A particle.
    Particle(MarkStatus),
    /// The way of a particle.
    Track,
    /// The way of the datum, and the datum itself.
    Datum,
    /// Where the object started.
    Start,
    /// Colours from nothing to the highest density.
    Ramp(DensityStyle),
    Land,
}

impl Entry {
    pub(crate) fn new(symbol: Symbol, text: impl Into<String>) -> Self {
        Self {
            symbol,
            text: text.into(),
        }
    }

    fn symbol_width(&self) -> f32 {
        match self.symbol {
            Symbol::Ramp(_) => RAMP,
            _ => SYMBOL,
        }
    }
}

/// Entries by row with their left edges.
pub(super) fn rows(drawing: &Drawing<'_>, sheet: &Sheet) -> Vec<Vec<(usize, f32)>> {
    let unit = sheet.unit;
    let hand = Hand::regular(TEXT * unit);
    let (start, end) = (16.0 * unit, sheet.width - 12.0 * unit);
    let mut rows: Vec<Vec<(usize, f32)>> = Vec::new();
    let mut left = f32::MAX;
    for (number, entry) in sheet.legend.iter().enumerate() {
        let width = (entry.symbol_width() + 7.0) * unit + drawing.width(&entry.text, hand);
        match rows.last_mut() {
            Some(row) if left + width <= end => row.push((number, left)),
            _ => {
                left = start;
                rows.push(vec![(number, left)]);
            }
        }
        left += width + 22.0 * unit;
    }
    rows
}

pub(super) fn draw(drawing: &mut Drawing<'_>, sheet: &Sheet, rows: &[Vec<(usize, f32)>], map: Frame) {
    let unit = sheet.unit;
    let hand = Hand::regular(TEXT * unit);
    for (row, entries) in rows.iter().enumerate() {
        let middle = map.bottom() + (26.0 + ROW * (row as f32 + 0.5)) * unit;
        for (number, left) in entries {
            let entry = &sheet.legend[*number];
            symbol(drawing, entry.symbol, (*left, middle), unit);
            let text_left = left + (entry.symbol_width() + 7.0) * unit;
            drawing.text(entry.text.clone(), (text_left, middle + 4.6 * unit), hand, Align::Left);
        }
    }
}

fn symbol(drawing: &mut Drawing<'_>, symbol: Symbol, (left, y): Spot, unit: f32) {
    let right = left + SYMBOL * unit;
    let middle = ((left + right) / 2.0, y);
    match symbol {
        Symbol::Area(level) => drawing.line(&[(left, y), (right, y)], level_pen(level, unit)),
        Symbol::Particle(status) => {
            let (mark, size, colour) = particle_mark(status);
            drawing.marks(mark, vec![middle], size.max(3.0) * unit, colour);
        }
        Symbol::Track => drawing.line(&[(left, y), (right, y)], track_pen(unit)),
        Symbol::Datum => {
            drawing.line(&[(left, y), (right - 8.0 * unit, y)], datum_pen(unit));
            datum_mark(drawing, (right - 8.0 * unit, y), unit);
        }
        Symbol::Start => start_mark(drawing, middle, unit),
        Symbol::Ramp(style) => ramp(drawing, &style, (left, y), unit),
        Symbol::Land => {
            let swatch = Frame {
                left: left + 4.0 * unit,
                top: y - 7.0 * unit,
                width: 26.0 * unit,
                height: 14.0 * unit,
            };
            drawing.fill(swatch.path(), LAND);
            drawing.stroke(swatch.path(), Pen::solid(SHORE, 1.1 * unit));
        }
    }
}

fn ramp(drawing: &mut Drawing<'_>, style: &DensityStyle, (left, y): Spot, unit: f32) {
    const STEPS: usize = 50;
    let frame = Frame {
        left,
        top: y - 7.0 * unit,
        width: RAMP * unit,
        height: 14.0 * unit,
    };
    let step = frame.width / STEPS as f32;
    for at in 0..STEPS {
        let piece = Frame {
            left: left + step * at as f32,
            width: step,
            ..frame
        };
        let colour = style.colour((at as f64 + 0.5) / STEPS as f64);
        drawing.fill(piece.path(), over_sea(colour));
    }
    drawing.stroke(frame.path(), Pen::solid(INK, 0.8 * unit));
}

/// A translucent colour as it looks on the sea.
fn over_sea([r, g, b, a]: Colour) -> Colour {
    let mix = |top: u8, ground: u8| {
        let (top, ground, a) = (u16::from(top), u16::from(ground), u16::from(a));
        ((top * a + ground * (255 - a) + 127) / 255) as u8
    };
    let [sea_r, sea_g, sea_b, _] = super::SEA;
    [mix(r, sea_r), mix(g, sea_g), mix(b, sea_b), 255]
}

/// Mark, size in units of the design and colour of a particle.
pub(super) fn particle_mark(status: MarkStatus) -> (Mark, f32, Colour) {
    match status {
        MarkStatus::Active => (Mark::Disc, 1.7, [0x00, 0x5f, 0x9e, 150]),
        MarkStatus::Stranded => (Mark::Diamond, 3.8, [0xb0, 0x2a, 0x00, 255]),
        MarkStatus::MissingData => (Mark::Cross, 2.8, [0x5a, 0x5a, 0x5a, 255]),
    }
}

pub(super) fn track_pen(unit: f32) -> Pen {
    Pen::solid([0x2f, 0x7f, 0xb5, 110], 1.0 * unit)
}

pub(super) fn datum_pen(unit: f32) -> Pen {
    Pen::solid(INK, 2.0 * unit)
}

/// The datum: a circle with a cross in it.
pub(super) fn datum_mark(drawing: &mut Drawing<'_>, (x, y): Spot, unit: f32) {
    let radius = 6.5 * unit;
    let circle = || tiny_skia::PathBuilder::from_circle(x, y, radius);
    drawing.fill(circle(), WHITE);
    let pen = Pen::solid(INK, 1.8 * unit);
    drawing.stroke(circle(), pen);
    drawing.line(&[(x - radius, y), (x + radius, y)], pen);
    drawing.line(&[(x, y - radius), (x, y + radius)], pen);
}

/// A start: a triangle.
pub(super) fn start_mark(drawing: &mut Drawing<'_>, (x, y): Spot, unit: f32) {
    let side = 7.0 * unit;
    let corners = [(x, y - side), (x + side, y + 0.75 * side), (x - side, y + 0.75 * side)];
    let path = || crate::drawing::closed_path([corners.as_slice()]);
    drawing.fill(path(), [0xff, 0xd7, 0x3a, 255]);
    drawing.stroke(path(), Pen::solid(INK, 1.8 * unit));
}

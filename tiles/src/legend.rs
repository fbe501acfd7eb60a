//! Legends: what the colours, lines and marks of a layer mean, with numbers and units.
//!
//! Speeds in m/s and knots, waves in metres, densities per square kilometre and per square nautical mile.

mod panel;

use driftline_domain::{GridSpec, RegularGrid, VectorField};

use crate::areas::{LevelLook, level_text};
use crate::{
    AreaLook, AreaStyle, DensityStyle, FieldLook, FieldSlab, FieldStyle, LineStyle, MapCrs, MapView, MarkStatus,
    Picture, PointStyle, Quantity, Reading, Scheme, draw_field,
};
use panel::{Item, Panel, Symbol};

/// Knots in a metre per second: 3600 s over 1852 m.
const KN_PER_MS: f64 = 3600.0 / 1852.0;
/// Square kilometres in a square nautical mile.
const KM2_PER_NM2: f64 = 1.852 * 1.852;
/// Where a bar of colours has numbers.
const TICKS: [f64; 5] = [1.0, 0.75, 0.5, 0.25, 0.0];

/// What a legend explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LegendSubject<'a> {
    /// Currents, wind or waves.
    Field(Quantity, &'a FieldStyle),
    /// Probability density; the highest value per km2 where it is known and the style has no range of its own. Without
    /// either the legend speaks of shares of the highest density.
    Density(&'a DensityStyle, Option<f64>),
    /// Search areas of these levels.
    Areas(&'a AreaStyle, &'a [f64]),
    /// Particles.
    Points(&'a PointStyle),
    /// Tracks.
    Lines(&'a LineStyle),
    /// Symbols with what they stand for, under a title.
    Symbols(&'a str, &'a [(String, Vec<crate::Symbol>)]),
}

/// The size wanted of a legend; the picture is larger where the text needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegendSize {
    /// Pixels in a row.
    pub width: Option<u32>,
    /// Rows.
    pub height: Option<u32>,
    /// Pixels where an ordinary screen has one; 0 counts as 1.
    pub pixel_ratio: u32,
}

/// Draws a legend, on an opaque ground.
pub fn draw_legend(subject: &LegendSubject<'_>, size: LegendSize) -> Picture {
    panel(subject, size).draw(size)
}

/// Width and height that a legend will have.
pub fn legend_size(subject: &LegendSubject<'_>, size: LegendSize) -> (u32, u32) {
    panel(subject, size).size(size)
}

fn panel<'a>(subject: &LegendSubject<'a>, size: LegendSize) -> Panel<'a> {
    let (scheme, items) = match subject {
        LegendSubject::Field(quantity, style) => (Scheme::Day, field(*quantity, style)),
        LegendSubject::Density(style, highest) => (Scheme::Day, density(style, *highest)),
        LegendSubject::Areas(style, levels) => (style.scheme, areas(style, levels)),
        LegendSubject::Points(style) => (style.scheme, marks("Particles", Symbol::Mark)),
        LegendSubject::Lines(style) => (style.scheme, marks("Tracks", Symbol::Track)),
        LegendSubject::Symbols(title, symbols) => {
            let entries = symbols
                .iter()
                .map(|(text, symbols)| Item::Entry(Symbol::Given(symbols), text.clone()));
            let items = std::iter::once(Item::Title((*title).to_owned())).chain(entries);
            (Scheme::Day, items.collect())
        }
    };
    Panel {
        items,
        scheme,
        pixel_ratio: size.pixel_ratio.clamp(1, 4),
    }
}

fn field(quantity: Quantity, style: &FieldStyle) -> Vec<Item<'_>> {
    let (title, unit) = match quantity {
        Quantity::Current => ("Current", "m/s"),
        Quantity::Wind => ("Wind", "m/s"),
        Quantity::WaveHeight => ("Significant wave height", "m"),
    };
    let in_units = |value: f64| match quantity {
        Quantity::Current | Quantity::Wind => {
            format!(
                "{:>6} {:>7}",
                number(value, style.range),
                number(value * KN_PER_MS, style.range)
            )
        }
        Quantity::WaveHeight => format!("{:>6}", number(value, style.range)),
    };
    let mut items = vec![Item::Title(title.to_owned())];
    let (low, high) = style.range;
    if style.look.has_colours() {
        items.push(Item::Heading(match quantity {
            Quantity::Current | Quantity::Wind => format!("{unit:>6} {:>7}", "kn"),
            Quantity::WaveHeight => format!("{unit:>6}"),
        }));
        let colours = style.colours;
        items.push(Item::Bar {
            colour: Box::new(move |share| {
                let bands = style.bands.map_or(1e6, f64::from);
                colours.rgba((libm::floor(share * bands).min(bands - 1.0) + 0.5) / bands)
            }),
            ticks: TICKS
                .map(|share| (share, in_units(low + (high - low) * share)))
                .to_vec(),
        });
    }
    if style.look.has_barbs() {
        for knots in [5.0, 10.0, 50.0] {
            let text = format!("{knots} kn");
            items.push(Item::Entry(Symbol::Arrow(style, knots / KN_PER_MS), text));
        }
        items.push(Item::Title("Staffs point to where it comes from".to_owned()));
    } else if style.look.has_marks() {
        for share in [1.0, 0.5] {
            let speed = high * share;
            let text = match quantity {
                Quantity::WaveHeight => format!("{} m", number(speed, style.range)),
                _ => format!(
                    "{} m/s, {} kn",
                    number(speed, style.range),
                    number(speed * KN_PER_MS, style.range)
                ),
            };
            items.push(Item::Entry(Symbol::Arrow(style, speed), text));
        }
        items.push(Item::Title("Arrows point to where it goes".to_owned()));
    }
    items
}

fn density(style: &DensityStyle, highest: Option<f64>) -> Vec<Item<'_>> {
    let mut items = vec![Item::Title("Probability density".to_owned())];
    let range = style.range.or(highest.map(|highest| (0.0, highest)));
    let text = |share: f64| match range {
        Some((low, high)) => {
            let value = low + (high - low) * share;
            format!("{:>8} {:>8}", scientific(value), scientific(value * KM2_PER_NM2))
        }
        None => format!("{:>4} % of the highest", libm::round(share * 100.0)),
    };
    if range.is_some() {
        items.push(Item::Heading(format!("{:>8} {:>8}", "1/km²", "1/nm²")));
    }
    items.push(Item::Bar {
        colour: Box::new(|share| style.colour(share)),
        ticks: TICKS.map(|share| (share, text(share))).to_vec(),
    });
    items
}

fn areas<'a>(style: &AreaStyle, levels: &[f64]) -> Vec<Item<'a>> {
    let mut items = vec![Item::Title("Search areas".to_owned())];
    let mut levels = levels.to_vec();
    levels.sort_by(f64::total_cmp);
    items.extend(levels.into_iter().map(|level| {
        let look = LevelLook::of(level, style.scheme);
        let text = format!("{} of the probability", level_text(level));
        Item::Entry(Symbol::Area(look, style.look == AreaLook::Filled), text)
    }));
    items
}

fn marks<'a>(title: &str, symbol: fn(MarkStatus) -> Symbol<'a>) -> Vec<Item<'a>> {
    let entry = |status: MarkStatus| Item::Entry(symbol(status), status.text().to_owned());
    let title = Item::Title(title.to_owned());
    std::iter::once(title).chain(MarkStatus::ALL.map(entry)).collect()
}

/// With as many decimals as the range needs.
fn number(value: f64, (low, high): (f64, f64)) -> String {
    let decimals = match high - low {
        span if span > 200.0 => 0,
        span if span > 2.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

fn scientific(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.1e}")
    }
}

/// An arrow as the map would draw it for this speed, eastwards.
pub(crate) fn arrow(style: &FieldStyle, speed: f64, pixel_ratio: u32) -> Picture {
    let side = 32 * pixel_ratio;
    let grid = GridSpec::Regular(RegularGrid {
        nx: 2,
        ny: 2,
        lon0_deg: -1.0,
        lat0_deg: -1.0,
        dlon_deg: 2.0,
        dlat_deg: 2.0,
    });
    let field = VectorField {
        east: vec![speed as f32; 4],
        north: vec![0.0; 4],
    };
    let slab = FieldSlab {
        grid: &grid,
        field: &field,
        reading: Reading::Vector,
    };
    let style = FieldStyle {
        look: if style.look.has_barbs() {
            FieldLook::Barbs
        } else {
            FieldLook::Arrows
        },
        ..*style
    };
    match MapView::new(MapCrs::Crs84, [-1.0, -1.0, 1.0, 1.0], side, side) {
        Ok(view) => draw_field(&view.with_pixel_ratio(pixel_ratio), &[slab], &style),
        Err(_) => Picture::empty(side, side),
    }
}

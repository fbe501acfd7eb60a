//! Search areas in a picture: translucent fills, outlines, labels.
//!
//! Levels can be told apart without colours (WCAG 2.2, 1.4.1): 50 % is drawn with a solid line, 90 % dashed, 95 % dotted,
//! and each carries its number. Colours of the day are of Okabe and Ito's set, which the common colour vision deficiencies
//! keep apart; those of the night are dim and red.

use geo::{Area, BoundingRect, Coord, LineString, MultiPolygon, Polygon};

use crate::canvas::{Canvas, Dash, Pen};
use crate::picture::Rgba;
use crate::text::TextBits;
use crate::{MapView, Picture};

/// Polygons that hold a share of the probability.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaShape {
    /// The share, 0.5 for the 50 % area.
    pub level: f64,
    /// Longitude and latitude in degrees, cut at the antimeridian (RFC 7946, 3.1.9).
    pub polygons: MultiPolygon<f64>,
}

/// What is drawn of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaLook {
    /// A translucent fill and the outline.
    Filled,
    /// The outline only.
    Outline,
}

/// For which ground colours are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// A light map.
    Day,
    /// A dark bridge: dim, and red rather than blue.
    Night,
}

/// How areas are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaStyle {
    /// Fill or not.
    pub look: AreaLook,
    /// Day or night.
    pub scheme: Scheme,
}

/// Draws areas, whatever their order the largest share at the bottom.
pub fn draw_areas(view: &MapView, areas: &[AreaShape], style: &AreaStyle) -> Picture {
    draw_areas_while(view, areas, style, &|| true)
}

/// The same for as long as it is wanted, which is asked before each area; what is drawn by then comes back.
pub fn draw_areas_while(
    view: &MapView,
    areas: &[AreaShape],
    style: &AreaStyle,
    is_wanted: &dyn Fn() -> bool,
) -> Picture {
    let Some(mut canvas) = Canvas::of(view) else {
        return Picture::empty(view.width, view.height);
    };
    let mut order: Vec<&AreaShape> = areas.iter().collect();
    order.sort_by(|a, b| b.level.total_cmp(&a.level));
    if style.look == AreaLook::Filled {
        for area in order.iter().take_while(|_| is_wanted()) {
            canvas.fill(&area.polygons, LevelLook::of(area.level, style.scheme).fill);
        }
    }
    for area in order.iter().take_while(|_| is_wanted()) {
        let look = LevelLook::of(area.level, style.scheme);
        for line in area.polygons.iter().flat_map(area_rims) {
            canvas.stroke(&line, &look.casing());
            canvas.stroke(&line, &look.line());
        }
    }
    for area in &order {
        label(&mut canvas, area, style.scheme);
    }
    canvas.finish()
}

/// The colour of a level's outline on every map, red, green, blue.
pub fn level_colour(level: f64, scheme: Scheme) -> [u8; 3] {
    let [r, g, b, _] = LevelLook::of(level, scheme).colour;
    [r, g, b]
}

/// How a level is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelLook {
    pub(crate) fill: Rgba,
    pub(crate) colour: Rgba,
    pub(crate) halo: Rgba,
    pub(crate) dash: Dash,
}

impl LevelLook {
    /// Levels between the usual ones look like the next higher one.
    pub(crate) fn of(level: f64, scheme: Scheme) -> Self {
        let (dash, fill_alpha, day, night) = if level <= 0.5 {
            (Dash::Solid, 84, [0xd5, 0x5e, 0x00], [0xe0, 0x5a, 0x4e])
        } else if level <= 0.9 {
            (Dash::Dashed, 64, [0x00, 0x72, 0xb2], [0xb8, 0x43, 0x3c])
        } else {
            (Dash::Dotted, 48, [0x3d, 0x3d, 0x4d], [0x8f, 0x38, 0x34])
        };
        let ([r, g, b], halo) = match scheme {
            Scheme::Day => (day, [255, 255, 255, 200]),
            Scheme::Night => (night, [0, 0, 0, 200]),
        };
        Self {
            fill: [r, g, b, fill_alpha],
            colour: [r, g, b, 255],
            halo,
            dash,
        }
    }

    pub(crate) fn line(&self) -> Pen {
        Pen {
            colour: self.colour,
            width: if self.dash == Dash::Dotted { 2.8 } else { 2.0 },
            dash: self.dash,
        }
    }

    pub(crate) fn casing(&self) -> Pen {
        let line = self.line();
        Pen {
            colour: self.halo,
            width: line.width + 2.0,
            ..line
        }
    }
}

/// "50 %".
pub(crate) fn level_text(level: f64) -> String {
    format!("{} %", libm::round(level * 1000.0) / 10.0)
}

/// The outline of a polygon, without the edges that exist only because the polygon was cut at the antimeridian or closed
/// over a pole.
pub fn area_rims(polygon: &Polygon<f64>) -> Vec<LineString<f64>> {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.flat_map(visible_parts).collect()
}

fn visible_parts(ring: &LineString<f64>) -> Vec<LineString<f64>> {
    let is_cut = |a: Coord, b: Coord| {
        let on = |a: f64, b: f64, limit: f64| (a.abs() - limit).abs() < 1e-9 && a == b;
        on(a.x, b.x, 180.0) || on(a.y, b.y, 90.0)
    };
    let mut parts: Vec<Vec<Coord>> = Vec::new();
    let mut open = false;
    for edge in ring.lines() {
        let cut = is_cut(edge.start, edge.end);
        match parts.last_mut() {
            _ if cut => {}
            Some(part) if open => part.push(edge.end),
            _ => parts.push(vec![edge.start, edge.end]),
        }
        open = !cut;
    }
    // Where the ring's own seam is no cut, the last part goes on with the first one.
    if open && parts.len() > 1 && parts[0].first() == parts.last().and_then(|part| part.last()) {
        let first = parts.remove(0);
        if let Some(last) = parts.last_mut() {
            last.extend(first.into_iter().skip(1));
        }
    }
    parts.into_iter().map(LineString::new).collect()
}

/// Writes the level beside the largest part, and beside others that are large on the screen. 50 % stands in the north of
/// its area, 90 % in the east, 95 % in the south, so that they do not cover each other.
fn label(canvas: &mut Canvas<'_>, area: &AreaShape, scheme: Scheme) {
    const LARGE_PX: f64 = 60.0;
    let look = LevelLook::of(area.level, scheme);
    let ratio = canvas.view.pixel_ratio;
    let text = TextBits::of(&level_text(area.level), ratio);
    let (width, height, gap) = (i64::from(text.width), i64::from(text.height), 4 * i64::from(ratio));
    let largest = area.polygons.iter().map(Polygon::unsigned_area).fold(0.0, f64::max);
    for polygon in &area.polygons {
        let on_screen = polygon.bounding_rect().map_or(0.0, |rect| {
            let (low, high) = (
                canvas.view.plane(rect.min().x, rect.min().y),
                canvas.view.plane(rect.max().x, rect.max().y),
            );
            let (across, down) = canvas.view.scale();
            ((high.0 - low.0) * across).min((high.1 - low.1) * down)
        });
        if polygon.unsigned_area() < largest && on_screen < LARGE_PX * f64::from(ratio) {
            continue;
        }
        let towards = |coord: &Coord| match look.dash {
            Dash::Solid => coord.y,
            Dash::Dashed => coord.x,
            Dash::Dotted => -coord.y,
        };
        let offset = match look.dash {
            Dash::Solid => (-width / 2, -height - gap),
            Dash::Dashed => (gap, -height / 2),
            Dash::Dotted => (-width / 2, gap),
        };
        let corners = polygon.exterior().coords();
        let Some(anchor) = corners.max_by(|a, b| towards(a).total_cmp(&towards(b))) else {
            continue;
        };
        let places: Vec<(i64, i64)> = canvas.pixels_of(anchor.x, anchor.y).collect();
        for (x, y) in places {
            canvas.label(&text, (x + offset.0, y + offset.1), look.colour, look.halo);
        }
    }
}

//! Particles and tracks in a picture. States differ by shape as well as by colour: drifting particles are discs, stranded
//! ones squares on their corner, those that left the forcing are crosses.

use std::sync::OnceLock;

use geo::MultiLineString;
use tiny_skia::{FillRule, LineCap, Path, PathBuilder, Pixmap, Stroke, Transform};

use crate::canvas::{Canvas, Dash, Pen, paint};
use crate::picture::Rgba;
use crate::{MapView, Picture, Scheme};

/// State of a particle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkStatus {
    /// Drifting.
    Active,
    /// Ashore.
    Stranded,
    /// Left the forcing.
    MissingData,
}

/// How particles are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointStyle {
    /// Day or night.
    pub scheme: Scheme,
}

/// How tracks are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStyle {
    /// Day or night.
    pub scheme: Scheme,
}

/// The way of one particle.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Longitude and latitude in degrees, cut at the antimeridian.
    pub parts: MultiLineString<f64>,
    /// State at the end.
    pub status: MarkStatus,
}

impl MarkStatus {
    /// Every state, the one drawn last at the end.
    pub const ALL: [Self; 3] = [Self::Active, Self::MissingData, Self::Stranded];

    /// The state of a number of the run's files: 0 drifting, 1 ashore, 2 without forcing; `None` for others.
    pub fn of_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Active),
            1 => Some(Self::Stranded),
            2 => Some(Self::MissingData),
            _ => None,
        }
    }

    /// What legends say.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Active => "drifting",
            Self::Stranded => "stranded",
            Self::MissingData => "out of forcing",
        }
    }

    pub(crate) fn colour(self, scheme: Scheme) -> Rgba {
        match (self, scheme) {
            (Self::Active, Scheme::Day) => [0x00, 0x5f, 0x9e, 255],
            (Self::Stranded, Scheme::Day) => [0xc8, 0x3c, 0x00, 255],
            (Self::MissingData, Scheme::Day) => [0x5a, 0x5a, 0x5a, 255],
            (Self::Active, Scheme::Night) => [0xa8, 0x4a, 0x44, 255],
            (Self::Stranded, Scheme::Night) => [0xff, 0x8a, 0x5c, 255],
            (Self::MissingData, Scheme::Night) => [0x70, 0x50, 0x50, 255],
        }
    }
}

/// The colour of a state's marks on every map, red, green, blue.
pub fn mark_colour(status: MarkStatus, scheme: Scheme) -> [u8; 3] {
    let [r, g, b, _] = status.colour(scheme);
    [r, g, b]
}

/// Draws particles; `status` holds the numbers of [`MarkStatus::of_code`]. Where the columns differ in length the
/// shortest counts; positions that are no numbers and unknown states are left out.
pub fn draw_points(view: &MapView, lon_deg: &[f64], lat_deg: &[f64], status: &[u8], style: &PointStyle) -> Picture {
    let Some(mut canvas) = Canvas::of(view) else {
        return Picture::empty(view.width, view.height);
    };
    for drawn in MarkStatus::ALL {
        let Some(sprite) = sprite(drawn, style.scheme, view.pixel_ratio) else {
            continue;
        };
        let mut seen = Seen::of(view);
        for ((lon, lat), code) in lon_deg.iter().zip(lat_deg).zip(status) {
            if MarkStatus::of_code(*code) != Some(drawn) || !lon.is_finite() || !(-90.0..=90.0).contains(lat) {
                continue;
            }
            for pixel in canvas.pixels_of(*lon, *lat) {
                // In a dense cloud hundreds of particles share a pixel.
                if seen.is_first(pixel) {
                    canvas.stamp_at(sprite, pixel);
                }
            }
        }
    }
    canvas.finish()
}

/// Draws tracks, with the mark of its state at the end of each.
pub fn draw_lines(view: &MapView, tracks: &[Track], style: &LineStyle) -> Picture {
    let Some(mut canvas) = Canvas::of(view) else {
        return Picture::empty(view.width, view.height);
    };
    for track in tracks {
        let pen = track_pen(track.status, style.scheme);
        for part in &track.parts {
            canvas.stroke(part, &pen);
        }
    }
    for track in tracks {
        let sprite = sprite(track.status, style.scheme, view.pixel_ratio);
        let end = track.parts.0.last().and_then(|part| part.0.last());
        if let (Some(sprite), Some(end)) = (sprite, end) {
            canvas.stamp(sprite, (end.x, end.y));
        }
    }
    canvas.finish()
}

pub(crate) fn track_pen(status: MarkStatus, scheme: Scheme) -> Pen {
    let [r, g, b, _] = status.colour(scheme);
    Pen {
        colour: [r, g, b, 170],
        width: 1.3,
        dash: Dash::Solid,
    }
}

/// Pixels, and those around the picture that marks reach in from, that have a mark already.
struct Seen {
    width: i64,
    marked: Vec<bool>,
}

impl Seen {
    const AROUND: i64 = 128;

    fn of(view: &MapView) -> Self {
        let side = |pixels: u32| i64::from(pixels) + 2 * Self::AROUND;
        Self {
            width: side(view.width),
            marked: vec![false; (side(view.width) * side(view.height)) as usize],
        }
    }

    fn is_first(&mut self, (x, y): (i64, i64)) -> bool {
        let at = (y + Self::AROUND) * self.width + x + Self::AROUND;
        let Some(marked) = usize::try_from(at).ok().and_then(|at| self.marked.get_mut(at)) else {
            return false;
        };
        !std::mem::replace(marked, true)
    }
}

/// The mark of a state, drawn once for each pixel ratio.
pub(crate) fn sprite(status: MarkStatus, scheme: Scheme, pixel_ratio: u32) -> Option<&'static Pixmap> {
    static SPRITES: [OnceLock<Option<Pixmap>>; 24] = [const { OnceLock::new() }; 24];
    let ratio = pixel_ratio.clamp(1, 4);
    let at = (ratio as usize - 1) * 6 + status as usize * 2 + usize::from(scheme == Scheme::Night);
    SPRITES[at]
        .get_or_init(|| drawn_sprite(status, scheme, ratio as f32))
        .as_ref()
}

fn drawn_sprite(status: MarkStatus, scheme: Scheme, ratio: f32) -> Option<Pixmap> {
    let side = (11.0 * ratio) as u32 | 1;
    let mut pixmap = Pixmap::new(side, side)?;
    let middle = side as f32 / 2.0;
    let place = Transform::from_scale(ratio, ratio).post_translate(middle, middle);
    let (path, line_width) = shape(status)?;
    let casing = match scheme {
        Scheme::Day => [255, 255, 255, 190],
        Scheme::Night => [0, 0, 0, 190],
    };
    let stroke = |width: f32| Stroke {
        width,
        line_cap: LineCap::Round,
        ..Stroke::default()
    };
    pixmap.stroke_path(&path, &paint(casing), &stroke(line_width + 1.6), place, None);
    let colour = paint(status.colour(scheme));
    if line_width > 0.0 {
        pixmap.stroke_path(&path, &colour, &stroke(line_width), place, None);
    } else {
        pixmap.fill_path(&path, &colour, FillRule::Winding, place, None);
    }
    Some(pixmap)
}

/// The shape of a mark around (0, 0) in pixels of an ordinary screen, and the width of its line; 0 for a filled one.
fn shape(status: MarkStatus) -> Option<(Path, f32)> {
    match status {
        MarkStatus::Active => Some((PathBuilder::from_circle(0.0, 0.0, 2.0)?, 0.0)),
        MarkStatus::Stranded => {
            let mut path = PathBuilder::new();
            path.move_to(0.0, -3.4);
            path.line_to(3.4, 0.0);
            path.line_to(0.0, 3.4);
            path.line_to(-3.4, 0.0);
            path.close();
            Some((path.finish()?, 0.0))
        }
        MarkStatus::MissingData => {
            let mut path = PathBuilder::new();
            path.move_to(-2.2, -2.2);
            path.line_to(2.2, 2.2);
            path.move_to(2.2, -2.2);
            path.line_to(-2.2, 2.2);
            Some((path.finish()?, 1.3))
        }
    }
}

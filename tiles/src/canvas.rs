//! A picture in the making: geometry in degrees is brought into the view, each copy of the world that shows up in it,
//! cut to the picture, and drawn with soft edges.

mod bent;

use geo::{LineString, MultiPolygon};
use tiny_skia::{
    BlendMode, Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Stroke,
    StrokeDash, Transform,
};

use crate::clip::{Frame, Place};
use crate::picture::{Picture, Rgba};
use crate::text::TextBits;
use crate::view::MapView;

/// Content is drawn this far beyond the picture, so that cuts stay out of sight.
const MARGIN_PX: f64 = 24.0;

/// A line's looks; lengths in pixels of an ordinary screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    pub(crate) colour: Rgba,
    pub(crate) width: f32,
    pub(crate) dash: Dash,
}

/// What a line is broken into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

pub(crate) struct Canvas<'a> {
    pub(crate) view: &'a MapView,
    pixels: Pixmap,
    frame: Frame,
    reach: Reach,
    drawn: bool,
}

/// What finding the pixels of a position needs, worked out once.
#[derive(Clone, Copy)]
struct Reach {
    x0: f64,
    y1: f64,
    /// Pixels per unit.
    across: f64,
    down: f64,
    /// A turn around the globe in pixels; `None` where the world does not repeat.
    turn_px: Option<f64>,
    /// Columns from and to which positions count.
    left: f64,
    right: f64,
    /// Latitudes of the frame's edges.
    lat_deg: (f64, f64),
}

impl Reach {
    fn of(view: &MapView, frame: &Frame) -> Self {
        let (across, down) = view.scale();
        let lat = |row: f64| view.lon_lat(0.0, row).1.clamp(-90.0, 90.0);
        let lat_deg = if view.repeats() {
            (lat(frame.y1), lat(frame.y0))
        } else {
            // A margin for marks: what is projected in vain is cut off below.
            view.geographic_bounds().map_or((0.0, -0.0), |bbox| {
                let margin = 0.25 * (bbox.north - bbox.south);
                (bbox.south - margin, bbox.north + margin)
            })
        };
        Self {
            x0: view.bounds[0],
            y1: view.bounds[3],
            across,
            down,
            turn_px: view.repeats().then_some(view.turn() * across),
            left: frame.x0,
            right: frame.x1,
            lat_deg,
        }
    }
}

impl<'a> Canvas<'a> {
    /// `None` for a picture larger than memory can address.
    pub(crate) fn of(view: &'a MapView) -> Option<Self> {
        let margin = MARGIN_PX * f64::from(view.pixel_ratio);
        let frame = Frame {
            x0: -margin,
            y0: -margin,
            x1: f64::from(view.width) + margin,
            y1: f64::from(view.height) + margin,
        };
        Some(Self {
            view,
            pixels: Pixmap::new(view.width, view.height)?,
            reach: Reach::of(view, &frame),
            frame,
            drawn: false,
        })
    }

    pub(crate) fn finish(self) -> Picture {
        let (width, height) = (self.view.width, self.view.height);
        if !self.drawn {
            return Picture::empty(width, height);
        }
        Picture::rgba(width, height, self.pixels.take_demultiplied())
    }

    /// Fills polygons, even-odd. What was drawn there before is replaced, not mixed: areas within each other keep the
    /// colours of their legend.
    pub(crate) fn fill(&mut self, polygons: &MultiPolygon<f64>, colour: Rgba) {
        self.fill_as(polygons, colour, BlendMode::Source);
    }

    /// Fills polygons, even-odd, over what was drawn before.
    pub(crate) fn fill_over(&mut self, polygons: &MultiPolygon<f64>, colour: Rgba) {
        self.fill_as(polygons, colour, BlendMode::SourceOver);
    }

    fn fill_as(&mut self, polygons: &MultiPolygon<f64>, colour: Rgba, blend_mode: BlendMode) {
        let mut path = PathBuilder::new();
        for polygon in polygons {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                // Only far outside of every picture has a projected plane no place for a corner.
                let mut places = self.plane_places(ring);
                places.retain(|(x, y)| x.is_finite() && y.is_finite());
                for shift in self.shifts(&places) {
                    let clipped = self.frame.clip_ring(&self.pixel_places(&places, shift));
                    trace(&mut path, &clipped);
                    path.close();
                }
            }
        }
        let Some(path) = path.finish() else { return };
        self.drawn = true;
        let mut paint = paint(colour);
        paint.blend_mode = blend_mode;
        self.pixels
            .fill_path(&path, &paint, FillRule::EvenOdd, Transform::identity(), None);
    }

    /// Draws a line.
    pub(crate) fn stroke(&mut self, line: &LineString<f64>, pen: &Pen) {
        let ratio = self.view.pixel_ratio as f32;
        self.stroke_with(line, pen.colour, |before| Stroke {
            width: pen.width * ratio,
            line_cap: pen.dash.cap(),
            line_join: LineJoin::Round,
            dash: pen.dash.after(before, ratio),
            ..Stroke::default()
        });
    }

    /// Draws a line with a stroke that may depend on how many pixels of the line lie before a piece of it.
    pub(crate) fn stroke_with(&mut self, line: &LineString<f64>, colour: Rgba, stroke: impl Fn(f64) -> Stroke) {
        let places = self.plane_places(line);
        for part in places.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
            for shift in self.shifts(part) {
                for piece in self.frame.clip_line(&self.pixel_places(part, shift)) {
                    let mut path = PathBuilder::new();
                    trace(&mut path, &piece.places);
                    let Some(path) = path.finish() else { continue };
                    self.drawn = true;
                    self.pixels.stroke_path(
                        &path,
                        &paint(colour),
                        &stroke(piece.before),
                        Transform::identity(),
                        None,
                    );
                }
            }
        }
    }

    /// Lays a small picture over each copy of a position; its middle stands on it.
    pub(crate) fn stamp(&mut self, sprite: &Pixmap, (lon_deg, lat_deg): (f64, f64)) {
        for (x, y) in self.pixels_of(lon_deg, lat_deg) {
            self.stamp_at(sprite, (x, y));
        }
    }

    /// Whole pixels of each copy of a position that can show up in the picture.
    #[inline]
    pub(crate) fn pixels_of(&self, lon_deg: f64, lat_deg: f64) -> impl Iterator<Item = (i64, i64)> + use<> {
        let reach = self.reach;
        let place = (reach.lat_deg.0..=reach.lat_deg.1).contains(&lat_deg).then(|| {
            let (x, y) = self.view.plane(lon_deg, lat_deg);
            let (px, py) = ((x - reach.x0) * reach.across, (reach.y1 - y) * reach.down);
            match reach.turn_px {
                // The westernmost copy in the frame; what is no number stays none and is left out below.
                Some(turn_px) => (px - turn_px * libm::floor((px - reach.left) / turn_px), py),
                None if px >= reach.left => (px, py),
                None => (f64::NAN, py),
            }
        });
        place.into_iter().flat_map(move |(first, py)| {
            let copies = std::iter::successors(Some(first), move |px| Some(px + reach.turn_px?));
            copies
                .take_while(move |px| *px <= reach.right)
                .map(move |px| (libm::floor(px) as i64, libm::floor(py) as i64))
        })
    }

    pub(crate) fn stamp_at(&mut self, sprite: &Pixmap, (x, y): (i64, i64)) {
        let (side_x, side_y) = (i64::from(sprite.width()), i64::from(sprite.height()));
        let (left, top) = (x - side_x / 2, y - side_y / 2);
        let (width, height) = (i64::from(self.view.width), i64::from(self.view.height));
        let columns = left.max(0)..(left + side_x).min(width);
        for row in top.max(0)..(top + side_y).min(height) {
            for column in columns.clone() {
                let from = sprite.pixels()[((row - top) * side_x + column - left) as usize];
                if from.alpha() != 0 {
                    let pixel = &mut self.pixels.pixels_mut()[(row * width + column) as usize];
                    *pixel = premultiplied_over(from, *pixel);
                    self.drawn = true;
                }
            }
        }
    }

    /// Writes a text whose upper left corner stands at a pixel, on a halo that keeps it readable on any ground.
    pub(crate) fn label(&mut self, text: &TextBits, (left, top): (i64, i64), colour: Rgba, halo: Rgba) {
        for y in -1..=i64::from(text.height) {
            for x in -1..=i64::from(text.width) {
                let near = || (-1..=1).any(|dy| (-1..=1).any(|dx| text.is_set(x + dx, y + dy)));
                if text.is_set(x, y) {
                    self.put((left + x, top + y), colour);
                } else if halo[3] != 0 && near() {
                    self.put((left + x, top + y), halo);
                }
            }
        }
    }

    /// Lays a colour over one pixel.
    pub(crate) fn put(&mut self, (x, y): (i64, i64), colour: Rgba) {
        let (width, height) = (i64::from(self.view.width), i64::from(self.view.height));
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let [r, g, b, a] = colour;
            let top = tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
            let pixel = &mut self.pixels.pixels_mut()[(y * width + x) as usize];
            *pixel = premultiplied_over(top, *pixel);
            self.drawn = true;
        }
    }

    fn plane_places(&self, line: &LineString<f64>) -> Vec<Place> {
        if self.view.repeats() {
            return line.coords().map(|coord| self.view.plane(coord.x, coord.y)).collect();
        }
        bent::places(self.view, line)
    }

    fn pixel_places(&self, places: &[Place], shift: f64) -> Vec<Place> {
        places.iter().map(|(x, y)| self.view.pixel_of(x + shift, *y)).collect()
    }

    /// Shifts of the copies that show up; none for places that are no numbers.
    fn shifts(&self, places: &[Place]) -> Vec<f64> {
        let Some(around) = Frame::around(places) else {
            return Vec::new();
        };
        let margin = MARGIN_PX * f64::from(self.view.pixel_ratio);
        self.view.copies(around.x0, around.x1, margin).collect()
    }
}

impl Dash {
    fn cap(self) -> LineCap {
        match self {
            Self::Dotted => LineCap::Round,
            Self::Solid | Self::Dashed => LineCap::Butt,
        }
    }

    /// The dash of a piece of line before which so many pixels of line lie.
    fn after(self, before: f64, ratio: f32) -> Option<StrokeDash> {
        let lengths: [f32; 2] = match self {
            Self::Solid => return None,
            Self::Dashed => [9.0, 5.0],
            Self::Dotted => [0.1, 5.0],
        };
        let lengths = lengths.map(|length| length * ratio);
        let period = f64::from(lengths[0] + lengths[1]);
        let offset = before - period * libm::floor(before / period);
        StrokeDash::new(lengths.to_vec(), offset as f32)
    }
}

pub(crate) fn paint(colour: Rgba) -> Paint<'static> {
    let [r, g, b, a] = colour;
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(r, g, b, a));
    paint.anti_alias = true;
    paint
}

fn trace(path: &mut PathBuilder, places: &[Place]) {
    for (at, (x, y)) in places.iter().enumerate() {
        if at == 0 {
            path.move_to(*x as f32, *y as f32);
        } else {
            path.line_to(*x as f32, *y as f32);
        }
    }
}

/// Porter and Duff's "over" of premultiplied colours.
fn premultiplied_over(top: PremultipliedColorU8, ground: PremultipliedColorU8) -> PremultipliedColorU8 {
    let rest = 255 - u16::from(top.alpha());
    let alpha = u16::from(top.alpha()) + (u16::from(ground.alpha()) * rest + 127) / 255;
    let mix = |top: u8, ground: u8| (u16::from(top) + (u16::from(ground) * rest + 127) / 255).min(alpha) as u8;
    PremultipliedColorU8::from_rgba(
        mix(top.red(), ground.red()),
        mix(top.green(), ground.green()),
        mix(top.blue(), ground.blue()),
        alpha.min(255) as u8,
    )
    .unwrap_or(top)
}

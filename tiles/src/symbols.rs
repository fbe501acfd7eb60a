//! Geometries drawn as a styling language says: fills, lines, marks. Lengths in pixels of an ordinary screen.
//!
//! Marks are the well-known ones of SLD (05-078r4) and Symbology Encoding (05-077r4, 11.3).

use geo::{Centroid, Geometry, LineString, MultiPolygon};
use tiny_skia::{FillRule, LineCap, LineJoin, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use crate::areas::area_rims;
use crate::canvas::{Canvas, paint};
use crate::picture::Rgba;
use crate::{MapView, Picture};

/// One thing that is drawn of a geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Symbol {
    /// The inside of polygons; nothing of lines and points.
    Fill(Rgba),
    /// Lines, and the rims of polygons; nothing of points.
    Line(LineSymbol),
    /// A mark on points, and in the middle of everything else.
    Mark(MarkSymbol),
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineSymbol {
    /// Colour.
    pub colour: Rgba,
    /// Width in pixels.
    pub width: f32,
    /// Lengths of dashes and gaps in turn; none for a solid line.
    pub dashes: Vec<f32>,
    /// Where in the dashes the line begins.
    pub dash_offset: f32,
    /// Whether its ends are round.
    pub is_round: bool,
}

/// A mark.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkSymbol {
    /// Shape.
    pub shape: MarkShape,
    /// Height in pixels.
    pub size: f32,
    /// Degrees clockwise.
    pub rotation_deg: f32,
    /// Colour inside.
    pub fill: Option<Rgba>,
    /// Colour and width of the rim.
    pub rim: Option<(Rgba, f32)>,
}

/// Shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkShape {
    /// A square.
    Square,
    /// A disc.
    Circle,
    /// A triangle on its side.
    Triangle,
    /// A star of five points.
    Star,
    /// An upright cross.
    Cross,
    /// A cross on its side.
    X,
}

/// Draws geometries (degrees, cut at the antimeridian) one over the other, each with its symbols.
pub fn draw_symbols<'a>(
    view: &MapView,
    geometries: impl IntoIterator<Item = (&'a Geometry<f64>, &'a [Symbol])>,
) -> Picture {
    let Some(mut canvas) = Canvas::of(view) else {
        return Picture::empty(view.width, view.height);
    };
    let mut sprites: Vec<(&MarkSymbol, Option<Pixmap>)> = Vec::new();
    for (geometry, symbols) in geometries {
        for symbol in symbols {
            match symbol {
                Symbol::Fill(colour) => polygons(geometry, &mut |polygons| canvas.fill_over(polygons, *colour)),
                Symbol::Line(line) => lines(geometry, &mut |path| stroke(&mut canvas, path, line)),
                Symbol::Mark(mark) => {
                    let known = sprites.iter().position(|(other, _)| *other == mark);
                    let at = known.unwrap_or_else(|| {
                        sprites.push((mark, sprite(mark, view.pixel_ratio as f32)));
                        sprites.len() - 1
                    });
                    if let Some((_, Some(sprite))) = sprites.get(at) {
                        points(geometry, &mut |place| canvas.stamp(sprite, place));
                    }
                }
            }
        }
    }
    canvas.finish()
}

/// Draws symbols as a legend shows them, between two corners in degrees: what fills as a rectangle, lines across it where
/// nothing fills, marks in its middle.
pub(crate) fn draw_sample(canvas: &mut Canvas<'_>, symbols: &[Symbol], low: (f64, f64), high: (f64, f64)) {
    let is_area = symbols.iter().any(|symbol| matches!(symbol, Symbol::Fill(_)));
    let middle = ((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0);
    let area = geo::Rect::new(low, high).to_polygon();
    let path = if is_area {
        area.exterior().clone()
    } else {
        LineString::from(vec![(low.0, middle.1), (high.0, middle.1)])
    };
    for symbol in symbols {
        match symbol {
            Symbol::Fill(colour) => canvas.fill_over(&MultiPolygon(vec![area.clone()]), *colour),
            Symbol::Line(line) => stroke(canvas, &path, line),
            Symbol::Mark(mark) => {
                if let Some(sprite) = sprite(mark, canvas.view.pixel_ratio as f32) {
                    canvas.stamp(&sprite, middle);
                }
            }
        }
    }
}

fn polygons(geometry: &Geometry<f64>, each: &mut dyn FnMut(&MultiPolygon<f64>)) {
    match geometry {
        Geometry::Polygon(polygon) => each(&MultiPolygon(vec![polygon.clone()])),
        Geometry::MultiPolygon(many) => each(many),
        Geometry::GeometryCollection(many) => many.iter().for_each(|one| polygons(one, each)),
        _ => {}
    }
}

fn lines(geometry: &Geometry<f64>, each: &mut dyn FnMut(&LineString<f64>)) {
    match geometry {
        Geometry::LineString(line) => each(line),
        Geometry::MultiLineString(many) => many.iter().for_each(each),
        Geometry::Polygon(polygon) => area_rims(polygon).iter().for_each(each),
        Geometry::MultiPolygon(many) => many.iter().flat_map(area_rims).for_each(|rim| each(&rim)),
        Geometry::GeometryCollection(many) => many.iter().for_each(|one| lines(one, each)),
        _ => {}
    }
}

fn points(geometry: &Geometry<f64>, each: &mut dyn FnMut((f64, f64))) {
    match geometry {
        Geometry::Point(point) => each((point.x(), point.y())),
        Geometry::MultiPoint(many) => many.iter().for_each(|point| each((point.x(), point.y()))),
        Geometry::GeometryCollection(many) => many.iter().for_each(|one| points(one, each)),
        other => other.centroid().iter().for_each(|point| each((point.x(), point.y()))),
    }
}

fn stroke(canvas: &mut Canvas<'_>, path: &LineString<f64>, line: &LineSymbol) {
    let ratio = canvas.view.pixel_ratio as f32;
    let lengths: Vec<f32> = line.dashes.iter().map(|length| length * ratio).collect();
    let period: f64 = lengths.iter().map(|length| f64::from(*length)).sum();
    canvas.stroke_with(path, line.colour, |before| Stroke {
        width: line.width * ratio,
        line_cap: if line.is_round { LineCap::Round } else { LineCap::Butt },
        line_join: LineJoin::Round,
        dash: (period > 0.0)
            .then(|| {
                let at = before + f64::from(line.dash_offset * ratio);
                StrokeDash::new(lengths.clone(), (at - period * libm::floor(at / period)) as f32)
            })
            .flatten(),
        ..Stroke::default()
    });
}

fn sprite(mark: &MarkSymbol, ratio: f32) -> Option<Pixmap> {
    let rim = mark.rim.map_or(0.0, |(_, width)| width);
    // A mark on its corner is longer than its side.
    let reach = (mark.size * 1.45 + rim) * ratio;
    let side = reach.ceil().clamp(1.0, 2048.0) as u32 | 1;
    let mut pixmap = Pixmap::new(side, side)?;
    let middle = side as f32 / 2.0;
    let place = Transform::from_rotate(mark.rotation_deg)
        .post_scale(ratio, ratio)
        .post_translate(middle, middle);
    let path = shape(mark.shape, mark.size / 2.0)?;
    if let Some(fill) = mark.fill {
        pixmap.fill_path(&path, &paint(fill), FillRule::Winding, place, None);
    }
    if let Some((colour, width)) = mark.rim {
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        pixmap.stroke_path(&path, &paint(colour), &stroke, place, None);
    }
    Some(pixmap)
}

/// A shape around (0, 0) that reaches so far up and down.
fn shape(shape: MarkShape, half: f32) -> Option<Path> {
    let around = |corners: &[(f32, f32)]| {
        let mut path = PathBuilder::new();
        for (at, (x, y)) in corners.iter().enumerate() {
            let (x, y) = (x * half, y * half);
            if at == 0 {
                path.move_to(x, y)
            } else {
                path.line_to(x, y)
            }
        }
        path.close();
        path.finish()
    };
    match shape {
        MarkShape::Circle => PathBuilder::from_circle(0.0, 0.0, half),
        MarkShape::Square => around(&[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
        MarkShape::Triangle => around(&[(0.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
        MarkShape::Cross => around(&CROSS),
        MarkShape::X => {
            let turn = std::f32::consts::FRAC_1_SQRT_2;
            around(&CROSS.map(|(x, y)| ((x - y) * turn, (x + y) * turn)))
        }
        MarkShape::Star => {
            let corner = |k: u8| {
                let angle = f32::from(k) * std::f32::consts::PI / 5.0;
                let radius = if k.is_multiple_of(2) { 1.0 } else { 0.4 };
                (radius * angle.sin(), -radius * angle.cos())
            };
            around(&std::array::from_fn::<_, 10, _>(|k| corner(k as u8)))
        }
    }
}

/// An upright cross with arms of a third.
const CROSS: [(f32, f32); 12] = [
    (-0.3, -1.0),
    (0.3, -1.0),
    (0.3, -0.3),
    (1.0, -0.3),
    (1.0, 0.3),
    (0.3, 0.3),
    (0.3, 1.0),
    (-0.3, 1.0),
    (-0.3, 0.3),
    (-1.0, 0.3),
    (-1.0, -0.3),
    (-0.3, -0.3),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapCrs;

    fn view() -> MapView {
        MapView::new(MapCrs::Crs84, [0.0, 0.0, 10.0, 10.0], 100, 100).unwrap()
    }

    #[test]
    fn each_symbol_draws_what_it_is_for() {
        let square: Geometry<f64> = geo::Rect::new((2.0, 2.0), (8.0, 8.0)).to_polygon().into();
        let fill = [Symbol::Fill([255, 0, 0, 255])];
        let picture = draw_symbols(&view(), [(&square, fill.as_slice())]);
        assert_eq!(picture.colour(50, 50), [255, 0, 0, 255]);
        assert_eq!(picture.colour(10, 50)[3], 0);
        let line = [Symbol::Line(LineSymbol {
            colour: [0, 0, 255, 255],
            width: 4.0,
            dashes: vec![10.0, 10.0],
            dash_offset: 0.0,
            is_round: false,
        })];
        let picture = draw_symbols(&view(), [(&square, line.as_slice())]);
        assert_eq!(picture.colour(50, 50)[3], 0, "the inside of a rim");
        let along: Vec<u8> = (20..80).map(|x| picture.colour(x, 80)[3]).collect();
        assert!(along.contains(&255) && along.contains(&0), "dashes and gaps: {along:?}");
    }

    #[test]
    fn every_mark_stands_on_its_point() {
        let point: Geometry<f64> = geo::Point::new(5.0, 5.0).into();
        for shape in [
            MarkShape::Square,
            MarkShape::Circle,
            MarkShape::Triangle,
            MarkShape::Star,
            MarkShape::Cross,
            MarkShape::X,
        ] {
            let mark = [Symbol::Mark(MarkSymbol {
                shape,
                size: 12.0,
                rotation_deg: 0.0,
                fill: Some([0, 128, 0, 255]),
                rim: Some(([0, 0, 0, 255], 1.0)),
            })];
            let picture = draw_symbols(&view(), [(&point, mark.as_slice())]);
            assert_eq!(picture.colour(50, 51), [0, 128, 0, 255], "{shape:?}");
            let drawn = |x: u32, y: u32| picture.colour(x, y)[3] > 0;
            let columns = (0..100).filter(|x| (0..100).any(|y| drawn(*x, y))).count();
            assert!((10..=16).contains(&columns), "{shape:?}: {columns}");
        }
    }
}

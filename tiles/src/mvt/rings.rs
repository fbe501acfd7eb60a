//! Areas in a tile: clipped, simplified to its resolution, and valid in whole units.
//!
//! Clipping leaves rings that run along the frame and back, and rounding can make a ring touch or cross itself; the
//! specification forbids both. So the rounded rings of all parts go through a union on the grid of units, which leaves
//! simple rings: exteriors with positive area in tile coordinates (clockwise on the screen), each followed by its holes
//! with negative area.

use geo::{Area, LineString, MultiPolygon, Polygon, Simplify};
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use super::layer::{CLOSE_PATH, LINE_TO, MOVE_TO, command};
use super::lines::{Pen, TOLERANCE, shifts, whole};
use super::place::Placer;
use crate::clip::Place;

/// Rings with less area are dropped, square units.
const LEAST_AREA: f64 = 1.0;

/// The commands of an area; none where nothing of it lies in the tile.
pub(super) fn ring_commands(placer: &Placer, area: &MultiPolygon<f64>) -> Vec<u32> {
    let mut rings = Vec::new();
    for polygon in area {
        add_polygon(placer, polygon, &mut rings);
    }
    if rings.is_empty() {
        return Vec::new();
    }
    let corners = rings.iter().map(Vec::len).sum();
    let mut overlay = Overlay::new_custom(corners, IntOverlayOptions::ogc(), Default::default());
    overlay.add_contours(&rings, ShapeType::Subject);
    let simple = overlay.overlay(OverlayRule::Subject, FillRule::Positive);
    let mut pen = Pen::default();
    for ring in in_order(simple.into_iter().flatten().filter_map(Ring::of).collect()) {
        pen.draw_ring(&ring.places);
    }
    pen.commands
}

/// A ring that does not meet itself.
struct Ring {
    places: Vec<(i32, i32)>,
    /// By the surveyor's formula; positive for exteriors, negative for holes.
    twice_area: i64,
}

impl Ring {
    /// `None` where it is too small to be seen.
    fn of(ring: Vec<IntPoint>) -> Option<Self> {
        let cross = |a: &IntPoint, b: &IntPoint| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y);
        let next = ring.iter().cycle().skip(1);
        let twice_area: i64 = ring.iter().zip(next).map(|(a, b)| cross(a, b)).sum();
        (twice_area.unsigned_abs() as f64 >= 2.0 * LEAST_AREA).then(|| Self {
            places: ring.into_iter().map(|place| (place.x, place.y)).collect(),
            twice_area,
        })
    }

    /// Whether a place lies in the ring or on it.
    fn covers(&self, (x, y): (i32, i32)) -> bool {
        let mut inside = false;
        let next = self.places.iter().cycle().skip(1);
        for (a, b) in self.places.iter().zip(next) {
            let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
            let side =
                i64::from(high.0 - low.0) * i64::from(y - low.1) - i64::from(high.1 - low.1) * i64::from(x - low.0);
            let in_rows = (low.1..=high.1).contains(&y);
            if side == 0 && in_rows && (low.0.min(high.0)..=low.0.max(high.0)).contains(&x) {
                return true;
            }
            if (low.1..high.1).contains(&y) && side > 0 {
                inside = !inside;
            }
        }
        inside
    }
}

/// Exteriors, each followed by its holes. The union's own order is not relied on: where rings touch in a corner it can
/// name the neighbour of a hole as its exterior.
fn in_order(rings: Vec<Ring>) -> Vec<Ring> {
    let (mut exteriors, holes): (Vec<Ring>, Vec<Ring>) = rings.into_iter().partition(|ring| ring.twice_area > 0);
    exteriors.sort_by_key(|ring| ring.twice_area);
    let mut groups: Vec<Vec<Ring>> = exteriors.into_iter().map(|exterior| vec![exterior]).collect();
    for hole in holes {
        let around = |group: &&mut Vec<Ring>| hole.places.iter().all(|place| group[0].covers(*place));
        if let Some(group) = groups.iter_mut().find(around) {
            group.push(hole);
        }
    }
    groups.into_iter().flatten().collect()
}

/// Adds the rings of a polygon in whole units: exteriors with positive area, holes with negative.
fn add_polygon(placer: &Placer, polygon: &Polygon<f64>, rings: &mut Vec<Vec<IntPoint>>) {
    let places = |ring: &LineString<f64>| -> Vec<Place> {
        let open = ring.0.len() - usize::from(ring.0.len() > 1 && ring.is_closed());
        ring.coords()
            .take(open)
            .map(|coord| placer.place(coord.x, coord.y))
            .collect()
    };
    let exterior = places(polygon.exterior());
    for shift in shifts(placer, &exterior) {
        add_ring(placer, &exterior, shift, 1.0, rings);
        for hole in polygon.interiors() {
            let hole = places(hole);
            if hole.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
                add_ring(placer, &hole, shift, -1.0, rings);
            }
        }
    }
}

fn add_ring(placer: &Placer, ring: &[Place], shift: f64, sign: f64, rings: &mut Vec<Vec<IntPoint>>) {
    let moved: Vec<Place> = ring.iter().map(|(x, y)| (x + shift, *y)).collect();
    let clipped = placer.frame.clip_ring(&moved);
    if clipped.len() < 3 {
        return;
    }
    // `geo` closes the ring.
    let simple = Polygon::new(LineString::from(clipped), Vec::new()).simplify(TOLERANCE);
    let area = simple.signed_area();
    if area.abs() < LEAST_AREA {
        return;
    }
    let mut units = whole(simple.exterior().coords().map(|coord| (coord.x, coord.y)));
    units.pop();
    if area * sign < 0.0 {
        units.reverse();
    }
    rings.push(units.into_iter().map(|(x, y)| IntPoint::new(x, y)).collect());
}

impl Pen {
    fn draw_ring(&mut self, ring: &[(i32, i32)]) {
        self.commands.push(command(MOVE_TO, 1));
        self.go(ring[0]);
        self.commands.push(command(LINE_TO, ring.len() as u32 - 1));
        ring[1..].iter().for_each(|place| self.go(*place));
        self.commands.push(command(CLOSE_PATH, 1));
    }
}

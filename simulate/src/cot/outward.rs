//! Outlines with few vertices that hold at least what the outline held: search areas must not shrink because a radio carries
//! few vertices.
//!
//! One vertex goes at a time, where it adds least: a dent is filled (its two neighbours are joined), or an edge between two
//! bulges is replaced by the point where its neighbours meet further out. Both add a triangle and take nothing away. Where
//! neither works without the outline touching itself, the convex hull takes its place.

use geo::{ConvexHull, Coord, MultiPoint, Point};

type Ring = Vec<Coord>;

/// At most `most` vertices (at least four) around an outline in a plane: closed by its first vertex without repeating it,
/// counter-clockwise. Vertices that stay are exactly those that came.
pub(super) fn outward(ring: &[Coord], most: usize) -> Ring {
    thinned(ring.to_vec(), most)
        .or_else(|| thinned(hull(ring), most))
        .unwrap_or_else(|| frame(ring))
}

/// The convex hull, counter-clockwise.
pub(super) fn hull(places: &[Coord]) -> Ring {
    let hull = MultiPoint::from_iter(places.iter().copied().map(Point)).convex_hull();
    let mut ring = hull.exterior().0.clone();
    ring.pop();
    ring
}

fn frame(places: &[Coord]) -> Ring {
    let (mut low, mut high) = (places[0], places[0]);
    for place in places {
        low = Coord {
            x: low.x.min(place.x),
            y: low.y.min(place.y),
        };
        high = Coord {
            x: high.x.max(place.x),
            y: high.y.max(place.y),
        };
    }
    let corner = |x, y| Coord { x, y };
    vec![low, corner(high.x, low.y), high, corner(low.x, high.y)]
}

/// A change that takes one vertex away.
#[derive(Clone, Copy)]
enum Change {
    /// The vertex of this number goes.
    Fill(usize),
    /// The vertex of this number moves to this place, and the next one goes.
    Extend(usize, Coord),
}

fn thinned(mut ring: Ring, most: usize) -> Option<Ring> {
    while ring.len() > most {
        let mut changes: Vec<(f64, Change)> = (0..ring.len()).filter_map(|at| change(&ring, at)).collect();
        loop {
            let least = (0..changes.len()).min_by(|a, b| changes[*a].0.total_cmp(&changes[*b].0))?;
            let (_, change) = changes.swap_remove(least);
            if is_free(&ring, change) {
                apply(&mut ring, change);
                break;
            }
        }
    }
    Some(ring)
}

/// The change at a vertex with the area that it adds.
fn change(ring: &[Coord], at: usize) -> Option<(f64, Change)> {
    let [a, b, c, d] = around(ring, at);
    let turn = cross(b - a, c - b);
    if turn <= 0.0 {
        return Some((-turn / 2.0, Change::Fill(at)));
    }
    if cross(c - b, d - c) <= 0.0 {
        return None;
    }
    let (before, edge, after) = (b - a, c - b, d - c);
    let between = cross(before, after);
    if between <= 0.0 {
        return None;
    }
    let along = cross(edge, after) / between;
    let meeting = Coord {
        x: b.x + along * before.x,
        y: b.y + along * before.y,
    };
    let added = cross(edge, meeting - b).abs() / 2.0;
    (meeting.x.is_finite() && meeting.y.is_finite() && added.is_finite())
        .then_some((added, Change::Extend(at, meeting)))
}

/// The vertex before, the one of this number, and the two behind it.
fn around(ring: &[Coord], at: usize) -> [Coord; 4] {
    let n = ring.len();
    [ring[(at + n - 1) % n], ring[at], ring[(at + 1) % n], ring[(at + 2) % n]]
}

/// Whether nothing else of the outline lies in the triangle that is added.
fn is_free(ring: &[Coord], change: Change) -> bool {
    let n = ring.len();
    match change {
        Change::Fill(at) => {
            let [a, b, c, _] = around(ring, at);
            let own = [(at + n - 1) % n, at, (at + 1) % n];
            // A dent turns clockwise: in this order the triangle does not.
            (0..n).all(|other| own.contains(&other) || !holds([a, c, b], ring[other]))
        }
        Change::Extend(at, meeting) => {
            let [_, b, c, _] = around(ring, at);
            let own = [at, (at + 1) % n];
            let touches = |other: usize| {
                let (from, to) = (ring[other], ring[(other + 1) % n]);
                meet(from, to, b, meeting) || meet(from, to, meeting, c)
            };
            let beside = [(at + n - 1) % n, at, (at + 1) % n];
            (0..n).all(|other| own.contains(&other) || !holds([b, meeting, c], ring[other]))
                && (0..n).all(|other| beside.contains(&other) || !touches(other))
        }
    }
}

fn apply(ring: &mut Ring, change: Change) {
    match change {
        Change::Fill(at) => {
            ring.remove(at);
        }
        Change::Extend(at, meeting) => {
            ring[at] = meeting;
            ring.remove((at + 1) % ring.len());
        }
    }
}

fn cross(a: Coord, b: Coord) -> f64 {
    a.x * b.y - a.y * b.x
}

/// Whether a triangle holds a place, its edges included; the triangle may turn either way.
fn holds([a, b, c]: [Coord; 3], place: Coord) -> bool {
    let sides = [(a, b), (b, c), (c, a)].map(|(from, to)| cross(to - from, place - from));
    sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
}

/// Whether two stretches share a place.
fn meet(a: Coord, b: Coord, c: Coord, d: Coord) -> bool {
    let side = |from: Coord, to: Coord, place: Coord| cross(to - from, place - from);
    let apart = |one: f64, other: f64| (one > 0.0 && other > 0.0) || (one < 0.0 && other < 0.0);
    let boxes = a.x.min(b.x) <= c.x.max(d.x)
        && c.x.min(d.x) <= a.x.max(b.x)
        && a.y.min(b.y) <= c.y.max(d.y)
        && c.y.min(d.y) <= a.y.max(b.y);
    boxes && !apart(side(a, b, c), side(a, b, d)) && !apart(side(c, d, a), side(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, BooleanOps, LineString, Polygon, Validation};

    /// Differences are taken on a grid of 2^31 steps: along an outline of length 10 in a frame of 2 that many may be off.
    const OVERLAY: f64 = 10.0 * 2.0 / 2_147_483_648.0;

    fn polygon(ring: &[Coord]) -> Polygon {
        Polygon::new(LineString::from(ring.to_vec()), Vec::new())
    }

    /// A star with many dents, some of them deep; `seed` turns and shakes it.
    fn star(vertices: usize, seed: u32) -> Ring {
        let mut state = seed;
        let mut chance = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        (0..vertices)
            .map(|number| {
                let angle = std::f64::consts::TAU * number as f64 / vertices as f64;
                let radius = 0.3 + 0.7 * chance();
                Coord {
                    x: radius * angle.cos(),
                    y: radius * angle.sin(),
                }
            })
            .collect()
    }

    #[test]
    fn nothing_is_lost_and_the_outline_stays_simple() {
        for seed in 0..20 {
            let ring = star(220, seed);
            let few = outward(&ring, 63);
            assert_eq!(few.len(), 63, "seed {seed}");
            let (before, after) = (polygon(&ring), polygon(&few));
            assert!(after.is_valid() && after.signed_area() > 0.0, "seed {seed}");
            let lost = before.difference(&after).unsigned_area();
            assert!(lost < OVERLAY, "seed {seed}: {lost} lost");
            let hull = polygon(&hull(&ring)).unsigned_area();
            assert!(
                after.unsigned_area() < 0.95 * hull,
                "seed {seed}: no better than the hull"
            );
        }
    }

    #[test]
    fn a_smooth_outline_grows_by_little_and_a_small_one_stays_as_it_is() {
        let circle: Ring = (0..720)
            .map(|number| {
                let angle = std::f64::consts::TAU * f64::from(number) / 720.0;
                Coord {
                    x: angle.cos(),
                    y: angle.sin(),
                }
            })
            .collect();
        let few = outward(&circle, 63);
        let grown = polygon(&few).unsigned_area() / polygon(&circle).unsigned_area();
        assert!(few.len() == 63 && (1.0..1.01).contains(&grown), "{grown}");
        assert!(polygon(&circle).difference(&polygon(&few)).unsigned_area() < OVERLAY);
        assert_eq!(outward(&circle[..50], 63), circle[..50]);
        assert_eq!(outward(&circle, 4).len(), 4);
    }
}

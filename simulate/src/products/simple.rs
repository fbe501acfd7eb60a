//! Whether the rings of a polygon keep clear of themselves and of each other.
//!
//! `geo` has a full test of validity, whose time grows with the square of the number of vertices: on a ragged coast it took
//! longer than the density. Outlines come from marching squares and are valid as drawn, so all that leaving out vertices
//! can break is looked at here: edges are sorted from west to east, and only those whose boxes meet are compared.

use geo::{Contains, Intersects, Line, LineString, Point, Polygon};

/// An edge, the ring it is of, its number within, and the number of edges of that ring.
struct Edge {
    line: Line,
    ring: usize,
    number: usize,
    count: usize,
}

/// Whether no edge of the polygon's rings meets another but where it goes on, and every hole is inside.
pub(crate) fn is_simple(polygon: &Polygon) -> bool {
    let rings: Vec<&LineString> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).collect();
    if rings.iter().any(|ring| ring.0.len() < 4) {
        return false;
    }
    let solid = Polygon::new(polygon.exterior().clone(), Vec::new());
    let holes_inside = polygon.interiors().iter().all(|hole| solid.contains(&Point(hole.0[0])));
    holes_inside && keep_clear(edges(&rings))
}

/// The edges of rings, by their west ends.
fn edges(rings: &[&LineString]) -> Vec<Edge> {
    let of_ring = |(ring, line): (usize, &&LineString)| {
        let count = line.0.len() - 1;
        let edge = move |(number, line): (usize, Line)| Edge {
            line,
            ring,
            number,
            count,
        };
        line.lines().enumerate().map(edge).collect::<Vec<_>>()
    };
    let mut edges: Vec<Edge> = rings.iter().enumerate().flat_map(of_ring).collect();
    edges.sort_by(|a, b| west(&a.line).total_cmp(&west(&b.line)));
    edges
}

fn keep_clear(edges: Vec<Edge>) -> bool {
    // Edges that reach as far east as the next one's west end.
    let mut open: Vec<&Edge> = Vec::new();
    for edge in &edges {
        open.retain(|other| east(&other.line) >= west(&edge.line));
        if open.iter().any(|other| meet(other, edge)) {
            return false;
        }
        open.push(edge);
    }
    true
}

/// Whether two edges meet where they should not.
fn meet(a: &Edge, b: &Edge) -> bool {
    let (low, high) = (
        |line: &Line| line.start.y.min(line.end.y),
        |line: &Line| line.start.y.max(line.end.y),
    );
    if low(&a.line) > high(&b.line) || low(&b.line) > high(&a.line) {
        return false;
    }
    if a.ring == b.ring {
        if (a.number + 1) % a.count == b.number {
            return turns_back(&a.line, &b.line);
        }
        if (b.number + 1) % b.count == a.number {
            return turns_back(&b.line, &a.line);
        }
    }
    a.line.intersects(&b.line)
}

/// Whether an edge runs back along the one before it.
fn turns_back(before: &Line, after: &Line) -> bool {
    let (a, b) = (before.delta(), after.delta());
    a.x * b.y == a.y * b.x && a.x * b.x + a.y * b.y <= 0.0
}

fn west(line: &Line) -> f64 {
    line.start.x.min(line.end.x)
}

fn east(line: &Line) -> f64 {
    line.start.x.max(line.end.x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Validation;

    fn ring(places: &[(f64, f64)]) -> LineString {
        let mut ring = LineString::from(places.to_vec());
        ring.close();
        ring
    }

    #[test]
    fn what_touches_or_crosses_is_told() {
        let square = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)];
        let hole = [(3.0, 3.0), (3.0, 6.0), (6.0, 6.0), (6.0, 3.0)];
        let shifted = |by: f64| hole.map(|(x, y)| (x + by, y));
        for (what, exterior, holes, simple) in [
            ("a square", &square[..], vec![], true),
            ("with a hole", &square, vec![hole], true),
            (
                "with two",
                &square,
                vec![hole.map(|(x, y)| (0.5 * x - 1.0, y)), shifted(2.5)],
                true,
            ),
            ("a hole across the rim", &square, vec![shifted(4.0)], false),
            ("a hole outside", &square, vec![shifted(40.0)], false),
            ("two holes across each other", &square, vec![hole, shifted(1.0)], false),
            (
                "an eight",
                &[(0.0, 0.0), (9.0, 9.0), (9.0, 0.0), (0.0, 9.0)],
                vec![],
                false,
            ),
            (
                "a spike",
                &[(0.0, 0.0), (9.0, 0.0), (5.0, 0.0), (5.0, 5.0)],
                vec![],
                false,
            ),
            (
                "a vertex on an edge",
                &[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (4.0, 0.0), (0.0, 9.0)],
                vec![],
                false,
            ),
            (
                "a vertex twice",
                &[(0.0, 0.0), (4.0, 4.0), (8.0, 0.0), (8.0, 8.0), (4.0, 4.0), (0.0, 8.0)],
                vec![],
                false,
            ),
            (
                "an edge upright",
                &[(0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (3.0, 9.0), (0.0, 9.0)],
                vec![],
                true,
            ),
        ] {
            let polygon = Polygon::new(ring(exterior), holes.iter().map(|hole| ring(hole)).collect());
            assert_eq!(is_simple(&polygon), simple, "{what}");
            assert_eq!(polygon.is_valid(), simple, "{what}: the full test");
        }
    }

    /// Rings of random vertices: whatever passes is valid by the full test.
    #[test]
    fn the_full_test_agrees_on_random_rings() {
        let mut state = 7u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1u64 << 24) as f64
        };
        let mut counts = [0; 2];
        for _ in 0..5_000 {
            let n = 4 + (next() * 8.0) as usize;
            // Stars, some of them with a vertex astray; on whole numbers, so that things touch.
            let astray = next() < 0.5;
            let places: Vec<(f64, f64)> = (0..n)
                .map(|k| {
                    let (sin, cos) = libm::sincos(std::f64::consts::TAU * k as f64 / n as f64);
                    let radius = if astray && k == 2 {
                        -40.0 * next()
                    } else {
                        20.0 + 20.0 * next()
                    };
                    (libm::round(radius * cos), libm::round(radius * sin))
                })
                .collect();
            let polygon = Polygon::new(ring(&places), vec![]);
            let simple = is_simple(&polygon);
            counts[usize::from(simple)] += 1;
            assert_eq!(simple, polygon.is_valid(), "{places:?}");
        }
        assert!(counts[0] > 300 && counts[1] > 2_000, "{counts:?}");
    }
}

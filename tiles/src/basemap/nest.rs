//! Rings of an overlay as polygons that are valid by the specification (MVT 2.1, 4.3.3.3): no ring meets itself, and each
//! exterior is followed by its own holes.
//!
//! Where rings touch in corners, as they do on a grid of whole units, the overlay joins rings that belong apart and may
//! take an island for a hole. So only the lines are taken from it: they do not cross, and an odd number of them around a
//! place is land.

use std::collections::HashMap;

use geo::coordinate_position::{CoordPos, coord_pos_relative_to_ring};
use geo::{Coord, LineString};
use i_overlay::i_float::int::point::IntPoint;

use super::outline::{EXTENT, MARGIN, Polygons, Ring};

/// Polygons of rings that do not cross; exteriors have positive area, holes negative. Rings with less area are left out,
/// square units.
pub(crate) fn polygons(rings: Vec<Ring>, smallest: i64) -> Polygons {
    let mut seen: HashMap<(i32, i32), u32> = HashMap::with_capacity(rings.iter().map(Vec::len).sum());
    for at in rings.iter().flatten() {
        *seen.entry((at.x, at.y)).or_default() += 1;
    }
    let meets_others = |at: &IntPoint| seen.get(&(at.x, at.y)).is_some_and(|count| *count > 1);
    let mut rings: Vec<Ring> = rings
        .into_iter()
        .flat_map(untied)
        .map(|ring| straightened(&ring, meets_others))
        .collect();
    rings.retain(|ring| ring.len() > 2 && doubled_area(ring) != 0);
    let columns = Columns::of(&rings);
    let (mut polygons, mut holes) = (Vec::new(), Vec::new());
    for ring in &rings {
        let area = doubled_area(ring);
        if area.abs() < 2 * smallest {
            continue;
        }
        let is_hole = columns.surround(ring);
        let mut ring = ring.clone();
        if is_hole == (area > 0) {
            ring.reverse();
        }
        if is_hole {
            holes.push(ring);
        } else {
            polygons.push((area.abs(), vec![ring]));
        }
    }
    for hole in holes {
        // The smallest exterior around a hole is its own.
        let around = polygons.iter_mut().filter(|(_, rings)| covers(&rings[0], &hole));
        if let Some((_, rings)) = around.min_by_key(|(area, _)| *area) {
            rings.push(hole);
        }
    }
    polygons.into_iter().map(|(_, rings)| rings).collect()
}

/// Twice the signed area of a ring.
fn doubled_area(ring: &[IntPoint]) -> i64 {
    let next = ring.iter().skip(1).chain(ring.first());
    let cross = |a: &IntPoint, b: &IntPoint| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y);
    ring.iter().zip(next).map(|(a, b)| cross(a, b)).sum()
}

/// A ring cut apart wherever it comes back to a vertex.
fn untied(ring: Ring) -> Vec<Ring> {
    let mut places: HashMap<(i32, i32), usize> = HashMap::with_capacity(ring.len());
    let mut open: Ring = Vec::with_capacity(ring.len());
    let mut loops = Vec::new();
    for vertex in ring {
        if let Some(&since) = places.get(&(vertex.x, vertex.y)) {
            let back: Ring = open.drain(since..).collect();
            for left in &back {
                places.remove(&(left.x, left.y));
            }
            loops.push(back);
        }
        places.insert((vertex.x, vertex.y), open.len());
        open.push(vertex);
    }
    loops.push(open);
    loops
}

/// A ring without the vertices on straight lines, but for those that `keep` holds for.
fn straightened(ring: &Ring, keep: impl Fn(&IntPoint) -> bool) -> Ring {
    let mut kept: Ring = Vec::with_capacity(ring.len());
    for (index, at) in ring.iter().enumerate() {
        let after = ring[(index + 1) % ring.len()];
        let before = kept.last().copied().unwrap_or(ring[ring.len() - 1]);
        if keep(at) || side(before, after, *at) != 0 {
            kept.push(*at);
        }
    }
    kept
}

/// Positive where a place lies on the side of a line towards greater y, if the line goes east.
fn side(from: IntPoint, to: IntPoint, at: IntPoint) -> i64 {
    let (dx, dy) = (i64::from(to.x - from.x), i64::from(to.y - from.y));
    dx * i64::from(at.y - from.y) - dy * i64::from(at.x - from.x)
}

/// Edges by the columns of the tile that they span, their western end first; none are upright.
struct Columns(Vec<Vec<(IntPoint, IntPoint)>>);

impl Columns {
    const WIDTH: i32 = 32;

    fn of(rings: &[Ring]) -> Self {
        let mut columns = vec![Vec::new(); (Self::number(EXTENT + MARGIN)) + 1];
        for ring in rings {
            for (a, b) in ring.iter().zip(ring.iter().skip(1).chain(ring.first())) {
                let (west, east) = if a.x < b.x { (a, b) } else { (b, a) };
                if west.x < east.x {
                    for column in &mut columns[Self::number(west.x)..=Self::number(east.x - 1)] {
                        column.push((*west, *east));
                    }
                }
            }
        }
        Self(columns)
    }

    fn number(x: i32) -> usize {
        ((x + MARGIN).clamp(0, EXTENT + 2 * MARGIN) / Self::WIDTH) as usize
    }

    /// Whether an odd number of the other rings lie around this one: it is a hole then. Edges are counted on the way from
    /// its westmost vertex towards smaller y, a hair east of the vertex.
    fn surround(&self, ring: &Ring) -> bool {
        let Some(first) = (0..ring.len()).min_by_key(|&index| (ring[index].x, ring[index].y)) else {
            return false;
        };
        let (at, next, before) = (
            ring[first],
            ring[(first + 1) % ring.len()],
            ring[(first + ring.len() - 1) % ring.len()],
        );
        let own = if side(at, next, before) > 0 { next } else { before };
        let passed = self.0[Self::number(at.x)].iter().filter(|(west, east)| {
            if at.x < west.x || at.x >= east.x {
                return false;
            }
            let above = side(*west, *east, at);
            // An edge that begins here passes below if it does so below the ring's own.
            above > 0
                || (above == 0
                    && side(
                        *west,
                        *east,
                        IntPoint::new(west.x + own.x - at.x, west.y + own.y - at.y),
                    ) > 0)
        });
        passed.count() % 2 == 1
    }
}

/// Whether a ring lies within another or on it.
fn covers(exterior: &Ring, hole: &Ring) -> bool {
    let span = |ring: &Ring, axis: fn(&IntPoint) -> i32| {
        let values = ring.iter().map(axis);
        values.fold((i32::MAX, i32::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        })
    };
    for axis in [(|at| at.x) as fn(&IntPoint) -> i32, |at| at.y] {
        let (outer, inner) = (span(exterior, axis), span(hole, axis));
        if inner.0 < outer.0 || inner.1 > outer.1 {
            return false;
        }
    }
    let coord = |at: &IntPoint| Coord {
        x: i64::from(at.x),
        y: i64::from(at.y),
    };
    let around: LineString<i64> = exterior.iter().chain(exterior.first()).map(coord).collect();
    hole.iter()
        .all(|at| coord_pos_relative_to_ring(coord(at), &around) != CoordPos::Outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(places: &[(i32, i32)]) -> Ring {
        places.iter().map(|(x, y)| IntPoint::new(*x, *y)).collect()
    }

    fn square(low: i32, high: i32) -> Ring {
        ring(&[(low, low), (high, low), (high, high), (low, high)])
    }

    #[test]
    fn a_ring_that_touches_itself_becomes_two() {
        let eight = ring(&[
            (0, 0),
            (10, 0),
            (10, 10),
            (20, 10),
            (20, 20),
            (10, 20),
            (10, 10),
            (0, 10),
        ]);
        let parts = polygons(vec![eight], 1);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        // A hole that hangs from a side of its exterior, drawn in one go.
        let bay = ring(&[(0, 0), (20, 0), (20, 20), (0, 20), (0, 10), (10, 15), (10, 5), (0, 10)]);
        let parts = polygons(vec![bay], 1);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].len(), 2);
        assert_eq!([doubled_area(&parts[0][0]), doubled_area(&parts[0][1])], [800, -100]);
    }

    #[test]
    fn holes_and_islands_are_told_by_what_is_around_them_not_by_their_direction() {
        for turned in 0..16 {
            let mut rings = vec![square(0, 100), square(10, 90), square(20, 80), square(30, 40)];
            for (bit, ring) in rings.iter_mut().enumerate() {
                if turned >> bit & 1 == 1 {
                    ring.reverse();
                }
            }
            rings.push(square(50, 50));
            let parts = polygons(rings, 1);
            assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2], "{turned}");
            assert!(
                parts
                    .iter()
                    .all(|rings| doubled_area(&rings[0]) > 0 && doubled_area(&rings[1]) < 0)
            );
            assert_eq!(doubled_area(&parts[1][1]), -200);
        }
    }

    #[test]
    fn rings_that_touch_at_a_westmost_vertex_are_told_apart() {
        // In the corner where the outer ring begins stands a ring within it: a hole. Beside it, outside, another island.
        let outer = ring(&[(0, 50), (50, 0), (100, 50), (50, 100)]);
        let within = ring(&[(0, 50), (40, 40), (40, 60)]);
        let beside = ring(&[(0, 50), (10, 10), (20, 20)]);
        let parts = polygons(vec![outer, within, beside], 1);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn vertices_on_straight_lines_go_unless_rings_meet_there() {
        let long = ring(&[(0, 0), (5, 0), (10, 0), (10, 10), (0, 10)]);
        assert_eq!(polygons(vec![long.clone()], 1)[0][0].len(), 4);
        let touching = ring(&[(5, 0), (3, -5), (7, -5)]);
        assert_eq!(polygons(vec![long, touching], 1)[0][0].len(), 5);
    }
}

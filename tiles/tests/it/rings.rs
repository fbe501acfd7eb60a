//! What the specification asks of a polygon's commands, checked by brute force.

pub(crate) type Ring = Vec<(i64, i64)>;

/// The rings of a polygon's commands. Panics where the commands break section 4.3 of the specification.
pub(crate) fn of_commands(commands: &[u32]) -> Vec<Ring> {
    let (mut rings, mut at, mut pen) = (Vec::new(), 0, (0i64, 0i64));
    let unzigzag = |value: u32| i64::from((value >> 1) as i32 ^ -((value & 1) as i32));
    while at < commands.len() {
        let mut ring = Ring::new();
        assert_eq!(commands[at], 1 | 1 << 3, "a ring begins with one MoveTo");
        let (line_to, count) = (commands[at + 3] & 7, commands[at + 3] >> 3);
        assert!(line_to == 2 && count >= 2, "then at least two LineTo");
        let places = std::iter::once(at + 1).chain((0..count as usize).map(|k| at + 4 + 2 * k));
        for place in places {
            let step = (unzigzag(commands[place]), unzigzag(commands[place + 1]));
            assert!(place == at + 1 || step != (0, 0), "no step of no length");
            pen = (pen.0 + step.0, pen.1 + step.1);
            ring.push(pen);
        }
        at += 4 + 2 * count as usize;
        assert_eq!(commands[at], 7 | 1 << 3, "and ends with ClosePath");
        at += 1;
        assert_ne!(ring.first(), ring.last(), "the first place is not repeated");
        rings.push(ring);
    }
    rings
}

/// Twice the area; positive for exteriors.
pub(crate) fn twice_area(ring: &Ring) -> i64 {
    edges(ring).map(|((ax, ay), (bx, by))| ax * by - bx * ay).sum()
}

pub(crate) fn edges(ring: &Ring) -> impl Iterator<Item = ((i64, i64), (i64, i64))> {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// Panics unless the rings are valid polygons: first an exterior, no ring that crosses or touches itself, no two rings
/// that cross, holes inside the exterior before them.
pub(crate) fn assert_valid(rings: &[Ring]) {
    assert!(twice_area(&rings[0]) > 0, "first an exterior: {rings:?}");
    let mut exterior = &rings[0];
    for (k, ring) in rings.iter().enumerate() {
        assert_ne!(twice_area(ring), 0, "{ring:?}");
        assert_simple(ring);
        if twice_area(ring) > 0 {
            exterior = ring;
        } else {
            let outside = ring.iter().filter(|place| !covers(exterior, **place)).count();
            assert_eq!(outside, 0, "a hole lies in its exterior: {ring:?} {exterior:?}");
        }
        for other in &rings[..k] {
            for a in edges(ring) {
                assert!(!edges(other).any(|b| cross(a, b)), "{ring:?} crosses {other:?}");
            }
        }
    }
}

fn assert_simple(ring: &Ring) {
    let all: Vec<_> = edges(ring).collect();
    for (i, a) in all.iter().enumerate() {
        for (j, b) in all.iter().enumerate().skip(i + 1) {
            let neighbours = j == i + 1 || (i == 0 && j == all.len() - 1);
            assert!(!cross(*a, *b), "{a:?} crosses {b:?}");
            if !neighbours {
                assert!(
                    !on(*a, b.0) && !on(*a, b.1) && !on(*b, a.0) && !on(*b, a.1),
                    "{a:?} touches {b:?}"
                );
            }
        }
    }
}

type Edge = ((i64, i64), (i64, i64));

fn side((a, b): Edge, place: (i64, i64)) -> i64 {
    ((b.0 - a.0) * (place.1 - a.1) - (b.1 - a.1) * (place.0 - a.0)).signum()
}

fn cross(a: Edge, b: Edge) -> bool {
    side(a, b.0) * side(a, b.1) < 0 && side(b, a.0) * side(b, a.1) < 0
}

fn on(edge: Edge, place: (i64, i64)) -> bool {
    let within = |a: i64, b: i64, at: i64| (a.min(b)..=a.max(b)).contains(&at);
    side(edge, place) == 0 && within(edge.0.0, edge.1.0, place.0) && within(edge.0.1, edge.1.1, place.1)
}

/// Whether a place lies in a ring or on it.
pub(crate) fn covers(ring: &Ring, place: (i64, i64)) -> bool {
    if edges(ring).any(|edge| on(edge, place)) {
        return true;
    }
    let crossings = edges(ring).filter(|(a, b)| {
        let (low, high) = if a.1 < b.1 { (*a, *b) } else { (*b, *a) };
        (low.1..high.1).contains(&place.1) && side((low, high), place) > 0
    });
    crossings.count() % 2 == 1
}

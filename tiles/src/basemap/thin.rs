//! Leaves out vertices of lines that hardly bend them (Douglas and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727).

use super::clip::Place;

/// A ring without the vertices whose loss moves it by no more than `tolerance`. Vertices for which `fixed` holds stay:
/// those on a border, where another ring goes on.
pub(crate) fn thin_ring<Vertex: Copy>(
    ring: &[Vertex],
    place: impl Fn(Vertex) -> Place,
    fixed: impl Fn(Vertex) -> bool,
    tolerance: f64,
) -> Vec<Vertex> {
    let first = ring.iter().position(|vertex| fixed(*vertex)).unwrap_or(0);
    // Round once and back to the first vertex.
    let around: Vec<Vertex> = ring[first..]
        .iter()
        .chain(&ring[..first])
        .chain(ring.get(first))
        .copied()
        .collect();
    let places: Vec<Place> = around.iter().map(|vertex| place(*vertex)).collect();
    let last = places.len().saturating_sub(1);
    let mut keep: Vec<bool> = around.iter().map(|vertex| fixed(*vertex)).collect();
    if keep.is_empty() {
        return Vec::new();
    }
    (keep[0], keep[last]) = (true, true);
    if keep[1..last].iter().all(|kept| !kept)
        && let Some(opposite) = farthest(&places[1..last], |at| squared(at, places[0]))
    {
        // Nothing else is fixed: two lines, between its first vertex and the one farthest from it.
        keep[1 + opposite] = true;
    }
    let stops: Vec<usize> = (0..=last).filter(|index| keep[*index]).collect();
    for pair in stops.windows(2) {
        between(&places, pair[0], pair[1], tolerance * tolerance, &mut keep);
    }
    let kept = around[..last].iter().zip(&keep).filter(|(_, keep)| **keep);
    kept.map(|(vertex, _)| *vertex).collect()
}

fn between(places: &[Place], first: usize, last: usize, tolerance_squared: f64, keep: &mut [bool]) {
    let mut open = vec![(first, last)];
    while let Some((first, last)) = open.pop() {
        let inner = &places[(first + 1).min(last)..last];
        let (a, b) = (places[first], places[last]);
        if let Some(index) = farthest(inner, |at| from_line(at, a, b))
            && from_line(inner[index], a, b) > tolerance_squared
        {
            let middle = first + 1 + index;
            keep[middle] = true;
            open.extend([(first, middle), (middle, last)]);
        }
    }
}

fn farthest(places: &[Place], measure: impl Fn(Place) -> f64) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, place) in places.iter().enumerate() {
        let value = measure(*place);
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((index, value));
        }
    }
    best.map(|(index, _)| index)
}

fn squared(a: Place, b: Place) -> f64 {
    (a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)
}

/// Square of the distance from a place to the piece of line between two others.
fn from_line(at: Place, a: Place, b: Place) -> f64 {
    let length = squared(a, b);
    if length == 0.0 {
        return squared(at, a);
    }
    let along = (at.0 - a.0) * (b.0 - a.0) + (at.1 - a.1) * (b.1 - a.1);
    let t = (along / length).clamp(0.0, 1.0);
    squared(at, (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bends_and_fixed_vertices_stay() {
        let ring = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.0), (2.0, 5.0), (1.0, 5.1), (0.0, 5.0)];
        let thin = |fixed: fn(Place) -> bool| thin_ring(&ring, |at| at, fixed, 0.5);
        assert_eq!(thin(|_| false), [(0.0, 0.0), (2.0, 0.0), (2.0, 5.0), (0.0, 5.0)]);
        assert_eq!(
            thin(|at| at.1 > 5.05),
            [(1.0, 5.1), (0.0, 5.0), (0.0, 0.0), (2.0, 0.0), (2.0, 5.0)]
        );
        assert!(thin_ring(&[], |at: Place| at, |_| false, 1.0).is_empty());
        assert_eq!(thin_ring(&ring[..1], |at| at, |_| false, 1.0).len(), 1);
    }
}

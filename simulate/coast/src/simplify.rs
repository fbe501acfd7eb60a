//! Leaves out vertices of a shoreline that hardly bend it (Douglas and Peucker 1973, doi:10.3138/FM57-6770-U75U-7727).

/// The vertices to keep of a line so that no vertex left out is farther than `tolerance` from it. Ends are kept; a closed
/// line keeps at least three vertices, so that a small island stays one.
pub(crate) fn simplify(points: &[(f64, f64)], closed: bool, tolerance: f64) -> Vec<bool> {
    let mut keep = vec![false; points.len()];
    let (Some(first), Some(last)) = (keep.first().map(|_| 0), points.len().checked_sub(1)) else {
        return keep;
    };
    keep[first] = true;
    if !closed {
        keep[last] = true;
        between(points, first, last, tolerance, &mut keep);
        return keep;
    }
    // A ring is two lines between its first vertex and the one farthest from it, and a third vertex farthest from both.
    let Some(opposite) = farthest(points, |point| squared(point, points[first])) else {
        return keep;
    };
    let Some(third) = farthest(points, |point| from_line(point, points[first], points[opposite])) else {
        return keep;
    };
    keep[opposite] = true;
    keep[third] = true;
    let mut ring: Vec<(f64, f64)> = points.to_vec();
    ring.push(points[first]);
    let mut stops = [opposite.min(third), opposite.max(third)].to_vec();
    stops.push(points.len());
    keep.push(true);
    let mut from = first;
    for stop in stops {
        between(&ring, from, stop, tolerance, &mut keep);
        from = stop;
    }
    keep.pop();
    keep
}

fn between(points: &[(f64, f64)], first: usize, last: usize, tolerance: f64, keep: &mut [bool]) {
    let mut open = vec![(first, last)];
    while let Some((first, last)) = open.pop() {
        if last <= first + 1 {
            continue;
        }
        let inner = &points[first + 1..last];
        let Some(index) = farthest(inner, |point| from_line(point, points[first], points[last])) else {
            continue;
        };
        if from_line(inner[index], points[first], points[last]) > tolerance * tolerance {
            let middle = first + 1 + index;
            keep[middle] = true;
            open.push((first, middle));
            open.push((middle, last));
        }
    }
}

fn farthest(points: &[(f64, f64)], measure: impl Fn((f64, f64)) -> f64) -> Option<usize> {
    let measured = points.iter().map(|&point| measure(point)).enumerate();
    measured.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

fn squared(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)
}

/// Square of the distance from a point to the piece of line between two others.
fn from_line(point: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let length = squared(a, b);
    if length == 0.0 {
        return squared(point, a);
    }
    let along = (point.0 - a.0) * (b.0 - a.0) + (point.1 - a.1) * (b.1 - a.1);
    let t = (along / length).clamp(0.0, 1.0);
    squared(point, (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bends_and_drops_the_rest() {
        let line = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.0), (2.0, 5.0)];
        assert_eq!(simplify(&line, false, 0.5), [true, false, true, true]);
    }

    #[test]
    fn a_small_island_keeps_three_vertices() {
        let ring = [(0.0, 0.0), (0.1, 0.0), (0.2, 0.1), (0.1, 0.1)];
        assert_eq!(simplify(&ring, true, 5.0).iter().filter(|&&kept| kept).count(), 3);
    }
}

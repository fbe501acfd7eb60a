//! Rings cut to a box, half-plane by half-plane (Sutherland and Hodgman 1974, doi:10.1145/360767.360802).
//!
//! What is left is closed along the box's sides, sometimes back and forth: filled by the even-odd rule it is right.

/// A place in any plane.
pub(crate) type Place = (f64, f64);

/// One of the two numbers of a place.
type Axis = fn(Place) -> f64;

/// Least and greatest x and y.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
}

/// A ring within a window; empty where nothing of it is.
pub(crate) fn clip(ring: Vec<Place>, window: Window) -> Vec<Place> {
    let sides: [(Axis, f64, f64); 4] = [
        (|place| place.0, window.x.0, 1.0),
        (|place| place.0, window.x.1, -1.0),
        (|place| place.1, window.y.0, 1.0),
        (|place| place.1, window.y.1, -1.0),
    ];
    sides.into_iter().fold(ring, |ring, (axis, bound, sign)| {
        let within = |place: &Place| (axis(*place) - bound) * sign >= 0.0;
        match ring.iter().filter(|place| within(place)).count() {
            0 => Vec::new(),
            all if all == ring.len() => ring,
            _ => half(&ring, within, |a, b| (bound - axis(a)) / (axis(b) - axis(a))),
        }
    })
}

/// The part of a ring within a half-plane; `share` is how far along an edge its border is crossed.
fn half(ring: &[Place], within: impl Fn(&Place) -> bool, share: impl Fn(Place, Place) -> f64) -> Vec<Place> {
    let mut kept = Vec::with_capacity(ring.len() / 2);
    let Some(mut before) = ring.last().copied() else {
        return kept;
    };
    let mut was_within = within(&before);
    for &next in ring {
        let is_within = within(&next);
        if is_within != was_within {
            // Always from the same end, so that an edge is cut at the same place whichever way it runs.
            let (a, b) = if is_within { (next, before) } else { (before, next) };
            let t = share(a, b);
            kept.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
        }
        if is_within {
            kept.push(next);
        }
        (before, was_within) = (next, is_within);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window {
        x: (0.0, 10.0),
        y: (0.0, 10.0),
    };

    #[test]
    fn a_ring_is_cut_kept_or_left_out() {
        let inside = vec![(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)];
        assert_eq!(clip(inside.clone(), WINDOW), inside);
        assert!(clip(vec![(11.0, 1.0), (12.0, 1.0), (12.0, 2.0)], WINDOW).is_empty());
        let around = clip(vec![(-5.0, -5.0), (15.0, -5.0), (15.0, 15.0), (-5.0, 15.0)], WINDOW);
        assert_eq!(around.len(), 4);
        assert!(
            around
                .iter()
                .all(|(x, y)| [0.0, 10.0].contains(x) && [0.0, 10.0].contains(y))
        );
        let half = clip(vec![(5.0, -5.0), (15.0, 5.0), (5.0, 15.0), (-5.0, 5.0)], WINDOW);
        assert_eq!(half.len(), 8, "{half:?}");
    }
}

//! Lines in a projected plane. Between two corners a line is straight in degrees (RFC 7946, 3.1.1), so in the plane it is
//! bent: long edges get corners of their own where they leave the straight way.

use geo::{Coord, LineString};

use crate::MapView;
use crate::clip::Place;

/// How far a drawn edge may be off, in pixels.
const TOLERANCE_PX: f64 = 0.4;
/// An edge is halved this often at most.
const MOST_HALVINGS: u32 = 9;
/// Edges shorter than this, in degrees and in pixels, are not looked at.
const SHORT_DEG: f64 = 0.05;
const SHORT_PX: f64 = 4.0;
/// Edges longer than this are halved in any case.
const LONG_DEG: f64 = 10.0;

/// The places of a line in the plane, with those in between that its bends need.
pub(super) fn places(view: &MapView, line: &LineString<f64>) -> Vec<Place> {
    let mut places = Vec::with_capacity(line.0.len());
    let mut before: Option<(Coord, Place)> = None;
    for coord in line.coords() {
        let place = view.plane(coord.x, coord.y);
        if let Some(from) = before {
            bend(view, from, (*coord, place), MOST_HALVINGS, &mut places);
        }
        places.push(place);
        before = Some((*coord, place));
    }
    places
}

fn bend(view: &MapView, from: (Coord, Place), to: (Coord, Place), halvings: u32, places: &mut Vec<Place>) {
    let degrees = (to.0.x - from.0.x).abs().max((to.0.y - from.0.y).abs());
    let (across, down) = view.scale();
    let in_pixels = |a: Place, b: Place| libm::hypot((b.0 - a.0) * across, (b.1 - a.1) * down);
    // The ends of a long edge may stand beside each other: it goes around the pole. And not "length > ..": where there is
    // no place the edge is looked at, too.
    let is_short = degrees < LONG_DEG && in_pixels(from.1, to.1) < SHORT_PX;
    if halvings == 0 || degrees < SHORT_DEG || is_short {
        return;
    }
    let middle = Coord {
        x: (from.0.x + to.0.x) / 2.0,
        y: (from.0.y + to.0.y) / 2.0,
    };
    let place = view.plane(middle.x, middle.y);
    let straight = ((from.1.0 + to.1.0) / 2.0, (from.1.1 + to.1.1) / 2.0);
    // A bend may cross the straight way in its middle: long edges are halved in any case.
    if in_pixels(straight, place) <= TOLERANCE_PX && degrees < LONG_DEG {
        return;
    }
    bend(view, from, (middle, place), halvings - 1, places);
    places.push(place);
    bend(view, (middle, place), to, halvings - 1, places);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapCrs;
    use driftline_domain::ReferenceSystem;

    #[test]
    fn a_parallel_around_the_pole_is_a_circle() {
        let crs = MapCrs::from(ReferenceSystem::find("EPSG:3995").unwrap());
        let view = MapView::new(crs, [-2e6, -2e6, 2e6, 2e6], 500, 500).unwrap();
        let parallel: LineString<f64> = vec![(-180.0, 80.0), (180.0, 80.0)].into();
        let places = places(&view, &parallel);
        let radius = view.plane(0.0, 80.0).1.abs();
        assert!(places.len() > 60 && places.len() < 600, "{}", places.len());
        assert!(places.iter().all(|(x, y)| (x.hypot(*y) - radius).abs() < 1.0));
        let short: LineString<f64> = vec![(1.0, 80.0), (1.01, 80.0)].into();
        assert_eq!(super::places(&view, &short).len(), 2);
    }
}

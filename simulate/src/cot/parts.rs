//! The parts of a search area as TAK draws them: outlines without holes, of few vertices, the largest first. Nothing of the
//! area is left out; holes are filled, and many small parts are drawn as one hull.

use driftline_domain::wrap_lon_deg;
use geo::{Area as _, Coord, MultiPolygon, Polygon};

use super::outward::{hull, outward};

/// Vertices of a drawn polygon at most, the repeated first one included: relays cut off what is longer.
const MOST_VERTICES: usize = 64;
/// Polygons of one area at most.
const MOST_PARTS: usize = 6;

/// Closed outlines, longitude and latitude.
pub(super) fn outlines(area: &MultiPolygon) -> Vec<Vec<Coord>> {
    let mut parts: Vec<&Polygon> = area.iter().filter(|part| part.exterior().0.len() > 3).collect();
    // What is equally large stays in its order.
    parts.sort_by(|a, b| size(b).total_cmp(&size(a)));
    if parts.len() <= MOST_PARTS {
        return parts.iter().map(|part| outline(&open(part))).collect();
    }
    // On either side of the antimeridian one hull: a single one would go around the globe. With the parts that stay they are
    // as many as there may be.
    let rest = parts.split_off(MOST_PARTS - 2);
    let mut outlines: Vec<Vec<Coord>> = parts.iter().map(|part| outline(&open(part))).collect();
    let (west, east): (Vec<&Polygon>, Vec<&Polygon>) = if is_cut(area) {
        rest.into_iter().partition(|part| part.exterior().0[0].x < 0.0)
    } else {
        (rest, Vec::new())
    };
    for side in [west, east] {
        let places: Vec<Coord> = side.iter().flat_map(|part| open(part)).collect();
        if !places.is_empty() {
            outlines.push(outline(&hull(&places)));
        }
    }
    outlines
}

fn is_cut(area: &MultiPolygon) -> bool {
    let touches = |side: f64| {
        area.iter()
            .any(|part| part.exterior().0.iter().any(|coord| coord.x == side))
    };
    touches(180.0) && touches(-180.0)
}

fn size(part: &Polygon) -> f64 {
    let middle = part.exterior().0[0].y;
    part.unsigned_area() * libm::cos(middle.to_radians())
}

/// The vertices of the outer ring, none twice.
fn open(part: &Polygon) -> Vec<Coord> {
    let ring = &part.exterior().0;
    ring[..ring.len().saturating_sub(1)].to_vec()
}

fn outline(open: &[Coord]) -> Vec<Coord> {
    // Sizes count in a plane in which degrees of longitude are as long as they are there.
    let narrow = libm::cos(open[0].y.to_radians()).max(0.01);
    let plane: Vec<Coord> = open
        .iter()
        .map(|coord| Coord {
            x: coord.x * narrow,
            y: coord.y,
        })
        .collect();
    let few = outward(&plane, MOST_VERTICES - 1);
    let back = |place: &Coord| {
        // Vertices that stay are the very ones.
        let kept = plane.iter().position(|known| known == place).map(|number| open[number]);
        kept.unwrap_or_else(|| Coord {
            x: (place.x / narrow).clamp(-180.0, 180.0),
            y: place.y.clamp(-90.0, 90.0),
        })
    };
    let mut closed: Vec<Coord> = few.iter().map(back).collect();
    closed.extend(closed.first().copied());
    closed
}

/// The middle of an outline's box, for those who show a place only.
pub(super) fn middle(outline: &[Coord]) -> (f64, f64) {
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (west, east) = ends(&mut outline.iter().map(|coord| coord.x));
    let (south, north) = ends(&mut outline.iter().map(|coord| coord.y));
    (wrap_lon_deg((west + east) / 2.0), (south + north) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{BooleanOps, LineString};

    fn square(west: f64, south: f64, side: f64) -> Polygon {
        let corner = |x: f64, y: f64| Coord {
            x: west + x * side,
            y: south + y * side,
        };
        let ring = [corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)];
        Polygon::new(LineString::from(ring.to_vec()), Vec::new())
    }

    #[test]
    fn many_parts_become_few_and_none_is_left_out() {
        let parts = (0..15).map(|number| square(4.0 + f64::from(number), 60.0, 0.1 + 0.01 * f64::from(number)));
        let area: MultiPolygon = parts.collect();
        let outlines = outlines(&area);
        assert!(outlines.len() <= MOST_PARTS);
        assert_eq!(outlines[0].len(), 5, "the largest is as it was");
        assert_eq!(outlines[0][0], outlines[0][4], "closed");
        let drawn: MultiPolygon = outlines
            .iter()
            .map(|ring| Polygon::new(LineString::from(ring.clone()), Vec::new()))
            .collect();
        assert!(area.difference(&drawn).unsigned_area() < 1e-12);
    }

    #[test]
    fn no_hull_goes_around_the_globe() {
        let east = (0..8).map(|number| square(179.0 + 0.1 * f64::from(number), -17.0, 0.05));
        let west = (0..8).map(|number| square(-180.0 + 0.1 * f64::from(number), -17.0, 0.05));
        let area: MultiPolygon = east.chain(west).chain([square(179.5, -16.0, 0.5)]).collect();
        for outline in outlines(&area) {
            let wide = outline.iter().any(|coord| coord.x > 0.0) && outline.iter().any(|coord| coord.x < 0.0);
            assert!(!wide, "{outline:?}");
        }
    }
}

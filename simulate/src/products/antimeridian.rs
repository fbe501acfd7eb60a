//! From the plane to longitude and latitude: polygons and tracks in [-180, 180], cut where they cross the antimeridian
//! (RFC 7946, 3.1.9), polygons closed over a pole where they hold one.

use driftline_domain::{BBox, ValidTime, wrap_lon_deg};
use geo::orient::{Direction, Orient};
use geo::{
    BooleanOps, BoundingRect, Coord, Densify, Euclidean, LineString, MapCoords, MultiPolygon, Polygon, Rect, Translate,
};

use super::plane::Plane;

/// Cut edges are brought back onto the antimeridian from this far off, degrees.
const SNAP_DEG: f64 = 1e-6;

/// Longer edges of the plane get vertices in between: one that is straight here is bent on the map, by 0.5 m where it is
/// this long and at 80 degrees north, by 20 m where it is 20 km long at 60.
const LONGEST_EDGE_M: f64 = 2_000.0;

/// Polygons of the plane as longitudes and latitudes.
pub(crate) fn to_map(plane: &Plane, polygons: &MultiPolygon) -> MultiPolygon {
    let pole_deg = if plane.lat0_deg() < 0.0 { -90.0 } else { 90.0 };
    let mut parts = Vec::new();
    for polygon in polygons {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let mut rings: Vec<Unrolled> = rings.map(|ring| Unrolled::of(plane, ring)).collect();
        if rings.iter().all(Unrolled::fits_the_map) {
            let exterior = rings.remove(0).ring;
            parts.push(Polygon::new(
                exterior,
                rings.into_iter().map(|hole| hole.ring).collect(),
            ));
        } else {
            let mut rings = rings.iter().map(|ring| ring.pieces(pole_deg));
            let exterior = rings.next().unwrap_or_else(MultiPolygon::empty);
            parts.extend(
                rings
                    .fold(exterior, |rest, hole| rest.difference(&hole))
                    .map_coords(snap),
            );
        }
    }
    MultiPolygon(parts).orient(Direction::Default)
}

/// A ring whose longitudes run on without a jump.
struct Unrolled {
    ring: LineString,
    /// Whether it goes once around the pole, so that its ends lie a turn apart.
    around_pole: bool,
}

impl Unrolled {
    fn of(plane: &Plane, ring: &LineString) -> Self {
        let mut coords: Vec<Coord> = Vec::with_capacity(ring.0.len());
        for place in Euclidean.densify(ring, LONGEST_EDGE_M).0 {
            let (lon, lat) = plane.inverse(place.x, place.y);
            let lon = coords
                .last()
                .map_or(lon, |before| before.x + wrap_lon_deg(lon - before.x));
            coords.push(Coord { x: lon, y: lat });
        }
        let turn = coords
            .last()
            .zip(coords.first())
            .map_or(0.0, |(last, first)| last.x - first.x);
        // A ring that lies wholly beyond the antimeridian comes back in one piece.
        let low = coords.iter().map(|coord| coord.x).fold(f64::MAX, f64::min);
        let shift = wrap_lon_deg(low) - low;
        coords.iter_mut().for_each(|coord| coord.x += shift);
        let around_pole = turn.abs() > 180.0;
        if let (false, Some(first)) = (around_pole, coords.first().copied()) {
            // Closed to the last bit.
            let last = coords.len() - 1;
            coords[last] = first;
        }
        Self {
            ring: LineString(coords),
            around_pole,
        }
    }

    fn fits_the_map(&self) -> bool {
        !self.around_pole && self.ring.0.iter().all(|coord| coord.x <= 180.0)
    }

    /// What the ring encloses, cut into turns of the globe and each brought into [-180, 180].
    fn pieces(&self, pole_deg: f64) -> MultiPolygon {
        let mut ring = self.ring.clone();
        if let (true, Some(first), Some(last)) = (self.around_pole, ring.0.first().copied(), ring.0.last().copied()) {
            ring.0.push(Coord { x: last.x, y: pole_deg });
            ring.0.push(Coord {
                x: first.x,
                y: pole_deg,
            });
        }
        let whole = Polygon::new(ring, Vec::new());
        let Some(bounds) = whole.bounding_rect() else {
            return MultiPolygon::empty();
        };
        let mut pieces = MultiPolygon::empty();
        for turn in [-360.0_f64, 0.0, 360.0] {
            // No larger than the ring asks for: the overlay works on integers that span both its inputs.
            let west = (turn - 180.0).max(bounds.min().x - 1.0);
            let east = (turn + 180.0).min(bounds.max().x + 1.0);
            if west < east {
                let (south, north) = (bounds.min().y - 1.0, bounds.max().y + 1.0);
                let window = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north }).to_polygon();
                pieces = pieces.union(&whole.intersection(&window).translate(-turn, 0.0));
            }
        }
        pieces
    }
}

fn snap(coord: Coord) -> Coord {
    let near = |value: f64, edge: f64| {
        if (value.abs() - edge).abs() < SNAP_DEG {
            edge.copysign(value)
        } else {
            value
        }
    };
    Coord {
        x: near(coord.x, 180.0),
        y: near(coord.y, 90.0),
    }
}

/// Where a particle was, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vertex {
    /// Longitude in [-180, 180].
    pub lon_deg: f64,
    /// Latitude.
    pub lat_deg: f64,
    /// Time, to the second.
    pub time: ValidTime,
}

/// A track in pieces, each on one side of the antimeridian; a cut adds the place and time of the crossing to both
/// sides.
pub(crate) fn split_track(track: &[Vertex]) -> Vec<Vec<Vertex>> {
    let mut parts: Vec<Vec<Vertex>> = Vec::new();
    let mut part: Vec<Vertex> = Vec::new();
    for next in track.iter().copied() {
        let Some(before) = part.last().copied() else {
            part.push(next);
            continue;
        };
        let step = wrap_lon_deg(next.lon_deg - before.lon_deg);
        let ahead = before.lon_deg + step;
        if ahead.abs() <= 180.0 {
            // A place on the antimeridian itself stays on the side it was reached from.
            part.push(Vertex { lon_deg: ahead, ..next });
            continue;
        }
        let edge = 180f64.copysign(ahead);
        let share = (edge - before.lon_deg) / step;
        let crossing = Vertex {
            lon_deg: edge,
            lat_deg: before.lat_deg + share * (next.lat_deg - before.lat_deg),
            time: between(before.time, next.time, share),
        };
        if before.lon_deg != edge {
            part.push(crossing);
        }
        parts.push(std::mem::take(&mut part));
        part.extend([
            Vertex {
                lon_deg: -edge,
                ..crossing
            },
            Vertex {
                lon_deg: ahead - edge * 2.0,
                ..next
            },
        ]);
    }
    parts.push(part);
    if parts.len() > 1 {
        parts.retain(|part| part.len() > 1);
    }
    parts
}

fn between(before: ValidTime, after: ValidTime, share: f64) -> ValidTime {
    let seconds = libm::round(share * (after.unix_s() - before.unix_s()) as f64) as i64;
    ValidTime::from_unix_s(before.unix_s() + seconds).unwrap_or(before)
}

/// The smallest box around pieces that were cut at the antimeridian, west of east where they lie on both its sides.
pub(crate) fn bounds(coords: impl IntoIterator<Item = Coord>) -> Option<BBox> {
    let mut lons: Vec<f64> = Vec::new();
    let (mut south, mut north) = (f64::MAX, f64::MIN);
    for coord in coords {
        lons.push(coord.x);
        (south, north) = (south.min(coord.y), north.max(coord.y));
    }
    lons.sort_by(f64::total_cmp);
    let (first, last) = (*lons.first()?, *lons.last()?);
    // The widest gap between neighbours is what the box leaves out; the gap across the antimeridian by default.
    let (mut west, mut east, mut widest) = (first, last, first + 360.0 - last);
    for pair in lons.windows(2) {
        if pair[1] - pair[0] > widest {
            (west, east, widest) = (pair[1], pair[0], pair[1] - pair[0]);
        }
    }
    Some(BBox {
        west,
        south,
        east,
        north,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Validation};

    fn disc(centre: (f64, f64), radius_m: f64) -> LineString {
        let steps = 360;
        (0..=steps)
            .map(|k| f64::from(k % steps).to_radians())
            .map(|turn| {
                (
                    centre.0 + radius_m * libm::cos(turn),
                    centre.1 + radius_m * libm::sin(turn),
                )
            })
            .collect()
    }

    /// Area on the plane of map polygons, by the plane's own forward projection of densely cut edges.
    fn area_m2(plane: &Plane, map: &MultiPolygon) -> f64 {
        Euclidean
            .densify(map, 0.05)
            .map_coords(|c| plane.forward(c.x, c.y).into())
            .unsigned_area()
    }

    #[test]
    fn a_ring_with_a_hole_across_the_antimeridian_is_cut_in_two() {
        let plane = Plane::around(179.95, -17.0);
        let ring = Polygon::new(disc((0.0, 0.0), 30_000.0), vec![disc((1_000.0, 0.0), 8_000.0)]);
        let map = to_map(&plane, &MultiPolygon(vec![ring.clone()]));
        assert_eq!(map.0.len(), 2);
        assert!(map.is_valid());
        let whole = ring.unsigned_area();
        assert!(
            (area_m2(&plane, &map) / whole - 1.0).abs() < 1e-5,
            "{}",
            area_m2(&plane, &map) / whole
        );
        for polygon in &map {
            assert!(polygon.signed_area() > 0.0, "exteriors run counter-clockwise");
            let lons: Vec<f64> = polygon.exterior().0.iter().map(|coord| coord.x).collect();
            assert!(lons.iter().all(|lon| (-180.0..=180.0).contains(lon)));
            assert!(
                lons.iter().filter(|lon| lon.abs() == 180.0).count() >= 2,
                "both halves reach the antimeridian"
            );
            assert!(lons.iter().all(|lon| *lon > 170.0) || lons.iter().all(|lon| *lon < -170.0));
        }
        let bounds = bounds(map.iter().flat_map(|polygon| polygon.exterior().0.clone())).unwrap();
        assert!(bounds.west > 179.0 && bounds.east < -179.0, "{bounds:?}");
    }

    #[test]
    fn a_disc_around_the_pole_becomes_a_cap() {
        for lat in [89.9, -89.9] {
            let plane = Plane::around(10.0, lat);
            let ring = Polygon::new(disc((0.0, 0.0), 200_000.0), vec![disc((0.0, 0.0), 50_000.0)]);
            let map = to_map(&plane, &MultiPolygon(vec![ring.clone()]));
            assert!(map.is_valid(), "{map:?}");
            let share = area_m2(&plane, &map) / ring.unsigned_area();
            assert!((share - 1.0).abs() < 1e-3, "{share}");
            let all: Vec<Coord> = map.iter().flat_map(|polygon| polygon.exterior().0.clone()).collect();
            assert!(all.iter().any(|coord| coord.x == 180.0) && all.iter().any(|coord| coord.x == -180.0));
        }
    }

    #[test]
    fn a_track_is_cut_where_and_when_it_crosses() {
        let at = |lon_deg: f64, lat_deg: f64, unix_s: i64| Vertex {
            lon_deg,
            lat_deg,
            time: ValidTime::from_unix_s(unix_s).unwrap(),
        };
        let parts = split_track(&[
            at(179.0, 0.0, 0),
            at(179.5, 1.0, 3600),
            at(-179.5, 2.0, 7200),
            at(179.9, 3.0, 10_800),
        ]);
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].last(), Some(&at(180.0, 1.5, 5400)));
        assert_eq!(parts[1].first(), Some(&at(-180.0, 1.5, 5400)));
        assert_eq!(parts[2].len(), 2);
        assert_eq!(split_track(&[at(1.0, 2.0, 3), at(1.5, 2.0, 4)]).len(), 1);
        // Onto the antimeridian and over it.
        let parts = split_track(&[at(179.5, 0.0, 0), at(-180.0, 0.0, 10), at(-179.5, 0.0, 20)]);
        let lons: Vec<Vec<f64>> = parts
            .iter()
            .map(|part| part.iter().map(|vertex| vertex.lon_deg).collect())
            .collect();
        assert_eq!(lons, [[179.5, 180.0], [-180.0, -179.5]]);
    }
}

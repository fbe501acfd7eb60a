//! An area that an object was lost in: a polygon of GeoJSON, and its outline cut along parallels.
//!
//! Edges are straight in longitude and latitude, as RFC 7946 (section 3.1.1) has them, and shorter than half a turn, so
//! that a ring may simply go on across the antimeridian. A ring that goes once around the Earth holds the pole it is
//! nearer to. What a ring holds goes by the even-odd rule, so that a ring may cross itself.

use serde::{Deserialize, Serialize};

use super::{extent, limits};
use crate::{BBox, LatLon, ValidTime, meters_per_degree, wrap_lon_deg};

/// Anywhere in a polygon, evenly by area, at times spread evenly over a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolygonRelease {
    /// Rings of [longitude, latitude] in degrees: the outline, then its holes; the first position stands again at the end.
    pub coordinates: Vec<Vec<[f64; 2]>>,
    /// Start and end of the window.
    pub times: [ValidTime; 2],
}

/// A straight edge between two [longitude, latitude], in degrees; longitudes go on beyond half a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// One end.
    pub from: [f64; 2],
    /// The other.
    pub to: [f64; 2],
}

impl Edge {
    /// Longitude at a latitude between those of its ends, degrees.
    pub fn lon_at(&self, lat_deg: f64) -> f64 {
        let ([lon0, lat0], [lon1, lat1]) = (self.from, self.to);
        lon0 + (lon1 - lon0) * (lat_deg - lat0) / (lat1 - lat0)
    }

    /// Latitude at which it crosses another one between the ends of both.
    fn crossing(&self, other: &Self) -> Option<f64> {
        let span = |edge: &Self| (edge.from[1].min(edge.to[1]), edge.from[1].max(edge.to[1]));
        let ((south, north), (other_south, other_north)) = (span(self), span(other));
        if south >= other_north || other_south >= north {
            return None;
        }
        let minus = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let (own, others) = (minus(self.to, self.from), minus(other.to, other.from));
        let across = cross(own, others);
        let apart = minus(other.from, self.from);
        let (share, other_share) = (cross(apart, others) / across, cross(apart, own) / across);
        let between = |share: f64| share > 0.0 && share < 1.0;
        (between(share) && between(other_share)).then(|| self.from[1] + share * own[1])
    }

    fn crosses(&self, lat_deg: f64) -> bool {
        (self.from[1] <= lat_deg) != (self.to[1] <= lat_deg)
    }
}

/// The edges of a polygon with longitudes that do not jump.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Edges, each with the number of its ring.
    edges: Vec<(usize, Edge)>,
    /// Rings; the first is the outline, the others are holes.
    rings: usize,
}

impl Outline {
    /// The edges of outline and holes.
    pub fn edges(&self) -> impl Iterator<Item = Edge> {
        self.edges.iter().map(|(_, edge)| *edge)
    }

    /// Latitudes of the corners in rising order, each once.
    pub fn latitudes(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self.edges().flat_map(|edge| [edge.from[1], edge.to[1]]).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }

    /// Latitudes at which edges cross each other between their ends, in no order; not more than a little over
    /// [`limits::EDGE_CROSSINGS`].
    pub fn crossings(&self) -> Vec<f64> {
        let mut all = Vec::new();
        for (number, (_, edge)) in self.edges.iter().enumerate() {
            let later = self.edges.iter().skip(number + 1);
            all.extend(later.filter_map(|(_, other)| edge.crossing(other)));
            if all.len() > limits::EDGE_CROSSINGS {
                break;
            }
        }
        all
    }

    /// What the polygon holds of a parallel: pairs of edges with their western and eastern bound, from west to east.
    pub fn spans(&self, lat_deg: f64) -> Vec<(Edge, Edge)> {
        let crossed = self.edges.iter().filter(|(_, edge)| edge.crosses(lat_deg));
        let mut crossings: Vec<(f64, usize, Edge)> = crossed
            .map(|(ring, edge)| (edge.lon_at(lat_deg), *ring, *edge))
            .collect();
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut within = vec![false; self.rings];
        let mut holes = 0usize;
        let mut open: Option<(f64, Edge)> = None;
        let mut spans = Vec::new();
        for (lon, ring, edge) in crossings {
            within[ring] = !within[ring];
            if ring > 0 {
                holes = if within[ring] { holes + 1 } else { holes - 1 };
            }
            let inside = within[0] && holes == 0;
            match open {
                None if inside => open = Some((lon, edge)),
                Some((west, start)) if !inside => {
                    if lon > west {
                        spans.push((start, edge));
                    }
                    open = None;
                }
                _ => {}
            }
        }
        spans
    }
}

impl PolygonRelease {
    /// The polygon's edges with longitudes that do not jump.
    pub fn outline(&self) -> Outline {
        let rings: Vec<Vec<[f64; 2]>> = self.coordinates.iter().map(|ring| unwrapped(ring)).collect();
        let middle = |ring: &[[f64; 2]]| {
            let (west, east) = reach(ring);
            f64::midpoint(west, east)
        };
        let outer_middle = rings.first().map_or(0.0, |ring| middle(ring));
        let mut edges = Vec::new();
        let mut count = 0;
        for (number, ring) in rings.iter().enumerate() {
            // A hole lies in the same turn as the outline; where that goes around a pole a hole may lie across its seam.
            let turn = 360.0 * libm::round((outer_middle - middle(ring)) / 360.0);
            let copies: &[f64] = if number == 0 { &[0.0] } else { &[-360.0, 0.0, 360.0] };
            for copy in copies {
                let shift = if number == 0 { 0.0 } else { turn + copy };
                let moved = |[lon, lat]: [f64; 2]| [lon + shift, lat];
                edges.extend(ring.windows(2).map(|ends| {
                    let edge = Edge {
                        from: moved(ends[0]),
                        to: moved(ends[1]),
                    };
                    (count, edge)
                }));
                count += 1;
            }
        }
        Outline { edges, rings: count }
    }

    /// Whether it holds less than [`limits::POLYGON_AREA_M2`]: corners on a line, or holes that leave nothing.
    pub(super) fn is_empty(&self) -> bool {
        let slices = self.slices();
        slices.iter().map(|slice| slice.area_m2).sum::<f64>() < limits::POLYGON_AREA_M2
    }

    /// A place within it: in the middle of its largest slice.
    pub(super) fn centre(&self) -> LatLon {
        let slices = self.slices();
        let largest = slices.iter().max_by(|a, b| a.area_m2.total_cmp(&b.area_m2));
        let place = largest.and_then(|slice| LatLon::new(slice.lat_deg, wrap_lon_deg(slice.lon_deg)).ok());
        place.unwrap_or(LatLon::ORIGIN)
    }

    /// The box around it.
    pub(super) fn bounds(&self) -> BBox {
        let Some(ring) = self.coordinates.first().map(|ring| unwrapped(ring)) else {
            return extent::WORLD;
        };
        let latitudes = || ring.iter().map(|corner| corner[1]);
        let (south, north) = (latitudes().fold(90.0, f64::min), latitudes().fold(-90.0, f64::max));
        let (west, east) = reach(&ring);
        if east - west >= 360.0 {
            return BBox {
                south,
                north,
                ..extent::WORLD
            };
        }
        BBox {
            west: wrap_lon_deg(west),
            south,
            east: wrap_lon_deg(east),
            north,
        }
    }

    /// Slices between neighbouring latitudes of corners. Edges that cross may leave no width at one latitude, hence three.
    fn slices(&self) -> Vec<Slice> {
        let outline = self.outline();
        let latitudes = outline.latitudes();
        let mut slices = Vec::new();
        for ends in latitudes.windows(2) {
            for part in [0.21, 0.5, 0.83] {
                let lat_deg = ends[0] + part * (ends[1] - ends[0]);
                let (lon_m, lat_m) = meters_per_degree(lat_deg);
                for (west, east) in outline.spans(lat_deg) {
                    let (west, east) = (west.lon_at(lat_deg), east.lon_at(lat_deg));
                    slices.push(Slice {
                        lat_deg,
                        lon_deg: f64::midpoint(west, east),
                        area_m2: (east - west) * lon_m * (ends[1] - ends[0]) * lat_m / 3.0,
                    });
                }
            }
        }
        slices
    }
}

/// A strip along a parallel.
struct Slice {
    lat_deg: f64,
    lon_deg: f64,
    area_m2: f64,
}

/// A closed ring with longitudes that do not jump; one that goes around the Earth is closed over the nearer pole.
fn unwrapped(ring: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut corners: Vec<[f64; 2]> = Vec::with_capacity(ring.len() + 3);
    for &[lon, lat] in ring {
        let lon = match corners.last() {
            Some([before, _]) => before + wrap_lon_deg(lon - before),
            None => wrap_lon_deg(lon),
        };
        corners.push([lon, lat]);
    }
    let (Some(&first), Some(&last)) = (corners.first(), corners.last()) else {
        return corners;
    };
    if (last[0] - first[0]).abs() > 180.0 {
        let sum: f64 = corners.iter().map(|corner| corner[1]).sum();
        let pole = if sum < 0.0 { -90.0 } else { 90.0 };
        corners.extend([[last[0], pole], [first[0], pole]]);
    }
    corners.push(first);
    corners
}

/// Westernmost and easternmost longitude.
fn reach(ring: &[[f64; 2]]) -> (f64, f64) {
    let longitudes = || ring.iter().map(|corner| corner[0]);
    (
        longitudes().fold(f64::INFINITY, f64::min),
        longitudes().fold(f64::NEG_INFINITY, f64::max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(rings: &[&[[f64; 2]]]) -> PolygonRelease {
        let time = ValidTime::from_unix_s(0).unwrap();
        PolygonRelease {
            coordinates: rings.iter().map(|ring| ring.to_vec()).collect(),
            times: [time, time],
        }
    }

    fn widths(polygon: &PolygonRelease, lat: f64) -> Vec<(f64, f64)> {
        let spans = polygon.outline().spans(lat).into_iter();
        spans.map(|(west, east)| (west.lon_at(lat), east.lon_at(lat))).collect()
    }

    const BOX: &[[f64; 2]] = &[[4.0, 60.0], [6.0, 60.0], [6.0, 61.0], [4.0, 61.0], [4.0, 60.0]];

    #[test]
    fn holes_are_cut_out_and_self_crossings_keep_their_area() {
        let hole: &[[f64; 2]] = &[[4.5, 60.2], [5.0, 60.2], [5.0, 60.8], [4.5, 60.8], [4.5, 60.2]];
        assert_eq!(widths(&polygon(&[BOX, hole]), 60.5), [(4.0, 4.5), (5.0, 6.0)]);
        let eight = polygon(&[&[[4.0, 60.0], [6.0, 61.0], [6.0, 60.0], [4.0, 61.0], [4.0, 60.0]]]);
        assert!(!eight.is_empty() && widths(&eight, 60.25).len() == 2);
        for flat in [
            polygon(&[&[[4.0, 60.0], [5.0, 60.5], [6.0, 61.0], [4.0, 60.0]]]),
            polygon(&[&[[4.0, 60.0], [5.0, 60.0], [5.0, 61.0], [5.0, 60.0], [4.0, 60.0]]]),
            polygon(&[&[[4.0, 60.0], [4.0, 60.0], [4.0, 60.0], [4.0, 60.0]]]),
            polygon(&[BOX, BOX]),
        ] {
            assert!(flat.is_empty(), "{flat:?}");
        }
    }

    #[test]
    fn rings_cross_the_antimeridian_and_hold_poles() {
        let fiji = polygon(&[&[
            [179.0, -18.0],
            [-179.0, -18.0],
            [-179.0, -17.0],
            [179.0, -17.0],
            [179.0, -18.0],
        ]]);
        assert_eq!(widths(&fiji, -17.5), [(179.0, 181.0)]);
        assert_eq!((fiji.bounds().west, fiji.bounds().east), (179.0, -179.0));
        assert!(fiji.bounds().contains(fiji.centre().lon_deg(), fiji.centre().lat_deg()));
        let cap = polygon(&[
            &[[0.0, 85.0], [120.0, 85.0], [-120.0, 85.0], [0.0, 85.0]],
            &[[-1.0, 87.0], [1.0, 87.0], [1.0, 88.0], [-1.0, 88.0], [-1.0, 87.0]],
        ]);
        let held: f64 = widths(&cap, 87.5).iter().map(|(west, east)| east - west).sum();
        assert!((held - 358.0).abs() < 1e-9, "{:?}", widths(&cap, 87.5));
        assert_eq!((cap.bounds().north, cap.bounds().width_deg()), (90.0, 360.0));
    }
}

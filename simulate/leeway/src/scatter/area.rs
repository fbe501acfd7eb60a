//! Places in a polygon, evenly by area on the ellipsoid.
//!
//! The polygon is cut along the parallels of its corners and of the crossings of its edges, and every degree: what lies
//! between two cuts and two edges is a trapezoid in longitude and latitude. A trapezoid is chosen by its size, a place in
//! it evenly in degrees, and kept with the probability that the area of a square degree there has to the largest in the
//! trapezoid. Within a degree of latitude that is near 1, but at a pole, where it is 1/2.

use driftline_domain::{Edge, PolygonRelease, meters_per_degree, wrap_lon_deg};

use super::Dice;

/// Draws before the last one is taken as it is: at a pole one place in 2^64 lies too near to it.
const MAX_DRAWS: u32 = 64;
/// Cuts are no farther apart, degrees.
const STRIP_DEG: f64 = 1.0;

/// A polygon made ready.
#[derive(Debug, Clone)]
pub(super) struct Area {
    trapezoids: Vec<Trapezoid>,
    /// For each trapezoid the sum of the sizes up to and with it.
    sums: Vec<f64>,
    /// A corner, should there be no area at all.
    corner: (f64, f64),
}

#[derive(Debug, Clone)]
struct Trapezoid {
    south: f64,
    north: f64,
    west: Edge,
    east: Edge,
    /// Degrees of longitude at its southern and northern side.
    widths: [f64; 2],
    /// Largest area of a square degree in it, square metres.
    largest_m2: f64,
}

impl Area {
    pub(super) fn new(polygon: &PolygonRelease) -> Self {
        let outline = polygon.outline();
        let mut cuts = outline.latitudes();
        if let (Some(&south), Some(&north)) = (cuts.first(), cuts.last()) {
            cuts.extend(outline.crossings());
            let strips = libm::floor((north - south) / STRIP_DEG) as u32;
            cuts.extend((1..=strips).map(|strip| south + f64::from(strip) * STRIP_DEG));
        }
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        let (mut trapezoids, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for ends in cuts.windows(2) {
            let (south, north) = (ends[0], ends[1]);
            for (west, east) in outline.spans(f64::midpoint(south, north)) {
                let width = |lat: f64| (east.lon_at(lat) - west.lon_at(lat)).max(0.0);
                let trapezoid = Trapezoid {
                    south,
                    north,
                    west,
                    east,
                    widths: [width(south), width(north)],
                    largest_m2: square_degree_m2(nearest_to_equator(south, north)),
                };
                sum += (trapezoid.widths[0] + trapezoid.widths[1]) * (north - south) * trapezoid.largest_m2;
                sums.push(sum);
                trapezoids.push(trapezoid);
            }
        }
        let corner = polygon.coordinates.first().and_then(|ring| ring.first());
        Self {
            trapezoids,
            sums,
            corner: corner.map_or((0.0, 0.0), |&[lon, lat]| (wrap_lon_deg(lon), lat)),
        }
    }

    /// Longitude and latitude of a particle.
    pub(super) fn place(&self, dice: Dice) -> (f64, f64) {
        let whole = self.sums.last().copied().unwrap_or(0.0);
        let mut place = self.corner;
        for attempt in 0..MAX_DRAWS {
            let [which, along, across, kept] = dice.draw(attempt).uniforms();
            let number = self.sums.partition_point(|sum| *sum < which * whole);
            let Some(trapezoid) = self.trapezoids.get(number) else {
                break;
            };
            let lat = trapezoid.latitude(along);
            let (west, east) = (trapezoid.west.lon_at(lat), trapezoid.east.lon_at(lat));
            place = (wrap_lon_deg(west + across * (east - west)), lat);
            if kept * trapezoid.largest_m2 < square_degree_m2(lat) {
                break;
            }
        }
        place
    }
}

impl Trapezoid {
    /// The latitude below which a share of it lies, in degrees squared.
    fn latitude(&self, share: f64) -> f64 {
        let [first, last] = self.widths;
        let root = (first * first + share * (last * last - first * first)).max(0.0).sqrt();
        let part = if first + root > 0.0 {
            share * (first + last) / (first + root)
        } else {
            share
        };
        self.south + part * (self.north - self.south)
    }
}

/// Of the latitudes between two the one where a square degree is largest.
fn nearest_to_equator(south: f64, north: f64) -> f64 {
    if south * north < 0.0 {
        0.0
    } else {
        south.abs().min(north.abs())
    }
}

/// Area of a square degree at a latitude, square metres.
fn square_degree_m2(lat_deg: f64) -> f64 {
    let (lon_m, lat_m) = meters_per_degree(lat_deg);
    lon_m * lat_m
}

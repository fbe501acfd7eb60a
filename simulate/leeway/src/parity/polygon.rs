//! Seeds inside of polygons: a lattice in an Albers equal-area plane, not at random.
//!
//! Snyder, USGS Professional Paper 1395 (1987), equations 14-1 to 14-11 on the sphere of 6,370,997 m that the reference
//! uses here. Several polygons share the particles by area; what rounding leaves over or takes too much, the first ones
//! settle, one each.

use super::spec::refuse;
use crate::Error;

const RADIUS_M: f64 = 6_370_997.0;

/// Nodes of a lattice times corners that are looked at for one polygon: half a minute's work. A polygon that takes more fills
/// next to nothing of its box, or its edges cross so that the shoelace formula finds next to no area.
const MOST_WORK: f64 = 5e9;

/// So many places inside of polygons of (longitude, latitude) in degrees.
pub(super) fn filled(polygons: &[Vec<(f64, f64)>], number: usize) -> Result<Vec<(f64, f64)>, Error> {
    let corners = polygons.iter().map(Vec::len).min().unwrap_or(0);
    let finite = |(lon, lat): &(f64, f64)| lon.is_finite() && lat.abs() <= 90.0;
    let places = polygons.iter().flatten().all(finite);
    refuse(&[
        ("polygon corners", corners as f64, corners >= 3, "3 or more"),
        ("polygon corner", f64::NAN, places, "a longitude and a latitude"),
    ])?;
    if let [only] = polygons {
        return lattice(only, number);
    }
    let areas: Vec<f64> = polygons
        .iter()
        .map(|polygon| {
            // Cylindrical equal-area: longitude and the sine of latitude.
            let plane = polygon
                .iter()
                .map(|(lon, lat)| (lon.to_radians(), libm::sin(lat.to_radians())));
            area(&plane.collect::<Vec<_>>())
        })
        .collect();
    let total = areas.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut shares: Vec<i64> = areas
        .iter()
        .map(|area| (area / total * number as f64).round_ties_even() as i64)
        .collect();
    let mut rest = number as i64 - shares.iter().sum::<i64>();
    let count = shares.len();
    for k in (0..count).cycle().take(2 * count) {
        if rest != 0 && shares[k] + rest.signum() >= 0 {
            shares[k] += rest.signum();
            rest -= rest.signum();
        }
    }
    let with_shares = polygons.iter().zip(shares).filter(|(_, share)| *share > 0);
    let mut all = Vec::with_capacity(number);
    for (polygon, share) in with_shares {
        all.extend(lattice(polygon, share as usize)?);
    }
    Ok(all)
}

/// A regular lattice of the spacing sqrt(area / number), the nodes inside of the polygon, row by row from the south: the first
/// `number` of them, or all and then the first ones again.
fn lattice(polygon: &[(f64, f64)], number: usize) -> Result<Vec<(f64, f64)>, Error> {
    let albers = Albers::around(polygon);
    let plane: Vec<(f64, f64)> = polygon.iter().map(|place| albers.forward(*place)).collect();
    let spacing_m = (area(&plane) / number as f64).sqrt();
    let work = nodes(plane.iter().map(|point| point.0), spacing_m)
        * nodes(plane.iter().map(|point| point.1), spacing_m)
        * polygon.len() as f64;
    refuse(&[(
        "polygon's nodes times corners",
        work,
        work <= MOST_WORK,
        "5e9 or less: its edges cross, or it is too thin",
    )])?;
    let (xs, ys) = (
        axis(plane.iter().map(|point| point.0), spacing_m),
        axis(plane.iter().map(|point| point.1), spacing_m),
    );
    let nodes = ys.iter().flat_map(|y| xs.iter().map(|x| albers.inverse(*x, *y)));
    let mut places: Vec<(f64, f64)> = nodes.filter(|place| contains(polygon, *place)).take(number).collect();
    if xs.is_empty() || ys.is_empty() {
        // Too narrow for a single row: the middle of its corners.
        let corners = polygon.len() as f64;
        let sum = polygon
            .iter()
            .fold((0.0, 0.0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
        places = vec![(sum.0 / corners, sum.1 / corners)];
    } else if places.is_empty() {
        places = polygon.iter().copied().take(number).collect();
    }
    let found = places.len();
    Ok((0..number).map(|k| places[k % found]).collect())
}

/// How many nodes an axis has, at least one: what [`axis`] would hold, without holding it.
fn nodes(values: impl Iterator<Item = f64>, spacing_m: f64) -> f64 {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if high > low {
        ((high - low) / spacing_m).max(1.0)
    } else {
        1.0
    }
}

/// Nodes from half a spacing inside of one end to half a spacing inside of the other.
fn axis(values: impl Iterator<Item = f64>, spacing_m: f64) -> Vec<f64> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let count = ((high - low) / spacing_m) as usize;
    let (first, last) = (low + spacing_m / 2.0, high - spacing_m / 2.0);
    let step = if count > 1 {
        (last - first) / (count - 1) as f64
    } else {
        0.0
    };
    (0..count).map(|k| first + k as f64 * step).collect()
}

/// Area of a polygon in a plane (the shoelace formula).
fn area(plane: &[(f64, f64)]) -> f64 {
    let count = plane.len();
    let terms = (0..count).map(|k| plane[k].0 * (plane[(k + 1) % count].1 - plane[(k + count - 1) % count].1));
    (terms.sum::<f64>() / 2.0).abs()
}

/// Whether a point is inside of a polygon, by the crossings of a ray.
fn contains(polygon: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let count = polygon.len();
    let crossed = (0..count).filter(|&k| {
        let ((x1, y1), (x2, y2)) = (polygon[k], polygon[(k + 1) % count]);
        (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    });
    crossed.count() % 2 == 1
}

/// The plane of a polygon.
struct Albers {
    n: f64,
    c: f64,
    rho0_m: f64,
    lon0_deg: f64,
}

impl Albers {
    fn around(polygon: &[(f64, f64)]) -> Self {
        let span = |values: Vec<f64>| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        };
        let (south, north) = span(polygon.iter().map(|place| place.1).collect());
        let (west, east) = span(polygon.iter().map(|place| place.0).collect());
        let sines = (libm::sin(south.to_radians()), libm::sin(north.to_radians()));
        let mean = (sines.0 + sines.1) / 2.0;
        // Across the equator the cone becomes a cylinder, which has no apex: then nearly one.
        let n = if mean.abs() < 1e-6 { 1e-6 } else { mean };
        let c = 1.0 - sines.0 * sines.0 + 2.0 * n * sines.0;
        let mut albers = Self {
            n,
            c,
            rho0_m: 0.0,
            lon0_deg: (west + east) / 2.0,
        };
        albers.rho0_m = albers.rho_m((south + north) / 2.0);
        albers
    }

    fn rho_m(&self, lat_deg: f64) -> f64 {
        RADIUS_M
            * (self.c - 2.0 * self.n * libm::sin(lat_deg.to_radians()))
                .max(0.0)
                .sqrt()
            / self.n
    }

    fn forward(&self, (lon_deg, lat_deg): (f64, f64)) -> (f64, f64) {
        let rho_m = self.rho_m(lat_deg);
        let (sin, cos) = libm::sincos(self.n * (lon_deg - self.lon0_deg).to_radians());
        (rho_m * sin, self.rho0_m - rho_m * cos)
    }

    fn inverse(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let side = libm::copysign(1.0, self.n);
        let (x, y) = (side * x_m, side * (self.rho0_m - y_m));
        let rho = libm::hypot(x, y) * self.n / RADIUS_M;
        let sin_lat = ((self.c - rho * rho) / (2.0 * self.n)).clamp(-1.0, 1.0);
        (
            self.lon0_deg + (libm::atan2(x, y) / self.n).to_degrees(),
            libm::asin(sin_lat).to_degrees(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plane_leads_back() {
        for polygon in [
            [(4.3, 60.2), (4.8, 60.25), (4.7, 60.6)],
            [(-20.0, -41.0), (-19.0, -40.0), (-18.0, -43.0)],
        ] {
            let albers = Albers::around(&polygon);
            for place in polygon {
                let (x, y) = albers.forward(place);
                let back = albers.inverse(x, y);
                assert!(
                    (back.0 - place.0).abs() < 1e-9 && (back.1 - place.1).abs() < 1e-9,
                    "{place:?} {back:?}"
                );
            }
        }
    }

    #[test]
    fn places_are_inside_and_as_many_as_asked_for() {
        let square = vec![(10.0, 0.5), (11.0, 0.5), (11.0, 1.5), (10.0, 1.5)];
        let double = vec![(20.0, 0.5), (22.0, 0.5), (22.0, 1.5), (20.0, 1.5)];
        for number in [1, 2, 7, 100, 1_001] {
            let places = filled(std::slice::from_ref(&square), number).unwrap();
            assert_eq!(places.len(), number);
            assert!(places.iter().all(|place| contains(&square, *place)));
        }
        let both = filled(&[square.clone(), double.clone()], 300).unwrap();
        assert_eq!(both.len(), 300);
        let in_double = both.iter().filter(|place| contains(&double, **place)).count();
        assert!((199..=201).contains(&in_double), "{in_double}");
        assert!(filled(&[square[..2].to_vec()], 3).is_err() && filled(&[], 3).is_err());
    }

    #[test]
    fn a_polygon_without_area_to_speak_of_is_refused_and_takes_no_memory() {
        // Loops of equal size that turn opposite ways; nearly equal ones; a line; a sliver across half the world.
        for polygon in [
            vec![(4.0, 0.0), (4.5, 0.5), (4.5, 0.0), (4.0, 0.5)],
            vec![(4.0, 60.0), (4.5, 60.5), (4.5, 60.0), (4.0, 60.5)],
            vec![(4.0, 60.0), (4.0, 61.0), (4.0, 62.0)],
            vec![(0.0, 0.0), (90.0, 60.0), (90.0, 60.000_000_1)],
        ] {
            let refused = filled(std::slice::from_ref(&polygon), 1_000_000)
                .unwrap_err()
                .to_string();
            assert!(refused.contains("too thin"), "{polygon:?}: {refused}");
        }
        let point = vec![(4.0, 60.0); 3];
        assert_eq!(filled(&[point], 5).unwrap().len(), 5);
    }
}

//! Great circles on a sphere of the Earth's mean radius: good enough to check a mission and to say where it is about.
//! Particles are placed by geodesics on the ellipsoid (`leeway::scatter`); distances differ by less than 0.6 %.

use crate::LatLon;

/// Mean radius of the Earth, metres: (2a + b) / 3 of WGS84.
const MEAN_RADIUS_M: f64 = 6_371_008.8;
/// No distance on the ellipsoid is longer than this times the one on the sphere.
pub(super) const LONGEST: f64 = 1.006;

/// A place as a unit vector.
fn vector(place: LatLon) -> [f64; 3] {
    let (sin_lat, cos_lat) = libm::sincos(place.lat_deg().to_radians());
    let (sin_lon, cos_lon) = libm::sincos(place.lon_deg().to_radians());
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// The place in a direction; `otherwise` where the direction is none.
fn place([x, y, z]: [f64; 3], otherwise: LatLon) -> LatLon {
    let lat = libm::atan2(z, libm::hypot(x, y)).to_degrees();
    LatLon::new(lat, libm::atan2(y, x).to_degrees()).unwrap_or(otherwise)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn angle(a: [f64; 3], b: [f64; 3]) -> f64 {
    let normal = cross(a, b);
    libm::atan2(libm::sqrt(dot(normal, normal)), dot(a, b))
}

/// Length of the great circle between two places, metres.
pub(super) fn distance_m(a: LatLon, b: LatLon) -> f64 {
    MEAN_RADIUS_M * angle(vector(a), vector(b))
}

/// Direction at `a` of the great circle to `b`, degrees clockwise from north, in [-180, 180].
pub(super) fn bearing_deg(a: LatLon, b: LatLon) -> f64 {
    let (sin_a, cos_a) = libm::sincos(a.lat_deg().to_radians());
    let (sin_b, cos_b) = libm::sincos(b.lat_deg().to_radians());
    let (sin_turn, cos_turn) = libm::sincos((b.lon_deg() - a.lon_deg()).to_radians());
    libm::atan2(cos_b * sin_turn, cos_a * sin_b - sin_a * cos_b * cos_turn).to_degrees()
}

/// Where a great circle leads from a place.
pub(super) fn moved(from: LatLon, bearing_deg: f64, distance_m: f64) -> LatLon {
    let (sin_lat, cos_lat) = libm::sincos(from.lat_deg().to_radians());
    let (sin_bearing, cos_bearing) = libm::sincos(bearing_deg.to_radians());
    let (sin_way, cos_way) = libm::sincos(distance_m / MEAN_RADIUS_M);
    let sin_end = (sin_lat * cos_way + cos_lat * sin_way * cos_bearing).clamp(-1.0, 1.0);
    let turn = libm::atan2(sin_bearing * sin_way * cos_lat, cos_way - sin_lat * sin_end);
    let lon_deg = crate::wrap_lon_deg(from.lon_deg() + turn.to_degrees());
    LatLon::new(libm::asin(sin_end).to_degrees(), lon_deg).unwrap_or(from)
}

/// The place at a share of the way from one place to another, 0 to 1.
pub(super) fn between(a: LatLon, b: LatLon, share: f64) -> LatLon {
    let (from, to) = (vector(a), vector(b));
    let way = angle(from, to);
    if way < 1e-12 {
        return a;
    }
    let (of_a, of_b) = (libm::sin((1.0 - share) * way), libm::sin(share * way));
    place([0, 1, 2].map(|axis| of_a * from[axis] + of_b * to[axis]), a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_agree_with_each_other() {
        let a = LatLon::new(54.0, 179.0).unwrap();
        for bearing in [0.0, 37.0, 90.0, 181.0, 300.0] {
            let b = moved(a, bearing, 400_000.0);
            assert!((distance_m(a, b) - 400_000.0).abs() < 1e-3);
            assert!(crate::wrap_lon_deg(bearing_deg(a, b) - bearing).abs() < 1e-9);
            let third = between(a, b, 1.0 / 3.0);
            assert!((distance_m(a, third) - 400_000.0 / 3.0).abs() < 1e-3);
            assert!((distance_m(third, b) - 800_000.0 / 3.0).abs() < 1e-3);
        }
        let quarter = LatLon::new(0.0, 0.0).unwrap();
        let pole = LatLon::new(90.0, 0.0).unwrap();
        assert!((distance_m(quarter, pole) - 10_007_557.0).abs() < 1.0);
    }
}

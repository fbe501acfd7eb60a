//! One cell of a curvilinear grid: the bilinear form through the directions of its four nodes, and its inverse.
//!
//! Directions are unit vectors from the Earth's centre (longitude and latitude taken as those of a sphere). A position p
//! lies in the cell where the bilinear mean of the four directions is parallel to p, that is where both of its
//! components across p vanish. These components are bilinear in the two indices, so Newton's method needs two or three
//! rounds, at a pole as anywhere.

use crate::wrap_lon_deg;

/// A direction from the Earth's centre.
pub(super) type Vector = [f64; 3];

/// How far outside of a cell a rounding error may put a position, in cells.
const ROUNDING: f64 = 1e-9;

/// The direction of a longitude and latitude in degrees.
pub(super) fn direction((lon_deg, lat_deg): (f64, f64)) -> Vector {
    let (sin_lon, cos_lon) = libm::sincos(lon_deg.to_radians());
    let (sin_lat, cos_lat) = libm::sincos(lat_deg.to_radians());
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// The longitude and latitude of a direction of any length, degrees.
pub(super) fn place([x, y, z]: Vector) -> (f64, f64) {
    let lat = libm::atan2(z, libm::hypot(x, y));
    (wrap_lon_deg(libm::atan2(y, x).to_degrees()), lat.to_degrees())
}

/// The bilinear mean of a cell's corners: first, next in the row, next row, opposite.
pub(super) fn mixed(corners: &[Vector; 4], a: f64, b: f64) -> Vector {
    let [c00, c10, c01, c11] = corners;
    std::array::from_fn(|k| {
        let (near, far) = (c00[k] + (c10[k] - c00[k]) * a, c01[k] + (c11[k] - c01[k]) * a);
        near + (far - near) * b
    })
}

/// A position within a cell, brought onto its edge where it misses it by a rounding error.
pub(super) fn inside(a: f64, b: f64) -> Option<(f64, f64)> {
    let good = |x: f64| (-ROUNDING..=1.0 + ROUNDING).contains(&x);
    (good(a) && good(b)).then(|| (a.clamp(0.0, 1.0), b.clamp(0.0, 1.0)))
}

/// A position that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub(super) lon_deg: f64,
    pub(super) lat_deg: f64,
    along: Vector,
    east: Vector,
    north: Vector,
}

impl Aim {
    /// `None` for what is no position.
    pub(super) fn at(lon_deg: f64, lat_deg: f64) -> Option<Self> {
        if !lon_deg.is_finite() || !(-90.0..=90.0).contains(&lat_deg) {
            return None;
        }
        let lon_deg = wrap_lon_deg(lon_deg);
        let (sin_lon, cos_lon) = libm::sincos(lon_deg.to_radians());
        let (sin_lat, cos_lat) = libm::sincos(lat_deg.to_radians());
        Some(Self {
            lon_deg,
            lat_deg,
            along: [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            east: [-sin_lon, cos_lon, 0.0],
            north: [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
        })
    }

    /// Where the position lies relative to a cell, 0 to 1 within; `None` for a cell that is incomplete, flat, or on the
    /// other side of the Earth.
    pub(super) fn within(&self, corners: &[Vector; 4]) -> Option<(f64, f64)> {
        const ROUNDS: usize = 12;
        // Not "<= 0": what is no number is not ahead.
        let is_ahead = corners.iter().all(|corner| dot(corner, &self.along) > 0.0);
        if !is_ahead {
            return None;
        }
        let across = corners.map(|corner| [dot(&corner, &self.east), dot(&corner, &self.north)]);
        let [q00, q10, q01, q11] = across;
        let (mut a, mut b) = (0.5, 0.5);
        for _ in 0..ROUNDS {
            let at = |k: usize| {
                let (near, far) = (q00[k] + (q10[k] - q00[k]) * a, q01[k] + (q11[k] - q01[k]) * a);
                (
                    near + (far - near) * b,
                    (q10[k] - q00[k]) * (1.0 - b) + (q11[k] - q01[k]) * b,
                    far - near,
                )
            };
            let ((x, x_a, x_b), (y, y_a, y_b)) = (at(0), at(1));
            let area = x_a * y_b - x_b * y_a;
            let (da, db) = ((x_b * y - x * y_b) / area, (x * y_a - x_a * y) / area);
            if !da.is_finite() || !db.is_finite() {
                return None;
            }
            (a, b) = (a + da, b + db);
            if da.abs() < 1e-12 && db.abs() < 1e-12 {
                break;
            }
        }
        Some((a, b))
    }
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

//! Leeway and moves of the reference: velocities in single precision, rounded where it rounds them, geodesic moves in
//! double precision from an azimuth in degrees and a distance in metres that are single precision, too.
//!
//! A rounded azimuth matters: half a unit in its last place turns a day's drift of 50 km by 7 mm. It is applied here as
//! a small turn of the unit vector, which spares a sine and a cosine.

use driftline_domain::Coefficients;

use crate::moved;

/// Slope, offset and a particle's own perturbation of one direction, in the units of the published table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Percent of the wind speed.
    pub slope_percent: f32,
    /// cm/s.
    pub offset_cm_s: f32,
    /// Perturbation, cm/s; a half of it is added to the offset and a twentieth to the slope.
    pub eps_cm_s: f32,
}

/// How a particle answers the wind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    /// Downwind.
    pub downwind: Line,
    /// Crosswind; what is positive goes to the **left** of downwind.
    pub crosswind: Line,
}

impl Line {
    /// The line of a class with a perturbation.
    pub fn of(coefficients: &Coefficients, eps_cm_s: f64) -> Self {
        Self {
            slope_percent: (coefficients.slope * 100.0) as f32,
            offset_cm_s: (coefficients.offset_ms * 100.0) as f32,
            eps_cm_s: eps_cm_s as f32,
        }
    }

    /// m/s at a wind speed in m/s.
    #[inline]
    fn speed_ms(&self, wind_ms: f32) -> f32 {
        ((self.slope_percent + self.eps_cm_s / 20.0) * wind_ms + self.offset_cm_s + self.eps_cm_s / 2.0) * 0.01
    }
}

/// Eastward and northward leeway, m/s, in a wind that blows towards (east, north); without wind "downwind" is north.
#[inline]
pub fn leeway_ms(character: &Character, (wind_east_ms, wind_north_ms): (f32, f32)) -> (f32, f32) {
    let wind_ms = (wind_east_ms * wind_east_ms + wind_north_ms * wind_north_ms).sqrt();
    let down_ms = character.downwind.speed_ms(wind_ms);
    let cross_ms = character.crosswind.speed_ms(wind_ms);
    let (sin, cos) = Heading::of(wind_east_ms, wind_north_ms).sin_cos(|exact| f64::from(exact as f32));
    let (sin, cos) = (sin as f32, cos as f32);
    (down_ms * sin - cross_ms * cos, down_ms * cos + cross_ms * sin)
}

/// Longitude and latitude in degrees after a step of so many seconds, negative backward, with a velocity in m/s.
#[inline]
pub(super) fn step((lon_deg, lat_deg): (f64, f64), (east_ms, north_ms): (f32, f32), step_s: f32) -> (f64, f64) {
    let distance_m = f64::from((east_ms * east_ms + north_ms * north_ms).sqrt() * step_s);
    if distance_m == 0.0 {
        return (lon_deg, lat_deg);
    }
    let (sin, cos) = Heading::of(east_ms, north_ms).sin_cos(rounded_azimuth);
    moved(lon_deg, lat_deg, distance_m * sin, distance_m * cos)
}

/// An azimuth as the reference keeps it: radians, then degrees, both in single precision.
#[inline]
fn rounded_azimuth(exact_rad: f64) -> f64 {
    const DEGREES: f32 = 180.0 / std::f32::consts::PI;
    f64::from(exact_rad as f32 * DEGREES).to_radians()
}

/// A direction as a unit vector and as an angle clockwise from north.
struct Heading {
    sin: f64,
    cos: f64,
    angle_rad: f64,
}

impl Heading {
    #[inline]
    fn of(east: f32, north: f32) -> Self {
        let (east, north) = (f64::from(east), f64::from(north));
        let length = (east * east + north * north).sqrt();
        if length == 0.0 {
            return Self {
                sin: 0.0,
                cos: 1.0,
                angle_rad: 0.0,
            };
        }
        Self {
            sin: east / length,
            cos: north / length,
            angle_rad: libm::atan2(east, north),
        }
    }

    /// Sine and cosine after the angle was rounded; it changes by less than 1e-6, whose square is nothing.
    #[inline]
    fn sin_cos(&self, rounded: impl Fn(f64) -> f64) -> (f64, f64) {
        let turn = rounded(self.angle_rad) - self.angle_rad;
        (self.sin + self.cos * turn, self.cos - self.sin * turn)
    }
}

/// Probability of a jibe within a step.
pub(super) fn jibe_probability(per_hour: f64, step_s: f64) -> f64 {
    1.0 - libm::exp(libm::log(1.0 - per_hour) / 3_600.0 * step_s.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::ObjectClass;

    fn character(key: &str, left: bool) -> Character {
        let class = ObjectClass::find(key).unwrap();
        Character {
            downwind: Line::of(&class.downwind, 0.0),
            crosswind: Line::of(if left { &class.left } else { &class.right }, 0.0),
        }
    }

    #[test]
    fn positive_crosswind_goes_left() {
        // Wind towards north: the "right" coefficients of a person in the water drive west.
        let (east, north) = leeway_ms(&character("PIW-1", false), (0.0, 10.0));
        assert!((east + 0.054).abs() < 1e-6 && (north - 0.096).abs() < 1e-6, "{east} {north}");
        let (east, _) = leeway_ms(&character("PIW-1", true), (0.0, 10.0));
        assert!((east - 0.054).abs() < 1e-6, "{east}");
    }

    #[test]
    fn a_perturbation_counts_in_full_at_ten_metres_per_second() {
        let mut perturbed = character("PIW-1", false);
        perturbed.downwind.eps_cm_s = 6.0;
        let (plain, more) = (
            leeway_ms(&character("PIW-1", false), (0.0, 10.0)),
            leeway_ms(&perturbed, (0.0, 10.0)),
        );
        assert!((more.1 - plain.1 - 0.06).abs() < 1e-6);
    }

    #[test]
    fn without_wind_offsets_drive_north_and_west() {
        let (east, north) = leeway_ms(&character("PIW-4", false), (0.0, 0.0));
        assert!((east - 0.033).abs() < 1e-6 && (north - 0.0112).abs() < 1e-6, "{east} {north}");
    }

    #[test]
    fn steps_follow_the_rounded_azimuth_and_turn_back() {
        let velocity = (0.3f32, -0.7f32);
        let azimuth = f64::from(libm::atan2(0.3f32.into(), (-0.7f32).into()) as f32 * (180.0 / std::f32::consts::PI));
        let distance = f64::from((0.3f32 * 0.3 + 0.7f32 * 0.7).sqrt() * 600.0);
        let (sin, cos) = libm::sincos(azimuth.to_radians());
        let expected = moved(4.0, 60.0, distance * sin, distance * cos);
        let got = step((4.0, 60.0), velocity, 600.0);
        assert!((got.0 - expected.0).abs() < 1e-13 && (got.1 - expected.1).abs() < 1e-13);
        assert_eq!(step((4.0, 60.0), (0.0, 0.0), 600.0), (4.0, 60.0));
        let back = step((4.0, 60.0), velocity, -600.0);
        assert!((back.1 - 60.0) * (got.1 - 60.0) < 0.0);
    }

    #[test]
    fn jibes_of_an_hour_do_not_depend_on_the_step() {
        for step_s in [-600.0, 60.0, 3_600.0f64] {
            let stays = libm::pow(1.0 - jibe_probability(0.04, step_s), 3_600.0 / step_s.abs());
            assert!((stays - 0.96).abs() < 1e-12);
        }
    }
}

//! Leeway and moves of the reference: velocities and azimuths (in degrees) in single precision, rounded where it rounds
//! them, and geodesic moves in double precision. A rounded azimuth matters: half a unit in its last place turns a day's
//! drift of 50 km by 7 mm.

use driftline_domain::Coefficients;

use super::single;
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
    let (sin, cos) = single::sin_cos(single::azimuth(wind_east_ms, wind_north_ms));
    (down_ms * sin - cross_ms * cos, down_ms * cos + cross_ms * sin)
}

/// Longitude and latitude in degrees after a step of so many seconds, negative backward, with a velocity in m/s.
#[inline]
pub(super) fn step((lon_deg, lat_deg): (f64, f64), (east_ms, north_ms): (f32, f32), step_s: f64) -> (f64, f64) {
    const DEGREES: f32 = 180.0 / std::f32::consts::PI;
    let distance_m = f64::from((east_ms * east_ms + north_ms * north_ms).sqrt()) * step_s;
    if distance_m == 0.0 {
        return (lon_deg, lat_deg);
    }
    let azimuth_deg = f64::from(single::azimuth(east_ms, north_ms) * DEGREES);
    let (sin, cos) = libm::sincos(azimuth_deg.to_radians());
    moved(lon_deg, lat_deg, distance_m * sin, distance_m * cos)
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
    fn steps_go_where_the_velocity_points_and_back() {
        let (east, north) = (0.3f32, -0.7f32);
        let got = step((4.0, 60.0), (east, north), 600.0);
        let expected = moved(4.0, 60.0, f64::from(east) * 600.0, f64::from(north) * 600.0);
        assert!((got.0 - expected.0).abs() < 1e-8 && (got.1 - expected.1).abs() < 1e-8);
        assert_eq!(step((4.0, 60.0), (0.0, 0.0), 600.0), (4.0, 60.0));
        let back = step((4.0, 60.0), (east, north), -600.0);
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

//! Leeway and moves of the reference: velocities and azimuths (in degrees) in single precision, rounded where it rounds
//! them, and geodesic moves in double precision. A rounded azimuth matters: half a unit in its last place turns a day's
//! drift of 50 km by 7 mm.

use driftline_domain::Coefficients;

use super::{single, trig};
use crate::moves::moved_from;

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
    leeway_of(character, &Wind::of(wind_east_ms, wind_north_ms))
}

/// A wind as leeway needs it: speed in m/s, sine and cosine of the azimuth it blows to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wind {
    speed_ms: f32,
    sin: f32,
    cos: f32,
}

impl Wind {
    #[inline]
    pub(super) fn of(east_ms: f32, north_ms: f32) -> Self {
        let (sin, cos) = single::sin_cos(single::azimuth(east_ms, north_ms));
        Self {
            speed_ms: (east_ms * east_ms + north_ms * north_ms).sqrt(),
            sin,
            cos,
        }
    }
}

/// Winds of many particles; equally long slices, a plain loop.
pub(super) fn winds((east_ms, north_ms): (&[f32], &[f32]), winds: &mut [Wind]) {
    for ((east_ms, north_ms), wind) in east_ms.iter().zip(north_ms).zip(winds) {
        *wind = Wind::of(*east_ms, *north_ms);
    }
}

/// Leeway in a wind that has been prepared.
#[inline]
pub(super) fn leeway_of(character: &Character, wind: &Wind) -> (f32, f32) {
    let down_ms = character.downwind.speed_ms(wind.speed_ms);
    let cross_ms = character.crosswind.speed_ms(wind.speed_ms);
    (
        down_ms * wind.sin - cross_ms * wind.cos,
        down_ms * wind.cos + cross_ms * wind.sin,
    )
}

/// Displacements east and north, metres, of so many seconds (negative backward) with velocities in m/s. All slices are
/// equally long; plain loops over them, which the compiler turns into wide instructions.
pub(super) fn displacements(
    (east_ms, north_ms): (&[f32], &[f32]),
    step_s: f64,
    (east_m, north_m): (&mut [f64], &mut [f64]),
) {
    const DEGREES: f32 = 180.0 / std::f32::consts::PI;
    let velocities = east_ms.iter().zip(north_ms);
    let moves = east_m.iter_mut().zip(north_m.iter_mut());
    for ((east_ms, north_ms), (east_m, north_m)) in velocities.zip(moves) {
        let distance_m = f64::from((east_ms * east_ms + north_ms * north_ms).sqrt()) * step_s;
        let azimuth_deg = f64::from(single::azimuth(*east_ms, *north_ms) * DEGREES);
        let (sin, cos) = trig::sin_cos(azimuth_deg.to_radians());
        (*east_m, *north_m) = (distance_m * sin, distance_m * cos);
    }
}

/// A position on its way through the moves of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mover {
    pub(super) lon_deg: f64,
    pub(super) lat_deg: f64,
    /// Sine and cosine of the latitude.
    lat: (f64, f64),
}

impl Mover {
    #[inline]
    pub(super) fn new((lon_deg, lat_deg): (f64, f64), lat_sin_cos: (f64, f64)) -> Self {
        Self {
            lon_deg,
            lat_deg,
            lat: lat_sin_cos,
        }
    }

    /// After a displacement in metres.
    #[inline]
    pub(super) fn moved(self, east_m: f64, north_m: f64) -> Self {
        let (lon_deg, lat_deg) = moved_from((self.lon_deg, self.lat_deg), self.lat, east_m, north_m);
        let turn_rad = (lat_deg - self.lat_deg).to_radians();
        let lat = if turn_rad.abs() < SMALL_RAD {
            trig::further(self.lat, turn_rad)
        } else {
            trig::sin_cos(lat_deg.to_radians())
        };
        Self { lon_deg, lat_deg, lat }
    }
}

/// Changes of latitude up to this are followed by the series: 60 km.
const SMALL_RAD: f64 = 0.01;

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
        assert!(
            (east + 0.054).abs() < 1e-6 && (north - 0.096).abs() < 1e-6,
            "{east} {north}"
        );
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
        assert!(
            (east - 0.033).abs() < 1e-6 && (north - 0.0112).abs() < 1e-6,
            "{east} {north}"
        );
    }

    fn displacement(velocity: (f32, f32), step_s: f64) -> (f64, f64) {
        let (mut east, mut north) = ([0.0], [0.0]);
        displacements((&[velocity.0], &[velocity.1]), step_s, (&mut east, &mut north));
        (east[0], north[0])
    }

    #[test]
    fn displacements_go_where_the_velocity_points_and_back() {
        for (east_ms, north_ms) in [(0.3f32, -0.7f32), (-0.2, 0.01), (0.0, 1.5), (-2.0, 0.0), (0.0, 0.0)] {
            let (east, north) = displacement((east_ms, north_ms), 600.0);
            // A rounded azimuth is off by up to 3e-7, a speed by 1e-7.
            assert!((east - 600.0 * f64::from(east_ms)).abs() < 5e-4, "{east}");
            assert!((north - 600.0 * f64::from(north_ms)).abs() < 5e-4, "{north}");
            assert_eq!(displacement((east_ms, north_ms), -600.0), (-east, -north));
        }
    }

    #[test]
    fn moves_in_a_row_are_those_of_the_geodesic() {
        for (lon, lat) in [(4.0, 60.0f64), (-179.999, -75.0), (0.0, 0.0), (10.0, 89.99)] {
            let start = Mover::new((lon, lat), libm::sincos(lat.to_radians()));
            let got = start.moved(180.0, -420.0).moved(300.0, 150.0);
            let middle = crate::moved(lon, lat, 180.0, -420.0);
            let expected = crate::moved(middle.0, middle.1, 300.0, 150.0);
            let (lon_m, lat_m) = driftline_domain::meters_per_degree(expected.1);
            let off = libm::hypot((got.lon_deg - expected.0) * lon_m, (got.lat_deg - expected.1) * lat_m);
            assert!(off < 1e-7, "{lon} {lat} {off}");
        }
        let still = Mover::new((4.0, 60.0), libm::sincos(60f64.to_radians())).moved(0.0, 0.0);
        assert_eq!((still.lon_deg, still.lat_deg), (4.0, 60.0));
    }

    #[test]
    fn jibes_of_an_hour_do_not_depend_on_the_step() {
        for step_s in [-600.0, 60.0, 3_600.0f64] {
            let stays = libm::pow(1.0 - jibe_probability(0.04, step_s), 3_600.0 / step_s.abs());
            assert!((stays - 0.96).abs() < 1e-12);
        }
    }
}

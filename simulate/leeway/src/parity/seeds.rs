//! Seeding of the reference: places, times and coefficients of particles. Positions are rounded to single precision.
//!
//! Geometry and rules are the reference's; the random numbers are functions of (seed, particle) as everywhere in this
//! crate, in place of its one stream. Values that somebody else has drawn are replayed by making [`Seed`]s of them.

use driftline_domain::{Coefficients, LatLon, ObjectClass};

use super::spec::degrees;
use super::{Character, Line, cone, polygon};
use crate::random::{Draw, Purpose};
use crate::{Error, moved};

/// Draws of a downwind perturbation before the mean is taken; a chance of 1 in 10 is refused at worst.
const MAX_DRAWS: u32 = 64;

/// A particle before its release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seed {
    /// Longitude.
    pub lon_deg: f32,
    /// Latitude.
    pub lat_deg: f32,
    /// When it is released, seconds since 1970-01-01T00:00:00Z: at the start of the step that holds this time.
    pub release_s: f64,
    /// 0 with the right coefficients of its class, 1 with the left ones.
    pub orientation: u8,
    /// Its coefficients.
    pub character: Character,
}

/// How positions scatter about a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scatter {
    /// The radius is the standard deviation per axis.
    Gaussian,
    /// Evenly within the radius.
    Uniform,
}

/// Where particles begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Around one place.
    Point {
        /// The centre.
        position: LatLon,
        /// Metres.
        radius_m: f64,
    },
    /// Along the geodesic between two places, the ends left out, with a radius that grows evenly from end to end.
    Cone {
        /// Both ends.
        ends: [LatLon; 2],
        /// Metres at each end.
        radius_m: [f64; 2],
    },
    /// On a regular lattice inside of polygons of (longitude, latitude), not at random. Several share the particles by area.
    Polygons(Vec<Vec<(f64, f64)>>),
}

/// What is to be seeded.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedPlan {
    /// Particles.
    pub number: u32,
    /// Where.
    pub shape: Shape,
    /// How they scatter; polygons do not.
    pub scatter: Scatter,
    /// When, seconds since 1970: one time, or two between which releases are spread evenly, or one for each particle.
    pub release_s: Vec<f64>,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Whether particles differ in their coefficients.
    pub spread: bool,
}

/// The seeds of a plan for a class of objects.
pub fn seeds(plan: &SeedPlan, class: &ObjectClass) -> Result<Vec<Seed>, Error> {
    plan.check()?;
    let places = places(plan)?;
    let numbered = (0..plan.number).zip(places);
    Ok(numbered
        .map(|(id, (lon_deg, lat_deg))| {
            let orientation = (id % 2) as u8;
            Seed {
                lon_deg: lon_deg as f32,
                lat_deg: lat_deg as f32,
                release_s: release_s(plan, id),
                orientation,
                character: character(plan, class, id, orientation),
            }
        })
        .collect())
}

fn places(plan: &SeedPlan) -> Result<Vec<(f64, f64)>, Error> {
    let number = plan.number as usize;
    match &plan.shape {
        Shape::Point { position, radius_m } => {
            let centre = degrees(*position);
            Ok((0..plan.number)
                .map(|id| scattered(plan, id, centre, *radius_m))
                .collect())
        }
        Shape::Cone { ends, radius_m } => {
            let axis = cone::between(degrees(ends[0]), degrees(ends[1]), number)?;
            let [first_m, last_m] = *radius_m;
            let along = |id: u32| f64::from(id) / f64::from(plan.number - 1);
            let with_ids = (0..plan.number).zip(axis);
            Ok(with_ids
                .map(|(id, centre)| {
                    let radius_m = (first_m + (last_m - first_m) * along(id)) as f32;
                    scattered(plan, id, centre, f64::from(radius_m))
                })
                .collect())
        }
        Shape::Polygons(polygons) => polygon::filled(polygons, number),
    }
}

/// A position about a centre; without a radius the centre.
fn scattered(plan: &SeedPlan, id: u32, (lon_deg, lat_deg): (f64, f64), radius_m: f64) -> (f64, f64) {
    if radius_m <= 0.0 {
        return (lon_deg, lat_deg);
    }
    let draw = Draw::new(plan.seed, id, 0, Purpose::ParityPosition, 0);
    let (east, north) = match plan.scatter {
        Scatter::Gaussian => draw.normals(),
        Scatter::Uniform => {
            let [turn, share, ..] = draw.uniforms();
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * turn);
            let distance = share.sqrt();
            (distance * sin, distance * cos)
        }
    };
    moved(lon_deg, lat_deg, east * radius_m, north * radius_m)
}

fn release_s(plan: &SeedPlan, id: u32) -> f64 {
    match plan.release_s.as_slice() {
        [only] => *only,
        [first, last] if plan.number != 2 => {
            // The reference's interval is a whole number of microseconds.
            let interval_s = libm::rint((last - first) / f64::from(plan.number - 1) * 1e6) / 1e6;
            first + interval_s * f64::from(id)
        }
        each => each.get(id as usize).copied().unwrap_or(f64::NAN),
    }
}

/// A particle's coefficients. The downwind perturbation is drawn again while the slope would be negative.
fn character(plan: &SeedPlan, class: &ObjectClass, id: u32, orientation: u8) -> Character {
    let crosswind = if orientation == 0 { &class.right } else { &class.left };
    if !plan.spread {
        return Character {
            downwind: Line::of(&class.downwind, 0.0),
            crosswind: Line::of(crosswind, 0.0),
        };
    }
    let draw = |attempt| Draw::new(plan.seed, id, 0, Purpose::ParityCoefficients, attempt).normals();
    let eps_cm_s = |coefficients: &Coefficients, score: f64| score * coefficients.std_ms * 100.0;
    let slope_percent = class.downwind.slope * 100.0;
    let mut tries = (0..MAX_DRAWS).map(|attempt| eps_cm_s(&class.downwind, draw(attempt).0));
    let downwind = tries
        .find(|eps_cm_s| slope_percent + eps_cm_s / 20.0 >= 0.0)
        .unwrap_or(0.0);
    Character {
        downwind: Line::of(&class.downwind, downwind),
        crosswind: Line::of(crosswind, eps_cm_s(crosswind, draw(0).1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(number: u32, release_s: Vec<f64>) -> SeedPlan {
        SeedPlan {
            number,
            shape: Shape::Point {
                position: LatLon::new(60.1, 4.3).unwrap(),
                radius_m: 0.0,
            },
            scatter: Scatter::Gaussian,
            release_s,
            seed: 1,
            spread: true,
        }
    }

    #[test]
    fn sides_alternate_and_positions_are_single_precision() {
        let class = ObjectClass::find("PIW-4").unwrap();
        let seeds = seeds(&plan(4, vec![0.0]), class).unwrap();
        assert_eq!(
            seeds.iter().map(|seed| seed.orientation).collect::<Vec<_>>(),
            [0, 1, 0, 1]
        );
        assert_eq!(seeds[1].character.crosswind.slope_percent, -0.13);
        assert_eq!((seeds[0].lon_deg, seeds[0].lat_deg), (4.3, 60.1));
    }

    #[test]
    fn releases_are_one_time_a_range_or_a_list() {
        let class = ObjectClass::find("PIW-1").unwrap();
        let times = |number, release_s: &[f64]| -> Option<Vec<f64>> {
            let seeds = seeds(&plan(number, release_s.to_vec()), class).ok()?;
            Some(seeds.iter().map(|seed| seed.release_s).collect())
        };
        assert_eq!(times(3, &[7.0]).unwrap(), [7.0; 3]);
        assert_eq!(times(5, &[0.0, 100.0]).unwrap(), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(times(3, &[5.0, 1.0, 9.0]).unwrap(), [5.0, 1.0, 9.0]);
        assert!(times(3, &[]).is_none() && times(5, &[1.0, 2.0, 3.0]).is_none());
    }

    #[test]
    fn nobody_drifts_against_the_wind_and_the_redraw_raises_the_mean() {
        let class = ObjectClass::find("PIW-1").unwrap();
        let seeds = seeds(&plan(40_000, vec![0.0]), class).unwrap();
        let eps: Vec<f64> = seeds
            .iter()
            .map(|seed| f64::from(seed.character.downwind.eps_cm_s))
            .collect();
        assert!(eps.iter().all(|eps| 0.96 + eps / 20.0 >= -1e-6));
        let mean = eps.iter().sum::<f64>() / eps.len() as f64;
        // leeway.md 3.1: 9.6 to 11.0 cm/s at 10 m/s, and 0.89 of the spread.
        assert!((mean - 1.4).abs() < 0.15, "{mean}");
        let variance = eps.iter().map(|eps| (eps - mean) * (eps - mean)).sum::<f64>() / eps.len() as f64;
        assert!((variance.sqrt() / 12.0 - 0.89).abs() < 0.01, "{variance}");
    }
}

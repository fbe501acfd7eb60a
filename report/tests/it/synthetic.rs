//! A run that looks like one: 5,000 particles drift for a day, some come ashore on the product's own coast, areas are
//! those of a normal distribution.

use driftline_coast::Coast;
use driftline_domain::ValidTime;
use driftline_report::{
    AgeAt, Area, Ashore, Briefing, Calibration, Direction, ErrorModel, Fact, Forcing, Identity, Scene, Snapshot, Start,
    StartShape,
};
use geo::{LineString, MultiPolygon, Polygon};

const LEVELS: [f64; 3] = [0.5, 0.9, 0.95];
const KM_PER_DEGREE: f64 = 111.2;

/// Where a run starts and how it drifts.
#[derive(Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) lon_deg: f64,
    pub(crate) lat_deg: f64,
    pub(crate) particles: usize,
    pub(crate) hours: usize,
    pub(crate) step_s: i64,
    /// Kilometres an hour, east and north.
    pub(crate) drift_km_h: (f64, f64),
}

impl Recipe {
    /// West of Bergen, toward the coast.
    pub(crate) const BERGEN: Self = Self {
        lon_deg: 4.5,
        lat_deg: 60.1,
        particles: 5000,
        hours: 24,
        step_s: 3600,
        drift_km_h: (1.15, 0.55),
    };
}

/// The columns of a run; a scene borrows them.
pub(crate) struct Run {
    recipe: Recipe,
    times: Vec<ValidTime>,
    lon_deg: Vec<Vec<f64>>,
    lat_deg: Vec<Vec<f64>>,
    status: Vec<Vec<u8>>,
}

/// A number in [0, 1) that depends on two others only (SplitMix64).
fn even(particle: u64, purpose: u64) -> f64 {
    let mut z = particle
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Two numbers of a standard normal distribution (Box and Muller).
fn normal(particle: u64, purpose: u64) -> (f64, f64) {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - even(particle, purpose)));
    let angle = std::f64::consts::TAU * even(particle, purpose + 1);
    (radius * libm::cos(angle), radius * libm::sin(angle))
}

fn wrapped(lon_deg: f64) -> f64 {
    driftline_domain::wrap_lon_deg(lon_deg)
}

impl Run {
    pub(crate) fn of(recipe: Recipe, coast: &Coast) -> Self {
        let begin: ValidTime = "2026-11-26T06:00:00Z".parse().unwrap();
        let steps = recipe.hours as i64 * 3600 / recipe.step_s;
        let cos = libm::cos(recipe.lat_deg.to_radians());
        let mut run = Self {
            recipe,
            times: Vec::new(),
            lon_deg: Vec::new(),
            lat_deg: Vec::new(),
            status: Vec::new(),
        };
        for step in 0..=steps {
            let hours = (step * recipe.step_s) as f64 / 3600.0;
            let mut columns = (Vec::new(), Vec::new(), Vec::new());
            for particle in 0..recipe.particles {
                if step > 0 && run.status[step as usize - 1][particle] != 0 {
                    let before = step as usize - 1;
                    columns.0.push(run.lon_deg[before][particle]);
                    columns.1.push(run.lat_deg[before][particle]);
                    columns.2.push(run.status[before][particle]);
                    continue;
                }
                let id = particle as u64;
                let (jibe, slow) = (if id.is_multiple_of(2) { 1.0 } else { -1.0 }, normal(id, 3));
                let (start, tide) = (normal(id, 7), 1.6 * libm::sin(hours * 0.506));
                let spread = 0.14 * hours;
                let (east_km, north_km) = (
                    recipe.drift_km_h.0 * hours + 0.9 * start.0 + spread * slow.0 + 0.10 * jibe * hours + 0.4 * tide,
                    recipe.drift_km_h.1 * hours + 0.9 * start.1 + spread * slow.1 - 0.14 * jibe * hours + tide,
                );
                let lat = recipe.lat_deg + north_km / KM_PER_DEGREE;
                let lon = wrapped(recipe.lon_deg + east_km / KM_PER_DEGREE / cos);
                columns.0.push(lon);
                columns.1.push(lat);
                columns.2.push(u8::from(coast.on_land(lon, lat)));
            }
            run.times
                .push(ValidTime::from_unix_s(begin.unix_s() + step * recipe.step_s).unwrap());
            run.lon_deg.push(columns.0);
            run.lat_deg.push(columns.1);
            run.status.push(columns.2);
        }
        run
    }

    pub(crate) fn scene<'a>(&'a self, coast: &'a Coast) -> Scene<'a> {
        let snapshots = (0..self.times.len()).map(|at| self.snapshot(at)).collect();
        Scene {
            title: "MV Havørn – person overboard west of Fedje".to_owned(),
            object: "PIW-1: Person in water, unknown state (mean values)".to_owned(),
            direction: Direction::Forward,
            starts: vec![Start {
                label: "LKP".to_owned(),
                shape: StartShape::Point {
                    lon_deg: self.recipe.lon_deg,
                    lat_deg: self.recipe.lat_deg,
                    radius_m: 1852.0,
                },
            }],
            snapshots,
            coast,
            attribution: vec![
                "Currents: E.U. Copernicus Marine Service Information (synthetic sample)".to_owned(),
                "Wind: MET Norway, CC BY 4.0 (synthetic sample)".to_owned(),
                "Coast: GSHHG 2.3.7, Wessel and Smith 1996, LGPL-3.0-or-later".to_owned(),
            ],
        }
    }

    fn snapshot(&self, at: usize) -> Snapshot<'_> {
        let (lon, lat, status) = (&self.lon_deg[at], &self.lat_deg[at], &self.status[at]);
        let reference = self.recipe.lon_deg;
        let adrift: Vec<(f64, f64)> = (0..status.len())
            .filter(|particle| status[*particle] == 0)
            .map(|particle| (wrapped(lon[particle] - reference), lat[particle]))
            .collect();
        let count = adrift.len() as f64;
        let mean = |value: &dyn Fn(&(f64, f64)) -> f64| adrift.iter().map(value).sum::<f64>() / count;
        let (x, y) = (mean(&|place| place.0), mean(&|place| place.1));
        let has_any = !adrift.is_empty();
        let (xx, yy, xy) = (
            mean(&|place| (place.0 - x) * (place.0 - x)),
            mean(&|place| (place.1 - y) * (place.1 - y)),
            mean(&|place| (place.0 - x) * (place.1 - y)),
        );
        let areas = LEVELS.iter().map(|level| {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - level));
            // The square root of the covariance: first along x, then what y has besides.
            let (a, b) = (libm::sqrt(xx), xy / libm::sqrt(xx));
            let c = libm::sqrt(yy - b * b);
            let corner = |k: usize| {
                let angle = std::f64::consts::TAU * k as f64 / 90.0;
                let (u, v) = (radius * libm::cos(angle), radius * libm::sin(angle));
                (reference + x + a * u, y + b * u + c * v)
            };
            let ring: Vec<(f64, f64)> = (0..90).map(corner).collect();
            let km = KM_PER_DEGREE * KM_PER_DEGREE * libm::cos(y.to_radians());
            Area {
                level: *level,
                km2: std::f64::consts::PI * a * c * radius * radius * km,
                polygons: cut(&ring),
            }
        });
        Snapshot {
            time: self.times[at],
            lon_deg: lon,
            lat_deg: lat,
            status,
            areas: if has_any { areas.collect() } else { Vec::new() },
            datum: has_any.then(|| (wrapped(reference + x), y)),
            density: None,
        }
    }
}

/// A ring whose longitudes may pass 180 degrees as polygons that do not.
fn cut(ring: &[(f64, f64)]) -> MultiPolygon<f64> {
    let half = |keep: &dyn Fn(f64) -> bool, shift: f64| {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for (at, (lon, lat)) in ring.iter().enumerate() {
            let (before_lon, before_lat) = ring[(at + ring.len() - 1) % ring.len()];
            if keep(*lon) != keep(before_lon) {
                let share = (180.0 - before_lon) / (lon - before_lon);
                corners.push((180.0 + shift, before_lat + share * (lat - before_lat)));
            }
            if keep(*lon) {
                corners.push((lon + shift, *lat));
            }
        }
        (corners.len() > 2).then(|| Polygon::new(LineString::from(corners), Vec::new()))
    };
    let west = half(&|lon| lon <= 180.0, 0.0);
    let east = half(&|lon| lon > 180.0, -360.0);
    west.into_iter().chain(east).collect()
}

pub(crate) fn briefing<'a>(scene: &'a Scene<'a>) -> Briefing<'a> {
    let fact = |name: &str, value: &str| Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let time = |text: &str| text.parse::<ValidTime>().unwrap();
    Briefing {
        scene,
        at: scene.last(),
        identity: Identity {
            mission_id: "mis_01jdm3v8k2f7tq9x4c5b6n7m8p".to_owned(),
            run_id: "run_01jdm3w1r9e8s7d6f5g4h3j2k1".to_owned(),
            issued: time("2026-11-26T07:12:31Z"),
            valid_until: Some(time("2026-11-27T06:00:00Z")),
            mode: "operational".to_owned(),
            seed: "4711".to_owned(),
            engine_version: "0.2.0".to_owned(),
        },
        facts: vec![
            fact("Last known position", "60° 06.00′ N 004° 30.00′ E"),
            fact("At", "2026-11-26 06:00 UTC"),
            fact("Uncertainty", "1.0 NM (radius)"),
            fact("Source", "AIS track of the vessel, last report before the alarm"),
            fact("Step and output", "15 min, every hour"),
            fact("Scenarios", "1 of 1: position, weight 100 %"),
        ],
        scenarios: Vec::new(),
        ashore: Ashore::counted(scene),
        age_at: AgeAt::Start,
        forcing: vec![
            Forcing {
                kind: "current".to_owned(),
                product: "NorKyst v3, 800 m, hourly".to_owned(),
                cycle: time("2026-11-26T00:00:00Z"),
                age_s: 6 * 3600,
                is_old: false,
                share: Some(1.0),
            },
            Forcing {
                kind: "wind".to_owned(),
                product: "MEPS 2.5 km, control member, hourly".to_owned(),
                cycle: time("2026-11-24T18:00:00Z"),
                age_s: 36 * 3600,
                is_old: true,
                share: Some(0.9996),
            },
        ],
        error_model: ErrorModel {
            text: "random velocity of 0.25 m/s with a memory of 6 h for current, 1.8 m/s and 3 h for wind".to_owned(),
            calibration: Calibration::Uncalibrated,
        },
        warnings: vec![
            "12 % of the particles' steps used values borrowed from the nearest wet node near the coast.".to_owned(),
        ],
        caveats: vec![
            "Stokes drift is taken to be part of the leeway coefficients.".to_owned(),
            "The current field does not resolve fjords narrower than about 2 km.".to_owned(),
        ],
        classification: None,
    }
}

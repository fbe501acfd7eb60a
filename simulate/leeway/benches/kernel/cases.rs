//! What is measured, and the one place that calls the kernel.

use std::fmt;

use driftline_coast::Coast;
use driftline_domain::{
    CoastlineAction, CurrentError, Distribution, LatLon, ObjectClass, PointRelease, Release, SlowCoefficients,
    ValidTime, WindError,
};
use driftline_leeway::{Continue, Forcing, Group, JIBE_PER_HOUR, Outcome, RunSpec, parity, run};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::sea::{self, Grids, START_S};

const STEP_S: i32 = 600;
const STEPS_PER_HOUR: u32 = 6;

/// Particles and hours of a run. Many particles drift for a shorter time: a run's snapshots stay in memory.
const SIZES: [(u32, u32); 4] = [(1_000, 48), (20_000, 48), (100_000, 24), (1_000_000, 6)];

/// Which of the kernel's settings are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// Coefficients for life, jibing, error of the current.
    Operational,
    /// Error of the wind and slow coefficients besides.
    EveryError,
    /// What the reference does, step by step.
    Parity,
}

impl Model {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::EveryError => "every_error",
            Self::Parity => "parity",
        }
    }
}

/// How far apart particles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// As in a mission: a standard deviation of 1 km, 40 km off the Norwegian coast.
    Cloud,
    /// Over a sea: neighbours in memory are no neighbours at sea.
    Region,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) grids: Grids,
    pub(crate) spread: Spread,
    pub(crate) particles: u32,
    hours: u32,
    pub(crate) threads: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grids = match self.grids {
            Grids::Regular => "regular",
            Grids::Projected => "projected",
        };
        let spread = match self.spread {
            Spread::Cloud => "cloud",
            Spread::Region => "region",
        };
        let Self {
            particles,
            hours,
            threads,
            ..
        } = self;
        let threads = if *threads == 1 {
            "1 thread".to_owned()
        } else {
            format!("{threads} threads")
        };
        write!(f, "{grids}, {spread}, {particles}, {hours} h, {threads}")
    }
}

/// Every combination, on one thread and on all.
pub(crate) fn cases() -> Vec<Case> {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let thread_counts = if all == 1 { vec![1] } else { vec![1, all] };
    let mut cases = Vec::new();
    for grids in [Grids::Regular, Grids::Projected] {
        for spread in [Spread::Cloud, Spread::Region] {
            for (particles, hours) in SIZES {
                cases.extend(thread_counts.iter().map(|&threads| Case {
                    grids,
                    spread,
                    particles,
                    hours,
                    threads,
                }));
            }
        }
    }
    cases
}

impl Case {
    /// Whether two cases must come to the same state: they differ at most in threads.
    pub(crate) fn same_run(&self, other: &Self) -> bool {
        Self { threads: 0, ..*self } == Self { threads: 0, ..*other }
    }

    pub(crate) fn pool(&self) -> ThreadPool {
        ThreadPoolBuilder::new().num_threads(self.threads).build().unwrap()
    }

    /// Latitude, longitude and standard deviation in metres of the release. The regions are as wide as their current's grid
    /// is in practice: an ocean of 1/12 degree cells, a shelf sea of 800 m cells.
    fn release(&self) -> (f64, f64, f64) {
        match (self.spread, self.grids) {
            (Spread::Cloud, _) => (60.15, 4.1, 1_000.0),
            (Spread::Region, Grids::Regular) => (35.0, -40.0, 300_000.0),
            (Spread::Region, Grids::Projected) => (66.0, 0.0, 30_000.0),
        }
    }

    /// Fields and coast, ready to run.
    pub(crate) fn scene(&self, model: Model) -> Scene {
        let (lat_deg, lon_deg, sigma_m) = self.release();
        // A million normal numbers stay within 5.5 standard deviations; the rest is room to drift.
        let reach_m = 5.5 * sigma_m + 250_000.0;
        let (current, wind) = sea::sources(self.grids, (lat_deg, lon_deg), reach_m, self.hours);
        Scene {
            forcing: match model {
                Model::Parity => Prepared::Parity(
                    parity::Forcing::prepare(vec![current.into()], vec![wind.into()], Vec::new()).unwrap(),
                ),
                Model::Operational | Model::EveryError => {
                    Prepared::Kernel(Forcing::prepare(vec![current], vec![wind]).unwrap())
                }
            },
            coast: Coast::embedded().unwrap(),
            position: LatLon::new(lat_deg, lon_deg).unwrap(),
            sigma_m,
        }
    }
}

/// What stays the same from run to run.
pub(crate) struct Scene {
    forcing: Prepared,
    coast: Coast,
    position: LatLon,
    sigma_m: f64,
}

enum Prepared {
    Kernel(Forcing),
    Parity(parity::Forcing),
}

impl Scene {
    /// One run on the present pool. Whoever changes the kernel's interface changes this function.
    pub(crate) fn run(&self, model: Model, case: &Case) -> Final {
        Final(match &self.forcing {
            Prepared::Kernel(forcing) => self.run_kernel(model, case, forcing),
            Prepared::Parity(forcing) => self.run_parity(case, forcing),
        })
    }

    fn run_parity(&self, case: &Case, forcing: &parity::Forcing) -> Outcome {
        let class = ObjectClass::find("PIW-1").unwrap();
        let plan = parity::SeedPlan {
            number: case.particles,
            shape: parity::Shape::Point {
                position: self.position,
                radius_m: self.sigma_m,
            },
            scatter: parity::Scatter::Gaussian,
            release_s: vec![START_S as f64],
            seed: 20_151_116,
            spread: true,
        };
        let seeds = parity::seeds(&plan, class).unwrap();
        let spec = parity::RunSpec::forward(START_S, case.hours);
        parity::run(&spec, &seeds, forcing, &self.coast, &|_| Continue::Go).unwrap()
    }

    fn run_kernel(&self, model: Model, case: &Case, forcing: &Forcing) -> Outcome {
        const NO_WIND_ERROR: WindError = WindError {
            sigma_ms: 0.0,
            tau_s: 0.0,
        };
        const FOR_LIFE: SlowCoefficients = SlowCoefficients { share: 0.0, tau_s: 0.0 };
        const HALF_A_DAY_S: f64 = 43_200.0;
        let (wind_error, slow_coefficients) = match model {
            Model::Operational | Model::Parity => (NO_WIND_ERROR, FOR_LIFE),
            Model::EveryError => (
                WindError {
                    sigma_ms: 1.5,
                    tau_s: HALF_A_DAY_S,
                },
                SlowCoefficients {
                    share: 0.3,
                    tau_s: HALF_A_DAY_S,
                },
            ),
        };
        let group = Group {
            class: ObjectClass::find("PIW-1").unwrap(),
            changes: Vec::new(),
            release: Release::Point(PointRelease {
                position: self.position,
                time: ValidTime::from_unix_s(START_S).unwrap(),
                until: None,
                radius_m: self.sigma_m,
                distribution: Distribution::Gaussian,
                position_source: None,
            }),
            particles: case.particles,
            currents: vec![0],
            winds: vec![0],
        };
        let spec = RunSpec {
            groups: vec![group],
            start_s: START_S,
            steps: case.hours * STEPS_PER_HOUR,
            step_s: STEP_S,
            steps_per_output: STEPS_PER_HOUR,
            seed: 20_151_116,
            current_error: CurrentError {
                sigma_ms: 0.25,
                tau_s: HALF_A_DAY_S,
            },
            wind_error,
            slow_coefficients,
            jibe_per_hour: JIBE_PER_HOUR,
            coefficient_spread: true,
            capsizing: false,
            coast_action: CoastlineAction::Stranding,
        };
        run(&spec, forcing, &self.coast, &|_| Continue::Go).unwrap()
    }
}

/// What came out.
pub(crate) struct Final(Outcome);

impl Final {
    /// Steps of particles that were afloat.
    pub(crate) fn particle_steps(&self) -> u64 {
        self.0.stats.particle_steps
    }

    /// FNV-1a over the bits of the last positions and states.
    pub(crate) fn hash(&self) -> u64 {
        let last = self.0.snapshots.last().unwrap();
        let positions = last
            .lon_deg
            .iter()
            .chain(&last.lat_deg)
            .map(|degrees| degrees.to_bits());
        let states = last.status.iter().map(|status| *status as u64);
        positions
            .chain(states)
            .flat_map(u64::to_le_bytes)
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
    }
}

//! What a run gives: positions and states at output times, how each particle ended, and what it was computed from.

use driftline_domain::ForcingKind;
use serde::{Deserialize, Serialize};

/// The state of a particle. The numbers stand in result files and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Afloat.
    Active = 0,
    /// Ran ashore.
    Stranded = 1,
    /// Came to a place or time that no source covers.
    MissingData = 2,
    /// Started on land, too far from the sea to be put there.
    SeededOnLand = 3,
    /// Its time has not come yet.
    NotReleased = 4,
    /// Left the area that the run was limited to.
    Outside = 5,
    /// Reached the age at which the run gives particles up.
    Retired = 6,
}

impl Status {
    /// Every state in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::Active,
        Self::Stranded,
        Self::MissingData,
        Self::SeededOnLand,
        Self::NotReleased,
        Self::Outside,
        Self::Retired,
    ];

    /// The state with this number in a result file.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as u8 == code)
    }

    /// The name in files and JSON, where they exist the same as OpenDrift's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stranded => "stranded",
            Self::MissingData => "missing_data",
            Self::SeededOnLand => "seeded_on_land",
            Self::NotReleased => "not_released",
            Self::Outside => "outside",
            Self::Retired => "retired",
        }
    }
}

/// Every particle at one time; the index is the particle's id. A particle that ended stays where it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub time_s: i64,
    /// Longitude in [-180, 180).
    pub lon_deg: Vec<f64>,
    /// Latitude.
    pub lat_deg: Vec<f64>,
    /// State.
    pub status: Vec<Status>,
}

/// How a particle ended before the run did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Seconds since 1970-01-01T00:00:00Z; a stranding falls within a step.
    pub time_s: f64,
    /// Longitude.
    pub lon_deg: f64,
    /// Latitude.
    pub lat_deg: f64,
    /// Why.
    pub status: Status,
}

/// Particles whose drawn start was on land and was put to the nearest sea.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SeedsMoved {
    /// How many.
    pub count: u64,
    /// The longest way, metres.
    pub max_distance_m: f64,
}

/// Which sources of one kind were used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceUse {
    /// Particle-steps answered by each source, in the order of preference.
    pub particle_steps: Vec<u64>,
    /// Particle-steps with a value lent by the nearest wet node.
    pub extrapolated: u64,
    /// Particles that used another than the first source at least once.
    pub fallback_particles: u64,
}

/// Counts of a run. A particle-step is one step of a particle that was afloat and had forcing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Particles of the run.
    pub particles: u32,
    /// Steps of the run.
    pub steps: u32,
    /// Particle-steps.
    pub particle_steps: u64,
    /// Sources of the current.
    pub current: SourceUse,
    /// Sources of the wind.
    pub wind: SourceUse,
    /// Particle-steps in which the current, the wind or both were lent by the nearest wet node.
    pub coast_extrapolated: u64,
    /// Changes of side.
    pub jibes: u64,
    /// Particles that capsized.
    pub capsized: u64,
    /// Downwind scores drawn and rejected, because they would have made the object drift against the wind.
    pub redraws: u64,
}

impl Stats {
    /// Which sources of a kind were used; none of a kind that moves nothing.
    pub fn source_use(&self, kind: ForcingKind) -> &SourceUse {
        static NONE: SourceUse = SourceUse {
            particle_steps: Vec::new(),
            extrapolated: 0,
            fallback_particles: 0,
        };
        match kind {
            ForcingKind::Current => &self.current,
            ForcingKind::Wind => &self.wind,
            ForcingKind::Waves => &NONE,
        }
    }

    /// Share of particle-steps that a source answered.
    pub fn source_share(&self, kind: ForcingKind, source: usize) -> f64 {
        let answered = self.source_use(kind).particle_steps.get(source).copied();
        share(answered.unwrap_or(0), self.particle_steps)
    }

    /// Share of particles that used another than the first source of a kind at least once.
    pub fn fallback_share(&self, kind: ForcingKind) -> f64 {
        share(self.source_use(kind).fallback_particles, u64::from(self.particles))
    }

    /// Share of particle-steps in which a value was lent by the nearest wet node.
    pub fn coast_extrapolated_share(&self) -> f64 {
        share(self.coast_extrapolated, self.particle_steps)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The release, every output time and the end.
    pub snapshots: Vec<Snapshot>,
    /// For each particle, how it ended; `None` while afloat at the end.
    pub ended: Vec<Option<Ended>>,
    /// Starts moved off the land.
    pub seeds_moved: SeedsMoved,
    /// Counts.
    pub stats: Stats,
}

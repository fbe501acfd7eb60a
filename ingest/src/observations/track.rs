//! What is known of a buoy: its reports with the state of each, and the account of those that were dropped.

use std::collections::BTreeMap;

use driftline_domain::ValidTime;
use serde::{Deserialize, Serialize};

/// What kind of buoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuoyKind {
    /// It goes with the water.
    Drifting,
    /// It hangs on an anchor.
    Moored,
}

/// What a report was judged to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Adrift: what forecasts are compared with.
    Drifting,
    /// At one place for hours, away from any shore: caught, aground, or in dead calm.
    Stationary,
    /// At one place for hours, at the shore.
    Stranded,
    /// Inland: on somebody's desk or in a car.
    Ashore,
    /// Not adrift yet: at one place or inland before it first drifted.
    BeforeDeployment,
    /// A moored buoy at its station.
    Moored,
    /// A moored buoy away from its station.
    OffStation,
}

/// Why a report is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// A row that cannot be understood.
    Unreadable,
    /// Without time or position, or with a position that is no number.
    NotFinite,
    /// A position off the globe, or 0, 0 to the last digit, which receivers report that know none.
    OutsideRange,
    /// Before the time that counts.
    BeforeStart,
    /// After the time that counts.
    AfterEnd,
    /// Outside the box that counts.
    OutsideBox,
    /// The same time and position once more.
    Duplicate,
    /// Sooner after the report before than positions can tell a speed.
    TooSoon,
    /// Reached and left faster than water carries anything.
    TooFast,
}

/// One report that was kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When.
    pub time: ValidTime,
    /// Longitude in [-180, 180).
    pub lon_deg: f64,
    /// Latitude.
    pub lat_deg: f64,
    /// Temperature of the sea in degrees Celsius; NaN where there is none.
    pub sea_temperature_c: f64,
    /// Number of the unbroken piece of the track, from 0: gaps, jumps and changes of state begin another.
    pub segment: u32,
    /// What it was judged to be.
    pub state: State,
}

/// The kept reports of one buoy in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Name of the buoy.
    pub platform: String,
    /// Its kind.
    pub kind: BuoyKind,
    /// Its reports.
    pub fixes: Vec<Fix>,
}

/// The account of one buoy's reports, or of all: as many were read as were kept and dropped together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Reports in the source.
    pub read: usize,
    /// Reports that were kept.
    pub kept: usize,
    /// Reports that were not, by reason.
    pub dropped: BTreeMap<Dropped, usize>,
    /// What the kept ones were judged to be.
    pub states: BTreeMap<State, usize>,
    /// Reports that stood out of the order of time and were put in their place.
    pub reordered: usize,
    /// Unbroken pieces.
    pub segments: usize,
}

impl BuoyKind {
    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drifting => "drifting",
            Self::Moored => "moored",
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Drifting,
        Self::Stationary,
        Self::Stranded,
        Self::Ashore,
        Self::BeforeDeployment,
        Self::Moored,
        Self::OffStation,
    ];

    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drifting => "drifting",
            Self::Stationary => "stationary",
            Self::Stranded => "stranded",
            Self::Ashore => "ashore",
            Self::BeforeDeployment => "before_deployment",
            Self::Moored => "moored",
            Self::OffStation => "off_station",
        }
    }
}

impl Dropped {
    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NotFinite => "not_finite",
            Self::OutsideRange => "outside_range",
            Self::BeforeStart => "before_start",
            Self::AfterEnd => "after_end",
            Self::OutsideBox => "outside_box",
            Self::Duplicate => "duplicate",
            Self::TooSoon => "too_soon",
            Self::TooFast => "too_fast",
        }
    }
}

impl Tally {
    /// Drops this many reports.
    pub(super) fn drop(&mut self, reason: Dropped, count: usize) {
        if count > 0 {
            *self.dropped.entry(reason).or_default() += count;
        }
    }

    /// Adds another account.
    pub(super) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.kept += other.kept;
        self.reordered += other.reordered;
        self.segments += other.segments;
        other
            .dropped
            .iter()
            .for_each(|(&reason, &count)| self.drop(reason, count));
        for (&state, &count) in &other.states {
            *self.states.entry(state).or_default() += count;
        }
    }

    /// The account as words, for people: `7001 duplicate, 15 outside_box`.
    pub fn dropped_words(&self) -> String {
        let words = self
            .dropped
            .iter()
            .map(|(reason, count)| format!("{count} {}", reason.name()));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Length of the great circle between two positions, metres, on a sphere of the Earth's mean radius. Off from the
/// ellipsoid by at most 0.6 %, alike for all distances of a place, so that ratios of them are off by less.
pub fn distance_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    const MEAN_RADIUS_M: f64 = 6_371_008.8;
    let (lat_from, lat_to) = (from.1.to_radians(), to.1.to_radians());
    let half_lat = libm::sin((lat_to - lat_from) / 2.0);
    let half_lon = libm::sin((to.0 - from.0).to_radians() / 2.0);
    let square = half_lat * half_lat + libm::cos(lat_from) * libm::cos(lat_to) * half_lon * half_lon;
    2.0 * MEAN_RADIUS_M * libm::asin(libm::sqrt(square.min(1.0)))
}

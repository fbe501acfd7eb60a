//! A mission: the question that a coordinator asks. Parsed in full, so that a sender learns of every violated rule
//! at once; a `MissionSpec` that exists is one that can be run.

mod bearings;
mod choice;
mod extent;
pub mod limits;
mod parse;
mod polygon;
mod release;
mod scenario;
mod settings;
mod sphere;
mod track;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use bearings::{BearingLine, BearingsRelease, Spread};
pub use choice::ForcingChoice;
pub use polygon::{Edge, Outline, PolygonRelease};
pub use release::{ConeEnd, ConeRelease, Distribution, PointRelease, PositionSource, Release};
pub use scenario::{Change, Direction, Scenario};
pub use settings::{CoastlineAction, CurrentError, Mode, Priority, SlowCoefficients, WindError};
pub use track::{Pace, TrackRelease, Waypoint};

use crate::{LatLon, ObjectClass, ValidTime};

/// A mission that can be run: what may have happened to an object, and how to compute where it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissionSpec {
    /// What the sender calls it.
    pub name: Option<String>,
    /// Free text of the sender.
    pub description: Option<String>,
    /// Last known position; with scenarios the middle of the weightiest.
    pub position: LatLon,
    /// Where the run begins in time: the last known time; with scenarios the earliest release, in a backtrack the latest.
    pub time: ValidTime,
    /// The object, by class key; with scenarios the one of those that name none, or of the weightiest.
    #[serde(with = "class_key")]
    pub object: &'static ObjectClass,
    /// Standard deviation of the position per axis, in metres: particles start gaussian around the position. With
    /// scenarios the radius of the weightiest.
    pub radius_m: f64,
    /// Hours to forecast from `time` on, or back from it.
    pub forecast_hours: u32,
    /// Particles, over all scenarios.
    pub ensemble_size: u32,
    /// How soon.
    pub priority: Priority,
    /// A distress run is never refused for billing.
    pub distress: bool,
    /// Physics.
    pub mode: Mode,
    /// Time step in seconds.
    pub step_s: u32,
    /// Seconds between outputs, a multiple of the step.
    pub output_interval_s: u32,
    /// Seed as asked for; without one it is drawn per run and recorded.
    pub seed: Option<u64>,
    /// Feeds to use; empty for the best available.
    pub forcing: Vec<ForcingChoice>,
    /// Error of the current as asked for; without it the uncalibrated start value holds.
    pub current_error: Option<CurrentError>,
    /// Which way time runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub direction: Direction,
    /// What may have happened, as asked for; empty in the short form. [`MissionSpec::scenarios`] knows both forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<Scenario>,
    /// Error of the wind; none unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_error: Option<WindError>,
    /// Coefficients that vary slowly; constant for life unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_coefficients: Option<SlowCoefficients>,
    /// Whether objects may capsize in strong wind.
    #[serde(default, skip_serializing_if = "is_default")]
    pub capsizing: bool,
    /// What happens to a particle that meets the coast.
    #[serde(default, skip_serializing_if = "is_default")]
    pub coastline_action: CoastlineAction,
}

impl MissionSpec {
    /// What may have happened: the scenarios asked for, or the one that the short form describes. Never empty.
    pub fn scenarios(&self) -> Cow<'_, [Scenario]> {
        if !self.scenarios.is_empty() {
            return Cow::Borrowed(&self.scenarios);
        }
        Cow::Owned(vec![Scenario {
            name: None,
            weight: limits::DEFAULT_WEIGHT,
            object: self.object,
            release: Release::Point(PointRelease {
                position: self.position,
                time: self.time,
                until: None,
                radius_m: self.radius_m,
                distribution: Distribution::Gaussian,
                position_source: None,
            }),
            changes: Vec::new(),
        }])
    }

    /// Probability of each scenario: their weights, brought to a sum of 1.
    pub fn scenario_shares(&self) -> Vec<f64> {
        let scenarios = self.scenarios();
        let sum: f64 = scenarios.iter().map(|scenario| scenario.weight).sum();
        scenarios.iter().map(|scenario| scenario.weight / sum).collect()
    }

    /// Names of the feeds asked for, in their order.
    pub fn feeds(&self) -> Vec<String> {
        self.forcing.iter().map(|choice| choice.feed.clone()).collect()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

mod class_key {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::ObjectClass;

    pub(super) fn serialize<S: Serializer>(class: &&'static ObjectClass, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(class.key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static ObjectClass, D::Error> {
        let key = String::deserialize(deserializer)?;
        ObjectClass::find(&key).ok_or_else(|| serde::de::Error::custom(format!("unknown object class '{key}'")))
    }
}

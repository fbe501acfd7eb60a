//! A mission: the question that a coordinator asks. Parsed in full, so that a sender learns of every violated rule
//! at once; a `MissionSpec` that exists is one that can be run.

pub mod limits;
mod parse;

use serde::{Deserialize, Serialize};

use crate::{LatLon, ObjectClass, ValidTime};

/// How soon a mission should run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before everything else.
    Urgent,
    /// In turn.
    Normal,
    /// When nothing else waits.
    Low,
}

/// Which physics runs; every result says which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What a coordinator gets (leeway.md, section 4).
    Operational,
}

/// The current's error as an Ornstein-Uhlenbeck process per particle and component (leeway.md 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurrentError {
    /// Standard deviation in m/s; 0 turns the error off.
    pub sigma_ms: f64,
    /// Correlation time in seconds.
    pub tau_s: f64,
}

impl CurrentError {
    /// The start value until a product has been calibrated against drifters: 0.25 m/s and 12 h.
    pub const UNCALIBRATED: Self = Self {
        sigma_ms: 0.25,
        tau_s: 12.0 * 3600.0,
    };
}

/// A mission that can be run: an object lost around a place at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissionSpec {
    /// What the sender calls it.
    pub name: Option<String>,
    /// Free text of the sender.
    pub description: Option<String>,
    /// Last known position.
    pub position: LatLon,
    /// When it was there.
    pub time: ValidTime,
    /// The object, by class key.
    #[serde(with = "class_key")]
    pub object: &'static ObjectClass,
    /// Standard deviation of the position per axis, in metres: particles start gaussian around the position.
    pub radius_m: f64,
    /// Hours to forecast.
    pub forecast_hours: u32,
    /// Particles.
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
    pub forcing: Vec<String>,
    /// Error of the current as asked for; without it the uncalibrated start value holds.
    pub current_error: Option<CurrentError>,
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

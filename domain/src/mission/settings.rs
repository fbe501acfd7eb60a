//! How a mission is computed: urgency, physics and the error model.

use serde::{Deserialize, Serialize};

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
    /// What the reference implementation does, defects included, for comparison (leeway.md, section 3).
    Parity,
}

/// What happens to a particle that meets the coast (leeway.md 4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoastlineAction {
    /// It stays there.
    #[default]
    Stranding,
    /// It waits at its last place at sea and may leave again.
    Previous,
    /// The coast is not looked at.
    None,
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

/// The wind's error as an Ornstein-Uhlenbeck process per particle and component (leeway.md 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindError {
    /// Standard deviation in m/s; 0 turns the error off.
    pub sigma_ms: f64,
    /// Correlation time in seconds.
    pub tau_s: f64,
}

/// A part of the leeway coefficients' scatter varies in time, the variance staying what it is (leeway.md 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlowCoefficients {
    /// Share q of the variance that varies, 0 to 1; 0 is the published model.
    pub share: f64,
    /// Correlation time in seconds.
    pub tau_s: f64,
}

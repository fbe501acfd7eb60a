//! One of the things that may have happened: an object, where and when it began to drift, and what became of it.

use serde::{Deserialize, Serialize};

use super::{Release, class_key, limits};
use crate::{ObjectClass, ValidTime};

/// Which way time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Where it will be.
    #[default]
    Forward,
    /// Where it can have come from: the sources of what was found, under a flat prior (leeway.md 4.10).
    Backtrack,
}

/// One of the things that may have happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// What the sender calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How likely it is beside the other scenarios of the mission: only ratios count ([`limits::WEIGHT`]).
    #[serde(default = "one")]
    pub weight: f64,
    /// The object when it began to drift; in a backtrack, as it was found.
    #[serde(rename = "object_type", with = "class_key")]
    pub object: &'static ObjectClass,
    /// Where and when it began to drift; in a backtrack, where and when it was found.
    pub release: Release,
    /// What it turned into, in the order in which it takes effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// At a time the object becomes another: a raft is lost and its crew are in the water.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When; in a backtrack the object is the other one before this time.
    pub at: ValidTime,
    /// What it is from there on, in the direction of the run.
    #[serde(with = "class_key")]
    pub to: &'static ObjectClass,
}

impl Scenario {
    /// What the object is at a time: the one of the release until a change has been reached.
    pub fn object_at(&self, time: ValidTime, direction: Direction) -> &'static ObjectClass {
        let reached = |change: &&Change| match direction {
            Direction::Forward => change.at <= time,
            Direction::Backtrack => change.at >= time,
        };
        let last = self.changes.iter().take_while(reached).last();
        last.map_or(self.object, |change| change.to)
    }
}

fn one() -> f64 {
    limits::DEFAULT_WEIGHT
}

//! Which forcing a mission asks for: a feed by name, or feeds that share the particles.

use serde::{Deserialize, Serialize};

/// A feed that a mission asks for. In JSON its name, or `{"feed": name, "weight": w}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Json", into = "Json")]
pub struct ForcingChoice {
    /// The feed's name.
    pub feed: String,
    /// Its share of the particles beside the other feeds of its kind, as a ratio. Without any weight in a mission the
    /// feeds are alternatives, of which the best at hand is used; one without a weight among others counts as 1.
    pub weight: Option<f64>,
}

/// Missions of versions before 0.3 hold names only.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Json {
    Name(String),
    Weighted { feed: String, weight: Option<f64> },
}

impl From<Json> for ForcingChoice {
    fn from(json: Json) -> Self {
        let (feed, weight) = match json {
            Json::Name(feed) => (feed, None),
            Json::Weighted { feed, weight } => (feed, weight),
        };
        Self { feed, weight }
    }
}

impl From<ForcingChoice> for Json {
    fn from(choice: ForcingChoice) -> Self {
        match choice.weight {
            None => Self::Name(choice.feed),
            weight => Self::Weighted {
                feed: choice.feed,
                weight,
            },
        }
    }
}

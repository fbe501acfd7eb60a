//! What a person is in an organisation (contract.md, "Who may do what"). What each role may do is decided elsewhere.

use serde::{Deserialize, Serialize};

/// A role in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the organisation.
    OrgAdmin,
    /// Creates missions and runs units.
    Operator,
    /// Creates missions and sees those.
    MissionOwner,
    /// Sees everything that was computed, and what it cost.
    Analyst,
    /// Sees what was computed.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::OrgAdmin,
        Self::Operator,
        Self::MissionOwner,
        Self::Analyst,
        Self::Viewer,
    ];

    /// Its name in columns, tokens and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrgAdmin => "org_admin",
            Self::Operator => "operator",
            Self::MissionOwner => "mission_owner",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

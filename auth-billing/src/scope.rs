//! What a key may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::Error;

/// One thing that a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See missions, their status and results.
    MissionsRead,
    /// Create and withdraw missions.
    MissionsWrite,
    /// Create missions in distress, which no quota stops.
    MissionsDistress,
    /// Read maps and feature collections.
    FeaturesRead,
    /// See usage, bills and the list of keys.
    UsageRead,
    /// Send usage of nodes that were cut off.
    UsageWrite,
    /// Enter how bills are paid.
    BillingWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::MissionsRead,
        Self::MissionsWrite,
        Self::MissionsDistress,
        Self::FeaturesRead,
        Self::UsageRead,
        Self::UsageWrite,
        Self::BillingWrite,
    ];

    /// Its name in lists and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissionsRead => "missions:read",
            Self::MissionsWrite => "missions:write",
            Self::MissionsDistress => "missions:distress",
            Self::FeaturesRead => "features:read",
            Self::UsageRead => "usage:read",
            Self::UsageWrite => "usage:write",
            Self::BillingWrite => "billing:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| Error::Scope {
            found: text.chars().take(64).collect(),
            known: Scopes::all().to_string(),
        })
    }
}

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Every scope.
    pub fn all() -> Self {
        Self(Scope::ALL.into())
    }

    /// Whether a scope is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names, as stored and listed.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(Scope::to_string).collect()
    }

    /// The scopes of a stored key. A name unknown here, from a newer program, grants nothing.
    pub(crate) fn of_stored(names: &[String]) -> Self {
        Self(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl FromStr for Scopes {
    type Err = Error;

    /// Reads names with commas or spaces between them; `all` stands for every scope.
    fn from_str(text: &str) -> Result<Self, Error> {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        let mut scopes = BTreeSet::new();
        for name in names {
            match name {
                "all" => scopes.extend(Scope::ALL),
                name => _ = scopes.insert(name.parse()?),
            }
        }
        if scopes.is_empty() {
            Err(Error::NoScope)
        } else {
            Ok(Self(scopes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_lists() {
        let scopes: Scopes = "usage:read, missions:write".parse().unwrap();
        assert_eq!(scopes.to_string(), "missions:write,usage:read");
        assert!(scopes.contains(Scope::UsageRead) && !scopes.contains(Scope::MissionsRead));
        assert_eq!("all".parse::<Scopes>().unwrap(), Scopes::all());
        assert_eq!(Scopes::all().to_string().parse::<Scopes>().unwrap(), Scopes::all());
    }

    #[test]
    fn refuses_unknown_scopes_by_name_and_empty_lists() {
        let error = "missions:read,missions:delete"
            .parse::<Scopes>()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("'missions:delete'") && error.contains("missions:distress"),
            "{error}"
        );
        assert!(matches!(" , ".parse::<Scopes>(), Err(Error::NoScope)));
        assert!(Scopes::of_stored(&["everything".to_owned()]).is_empty());
    }
}

//! What may be asked for: names and kinds of properties (OGC API - Features Part 3, queryables and sortables).

use arrow::datatypes::{DataType, TimeUnit};

use crate::Error;

/// What a property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Characters; a column of `Utf8`.
    Text,
    /// A column of `Int64`.
    Integer,
    /// A column of `Float64`. What is missing is null, never NaN.
    Number,
    /// A column of `Boolean`.
    Boolean,
    /// An instant; a column of `Timestamp` in microseconds, UTC.
    Time,
    /// The geometry of the feature, which is no column ([`crate::Geometries`]).
    Geometry,
}

/// A property that filters or orders may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queryable {
    /// As the features have it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl Kind {
    /// As it is called in messages, with its article.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Time => "a time",
            Self::Geometry => "a geometry",
        }
    }

    /// The type of its column; a geometry has none.
    pub(crate) fn column(self) -> Option<DataType> {
        match self {
            Self::Text => Some(DataType::Utf8),
            Self::Integer => Some(DataType::Int64),
            Self::Number => Some(DataType::Float64),
            Self::Boolean => Some(DataType::Boolean),
            Self::Time => Some(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            Self::Geometry => None,
        }
    }

    /// Whether columns of this type hold the kind: time zones are names of one instant, so any will do.
    pub(crate) fn held_by(self, column: &DataType) -> bool {
        match (self, column) {
            (Self::Time, DataType::Timestamp(TimeUnit::Microsecond, _)) => true,
            _ => self.column().as_ref() == Some(column),
        }
    }
}

/// The queryable of a name.
pub(crate) fn find(name: &str, queryables: &[Queryable]) -> Result<Queryable, Error> {
    queryables
        .iter()
        .find(|queryable| queryable.name == name)
        .copied()
        .ok_or_else(|| Error::UnknownProperty {
            name: name.to_owned(),
            known: names(queryables),
        })
}

/// All names, for messages.
pub(crate) fn names(queryables: &[Queryable]) -> String {
    let names: Vec<&str> = queryables.iter().map(|queryable| queryable.name).collect();
    names.join(", ")
}

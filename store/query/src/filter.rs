//! A filter: read, checked and planned once, then applied to any number of tables.

use std::sync::Arc;

use crate::Error;
use crate::bounds::Bounds;
use crate::check::Check;
use crate::expression::{Expression, MOST_BYTES};
use crate::plan::Plan;
use crate::queryable::Queryable;
use crate::spatial::Question;
use crate::table::Table;
use crate::{json, text};

/// A filter that was understood and type-checked against queryables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Filter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Plan,
    questions: Vec<Question>,
    bounds: Bounds,
    properties: Vec<&'static str>,
}

/// The positions of CRS84 as they are: what [`Filter::text`] takes where no other reference system was asked for. Longitudes may go
/// on beyond 180, as those of shapes across the antimeridian do.
#[must_use]
pub fn crs84(lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
    ((-360.0..=360.0).contains(&lon_deg) && (-90.0..=90.0).contains(&lat_deg)).then_some((lon_deg, lat_deg))
}

impl Filter {
    /// Reads a filter as text (`cql2-text`). Positions of its geometries, in the order of their axes, go through `to_crs84`, which
    /// has none for those that its reference system does not have; [`crs84`] is the one for CRS84.
    pub fn text(
        text: &str,
        queryables: &[Queryable],
        to_crs84: impl Fn(f64, f64) -> Option<(f64, f64)>,
    ) -> Result<Self, Error> {
        short_enough(text)?;
        Self::of(text::read(text)?, queryables, &to_crs84)
    }

    /// Reads a filter as JSON (`cql2-json`), otherwise as [`Filter::text`].
    pub fn json(
        text: &str,
        queryables: &[Queryable],
        to_crs84: impl Fn(f64, f64) -> Option<(f64, f64)>,
    ) -> Result<Self, Error> {
        short_enough(text)?;
        Self::of(json::read(text)?, queryables, &to_crs84)
    }

    fn of(
        expression: Expression,
        queryables: &[Queryable],
        to_crs84: &dyn Fn(f64, f64) -> Option<(f64, f64)>,
    ) -> Result<Self, Error> {
        let mut check = Check::against(queryables, to_crs84);
        let node = check.node(expression)?;
        let Check {
            questions, geometry, ..
        } = check;
        let mut properties = Vec::new();
        node.properties(&mut |queryable| properties.push(queryable.name));
        properties.extend(geometry.map(|queryable| queryable.name));
        properties.sort_unstable();
        properties.dedup();
        let plan = Plan::of(&node, questions.len())?;
        let bounds = Bounds::of(&node, &questions);
        Ok(Self(Arc::new(Inner {
            plan,
            questions,
            bounds,
            properties,
        })))
    }

    /// Which rows match; null counts as not matching.
    pub fn matches(&self, table: &Table<'_>) -> Result<Vec<bool>, Error> {
        self.0.plan.matches(&self.0.questions, table)
    }

    /// A box (west, south, east, north; CRS84; west > east across the antimeridian) that the geometry of every match meets, where
    /// the filter tells one: for leaving out what cannot match.
    #[must_use]
    pub fn bbox(&self) -> Option<[f64; 4]> {
        self.0.bounds.bbox
    }

    /// The first and the last instant (µs since 1970) that a time property of a match can have, where the filter tells.
    #[must_use]
    pub fn interval(&self, property: &str) -> (Option<i64>, Option<i64>) {
        self.0.bounds.times.get(property).copied().unwrap_or_default()
    }

    /// The value that a text property of every match has, where the filter tells.
    #[must_use]
    pub fn equals(&self, property: &str) -> Option<&str> {
        self.0.bounds.texts.get(property).map(String::as_str)
    }

    /// The names it uses, in alphabetical order.
    #[must_use]
    pub fn properties(&self) -> Vec<&str> {
        self.0.properties.clone()
    }
}

fn short_enough(text: &str) -> Result<(), Error> {
    if text.len() > MOST_BYTES {
        return Err(Error::TooLong {
            bytes: text.len(),
            most: MOST_BYTES,
        });
    }
    Ok(())
}

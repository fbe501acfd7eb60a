//! A filter: read, checked and planned once, then applied to any number of tables.

use crate::Error;
use crate::queryable::Queryable;
use crate::table::Table;

/// A filter that was understood and type-checked against queryables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Filter(std::sync::Arc<()>);

/// The positions of CRS84 as they are: what [`Filter::text`] takes where no other reference system was asked for.
#[must_use]
pub fn crs84(lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
    ((-360.0..=360.0).contains(&lon_deg) && (-90.0..=90.0).contains(&lat_deg)).then_some((lon_deg, lat_deg))
}

impl Filter {
    /// Reads a filter as text (`cql2-text`). Positions of its geometries go through `to_crs84`, which has none for those that its
    /// reference system does not have; [`crs84`] is the one for CRS84.
    pub fn text(text: &str, queryables: &[Queryable], to_crs84: impl Fn(f64, f64) -> Option<(f64, f64)>) -> Result<Self, Error> {
        let _ = (text, queryables, to_crs84);
        Err(Error::Internal("no filter is read yet".to_owned()))
    }

    /// Reads a filter as JSON (`cql2-json`), otherwise as [`Filter::text`].
    pub fn json(text: &str, queryables: &[Queryable], to_crs84: impl Fn(f64, f64) -> Option<(f64, f64)>) -> Result<Self, Error> {
        let _ = (text, queryables, to_crs84);
        Err(Error::Internal("no filter is read yet".to_owned()))
    }

    /// Which rows match; null counts as not matching.
    pub fn matches(&self, table: &Table<'_>) -> Result<Vec<bool>, Error> {
        Ok(vec![false; table.rows()?])
    }

    /// A box (west, south, east, north; CRS84; west > east across the antimeridian) that the geometry of every match meets, where
    /// the filter tells one: for leaving out what cannot match.
    #[must_use]
    pub fn bbox(&self) -> Option<[f64; 4]> {
        None
    }

    /// The first and the last instant (µs since 1970) that a time property of a match can have, where the filter tells.
    #[must_use]
    pub fn interval(&self, _property: &str) -> (Option<i64>, Option<i64>) {
        (None, None)
    }

    /// The value that a text property of every match has, where the filter tells.
    #[must_use]
    pub fn equals(&self, _property: &str) -> Option<&str> {
        None
    }

    /// The names it uses.
    #[must_use]
    pub fn properties(&self) -> Vec<&str> {
        Vec::new()
    }
}

//! Filters and orders over columns of features: CQL2 (OGC 21-065r2) as text and as JSON becomes expressions of DataFusion.
//!
//! A filter is read ([`text`], [`json`] into [`expression`]), checked against what may be asked ([`check`]), and planned once
//! ([`plan`]); then it is applied to any number of tables. Nothing here reads files or waits.

mod error;
mod filter;
mod order;
mod queryable;
mod table;

pub use error::Error;
pub use filter::{Filter, crs84};
pub use order::{Key, Keys, Order};
pub use queryable::{Kind, Queryable};
pub use table::{Geometries, Table};

//! Filters and orders over columns of features: CQL2 (OGC 21-065r2) as text and as JSON becomes expressions of DataFusion.
//!
//! A filter is read ([`text`], [`json`] into [`expression`]), checked against what may be asked ([`check`]), and planned once
//! ([`plan`]); then it is applied to any number of tables. Nothing here reads files or waits.

mod bounds;
mod check;
mod error;
mod expression;
mod filter;
mod fold;
mod functions;
mod json;
mod like;
mod moment;
mod node;
mod order;
mod plan;
mod queryable;
mod spatial;
mod table;
mod text;

pub use error::Error;
pub use filter::{Filter, crs84};
pub use order::{Key, Keys, Order};
pub use queryable::{Kind, Queryable};
pub use table::{Geometries, Table};

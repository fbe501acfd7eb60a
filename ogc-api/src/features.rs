//! OGC API Features Part 1 at the tenant root `/ogc` and per mission at `/missions/{id}/ogc`. Collections are read
//! from the catalogue, never registered: a mission's results appear when its run is published.

mod block;
mod cells;
mod collection;
mod columns;
mod derived;
mod description;
mod encode;
mod extract;
mod files;
mod geometry;
mod holdings;
mod items;
mod items_query;
mod order;
mod positions;
mod properties;
mod queryables;
mod region;
mod root;
mod rows;
mod selection;
mod text;
mod tombstone;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use block::read_id;
pub(crate) use collection::Collection;
pub(crate) use description::{CLASSES, CRS84, api, collection, collections, conformance, landing};
pub(crate) use encode::Format;
pub(crate) use extract::Extract;
pub(crate) use files::FileCache;
pub(crate) use geometry::parsed as parsed_geometry;
pub(crate) use holdings::{Holdings, HoldingsCache, credits_of, union as union_of_boxes};
pub(crate) use items::{FEATURES_PER_UNIT, item, items};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use items_query::readings as query_readings;
pub(crate) use queryables::{queryables, sortables};
pub(crate) use root::{Root, RootAsk};
pub(crate) use rows::FeatureRows;

//! OGC API Features Part 1 at the tenant root `/ogc` and per mission at `/missions/{id}/ogc`. Collections are read
//! from the catalogue, never registered: a mission's results appear when its run is published.

mod collection;
mod description;
mod files;
mod geojson;
mod geometry;
mod holdings;
mod items;
mod page;
mod positions;
mod root;

pub(crate) use collection::Collection;
pub(crate) use description::{CLASSES, api, collection, collections, conformance, landing};
pub(crate) use files::FileCache;
pub(crate) use geometry::parsed as parsed_geometry;
pub(crate) use holdings::{Holdings, HoldingsCache, credits_of};
pub(crate) use items::{FEATURES_PER_UNIT, item, items};
pub(crate) use root::{Root, RootAsk};

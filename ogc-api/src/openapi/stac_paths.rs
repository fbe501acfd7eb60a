//! Paths of the STAC catalogue in the API document.

use serde_json::{Map, Value};

use super::paths::get;
use crate::document::{GEOJSON, JSON};

/// Routes of the catalogue.
pub(super) fn add_stac(paths: &mut Map<String, Value>) {
    let tag = "Catalogue";
    get(
        "/stac",
        "getStacCatalog",
        tag,
        "The STAC catalogue of cycles and missions",
    )
    .with(&["f"])
    .answers(JSON, "landing_page")
    .add(paths);
    get(
        "/stac/conformance",
        "getStacConformance",
        tag,
        "Conformance classes of the catalogue",
    )
    .with(&["f"])
    .answers(JSON, "conformance")
    .add(paths);
    get(
        "/stac/collections",
        "listStacCollections",
        tag,
        "Collections of the catalogue",
    )
    .with(&["f"])
    .answers(JSON, "collections")
    .add(paths);
    let one = "/stac/collections/{stac_collection}";
    get(
        one,
        "getStacCollection",
        tag,
        "A collection: the cycles of a feed, or the missions",
    )
    .with(&["stac_collection", "f"])
    .answers(JSON, "collection")
    .add(paths);
    get(&format!("{one}/items"), "listStacItems", tag, "Items of a collection")
        .with(&["stac_collection", "f", "stac_limit", "stac_cursor", "bbox", "datetime"])
        .answers(GEOJSON, "feature_collection")
        .add(paths);
    get(
        &format!("{one}/items/{{stac_item}}"),
        "getStacItem",
        tag,
        "A cycle, or a mission, with its assets",
    )
    .with(&["stac_collection", "stac_item", "f"])
    .answers(GEOJSON, "feature")
    .add(paths);
}

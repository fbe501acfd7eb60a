//! Paths of the map services in the API document.

use serde_json::{Map, Value, json};

use super::parameters;
use super::paths::get;
use super::schemas;
use crate::document::JSON;

/// Routes of WMS and tiles under a root.
pub(super) fn add_maps(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let root: &[&str] = if is_mission { &["mission_id"] } else { &[] };
    let mut add = |path: &str, name: &str, summary: &str, own: &[&str], media_type: &str| {
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let id = if is_mission {
            format!("{name}OfMission")
        } else {
            name.to_owned()
        };
        let schema = if media_type == JSON { "object" } else { "any" };
        let path = format!("{prefix}{path}");
        let operation = get(&path, &id, "Maps", summary)
            .with(&names)
            .answers(media_type, schema)
            .add(paths);
        if name == "useWms" {
            operation["responses"]["default"] = exception();
        }
    };
    let wms = parameters::WMS.map(|(name, _)| parameters::name_of_wms(name));
    let wms: Vec<&str> = wms.iter().map(String::as_str).collect();
    add("/wms", "useWms", "WMS 1.3.0 and 1.1.1", &wms, "*/*");
    add("/tiles", "listTilesets", "Tilesets", &["f"], JSON);
    add(
        "/tiles/{tileset}",
        "getTilejson",
        "TileJSON 3.0 of a tileset",
        &["tileset", "map_datetime", "map_time", "style"],
        JSON,
    );
    add(
        "/tiles/{tileset}/{z}/{x}/{y}",
        "getTile",
        "A vector tile or a picture; where nothing lies in it, 204 or a transparent picture, both free",
        &["tileset", "z", "x", "y", "map_datetime", "map_time", "style"],
        "*/*",
    );
}

/// What WMS and WMTS refuse in their own words; what they were not asked at all, such as without a key, is a problem as elsewhere.
pub(super) fn exception() -> Value {
    json!({
        "description": "Why the request is not answered as asked.",
        "content": {
            "text/xml": {"schema": schemas::reference("any")},
            "application/problem+json": {"schema": schemas::reference("problem")},
        },
    })
}

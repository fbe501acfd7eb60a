//! Completed missions as items: their files are the assets.

use driftline_database::Run;
use serde_json::{Map, Value, json};

use super::VERSION;
use super::collections::Holder;
use super::places::geometry;
use crate::document::{GEOJSON, JSON};
use crate::features::credits_of;
use crate::links::Site;
use crate::missions::{file_names, map_links, media_type};

/// The item of a run.
pub(super) fn item(site: &Site, run: &Run) -> Value {
    let holder = Holder::Missions;
    let (parent, mission) = (holder.path(), run.mission);
    let mut links = vec![
        site.link("self", GEOJSON, "This item", &format!("{parent}/items/{mission}")),
        site.link("root", JSON, "The catalogue", "/stac"),
        site.link("parent", JSON, "Its collection", &parent),
        site.link("collection", JSON, "Its collection", &parent),
        site.link("related", JSON, "The mission", &format!("/v1/missions/{mission}")),
        site.link(
            "service",
            JSON,
            "Its results as OGC API Features",
            &format!("/missions/{mission}/ogc"),
        ),
    ];
    links.extend(map_links(site, mission));
    let asset = |name: &str| {
        let asset = json!({
            "href": site.url(&format!("/v1/missions/{mission}/results/{name}")),
            "type": media_type(name),
            "title": name,
            "roles": roles(name),
        });
        (name.to_owned(), asset)
    };
    let assets: Map<String, Value> = file_names(run).map(asset).collect();
    json!({
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": mission,
        "collection": holder.id(),
        "geometry": geometry(run.bbox),
        "bbox": run.bbox,
        "properties": {
            "title": format!("Mission {mission}"),
            "datetime": null,
            "start_datetime": run.valid_from,
            "end_datetime": run.valid_until,
            "created": run.published_at,
            "updated": run.published_at,
            "run_id": run.id,
            "attribution": credits_of([run]).join("; "),
        },
        "assets": assets,
        "links": links,
    })
}

fn roles(name: &str) -> [&'static str; 1] {
    match name.rsplit('.').next() {
        Some("png" | "gif") => ["overview"],
        Some("json" | "txt" | "pdf") => ["metadata"],
        _ => ["data"],
    }
}

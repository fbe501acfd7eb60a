//! What a root says about itself: landing page, conformance, API document, collections (OGC API Features Part 1, 7.2 to
//! 7.14). Only classes that hold are declared.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::collection::Collection;
use super::holdings::Holdings;
use super::root::{Root, RootAsk};
use crate::ask::Ask;
use crate::document::{GEOJSON, JSON, OPENAPI, document};
use crate::kml::KML;
use crate::links::Link;
use crate::missions::{CAPABILITIES, map_links};
use crate::{AppState, Error, conformance, openapi};

/// Conformance classes of OGC API Features.
pub(crate) const CLASSES: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
];
/// The one coordinate reference system: longitude, latitude on WGS 84.
pub(crate) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// The one temporal reference system.
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";

/// `GET /ogc`.
pub(crate) async fn landing(RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let path = root.path();
    let at = |rest: &str| format!("{path}{rest}");
    let base = root.base_path();
    let mut links = vec![
        Link::new("self", JSON, ask.self_url()).titled("This document"),
        ask.site
            .link("service-desc", OPENAPI, "The API in OpenAPI 3.0", &at("/api")),
        ask.site
            .link("conformance", JSON, "Conformance classes", &at("/conformance")),
        ask.site.link("data", JSON, "Collections", &at("/collections")),
    ];
    match root.mission_id() {
        Some(mission) => links.extend(map_links(&ask.site, mission)),
        None => links.extend([
            ask.site.link(
                "wms",
                "text/xml",
                "Maps as WMS 1.3.0 and 1.1.1",
                &format!("{base}/wms{CAPABILITIES}"),
            ),
            ask.site
                .link("tilesets", JSON, "Maps as tiles", &format!("{base}/tiles")),
            ask.site
                .link("kml", KML, "Areas and datums that hold now as live KML", "/kml"),
        ]),
    }
    let description = "Drift forecasts for search and rescue: where to search, now and in the hours ahead.";
    let page = json!({"title": root.title(), "description": description, "links": links});
    document(&ask.headers, JSON, &page)
}

/// `GET /ogc/conformance`.
pub(crate) async fn conformance(RootAsk { ask, .. }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let links = [Link::new("self", JSON, ask.self_url())];
    document(
        &ask.headers,
        JSON,
        &json!({"links": links, "conformsTo": conformance::of_ogc_root()}),
    )
}

/// `GET /ogc/api`.
pub(crate) async fn api(RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let content = openapi::features_document(&ask.site.bare_url(&root.path()), &root.title());
    document(&ask.headers, OPENAPI, &content)
}

/// `GET /ogc/collections`.
pub(crate) async fn collections(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    check(ask)?;
    let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
    let described: Vec<Value> = Collection::ALL
        .into_iter()
        .map(|collection| describe(ask, root, &holdings, collection))
        .collect();
    let links = [Link::new("self", JSON, ask.self_url())];
    document(&ask.headers, JSON, &json!({"links": links, "collections": described}))
}

/// `GET /ogc/collections/{collection_id}`.
pub(crate) async fn collection(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    check(ask)?;
    let collection = asked.collection()?;
    let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
    document(&ask.headers, JSON, &describe(ask, root, &holdings, collection))
}

fn check(ask: &Ask) -> Result<(), Error> {
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()
}

fn describe(ask: &Ask, root: &Root, holdings: &Holdings, collection: Collection) -> Value {
    let path = root.collection_path(collection);
    let links = [
        ask.site.link("self", JSON, "This collection", &path),
        ask.site
            .link("items", GEOJSON, "Its features", &format!("{path}/items")),
    ];
    let mut described = json!({
        "id": collection.id(),
        "title": collection.title(),
        "description": described_with_credits(collection, &holdings.attribution),
        "itemType": "feature",
        "crs": [CRS84],
        "links": links,
    });
    if !holdings.attribution.is_empty() {
        described["attribution"] = json!(holdings.attribution.join("; "));
    }
    // An empty collection has no extent: any box would be invented.
    if let Some(extent) = holdings.extent(collection) {
        described["extent"] = json!({
            "spatial": {"bbox": [extent.bbox], "crs": CRS84},
            "temporal": {"interval": [[extent.from, extent.until]], "trs": GREGORIAN},
        });
    }
    described
}

fn described_with_credits(collection: Collection, credits: &[String]) -> String {
    let mut text = collection.description().to_owned();
    if !credits.is_empty() {
        text.push_str(" Forcing: ");
        text.push_str(&credits.join("; "));
        text.push('.');
    }
    text
}

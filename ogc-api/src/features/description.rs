//! What a root says about itself: landing page, conformance, API document, collections (OGC API Features Part 1, 7.2 to
//! 7.14). Only classes that hold are declared.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use driftline_domain::ReferenceSystem;
use serde_json::{Value, json};

use super::collection::Collection;
use super::encode::Format;
use super::holdings::{Extent, Holdings};
use super::region::Region;
use super::root::{Root, RootAsk};
use crate::ask::Ask;
use crate::described::Form;
use crate::document::{JSON, OPENAPI, json_bytes};
use crate::entity_tag::EntityTag;
use crate::kml::KML;
use crate::missions::{CAPABILITIES, map_links};
use crate::ogc_tiles::tileset_links;
use crate::processes::relations;
use crate::written::Written;
use crate::{AppState, Error, conformance, ogc_maps, openapi};

/// Conformance classes of OGC API Features.
pub(crate) const CLASSES: [&str; 20] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sorting",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/features-sorting",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
];
/// Longitude, latitude on WGS 84: what everything is stored in.
pub(crate) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Relations of Part 3 and Part 5.
pub(super) const QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
pub(super) const SORTABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";
/// Link relation of lists of styles.
const STYLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/styles";
/// The one temporal reference system.
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";

/// `GET /ogc`.
pub(crate) async fn landing(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let form = checked(&asked.ask)?;
    let asked = Arc::new(asked);
    let title = asked.root.title();
    let writer = Arc::clone(&asked);
    let write = move || landing_content(&writer, form);
    form.answer((&state, &asked.ask), JSON, &["landing", &title], write)
        .await
}

fn landing_content(RootAsk { ask, root }: &RootAsk, form: Form) -> (String, Value) {
    let path = root.path();
    let at = |rest: &str| format!("{path}{rest}");
    let base = root.base_path();
    let mut links = form.links(ask);
    links.extend([
        ask.site
            .link("service-desc", OPENAPI, "The API in OpenAPI 3.0", &at("/api")),
        ask.site
            .link("conformance", JSON, "Conformance classes", &at("/conformance")),
        ask.site.link("data", JSON, "Collections", &at("/collections")),
        ask.site
            .link("related", JSON, "Values as OGC API EDR", &format!("{base}/edr")),
    ]);
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
                .link(relations::CONFORMANCE, JSON, "Conformance classes", &at("/conformance")),
            ask.site
                .link(relations::PROCESSES, JSON, "Processes", &at("/processes")),
            ask.site.link(relations::JOB_LIST, JSON, "Jobs", &at("/jobs")),
            ask.site
                .link("related", JSON, "Cycles and missions as a STAC catalogue", "/stac"),
            ask.site.link(
                "wmts",
                "text/xml",
                "Maps as WMTS 1.0.0",
                &format!("{base}/wmts/1.0.0/WMTSCapabilities.xml"),
            ),
            ask.site
                .link("kml", KML, "Areas and datums that hold now as live KML", "/kml"),
        ]),
    }
    links.extend(tileset_links(&ask.site, root, None));
    links.push(ask.site.link(STYLES, JSON, "Styles", &at("/styles")));
    links.extend(ogc_maps::link(&ask.site, root, None));
    let description = "Drift forecasts for search and rescue: where to search, now and in the hours ahead.";
    let page = json!({"title": root.title(), "description": description, "links": links});
    (root.title(), page)
}

/// `GET /ogc/conformance`.
pub(crate) async fn conformance(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let form = checked(&asked.ask)?;
    let asked = Arc::new(asked);
    let writer = Arc::clone(&asked);
    let write = move || {
        let classes = conformance::of_ogc_root(writer.root.mission_id().is_none());
        let content = json!({"links": form.links(&writer.ask), "conformsTo": classes});
        ("Conformance classes".to_owned(), content)
    };
    form.answer((&state, &asked.ask), JSON, &["conformance"], write).await
}

/// `GET /ogc/api`.
pub(crate) async fn api(State(state): State<AppState>, RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let (address, title, is_tenant) = (
        ask.site.server_url(&root.path()),
        root.title(),
        root.mission_id().is_none(),
    );
    let made_from = EntityTag::of_parts(&[b"the API of features", address.as_bytes(), title.as_bytes()]);
    let write = move || json_bytes(&openapi::features_document(&address, &title, is_tenant));
    let written = Written::of(&state, made_from, write).await?;
    Ok(written.answer(&ask.headers, OPENAPI))
}

/// `GET /ogc/collections`.
pub(crate) async fn collections(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let form = checked(&asked.ask)?;
    let holdings = Holdings::now(&state, asked.ask.caller.org, asked.root.mission_id()).await?;
    let asked = Arc::new(asked);
    let (title, fingerprint) = (asked.root.title(), holdings.fingerprint.as_text().to_owned());
    let writer = Arc::clone(&asked);
    let write = move || {
        let RootAsk { ask, root } = writer.as_ref();
        let described: Vec<Value> = Collection::ALL
            .into_iter()
            .map(|collection| describe(ask, root, &holdings, collection, None))
            .collect();
        let content = json!({"links": form.links(ask), "collections": described});
        (format!("{}: collections", root.title()), content)
    };
    form.answer(
        (&state, &asked.ask),
        JSON,
        &["collections", &title, &fingerprint],
        write,
    )
    .await
}

/// `GET /ogc/collections/{collection_id}`.
pub(crate) async fn collection(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let form = checked(&asked.ask)?;
    let collection = asked.collection()?;
    let holdings = Holdings::now(&state, asked.ask.caller.org, asked.root.mission_id()).await?;
    let asked = Arc::new(asked);
    let (title, fingerprint) = (asked.root.title(), holdings.fingerprint.as_text().to_owned());
    let writer = Arc::clone(&asked);
    let write = move || {
        let content = describe(&writer.ask, &writer.root, &holdings, collection, Some(form));
        (collection.title().to_owned(), content)
    };
    form.answer((&state, &asked.ask), JSON, &["collection", &title, &fingerprint], write)
        .await
}

fn checked(ask: &Ask) -> Result<Form, Error> {
    ask.query.allow_only(&["f"])?;
    Form::asked(ask)
}

/// The reference systems that a collection is listed in (18-058r1, 6.2.1): those meant for a place that it reaches.
fn systems_of(extent: Option<Extent>) -> Vec<String> {
    let reaches = |system: &ReferenceSystem| {
        let Some(Extent {
            bbox: [west, south, east, north],
            ..
        }) = extent
        else {
            return system.is_geographic() || *system == ReferenceSystem::WebMercator;
        };
        let area = Region::of_box(system.area_of_use());
        area.may_touch([west, south, east, north])
    };
    let systems = ReferenceSystem::offered().into_iter().filter(reaches);
    systems.map(|system| system.uri()).collect()
}

/// `form` is that of a document of its own.
fn describe(ask: &Ask, root: &Root, holdings: &Holdings, collection: Collection, form: Option<Form>) -> Value {
    let path = root.collection_path(collection);
    let mut links = match form {
        Some(form) => form.links(ask),
        None => vec![ask.site.link("self", JSON, "This collection", &path)],
    };
    links.extend([
        ask.site.link(
            QUERYABLES,
            "application/schema+json",
            "What filters may name",
            &format!("{path}/queryables"),
        ),
        ask.site.link(
            SORTABLES,
            "application/schema+json",
            "What orders may name",
            &format!("{path}/sortables"),
        ),
    ]);
    links.extend(Format::ALL.into_iter().map(|format| {
        let address = match format {
            Format::GeoJson => format!("{path}/items"),
            other => format!("{path}/items?f={}", other.name()),
        };
        let title = format!("Its features as {}", format.title());
        ask.site.link("items", format.bare_type(), &title, &address)
    }));
    links.extend(tileset_links(&ask.site, root, Some(collection)));
    if Collection::TILED.contains(&collection) {
        links.push(ask.site.link(STYLES, JSON, "Its styles", &format!("{path}/styles")));
    }
    links.extend(ogc_maps::link(&ask.site, root, Some(collection)));
    let mut described = json!({
        "id": collection.id(),
        "title": collection.title(),
        "description": described_with_credits(collection, &holdings.attribution),
        "itemType": "feature",
        "crs": systems_of(holdings.extent(collection)),
        "storageCrs": CRS84,
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

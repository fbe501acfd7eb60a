//! What an EDR root says about itself: landing page, conformance, API document, collections and their instances (19-086r6, clauses
//! 7 and 8.1). A collection in which nothing is stored is not listed: it would have no extent.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::CLASSES;
use super::collection::Collection;
use super::crs::Crs;
use super::encode::parameter_json;
use super::format::Format;
use super::request::{QueryType, UNITS};
use super::subject::{Subject, collection_path, instance_id, instances, named, root_path};
use crate::ask::Ask;
use crate::conformance::COMMON;
use crate::document::{JSON, OPENAPI, document, json_bytes};
use crate::entity_tag::EntityTag;
use crate::features::RootAsk;
use crate::links::Link;
use crate::written::Written;
use crate::{AppState, CycleAbout, Error, openapi};

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// The temporal reference system as EDR writes it, in well-known text.
const TRS: &str =
    "TIMECRS[\"DateTime\",TDATUM[\"Gregorian Calendar\"],CS[TemporalDateTime,1],AXIS[\"Time (T)\",future]]";
/// A Zarr store.
const ZARR: &str = "application/vnd+zarr";

/// `GET /edr`.
pub(crate) async fn landing(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    check(&asked.ask)?;
    let made_from = asked.ask.made_from(&["landing", &asked.root.title()]);
    let headers = asked.ask.headers.clone();
    let written = Written::of(&state, made_from, move || json_bytes(&landing_page(&asked)));
    Ok(written.await?.answer(&headers, JSON))
}

fn landing_page(RootAsk { ask, root }: &RootAsk) -> Value {
    let path = root_path(root);
    let at = |rest: &str| format!("{path}{rest}");
    let links = [
        Link::new("self", JSON, ask.self_url()).titled("This document"),
        ask.site
            .link("service-desc", OPENAPI, "The API in OpenAPI 3.0", &at("/api")),
        ask.site
            .link("conformance", JSON, "Conformance classes", &at("/conformance")),
        ask.site.link("data", JSON, "Collections", &at("/collections")),
    ];
    json!({
        "title": format!("{}: values", root.title()),
        "description": "Currents, wind, waves and probabilities as values: at positions, in areas, along paths.",
        "keywords": ["currents", "wind", "waves", "drift", "search and rescue"],
        "links": links,
    })
}

/// `GET /edr/conformance`.
pub(crate) async fn conformance(RootAsk { ask, .. }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let classes: Vec<&str> = [&COMMON[..], &CLASSES].concat();
    document(&ask.headers, JSON, &json!({"conformsTo": classes}))
}

/// `GET /edr/api`.
pub(crate) async fn api(State(state): State<AppState>, RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let (address, title) = (ask.site.server_url(&root_path(&root)), root.title());
    let made_from = EntityTag::of_parts(&[b"the API of values", address.as_bytes(), title.as_bytes()]);
    let write = move || json_bytes(&openapi::edr_document(&address, &title));
    let written = Written::of(&state, made_from, write).await?;
    Ok(written.answer(&ask.headers, OPENAPI))
}

/// `GET /edr/collections`.
pub(crate) async fn collections(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    check(ask)?;
    let mut described = Vec::new();
    for collection in Collection::ALL {
        if let Some(subject) = Subject::of_collection(&state, &asked, collection).await? {
            let newest = instances(&state, collection).await?.into_iter().next();
            described.push(describe(&asked, &subject, newest.as_ref()));
        }
    }
    let links = [
        Link::new("self", JSON, ask.self_url()),
        ask.site.link("root", JSON, "The landing page", &root_path(&asked.root)),
    ];
    document(&ask.headers, JSON, &json!({"links": links, "collections": described}))
}

/// `GET /edr/collections/{collection_id}`, and with an instance behind it that instance.
pub(crate) async fn collection(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    check(&asked.ask)?;
    let subject = Subject::of(&state, &asked).await?;
    let newest = match subject.cycle {
        Some(_) => None,
        None => instances(&state, subject.collection).await?.into_iter().next(),
    };
    document(&asked.ask.headers, JSON, &describe(&asked, &subject, newest.as_ref()))
}

/// `GET /edr/collections/{collection_id}/instances`.
pub(crate) async fn instance_list(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    check(ask)?;
    let collection = named(&asked)?;
    let whole = Subject::of(&state, &asked).await?;
    let cycles = instances(&state, collection).await?;
    let described: Vec<Value> = cycles
        .into_iter()
        .map(|cycle| describe(&asked, &whole.of_cycle(cycle), None))
        .collect();
    let links = [
        Link::new("self", JSON, ask.self_url()),
        ask.site.link(
            "collection",
            JSON,
            "The collection",
            &collection_path(&asked.root, collection),
        ),
    ];
    document(&ask.headers, JSON, &json!({"links": links, "instances": described}))
}

fn check(ask: &Ask) -> Result<(), Error> {
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()
}

/// A collection, or an instance of it. `newest` is the newest cycle of a collection that has some.
fn describe(asked: &RootAsk, subject: &Subject, newest: Option<&CycleAbout>) -> Value {
    let collection = subject.collection;
    let formats: Vec<&str> = Format::OF_GRIDS.iter().map(|format| format.name()).collect();
    let mut description = match &subject.cycle {
        None => collection.layer().description().to_owned(),
        Some(cycle) => format!(
            "{} From the cycle of {} of the feed {}, revision {}.",
            collection.layer().description(),
            cycle.name.run,
            cycle.name.feed,
            cycle.revision
        ),
    };
    let credits = subject.attribution.join("; ");
    if !credits.is_empty() {
        description.push_str(&format!(" Source: {credits}."));
    }
    let (id, title) = match &subject.cycle {
        None => (collection.id().to_owned(), collection.layer().title().to_owned()),
        Some(cycle) => (
            instance_id(&cycle.name),
            format!("{}, {} {}", collection.layer().title(), cycle.name.feed, cycle.name.run),
        ),
    };
    let parameters: Map<String, Value> = collection
        .parameters()
        .iter()
        .map(|parameter| (parameter.id.to_owned(), plain_parameter(parameter)))
        .collect();
    json!({
        "id": id,
        "title": title,
        "description": description,
        "keywords": [collection.id()],
        "links": links(asked, subject, newest),
        "extent": {
            "spatial": {
                "bbox": [[subject.bbox.west, subject.bbox.south, subject.bbox.east, subject.bbox.north]],
                "crs": CRS84,
            },
            "temporal": {
                "interval": [[subject.from, subject.until]],
                // Not a list: a forecast has hundreds of steps, and those of several feeds are not even.
                "values": [subject.interval()],
                "trs": TRS,
            },
        },
        "data_queries": data_queries(asked, subject),
        "crs": Crs::IDS,
        "output_formats": formats,
        "parameter_names": parameters,
    })
}

/// A parameter with plain texts, as the standard's schema of collections has them.
fn plain_parameter(parameter: &super::parameter::Parameter) -> Value {
    let mut told = parameter_json(parameter);
    told["id"] = json!(parameter.id);
    told["description"] = json!(parameter.description);
    told["unit"]["label"] = json!(parameter.unit_label);
    told["observedProperty"]["label"] = json!(parameter.label);
    told["data-type"] = json!("float");
    told
}

fn links(asked: &RootAsk, subject: &Subject, newest: Option<&CycleAbout>) -> Vec<Link> {
    let site = &asked.ask.site;
    let path = &subject.path;
    let mut links = vec![
        site.link("self", JSON, "This document", path),
        site.link(
            "collection",
            JSON,
            "The collection",
            &collection_path(&asked.root, subject.collection),
        ),
        site.link(
            "data",
            super::format::COVERAGE_JSON,
            "Values at a position; coords is needed",
            &format!("{path}/position"),
        ),
        site.link(
            "http://www.opengis.net/def/rel/ogc/1.0/coverage",
            super::format::COVERAGE_JSON,
            "Values on a grid, whole or a subset",
            &format!("{path}/coverage"),
        ),
        site.link(
            "http://www.opengis.net/def/rel/ogc/1.0/schema",
            "application/schema+json",
            "What the values are",
            &format!("{path}/schema"),
        ),
    ];
    if subject.cycle.is_none() && subject.collection.forcing().is_some() {
        links.push(site.link("instances", JSON, "Model cycles", &format!("{path}/instances")));
    }
    if let Some(cycle) = subject.cycle.as_ref().or(newest) {
        let zarr = format!(
            "/v1/datasets/{}/{}/{}/zarr",
            cycle.name.feed, cycle.name.run, cycle.revision
        );
        // A signed link opens a mission's root and no store.
        if site.reaches(&zarr) {
            let title = format!(
                "Zarr store of the cycle of {} of the feed {}",
                cycle.name.run, cycle.name.feed
            );
            links.push(site.link("enclosure", ZARR, &title, &zarr));
        }
    }
    links
}

fn data_queries(asked: &RootAsk, subject: &Subject) -> Value {
    let mut queries = Map::new();
    for kind in QueryType::OF_EDR {
        queries.insert(kind.name().to_owned(), data_query(asked, subject, kind));
    }
    if subject.cycle.is_none() && subject.collection.forcing().is_some() {
        let href = asked.ask.site.url(&format!("{}/instances", subject.path));
        let variables = json!({"title": "Model cycles", "query_type": "instances", "output_formats": ["JSON"]});
        queries.insert(
            "instances".to_owned(),
            json!({"link": {"href": href, "rel": "data", "type": JSON, "variables": variables}}),
        );
    }
    Value::Object(queries)
}

fn data_query(asked: &RootAsk, subject: &Subject, kind: QueryType) -> Value {
    let formats: Vec<&str> = kind.formats().iter().map(|format| format.name()).collect();
    let mut variables = json!({
        "title": kind.title(),
        "query_type": kind.name(),
        "output_formats": formats,
        "default_output_format": formats.first(),
        "crs_details": if kind.is_gridded() { Crs::details() } else { Crs::details_around(&subject.bbox) },
    });
    let units: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
    match kind {
        QueryType::Radius => variables["within_units"] = json!(units),
        QueryType::Corridor => {
            variables["width_units"] = json!(units);
            variables["height_units"] = json!(units);
        }
        _ => {}
    }
    let href = asked.ask.site.url(&format!("{}/{}", subject.path, kind.name()));
    json!({"link": {"href": href, "rel": "data", "title": kind.title(), "variables": variables}})
}

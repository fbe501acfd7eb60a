//! Metadata of one tileset (17-083r4, tile set metadata), and the same as TileJSON 3.0.

use axum::extract::State;
use axum::response::Response;
use driftline_tiles::{TileLimits, TileMatrixSet};
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use super::matrix_sets::{crs, find, title, uri};
use super::negotiation::{Form, chosen};
use super::source::{Content, Kind, Source};
use super::{TILING_SCHEME, tile};
use crate::document::{GEOJSON, JSON, document};
use crate::features::{Collection, RootAsk};
use crate::links::Link;
use crate::query::Interval;
use crate::tilesets::{TileJson, center, fields, vector_layer};
use crate::{AppState, Error};

/// TileJSON as media type.
const TILEJSON: &str = "application/vnd.mapbox.tile+json";
const FORMS: [Form; 2] = [
    Form {
        name: "json",
        media_types: &[JSON],
    },
    Form {
        name: "tilejson",
        media_types: &[TILEJSON],
    },
];
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// `GET …/tiles/{tileMatrixSetId}`.
pub(super) async fn vector(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    answer(&state, &asked, Kind::Vector).await
}

/// `GET …/map/tiles/{tileMatrixSetId}`.
pub(super) async fn map(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    answer(&state, &asked, Kind::Map).await
}

async fn answer(state: &AppState, asked: &RootAsk, kind: Kind) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["f", "datetime"])?;
    let form = chosen(ask, &FORMS, None)?;
    let set = find(ask.param("tileMatrixSetId"))?;
    let source = Source::of(asked, kind)?;
    match (kind, ask.query.get("datetime")) {
        (Kind::Vector, _) => Interval::parameter(&ask.query, "datetime").map(drop)?,
        (Kind::Map, text) => tile::time(text).map(drop)?,
    }
    let content = source.existing(state, asked).await?;
    let mut response = if form.name == "tilejson" {
        if set != TileMatrixSet::WebMercatorQuad {
            let reason = format!("TileJSON knows WebMercatorQuad only, not {}", set.id());
            return Err(Error::parameter("f", reason));
        }
        document(&ask.headers, TILEJSON, &tilejson(asked, source, &content))?
    } else {
        document(&ask.headers, JSON, &metadata(asked, source, set, &content))?
    };
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The address of the tiles with their variables, at the time that was asked for.
fn template(asked: &RootAsk, source: Source, set: TileMatrixSet, [z, row, col]: [&str; 3]) -> String {
    let path = format!("{}/{}/{{{z}}}/{{{row}}}/{{{col}}}", source.path(&asked.root), set.id());
    let mut pairs: Vec<(String, String)> = asked.ask.query.pairs().to_vec();
    pairs.retain(|(name, _)| name == "datetime");
    let form = tile::forms(source.kind)[0].name;
    pairs.push(("f".to_owned(), form.to_owned()));
    asked.ask.site.url_with(&path, &pairs)
}

/// The link to the tiles.
pub(super) fn tiles_link(asked: &RootAsk, source: Source, set: TileMatrixSet) -> Link {
    let media_type = tile::forms(source.kind)[0].media_types[0];
    let address = template(asked, source, set, ["tileMatrix", "tileRow", "tileCol"]);
    Link::new("item", media_type, address).titled("Its tiles").templated()
}

fn metadata(asked: &RootAsk, source: Source, set: TileMatrixSet, content: &Content) -> Value {
    let RootAsk { ask, root } = asked;
    let path = source.path(root);
    let definition = format!("{}/tileMatrixSets/{}", root.path(), set.id());
    let media_type = tile::forms(source.kind)[0].media_types[0];
    let mut links = vec![
        Link::new("self", JSON, ask.self_url()).titled("This tileset"),
        ask.site.link(TILING_SCHEME, JSON, "Its tile matrix set", &definition),
        tiles_link(asked, source, set),
    ];
    if set == TileMatrixSet::WebMercatorQuad {
        let tilejson = format!("{path}/{}?f=tilejson", set.id());
        links.push(ask.site.link("describedby", TILEJSON, "TileJSON", &tilejson));
    }
    if let Some(collection) = source.collection {
        let data = root.collection_path(collection);
        let items = format!("{data}/items");
        links.push(ask.site.link("geodata", JSON, "The collection", &data));
        links.push(ask.site.link("data", GEOJSON, "Its features", &items));
    }
    let bbox = &content.bbox;
    let (west, east) = if bbox.crosses_antimeridian() {
        (-180.0, 180.0)
    } else {
        (bbox.west, bbox.east)
    };
    let (middle, zoom) = center(bbox);
    let mut described = json!({
        "title": format!("{} ({})", source.title(root), title(set)),
        "description": source.description(),
        "attribution": content.attribution.join("; "),
        "dataType": source.kind.data_type(),
        "crs": crs(set),
        "tileMatrixSetId": set.id(),
        "tileMatrixSetURI": uri(set),
        "links": links,
        "tileMatrixSetLimits": matrix_set_limits(content, set),
        "boundingBox": {"lowerLeft": [west, bbox.south], "upperRight": [east, bbox.north], "crs": CRS84},
        "centerPoint": {
            "coordinates": [middle, (bbox.south + bbox.north) / 2.0],
            "crs": CRS84,
            "tileMatrix": zoom.to_string(),
        },
        "mediaTypes": [media_type],
    });
    if source.kind == Kind::Vector {
        let is_mission = root.mission().is_some();
        let layers = source.collections().into_iter().map(|one| layer(one, is_mission));
        described["layers"] = layers.collect();
    }
    described
}

/// Which tiles hold something, by zoom.
pub(super) fn matrix_set_limits(content: &Content, set: TileMatrixSet) -> Vec<Value> {
    let written = |limits: &TileLimits| {
        json!({
            "tileMatrix": limits.z.to_string(),
            "minTileRow": limits.min_y,
            "maxTileRow": limits.max_y,
            "minTileCol": limits.min_x,
            "maxTileCol": limits.max_x,
        })
    };
    content.limits(set).iter().map(written).collect()
}

fn layer(collection: Collection, is_mission: bool) -> Value {
    let mut properties = Map::new();
    for (name, kind) in fields(collection, is_mission) {
        let text = kind.as_str().unwrap_or_default().to_owned();
        let (kind, note) = text.split_once("; ").unwrap_or((&text, ""));
        let mut schema = json!({"type": if kind == "String" { "string" } else { "number" }});
        if name.starts_with("valid_") {
            schema["format"] = json!("date-time");
        }
        if !note.is_empty() {
            schema["description"] = json!(note);
        }
        properties.insert(name, schema);
    }
    let dimension = match collection {
        Collection::SearchAreas => 2,
        Collection::Trajectories => 1,
        _ => 0,
    };
    json!({
        "id": collection.id(),
        "title": collection.title(),
        "description": collection.description(),
        "dataType": "vector",
        "geometryDimension": dimension,
        "propertiesSchema": {"type": "object", "properties": properties},
    })
}

fn tilejson(asked: &RootAsk, source: Source, content: &Content) -> Value {
    let root = &asked.root;
    let described = TileJson {
        name: source.title(root),
        description: source.description(),
        attribution: &content.attribution,
        template: template(asked, source, TileMatrixSet::WebMercatorQuad, ["z", "y", "x"]),
        bbox: content.bbox,
        timeline: None,
    };
    let mut described = described.document();
    match source.kind {
        Kind::Vector => {
            let is_mission = root.mission().is_some();
            let layers = source
                .collections()
                .into_iter()
                .map(|one| vector_layer(one, is_mission));
            described["vector_layers"] = layers.collect();
        }
        Kind::Map => described["format"] = json!("png"),
    }
    described
}

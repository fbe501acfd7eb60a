//! The list of tilesets under a root, each with its TileJSON and its template.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::{MVT, Tileset};
use crate::document::{JSON, document};
use crate::features::{Collection, Holdings, RootAsk};
use crate::links::Link;
use crate::maps::{Layer, available};
use crate::{AppState, Error};

/// `GET /tiles`.
pub(crate) async fn list(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    let holdings = Holdings::now(&state, ask.caller.org, root.mission_id()).await?;
    let layers = available(&state, ask.caller.org, root).await?;
    let vectors = Collection::TILED
        .into_iter()
        .filter(|collection| holdings.extent(*collection).is_some());
    let rasters = layers
        .iter()
        .map(|about| about.layer)
        .filter(|layer| layer.has_raster_tiles());
    let tilesets = vectors.map(Tileset::Vector).chain(rasters.map(Tileset::Raster));
    let described: Vec<Value> = tilesets.map(|tileset| describe(&asked, tileset)).collect();
    let links = [Link::new("self", JSON, ask.self_url())];
    document(&ask.headers, JSON, &json!({"tilesets": described, "links": links}))
}

fn describe(asked: &RootAsk, tileset: Tileset) -> Value {
    let RootAsk { ask, root } = asked;
    let base = format!("{}/tiles/{}", root.base_path(), tileset.id());
    // What exists in both forms has two descriptions.
    let is_both = matches!(tileset, Tileset::Raster(Layer::SearchAreas));
    let tilejson = format!("{base}{}.json", if is_both { ".png" } else { "" });
    let tiles = format!("{base}/{{z}}/{{x}}/{{y}}.{}", tileset.ending());
    let (kind, media_type) = match tileset {
        Tileset::Vector(_) => ("vector", MVT),
        Tileset::Raster(_) => ("map", "image/png"),
    };
    json!({
        "id": tileset.id(),
        "title": tileset.title(),
        "description": tileset.description(),
        "dataType": kind,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tilejson": ask.site.url(&tilejson),
        "tiles": ask.site.url(&tiles),
        "mediaType": media_type,
        "links": [ask.site.link("describedby", JSON, "TileJSON", &tilejson)],
    })
}

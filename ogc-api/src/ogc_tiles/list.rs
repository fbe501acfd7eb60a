//! Lists of tilesets (20-057, class tilesets-list): one tileset for each tile matrix set, none where nothing is stored.

use axum::extract::State;
use axum::response::Response;
use driftline_tiles::TileMatrixSet;
use serde_json::{Value, json};

use super::TILING_SCHEME;
use super::matrix_sets::{crs, title, uri};
use super::source::{Kind, Source};
use super::tileset::{matrix_set_limits, tiles_link};
use crate::document::{JSON, document};
use crate::features::RootAsk;
use crate::links::Link;
use crate::{AppState, Error};

/// `GET …/tiles`.
pub(super) async fn vector(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    answer(&state, &asked, Kind::Vector).await
}

/// `GET …/map/tiles`.
pub(super) async fn map(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    answer(&state, &asked, Kind::Map).await
}

async fn answer(state: &AppState, asked: &RootAsk, kind: Kind) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let source = Source::of(asked, kind)?;
    let content = source.content(state, ask, root).await?;
    let path = source.path(root);
    let describe = |content, set: TileMatrixSet| {
        let definition = format!("{}/tileMatrixSets/{}", root.path(), set.id());
        let own = format!("{path}/{}", set.id());
        json!({
            "title": format!("{} ({})", source.title(root), title(set)),
            "dataType": kind.data_type(),
            "crs": crs(set),
            "tileMatrixSetId": set.id(),
            "tileMatrixSetURI": uri(set),
            "tileMatrixSetLimits": matrix_set_limits(content, set),
            "links": [
                ask.site.link("self", JSON, "This tileset", &own),
                ask.site.link(TILING_SCHEME, JSON, "Its tile matrix set", &definition),
                tiles_link(asked, source, set),
            ],
        })
    };
    let described = content
        .iter()
        .flat_map(|content| TileMatrixSet::ALL.map(|set| describe(content, set)));
    let tilesets: Vec<Value> = described.collect();
    let links = [Link::new("self", JSON, ask.self_url())];
    document(&ask.headers, JSON, &json!({"tilesets": tilesets, "links": links}))
}

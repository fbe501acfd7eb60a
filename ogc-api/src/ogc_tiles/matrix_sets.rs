//! Definitions of the tile matrix sets (17-083r4, JSON encoding), as the registry has them.

use axum::response::Response;
use driftline_tiles::TileMatrixSet;
use serde_json::{Value, json};

use crate::Error;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::features::RootAsk;
use crate::links::Link;

/// The set of this identifier.
pub(crate) fn find(id: &str) -> Result<TileMatrixSet, Error> {
    TileMatrixSet::find(id).ok_or_else(|| Error::not_found("tile matrix set", id))
}

/// Its name in the registry.
pub(super) fn uri(set: TileMatrixSet) -> String {
    format!("http://www.opengis.net/def/tilematrixset/OGC/1.0/{}", set.id())
}

/// Its reference system.
pub(super) fn crs(set: TileMatrixSet) -> &'static str {
    match set {
        TileMatrixSet::WebMercatorQuad => "http://www.opengis.net/def/crs/EPSG/0/3857",
        TileMatrixSet::WorldCrs84Quad => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    }
}

/// Its name for people.
pub(super) fn title(set: TileMatrixSet) -> &'static str {
    match set {
        TileMatrixSet::WebMercatorQuad => "Web Mercator, as most web maps have it",
        TileMatrixSet::WorldCrs84Quad => "Longitude and latitude on WGS 84",
    }
}

/// `GET /ogc/tileMatrixSets`.
pub(super) async fn list(RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let described: Vec<Value> = TileMatrixSet::ALL
        .into_iter()
        .map(|set| {
            let path = format!("{}/tileMatrixSets/{}", root.path(), set.id());
            json!({
                "id": set.id(),
                "title": title(set),
                "uri": uri(set),
                "crs": crs(set),
                "links": [ask.site.link("self", JSON, "Its definition", &path)],
            })
        })
        .collect();
    let links = [Link::new("self", JSON, ask.self_url())];
    document(
        &ask.headers,
        JSON,
        &json!({"tileMatrixSets": described, "links": links}),
    )
}

/// `GET /ogc/tileMatrixSets/{tileMatrixSetId}`.
pub(super) async fn definition(RootAsk { ask, .. }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let set = find(ask.param("tileMatrixSetId"))?;
    document(&ask.headers, JSON, &definition_of(set))
}

fn check(ask: &Ask) -> Result<(), Error> {
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()
}

fn definition_of(set: TileMatrixSet) -> Value {
    let (axes, scales) = match set {
        TileMatrixSet::WebMercatorQuad => (["X", "Y"], "GoogleMapsCompatible"),
        TileMatrixSet::WorldCrs84Quad => (["Lon", "Lat"], "GoogleCRS84Quad"),
    };
    let (left, top) = set.origin();
    let matrix = |zoom: u8| {
        let (columns, rows) = set.size(zoom);
        json!({
            "id": zoom.to_string(),
            "scaleDenominator": set.scale_denominator(zoom),
            "cellSize": set.cell_size(zoom),
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [left, top],
            "tileWidth": TileMatrixSet::TILE_PX,
            "tileHeight": TileMatrixSet::TILE_PX,
            "matrixWidth": columns,
            "matrixHeight": rows,
        })
    };
    json!({
        "id": set.id(),
        "title": title(set),
        "uri": uri(set),
        "crs": crs(set),
        "orderedAxes": axes,
        "wellKnownScaleSet": format!("http://www.opengis.net/def/wkss/OGC/1.0/{scales}"),
        "tileMatrices": (0..=set.finest_zoom()).map(matrix).collect::<Vec<Value>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_have_every_matrix_of_the_registry() {
        let web = definition_of(TileMatrixSet::WebMercatorQuad);
        assert_eq!(web["tileMatrices"].as_array().unwrap().len(), 25);
        let world = definition_of(TileMatrixSet::WorldCrs84Quad);
        let matrices = world["tileMatrices"].as_array().unwrap();
        assert_eq!(matrices.len(), 24);
        assert_eq!(
            (&matrices[1]["matrixWidth"], &matrices[1]["matrixHeight"]),
            (&json!(4), &json!(2))
        );
        assert_eq!(matrices[0]["pointOfOrigin"], json!([-180.0, 90.0]));
    }
}

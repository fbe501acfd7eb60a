//! Paths and parameters of OGC API Tiles, Styles and Maps and of WMTS in the API document.

use driftline_tiles::TileMatrixSet;
use serde_json::{Map, Value, json};

use super::map_paths::exception;
use super::parameters::{in_path, in_query};
use super::paths::get;
use crate::document::JSON;
use crate::tilesets::MVT;

/// Parameters of WMTS. Names have any case.
pub(super) const WMTS: [(&str, &str); 17] = [
    ("SERVICE", "WMTS."),
    ("REQUEST", "GetCapabilities, GetTile or GetFeatureInfo."),
    ("VERSION", "1.0.0."),
    ("ACCEPTVERSIONS", "Versions that the client takes, separated by commas."),
    (
        "SECTIONS",
        "Parts of the capabilities, separated by commas; All, which is the default.",
    ),
    ("UPDATESEQUENCE", "Of the capabilities that the client holds."),
    ("LAYER", "Name of a layer."),
    ("STYLE", "Name of a style; empty for the default."),
    ("FORMAT", "image/png."),
    ("TILEMATRIXSET", "WebMercatorQuad or WorldCRS84Quad."),
    ("TILEMATRIX", "Zoom."),
    ("TILEROW", "Row from the north."),
    ("TILECOL", "Column from the west."),
    ("TIME", "A time, an interval, or current, which is the default."),
    ("I", "Of GetFeatureInfo: column of the pixel in the tile, from 0."),
    ("J", "Of GetFeatureInfo: row of the pixel in the tile, from 0."),
    (
        "INFOFORMAT",
        "Of GetFeatureInfo: text/plain, application/json or text/html.",
    ),
];

fn name_of_wmts(name: &str) -> String {
    format!("wmts_{}", name.to_ascii_lowercase())
}

/// Parameters by the name that references use.
pub(super) fn parameters() -> Value {
    let text = || json!({"type": "string"});
    let form = |names: &[&str]| in_query("f", "Form of the answer.", json!({"type": "string", "enum": names}));
    let mut all = json!({
        "tile_matrix_set": in_path(
            "tileMatrixSetId",
            "Identifier of a tile matrix set.",
            json!({"type": "string", "enum": TileMatrixSet::ALL.map(TileMatrixSet::id)}),
        ),
        "tile_matrix": in_path("tileMatrix", "Zoom, the identifier of a tile matrix.", text()),
        "tile_row": in_path("tileRow", "Row from the north.", json!({"type": "integer", "minimum": 0})),
        "tile_col": in_path(
            "tileCol",
            "Column from the west; .mvt or .pbf, or .png, may stand behind it.",
            json!({"type": "integer", "minimum": 0}),
        ),
        "f_tileset": form(&["json", "tilejson"]),
        "f_vector_tile": form(&["mvt"]),
        "f_picture": form(&["png"]),
        "map_bbox": in_query(
            "bbox",
            "Four numbers in the order of bbox-crs; without it all that is there.",
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
        ),
        "map_bbox_crs": in_query("bbox-crs", "Reference system of bbox: CRS84, EPSG:4326 or EPSG:3857.", text()),
        "map_crs": in_query("crs", "Reference system of the picture: CRS84, EPSG:4326 or EPSG:3857.", text()),
        "map_width": in_query("width", "Pixels in a row.", json!({"type": "integer", "minimum": 1, "maximum": 4096})),
        "map_height": in_query("height", "Rows.", json!({"type": "integer", "minimum": 1, "maximum": 4096})),
        "map_transparent": in_query(
            "transparent",
            "Whether the ground is; it is unless a colour is named.",
            json!({"type": "boolean"}),
        ),
        "map_bgcolor": in_query("bgcolor", "Colour of the ground, 0xRRGGBB.", text()),
        "f_style": form(&["mapbox", "sld10", "sld11"]),
        "style_id": in_path("styleId", "Identifier of a style.", json!({"type": "string", "enum": ["day", "night"]})),
        "wmts_layer_path": in_path("layer", "Name of a layer.", text()),
        "wmts_style_path": in_path("style", "Name of a style, or default.", text()),
        "wmts_time_path": in_path("time", "A time, an interval, or current.", text()),
        "wmts_begin_path": in_path("begin", "Beginning of a period.", text()),
        "wmts_end_path": in_path("end", "End of a period.", text()),
        "wmts_step_path": in_path("step", "Its step, such as PT1H.", text()),
        "wmts_col_path": in_path(
            "tileCol",
            "Column from the west with .png behind it.",
            json!({"type": "string", "pattern": "^[0-9]+\\.png$"}),
        ),
    });
    all["wmts_info_col_path"] = in_path(
        "tileCol",
        "Column from the west.",
        json!({"type": "integer", "minimum": 0}),
    );
    all["wmts_j_path"] = in_path(
        "j",
        "Row of the pixel in the tile.",
        json!({"type": "integer", "minimum": 0, "maximum": 255}),
    );
    all["wmts_i_path"] = in_path(
        "i",
        "Column of the pixel in the tile with .json, .html or .txt behind it.",
        json!({"type": "string", "pattern": "^[0-9]+\\.(json|html|txt)$"}),
    );
    for (name, description) in WMTS {
        all[name_of_wmts(name)] = in_query(name, description, text());
    }
    all
}

/// Paths of one OGC root.
pub(super) fn add_tiles(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let root: &[&str] = if is_mission { &["mission_id"] } else { &[] };
    let suffix = if is_mission { "OfMission" } else { "" };
    let mut add = |path: &str, name: &str, summary: &str, own: &[&str], media_type: &str| {
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let schema = if media_type == JSON { "object" } else { "any" };
        get(&format!("{prefix}{path}"), &format!("{name}{suffix}"), "Tiles", summary)
            .with(&names)
            .answers(media_type, schema)
            .add(paths);
    };
    add(
        "/tileMatrixSets",
        "getTileMatrixSetsList",
        "Tile matrix sets",
        &["f"],
        JSON,
    );
    add(
        "/tileMatrixSets/{tileMatrixSetId}",
        "getTileMatrixSet",
        "Definition of a tile matrix set",
        &["tile_matrix_set", "f"],
        JSON,
    );
    let address = ["tile_matrix_set", "tile_matrix", "tile_row", "tile_col"];
    for (own, whose, of) in [
        ("", "dataset", &[][..]),
        ("/collections/{collection_id}", "collection", &["collection_id"]),
    ] {
        for (kind, path, media_type, form) in [
            ("vector", "/tiles", MVT, "f_vector_tile"),
            ("map", "/map/tiles", "image/png", "f_picture"),
        ] {
            let base = format!("{own}{path}");
            // 20-057, table 12, says how identifiers of operations have to end, beginning with the dot.
            let id = |what: &str| format!("driftline.{whose}.{kind}.{what}");
            add(&base, &id("getTileSetsList"), "Tilesets", &[of, &["f"]].concat(), JSON);
            add(
                &format!("{base}/{{tileMatrixSetId}}"),
                &id("getTileSet"),
                "Metadata of a tileset",
                &[of, &["tile_matrix_set", "f_tileset", "map_datetime"]].concat(),
                JSON,
            );
            add(
                &format!("{base}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"),
                &id("getTile"),
                "A tile; a vector tile in which nothing lies answers 204, a picture is transparent",
                &[of, &address, &[form, "map_datetime"]].concat(),
                media_type,
            );
        }
    }
}

/// Paths of styles under an OGC root.
pub(super) fn add_styles(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let root: &[&str] = if is_mission { &["mission_id"] } else { &[] };
    let suffix = if is_mission { "OfMission" } else { "" };
    let collection = "/collections/{collection_id}";
    let picture = ["map_bbox", "map_bbox_crs", "map_crs", "map_width", "map_height"];
    let look = ["map_datetime", "map_transparent", "map_bgcolor", "f_picture"];
    let map = [&picture[..], &look].concat();
    let of_collection = [&["collection_id"][..], &map].concat();
    let styled = [&["style_id"][..], &map].concat();
    let both = [&["collection_id", "style_id"][..], &map].concat();
    for (path, name, summary, own, media_type) in [
        (
            "/map".to_owned(),
            "getMap",
            "Search areas as a picture",
            &map[..],
            "image/png",
        ),
        (
            "/styles/{styleId}/map".to_owned(),
            "getStyledMap",
            "The same in a style",
            &styled,
            "image/png",
        ),
        (
            format!("{collection}/map"),
            "getCollectionMap",
            "A collection as a picture",
            &of_collection,
            "image/png",
        ),
        (
            format!("{collection}/styles/{{styleId}}/map"),
            "getStyledCollectionMap",
            "The same in a style",
            &both,
            "image/png",
        ),
        ("/styles".to_owned(), "getStyles", "Styles", &["f"][..], JSON),
        (
            "/styles/{styleId}".to_owned(),
            "getStyle",
            "A stylesheet",
            &["style_id", "f_style", "map_datetime"],
            "*/*",
        ),
        (
            "/styles/{styleId}/metadata".to_owned(),
            "getStyleMetadata",
            "About a style",
            &["style_id", "f"],
            JSON,
        ),
        (
            format!("{collection}/styles"),
            "getCollectionStyles",
            "Styles of a collection",
            &["collection_id", "f"],
            JSON,
        ),
        (
            format!("{collection}/styles/{{styleId}}"),
            "getCollectionStyle",
            "A stylesheet for a collection",
            &["collection_id", "style_id", "f_style", "map_datetime"],
            "*/*",
        ),
    ] {
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let schema = if media_type == JSON { "object" } else { "any" };
        get(
            &format!("{prefix}{path}"),
            &format!("{name}{suffix}"),
            "Styles",
            summary,
        )
        .with(&names)
        .answers(media_type, schema)
        .add(paths);
    }
}

/// Paths of WMTS under a root.
pub(super) fn add_wmts(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let root: &[&str] = if is_mission { &["mission_id"] } else { &[] };
    let suffix = if is_mission { "OfMission" } else { "" };
    let pairs = WMTS.map(|(name, _)| name_of_wmts(name));
    let pairs: Vec<&str> = pairs.iter().map(String::as_str).collect();
    let address = |time: &[&'static str]| {
        let before = ["wmts_layer_path", "wmts_style_path"];
        let after = ["tile_matrix_set", "tile_matrix", "tile_row"];
        [&before, time, &after].concat()
    };
    let tile = |time: &[&'static str]| [&address(time)[..], &["wmts_col_path"]].concat();
    let pixel = |time: &[&'static str]| {
        [
            &address(time)[..],
            &["wmts_info_col_path", "wmts_j_path", "wmts_i_path"],
        ]
        .concat()
    };
    let (at_time, of_period) = (
        ["wmts_time_path"],
        ["wmts_begin_path", "wmts_end_path", "wmts_step_path"],
    );
    let tiles = (tile(&at_time), tile(&of_period));
    let pixels = (pixel(&at_time), pixel(&of_period));
    for (path, name, summary, own, media_type) in [
        ("/wmts", "useWmts", "WMTS 1.0.0 by key-value pairs", &pairs[..], "*/*"),
        (
            "/wmts/1.0.0/WMTSCapabilities.xml",
            "getWmtsCapabilities",
            "Capabilities of WMTS 1.0.0",
            &[],
            "text/xml",
        ),
        (
            "/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            "getWmtsTile",
            "A tile of WMTS by its address",
            &tiles.0[..],
            "image/png",
        ),
        (
            "/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            "getWmtsTileOfPeriod",
            "The same for a period of time, as capabilities write it",
            &tiles.1[..],
            "image/png",
        ),
        (
            "/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            "getWmtsFeatureInfo",
            "What a layer says about a pixel of a tile",
            &pixels.0[..],
            "*/*",
        ),
        (
            "/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            "getWmtsFeatureInfoOfPeriod",
            "The same for a period of time",
            &pixels.1[..],
            "*/*",
        ),
    ] {
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let operation = get(&format!("{prefix}{path}"), &format!("{name}{suffix}"), "Maps", summary)
            .with(&names)
            .answers(media_type, "any")
            .add(paths);
        operation["responses"]["default"] = exception();
    }
}

//! OGC API Tiles Part 1 (20-057), annex A, on the mission's root and on the tenant's. Tiles are read by GDAL.

use serde_json::Value;

use super::common::link;
use super::{Case, Subject};
use crate::harness::{gdal_says, scratch};

macro_rules! class {
    ($name:literal) => {
        concat!("http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/", $name)
    };
}

const VECTOR: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const MAP: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map";
const TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

pub(super) fn cases() -> Vec<Case> {
    let case = |class, id, check| Case { class, id, check };
    vec![
        case(class!("core"), "/conf/core/conformance-success", declared),
        case(class!("core"), "/conf/core/tc-op", tiles_by_template),
        case(class!("core"), "/conf/core/tc-error", out_of_range_and_empty),
        case(class!("core"), "/conf/core/tc-success", content_lies_in_the_tile),
        case(class!("core"), "/conf/core/tc-tilematrix-definition", |subject| {
            parameter(subject, "tileMatrix", "string")
        }),
        case(class!("core"), "/conf/core/tc-tilerow-definition", |subject| {
            parameter(subject, "tileRow", "integer")
        }),
        case(class!("core"), "/conf/core/tc-tilecol-definition", |subject| {
            parameter(subject, "tileCol", "integer")
        }),
        case(class!("tileset"), "/conf/tileset/description", description),
        case(class!("tilesets-list"), "/conf/tilesets-list/tileset-links", list),
        case(
            class!("dataset-tilesets"),
            "/conf/dataset-tilesets/landingpage",
            |subject| {
                let page = subject.client.json("/ogc");
                assert!(link(&page, VECTOR).is_some() && link(&page, MAP).is_some(), "{page}");
            },
        ),
        case(
            class!("dataset-tilesets"),
            "/conf/dataset-tilesets/operation",
            |subject| {
                assert!(!tilesets(subject, "/ogc/tiles").is_empty());
            },
        ),
        case(
            class!("geodata-tilesets"),
            "/conf/geodata-tilesets/desc-links",
            |subject| {
                let tiled: Vec<String> = tiled(subject);
                assert_eq!(tiled, ["search-areas", "datums", "trajectories", "particles"]);
            },
        ),
        case(
            class!("geodata-tilesets"),
            "/conf/geodata-tilesets/operation",
            |subject| {
                for id in tiled(subject) {
                    assert!(
                        !tilesets(subject, &format!("/ogc/collections/{id}/tiles")).is_empty(),
                        "{id}"
                    );
                }
            },
        ),
        case(class!("mvt"), "/conf/mvt/content", vector_content),
        case(class!("png"), "/conf/png/content", picture_content),
        case(class!("oas30"), "/conf/oas30/completeness", completeness),
        case(class!("oas30"), "/conf/oas30/operation-id", operation_ids),
    ]
}

fn collections(subject: &Subject) -> Vec<Value> {
    subject.client.json("/ogc/collections")["collections"]
        .as_array()
        .unwrap()
        .clone()
}

/// The collections that link to tilesets; what has no place on a map, or one that is made for each question, has none.
fn tiled(subject: &Subject) -> Vec<String> {
    let linked = collections(subject).into_iter();
    let linked = linked.filter(|collection| link(collection, VECTOR).is_some());
    linked
        .map(|collection| collection["id"].as_str().unwrap().to_owned())
        .collect()
}

fn tilesets(subject: &Subject, path: &str) -> Vec<Value> {
    subject.client.json(path)["tilesets"].as_array().unwrap().clone()
}

/// Metadata of every tileset that the roots and their collections list.
fn all_tilesets(subject: &Subject) -> Vec<Value> {
    let mut found = Vec::new();
    for root in ["/ogc".to_owned(), format!("/missions/{}/ogc", subject.mission)] {
        let mut pages = vec![subject.client.json(&root)];
        let collections = subject.client.json(&format!("{root}/collections"));
        pages.extend(collections["collections"].as_array().unwrap().clone());
        for list in pages
            .iter()
            .flat_map(|page| [link(page, VECTOR), link(page, MAP)])
            .flatten()
        {
            for tileset in tilesets(subject, &list) {
                found.push(subject.client.json(&link(&tileset, "self").unwrap()));
            }
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// The address of a tile inside of the limits of a zoom.
fn tile_of(tileset: &Value, zoom: usize) -> String {
    let limits = &tileset["tileMatrixSetLimits"][zoom];
    link(tileset, "item")
        .unwrap()
        .replace("{tileMatrix}", limits["tileMatrix"].as_str().unwrap())
        .replace("{tileRow}", &limits["minTileRow"].to_string())
        .replace("{tileCol}", &limits["minTileCol"].to_string())
}

fn declared(subject: &Subject) {
    let declared = subject.client.json("/ogc/conformance");
    assert!(
        declared["conformsTo"]
            .as_array()
            .unwrap()
            .contains(&Value::from(class!("core")))
    );
}

fn tiles_by_template(subject: &Subject) {
    for tileset in all_tilesets(subject) {
        let url = tile_of(&tileset, 6);
        subject.client.get(&url).expect(200, &url);
    }
}

fn out_of_range_and_empty(subject: &Subject) {
    for tileset in all_tilesets(subject) {
        let template = link(&tileset, "item").unwrap();
        let limits = &tileset["tileMatrixSetLimits"][6];
        let beyond = limits["maxTileCol"].as_u64().unwrap() + 1;
        for (matrix, row, col) in [
            ("6".to_owned(), limits["minTileRow"].to_string(), beyond.to_string()),
            ("6".to_owned(), "64".to_owned(), "0".to_owned()),
            ("77".to_owned(), "0".to_owned(), "0".to_owned()),
        ] {
            let url = template
                .replace("{tileMatrix}", &matrix)
                .replace("{tileRow}", &row)
                .replace("{tileCol}", &col);
            subject.client.get(&url).problem(404, &url);
        }
    }
    let root = format!("/missions/{}/ogc/tiles/WebMercatorQuad", subject.mission);
    let url = tile_of(&subject.client.json(&root), 6);
    subject
        .client
        .get(&format!("{url}&datetime=1999-01-01T00:00:00Z"))
        .expect(204, "a time without anything");
}

/// What GDAL says of a tile's layer; its place comes with the file.
fn read_by_gdal(subject: &Subject, set: &str, layer: &str, zoom: usize) -> (u64, String) {
    let path = format!("/missions/{}/ogc/collections/{layer}/tiles/{set}", subject.mission);
    let tileset = subject.client.json(&path);
    let limits = &tileset["tileMatrixSetLimits"][zoom];
    let answer = subject.client.get(&tile_of(&tileset, zoom)).expect(200, &path);
    assert_eq!(
        answer.header("content-type"),
        Some("application/vnd.mapbox-vector-tile")
    );
    let folder = scratch("ogc-tile");
    let saved = folder.path().join("tile.pbf");
    std::fs::write(&saved, &answer.body).unwrap();
    let place = [
        format!("X={}", limits["minTileCol"]),
        format!("Y={}", limits["minTileRow"]),
        format!("Z={zoom}"),
    ];
    let mut arguments = vec!["-ro", "-so", saved.to_str().unwrap(), layer];
    arguments.extend(place.iter().flat_map(|option| ["-oo", option.as_str()]));
    let said = gdal_says("ogrinfo", &[], &arguments);
    let count = said.lines().find_map(|line| line.strip_prefix("Feature Count: "));
    let count = count.unwrap_or_else(|| panic!("{said}")).trim().parse().unwrap();
    (count, said)
}

fn content_lies_in_the_tile(subject: &Subject) {
    let (count, said) = read_by_gdal(subject, "WebMercatorQuad", "search-areas", 6);
    assert!(count >= 3, "{said}");
    let extent = said
        .lines()
        .find(|line| line.starts_with("Extent: "))
        .unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<f64> = extent
        .split(|c: char| !(c.is_ascii_digit() || ".-".contains(c)))
        .filter_map(|text| text.parse().ok())
        .collect();
    // Off Norway, in metres of Web Mercator.
    assert!(
        numbers.len() == 4 && (300_000.0..700_000.0).contains(&numbers[0]),
        "{extent}"
    );
}

fn parameter(subject: &Subject, name: &str, kind: &str) {
    let api = subject.client.json("/ogc/api");
    let operation = &api["paths"]["/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"]["get"];
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let found = parameters
        .map(|parameter| {
            api.pointer(parameter["$ref"].as_str().unwrap().trim_start_matches('#'))
                .unwrap()
        })
        .find(|parameter| parameter["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}: {operation}"));
    assert_eq!(
        (&found["in"], &found["required"]),
        (&Value::from("path"), &Value::from(true))
    );
    assert_eq!(found["schema"]["type"], kind);
}

fn description(subject: &Subject) {
    for tileset in all_tilesets(subject) {
        let scheme = subject.client.json(&link(&tileset, TILING_SCHEME).unwrap());
        assert_eq!(tileset["tileMatrixSetURI"], scheme["uri"]);
        assert_eq!(tileset["crs"], scheme["crs"]);
        let id = scheme["id"].as_str().unwrap();
        let uri = scheme["uri"].as_str().unwrap();
        assert_eq!(uri, format!("http://www.opengis.net/def/tilematrixset/OGC/1.0/{id}"));
        let matrices = scheme["tileMatrices"].as_array().unwrap();
        for member in [
            "id",
            "scaleDenominator",
            "cellSize",
            "pointOfOrigin",
            "tileWidth",
            "tileHeight",
            "matrixWidth",
            "matrixHeight",
        ] {
            assert!(
                matrices.iter().all(|matrix| !matrix[member].is_null()),
                "{id}: {member}"
            );
        }
        let links = tileset["links"].as_array().unwrap();
        let item = links.iter().find(|link| link["rel"] == "item").unwrap();
        assert_eq!(item["templated"], true);
        let vector = tileset["dataType"] == "vector";
        let expected = if vector {
            "application/vnd.mapbox-vector-tile"
        } else {
            "image/png"
        };
        assert_eq!(item["type"], expected);
        assert_eq!(tileset["layers"].is_array(), vector, "{tileset}");
    }
}

fn list(subject: &Subject) {
    for path in ["/ogc/tiles", "/ogc/map/tiles", "/ogc/collections/search-areas/tiles"] {
        for tileset in tilesets(subject, path) {
            assert!(
                tileset["dataType"].is_string() && tileset["crs"].is_string(),
                "{tileset}"
            );
            assert!(tileset["tileMatrixSetURI"].is_string() && link(&tileset, TILING_SCHEME).is_some());
            let own = link(&tileset, "self").unwrap();
            let id = tileset["tileMatrixSetId"].as_str().unwrap();
            assert!(own.contains(&format!("{path}/{id}")), "{own}");
            subject.client.get(&own).expect(200, &own);
        }
    }
}

fn vector_content(subject: &Subject) {
    for set in ["WebMercatorQuad", "WorldCRS84Quad"] {
        for layer in ["search-areas", "datums", "trajectories", "particles"] {
            let (count, said) = read_by_gdal(subject, set, layer, 5);
            assert!(count > 0 && said.contains("Geometry: "), "{set} {layer}: {said}");
        }
    }
}

fn picture_content(subject: &Subject) {
    for set in ["WebMercatorQuad", "WorldCRS84Quad"] {
        let path = format!(
            "/missions/{}/ogc/collections/search-areas/map/tiles/{set}",
            subject.mission
        );
        let answer = subject
            .client
            .get(&tile_of(&subject.client.json(&path), 6))
            .expect(200, &path);
        assert_eq!(answer.header("content-type"), Some("image/png"));
        let folder = scratch("ogc-picture");
        let saved = folder.path().join("tile.png");
        std::fs::write(&saved, &answer.body).unwrap();
        let said = gdal_says("gdalinfo", &[], &[saved.to_str().unwrap()]);
        assert!(said.contains("Size is 256, 256"), "{said}");
    }
}

fn completeness(subject: &Subject) {
    let api = subject.client.json("/ogc/api");
    for own in ["", "/collections/{collection_id}"] {
        for kind in ["/tiles", "/map/tiles"] {
            for rest in [
                "",
                "/{tileMatrixSetId}",
                "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            ] {
                let path = format!("{own}{kind}{rest}");
                assert!(api["paths"][&path]["get"].is_object(), "{path}");
            }
        }
    }
}

fn operation_ids(subject: &Subject) {
    let api = subject.client.json("/ogc/api");
    let ids: Vec<&str> = api["paths"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|item| item["get"]["operationId"].as_str())
        .collect();
    for whose in ["dataset", "collection"] {
        for kind in ["vector", "map"] {
            for what in ["getTileSetsList", "getTileSet", "getTile"] {
                let suffix = format!(".{whose}.{kind}.{what}");
                assert!(ids.iter().any(|id| id.ends_with(&suffix)), "{suffix}: {ids:?}");
            }
        }
    }
}

//! Archives of vector tiles of a run as others read them: PMTiles by its own library, MBTiles by SQLite, GDAL and QGIS; every
//! tile decoded, areas compared with the run's own files, tiles with those over HTTP.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Prepared, Server, mission_off_norway, python, scratch, system_python};

const HOURS: u32 = 12;
/// Output times of the run.
const TIMES: u64 = HOURS as u64 + 1;

/// A server with a completed mission, and a folder with what archives are compared with.
fn served() -> (Prepared, Server, String, tempfile::TempDir) {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let posted = client.post("/v1/missions", &mission_off_norway(HOURS, 2_000));
    let mission = posted.expect(202, "POST").json()["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    let folder = scratch("offline");
    for name in [
        "tiles.pmtiles",
        "tiles.mbtiles",
        "search_area_50.geojson",
        "search_area_90.geojson",
        "search_area_95.geojson",
    ] {
        let content = client.get(&format!("/v1/missions/{mission}/results/{name}"));
        let content = content.expect(200, name);
        println!("{name}: {} bytes", content.body.len());
        std::fs::write(folder.path().join(name), content.body).unwrap();
    }
    (prepared, server, mission, folder)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn both_archives_hold_the_same_tiles_with_every_area() {
    let (prepared, server, mission, folder) = served();
    let read = python("tile_archives.py", &[text(folder.path())]);
    println!("{read}");
    assert_eq!(
        (
            &read["tile_type"],
            &read["tile_compression"],
            &read["header"]["clustered"]
        ),
        (&json!("MVT"), &json!("GZIP"), &json!(true))
    );
    assert_eq!(read["same"], true, "the tiles of both");
    assert!(read["tiles"].as_u64().unwrap() > 10, "{}", read["tiles"]);
    assert_eq!(read["areas"], json!([3 * TIMES, 3 * TIMES]), "{}", read["missing"]);
    assert!(read["rim_units"].as_f64().unwrap() < 1.5, "{}", read["rim_units"]);
    let deepest = read["header"]["max_zoom"].to_string();
    assert!(read["counts"]["search-areas"][&deepest].as_u64().unwrap() >= 3 * TIMES);
    // Mean, mode and at least one part for each time; some lie in the rim of two tiles.
    assert!(read["counts"]["datums"][&deepest].as_u64().unwrap() >= 3 * TIMES);
    assert!(read["counts"]["trajectories"][&deepest].as_u64().unwrap() >= 200);
    assert!(read["counts"]["particles"][&deepest].as_u64().unwrap() >= 1_000);
    for about in [&read["metadata"], &read["mbtiles"]] {
        assert!(about["attribution"].as_str().unwrap().contains("MET Norway"), "{about}");
        assert!(about["name"].as_str().unwrap().contains("person overboard"), "{about}");
        assert!(about["description"].as_str().unwrap().contains(&mission), "{about}");
    }
    let told: Value = serde_json::from_str(read["mbtiles"]["json"].as_str().unwrap()).unwrap();
    assert_eq!(told["vector_layers"], read["metadata"]["vector_layers"]);
    for layer in told["vector_layers"].as_array().unwrap() {
        let mut fields: Vec<&str> = layer["fields"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        fields.sort_unstable();
        assert_eq!(read["layers"][layer["id"].as_str().unwrap()], json!(fields), "{layer}");
    }

    // The attributes are those of tiles over HTTP.
    let client = server.client().with_key(&prepared.key);
    for name in ["search-areas", "datums", "trajectories"] {
        let tilejson = client.json(&format!("/missions/{mission}/tiles/{name}.json"));
        let layer = told["vector_layers"].as_array().unwrap();
        let layer = layer.iter().find(|layer| layer["id"] == name).unwrap();
        assert_eq!(layer["fields"], tilejson["vector_layers"][0]["fields"], "{name}");
    }
    server.stop(&[]);
}

#[test]
fn gdal_and_qgis_open_the_mbtiles_file() {
    let (_prepared, server, _, folder) = served();
    let file = folder.path().join("tiles.mbtiles");
    let read = system_python("mbtiles_gdal.py", &[text(&file)]);
    println!("{read}");
    let levels = read["levels"].as_object().unwrap();
    assert_eq!(levels.len(), 3, "{levels:?}");
    for layer in ["search-areas", "datums", "trajectories", "particles"] {
        assert!(read["layers"][layer].as_u64().unwrap() > 0, "{layer}");
    }
    let edges: Vec<f64> = read["box"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge.as_f64().unwrap())
        .collect();
    let (west, south, east, north) = (edges[0], edges[1], edges[2], edges[3]);
    assert!(
        west < 4.1 && east > 4.1 && south < 60.3 && north > 60.1 && east - west < 3.0,
        "{edges:?}"
    );

    let middle = [(west + east) / 2.0, (south + north) / 2.0];
    let paint = [("\"level\" = 0.5", "#d7191c"), ("TRUE", "#abd9e9")];
    let case = json!({
        "name": "mbtiles",
        "layers": [{
            "kind": "mbtiles", "file": text(&file), "layer": "search-areas", "geometry": "polygon", "paint": paint
        }],
        "crs": "EPSG:4326",
        "extent": edges,
        "size": [400, 400],
        "probes": [middle],
    });
    let plan = folder.path().join("plan.json");
    std::fs::write(
        &plan,
        json!({"folder": text(folder.path()), "cases": [case]}).to_string(),
    )
    .unwrap();
    let drawn = system_python("qgis/draw.py", &[text(&plan)]);
    println!("{drawn}");
    assert_eq!(drawn["mbtiles"]["problem"], Value::Null, "{drawn}");
    server.stop(&[]);
}

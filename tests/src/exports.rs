//! Documents of a run as others read them: NetCDF by xarray, OpenDrift and trajan, KML and GPX by their schemas, GDAL and gpxpy,
//! GeoPackage by GDAL and its validator, CSV by Python, the briefing by poppler, pictures by GDAL; each compared with the run's own files. By the command line and over
//! HTTP.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{
    Commands, OFF_NORWAY, Prepared, Server, forcing_file, json_of, mission_off_norway, opendrift, python, scratch,
    system_python,
};

/// States of a particle, in the order of their numbers.
const STATES: [&str; 7] = [
    "active",
    "stranded",
    "missing_data",
    "seeded_on_land",
    "not_released",
    "outside",
    "retired",
];

/// Every document, and its media type.
const DOCUMENTS: [(&str, &str); 16] = [
    ("particles.nc", "application/x-netcdf"),
    ("areas.kml", "application/vnd.google-earth.kml+xml"),
    ("areas.kmz", "application/vnd.google-earth.kmz"),
    ("areas.gpx", "application/gpx+xml"),
    ("run.gpkg", "application/geopackage+sqlite3"),
    ("tiles.pmtiles", "application/vnd.pmtiles"),
    ("tiles.mbtiles", "application/vnd.mbtiles"),
    ("cot.zip", "application/zip"),
    ("datums.csv", "text/csv; charset=utf-8"),
    ("areas.csv", "text/csv; charset=utf-8"),
    ("stranded.csv", "text/csv; charset=utf-8"),
    ("summary.txt", "text/plain; charset=utf-8"),
    ("heatmap.png", "image/png"),
    ("trajectories.png", "image/png"),
    ("animation.gif", "image/gif"),
    ("report.pdf", "application/pdf"),
];
/// A degree in the texts of KML and GPX has six decimals, and the files compared with seven.
const HALF_OF_SIX_DECIMALS_DEG: f64 = 0.51e-6;
/// Half a thousandth of a minute, and half of the seventh decimal.
const HALF_OF_A_MINUTES_THOUSANDTH_DEG: f64 = 0.0005 / 60.0 + 0.6e-7;

/// Simulates a person in the water close to the coast, so that many strand, and writes every file.
fn simulated(hours: u32, particles: u32, folder: &Path) -> Value {
    let files = OFF_NORWAY.map(|(_, file)| forcing_file(file));
    let (hours, particles) = (hours.to_string(), particles.to_string());
    let mut arguments = vec![
        "simulate",
        "--lat",
        "60.25",
        "--lon",
        "4.95",
        "--time",
        "2015-11-16T00:00:00Z",
    ];
    arguments.extend([
        "--object",
        "PIW-1",
        "--hours",
        &hours,
        "--particles",
        &particles,
        "--seed",
        "7",
        "--json",
    ]);
    arguments.extend(["--out", folder.to_str().unwrap()]);
    let mut command = Commands::on(&folder.join("none")).command(&arguments);
    for file in &files {
        command.arg("--forcing").arg(file);
    }
    json_of(&mut command)
}

/// A small run, made once for each test that reads it.
fn small_run() -> (tempfile::TempDir, Value) {
    let folder = scratch("exports");
    let report = simulated(12, 600, folder.path());
    assert!(report["stranded"].as_u64().unwrap() > 20, "{report}");
    (folder, report)
}

fn text(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

#[test]
fn xarray_reads_every_particle_to_the_last_bit() {
    let (folder, report) = small_run();
    let read = python("netcdf_particles.py", &[text(folder.path())]);
    assert_eq!(read["model"], "NETCDF4");
    assert_eq!(read["sizes"], json!({"trajectory": 600, "time": 13}));
    assert_eq!(read["dimensions"], json!(["trajectory", "time"]));
    assert_eq!(
        read["differing"],
        json!({"lon": 0, "lat": 0, "status": 0, "fill": 0}),
        "{read}"
    );
    assert!(
        read["fills"].as_u64().unwrap() > 100,
        "too few stop for the test to see their fills: {read}"
    );
    assert_eq!(read["times_equal"], true);
    assert_eq!(read["trajectory"], json!([0, 599]));
    assert_eq!(read["cf_role"], "trajectory_id");
    let encoding =
        json!({"lon": "float64", "lat": "float64", "time": "float64", "trajectory": "int32", "status": "int8"});
    assert_eq!(read["encoding"], encoding);
    assert_eq!(read["filters"]["lon"], json!([true, true]));
    let flags = json!({"values": [0, 1, 2, 3, 4, 5, 6], "meanings": STATES.join(" ")});
    assert_eq!(read["flags"], flags);
    let names = json!({"lon": "longitude", "lat": "latitude", "time": "time", "status": "status_flag"});
    assert_eq!(read["standard_names"], names);
    let attributes = &read["attributes"];
    for (name, value) in [
        ("Conventions", "CF-1.11, ACDD-1.3"),
        ("featureType", "trajectory"),
        ("seed", "7"),
        ("mode", "operational"),
        ("config_forecast_hours", "12"),
        ("config_ensemble_size", "600"),
        ("config_object", "PIW-1"),
        ("time_step_output", "1:00:00"),
    ] {
        assert_eq!(attributes[name], value, "{attributes}");
    }
    assert_eq!(attributes["engine_version"], report["engine_version"]);
    assert!(
        attributes["forcing"].as_str().unwrap().contains("current"),
        "{attributes}"
    );
    assert!(
        attributes["attribution"].as_str().unwrap().contains("GSHHG"),
        "{attributes}"
    );
}

#[test]
fn opendrift_and_trajan_open_it_as_their_own() {
    let (folder, report) = small_run();
    let file = folder.path().join("particles.nc");
    let read = opendrift("opendrift_particles.py", &[text(&file)]);
    println!("{read}");
    assert_eq!(read["class"], "Leeway");
    assert_eq!(read["status_categories"], json!(STATES));
    assert_eq!(
        (read["steps"].as_u64(), read["time_step_output_s"].as_f64()),
        (Some(13), Some(3600.0))
    );
    assert_eq!(read["time_step_s"].as_f64(), report["step_s"].as_f64());
    assert_eq!(read["active"], report["active"]);
    let gone = report["stranded"].as_u64().unwrap() + report["missing_data"].as_u64().unwrap();
    assert_eq!(read["deactivated"], gone);
    let trajan = &read["trajan"];
    assert_eq!(trajan["trajectories"], 600);
    // A person in the water in a coastal current: neither still nor a motor boat.
    let fastest = trajan["fastest_ms"].as_f64().unwrap();
    assert!((0.2..4.0).contains(&fastest), "{trajan}");
}

#[test]
fn kml_and_gpx_keep_to_their_schemas_and_gpxpy_finds_the_datums() {
    let (folder, _) = small_run();
    let read = python("document_schemas.py", &[text(folder.path())]);
    assert_eq!(read["kml"], json!([]));
    assert_eq!(read["gpx"], json!([]));
    assert_eq!(read["kmz"], json!({"names": ["doc.kml"], "same": true, "broken": null}));
    let gpx = &read["gpxpy"];
    assert_eq!(gpx["version"], "1.1");
    assert!(gpx["credit"].as_str().unwrap().contains("GSHHG"), "{gpx}");
    assert_eq!(gpx["extensions"]["seed"], "7");
    let names: Vec<&str> = gpx["waypoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one[0].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Last known position", "Mean +12.0 h", "Peak +12.0 h"]);
    let areas = [
        "50 % +6.0 h",
        "90 % +6.0 h",
        "95 % +6.0 h",
        "50 % +12.0 h",
        "90 % +12.0 h",
        "95 % +12.0 h",
    ];
    assert_eq!(gpx["areas"], json!(areas));
    let datums: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("centroid.geojson")).unwrap()).unwrap();
    let means = datums["features"].as_array().unwrap().iter();
    let means: Vec<&Value> = means.filter(|one| one["properties"]["datum_kind"] == "mean").collect();
    for list in ["route", "track"] {
        let points = gpx[list].as_array().unwrap();
        assert_eq!(points.len(), means.len(), "{list}");
        for (point, mean) in points.iter().zip(&means) {
            let time = mean["properties"]["valid_time"].as_str().unwrap();
            assert_eq!(point[2].as_str().unwrap(), time.replace('Z', "+00:00"));
            for (found, wanted) in [(&point[0], "lat"), (&point[1], "lon")] {
                let apart = found.as_f64().unwrap() - mean["properties"][wanted].as_f64().unwrap();
                assert!(apart.abs() < HALF_OF_SIX_DECIMALS_DEG, "{list}: {point}");
            }
        }
    }
}

#[test]
fn gdal_finds_every_area_in_every_format() {
    let (folder, _) = small_run();
    let read = system_python("document_vectors.py", &[text(folder.path())]);
    println!("{read}");
    for name in ["kml", "kmz"] {
        let apart = read[name]["difference"].as_f64();
        assert!(
            apart.is_some_and(|apart| apart < HALF_OF_SIX_DECIMALS_DEG),
            "{name}: {}",
            read[name]
        );
        assert_eq!(
            read[name]["spans"],
            3 * 13,
            "{name}: every area has the span that it holds for"
        );
    }
    // Areas, mean positions with their track, and the last known position.
    assert_eq!(read["old_kml"]["features"], 3 * 13 + 13 + 1 + 1);
    let gpx = &read["gpx"];
    assert!(
        gpx["difference"]
            .as_f64()
            .is_some_and(|apart| apart < HALF_OF_SIX_DECIMALS_DEG),
        "{gpx}"
    );
    assert_eq!(gpx["areas"], 6);
    let package = &read["gpkg"];
    assert_eq!(package["problems"], json!([]), "{package}");
    assert_eq!(package["system"], "4326");
    // What is compared with is written to seven decimals, and so is this.
    assert!(
        package["difference"].as_f64().is_some_and(|apart| apart < 1e-12),
        "{package}"
    );
    assert_eq!(package["layers"]["search_areas"], 3 * 13);
    assert_eq!(package["layers"]["datums"], 2 * 13);
    assert_eq!(package["layers"]["tracks"], 200);
    assert_eq!(package["kinds"]["search_areas"], "Multi Polygon");
    assert_eq!(package["provenance"]["seed"], "7");
    assert!(package["provenance"]["attribution"].as_str().unwrap().contains("GSHHG"));
    assert!(read["csv"]["features"].as_u64().unwrap() >= 3 * 13);
    assert_eq!(read["csv"]["kinds"], json!(["Polygon"]));
}

#[test]
fn tables_say_the_same_in_degrees_and_in_minutes() {
    let (folder, report) = small_run();
    let read = python("document_tables.py", &[text(folder.path())]);
    println!("{read}");
    assert_eq!(read["rows"]["datums"], 13);
    assert_eq!(read["datums_of_source"], 26);
    assert_eq!(read["rows"]["stranded"], report["stranded"]);
    assert_eq!(read["left_over"], 0);
    assert!(read["decimal_deg"].as_f64().unwrap() < 0.51e-7, "{read}");
    assert!(
        read["minutes_deg"].as_f64().unwrap() < HALF_OF_A_MINUTES_THOUSANDTH_DEG,
        "{read}"
    );
    assert!(read["size_km2"].as_f64().unwrap() < 0.51e-4, "{read}");
    assert_eq!(read["provenance"]["seed"], "7");
    assert!(read["provenance"]["attribution"].as_str().unwrap().contains("GSHHG"));
    let summary = std::fs::read_to_string(folder.path().join("summary.txt")).unwrap();
    assert!(summary.len() <= 1000 && summary.is_ascii(), "{summary}");
    assert!(
        summary.contains("50 PCT AREA") && summary.contains("  SW ") && summary.contains("GSHHG"),
        "{summary}"
    );
}

#[test]
fn the_briefing_says_what_the_files_say_and_pictures_can_be_opened() {
    let (folder, report) = small_run();
    let read = system_python("document_briefing.py", &[text(folder.path())]);
    assert_eq!(
        (read["rows"].as_u64(), &read["differing"]),
        (Some(13), &json!([])),
        "{read}"
    );
    assert_eq!(read["encrypted"], "no");
    assert!(read["pages"].as_u64().unwrap() <= 3, "{}", read["pages"]);
    let words = read["words"].as_str().unwrap();
    let stranding = std::fs::read(folder.path().join("stranding.geojson")).unwrap();
    let stranding: Value = serde_json::from_slice(&stranding).unwrap();
    let minute = |time: &Value| {
        let time = time.as_str().unwrap();
        format!("{} {}", &time[..10], &time[11..16])
    };
    let ashore = stranding["stranding"]["stranded_fraction"].as_f64().unwrap();
    let likeliest = &stranding["features"][0]["properties"];
    for expected in [
        "operational, seed 7".to_owned(),
        format!("Driftline {}", report["engine_version"].as_str().unwrap()),
        "PIW-1: ".to_owned(),
        "60° 15.00′ N 004° 57.00′ E".to_owned(),
        "UNCALIBRATED ERROR".to_owned(),
        "600 particles".to_owned(),
        format!("{:.1} % of the particles came ashore", ashore * 100.0),
        format!("First arrival {}", minute(&stranding["stranding"]["first_arrival"])),
        format!(
            "50 % of those that came ashore, by {}",
            minute(&stranding["stranding"]["arrival_time_50"])
        ),
        likeliest["segment"].as_str().unwrap().replace('_', " "),
        format!(
            "{} {}",
            minute(&likeliest["first_arrival"]),
            minute(&likeliest["arrival_time_50"])
        ),
        "Coast: GSHHG".to_owned(),
    ] {
        assert!(words.contains(&expected), "{expected:?} is missing in {words}");
    }
    let pictures = &read["pictures"];
    for (name, driver, size) in [
        ("heatmap.png", "PNG", [1200, 900]),
        ("trajectories.png", "PNG", [1200, 900]),
        ("animation.gif", "GIF", [840, 660]),
    ] {
        assert_eq!(
            (&pictures[name]["driver"], &pictures[name]["size"]),
            (&json!(driver), &json!(size))
        );
        let frames = if driver == "GIF" { 13 } else { 1 };
        assert_eq!(pictures[name]["frames"], frames, "{name}");
        let colours = pictures[name]["colours"].as_u64().unwrap();
        assert!(colours > 50, "{name} is a blank: {colours} colours");
    }
}

/// A server with a completed mission.
fn served() -> (Prepared, Server, String) {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let posted = client
        .post("/v1/missions", &mission_off_norway(24, 5000))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    (prepared, server, mission)
}

#[test]
fn documents_are_made_when_asked_for_and_kept_across_a_restart() {
    let (prepared, server, mission) = served();
    let client = server.client().with_key(&prepared.key);
    let results = format!("/v1/missions/{mission}/results");
    let about = |client: &crate::harness::Client, name: &str| {
        let files = client.json(&results)["files"].as_array().unwrap().clone();
        files.into_iter().find(|file| file["name"] == name).unwrap()
    };
    let mut made = Vec::new();
    for (name, media_type) in DOCUMENTS {
        assert_eq!(about(&client, name)["type"], media_type);
        let path = format!("{results}/{name}");
        let began = Instant::now();
        let first = client.get(&path).expect(200, name);
        let (first_s, began) = (began.elapsed().as_secs_f64(), Instant::now());
        let second = client.get(&path).expect(200, name);
        println!(
            "{name}: {} bytes, made in {first_s:.3} s, again in {:.3} s",
            first.body.len(),
            began.elapsed().as_secs_f64()
        );
        assert_eq!(first.header("content-type"), Some(media_type));
        assert_eq!(first.header("x-charge-units"), Some("1"), "a document is an export");
        assert!(first.body == second.body, "{name} is kept");
        assert_eq!(about(&client, name)["bytes"], first.body.len());
        made.push((name, first.body));
    }
    let foreign = server.client().with_key(&prepared.foreign_key);
    foreign
        .get(&format!("{results}/areas.kml"))
        .problem(404, "another's document");
    server.kill();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    for (name, body) in &made {
        let kept = client.get(&format!("{results}/{name}")).expect(200, name);
        assert!(kept.body == *body, "{name} after a restart");
    }
    server.stop(&[]);
}

#[test]
fn documents_asked_for_over_http_are_read_as_those_of_the_command_line_are() {
    let (prepared, server, mission) = served();
    let client = server.client().with_key(&prepared.key);
    let folder = scratch("served");
    let files = client.json(&format!("/v1/missions/{mission}/results"))["files"]
        .as_array()
        .unwrap()
        .clone();
    for file in &files {
        let content = client.get(file["href"].as_str().unwrap()).expect(200, "a file");
        std::fs::write(folder.path().join(file["name"].as_str().unwrap()), content.body).unwrap();
    }
    let read = python("netcdf_particles.py", &[text(folder.path())]);
    assert_eq!(
        read["differing"],
        json!({"lon": 0, "lat": 0, "status": 0, "fill": 0}),
        "{read}"
    );
    assert_eq!(read["attributes"]["mission_id"], mission);
    let read = system_python("document_vectors.py", &[text(folder.path())]);
    for name in ["kml", "kmz", "gpx", "gpkg"] {
        let apart = read[name]["difference"].as_f64();
        assert!(
            apart.is_some_and(|apart| apart < HALF_OF_SIX_DECIMALS_DEG),
            "{name}: {}",
            read[name]
        );
    }
    assert_eq!(read["gpkg"]["problems"], json!([]));
    assert_eq!(read["gpkg"]["provenance"]["mission_id"], mission);
    assert!(
        read["gpkg"]["provenance"]["attribution"]
            .as_str()
            .unwrap()
            .contains("MET Norway")
    );
    let tables = python("document_tables.py", &[text(folder.path())]);
    assert_eq!(
        (tables["left_over"].as_u64(), tables["rows"]["datums"].as_u64()),
        (Some(0), Some(25))
    );
    server.stop(&[]);
}

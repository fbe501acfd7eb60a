//! The store as others read it: xarray opens the forcing and gives the source's values, pyarrow opens the results.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Commands, OFF_NORWAY, Prepared, forcing_file, json_of, mission_off_norway, python, scratch};

/// Ingests these files, each into its feed of a fresh store, and compares every value with its source.
pub(crate) fn every_value<S: AsRef<str>>(files: &[(S, PathBuf)]) -> Value {
    let folder = scratch("store");
    let data = folder.path().join("data");
    let mut sources = Vec::new();
    for (feed, file) in files {
        Commands::on(&data).ingest(file, feed.as_ref());
        sources.push(format!("{}={}", feed.as_ref(), file.display()));
    }
    let objects = data.join("objects");
    let mut arguments = vec![objects.to_str().unwrap()];
    arguments.extend(sources.iter().map(String::as_str));
    python("store_values.py", &arguments)
}

#[test]
fn xarray_reads_every_value_of_the_bundled_files_within_the_packing_error() {
    let files: Vec<_> = OFF_NORWAY.map(|(feed, file)| (feed, forcing_file(file))).into();
    let report = every_value(&files);
    println!("{report}");
    // Both components of 67 hours: 301 x 201 nodes of which a third is land, and 81 x 151 nodes without a gap.
    assert_eq!(report["norkyst800"]["steps"], 67);
    let nodes = |feed: &str| report[feed]["compared"].as_u64().unwrap() + report[feed]["missing"].as_u64().unwrap();
    assert_eq!(nodes("norkyst800"), 2 * 67 * 301 * 201);
    assert_eq!(nodes("arome"), 2 * 67 * 81 * 151);
    assert_eq!(report["arome"]["missing"], 0);
    assert!(report["norkyst800"]["missing"].as_u64().unwrap() > 2 * 67 * 19_000);
}

#[test]
fn xarray_reads_every_value_of_the_other_forms_of_grid_within_the_packing_error() {
    let files = [
        ("derived-current", forcing_file("derived_latlon_current_16Nov2015.nc")),
        ("derived-wind", forcing_file("derived_latlon_wind_16Nov2015.nc")),
        ("arome-later", forcing_file("AROME_MetCoOp_00_DEF_20160114_subset.nc")),
    ];
    let report = every_value(&files);
    println!("{report}");
    assert_eq!(report.as_object().unwrap().len(), files.len());
}

#[test]
fn xarray_reads_every_value_of_roms_brought_to_its_cell_centres_and_turned() {
    let report = every_value(&[("nordic", forcing_file("nordic4km_surface_02Feb2016.nc"))]);
    println!("{report}");
    let nordic = &report["nordic"];
    // Three daily means of both components; 2,380 of the nodes are land or have no side with a value.
    assert_eq!((&nordic["steps"], &nordic["missing"]), (&json!(3), &json!(6 * 2_380)));
    assert_eq!(nordic["compared"], 6 * (151 * 81 - 2_380));
}

/// A drift over a grid of positions, with forcing from files and from the store: the same apart from the packing.
#[test]
fn a_drift_on_a_grid_of_positions_is_the_same_from_a_file_and_from_the_store() {
    let folder = scratch("curvilinear");
    let data = folder.path().join("data");
    let files = [
        ("nordic4km", "nordic4km_surface_02Feb2016.nc"),
        ("arome", "arome_vestfjorden_02Feb2016.nc"),
    ];
    let mission = [
        "simulate",
        "--lat",
        "68.6",
        "--lon",
        "12.5",
        "--time",
        "2016-02-02T12:00:00Z",
        "--object",
        "PIW-1",
        "--hours",
        "12",
        "--particles",
        "200",
        "--seed",
        "7",
        "--mode",
        "operational",
    ];
    let mut with_files = Commands::bare(&mission);
    with_files.arg("--json");
    for (feed, name) in files {
        let file = forcing_file(name);
        Commands::on(&data).ingest(&file, feed);
        with_files.arg("--forcing").arg(file);
    }
    let (from_files, from_store) = (json_of(&mut with_files), Commands::on(&data).json(&mission));
    for (run, current) in [(&from_files, files[0].1), (&from_store, files[0].0)] {
        let used = run["forcing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["feed"].as_str().unwrap());
        assert!(used.clone().any(|feed| feed == current), "{run}");
        assert_eq!(run["particles"], 200);
    }
    let mean = |run: &Value| [&run["mean"]["lat"], &run["mean"]["lon"]].map(|value| value.as_f64().unwrap());
    let (a, b) = (mean(&from_files), mean(&from_store));
    // Half of the packing's step, 0.5 mm/s for currents and 5 mm/s for wind of which 3 % drive: 30 m in 12 h at the most.
    assert!((a[0] - b[0]).abs() < 3e-4 && (a[1] - b[1]).abs() < 8e-4, "{a:?} {b:?}");
    assert!(a[1] > 12.7, "an easterly current of 0.4 m/s carries them: {a:?}");
}

#[test]
fn the_catalog_lists_a_cycle_once_however_often_its_file_is_ingested() {
    let prepared = Prepared::new();
    let data = prepared.data();
    let before = Commands::on(&data).cycles();
    assert_eq!(before.len(), 2);
    for member in [
        "feed",
        "run",
        "revision",
        "variables",
        "grid",
        "times",
        "checksum",
        "published_at",
    ] {
        assert!(!before[0][member].is_null(), "{member}: {}", before[0]);
    }
    let (feed, file) = OFF_NORWAY[1];
    Commands::on(&data).ingest(&forcing_file(file), feed);
    assert_eq!(
        Commands::on(&data).cycles(),
        before,
        "the same file again changes nothing"
    );
}

#[test]
fn pyarrow_reads_the_result_files() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let mission = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let id = mission["id"].as_str().unwrap();
    assert_eq!(client.wait_for(id)["status"], "completed");
    let results = client.json(&format!("/v1/missions/{id}/results"));
    let folder = scratch("results");
    let mut paths = Vec::new();
    for file in results["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let answer = client.get(file["href"].as_str().unwrap()).expect(200, name);
        if name.ends_with(".geojson") {
            assert_eq!(answer.json()["type"], "FeatureCollection", "{name}");
            assert!(
                answer.text().contains("Data from MET Norway"),
                "{name} carries no attribution"
            );
        }
        if name.ends_with(".parquet") {
            let path = folder.path().join(name);
            std::fs::write(&path, &answer.body).unwrap();
            paths.push(path.display().to_string());
        }
    }
    let found = python("geoparquet.py", &paths.iter().map(String::as_str).collect::<Vec<_>>());
    let particles = &found["particles.parquet"];
    assert_eq!(
        (particles["particles"].as_u64(), particles["times"].as_u64()),
        (Some(500), Some(7)),
        "{found}"
    );
    assert_eq!(particles["rows"], 7 * 500);
    assert_eq!(found["areas.parquet"]["rows"], 3 * 7, "{found}");
    assert!(found["trajectories.parquet"]["rows"].as_u64().unwrap() > 0, "{found}");
    server.stop(&[]);
}

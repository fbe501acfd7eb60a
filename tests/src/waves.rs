//! Waves from outside: files in two layouts are ingested, other programs read them back as plain CF, and no forecast is
//! another one for their sake.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Commands, OFF_NORWAY, Prepared, beside, forcing_file, python, run, scratch};

/// Makes a file by `waves_file.py`, ingests it and compares every value in the store with it.
fn ingested(arguments: &[&str], feed: &str) -> (Value, Value, Value) {
    let folder = scratch("waves");
    let (data, file) = (folder.path().join("data"), folder.path().join("waves.nc"));
    let target = file.to_str().unwrap();
    let made = python("waves_file.py", &[arguments, &[target]].concat());
    Commands::on(&data).ingest(&file, feed);
    let objects = data.join("objects");
    let source = format!("{feed}={target}");
    let report = python("waves_values.py", &[objects.to_str().unwrap(), &source]);
    println!("{report}");
    let cycles = Commands::on(&data).cycles();
    (made, report, cycles[0].clone())
}

#[test]
fn xarray_reads_every_wave_of_a_file_in_the_layout_of_cmems_within_the_packing_error() {
    let (made, report, cycle) = ingested(&["formula"], "waves");
    assert_eq!(report["steps"], 16);
    let counted = report["compared"].as_u64().unwrap() + report["missing"].as_u64().unwrap();
    assert_eq!(counted, 16 * made["nodes"].as_u64().unwrap());
    assert_eq!(report["missing"], 16 * made["land"].as_u64().unwrap());
    // What is packed at the same step comes back exactly.
    assert!(report["worst_m"].as_f64().unwrap() < 1e-5 && report["worst_deg"].as_f64().unwrap() < 1e-4);
    let series = &cycle["series"][0];
    assert_eq!(
        (series["kind"].as_str(), series["level"].as_str()),
        (Some("waves"), Some("sea surface"))
    );
    assert_eq!(cycle["variables"], serde_json::json!(["wave_height", "wave_direction"]));
    assert_eq!(cycle["run"], "2015-11-16T00:00:00Z");
}

#[test]
fn xarray_reads_every_wave_of_a_real_model_field_within_the_packing_error() {
    let Some(source) = beside(
        "data/feeds/gfswave.t18z.atlocn.0p16.f001.grib2",
        "the waves of a real model",
    ) else {
        return;
    };
    let (made, report, _) = ingested(&["grib", source.to_str().unwrap()], "gfs-wave");
    assert_eq!(
        (made["nodes"].as_u64(), made["land"].as_u64()),
        (Some(301 * 331), Some(70_212))
    );
    assert_eq!(report["missing"], 70_212);
    assert!(report["highest_m"].as_f64().unwrap() > 2.0);
}

#[test]
fn a_map_shows_the_waves_that_the_file_holds() {
    let prepared = Prepared::new();
    let file = prepared.data().join("waves.nc");
    python("waves_file.py", &["formula", file.to_str().unwrap()]);
    Commands::on(&prepared.data()).ingest(&file, "waves");
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    // A node of the file, three hours after its first time, in the middle of a pixel.
    let (row, column, step) = (24.0, 36.0, 1.0);
    let (lon, lat) = (column / 12.0, 57.0 + row / 12.0);
    let frame = format!(
        "CRS=CRS:84&BBOX={},{},{},{}",
        lon - 0.505,
        lat - 0.505,
        lon + 0.505,
        lat + 0.505
    );
    let common = format!("{frame}&WIDTH=101&HEIGHT=101&FORMAT=image/png&TIME=2015-11-16T03:00:00Z");
    let asked = format!(
        "/wms?REQUEST=GetFeatureInfo&VERSION=1.3.0&LAYERS=waves&QUERY_LAYERS=waves&{common}&I=50&J=50&INFO_FORMAT=application/json"
    );
    let told = client.json(&asked)["features"][0]["properties"].clone();
    let height_m = (180.0 + 2.0 * row + 90.0 * f64::sin((column + 5.0 * step) / 15.0)) / 100.0;
    let from_deg = (270.0 + 1.5 * row + 4.0 * step + 60.0 * f64::sin(column / 40.0)) % 360.0;
    assert!(
        (told["value"].as_f64().unwrap() - height_m).abs() < 0.02,
        "{told} is not {height_m}"
    );
    let turned = (told["direction_to_deg"].as_f64().unwrap() - from_deg - 180.0).rem_euclid(360.0);
    assert!(!(0.2..=359.8).contains(&turned), "{told} does not come from {from_deg}");
    assert_eq!(told["unit"], "m");
    let picture = format!("/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=waves&STYLES=arrows&TRANSPARENT=TRUE&{common}");
    let drawn = client.get(&picture).expect(200, "arrows").body;
    let colours = client
        .get(&picture.replace("arrows", "colour"))
        .expect(200, "colours")
        .body;
    assert!(drawn.starts_with(b"\x89PNG") && colours.starts_with(b"\x89PNG") && drawn != colours);
    let tile = client
        .get("/tiles/waves/6/32/18.png?datetime=2015-11-16T03:00:00Z")
        .expect(200, "a tile");
    assert_eq!(tile.header("x-charge-units"), Some("1"));
    server.stop(&[]);
}

#[test]
fn a_height_without_its_direction_is_refused_in_words_and_leaves_nothing() {
    let folder = scratch("waves");
    let (data, file) = (folder.path().join("data"), folder.path().join("heights.nc"));
    let file = file.to_str().unwrap();
    python("waves_file.py", &["heights", file]);
    let refused = run(&mut Commands::on(&data).command(&["ingest", "file", file]));
    let logged = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{logged}");
    assert!(
        logged.contains("'VHM0' is no use as waves: it is a height without a direction"),
        "{logged}"
    );
    assert!(!data.join("objects/forcing/manifests").exists());
}

/// What a mission comes to, its timings aside: counts, mean, covariance and areas to the last digit, forcing used.
fn forecast(data: &Path) -> Value {
    let place = [
        "simulate",
        "--lat",
        "60.15",
        "--lon",
        "4.1",
        "--time",
        "2015-11-16T00:00:00Z",
    ];
    let object = ["--object", "PIW-1", "--hours", "6", "--particles", "500", "--seed", "7"];
    let mut report = Commands::on(data).json(&[place.as_slice(), &object].concat());
    let members = report.as_object_mut().unwrap();
    members.retain(|name, _| !name.ends_with("_seconds") && name != "peak_rss_bytes");
    assert!(members["covariance_m2"].is_array() && members["forcing"].as_array().unwrap().len() == 2);
    report
}

#[test]
fn a_forecast_is_the_same_with_waves_beside_its_forcing() {
    let folder = scratch("waves");
    let (data, file) = (folder.path().join("data"), folder.path().join("waves.nc"));
    for (feed, file) in OFF_NORWAY {
        Commands::on(&data).ingest(&forcing_file(file), feed);
    }
    let before = forecast(&data);
    python("waves_file.py", &["formula", file.to_str().unwrap()]);
    Commands::on(&data).ingest(&file, "waves");
    assert_eq!(Commands::on(&data).cycles().len(), 3);
    assert_eq!(forecast(&data), before);
}

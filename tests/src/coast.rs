//! A coast of the operator's own: built from land polygons, met by particles, shown by the basemap, named by results; and what
//! is refused in its place.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Commands, Launch, OFF_NORWAY, forcing_file, json_of, run, scratch};

/// Whom the coast of these tests is to be credited to.
const CREDIT: &str = "Chart Office of the Tests, CC0";

/// Writes a file of land polygons, an atoll in the open sea off Norway: land from 2 to 12 km around 60.15 N 4.1 E.
fn atoll(folder: &Path) -> PathBuf {
    let ring = |east: f64, north: f64| {
        let (west, south) = (4.1 - east, 60.15 - north);
        let (east, north) = (4.1 + east, 60.15 + north);
        json!([
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ])
    };
    let land = json!({
        "type": "FeatureCollection",
        "features": [{
            "type": "Feature",
            "properties": {"name": "atoll"},
            "geometry": {"type": "Polygon", "coordinates": [ring(0.22, 0.11), ring(0.036, 0.018)]},
        }],
    });
    let path = folder.join("atoll.geojson");
    std::fs::write(&path, land.to_string()).unwrap();
    path
}

/// The coast file of the atoll.
fn atoll_coast(folder: &Path) -> PathBuf {
    let (source, file) = (atoll(folder), folder.join("atoll.coast"));
    let mut build = Commands::bare(&["coast", "build", source.to_str().unwrap()]);
    build.args(["--credit", CREDIT, "--out", file.to_str().unwrap()]);
    let done = run(&mut build);
    assert!(done.status.success(), "{done:?}");
    file
}

/// A person in the water in the middle of the atoll.
fn simulated(folder: &Path, more: &[&str]) -> Value {
    let mut arguments = vec![
        "simulate",
        "--lat",
        "60.15",
        "--lon",
        "4.1",
        "--time",
        "2015-11-16T00:00:00Z",
    ];
    arguments.extend([
        "--object",
        "PIW-1",
        "--hours",
        "12",
        "--particles",
        "300",
        "--radius",
        "200",
        "--seed",
        "7",
    ]);
    arguments.extend(more);
    let data = folder.join("none");
    let mut command = Commands::on(&data).command(&arguments);
    for (_, file) in OFF_NORWAY {
        command.arg("--forcing").arg(forcing_file(file));
    }
    json_of(command.arg("--json"))
}

#[test]
fn particles_strand_on_the_coast_of_the_operator_and_results_name_it() {
    let folder = scratch("coast");
    let coast = atoll_coast(folder.path());
    let usual = simulated(folder.path(), &[]);
    assert_eq!(usual["stranded"], 0, "this is the open sea: {usual}");
    assert!(
        usual["coast"]["source"].as_str().unwrap().starts_with("GSHHG"),
        "{usual}"
    );
    let out = folder.path().join("out");
    let report = simulated(
        folder.path(),
        &["--coast", coast.to_str().unwrap(), "--out", out.to_str().unwrap()],
    );
    assert_eq!(
        report["seeds_moved_off_land"]["count"], 0,
        "they start in the lagoon: {report}"
    );
    assert_eq!(
        (&report["stranded"], &report["active"]),
        (&json!(300), &json!(0)),
        "{report}"
    );
    assert_eq!(report["coast"]["source"], CREDIT);
    let checksum = report["coast"]["checksum"].as_str().unwrap();
    assert!(
        checksum.len() == 8 && checksum != usual["coast"]["checksum"],
        "{report}"
    );
    let areas: Value = serde_json::from_slice(&std::fs::read(out.join("stranded.geojson")).unwrap()).unwrap();
    let credit = areas["attribution"].as_str().unwrap();
    assert!(
        credit.contains(&format!("Coast: {CREDIT}")) && !credit.contains("GSHHG"),
        "{credit}"
    );
    // The same by the configuration, and the same particles.
    let mut by_setting = Commands::bare(&["config", "print", "--json"]);
    let settings = json_of(by_setting.env("DRIFTLINE__COAST__FILE", &coast));
    assert_eq!(settings["coast"]["file"], coast.to_str().unwrap());
}

#[test]
fn the_basemap_shows_the_coast_that_particles_strand_on() {
    let folder = scratch("coast");
    let coast = atoll_coast(folder.path());
    // Where 60.15 N 4.25 E lies, on the eastern land of the atoll.
    let place = |zoom: i32| {
        let (tiles, lat) = (2f64.powi(zoom), 60.15f64.to_radians());
        let x = (4.25 + 180.0) / 360.0 * tiles;
        let y = (1.0 - (lat.tan() + 1.0 / lat.cos()).ln() / std::f64::consts::PI) / 2.0 * tiles;
        format!("/basemap/{zoom}/{}/{}.mvt", x.floor(), y.floor())
    };
    let server = Launch::on(&folder.path().join("data")).start();
    let about = server.client().get("/basemap.json").expect(200, "the usual one").json();
    assert!(about["attribution"].as_str().unwrap().contains("GSHHG"), "{about}");
    server.client().get(&place(11)).expect(204, "open sea");
    server.stop(&[]);
    let server = Launch::on(&folder.path().join("data")).with_coast(&coast).start();
    let about = server
        .client()
        .get("/basemap.json")
        .expect(200, "the operator's own")
        .json();
    assert_eq!(about["attribution"], format!("Coast: {CREDIT}"));
    for zoom in [0, 5, 6, 11, 14] {
        server.client().get(&place(zoom)).expect(200, "the atoll");
    }
    // Norway is no part of this coast.
    server.client().get("/basemap/8/134/73.mvt").expect(204, "all sea");
    server.stop(&[]);
}

#[test]
fn a_coast_file_that_is_missing_or_damaged_is_a_fault_of_the_configuration() {
    let folder = scratch("coast");
    let whole = std::fs::read(atoll_coast(folder.path())).unwrap();
    let mut altered = whole.clone();
    *altered.last_mut().unwrap() ^= 1;
    let files: [(&str, Option<&[u8]>); 4] = [
        ("missing.coast", None),
        ("altered.coast", Some(&altered)),
        ("short.coast", Some(&whole[..whole.len() / 2])),
        ("picture.coast", Some(b"\x89PNG")),
    ];
    for (name, bytes) in files {
        let file = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let data = folder.path().join("data");
        let simulate: Vec<&str> = "simulate --lat 60 --lon 4 --time 2015-11-16T00:00:00Z --object 1"
            .split(' ')
            .collect();
        for arguments in [
            &["serve", "--listen", "127.0.0.1:0"],
            &["config", "check"][..],
            &simulate,
        ] {
            let mut command = Commands::on(&data).command(arguments);
            let done = run(command.env("DRIFTLINE__COAST__FILE", &file));
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(64), "{arguments:?} {name}: {said}");
            assert!(said.contains(file.to_str().unwrap()), "{arguments:?} {name}: {said}");
            assert_eq!(said.matches(name).count(), 1, "the file is named once: {said}");
        }
        assert!(
            !data.exists(),
            "nothing is created with a configuration that cannot be used"
        );
    }
}

#[test]
fn polygons_need_somebody_to_credit_and_have_to_be_land() {
    let folder = scratch("coast");
    let (source, out) = (atoll(folder.path()), folder.path().join("out.coast"));
    let line = folder.path().join("line.json");
    std::fs::write(&line, r#"{"type": "LineString", "coordinates": [[4, 60], [5, 60]]}"#).unwrap();
    for (source, more, word) in [
        (&source, &[][..], "--credit"),
        (&source, &["--credit", " "], "--credit"),
        (&line, &["--credit", CREDIT], "LineString"),
        (
            &folder.path().join("none.geojson"),
            &["--credit", CREDIT],
            "none.geojson",
        ),
    ] {
        let mut command = Commands::bare(&["coast", "build", source.to_str().unwrap()]);
        let done = run(command.args(["--out", out.to_str().unwrap()]).args(more));
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.code() == Some(1) && said.contains(word),
            "{source:?} {more:?}: {done:?}"
        );
    }
    let left = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path()).unwrap().map(left).collect();
    names.sort();
    assert_eq!(
        names,
        ["atoll.geojson", "line.json"],
        "nothing half written is left behind"
    );
}

//! Buoys from outside: files are imported, other programs read what is stored, and a score is what was published for it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Commands, beside, python, run, scratch};

/// A table of one buoy that goes east off Norway at half-hourly reports, with one report of each fault.
fn table(folder: &Path) -> PathBuf {
    let mut rows = vec!["Drifter;Time (UTC);Latitude [deg];Longitude [deg]".to_owned()];
    let row = |minute: usize, lat: &str, lon: f64| {
        let lon = format!("{lon:.4}").replace('.', ",");
        format!("nor-1;16.11.2015 {:02}:{:02};{lat};{lon}", minute / 60, minute % 60)
    };
    rows.extend((0..40).map(|report| row(30 * report, "60,5", 3.0 + 0.005 * report as f64)));
    rows.push(row(30, "60,5", 3.005));
    rows.push(row(91, "60,5", 3.015));
    rows.push(row(615, "66,5", 3.1));
    rows.push(row(700, "NaN", 3.1));
    rows.push("nor-1;soon;60,5;3,1".to_owned());
    let path = folder.join("drifter.csv");
    std::fs::write(&path, rows.join("\n")).unwrap();
    path
}

/// The stored file of an import.
fn object(data: &Path, import: &Value) -> PathBuf {
    data.join("objects").join(import["object"].as_str().unwrap())
}

#[test]
fn every_report_of_a_table_is_kept_or_accounted_for_and_pyarrow_reads_the_same() {
    let folder = scratch("observations");
    let data = folder.path().join("data");
    let commands = Commands::on(&data);
    let path = table(folder.path());
    let arguments = [
        "ingest",
        "buoys",
        path.to_str().unwrap(),
        "--dataset",
        "norway",
        "--attribution",
        "Ourselves",
    ];
    let import = commands.json(&arguments)["imports"][0].clone();
    let dropped = json!({"duplicate": 1, "too_soon": 1, "too_fast": 1, "not_finite": 1, "unreadable": 1});
    assert_eq!(import["tally"]["dropped"], dropped);
    assert_eq!(
        (&import["tally"]["read"], &import["tally"]["kept"]),
        (&json!(45), &json!(40))
    );
    let stored = object(&data, &import);
    let read =
        python("geoparquet.py", &[stored.to_str().unwrap()])[stored.file_name().unwrap().to_str().unwrap()].clone();
    assert_eq!(
        (&read["rows"], &read["geometry_types"]),
        (&json!(40), &json!(["Point"]))
    );
    assert_eq!(read["tally"], import["tally"]);
    assert_eq!(read["source"]["name"], "drifter.csv");
    assert_eq!(read["states"], json!({"drifting": 40}));
    assert_eq!(read["bbox"], json!([3.0, 60.5, 3.195, 60.5]));

    let again = commands.json(&arguments)["imports"][0].clone();
    assert_eq!((&again["new"], &again["object"]), (&json!(false), &import["object"]));
    let listed = commands.json(&["ingest", "buoys", "--list"])["imports"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["dataset"], &listed[0]["attribution"]),
        (&json!("norway"), &json!("Ourselves"))
    );
}

#[test]
fn what_is_no_table_of_buoys_is_refused_in_words() {
    let folder = scratch("observations");
    let data = folder.path().join("data");
    let page = folder.path().join("buoys.csv");
    std::fs::write(&page, "<html><body>Service unavailable</body></html>").unwrap();
    let refused = run(&mut Commands::on(&data).command(&["ingest", "buoys", page.to_str().unwrap()]));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("no line names a latitude, a longitude and a time; it begins with '<html>"),
        "{said}"
    );
    assert!(!data.join("objects/observations").exists());
}

#[test]
fn the_barents_pair_scores_what_was_published_for_it() {
    let Some(path) = beside(
        "data/drifters/barents_omb_2022.nc",
        "the published skill of a pair of real drifters",
    ) else {
        return;
    };
    let folder = scratch("observations");
    let data = folder.path().join("data");
    let commands = Commands::on(&data);
    let import =
        commands.json(&["ingest", "buoys", path.to_str().unwrap(), "--dataset", "barents"])["imports"][0].clone();
    let names: Vec<String> = import["platforms"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 2);
    let stored = object(&data, &import);
    let read =
        python("geoparquet.py", &[stored.to_str().unwrap()])[stored.file_name().unwrap().to_str().unwrap()].clone();
    assert_eq!(read["rows"], import["tally"]["kept"]);
    let score = commands.json(&[
        "skill",
        "--dataset",
        "barents",
        "--model",
        &names[0],
        "--observed",
        &names[1],
    ]);
    let found = score["score"].as_f64().unwrap();
    assert!((found - 0.832).abs() < 0.0005, "{score}");
}

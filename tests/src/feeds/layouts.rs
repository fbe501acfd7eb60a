//! Every feed from its provider's layout.

use std::path::Path;

use driftline_provider::{Catalogue, Feed};
use serde_json::Value;

use super::{Station, every_value_is_the_source_s, run_before, tree};
use crate::harness::{Commands, forcing_file};

/// Fetches a feed from a cycle that is whole at its provider, and looks a second time.
fn fetched_whole(name: &str, feed: Feed, cadence_h: i64, hours_back: i64, forecast_h: u32) -> (Station, Value) {
    let run = run_before(hours_back, cadence_h);
    let station = Station::new(Catalogue::empty().cycle(feed, run), &[name], forecast_h);
    let (said, content) = station.look();
    let status = station.status(name);
    assert!(content, "{name}: {said:#}\n{status:#}");
    let cycles = station.cycles(name);
    assert_eq!(cycles.len(), 1, "{name}: {status:#}");
    let cycle = cycles[0].clone();
    assert_eq!(cycle["run"], run.to_string(), "{name}");
    assert_eq!(
        cycle["horizon"]["missing"].as_array().map_or(0, Vec::len),
        0,
        "{name}: {cycle:#}"
    );
    assert!(
        cycle["series"][0]["attribution"]
            .as_str()
            .is_some_and(|line| !line.is_empty()),
        "{name} carries its credit"
    );
    for source in cycle["sources"].as_array().unwrap() {
        let origin = &source["origin"];
        assert!(
            origin["url"].as_str().unwrap().starts_with("http"),
            "{name}: {source:#}"
        );
        assert!(origin["etag"].is_string(), "{name}: {source:#}");
        assert_eq!(source["sha256"].as_str().unwrap().len(), 64, "{name}");
    }

    let (sent, before) = (station.sent(), tree(&station.data().join("objects/forcing").join(name)));
    let (said, content) = station.look();
    assert!(content, "{name}, again: {said:#}");
    assert_eq!(station.sent(), sent, "{name}: nothing is fetched twice");
    let after = tree(&station.data().join("objects/forcing").join(name));
    assert_eq!(after, before, "{name}: nothing is written twice");
    (station, cycle)
}

#[test]
fn gfs_wind_comes_by_ranges_of_its_buckets() {
    let (station, cycle) = fetched_whole("gfs-wind", Feed::Gfs, 6, 7, 12);
    assert_eq!(cycle["series"][0]["times"].as_array().unwrap().len(), 13);
    assert_eq!(cycle["sources"].as_array().unwrap().len(), 13);
    assert!(
        cycle["sources"][0]["origin"]["ranges"][0][1].as_u64() > Some(0),
        "{cycle:#}"
    );
    let requests = station.provider.requests();
    let of_objects: Vec<_> = requests
        .iter()
        .filter(|request| request.path.contains("/atmos/gfs.t") && !request.path.ends_with(".idx"))
        .collect();
    assert!(
        of_objects
            .iter()
            .all(|request| request.method == "HEAD" || request.range.is_some()),
        "whole objects are not asked for: {of_objects:#?}"
    );
    every_value_is_the_source_s(&station, "gfs-wind", 0.00501);
}

#[test]
fn gfs_wave_comes_by_ranges_of_jpeg_2000_messages() {
    let (_, cycle) = fetched_whole("gfs-wave", Feed::GfsWave, 6, 7, 6);
    assert_eq!(cycle["series"][0]["kind"], "waves");
    assert_eq!(cycle["series"][0]["times"].as_array().unwrap().len(), 7);
}

#[test]
fn ecmwf_wind_comes_by_its_json_index() {
    let (station, cycle) = fetched_whole("ecmwf-wind", Feed::Ecmwf, 6, 8, 12);
    assert_eq!(cycle["series"][0]["kind"], "wind");
    assert_eq!(cycle["series"][0]["times"].as_array().unwrap().len(), 5);
    every_value_is_the_source_s(&station, "ecmwf-wind", 0.00501);
}

#[test]
fn cmems_currents_are_found_in_the_newest_version_of_their_dataset() {
    let (station, cycle) = fetched_whole("cmems-currents", Feed::CmemsCurrents, 24, 12, 24);
    assert_eq!(cycle["series"][0]["kind"], "current");
    assert_eq!(cycle["series"][0]["composition"], "eulerian_tide_stokes");
    assert_eq!(
        cycle["series"].as_array().unwrap().len(),
        1,
        "one current of the several pairs is taken"
    );
    every_value_is_the_source_s(&station, "cmems-currents", 0.000501);
}

#[test]
fn cmems_waves_come_as_height_and_direction() {
    let (_, cycle) = fetched_whole("cmems-waves", Feed::CmemsWaves, 12, 12, 24);
    assert_eq!(cycle["series"][0]["kind"], "waves");
}

#[test]
fn norkyst_comes_on_its_own_map() {
    let (_, cycle) = fetched_whole("norkyst", Feed::Norkyst, 24, 6, 24);
    assert_eq!(cycle["series"][0]["kind"], "current");
    assert_eq!(cycle["series"][0]["grid"]["kind"], "projected");
}

/// Its one file holds every step: what is taken of it is a setting.
#[test]
fn more_of_arome_is_taken_when_the_settings_ask_for_more() {
    let (station, cycle) = fetched_whole("arome", Feed::Arome, 6, 6, 6);
    assert_eq!(cycle["series"][0]["times"].as_array().unwrap().len(), 7);
    let settings = std::fs::read_to_string(station.settings()).unwrap();
    std::fs::write(station.settings(), settings.replace("forecast_h = 6", "forecast_h = 9")).unwrap();
    let (said, content) = station.look();
    assert!(content, "{said:#}");
    let cycle = station.cycles("arome")[0].clone();
    assert_eq!(cycle["series"][0]["times"].as_array().unwrap().len(), 10, "{said:#}");
    assert_eq!(cycle["revision"], 2);
}

#[test]
fn meps_comes_step_by_step_and_arome_as_one_file() {
    let (_, cycle) = fetched_whole("meps", Feed::Meps, 6, 6, 6);
    assert_eq!(cycle["series"][0]["kind"], "wind");
    assert_eq!(cycle["series"][0]["grid"]["kind"], "projected");
    let (_, cycle) = fetched_whole("arome", Feed::Arome, 6, 6, 6);
    assert_eq!(cycle["series"][0]["kind"], "wind");
}

/// The folder's files by all three ways, at a station that keeps this much of the past.
fn by_three_ways(files: &Path, hindcast_h: u32) -> Station {
    let station = Station::new(Catalogue::empty().folder("own", files), &[], 12);
    let base = station.provider.base_url();
    let folder = |feed: &str, location: &str| {
        format!("\n[[ingest.folders]]\nfeed = \"{feed}\"\nlocation = \"{location}\"\nattribution = \"Our institute\"\n")
    };
    let settings = [
        folder(WAYS[0], &format!("{base}/plain/own?list-type=2")),
        folder(WAYS[1], &format!("{base}/plain/own/")),
        folder(WAYS[2], files.to_str().unwrap()),
    ];
    let text = std::fs::read_to_string(station.settings()).unwrap();
    let text = text.replace("hindcast_h = 30", &format!("hindcast_h = {hindcast_h}"));
    std::fs::write(station.settings(), format!("{text}{}", settings.concat())).unwrap();
    station
}

const WAYS: [&str; 3] = ["by-bucket", "by-web", "by-disk"];

/// As a file that was written an hour ago.
fn settled(path: &Path) {
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_times(std::fs::FileTimes::new().set_modified(long_ago))
        .unwrap();
}

#[test]
fn files_of_a_bucket_prefix_a_web_folder_and_a_folder_of_this_machine_become_feeds() {
    // A file of yesterday's currents, as a provider gave it.
    let (source, _) = fetched_whole("cmems-currents", Feed::CmemsCurrents, 24, 12, 24);
    let spooled = tree(&source.data().join("spool/cmems-currents"));
    let spooled = spooled.into_iter().max_by_key(|(_, bytes)| *bytes).unwrap().0;
    let files = tempfile::tempdir().unwrap();
    let own = files.path().join("currents.nc");
    std::fs::copy(spooled, &own).unwrap();
    settled(&own);
    let station = by_three_ways(files.path(), 72);
    let (said, content) = station.look();
    assert!(content, "{said:#}\n{:#}", station.status(WAYS[2]));
    for feed in WAYS {
        let cycles = station.cycles(feed);
        assert_eq!(cycles.len(), 1, "{feed}: {:#}", station.status(feed));
        assert_eq!(cycles[0]["series"][0]["kind"], "current");
        assert_eq!(cycles[0]["series"][0]["attribution"], "Our institute");
        every_value_is_the_source_s(&station, feed, 0.000_501);
    }
    let sent = || {
        let requests = station.provider.requests();
        let files = requests.iter().filter(|request| request.path.ends_with("currents.nc"));
        files.filter(|request| request.status == 200).count()
    };
    let before = sent();
    let (said, content) = station.look();
    assert!(content, "{said:#}");
    assert_eq!(sent(), before, "an unchanged file is not fetched again");
    assert!(WAYS.iter().all(|feed| station.cycles(feed)[0]["revision"] == 1));
}

#[test]
fn a_folder_tells_of_what_is_no_forcing_and_leaves_what_is_older_than_its_window() {
    let files = tempfile::tempdir().unwrap();
    for name in [
        "derived_latlon_current_16Nov2015.nc",
        "derived_latlon_wind_16Nov2015.nc",
    ] {
        std::fs::copy(forcing_file(name), files.path().join(name)).unwrap();
    }
    std::fs::write(files.path().join("notes.nc"), "<html>no forcing</html>").unwrap();
    for entry in std::fs::read_dir(files.path()).unwrap() {
        settled(&entry.unwrap().path());
    }
    let station = by_three_ways(files.path(), 8760);
    let (said, _) = station.look();
    for feed in WAYS {
        let status = station.status(feed);
        let problems = status["report"]["problems"].as_array().unwrap();
        let tells_of = |word: &str| {
            problems
                .iter()
                .any(|problem| problem["message"].as_str().unwrap().contains(word))
        };
        assert!(
            tells_of("notes.nc"),
            "{feed} tells of the file that is none: {status:#}\n{said:#}"
        );
        assert!(tells_of("left the window"), "{feed}: {status:#}");
    }
    let data = station.data();
    let cycles = Commands::on(&data).cycles();
    assert!(cycles.is_empty(), "data of 2015 are older than a year: {cycles:#?}");
}

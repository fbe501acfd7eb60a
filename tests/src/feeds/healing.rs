//! What goes wrong once must not stay wrong: providers that heal, disks that flip bits, old cycles that stay incomplete.

use std::path::{Path, PathBuf};

use driftline_provider::{Catalogue, Fault, Feed, Rule};
use jiff::SignedDuration;
use serde_json::Value;

use super::{Station, every_value_is_the_source_s, gfs, run_before, tree};

fn steps(cycle: &Value) -> usize {
    cycle["times"].as_array().unwrap().len()
}

fn problems(station: &Station) -> Vec<Value> {
    station.status("gfs-wind")["report"]["problems"]
        .as_array()
        .unwrap()
        .clone()
}

fn flip_a_bit(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

/// The largest file below a folder of which the name ends so.
fn largest(folder: &Path, ending: &str) -> PathBuf {
    let mut files = tree(folder);
    files.retain(|(path, _)| path.to_string_lossy().ends_with(ending));
    files.into_iter().max_by_key(|(_, bytes)| *bytes).unwrap().0
}

#[test]
fn a_step_with_wrong_values_is_had_from_another_place_in_the_same_look() {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    let wrong = Fault::WrongValues { off_by: 200 };
    station.provider.fault(Rule::new("*noaa-gfs-bdp-pds*f006", wrong));
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!(
        (cycles.len(), steps(&cycles[0])),
        (1, 10),
        "{:#}",
        station.status("gfs-wind")
    );
    let sources = cycles[0]["sources"].as_array().unwrap();
    let source = sources.iter().find(|source| source["name"] == "f006").unwrap();
    let url = source["origin"]["url"].as_str().unwrap();
    assert!(!url.contains("noaa-gfs-bdp-pds"), "{url}");
    let told = problems(&station);
    assert!(
        told.iter()
            .any(|problem| problem["subject"].as_str().unwrap().ends_with("f006")),
        "{told:#?}"
    );
}

#[test]
fn a_step_with_wrong_values_everywhere_keeps_the_steps_before_it_in_and_is_fetched_again_once_it_is_right() {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    let wrong = Fault::WrongValues { off_by: 200 };
    station.provider.fault(Rule::new("*f006*", wrong));
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!(
        (cycles.len(), steps(&cycles[0])),
        (1, 6),
        "{:#}",
        station.status("gfs-wind")
    );
    let missing = cycles[0]["horizon"]["missing"].as_array().unwrap();
    let names: Vec<&str> = missing
        .iter()
        .map(|missing| missing["step"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["f006", "f007", "f008", "f009"]);
    assert_eq!(missing[1]["reason"], "waits for f006", "{missing:#?}");
    let (before, _) = station.sent();
    station.look();
    assert_eq!(
        station.sent().0,
        before,
        "the wrong bytes are known and not fetched again"
    );
    station.provider.faults().clear();
    let (_, content) = station.look();
    let cycles = station.cycles("gfs-wind");
    assert!(content, "{:#}", station.status("gfs-wind"));
    assert_eq!((&cycles[0]["revision"], steps(&cycles[0])), (&2.into(), 10));
}

#[test]
fn an_old_cycle_that_stays_incomplete_is_not_downloaded_again_at_every_look() {
    let newest = run_before(6, 6);
    let runs = [0, 6, 12, 18].map(|hours| newest - SignedDuration::from_hours(hours));
    let catalogue = runs
        .iter()
        .fold(Catalogue::empty(), |all, run| all.cycle(Feed::Gfs, *run));
    let station = Station::new(catalogue, &["gfs-wind"], 6);
    station.provider.withhold(Feed::Gfs, runs[3], 1);
    station.look();
    assert_eq!(station.cycles("gfs-wind").len(), 3, "{:#}", station.status("gfs-wind"));
    let before = station.sent();
    station.look();
    station.look();
    assert_eq!(station.sent(), before);
}

#[test]
fn a_damaged_cycle_before_does_not_keep_the_next_one_from_its_readers() {
    let older = run_before(12, 6);
    let station = Station::new(Catalogue::empty().cycle(Feed::Gfs, older), &["gfs-wind"], 9);
    station.look();
    let objects = station.data().join("objects");
    let prefix = station.cycles("gfs-wind")[0]["prefix"].as_str().unwrap().to_owned();
    flip_a_bit(&largest(&objects.join(prefix), "c/0/0/0"));
    let newer = older + SignedDuration::from_hours(6);
    station.provider.publish(Feed::Gfs, newer);
    station.look();
    let cycles = station.cycles("gfs-wind");
    let newest = cycles.iter().find(|cycle| cycle["run"] == newer.to_string());
    let newest = newest.unwrap_or_else(|| panic!("{:#}", station.status("gfs-wind")));
    let marks = newest["marks"].as_array().unwrap();
    assert!(marks.iter().any(|mark| mark["code"] == "not_compared"), "{newest:#}");
}

#[test]
fn a_bit_that_the_disk_flips_in_a_fetched_file_is_found_and_the_file_fetched_again() {
    let (catalogue, run) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    station.provider.withhold(Feed::Gfs, run, 1);
    station.look();
    assert!(station.cycles("gfs-wind").is_empty());
    flip_a_bit(&largest(&station.data().join("spool/gfs-wind"), "f004"));
    station.provider.release(Feed::Gfs, run, 1);
    station.look();
    assert_eq!(
        steps(&station.cycles("gfs-wind")[0]),
        10,
        "{:#}",
        station.status("gfs-wind")
    );
    every_value_is_the_source_s(&station, "gfs-wind", 0.005_01);
}

#[test]
fn a_provider_that_is_down_is_one_problem_however_many_steps_wait_for_it() {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 48);
    station.provider.fault(Rule::new("*", Fault::Status { status: 503 }));
    station.look();
    let told = problems(&station);
    assert!(!told.is_empty() && told.len() <= 2, "{told:#?}");
    assert_eq!(station.status("gfs-wind")["report"]["counters"]["refused"], 0);
}

#[test]
fn a_listing_that_cannot_be_had_is_one_problem_however_often_it_is_asked_for() {
    let run = run_before(12, 24);
    let station = Station::new(
        Catalogue::empty().cycle(Feed::CmemsCurrents, run),
        &["cmems-currents"],
        24,
    );
    station.provider.fault(Rule::new("*", Fault::Status { status: 503 }));
    let told = || {
        station.look();
        let report = station.status("cmems-currents")["report"].clone();
        report["problems"].as_array().unwrap().clone()
    };
    let (first, again) = (told(), told());
    assert_eq!((first.len(), again.len()), (1, 1), "{again:#?}");
    assert!(again[0]["count"].as_u64() > first[0]["count"].as_u64(), "{again:#?}");
}

#[test]
fn steps_that_come_one_by_one_make_few_revisions() {
    let (catalogue, run) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    for last in 3..=8 {
        station.provider.stop_after(Feed::Gfs, run, last);
        station.look();
    }
    station.provider.resume(Feed::Gfs, run);
    station.look();
    let cycles = station.cycles("gfs-wind");
    // At 3 hours, at 6, and whole.
    assert_eq!(
        (&cycles[0]["revision"], steps(&cycles[0])),
        (&3.into(), 10),
        "{cycles:#?}"
    );
}

#[test]
fn a_cycle_that_is_uploaded_again_with_the_same_bytes_is_fetched_once_more_and_no_revision() {
    let run = run_before(12, 24);
    let station = Station::new(
        Catalogue::empty().cycle(Feed::CmemsCurrents, run),
        &["cmems-currents"],
        24,
    );
    let settings = std::fs::read_to_string(station.settings()).unwrap();
    std::fs::write(
        station.settings(),
        settings.replace("poll_s = 1\n", "poll_s = 1\nrecheck_s = 0\n"),
    )
    .unwrap();
    station.look();
    station.provider.upload_again(Feed::CmemsCurrents, run);
    station.look();
    let once_more = station.sent();
    station.look();
    station.look();
    assert_eq!(station.sent(), once_more);
    assert_eq!(station.cycles("cmems-currents")[0]["revision"], 1);
}

#[test]
fn a_feed_that_has_been_dead_for_a_day_is_late_by_as_much() {
    let run = run_before(21, 6);
    let station = Station::new(Catalogue::empty().cycle(Feed::Gfs, run), &["gfs-wind"], 3);
    station.look();
    let status = station.status("gfs-wind");
    assert_eq!(status["state"], "late", "{status:#}");
    // The first cycle that was missed began 15 hours ago at least, and takes six to be complete; the newest one took its turn since.
    assert!(status["overdue_s"].as_i64() > Some(8 * 3600), "{status:#}");
}

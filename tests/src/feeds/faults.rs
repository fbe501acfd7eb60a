//! What providers and networks do wrong: none of it publishes wrong data or loses right data, and each leaves a sentence.

use driftline_provider::{Catalogue, Fault, Feed, Rule};
use serde_json::Value;

use super::{Station, every_value_is_the_source_s, gfs, run_before};

/// A GFS station whose provider has this fault with the step f003, for good.
fn with_fault(path: &str, fault: Fault) -> Station {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    station.provider.fault(Rule::new(path, fault));
    station
}

fn problems(station: &Station, feed: &str) -> Vec<(String, String)> {
    let status = station.status(feed);
    let problems = status["report"]["problems"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problems
        .iter()
        .map(|problem| (text(&problem["code"]), text(&problem["message"])))
        .collect()
}

/// The fault keeps f003 out, in a revision that says so or in none; a sentence with this word tells why; and once it has gone
/// the cycle becomes whole.
fn kept_out_and_told(path: &str, fault: Fault, word: &str) {
    let what = format!("{fault:?} at {path}");
    let station = with_fault(path, fault);
    station.look();
    let told = problems(&station, "gfs-wind");
    let cycles = station.cycles("gfs-wind");
    for cycle in &cycles {
        let times = cycle["times"].as_array().unwrap().len();
        assert!(times <= 3, "{what}: f003 is not sound and {times} steps are published");
        assert!(
            !cycle["horizon"]["missing"].as_array().unwrap().is_empty(),
            "{what}: {cycle:#}"
        );
    }
    let missing = station.status("gfs-wind");
    let said = format!("{told:?} {missing}");
    assert!(said.contains(word), "{what}: nothing tells '{word}': {said}");
    station.provider.faults().clear();
    let (_, content) = station.look();
    let cycles = station.cycles("gfs-wind");
    assert!(content, "{what}: {:#}", station.status("gfs-wind"));
    assert_eq!(
        cycles[0]["times"].as_array().map(Vec::len),
        Some(10),
        "{what}: {cycles:#?}"
    );
    assert!(cycles[0]["horizon"]["missing"].as_array().unwrap().is_empty(), "{what}");
}

fn the_published_values_are_the_source_s(station: &Station) {
    station.provider.faults().clear();
    every_value_is_the_source_s(station, "gfs-wind", 0.005_01);
}

const STEP: &str = "*pgrb2.0p25.f003";
/// The step wherever it may be had from, index and filter included.
const EVERYWHERE: &str = "*f003*";

#[test]
fn a_truncated_or_empty_file_is_kept_out() {
    kept_out_and_told(EVERYWHERE, Fault::TruncatedFile { bytes: 200 }, "f003");
    kept_out_and_told(EVERYWHERE, Fault::EmptyBody, "f003");
}

#[test]
fn a_page_with_status_200_is_kept_out() {
    kept_out_and_told(EVERYWHERE, Fault::HtmlPage, "f003");
}

#[test]
fn a_storm_of_redirects_is_never_followed_and_never_taken_for_absence() {
    let station = with_fault(EVERYWHERE, Fault::Redirect);
    station.look();
    let told = problems(&station, "gfs-wind");
    assert!(told.iter().any(|(_, message)| message.contains("throttle")), "{told:?}");
    let requests = station.provider.requests();
    let at_step = requests.iter().filter(|request| request.path.contains("f003")).count();
    assert!(at_step <= 40, "{at_step} requests for one step");
    assert!(
        requests
            .iter()
            .all(|request| !request.path.contains("validate") && !request.path.contains("captcha")),
        "the page that it points to was not asked for"
    );
}

#[test]
fn another_grid_another_step_and_another_cycle_are_refused_by_name() {
    kept_out_and_told(EVERYWHERE, Fault::OtherStep { hours: 3 }, "f003");
    kept_out_and_told(EVERYWHERE, Fault::OtherCycle { hours: 6 }, "f003");
    kept_out_and_told(EVERYWHERE, Fault::WrongGrid, "another grid");
}

#[test]
fn values_that_cannot_be_are_kept_out() {
    kept_out_and_told(EVERYWHERE, Fault::WrongValues { off_by: 200 }, "f003");
}

#[test]
fn damaged_bytes_are_kept_out() {
    kept_out_and_told(EVERYWHERE, Fault::Corrupt, "f003");
}

#[test]
fn a_stale_index_is_passed_by_and_the_right_messages_are_found_all_the_same() {
    let station = with_fault("*f003.idx", Fault::StaleIndex { by: 128 });
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!(
        cycles[0]["times"].as_array().unwrap().len(),
        10,
        "{:#}",
        station.status("gfs-wind")
    );
    the_published_values_are_the_source_s(&station);
}

#[test]
fn a_renamed_variable_is_refused_by_name() {
    let run = run_before(12, 24);
    let station = Station::new(
        Catalogue::empty().cycle(Feed::CmemsCurrents, run),
        &["cmems-currents"],
        24,
    );
    station.provider.fault(Rule::new("*SMOC_*", Fault::RenamedVariable));
    station.look();
    assert!(station.cycles("cmems-currents").is_empty());
    let told = problems(&station, "cmems-currents");
    assert!(
        told.iter()
            .any(|(_, message)| message.contains("utotal") || message.contains("current")),
        "{told:?}"
    );
}

#[test]
fn servers_in_trouble_are_retried_and_the_cycle_comes_after_all() {
    for fault in [
        Fault::Status { status: 503 },
        Fault::Status { status: 500 },
        Fault::TooManyRequests { retry_after: 1 },
        Fault::Reset { after: 50 },
        Fault::TruncatedBody { after: 50 },
        Fault::IgnoredRange,
        Fault::WrongContentRange { by: 7 },
    ] {
        let what = format!("{fault:?}");
        let (catalogue, _) = gfs();
        let station = Station::new(catalogue, &["gfs-wind"], 6);
        station.provider.fault(Rule::new(STEP, fault).once());
        station.look();
        station.look();
        let cycles = station.cycles("gfs-wind");
        assert_eq!(cycles.len(), 1, "{what}: {:#}", station.status("gfs-wind"));
        assert_eq!(cycles[0]["times"].as_array().unwrap().len(), 7, "{what}: {cycles:#?}");
        the_published_values_are_the_source_s(&station);
    }
}

#[test]
fn where_the_buckets_have_nothing_the_young_cycle_comes_from_nomads() {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 6);
    for bucket in ["*noaa-gfs-bdp-pds*", "*global-forecast-system*", "*noaagfs*"] {
        station.provider.fault(Rule::new(bucket, Fault::Status { status: 404 }));
    }
    let (said, content) = station.look();
    let cycles = station.cycles("gfs-wind");
    assert!(content, "{said:#}\n{:#}", station.status("gfs-wind"));
    assert_eq!(cycles[0]["times"].as_array().unwrap().len(), 7);
    let url = cycles[0]["sources"][0]["origin"]["url"].as_str().unwrap();
    assert!(url.contains("nomads"), "{url}");
}

#[test]
fn two_ingesters_at_once_publish_one_cycle() {
    let (catalogue, _) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    let one = station.command(&["ingest", "run", "--once"]).spawn().unwrap();
    let other = station.command(&["ingest", "run", "--once"]).spawn().unwrap();
    for child in [one, other] {
        child.wait_with_output().unwrap();
    }
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!((cycles.len(), &cycles[0]["revision"]), (1, &1.into()));
    assert_eq!(cycles[0]["times"].as_array().unwrap().len(), 10);
}

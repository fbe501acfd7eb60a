//! Ingests of feeds that are killed at random moments, over repeated cycles, with a reader beside them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use driftline_provider::{Catalogue, Feed};

use super::{Station, every_value_is_the_source_s, run_before, tree};
use crate::harness::{Chance, Commands};

/// `make test` kills ten times; `make soak` sets the variable.
fn kills() -> usize {
    let Some(wanted) = std::env::var_os("DRIFTLINE_SOAK_KILLS") else {
        return 10;
    };
    let number = wanted.to_str().and_then(|wanted| wanted.parse().ok());
    number.expect("DRIFTLINE_SOAK_KILLS is a number")
}

#[test]
fn killed_ingests_lose_nothing_fetch_nothing_twice_and_show_readers_whole_cycles_only() {
    let mut chance = Chance::new(6);
    let (wanted, mut killed) = (kills(), 0);
    let mut whole = Duration::from_millis(1500);
    while killed < wanted {
        let run = run_before(7, 6);
        let station = Station::new(Catalogue::empty().cycle(Feed::Gfs, run), &["gfs-wind"], 30);
        let mut here = 0;
        let mut finished_before = Vec::new();
        loop {
            let began = Instant::now();
            let mut child = station
                .command(&["ingest", "run", "--once"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let limit = whole.mul_f64(chance.below(1000) as f64 / 1000.0);
            let ended = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if began.elapsed() >= limit && killed + here < wanted {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break None;
                }
                std::thread::sleep(Duration::from_millis(2));
            };
            readers_see_whole_cycles_only(&station);
            match ended {
                None => {
                    here += 1;
                    finished_before.push((finished_parts(&station), station.provider.requests().len()));
                }
                Some(status) => {
                    assert!(status.success(), "{:#}", station.status("gfs-wind"));
                    whole = whole.min(began.elapsed());
                    break;
                }
            }
        }
        killed += here;
        finished(&station, &finished_before);
    }
}

/// Names of the steps that are in the spool, whole and with their receipt.
fn finished_parts(station: &Station) -> Vec<String> {
    let files = tree_or_nothing(&station.data().join("spool"));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let names: Vec<String> = files.iter().map(|(path, _)| name(path)).collect();
    let receipts = names.iter().filter_map(|name| name.strip_suffix(".receipt"));
    receipts
        .filter(|part| names.iter().any(|name| name == part))
        .map(str::to_owned)
        .collect()
}

fn tree_or_nothing(folder: &Path) -> Vec<(PathBuf, u64)> {
    if folder.is_dir() { tree(folder) } else { Vec::new() }
}

/// Whatever is visible is whole: the catalog can read it, checksum by checksum.
fn readers_see_whole_cycles_only(station: &Station) {
    let data = station.data();
    if !data.join("objects/forcing/manifests").exists() {
        return;
    }
    let cycles = Commands::on(&data).json(&["catalog", "--verify"]);
    for cycle in cycles["cycles"].as_array().unwrap() {
        assert_eq!(cycle["times"].as_array().unwrap().len(), 31, "{cycle:#}");
    }
}

/// The cycle is there, no finished step was fetched twice, and another look changes nothing.
fn finished(station: &Station, finished_before: &[(Vec<String>, usize)]) {
    assert_eq!(station.cycles("gfs-wind").len(), 1);
    let requests = station.provider.requests();
    for (parts, asked_before) in finished_before {
        for request in requests
            .iter()
            .skip(*asked_before)
            .filter(|request| matches!(request.status, 200 | 206))
        {
            let again = parts.iter().find(|part| request.path.ends_with(&format!(".{part}")));
            assert!(
                again.is_none(),
                "{again:?} was finished and is fetched again: {request:?}"
            );
        }
    }
    let before = tree(&station.data().join("objects/forcing/gfs-wind"));
    let (_, requests) = station.sent();
    station.look();
    assert_eq!(
        tree(&station.data().join("objects/forcing/gfs-wind")),
        before,
        "a second run writes nothing"
    );
    assert_eq!(station.sent().1, requests, "a second run fetches nothing");
    every_value_is_the_source_s(station, "gfs-wind", 0.005_01);
}

//! A disk that is full at any moment of an ingest: nothing wrong becomes visible, the words say what it is, and with room the
//! work goes on from where it stopped.

use std::process::Command;

use driftline_provider::{Catalogue, Feed};

use super::{Station, every_value_is_the_source_s, run_before, tree};
use crate::harness::{Commands, run, shared_object};

/// Places in the course of one ingest at which the disk is full.
const PLACES: u64 = 9;

/// The command with a disk that takes so many bytes more.
fn on_full_disk(station: &Station, arguments: &[&str], bytes: u64) -> Command {
    let mut command = station.command(arguments);
    command
        .env("LD_PRELOAD", shared_object("tests/full_disk/shim.c"))
        .env("DRIFTLINE_DISK", station.data())
        .env("DRIFTLINE_DISK_BYTES", bytes.to_string());
    command
}

fn whole_cycles_only(station: &Station, what: &str) -> usize {
    let data = station.data();
    let cycles = Commands::on(&data).json(&["catalog", "--verify"])["cycles"].clone();
    let cycles = cycles.as_array().unwrap();
    for cycle in cycles {
        assert_eq!(cycle["times"].as_array().map(Vec::len), Some(10), "{what}: {cycle:#}");
    }
    cycles.len()
}

#[test]
fn a_disk_that_is_full_at_any_moment_hides_nothing_and_shows_nothing_wrong() {
    let catalogue = || Catalogue::empty().cycle(Feed::Gfs, run_before(6, 6));
    let with_room = Station::new(catalogue(), &["gfs-wind"], 9);
    with_room.look();
    let needed: u64 = tree(&with_room.data()).iter().map(|(_, bytes)| bytes).sum();

    let mut told = 0;
    for place in 0..PLACES {
        let station = Station::new(catalogue(), &["gfs-wind"], 9);
        let bytes = needed * place / PLACES;
        let what = format!("room for {bytes} of {needed} bytes");
        let done = run(&mut on_full_disk(&station, &["ingest", "run", "--once"], bytes));
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        assert!(!said.contains("panicked"), "{what}: {said}");
        let published = whole_cycles_only(&station, &what);
        if published == 0 {
            assert!(!done.status.success(), "{what}: {said}");
            let words = said.to_lowercase();
            assert!(
                words.contains("full") || words.contains("no space left"),
                "{what}: {said}"
            );
            told += 1;
        }
        let fetched_before = station.sent().1;
        let (said, content) = station.look();
        assert!(content, "{what}: {said:#}");
        assert_eq!(whole_cycles_only(&station, &what), 1, "{what}");
        assert!(
            station.sent().1 <= fetched_before + 11,
            "{what}: parts are fetched once"
        );
        every_value_is_the_source_s(&station, "gfs-wind", 0.005_01);
    }
    assert!(
        told >= 6,
        "the disk was full before the cycle was published in {told} of {PLACES} runs"
    );
}

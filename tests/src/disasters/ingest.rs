//! Forcing comes in while the machine fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{End, Ground, Strike, killed_after, left_alone};
use crate::harness::{Chance, OFF_NORWAY, forcing_file, json_of, python};
use crate::powercut::{Disk, Loss};

const FEED: &str = OFF_NORWAY[0].0;

/// Strikes an ingest at random moments, again and again on the same ground until it got through once, and then leaves it
/// alone; begins anew on other grounds until this many ingests were cut short.
fn strike_ingest(seed: u64, wanted: usize, strikes: &[Strike]) {
    let file = forcing_file(OFF_NORWAY[0].1);
    let arguments = ["ingest", "file", file.to_str().unwrap(), "--feed", FEED];
    let mut chance = Chance::new(seed);
    let untouched = Ground::for_strikes(strikes);
    let mut whole_time = left_alone(&untouched, &arguments);
    let (mut cut_short, mut struck) = (0, 0);
    let mut left = vec![untouched];
    while cut_short < wanted {
        let mut ground = Ground::for_strikes(strikes);
        for strike in strikes {
            struck += 1;
            let time = whole_time.mul_f64(chance.below(1000) as f64 / 1000.0);
            let end = killed_after(&ground, &arguments, time);
            ground = ground.after(*strike);
            let what = format!("seed {seed}, strike {struck}: {strike:?} after {time:?} of {whole_time:?}: {end:?}");
            let cycles = ground.cycles();
            assert!(cycles <= 1, "{what}: {cycles} cycles");
            if let End::ByItself(time) = end {
                assert_eq!(cycles, 1, "{what}: the cycle was acknowledged and is gone");
                whole_time = whole_time.min(time);
                break;
            }
            cut_short += 1;
        }
        assert!(
            struck < 6 * wanted,
            "{struck} strikes cut only {cut_short} ingests short"
        );
        left_alone(&ground, &arguments);
        ground = match strikes[0] {
            Strike::Kill => ground,
            Strike::PowerCut(_) => ground.after(Strike::PowerCut(Loss::Everything)),
        };
        assert_eq!(ground.cycles(), 1, "seed {seed}: ingested after all");
        left.push(ground);
    }
    let objects: Vec<String> = left
        .iter()
        .map(|ground| ground.data().join("objects").display().to_string())
        .collect();
    let found = python(
        "store_whole.py",
        &objects.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let values: BTreeSet<String> = found.as_array().unwrap().iter().flat_map(values_of).collect();
    assert_eq!(values.len(), 1, "every store holds the same values: {found}");
    println!(
        "{cut_short} of {struck} ingests cut short within {whole_time:?}: all {} stores whole",
        left.len()
    );
}

/// Revisions of one store, each with what it holds.
fn values_of(store: &Value) -> Vec<String> {
    store
        .as_array()
        .unwrap()
        .iter()
        .map(|cycle| format!("{} {} {}", cycle["feed"], cycle["run"], cycle["values"]))
        .collect()
}

#[test]
fn a_kill_at_any_moment_of_an_ingest_leaves_no_half_cycle() {
    strike_ingest(11, 8, &[Strike::Kill; 4]);
}

#[test]
fn a_power_cut_at_any_moment_of_an_ingest_leaves_no_half_cycle_and_takes_no_acknowledged_one() {
    let cut = Strike::PowerCut;
    strike_ingest(
        12,
        6,
        &[cut(Loss::Everything), cut(Loss::ByChance(1)), cut(Loss::Everything)],
    );
    strike_ingest(
        13,
        6,
        &[
            cut(Loss::ByChance(2)),
            Strike::Kill,
            cut(Loss::Everything),
            cut(Loss::ByChance(3)),
        ],
    );
}

#[test]
fn a_power_cut_right_after_each_acknowledgement_takes_nothing_back() {
    let file = forcing_file(OFF_NORWAY[1].1);
    let cut = |ground: Ground| ground.after(Strike::PowerCut(Loss::Everything));
    let mut ground = Ground::Disk(Disk::new());
    ground.json(&["ingest", "file", file.to_str().unwrap(), "--feed", FEED]);
    ground = cut(ground);
    assert_eq!(ground.cycles(), 1, "an ingested cycle");
    ground.json(&["orgs", "create", "durable"]);
    ground = cut(ground);
    let made = ground.json(&["keys", "create", "--org", "durable"]);
    ground = cut(ground);
    let keys = ground.json(&["keys", "list", "--org", "durable"]).to_string();
    assert!(keys.contains(made["id"].as_str().unwrap()), "{keys}");
}

#[test]
fn on_a_disk_that_lies_about_syncs_acknowledged_things_are_lost_and_seen_to_be() {
    let file = forcing_file(OFF_NORWAY[1].1);
    let ground = Ground::Disk(Disk::new());
    for arguments in [
        &["ingest", "file", file.to_str().unwrap(), "--json"][..],
        &["orgs", "create", "lost", "--json"],
    ] {
        json_of(ground.command(arguments).env("POWERCUT_BLIND", "1"));
    }
    assert_eq!(ground.cycles(), 1);
    let ground = ground.after(Strike::PowerCut(Loss::Everything));
    // The whole data directory is gone; this command makes a new one.
    let organisations = ground.json(&["orgs", "list"]);
    assert_eq!(organisations["organisations"], json!([]));
    assert_eq!(ground.cycles(), 0);
}

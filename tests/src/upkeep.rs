//! What an operator does besides: looking at a store that takes nothing more, taking a cycle back, testing settings.

use crate::harness::{Commands, OFF_NORWAY, Prepared, run, scratch};

const RUN: &str = "2015-11-16T00:00:00Z";

#[test]
fn a_store_that_takes_nothing_more_still_tells_what_it_holds() {
    let prepared = Prepared::new();
    let data = prepared.data();
    let commands = Commands::on(&data);
    // Nothing can be created below a file, not even by root, whom a mount that is read only would stop.
    let staging = data.join("objects/staging");
    if staging.exists() {
        std::fs::remove_dir_all(&staging).unwrap();
    }
    std::fs::write(&staging, "no folder").unwrap();
    assert_eq!(commands.cycles().len(), OFF_NORWAY.len());
    for arguments in [
        &["catalog", "--verify"][..],
        &["catalog", "holds"],
        &["catalog", "lineage", OFF_NORWAY[0].0, RUN],
        &["ingest", "status", "--all"],
    ] {
        let done = run(&mut commands.command(arguments));
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}");
    }
    let refused = commands.refused(&["catalog", "hold", OFF_NORWAY[0].0, "--why", "late incident"]);
    assert!(refused.contains("cannot be used"), "{refused}");
}

#[test]
fn a_cycle_is_withdrawn_by_hand_when_it_is_said_twice() {
    let prepared = Prepared::new();
    let data = prepared.data();
    let commands = Commands::on(&data);
    let (feed, other) = (OFF_NORWAY[0].0, OFF_NORWAY[1].0);
    let retire = ["catalog", "retire", feed, RUN, "--why", "wrong datum"];
    let refused = commands.refused(&retire);
    assert!(refused.contains("--yes"), "{refused}");
    assert_eq!(commands.cycles().len(), 2, "nothing is done before that");
    let done = commands.json(&[&retire[..], &["--yes"]].concat());
    assert_eq!(done["retired"], serde_json::json!([1]), "{done:#}");
    let cycles = commands.cycles();
    assert!(cycles.len() == 1 && cycles[0]["feed"] == other, "{cycles:#?}");
    let refused = commands.refused(&[&retire[..], &["--yes"]].concat());
    assert!(refused.contains("does not exist"), "{refused}");
    commands.json(&["catalog", "hold", feed, "--run", RUN, "--why", "it was right"]);
    assert_eq!(commands.cycles().len(), 2, "a hold brings it back");
}

#[test]
fn settings_of_feeds_are_tested_as_a_whole_before_anything_is_touched() {
    let folder = scratch("settings");
    let (file, data) = (folder.path().join("driftline.toml"), folder.path().join("data"));
    let settings = "[ingest]\nfeeds = [\"gfs-windd\"]\ncut = [\"nope\"]\nmirror = \"http://me:hidden@m.example/\"\n\
                    [ingest.places.meps]\nmoon = \"http://a.example/\"\n\
                    [[ingest.folders]]\nfeed = \"BAD NAME\"\nlocation = \"\"\n\
                    [[ingest.folders]]\nfeed = \"ours\"\nlocation = \"/srv/a\"\n\
                    [[ingest.folders]]\nfeed = \"ours\"\nlocation = \"http://me:hidden@b.example/\"\n";
    std::fs::write(&file, settings).unwrap();
    for arguments in [
        &["config", "check"][..],
        &["serve", "--listen", "127.0.0.1:0"],
        &["ingest", "run", "--once"],
    ] {
        let done = run(Commands::on(&data).command(arguments).arg("--config").arg(&file));
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(64), "{arguments:?}: {said}");
        for key in [
            "ingest.feeds[0]: ",
            "ingest.cut[0]: ",
            "ingest.places.meps: ",
            "ingest.folders[0].feed: ",
            "ingest.folders[0].location: ",
            "ingest.folders[2].feed: ",
        ] {
            assert!(said.contains(key), "{arguments:?}: {key} in {said}");
        }
        assert!(!said.contains("hidden"), "{said}");
    }
    assert!(!data.exists(), "nothing is created with settings that cannot be used");
    for arguments in [&["config", "print"][..], &["config", "print", "--json"]] {
        let done = run(Commands::on(&data).command(arguments).arg("--config").arg(&file));
        let printed = String::from_utf8_lossy(&done.stdout);
        assert!(
            printed.contains("http://(not shown)@m.example/") && !printed.contains("hidden"),
            "{printed}"
        );
    }
}

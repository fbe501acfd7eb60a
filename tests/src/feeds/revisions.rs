//! Late, partial and re-issued cycles.

use driftline_provider::{Catalogue, Feed};

use super::{Station, gfs, run_before};

#[test]
fn a_late_cycle_is_published_as_far_as_it_goes_and_completed_as_a_further_revision() {
    let (catalogue, run) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    station.provider.stop_after(Feed::Gfs, run, 5);
    station.look();
    let first = station.cycles("gfs-wind");
    assert_eq!(first.len(), 1, "{:#}", station.status("gfs-wind"));
    assert_eq!(
        (&first[0]["revision"], first[0]["times"].as_array().unwrap().len()),
        (&1.into(), 6)
    );
    let missing = first[0]["horizon"]["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 4, "{first:#?}");
    assert!(missing[0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    let status = station.status("gfs-wind");
    assert_eq!(status["state"], "late", "{status:#}");
    assert!(status["overdue_s"].as_i64() > Some(0), "{status:#}");

    let (sent, _) = station.sent();
    station.provider.resume(Feed::Gfs, run);
    let (said, content) = station.look();
    assert!(content, "{said:#}");
    let second = station.cycles("gfs-wind");
    assert_eq!(
        (&second[0]["revision"], second[0]["times"].as_array().unwrap().len()),
        (&2.into(), 10)
    );
    assert_eq!(second[0]["horizon"]["missing"].as_array().unwrap().len(), 0);
    assert_ne!(
        first[0]["prefix"], second[0]["prefix"],
        "every revision is whole under its own prefix"
    );
    let objects = station.data().join("objects");
    for cycle in [&first[0], &second[0]] {
        let prefix = objects.join(cycle["prefix"].as_str().unwrap());
        assert!(
            prefix.join("zarr.json").is_file(),
            "{} is still there",
            prefix.display()
        );
    }
    let of_each = sent / 6;
    let (sent_in_all, _) = station.sent();
    assert!(
        sent_in_all - sent < 5 * of_each,
        "only the four steps that had failed are fetched: {sent} then {sent_in_all}"
    );
}

#[test]
fn a_step_that_is_missing_in_the_middle_is_told_and_no_hole_is_published() {
    let (catalogue, run) = gfs();
    let station = Station::new(catalogue, &["gfs-wind"], 9);
    station.provider.withhold(Feed::Gfs, run, 6);
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!(cycles[0]["times"].as_array().unwrap().len(), 6, "f000 to f005");
    assert_eq!(cycles[0]["horizon"]["missing"][0]["step"], "f006", "{cycles:#?}");
    station.provider.release(Feed::Gfs, run, 6);
    station.look();
    let cycles = station.cycles("gfs-wind");
    assert_eq!(
        (&cycles[0]["revision"], cycles[0]["times"].as_array().unwrap().len()),
        (&2.into(), 10)
    );
}

#[test]
fn a_cycle_that_its_provider_writes_anew_becomes_a_revision_and_the_old_one_stays() {
    let run = run_before(12, 24);
    let station = Station::new(
        Catalogue::empty().cycle(Feed::CmemsCurrents, run),
        &["cmems-currents"],
        24,
    );
    station.look();
    let first = station.cycles("cmems-currents");
    assert_eq!(first.len(), 1, "{:#}", station.status("cmems-currents"));
    station.provider.reissue(Feed::CmemsCurrents, run);
    station.look();
    assert_eq!(
        station.cycles("cmems-currents")[0]["revision"],
        1,
        "a fresh cycle is not asked about at once"
    );
    let text = std::fs::read_to_string(station.settings()).unwrap();
    std::fs::write(
        station.settings(),
        text.replace("poll_s = 1\n", "poll_s = 1\nrecheck_s = 0\n"),
    )
    .unwrap();
    let (said, content) = station.look();
    assert!(content, "{said:#}\n{:#}", station.status("cmems-currents"));
    let second = station.cycles("cmems-currents");
    assert_eq!(second[0]["revision"], 2, "{:#}", station.status("cmems-currents"));
    assert_ne!(first[0]["checksum"], second[0]["checksum"]);
    let old = station
        .data()
        .join("objects")
        .join(first[0]["prefix"].as_str().unwrap());
    assert!(old.join("zarr.json").is_file(), "the revision before stays addressable");
    station.look();
    assert_eq!(
        station.cycles("cmems-currents")[0]["revision"],
        2,
        "the same content makes no revision"
    );
}

//! Land: what is in the way stops a particle, however thin; what starts on land is put to sea.

use driftline_coast::Coast;
use driftline_leeway::{Continue, Error, Status, run};

use crate::sea::{START_S, apart_m, buoy, completed, constant, distance_m, place, quiet};

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Vec<(f64, f64)> {
    vec![(west, south), (east, south), (east, north), (west, north)]
}

#[test]
fn a_thin_island_is_not_jumped_and_tells_place_and_time() {
    // An island 0.002 degrees (222 m) wide, steps of 3.6 km: the end of the step lies far beyond it.
    let start = place(0.0, 4.0);
    let island = Coast::from_polygons(&[rectangle(4.05, -0.1, 4.052, 0.1)]).unwrap();
    let mut spec = quiet(buoy(), start, 2);
    (spec.step_s, spec.steps, spec.steps_per_output) = (3_600, 6, 1);
    let outcome = completed(&spec, &constant(start, 6, (1.0, 0.0), (0.0, 0.0)), &island);
    let ended = outcome.ended[0].unwrap();
    assert_eq!(ended.status, Status::Stranded);
    let (east_m, _) = apart_m((4.05, 0.0), (ended.lon_deg, ended.lat_deg));
    // Coasts from polygons are rounded to 1/7680 degree (14.5 m); the shore gives a metre.
    assert!((-9.0..8.0).contains(&east_m), "{east_m}");
    assert!(!island.on_land(ended.lon_deg, ended.lat_deg));
    let way_m = distance_m((4.0, 0.0), (ended.lon_deg, ended.lat_deg));
    assert!((ended.time_s - START_S as f64 - way_m).abs() < 1.0, "{ended:?} {way_m}");
    // Stranded stays stranded, at the same place.
    let states: Vec<_> = outcome.snapshots.iter().map(|s| s.status[0]).collect();
    assert_eq!(states[..2], [Status::Active, Status::Active]);
    assert!(states[2..].iter().all(|status| *status == Status::Stranded));
    assert!(
        outcome.snapshots[2..]
            .iter()
            .all(|s| s.lon_deg[0] == ended.lon_deg && s.lat_deg[0] == ended.lat_deg)
    );
    assert_eq!(outcome.stats.particle_steps, 4, "two particles, two steps each");
}

#[test]
fn without_the_island_the_same_run_passes() {
    let start = place(0.0, 4.0);
    let aside = Coast::from_polygons(&[rectangle(4.05, 0.01, 4.052, 0.1)]).unwrap();
    let mut spec = quiet(buoy(), start, 1);
    (spec.step_s, spec.steps, spec.steps_per_output) = (3_600, 6, 1);
    let outcome = completed(&spec, &constant(start, 6, (1.0, 0.0), (0.0, 0.0)), &aside);
    assert_eq!(outcome.ended, [None]);
    assert!(outcome.snapshots[6].lon_deg[0] > 4.19);
}

#[test]
fn an_island_on_the_antimeridian_is_hit_from_either_side() {
    let island = Coast::from_polygons(&[rectangle(179.999, -0.1, 180.001, 0.1)]).unwrap();
    for (lon, east_ms) in [(179.97, 1.0), (-179.97, -1.0)] {
        let start = place(0.0, lon);
        let mut spec = quiet(buoy(), start, 1);
        (spec.step_s, spec.steps, spec.steps_per_output) = (3_600, 6, 6);
        let outcome = completed(&spec, &constant(start, 6, (east_ms, 0.0), (0.0, 0.0)), &island);
        let ended = outcome.ended[0].unwrap();
        assert_eq!(ended.status, Status::Stranded);
        let (east_m, _) = apart_m((180.0, 0.0), (ended.lon_deg, ended.lat_deg));
        assert!(
            (east_m.abs() - 111.3).abs() < 9.0 && east_m * f64::from(east_ms) < 0.0,
            "{lon}: {east_m}"
        );
    }
}

#[test]
fn starts_on_land_go_to_the_nearest_sea_in_metres() {
    // At 60 degrees an island 0.2 degrees high and 0.2 wide is 22 km high but only 11 km wide: from its middle the
    // sea is nearer in the east or west.
    let start = place(60.0, 4.0);
    let island = Coast::from_polygons(&[rectangle(3.9, 59.9, 4.1, 60.1)]).unwrap();
    let mut spec = quiet(buoy(), start, 500);
    spec.steps = 1;
    let outcome = completed(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 0.0)), &island);
    assert_eq!(outcome.seeds_moved.count, 500);
    let half_width_m = apart_m((4.0, 60.0), (4.1, 60.0)).0;
    assert!(
        (outcome.seeds_moved.max_distance_m - half_width_m).abs() < 40.0,
        "{:?} {half_width_m}",
        outcome.seeds_moved
    );
    let first = &outcome.snapshots[0];
    assert!(!island.on_land(first.lon_deg[0], first.lat_deg[0]));
    assert!(outcome.ended.iter().all(Option::is_none));

    // Scattered by 20 km only some start on land; no one is left there.
    spec.groups[0].release.sigma_m = 20_000.0;
    let outcome = completed(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 0.0)), &island);
    assert!(
        (10..200).contains(&outcome.seeds_moved.count),
        "{:?}",
        outcome.seeds_moved
    );
    let first = &outcome.snapshots[0];
    assert!((0..500).all(|p| !island.on_land(first.lon_deg[p], first.lat_deg[p])));
}

#[test]
fn a_release_far_inland_is_refused() {
    let start = place(10.0, 20.0);
    let continent = Coast::from_polygons(&[rectangle(15.0, 5.0, 25.0, 15.0)]).unwrap();
    let refused = run(
        &quiet(buoy(), start, 10),
        &constant(start, 24, (0.0, 0.0), (0.0, 0.0)),
        &continent,
        &|_| Continue::Go,
    );
    let expected = Error::ReleaseOnLand {
        lat_deg: 10.0,
        lon_deg: 20.0,
        reach_km: 100.0,
    };
    assert_eq!(refused.unwrap_err(), expected);
    assert!(expected.to_string().contains("latitude 10, longitude 20"));
}

#[test]
fn single_starts_far_inland_end_there_and_say_so() {
    // The shore runs 90 km east of the release; a wide scatter puts some particles farther inland than 100 km.
    let start = place(0.0, 20.0);
    let continent = Coast::from_polygons(&[rectangle(10.0, -10.0, 20.8, 10.0)]).unwrap();
    let mut spec = quiet(buoy(), start, 300);
    (spec.groups[0].release.sigma_m, spec.steps) = (30_000.0, 1);
    let outcome = completed(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 0.0)), &continent);
    let inland: Vec<_> = outcome.ended.iter().flatten().collect();
    assert!((20..250).contains(&inland.len()), "{}", inland.len());
    assert!(
        inland
            .iter()
            .all(|ended| ended.status == Status::SeededOnLand && ended.time_s == START_S as f64)
    );
    assert!(
        (95_000.0..=100_000.0).contains(&outcome.seeds_moved.max_distance_m),
        "{:?}",
        outcome.seeds_moved
    );
    let first = &outcome.snapshots[0];
    for (particle, ended) in outcome.ended.iter().enumerate() {
        assert_eq!(
            continent.on_land(first.lon_deg[particle], first.lat_deg[particle]),
            ended.is_some()
        );
    }
}

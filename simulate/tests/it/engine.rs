//! The engine on real forcing files: what is covered, where a run ends, what is repeatable.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::{CurrentError, ForcingKind, MissionSpec, ObjectClass};
use driftline_leeway::Status;
use driftline_simulate::{Continue, Engine, Error, ForcingOrigin, Forecast};
use serde_json::json;

fn forcing(names: &[&str]) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/forcing");
    names.iter().map(|name| folder.join(name)).collect()
}

fn engine(names: &[&str], threads: usize) -> Engine {
    Engine {
        compute: Compute::new(threads).unwrap(),
        coast: Arc::new(Coast::embedded().unwrap()),
        origin: ForcingOrigin::open_files(&forcing(names)).unwrap(),
    }
}

pub(crate) fn norway(threads: usize) -> Engine {
    engine(
        &["norkyst800_subset_16Nov2015.nc", "arome_subset_16Nov2015.nc"],
        threads,
    )
}

pub(crate) fn mission(lat: f64, lon: f64, time: &str, hours: u32) -> MissionSpec {
    MissionSpec::from_json(&json!({
        "last_known_lat": lat, "last_known_lon": lon, "last_known_time": time, "object_type": "PIW-1",
        "forecast_hours": hours, "ensemble_size": 300
    }))
    .unwrap()
}

pub(crate) async fn forecast(engine: &Engine, spec: &MissionSpec) -> Result<Forecast, Error> {
    engine.forecast(spec, 11, Arc::new(|_| Continue::Go)).await
}

#[tokio::test]
async fn a_start_without_values_is_not_covered_although_it_is_within_the_grid() {
    let engine = norway(2);
    // A corner of the current's grid that has no values, a place outside of both grids, and a day without forcing.
    for (spec, kinds, place_is_covered) in [
        (
            mission(61.85, 2.6, "2015-11-16T00:00:00Z", 24),
            vec![ForcingKind::Current],
            true,
        ),
        (
            mission(40.0, 4.0, "2015-11-16T00:00:00Z", 24),
            vec![ForcingKind::Current, ForcingKind::Wind],
            false,
        ),
        (
            mission(60.15, 4.1, "2015-11-20T00:00:00Z", 24),
            vec![ForcingKind::Current, ForcingKind::Wind],
            true,
        ),
    ] {
        let refused = engine.reach(&spec).await.unwrap_err();
        let Error::NotCovered { lacking, .. } = &refused else {
            panic!("{refused}")
        };
        assert_eq!(
            lacking.iter().map(|one| one.kind).collect::<Vec<_>>(),
            kinds,
            "{refused}"
        );
        assert!(
            lacking.iter().all(|one| one.place_is_covered == place_is_covered),
            "{refused}"
        );
        assert!(
            refused.to_string().contains("covers latitude 59.32 to 61.89"),
            "{refused}"
        );
        let again = forecast(&engine, &spec).await.err().unwrap();
        assert_eq!(again.to_string(), refused.to_string());
    }
}

#[tokio::test]
async fn a_run_ends_where_forcing_ends_and_says_so() {
    let engine = norway(2);
    let spec = mission(60.15, 4.1, "2015-11-18T10:00:00Z", 24);
    assert_eq!(
        engine.reach(&spec).await.unwrap().valid_until.to_string(),
        "2015-11-18T18:00:00Z"
    );
    let forecast = forecast(&engine, &spec).await.unwrap();
    assert_eq!(forecast.valid_until.to_string(), "2015-11-18T18:00:00Z");
    assert!(forecast.cut_short);
    assert_eq!(forecast.outcome.snapshots.len(), 9);
    let too_late = mission(60.15, 4.1, "2015-11-18T17:55:00Z", 24);
    assert!(matches!(engine.reach(&too_late).await, Err(Error::EndsAtOnce { .. })));
}

#[tokio::test]
async fn a_run_ends_when_its_last_particle_has_left_the_forcing() {
    // The wind of the derived file ends at 3.75 degrees east; the current sets to the west, takes a buoy without windage
    // along, and goes on for 66 h.
    let engine = engine(
        &[
            "derived_latlon_current_16Nov2015.nc",
            "derived_latlon_wind_16Nov2015.nc",
        ],
        2,
    );
    let mut spec = mission(60.0, 3.7505, "2015-11-16T00:00:00Z", 48);
    spec.radius_m = 10.0;
    spec.object = ObjectClass::find("SLDMB").unwrap();
    spec.current_error = Some(CurrentError {
        sigma_ms: 0.0,
        tau_s: 3600.0,
    });
    let forecast = forecast(&engine, &spec).await.unwrap();
    assert!(forecast.outcome.ended.iter().all(Option::is_some), "everybody has left");
    let last_end_s = forecast
        .outcome
        .ended
        .iter()
        .flatten()
        .map(|ended| ended.time_s as i64)
        .max();
    assert_eq!(Some(forecast.valid_until.unix_s()), last_end_s);
    assert!(forecast.cut_short && forecast.valid_until.unix_s() < spec.time.unix_s() + 48 * 3600);
    let last = forecast.outcome.snapshots.last().unwrap();
    assert!(last.time_s <= forecast.valid_until.unix_s());
}

#[tokio::test]
async fn particles_without_forcing_at_the_start_do_not_end_a_run_in_which_others_drift() {
    // On land above a fjord: some particles begin in arms of it that the current's grid does not know, the others drift
    // until they come ashore.
    let engine = norway(2);
    let mut spec = mission(60.5, 6.0, "2015-11-16T00:00:00Z", 12);
    spec.radius_m = 1_000.0;
    let forecast = forecast(&engine, &spec).await.unwrap();
    let ended: Vec<_> = forecast.outcome.ended.iter().flatten().collect();
    let count = |status| ended.iter().filter(|ended| ended.status == status).count();
    let at_once = ended.iter().filter(|ended| ended.time_s as i64 == spec.time.unix_s());
    assert!(at_once.count() > 0 && count(Status::MissingData) > 0 && count(Status::Stranded) > 0);
    let last_s = ended.iter().map(|ended| ended.time_s as i64).max().unwrap();
    assert!(last_s > spec.time.unix_s() && forecast.valid_until.unix_s() >= last_s);
}

#[tokio::test]
async fn the_finest_source_comes_first_and_the_shares_add_up() {
    let engine = engine(
        &[
            "derived_latlon_current_16Nov2015.nc",
            "norkyst800_subset_16Nov2015.nc",
            "arome_subset_16Nov2015.nc",
            "derived_latlon_wind_16Nov2015.nc",
        ],
        2,
    );
    let forecast = forecast(&engine, &mission(60.15, 4.1, "2015-11-16T00:00:00Z", 6))
        .await
        .unwrap();
    for kind in ForcingKind::DRIFT {
        let used: Vec<_> = forecast
            .sources
            .iter()
            .filter(|source| source.about.kind == kind)
            .collect();
        assert_eq!(used.len(), 2);
        assert!(used[0].about.cell_m < used[1].about.cell_m);
        assert!((used.iter().map(|source| source.share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(used[0].share, 1.0, "nothing left the finer grid");
        assert_eq!(forecast.outcome.stats.fallback_share(kind), 0.0);
    }
}

#[tokio::test]
async fn the_same_mission_and_seed_give_the_same_ensemble_on_one_and_two_threads() {
    let spec = mission(60.15, 4.1, "2015-11-16T00:00:00Z", 12);
    let (one, two) = (
        forecast(&norway(1), &spec).await.unwrap(),
        forecast(&norway(2), &spec).await.unwrap(),
    );
    assert_eq!(one.outcome, two.outcome);
    let other = norway(2).forecast(&spec, 12, Arc::new(|_| Continue::Go)).await.unwrap();
    assert_ne!(one.outcome.snapshots, other.outcome.snapshots, "the seed matters");
}

#[tokio::test]
async fn scenarios_share_the_particles_and_weighted_feeds_each_scenario() {
    let engine = engine(
        &[
            "derived_latlon_current_16Nov2015.nc",
            "norkyst800_subset_16Nov2015.nc",
            "arome_subset_16Nov2015.nc",
        ],
        2,
    );
    let start = "2015-11-16T00:00:00Z";
    let spec = MissionSpec::from_json(&json!({
        "forecast_hours": 6, "ensemble_size": 1_000, "object_type": "PIW-1",
        "config": {
            "forcing": [
                {"feed": "norkyst800_subset_16Nov2015.nc", "weight": 3.0},
                {"feed": "derived_latlon_current_16Nov2015.nc", "weight": 1.0}
            ],
            "scenarios": [
                {"name": "fell overboard", "weight": 3.0, "release": {"point": {"lat": 60.1, "lon": 4.2, "time": start, "radius_m": 500.0}}},
                {"weight": 1.0, "object_type": "LIFE-RAFT-DB-10",
                 "release": {"point": {"lat": 60.4, "lon": 4.0, "time": "2015-11-16T02:00:00Z", "radius_m": 500.0}},
                 "changes": [{"at": "2015-11-16T04:00:00Z", "to": "PIW-1"}]}
            ]
        }
    }))
    .unwrap();
    let forecast = forecast(&engine, &spec).await.unwrap();
    let told: Vec<_> = forecast
        .groups
        .iter()
        .map(|group| {
            (
                group.scenario,
                group.first_particle,
                group.particles,
                group.current.as_deref(),
            )
        })
        .collect();
    let (fine, coarse) = (
        Some("norkyst800_subset_16Nov2015.nc"),
        Some("derived_latlon_current_16Nov2015.nc"),
    );
    assert!(told.iter().all(|(_, _, _, feed)| [fine, coarse].contains(feed)));
    let of = |scenario: usize, feed: Option<&str>| {
        told.iter()
            .filter(|one| one.0 == scenario && one.3 == feed)
            .map(|one| one.2)
            .sum::<u32>()
    };
    assert_eq!(
        [of(0, fine), of(0, coarse), of(1, fine), of(1, coarse)],
        [563, 187, 188, 62]
    );
    let count = |hour: usize, wanted: Status| {
        let status = &forecast.outcome.snapshots[hour].status;
        status.iter().filter(|status| **status == wanted).count()
    };
    assert_eq!([count(1, Status::NotReleased), count(2, Status::NotReleased)], [250, 0]);
}

#[tokio::test]
async fn a_backtrack_goes_back_and_is_told_in_the_order_of_time() {
    let engine = norway(2);
    let spec = MissionSpec::from_json(&json!({
        "last_known_lat": 60.15, "last_known_lon": 4.1, "last_known_time": "2015-11-16T12:00:00Z", "object_type": "PIW-1",
        "forecast_hours": 24, "ensemble_size": 300, "config": {"direction": "backtrack"}
    }))
    .unwrap();
    // Forcing begins at midnight: twelve hours of the twenty-four.
    let reach = engine.reach(&spec).await.unwrap();
    assert_eq!(
        (reach.valid_until.to_string().as_str(), reach.is_whole),
        ("2015-11-16T00:00:00Z", false)
    );
    let forecast = forecast(&engine, &spec).await.unwrap();
    assert_eq!(forecast.valid_from.to_string(), "2015-11-16T00:00:00Z");
    assert_eq!(forecast.valid_until.to_string(), "2015-11-16T12:00:00Z");
    assert!(forecast.cut_short && forecast.outcome.snapshots.len() == 13);
    assert!(forecast.outcome.snapshots.is_sorted_by_key(|snapshot| snapshot.time_s));
    let spread = |snapshot: &driftline_leeway::Snapshot| {
        let (low, high) = snapshot
            .lat_deg
            .iter()
            .fold((90.0f64, -90.0f64), |(low, high), lat| (low.min(*lat), high.max(*lat)));
        high - low
    };
    let (first, last) = (&forecast.outcome.snapshots[0], &forecast.outcome.snapshots[12]);
    assert!(
        spread(first) > 2.0 * spread(last),
        "sources are spread wider than the find"
    );
}

#[tokio::test]
async fn a_mission_in_parity_mode_is_the_references() {
    // A fixed point without radius or spread cannot be asked for; the mean of the reference's ensemble can be compared.
    let engine = norway(2);
    let spec = MissionSpec::from_json(&json!({
        "last_known_lat": 60.15, "last_known_lon": 4.1, "last_known_time": "2015-11-16T00:00:00Z", "object_type": "PIW-1",
        "forecast_hours": 24, "ensemble_size": 5_000, "config": {"mode": "parity"}
    }))
    .unwrap();
    let parity = forecast(&engine, &spec).await.unwrap();
    assert_eq!((parity.calibration, parity.current_error.sigma_ms), ("none", 0.0));
    assert_eq!(parity.outcome.snapshots.len(), 25);
    let spread_deg = |forecast: &Forecast| {
        let last = forecast.outcome.snapshots.last().unwrap();
        let mean = last.lat_deg.iter().sum::<f64>() / 5_000.0;
        (last.lat_deg.iter().map(|lat| (lat - mean) * (lat - mean)).sum::<f64>() / 5_000.0).sqrt()
    };
    let mut without_error = spec.clone();
    without_error.mode = driftline_domain::Mode::Operational;
    without_error.current_error = Some(CurrentError {
        sigma_ms: 0.0,
        tau_s: 3600.0,
    });
    let operational = forecast(&engine, &without_error).await.unwrap();
    // PIW-1 has mirrored sides: both modes then differ in the coast's rules and in chance only.
    let (a, b) = (spread_deg(&parity), spread_deg(&operational));
    assert!((a / b - 1.0).abs() < 0.06, "{a} {b}");
    let seeds = |forecast: &Forecast| forecast.outcome.snapshots[0].lon_deg.clone();
    assert!(
        seeds(&parity).iter().all(|lon| *lon == f64::from(*lon as f32)),
        "single precision, as the reference"
    );
    assert!(seeds(&operational).iter().any(|lon| *lon != f64::from(*lon as f32)));
}

#[tokio::test]
async fn a_run_can_be_stopped() {
    let spec = mission(60.15, 4.1, "2015-11-16T00:00:00Z", 12);
    let stopped = norway(2).forecast(&spec, 1, Arc::new(|_| Continue::Stop)).await;
    assert!(matches!(
        stopped,
        Err(Error::Kernel(driftline_leeway::Error::Cancelled))
    ));
}

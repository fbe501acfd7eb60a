//! Ensembles on real forcing against those of OpenDrift 1.14.12 (`tests/data/golden`), offshore and at the coast.
//!
//! The class PIW-1 has mirrored sides without offset, so that the reference's way of jibing and ours are the same in
//! distribution; the correlated current error, which the reference lacks, is off. The reference's own three seeds tell
//! how much such ensembles differ by chance.

use std::path::{Path, PathBuf};

use driftline_coast::Coast;
use driftline_decode::ForcingFile;
use driftline_domain::{
    CoastlineAction, CurrentError, Distribution, ForcingKind, LatLon, ObjectClass, PointRelease, Release,
    SlowCoefficients, ValidTime, WindError,
};
use driftline_leeway::{Continue, Forcing, Group, JIBE_PER_HOUR, Outcome, RunSpec, Snapshot, Source, Status, run};
use serde_json::Value;

const PARTICLES: u32 = 5_000;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(path)
}

fn source(file: &str, kind: ForcingKind) -> Source {
    let file = ForcingFile::open(&data(file)).unwrap();
    let index = file.series().iter().position(|series| series.kind == kind).unwrap();
    let series = &file.series()[index];
    let times_s = series.times.iter().map(|time| time.unix_s()).collect::<Vec<_>>();
    let fields = (0..times_s.len()).map(|step| file.read(index, step).unwrap()).collect();
    Source {
        grid: series.grid.clone(),
        times_s,
        fields,
    }
}

fn ensemble(forcing: &Forcing, coast: &Coast, lon: f64, lat: f64) -> Outcome {
    let group = Group {
        class: ObjectClass::find("PIW-1").unwrap(),
        changes: Vec::new(),
        release: Release::Point(PointRelease {
            position: LatLon::new(lat, lon).unwrap(),
            time: ValidTime::from_unix_s(1_447_632_000).unwrap(),
            until: None,
            radius_m: 1_000.0,
            distribution: Distribution::Gaussian,
            position_source: None,
        }),
        particles: PARTICLES,
        currents: vec![0],
        winds: vec![0],
    };
    let spec = RunSpec {
        groups: vec![group],
        start_s: 1_447_632_000,
        steps: 144,
        step_s: 600,
        steps_per_output: 6,
        seed: 7,
        current_error: CurrentError {
            sigma_ms: 0.0,
            tau_s: 3_600.0,
        },
        wind_error: WindError {
            sigma_ms: 0.0,
            tau_s: 3_600.0,
        },
        slow_coefficients: SlowCoefficients { share: 0.0, tau_s: 0.0 },
        jibe_per_hour: JIBE_PER_HOUR,
        coefficient_spread: true,
        capsizing: false,
        coast_action: CoastlineAction::Stranding,
    };
    run(&spec, forcing, coast, &|_| Continue::Go).unwrap()
}

/// Mean in degrees, covariance in the golden's plane, and the share stranded.
struct Moments {
    mean: [f64; 2],
    covariance: [f64; 3],
    stranded: f64,
}

fn moments(at: &Snapshot) -> Moments {
    let n = at.lon_deg.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (lon, lat) = (mean(&at.lon_deg), mean(&at.lat_deg));
    let (x_m, y_m) = (111_320.0 * lat.to_radians().cos(), 110_574.0);
    let offsets = at
        .lon_deg
        .iter()
        .zip(&at.lat_deg)
        .map(|(a, b)| ((a - lon) * x_m, (b - lat) * y_m));
    let sums = offsets.fold([0.0; 3], |s, (x, y)| [s[0] + x * x, s[1] + x * y, s[2] + y * y]);
    let stranded = at.status.iter().filter(|&&status| status == Status::Stranded).count() as f64 / n;
    Moments {
        mean: [lon, lat],
        covariance: sums.map(|sum| sum / (n - 1.0)),
        stranded,
    }
}

/// Standard deviations along the axes of the ellipse.
fn axes([xx, xy, yy]: [f64; 3]) -> [f64; 2] {
    let (half, root) = ((xx + yy) / 2.0, (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt());
    [(half + root).sqrt(), (half - root).sqrt()]
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

#[test]
fn ensembles_agree_with_the_reference_in_mean_spread_and_strandings() {
    let forcing = Forcing::prepare(
        vec![source("forcing/norkyst800_subset_16Nov2015.nc", ForcingKind::Current)],
        vec![source("forcing/arome_subset_16Nov2015.nc", ForcingKind::Wind)],
    )
    .unwrap();
    let coast = Coast::embedded().unwrap();
    let golden: Value =
        serde_json::from_slice(&std::fs::read(data("golden/stat_ensembles_PIW-1.json")).unwrap()).unwrap();
    let runs = golden["runs"].as_array().unwrap();
    for place in ["offshore", "coastal"] {
        let seeds: Vec<&Value> = runs
            .iter()
            .filter(|run| run["place"] == place && run["object"] == "PIW-1")
            .collect();
        assert_eq!(seeds.len(), 3);
        let outcome = ensemble(
            &forcing,
            &coast,
            seeds[0]["lon"].as_f64().unwrap(),
            seeds[0]["lat"].as_f64().unwrap(),
        );
        for hour in [1, 6, 12, 18, 24] {
            compare(place, hour, &moments(&outcome.snapshots[hour]), &seeds);
        }
    }
}

fn compare(place: &str, hour: usize, ours: &Moments, seeds: &[&Value]) {
    let all: Vec<&Value> = seeds.iter().map(|run| &run["hourly"][hour]).collect();
    let spread = |values: &[f64]| {
        values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min)
    };
    let middle = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let metres = [111_320.0 * ours.mean[1].to_radians().cos(), 110_574.0];
    for (axis, name) in ["mean_lon", "mean_lat"].into_iter().enumerate() {
        let theirs: Vec<f64> = all.iter().map(|hour| hour["all"][name].as_f64().unwrap()).collect();
        let off_m = (ours.mean[axis] - middle(&theirs)).abs() * metres[axis];
        let standard_error_m = (ours.covariance[axis * 2] / f64::from(PARTICLES)).sqrt();
        // Ours and the mean of three seeds: two independent estimates.
        let allowed_m = 3.0 * standard_error_m * (1.0f64 + 1.0 / 3.0).sqrt() + spread(&theirs) * metres[axis];
        assert!(
            off_m <= allowed_m,
            "{place} hour {hour} {name}: {off_m:.0} m off, {allowed_m:.0} m allowed"
        );
    }
    let our_axes = axes(ours.covariance);
    let their_axes: Vec<[f64; 2]> = all
        .iter()
        .map(|hour| axes(numbers(&hour["all"]["cov_m2"]).try_into().unwrap()))
        .collect();
    for axis in 0..2 {
        let theirs: Vec<f64> = their_axes.iter().map(|axes| axes[axis]).collect();
        let ratio = our_axes[axis] / middle(&theirs);
        assert!(
            (ratio - 1.0).abs() <= 0.05,
            "{place} hour {hour} axis {axis}: {:.0} m against {:.0} m",
            our_axes[axis],
            middle(&theirs)
        );
    }
    let stranded: Vec<f64> = all
        .iter()
        .map(|hour| hour["fraction_stranded"].as_f64().unwrap())
        .collect();
    let p = middle(&stranded);
    let allowed = 3.0 * (p * (1.0 - p) / f64::from(PARTICLES) * (1.0 + 1.0 / 3.0)).sqrt() + spread(&stranded);
    println!(
        "{place} hour {hour}: axes {our_axes:.0?} m, stranded {:.3} against {p:.3}",
        ours.stranded
    );
    assert!(
        (ours.stranded - p).abs() <= allowed,
        "{place} hour {hour}: {:.3} stranded, {p:.3} in the reference, {allowed:.3} allowed",
        ours.stranded
    );
}

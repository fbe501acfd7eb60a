//! The same question has the same answer to the last bit: on any number of threads, with more particles beside, on any
//! machine.

use driftline_coast::Coast;
use driftline_domain::{
    CurrentError, Ellipsoid, GridSpec, ObjectClass, ProjectedGrid, Projection, SlowCoefficients, WindError,
};
use driftline_leeway::{Continue, Forcing, JIBE_PER_HOUR, Outcome, RunSpec, Status, run};

use crate::sea::{around, at, completed, grid, place, quiet, source, steady};

/// A sea with everything in it: eddies, a shore, holes, a fine source within a coarse one, wind on a Lambert grid.
fn rich_forcing() -> Forcing {
    let fine = grid(3.5, 59.5, 41, 41, 0.025);
    let coarse = around(place(60.0, 4.0), 6);
    let eddies = source(&fine, 0..=24, |lon, lat, hour| {
        if lon > 4.3 && lat > 60.1 {
            return (f32::NAN, f32::NAN);
        }
        let phase = 9.0 * lon + 7.0 * lat + 0.26 * hour as f64;
        ((0.6 * libm::sin(phase)) as f32, (0.6 * libm::cos(phase)) as f32)
    });
    let lambert = GridSpec::Projected(ProjectedGrid {
        projection: Projection::LambertConformal {
            lat1_deg: 63.0,
            lat2_deg: 63.0,
            lat0_deg: 63.0,
            lon0_deg: 15.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        },
        nx: 80,
        ny: 80,
        x0_m: -800_000.0,
        y0_m: -500_000.0,
        dx_m: 10_000.0,
        dy_m: 10_000.0,
    });
    let wind = source(&lambert, 0..=24, |lon, lat, hour| {
        (
            (8.0 + lat - 60.0) as f32,
            (4.0 - (lon - 4.0) + 0.2 * hour as f64) as f32,
        )
    });
    let trades = steady(&coarse, 24, (0.2, -0.1));
    Forcing::prepare(vec![eddies, trades], vec![wind, steady(&coarse, 24, (6.0, 0.0))]).unwrap()
}

/// Every kind of chance at once, and every source.
fn rich_spec(particles: u32) -> RunSpec<'static> {
    let mut spec = RunSpec {
        coefficient_spread: true,
        jibe_per_hour: JIBE_PER_HOUR,
        current_error: CurrentError::UNCALIBRATED,
        wind_error: WindError {
            sigma_ms: 1.5,
            tau_s: 21_600.0,
        },
        slow_coefficients: SlowCoefficients {
            share: 0.3,
            tau_s: 43_200.0,
        },
        capsizing: true,
        ..quiet(ObjectClass::find("PIW-1").unwrap(), place(60.0, 4.0), particles)
    };
    (spec.groups[0].currents, spec.groups[0].winds) = (vec![0, 1], vec![0, 1]);
    spec
}

fn island() -> Coast {
    Coast::from_polygons(&[vec![(4.2, 59.8), (4.6, 59.9), (4.5, 60.05), (4.25, 60.0)]]).unwrap()
}

/// FNV-1a over every bit of an outcome's positions, states and ends.
fn hash(outcome: &Outcome) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |bits: u64| {
        for byte in bits.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for snapshot in &outcome.snapshots {
        snapshot
            .lon_deg
            .iter()
            .chain(&snapshot.lat_deg)
            .for_each(|x| add(x.to_bits()));
        snapshot.status.iter().for_each(|status| add(*status as u64));
    }
    for ended in outcome.ended.iter().flatten() {
        [ended.time_s, ended.lon_deg, ended.lat_deg]
            .iter()
            .for_each(|x| add(x.to_bits()));
    }
    hash
}

#[test]
fn threads_do_not_change_a_bit() {
    let (forcing, coast) = (rich_forcing(), island());
    let mut spec = rich_spec(3_000);
    spec.groups[0].release = at(spec.groups[0].release.centre(), 8_000.0);
    let on_threads = |spec: &RunSpec<'_>, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(spec, &forcing, &coast, &|_| Continue::Go)).unwrap()
    };
    let (one, two, five) = (on_threads(&spec, 1), on_threads(&spec, 2), on_threads(&spec, 5));
    assert_eq!(hash(&one), hash(&two));
    assert_eq!(hash(&one), hash(&five));
    assert_eq!(one.stats, two.stats);
    // The case is a rich one: strandings, moved seeds, fallbacks, lent values and jibes all occur.
    let stranded = one
        .ended
        .iter()
        .flatten()
        .filter(|ended| ended.status == Status::Stranded)
        .count();
    assert!(
        stranded > 100 && one.seeds_moved.count > 10 && one.stats.jibes > 100,
        "{stranded} {:?} {:?}",
        one.seeds_moved,
        one.stats
    );
    assert!(
        one.stats.current.fallback_particles > 100 && one.stats.coast_extrapolated > 100,
        "{:?}",
        one.stats
    );
    spec.seed += 1;
    assert_ne!(hash(&on_threads(&spec, 2)), hash(&two));
}

#[test]
fn further_particles_leave_the_earlier_ones_as_they_were() {
    let (forcing, coast) = (rich_forcing(), island());
    let (few, many) = (
        completed(&rich_spec(300), &forcing, &coast),
        completed(&rich_spec(1_000), &forcing, &coast),
    );
    for (a, b) in few.snapshots.iter().zip(&many.snapshots) {
        assert_eq!((&a.lon_deg[..], &a.lat_deg[..]), (&b.lon_deg[..300], &b.lat_deg[..300]));
        assert_eq!(a.status[..], b.status[..300]);
    }
    assert_eq!(few.ended[..], many.ended[..300]);
}

#[test]
fn output_times_do_not_change_the_tracks() {
    let (forcing, coast) = (rich_forcing(), island());
    let mut spec = rich_spec(300);
    let hourly = completed(&spec, &forcing, &coast);
    spec.steps_per_output = 100;
    let rare = completed(&spec, &forcing, &coast);
    assert_eq!(rare.snapshots.len(), 3, "the release, step 100 and the end");
    assert_eq!(rare.snapshots.last(), hourly.snapshots.last());
    assert_eq!(rare.ended, hourly.ended);
}

#[test]
fn every_machine_computes_the_same_bits() {
    // Open sea, so that only this crate's arithmetic counts. A change of the physics or of the random numbers changes
    // this value, and with it what a stored seed means: then the engine's version has to change too.
    let outcome = completed(&rich_spec(300), &rich_forcing(), &Coast::open_sea().unwrap());
    assert_eq!(hash(&outcome), 10_697_890_257_508_085_729);
}

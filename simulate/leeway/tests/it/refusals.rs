//! Bad input is refused with words that name it; a caller can stop a run.

use std::sync::atomic::{AtomicU64, Ordering};

use driftline_coast::Coast;
use driftline_domain::{CurrentError, ForcingKind};
use driftline_leeway::{Continue, Error, Forcing, RunSpec, SourceProblem, run};

use crate::sea::{START_S, around, at, buoy, class_of, constant, grid, place, quiet, steady};

#[test]
fn sources_that_contradict_themselves_are_refused() {
    let area = around(place(0.0, 4.0), 2);
    let good = || steady(&area, 3, (0.0, 0.0));
    assert_eq!(
        Forcing::prepare(vec![], vec![good()]).err(),
        Some(Error::NoSource {
            kind: ForcingKind::Current
        })
    );
    type Spoil = fn(&mut driftline_leeway::Source);
    let cases: [(Spoil, SourceProblem); 6] = [
        (
            |s| s.fields.truncate(2),
            SourceProblem::FieldCount { fields: 2, times: 4 },
        ),
        (
            |s| s.times_s[2] = s.times_s[1],
            SourceProblem::TimeOrder {
                earlier_s: START_S + 3_600,
                later_s: START_S + 3_600,
            },
        ),
        (
            |s| s.fields[1].north.truncate(24),
            SourceProblem::FieldSize {
                time_s: START_S + 3_600,
                east: 25,
                north: 24,
                nodes: 25,
            },
        ),
        (
            |s| s.fields[3].east[7] = f32::INFINITY,
            SourceProblem::Infinite {
                time_s: START_S + 3 * 3_600,
                node: 7,
            },
        ),
        (
            |s| s.grid = grid(0.0, 0.0, 0, 5, 1.0),
            SourceProblem::Grid { nx: 0, ny: 5 },
        ),
        (
            |s| {
                s.times_s.clear();
                s.fields.clear();
            },
            SourceProblem::Empty,
        ),
    ];
    for (spoil, problem) in cases {
        let mut bad = good();
        spoil(&mut bad);
        let refused = Forcing::prepare(vec![good()], vec![good(), bad]).err().unwrap();
        assert_eq!(
            refused,
            Error::Source {
                kind: ForcingKind::Wind,
                number: 1,
                problem
            }
        );
        assert!(refused.to_string().starts_with("wind source 1: "), "{refused}");
    }
}

#[test]
fn settings_outside_their_range_are_refused() {
    let start = place(0.0, 4.0);
    let (forcing, sea) = (constant(start, 1, (0.0, 0.0), (0.0, 0.0)), Coast::open_sea().unwrap());
    let upwind = class_of(-0.01, 0.0, 0.0);
    let endless = class_of(0.01, f64::INFINITY, 0.0);
    type Spoil<'a> = &'a dyn Fn(&mut RunSpec<'_>);
    let cases: [(&str, Spoil<'_>); 19] = [
        ("particles", &|s| s.groups[0].particles = 0),
        ("particles", &|s| s.groups.clear()),
        ("particles", &|s| {
            s.groups[0].particles = u32::MAX;
            let again = s.groups[0].clone();
            s.groups.push(again);
        }),
        ("steps", &|s| s.steps = 0),
        ("step_s", &|s| s.step_s = 0),
        ("steps_per_output", &|s| s.steps_per_output = 0),
        ("release.radius_m", &|s| s.groups[0].release = at(start, f64::NAN)),
        ("start_s", &|s| s.start_s = i64::MAX - 5),
        ("wind_error.sigma_ms", &|s| s.wind_error.sigma_ms = f64::NAN),
        ("slow_coefficients.share", &|s| s.slow_coefficients.share = 1.5),
        ("slow_coefficients.tau_s", &|s| s.slow_coefficients.share = 0.5),
        ("currents", &|s| s.groups[0].currents.clear()),
        ("currents", &|s| s.groups[0].currents = vec![1]),
        ("winds", &|s| s.groups[0].winds = vec![0, 7]),
        ("changes", &|s| {
            s.groups[0].changes = vec![(START_S + 60, buoy()), (START_S, buoy())]
        }),
        ("jibe_per_hour", &|s| s.jibe_per_hour = f64::NAN),
        ("current_error.sigma_ms", &|s| s.current_error.sigma_ms = -0.1),
        ("current_error.tau_s", &|s| {
            s.current_error = CurrentError {
                sigma_ms: 0.1,
                tau_s: 0.0,
            }
        }),
        ("jibe_per_hour", &|s| s.jibe_per_hour = 1.0),
    ];
    for (expected, spoil) in cases {
        let mut spec = quiet(buoy(), start, 1);
        spoil(&mut spec);
        let refused = run(&spec, &forcing, &sea, &|_| Continue::Go).unwrap_err();
        assert!(
            matches!(refused, Error::Setting { name, .. } if name == expected),
            "{refused}"
        );
    }
    for class in [&upwind, &endless] {
        let refused = run(&quiet(class, start, 1), &forcing, &sea, &|_| Continue::Go).unwrap_err();
        assert!(refused.to_string().contains("slope is"), "{refused}");
    }
}

#[test]
fn progress_reaches_the_whole_and_a_stop_is_heeded() {
    let start = place(0.0, 4.0);
    let (forcing, sea) = (constant(start, 24, (0.1, 0.0), (5.0, 0.0)), Coast::open_sea().unwrap());
    let spec = quiet(buoy(), start, 1_000);
    let farthest = AtomicU64::new(0);
    run(&spec, &forcing, &sea, &|progress| {
        assert_eq!(progress.total, 144_000);
        farthest.fetch_max(progress.done, Ordering::Relaxed);
        Continue::Go
    })
    .unwrap();
    assert_eq!(farthest.load(Ordering::Relaxed), 144_000);

    let reports = AtomicU64::new(0);
    let stopped = run(&spec, &forcing, &sea, &|_| {
        reports.fetch_add(1, Ordering::Relaxed);
        Continue::Stop
    });
    assert_eq!(stopped.err(), Some(Error::Cancelled));
    assert!(
        reports.load(Ordering::Relaxed) <= 4,
        "no further output interval was begun"
    );
}

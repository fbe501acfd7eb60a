//! Where forcing ends: the next source takes over and is counted, and without one the particle ends as missing data.

use driftline_domain::{Ellipsoid, ForcingKind, GridPoint, GridSpec, ProjectedGrid, Projection};
use driftline_leeway::{Forcing, Source, Status};

use crate::sea::{HOUR_S, START_S, afloat, apart_m, around, buoy, grid, place, quiet, source, steady};

const NONE: (f32, f32) = (f32::NAN, f32::NAN);

#[test]
fn a_particle_that_leaves_the_grid_ends_at_its_edge() {
    // The grid ends at 4.1 degrees east; 600 m per step; the last step may carry a particle over the edge.
    let start = place(0.0, 4.0);
    let small = grid(3.9, -0.1, 3, 3, 0.1);
    let forcing = Forcing::prepare(
        vec![steady(&small, 24, (1.0, 0.0))],
        vec![steady(&around(start, 6), 24, (0.0, 0.0))],
    )
    .unwrap();
    let outcome = afloat(&quiet(buoy(), start, 1), &forcing);
    let ended = outcome.ended[0].unwrap();
    assert_eq!(ended.status, Status::MissingData);
    let (over_m, _) = apart_m((4.1, 0.0), (ended.lon_deg, ended.lat_deg));
    assert!((0.0..600.0).contains(&over_m), "{over_m}");
    assert_eq!(
        ended.time_s,
        START_S as f64 + 600.0 * outcome.stats.particle_steps as f64
    );
    assert_eq!(outcome.snapshots[24].status, [Status::MissingData]);
}

#[test]
fn the_end_of_the_forcing_in_time_ends_the_particle_then() {
    let start = place(0.0, 4.0);
    let area = around(start, 6);
    let forcing = Forcing::prepare(vec![steady(&area, 10, (0.5, 0.0))], vec![steady(&area, 24, (0.0, 0.0))]).unwrap();
    let ended = afloat(&quiet(buoy(), start, 1), &forcing).ended[0].unwrap();
    // The field of hour 10 is the last: the step that begins there is made, the next is not.
    assert_eq!(ended.time_s, (START_S + 10 * HOUR_S + 600) as f64);
    assert_eq!(ended.status, Status::MissingData);
}

#[test]
fn fields_without_any_value_are_missing_data_and_not_a_calm() {
    let start = place(0.0, 4.0);
    let area = around(start, 6);
    for (current, wind) in [(NONE, (5.0, 5.0)), ((0.5, 0.5), NONE), ((f32::NAN, 0.5), (5.0, 5.0))] {
        let forcing = Forcing::prepare(vec![steady(&area, 24, current)], vec![steady(&area, 24, wind)]).unwrap();
        let outcome = afloat(&quiet(buoy(), start, 4), &forcing);
        for ended in &outcome.ended {
            let ended = ended.unwrap();
            assert_eq!((ended.status, ended.time_s), (Status::MissingData, START_S as f64));
            assert_eq!((ended.lon_deg, ended.lat_deg), (4.0, 0.0));
        }
        assert_eq!(outcome.stats.particle_steps, 0);
        assert_eq!(outcome.stats.source_share(ForcingKind::Current, 0), 0.0);
    }
}

#[test]
fn a_coarser_source_takes_over_and_is_counted() {
    let start = place(0.0, 4.0);
    let (fine, coarse) = (grid(3.95, -0.05, 11, 11, 0.01), around(start, 6));
    let forcing = Forcing::prepare(
        vec![steady(&fine, 24, (1.0, 0.0)), steady(&coarse, 24, (0.5, 0.0))],
        vec![steady(&coarse, 24, (0.0, 0.0))],
    )
    .unwrap();
    let mut spec = quiet(buoy(), start, 4);
    spec.groups[0].currents = vec![0, 1];
    let outcome = afloat(&spec, &forcing);
    // 0.05 degrees are 5566 m: ten steps of 600 m begin inside the fine grid, the other 134 outside.
    let stats = &outcome.stats;
    assert_eq!(stats.current.particle_steps, [40, 536]);
    assert_eq!(
        (stats.current.fallback_particles, stats.wind.fallback_particles),
        (4, 0)
    );
    assert_eq!(
        (
            stats.fallback_share(ForcingKind::Current),
            stats.fallback_share(ForcingKind::Wind)
        ),
        (1.0, 0.0)
    );
    assert!((stats.source_share(ForcingKind::Current, 1) - 134.0 / 144.0).abs() < 1e-12);
    let (east_m, _) = apart_m((4.0, 0.0), (outcome.snapshots[24].lon_deg[0], 0.0));
    assert!((east_m - (10.0 * 600.0 + 134.0 * 300.0)).abs() < 0.1, "{east_m}");
    assert!(outcome.ended.iter().all(Option::is_none));
}

#[test]
fn only_wet_corners_count_and_none_is_near_shore() {
    let area = grid(4.0, 0.0, 6, 2, 0.1);
    // Nodes of column 0 and 1 are wet, the rest is land.
    let current = source(
        &area,
        0..=2,
        |lon, _, hour| if lon < 4.15 { (lon as f32, hour as f32) } else { NONE },
    );
    let forcing = Forcing::prepare(vec![current], vec![steady(&area, 2, (0.0, 0.0))]).unwrap();
    let at = |lon: f64| forcing.sample(ForcingKind::Current, lon, 0.05, START_S + HOUR_S / 2);
    let inside = at(4.05).unwrap();
    assert!(
        (inside.east_ms - 4.05).abs() < 1e-6 && (inside.north_ms - 0.5).abs() < 1e-6,
        "{inside:?}"
    );
    assert!(!inside.extrapolated);
    // Between the last wet column and land: the wet corners alone, with their whole weight.
    let shore = at(4.17).unwrap();
    assert!((shore.east_ms - 4.1).abs() < 1e-6 && !shore.extrapolated, "{shore:?}");
    // No wet corner: the wet node nearest to the nearest corner. Three cells' mean side are 33.28 km and three columns
    // 33.40 km, so that two columns of land are lent a value and the third is not.
    for (lon, expected) in [(4.21, Some(4.1)), (4.34, Some(4.1)), (4.36, None)] {
        let sample = at(lon);
        assert_eq!(sample.map(|s| s.extrapolated), expected.map(|_| true), "{lon}");
        if let (Some(sample), Some(expected)) = (sample, expected) {
            assert!((sample.east_ms - expected).abs() < 1e-6, "{lon}: {sample:?}");
        }
    }
}

#[test]
fn steps_with_a_lent_value_are_counted() {
    let area = grid(3.8, -0.1, 7, 3, 0.1);
    let current = source(&area, 0..=24, |lon, _, _| if lon < 4.05 { (0.5, 0.0) } else { NONE });
    let forcing = Forcing::prepare(vec![current], vec![steady(&area, 24, (0.0, 0.0))]).unwrap();
    let mut spec = quiet(buoy(), place(0.0, 4.0), 1);
    spec.steps = 60;
    let outcome = afloat(&spec, &forcing);
    // 300 m per step: from 4.1 degrees on (11 132 m, 38 steps) no corner is wet; 22 steps are lent.
    assert_eq!(outcome.stats.coast_extrapolated, 22);
    assert_eq!(
        (outcome.stats.current.extrapolated, outcome.stats.wind.extrapolated),
        (22, 0)
    );
    assert!((outcome.stats.coast_extrapolated_share() - 22.0 / 60.0).abs() < 1e-12);
}

#[test]
fn a_node_that_dries_in_time_is_land_for_both_neighbouring_hours() {
    let area = grid(4.0, 0.0, 2, 2, 1.0);
    let current = source(&area, 0..=4, |_, _, hour| if hour == 2 { NONE } else { (1.0, 0.0) });
    let forcing = Forcing::prepare(vec![current], vec![steady(&area, 4, (0.0, 0.0))]).unwrap();
    let has_value = |seconds: i64| {
        forcing
            .sample(ForcingKind::Current, 4.5, 0.5, START_S + seconds)
            .is_some()
    };
    assert!(has_value(1_800) && !has_value(5_400) && !has_value(9_000) && has_value(3 * HOUR_S));
}

#[test]
fn a_projected_grid_is_interpolated_in_its_own_plane() {
    let polar = GridSpec::Projected(ProjectedGrid {
        projection: Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 3_192_800.0,
            false_northing_m: 1_784_000.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        },
        nx: 12,
        ny: 10,
        x0_m: 400_000.0,
        y0_m: 300_000.0,
        dx_m: 800.0,
        dy_m: 800.0,
    });
    // Column number eastward, row number northward: linear in the plane, so exact anywhere in it.
    let current = source(&polar, 0..=1, |lon, lat, _| {
        let node = polar.fraction(lon, lat).unwrap();
        (node.i as f32, node.j as f32)
    });
    let forcing = Forcing::prepare(vec![current.clone()], vec![current]).unwrap();
    for (i, j) in [(0.0, 0.0), (3.25, 4.75), (10.999, 8.999), (11.0, 9.0), (7.0, 0.5)] {
        let (lon, lat) = polar.position(GridPoint { i, j });
        let sample = forcing.sample(ForcingKind::Wind, lon, lat, START_S).unwrap();
        assert!(
            (sample.east_ms - i).abs() < 2e-5 && (sample.north_ms - j).abs() < 2e-5,
            "{i} {j}: {sample:?}"
        );
    }
    let (lon, lat) = polar.position(GridPoint { i: 11.01, j: 5.0 });
    assert_eq!(forcing.sample(ForcingKind::Wind, lon, lat, START_S), None);
}

fn times(span_h: (i64, i64)) -> Source {
    source(&grid(4.0, 0.0, 2, 2, 1.0), span_h.0..=span_h.1, |_, _, _| (0.0, 0.0))
}

#[test]
fn the_covered_time_needs_current_and_wind_without_a_gap() {
    let hours = |forcing: &Forcing| {
        forcing
            .covered_s()
            .map(|(a, b)| ((a - START_S) / HOUR_S, (b - START_S) / HOUR_S))
    };
    let joined = Forcing::prepare(vec![times((0, 10)), times((5, 30))], vec![times((2, 48))]).unwrap();
    assert_eq!(hours(&joined), Some((2, 30)));
    let gap = Forcing::prepare(vec![times((0, 10)), times((20, 48))], vec![times((2, 48))]).unwrap();
    assert_eq!(hours(&gap), Some((20, 48)));
    assert_eq!(
        gap.covered_around_s(START_S + 3 * HOUR_S),
        Some((START_S + 2 * HOUR_S, START_S + 10 * HOUR_S))
    );
    assert_eq!(gap.covered_around_s(START_S + 15 * HOUR_S), None);
    let apart = Forcing::prepare(vec![times((0, 10))], vec![times((11, 20))]).unwrap();
    assert_eq!(hours(&apart), None);
}

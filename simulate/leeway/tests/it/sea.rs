//! Synthetic seas and runs for the tests.

use driftline_coast::Coast;
use driftline_domain::{
    CoastlineAction, Coefficients, CurrentError, Distribution, GridSpec, LatLon, ObjectClass, PointRelease,
    RegularGrid, Release, SlowCoefficients, ValidTime, VectorField, WindError, meters_per_degree, wrap_lon_deg,
};
use driftline_leeway::{Continue, Forcing, Group, Outcome, RunSpec, Source, run};

/// 2015-11-16T00:00:00Z.
pub(crate) const START_S: i64 = 1_447_632_000;
pub(crate) const HOUR_S: i64 = 3_600;

pub(crate) const NO_ERROR: CurrentError = CurrentError {
    sigma_ms: 0.0,
    tau_s: 0.0,
};

pub(crate) const NO_WIND_ERROR: WindError = WindError {
    sigma_ms: 0.0,
    tau_s: 0.0,
};

pub(crate) const FOR_LIFE: SlowCoefficients = SlowCoefficients { share: 0.0, tau_s: 0.0 };

/// An object that neither wind nor chance moves.
pub(crate) fn buoy() -> &'static ObjectClass {
    ObjectClass::find("SLDMB").unwrap()
}

/// A grid of square cells in degrees.
pub(crate) fn grid(lon0_deg: f64, lat0_deg: f64, nx: usize, ny: usize, spacing_deg: f64) -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx,
        ny,
        lon0_deg,
        lat0_deg,
        dlon_deg: spacing_deg,
        dlat_deg: spacing_deg,
    })
}

/// A grid of one-degree cells reaching some degrees around a place.
pub(crate) fn around(place: LatLon, degrees: usize) -> GridSpec {
    let reach = degrees as f64;
    let nodes = 2 * degrees + 1;
    grid(
        wrap_lon_deg(place.lon_deg() - reach),
        place.lat_deg() - reach,
        nodes,
        nodes,
        1.0,
    )
}

/// A source with hourly fields over so many hours, east and north as a function of longitude, latitude and hour.
pub(crate) fn source(
    grid: &GridSpec,
    hours: std::ops::RangeInclusive<i64>,
    value: impl Fn(f64, f64, i64) -> (f32, f32),
) -> Source {
    let nodes: Vec<_> = (0..grid.ny())
        .flat_map(|j| (0..grid.nx()).map(move |i| (i, j)))
        .map(|(i, j)| {
            grid.position(driftline_domain::GridPoint {
                i: i as f64,
                j: j as f64,
            })
        })
        .collect();
    let field = |hour| {
        let (east, north) = nodes.iter().map(|(lon, lat)| value(*lon, *lat, hour)).unzip();
        VectorField { east, north }
    };
    Source {
        grid: grid.clone(),
        times_s: hours.clone().map(|hour| START_S + hour * HOUR_S).collect(),
        fields: hours.map(field).collect(),
    }
}

/// A source with the same value everywhere and always.
pub(crate) fn steady(grid: &GridSpec, hours: i64, value: (f32, f32)) -> Source {
    source(grid, 0..=hours, |_, _, _| value)
}

/// Constant current and wind around a place.
pub(crate) fn constant(place: LatLon, hours: i64, current: (f32, f32), wind: (f32, f32)) -> Forcing {
    let grid = around(place, 6);
    Forcing::prepare(vec![steady(&grid, hours, current)], vec![steady(&grid, hours, wind)]).unwrap()
}

pub(crate) fn place(lat_deg: f64, lon_deg: f64) -> LatLon {
    LatLon::new(lat_deg, lon_deg).unwrap()
}

/// A release at one place and time, gaussian around it.
pub(crate) fn at(position: LatLon, radius_m: f64) -> Release {
    between(position, radius_m, START_S, START_S)
}

/// A release at one place over some time (seconds since 1970).
pub(crate) fn between(position: LatLon, radius_m: f64, first_s: i64, last_s: i64) -> Release {
    Release::Point(PointRelease {
        position,
        time: ValidTime::from_unix_s(first_s).unwrap(),
        until: Some(ValidTime::from_unix_s(last_s).unwrap()),
        radius_m,
        distribution: Distribution::Gaussian,
        position_source: None,
    })
}

/// One day in steps of ten minutes, hourly output, everything random turned off.
pub(crate) fn quiet(class: &ObjectClass, position: LatLon, particles: u32) -> RunSpec<'_> {
    RunSpec {
        groups: vec![group(class, at(position, 0.0), particles)],
        start_s: START_S,
        steps: 144,
        step_s: 600,
        steps_per_output: 6,
        seed: 20_151_116,
        current_error: NO_ERROR,
        wind_error: NO_WIND_ERROR,
        slow_coefficients: FOR_LIFE,
        jibe_per_hour: 0.0,
        coefficient_spread: false,
        capsizing: false,
        coast_action: CoastlineAction::Stranding,
    }
}

/// Particles of one class that take the first sources first.
pub(crate) fn group(class: &ObjectClass, release: Release, particles: u32) -> Group<'_> {
    Group {
        class,
        changes: Vec::new(),
        release,
        particles,
        currents: vec![0],
        winds: vec![0],
    }
}

/// A run that is expected to succeed.
pub(crate) fn completed(spec: &RunSpec<'_>, forcing: &Forcing, coast: &Coast) -> Outcome {
    run(spec, forcing, coast, &|_| Continue::Go).unwrap()
}

/// A run on an open sea.
pub(crate) fn afloat(spec: &RunSpec<'_>, forcing: &Forcing) -> Outcome {
    completed(spec, forcing, &Coast::open_sea().unwrap())
}

/// East and north in metres from one place to another close by, on the plane of their mean latitude.
pub(crate) fn apart_m(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (lon_m, lat_m) = meters_per_degree((from.1 + to.1) / 2.0);
    (wrap_lon_deg(to.0 - from.0) * lon_m, (to.1 - from.1) * lat_m)
}

pub(crate) fn distance_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (east, north) = apart_m(from, to);
    libm::hypot(east, north)
}

/// A class of fixed leeway without spread, SI.
pub(crate) fn class_of(downwind_slope: f64, right_slope: f64, left_slope: f64) -> ObjectClass {
    let line = |slope| Coefficients {
        slope,
        offset_ms: 0.0,
        std_ms: 0.0,
    };
    ObjectClass {
        downwind: line(downwind_slope),
        right: line(right_slope),
        left: line(left_slope),
        ..*buoy()
    }
}

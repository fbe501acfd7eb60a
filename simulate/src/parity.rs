//! A mission in parity mode: what the reference implementation would compute (docs/parity.md). Scenarios, forcing and
//! results are those of every mission; the engine between them is `driftline_leeway::parity`.

use driftline_coast::Coast;
use driftline_domain::{CoastlineAction, Direction, Distribution, ForcingKind, LatLon, MissionSpec, Release, Scenario};
use driftline_leeway::parity::{
    Capsizing, CoastAction, Forcing, NativeSource, RunSpec, Scatter, Seed, SeedPlan, Shape, Source, run, seeds,
    to_ocean,
};
use driftline_leeway::{Error, Outcome, Progress, SeedsMoved};

use crate::forecast::Watcher;
use crate::groups::particles_of_scenarios;
use crate::sources::LoadedSource;

/// The forcing of a parity run: its sources in order of preference.
pub(crate) fn prepare(currents: &[LoadedSource], winds: &[LoadedSource]) -> Result<Forcing, Error> {
    let native = |sources: &[LoadedSource]| sources.iter().map(native).collect();
    Forcing::prepare(native(currents), native(winds), Vec::new())
}

fn native(source: &LoadedSource) -> Source {
    Source::Native(NativeSource {
        grid: source.window.clone(),
        axes: source.axes,
        times_s: source.times.iter().map(|time| time.unix_s()).collect(),
        fields: source.fields.clone(),
    })
}

/// Whether a source has a value at a place and time.
pub(crate) fn has_value(forcing: &Forcing, kind: ForcingKind, place: LatLon, time_s: i64) -> bool {
    forcing
        .sample(kind, place.lon_deg(), place.lat_deg(), time_s as f64)
        .is_some()
}

/// Runs a mission for so many steps.
pub(crate) fn outcome(
    spec: &MissionSpec,
    seed: u64,
    steps: u32,
    forcing: &Forcing,
    coast: &Coast,
    watcher: &Watcher,
) -> Result<Outcome, Error> {
    let step_s = spec.step_s as i32;
    let backward = spec.direction == Direction::Backtrack;
    let run_spec = RunSpec {
        step_s: if backward { -step_s } else { step_s },
        steps,
        steps_per_output: spec.output_interval_s / spec.step_s,
        seed,
        coast: match spec.coastline_action {
            CoastlineAction::Stranding => CoastAction::Stranding,
            CoastlineAction::Previous => CoastAction::Previous,
            CoastlineAction::None => CoastAction::None,
        },
        capsizing: spec.capsizing.then_some(Capsizing::STANDARD),
        ..RunSpec::forward(spec.time.unix_s(), spec.forecast_hours)
    };
    let (seeds, moved) = seeded(spec, seed, coast)?;
    let watch = |progress: Progress| watcher(progress.done as f64 / progress.total.max(1) as f64);
    let mut outcome = run(&run_spec, &seeds, forcing, coast, &watch)?;
    outcome.seeds_moved = moved;
    Ok(outcome)
}

/// The particles of every scenario; those on land go to the nearest sea.
fn seeded(spec: &MissionSpec, seed: u64, coast: &Coast) -> Result<(Vec<Seed>, SeedsMoved), Error> {
    let (mut all, mut moved) = (Vec::new(), SeedsMoved::default());
    for (number, (scenario, particles)) in spec.scenarios().iter().zip(particles_of_scenarios(spec)).enumerate() {
        if particles == 0 {
            continue;
        }
        // Scenarios draw apart from each other: their particles are numbered anew.
        let plan = plan(scenario, particles, seed.wrapping_add(number as u64));
        let mut of_scenario = seeds(&plan, scenario.object)?;
        if spec.coastline_action != CoastlineAction::None {
            let SeedsMoved { count, max_distance_m } = to_ocean(&mut of_scenario, coast);
            moved.count += count;
            moved.max_distance_m = moved.max_distance_m.max(max_distance_m);
        }
        all.extend(of_scenario);
    }
    Ok((all, moved))
}

fn plan(scenario: &Scenario, number: u32, seed: u64) -> SeedPlan {
    let release = &scenario.release;
    let (first_s, last_s) = (
        release.first_time().unix_s() as f64,
        release.last_time().unix_s() as f64,
    );
    let release_s = if first_s == last_s || number == 1 {
        vec![first_s]
    } else {
        vec![first_s, last_s]
    };
    let gaussian_point = || Shape::Point {
        position: release.centre(),
        radius_m: release.radius_m(),
    };
    let (shape, scatter) = match release {
        Release::Point(point) => (
            gaussian_point(),
            match point.distribution {
                Distribution::Gaussian => Scatter::Gaussian,
                Distribution::Uniform => Scatter::Uniform,
            },
        ),
        // The reference needs two particles for a cone.
        Release::Cone(cone) if number > 1 => (
            Shape::Cone {
                ends: [cone.from.position, cone.to.position],
                radius_m: [cone.from.radius_m, cone.to.radius_m],
            },
            Scatter::Gaussian,
        ),
        Release::Polygon(polygon) => {
            let outline = polygon.coordinates.first().into_iter();
            let vertices = outline.flatten().map(|[lon, lat]| (*lon, *lat));
            (Shape::Polygons(vec![vertices.collect()]), Scatter::Gaussian)
        }
        // A mission in parity mode has no other release.
        Release::Cone(_) | Release::Track(_) | Release::Bearings(_) => (gaussian_point(), Scatter::Gaussian),
    };
    SeedPlan {
        number,
        shape,
        scatter,
        release_s,
        seed,
        spread: true,
    }
}

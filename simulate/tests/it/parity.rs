//! Parity mode on real files against tracks of OpenDrift 1.14.12 (`tests/data/golden`).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use driftline_coast::Coast;
use driftline_decode::ForcingFile;
use driftline_domain::{ComponentAxes, ForcingKind, GridSpec, ObjectClass, ValidTime, meters_per_degree, wrap_lon_deg};
use driftline_leeway::parity::{Character, CoastAction, Forcing, Line, NativeSource, RunSpec, Seed, Source, run};
use driftline_leeway::{Continue, Outcome};
use serde_json::Value;

const NATIVE: [&str; 2] = ["norkyst800_subset_16Nov2015.nc", "arome_subset_16Nov2015.nc"];
const IN_DEGREES: [&str; 2] = [
    "derived_latlon_current_16Nov2015.nc",
    "derived_latlon_wind_16Nov2015.nc",
];

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(path)
}

fn coast() -> &'static Coast {
    static COAST: OnceLock<Coast> = OnceLock::new();
    COAST.get_or_init(|| Coast::embedded().unwrap())
}

fn source(name: &str) -> Source {
    let file = ForcingFile::open(&data("forcing").join(name)).unwrap();
    let series = &file.series()[0];
    Source::Native(NativeSource {
        grid: series.grid.clone(),
        axes: file.component_axes(0).unwrap(),
        times_s: series.times.iter().map(ValidTime::unix_s).collect(),
        fields: (0..series.times.len())
            .map(|step| file.read_native(0, step).unwrap())
            .collect(),
    })
}

fn forcing([current, wind]: [&str; 2]) -> Forcing {
    Forcing::prepare(vec![source(current)], vec![source(wind)], vec![]).unwrap()
}

fn golden(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data("golden").join(name)).unwrap()).unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn spec(json: &Value, coast: CoastAction) -> RunSpec {
    let start: ValidTime = format!("{}Z", json["start"].as_str().unwrap()).parse().unwrap();
    RunSpec {
        step_s: json["dt_s"].as_i64().unwrap() as i32,
        jibe_per_hour: 0.0,
        coast,
        ..RunSpec::forward(start.unix_s(), json["hours"].as_u64().unwrap() as u32)
    }
}

/// The classes of a file on both sides, with their tracks in the same order.
fn classes(json: &Value, spec: &RunSpec) -> (Vec<Seed>, Vec<Value>) {
    let sides = json["objects"].as_object().unwrap().iter().flat_map(|(key, object)| {
        let class = ObjectClass::find(key).unwrap();
        [(class, 0, &object["right"]), (class, 1, &object["left"])]
    });
    sides
        .map(|(class, id, track)| {
            // Backward the reference numbers its particles from the last one.
            let orientation = if spec.step_s < 0 { 1 - id } else { id };
            let crosswind = if orientation == 0 { &class.right } else { &class.left };
            let seed = Seed {
                lon_deg: json["lon"].as_f64().unwrap() as f32,
                lat_deg: json["lat"].as_f64().unwrap() as f32,
                release_s: spec.start_s as f64,
                orientation,
                character: Character {
                    downwind: Line::of(&class.downwind, 0.0),
                    crosswind: Line::of(crosswind, 0.0),
                },
            };
            (seed, track.clone())
        })
        .unzip()
}

/// Distances of those afloat by the hour, distances of those that ended at the end, and states that differ.
struct Compared {
    afloat_m: Vec<f64>,
    ended_m: Vec<f64>,
    mismatches: usize,
    states: usize,
}

impl Compared {
    fn of(outcome: &Outcome, tracks: &[Value]) -> Self {
        let (mut afloat_m, mut ended_m, mut mismatches, mut states) = (Vec::new(), Vec::new(), 0, 0);
        for (p, track) in tracks.iter().enumerate() {
            let (lon, lat) = (numbers(&track["lon"]), numbers(&track["lat"]));
            assert_eq!(lon.len(), outcome.snapshots.len());
            for (k, shot) in outcome.snapshots.iter().enumerate() {
                let (lon_m, lat_m) = meters_per_degree(lat[k]);
                let off_m = libm::hypot(
                    wrap_lon_deg(shot.lon_deg[p] - lon[k]) * lon_m,
                    (shot.lat_deg[p] - lat[k]) * lat_m,
                );
                states += 1;
                match (shot.status[p].name(), track["status"][k].as_str().unwrap()) {
                    ("active", "active") => afloat_m.push(off_m),
                    (ours, theirs) if ours != theirs => mismatches += 1,
                    _ if k + 1 == lon.len() => ended_m.push(off_m),
                    _ => {}
                }
            }
        }
        afloat_m.sort_by(f64::total_cmp);
        ended_m.sort_by(f64::total_cmp);
        Self {
            afloat_m,
            ended_m,
            mismatches,
            states,
        }
    }

    fn quantile_m(sorted: &[f64], share: f64) -> f64 {
        sorted[((sorted.len() as f64 * share).ceil() as usize).max(1) - 1]
    }

    fn tell(&self, name: &str) {
        println!(
            "{name}: {} positions afloat, p99 {:.2e} m, largest {:.2e} m; {} ended; {} of {} states differ",
            self.afloat_m.len(),
            Self::quantile_m(&self.afloat_m, 0.99),
            Self::quantile_m(&self.afloat_m, 1.0),
            self.ended_m.len(),
            self.mismatches,
            self.states
        );
    }
}

fn compare(name: &str, files: [&str; 2], coast_action: CoastAction) -> Compared {
    let json = golden(name);
    let spec = spec(&json, coast_action);
    let (seeds, tracks) = classes(&json, &spec);
    let outcome = run(&spec, &seeds, &forcing(files), coast(), &|_| Continue::Go).unwrap();
    let compared = Compared::of(&outcome, &tracks);
    compared.tell(name);
    compared
}

#[test]
fn tracks_on_native_grids_are_within_two_centimetres() {
    let forward = compare("det_real_euler.json", NATIVE, CoastAction::Stranding);
    assert!(forward.afloat_m.len() > 2_000 && Compared::quantile_m(&forward.afloat_m, 1.0) < 0.02);
    assert_eq!(forward.mismatches, 0);
    assert!(Compared::quantile_m(&forward.ended_m, 1.0) < 1.0);
    let backward = compare("det_backward.json", NATIVE, CoastAction::Stranding);
    assert_eq!((backward.afloat_m.len(), backward.mismatches), (50, 0));
    assert!(Compared::quantile_m(&backward.afloat_m, 1.0) < 0.02);
}

#[test]
fn tracks_on_grids_in_degrees_are_within_a_metre() {
    // The reference keeps coordinates of a block in single precision: 0.2 m at 60 degrees north.
    let compared = compare("det_latlon_euler.json", IN_DEGREES, CoastAction::Stranding);
    assert!(compared.afloat_m.len() > 1_000 && Compared::quantile_m(&compared.afloat_m, 1.0) < 1.0);
    assert_eq!(
        compared.mismatches, 0,
        "39 of 86 leave the wind, at the same hour as in the reference"
    );
}

#[test]
fn tracks_on_a_grid_of_positions_are_within_a_metre() {
    // ROMS as the reference reads it: triangles between the nodes, both components left on the sides of their cells.
    let json = golden("det_roms_curvilinear.json");
    let mut spec = spec(&json, CoastAction::Stranding);
    (spec.steps, spec.steps_per_output) = (json["hours"].as_u64().unwrap() as u32, 1);
    let (seeds, tracks) = classes(&json, &spec);
    let files = ["nordic4km_surface_02Feb2016.nc", "arome_vestfjorden_02Feb2016.nc"];
    let outcome = run(&spec, &seeds, &forcing(files), coast(), &|_| Continue::Go).unwrap();
    let compared = Compared::of(&outcome, &tracks);
    compared.tell("det_roms_curvilinear.json");
    assert_eq!((compared.afloat_m.len(), compared.mismatches), (2 * 11 * 25, 0));
    assert!(Compared::quantile_m(&compared.afloat_m, 1.0) < 1.0);
}

#[test]
fn strandings_happen_when_and_nearly_always_where_the_reference_has_them() {
    let compared = compare("det_real_stranding.json", NATIVE, CoastAction::Stranding);
    assert_eq!(compared.mismatches, 0);
    assert!(compared.ended_m.len() > 80 && Compared::quantile_m(&compared.ended_m, 0.95) < 1.0);
    // Our coast is rounded to 1/7680 degree: a node of the lattice near the shore may be on its other side.
    assert!(Compared::quantile_m(&compared.ended_m, 1.0) < 500.0);
}

#[test]
fn particles_held_back_by_the_coast_agree_until_the_first_time() {
    let json = golden("det_real_previous.json");
    let mut spec = spec(&json, CoastAction::Previous);
    spec.steps_per_output = 1;
    let (seeds, tracks) = classes(&json, &spec);
    let outcome = run(&spec, &seeds, &forcing(NATIVE), coast(), &|_| Continue::Go).unwrap();
    let (mut before, mut after) = (0, Vec::new());
    for (p, track) in tracks.iter().enumerate() {
        // The coast puts particles to positions in single precision, which a move practically never ends on.
        let held = |k: &usize| {
            let shot = &outcome.snapshots[*k];
            [shot.lon_deg[p], shot.lat_deg[p]]
                .iter()
                .all(|x| f64::from(*x as f32) == *x)
        };
        let first = (1..outcome.snapshots.len()).find(held).unwrap_or(usize::MAX);
        for (hour, (lon, lat)) in numbers(&track["lon"]).iter().zip(numbers(&track["lat"])).enumerate() {
            let shot = &outcome.snapshots[6 * hour];
            assert_eq!(shot.status[p].name(), track["status"][hour]);
            let (lon_m, lat_m) = meters_per_degree(lat);
            let off_m = libm::hypot((shot.lon_deg[p] - lon) * lon_m, (shot.lat_deg[p] - lat) * lat_m);
            if 6 * hour < first {
                assert!(off_m < 0.02, "{p} hour {hour}: {off_m} m");
                before += 1;
            } else {
                after.push(off_m);
            }
        }
    }
    after.sort_by(f64::total_cmp);
    println!(
        "{before} positions before the coast, {} after: median {:.2e} m, p95 {:.0} m",
        after.len(),
        Compared::quantile_m(&after, 0.5),
        Compared::quantile_m(&after, 0.95)
    );
    assert!(before > 200 && Compared::quantile_m(&after, 0.5) < 1.0);
}

#[test]
fn an_ensemble_is_replayed_from_its_seeded_values() {
    let json = golden("replay_perturbed.json");
    let initial = |key: &str| numbers(&json["initial"][key]);
    let line = |direction: &str| -> Vec<Line> {
        let of = |part: &str| initial(&format!("{direction}_{part}"));
        let both = of("slope").into_iter().zip(of("offset")).zip(of("eps"));
        both.map(|((slope, offset), eps)| Line {
            slope_percent: slope as f32,
            offset_cm_s: offset as f32,
            eps_cm_s: eps as f32,
        })
        .collect()
    };
    let spec = spec(&json, CoastAction::Stranding);
    let lines = line("downwind").into_iter().zip(line("crosswind"));
    let places = initial("lon").into_iter().zip(initial("lat"));
    let seeds: Vec<Seed> = places
        .zip(initial("orientation"))
        .zip(lines)
        .map(|(((lon, lat), orientation), (downwind, crosswind))| Seed {
            lon_deg: lon as f32,
            lat_deg: lat as f32,
            release_s: spec.start_s as f64,
            orientation: orientation as u8,
            character: Character { downwind, crosswind },
        })
        .collect();
    let outcome = run(&spec, &seeds, &forcing(NATIVE), coast(), &|_| Continue::Go).unwrap();
    let mut worst_m = 0.0f64;
    for (k, shot) in outcome.snapshots.iter().enumerate() {
        let (lon, lat) = (numbers(&json["lon_t"][k]), numbers(&json["lat_t"][k]));
        for p in 0..seeds.len() {
            let (lon_m, lat_m) = meters_per_degree(lat[p]);
            worst_m = worst_m.max(libm::hypot(
                (shot.lon_deg[p] - lon[p]) * lon_m,
                (shot.lat_deg[p] - lat[p]) * lat_m,
            ));
            assert_eq!(shot.status[p].name(), "active");
        }
    }
    println!(
        "{} particles, {} hours: largest distance {worst_m:.2e} m",
        seeds.len(),
        outcome.snapshots.len()
    );
    assert!(seeds.len() == 200 && worst_m < 0.02);
}

#[test]
fn fields_turned_at_their_nodes_give_nearly_the_same_velocities() {
    let native = forcing(NATIVE);
    let turned = NATIVE.map(|name| {
        let file = ForcingFile::open(&data("forcing").join(name)).unwrap();
        let series = &file.series()[0];
        assert!(matches!(series.grid, GridSpec::Projected(_)));
        assert_eq!(file.component_axes(0), Some(ComponentAxes::Grid));
        Source::Native(NativeSource {
            grid: series.grid.clone(),
            axes: ComponentAxes::EastNorth,
            times_s: series.times.iter().take(2).map(ValidTime::unix_s).collect(),
            fields: (0..2).map(|step| file.read(0, step).unwrap()).collect(),
        })
    });
    let [current, wind] = turned;
    let turned = Forcing::prepare(vec![current], vec![wind], vec![]).unwrap();
    let start_s = 1_447_632_000.0;
    let mut compared = 0;
    for k in 0..200 {
        let (lon, lat) = (3.2 + 0.005 * f64::from(k), 59.9 + 0.0031 * f64::from(k * 37 % 200));
        // Half the turn of the axes across a cell times the change of the velocity across it: 1.4e-4 rad and 0.5 m/s, 3.5e-4
        // rad and 2 m/s.
        for (kind, allowed_ms) in [(ForcingKind::Current, 7e-5), (ForcingKind::Wind, 7e-4)] {
            let both =
                native
                    .sample(kind, lon, lat, start_s + 1_000.0)
                    .zip(turned.sample(kind, lon, lat, start_s + 1_000.0));
            let Some((a, b)) = both.filter(|(a, b)| !a.extrapolated && !b.extrapolated) else {
                continue;
            };
            let off = f64::from(a.east_ms - b.east_ms).hypot(f64::from(a.north_ms - b.north_ms));
            assert!(off < allowed_ms, "{kind} {lon} {lat}: {off}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

//! Tracks: each class on both sides without perturbation, and ensembles replayed from their seeded values.

use driftline_leeway::parity::{Character, CoastAction, Forcing, Line as Leeway, RunSpec, Seed, Source, run};
use driftline_leeway::{Continue, Outcome, Snapshot, Status};
use serde_json::Value;

use crate::input::{Failure, Inputs, class, distance_m, number, numbers, texts, time_s};
use crate::line::{Line, quantile};

/// Largest distance under constant forcing, m.
const CONSTANT_M: f64 = 0.01;
/// 99 % of positions afloat are nearer than this in real forcing, m.
const REAL_P99_M: f64 = 1.0;
/// 95 % of strandings are nearer than this, m.
const STRANDED_P95_M: f64 = 150.0;
/// Share of states that may differ.
const STATUS_SHARE: f64 = 0.01;

/// A track of the reference.
struct Track {
    places: Vec<(f64, f64)>,
    status: Vec<String>,
}

/// A file with `objects`.
pub(crate) fn compare_classes(json: &Value, inputs: &Inputs) -> Result<Line, Failure> {
    if let Some(scheme) = json["scheme"].as_str().filter(|scheme| *scheme != "euler") {
        return Ok(Line::skipped(format!("not the model itself: {scheme}")));
    }
    let objects = json["objects"].as_object().ok_or("'objects' is not an object")?;
    let (mut seeds, mut tracks) = (Vec::new(), Vec::new());
    for (key, object) in objects {
        let class = class(key)?;
        for (id, side) in ["right", "left"].into_iter().enumerate() {
            let Some(track) = object.get(side) else { continue };
            // Backward, the reference numbers its particles from the last to the first: the first track belongs to the
            // second particle, which has orientation 1 (seen in release 1.14.12 with two particles and constant forcing).
            let orientation = if number(json, "dt_s")? < 0.0 { 1 - id } else { id };
            let crosswind = if orientation == 0 { &class.right } else { &class.left };
            seeds.push(Seed {
                lon_deg: number(json, "lon")? as f32,
                lat_deg: number(json, "lat")? as f32,
                release_s: time_s(json, "start")? as f64,
                orientation: orientation as u8,
                character: Character {
                    downwind: Leeway::of(&class.downwind, 0.0),
                    crosswind: Leeway::of(crosswind, 0.0),
                },
            });
            let (lon, lat) = (numbers(track, "lon")?, numbers(track, "lat")?);
            tracks.push(Track {
                places: lon.into_iter().zip(lat).collect(),
                status: texts(track, "status")?.into_iter().map(str::to_owned).collect(),
            });
        }
    }
    compare(json, &seeds, &tracks, inputs)
}

/// A file with `initial` values and hourly positions of all particles.
pub(crate) fn compare_replay(json: &Value, inputs: &Inputs) -> Result<Line, Failure> {
    let initial = |key: &str| numbers(&json["initial"], key);
    let (lon, lat, orientation) = (initial("lon")?, initial("lat")?, initial("orientation")?);
    let line = |direction: &str| -> Result<Vec<Leeway>, Failure> {
        let of = |part: &str| initial(&format!("{direction}_{part}"));
        let (slopes, offsets, eps) = (of("slope")?, of("offset")?, of("eps")?);
        let both = slopes.into_iter().zip(offsets).zip(eps);
        Ok(both
            .map(|((slope, offset), eps)| Leeway {
                slope_percent: slope as f32,
                offset_cm_s: offset as f32,
                eps_cm_s: eps as f32,
            })
            .collect())
    };
    let (downwind, crosswind) = (line("downwind")?, line("crosswind")?);
    let release_s = time_s(json, "start")? as f64;
    let seeds: Vec<Seed> = (0..lon.len().min(downwind.len()).min(crosswind.len()))
        .map(|k| Seed {
            lon_deg: lon[k] as f32,
            lat_deg: lat[k] as f32,
            release_s,
            orientation: orientation.get(k).copied().unwrap_or(0.0) as u8,
            character: Character {
                downwind: downwind[k],
                crosswind: crosswind[k],
            },
        })
        .collect();
    let names = texts(json, "status_names")?;
    let rows = |key: &str| -> Result<Vec<Vec<f64>>, Failure> {
        let list = json[key].as_array().ok_or_else(|| format!("'{key}' is not a list"))?;
        let row = |row: &Value| {
            row.as_array()
                .map(|row| row.iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect())
        };
        Ok(list.iter().filter_map(row).collect())
    };
    let (lon_t, lat_t, status_t) = (rows("lon_t")?, rows("lat_t")?, rows("status_t")?);
    let tracks: Vec<Track> = (0..seeds.len())
        .map(|k| Track {
            places: lon_t.iter().zip(&lat_t).map(|(lon, lat)| (lon[k], lat[k])).collect(),
            status: status_t
                .iter()
                .map(|status| names.get(status[k] as usize).copied().unwrap_or_default().to_owned())
                .collect(),
        })
        .collect();
    compare(json, &seeds, &tracks, inputs)
}

fn compare(json: &Value, seeds: &[Seed], tracks: &[Track], inputs: &Inputs) -> Result<Line, Failure> {
    let constant = json["forcing"].is_object();
    let forcing = if constant {
        constant_forcing(&json["forcing"])?
    } else {
        inputs.forcing(texts(json, "forcing")?.into_iter())?
    };
    let mut spec = spec(json, constant)?;
    if spec.coast == CoastAction::Previous {
        // Every step is needed to see when the coast first holds a particle back.
        spec.steps_per_output = 1;
    }
    let outcome = run(&spec, seeds, &forcing, &inputs.coast, &|_| Continue::Go)?;
    Ok(judge(&outcome, &numbers(json, "t_h")?, &spec, tracks, constant))
}

fn constant_forcing(json: &Value) -> Result<Forcing, Failure> {
    let source = |east: &str, north: &str| -> Result<Source, Failure> {
        Ok(Source::Constant {
            east_ms: number(json, east)? as f32,
            north_ms: number(json, north)? as f32,
        })
    };
    let (current, wind) = (source("u", "v")?, source("x_wind", "y_wind")?);
    Ok(Forcing::prepare(vec![current], vec![wind], Vec::new())?)
}

fn spec(json: &Value, constant: bool) -> Result<RunSpec, Failure> {
    let step_s = number(json, "dt_s")? as i32;
    let per_hour = (3_600 / step_s.abs().max(1)) as u32;
    let action = json["coastline"].as_str().unwrap_or("stranding");
    Ok(RunSpec {
        step_s,
        steps: number(json, "hours")? as u32 * per_hour,
        steps_per_output: per_hour,
        jibe_per_hour: 0.0,
        coast: if constant || json["landmask"] == Value::Bool(false) || action.starts_with("none") {
            CoastAction::None
        } else if action.starts_with("previous") {
            CoastAction::Previous
        } else {
            CoastAction::Stranding
        },
        ..RunSpec::forward(time_s(json, "start")?, 0)
    })
}

/// When the coast first held each particle back, seconds since 1970: it puts them to positions in single precision, which
/// a move practically never ends on.
fn first_held_s(outcome: &Outcome, spec: &RunSpec, particles: usize) -> Vec<f64> {
    let mut first_s = vec![f64::INFINITY; particles];
    if spec.coast != CoastAction::Previous {
        return first_s;
    }
    for snapshot in outcome.snapshots.iter().skip(1) {
        for (p, first_s) in first_s.iter_mut().enumerate() {
            let single = |x: f64| f64::from(x as f32) == x;
            if first_s.is_infinite() && single(snapshot.lon_deg[p]) && single(snapshot.lat_deg[p]) {
                *first_s = snapshot.time_s as f64;
            }
        }
    }
    first_s
}

/// Distances and states of a comparison.
#[derive(Default)]
struct Found {
    afloat_m: Vec<f64>,
    /// Of particles that the coast has held back: from then on they go where the last metre of shore sends them.
    held_m: Vec<f64>,
    ended_m: Vec<f64>,
    states: usize,
    mismatches: usize,
}

fn find(outcome: &Outcome, hours: &[f64], spec: &RunSpec, tracks: &[Track]) -> Found {
    let first_held_s = first_held_s(outcome, spec, tracks.len());
    let mut found = Found::default();
    for (k, hour) in hours.iter().enumerate() {
        let time_s = spec.start_s as f64 + hour * 3_600.0;
        let at_hour = |snapshot: &&Snapshot| (snapshot.time_s as f64 - time_s).abs() < 0.5;
        let Some(snapshot) = outcome.snapshots.iter().find(at_hour) else {
            found.mismatches += tracks.len();
            continue;
        };
        for (p, track) in tracks.iter().enumerate() {
            let (Some(place), Some(status)) = (track.places.get(k), track.status.get(k)) else {
                continue;
            };
            found.states += 1;
            let distance_m = distance_m((snapshot.lon_deg[p], snapshot.lat_deg[p]), *place);
            let same = snapshot.status[p].name() == status;
            found.mismatches += usize::from(!same);
            if same && snapshot.status[p] == Status::Active {
                let held = time_s >= first_held_s[p];
                if held { &mut found.held_m } else { &mut found.afloat_m }.push(distance_m);
            } else if same && k + 1 == hours.len() {
                found.ended_m.push(distance_m);
            }
        }
    }
    found.held_m.sort_by(f64::total_cmp);
    found.ended_m.sort_by(f64::total_cmp);
    found
}

fn judge(outcome: &Outcome, hours: &[f64], spec: &RunSpec, tracks: &[Track], constant: bool) -> Line {
    let found = find(outcome, hours, spec, tracks);
    let line = Line::of(found.afloat_m.len(), found.afloat_m, found.mismatches);
    let (max_m, p99_m) = (line.quantile_m(1.0), line.quantile_m(0.99));
    let share = line.mismatch_share(found.states);
    let mut line = line.with("states", found.states);
    for (name, distances_m) in [("stranded", &found.ended_m), ("held_back", &found.held_m)] {
        if !distances_m.is_empty() {
            line = line
                .with(&format!("{name}_compared"), distances_m.len())
                .with(&format!("{name}_max_m"), quantile(distances_m, 1.0))
                .with(&format!("{name}_p95_m"), quantile(distances_m, 0.95))
                .with(&format!("{name}_median_m"), quantile(distances_m, 0.5));
        }
    }
    line.within(if constant {
        max_m <= CONSTANT_M
    } else {
        p99_m <= REAL_P99_M
    })
    .within(share <= STATUS_SHARE)
    .within(quantile(&found.ended_m, 0.95) <= STRANDED_P95_M)
}

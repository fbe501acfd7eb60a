//! Tracks: each class on both sides without perturbation, and ensembles replayed from their seeded values.

use driftline_leeway::parity::{Character, CoastAction, Forcing, Line as Leeway, RunSpec, Seed, Source, run};
use driftline_leeway::{Continue, Outcome, Status};
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
    let spec = spec(json, constant)?;
    let outcome = run(&spec, seeds, &forcing, &inputs.coast, &|_| Continue::Go)?;
    let line = judge(&outcome, &numbers(json, "t_h")?, &spec, tracks, constant);
    Ok(line)
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

fn judge(outcome: &Outcome, hours: &[f64], spec: &RunSpec, tracks: &[Track], constant: bool) -> Line {
    let (mut afloat_m, mut stranded_m, mut states, mut mismatches) = (Vec::new(), Vec::new(), 0, 0);
    for (k, hour) in hours.iter().enumerate() {
        let time_s = spec.start_s as f64 + hour * 3_600.0;
        let at_hour = |snapshot: &&driftline_leeway::Snapshot| (snapshot.time_s as f64 - time_s).abs() < 0.5;
        let Some(snapshot) = outcome.snapshots.iter().find(at_hour) else {
            mismatches += tracks.len();
            continue;
        };
        for (p, track) in tracks.iter().enumerate() {
            let (Some(place), Some(status)) = (track.places.get(k), track.status.get(k)) else {
                continue;
            };
            states += 1;
            let here = (snapshot.lon_deg[p], snapshot.lat_deg[p]);
            let same = snapshot.status[p].name() == status;
            mismatches += usize::from(!same);
            if same && snapshot.status[p] == Status::Active {
                afloat_m.push(distance_m(here, *place));
            } else if same && k + 1 == hours.len() {
                stranded_m.push(distance_m(here, *place));
            }
        }
    }
    stranded_m.sort_by(f64::total_cmp);
    let line = Line::of(afloat_m.len(), afloat_m, mismatches);
    let (max_m, p99_m, share) = (line.quantile_m(1.0), line.quantile_m(0.99), line.mismatch_share(states));
    let mut line = line.with("states", states);
    if !stranded_m.is_empty() {
        line = line
            .with("ended", stranded_m.len())
            .with("stranded_max_m", quantile(&stranded_m, 1.0))
            .with("stranded_p95_m", quantile(&stranded_m, 0.95))
            .with("stranded_median_m", quantile(&stranded_m, 0.5));
    }
    line.within(if constant {
        max_m <= CONSTANT_M
    } else {
        p99_m <= REAL_P99_M
    })
    .within(share <= STATUS_SHARE)
    .within(quantile(&stranded_m, 0.95) <= STRANDED_P95_M)
}

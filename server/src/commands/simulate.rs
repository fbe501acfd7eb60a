//! `driftline simulate`: one forecast on this machine, from the store or from files given by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use driftline_compute::Compute;
use driftline_domain::{MissionSpec, unambiguous_json};
use driftline_simulate::{Continue, Engine, ForcingOrigin, draw_seed};
use serde_json::{Map, Value, json};

use crate::{Common, commands, output};

/// What to compute.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Mission body of the API, as a JSON file; other mission options override its members.
    #[arg(long, value_name = "FILE")]
    mission: Option<PathBuf>,
    /// Last known latitude, degrees north.
    #[arg(long, allow_negative_numbers = true, value_parser = finite)]
    lat: Option<f64>,
    /// Last known longitude, degrees east.
    #[arg(long, allow_negative_numbers = true, value_parser = finite)]
    lon: Option<f64>,
    /// When it was there (RFC 3339).
    #[arg(long)]
    time: Option<String>,
    /// Object class: key, number or everyday name.
    #[arg(long, value_name = "KEY")]
    object: Option<String>,
    /// Hours to forecast.
    #[arg(long)]
    hours: Option<u32>,
    /// Particles.
    #[arg(long)]
    particles: Option<u32>,
    /// Standard deviation of the position per axis, metres.
    #[arg(long, value_name = "M", allow_negative_numbers = true, value_parser = finite)]
    radius: Option<f64>,
    /// Time step, seconds.
    #[arg(long, value_name = "S")]
    dt: Option<u32>,
    /// Seed of all random numbers.
    #[arg(long)]
    seed: Option<u64>,
    /// Physics: operational, or parity with the reference implementation.
    #[arg(long)]
    mode: Option<String>,
    /// Forcing file to read directly instead of the store; may be given several times.
    #[arg(long, value_name = "FILE")]
    forcing: Vec<PathBuf>,
    /// Coast file instead of the one that the configuration names (`driftline coast build` makes one).
    #[arg(long, value_name = "FILE")]
    coast: Option<PathBuf>,
    /// Folder to write the result files to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write these files only, by name; without it all of them.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "out")]
    files: Vec<String>,
    /// Compute threads; without it one per core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    common: Common,
}

/// Computes and reports.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut settings = arguments.common.settings()?;
    if let Some(coast) = &arguments.coast {
        settings.coast.file.clone_from(coast);
    }
    let coast = commands::coast(&settings)?;
    let spec = mission(arguments)?;
    let compute = match arguments.threads {
        Some(threads) => Compute::new(usize::from(threads))?,
        None => commands::compute(&settings)?,
    };
    commands::runtime()?.block_on(async {
        let origin = if arguments.forcing.is_empty() {
            commands::require_data_dir(&settings)?;
            ForcingOrigin::Store(commands::open_store_to_read(&settings, compute.clone()).await?)
        } else {
            ForcingOrigin::open_files(&arguments.forcing)?
        };
        let unknown = origin.unknown_feeds(&spec.feeds()).await?;
        if !unknown.is_empty() {
            bail!("there is no feed '{}'", unknown.join("', '"));
        }
        let engine = Engine {
            compute,
            coast: Arc::new(coast),
            origin,
        };
        let seed = match spec.seed {
            Some(seed) => seed,
            None => draw_seed()?,
        };
        let forecast = engine.forecast(&spec, seed, Arc::new(|_| Continue::Go)).await?;
        let products_began = Instant::now();
        let products = Arc::new(engine.areas(forecast).await?);
        if let Some(folder) = &arguments.out {
            let wanted = arguments.files.clone();
            engine
                .write_files(Arc::clone(&products), folder.clone(), wanted)
                .await?;
        }
        let products_s = products_began.elapsed().as_secs_f64();
        let mut report = products.report()?;
        report["products_seconds"] = json!(products_s);
        report["total_seconds"] = json!(began.elapsed().as_secs_f64());
        report["peak_rss_bytes"] = json!(peak_rss_bytes());
        if arguments.common.json {
            output::json(&report)
        } else {
            print_text(&report)
        }
    })
}

/// A number of an option. JSON has no NaN and no infinity: either would become null, which counts as not given.
fn finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|error| format!("{error}"))?;
    let is_finite = number.is_finite();
    is_finite
        .then_some(number)
        .ok_or_else(|| format!("{text} is not a finite number"))
}

/// The mission of the options, checked by the rules of the API.
fn mission(arguments: &Arguments) -> anyhow::Result<MissionSpec> {
    let mut body = match &arguments.mission {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            unambiguous_json(text.as_bytes()).with_context(|| format!("{} is not JSON", path.display()))?
        }
        None => Value::Object(Map::new()),
    };
    let Some(members) = body.as_object_mut() else {
        bail!("a mission is a JSON object")
    };
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    set("last_known_lat", arguments.lat.map(Value::from));
    set("last_known_lon", arguments.lon.map(Value::from));
    set("last_known_time", arguments.time.clone().map(Value::from));
    set("object_type", arguments.object.clone().map(Value::from));
    set("forecast_hours", arguments.hours.map(Value::from));
    set("ensemble_size", arguments.particles.map(Value::from));
    set("uncertainty_radius_m", arguments.radius.map(Value::from));
    let overrides = [
        ("step_s", arguments.dt.map(Value::from)),
        ("seed", arguments.seed.map(Value::from)),
        ("mode", arguments.mode.clone().map(Value::from)),
    ];
    if overrides.iter().any(|(_, value)| value.is_some()) {
        let config = members.entry("config").or_insert(Value::Null);
        // As in the API, null counts as absent.
        if config.is_null() {
            *config = json!({});
        }
        let Some(config) = config.as_object_mut() else {
            bail!("config is a JSON object")
        };
        for (name, value) in overrides {
            if let Some(value) = value {
                config.insert(name.to_owned(), value);
            }
        }
    }
    MissionSpec::from_json(&body).map_err(|violations| {
        let lines: Vec<String> = violations
            .iter()
            .map(|violation| format!("{}: {}", violation.field, violation.message))
            .collect();
        anyhow::anyhow!("the mission is refused: {}", lines.join("; "))
    })
}

fn print_text(report: &Value) -> anyhow::Result<()> {
    let areas = &report["areas_km2"];
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    output::line(&format!(
        "{} particles, {} steps; valid until {}; mean {:.4} {:.4}; stranded {}",
        report["particles"],
        report["steps"],
        report["valid_until"].as_str().unwrap_or_default(),
        number(&report["mean"]["lat"]),
        number(&report["mean"]["lon"]),
        report["stranded"]
    ))?;
    output::line(&format!(
        "areas at the end: 50 % {:.1} km2, 90 % {:.1} km2, 95 % {:.1} km2",
        number(&areas["50"]),
        number(&areas["90"]),
        number(&areas["95"])
    ))?;
    for warning in report["warnings"].as_array().into_iter().flatten() {
        output::line(&format!("warning: {}", warning.as_str().unwrap_or_default()))?;
    }
    output::line(&format!(
        "seed {}, {:.2} s in all",
        report["seed"],
        number(&report["total_seconds"])
    ))
}

/// Most memory this process ever held, where the system tells.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}

//! `driftline ingest buoys`: files of drifting and moored buoys become filtered observations.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use driftline_domain::{BBox, ValidTime};
use driftline_ingest::{BuoyFilter, BuoyKind, BuoyOrigin, ImportedBuoys, Tally, import_buoys, read_buoys};
use driftline_store::Store;
use serde_json::{Value, json};

use crate::{Common, commands, output};

/// What to import, and what to leave out of it.
#[derive(Args)]
pub(crate) struct BuoysArguments {
    /// Tracks of buoys: CF NetCDF (trajectories, station time series) or CSV with columns of time, latitude and longitude.
    #[arg(required_unless_present = "list", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Data set that the files belong to. Without it each file is its own, named after the file.
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Kind of the buoys. Without it moored where a file gives one position for each buoy, else drifting.
    #[arg(long)]
    kind: Option<Kind>,
    /// Only positions in this box: west, south, east and north in degrees.
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// Only reports from this time on, RFC 3339: when the buoys were set out.
    #[arg(long, value_name = "TIME")]
    from: Option<ValidTime>,
    /// Only reports up to this time: when they were taken up.
    #[arg(long, value_name = "TIME")]
    until: Option<ValidTime>,
    /// Fastest drift that is believed, m/s. Ocean currents reach 3; tidal races are faster, ships faster still.
    #[arg(long, value_name = "MS", default_value_t = 5.0)]
    max_speed: f64,
    /// Credit line that whoever shows the tracks must carry.
    #[arg(long, value_name = "TEXT")]
    attribution: Option<String>,
    /// List what has been imported instead of importing.
    #[arg(long, conflicts_with = "paths")]
    list: bool,
    #[command(flatten)]
    common: Common,
}

/// Kinds of buoys.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// They go with the water.
    Drifting,
    /// They hang on anchors.
    Moored,
}

/// Imports and accounts for every report, or lists what there is.
pub(crate) fn run(arguments: &BuoysArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    if arguments.list {
        commands::require_data_dir(&settings)?;
        return commands::runtime()?.block_on(async {
            let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
            list(&store, arguments.common.json).await
        });
    }
    let filter = filter(arguments)?;
    let coast = Arc::new(commands::coast(&settings)?);
    let origin = BuoyOrigin {
        dataset: arguments.dataset.clone(),
        attribution: arguments.attribution.clone(),
        kind: arguments.kind.map(|kind| match kind {
            Kind::Drifting => BuoyKind::Drifting,
            Kind::Moored => BuoyKind::Moored,
        }),
    };
    commands::runtime()?.block_on(async {
        let compute = commands::compute(&settings)?;
        commands::create_data_dir(&settings.store.data_dir)?;
        let store = commands::open_store(&settings, compute.clone()).await?;
        let imported = import_buoys(&store, &compute, &coast, &arguments.paths, &origin, &filter).await?;
        report(&imported, arguments.common.json)
    })
}

fn filter(arguments: &BuoysArguments) -> anyhow::Result<BuoyFilter> {
    if !(arguments.max_speed.is_finite() && arguments.max_speed > 0.0) {
        bail!("--max-speed is {}; it must be above 0 m/s", arguments.max_speed);
    }
    Ok(BuoyFilter {
        bbox: arguments.bbox.as_deref().map(bbox).transpose()?,
        from: arguments.from,
        until: arguments.until,
        max_speed_ms: arguments.max_speed,
        ..BuoyFilter::of(BuoyKind::Drifting)
    })
}

fn bbox(text: &str) -> anyhow::Result<BBox> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    let numbers = numbers.with_context(|| format!("--bbox {text} is not four numbers"))?;
    let [west, south, east, north] = numbers[..] else {
        bail!("--bbox {text} is not four numbers: west, south, east, north");
    };
    BBox::new(west, south, east, north).with_context(|| format!("--bbox {text}"))
}

fn report(imported: &[ImportedBuoys], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let imports: Vec<Value> = imported.iter().map(imported_json).collect();
        return output::json(&json!({ "imports": imports }));
    }
    for one in imported {
        let verb = if one.is_new { "imported" } else { "unchanged:" };
        let file = &one.file;
        output::line(&format!(
            "{verb} {} into {} ({} buoys): {}",
            one.path.display(),
            file.dataset,
            file.kind.name(),
            words(&file.tally())
        ))?;
        for (platform, tally) in &file.platforms {
            output::line(&format!("  {platform}: {}", words(tally)))?;
        }
    }
    Ok(())
}

/// An account in words.
fn words(tally: &Tally) -> String {
    let mut parts = vec![format!(
        "{} read, {} kept in {} segments",
        tally.read, tally.kept, tally.segments
    )];
    if !tally.dropped.is_empty() {
        parts.push(format!("dropped {}", tally.dropped_words()));
    }
    let states: Vec<String> = tally
        .states
        .iter()
        .map(|(state, count)| format!("{count} {}", state.name()))
        .collect();
    if !states.is_empty() {
        parts.push(format!("of the kept {}", states.join(", ")));
    }
    if tally.reordered > 0 {
        parts.push(format!("{} put back into the order of time", tally.reordered));
    }
    parts.join("; ")
}

fn imported_json(one: &ImportedBuoys) -> Value {
    let mut value = json!({
        "path": one.path,
        "object": one.stored.path(),
        "new": one.is_new,
    });
    describe(&mut value, &one.file);
    value
}

fn describe(value: &mut Value, file: &driftline_ingest::BuoyFile) {
    value["dataset"] = json!(file.dataset);
    value["kind"] = json!(file.kind);
    value["attribution"] = json!(file.attribution);
    value["source"] = json!(file.source);
    value["filter"] = json!(file.filter);
    value["tally"] = json!(file.tally());
    value["platforms"] = json!(file.platforms);
}

async fn list(store: &Store, as_json: bool) -> anyhow::Result<()> {
    let observations = store.observations();
    let mut imports = Vec::new();
    for stored in observations.list("buoys").await? {
        let file = read_buoys(observations.read(&stored).await?)?;
        if as_json {
            let mut value = json!({ "object": stored.path(), "stored_at": stored.stored_at });
            describe(&mut value, &file);
            imports.push(value);
        } else {
            output::line(&format!(
                "{} {} buoys from {} stored {}: {}",
                file.dataset,
                file.kind.name(),
                file.source.name,
                stored.stored_at,
                words(&file.tally())
            ))?;
        }
    }
    if as_json {
        output::json(&json!({ "imports": imports }))
    } else {
        Ok(())
    }
}

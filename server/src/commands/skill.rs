//! `driftline skill`: how well one buoy's track follows another's.

use anyhow::{Context, bail};
use clap::Args;
use driftline_ingest::{CountedStates, SkillSettings, Track, buoy_tracks, skill};
use serde_json::json;

use crate::{Common, commands, output};

/// Which tracks, and how they are compared.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Data set of both tracks (`driftline ingest buoys --list`).
    #[arg(long, value_name = "NAME")]
    dataset: String,
    /// The track that is judged.
    #[arg(long, value_name = "PLATFORM")]
    model: String,
    /// The track that it should have followed; separations are measured by its length.
    #[arg(long, value_name = "PLATFORM")]
    observed: String,
    /// Minutes between common times.
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0)]
    step: f64,
    /// Tolerance: the normalised separation at which the score is 0.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    tolerance: f64,
    /// Longest silence of a track that is bridged by a straight line; without it every one is.
    #[arg(long, value_name = "HOURS")]
    max_gap: Option<f64>,
    /// Count only what was judged to be adrift, not what lay stranded or still.
    #[arg(long)]
    drifting_only: bool,
    #[command(flatten)]
    common: Common,
}

/// Prints the score of Liu and Weisberg (2011) and what it rests on.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    let compared = SkillSettings {
        step_s: arguments.step * 60.0,
        tolerance: arguments.tolerance,
        max_gap_s: arguments.max_gap.map(|hours| hours * 3600.0),
        states: if arguments.drifting_only {
            CountedStates::Drifting
        } else {
            CountedStates::All
        },
    };
    commands::runtime()?.block_on(async {
        let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
        let tracks = buoy_tracks(&store, &arguments.dataset).await?;
        let (model, observed) = (find(&tracks, &arguments.model)?, find(&tracks, &arguments.observed)?);
        let found = skill(model, observed, &compared)
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("'{}' cannot be judged by '{}'", arguments.model, arguments.observed))?;
        if arguments.common.json {
            return output::json(&json!({
                "model": arguments.model,
                "observed": arguments.observed,
                "score": found.score,
                "separation": found.separation,
                "from": found.from,
                "until": found.until,
                "compared": found.compared,
                "skipped": found.skipped,
                "longest_gap_s": found.longest_gap_s,
                "observed_length_m": found.observed_length_m,
                "largest_separation_m": found.largest_separation_m,
            }));
        }
        output::line(&format!(
            "skill {:.3} (normalised separation {:.3}) at {} times from {} to {}, {} left out; observed way {:.1} km, \
             largest separation {:.1} km, longest silence bridged {:.1} h",
            found.score,
            found.separation,
            found.compared,
            found.from,
            found.until,
            found.skipped,
            found.observed_length_m / 1000.0,
            found.largest_separation_m / 1000.0,
            found.longest_gap_s / 3600.0
        ))
    })
}

fn find<'tracks>(tracks: &'tracks [Track], platform: &str) -> anyhow::Result<&'tracks Track> {
    match tracks.iter().find(|track| track.platform == platform) {
        Some(track) => Ok(track),
        None => {
            let names: Vec<&str> = tracks.iter().map(|track| track.platform.as_str()).collect();
            bail!("there is no buoy '{platform}'; there are: {}", names.join(", "))
        }
    }
}

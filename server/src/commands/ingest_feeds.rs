//! `driftline ingest run`, `ingest status`, `ingest feeds`: forcing that fetches itself.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use driftline_domain::RunTime;
use driftline_ingest::{FeedState, FeedStatus, Turn, Watcher, feeds};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{Common, commands, ingest_settings, logging, output, scheduling};

/// Which feeds to fetch and for how long.
#[derive(Args)]
pub(crate) struct RunArguments {
    /// Look at every feed once, then exit; 1 where something went wrong.
    #[arg(long)]
    once: bool,
    /// Fetch these feeds only, whether or not the settings name them.
    #[arg(long = "feed", value_name = "NAME")]
    feeds: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// What to tell.
#[derive(Args)]
pub(crate) struct StatusArguments {
    /// Also feeds that are switched off.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    common: Common,
}

/// How to tell it.
#[derive(Args)]
pub(crate) struct FeedsArguments {
    #[command(flatten)]
    common: Common,
}

/// Fetches feeds.
pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    ingest_settings::sources(&settings.ingest)?;
    commands::runtime()?.block_on(async {
        logging::start(&settings)?;
        commands::create_data_dir(&settings.store.data_dir)?;
        let compute = commands::compute(&settings)?;
        let store = commands::open_store(&settings, compute.clone()).await?;
        let coast = Arc::new(commands::coast(&settings)?);
        let mut scheduler = scheduling::scheduler(&settings, &store, &compute, coast, &arguments.feeds)?;
        if arguments.feeds.is_empty() && scheduling::is_idle(&settings.ingest) {
            anyhow::bail!("no feed is named: neither by --feed nor by ingest.feeds or ingest.folders of the settings");
        }
        if std::io::stderr().is_terminal() {
            scheduler = scheduler.watched_by(Arc::new(Bars::default()));
        }
        if arguments.once {
            return report(&scheduler.run_once().await, arguments.common.json);
        }
        let (stop, stopped) = watch::channel(false);
        let signal = async {
            let _ = tokio::signal::ctrl_c().await;
            stop.send_replace(true);
        };
        tokio::join!(scheduling::run(scheduler, stopped), signal);
        Ok(())
    })
}

fn report(turns: &[(String, Turn)], as_json: bool) -> anyhow::Result<()> {
    let failed: Vec<&str> = turns
        .iter()
        .filter(|(_, turn)| turn.failed)
        .map(|(feed, _)| feed.as_str())
        .collect();
    if as_json {
        let of_feed = |(feed, turn): &(String, Turn)| {
            let published: Vec<Value> = turn
                .published
                .iter()
                .map(|(run, revision)| json!({"run": run, "revision": revision}))
                .collect();
            json!({"feed": feed, "published": published, "failed": turn.failed, "waiting": turn.waiting})
        };
        output::json(&json!({"feeds": turns.iter().map(of_feed).collect::<Vec<_>>()}))?;
    } else {
        for (feed, turn) in turns {
            for (run, revision) in &turn.published {
                output::line(&format!("published {feed} {run} revision {revision}"))?;
            }
            if turn.published.is_empty() {
                output::line(&format!("nothing new of {feed}"))?;
            }
        }
    }
    anyhow::ensure!(
        failed.is_empty(),
        "something went wrong with {}; `driftline ingest status` tells what",
        failed.join(", ")
    );
    Ok(())
}

/// Tells how the feeds stand.
pub(crate) fn status(arguments: &StatusArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
        let now = Timestamp::now();
        let mut statuses = scheduling::statuses(&settings, &store, now).await?;
        let has_something = |status: &FeedStatus| {
            status.state != FeedState::Off || status.last_cycle.is_some() || status.report.is_some()
        };
        statuses.retain(|status| arguments.all || has_something(status));
        if arguments.common.json {
            return output::json(&json!({"feeds": statuses}));
        }
        if statuses.is_empty() {
            return output::line("no feed is switched on (ingest.feeds, ingest.folders)");
        }
        statuses
            .iter()
            .try_for_each(|status| sentences(status, now).iter().try_for_each(|line| output::line(line)))
    })
}

/// A feed in lines for people.
fn sentences(status: &FeedStatus, now: Timestamp) -> Vec<String> {
    let state = match status.state {
        FeedState::Fresh => "fresh".to_owned(),
        FeedState::Late => format!("LATE by {}", hours(status.overdue_s)),
        FeedState::Empty => "nothing published yet".to_owned(),
        FeedState::Off => "off".to_owned(),
    };
    let mut lines = vec![format!("{}: {state}", status.feed)];
    if let Some(last) = &status.last_cycle {
        let whole = if last.complete { "complete" } else { "INCOMPLETE" };
        let until = last.valid_until.map(|until| until.to_string()).unwrap_or_default();
        lines.push(format!(
            "  last cycle {} revision {}, {whole}, valid until {until}, {} old, published {} after its time",
            last.run,
            last.revision,
            hours(last.age_s),
            hours(last.lag_s)
        ));
        for missing in last.missing.iter().take(3) {
            lines.push(format!("  lacks {}: {}", missing.step, missing.reason));
        }
        if last.missing.len() > 3 {
            lines.push(format!("  and {} further steps", last.missing.len() - 3));
        }
    }
    if let (Some(run), Some(at)) = (status.expected_run, status.expected_at) {
        let relative = at.duration_since(now).as_secs();
        let when = if relative >= 0 {
            format!("in {}", hours(relative))
        } else {
            format!("{} ago", hours(-relative))
        };
        lines.push(format!("  next cycle {run}, complete usually {when}"));
    }
    if let Some(report) = &status.report {
        for (run, progress) in &report.fetching {
            lines.push(format!(
                "  fetching {run}: {} of {} parts, {:.1} MB",
                progress.fetched,
                progress.parts,
                progress.bytes as f64 / 1e6
            ));
        }
        for problem in report.problems.iter().rev().take(5) {
            lines.push(format!(
                "  {} ({} times, last at {}): {}",
                problem.code, problem.count, problem.last_at, problem.message
            ));
        }
    }
    lines
}

fn hours(seconds: i64) -> String {
    format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60)
}

/// Lists the feeds that there are.
pub(crate) fn feeds(arguments: &FeedsArguments) -> anyhow::Result<()> {
    let all = feeds::all();
    if arguments.common.json {
        let about = |about: &driftline_ingest::feed::About| {
            json!({
                "feed": about.name,
                "title": about.title,
                "provider": about.provider,
                "attribution": about.attribution,
                "licence": about.licence,
                "kinds": about.fields.iter().map(|field| field.kind).collect::<Vec<_>>(),
                "cadence_s": about.cadence.as_secs(),
                "horizon_s": about.horizon.as_secs(),
                "complete_after_s": about.complete_after.as_secs(),
                "ships_switched_off": about.disabled,
            })
        };
        return output::json(&json!({"feeds": all.iter().map(about).collect::<Vec<_>>()}));
    }
    all.iter().try_for_each(|about| {
        output::line(&format!(
            "{:24} {} ({}; every {} h, {} h ahead)",
            about.name,
            about.title,
            about.licence,
            about.cadence.as_hours(),
            about.horizon.as_hours()
        ))?;
        about.disabled.map_or(Ok(()), |reason| {
            output::line(&format!("{:24} ships switched off: {reason}", ""))
        })
    })
}

/// A progress bar per cycle.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    open: Mutex<HashMap<(String, RunTime), ProgressBar>>,
}

impl Bars {
    fn with(&self, feed: &str, run: RunTime, act: impl FnOnce(&ProgressBar)) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = open.get(&(feed.to_owned(), run)) {
            act(bar);
        }
    }
}

impl Watcher for Bars {
    fn begins(&self, feed: &str, run: RunTime, parts: usize) {
        let bar = self.all.add(ProgressBar::new(parts as u64));
        let style = ProgressStyle::with_template("{msg:40} {wide_bar} {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(format!("{feed} {run}"));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert((feed.to_owned(), run), bar);
    }

    fn has(&self, feed: &str, run: RunTime, _part: &str) {
        self.with(feed, run, |bar| bar.inc(1));
    }

    fn ends(&self, feed: &str, run: RunTime) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = open.remove(&(feed.to_owned(), run)) {
            bar.finish_and_clear();
        }
    }
}

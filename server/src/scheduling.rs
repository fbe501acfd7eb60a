//! Builds the scheduler of the feeds that the settings name, and tells how feeds stand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_config::{FolderSettings, IngestSettings, Settings};
use driftline_ingest::feed::known_limits;
use driftline_ingest::feeds;
use driftline_ingest::fetch::{FetchSettings, Fetcher, HostLimits};
use driftline_ingest::{FeedStatus, Scheduler, Window};
use driftline_store::{RetentionRules, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::ingest_settings::{self, Sources};

/// Who asks, as providers see it.
const USER_AGENT: &str = concat!("driftline/", env!("CARGO_PKG_VERSION"));

/// The scheduler of the settings; of the feeds named in `only`, where it names any.
pub(crate) fn scheduler(
    settings: &Settings,
    store: &Store,
    compute: &Compute,
    coast: Arc<Coast>,
    only: &[String],
) -> anyhow::Result<Scheduler> {
    let ingest = &settings.ingest;
    let per_host = HostLimits {
        requests_per_minute: ingest.requests_per_minute,
        ..HostLimits::default()
    };
    let fetcher = Fetcher::new(FetchSettings {
        user_agent: USER_AGENT.to_owned(),
        per_host,
        overrides: known_limits(per_host),
        ..FetchSettings::default()
    })?;
    let Sources { overrides, folders } = ingest_settings::sources(ingest)?;
    let mut scheduler =
        Scheduler::new(store.clone(), compute.clone(), fetcher, spool(settings), window(ingest)).with_coast(coast);
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    for name in ingest.feeds.iter().chain(only) {
        if ingest.folders.iter().any(|folder| folder.feed == *name) {
            continue;
        }
        let feed = feeds::by_name(name, &overrides);
        let Some(feed) = feed else {
            bail!("there is no feed '{name}'; `driftline ingest feeds` lists them");
        };
        if let Some(reason) = feed.about().disabled {
            tracing::warn!(
                feed = name,
                reason,
                "the feed ships switched off, and the settings name it all the same"
            );
        }
        if is_wanted(name) && !scheduler.has(name) {
            scheduler = scheduler.with_feed(feed.into());
        }
    }
    for folder in folders.into_iter().filter(|folder| is_wanted(&folder.name)) {
        scheduler = scheduler.with_folder(folder);
    }
    for folder in &ingest.folders {
        if let Some(keep_h) = folder.keep_h {
            scheduler = scheduler.with_hindcast(&folder.feed, hours(keep_h));
        }
    }
    Ok(scheduler)
}

/// The folders of the settings; all of them are checked, also those that are not wanted now.
/// How every known feed stands; those that the settings do not name are off.
pub(crate) async fn statuses(settings: &Settings, store: &Store, now: Timestamp) -> anyhow::Result<Vec<FeedStatus>> {
    let ingest = &settings.ingest;
    let mut known = Vec::new();
    for about in feeds::all() {
        let is_on = ingest.feeds.iter().any(|feed| feed == about.name);
        known.push((about, is_on));
    }
    let shown = |folder: &FolderSettings| (folder.feed.clone(), folder.location.to_string());
    let folders: Vec<(String, String)> = ingest.folders.iter().map(shown).collect();
    let folders: Vec<(&str, &str)> = folders
        .iter()
        .map(|(feed, location)| (feed.as_str(), location.as_str()))
        .collect();
    Ok(driftline_ingest::statuses(store, known, &folders, now).await?)
}

fn spool(settings: &Settings) -> PathBuf {
    let own = &settings.ingest.spool;
    if own.as_os_str().is_empty() {
        settings.store.data_dir.join("spool")
    } else {
        own.clone()
    }
}

fn hours(hours: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(hours))
}

fn window(ingest: &IngestSettings) -> Window {
    Window {
        forecast: hours(ingest.forecast_h),
        hindcast: hours(ingest.hindcast_h),
        grace: hours(ingest.grace_h),
        usable: hours(ingest.usable_h),
        poll: Duration::from_secs(u64::from(ingest.poll_s)),
        recheck: SignedDuration::from_secs(i64::from(ingest.recheck_s)),
        ..Window::default()
    }
}

/// Retires revisions that were superseded a grace period ago, for commands that publish where no service may run. What was
/// published stays published whatever becomes of that.
pub(crate) async fn retire_superseded(ingest: &IngestSettings, store: &Store) {
    let rules = RetentionRules::of_revisions_only(hours(ingest.grace_h));
    if let Err(error) = store.apply_retention(&rules, Timestamp::now()).await {
        tracing::warn!(cause = %error, "superseded revisions could not be retired");
    }
}

/// Whether there is anything to fetch.
pub(crate) fn is_idle(ingest: &IngestSettings) -> bool {
    ingest.feeds.is_empty() && ingest.folders.is_empty()
}

/// Keeps feeds up to date until told to stop.
pub(crate) async fn run(scheduler: Scheduler, stop: watch::Receiver<bool>) {
    Arc::new(scheduler).run(stop).await;
}

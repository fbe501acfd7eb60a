//! How feeds stand, for the command line, the API and the metrics: what is published, what is due, what went wrong.

use driftline_store::Store;
use jiff::Timestamp;

use crate::Error;
use crate::feed::About;
use crate::report::{FeedState, FeedStatus, LastCycle, Report, last_cycle, status};

/// How these feeds stand; each with whether it is fetched here. Folders are named with their location.
pub async fn statuses(
    store: &Store,
    feeds: Vec<(About, bool)>,
    folders: &[(&str, &str)],
    now: Timestamp,
) -> Result<Vec<FeedStatus>, Error> {
    let catalog = store.catalog().await?;
    let mut statuses = Vec::new();
    for (about, is_on) in &feeds {
        let report = stored_report(store, about.name).await;
        statuses.push(status(about, *is_on, &catalog, report, now));
    }
    for (name, location) in folders {
        let last = last_cycle(name, &catalog, now);
        let report = stored_report(store, name).await;
        let overdue_s = last.as_ref().map_or(0, |last| ended_for_s(last, now));
        let failed = report.as_ref().is_some_and(|report| report.failed);
        statuses.push(FeedStatus {
            feed: (*name).to_owned(),
            title: format!("files of {location}"),
            provider: String::new(),
            attribution: String::new(),
            licence: String::new(),
            state: match last {
                None => FeedState::Empty,
                Some(_) if failed || overdue_s > 0 => FeedState::Late,
                Some(_) => FeedState::Fresh,
            },
            last_cycle: last,
            expected_run: None,
            expected_at: None,
            overdue_s,
            report,
        });
    }
    Ok(statuses)
}

/// Seconds since the last forecast of a folder ended. An archive, which had ended when it was published, is not late.
fn ended_for_s(last: &LastCycle, now: Timestamp) -> i64 {
    match last.valid_until {
        Some(until) if until.0 > last.published_at => now.duration_since(until.0).as_secs().max(0),
        _ => 0,
    }
}

/// What the scheduler last said of a feed; a report that cannot be read is none.
async fn stored_report(store: &Store, feed: &str) -> Option<Report> {
    match store.feed_report(feed).await {
        Ok(report) => serde_json::from_slice(&report?).ok(),
        Err(error) => {
            tracing::warn!(feed, cause = %error, "what the scheduler said of the feed cannot be read");
            None
        }
    }
}

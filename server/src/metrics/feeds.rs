//! The metrics of feeds.

use std::sync::atomic::AtomicU64;

use driftline_ingest::{FeedState, FeedStatus};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfFeed {
    feed: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfHost {
    feed: String,
    host: String,
}

type PerFeed = Family<OfFeed, Gauge<f64, AtomicU64>>;
/// What only grows; its name ends in `_total`.
type Total = Family<OfFeed, Counter>;

/// The metrics of feeds.
#[derive(Default)]
pub(super) struct Feeds {
    fresh: PerFeed,
    age: PerFeed,
    lag: PerFeed,
    overdue: PerFeed,
    valid_until: PerFeed,
    complete: PerFeed,
    missing: PerFeed,
    marks: PerFeed,
    problem_at: PerFeed,
    parts: Total,
    bytes: Total,
    refused: Total,
    published: Total,
    failed: Total,
    host_failures: Family<OfHost, Gauge>,
    host_throttled: Family<OfHost, Counter>,
}

impl Feeds {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let feeds = Self::default();
        let per_feed: [(&str, &str, Option<Unit>, &PerFeed); 9] = [
            (
                "feed_fresh",
                "1 where the newest cycle that is due is complete",
                None,
                &feeds.fresh,
            ),
            (
                "feed_cycle_age",
                "Since the nominal time of the newest cycle",
                Some(Unit::Seconds),
                &feeds.age,
            ),
            (
                "feed_cycle_lag",
                "From its nominal time to its publication",
                Some(Unit::Seconds),
                &feeds.lag,
            ),
            (
                "feed_overdue",
                "How long the due cycle is overdue",
                Some(Unit::Seconds),
                &feeds.overdue,
            ),
            (
                "feed_valid_until_timestamp",
                "Last time that the newest cycle has",
                Some(Unit::Seconds),
                &feeds.valid_until,
            ),
            (
                "feed_cycle_complete",
                "1 where the newest cycle has every step",
                None,
                &feeds.complete,
            ),
            (
                "feed_missing_steps",
                "Steps that the newest cycle lacks",
                None,
                &feeds.missing,
            ),
            (
                "feed_marks",
                "Findings of quality control in the newest cycle",
                None,
                &feeds.marks,
            ),
            (
                "feed_last_problem_timestamp",
                "When the last problem was seen",
                Some(Unit::Seconds),
                &feeds.problem_at,
            ),
        ];
        let totals: [(&str, &str, Option<Unit>, &Total); 5] = [
            ("feed_parts_fetched", "Parts fetched", None, &feeds.parts),
            ("feed_fetched", "What was fetched", Some(Unit::Bytes), &feeds.bytes),
            (
                "feed_parts_refused",
                "Parts that were fetched or tried and are no use",
                None,
                &feeds.refused,
            ),
            (
                "feed_revisions_published",
                "Revisions published",
                None,
                &feeds.published,
            ),
            (
                "feed_failed_turns",
                "Looks at the feed that ended with a problem",
                None,
                &feeds.failed,
            ),
        ];
        for (name, help, unit, family) in per_feed {
            register(registry, (name, help, unit), family.clone());
        }
        for (name, help, unit, family) in totals {
            register(registry, (name, help, unit), family.clone());
        }
        let failures = "Failures in a row of a host that the feed is fetched from";
        registry.register("feed_host_failures_in_a_row", failures, feeds.host_failures.clone());
        let throttled = "Answers of a host that asked to come back later";
        registry.register("feed_host_throttled", throttled, feeds.host_throttled.clone());
        feeds
    }

    pub(super) fn set(&self, status: &FeedStatus) {
        let label = OfFeed {
            feed: status.feed.clone(),
        };
        let set = |family: &PerFeed, value: f64| {
            family.get_or_create(&label).set(value);
        };
        set(&self.fresh, f64::from(u8::from(status.state == FeedState::Fresh)));
        set(&self.overdue, status.overdue_s as f64);
        if let Some(last) = &status.last_cycle {
            set(&self.age, last.age_s as f64);
            set(&self.lag, last.lag_s as f64);
            set(&self.complete, f64::from(u8::from(last.complete)));
            set(&self.missing, last.missing.len() as f64);
            set(&self.marks, last.marks as f64);
            if let Some(until) = last.valid_until {
                set(&self.valid_until, until.unix_s() as f64);
            }
        }
        let Some(report) = &status.report else { return };
        let counters = report.counters;
        for (family, total) in [
            (&self.parts, counters.parts),
            (&self.bytes, counters.bytes),
            (&self.refused, counters.refused),
            (&self.published, counters.published),
            (&self.failed, counters.failed_turns),
        ] {
            family.get_or_create(&label).inc_by(total);
        }
        if let Some(at) = report.problems.iter().map(|problem| problem.last_at).max() {
            set(&self.problem_at, at.as_second() as f64);
        }
        for (host, about) in &report.hosts {
            let label = OfHost {
                feed: status.feed.clone(),
                host: host.clone(),
            };
            self.host_failures
                .get_or_create(&label)
                .set(i64::from(about.failures_in_a_row));
            self.host_throttled.get_or_create(&label).inc_by(about.throttled);
        }
    }
}

fn register(
    registry: &mut Registry,
    (name, help, unit): (&str, &str, Option<Unit>),
    family: impl prometheus_client::registry::Metric,
) {
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, family),
        None => registry.register(name, help, family),
    }
}

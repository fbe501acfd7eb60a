//! Quotas: what an organisation may use of a meter in a day or a month. Beyond the soft bound it is told, beyond the hard one
//! refused, before any work is done where the address says what it would cost; notices are made at 80 and 100 percent of
//! both. What is used is counted here as it is served, from what the ledger had at the start, and compared with the ledger
//! every few seconds, which brings in what other nodes and the workers entered: so with one node the count is exact, and with
//! several it lacks at most what the others served in the last seconds.
//!
//! Nothing of a mission in distress is ever refused here.

mod held;
mod meters;
mod routes;

pub(crate) use meters::expected_meter;
pub(crate) use routes::{QUOTAS_PATH, quotas};

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use driftline_database::{Database, QuotaNotice, QuotaUse};
use driftline_domain::{MissionId, OrgId};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tokio::sync::watch;

use crate::limits::QUOTA_EXCEEDED;
use crate::{Clock, Problem, chain};
use held::OrganisationQuotas;

/// Between looks at the ledger.
const REFRESH: Duration = Duration::from_secs(5);
/// Buckets of limits that have been full for so long are removed from the database.
const FORGET_US: i64 = 86_400_000_000;

type Held = HashMap<OrgId, Arc<OrganisationQuotas>>;

/// The quotas of an installation; clones share what they count.
#[derive(Clone)]
pub struct Quotas(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Clock,
    held: RwLock<Arc<Held>>,
}

impl Quotas {
    /// The quotas as the ledger has them now.
    pub async fn open(database: Database, clock: Clock) -> Result<Self, driftline_database::Error> {
        let quotas = Self(Arc::new(Inner {
            database,
            clock,
            held: RwLock::default(),
        }));
        quotas.refresh().await?;
        Ok(quotas)
    }

    /// Looks at the ledger every few seconds until it is told to stop.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut ticks = 0_u64;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(REFRESH) => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(cause = chain(&error), "quotas are counted without a look at the ledger");
            }
            ticks += 1;
            if ticks.is_multiple_of(720) {
                let before_us = (self.0.clock)().as_microsecond() - FORGET_US;
                if let Err(error) = self.0.database.forget_full_buckets(before_us).await {
                    tracing::warn!(cause = chain(&error), "full buckets of limits were not removed");
                }
            }
        }
    }

    /// Compares with the ledger, and notes what was reached.
    pub async fn refresh(&self) -> Result<(), driftline_database::Error> {
        let now = (self.0.clock)();
        let mut found: HashMap<OrgId, Vec<QuotaUse>> = HashMap::new();
        for entry in self.0.database.quota_use(None, now).await? {
            found.entry(entry.quota.org).or_default().push(entry);
        }
        let before = self.held();
        let mut held = Held::new();
        for (org, entries) in found {
            let known = before.get(&org).map(Arc::as_ref);
            held.insert(org, Arc::new(OrganisationQuotas::new(&entries, known, now)?));
        }
        let held = Arc::new(held);
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&held);
        for organisation in held.values() {
            for reached in organisation.reached(now) {
                match self.note(&reached.notice).await {
                    Ok(()) => reached.is_noted(),
                    // The others are told all the same, and this one at the next look.
                    Err(error) => tracing::warn!(
                        org.id = %reached.notice.org,
                        cause = chain(&error),
                        "that a part of a quota was reached could not be noted yet"
                    ),
                }
            }
        }
        Ok(())
    }

    async fn note(&self, notice: &QuotaNotice) -> Result<(), driftline_database::Error> {
        if self.0.database.note_quota(notice).await? {
            tracing::warn!(
                org.id = %notice.org,
                meter = notice.meter,
                period = notice.period.name(),
                bound = notice.bound.name(),
                percent = notice.percent,
                units = notice.units,
                used = notice.used,
                "an organisation has reached a part of its quota"
            );
        }
        Ok(())
    }

    /// Counts what was served.
    pub(crate) fn count(&self, org: OrgId, meter: &str, units: u64) {
        if let Some(organisation) = self.held().get(&org) {
            organisation.count(meter, i64::try_from(units).unwrap_or(i64::MAX), (self.0.clock)());
        }
    }

    /// Refuses, with 429, what would go beyond a hard bound: an answer whose units are not known yet where nothing is left.
    pub(crate) fn check(&self, org: OrgId, meter: &str, units: u64) -> Result<(), Problem> {
        let Some(organisation) = self.held().get(&org).cloned() else {
            return Ok(());
        };
        let now = (self.0.clock)();
        let units = i64::try_from(units).unwrap_or(i64::MAX).max(1);
        let Some(exceeded) = organisation.exceeded(meter, units, now) else {
            return Ok(());
        };
        let detail = format!(
            "the quota of {} units of {meter} a {} is used up ({} used, {units} asked for); it begins anew at {}",
            exceeded.hard,
            exceeded.period.name(),
            exceeded.used,
            exceeded.ends
        );
        let wait_s = exceeded.ends.duration_since(now).as_secs().max(1);
        Err(used_up(detail, wait_s))
    }

    /// The same for a request by its path, as routes see it; passes what belongs to a mission in distress.
    pub(crate) async fn check_request(&self, org: OrgId, meter: &str, path: &str) -> Result<(), Problem> {
        let Err(problem) = self.check(org, meter, 1) else {
            return Ok(());
        };
        // Only here does it matter, so that nobody else waits for the database.
        let Some(mission) = mission_of_path(path) else {
            return Err(problem);
        };
        match self.0.database.mission(org, mission).await {
            Ok(Some(mission)) if !mission.spec.distress => Err(problem),
            // One that is not there is answered by its route, and a database that fails refuses nobody in distress.
            _ => Ok(()),
        }
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.0.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The refusal of what goes beyond a quota that begins anew in so many seconds.
pub(crate) fn used_up(detail: String, wait_s: i64) -> Problem {
    Problem {
        kind: QUOTA_EXCEEDED,
        headers: [(RETRY_AFTER, HeaderValue::from(wait_s))].into(),
        ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail)
    }
}

fn mission_of_path(path: &str) -> Option<MissionId> {
    let rest = path.strip_prefix("/v1").unwrap_or(path).strip_prefix("/missions/")?;
    MissionId::from_str(rest.split('/').next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mission_is_known_by_its_paths() {
        let id = MissionId::generate();
        for path in [
            format!("/missions/{id}/wms"),
            format!("/v1/missions/{id}/results/areas.kml"),
        ] {
            assert_eq!(mission_of_path(&path), Some(id));
        }
        for path in ["/wms", "/v1/missions", "/missions/mis_1/wms", "/v1/v1/missions/x"] {
            assert_eq!(mission_of_path(path), None, "{path}");
        }
    }
}

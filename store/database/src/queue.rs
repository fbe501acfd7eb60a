//! The queue: one job per mission, leased by priority, within a priority by fair share between organisations, and fenced
//! by a token that grows with every lease. Whatever a worker writes is conditional on its token, so that one that slept past
//! its lease changes nothing and charges nothing (platform.md 5.2, 5.3).

mod clock;
mod fair;
mod lease;
mod operate;
mod publish;
mod reap;

use std::time::Duration;

use driftline_domain::{JobId, MissionId, OrgId};
use jiff::Timestamp;

pub(crate) use clock::QueueClock;
pub(crate) use fair::enter;
pub use operate::{JobState, QueueDepth, QueueFilter, QueueJob};
pub use reap::Failure;

use crate::billing::release_credit;
use crate::columns::micros;
use crate::missions::touch_content;
use crate::open::Change;
use crate::{Error, Mission, Result, sql};

/// A job is tried so often before its mission fails, where no setting says otherwise.
pub const MAX_ATTEMPTS: i64 = 5;

/// How the queue behaves; settings, which tests shorten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueRules {
    /// A job is tried so often before its mission fails.
    pub attempts: i64,
    /// Pause before the first retry; each further one is four times as long.
    pub retry_base: Duration,
    /// No pause is longer.
    pub retry_longest: Duration,
    /// How long a job may wait until it is begun; a distress mission's may for ever.
    pub time_to_live: Duration,
    /// A job of low priority that has waited so long is treated as a normal one.
    pub low_waits: Duration,
}

impl Default for QueueRules {
    fn default() -> Self {
        Self {
            attempts: MAX_ATTEMPTS,
            retry_base: Duration::from_secs(10),
            retry_longest: Duration::from_hours(1),
            time_to_live: Duration::from_hours(1),
            low_waits: Duration::from_mins(15),
        }
    }
}

impl QueueRules {
    /// The pause after so many attempts: `base · 4^(n-1)`, at most the longest, give or take a fifth, so that jobs that failed
    /// together do not come back together. The job's own bits are the dice.
    fn pause(&self, attempts: i64, job: JobId) -> Duration {
        let Ok(exponent @ 1..) = u32::try_from(attempts) else {
            return Duration::ZERO;
        };
        let whole = self.retry_base.saturating_mul(4_u32.saturating_pow(exponent - 1));
        let whole = whole.min(self.retry_longest);
        let dice = job.uuid().as_u128() as u64 ^ u64::from(exponent).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Thousandths from 800 to 1200.
        whole.mul_f64((800 + dice % 401) as f64 / 1000.0)
    }
}

/// Which work a worker takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Everything, one mission from its beginning to its publication.
    All,
    /// The simulation alone: what it leaves behind is handed over.
    Simulation,
    /// Products, files and publication of what others have simulated.
    Results,
}

/// A job in the hands of one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedJob {
    /// The job.
    pub job: JobId,
    /// The fencing token that every later call must show.
    pub token: i64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The mission to compute.
    pub mission: Mission,
    /// What a simulation left behind, where products are all that is to be made.
    pub handed_over: Option<serde_json::Value>,
}

/// Whether a job is still in a worker's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// It is, until the new end of the lease.
    Held,
    /// Another has it, or the mission was cancelled: stop.
    Lost,
}

fn end_of(lease: Duration, now: Timestamp) -> i64 {
    micros(now).saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}

async fn back_to_queue(change: &mut Change, mission: MissionId, org: OrgId, now: Timestamp) -> Result<()> {
    sql::query("UPDATE missions SET status = 'queued', stage = 'queued', progress = 0, updated_at = ? WHERE id = ?")
        .bind(micros(now))
        .bind(mission)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("queue the mission again"))?;
    touch_content(change, org).await
}

async fn fail_mission(
    change: &mut Change,
    mission: MissionId,
    org: OrgId,
    message: &str,
    now: Timestamp,
) -> Result<()> {
    sql::query("UPDATE missions SET status = 'failed', stage = 'failed', error = ?, updated_at = ? WHERE id = ?")
        .bind(message)
        .bind(micros(now))
        .bind(mission)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("fail the mission"))?;
    touch_content(change, org).await?;
    release_credit(change, mission, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_fourfold_with_a_fifth_of_jitter_and_end_at_the_longest() {
        let rules = QueueRules::default();
        let seconds = |attempts, job| rules.pause(attempts, job).as_secs_f64();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let job = JobId::generate();
            assert_eq!(seconds(0, job), 0.0);
            for (attempts, middle) in [(1, 10.0), (2, 40.0), (3, 160.0), (5, 2560.0), (6, 3600.0), (60, 3600.0)] {
                let pause = seconds(attempts, job);
                assert!((0.8 * middle..=1.2 * middle).contains(&pause), "{attempts}: {pause}");
            }
            seen.insert(rules.pause(1, job));
        }
        assert!(seen.len() > 20, "{seen:?}");
    }
}

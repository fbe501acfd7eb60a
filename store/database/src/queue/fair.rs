//! Whose job is next: start-time fair queueing (Goyal, Vin and Cheng 1996). A job starts where its organisation's last one
//! ends in virtual time, but not before what is being served now; it ends later by its cost over the organisation's weight.
//! The job with the earliest start is next, so that who asks for much waits behind who asks for little, and nobody gathers
//! credit while idle. Missions in distress are a class of their own before everything else, in the order of their arrival: they
//! cost their organisation no turn, and how many there may be is bounded where they come in (60 an hour).

use driftline_domain::{JobId, MissionSpec, OrgId, Priority};
use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::queue::end_of;
use crate::{Error, NewMission, QueueRules, Result, sql};

/// Virtual time of a particle-hour, times the weight.
const COST: i64 = 100_000;

/// Before everything else.
pub(super) const DISTRESS: i64 = -1;
const URGENT: i64 = 0;
const NORMAL: i64 = 1;

/// Enters a mission's job, at the queue's own time. The organisation is locked by then, so that its jobs enter one by one. It may
/// be begun at once, whatever a worker's clock says.
pub(crate) async fn enter(
    change: &mut Change,
    new: &NewMission,
    job: JobId,
    rules: &QueueRules,
    now: Timestamp,
) -> Result<()> {
    let priority = priority(change, new.org, &new.spec).await?;
    let start = match priority {
        DISTRESS => micros(now),
        _ => virtual_start(change, new.org, priority, &new.spec).await?,
    };
    let expires_at = (priority != DISTRESS).then(|| end_of(rules.time_to_live, now));
    sql::query(
        "INSERT INTO jobs (id, mission_id, org_id, priority, state, created_at, run_at, virtual_start, expires_at) \
         VALUES (?1, ?2, ?3, ?4, 'queued', ?5, 0, ?6, ?7)",
    )
    .bind(job)
    .bind(new.id)
    .bind(new.org)
    .bind(priority)
    .bind(micros(now))
    .bind(start)
    .bind(expires_at)
    .execute(&mut change.tx)
    .await
    .map(drop)
    .map_err(Error::engine("accept the mission"))
}

/// The mission's priority, or that of a normal one where the organisation has as many urgent ones at work as it may.
async fn priority(change: &mut Change, org: OrgId, spec: &MissionSpec) -> Result<i64> {
    let asked = match spec.priority {
        Priority::Urgent => URGENT,
        Priority::Normal => NORMAL,
        Priority::Low => 2,
    };
    if spec.distress {
        return Ok(DISTRESS);
    }
    if asked != URGENT {
        return Ok(asked);
    }
    let is_within: bool = sql::query_scalar(
        "SELECT (SELECT count(*) FROM jobs WHERE org_id = ?1 AND priority = 0 AND state IN ('queued', 'leased')) \
         < (SELECT urgent_at_once FROM organisations WHERE id = ?1)",
    )
    .bind(org)
    .fetch_one(&mut change.tx)
    .await
    .map_err(Error::engine("count the urgent missions"))?;
    Ok(if is_within { URGENT } else { NORMAL })
}

async fn virtual_start(change: &mut Change, org: OrgId, priority: i64, spec: &MissionSpec) -> Result<i64> {
    let failed = || Error::engine("find the mission's turn");
    let row = sql::query(
        "SELECT queue_weight, (SELECT coalesce(max(served), 0) FROM queue_shares WHERE priority = ?2) AS served_now, \
         (SELECT finish FROM queue_shares WHERE org_id = ?1 AND priority = ?2) AS finish FROM organisations WHERE id = ?1",
    )
    .bind(org)
    .bind(priority)
    .fetch_one(&mut change.tx)
    .await
    .map_err(failed())?;
    let row = Reader(&row);
    let finish: Option<i64> = row.get("finish")?;
    let start = row.get::<i64>("served_now")?.max(finish.unwrap_or(0));
    let particle_hours = i64::from(spec.ensemble_size) * i64::from(spec.forecast_hours).max(1);
    let cost = particle_hours.saturating_mul(COST) / row.get::<i64>("queue_weight")?.max(1);
    sql::query(
        "INSERT INTO queue_shares (org_id, priority, finish, served) VALUES (?1, ?2, ?3, 0) \
         ON CONFLICT (org_id, priority) DO UPDATE SET finish = ?3",
    )
    .bind(org)
    .bind(priority)
    .bind(start.saturating_add(cost))
    .execute(&mut change.tx)
    .await
    .map_err(failed())?;
    Ok(start)
}

/// Notes that a job is being served: nobody starts before it from now on.
pub(super) async fn served(change: &mut Change, org: OrgId, priority: i64, start: i64) -> Result<()> {
    if priority == DISTRESS {
        return Ok(());
    }
    sql::query("UPDATE queue_shares SET served = ?3 WHERE org_id = ?1 AND priority = ?2 AND served < ?3")
        .bind(org)
        .bind(priority)
        .bind(start)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("note whose turn it was"))
}

//! The hard quota of particle-hours, held against what is used and what is being computed: a mission is charged when it is
//! completed, so that its hours count from the moment it is accepted. Asked behind the organisation's lock, exact on however
//! many nodes.

use driftline_domain::{MissionSpec, OrgId};
use jiff::Timestamp;

use super::QuotaPeriod;
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::usage::MISSION_METER;
use crate::{Error, Result, sql};

/// What a mission may be charged at most; less where its forcing ends earlier.
pub(crate) fn particle_hours(spec: &MissionSpec) -> i64 {
    i64::from(spec.ensemble_size) * i64::from(spec.forecast_hours)
}

/// Refuses ordinary missions of so many particle-hours that would go beyond a hard quota. Missions in distress are held
/// against none, and what they are about to use is not counted before it is used.
pub(crate) async fn hold_to_quotas(change: &mut Change, org: OrgId, asked: i64, now: Timestamp) -> Result<()> {
    let mut exceeded: Option<Error> = None;
    for period in QuotaPeriod::ALL {
        let (start, ends) = period.around(now)?;
        let dialect = change.tx.dialect();
        let (size, hours) = (
            dialect.json_text("m.spec", "ensemble_size"),
            dialect.json_text("m.spec", "forecast_hours"),
        );
        // One statement, so that a mission that is completed meanwhile counts once.
        let text = format!(
            "SELECT q.hard, \
             (SELECT CAST(coalesce(sum(u.units), 0) AS BIGINT) FROM usage_hours u WHERE u.org_id = q.org_id \
             AND u.meter = q.meter AND u.hour >= ?4) AS in_time, \
             (SELECT CAST(coalesce(sum(u.units), 0) AS BIGINT) FROM usage_late u WHERE u.org_id = q.org_id \
             AND u.meter = q.meter AND u.entered_hour >= ?4) AS late, \
             (SELECT CAST(coalesce(sum(CAST({size} AS BIGINT) * CAST({hours} AS BIGINT)), 0) AS BIGINT) FROM jobs j \
             JOIN missions m ON m.id = j.mission_id WHERE j.org_id = q.org_id AND j.state IN ('queued', 'leased') \
             AND j.priority >= 0) AS at_work \
             FROM quotas q WHERE q.org_id = ?1 AND q.meter = ?2 AND q.period = ?3 AND q.hard IS NOT NULL"
        );
        let row = sql::query(text)
            .bind(org)
            .bind(MISSION_METER)
            .bind(period.name())
            .bind(micros(start))
            .fetch_optional(&mut change.tx)
            .await
            .map_err(Error::engine("read the quotas"))?;
        let Some(row) = row else { continue };
        let row = Reader(&row);
        let (hard, at_work): (i64, i64) = (row.get("hard")?, row.get("at_work")?);
        let used = row.get::<i64>("in_time")?.saturating_add(row.get("late")?);
        if used.saturating_add(at_work).saturating_add(asked) > hard {
            // Of several the one that lasts longest, which comes last.
            exceeded = Some(Error::QuotaExceeded {
                meter: MISSION_METER,
                period,
                hard,
                used,
                at_work,
                asked,
                ends,
                wait_s: ends.duration_since(now).as_secs().max(1),
            });
        }
    }
    exceeded.map_or(Ok(()), Err)
}

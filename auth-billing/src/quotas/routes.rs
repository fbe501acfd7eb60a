//! `GET /v1/billing/quotas`: an organisation's quotas, how much of them is used by the ledger, and what it was told of.

use axum::Json;
use axum::extract::{RawQuery, State};
use driftline_database::{Database, Quota, QuotaNotice, QuotaPeriod};
use jiff::Timestamp;
use serde::Serialize;

use crate::routes::allow_only;
use crate::{Caller, Clock, Problem, Scope};

pub(crate) const QUOTAS_PATH: &str = "/v1/billing/quotas";

#[derive(Serialize)]
pub(crate) struct Answer {
    quotas: Vec<Standing>,
    /// Of the current month.
    notices: Vec<QuotaNotice>,
}

#[derive(Serialize)]
struct Standing {
    meter: String,
    period: QuotaPeriod,
    from: Timestamp,
    /// When it begins anew.
    until: Timestamp,
    soft: Option<i64>,
    hard: Option<i64>,
    /// Units in the ledger; what was used in the last seconds is not in it yet.
    used: i64,
    /// What is left of the hard bound.
    left: Option<i64>,
}

pub(crate) async fn quotas(
    State((database, clock)): State<(Database, Clock)>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Json<Answer>, Problem> {
    caller.require(Scope::UsageRead)?;
    allow_only(&[], raw.as_deref())?;
    let now = clock();
    let mut quotas = Vec::new();
    for found in database.quota_use(Some(caller.org), now).await? {
        quotas.push(standing(found.quota, found.used, now)?);
    }
    let (month, _) = QuotaPeriod::Month.around(now)?;
    let notices = database.quota_notices(caller.org, month).await?;
    Ok(Json(Answer { quotas, notices }))
}

fn standing(quota: Quota, used: i64, now: Timestamp) -> Result<Standing, Problem> {
    let (from, until) = quota.period.around(now)?;
    Ok(Standing {
        meter: quota.meter,
        period: quota.period,
        from,
        until,
        soft: quota.soft,
        hard: quota.hard,
        used,
        left: quota.hard.map(|hard| hard.saturating_sub(used).max(0)),
    })
}

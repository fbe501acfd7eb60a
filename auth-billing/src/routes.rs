//! `/v1` of organisations: what one used, who the caller is, and signed links to its maps.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use driftline_database::{Database, LateUsage, UsageHour};
use driftline_domain::{KeyId, OrgId, Violation};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::map_links::{MapLinks, map_link};
use crate::quotas::{QUOTAS_PATH, quotas};
use crate::share_links::{self, LINK_PATH, LINKS_PATH};
use crate::usage_groups::{GroupBy, UsageGroup, grouped, usage_rows};
use crate::usage_records::{self, RECORDS_PATH};
use crate::{Auth, Caller, Clock, Problem, Scope, is_credential_parameter};

const DEFAULT_SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);
const MAX_SPAN: SignedDuration = SignedDuration::from_hours(400 * 24);

#[derive(Clone)]
struct Accounts {
    database: Database,
    clock: Clock,
}

/// The paths of [`router`], for documents that list every route.
pub const PATHS: [&str; 3] = ["/v1/billing/usage", "/v1/organisation", "/v1/map-links"];

/// Further paths of [`router`]: share links of a mission and one of them, quotas, and records of nodes that were cut off.
pub const METERING_PATHS: [&str; 4] = [LINKS_PATH, LINK_PATH, QUOTAS_PATH, RECORDS_PATH];

/// Every route of [`PATHS`] and [`METERING_PATHS`]. [`Auth::wrap`] belongs around it.
pub fn router<S: Clone + Send + Sync + 'static>(auth: &Auth, map_links: MapLinks) -> Router<S> {
    let accounts = Accounts {
        database: auth.database().clone(),
        clock: Clock::clone(auth.clock()),
    };
    let links = Router::new()
        .route(PATHS[2], post(map_link))
        .route(LINKS_PATH, get(share_links::list).post(share_links::make))
        .route(LINK_PATH, delete(share_links::revoke))
        .with_state((auth.clone(), map_links));
    let quotas = Router::new()
        .route(QUOTAS_PATH, get(quotas))
        .with_state((accounts.database.clone(), Clock::clone(&accounts.clock)));
    let records = Router::new()
        .route(RECORDS_PATH, post(usage_records::receive))
        .with_state((accounts.database.clone(), Clock::clone(&accounts.clock)));
    Router::new()
        .route(PATHS[0], get(usage))
        .route(PATHS[1], get(organisation))
        .with_state(accounts)
        .merge(links)
        .merge(quotas)
        .merge(records)
}

#[derive(Deserialize)]
struct UsageQuery {
    from: Option<String>,
    until: Option<String>,
    group_by: Option<String>,
}

#[derive(Serialize)]
struct UsageAnswer {
    org: OrgId,
    from: Timestamp,
    until: Timestamp,
    totals: Vec<Total>,
    hours: Vec<Hour>,
    /// Entered in this time, when the hours of its use were closed: an adjustment.
    late: Vec<LateUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<UsageGroup>>,
}

#[derive(Serialize)]
struct Total {
    meter: String,
    units: i64,
    records: i64,
}

#[derive(Serialize)]
struct Hour {
    hour: Timestamp,
    meter: String,
    key: KeyId,
    units: i64,
    records: i64,
}

/// Hours that begin at or after `from` and before `until`; without both the last 30 days. What was used in the last
/// seconds is not in the ledger yet.
async fn usage(
    State(accounts): State<Accounts>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Json<UsageAnswer>, Problem> {
    caller.require(Scope::UsageRead)?;
    allow_only(&["from", "until", "group_by"], raw.as_deref())?;
    let Query(query) = query.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let (from, until) = span(&query, (accounts.clock)()).map_err(Problem::invalid)?;
    let by = query.group_by.as_deref().map(GroupBy::list).transpose();
    let by = by.map_err(|message| Problem::invalid(vec![Violation::new("group_by", "unknown", message)]))?;
    let (database, org) = (&accounts.database, caller.org);
    let hours = database.usage_hours(org, from, until).await?;
    let groups = match by {
        Some(by) => Some(grouped(&usage_rows(database, org, from, until).await?, &by)),
        None => None,
    };
    Ok(Json(UsageAnswer {
        org: caller.org,
        from,
        until,
        totals: totals(&hours),
        late: database.late_usage(org, from, until).await?,
        groups,
        hours: hours.into_iter().map(Hour::from).collect(),
    }))
}

fn span(query: &UsageQuery, now: Timestamp) -> Result<(Timestamp, Timestamp), Vec<Violation>> {
    let mut violations = Vec::new();
    let mut time = |field: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        let parsed = text.parse::<Timestamp>().ok();
        if parsed.is_none() {
            let message = format!(
                "'{}' is not an RFC 3339 time with a zone",
                text.chars().take(64).collect::<String>()
            );
            violations.push(Violation::new(field, "not_a_time", message));
        }
        parsed
    };
    let (from, until) = (time("from", &query.from), time("until", &query.until));
    if !violations.is_empty() {
        return Err(violations);
    }
    let until = until.unwrap_or(now);
    let from = from.unwrap_or_else(|| until.checked_sub(DEFAULT_SPAN).unwrap_or(Timestamp::MIN));
    if from >= until {
        return Err(vec![Violation::new(
            "from",
            "not_before_until",
            format!("{from} is not before until, {until}"),
        )]);
    }
    if until.duration_since(from) > MAX_SPAN {
        let message = format!("{from} to {until} is more than 400 days; ask for less at a time");
        return Err(vec![Violation::new("from", "span_too_long", message)]);
    }
    Ok((from, until))
}

/// The sums by meter, in the order of their names.
fn totals(hours: &[UsageHour]) -> Vec<Total> {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for hour in hours {
        let (units, records) = sums.entry(&hour.meter).or_default();
        *units = units.saturating_add(hour.units);
        *records += hour.records;
    }
    let total = |(meter, (units, records)): (&str, (i64, i64))| Total {
        meter: meter.to_owned(),
        units,
        records,
    };
    sums.into_iter().map(total).collect()
}

impl From<UsageHour> for Hour {
    fn from(hour: UsageHour) -> Self {
        Self {
            hour: hour.hour,
            meter: hour.meter,
            key: hour.key,
            units: hour.units,
            records: hour.records,
        }
    }
}

#[derive(Serialize)]
struct OrganisationAnswer {
    id: OrgId,
    name: String,
    key: KeyId,
    scopes: Vec<String>,
}

/// Who the caller is: what a client asks first to see whether its key works.
async fn organisation(caller: Caller, RawQuery(raw): RawQuery) -> Result<Json<OrganisationAnswer>, Problem> {
    allow_only(&[], raw.as_deref())?;
    Ok(Json(OrganisationAnswer {
        id: caller.org,
        name: caller.org_name.to_string(),
        key: caller.key,
        scopes: caller.scopes.names(),
    }))
}

/// Refuses parameters that the route does not have: a misspelt `until` must not widen a bill silently.
pub(crate) fn allow_only(known: &[&str], raw: Option<&str>) -> Result<(), Problem> {
    let pairs = raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    for pair in pairs {
        let name = percent_decode_str(pair.split('=').next().unwrap_or_default()).decode_utf8_lossy();
        if known.contains(&name.as_ref()) || is_credential_parameter(&name) {
            continue;
        }
        let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        let detail = format!("there is no parameter '{shown}' here; known are: {known}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "unknown_parameter", detail));
    }
    Ok(())
}

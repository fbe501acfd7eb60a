//! The audit log of an organisation: seen page by page, copied out whole, verified.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::{AuditEntry, AuditFilter};
use driftline_domain::{OrgId, Violation};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::matrix::{Resource, Verb};
use super::super::service::Identity;
use crate::routes::allow_only;
use crate::{Caller, Problem};

/// Entries of a page, and at most (platform.md 9.1).
const DEFAULT: i64 = 50;
const MOST: i64 = 100;
/// Entries that are read at once for an export.
const BATCH: i64 = 1_000;

#[derive(Deserialize)]
pub(super) struct Asked {
    limit: Option<i64>,
    cursor: Option<i64>,
    action: Option<String>,
    actor: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

pub(super) async fn list(
    State(identity): State<Identity>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    caller.require_right(Resource::Usage, Verb::Read, false)?;
    allow_only(&["limit", "cursor", "action", "actor", "from", "until"], raw.as_deref())?;
    let Query(asked) = asked.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let limit = asked.limit.unwrap_or(DEFAULT);
    if !(1..=MOST).contains(&limit) {
        let message = format!("{limit} is not between 1 and {MOST}");
        return Err(Problem::invalid(vec![Violation::new("limit", "out_of_range", message)]));
    }
    let filter = AuditFilter {
        before: asked.cursor,
        action: asked.action,
        actor: asked.actor,
        from: asked.from,
        until: asked.until,
        ..AuditFilter::default()
    };
    // One more than asked for tells whether there is a further page.
    let mut entries = identity
        .database()
        .audit_entries(Some(caller.org), &filter, limit + 1)
        .await?;
    let has_more = entries.len() as i64 > limit;
    entries.truncate(usize::try_from(limit).unwrap_or_default());
    let next = entries.last().filter(|_| has_more).map(|entry| entry.seq);
    let entries: Vec<Value> = entries.iter().map(described).collect();
    Ok(Json(json!({ "entries": entries, "next": next })))
}

/// As lines of JSON, oldest first, with everything that is needed to compute the hashes anew.
pub(super) async fn export(
    State(identity): State<Identity>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    caller.require_right(Resource::Usage, Verb::Read, false)?;
    allow_only(&[], raw.as_deref())?;
    let head = identity.database().audit_head(Some(caller.org)).await?;
    let lines = futures_lines(identity, caller.org, head.0);
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_DISPOSITION, "attachment; filename=\"driftline-audit.ndjson\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// The entries up to a number, read as they are sent.
fn futures_lines(
    identity: Identity,
    org: OrgId,
    until: i64,
) -> impl futures::Stream<Item = Result<Bytes, driftline_database::Error>> {
    futures::stream::try_unfold(0_i64, move |after| {
        let identity = identity.clone();
        async move {
            if after >= until {
                return Ok(None);
            }
            let filter = AuditFilter {
                after: Some(after),
                oldest_first: true,
                ..AuditFilter::default()
            };
            let batch = identity.database().audit_entries(Some(org), &filter, BATCH).await?;
            let batch: Vec<AuditEntry> = batch.into_iter().filter(|entry| entry.seq <= until).collect();
            let Some(last) = batch.last().map(|entry| entry.seq) else {
                return Ok(None);
            };
            let lines: String = batch.iter().map(|entry| format!("{}\n", line(entry))).collect();
            Ok(Some((Bytes::from(lines), last)))
        }
    })
}

pub(super) async fn verify(
    State(identity): State<Identity>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    caller.require_right(Resource::Usage, Verb::Read, false)?;
    allow_only(&[], raw.as_deref())?;
    let verdict = identity.database().verify_audit(Some(caller.org)).await?;
    Ok(Json(json!({
        "entries": verdict.entries, "intact": verdict.broken_at.is_none(), "broken_at": verdict.broken_at,
        "head": hex(&verdict.head),
    })))
}

fn described(entry: &AuditEntry) -> Value {
    let details: Value = serde_json::from_str(&entry.details).unwrap_or_default();
    json!({
        "seq": entry.seq, "at": entry.at, "actor": entry.actor, "action": entry.action, "subject": entry.subject,
        "details": details,
    })
}

/// `details` as it was stored: the hash is over its text.
fn line(entry: &AuditEntry) -> Value {
    json!({
        "seq": entry.seq, "at_us": entry.at.as_microsecond(), "actor": entry.actor, "action": entry.action,
        "subject": entry.subject, "details": entry.details, "previous": hex(&entry.previous), "hash": hex(&entry.hash),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

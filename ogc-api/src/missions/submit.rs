//! Missions submitted and validated. A submission that is repeated with the same Idempotency-Key answers with the
//! mission of the first time, so that a distress call sent twice never runs twice (sar.md, section 11).

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Scope;
use driftline_database::{Mission, MissionCreation, NewMission};
use driftline_domain::{MissionId, MissionSpec, unambiguous_json};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::view::{mission_json, mission_path};
use crate::ask::Ask;
use crate::query::shown;
use crate::{AppState, Error, IntakeError};

/// Bytes of a mission's body.
const MAX_BODY: usize = 256 * 1024;
/// A mission is a few kilobytes: whoever needs longer to send it holds the connection and nothing else.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Characters of an idempotency key.
const MAX_IDEMPOTENCY_KEY: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// `POST /v1/missions`.
pub(crate) async fn submit(State(state): State<AppState>, ask: Ask, body: Body) -> Result<Response, Error> {
    ask.require(Scope::MissionsWrite)?;
    ask.query.allow_only(&[])?;
    let key = idempotency_key(&ask.headers)?;
    let body = read_json_body(&ask.headers, body).await?;
    let spec = parse(&body)?;
    if spec.distress {
        ask.require(Scope::MissionsDistress)?;
    }
    let now = Timestamp::now();
    let repeated = match &key {
        Some(key) => state.database.knows_submission(ask.caller.org, key, now).await?,
        None => false,
    };
    // A repeated call is answered with its mission even if what was checked then, such as forcing, is gone by now.
    let warnings = if repeated {
        Vec::new()
    } else {
        check(&state, &ask, &spec).await?
    };
    let sha256: [u8; 32] = Sha256::digest(&body).into();
    let new = NewMission {
        id: MissionId::generate(),
        org: ask.caller.org,
        created_by: ask.caller.key,
        spec,
        warnings,
        idempotency: key.clone().map(|key| (key, sha256)),
        created_at: now,
    };
    match state.database.create_mission(new).await? {
        MissionCreation::Created(mission) => {
            // Nobody listening is no fault.
            let _ = state.changes.send((mission.org, mission.id));
            accepted(&ask, &mission)
        }
        MissionCreation::Replayed(mission) => {
            let mut response = accepted(&ask, &mission)?;
            response
                .headers_mut()
                .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        MissionCreation::IdempotencyConflict => Err(Error::IdempotencyConflict(shown(&key.unwrap_or_default()))),
    }
}

/// `POST /v1/missions:validate`: every check of a submission, and nothing is created.
pub(crate) async fn validate(State(state): State<AppState>, ask: Ask, body: Body) -> Result<Response, Error> {
    ask.require(Scope::MissionsWrite)?;
    ask.query.allow_only(&[])?;
    let body = read_json_body(&ask.headers, body).await?;
    let spec = parse(&body)?;
    if spec.distress {
        ask.require(Scope::MissionsDistress)?;
    }
    let warnings = check(&state, &ask, &spec).await?;
    Ok(axum::Json(json!({"valid": true, "warnings": warnings})).into_response())
}

fn accepted(ask: &Ask, mission: &Mission) -> Result<Response, Error> {
    let location = ask.site.url(&mission_path(mission));
    let location = HeaderValue::from_str(&location).map_err(|error| Error::Internal(format!("a location: {error}")))?;
    let body = axum::Json(mission_json(mission, &ask.site));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], body).into_response())
}

fn parse(body: &[u8]) -> Result<MissionSpec, Error> {
    let value = unambiguous_json(body).map_err(Error::MalformedJson)?;
    MissionSpec::from_json(&value).map_err(Error::Violations)
}

async fn check(state: &AppState, ask: &Ask, spec: &MissionSpec) -> Result<Vec<String>, Error> {
    state
        .intake
        .validate(ask.caller.org, spec)
        .await
        .map_err(|error| match error {
            IntakeError::Violations(violations) => Error::Violations(violations),
            IntakeError::Unavailable(error) => Error::Intake(error.to_string()),
        })
}

async fn read_json_body(headers: &HeaderMap, body: Body) -> Result<bytes::Bytes, Error> {
    if let Some(media_type) = headers.get(header::CONTENT_TYPE) {
        let text = String::from_utf8_lossy(media_type.as_bytes()).to_ascii_lowercase();
        let kind = text.split(';').next().unwrap_or_default().trim();
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(Error::MediaType(shown(&text)));
        }
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(Error::TooLarge(MAX_BODY));
    }
    let whole = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, MAX_BODY)).await;
    let whole = whole.map_err(|_late| Error::BodyTooSlow(BODY_WITHIN.as_secs()))?;
    whole.map_err(|error| {
        let is_limit =
            std::error::Error::source(&error).is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
        if is_limit {
            Error::TooLarge(MAX_BODY)
        } else {
            Error::BodyBrokenOff
        }
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let is_single = headers.get_all(IDEMPOTENCY_KEY).iter().count() == 1;
    let is_visible = value.as_bytes().iter().all(|byte| (0x21..=0x7e).contains(byte));
    match value.to_str() {
        Ok(key) if is_single && is_visible && (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Error::Header {
            name: "Idempotency-Key",
            reason: format!("it must stand once, with 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters"),
        }),
    }
}

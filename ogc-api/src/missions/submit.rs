//! Missions submitted and validated. A submission that is repeated with the same Idempotency-Key answers with the
//! mission of the first time, so that a distress call sent twice never runs twice (sar.md, section 11).

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{Resource, Scope, Verb};
use driftline_database::{Mission, MissionCreation, NewMission, NewProcessJob};
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
    // A key that cannot be one is refused before the body is read.
    idempotency_key(&ask.headers)?;
    let body = read_json_body(&ask.headers, body).await?;
    let accepted = accept(&state, &ask, parse(&body)?, &body, None).await?;
    let mut response = answer(&ask, &accepted.mission)?;
    accepted.note_replay(&mut response);
    Ok(response)
}

/// What became of a submission.
pub(crate) struct Accepted {
    /// The mission.
    pub(crate) mission: Mission,
    is_replayed: bool,
}

impl Accepted {
    /// Tells those who listen of a new mission; refuses what contradicts the idempotency key.
    fn of(state: &AppState, created: MissionCreation, key: Option<&str>) -> Result<Self, Error> {
        let (mission, is_replayed) = match created {
            MissionCreation::Created(mission) => (mission, false),
            MissionCreation::Replayed(mission) => (mission, true),
            MissionCreation::IdempotencyConflict => {
                return Err(Error::IdempotencyConflict(shown(key.unwrap_or_default())));
            }
        };
        if !is_replayed {
            // Nobody listening is no fault.
            let _ = state.changes.send((mission.org, mission.id));
        }
        Ok(Self { mission, is_replayed })
    }

    /// Says in an answer that the mission is that of an earlier submission.
    pub(crate) fn note_replay(&self, response: &mut Response) {
        if self.is_replayed {
            let headers = response.headers_mut();
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
    }
}

/// Checks a mission and takes it in, as the job of a process or not; `sent` is what a repetition has to repeat.
pub(crate) async fn accept(
    state: &AppState,
    ask: &Ask,
    spec: MissionSpec,
    sent: &[u8],
    job: Option<NewProcessJob>,
) -> Result<Accepted, Error> {
    let key = idempotency_key(&ask.headers)?;
    let warnings = warnings(state, ask, &spec, key.as_deref()).await?;
    create(
        state,
        ask,
        Submission {
            spec,
            sent,
            key,
            warnings,
        },
        job,
    )
    .await
}

/// What is to become a mission.
pub(super) struct Submission<'s> {
    pub(super) spec: MissionSpec,
    /// What a repetition has to repeat.
    pub(super) sent: &'s [u8],
    /// The sender's idempotency key.
    pub(super) key: Option<String>,
    pub(super) warnings: Vec<String>,
}

impl Submission<'_> {
    fn into_new(self, ask: &Ask, now: Timestamp) -> NewMission {
        let sha256: [u8; 32] = Sha256::digest(self.sent).into();
        NewMission {
            id: MissionId::generate(),
            org: ask.caller.org,
            created_by: ask.caller.key,
            spec: self.spec,
            warnings: self.warnings,
            idempotency: self.key.map(|key| (key, sha256)),
            created_at: now,
        }
    }
}

/// Checks a mission; the sender's rights and what is there. A repeated call is answered with its mission even if what was
/// checked then, such as forcing, is gone by now.
pub(super) async fn warnings(
    state: &AppState,
    ask: &Ask,
    spec: &MissionSpec,
    key: Option<&str>,
) -> Result<Vec<String>, Error> {
    ask.require_right(Resource::Missions, Verb::Create, None)?;
    if spec.distress {
        ask.require(Scope::MissionsDistress)?;
    }
    let repeated = match key {
        Some(key) => {
            state
                .database
                .knows_submission(ask.caller.org, key, Timestamp::now())
                .await?
        }
        None => false,
    };
    if !repeated {
        ask.admit_mission(spec.distress, particle_hours(spec)).await?;
    }
    if repeated {
        Ok(Vec::new())
    } else {
        check(state, ask, spec).await
    }
}

/// Takes in what was checked.
pub(super) async fn create(
    state: &AppState,
    ask: &Ask,
    submission: Submission<'_>,
    job: Option<NewProcessJob>,
) -> Result<Accepted, Error> {
    let key = submission.key.clone();
    let new = submission.into_new(ask, Timestamp::now());
    let created = match job {
        Some(job) => state.database.create_process_job(new, job).await?,
        None => state.database.create_mission(new).await?,
    };
    Accepted::of(state, created, key.as_deref())
}

/// Takes in what was checked, all or none.
pub(super) async fn create_all(
    state: &AppState,
    ask: &Ask,
    submissions: Vec<Submission<'_>>,
    key: Option<&str>,
) -> Result<Vec<Accepted>, Error> {
    let now = Timestamp::now();
    let all: Vec<NewMission> = submissions
        .into_iter()
        .map(|submission| submission.into_new(ask, now))
        .collect();
    let created = state.database.create_missions(&all).await?;
    created
        .into_iter()
        .map(|created| Accepted::of(state, created, key))
        .collect()
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

/// What a mission costs at most: less where its forcing ends earlier.
fn particle_hours(spec: &MissionSpec) -> u64 {
    u64::from(spec.ensemble_size) * u64::from(spec.forecast_hours)
}

pub(super) fn answer(ask: &Ask, mission: &Mission) -> Result<Response, Error> {
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

/// The body of a mission or of an execution, within bounds of size and time.
pub(crate) async fn read_json_body(headers: &HeaderMap, body: Body) -> Result<bytes::Bytes, Error> {
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

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
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

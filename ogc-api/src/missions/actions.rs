//! What is done with missions beyond submitting them: cancelled, computed anew, and submitted many at a time.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{Resource, Scope, Verb};
use driftline_database::MissionStatus;
use driftline_domain::{MissionId, MissionSpec, Violation, unambiguous_json};
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::find_mission;
use super::submit::{Submission, answer, create, create_all, idempotency_key, read_json_body, warnings};
use super::view::mission_json;
use crate::ask::Ask;
use crate::error::status_word;
use crate::query::shown;
use crate::{AppState, Error};

/// Missions of one batch at most.
const MAX_BATCH: usize = 100;

/// Routes that are a mission's address with a verb behind it; the router sees them as one.
pub(crate) const ACTIONS: [&str; 2] = ["/v1/missions/{mission_id}:cancel", "/v1/missions/{mission_id}:rerun"];

/// A mission and what is done with it are one route to the router, and have methods of their own.
pub(crate) async fn methods_of_actions(request: Request, next: Next) -> Response {
    let last = request.uri().path().strip_prefix("/v1/missions/");
    let Some(last) = last.filter(|last| !last.contains('/')) else {
        return next.run(request).await;
    };
    let is_action = last.contains(':') || last.to_ascii_lowercase().contains("%3a");
    let allowed = match (is_action, request.method()) {
        (true, &Method::POST) | (false, &Method::GET | &Method::HEAD | &Method::DELETE) => {
            return next.run(request).await;
        }
        (true, _) => "POST",
        (false, _) => "GET,HEAD,DELETE",
    };
    let mut refused = Error::Method(shown(request.method().as_str())).into_response();
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    refused
}

/// `POST /v1/missions/{mission_id}:cancel` and `:rerun`.
pub(crate) async fn act(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&[])?;
    match ask.param("mission_id").rsplit_once(':') {
        Some((id, "cancel")) => cancel(&state, &ask, id).await,
        Some((id, "rerun")) => rerun(&state, &ask, id).await,
        _ => Err(Error::NoRoute(shown(&ask.path))),
    }
}

/// The worker loses its lease and stops within a second; nothing is charged.
async fn cancel(state: &AppState, ask: &Ask, id: &str) -> Result<Response, Error> {
    let unknown = || Error::not_found("mission", id);
    let parsed: MissionId = id.parse().ok().ok_or_else(unknown)?;
    let mission = find_mission(state, ask.caller.org, id).await?;
    ask.require(Scope::MissionsWrite)?;
    ask.require_right(Resource::Missions, Verb::Update, Some(mission.created_by))?;
    let now = Timestamp::now();
    let mission = state.database.cancel_mission(ask.caller.org, parsed, now).await?;
    let mission = mission.ok_or_else(unknown)?;
    if mission.status != MissionStatus::Cancelled {
        return Err(Error::Ended(status_word(mission.status)));
    }
    // Nobody listening is no fault.
    let _ = state.changes.send((mission.org, mission.id));
    Ok(Json(mission_json(&mission, &ask.site)).into_response())
}

/// The same question as a new mission, answered with the forcing of now. A seed that the mission names stays.
async fn rerun(state: &AppState, ask: &Ask, id: &str) -> Result<Response, Error> {
    let key = idempotency_key(&ask.headers)?;
    let spec = find_mission(state, ask.caller.org, id).await?.spec;
    ask.require(Scope::MissionsWrite)?;
    let warnings = warnings(state, ask, &spec, key.as_deref()).await?;
    let sent = ask.path.as_bytes();
    let submission = Submission {
        spec,
        sent,
        key,
        warnings,
    };
    let accepted = create(state, ask, submission, None).await?;
    let mut response = answer(ask, &accepted.mission)?;
    accepted.note_replay(&mut response);
    Ok(response)
}

/// `POST /v1/missions:batch`: `{"missions": […]}`. All are taken in or none, whether it is a rule, a limit, a quota or credit that
/// is in the way; every violation is told with the number of its mission. With an idempotency key it is answered with the same
/// missions when it is sent again.
pub(crate) async fn batch(State(state): State<AppState>, ask: Ask, body: Body) -> Result<Response, Error> {
    ask.require(Scope::MissionsWrite)?;
    ask.query.allow_only(&[])?;
    let key = idempotency_key(&ask.headers)?;
    let body = read_json_body(&ask.headers, body).await?;
    let specs = specs_of(&unambiguous_json(&body).map_err(Error::MalformedJson)?)?;
    let key_of = |number: usize| key.as_ref().map(|key| format!("{key}#{number}"));
    let (mut checked, mut violations) = (Vec::with_capacity(specs.len()), Vec::new());
    for (number, spec) in specs.into_iter().enumerate() {
        match warnings(&state, &ask, &spec, key_of(number).as_deref()).await {
            Ok(warnings) => checked.push((spec, warnings)),
            Err(Error::Violations(found)) => violations.extend(numbered(number, found)),
            Err(error) => return Err(error),
        }
    }
    if !violations.is_empty() {
        return Err(Error::Violations(violations));
    }
    let submissions = checked
        .into_iter()
        .enumerate()
        .map(|(number, (spec, warnings))| Submission {
            spec,
            sent: &body,
            key: key_of(number),
            warnings,
        });
    let accepted = create_all(&state, &ask, submissions.collect(), key.as_deref()).await?;
    let missions: Vec<Value> = accepted
        .iter()
        .map(|accepted| Value::Object(mission_json(&accepted.mission, &ask.site)))
        .collect();
    Ok((StatusCode::ACCEPTED, Json(json!({"missions": missions}))).into_response())
}

fn specs_of(body: &Value) -> Result<Vec<MissionSpec>, Error> {
    let refuse =
        |field: &str, code: &str, message: String| Error::Violations(vec![Violation::new(field, code, message)]);
    let members = body.as_object();
    let members = members.ok_or_else(|| {
        refuse(
            "",
            "not_an_object",
            "a batch is an object with the member missions".to_owned(),
        )
    })?;
    if let Some(name) = members.keys().find(|name| *name != "missions") {
        return Err(refuse(
            &shown(name),
            "unknown_field",
            "a batch has the member missions only".to_owned(),
        ));
    }
    let listed = members.get("missions").and_then(Value::as_array);
    let listed = listed
        .filter(|listed| (1..=MAX_BATCH).contains(&listed.len()))
        .ok_or_else(|| {
            refuse(
                "missions",
                "out_of_range",
                format!("a list of 1 to {MAX_BATCH} missions was expected"),
            )
        })?;
    let (mut specs, mut violations) = (Vec::with_capacity(listed.len()), Vec::new());
    for (number, mission) in listed.iter().enumerate() {
        match MissionSpec::from_json(mission) {
            Ok(spec) => specs.push(spec),
            Err(found) => violations.extend(numbered(number, found)),
        }
    }
    if violations.is_empty() {
        Ok(specs)
    } else {
        Err(Error::Violations(violations))
    }
}

fn numbered(number: usize, violations: Vec<Violation>) -> impl Iterator<Item = Violation> {
    violations.into_iter().map(move |violation| Violation {
        field: format!("missions[{number}].{}", violation.field),
        ..violation
    })
}

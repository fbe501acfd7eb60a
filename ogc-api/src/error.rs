//! What can be wrong with a request or with the parts behind it, and how it is said as problem+json (RFC 9457): the
//! sender's mistakes with the offending value, the service's own with an id and no cause.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Problem;
use driftline_database::{ErrorKind, MissionStatus};
use driftline_domain::Violation;
use http::{HeaderValue, StatusCode, header};

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configured public base is no web address.
    #[error("the public base '{0}' is not an absolute http or https address without query and fragment")]
    PublicBase(String),
    /// The request's host cannot stand in a link.
    #[error("the Host header '{0}' is not a host name")]
    Host(String),
    /// A part of the path is no text.
    #[error("the path cannot be read: {0}")]
    Path(String),
    /// A parameter has a value that it cannot have.
    #[error("the parameter {name} is refused: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What was found and what is allowed.
        reason: String,
    },
    /// A parameter that this route does not have.
    #[error("there is no parameter '{name}' here; known are: {known}")]
    UnknownParameter {
        /// Its name.
        name: String,
        /// What the route has.
        known: String,
    },
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    MalformedJson(serde_json::Error),
    /// A header has a value that it cannot have.
    #[error("the header {name} is refused: {reason}")]
    Header {
        /// Its name.
        name: &'static str,
        /// What is allowed.
        reason: String,
    },
    /// The body broke off.
    #[error("the body could not be read to its end")]
    BodyBrokenOff,
    /// The body does not come.
    #[error("the body did not arrive within {0} seconds")]
    BodyTooSlow(u64),
    /// The mission breaks rules.
    #[error("the mission violates {} rule{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Violations(Vec<Violation>),
    /// Nothing of the kind exists for this caller.
    #[error("there is no {what} '{name}'")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// How it was named.
        name: String,
    },
    /// A layer that this root does not have now.
    #[error("the tileset {name}: {reason}")]
    NoTileset {
        /// Its name.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// No route has this path.
    #[error("there is nothing at {0}")]
    NoRoute(String),
    /// The route does not have this method.
    #[error("the method {0} is not offered here")]
    Method(String),
    /// What has ended cannot be cancelled.
    #[error("the mission is {0} already; there is nothing left to cancel")]
    Ended(&'static str),
    /// Results of a mission that has none yet, or never will.
    #[error("the mission is {}; results exist once it is completed", status_word(*.0))]
    NotCompleted(MissionStatus),
    /// The idempotency key was used for something else.
    #[error("the Idempotency-Key '{0}' was used before with another body")]
    IdempotencyConflict(String),
    /// The client accepts nothing that is offered.
    #[error("none of '{0}' is offered here")]
    NotAcceptable(String),
    /// A range of bytes that lies behind the end.
    #[error("the range lies behind the end; there are {0} bytes")]
    Range(u64),
    /// The body is too large.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer would be larger than answers may be.
    #[error("the answer is too large: {0}")]
    TooMuch(String),
    /// The body is of another media type.
    #[error("the body's media type '{0}' is not application/json")]
    MediaType(String),
    /// The key lacks a scope.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// A filter or an order that could not be carried out.
    #[error(transparent)]
    Filter(driftline_query::Error),
    /// Too much at once, or too slow.
    #[error("the service is busy: {0}")]
    Busy(&'static str),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] driftline_database::Error),
    /// Checks of a mission could not be made.
    #[error("a mission cannot be checked now: {0}")]
    Intake(String),
    /// A file of a published run cannot be read.
    #[error("the file {file} of {run} cannot be read: {reason}")]
    Results {
        /// The run.
        run: String,
        /// The file.
        file: String,
        /// What happened.
        reason: String,
    },
    /// Somebody else asked for the same at the same time, and it failed for both.
    #[error(transparent)]
    Shared(Arc<Error>),
    /// The forcing catalogue failed.
    #[error("the forcing catalogue cannot be read: {0}")]
    Forcing(String),
    /// Stored text does not read back, or a route lost its caller.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn parameter(name: &str, reason: String) -> Self {
        Self::Parameter {
            name: name.to_owned(),
            reason,
        }
    }

    /// A refusal by the rights of the caller's key.
    pub(crate) fn refused(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }

    pub(crate) fn not_found(what: &'static str, name: &str) -> Self {
        Self::NotFound {
            what,
            name: crate::query::shown(name),
        }
    }

    /// Status and the stable word for programs; `None` for faults that are not the sender's.
    fn senders_mistake(&self) -> Option<(StatusCode, &'static str)> {
        let (status, code) = match self {
            Self::Host(_) => (StatusCode::BAD_REQUEST, "invalid_host"),
            Self::Path(_) => (StatusCode::BAD_REQUEST, "invalid_path"),
            Self::Parameter { .. } => (StatusCode::BAD_REQUEST, "invalid_parameter"),
            Self::UnknownParameter { .. } => (StatusCode::BAD_REQUEST, "unknown_parameter"),
            Self::MalformedJson(_) => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::Header { .. } => (StatusCode::BAD_REQUEST, "invalid_header"),
            Self::BodyTooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::BodyBrokenOff => (StatusCode::BAD_REQUEST, "body_broken_off"),
            Self::Violations(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_mission"),
            Self::NotFound { .. } | Self::NoTileset { .. } | Self::NoRoute(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::NotCompleted(_) => (StatusCode::CONFLICT, "not_completed"),
            Self::Ended(_) => (StatusCode::CONFLICT, "already_ended"),
            Self::IdempotencyConflict(_) => (StatusCode::CONFLICT, "idempotency_conflict"),
            Self::NotAcceptable(_) => (StatusCode::NOT_ACCEPTABLE, "not_acceptable"),
            Self::Range(_) => (StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TooMuch(_) => (StatusCode::PAYLOAD_TOO_LARGE, "answer_too_large"),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            _ => return None,
        };
        Some((status, code))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if let Some((status, code)) = error.senders_mistake() {
            let problem = Self::new(status, code, error.to_string());
            return match error {
                Error::Violations(violations) => problem.with_violations(violations),
                Error::Range(size) => match HeaderValue::from_str(&format!("bytes */{size}")) {
                    Ok(value) => problem.with_header(header::CONTENT_RANGE, value),
                    Err(_) => problem,
                },
                _ => problem,
            };
        }
        match error {
            Error::Refused(problem) => *problem,
            Error::Database(error) => error.into(),
            Error::Busy(why) => Self {
                headers: vec![(header::RETRY_AFTER, HeaderValue::from_static("2"))].into(),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    format!("the service is busy: {why}"),
                )
            },
            Error::Shared(cause) => match &*cause {
                Error::Database(cause) if cause.kind() == ErrorKind::Unavailable => Self::unavailable(cause),
                cause => Self::internal(cause),
            },
            Error::Intake(_) | Error::Forcing(_) => Self::unavailable(&error),
            _ => Self::internal(&error),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// How a status is written in JSON.
pub(crate) fn status_word(status: MissionStatus) -> &'static str {
    match status {
        MissionStatus::Queued => "queued",
        MissionStatus::Running => "running",
        MissionStatus::Completed => "completed",
        MissionStatus::Failed => "failed",
        MissionStatus::Cancelled => "cancelled",
    }
}

//! The one form of every error answer: RFC 9457 `application/problem+json` with `code`, `request_id` and `details`. An
//! answer of 500 and above says that something failed and under which id it is logged, never why.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use driftline_database::ErrorKind;
use driftline_domain::{RequestId, Violation};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::{chain, redact};

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Status code.
    pub status: StatusCode,
    /// A stable word for programs, for example `not_found`.
    pub code: &'static str,
    /// What sort of problem it is, by an address of a standard that names some; otherwise `about:blank` (RFC 9457, 4.2.1).
    pub kind: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// The request it answers; the outermost layer, [`crate::access_log`], fills it in.
    pub request_id: Option<RequestId>,
    /// Every broken rule of the input; `details` in the answer.
    pub violations: Vec<Violation>,
    /// Further headers, for example `Retry-After`.
    pub headers: Box<[(HeaderName, HeaderValue)]>,
}

#[derive(Serialize)]
struct Body9457<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Violation],
}

impl Problem {
    /// A problem with this status, code and sentence; its title is the status in words.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            kind: "about:blank",
            detail: detail.into(),
            request_id: None,
            violations: Vec::new(),
            headers: Box::default(),
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 401, the same words whatever was wrong with the credential, so that none can be told from another.
    pub fn unauthenticated() -> Self {
        let detail = "a valid API key is needed: as X-API-Key, as bearer token, as the password of basic \
                      authentication with any user, as the query parameter key, or before the path as /key/{key}";
        let challenge = |text| (WWW_AUTHENTICATE, HeaderValue::from_static(text));
        Self {
            headers: [
                challenge("Basic realm=\"driftline\", charset=\"UTF-8\""),
                challenge("Bearer realm=\"driftline\""),
            ]
            .into(),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        }
    }

    /// 403: known, but not allowed to.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404: it does not exist, or belongs to somebody else.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 409: it contradicts what is there.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 422: understood, but rules are broken; every one of them is listed.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let detail = match violations.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            all => format!("{} rules are broken, see details", all.len()),
        };
        Self {
            violations,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
        }
    }

    /// 503: it may work in a few seconds. The cause is logged here, once, and not told.
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "the service is not available");
        Self {
            headers: [(RETRY_AFTER, HeaderValue::from_static("5"))].into(),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the service cannot answer this now, please try again in a few seconds",
            )
        }
    }

    /// 500: a fault of ours. The cause is logged here, once, and not told.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(cause = chain(cause), "a request failed");
        Self::internal_logged()
    }

    /// 500 whose cause the caller has logged.
    pub fn internal_logged() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the request failed by a fault of the service; its id says which log entry explains it",
        )
    }

    /// The same problem with these broken rules as its details.
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// The same problem as one of this sort.
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// The same problem with a header more.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers = self.headers.into_iter().chain([(name, value)]).collect();
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Sentences quote what was sent, and a key may have been sent in a wrong place.
        let detail = redact(&self.detail);
        let details: Vec<Violation> = self.violations.iter().map(redacted).collect();
        let body = Body9457 {
            r#type: self.kind,
            // The status in words.
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &detail,
            code: self.code,
            request_id: self.request_id,
            details: &details,
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        // The outermost layer finds it here to add the request's id.
        response.extensions_mut().insert(self);
        response
    }
}

fn redacted(violation: &Violation) -> Violation {
    Violation {
        field: redact(&violation.field),
        code: violation.code.clone(),
        message: redact(&violation.message),
    }
}

impl From<driftline_database::Error> for Problem {
    fn from(error: driftline_database::Error) -> Self {
        if let driftline_database::Error::QuotaExceeded { wait_s, .. } = error {
            return crate::quotas::used_up(error.to_string(), wait_s);
        }
        match error.kind() {
            ErrorKind::NotFound => Self::not_found(error.to_string()),
            ErrorKind::Invalid => Self::bad_request(error.to_string()),
            ErrorKind::Conflict => Self::conflict(error.to_string()),
            ErrorKind::Exhausted => Self::new(StatusCode::FORBIDDEN, "credit_exhausted", error.to_string()),
            ErrorKind::Unavailable => Self::unavailable(&error),
            ErrorKind::Internal => Self::internal(&error),
        }
    }
}

impl From<crate::Error> for Problem {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Database(error) => error.into(),
            crate::Error::Random(_) => Self::unavailable(&error),
            error => Self::internal(&error),
        }
    }
}

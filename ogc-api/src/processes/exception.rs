//! What can be wrong with a request of this standard, as the exceptions that it names (18-062r2, 7.10 to 7.13 and table 10):
//! problem+json whose `type` is the standard's address.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Problem;
use driftline_domain::Violation;
use http::{HeaderValue, StatusCode, header};

use crate::Error;
use crate::document::JSON;
use crate::query::shown;

const NO_SUCH_PROCESS: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process";
const NO_SUCH_JOB: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job";
const RESULT_NOT_READY: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready";

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Exception {
    /// No process has this identifier.
    NoSuchProcess(String),
    /// No job of the caller has this identifier.
    NoSuchJob(String),
    /// The job is not over.
    NotReady(&'static str),
    /// The job ended without results, and why.
    Failed(String),
    /// The job was dismissed, and its results with it.
    Dismissed(String),
    /// The forecast does not reach to where results were asked for.
    Beyond(String),
    /// The request breaks rules.
    Invalid(Vec<Violation>),
    /// Synchronous execution took longer than a request may; the job goes on at this address.
    StillRunning(String),
    /// What can be wrong with any request.
    Other(Error),
}

impl Exception {
    /// A broken rule of the request.
    pub(crate) fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, code, message)])
    }
}

impl<E: Into<Error>> From<E> for Exception {
    fn from(error: E) -> Self {
        match error.into() {
            // This standard knows one status for inputs that break rules.
            Error::Violations(violations) => Self::Invalid(violations),
            error => Self::Other(error),
        }
    }
}

impl From<Exception> for Problem {
    fn from(exception: Exception) -> Self {
        let not_found = |kind, code, detail: String| Self::new(StatusCode::NOT_FOUND, code, detail).of_kind(kind);
        match exception {
            Exception::NoSuchProcess(id) => {
                let detail = format!("there is no process '{}'", shown(&id));
                not_found(NO_SUCH_PROCESS, "no_such_process", detail)
            }
            Exception::NoSuchJob(id) => {
                let detail = format!("there is no job '{}'", shown(&id));
                not_found(NO_SUCH_JOB, "no_such_job", detail)
            }
            Exception::NotReady(status) => {
                let detail = format!("the job is {status}; its results exist once it is successful");
                not_found(RESULT_NOT_READY, "result_not_ready", detail)
            }
            Exception::Failed(why) => Self::new(StatusCode::CONFLICT, "job_failed", why),
            Exception::Beyond(why) => Self::new(StatusCode::CONFLICT, "beyond_forecast", why),
            Exception::Dismissed(id) => {
                let detail = format!("the job '{id}' was dismissed, and its results with it");
                Self::new(StatusCode::GONE, "job_dismissed", detail)
            }
            Exception::Invalid(violations) => {
                let detail = match violations.as_slice() {
                    [one] => format!("{}: {}", one.field, one.message),
                    all => format!("{} rules are broken, see details", all.len()),
                };
                Self::new(StatusCode::BAD_REQUEST, "invalid_execute_request", detail).with_violations(violations)
            }
            Exception::StillRunning(address) => {
                let detail = "the job takes longer than a synchronous answer may; it goes on, and its status tells when it is done";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "still_running", detail)
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"));
                match HeaderValue::from_str(&format!("<{address}>; rel=monitor")) {
                    Ok(link) => problem.with_header(header::LINK, link),
                    Err(_) => problem,
                }
            }
            Exception::Other(error) => error.into(),
        }
    }
}

impl IntoResponse for Exception {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// A client that takes plain JSON and nothing else is told exceptions as plain JSON: the same members, under the media type
/// that the standard's own table has.
pub(crate) async fn as_plain_json(request: Request, next: Next) -> Response {
    let takes_plain_only = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().eq_ignore_ascii_case(JSON.as_bytes()));
    let mut response = next.run(request).await;
    let status = response.status();
    if takes_plain_only && (status.is_client_error() || status.is_server_error()) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    response
}

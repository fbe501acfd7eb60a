//! Refusals as ows:ExceptionReport (06-121r3, 8) with the codes and statuses of 07-057r7, tables 23 and 25.

use axum::body::Body;
use axum::response::Response;
use driftline_auth_billing::Problem;
use driftline_simulate::Xml;
use http::{HeaderValue, StatusCode, header};

use crate::Error;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Exception {
    code: Code,
    /// The parameter that is wrong.
    locator: Option<&'static str>,
    message: String,
    /// A fault that is not the sender's, with its own status.
    problem: Option<Box<Problem>>,
}

/// The codes of the standard that this service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// A parameter that has to be there is not.
    MissingParameterValue,
    /// A parameter has a value that it cannot have.
    InvalidParameterValue,
    /// A row or column that the matrix does not have, or a pixel that the tile does not have: table 30 has a code of its own
    /// for the latter, but the OGC's suite expects this one.
    TileOutOfRange,
    /// None of the versions that the client takes is offered.
    VersionNegotiationFailed,
    /// The client claims capabilities newer than there are.
    InvalidUpdateSequence,
    /// Anything else.
    Other,
}

impl Code {
    fn text(self) -> &'static str {
        match self {
            Self::MissingParameterValue => "MissingParameterValue",
            Self::InvalidParameterValue => "InvalidParameterValue",
            Self::TileOutOfRange => "TileOutOfRange",
            Self::VersionNegotiationFailed => "VersionNegotiationFailed",
            Self::InvalidUpdateSequence => "InvalidUpdateSequence",
            Self::Other => "NoApplicableCode",
        }
    }
}

impl Exception {
    /// A refusal of a parameter.
    pub(crate) fn new(code: Code, locator: &'static str, message: String) -> Self {
        Self {
            code,
            locator: Some(locator),
            message,
            problem: None,
        }
    }

    /// A refusal with a code that goes without a parameter's name (06-121r3, table 25).
    pub(crate) fn without_locator(code: Code, message: String) -> Self {
        Self {
            code,
            locator: None,
            message,
            problem: None,
        }
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response {
        let mut xml = Xml::new();
        xml.open(
            "ExceptionReport",
            &[
                ("xmlns", "http://www.opengis.net/ows/1.1"),
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                (
                    "xsi:schemaLocation",
                    "http://www.opengis.net/ows/1.1 http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd",
                ),
                ("version", "1.0.0"),
                ("xml:lang", "en"),
            ],
        );
        let mut attributes = vec![("exceptionCode", self.code.text())];
        attributes.extend(self.locator.map(|locator| ("locator", locator)));
        xml.within("Exception", &attributes, |xml| xml.text("ExceptionText", &self.message));
        let mut response = Response::new(Body::from(xml.finish().unwrap_or_default()));
        *response.status_mut() = match &self.problem {
            Some(problem) => problem.status,
            None => StatusCode::BAD_REQUEST,
        };
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/xml; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.problem.iter().flat_map(|problem| problem.headers.iter()) {
            headers.append(name, value.clone());
        }
        response
    }
}

impl From<Error> for Exception {
    fn from(error: Error) -> Self {
        match error {
            Error::Parameter { name, reason } if name == "TIME" => {
                Self::new(Code::InvalidParameterValue, "TIME", format!("TIME: {reason}"))
            }
            Error::NoTileset { .. } => Self::new(Code::InvalidParameterValue, "LAYER", error.to_string()),
            error => {
                let problem = Problem::from(error);
                Self {
                    code: Code::Other,
                    locator: None,
                    message: problem.detail.clone(),
                    problem: Some(Box::new(problem)),
                }
            }
        }
    }
}

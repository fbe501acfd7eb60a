//! Refusals as the standard writes them: ServiceExceptionReport (06-042, 6.11 and annex E; 01-068r3, 6.7 and annex A.3),
//! and as a picture for clients that can show nothing else.

use axum::body::Body;
use axum::response::Response;
use driftline_auth_billing::Problem;
use driftline_compute::Compute;
use driftline_simulate::Xml;
use driftline_tiles::draw_notice;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::get_map::{Ground, ground};
use super::kvp::Kvp;
use super::version::Version;
use super::{MAX_SIDE_PX, PNG};
use crate::Error;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Exception {
    code: Option<Code>,
    message: String,
    /// A fault that is not the sender's, with its own status.
    problem: Option<Box<Problem>>,
}

/// The codes of the standard that this service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// A picture or text format that is not offered.
    InvalidFormat,
    /// A coordinate reference system that is not offered; called InvalidSRS in 1.1.1.
    InvalidCrs,
    /// A layer that is not there.
    LayerNotDefined,
    /// A style that the layer does not have.
    StyleNotDefined,
    /// A layer that cannot be asked about a point.
    LayerNotQueryable,
    /// A pixel outside the picture.
    InvalidPoint,
    /// The capabilities that the client holds are the current ones.
    CurrentUpdateSequence,
    /// The client claims capabilities newer than there are.
    InvalidUpdateSequence,
    /// A time that the layer does not have.
    InvalidDimensionValue,
    /// A request that is not offered.
    OperationNotSupported,
}

impl Code {
    fn text(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::InvalidCrs, Version::V130) => "InvalidCRS",
            (Self::InvalidCrs, Version::V111) => "InvalidSRS",
            (Self::InvalidFormat, _) => "InvalidFormat",
            (Self::LayerNotDefined, _) => "LayerNotDefined",
            (Self::StyleNotDefined, _) => "StyleNotDefined",
            (Self::LayerNotQueryable, _) => "LayerNotQueryable",
            (Self::InvalidPoint, _) => "InvalidPoint",
            (Self::CurrentUpdateSequence, _) => "CurrentUpdateSequence",
            (Self::InvalidUpdateSequence, _) => "InvalidUpdateSequence",
            (Self::InvalidDimensionValue, _) => "InvalidDimensionValue",
            (Self::OperationNotSupported, _) => "OperationNotSupported",
        }
    }
}

impl Exception {
    /// A refusal for which the standard has no code.
    pub(crate) fn plain(message: String) -> Self {
        Self {
            code: None,
            message,
            problem: None,
        }
    }

    /// A refusal with the standard's code.
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self {
            code: Some(code),
            message,
            problem: None,
        }
    }

    /// The answer in the form that the request asks for; a picture that cannot be drawn becomes the report.
    pub(crate) async fn into_answer(self, compute: &Compute, version: Version, kvp: &Kvp) -> Response {
        let form = Form::of(kvp, version);
        if form == Form::Xml {
            return self.into_report(version);
        }
        let (width, height) = (side(kvp, "WIDTH"), side(kvp, "HEIGHT"));
        let ground = ground(kvp).map_or(Some([255; 3]), Ground::colour);
        let text = match form {
            Form::InImage => self.message.clone(),
            Form::Blank | Form::Xml => String::new(),
        };
        let drawn = compute.run(move || draw_notice(width, height, &text, ground).to_png());
        match drawn.await {
            Ok(Ok(png)) => self.finished(picture(png), StatusCode::OK, version),
            Ok(Err(error)) => self.without_picture(&error.to_string(), version),
            Err(error) => self.without_picture(&error.to_string(), version),
        }
    }

    fn without_picture(self, cause: &str, version: Version) -> Response {
        tracing::error!(cause, "a refusal cannot be drawn and is sent as a report");
        self.into_report(version)
    }

    /// The answer as a report.
    pub(crate) fn into_report(self, version: Version) -> Response {
        let report = self.report(version);
        let status = self.problem.as_ref().map(|problem| problem.status);
        self.finished(report, status.unwrap_or(StatusCode::BAD_REQUEST), version)
    }

    /// Status and headers. A picture has to have status 200: a client that asks for one shows nothing else.
    fn finished(self, mut response: Response, status: StatusCode, version: Version) -> Response {
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let said = self.code.map_or("refused", |code| code.text(version));
        headers.insert(EXCEPTION_HEADER, HeaderValue::from_static(said));
        for (name, value) in self.problem.iter().flat_map(|problem| problem.headers.iter()) {
            headers.append(name, value.clone());
        }
        response
    }

    fn report(&self, version: Version) -> Response {
        let code = self.code.map(|code| ("code", code.text(version)));
        let mut xml = Xml::new();
        let media_type = match version {
            Version::V130 => {
                xml.open(
                    "ServiceExceptionReport",
                    &[
                        ("version", version.text()),
                        ("xmlns", "http://www.opengis.net/ogc"),
                        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                        (
                            "xsi:schemaLocation",
                            "http://www.opengis.net/ogc http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd",
                        ),
                    ],
                );
                "text/xml; charset=utf-8"
            }
            Version::V111 => {
                xml.document_type(
                    "ServiceExceptionReport SYSTEM \"http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd\"",
                );
                xml.open("ServiceExceptionReport", &[("version", version.text())]);
                "application/vnd.ogc.se_xml"
            }
        };
        xml.text_with("ServiceException", code.as_slice(), &self.message);
        let body = xml.finish().unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        let media_type = HeaderValue::from_static(media_type);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

/// Which exception an answer is, for clients that asked for it as a picture.
const EXCEPTION_HEADER: HeaderName = HeaderName::from_static("x-wms-exception");

impl From<Error> for Exception {
    fn from(error: Error) -> Self {
        let problem = Problem::from(error);
        Self {
            code: None,
            message: problem.detail.clone(),
            problem: Some(Box::new(problem)),
        }
    }
}

/// What an exception looks like (06-042, 7.3.3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A report.
    Xml,
    /// A picture of the wanted size with the message written into it.
    InImage,
    /// A picture of the wanted size with nothing but the ground, for clients that must not show anything.
    Blank,
}

impl Form {
    /// What EXCEPTIONS asks for; anything unknown means the report.
    fn of(kvp: &Kvp, version: Version) -> Self {
        let wanted = kvp.get("EXCEPTIONS").unwrap_or_default().to_ascii_lowercase();
        let plain = match version {
            Version::V130 => wanted.as_str(),
            Version::V111 => wanted.strip_prefix("application/vnd.ogc.se_").unwrap_or_default(),
        };
        match plain {
            "inimage" => Self::InImage,
            "blank" => Self::Blank,
            _ => Self::Xml,
        }
    }
}

fn side(kvp: &Kvp, name: &str) -> u32 {
    let side = kvp.needed_number(name).ok();
    side.filter(|side| (1..=MAX_SIDE_PX).contains(side)).unwrap_or(256)
}

fn picture(png: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(png));
    let media_type = HeaderValue::from_static(PNG);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

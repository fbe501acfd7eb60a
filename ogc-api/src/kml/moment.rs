//! The instant that live KML shows: the one that `datetime` names, or now.

use driftline_domain::ValidTime;
use jiff::Timestamp;

use crate::Error;
use crate::query::{Query, shown};

/// The name of the parameter.
pub(super) const PARAMETER: &str = "datetime";

/// The instant that a request asks for.
pub(super) fn asked(query: &Query) -> Result<ValidTime, Error> {
    match query.get(PARAMETER) {
        None | Some("now") => Ok(ValidTime(Timestamp::now())),
        Some(text) => text.parse().map_err(|why: driftline_domain::TimeError| {
            Error::parameter(PARAMETER, format!("'{}' is neither now nor a time: {why}", shown(text)))
        }),
    }
}

//! `GET /v1/datasets/{feed}/{run}/{revision}/zarr/{path}`: the Zarr store of a published cycle as it is, object by object, for
//! xarray, zarr-python and whatever else reads Zarr over HTTP. Only what the manifest names is there, so that nothing else
//! of the store can be reached and nothing is listed. Objects never change: their tag is their SHA-256.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{Billable, Scope, chain};
use driftline_domain::RunTime;
use futures::StreamExt;
use futures::stream::{self, Stream};
use http::{HeaderValue, header};

use crate::answer::{Lasting, tagged};
use crate::ask::Ask;
use crate::entity_tag::EntityTag;
use crate::ranges::{self, Wanted};
use crate::{AppState, CycleName, Error, SeamError};

/// Bytes of an answer that are in memory at once, and that one unit of the meter is enough for.
const PIECE: u64 = 1 << 20;
const METADATA: &str = "zarr.json";

/// A part of the store.
pub(crate) async fn object(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&[])?;
    let [feed, run, revision, path] = ["feed", "run", "revision", "path"].map(|name| ask.param(name));
    let unknown = || Error::not_found("object", &format!("{feed}/{run}/{revision}/zarr/{path}"));
    let run = run.parse::<RunTime>().ok().ok_or_else(unknown)?;
    let revision = revision.parse::<u32>().ok().ok_or_else(unknown)?;
    let cycle = CycleName {
        feed: feed.to_owned(),
        run,
    };
    let about = state.cycle_objects.about(&cycle, revision, path).await;
    let about = about.map_err(|error| Error::Forcing(error.to_string()))?;
    let about = about.ok_or_else(unknown)?;
    let tag = EntityTag::of_bytes(about.sha256.as_bytes());
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(Lasting::Forever.not_modified(&held));
    }
    let is_metadata = path == METADATA || path.ends_with("/zarr.json");
    let media_type = if is_metadata {
        crate::document::JSON
    } else {
        "application/octet-stream"
    };
    let range = match ranges::wanted(&ask.headers, about.bytes, &tag)? {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
    };
    let (start, end) = range
        .as_ref()
        .map_or((0, about.bytes), |range| (range.start, range.end));
    let body = Body::from_stream(pieces(state.clone(), cycle, revision, path.to_owned(), start, end));
    let mut response = tagged(body, media_type, &tag, Lasting::Forever);
    let mut status = response.status();
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    match &range {
        Some(range) => ranges::note_part(&mut status, headers, range, about.bytes),
        None => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(about.bytes));
        }
    }
    *response.status_mut() = status;
    if !is_metadata && end > start {
        response.extensions_mut().insert(Billable {
            meter: "edr",
            units: (end - start).div_ceil(PIECE),
            distress: false,
        });
    }
    Ok(response)
}

/// Bytes of an object, read as they are sent.
fn pieces(
    state: AppState,
    cycle: CycleName,
    revision: u32,
    path: String,
    start: u64,
    end: u64,
) -> impl Stream<Item = Result<axum::body::Bytes, SeamError>> + Send {
    let starts = (start..end).step_by(PIECE as usize);
    stream::iter(starts).then(move |start| {
        let (state, cycle, path) = (state.clone(), cycle.clone(), path.clone());
        let piece = start..end.min(start + PIECE);
        async move {
            let read = state.cycle_objects.read(&cycle, revision, &path, piece).await;
            let read = read.and_then(|found| found.ok_or_else(|| SeamError(format!("{path} went away while it was read"))));
            read.inspect_err(|error| {
                tracing::error!(feed = %cycle.feed, run = %cycle.run, object = %path, cause = chain(error), "a download broke off");
            })
        }
    })
}

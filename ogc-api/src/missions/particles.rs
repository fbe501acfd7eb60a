//! `GET /v1/missions/{mission_id}/particles`: every particle at every output time in one compact binary, whose form
//! stands in `runs/binary.rs`. Made from the run's file, so that runs of every version have it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{Billable, Scope};
use http::{HeaderValue, header};

use super::find_mission;
use super::results::published;
use crate::answer::{Lasting, tagged};
use crate::ask::Ask;
use crate::compression::Encoding;
use crate::document::PARTICLES;
use crate::entity_tag::EntityTag;
use crate::query::{Query, shown};
use crate::ranges::{self, Wanted};
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Particles without `max`: what a page draws at ease.
const DEFAULT_MAX: usize = 50_000;
/// Particles at most.
const MOST: usize = 200_000;
/// What making one is worth in pixels of a picture.
const EFFORT_PX: u64 = 4 << 20;

/// `GET /v1/missions/{mission_id}/particles`.
pub(crate) async fn particles(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    // It is the map's data as well as the mission's.
    ask.require(Scope::MissionsRead)
        .or_else(|_| ask.require(Scope::FeaturesRead))?;
    ask.query.allow_only(&["max"])?;
    let max = max_parameter(&ask.query)?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    let run = published(&mission)?;
    // A part is a part of the plain bytes.
    let encoding = if ask.headers.contains_key(header::RANGE) {
        Encoding::Plain
    } else {
        Encoding::accepted(&ask.headers)
    };
    let made_from = format!("{} {PARTICLES} {} {max}", env!("CARGO_PKG_VERSION"), run.id);
    let plain_tag = EntityTag::of_bytes(made_from.as_bytes());
    if let Some(held) = plain_tag.held_form(&ask.headers) {
        let mut response = Lasting::Forever.not_modified(&held);
        Encoding::note_choice(response.headers_mut());
        return Ok(response);
    }
    let _place = state.map_places().take(ask.caller.org, EFFORT_PX).await?;
    let binary = RunCache::binary(&state, run, max, encoding).await?;
    let bytes = binary
        .ok_or_else(|| Error::not_found("file", "particles.parquet"))?
        .0
        .clone();
    let tag = plain_tag.of_encoding(encoding);
    let size = bytes.len() as u64;
    let mut response = match ranges::wanted(&ask.headers, size, &tag)? {
        Wanted::Whole => tagged(Body::from(bytes), PARTICLES, &tag, Lasting::Forever),
        Wanted::Part(range) => {
            let part = bytes.slice(range.start as usize..range.end as usize);
            let mut response = tagged(Body::from(part), PARTICLES, &tag, Lasting::Forever);
            let (mut status, headers) = (response.status(), response.headers_mut());
            ranges::note_part(&mut status, headers, &range, size);
            *response.status_mut() = status;
            response
        }
    };
    encoding.note(response.headers_mut());
    response
        .headers_mut()
        .insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response.extensions_mut().insert(Billable {
        meter: "particles",
        units: 1,
        distress: mission.spec.distress,
    });
    Ok(response)
}

fn max_parameter(query: &Query) -> Result<usize, Error> {
    let Some(text) = query.get("max") else {
        return Ok(DEFAULT_MAX);
    };
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let max = text.parse().ok().filter(|max| is_plain && (1..=MOST).contains(max));
    max.ok_or_else(|| {
        let reason = format!("'{}' is not a whole number from 1 to {MOST}", shown(text));
        Error::parameter("max", reason)
    })
}

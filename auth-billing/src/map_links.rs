//! `POST /v1/map-links`: a signed link to the map data of one mission, and the addresses that work with it. A link
//! is not stored; it ends with its time, with its key, and with its mission.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_domain::{KeyId, MissionId, Violation};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::routes::allow_only;
use crate::signature::prefix_of;
use crate::{Auth, Caller, Carry, Grant, Problem, Resource, Scope, Verb};

const MIN_S: i64 = 60;
const MAX_S: i64 = 400 * 86_400;

/// What links of the answer to a request begin with, by its headers and its address: the public base.
pub type PublicUrl = Arc<dyn Fn(&HeaderMap, &Uri) -> Result<String, Problem> + Send + Sync>;

/// What an answer with links has to know of the maps.
#[derive(Clone)]
pub struct MapLinks {
    /// What links begin with.
    pub public_url: PublicUrl,
    /// The tilesets of a mission, for example `particles`.
    pub tilesets: &'static [&'static str],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    mission: String,
    expires_in_s: i64,
}

#[derive(Serialize)]
struct Answer {
    mission: MissionId,
    key: KeyId,
    expires_at: Timestamp,
    /// Everything below it is covered.
    prefix: String,
    /// What every address below it needs.
    query: String,
    urls: Urls,
}

#[derive(Serialize)]
struct Urls {
    wms: String,
    features: String,
    tiles: String,
    tilejson: BTreeMap<&'static str, String>,
}

pub(crate) async fn map_link(
    State((auth, links)): State<(Auth, MapLinks)>,
    caller: Caller,
    headers: HeaderMap,
    uri: Uri,
    RawQuery(raw): RawQuery,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<Response, Problem> {
    if !caller.scopes.contains(Scope::MissionsRead) {
        caller.require(Scope::FeaturesRead)?;
    }
    allow_only(&[], raw.as_deref())?;
    let Json(wish) = wish.map_err(unreadable)?;
    let mission = checked(&wish).map_err(Problem::invalid)?;
    let known = auth.database().mission(caller.org, mission).await?;
    let unknown = || Problem::not_found(format!("there is no mission '{mission}'"));
    let made_by = known.ok_or_else(unknown)?.created_by;
    if caller.grant(Resource::Missions, Verb::Read) == Grant::Own && !caller.owns(made_by) {
        return Err(unknown());
    }
    if caller.role.is_some() {
        // A key hands out what it can read; a person passes a mission on, as with a share link.
        caller.require_right(Resource::ShareLinks, Verb::Create, caller.owns(made_by))?;
    }
    let base = (links.public_url)(&headers, &uri)?;
    let now = (auth.clock())();
    let wished_s = now.as_second() + wish.expires_in_s;
    let key_ends = auth.key_ends(caller.key).await?;
    let exp_s = key_ends.map_or(wished_s, |ends| wished_s.min(ends.as_second()));
    let prefix = prefix_of(mission);
    let carry = auth.sign(&prefix, exp_s, caller.key).await?.carry();
    let answer = Answer {
        mission,
        key: caller.key,
        expires_at: Timestamp::from_second(exp_s).unwrap_or(Timestamp::MAX),
        prefix: format!("{base}{prefix}"),
        query: carry.query().unwrap_or_default(),
        urls: urls(&format!("{base}{prefix}"), &carry, links.tilesets),
    };
    // The answer is itself a credential.
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn urls(prefix: &str, carry: &Carry, tilesets: &[&'static str]) -> Urls {
    let url = |path: &str| carry.apply(&format!("{prefix}{path}"));
    Urls {
        wms: url("wms?service=WMS&request=GetCapabilities"),
        features: url("ogc"),
        tiles: url("tiles"),
        tilejson: tilesets
            .iter()
            .map(|name| (*name, url(&format!("tiles/{name}.json"))))
            .collect(),
    }
}

fn checked(wish: &Wish) -> Result<MissionId, Vec<Violation>> {
    let mut violations = Vec::new();
    let mission = wish.mission.parse::<MissionId>();
    if let Err(error) = &mission {
        violations.push(Violation::new("mission", "not_an_id", error.to_string()));
    }
    let wished_s = wish.expires_in_s;
    if !(MIN_S..=MAX_S).contains(&wished_s) {
        let message = format!("{wished_s} s is not between {MIN_S} s and {MAX_S} s (400 days)");
        violations.push(Violation::new("expires_in_s", "out_of_range", message));
    }
    match mission {
        Ok(mission) if violations.is_empty() => Ok(mission),
        _ => Err(violations),
    }
}

pub(crate) fn unreadable(rejection: JsonRejection) -> Problem {
    let (status, text) = (rejection.status(), rejection.body_text());
    let code = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid",
        _ => "malformed_json",
    };
    Problem::new(status, code, text)
}

//! `POST`, `GET` and `DELETE` of a mission's share links.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::ShareLink;
use driftline_domain::{MissionId, ShareLinkId, Violation};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::LinkText;
use crate::map_links::{MapLinks, unreadable};
use crate::routes::allow_only;
use crate::{Auth, Caller, Carry, Grant, Problem, Resource, Verb};

/// The links of a mission.
pub(crate) const LINKS_PATH: &str = "/v1/missions/{mission_id}/share-links";
/// One of them.
pub(crate) const LINK_PATH: &str = "/v1/missions/{mission_id}/share-links/{link_id}";

const MIN_S: i64 = 60;
const MAX_S: i64 = 400 * 86_400;
const NAME_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    expires_in_s: i64,
    #[serde(default)]
    name: String,
}

#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    link: ShareLink,
    /// Shown now and never again.
    token: String,
    urls: Urls,
}

/// Addresses that work as they stand.
#[derive(Serialize)]
struct Urls {
    page: String,
    mission: String,
    results: String,
    features: String,
    wms: String,
    tiles: String,
}

#[derive(Serialize)]
struct Listed {
    links: Vec<ShareLink>,
}

/// `POST /v1/missions/{mission_id}/share-links`.
pub(crate) async fn make(
    State((auth, links)): State<(Auth, MapLinks)>,
    caller: Caller,
    Path(mission): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    RawQuery(raw): RawQuery,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<Response, Problem> {
    allow_only(&[], raw.as_deref())?;
    let mission = known_mission(&auth, &caller, &mission, Verb::Create).await?;
    let Json(wish) = wish.map_err(unreadable)?;
    let name = checked(&wish).map_err(Problem::invalid)?;
    let base = (links.public_url)(&headers, &uri)?;
    let now = (auth.clock())();
    let wished = now.checked_add(SignedDuration::from_secs(wish.expires_in_s));
    let wished = wished.map_err(|error| Problem::bad_request(error.to_string()))?;
    let expires_at = auth.key_ends(caller.key).await?.map_or(wished, |ends| wished.min(ends));
    let token = LinkText::generate().map_err(|error| Problem::unavailable(&error))?;
    let link = ShareLink {
        id: ShareLinkId::generate(),
        org: caller.org,
        mission,
        created_by: caller.key,
        name,
        hint: token.hint(),
        sha256: token.sha256(),
        created_at: whole_micros(now),
        expires_at: whole_micros(expires_at),
        revoked_at: None,
        last_used_at: None,
    };
    if !auth.database().insert_share_link(&link).await? {
        return Err(no_mission(&mission.to_string()));
    }
    let location = format!("{base}/v1/missions/{mission}/share-links/{}", link.id);
    let made = Made {
        urls: urls(&base, mission, &token),
        link,
        token: token.expose().to_owned(),
    };
    // The answer is itself a credential.
    let answer = [(CACHE_CONTROL, "no-store".to_owned()), (LOCATION, location)];
    Ok((StatusCode::CREATED, answer, Json(made)).into_response())
}

/// `GET /v1/missions/{mission_id}/share-links`.
pub(crate) async fn list(
    State((auth, _)): State<(Auth, MapLinks)>,
    caller: Caller,
    Path(mission): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    allow_only(&[], raw.as_deref())?;
    let mission = known_mission(&auth, &caller, &mission, Verb::Read).await?;
    let links = auth.database().share_links(caller.org, mission).await?;
    Ok(Json(Listed { links }).into_response())
}

/// `DELETE /v1/missions/{mission_id}/share-links/{link_id}`: it works no more within seconds.
pub(crate) async fn revoke(
    State((auth, _)): State<(Auth, MapLinks)>,
    caller: Caller,
    Path((mission, link)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<StatusCode, Problem> {
    allow_only(&[], raw.as_deref())?;
    let mission = known_mission(&auth, &caller, &mission, Verb::Delete).await?;
    let no_link = || Problem::not_found(format!("the mission has no link '{}' that works", shown(&link)));
    let id: ShareLinkId = link.parse().ok().ok_or_else(no_link)?;
    let now = (auth.clock())();
    let is_revoked = auth.database().revoke_share_link(caller.org, mission, id, now).await?;
    if is_revoked {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_link())
    }
}

/// The mission, if it is the organisation's and the caller may do this to its links.
async fn known_mission(auth: &Auth, caller: &Caller, text: &str, verb: Verb) -> Result<MissionId, Problem> {
    let id: MissionId = text.parse().ok().ok_or_else(|| no_mission(text))?;
    let found = auth.database().mission(caller.org, id).await?;
    let mission = found.ok_or_else(|| no_mission(text))?;
    let owns = caller.owns(mission.created_by);
    // Who sees its own missions only does not learn of others here.
    if caller.grant(Resource::Missions, Verb::Read) == Grant::Own && !owns {
        return Err(no_mission(text));
    }
    caller.require_right(Resource::ShareLinks, verb, owns)?;
    Ok(id)
}

fn no_mission(text: &str) -> Problem {
    Problem::not_found(format!("there is no mission '{}'", shown(text)))
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

fn checked(wish: &Wish) -> Result<String, Vec<Violation>> {
    let mut violations = Vec::new();
    let wished_s = wish.expires_in_s;
    if !(MIN_S..=MAX_S).contains(&wished_s) {
        let message = format!("{wished_s} s is not between {MIN_S} s and {MAX_S} s (400 days)");
        violations.push(Violation::new("expires_in_s", "out_of_range", message));
    }
    let name = wish.name.trim();
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        let message = format!("a name has at most {NAME_MAX} printable characters");
        violations.push(Violation::new("name", "not_printable", message));
    }
    if violations.is_empty() {
        Ok(name.to_owned())
    } else {
        Err(violations)
    }
}

fn urls(base: &str, mission: MissionId, token: &LinkText) -> Urls {
    let carry = Carry::parameter("key", token.expose());
    let url = |path: &str| carry.apply(&format!("{base}{path}"));
    Urls {
        // Behind the # it is sent to nobody; the page takes it out of its address.
        page: format!("{base}/#key={}&mission={mission}", token.expose()),
        mission: url(&format!("/v1/missions/{mission}")),
        results: url(&format!("/v1/missions/{mission}/results")),
        features: url(&format!("/missions/{mission}/ogc")),
        wms: url(&format!("/missions/{mission}/wms?service=WMS&request=GetCapabilities")),
        tiles: url(&format!("/missions/{mission}/tiles")),
    }
}

/// The time as it will be read back.
fn whole_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

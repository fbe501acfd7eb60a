//! Network links: small documents that viewers load once, and that name what is loaded again and again.

use axum::extract::State;
use axum::response::Response;
use driftline_database::{Run, RunFilter};
use driftline_domain::{OrgId, ValidTime, limits};
use driftline_simulate::Xml;
use driftline_simulate::kml::{KML, NetworkLink, begin};
use jiff::ToSpan;

use super::moment;
use crate::answer::{Lasting, tagged};
use crate::ask::Ask;
use crate::entity_tag::EntityTag;
use crate::features::RootAsk;
use crate::{AppState, Error};

/// Seconds between two looks at what holds now: output times are ten minutes apart or more, and a new run is to be seen soon.
const NOW_REFRESH_S: u32 = 60;
/// Seconds between two looks at everything with its spans.
const TIMES_REFRESH_S: u32 = 600;
/// Missions listed at most, the newest: a viewer asks for each of them every minute.
const MOST_MISSIONS: usize = 100;
/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 500;
/// A run that ended so long ago may still have an area that holds: the longest time between two outputs.
const ENDED_AGO_S: i64 = *limits::OUTPUT_INTERVAL_S.end() as i64;

/// `GET /kml`: the list of missions, looked at again by the viewer.
pub(crate) async fn organisation(RootAsk { ask, .. }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let mut xml = begin("Driftline");
    let href = ask.site.url_with("/kml/missions.kml", ask.query.pairs());
    let link = NetworkLink {
        name: "Missions",
        description: "Missions whose areas hold now or later; looked at every minute.",
        is_visible: true,
        href: &href,
        refresh_s: NOW_REFRESH_S,
    };
    link.write(&mut xml);
    answer(&ask, xml)
}

/// `GET /kml/missions.kml`: a network link for each mission whose run holds now or later.
pub(crate) async fn missions(State(state): State<AppState>, RootAsk { ask, .. }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let at = moment::asked(&ask.query)?;
    let mut runs = holding_runs(&state, ask.caller.org, at).await?;
    let left_out = runs.len().saturating_sub(MOST_MISSIONS);
    // The newest first: they are what somebody looks for.
    runs.reverse();
    runs.truncate(MOST_MISSIONS);
    let mut xml = begin("Missions");
    if left_out > 0 {
        xml.text("description", &format!("{left_out} older missions are not listed."));
    }
    for run in &runs {
        let Some(mission) = state.database.mission(run.org, run.mission).await? else {
            continue;
        };
        let path = format!("/missions/{}/kml/now.kml", mission.id);
        let href = ask.site.url_with(&path, ask.query.pairs());
        let name = mission.spec.name.unwrap_or_else(|| mission.id.to_string());
        let description = format!("{} to {}", run.valid_from, run.valid_until);
        let link = NetworkLink {
            name: &name,
            description: &description,
            is_visible: true,
            href: &href,
            refresh_s: NOW_REFRESH_S,
        };
        link.write(&mut xml);
    }
    answer(&ask, xml)
}

/// `GET /missions/{mission_id}/kml`: what holds now, and everything by time. Works before the mission has completed: the
/// viewer sees its areas as soon as there are some.
pub(crate) async fn mission(RootAsk { ask, root }: RootAsk) -> Result<Response, Error> {
    check(&ask)?;
    let path = format!("{}/kml", root.base_path());
    let now = ask.site.url_with(&format!("{path}/now.kml"), ask.query.pairs());
    let times = ask.site.url(&format!("{path}/times.kmz"));
    let mut xml = begin(&root.title());
    let links = [
        NetworkLink {
            name: "Now",
            description: "Areas and datums that hold now; looked at every minute.",
            is_visible: true,
            href: &now,
            refresh_s: NOW_REFRESH_S,
        },
        NetworkLink {
            name: "All times",
            description: "Areas and datums of the whole run, for the viewer's slider of time.",
            is_visible: false,
            href: &times,
            refresh_s: TIMES_REFRESH_S,
        },
    ];
    links.iter().for_each(|link| link.write(&mut xml));
    answer(&ask, xml)
}

fn check(ask: &Ask) -> Result<(), Error> {
    ask.query.allow_only(&[moment::PARAMETER])?;
    moment::asked(&ask.query).map(drop)
}

/// Runs with something valid at the time or later, in the order of their publication.
async fn holding_runs(state: &AppState, org: OrgId, at: ValidTime) -> Result<Vec<Run>, Error> {
    let mut filter = RunFilter {
        from: at.0.checked_sub(ENDED_AGO_S.seconds()).ok().map(ValidTime),
        limit: RUNS_AT_ONCE,
        ..RunFilter::default()
    };
    let mut all = Vec::new();
    loop {
        let page = state.database.runs(org, &filter).await?;
        filter.after_seq = page.last().map(|run| run.seq);
        let is_last = page.len() < RUNS_AT_ONCE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn answer(ask: &Ask, xml: Xml) -> Result<Response, Error> {
    let bytes = xml.finish().map_err(|error| Error::Internal(error.to_string()))?;
    let tag = EntityTag::of_bytes(&bytes);
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    Ok(tagged(bytes, KML, &tag, Lasting::Briefly))
}

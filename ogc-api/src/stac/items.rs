//! Pages of items, and single ones. Cycles come newest first, missions in the order of their publication.

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Scope;
use driftline_database::RunFilter;
use serde_json::{Value, json};

use super::catalog::check;
use super::collections::Holder;
use super::{cycles, missions};
use crate::ask::Ask;
use crate::document::{GEOJSON, JSON, document};
use crate::links::Link;
use crate::missions::find_mission;
use crate::query::{Interval, PageLimits, bbox_parameter, shown};
use crate::{AppState, CoverageQuestion, Error};

/// Items of a page.
pub(crate) const LIMITS: PageLimits = PageLimits { default: 50, max: 200 };

/// A page's items, the cursor of the next one, and how many there are in all where that is known.
struct Found {
    items: Vec<Value>,
    next: Option<String>,
    matched: Option<usize>,
}

/// `GET /stac/collections/{stac_collection}/items`.
pub(super) async fn items(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["f", "limit", "cursor", "bbox", "datetime"])?;
    ask.query.check_format(&["json", "geojson"])?;
    ask.check_accept()?;
    let limit = LIMITS.limit(&ask.query)?;
    let interval = Interval::parameter(&ask.query, "datetime")?;
    let coverage = CoverageQuestion {
        bbox: bbox_parameter(&ask.query)?,
        from: interval.from,
        until: interval.until,
    };
    let holder = Holder::named(&ask)?;
    let found = match holder {
        Holder::Forcing(_) => of_cycles(&state, &ask, &holder, coverage, limit).await?,
        Holder::Missions => of_missions(&state, &ask, coverage, limit).await?,
    };
    let parent = holder.path();
    let mut links = vec![
        Link::new("self", GEOJSON, ask.self_url()),
        ask.site.link("root", JSON, "The catalogue", "/stac"),
        ask.site.link("parent", JSON, "Its collection", &parent),
        ask.site.link("collection", JSON, "Its collection", &parent),
    ];
    if let Some(cursor) = found.next {
        let mut pairs = ask.query.pairs().to_vec();
        pairs.retain(|(name, _)| name != "cursor");
        pairs.push(("cursor".to_owned(), cursor));
        links.push(Link::new("next", GEOJSON, ask.site.url_with(&ask.path, &pairs)));
    }
    let mut page = json!({
        "type": "FeatureCollection",
        "numberReturned": found.items.len(),
        "features": found.items,
        "links": links,
    });
    if let Some(matched) = found.matched {
        page["numberMatched"] = json!(matched);
    }
    document(&ask.headers, GEOJSON, &page)
}

async fn of_cycles(
    state: &AppState,
    ask: &Ask,
    holder: &Holder,
    coverage: CoverageQuestion,
    limit: usize,
) -> Result<Found, Error> {
    let cycles = cycles::within(state, holder, coverage).await?;
    let begin = match ask.query.get("cursor") {
        None => 0,
        Some(id) => {
            let place = cycles.iter().position(|cycle| cycle.id() == id);
            1 + place.ok_or_else(|| refused_cursor(id))?
        }
    };
    let rest = &cycles[begin..];
    let page = &rest[..limit.min(rest.len())];
    Ok(Found {
        items: page.iter().map(|cycle| cycle.item(&ask.site)).collect(),
        next: page.last().filter(|_| page.len() < rest.len()).map(cycles::Cycle::id),
        matched: Some(cycles.len()),
    })
}

async fn of_missions(state: &AppState, ask: &Ask, coverage: CoverageQuestion, limit: usize) -> Result<Found, Error> {
    let read = |text: &str| {
        text.parse::<i64>()
            .ok()
            .filter(|seq| *seq >= 0)
            .ok_or_else(|| refused_cursor(text))
    };
    let filter = RunFilter {
        mission: None,
        after_seq: ask.query.get("cursor").map(read).transpose()?,
        from: coverage.from,
        until: coverage.until,
        bbox: coverage.bbox.map(|bbox| [bbox.west, bbox.south, bbox.east, bbox.north]),
        limit: limit as u32 + 1,
    };
    let mut runs = state.database.runs(ask.caller.org, &filter).await?;
    let has_more = runs.len() > limit;
    runs.truncate(limit);
    Ok(Found {
        items: runs.iter().map(|run| missions::item(&ask.site, run)).collect(),
        next: runs.last().filter(|_| has_more).map(|run| run.seq.to_string()),
        matched: None,
    })
}

/// `GET /stac/collections/{stac_collection}/items/{stac_item}`.
pub(super) async fn item(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    check(&ask)?;
    let (holder, id) = (Holder::named(&ask)?, ask.param("stac_item"));
    let unknown = || Error::not_found("item", id);
    let item = match holder {
        Holder::Forcing(_) => {
            let cycles = cycles::of(&state, &holder).await?;
            let cycle = cycles.iter().find(|cycle| cycle.id() == id);
            cycle.map(|cycle| cycle.item(&ask.site))
        }
        Holder::Missions => {
            let mission = find_mission(&state, ask.caller.org, id).await?;
            mission.run.map(|run| missions::item(&ask.site, &run))
        }
    };
    document(&ask.headers, GEOJSON, &item.ok_or_else(unknown)?)
}

fn refused_cursor(text: &str) -> Error {
    Error::parameter("cursor", format!("'{}' was not emitted by this service", shown(text)))
}

//! Collections of the catalogue: `forcing-{feed}`, and `missions`.

use axum::extract::State;
use axum::response::Response;
use driftline_domain::ValidTime;
use serde_json::{Value, json};

use super::VERSION;
use super::catalog::check;
use super::cycles::{self, Cycle};
use crate::ask::Ask;
use crate::document::{GEOJSON, JSON, document};
use crate::features::{Collection, Holdings, union_of_boxes};
use crate::links::Link;
use crate::{AppState, Error};

const FORCING: &str = "forcing-";
const MISSIONS: &str = "missions";

/// What a collection holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// The cycles of a feed.
    Forcing(String),
    /// The tenant's completed missions.
    Missions,
}

impl Holder {
    /// Every collection there is now.
    pub(super) fn all(cycles: &[Cycle]) -> Vec<Self> {
        let mut feeds: Vec<&str> = cycles.iter().map(|cycle| cycle.feed.as_str()).collect();
        feeds.sort_unstable();
        feeds.dedup();
        let forcing = feeds.into_iter().map(|feed| Self::Forcing(feed.to_owned()));
        forcing.chain([Self::Missions]).collect()
    }

    /// The collection that a path names, whether it is there or not.
    pub(super) fn named(ask: &Ask) -> Result<Self, Error> {
        let id = ask.param("stac_collection");
        match id.strip_prefix(FORCING) {
            Some(feed) if !feed.is_empty() => Ok(Self::Forcing(feed.to_owned())),
            None if id == MISSIONS => Ok(Self::Missions),
            _ => Err(Error::not_found("collection", id)),
        }
    }

    /// Its identifier.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Forcing(feed) => format!("{FORCING}{feed}"),
            Self::Missions => MISSIONS.to_owned(),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("/stac/collections/{}", self.id())
    }

    /// Its title for people.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Forcing(feed) => format!("Cycles of {feed}"),
            Self::Missions => "Completed missions".to_owned(),
        }
    }
}

/// Where and when the items of a collection are, and whom they come from.
struct Content {
    bbox: [f64; 4],
    from: Option<ValidTime>,
    until: Option<ValidTime>,
    credits: Vec<String>,
}

/// Of a collection without items: the specification wants an extent all the same, and the whole Earth is what it says then.
const WHOLE_EARTH: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

/// `GET /stac/collections`.
pub(super) async fn collections(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    check(&ask)?;
    let cycles = cycles::all(&state).await?;
    let mut described = Vec::new();
    for holder in Holder::all(&cycles) {
        described.push(describe(&state, &ask, &holder, &cycles).await?);
    }
    let links = [
        Link::new("self", JSON, ask.self_url()),
        ask.site.link("root", JSON, "The catalogue", "/stac"),
        ask.site.link("parent", JSON, "The catalogue", "/stac"),
    ];
    document(&ask.headers, JSON, &json!({"collections": described, "links": links}))
}

/// `GET /stac/collections/{stac_collection}`.
pub(super) async fn collection(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    check(&ask)?;
    let holder = Holder::named(&ask)?;
    let cycles = cycles::of(&state, &holder).await?;
    document(&ask.headers, JSON, &describe(&state, &ask, &holder, &cycles).await?)
}

async fn describe(state: &AppState, ask: &Ask, holder: &Holder, cycles: &[Cycle]) -> Result<Value, Error> {
    let content = match holder {
        Holder::Forcing(feed) => of_cycles(cycles.iter().filter(|cycle| cycle.feed == *feed)),
        Holder::Missions => of_missions(state, ask).await?,
    };
    let path = holder.path();
    let description = match holder {
        Holder::Forcing(feed) => {
            format!("Every stored cycle of the feed {feed}, as chunks in Zarr with their manifest.")
        }
        Holder::Missions => "Results of this organisation's completed drift missions as files.".to_owned(),
    };
    let producer = |line: &String| json!({"name": line, "roles": ["producer", "licensor"]});
    let mut collection = json!({
        "type": "Collection",
        "id": holder.id(),
        "stac_version": VERSION,
        "title": holder.title(),
        "description": description,
        // The terms of the providers, which are not among those that the specification has a name for.
        "license": "other",
        "providers": content.credits.iter().map(producer).collect::<Vec<_>>(),
        "extent": {
            "spatial": {"bbox": [content.bbox]},
            "temporal": {"interval": [[content.from, content.until]]},
        },
        "links": [
            ask.site.link("self", JSON, "This collection", &path),
            ask.site.link("root", JSON, "The catalogue", "/stac"),
            ask.site.link("parent", JSON, "The catalogue", "/stac"),
            ask.site.link("items", GEOJSON, "Its items", &format!("{path}/items")),
        ],
    });
    if matches!(holder, Holder::Forcing(_)) {
        collection["stac_extensions"] = json!([cycles::FORECAST]);
    }
    Ok(collection)
}

fn of_cycles<'a>(cycles: impl Iterator<Item = &'a Cycle>) -> Content {
    let (mut boxes, mut credits): (Vec<[f64; 4]>, Vec<String>) = Default::default();
    let (mut from, mut until): (Option<ValidTime>, Option<ValidTime>) = Default::default();
    for cycle in cycles {
        boxes.push(cycle.bbox);
        from = Some(from.map_or(cycle.from, |known| known.min(cycle.from)));
        until = Some(until.map_or(cycle.until, |known| known.max(cycle.until)));
        for line in &cycle.credits {
            if !credits.contains(line) {
                credits.push(line.clone());
            }
        }
    }
    Content {
        bbox: union_of_boxes(&boxes).unwrap_or(WHOLE_EARTH),
        from,
        until,
        credits,
    }
}

async fn of_missions(state: &AppState, ask: &Ask) -> Result<Content, Error> {
    let holdings = Holdings::now(state, ask.caller.org, None).await?;
    let extent = holdings.extent(Collection::Particles);
    Ok(Content {
        bbox: extent.map_or(WHOLE_EARTH, |extent| extent.bbox),
        from: extent.map(|extent| extent.from),
        until: extent.map(|extent| extent.until),
        credits: holdings.attribution.clone(),
    })
}

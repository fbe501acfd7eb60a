//! Cycles of forcing as items: the nominal time of the run is the forecast extension's reference time.

use driftline_domain::ValidTime;
use serde_json::{Value, json};

use super::VERSION;
use super::collections::Holder;
use super::places::{corners, geometry};
use crate::document::{GEOJSON, JSON};
use crate::features::union_of_boxes;
use crate::links::Site;
use crate::missions::CAPABILITIES;
use crate::{AppState, CoverageQuestion, DatasetQuestion, Error};

/// The extension that names a forecast's reference time.
pub(super) const FORECAST: &str = "https://stac-extensions.github.io/forecast/v0.2.0/schema.json";
const ZARR: &str = "application/vnd+zarr";

/// A cycle, as far as items tell of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cycle {
    /// The feed.
    pub(super) feed: String,
    /// Nominal time, as in paths.
    run: String,
    revision: u64,
    published_at: Value,
    kinds: Vec<String>,
    variables: Vec<String>,
    /// West, south, east, north of all its fields.
    pub(super) bbox: [f64; 4],
    /// First valid time.
    pub(super) from: ValidTime,
    /// Last valid time.
    pub(super) until: ValidTime,
    /// Credit lines.
    pub(super) credits: Vec<String>,
}

/// Every cycle.
pub(super) async fn all(state: &AppState) -> Result<Vec<Cycle>, Error> {
    found(state, DatasetQuestion::default()).await
}

/// The cycles of a collection, which has to be there.
pub(super) async fn of(state: &AppState, holder: &Holder) -> Result<Vec<Cycle>, Error> {
    within(state, holder, CoverageQuestion::default()).await
}

/// The cycles of a collection in a box and an interval, newest first; a feed without any cycle is unknown.
pub(super) async fn within(state: &AppState, holder: &Holder, coverage: CoverageQuestion) -> Result<Vec<Cycle>, Error> {
    let Holder::Forcing(feed) = holder else {
        return Ok(Vec::new());
    };
    let question = |coverage| DatasetQuestion {
        coverage,
        feed: Some(feed.clone()),
        ..DatasetQuestion::default()
    };
    let mut cycles = found(state, question(coverage)).await?;
    if cycles.is_empty() && found(state, question(CoverageQuestion::default())).await?.is_empty() {
        return Err(Error::not_found("collection", &holder.id()));
    }
    cycles.sort_by(|a, b| (&b.run, b.revision).cmp(&(&a.run, a.revision)));
    Ok(cycles)
}

async fn found(state: &AppState, question: DatasetQuestion) -> Result<Vec<Cycle>, Error> {
    let listed = state.forcing.datasets(question).await;
    let mut listed = listed.map_err(|error| Error::Forcing(error.to_string()))?;
    let Value::Array(cycles) = listed["cycles"].take() else {
        return Err(Error::Forcing("it lists no cycles".to_owned()));
    };
    let read = |cycle: &Value| {
        Cycle::read(cycle).ok_or_else(|| Error::Forcing(format!("a cycle has no place or time: {}", cycle["feed"])))
    };
    cycles.iter().map(read).collect()
}

impl Cycle {
    fn read(cycle: &Value) -> Option<Self> {
        let series = cycle["series"].as_array()?;
        let texts = |name: &str| {
            series
                .iter()
                .filter_map(|one| one[name].as_str())
                .map(str::to_owned)
                .collect()
        };
        let boxes: Vec<[f64; 4]> = series.iter().filter_map(|one| corners(&one["bbox"])).collect();
        let time = |value: &Value| value.as_str()?.parse::<ValidTime>().ok();
        let firsts = series.iter().filter_map(|one| time(one["times"].as_array()?.first()?));
        let lasts = series.iter().filter_map(|one| time(one["times"].as_array()?.last()?));
        let variables = series.iter().filter_map(|one| one["variables"].as_array()).flatten();
        let mut credits: Vec<String> = texts("attribution");
        credits.retain(|line| !line.is_empty());
        credits.dedup();
        Some(Self {
            feed: cycle["feed"].as_str()?.to_owned(),
            run: cycle["run"].as_str()?.to_owned(),
            revision: cycle["revision"].as_u64()?,
            published_at: cycle["published_at"].clone(),
            kinds: texts("kind"),
            variables: variables.filter_map(Value::as_str).map(str::to_owned).collect(),
            bbox: union_of_boxes(&boxes)?,
            from: firsts.min()?,
            until: lasts.max()?,
            credits,
        })
    }

    /// The item's identifier: run without what has a meaning in addresses, and revision.
    pub(super) fn id(&self) -> String {
        let plain: String = self.run.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{plain}-r{}", self.revision)
    }

    /// The item.
    pub(super) fn item(&self, site: &Site) -> Value {
        let holder = Holder::Forcing(self.feed.clone());
        let (path, parent) = (format!("{}/items/{}", holder.path(), self.id()), holder.path());
        let dataset = format!("/v1/datasets/{}/{}/{}", self.feed, self.run, self.revision);
        json!({
            "type": "Feature",
            "stac_version": VERSION,
            "stac_extensions": [FORECAST],
            "id": self.id(),
            "collection": holder.id(),
            "geometry": geometry(self.bbox),
            "bbox": self.bbox,
            "properties": {
                "title": format!("{} of {}, revision {}", self.feed, self.run, self.revision),
                "datetime": null,
                "start_datetime": self.from,
                "end_datetime": self.until,
                "created": self.published_at,
                "forecast:reference_datetime": self.run,
                "kinds": self.kinds,
                "variables": self.variables,
                "attribution": self.credits.join("; "),
            },
            "assets": {
                "zarr": {
                    "href": site.url(&format!("{dataset}/zarr/")),
                    "type": ZARR,
                    "title": "All fields as a Zarr hierarchy",
                    "roles": ["data"],
                },
                "manifest": {
                    "href": site.url(&dataset),
                    "type": JSON,
                    "title": "Fields, objects with checksums, lineage",
                    "roles": ["metadata"],
                },
            },
            "links": [
                site.link("self", GEOJSON, "This item", &path),
                site.link("root", JSON, "The catalogue", "/stac"),
                site.link("parent", JSON, "Its collection", &parent),
                site.link("collection", JSON, "Its collection", &parent),
                site.link("wms", "text/xml", "Forcing as WMS", &format!("/wms{CAPABILITIES}")),
            ],
        })
    }
}

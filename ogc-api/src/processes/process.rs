//! The processes that every tenant has: the registry that lists, descriptions and checks of requests are made from.

use driftline_domain::limits;
use serde_json::{Map, Value, json};

use super::{echo, relations};
use crate::document::{GEOJSON, JSON};
use crate::features::Collection;
use crate::links::Site;
use crate::openapi;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// Where something will be.
    Drift,
    /// Where something came from.
    Backtrack,
    /// Where to search at one hour.
    SearchArea,
    /// Its own inputs again.
    Echo,
}

/// An output of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Features of a collection at every output time.
    Features(Collection),
    /// The three search areas at one hour.
    Areas,
    /// Numbers, forcing, files.
    Summary,
    /// An input of the echo process.
    Echo(echo::Field),
}

impl Output {
    /// Its identifier.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Features(collection) => collection.id(),
            Self::Areas => "areas",
            Self::Summary => "summary",
            Self::Echo(field) => field.id(),
        }
    }

    /// The media type of its value alone.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Features(_) | Self::Areas => GEOJSON,
            Self::Summary => JSON,
            Self::Echo(field) => field.media_type(),
        }
    }

    fn description(self) -> Value {
        match self {
            Self::Features(collection) => json!({
                "title": collection.title(),
                "description": collection.description(),
                "schema": feature_collection(),
            }),
            Self::Areas => json!({
                "title": "Search areas",
                "description": "Smallest areas that hold the object with 50, 90 and 95 percent probability at the hour asked for.",
                "schema": feature_collection(),
            }),
            Self::Summary => json!({
                "title": "Summary",
                "description": "Areas and positions in numbers, the forcing that was used, and the files of the run.",
                "schema": {"type": "object", "contentMediaType": JSON},
            }),
            Self::Echo(field) => field.output_description(),
        }
    }
}

impl Process {
    /// Every process, in the order of lists.
    pub(crate) const ALL: [Self; 4] = [Self::Drift, Self::Backtrack, Self::SearchArea, Self::Echo];

    /// The process of this identifier.
    pub(crate) fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|process| process.id() == id)
    }

    /// Identifier in paths.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Backtrack => "backtrack",
            Self::SearchArea => "search-area",
            Self::Echo => "echo",
        }
    }

    /// Its outputs, in the order of results.
    pub(super) fn outputs(self) -> Vec<Output> {
        match self {
            Self::Drift | Self::Backtrack => vec![
                Output::Features(Collection::SearchAreas),
                Output::Features(Collection::Datums),
                Output::Features(Collection::Trajectories),
                Output::Summary,
            ],
            Self::SearchArea => vec![Output::Areas, Output::Summary],
            Self::Echo => echo::Field::OUTPUTS.map(Output::Echo).to_vec(),
        }
    }

    /// How outputs can be sent.
    pub(super) fn takes_references(self) -> bool {
        self != Self::Echo
    }

    /// The process in short.
    pub(super) fn summary(self, site: &Site) -> Value {
        let (title, description) = self.words();
        let path = format!("/ogc/processes/{}", self.id());
        let transmission: &[&str] = if self.takes_references() {
            &["value", "reference"]
        } else {
            &["value"]
        };
        json!({
            "id": self.id(),
            "title": title,
            "description": description,
            "version": "1.0.0",
            "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
            "outputTransmission": transmission,
            "links": [
                site.link("self", JSON, "This process", &path),
                site.link(relations::EXECUTE, JSON, "Executes it", &format!("{path}/execution")),
            ],
        })
    }

    /// The process with its inputs and outputs (18-062r2, clause 8).
    pub(super) fn description(self, site: &Site) -> Value {
        let mut description = self.summary(site);
        let outputs = self.outputs().into_iter();
        let outputs: Map<String, Value> = outputs.map(|it| (it.id().to_owned(), it.description())).collect();
        description["inputs"] = Value::Object(self.inputs());
        description["outputs"] = Value::Object(outputs);
        description
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Drift => (
                "Drift forecast",
                "Where a person or an object drifts: search areas, mean and most likely positions and tracks over the hours \
                 ahead. The inputs are the members of a mission; the job is one.",
            ),
            Self::Backtrack => (
                "Backtrack",
                "Where a person or an object that was found came from: a drift mission computed backwards in time.",
            ),
            Self::SearchArea => (
                "Search area",
                "Where to search at one hour for what was last seen at a position and a time: the areas of 50, 90 and 95 \
                 percent probability.",
            ),
            Self::Echo => (
                "Echo",
                "Answers with its own inputs, after a pause where one is asked for. For tests of clients and of conformance; \
                 free of charge.",
            ),
        }
    }

    fn inputs(self) -> Map<String, Value> {
        match self {
            Self::Drift | Self::Backtrack => mission_inputs(self == Self::Backtrack),
            Self::SearchArea => search_area_inputs(),
            Self::Echo => echo::Field::ALL
                .into_iter()
                .map(|field| (field.id().to_owned(), field.input_description()))
                .collect(),
        }
    }
}

/// Every member of a mission. Which of them are needed depends on whether scenarios stand in the configuration.
fn mission_inputs(backwards: bool) -> Map<String, Value> {
    let mut members = openapi::mission_members();
    if backwards && let Some(config) = members.get_mut("config") {
        config["properties"]["direction"] = json!({"type": "string", "enum": ["backtrack"], "default": "backtrack"});
    }
    let described = members.into_iter().map(|(name, schema)| {
        let title = title_of(&name);
        (
            name,
            json!({"title": title, "minOccurs": 0, "maxOccurs": 1, "schema": schema}),
        )
    });
    described.collect()
}

fn search_area_inputs() -> Map<String, Value> {
    let members = openapi::mission_members();
    let schema = |name: &str| members.get(name).cloned().unwrap_or_default();
    let position = json!({
        "type": "object",
        "description": "GeoJSON point, longitude and latitude in degrees on WGS 84; as an object it is sent as a qualified value.",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": ["Point"]},
            "coordinates": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
        },
    });
    let mut radius = schema("uncertainty_radius_m");
    radius["default"] = json!(limits::DEFAULT_RADIUS_M);
    let hours = json!({"type": "integer", "minimum": limits::HOURS.start(), "maximum": limits::HOURS.end()});
    let input = |title: &str, least: u32, schema: Value| json!({"title": title, "minOccurs": least, "maxOccurs": 1, "schema": schema});
    [
        ("position", input("Last known position", 1, position)),
        ("time", input("Last known time", 1, schema("last_known_time"))),
        ("object", input("What is searched for", 1, schema("object_type"))),
        ("hours", input("Hours after the last known time", 1, hours)),
        ("radius_m", input("Uncertainty of the position in metres", 0, radius)),
    ]
    .into_iter()
    .map(|(name, input)| (name.to_owned(), input))
    .collect()
}

/// `last_known_lat` as people read it.
fn title_of(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn feature_collection() -> Value {
    json!({
        "type": "object",
        "contentMediaType": GEOJSON,
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"type": "object"}},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_found_by_their_ids_and_nothing_else_is() {
        for process in Process::ALL {
            assert_eq!(Process::find(process.id()), Some(process));
        }
        assert_eq!(Process::find("Drift"), None);
        assert_eq!(title_of("last_known_lat"), "Last known lat");
    }

    #[test]
    fn descriptions_refer_to_nothing_outside_of_them() {
        let site = Site::open("http://h".to_owned());
        for process in Process::ALL {
            let text = process.description(&site).to_string();
            assert!(
                !text.contains("$ref") && text.len() < 40_000,
                "{} {}",
                process.id(),
                text.len()
            );
        }
    }
}

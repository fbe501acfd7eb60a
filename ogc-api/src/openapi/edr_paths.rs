//! Paths of an EDR root in the API document.

use serde_json::{Map, Value, json};

use super::paths::get;
use super::schemas;
use crate::document::{GEOJSON, JSON, OPENAPI};
use crate::edr::{Format, QueryType};

/// What each parameter of a data query is called among the components.
fn component(kind: QueryType, name: &str) -> String {
    match (kind, name) {
        (QueryType::Coverage, "bbox") => "bbox".to_owned(),
        (_, "datetime") => "datetime".to_owned(),
        (QueryType::Coverage | QueryType::Area | QueryType::Cube | QueryType::Radius | QueryType::Corridor, "f") => {
            "edr_f_grid".to_owned()
        }
        _ => format!("edr_{}", name.replace('-', "_")),
    }
}

/// Routes of an EDR root under a path prefix.
pub(super) fn add_edr(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let writer = Writer { prefix, is_mission };
    let landing = if prefix.is_empty() { "/" } else { prefix };
    writer.add(paths, landing, "getEdr", "Landing page", &["f"], JSON, "landing_page");
    let document = |path: &str| format!("{prefix}{path}");
    writer.add(
        paths,
        &document("/conformance"),
        "getEdrConformance",
        "Conformance classes",
        &["f"],
        JSON,
        "conformance",
    );
    writer.add(
        paths,
        &document("/api"),
        "getEdrApi",
        "The API of this root",
        &["f"],
        OPENAPI,
        "object",
    );
    writer.add(
        paths,
        &document("/collections"),
        "getEdrCollections",
        "Collections",
        &["f"],
        JSON,
        "collections",
    );
    let one = document("/collections/{collection_id}");
    writer.add(
        paths,
        &format!("{one}/instances"),
        "getInstances",
        "Model cycles of a collection, newest first",
        &["edr_collection_id", "f"],
        JSON,
        "instances",
    );
    writer.add_subject(paths, &one, "Collection", &["edr_collection_id"]);
    let instance = format!("{one}/instances/{{instance_id}}");
    writer.add_subject(paths, &instance, "Instance", &["edr_collection_id", "edr_instance_id"]);
}

struct Writer<'a> {
    prefix: &'a str,
    is_mission: bool,
}

impl Writer<'_> {
    #[expect(clippy::too_many_arguments, reason = "one line for each operation")]
    fn add<'p>(
        &self,
        paths: &'p mut Map<String, Value>,
        path: &str,
        name: &str,
        summary: &str,
        own: &[&str],
        media_type: &str,
        schema: &str,
    ) -> &'p mut Value {
        debug_assert!(path.starts_with(self.prefix));
        let root: &[&str] = if self.is_mission { &["mission_id"] } else { &[] };
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let id = if self.is_mission {
            format!("{name}OfMission")
        } else {
            name.to_owned()
        };
        get(path, &id, "Values", summary)
            .with(&names)
            .answers(media_type, schema)
            .add(paths)
    }

    /// What a collection and an instance have alike.
    fn add_subject(&self, paths: &mut Map<String, Value>, path: &str, what: &str, own: &[&str]) {
        let with =
            |more: &[&'static str]| -> Vec<String> { own.iter().chain(more).map(|name| (*name).to_owned()).collect() };
        let metadata = with(&["f"]);
        let metadata: Vec<&str> = metadata.iter().map(String::as_str).collect();
        self.add(
            paths,
            path,
            &format!("getEdr{what}"),
            &format!("{what}: extent, parameters, queries"),
            &metadata,
            JSON,
            "edr_collection",
        );
        self.add(
            paths,
            &format!("{path}/schema"),
            &format!("getSchemaOf{what}"),
            "What the values of a coverage are",
            &metadata,
            "application/schema+json",
            "object",
        );
        let kinds = QueryType::OF_EDR
            .into_iter()
            .filter(|kind| *kind != QueryType::Locations);
        for kind in kinds.chain([QueryType::Coverage]) {
            self.add_query(paths, &format!("{path}/{}", kind.name()), what, own, kind);
        }
        let list = with(&["bbox", "datetime", "edr_f_list"]);
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        self.add(
            paths,
            &format!("{path}/locations"),
            &format!("getLocationsOf{what}"),
            QueryType::Locations.title(),
            &list,
            GEOJSON,
            "feature_collection",
        );
        let at = [own, &["edr_location_id"]].concat();
        self.add_query(
            paths,
            &format!("{path}/locations/{{location_id}}"),
            what,
            &at,
            QueryType::Locations,
        );
    }

    fn add_query(&self, paths: &mut Map<String, Value>, path: &str, what: &str, own: &[&str], kind: QueryType) {
        let components = kind.parameters().iter().map(|name| component(kind, name));
        let names: Vec<String> = own.iter().map(|name| (*name).to_owned()).chain(components).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut name = kind.name().to_owned();
        name[..1].make_ascii_uppercase();
        let default = Format::CoverageJson.media_type();
        let operation = self.add(
            paths,
            path,
            &format!("get{name}ValuesOf{what}"),
            kind.title(),
            &names,
            default,
            "coverage_json",
        );
        let good = &mut operation["responses"]["200"]["content"];
        for format in kind.formats().iter().skip(1) {
            let schema = match format {
                Format::GeoJson => "feature_collection",
                _ => "any",
            };
            good[format.media_type()] = json!({"schema": schemas::reference(schema)});
        }
        operation["responses"]["204"] = json!({"description": "Nothing is stored there and then."});
    }
}

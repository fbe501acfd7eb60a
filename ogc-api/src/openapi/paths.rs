//! Paths of the API document, one short line for each operation.

use serde_json::{Map, Value, json};

use super::{parameters, schemas};
use crate::document::{GEOJSON, JSON, OPENAPI, PARTICLES};
use crate::features::Format;
use crate::missions::ACTIONS;

/// One operation of a path.
pub(super) struct Operation<'a> {
    pub(super) method: &'a str,
    path: String,
    id: String,
    tag: &'a str,
    summary: &'a str,
    parameters: &'a [&'a str],
    /// Status, media type and schema of the good answer; no media type for an answer without a body.
    pub(super) answer: (&'a str, Option<&'a str>, &'a str),
}

/// A GET that answers with a JSON object unless said otherwise.
pub(super) fn get<'a>(path: &str, id: &str, tag: &'a str, summary: &'a str) -> Operation<'a> {
    Operation {
        method: "get",
        path: path.to_owned(),
        id: id.to_owned(),
        tag,
        summary,
        parameters: &[],
        answer: ("200", Some(JSON), "object"),
    }
}

impl<'a> Operation<'a> {
    /// The same with these parameters.
    pub(super) fn with(mut self, parameters: &'a [&'a str]) -> Self {
        self.parameters = parameters;
        self
    }

    /// The same with this good answer.
    pub(super) fn answers(mut self, media_type: &'a str, schema: &'a str) -> Self {
        self.answer = (self.answer.0, Some(media_type), schema);
        self
    }

    /// Writes the operation into the paths and hands it back for what is special about it.
    pub(super) fn add(self, paths: &mut Map<String, Value>) -> &mut Value {
        let (status, media_type, schema) = self.answer;
        let mut good = json!({"description": self.summary});
        if let Some(media_type) = media_type {
            good["content"] = json!({media_type: {"schema": schemas::reference(schema)}});
        }
        let parameters: Vec<Value> = self.parameters.iter().map(|name| parameters::reference(name)).collect();
        let item = paths.entry(self.path).or_insert_with(|| json!({}));
        item[self.method] = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "parameters": parameters,
            "responses": {status: good, "default": {"$ref": "#/components/responses/Problem"}},
        });
        &mut item[self.method]
    }
}

/// Routes of the service itself; they need no key.
pub(super) fn add_service(paths: &mut Map<String, Value>) {
    let open = [
        get("/", "getService", "Service", "What this service offers").answers(JSON, "landing_page"),
        get(
            "/health",
            "getHealth",
            "Service",
            "Whether the process is well; 503 asks for a restart",
        ),
        get("/ready", "getReadiness", "Service", "Whether requests can be served"),
        get("/api", "getServiceApi", "Service", "This document").answers(OPENAPI, "object"),
    ];
    for operation in open {
        operation.add(paths)["security"] = json!([]);
    }
    paths["/"]["get"]["responses"]["200"]["content"]["text/html"] = json!({"schema": schemas::reference("any")});
}

/// Routes of missions.
pub(super) fn add_missions(paths: &mut Map<String, Value>) {
    let tag = "Missions";
    get("/v1/missions", "listMissions", tag, "Missions, newest first or sorted")
        .with(&["list_limit", "list_cursor", "mission_sort", "status", "q", "fields"])
        .answers(JSON, "missions")
        .add(paths);
    add_posts(paths);
    let one = "/v1/missions/{mission_id}";
    get(one, "getMission", tag, "A mission")
        .with(&["mission_id", "fields"])
        .answers(JSON, "mission")
        .add(paths);
    let withdraw = Operation {
        method: "delete",
        answer: ("204", None, ""),
        ..get(one, "withdrawMission", tag, "Withdraws a mission and its results").with(&["mission_id"])
    };
    withdraw.add(paths);
    get(
        &format!("{one}/status"),
        "getMissionStatus",
        tag,
        "Where a mission stands",
    )
    .with(&["mission_id"])
    .add(paths);
    get(
        &format!("{one}/events"),
        "followMission",
        tag,
        "Progress as server-sent events",
    )
    .with(&["mission_id", "last_event_id"])
    .answers("text/event-stream", "any")
    .add(paths);
    get(
        &format!("{one}/results"),
        "getResults",
        tag,
        "Summary, files and documents of a completed mission",
    )
    .with(&["mission_id"])
    .add(paths);
    get(
        &format!("{one}/results/{{file}}"),
        "getResultFile",
        tag,
        "One result file or document; a document is made when it is first asked for",
    )
    .with(&["mission_id", "file", "range"])
    .answers("*/*", "any")
    .add(paths);
    get(
        &format!("{one}/particles"),
        "getParticles",
        tag,
        "All particles over all output times in one binary",
    )
    .with(&["mission_id", "max", "range"])
    .answers(PARTICLES, "any")
    .add(paths);
}

fn add_posts(paths: &mut Map<String, Value>) {
    let body = json!({
        "required": true,
        "content": {JSON: {"schema": schemas::reference("mission_request")}},
    });
    let submit = Operation {
        method: "post",
        answer: ("202", Some(JSON), "mission"),
        ..get("/v1/missions", "submitMission", "Missions", "Accepts a mission").with(&["idempotency_key"])
    };
    submit.add(paths)["requestBody"] = body.clone();
    let validate = Operation {
        method: "post",
        ..get(
            "/v1/missions:validate",
            "validateMission",
            "Missions",
            "Checks a mission without creating it",
        )
    };
    validate.add(paths)["requestBody"] = body;
    add_actions(paths);
}

fn add_actions(paths: &mut Map<String, Value>) {
    let tag = "Missions";
    let cancel = Operation {
        method: "post",
        answer: ("200", Some(JSON), "mission"),
        ..get(
            ACTIONS[0],
            "cancelMission",
            tag,
            "Cancels a mission: its worker stops within a second, nothing is charged",
        )
        .with(&["mission_id"])
    };
    cancel.add(paths);
    let rerun = Operation {
        method: "post",
        answer: ("202", Some(JSON), "mission"),
        ..get(
            ACTIONS[1],
            "rerunMission",
            tag,
            "The same question as a new mission, answered with the forcing of now",
        )
        .with(&["mission_id", "idempotency_key"])
    };
    rerun.add(paths);
    let batch = Operation {
        method: "post",
        answer: ("202", Some(JSON), "any"),
        ..get(
            "/v1/missions:batch",
            "submitMissions",
            tag,
            "Accepts up to 100 missions, all of them or none",
        )
        .with(&["idempotency_key"])
    };
    batch.add(paths)["requestBody"] = json!({
        "required": true,
        "content": {JSON: {"schema": {
            "type": "object",
            "required": ["missions"],
            "properties": {
                "missions": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 100,
                    "items": schemas::reference("mission_request"),
                },
            },
            "additionalProperties": false,
        }}},
    });
    let ticket = Operation {
        method: "post",
        answer: ("201", Some(JSON), "any"),
        ..get(
            "/v1/ws/tickets",
            "makeTicket",
            tag,
            "A ticket that opens one WebSocket within 30 s",
        )
    };
    ticket.add(paths);
    get(
        "/v1/ws/missions/{mission_id}",
        "watchMission",
        tag,
        "The mission's progress over a WebSocket (docs/missions.md); plain requests get 426",
    )
    .with(&["mission_id"])
    .answers("application/octet-stream", "any")
    .add(paths);
}

/// Object classes and forcing.
pub(super) fn add_reference(paths: &mut Map<String, Value>) {
    let tag = "Reference";
    get(
        "/v1/object-types",
        "listObjectTypes",
        tag,
        "Object classes and their coefficients",
    )
    .add(paths);
    get("/v1/feeds", "listFeeds", tag, "Forcing feeds and their cycles").add(paths);
    get(
        "/v1/forcing/coverage",
        "getCoverage",
        tag,
        "Which forcing covers a box and a time",
    )
    .with(&["bbox", "time"])
    .add(paths);
    get(
        "/v1/datasets",
        "listDatasets",
        tag,
        "Published cycles of forcing by box, time, variable and feed",
    )
    .with(&["bbox", "time", "variable", "feed"])
    .add(paths);
    get(
        "/v1/datasets/{feed}/{run}/{revision}",
        "getDataset",
        tag,
        "The manifest of a revision of a cycle: fields, objects with checksums, lineage",
    )
    .with(&["feed_name", "run", "revision"])
    .add(paths);
    get(
        "/v1/datasets/{feed}/{run}/{revision}/zarr/{path}",
        "getZarrObject",
        tag,
        "An object of the cycle's Zarr store, as its manifest names it",
    )
    .with(&["feed_name", "run", "revision", "zarr_path", "range"])
    .answers("*/*", "any")
    .add(paths);
}

/// Routes of the crate `auth-billing`.
pub(super) fn add_accounts(paths: &mut Map<String, Value>) {
    let tag = "Accounts";
    let [usage, organisation, map_links] = driftline_auth_billing::ACCOUNT_PATHS;
    get(
        usage,
        "getUsage",
        tag,
        "What the organisation used, by the hour; without times the last 30 days",
    )
    .with(&["usage_from", "usage_until", "usage_group_by"])
    .answers(JSON, "usage")
    .add(paths);
    get(
        organisation,
        "getOrganisation",
        tag,
        "Who the caller is and what its key may",
    )
    .answers(JSON, "organisation")
    .add(paths);
    let sign = Operation {
        method: "post",
        ..get(
            map_links,
            "createMapLink",
            tag,
            "A signed link to a mission's maps, for whoever has no key",
        )
    };
    sign.answers(JSON, "map_link").add(paths)["requestBody"] = json!({
        "required": true,
        "content": {JSON: {"schema": schemas::reference("map_link_request")}},
    });
}

/// An operation of an OGC root: path behind the root, name, what it answers, parameters, media type, schema.
type FeatureOperation = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const SCHEMA_JSON: &str = "application/schema+json";

const FEATURE_OPERATIONS: [FeatureOperation; 9] = [
    ("", "getLandingPage", "Landing page", &["f_page"], JSON, "landing_page"),
    (
        "/conformance",
        "getConformance",
        "Conformance classes",
        &["f_page"],
        JSON,
        "conformance",
    ),
    ("/api", "getApi", "The API of this root", &["f"], OPENAPI, "object"),
    (
        "/collections",
        "getCollections",
        "Collections",
        &["f_page"],
        JSON,
        "collections",
    ),
    (
        "/collections/{collection_id}",
        "getCollection",
        "A collection",
        &["collection_id", "f_page"],
        JSON,
        "collection",
    ),
    (
        "/collections/{collection_id}/queryables",
        "getQueryables",
        "What filters of a collection may name",
        &["collection_id", "f"],
        SCHEMA_JSON,
        "object",
    ),
    (
        "/collections/{collection_id}/sortables",
        "getSortables",
        "What orders of a collection may name",
        &["collection_id", "f"],
        SCHEMA_JSON,
        "object",
    ),
    (
        "/collections/{collection_id}/items",
        "getItems",
        "Features of a collection",
        &[
            "collection_id",
            "f_items",
            "limit",
            "bbox",
            "bbox_crs",
            "crs",
            "datetime",
            "updated",
            "filter",
            "filter_lang",
            "filter_crs",
            "sortby",
            "properties",
            "skip_geometry",
            "cursor",
            "offset",
        ],
        GEOJSON,
        "feature_collection",
    ),
    (
        "/collections/{collection_id}/items/{feature_id}",
        "getItem",
        "A feature",
        &[
            "collection_id",
            "feature_id",
            "f_items",
            "crs",
            "properties",
            "skip_geometry",
        ],
        GEOJSON,
        "feature",
    ),
];

/// Routes of an OGC root under a path prefix.
pub(super) fn add_features(paths: &mut Map<String, Value>, prefix: &str, is_mission: bool) {
    let root: &[&str] = if is_mission { &["mission_id"] } else { &[] };
    for (path, name, summary, own, media_type, schema) in FEATURE_OPERATIONS {
        let names: Vec<&str> = root.iter().chain(own).copied().collect();
        let path = match format!("{prefix}{path}") {
            empty if empty.is_empty() => "/".to_owned(),
            path => path,
        };
        let id = if is_mission {
            format!("{name}OfMission")
        } else {
            name.to_owned()
        };
        let operation = get(&path, &id, "Features", summary)
            .with(&names)
            .answers(media_type, schema)
            .add(paths);
        for form in other_forms(own) {
            operation["responses"]["200"]["content"][form] = json!({"schema": schemas::reference("any")});
        }
    }
}

/// Media types of an answer's other forms, by the parameter that chooses among them.
fn other_forms(parameters: &[&str]) -> Vec<&'static str> {
    let of_items = || Format::ALL.into_iter().skip(1).map(Format::bare_type).collect();
    if parameters.contains(&"f_items") {
        return of_items();
    }
    parameters
        .iter()
        .filter(|name| **name == "f_page")
        .map(|_| "text/html")
        .collect()
}

//! Parameters of the API document, each defined once.

use serde_json::{Value, json};

use crate::features::Collection;
use crate::missions::FIELDS;
use crate::query::PageLimits;

/// A reference to a parameter.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

/// Every parameter by the name that references use.
pub(super) fn all() -> Value {
    json!({
        "mission_id": in_path("mission_id", "Identifier of a mission.", json!({"type": "string", "pattern": "^mis_[0-9a-f]{32}$"})),
        "file": in_path("file", "Name of a file as listed in the results.", json!({"type": "string"})),
        "collection_id": in_path(
            "collection_id",
            "Identifier of a collection.",
            json!({"type": "string", "enum": Collection::ALL.map(Collection::id)}),
        ),
        "feature_id": in_path("feature_id", "Identifier of a feature.", json!({"type": "string"})),
        "f": in_query("f", "Form of the answer.", json!({"type": "string", "enum": ["json"], "default": "json"})),
        "limit": in_query(
            "limit",
            "Features on the page at most; more than the maximum means the maximum. Each page is one request: walks over \
             large collections are fastest with the maximum.",
            json!({"type": "integer", "minimum": 1, "maximum": PageLimits::ITEMS.max, "default": PageLimits::ITEMS.default}),
        ),
        "bbox": in_query(
            "bbox",
            "West, south, east, north in degrees, with six numbers also heights, which are ignored. West greater than \
             east crosses the antimeridian.",
            json!({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}),
        ),
        "datetime": in_query(
            "datetime",
            "An RFC 3339 time, or an interval that includes both ends: start/end, ../end, start/..",
            json!({"type": "string"}),
        ),
        "cursor": in_query(
            "cursor",
            "Where the page begins, as given by a next link.",
            json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]+$"}),
        ),
        "offset": in_query(
            "offset",
            "Features to leave out, for clients that cannot follow next links.",
            json!({"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0}),
        ),
        "list_limit": in_query(
            "limit",
            "Missions on the page at most; more than the maximum means the maximum.",
            json!({"type": "integer", "minimum": 1, "maximum": PageLimits::LIST.max, "default": PageLimits::LIST.default}),
        ),
        "list_cursor": in_query("cursor", "The last mission of the page before.", json!({"type": "string"})),
        "status": in_query(
            "status",
            "Only missions that stand there.",
            json!({"type": "string", "enum": ["queued", "running", "completed", "failed", "cancelled"]}),
        ),
        "q": in_query("q", "Only missions whose name holds this text.", json!({"type": "string", "maxLength": 200})),
        "fields": in_query(
            "fields",
            "Members to show, separated by commas.",
            json!({"type": "array", "items": {"type": "string", "enum": FIELDS}}),
        ),
        "time": in_query("time", "A time or an interval, as in datetime.", json!({"type": "string"})),
        "usage_from": in_query(
            "from",
            "Hours that begin at this RFC 3339 time or later; at most 400 days before until.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "usage_until": in_query(
            "until",
            "Hours that begin before this RFC 3339 time; without it now.",
            json!({"type": "string", "format": "date-time"}),
        ),
        "idempotency_key": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "Chosen by the sender; a repetition with the same body answers with the mission of the first time.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
        "last_event_id": {
            "name": "Last-Event-ID",
            "in": "header",
            "required": false,
            "description": "Identifier of the last event received.",
            "schema": {"type": "string"},
        },
    })
}

fn in_path(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

fn in_query(name: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": false,
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": false,
    })
}

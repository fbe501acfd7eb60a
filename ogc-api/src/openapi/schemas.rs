//! Schemas of the API document.

use serde_json::{Value, json};

use super::{metering_paths, mission_request, process_schemas};

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Every schema by name.
pub(super) fn all() -> Value {
    let mut all = of_features_and_missions();
    for more in [process_schemas::all(), metering_paths::all()] {
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
    }
    all
}

fn of_features_and_missions() -> Value {
    json!({
        "problem": problem(),
        "link": {
            "type": "object",
            "required": ["href", "rel"],
            "properties": {
                "href": {"type": "string", "format": "uri"},
                "rel": {"type": "string"},
                "type": {"type": "string"},
                "title": {"type": "string"},
            },
        },
        "landing_page": {
            "type": "object",
            "required": ["links"],
            "properties": {"title": {"type": "string"}, "description": {"type": "string"}, "links": links()},
        },
        "conformance": {
            "type": "object",
            "required": ["conformsTo"],
            "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}, "links": links()},
        },
        "collections": {
            "type": "object",
            "required": ["links", "collections"],
            "properties": {"links": links(), "collections": {"type": "array", "items": reference("collection")}},
        },
        "collection": collection(),
        "edr_collection": edr_collection(),
        "instances": instances(),
        "coverage_json": coverage_json(),
        "geometry": {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": {
                    "type": "string",
                    "enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"],
                },
                "coordinates": {"type": "array", "items": {}},
            },
        },
        "feature": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]},
                "id": {"type": "string"},
                "geometry": {"allOf": [reference("geometry")], "nullable": true},
                "properties": {"type": "object", "nullable": true},
                "attribution": {"type": "string"},
                "links": links(),
            },
        },
        "feature_collection": feature_collection(),
        "mission_request": mission_request::body(),
        "scenario": mission_request::scenario(),
        "release": mission_request::release(),
        "mission": {
            "type": "object",
            "required": ["id", "status"],
            "properties": {
                "id": {"type": "string"},
                "status": {"type": "string", "enum": ["queued", "running", "completed", "failed", "cancelled"]},
                "progress": {"type": "number", "minimum": 0, "maximum": 1},
                "warnings": {"type": "array", "items": {"type": "string"}},
                "links": links(),
            },
            "additionalProperties": true,
        },
        "missions": {
            "type": "object",
            "required": ["missions", "links"],
            "properties": {
                "missions": {"type": "array", "items": {"type": "object"}},
                "next_cursor": {"type": "string", "nullable": true},
                "links": links(),
            },
        },
        "usage": usage(),
        "api_keys": {
            "type": "object",
            "required": ["keys"],
            "properties": {"keys": {"type": "array", "items": reference("object")}},
        },
        "organisation": organisation(),
        "map_link_request": map_link_request(),
        "map_link": map_link(),
        "object": {"type": "object", "additionalProperties": true},
        "any": {},
    })
}

fn map_link_request() -> Value {
    json!({
        "type": "object",
        "required": ["mission", "expires_in_s"],
        "properties": {
            "mission": {"type": "string"},
            "expires_in_s": {"type": "integer", "minimum": 60, "maximum": 34_560_000},
        },
        "additionalProperties": false,
    })
}

fn map_link() -> Value {
    let text = || json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["mission", "key", "expires_at", "prefix", "query", "urls"],
        "properties": {
            "mission": text(),
            "key": text(),
            "expires_at": {"type": "string", "format": "date-time"},
            "prefix": text(),
            "query": text(),
            "urls": {
                "type": "object",
                "required": ["wms", "features", "tiles", "tilejson"],
                "properties": {
                    "wms": text(),
                    "features": text(),
                    "tiles": text(),
                    "tilejson": {"type": "object", "additionalProperties": text()},
                },
            },
        },
    })
}

fn links() -> Value {
    json!({"type": "array", "items": reference("link")})
}

fn usage() -> Value {
    let count = || json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "required": ["org", "from", "until", "totals", "hours"],
        "properties": {
            "org": {"type": "string"},
            "from": {"type": "string", "format": "date-time"},
            "until": {"type": "string", "format": "date-time"},
            "totals": {"type": "array", "items": {
                "type": "object",
                "required": ["meter", "units", "records"],
                "properties": {"meter": {"type": "string"}, "units": count(), "records": count()},
            }},
            "hours": {"type": "array", "items": {
                "type": "object",
                "required": ["hour", "meter", "key", "units", "records"],
                "properties": {
                    "hour": {"type": "string", "format": "date-time"},
                    "meter": {"type": "string"},
                    "key": {"type": "string"},
                    "units": count(),
                    "records": count(),
                },
            }},
        },
    })
}

fn organisation() -> Value {
    json!({
        "type": "object",
        "required": ["id", "name", "key", "scopes"],
        "properties": {
            "id": {"type": "string"},
            "name": {"type": "string"},
            "key": {"type": "string"},
            "scopes": {"type": "array", "items": {"type": "string"}},
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["status", "title"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "request_id": {"type": "string"},
            "details": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "field": {"type": "string"},
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                    },
                },
            },
        },
    })
}

fn feature_collection() -> Value {
    json!({
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": reference("feature")},
            "links": links(),
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "attribution": {"type": "string"},
        },
    })
}

fn instances() -> Value {
    json!({
        "type": "object",
        "required": ["links", "instances"],
        "properties": {"links": links(), "instances": {"type": "array", "items": reference("edr_collection")}},
    })
}

fn coverage_json() -> Value {
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "enum": ["Coverage", "CoverageCollection"]},
            "parameters": {"type": "object"},
        },
        "additionalProperties": true,
    })
}

fn edr_collection() -> Value {
    let mut described = collection();
    described["required"] = json!(["id", "links", "extent", "data_queries", "parameter_names"]);
    described["properties"]["data_queries"] = json!({"type": "object", "additionalProperties": {"type": "object"}});
    described["properties"]["parameter_names"] = json!({"type": "object", "additionalProperties": {"type": "object"}});
    described["properties"]["output_formats"] = json!({"type": "array", "items": {"type": "string"}});
    described["properties"]["keywords"] = json!({"type": "array", "items": {"type": "string"}});
    described
}

fn collection() -> Value {
    json!({
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": {"type": "string"},
            "title": {"type": "string"},
            "description": {"type": "string"},
            "attribution": {"type": "string"},
            "itemType": {"type": "string", "default": "feature"},
            "crs": {"type": "array", "items": {"type": "string"}},
            "extent": {
                "type": "object",
                "properties": {
                    "spatial": {
                        "type": "object",
                        "properties": {
                            "bbox": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
                            },
                            "crs": {"type": "string"},
                        },
                    },
                    "temporal": {
                        "type": "object",
                        "properties": {
                            "interval": {
                                "type": "array",
                                "minItems": 1,
                                "items": {
                                    "type": "array",
                                    "minItems": 2,
                                    "maxItems": 2,
                                    "items": {"type": "string", "format": "date-time", "nullable": true},
                                },
                            },
                            "trs": {"type": "string"},
                        },
                    },
                },
            },
            "links": links(),
        },
    })
}

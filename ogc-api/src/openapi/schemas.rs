//! Schemas of the API document. Bounds of a mission come from the domain, so that document and validation agree.

use driftline_domain::limits;
use serde_json::{Value, json};

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Every schema by name.
pub(super) fn all() -> Value {
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
        "feature_collection": {
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
        },
        "mission_request": mission_request(),
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

fn mission_request() -> Value {
    let number = |range: std::ops::RangeInclusive<f64>, default: f64| json!({"type": "number", "minimum": range.start(), "maximum": range.end(), "default": default});
    let whole = |range: std::ops::RangeInclusive<u32>, default: u32| json!({"type": "integer", "minimum": range.start(), "maximum": range.end(), "default": default});
    json!({
        "type": "object",
        "required": ["last_known_lat", "last_known_lon", "last_known_time", "object_type"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "maxLength": limits::NAME_CHARS},
            "description": {"type": "string", "maxLength": limits::DESCRIPTION_CHARS},
            "last_known_lat": {"type": "number", "minimum": -90, "maximum": 90},
            "last_known_lon": {"type": "number", "minimum": -180, "maximum": 180},
            "last_known_time": {"type": "string", "format": "date-time"},
            "object_type": {
                "description": "Key, number or everyday name of an object class, as listed under /v1/object-types.",
                "oneOf": [{"type": "string"}, {"type": "integer", "minimum": 1, "maximum": 85}],
            },
            "uncertainty_radius_m": number(limits::RADIUS_M, limits::DEFAULT_RADIUS_M),
            "forecast_hours": whole(limits::HOURS, limits::DEFAULT_HOURS),
            "ensemble_size": whole(limits::ENSEMBLE, limits::DEFAULT_ENSEMBLE),
            "priority": {"type": "string", "enum": ["urgent", "normal", "low"], "default": "normal"},
            "distress": {"type": "boolean", "default": false},
            "config": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "mode": {"type": "string", "enum": ["operational"], "default": "operational"},
                    "step_s": whole(limits::STEP_S, limits::DEFAULT_STEP_S),
                    "output_interval_s": whole(limits::OUTPUT_INTERVAL_S, limits::DEFAULT_OUTPUT_INTERVAL_S),
                    "seed": {"type": "integer", "minimum": limits::SEED.start(), "maximum": limits::SEED.end()},
                    "forcing": {"type": "array", "maxItems": limits::FORCING_CHOICES, "items": {"type": "string"}},
                    "error": {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": {"current": {
                            "type": "object",
                            "additionalProperties": false,
                            "properties": {"sigma": {"type": "number"}, "tau": {"type": "number"}},
                        }},
                    },
                },
            },
        },
    })
}

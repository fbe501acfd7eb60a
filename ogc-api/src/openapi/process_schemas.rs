//! Schemas of OGC API Processes in the API document, after those of the standard (18-062r2, annex of schemas), without what this
//! service never sends.

use serde_json::{Value, json};

use super::schemas::reference;

/// Every schema by name.
pub(super) fn all() -> Value {
    let links = || json!({"type": "array", "items": reference("link")});
    let text = || json!({"type": "string"});
    let time = || json!({"type": "string", "format": "date-time"});
    let summary = json!({
        "type": "object",
        "required": ["id", "version"],
        "properties": {
            "id": text(),
            "title": text(),
            "description": text(),
            "version": text(),
            "jobControlOptions": {
                "type": "array",
                "items": {"type": "string", "enum": ["sync-execute", "async-execute", "dismiss"]},
            },
            "outputTransmission": {"type": "array", "items": {"type": "string", "enum": ["value", "reference"]}},
            "links": links(),
        },
    });
    json!({
        "process_summary": summary,
        "process": {"allOf": [reference("process_summary"), {
            "type": "object",
            "properties": {
                "inputs": {"type": "object", "additionalProperties": described(true)},
                "outputs": {"type": "object", "additionalProperties": described(false)},
            },
        }]},
        "process_list": {
            "type": "object",
            "required": ["processes", "links"],
            "properties": {
                "processes": {"type": "array", "items": reference("process_summary")},
                "links": links(),
            },
        },
        "execute": execute(),
        "results": {"type": "object", "additionalProperties": {}},
        "status_info": {
            "type": "object",
            "required": ["jobID", "status", "type"],
            "properties": {
                "processID": text(),
                "type": {"type": "string", "enum": ["process"]},
                "jobID": text(),
                "status": {"type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"]},
                "message": text(),
                "created": time(),
                "started": time(),
                "finished": time(),
                "updated": time(),
                "progress": {"type": "integer", "minimum": 0, "maximum": 100},
                "links": links(),
            },
        },
        "job_list": {
            "type": "object",
            "required": ["jobs", "links"],
            "properties": {"jobs": {"type": "array", "items": reference("status_info")}, "links": links()},
        },
    })
}

fn described(is_input: bool) -> Value {
    let mut properties =
        json!({"title": {"type": "string"}, "description": {"type": "string"}, "schema": {"type": "object"}});
    if is_input {
        properties["minOccurs"] = json!({"type": "integer", "default": 1});
        properties["maxOccurs"] = json!({"type": "integer", "default": 1});
    }
    json!({"type": "object", "required": ["schema"], "properties": properties})
}

fn execute() -> Value {
    let address = || json!({"type": "string", "format": "uri", "maxLength": 2048});
    json!({
        "type": "object",
        "description": "Inputs and outputs by the identifiers of the process's description. An input is a value, a qualified \
                        value with the member value, or a link with the member href.",
        "required": ["inputs"],
        "additionalProperties": false,
        "properties": {
            "inputs": {"type": "object", "additionalProperties": {}, "maxProperties": 64},
            "outputs": {"type": "object", "maxProperties": 64, "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "format": {"type": "object", "properties": {"mediaType": {"type": "string"}}},
                    "transmissionMode": {"type": "string", "enum": ["value", "reference"], "default": "value"},
                },
            }},
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
            "subscriber": {
                "type": "object",
                "additionalProperties": false,
                "properties": {"successUri": address(), "inProgressUri": address(), "failedUri": address()},
            },
        },
    })
}

//! Paths of accounts, from the table of the crate that answers them.

use driftline_auth_billing::{IDENTITY_OPERATIONS, IdentityOperation};
use serde_json::{Map, Value, json};

use super::{parameters, schemas};
use crate::document::JSON;

/// Parameters in paths: name and prefix of the identifier.
const IN_PATH: [(&str, &str); 6] = [
    ("org_id", "org"),
    ("user_id", "usr"),
    ("session_id", "ses"),
    ("invitation_id", "inv"),
    ("key_id", "key"),
    ("passkey_id", "psk"),
];

/// The name of an identity provider, in the settings.
const PROVIDER: &str = "provider";

/// Parameters of the audit log.
const AUDIT: [(&str, &str, &str); 6] = [
    (
        "audit_limit",
        "limit",
        "Entries of a page, 1 to 100; 50 where it is not given.",
    ),
    ("audit_cursor", "cursor", "Number of the last entry of the page before."),
    ("audit_action", "action", "Only this action."),
    ("audit_actor", "actor", "Only acts of this person or key."),
    ("audit_from", "from", "Only at or after this time (RFC 3339)."),
    ("audit_until", "until", "Only before this time (RFC 3339)."),
];

/// The parameters of these paths.
pub(super) fn parameters() -> Value {
    let mut all = Map::new();
    for (name, prefix) in IN_PATH {
        let schema = json!({"type": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$")});
        let parameter =
            json!({"name": name, "in": "path", "required": true, "description": "Identifier.", "schema": schema});
        all.insert(name.to_owned(), parameter);
    }
    let provider = json!({
        "name": PROVIDER, "in": "path", "required": true, "description": "Name of the identity provider.",
        "schema": {"type": "string", "pattern": "^[a-z0-9-]{1,32}$"},
    });
    all.insert(PROVIDER.to_owned(), provider);
    for (key, name, description) in AUDIT {
        let schema = if matches!(name, "limit" | "cursor") {
            json!({"type": "integer", "minimum": 1})
        } else {
            json!({"type": "string"})
        };
        let parameter =
            json!({"name": name, "in": "query", "required": false, "description": description, "schema": schema});
        all.insert(key.to_owned(), parameter);
    }
    Value::Object(all)
}

/// Adds every operation.
pub(super) fn add_identity(paths: &mut Map<String, Value>) {
    for operation in IDENTITY_OPERATIONS {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = described(operation);
    }
}

fn described(operation: &IdentityOperation) -> Value {
    let in_path = IN_PATH
        .into_iter()
        .map(|(name, _)| name)
        .chain([PROVIDER])
        .filter(|name| operation.path.contains(&format!("{{{name}}}")));
    let mut names: Vec<&str> = in_path.collect();
    if operation.id == "listAudit" {
        names.extend(AUDIT.map(|(key, ..)| key));
    }
    let references: Vec<Value> = names.iter().map(|name| parameters::reference(name)).collect();
    let mut good = json!({"description": operation.summary});
    match operation.id {
        "forwardAuth" => {}
        "exportAudit" => good["content"] = json!({"application/x-ndjson": {"schema": schemas::reference("any")}}),
        "listKeys" => good["content"] = json!({JSON: {"schema": schemas::reference("api_keys")}}),
        _ if operation.status == 204 || operation.status == 303 => {}
        _ => good["content"] = json!({JSON: {"schema": schemas::reference("object")}}),
    }
    let mut described = json!({
        "operationId": operation.id,
        "tags": ["Accounts"],
        "summary": operation.summary,
        "parameters": references,
        "responses": {
            operation.status.to_string(): good,
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    if operation.is_open {
        described["security"] = json!([]);
    }
    if !operation.body.is_empty() {
        described["requestBody"] = json!({"required": true, "content": {JSON: {"schema": body(operation)}}});
    }
    described
}

fn body(operation: &IdentityOperation) -> Value {
    let mut properties = Map::new();
    for (name, kind, _) in operation.body {
        let schema = match *kind {
            "array" => json!({"type": "array", "items": {"type": "string"}}),
            kind => json!({ "type": kind }),
        };
        properties.insert((*name).to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    let required: Vec<&str> = operation
        .body
        .iter()
        .filter(|(_, _, is_required)| *is_required)
        .map(|(name, ..)| *name)
        .collect();
    // OpenAPI 3.0 takes no empty list here.
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

//! Paths of share links, quotas and usage that was recorded elsewhere.

use serde_json::{Map, Value, json};

use driftline_auth_billing::{GroupBy, METERS};

use super::parameters::in_query;
use super::paths::{Operation, get};
use super::schemas;
use crate::document::JSON;
use crate::usage::{Form, REPORT_PATH};

const TAG: &str = "Accounts";

pub(super) fn add_metering(paths: &mut Map<String, Value>) {
    let [links, link, quotas, records] = driftline_auth_billing::METERING_PATHS;
    let about = "Links by which a mission is shown to others, without their tokens";
    get(links, "listShareLinks", TAG, about)
        .with(&["mission_id"])
        .add(paths);
    let about = "A link that reads one mission; its token is shown now and never again";
    let make = get(links, "createShareLink", TAG, about).by("post").status("201");
    make.with(&["mission_id"]).add(paths)["requestBody"] = body("share_link_request");
    let about = "A link works no more, within seconds";
    let revoke = get(link, "revokeShareLink", TAG, about).by("delete").status("204");
    revoke.with(&["mission_id", "link_id"]).add(paths);
    let about = "What the organisation may use of its meters, and how much of that is used";
    get(quotas, "getQuotas", TAG, about).add(paths);
    let about = "The ledger as a table, picked by a CQL2 filter and added up as wished";
    let report = get(REPORT_PATH, "getUsageReport", TAG, about);
    let parameters = [
        "usage_from",
        "usage_until",
        "usage_filter",
        "usage_group_by",
        "f_report",
    ];
    let report = report.with(&parameters).add(paths);
    for form in ["text/csv", "application/vnd.apache.parquet"] {
        report["responses"]["200"]["content"][form] = json!({"schema": schemas::reference("any")});
    }
    let about = "Usage of a node that was cut off; what is sent again changes nothing";
    let receive = get(records, "sendUsageRecords", TAG, about).by("post");
    receive.add(paths)["requestBody"] = body("usage_records");
}

impl Operation<'_> {
    /// The same with this status of a good answer; 204 has no body.
    pub(super) fn status(mut self, status: &'static str) -> Self {
        self.answer = (status, self.answer.1.filter(|_| status != "204"), self.answer.2);
        self
    }
}

fn body(schema: &str) -> Value {
    json!({"required": true, "content": {JSON: {"schema": schemas::reference(schema)}}})
}

/// Parameters of reports.
pub(super) fn parameters() -> Value {
    let by = GroupBy::ALL.map(GroupBy::name).join(", ");
    let about = format!("What sums are made by, separated by commas: {by}; of the last three at most one.");
    let text = || json!({"type": "string"});
    json!({
        "usage_filter": in_query("filter", "CQL2 text over hour, meter, key, units, records and late.", text()),
        "usage_group_by": in_query("group_by", &about, text()),
        "f_report": in_query("f", "Form of the answer.", json!({"type": "string", "enum": Form::NAMES, "default": "json"})),
    })
}

/// Schemas of the bodies.
pub(super) fn all() -> Value {
    json!({
        "share_link_request": {
            "type": "object",
            "required": ["expires_in_s"],
            "properties": {
                "expires_in_s": {"type": "integer", "minimum": 60, "maximum": 34_560_000},
                "name": {"type": "string", "maxLength": 100},
            },
            "additionalProperties": false,
        },
        "usage_records": {
            "type": "object",
            "required": ["records"],
            "properties": {"records": {"type": "array", "maxItems": 1000, "items": {
                "type": "object",
                "required": ["node", "epoch", "seq", "key", "meter", "units", "at"],
                "properties": {
                    "node": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
                    "epoch": {"type": "integer", "minimum": 0},
                    "seq": {"type": "integer", "minimum": 0},
                    "org": {"type": "string", "nullable": true},
                    "key": {"type": "string"},
                    "meter": {"type": "string", "enum": METERS},
                    "units": {"type": "integer", "minimum": 0, "maximum": 240_000_000},
                    "at": {"type": "string", "format": "date-time"},
                    "request": {"type": "string", "nullable": true},
                    "mission": {"type": "string", "nullable": true, "description": "Has to be null."},
                },
                "additionalProperties": false,
            }}},
            "additionalProperties": false,
        },
    })
}

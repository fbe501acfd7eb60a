//! What is no more. A mission that was withdrawn is seen nowhere; but whoever copies features by asking what changed since
//! last time (`updated`) is told for thirty days which of them are gone (sar.md, section 11).

use driftline_database::Tombstone;
use serde_json::{Map, Value, json};

/// A feature that is no more.
#[derive(Debug, Clone)]
pub(crate) struct Withdrawn(pub(crate) Tombstone);

impl Withdrawn {
    /// As a feature without geometry.
    pub(crate) fn as_feature(&self) -> Map<String, Value> {
        let Tombstone {
            id,
            mission,
            run,
            withdrawn_at,
            ..
        } = &self.0;
        let properties = json!({
            "id": id,
            "mission_id": mission,
            "run_id": run,
            "status": "withdrawn",
            "updated": withdrawn_at,
            "superseded_by": null,
        });
        let members = [
            ("type", json!("Feature")),
            ("id", json!(id)),
            ("geometry", Value::Null),
            ("properties", properties),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

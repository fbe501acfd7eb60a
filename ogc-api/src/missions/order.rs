//! `sort=` of the list of missions, and cursors that hold it: what comes behind the last mission of a page, by the value that it
//! had there. A cursor of one order is refused with another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_database::{Mission, MissionOrder, MissionOrderKey, OrderValue};
use driftline_domain::MissionId;
use serde_json::{Value, json};

use crate::Error;
use crate::query::{Query, shown};

/// What a list may be sorted by.
const KEYS: [(&str, MissionOrderKey); 6] = [
    ("created_at", MissionOrderKey::CreatedAt),
    ("updated_at", MissionOrderKey::UpdatedAt),
    ("completed_at", MissionOrderKey::CompletedAt),
    ("priority", MissionOrderKey::Priority),
    ("name", MissionOrderKey::Name),
    ("status", MissionOrderKey::Status),
];

/// Which page of which order.
pub(super) struct Place {
    /// The order and its name; none: newest first.
    pub(super) sort: Option<(MissionOrder, &'static str)>,
    /// Where it is newest first: the last of the page before.
    pub(super) after: Option<MissionId>,
    /// Otherwise: where that was in the order.
    pub(super) behind: Option<(OrderValue, MissionId)>,
}

impl Place {
    pub(super) fn of(query: &Query) -> Result<Self, Error> {
        let sort = query.get("sort").map(order).transpose()?;
        let cursor = query.get("cursor");
        let (after, behind) = match (sort, cursor) {
            (_, None) => (None, None),
            (None, Some(text)) => (Some(plain(text)?), None),
            (Some(sort), Some(text)) => (None, Some(read(sort, text).ok_or_else(|| foreign(text))?)),
        };
        Ok(Self { sort, after, behind })
    }
}

/// The cursor of the page behind this mission.
pub(super) fn cursor_behind(sort: Option<(MissionOrder, &'static str)>, last: &Mission) -> String {
    let Some((order, name)) = sort else {
        return last.id.to_string();
    };
    let value = match order.value_of(last) {
        OrderValue::Number(number) => json!(number),
        OrderValue::Text(text) => json!(text),
    };
    let cursor = json!([name, order.descending, value, last.id]);
    URL_SAFE_NO_PAD.encode(cursor.to_string())
}

fn order(text: &str) -> Result<(MissionOrder, &'static str), Error> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let known = KEYS.into_iter().find(|(known, _)| *known == name);
    let (name, key) = known.ok_or_else(|| {
        let names = KEYS.map(|(name, _)| name).join(", ");
        Error::parameter(
            "sort",
            format!(
                "'{}' is none of {names}, each with a - before it for the largest first",
                shown(text)
            ),
        )
    })?;
    Ok((MissionOrder { key, descending }, name))
}

fn plain(text: &str) -> Result<MissionId, Error> {
    text.parse()
        .map_err(|error: driftline_domain::IdError| Error::parameter("cursor", error.to_string()))
}

fn foreign(text: &str) -> Error {
    let reason = format!(
        "'{}' is no cursor of this order; it goes with the sort it came with",
        shown(text)
    );
    Error::parameter("cursor", reason)
}

fn read((order, name): (MissionOrder, &str), text: &str) -> Option<(OrderValue, MissionId)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (of, descending, value, id): (String, bool, Value, MissionId) = serde_json::from_slice(&bytes).ok()?;
    let is_text = matches!(order.key, MissionOrderKey::Name | MissionOrderKey::Status);
    let value = match value {
        Value::String(text) if is_text => OrderValue::Text(text),
        Value::Number(number) if !is_text => OrderValue::Number(number.as_i64()?),
        _ => return None,
    };
    ((of.as_str(), descending) == (name, order.descending)).then_some((value, id))
}

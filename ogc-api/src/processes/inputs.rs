//! Values of inputs out of what stands for them (18-062r2, 7.11.2.2): the value itself, a qualified value, or a link to where it
//! lies. Links are followed through the address guard, a few of them and up to a size.

use std::time::Duration;

use driftline_domain::unambiguous_json;
use futures::future::join_all;
use serde_json::{Map, Value};

use super::exception::Exception;
use crate::AppState;
use crate::query::shown;

/// Links that one request may have followed.
const MAX_LINKS: usize = 4;
/// Bytes behind a link.
const MAX_FETCHED: usize = 256 * 1024;
/// All links of a request are followed within this time.
const FETCH_WITHIN: Duration = Duration::from_secs(10);

/// Members of a qualified value beside the value.
const QUALIFIERS: [&str; 4] = ["mediaType", "encoding", "schema", "format"];
/// Members of a link.
const LINK_MEMBERS: [&str; 6] = ["href", "rel", "type", "hreflang", "title", "format"];

/// What each input is, whatever stands for it.
pub(super) async fn resolved(state: &AppState, inputs: Map<String, Value>) -> Result<Map<String, Value>, Exception> {
    let is_many = inputs.values().filter(|value| link(value).is_some()).count() > MAX_LINKS;
    if is_many {
        let message = format!("more than {MAX_LINKS} inputs are links");
        return Err(Exception::invalid("inputs", "too_many", message));
    }
    let values = inputs.into_iter().map(|(name, value)| async move {
        let value = match link(&value) {
            Some(address) => fetched(state, &name, address).await?,
            None => unqualified(value),
        };
        Ok::<_, Exception>((name, value))
    });
    let all = tokio::time::timeout(FETCH_WITHIN, join_all(values)).await;
    let late = |_late| {
        Exception::invalid(
            "inputs",
            "unreachable",
            "what inputs link to did not come within 10 seconds",
        )
    };
    all.map_err(late)?.into_iter().collect()
}

/// The address of a link.
fn link(value: &Value) -> Option<&str> {
    let members = value.as_object()?;
    let is_link = members.keys().all(|name| LINK_MEMBERS.contains(&name.as_str()));
    members.get("href")?.as_str().filter(|_| is_link)
}

/// The value of a qualified value; anything else is a value already.
fn unqualified(value: Value) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    let is_qualified = members
        .keys()
        .all(|name| name == "value" || QUALIFIERS.contains(&name.as_str()));
    match members.remove("value") {
        Some(inner) if is_qualified => inner,
        Some(inner) => {
            members.insert("value".to_owned(), inner);
            Value::Object(members)
        }
        None => Value::Object(members),
    }
}

/// What lies behind a link: JSON as what it says, other text as a string.
async fn fetched(state: &AppState, name: &str, address: &str) -> Result<Value, Exception> {
    let field = format!("inputs.{}", shown(name));
    let refuse = |code, why: String| Exception::invalid(&field, code, why);
    let found = state.outbound.fetch(address, MAX_FETCHED).await;
    let found = found.map_err(|error| refuse("unreachable", error.to_string()))?;
    let is_json = found.media_type.as_deref().is_some_and(|kind| kind.ends_with("json"));
    if is_json {
        return unambiguous_json(&found.bytes)
            .map_err(|error| refuse("value", format!("the link leads to no JSON: {error}")));
    }
    let text = String::from_utf8(found.bytes);
    text.map(Value::String)
        .map_err(|error| refuse("value", format!("the link leads to no UTF-8: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn qualified_values_are_unwrapped_and_other_objects_stay() {
        for (sent, value) in [
            (json!("a"), json!("a")),
            (json!({"value": {"a": 1}}), json!({"a": 1})),
            (json!({"value": "a", "mediaType": "text/plain"}), json!("a")),
            (json!({"value": "a", "unit": "m"}), json!({"value": "a", "unit": "m"})),
            (json!({"type": "Point"}), json!({"type": "Point"})),
        ] {
            assert_eq!(unqualified(sent), value);
        }
    }

    #[test]
    fn a_link_is_an_object_with_an_address_and_nothing_foreign() {
        assert_eq!(
            link(&json!({"href": "https://a", "type": "application/json"})),
            Some("https://a")
        );
        assert_eq!(link(&json!({"href": "https://a", "speed": 1})), None);
        assert_eq!(link(&json!({"href": 1})), None);
        assert_eq!(link(&json!("https://a")), None);
    }
}

//! JSON in which no member stands twice. Readers disagree on which of two counts (RFC 8259, section 4), so a body with
//! two latitudes has none: it is refused, not half read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads a JSON text.
///
/// # Errors
/// Where the text is not JSON, or an object has a member twice, with its name, line and column.
pub fn unambiguous_json(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text).map(|Unambiguous(value)| value)
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, Unambiguous>()? {
            if map.contains_key(&name) {
                let shown: String = name.chars().take(64).collect();
                return Err(A::Error::custom(format!("the member '{shown}' stands twice")));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_once_is_read_as_ever() {
        let text = r#"{"a": [1, -2, 2.5, 1e3, true, null, "ø\n", {"a": {}}], "b": 18446744073709551615, "": ""}"#;
        let plain: Value = serde_json::from_str(text).unwrap();
        assert_eq!(unambiguous_json(text.as_bytes()).unwrap(), plain);
        for text in ["", "{", "[1,]", "nul", "1e999", "{\"a\": NaN}", "{} {}"] {
            assert!(unambiguous_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(
            unambiguous_json("[".repeat(100_000).as_bytes()).is_err(),
            "no depth ends the stack"
        );
    }

    #[test]
    fn a_member_that_stands_twice_is_named_wherever_it_is() {
        for text in [
            r#"{"lat": 60, "lon": 4, "lat": 10}"#,
            r#"{"config": {"scenarios": [{"release": {"lat": 1, "lat": 1}}]}}"#,
            r#"{"lat": null, "l\u0061t": null}"#,
        ] {
            let refused = unambiguous_json(text.as_bytes()).unwrap_err().to_string();
            assert!(
                refused.starts_with("the member 'lat' stands twice at line 1 column"),
                "{refused}"
            );
        }
    }
}

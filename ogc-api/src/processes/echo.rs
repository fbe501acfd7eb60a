//! The echo process: what the conformance suite of the standard executes (it needs a plain string input, and `pause` in
//! seconds). Each input but the pause is an output of the same name; an output exists where its input was given.

use std::time::Duration;

use driftline_domain::Violation;
use serde_json::{Map, Value, json};

use super::exception::Exception;
use super::outputs::{Form, Part};
use super::request::Wanted;
use crate::document::JSON;
use crate::features::CRS84;
use crate::query::shown;

/// Plain text.
const TEXT: &str = "text/plain";
/// Seconds that a pause may take: a synchronous answer has to come within the service's deadline.
const MAX_PAUSE_S: u64 = 20;
/// Longitude and latitude with heights.
const CRS84H: &str = "http://www.opengis.net/def/crs/OGC/0/CRS84h";

/// An input of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// A string.
    Echo,
    /// A number.
    Number,
    /// An array of numbers.
    Numbers,
    /// An object, or a string in its place.
    Object,
    /// A box.
    Region,
    /// A string with a media type.
    Text,
    /// Seconds to wait.
    Pause,
}

impl Field {
    /// Every input. The first one is the plain string, which the conformance suite takes.
    pub(super) const ALL: [Self; 7] = [
        Self::Echo,
        Self::Number,
        Self::Numbers,
        Self::Object,
        Self::Region,
        Self::Text,
        Self::Pause,
    ];
    /// Those that are outputs.
    pub(super) const OUTPUTS: [Self; 6] = [
        Self::Echo,
        Self::Number,
        Self::Numbers,
        Self::Object,
        Self::Region,
        Self::Text,
    ];

    /// Identifier of input and output.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Number => "number",
            Self::Numbers => "numbers",
            Self::Object => "object",
            Self::Region => "region",
            Self::Text => "text",
            Self::Pause => "pause",
        }
    }

    /// The media type of the output alone.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Echo | Self::Text => TEXT,
            _ => JSON,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Echo => "A string",
            Self::Number => "A number",
            Self::Numbers => "An array of numbers",
            Self::Object => "An object or a string",
            Self::Region => "A box",
            Self::Text => "Plain text",
            Self::Pause => "Seconds to wait before the answer",
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Echo => json!({"type": "string"}),
            Self::Number => json!({"type": "number"}),
            Self::Numbers => json!({"type": "array", "items": {"type": "number"}}),
            Self::Object => json!({"oneOf": [{"type": "object"}, {"type": "string"}]}),
            Self::Region => json!({"allOf": [
                {"format": "ogc-bbox"},
                {
                    "type": "object",
                    "required": ["bbox"],
                    "properties": {
                        "bbox": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
                        "crs": {"type": "string", "format": "uri", "enum": [CRS84, CRS84H], "default": CRS84},
                    },
                },
            ]}),
            Self::Text => json!({"type": "string", "contentMediaType": TEXT}),
            Self::Pause => json!({"type": "integer", "minimum": 0, "maximum": MAX_PAUSE_S, "default": 0}),
        }
    }

    /// The input in the description.
    pub(super) fn input_description(self) -> Value {
        let least = u32::from(self == Self::Echo);
        json!({"title": self.title(), "minOccurs": least, "maxOccurs": 1, "schema": self.schema()})
    }

    /// The output in the description.
    pub(super) fn output_description(self) -> Value {
        json!({"title": self.title(), "schema": self.schema()})
    }

    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Echo | Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Numbers => value.as_array().is_some_and(|items| items.iter().all(Value::is_number)),
            Self::Object => value.is_object() || value.is_string(),
            Self::Region => is_region(value),
            Self::Pause => value.as_u64().is_some_and(|seconds| seconds <= MAX_PAUSE_S),
        }
    }
}

fn is_region(value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    let is_known = members.keys().all(|name| name == "bbox" || name == "crs");
    let crs = members.get("crs").map(Value::as_str);
    let is_crs84 = matches!(crs, None | Some(Some(CRS84 | CRS84H)));
    let numbers = members.get("bbox").and_then(Value::as_array);
    let is_box = numbers.is_some_and(|box_| matches!(box_.len(), 4 | 6) && box_.iter().all(Value::is_number));
    is_known && is_crs84 && is_box
}

/// What an execution answers, and after how long.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Echoed {
    /// The outputs that were asked for and exist.
    pub(super) parts: Vec<Part>,
    /// To be waited for.
    pub(super) pause: Duration,
}

/// Checks the inputs and makes the outputs of them.
pub(super) fn echoed(inputs: &Map<String, Value>, wanted: &Wanted) -> Result<Echoed, Exception> {
    let mut broken = Vec::new();
    for (name, value) in inputs {
        let field = format!("inputs.{}", shown(name));
        match Field::ALL.into_iter().find(|known| known.id() == name) {
            Some(known) if known.accepts(value) => {}
            Some(known) => broken.push(Violation::new(
                field,
                "value",
                format!("it is not as its schema has it: {}", known.schema()),
            )),
            None => {
                let ids = Field::ALL.map(Field::id).join(", ");
                broken.push(Violation::new(field, "unknown", format!("the inputs are {ids}")));
            }
        }
    }
    if !inputs.contains_key(Field::Echo.id()) {
        broken.push(Violation::new("inputs.echo", "required", "it is missing"));
    }
    if !broken.is_empty() {
        return Err(Exception::Invalid(broken));
    }
    let part = |field: Field| {
        let value = inputs.get(field.id())?;
        let is_wanted = wanted.outputs.iter().any(|output| output.id == field.id());
        is_wanted.then(|| part(field, value))
    };
    let pause = inputs
        .get(Field::Pause.id())
        .and_then(Value::as_u64)
        .unwrap_or_default();
    Ok(Echoed {
        parts: Field::OUTPUTS.into_iter().filter_map(part).collect(),
        pause: Duration::from_secs(pause),
    })
}

fn part(field: Field, value: &Value) -> Part {
    let raw = match (field, value) {
        (Field::Echo | Field::Text, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    };
    // Objects stand in results as qualified values, so that none is taken for a link or a box (18-062r2, 7.11.2.2).
    let form = match (field, value) {
        (Field::Object, Value::Object(_)) => Form::Qualified,
        (_, value) => Form::Bare(value.to_string()),
    };
    Part::value(field.id(), field.media_type(), raw, form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::process::Process;
    use crate::processes::request::ExecuteRequest;

    fn run(inputs: Value) -> Result<Echoed, Vec<String>> {
        let body = json!({"inputs": inputs}).to_string();
        let request = ExecuteRequest::parse(Process::Echo, body.as_bytes()).unwrap();
        echoed(&request.inputs, &request.wanted).map_err(|exception| match exception {
            Exception::Invalid(broken) => broken.into_iter().map(|violation| violation.field).collect(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn what_was_given_comes_back() {
        let echoed = run(json!({"echo": "å", "pause": 5, "numbers": [], "object": {"a": 1}})).unwrap();
        let ids: Vec<&str> = echoed.parts.iter().map(|part| part.id.as_str()).collect();
        assert_eq!(ids, ["echo", "numbers", "object"]);
        assert_eq!(echoed.pause.as_secs(), 5);
        let region = json!({"bbox": [51.9, 7, 52, 7.1], "crs": CRS84});
        assert!(run(json!({"echo": "", "region": region})).is_ok());
    }

    #[test]
    fn what_is_not_as_described_is_named() {
        let wrong = json!({
            "number": "1", "numbers": [1, "2"], "object": 3, "region": {"bbox": [1, 2, 3], "crs": CRS84}, "text": {"type": "x"},
            "pause": 21, "sound": 1,
        });
        let mut found = run(wrong).unwrap_err();
        found.sort();
        let expected = [
            "inputs.echo",
            "inputs.number",
            "inputs.numbers",
            "inputs.object",
            "inputs.pause",
            "inputs.region",
            "inputs.sound",
            "inputs.text",
        ];
        assert_eq!(found, expected);
        let crs = json!({"bbox": [1, 2, 3, 4], "crs": "urn:ogc:def:crs:EPSG::4326"});
        assert_eq!(run(json!({"echo": "", "region": crs})).unwrap_err(), ["inputs.region"]);
    }
}

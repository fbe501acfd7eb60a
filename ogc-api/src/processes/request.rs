//! The body of an execution (18-062r2, 7.11.2): inputs, outputs, form of the response, subscriber. Everything that is wrong is
//! told at once; how many members there may be is bounded before any of them is looked at.

use driftline_database::Subscriber;
use driftline_domain::{Violation, unambiguous_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::exception::Exception;
use super::process::{Output, Process};
use crate::Error;
use crate::query::shown;

/// Inputs, and outputs, of one request: no process has as many.
const MAX_MEMBERS: usize = 64;
/// Characters of a subscriber's address.
const MAX_ADDRESS: usize = 2_048;

/// An execution as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExecuteRequest {
    /// Values by input, as they stand in the body.
    pub(super) inputs: Map<String, Value>,
    /// Which results are wanted and how.
    pub(super) wanted: Wanted,
    /// Whom to tell.
    pub(super) subscriber: Subscriber,
}

/// Which results are wanted and how; kept with the job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The outputs, in the order of the process.
    pub(super) outputs: Vec<WantedOutput>,
    /// How they stand together.
    pub(super) response: ResponseForm,
    /// What links begin with that are made without a request.
    #[serde(default)]
    pub(super) base: String,
    /// The hour whose areas are wanted, of a search area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hour: Option<u32>,
}

/// An output that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WantedOutput {
    /// Its identifier.
    pub(super) id: String,
    /// How it is sent.
    pub(super) by: Transmission,
}

/// How an output is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transmission {
    /// In the answer.
    Value,
    /// As a link.
    Reference,
}

/// How the outputs stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ResponseForm {
    /// Each in its own media type.
    Raw,
    /// As members of one JSON object.
    Document,
}

impl Wanted {
    /// Everything of a process as links: for missions that were submitted without a word about their results.
    pub(super) fn by_reference(process: Process) -> Self {
        let of = |output: Output| WantedOutput {
            id: output.id().to_owned(),
            by: Transmission::Reference,
        };
        Self {
            outputs: process.outputs().into_iter().map(of).collect(),
            response: ResponseForm::Document,
            base: String::new(),
            hour: None,
        }
    }

    /// The wanted outputs among those of the process.
    pub(super) fn outputs_of(&self, process: Process) -> Vec<(Output, Transmission)> {
        let outputs = process.outputs().into_iter();
        let wanted = |output: Output| self.outputs.iter().find(|wanted| wanted.id == output.id());
        outputs
            .filter_map(|output| wanted(output).map(|wanted| (output, wanted.by)))
            .collect()
    }
}

impl ExecuteRequest {
    /// Reads a body; which inputs a process knows is its own business.
    pub(super) fn parse(process: Process, body: &[u8]) -> Result<Self, Exception> {
        let value = unambiguous_json(body).map_err(Error::MalformedJson)?;
        let Value::Object(members) = value else {
            return Err(Exception::invalid("", "type", "the body is not a JSON object"));
        };
        let mut broken = Vec::new();
        if !members.contains_key("inputs") {
            broken.push(Violation::new("inputs", "required", "an execution needs inputs"));
        }
        let mut read = Self {
            inputs: Map::new(),
            wanted: Wanted {
                outputs: all_by_value(process),
                response: ResponseForm::Raw,
                base: String::new(),
                hour: None,
            },
            subscriber: Subscriber::default(),
        };
        for (name, value) in members.into_iter().take(MAX_MEMBERS) {
            match name.as_str() {
                "inputs" => read.inputs = object("inputs", value, &mut broken),
                "outputs" => read.wanted.outputs = outputs(process, object("outputs", value, &mut broken), &mut broken),
                "response" => match serde_json::from_value(value) {
                    Ok(form) => read.wanted.response = form,
                    Err(_) => broken.push(Violation::new("response", "value", "it is raw or document")),
                },
                "subscriber" => read.subscriber = subscriber(object("subscriber", value, &mut broken), &mut broken),
                other => broken.push(Violation::new(
                    shown(other),
                    "unknown",
                    "an execution has inputs, outputs, response and subscriber",
                )),
            }
        }
        if broken.is_empty() {
            Ok(read)
        } else {
            Err(Exception::Invalid(broken))
        }
    }
}

/// A member that has to be an object of bounded size.
fn object(name: &str, value: Value, broken: &mut Vec<Violation>) -> Map<String, Value> {
    match value {
        Value::Object(members) if members.len() <= MAX_MEMBERS => members,
        Value::Object(members) => {
            let message = format!("{} members are too many; {MAX_MEMBERS} are the most", members.len());
            broken.push(Violation::new(name, "too_many", message));
            Map::new()
        }
        _ => {
            broken.push(Violation::new(name, "type", "it is not an object"));
            Map::new()
        }
    }
}

fn all_by_value(process: Process) -> Vec<WantedOutput> {
    let by_value = |output: Output| WantedOutput {
        id: output.id().to_owned(),
        by: Transmission::Value,
    };
    process.outputs().into_iter().map(by_value).collect()
}

/// The outputs that are named; all of them where none is.
fn outputs(process: Process, named: Map<String, Value>, broken: &mut Vec<Violation>) -> Vec<WantedOutput> {
    if named.is_empty() {
        return all_by_value(process);
    }
    let known = process.outputs();
    let mut wanted = Vec::new();
    for (id, how) in named {
        let field = format!("outputs.{}", shown(&id));
        let Some(output) = known.iter().find(|output| output.id() == id) else {
            let ids: Vec<&str> = known.iter().map(|output| output.id()).collect();
            broken.push(Violation::new(
                field,
                "unknown",
                format!("the outputs are {}", ids.join(", ")),
            ));
            continue;
        };
        match transmission(process, *output, &how) {
            Ok(by) => wanted.push(WantedOutput { id, by }),
            Err(why) => broken.push(Violation::new(field, "value", why)),
        }
    }
    wanted
}

fn transmission(process: Process, output: Output, how: &Value) -> Result<Transmission, String> {
    let Value::Object(members) = how else {
        return Err("it is not an object with format or transmissionMode".to_owned());
    };
    let mut by = Transmission::Value;
    for (name, value) in members {
        match (name.as_str(), value.as_str()) {
            ("transmissionMode", Some("value")) => by = Transmission::Value,
            ("transmissionMode", Some("reference")) if process.takes_references() => by = Transmission::Reference,
            ("transmissionMode", _) if process.takes_references() => {
                return Err("its transmissionMode is value or reference".to_owned());
            }
            ("transmissionMode", _) => return Err("its transmissionMode is value".to_owned()),
            ("format", _) => format(output, value)?,
            (other, _) => return Err(format!("it has format and transmissionMode, not '{}'", shown(other))),
        }
    }
    Ok(by)
}

/// Each output has one format; to ask for it is allowed.
fn format(output: Output, format: &Value) -> Result<(), String> {
    let refuse = || Err(format!("its one format has the mediaType {}", output.media_type()));
    match format.as_object() {
        Some(members) => match members.get("mediaType") {
            None => Ok(()),
            Some(kind) if kind.as_str() == Some(output.media_type()) => Ok(()),
            Some(_) => refuse(),
        },
        None => refuse(),
    }
}

fn subscriber(members: Map<String, Value>, broken: &mut Vec<Violation>) -> Subscriber {
    let mut subscriber = Subscriber::default();
    for (name, value) in members {
        let field = format!("subscriber.{}", shown(&name));
        let slot = match name.as_str() {
            "successUri" => &mut subscriber.success,
            "inProgressUri" => &mut subscriber.in_progress,
            "failedUri" => &mut subscriber.failed,
            _ => {
                let message = "a subscriber has successUri, inProgressUri and failedUri";
                broken.push(Violation::new(field, "unknown", message));
                continue;
            }
        };
        match value {
            Value::String(address) if address.len() <= MAX_ADDRESS => *slot = Some(address),
            _ => broken.push(Violation::new(
                field,
                "type",
                "it is not an address of up to 2048 characters",
            )),
        }
    }
    subscriber
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(process: Process, body: &Value) -> Vec<String> {
        match ExecuteRequest::parse(process, body.to_string().as_bytes()) {
            Err(Exception::Invalid(broken)) => broken.into_iter().map(|violation| violation.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_is_everything_by_value_and_raw() {
        let read = ExecuteRequest::parse(Process::SearchArea, br#"{"inputs": {}, "outputs": {}}"#).unwrap();
        let ids: Vec<&str> = read.wanted.outputs.iter().map(|output| output.id.as_str()).collect();
        assert_eq!(ids, ["areas", "summary"]);
        assert!(read.wanted.response == ResponseForm::Raw && read.subscriber == Subscriber::default());
        let kept: Wanted = serde_json::from_value(json!(read.wanted)).unwrap();
        assert_eq!(kept, read.wanted);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let body = json!({
            "outputs": {"areas": {"transmissionMode": "by-pigeon"}, "tracks": {}, "summary": {"format": {"mediaType": "text/csv"}}},
            "response": "json", "subscriber": {"successUrl": "https://a.example", "failedUri": 5}, "mode": "sync",
        });
        let mut found = fields(Process::SearchArea, &body);
        found.sort();
        let expected = [
            "inputs",
            "mode",
            "outputs.areas",
            "outputs.summary",
            "outputs.tracks",
            "response",
            "subscriber.failedUri",
            "subscriber.successUrl",
        ];
        assert_eq!(found, expected);
        let reference = json!({"inputs": {}, "outputs": {"echo": {"transmissionMode": "reference"}}});
        assert_eq!(fields(Process::Echo, &reference), ["outputs.echo"]);
    }

    #[test]
    fn masses_of_members_are_one_fault() {
        let many: Map<String, Value> = (0..10_000).map(|number| (number.to_string(), json!({}))).collect();
        assert_eq!(
            fields(Process::Drift, &json!({"inputs": {}, "outputs": many})),
            ["outputs"]
        );
        assert_eq!(fields(Process::Drift, &json!({"inputs": many})), ["inputs"]);
        assert_eq!(fields(Process::Drift, &json!([])), [""]);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(
            ExecuteRequest::parse(Process::Drift, deep.as_bytes()),
            Err(Exception::Other(_))
        ));
    }
}

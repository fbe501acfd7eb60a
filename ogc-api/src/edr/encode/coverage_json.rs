//! CoverageJSON 1.0 (OGC 21-069r2): a coverage, or a collection of them with parameters and reference systems said once.
//! Numbers are written as single precision has them, missing ones as null.

use std::collections::BTreeMap;

use driftline_domain::ValidTime;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::super::coverage::{Answer, Coverage, Domain};
use super::super::crs::Crs;
use super::super::parameter::Parameter;
use crate::Error;

#[derive(Serialize)]
#[serde(tag = "type")]
enum Document<'a> {
    Coverage {
        #[serde(flatten)]
        coverage: Told<'a>,
        parameters: BTreeMap<&'static str, Value>,
    },
    CoverageCollection {
        parameters: BTreeMap<&'static str, Value>,
        referencing: Value,
        coverages: Vec<Member<'a>>,
    },
}

#[derive(Serialize)]
struct Member<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    coverage: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    domain: Value,
    ranges: BTreeMap<&'static str, Range<'a>>,
}

#[derive(Serialize)]
struct Range<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "dataType")]
    data_type: &'static str,
    #[serde(rename = "axisNames")]
    axis_names: &'static [&'static str],
    shape: Vec<usize>,
    #[serde(serialize_with = "numbers")]
    values: &'a [f32],
}

/// Not-a-number becomes null.
fn numbers<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values)
}

pub(super) fn encode(answer: &Answer) -> Result<Vec<u8>, Error> {
    let referencing = referencing(answer.crs);
    let parameters = answer
        .parameters
        .iter()
        .map(|parameter| (parameter.id, credited(parameter, &answer.attribution)))
        .collect();
    let document = match answer.coverages.as_slice() {
        [only] if !answer.is_collection => {
            let mut coverage = told(answer, only);
            coverage.domain["referencing"] = referencing;
            Document::Coverage { coverage, parameters }
        }
        several => Document::CoverageCollection {
            parameters,
            referencing,
            coverages: several
                .iter()
                .map(|coverage| Member {
                    kind: "Coverage",
                    coverage: told(answer, coverage),
                })
                .collect(),
        },
    };
    serde_json::to_vec(&document).map_err(|error| Error::Internal(format!("CoverageJSON: {error}")))
}

fn told<'a>(answer: &Answer, coverage: &'a Coverage) -> Told<'a> {
    let (domain, axis_names, shape) = match &coverage.domain {
        Domain::Grid { lon, lat, times } => (
            json!({
                "type": "Domain",
                "domainType": "Grid",
                "axes": {"x": {"values": lon}, "y": {"values": lat}, "t": {"values": texts(times)}},
            }),
            &["t", "y", "x"][..],
            vec![times.len(), lat.len(), lon.len()],
        ),
        Domain::PointSeries { place, times } => (
            json!({
                "type": "Domain",
                "domainType": "PointSeries",
                "axes": {"x": {"values": [place.0]}, "y": {"values": [place.1]}, "t": {"values": texts(times)}},
            }),
            &["t"][..],
            vec![times.len()],
        ),
        Domain::Trajectory(positions) => {
            let tuples: Vec<Value> = positions
                .iter()
                .map(|(time, (lon, lat))| json!([time.to_string(), lon, lat]))
                .collect();
            (
                json!({
                    "type": "Domain",
                    "domainType": "Trajectory",
                    "axes": {"composite": {"dataType": "tuple", "coordinates": ["t", "x", "y"], "values": tuples}},
                }),
                &["composite"][..],
                vec![positions.len()],
            )
        }
    };
    let ranges = answer.parameters.iter().zip(&coverage.ranges);
    let range = |(parameter, values): (&&'static Parameter, &'a Vec<f32>)| {
        let range = Range {
            kind: "NdArray",
            data_type: "float",
            axis_names,
            shape: shape.clone(),
            values,
        };
        (parameter.id, range)
    };
    Told {
        domain,
        ranges: ranges.map(range).collect(),
    }
}

fn texts(times: &[ValidTime]) -> Vec<String> {
    times.iter().map(ValidTime::to_string).collect()
}

fn referencing(crs: Crs) -> Value {
    json!([
        {"coordinates": crs.axes(), "system": crs.system()},
        {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
    ])
}

/// With the credits, for which the format has no place of their own.
fn credited(parameter: &Parameter, credits: &[String]) -> Value {
    let mut told = parameter_json(parameter);
    if !credits.is_empty() {
        told["description"]["en"] = json!(format!("{} Source: {}.", parameter.description, credits.join("; ")));
    }
    told
}

/// A parameter as CoverageJSON and metadata of collections describe it.
pub(crate) fn parameter_json(parameter: &Parameter) -> Value {
    json!({
        "type": "Parameter",
        "description": {"en": parameter.description},
        "unit": {
            "label": {"en": parameter.unit_label},
            "symbol": {"value": parameter.ucum, "type": "http://www.opengis.net/def/uom/UCUM/"},
        },
        "observedProperty": {"id": parameter.property_uri(), "label": {"en": parameter.label}},
    })
}

//! EDR GeoJSON (19-086r6, clause 9.6): a feature for each position and time, values as properties beside those that the
//! standard asks for. Always longitude and latitude on WGS 84 (RFC 7946). Positions of a grid without any value are left out;
//! those that were asked for one by one are told with null.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::coverage::{Answer, Coverage, Domain};
use super::parameter_json;
use crate::Error;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    parameters: Vec<Value>,
    attribution: String,
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    features: Vec<Feature<'a>>,
}

#[derive(Serialize)]
struct Feature<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    geometry: Geometry,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: &'static str,
    coordinates: [f64; 2],
}

#[derive(Serialize)]
struct Properties<'a> {
    datetime: String,
    label: &'a str,
    #[serde(rename = "parameter-name")]
    parameter_name: &'a [&'static str],
    edrqueryendpoint: &'a str,
    #[serde(flatten)]
    values: Values<'a>,
}

/// Values by the names of their parameters.
struct Values<'a> {
    names: &'a [&'static str],
    values: Vec<f32>,
}

impl Serialize for Values<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(&self.values))
    }
}

/// Each is some three hundred bytes; what is larger has other forms.
const MAX_FEATURES: usize = 500_000;

pub(super) fn encode(answer: &Answer) -> Result<Vec<u8>, Error> {
    let names: Vec<&'static str> = answer.parameters.iter().map(|parameter| parameter.id).collect();
    let mut features = Vec::new();
    for coverage in &answer.coverages {
        add(answer, coverage, &names, &mut features)?;
    }
    let parameters = answer.parameters.iter().map(|parameter| {
        let mut described = parameter_json(parameter);
        described["id"] = json!(parameter.id);
        // The standard's schema has plain texts here, where CoverageJSON has texts by language.
        for pointer in ["/description", "/unit/label", "/observedProperty/label"] {
            if let Some(place) = described.pointer_mut(pointer)
                && let Some(text) = place
                    .as_object_mut()
                    .and_then(|texts: &mut Map<String, Value>| texts.remove("en"))
            {
                *place = text;
            }
        }
        described
    });
    let document = Document {
        kind: "FeatureCollection",
        parameters: parameters.collect(),
        attribution: answer.attribution.join("; "),
        number_returned: features.len(),
        features,
    };
    serde_json::to_vec(&document).map_err(|error| Error::Internal(format!("GeoJSON: {error}")))
}

fn add<'a>(
    answer: &'a Answer,
    coverage: &Coverage,
    names: &'a [&'static str],
    features: &mut Vec<Feature<'a>>,
) -> Result<(), Error> {
    let is_grid = matches!(coverage.domain, Domain::Grid { .. });
    for (number, (time, (lon, lat))) in coverage.domain.positions().enumerate() {
        let values: Vec<f32> = coverage
            .ranges
            .iter()
            .filter_map(|range| range.get(number).copied())
            .collect();
        if is_grid && values.iter().all(|value| value.is_nan()) {
            continue;
        }
        if features.len() == MAX_FEATURES {
            let reason = format!(
                "the answer would have more than {MAX_FEATURES} features; name fewer places or times, or ask for \
                 CoverageJSON or NetCDF"
            );
            return Err(Error::parameter("f", reason));
        }
        features.push(Feature {
            kind: "Feature",
            geometry: Geometry {
                kind: "Point",
                coordinates: [driftline_domain::wrap_lon_deg(lon), lat],
            },
            properties: Properties {
                datetime: time.to_string(),
                label: &answer.title,
                parameter_name: names,
                edrqueryendpoint: &answer.endpoint,
                values: Values { names, values },
            },
        });
    }
    Ok(())
}

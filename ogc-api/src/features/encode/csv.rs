//! CSV (RFC 4180): a column per property; of points longitude and latitude (or x and y), of all else well-known text.

use serde_json::Value;
use wkt::ToWkt;

use super::PageDocument;
use crate::Error;
use crate::features::positions::geometry_of;

/// A page.
pub(super) fn page(document: &PageDocument<'_>) -> Result<Vec<u8>, Error> {
    let properties = document.fields.columns(document.collection);
    let is_points = document.collection.is_points();
    let mut table = csv::Writer::from_writer(Vec::with_capacity(document.features.len() * 200));
    let mut header: Vec<&str> = properties.iter().map(|property| property.name).collect();
    if document.fields.has_geometry {
        header.extend(geometry_columns(document, is_points));
    }
    let wrong = |error: csv::Error| Error::Internal(format!("a table: {error}"));
    table.write_record(&header).map_err(wrong)?;
    for picked in document.features {
        let members = picked.block.properties(picked.index);
        let mut record: Vec<String> = properties
            .iter()
            .map(|property| members.get(property.name).map(cell).unwrap_or_default())
            .collect();
        if document.fields.has_geometry {
            let shape = picked.block.shape(picked.index);
            let geometry = shape.as_ref().and_then(geometry_of);
            let geometry = geometry.and_then(|geometry| document.positions.geometry(&geometry));
            match geometry {
                Some(geo::Geometry::Point(point)) if is_points => {
                    record.extend([point.x(), point.y()].map(|number| number.to_string()));
                }
                Some(geometry) => record.push(geometry.wkt_string()),
                None => record.extend(geometry_columns(document, is_points).iter().map(|_| String::new())),
            }
        }
        table.write_record(&record).map_err(wrong)?;
    }
    table
        .into_inner()
        .map_err(|error| Error::Internal(format!("a table: {error}")))
}

fn geometry_columns(document: &PageDocument<'_>, is_points: bool) -> &'static [&'static str] {
    // `lon` and `lat` may be properties of a datum.
    match (is_points, document.positions.are_crs84()) {
        (true, true) => &["longitude", "latitude"],
        (true, false) => &["axis_1", "axis_2"],
        (false, _) => &["geometry"],
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

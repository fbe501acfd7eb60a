//! FlatGeobuf 3 with its spatial index: what QGIS and GDAL read fastest.

use driftline_query::Kind;
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geozero::{ColumnValue, PropertyProcessor};
use serde_json::Value;

use super::PageDocument;
use crate::Error;
use crate::features::positions::geometry_of;

/// A page.
pub(super) fn page(document: &PageDocument<'_>) -> Result<Vec<u8>, Error> {
    write(document).map_err(|error| Error::Internal(format!("a FlatGeobuf: {error}")))
}

fn write(document: &PageDocument<'_>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let credits = document.attribution.join("; ");
    let options = FgbWriterOptions {
        description: Some(&credits),
        crs: FgbCrs {
            code: document.positions.system().epsg().unwrap_or(4326),
            ..FgbCrs::default()
        },
        ..FgbWriterOptions::default()
    };
    let mut file = FgbWriter::create_with_options(document.collection.id(), GeometryType::Unknown, options)?;
    let properties = document.fields.columns(document.collection);
    for property in &properties {
        file.add_column(property.name, column_type(property.kind), |_, column| {
            column.nullable = true;
        });
    }
    for picked in document.features {
        let shape = picked.block.shape(picked.index).as_ref().and_then(geometry_of);
        // The format has x before y whatever the system says.
        let geometry = shape.and_then(|geometry| document.positions.geometry_east_first(&geometry));
        let Some(geometry) = geometry else { continue };
        let members = picked.block.properties(picked.index);
        file.add_feature_geom(geometry, |feature| {
            for (index, property) in properties.iter().enumerate() {
                let Some(value) = members.get(property.name) else {
                    continue;
                };
                let written = match (property.kind, value) {
                    (_, Value::Null) => continue,
                    (Kind::Integer, value) => match value.as_i64() {
                        Some(number) => feature.property(index, property.name, &ColumnValue::Long(number)),
                        None => continue,
                    },
                    (Kind::Number, value) => match value.as_f64() {
                        Some(number) => feature.property(index, property.name, &ColumnValue::Double(number)),
                        None => continue,
                    },
                    (Kind::Boolean, value) => match value.as_bool() {
                        Some(truth) => feature.property(index, property.name, &ColumnValue::Bool(truth)),
                        None => continue,
                    },
                    (Kind::Time, Value::String(text)) => {
                        feature.property(index, property.name, &ColumnValue::DateTime(text))
                    }
                    (_, Value::String(text)) => feature.property(index, property.name, &ColumnValue::String(text)),
                    (_, other) => feature.property(index, property.name, &ColumnValue::Json(&other.to_string())),
                };
                // Into memory nothing fails.
                if written.is_err() {
                    break;
                }
            }
        })?;
    }
    let mut bytes = Vec::new();
    file.write(&mut bytes)?;
    Ok(bytes)
}

fn column_type(kind: Kind) -> ColumnType {
    match kind {
        Kind::Integer => ColumnType::Long,
        Kind::Number => ColumnType::Double,
        Kind::Boolean => ColumnType::Bool,
        Kind::Time => ColumnType::DateTime,
        Kind::Text | Kind::Geometry => ColumnType::String,
    }
}

//! GeoParquet 1.1 (geoparquet.org/releases/v1.1.0): a column per property, geometries as WKB.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use geozero::{CoordDimensions, ToWkb};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};

use super::PageDocument;
use crate::Error;
use crate::features::columns::{Builder, data_type};
use crate::features::positions::geometry_of;

/// A page.
pub(super) fn page(document: &PageDocument<'_>) -> Result<Vec<u8>, Error> {
    let refuse = |error: String| Error::Internal(format!("a GeoParquet: {error}"));
    let properties = document.fields.columns(document.collection);
    let rows: Vec<Map<String, Value>> = document
        .features
        .iter()
        .map(|picked| picked.block.properties(picked.index))
        .collect();
    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for property in &properties {
        let mut builder = Builder::of(property.kind);
        rows.iter().for_each(|row| builder.append(row.get(property.name)));
        fields.push(Field::new(property.name, data_type(property.kind), true));
        columns.push(builder.finish());
    }
    if document.fields.has_geometry {
        fields.push(Field::new("geometry", DataType::Binary, true));
        columns.push(geometries(document).map_err(|error| refuse(error.to_string()))?);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| refuse(error.to_string()))?;
    let level = ZstdLevel::try_new(3).map_err(|error| refuse(error.to_string()))?;
    let mut metadata = vec![KeyValue::new("attribution".to_owned(), document.attribution.join("; "))];
    if document.fields.has_geometry {
        metadata.push(KeyValue::new("geo".to_owned(), geo_metadata(document).to_string()));
    }
    let writer_properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), schema, Some(writer_properties)).map_err(|error| refuse(error.to_string()))?;
    writer.write(&batch).map_err(|error| refuse(error.to_string()))?;
    writer.into_inner().map_err(|error| refuse(error.to_string()))
}

fn geometries(document: &PageDocument<'_>) -> Result<ArrayRef, geozero::error::GeozeroError> {
    let mut column = BinaryBuilder::new();
    for picked in document.features {
        let shape = picked.block.shape(picked.index).as_ref().and_then(geometry_of);
        // The format has x before y whatever the system says.
        match shape.and_then(|geometry| document.positions.geometry_east_first(&geometry)) {
            Some(geometry) => column.append_value(geometry.to_wkb(CoordDimensions::xy())?),
            None => column.append_null(),
        }
    }
    Ok(Arc::new(column.finish()))
}

fn geo_metadata(document: &PageDocument<'_>) -> Value {
    let mut column = json!({"encoding": "WKB", "geometry_types": []});
    if let Some(code) = document.positions.system().epsg() {
        column["crs"] = json!({
            "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
            "type": if document.positions.system().is_geographic() { "GeographicCRS" } else { "ProjectedCRS" },
            "name": document.positions.system().name(),
            "id": {"authority": "EPSG", "code": code},
        });
    }
    json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
}

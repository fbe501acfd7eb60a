//! GeoParquet 1.1 (geoparquet.org/releases/v1.1.0): a column per property, geometries as WKB.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use geo::{BoundingRect, Geometry};
use geozero::{CoordDimensions, ToWkb};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};

use super::PageDocument;
use crate::Error;
use crate::features::block::Picked;
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
    let geometries: Vec<Option<Geometry<f64>>> = match document.fields.has_geometry {
        true => document
            .features
            .iter()
            .map(|picked| geometry(document, picked))
            .collect(),
        false => Vec::new(),
    };
    if document.fields.has_geometry {
        fields.push(Field::new("geometry", DataType::Binary, true));
        columns.push(wkb(&geometries).map_err(|error| refuse(error.to_string()))?);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| refuse(error.to_string()))?;
    let level = ZstdLevel::try_new(3).map_err(|error| refuse(error.to_string()))?;
    let mut metadata = vec![KeyValue::new("attribution".to_owned(), document.attribution.join("; "))];
    if document.fields.has_geometry {
        metadata.push(KeyValue::new(
            "geo".to_owned(),
            geo_metadata(document, &geometries).to_string(),
        ));
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

/// The format has x before y whatever the system says.
fn geometry(document: &PageDocument<'_>, picked: &Picked) -> Option<Geometry<f64>> {
    let stored = geometry_of(&picked.block.shape(picked.index)?)?;
    document.positions.geometry_east_first(&stored)
}

fn wkb(geometries: &[Option<Geometry<f64>>]) -> Result<ArrayRef, geozero::error::GeozeroError> {
    let mut column = BinaryBuilder::new();
    for geometry in geometries {
        match geometry {
            Some(geometry) => column.append_value(geometry.to_wkb(CoordDimensions::xy())?),
            None => column.append_null(),
        }
    }
    Ok(Arc::new(column.finish()))
}

fn geo_metadata(document: &PageDocument<'_>, geometries: &[Option<Geometry<f64>>]) -> Value {
    let there = || geometries.iter().flatten();
    let kinds: BTreeSet<&str> = there().filter_map(kind_of).collect();
    let mut column = json!({"encoding": "WKB", "geometry_types": kinds});
    let boxes = there().filter_map(BoundingRect::bounding_rect);
    let corners = boxes.map(|one| [one.min().x, one.min().y, one.max().x, one.max().y]);
    let whole = corners.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    if let Some(whole) = whole {
        column["bbox"] = json!(whole);
    }
    let system = document.positions.system();
    if let Some(code) = system.epsg() {
        column["crs"] = json!({
            "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
            "type": if system.is_geographic() { "GeographicCRS" } else { "ProjectedCRS" },
            "name": system.name(),
            "id": {"authority": "EPSG", "code": code},
        });
    }
    json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
}

fn kind_of(geometry: &Geometry<f64>) -> Option<&'static str> {
    Some(match geometry {
        Geometry::Point(_) => "Point",
        Geometry::LineString(_) => "LineString",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::Polygon(_) => "Polygon",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        _ => return None,
    })
}

//! The properties of a block in columns, as filters and orders see them, and its geometries.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::error::ArrowError;
use driftline_domain::ValidTime;
use driftline_query::{Geometries, Kind, Table};
use driftline_simulate::tile_content::track_lines;
use jiff::Timestamp;
use serde_json::Value;

use super::block::{Block, Shape};
use super::cells::Cells;
use super::properties::Property;
use super::text::object_code;

/// A block in columns.
#[derive(Debug)]
pub(crate) struct Columns {
    batch: RecordBatch,
    shapes: Vec<geo::Geometry<f64>>,
}

impl Columns {
    /// The columns of a block.
    pub(super) fn of(block: &Block) -> Result<Self, ArrowError> {
        let properties: Vec<&Property> = block
            .collection
            .properties()
            .iter()
            .filter(|it| it.is_queryable)
            .collect();
        let mut builders: Vec<Builder> = properties.iter().map(|property| Builder::of(property.kind)).collect();
        for index in 0..block.len() {
            match (block.particles(), block.cells()) {
                (Some(_), _) => particle_row(block, index, &properties, &mut builders),
                (None, Some(cells)) => cell_row(block, cells, index, &properties, &mut builders),
                (None, None) => {
                    let members = block.properties(index);
                    for (property, builder) in properties.iter().zip(&mut builders) {
                        builder.append(members.get(property.name));
                    }
                }
            }
        }
        let fields: Vec<Field> = properties
            .iter()
            .map(|property| Field::new(property.name, data_type(property.kind), true))
            .collect();
        let columns: Vec<ArrayRef> = builders.into_iter().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let shapes = if block.particles().is_some() {
            Vec::new()
        } else {
            (0..block.len()).map(|index| shape(block, index)).collect()
        };
        Ok(Self { batch, shapes })
    }

    /// As filters take them.
    pub(crate) fn table<'a>(&'a self, block: &'a Block) -> Table<'a> {
        Table {
            batch: &self.batch,
            geometries: match block.particles() {
                Some(positions) => Geometries::Points {
                    lon_deg: &positions.lon_deg,
                    lat_deg: &positions.lat_deg,
                },
                None => Geometries::Shapes(&self.shapes),
            },
        }
    }
}

/// Particles are many: their values come straight from their columns.
fn particle_row(block: &Block, index: usize, properties: &[&Property], builders: &mut [Builder]) {
    let Some(positions) = block.particles() else { return };
    let run = &block.run;
    for (property, builder) in properties.iter().zip(builders) {
        match (property.name, builder) {
            ("id", Builder::Text(builder)) => builder.append_value(block.id(index)),
            ("mission_id", Builder::Text(builder)) => builder.append_value(run.mission.to_string()),
            ("run_id", Builder::Text(builder)) => builder.append_value(run.id.to_string()),
            ("status", Builder::Text(builder)) => builder.append_value("current"),
            ("particle_status", Builder::Text(builder)) => {
                builder.append_option(positions.status.get(index).map(|status| status.name()));
            }
            ("particle_id", Builder::Integer(builder)) => builder.append_option(i64::try_from(index).ok()),
            ("valid_time", Builder::Time(builder)) => builder.append_value(positions.time.0.as_microsecond()),
            ("issued" | "updated", Builder::Time(builder)) => builder.append_value(run.published_at.as_microsecond()),
            (_, builder) => builder.append(None),
        }
    }
}

/// So are cells.
fn cell_row(block: &Block, cells: &Cells, index: usize, properties: &[&Property], builders: &mut [Builder]) {
    let run = &block.run;
    for (property, builder) in properties.iter().zip(builders) {
        match (property.name, builder) {
            ("id", Builder::Text(builder)) => builder.append_value(block.id(index)),
            ("mission_id", Builder::Text(builder)) => builder.append_value(run.mission.to_string()),
            ("run_id", Builder::Text(builder)) => builder.append_value(run.id.to_string()),
            ("status", Builder::Text(builder)) => builder.append_value("current"),
            ("object_code", Builder::Text(builder)) => builder.append_option(object_code(run)),
            ("poc", Builder::Number(builder)) => builder.append_value(cells.poc(index)),
            ("density_per_km2", Builder::Number(builder)) => builder.append_value(cells.density_per_km2(index)),
            ("area_km2", Builder::Number(builder)) => builder.append_value(cells.area_km2(index)),
            ("valid_time", Builder::Time(builder)) => builder.append_value(cells.time.0.as_microsecond()),
            ("issued" | "updated", Builder::Time(builder)) => builder.append_value(run.published_at.as_microsecond()),
            (_, builder) => builder.append(None),
        }
    }
}

fn shape(block: &Block, index: usize) -> geo::Geometry<f64> {
    match block.shape(index) {
        Some(Shape::Text(_, Some(shape))) => shape.clone(),
        Some(Shape::Area(area)) => area,
        Some(Shape::Track(track)) => track_lines(track).into(),
        Some(Shape::Point(lon, lat)) => geo::Point::new(lon, lat).into(),
        // Meets nothing.
        _ => geo::Geometry::GeometryCollection(geo::GeometryCollection::default()),
    }
}

/// A column in the making.
pub(super) enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

impl Builder {
    /// An empty one of a type.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Geometry => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    /// A value of another type is as good as none: nothing is compared with what it is not.
    pub(super) fn append(&mut self, value: Option<&Value>) {
        match self {
            Self::Text(builder) => builder.append_option(value.and_then(Value::as_str)),
            Self::Integer(builder) => builder.append_option(value.and_then(Value::as_i64)),
            Self::Number(builder) => builder.append_option(value.and_then(Value::as_f64)),
            Self::Boolean(builder) => builder.append_option(value.and_then(Value::as_bool)),
            Self::Time(builder) => builder.append_option(value.and_then(Value::as_str).and_then(micros)),
        }
    }

    /// The column.
    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Number(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Time(mut builder) => Arc::new(builder.finish()),
        }
    }
}

fn micros(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(ValidTime)
        .map(|time| time.0.as_microsecond())
}

/// The type of a column.
pub(super) fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Geometry => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

//! `trajectories.parquet` and `areas.parquet`: GeoParquet 1.1 (geoparquet.org/releases/v1.1.0), geometries as WKB in
//! longitude and latitude, which is the format's default (OGC:CRS84). Times are microseconds UTC.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, UInt32Type};
use driftline_domain::ValidTime;
use geo::{Coord, CoordsIter};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;
use serde_json::json;

use super::Status;
use super::antimeridian::{Vertex, bounds};
use super::areas::{Area, AreaSet};
use super::tracks::Track;
use super::wkb::{read_lines, write_lines, write_polygons};
use super::{Error, RunLabel};

/// `areas.parquet`: one row per time and level.
pub fn areas_parquet(sets: &[AreaSet], label: &RunLabel) -> Result<Vec<u8>, Error> {
    let rows: Vec<(&AreaSet, &Area)> = sets
        .iter()
        .flat_map(|set| set.levels.iter().map(move |area| (set, area)))
        .collect();
    let floats = |value: fn(&AreaSet, &Area) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(
            rows.iter().map(|(set, area)| value(set, area)),
        ))
    };
    let ids = rows.iter().map(|(set, area)| set.area_id(area, label));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from_iter_values(ids))),
        ("valid_time", times(rows.iter().map(|(set, _)| set.time))),
        ("level", floats(|_, area| area.level)),
        ("poc", floats(AreaSet::probability_of_containment)),
        ("area_km2", floats(|_, area| area.area_km2)),
        ("area_nm2", floats(|_, area| area.area_nm2())),
        (
            "n_particles",
            Arc::new(UInt64Array::from_iter_values(
                rows.iter().map(|(set, _)| set.n_particles as u64),
            )),
        ),
        ("n_effective", floats(|set, _| set.n_effective)),
        ("stranded_fraction", floats(|set, _| set.stranded_fraction)),
        ("land_fraction", floats(|set, _| set.land_fraction)),
        ("bandwidth_m", floats(|set, _| set.bandwidth_m)),
        (
            "kernel",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|(set, _)| set.kernel))),
        ),
        (
            "geometry",
            wkb(rows.iter().map(|(_, area)| write_polygons(&area.polygons))),
        ),
    ];
    let coords = rows.iter().flat_map(|(_, area)| area.polygons.coords_iter());
    write(columns, "MultiPolygon", coords, label)
}

/// `trajectories.parquet`: one row per track of at least two vertices. `vertex_times` holds the seconds since 1970 of
/// all vertices, piece after piece.
pub fn trajectories_parquet(tracks: &[Track], label: &RunLabel) -> Result<Vec<u8>, Error> {
    let rows: Vec<_> = tracks
        .iter()
        .filter_map(|track| Some((track, track.lines()?, track.times()?)))
        .collect();
    let ids = (0..rows.len()).map(|row| label.id("trajectories", row));
    let seconds = |track: &Track| -> Vec<Option<i64>> {
        track
            .parts
            .iter()
            .flatten()
            .map(|vertex| Some(vertex.time.unix_s()))
            .collect()
    };
    let vertex_times =
        ListArray::from_iter_primitive::<Int64Type, _, _>(rows.iter().map(|(track, ..)| Some(seconds(track))));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from_iter_values(ids))),
        (
            "particle_id",
            Arc::new(UInt32Array::from_iter_values(
                rows.iter().map(|(track, ..)| track.particle_id),
            )),
        ),
        (
            "particle_status",
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|(track, ..)| track.status.name()),
            )),
        ),
        ("valid_start", times(rows.iter().map(|(_, _, (start, _))| *start))),
        ("valid_end", times(rows.iter().map(|(_, _, (_, end))| *end))),
        ("vertex_times", Arc::new(vertex_times)),
        ("geometry", wkb(rows.iter().map(|(_, lines, _)| write_lines(lines)))),
    ];
    let coords = rows.iter().flat_map(|(_, lines, _)| lines.coords_iter());
    write(columns, "MultiLineString", coords, label)
}

/// The tracks of `trajectories.parquet`, in file order.
pub fn read_trajectories<R: ChunkReader + 'static>(file: R) -> Result<Vec<Track>, Error> {
    let mut tracks = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
        let batch = batch?;
        let ids = column(&batch, "particle_id")?
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| foreign("particle_id"))?;
        let states = column(&batch, "particle_status")?
            .as_string_opt::<i32>()
            .ok_or_else(|| foreign("particle_status"))?;
        let seconds = column(&batch, "vertex_times")?
            .as_list_opt::<i32>()
            .ok_or_else(|| foreign("vertex_times"))?;
        let lines = column(&batch, "geometry")?
            .as_binary_opt::<i32>()
            .ok_or_else(|| foreign("geometry"))?;
        for row in 0..batch.num_rows() {
            let status = Status::ALL
                .into_iter()
                .find(|status| status.name() == states.value(row));
            let seconds = seconds.value(row);
            let seconds = seconds
                .as_primitive_opt::<Int64Type>()
                .ok_or_else(|| foreign("vertex_times"))?;
            tracks.push(Track {
                particle_id: ids.value(row),
                status: status.ok_or_else(|| foreign("particle_status"))?,
                parts: parts(lines.value(row), seconds)?,
            });
        }
    }
    Ok(tracks)
}

fn parts(wkb: &[u8], seconds: &Int64Array) -> Result<Vec<Vec<Vertex>>, Error> {
    let lines = read_lines(wkb)?;
    let vertices: usize = lines.0.iter().map(|line| line.0.len()).sum();
    let times: Option<Vec<ValidTime>> = seconds
        .values()
        .iter()
        .map(|seconds| ValidTime::from_unix_s(*seconds))
        .collect();
    let times = times
        .filter(|times| times.len() == vertices)
        .ok_or_else(|| foreign("vertex_times"))?;
    let mut times = times.into_iter();
    let vertex = |(coord, time): (&Coord, ValidTime)| Vertex {
        lon_deg: coord.x,
        lat_deg: coord.y,
        time,
    };
    Ok(lines
        .0
        .iter()
        .map(|line| line.0.iter().zip(times.by_ref()).map(vertex).collect())
        .collect())
}

fn column<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a ArrayRef, Error> {
    batch
        .column_by_name(name)
        .filter(|column| column.null_count() == 0)
        .ok_or_else(|| foreign(name))
}

fn foreign(column: &str) -> Error {
    Error::Foreign {
        kind: "trajectories",
        problem: format!("column '{column}' is missing or holds something else"),
    }
}

fn times(values: impl Iterator<Item = ValidTime>) -> ArrayRef {
    let micros = TimestampMicrosecondArray::from_iter_values(values.map(|time| time.0.as_microsecond()));
    Arc::new(micros.with_timezone("UTC"))
}

fn wkb(values: impl Iterator<Item = Vec<u8>>) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(values))
}

fn write(
    columns: Vec<(&str, ArrayRef)>,
    geometry_type: &str,
    coords: impl Iterator<Item = Coord>,
    label: &RunLabel,
) -> Result<Vec<u8>, Error> {
    let field = |(name, array): &(&str, ArrayRef)| {
        let kind: DataType = array.data_type().clone();
        Field::new(*name, kind, false)
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        columns.into_iter().map(|(_, array)| array).collect(),
    )?;
    let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let metadata = vec![
        pair("geo", geo_metadata(geometry_type, coords).to_string()),
        pair("mission_id", label.mission_id.to_string()),
        pair("run_id", label.run_id.to_string()),
        pair("object_code", label.object.key.to_owned()),
        pair("attribution", label.attribution_line()),
    ];
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// The `geo` key of the file's metadata. Edges are planar: every piece lies on one side of the antimeridian.
fn geo_metadata(geometry_type: &str, coords: impl Iterator<Item = Coord>) -> serde_json::Value {
    let mut column = json!({ "encoding": "WKB", "geometry_types": [geometry_type], "edges": "planar" });
    if geometry_type == "MultiPolygon" {
        column["orientation"] = "counterclockwise".into();
    }
    if let Some(bbox) = bounds(coords) {
        column["bbox"] = json!([bbox.west, bbox.south, bbox.east, bbox.north]);
    }
    json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } })
}

#[cfg(test)]
mod tests;

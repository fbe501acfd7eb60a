//! Buoys as GeoParquet 1.1 (geoparquet.org/releases/v1.1.0): one row per kept report, by buoy and time, with longitude
//! and latitude as plain columns and as WKB points (OGC 06-103r4, 8.2; two-dimensional, little-endian, OGC:CRS84).
//! Times are microseconds UTC. Where a file comes from and what became of every report stands in its metadata.
//!
//! The same reports filtered the same way give the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::datatypes::{Field, Float64Type, Schema, TimestampMicrosecondType, UInt32Type};
use bytes::Bytes;
use driftline_domain::ValidTime;
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filter::BuoyFilter;
use super::track::{BuoyKind, Fix, State, Tally, Track};
use crate::Error;

/// What files of this layout call themselves.
const FORMAT: &str = "driftline-buoys 1";

/// A file of buoys: what it says of itself, and its tracks.
#[derive(Debug, Clone, PartialEq)]
pub struct BuoyFile {
    /// Data set.
    pub dataset: String,
    /// Kind of the buoys.
    pub kind: BuoyKind,
    /// Line that whoever shows them must carry.
    pub attribution: Option<String>,
    /// The file that they were read from.
    pub source: BuoySource,
    /// How they were filtered.
    pub filter: BuoyFilter,
    /// The account of every buoy's reports.
    pub platforms: BTreeMap<String, Tally>,
    /// The tracks, by name of the buoy.
    pub tracks: Vec<Track>,
}

/// The file that buoys were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuoySource {
    /// Its name without its folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl BuoyFile {
    /// The account of all reports.
    pub fn tally(&self) -> Tally {
        let mut all = Tally::default();
        self.platforms.values().for_each(|tally| all.add(tally));
        all
    }

    /// The file's bytes.
    pub(super) fn to_parquet(&self) -> Result<Vec<u8>, Error> {
        let columns = self.columns();
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), *name == "sea_temperature_c"))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(self.metadata()))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }

    fn rows(&self) -> impl Iterator<Item = (&Track, &Fix)> {
        self.tracks
            .iter()
            .flat_map(|track| track.fixes.iter().map(move |fix| (track, fix)))
    }

    fn columns(&self) -> Vec<(&'static str, ArrayRef)> {
        let rows: Vec<(&Track, &Fix)> = self.rows().collect();
        let floats = |value: fn(&Fix) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, fix)| value(fix))))
        };
        let micros = rows.iter().map(|(_, fix)| fix.time.0.as_microsecond());
        let sea = self
            .rows()
            .map(|(_, fix)| Some(fix.sea_temperature_c).filter(|value| value.is_finite()));
        vec![
            (
                "platform",
                Arc::new(StringArray::from_iter_values(
                    rows.iter().map(|(track, _)| track.platform.as_str()),
                )),
            ),
            (
                "segment",
                Arc::new(UInt32Array::from_iter_values(rows.iter().map(|(_, fix)| fix.segment))),
            ),
            (
                "time",
                Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC")),
            ),
            ("lon", floats(|fix| fix.lon_deg)),
            ("lat", floats(|fix| fix.lat_deg)),
            (
                "state",
                Arc::new(StringArray::from_iter_values(
                    rows.iter().map(|(_, fix)| fix.state.name()),
                )),
            ),
            ("sea_temperature_c", Arc::new(sea.collect::<Float64Array>())),
            (
                "geometry",
                Arc::new(BinaryArray::from_iter_values(rows.iter().map(|(_, fix)| point(fix)))),
            ),
        ]
    }

    fn metadata(&self) -> Vec<KeyValue> {
        let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let mut pairs = vec![
            pair("geo", self.geo().to_string()),
            pair("format", FORMAT.to_owned()),
            pair("dataset", self.dataset.clone()),
            pair("kind", self.kind.name().to_owned()),
            pair("source", json!(self.source).to_string()),
            pair("filter", json!(self.filter).to_string()),
            pair("tally", json!(self.tally()).to_string()),
            pair("platforms", json!(self.platforms).to_string()),
        ];
        pairs.extend(self.attribution.iter().map(|text| pair("attribution", text.clone())));
        pairs
    }

    /// The `geo` key of the file's metadata.
    fn geo(&self) -> Value {
        let mut column = json!({ "encoding": "WKB", "geometry_types": ["Point"] });
        if let Some(bbox) = self.bbox() {
            column["bbox"] = json!(bbox);
        }
        json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": column } })
    }

    /// West, south, east, north. Where the positions reach less far across the antimeridian, west is the larger number,
    /// as RFC 7946, 5.2 has it.
    fn bbox(&self) -> Option<[f64; 4]> {
        let span = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        self.rows().next()?;
        let (south, north) = span(&mut self.rows().map(|(_, fix)| fix.lat_deg));
        let (west, east) = span(&mut self.rows().map(|(_, fix)| fix.lon_deg));
        let (west_360, east_360) = span(&mut self.rows().map(|(_, fix)| (fix.lon_deg + 360.0) % 360.0));
        if east - west > 180.0 && east_360 - west_360 < east - west {
            return Some([west_360, south, driftline_domain::wrap_lon_deg(east_360), north]);
        }
        Some([west, south, east, north])
    }
}

/// Well-known binary of a point.
fn point(fix: &Fix) -> Vec<u8> {
    const LITTLE_ENDIAN: u8 = 1;
    const POINT: u32 = 1;
    let mut bytes = vec![LITTLE_ENDIAN];
    bytes.extend(POINT.to_le_bytes());
    bytes.extend(fix.lon_deg.to_le_bytes());
    bytes.extend(fix.lat_deg.to_le_bytes());
    bytes
}

/// A file of buoys from its bytes.
pub fn read_buoys(bytes: Bytes) -> Result<BuoyFile, Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata();
    let pairs: BTreeMap<String, String> = pairs
        .into_iter()
        .flatten()
        .filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)))
        .collect();
    let text = |key: &str| pairs.get(key).cloned().ok_or_else(|| foreign(key));
    if text("format")? != FORMAT {
        return Err(Error::BuoyFile(format!(
            "it is '{}' and not '{FORMAT}'",
            text("format")?
        )));
    }
    let kind: BuoyKind = from_json("kind", &format!("\"{}\"", text("kind")?))?;
    let mut tracks: Vec<Track> = Vec::new();
    for batch in builder.build()? {
        read_batch(&batch?, kind, &mut tracks)?;
    }
    Ok(BuoyFile {
        dataset: text("dataset")?,
        kind,
        attribution: pairs.get("attribution").cloned(),
        source: from_json("source", &text("source")?)?,
        filter: from_json("filter", &text("filter")?)?,
        platforms: from_json("platforms", &text("platforms")?)?,
        tracks,
    })
}

fn read_batch(batch: &RecordBatch, kind: BuoyKind, tracks: &mut Vec<Track>) -> Result<(), Error> {
    let column = |name: &'static str| batch.column_by_name(name).ok_or_else(|| foreign(name));
    let floats = |name: &'static str| {
        column(name)?
            .as_primitive_opt::<Float64Type>()
            .ok_or_else(|| foreign(name))
    };
    let texts = |name: &'static str| column(name)?.as_string_opt::<i32>().ok_or_else(|| foreign(name));
    let (platforms, states) = (texts("platform")?, texts("state")?);
    let (lons, lats, sea) = (floats("lon")?, floats("lat")?, floats("sea_temperature_c")?);
    let times = column("time")?
        .as_primitive_opt::<TimestampMicrosecondType>()
        .ok_or_else(|| foreign("time"))?;
    let segments = column("segment")?
        .as_primitive_opt::<UInt32Type>()
        .ok_or_else(|| foreign("segment"))?;
    for row in 0..batch.num_rows() {
        let state = State::ALL.into_iter().find(|state| state.name() == states.value(row));
        let time = Timestamp::from_microsecond(times.value(row));
        let fix = Fix {
            time: ValidTime(time.map_err(|_range| foreign("time"))?),
            lon_deg: lons.value(row),
            lat_deg: lats.value(row),
            sea_temperature_c: if sea.is_null(row) { f64::NAN } else { sea.value(row) },
            segment: segments.value(row),
            state: state.ok_or_else(|| foreign("state"))?,
        };
        match tracks.last_mut().filter(|track| track.platform == platforms.value(row)) {
            Some(track) => track.fixes.push(fix),
            None => tracks.push(Track {
                platform: platforms.value(row).to_owned(),
                kind,
                fixes: vec![fix],
            }),
        }
    }
    Ok(())
}

fn from_json<T: DeserializeOwned>(key: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::BuoyFile(format!("'{key}' cannot be read: {error}")))
}

fn foreign(name: &str) -> Error {
    Error::BuoyFile(format!("'{name}' is missing or holds something else"))
}

//! `particles.parquet`: every particle at every output time, and pages of it.
//!
//! Columns particle_id, time (microseconds UTC), lon, lat (degrees) and status (numbers named in the metadata key
//! `status`), sorted by time, then particle. One row group per output time, so that the statistics in the footer tell
//! which groups a page, an interval or a box needs; the others are not read. Positions are stored to the last bit.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch, TimestampMicrosecondArray, UInt8Array, UInt32Array};
use arrow::datatypes::{
    DataType, Field, Float64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt32Type,
};
use driftline_domain::{BBox, ValidTime, wrap_lon_deg};
use jiff::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, PageIndexPolicy, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;

use super::Status;
use super::cloud::{Cloud, check_run};
use super::{Error, RunLabel};

const COLUMNS: [&str; 5] = ["particle_id", "time", "lon", "lat", "status"];
pub(super) const TIME: usize = 1;
pub(super) const LON: usize = 2;
pub(super) const LAT: usize = 3;
/// Rows of a page inside a row group: what a reader decodes at least.
const PAGE_ROWS: usize = 8_192;

/// One particle at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParticleRow {
    /// Number of the row in the file, from 0; it never changes, and a page goes on after it.
    pub row: u64,
    /// The particle.
    pub particle_id: u32,
    /// When.
    pub time: ValidTime,
    /// Longitude in [-180, 180).
    pub lon_deg: f64,
    /// Latitude.
    pub lat_deg: f64,
    /// State.
    pub status: Status,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParticleQuery {
    /// Only rows after this one.
    pub after_row: Option<u64>,
    /// At most so many.
    pub limit: usize,
    /// Only positions in this box, edges included.
    pub bbox: Option<BBox>,
    /// Only times from the first to the second, both included.
    pub interval: Option<(ValidTime, ValidTime)>,
}

/// Rows in file order.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticlePage {
    /// The rows.
    pub rows: Vec<ParticleRow>,
    /// What to ask for as `after_row` next; `None` when no row is left.
    pub next_after_row: Option<u64>,
}

/// The whole file.
pub fn particles_parquet(clouds: &[Cloud<'_>], label: &RunLabel) -> Result<Vec<u8>, Error> {
    check_run(clouds)?;
    let mut writer = ParticlesWriter::new(Vec::new(), label)?;
    for cloud in clouds {
        writer.append(cloud)?;
    }
    writer.finish()
}

/// Writes the file cloud by cloud, for runs that are not to be held in memory.
pub struct ParticlesWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    last: Option<(ValidTime, usize)>,
}

impl<W: Write + Send> ParticlesWriter<W> {
    /// A file without rows yet.
    pub fn new(target: W, label: &RunLabel) -> Result<Self, Error> {
        let schema = schema();
        let writer = ArrowWriter::try_new(target, Arc::clone(&schema), Some(properties(label)?))?;
        Ok(Self {
            writer,
            schema,
            last: None,
        })
    }

    /// Adds the next output time.
    pub fn append(&mut self, cloud: &Cloud<'_>) -> Result<(), Error> {
        cloud.check()?;
        if let Some((before, particles)) = self.last {
            let problem = if particles != cloud.len() {
                Some("the number of particles differs")
            } else {
                (before >= cloud.time).then_some("times do not rise")
            };
            if let Some(problem) = problem {
                return Err(Error::Sequence {
                    before,
                    time: cloud.time,
                    problem,
                });
            }
        }
        self.last = Some((cloud.time, cloud.len()));
        let micros = vec![cloud.time.0.as_microsecond(); cloud.len()];
        let batch = RecordBatch::try_new(
            Arc::clone(&self.schema),
            vec![
                Arc::new(UInt32Array::from_iter_values(0..cloud.len() as u32)),
                Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
                Arc::new(Float64Array::from_iter_values(
                    cloud.lon_deg.iter().map(|lon| wrap_lon_deg(*lon)),
                )),
                Arc::new(Float64Array::from(cloud.lat_deg.to_vec())),
                Arc::new(UInt8Array::from_iter_values(
                    cloud.status.iter().map(|status| *status as u8),
                )),
            ],
        )?;
        self.writer.write(&batch)?;
        // Ends the row group.
        self.writer.flush()?;
        Ok(())
    }

    /// Writes the footer and gives the target back.
    pub fn finish(self) -> Result<W, Error> {
        Ok(self.writer.into_inner()?)
    }
}

/// A page of the rows that match. `file` is anything parquet can read from: bytes in memory, an open file.
pub fn read_particles<R: ChunkReader + 'static>(file: R, query: &ParticleQuery) -> Result<ParticlePage, Error> {
    let mut rows = Vec::with_capacity(query.limit.min(PAGE_ROWS));
    // One row more than wanted tells whether there is a next page.
    scan(file, query, |row| {
        rows.push(row);
        rows.len() <= query.limit
    })?;
    let more = rows.len() > query.limit;
    rows.truncate(query.limit);
    let next_after_row = rows.last().map(|row| row.row).or(query.after_row).filter(|_| more);
    Ok(ParticlePage { rows, next_after_row })
}

/// How many rows match, `after_row` and `limit` aside.
pub fn count_particles<R: ChunkReader + 'static>(file: R, query: &ParticleQuery) -> Result<u64, Error> {
    let query = ParticleQuery {
        after_row: None,
        limit: PAGE_ROWS,
        ..*query
    };
    let mut count = 0;
    scan(file, &query, |_| {
        count += 1;
        true
    })?;
    Ok(count)
}

/// Hands every matching row to `visit` until that returns false.
fn scan<R: ChunkReader + 'static>(
    file: R,
    query: &ParticleQuery,
    mut visit: impl FnMut(ParticleRow) -> bool,
) -> Result<(), Error> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = ArrowReaderMetadata::load(&file, options)?;
    check_schema(metadata.schema())?;
    let first_row = query.after_row.map_or(0, |row| row.saturating_add(1));
    let mut groups: Vec<(usize, Range<u64>)> = Vec::new();
    let mut start = 0;
    for (group, described) in metadata.metadata().row_groups().iter().enumerate() {
        let rows = start..start + described.num_rows() as u64;
        start = rows.end;
        if rows.end > first_row && may_match(described, query) {
            groups.push((group, rows));
        }
    }
    let Some((_, first)) = groups.first() else {
        return Ok(());
    };
    let skipped = first_row.saturating_sub(first.start);
    let mut numbers = groups.iter().flat_map(|(_, rows)| rows.clone()).skip(skipped as usize);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_row_groups(groups.iter().map(|(group, _)| *group).collect())
        .with_offset(skipped as usize)
        .with_batch_size(query.limit.saturating_add(1).clamp(256, PAGE_ROWS))
        .build()?;
    for batch in reader {
        let batch = batch?;
        for row in rows_of(&batch, &mut numbers) {
            let row = row?;
            if query.wants(&row) && !visit(row) {
                return Ok(());
            }
        }
    }
    Ok(())
}

impl ParticleQuery {
    fn wants(&self, row: &ParticleRow) -> bool {
        let in_time = self.interval.is_none_or(|(from, to)| (from..=to).contains(&row.time));
        in_time && self.bbox.is_none_or(|bbox| bbox.contains(row.lon_deg, row.lat_deg))
    }
}

fn rows_of<'a>(
    batch: &'a RecordBatch,
    numbers: &'a mut impl Iterator<Item = u64>,
) -> impl Iterator<Item = Result<ParticleRow, Error>> + 'a {
    let ids = batch.column(0).as_primitive::<UInt32Type>();
    let times = batch.column(TIME).as_primitive::<TimestampMicrosecondType>();
    let lons = batch.column(LON).as_primitive::<Float64Type>();
    let lats = batch.column(LAT).as_primitive::<Float64Type>();
    let states = batch.column(4).as_primitive::<UInt8Type>();
    (0..batch.num_rows()).zip(numbers).map(move |(k, row)| {
        let time = Timestamp::from_microsecond(times.value(k)).ok().map(ValidTime);
        let status = Status::from_code(states.value(k));
        let broken = || {
            foreign(format!(
                "row {row} has time {} and state {}",
                times.value(k),
                states.value(k)
            ))
        };
        Ok(ParticleRow {
            row,
            particle_id: ids.value(k),
            time: time.ok_or_else(broken)?,
            lon_deg: lons.value(k),
            lat_deg: lats.value(k),
            status: status.ok_or_else(broken)?,
        })
    })
}

/// Whether the statistics of a row group leave room for a match; without statistics they do.
fn may_match(group: &RowGroupMetaData, query: &ParticleQuery) -> bool {
    let in_time = query
        .interval
        .zip(int_range(group.column(TIME).statistics()))
        .is_none_or(|((from, to), (low, high))| low <= to.0.as_microsecond() && high >= from.0.as_microsecond());
    let degrees = |column: usize| float_range(group.column(column).statistics());
    let in_box = query
        .bbox
        .zip(degrees(LON))
        .zip(degrees(LAT))
        .is_none_or(|((bbox, (west, east)), (south, north))| {
            bbox.intersects(&BBox {
                west,
                south,
                east,
                north,
            })
        });
    in_time && in_box
}

fn int_range(statistics: Option<&Statistics>) -> Option<(i64, i64)> {
    let Some(Statistics::Int64(values)) = statistics else {
        return None;
    };
    Some((*values.min_opt()?, *values.max_opt()?))
}

fn float_range(statistics: Option<&Statistics>) -> Option<(f64, f64)> {
    let Some(Statistics::Double(values)) = statistics else {
        return None;
    };
    Some((*values.min_opt()?, *values.max_opt()?))
}

fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let types = [
        DataType::UInt32,
        time,
        DataType::Float64,
        DataType::Float64,
        DataType::UInt8,
    ];
    let fields: Vec<Field> = COLUMNS
        .into_iter()
        .zip(types)
        .map(|(name, kind)| Field::new(name, kind, false))
        .collect();
    Arc::new(Schema::new(fields))
}

pub(super) fn check_schema(found: &Schema) -> Result<(), Error> {
    let same =
        |(a, b): (&Arc<Field>, &Arc<Field>)| a.name() == b.name() && a.data_type() == b.data_type() && !a.is_nullable();
    let wanted = schema();
    if found.fields().len() == COLUMNS.len() && found.fields().iter().zip(wanted.fields()).all(same) {
        return Ok(());
    }
    let names: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
    Err(foreign(format!("its columns are {}", names.join(", "))))
}

pub(super) fn foreign(problem: String) -> Error {
    Error::Foreign {
        kind: "particles",
        problem,
    }
}

fn properties(label: &RunLabel) -> Result<WriterProperties, Error> {
    let names: serde_json::Map<String, serde_json::Value> = Status::ALL
        .into_iter()
        .map(|status| ((status as u8).to_string(), status.name().into()))
        .collect();
    let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let metadata = vec![
        pair("status", serde_json::to_string(&names)?),
        pair("mission_id", label.mission_id.to_string()),
        pair("run_id", label.run_id.to_string()),
        pair("attribution", label.attribution_line()),
    ];
    let column = |index: usize| COLUMNS[index].into();
    // Neighbouring particles share sign, exponent and the first digits: bytes of one rank compress, whole numbers do not.
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(column(0), false)
        .set_column_encoding(column(0), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(column(LON), false)
        .set_column_encoding(column(LON), Encoding::BYTE_STREAM_SPLIT)
        .set_column_dictionary_enabled(column(LAT), false)
        .set_column_encoding(column(LAT), Encoding::BYTE_STREAM_SPLIT)
        .set_key_value_metadata(Some(metadata))
        .build())
}

#[cfg(test)]
mod tests;

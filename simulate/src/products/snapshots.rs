//! `particles.parquet` read back whole, as the columns that every product is made from.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, TimestampMicrosecondType, UInt8Type, UInt32Type};
use driftline_leeway::Snapshot;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use super::particles::{LAT, LON, TIME, check_schema, foreign};
use super::{Error, Status};

/// Rows decoded at once.
const BATCH_ROWS: usize = 65_536;

/// Every output time in order: longitude, latitude and state of all particles.
pub fn read_snapshots<R: ChunkReader + 'static>(file: R) -> Result<Vec<Snapshot>, Error> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    check_schema(builder.schema())?;
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for batch in builder.with_batch_size(BATCH_ROWS).build()? {
        let batch = batch?;
        let ids = batch.column(0).as_primitive::<UInt32Type>();
        let times = batch.column(TIME).as_primitive::<TimestampMicrosecondType>();
        let lons = batch.column(LON).as_primitive::<Float64Type>();
        let lats = batch.column(LAT).as_primitive::<Float64Type>();
        let states = batch.column(4).as_primitive::<UInt8Type>();
        for row in 0..batch.num_rows() {
            let time_s = times.value(row).div_euclid(1_000_000);
            if snapshots.last().is_none_or(|last| last.time_s != time_s) {
                snapshots.push(Snapshot {
                    time_s,
                    lon_deg: Vec::new(),
                    lat_deg: Vec::new(),
                    status: Vec::new(),
                });
            }
            let Some(last) = snapshots.last_mut() else { continue };
            if ids.value(row) as usize != last.status.len() {
                return Err(foreign(format!("particle {} is out of its order", ids.value(row))));
            }
            let status = Status::from_code(states.value(row));
            last.lon_deg.push(lons.value(row));
            last.lat_deg.push(lats.value(row));
            last.status
                .push(status.ok_or_else(|| foreign(format!("state {} is unknown", states.value(row))))?);
        }
    }
    Ok(snapshots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::particles_parquet;
    use crate::products::sample::{Run, label};

    #[test]
    fn what_was_written_comes_back() {
        let run = Run::fiji();
        let clouds = run.clouds();
        let file = bytes::Bytes::from(particles_parquet(&clouds, &label()).unwrap());
        let read = read_snapshots(file).unwrap();
        assert_eq!(read.len(), clouds.len());
        for (read, cloud) in read.iter().zip(&clouds) {
            assert_eq!(read.time_s, cloud.time.unix_s());
            assert_eq!(read.lat_deg, cloud.lat_deg);
            assert_eq!(read.status, cloud.status);
            let wrapped = cloud.lon_deg.iter().map(|lon| driftline_domain::wrap_lon_deg(*lon));
            assert!(read.lon_deg.iter().copied().eq(wrapped));
        }
    }
}

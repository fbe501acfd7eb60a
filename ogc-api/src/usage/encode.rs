//! A report as JSON, CSV (RFC 4180) or Parquet.

use driftline_auth_billing::UsageGroup;
use driftline_domain::OrgId;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;

use super::{Form, Wish, columns};
use crate::Error;
use crate::document::json_bytes;

pub(super) fn encoded(org: OrgId, groups: &[UsageGroup], wish: &Wish) -> Result<Vec<u8>, Error> {
    match wish.form {
        Form::Json => json_bytes(&json!({"org": org, "from": wish.from, "until": wish.until, "usage": groups})),
        Form::Csv => csv(groups),
        Form::Parquet => parquet(groups),
    }
}

fn csv(groups: &[UsageGroup]) -> Result<Vec<u8>, Error> {
    let wrong = |error: csv::Error| Error::Internal(format!("a report: {error}"));
    let mut table = csv::Writer::from_writer(Vec::with_capacity(groups.len() * 80));
    table
        .write_record(["from", "meter", "key", "late", "units", "records"])
        .map_err(wrong)?;
    for group in groups {
        let record = [
            group.from.map(|from| from.to_string()).unwrap_or_default(),
            group.meter.clone().unwrap_or_default(),
            group.key.map(|key| key.to_string()).unwrap_or_default(),
            group.late.to_string(),
            group.units.to_string(),
            group.records.to_string(),
        ];
        table.write_record(record).map_err(wrong)?;
    }
    table
        .into_inner()
        .map_err(|error| Error::Internal(format!("a report: {error}")))
}

fn parquet(groups: &[UsageGroup]) -> Result<Vec<u8>, Error> {
    let wrong = |error: parquet::errors::ParquetError| Error::Internal(format!("a report: {error}"));
    let batch = columns::table(groups)?;
    let level = ZstdLevel::try_new(3).map_err(wrong)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).map_err(wrong)?;
    writer.write(&batch).map_err(wrong)?;
    writer.into_inner().map_err(wrong)
}

//! Zip archives whose bytes are a function of their content and one time.

use std::io::Write;

use driftline_domain::ValidTime;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::documents::Error;

/// An archive of these names and contents; each bears the time.
pub(crate) fn zipped<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    at: ValidTime,
) -> Result<Vec<u8>, Error> {
    let at = at.0.to_zoned(jiff::tz::TimeZone::UTC);
    let (date, time) = (at.date(), at.time());
    // Archives know no time before 1980; what has one bears their first.
    let stamp = DateTime::from_date_and_time(
        date.year().unsigned_abs(),
        date.month().unsigned_abs(),
        date.day().unsigned_abs(),
        time.hour().unsigned_abs(),
        time.minute().unsigned_abs(),
        time.second().unsigned_abs(),
    );
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(stamp.unwrap_or_default());
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(name, options)?;
        archive.write_all(content).map_err(Error::ArchiveContent)?;
    }
    Ok(archive.finish()?.into_inner())
}

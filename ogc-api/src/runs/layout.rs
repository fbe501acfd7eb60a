//! Where the output times of a run's `particles.parquet` lie in the file: one row group each, told by the footer.

use std::ops::Range;

use bytes::Bytes;
use driftline_database::Run;
use driftline_domain::ValidTime;
use jiff::Timestamp;
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::broken;
use super::sparse::SparseFile;
use crate::{AppState, Error};

/// The file.
pub(crate) const FILE: &str = "particles.parquet";
/// Column of times in it.
const TIME_COLUMN: usize = 1;
/// Read from the file's end in one go: the footer of a run of some hundred output times fits.
const TAIL: u64 = 256 * 1024;
/// Length of the footer's footer: four bytes of length and `PAR1`.
const TRAILER: u64 = 8;

/// The file's footer, understood.
#[derive(Debug)]
pub(crate) struct Layout {
    steps: Vec<Step>,
    size: u64,
    /// Everything behind the last row group, and its place.
    tail: (u64, Bytes),
}

/// One output time.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// When.
    pub(crate) time: ValidTime,
    /// Particles.
    pub(crate) rows: usize,
    bytes: Range<u64>,
}

impl super::Bytes for Layout {
    fn bytes(&self) -> usize {
        self.steps.len() * size_of::<Step>() + self.tail.1.len()
    }
}

impl Layout {
    /// Reads the footer; `None` when the run has no such file.
    pub(super) async fn read(state: &AppState, run: &Run) -> Result<Option<Self>, Error> {
        let refuse = |reason: String| broken(run, FILE, reason);
        let size = state.files.size(run.mission, run.id, FILE).await;
        let Some(size) = size.map_err(|error| refuse(error.to_string()))? else {
            return Ok(None);
        };
        let mut start = size.saturating_sub(TAIL);
        let mut tail = part(state, run, start..size).await?;
        let footer = footer_length(&tail).ok_or_else(|| refuse("it has no footer".to_owned()))?;
        let footer_start = size.checked_sub(footer + TRAILER);
        let footer_start = footer_start.ok_or_else(|| refuse(format!("a footer of {footer} bytes in {size}")))?;
        if footer_start < start {
            start = footer_start;
            tail = part(state, run, start..size).await?;
        }
        let encoded = tail.slice((footer_start - start) as usize..tail.len() - TRAILER as usize);
        let decode = move || ParquetMetaDataReader::decode_metadata(&encoded);
        let decoded = state
            .compute
            .run(decode)
            .await
            .map_err(|error| refuse(error.to_string()))?;
        let metadata = decoded.map_err(|error| refuse(error.to_string()))?;
        let steps: Option<Vec<Step>> = metadata.row_groups().iter().map(step).collect();
        let steps = steps.ok_or_else(|| refuse("a row group is not of one time".to_owned()))?;
        // What lies behind the last row group, indexes of pages among it, is needed with every group.
        let behind = steps
            .iter()
            .map(|step| step.bytes.end)
            .max()
            .unwrap_or(footer_start)
            .min(footer_start);
        let tail = if behind < start {
            part(state, run, behind..size).await?
        } else {
            tail.slice((behind - start) as usize..)
        };
        Ok(Some(Self {
            steps,
            size,
            tail: (behind, tail),
        }))
    }

    /// Every output time in order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Positions in all.
    pub(crate) fn rows(&self) -> usize {
        self.steps.iter().map(|step| step.rows).sum()
    }

    /// The file with the rows of one output time.
    pub(super) async fn load(&self, state: &AppState, run: &Run, step: &Step) -> Result<SparseFile, Error> {
        let group = part(state, run, step.bytes.clone()).await?;
        let parts = vec![(step.bytes.start, group), self.tail.clone()];
        Ok(SparseFile::new(self.size, parts))
    }
}

async fn part(state: &AppState, run: &Run, range: Range<u64>) -> Result<Bytes, Error> {
    let read = state.files.read_range(run.mission, run.id, FILE, range).await;
    let read = read.map_err(|error| broken(run, FILE, error))?;
    read.ok_or_else(|| broken(run, FILE, "it went away while it was read"))
}

fn footer_length(tail: &[u8]) -> Option<u64> {
    let trailer: &[u8; TRAILER as usize] = tail.last_chunk()?;
    let [a, b, c, d, magic @ ..] = trailer;
    (magic == b"PAR1").then(|| u64::from(u32::from_le_bytes([*a, *b, *c, *d])))
}

fn step(group: &RowGroupMetaData) -> Option<Step> {
    let Some(Statistics::Int64(times)) = group.column(TIME_COLUMN).statistics() else {
        return None;
    };
    let (first, last) = (*times.min_opt()?, *times.max_opt()?);
    let time = Timestamp::from_microsecond(first).ok().filter(|_| first == last)?;
    let ranges = group.columns().iter().map(|column| column.byte_range());
    let bytes = ranges
        .map(|(start, length)| start..start.saturating_add(length))
        .reduce(|all, one| all.start.min(one.start)..all.end.max(one.end))?;
    Some(Step {
        time: ValidTime(time),
        rows: usize::try_from(group.num_rows()).ok()?,
        bytes,
    })
}

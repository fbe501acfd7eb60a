//! The form of a segment file. A header of 32 bytes: the mark `DLUSAGE1`, the epoch of the writing process
//! (microseconds since 1970) and the segment's number, both as i64, 4 bytes of zero, and the CRC-32 of what precedes.
//! Then frames, one per group commit: the mark `DLUF`, the length of the records as u32, the CRC-32 of that length
//! and the records, the records. All numbers are little-endian.
//!
//! A frame is appended only when the one before it has been synced. So a crash can damage the last frame alone, whose
//! answers were not released; damage with an intact frame behind it is no crash, and is reported, never cut off.

use std::path::{Path, PathBuf};

use driftline_database::UsageRecord;
use driftline_domain::{KeyId, OrgId, RequestId};
use jiff::Timestamp;
use uuid::Uuid;

const FILE_MARK: &[u8; 8] = b"DLUSAGE1";
const FRAME_MARK: &[u8; 4] = b"DLUF";
const FRAME_HEAD: usize = 12;
const RECORD_FIXED: usize = 3 * 16 + 3 * 8 + 1;
/// Bytes before the first frame.
pub(crate) const HEADER: usize = 32;

/// One group commit as read back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// Where the next one begins.
    pub(crate) end: usize,
    pub(crate) records: Vec<UsageRecord>,
}

/// How the intact frames of a segment end.
#[derive(Debug, PartialEq)]
pub(crate) enum Ending {
    /// With the file.
    Whole,
    /// With bytes that are no frame, and no frame behind them: a commit that was cut off.
    Torn { at: usize },
    /// With bytes that are no frame, and a frame behind them.
    Damaged { at: usize, next: usize },
}

/// What a segment says about its writer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    pub(crate) node: String,
    pub(crate) epoch: i64,
}

pub(crate) fn path_of(folder: &Path, number: i64) -> PathBuf {
    folder.join(format!("{number:012}.log"))
}

pub(crate) fn number_of(file_name: &str) -> Option<i64> {
    let digits = file_name.strip_suffix(".log")?;
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

pub(crate) fn header(epoch: i64, number: i64) -> Vec<u8> {
    let mut bytes = FILE_MARK.to_vec();
    bytes.extend(epoch.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The epoch in a segment's header; `None` where the header is cut off, damaged or another segment's.
pub(crate) fn epoch_of(bytes: &[u8], number: i64) -> Option<i64> {
    let epoch = i64::from_le_bytes(array(bytes, 8)?);
    (bytes.get(..HEADER)? == header(epoch, number)).then_some(epoch)
}

/// One frame with these records.
pub(crate) fn frame(records: &[UsageRecord]) -> Vec<u8> {
    let mut content = Vec::with_capacity(records.len() * (RECORD_FIXED + 16));
    for record in records {
        let request = record.request.map_or(Uuid::nil(), |id| id.uuid());
        for id in [record.org.uuid(), record.key.uuid(), request] {
            content.extend(id.as_bytes());
        }
        for number in [record.at.as_microsecond(), record.units, record.seq] {
            content.extend(number.to_le_bytes());
        }
        let meter = &record.meter.as_bytes()[..record.meter.len().min(255)];
        content.push(meter.len() as u8);
        content.extend(meter);
    }
    let length = (content.len() as u32).to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    crc.update(&content);
    [FRAME_MARK.as_slice(), &length, &crc.finalize().to_le_bytes(), &content].concat()
}

/// The frames of a segment from an offset on, and how they end.
pub(crate) fn scan(bytes: &[u8], origin: &Origin, from: usize) -> (Vec<Frame>, Ending) {
    let mut frames = Vec::new();
    let mut at = from;
    while at < bytes.len() {
        let Some(frame) = frame_at(bytes, origin, at) else {
            return (frames, ending_at(bytes, origin, at));
        };
        at = frame.end;
        frames.push(frame);
    }
    (frames, Ending::Whole)
}

fn ending_at(bytes: &[u8], origin: &Origin, at: usize) -> Ending {
    let marks = (at + 1..bytes.len()).filter(|&i| bytes[i..].starts_with(FRAME_MARK));
    match marks.into_iter().find(|&i| frame_at(bytes, origin, i).is_some()) {
        Some(next) => Ending::Damaged { at, next },
        None => Ending::Torn { at },
    }
}

fn frame_at(bytes: &[u8], origin: &Origin, at: usize) -> Option<Frame> {
    let head = bytes.get(at..at.checked_add(FRAME_HEAD)?)?;
    let length = array(head, 4)?;
    let crc = u32::from_le_bytes(array(head, 8)?);
    let start = at + FRAME_HEAD;
    let end = start.checked_add(u32::from_le_bytes(length) as usize)?;
    let content = bytes.get(start..end)?;
    let mut found = crc32fast::Hasher::new();
    found.update(&length);
    found.update(content);
    if !head.starts_with(FRAME_MARK) || found.finalize() != crc {
        return None;
    }
    let records = records_of(content, origin)?;
    Some(Frame { end, records })
}

fn records_of(content: &[u8], origin: &Origin) -> Option<Vec<UsageRecord>> {
    let mut records = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let id = |at| array(rest, at).map(Uuid::from_bytes);
        let number = |at| array(rest, at).map(i64::from_le_bytes);
        let request = id(32)?;
        let meter_end = RECORD_FIXED + usize::from(*rest.get(RECORD_FIXED - 1)?);
        let meter = std::str::from_utf8(rest.get(RECORD_FIXED..meter_end)?).ok()?;
        records.push(UsageRecord {
            node: origin.node.clone(),
            epoch: origin.epoch,
            org: OrgId::from_uuid(id(0)?),
            key: KeyId::from_uuid(id(16)?),
            request: (!request.is_nil()).then(|| RequestId::from_uuid(request)),
            at: Timestamp::from_microsecond(number(48)?).ok()?,
            units: number(56)?,
            seq: number(64)?,
            meter: meter.to_owned(),
            mission: None,
        });
        rest = &rest[meter_end..];
    }
    Some(records)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            node: "node-1".to_owned(),
            epoch: 7,
        }
    }

    fn record(seq: i64) -> UsageRecord {
        UsageRecord {
            node: "node-1".to_owned(),
            epoch: 7,
            seq,
            org: OrgId::generate(),
            key: KeyId::generate(),
            meter: "features".to_owned(),
            units: seq + 1,
            at: Timestamp::from_microsecond(1_447_653_600_000_001 + seq).unwrap(),
            request: Some(RequestId::generate()),
            mission: None,
        }
    }

    /// A header and three frames with 1, 2 and 3 records.
    fn segment() -> (Vec<u8>, Vec<Vec<UsageRecord>>) {
        let batches = vec![
            vec![record(0)],
            vec![record(1), record(2)],
            vec![record(3), record(4), record(5)],
        ];
        let frames: Vec<u8> = batches.iter().flat_map(|batch| frame(batch)).collect();
        ([header(7, 3), frames].concat(), batches)
    }

    #[test]
    fn reads_back_what_was_written() {
        let (bytes, batches) = segment();
        assert_eq!(epoch_of(&bytes, 3), Some(7));
        assert_eq!(epoch_of(&bytes, 4), None, "another segment's header");
        let (frames, ending) = scan(&bytes, &origin(), HEADER);
        assert_eq!(ending, Ending::Whole);
        assert_eq!(
            frames.iter().map(|frame| frame.records.clone()).collect::<Vec<_>>(),
            batches
        );
        let (rest, _) = scan(&bytes, &origin(), frames[0].end);
        assert_eq!(rest, frames[1..]);
    }

    #[test]
    fn a_last_frame_cut_at_any_byte_is_torn_and_the_others_are_whole() {
        let (bytes, batches) = segment();
        let (frames, _) = scan(&bytes, &origin(), HEADER);
        let last = frames[1].end;
        for length in last + 1..bytes.len() {
            let (found, ending) = scan(&bytes[..length], &origin(), HEADER);
            assert_eq!(ending, Ending::Torn { at: last }, "{length}");
            assert_eq!(found.len(), batches.len() - 1, "{length}");
            // A file may also have its new length before it has its content.
            let mut zeros = bytes[..length].to_vec();
            zeros.resize(bytes.len(), 0);
            if zeros != bytes {
                assert_eq!(scan(&zeros, &origin(), HEADER).1, Ending::Torn { at: last }, "{length}");
            }
        }
        assert_eq!(scan(&bytes[..last], &origin(), HEADER).1, Ending::Whole);
    }

    #[test]
    fn any_changed_byte_before_the_last_frame_is_damage_that_names_its_place() {
        let (bytes, _) = segment();
        let (frames, _) = scan(&bytes, &origin(), HEADER);
        for at in HEADER..frames[1].end {
            let mut bad = bytes.clone();
            bad[at] ^= 0x40;
            let hit = if at < frames[0].end { HEADER } else { frames[0].end };
            let next = if at < frames[0].end {
                frames[0].end
            } else {
                frames[1].end
            };
            assert_eq!(
                scan(&bad, &origin(), HEADER).1,
                Ending::Damaged { at: hit, next },
                "{at}"
            );
        }
    }

    #[test]
    fn any_changed_byte_of_the_header_is_found() {
        let (bytes, _) = segment();
        for at in 0..HEADER {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert_eq!(epoch_of(&bad, 3), None, "{at}");
        }
        assert_eq!(number_of("000000000003.log"), Some(3));
        assert_eq!(path_of(Path::new("a"), 3), Path::new("a/000000000003.log"));
        for other in ["lock", ".log", "-3.log", "3.txt"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}

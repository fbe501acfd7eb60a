//! The whole log through crashes: torn ends at every byte, replay, failing disks, exact totals.

#[path = "../../../tests/services/database.rs"]
mod database;
#[path = "../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../tests/services/service.rs"]
mod service;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftline_database::Database;
use driftline_domain::{KeyId, OrgId, RequestId};
use jiff::Timestamp;

use super::flusher::{Flusher, segments};
use super::handle::{UsageEntry, UsageLog, UsageSettings, UsageTasks, prepare, start};
use super::segment::path_of;
use super::writer::Storage;
use crate::{Clock, Error};

/// Flushes when it is told to and not before.
const QUIET: UsageSettings = UsageSettings {
    segment_bytes: 8 << 20,
    flush_every: Duration::from_secs(3600),
    flush_records: u64::MAX / 2,
};

struct Bench {
    folder: tempfile::TempDir,
    home: database::Home,
    database: Database,
    org: OrgId,
    key: KeyId,
}

/// A clock that stands still: epochs must differ all the same.
fn clock() -> Clock {
    Arc::new(|| Timestamp::from_second(1_767_225_600).unwrap())
}

/// What holds on one engine holds on the other.
#[test]
fn all_of_it_again_on_a_server() {
    database::again_on_a_server("usage_log::", &[]);
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (database, home) = database::fresh(folder.path()).await;
    Bench {
        folder,
        home,
        database,
        org: OrgId::generate(),
        key: KeyId::generate(),
    }
}

impl Bench {
    fn usage(&self) -> PathBuf {
        self.folder.path().join("usage")
    }

    fn node(&self) -> PathBuf {
        self.usage().join("node-1")
    }

    async fn open(&self, settings: UsageSettings) -> Result<(UsageLog, UsageTasks), Error> {
        UsageLog::open(&self.usage(), "node-1", self.database.clone(), clock(), settings).await
    }

    fn entry(&self, units: u64) -> UsageEntry {
        UsageEntry {
            org: self.org,
            key: self.key,
            meter: "features".to_owned(),
            units,
            request: RequestId::generate(),
            owed: false,
        }
    }

    async fn ledger(&self) -> (usize, i64) {
        let records = self.database.usage_records(self.org, 0, 100_000).await.unwrap();
        let units: i64 = records.iter().map(|entry| entry.record.units).sum();
        let everything = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let hours = self
            .database
            .usage_hours(self.org, everything.0, everything.1)
            .await
            .unwrap();
        assert_eq!(
            hours.iter().map(|hour| hour.units).sum::<i64>(),
            units,
            "hours and records agree"
        );
        (records.len(), units)
    }

    /// As when the process dies: nothing is flushed, and the next process may take the log.
    async fn die(&self, log: UsageLog, tasks: UsageTasks) {
        drop((log, tasks));
        for _ in 0..500 {
            let lock = std::fs::File::open(self.node().join("lock")).unwrap();
            if lock.try_lock().is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the writer did not end");
    }
}

fn newest(folder: &Path) -> PathBuf {
    path_of(folder, *segments(folder).unwrap().last().unwrap())
}

#[tokio::test]
async fn what_was_recorded_before_a_crash_is_entered_at_the_next_start_and_never_twice() {
    let bench = bench().await;
    let mut expected = (0, 0);
    for round in 1..=3 {
        let (log, tasks) = bench.open(QUIET).await.unwrap();
        for units in 1..=5 {
            log.append(bench.entry(units)).await.unwrap();
        }
        expected = (expected.0 + 5, expected.1 + 15);
        bench.die(log, tasks).await;
        assert!(
            bench.ledger().await.0 < expected.0,
            "{round}: the crash came before the ledger"
        );
    }
    for _ in 0..2 {
        let (_, tasks) = bench.open(QUIET).await.unwrap();
        tasks.shutdown().await.unwrap();
        assert_eq!(bench.ledger().await, expected, "records of a standing clock keep apart");
    }
    assert_eq!(
        segments(&bench.node()).unwrap().len(),
        1,
        "what is in the ledger is removed"
    );
}

#[tokio::test]
async fn the_last_commit_cut_at_every_byte_is_dropped_alone() {
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    log.append(bench.entry(1)).await.unwrap();
    log.append(bench.entry(10)).await.unwrap();
    let whole = std::fs::read(newest(&bench.node())).unwrap();
    log.append(bench.entry(100)).await.unwrap();
    let torn = std::fs::read(newest(&bench.node())).unwrap();
    bench.die(log, tasks).await;
    let number = segments(&bench.node()).unwrap()[0];
    for length in whole.len()..torn.len() {
        let image = bench_with(&torn[..length], number).await;
        let (log, tasks) = image.open(QUIET).await.unwrap();
        log.append(UsageEntry {
            org: image.org,
            ..bench.entry(1000)
        })
        .await
        .unwrap();
        tasks.shutdown().await.unwrap();
        let records = image.database.usage_records(bench.org, 0, 10).await.unwrap();
        let units: Vec<i64> = records.iter().map(|entry| entry.record.units).collect();
        assert_eq!(units, [1, 10], "{length}");
        assert_eq!(image.ledger().await, (1, 1000), "{length}: the log works on");
    }
}

/// A place whose node has left one segment with these bytes.
async fn bench_with(bytes: &[u8], number: i64) -> Bench {
    let image = bench().await;
    std::fs::create_dir_all(image.node()).unwrap();
    std::fs::write(path_of(&image.node(), number), bytes).unwrap();
    image
}

#[tokio::test]
async fn a_segment_cut_within_its_header_is_removed_and_the_log_works_on() {
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    let header = std::fs::read(newest(&bench.node())).unwrap();
    bench.die(log, tasks).await;
    for length in 0..header.len() {
        let image = bench_with(&header[..length], 1).await;
        let (log, tasks) = image.open(QUIET).await.unwrap();
        log.append(image.entry(7)).await.unwrap();
        tasks.shutdown().await.unwrap();
        assert_eq!(image.ledger().await, (1, 7), "{length}");
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_refused_with_its_place_and_nothing_is_dropped() {
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    log.append(bench.entry(1)).await.unwrap();
    let first = std::fs::metadata(newest(&bench.node())).unwrap().len() as usize;
    log.append(bench.entry(10)).await.unwrap();
    log.append(bench.entry(100)).await.unwrap();
    bench.die(log, tasks).await;
    let path = newest(&bench.node());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[first + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = bench.open(QUIET).await.err().unwrap();
    assert!(
        matches!(&error, Error::LogDamaged { offset, .. } if *offset == first as u64),
        "{error}"
    );
    assert!(
        error.to_string().contains(".log") && error.to_string().contains(&first.to_string()),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "the file is as it was");
    // Moved aside as the message says, the node starts again.
    std::fs::rename(&path, path.with_extension("damaged")).unwrap();
    let (_, tasks) = bench.open(QUIET).await.unwrap();
    tasks.shutdown().await.unwrap();
}

#[tokio::test]
async fn segments_follow_each_other_and_go_when_they_are_in_the_ledger() {
    let bench = bench().await;
    let small = UsageSettings {
        segment_bytes: 300,
        ..QUIET
    };
    let (log, tasks) = bench.open(small.clone()).await.unwrap();
    for units in 1..=40 {
        log.append(bench.entry(units)).await.unwrap();
    }
    assert!(segments(&bench.node()).unwrap().len() > 10);
    bench.die(log, tasks).await;
    let (_, tasks) = bench.open(small).await.unwrap();
    tasks.shutdown().await.unwrap();
    assert_eq!(bench.ledger().await, (40, 820));
    assert_eq!(segments(&bench.node()).unwrap().len(), 1);
}

#[tokio::test]
async fn the_ledger_follows_by_number_of_records_while_the_log_is_open() {
    let bench = bench().await;
    let settings = UsageSettings {
        flush_records: 3,
        ..QUIET
    };
    let (log, tasks) = bench.open(settings).await.unwrap();
    for _ in 0..4 {
        log.append(bench.entry(1)).await.unwrap();
    }
    let mut entered = 0;
    for _ in 0..500 {
        // Records alone: between them and the sums the flusher may enter more.
        entered = bench.database.usage_records(bench.org, 0, 10).await.unwrap().len();
        if entered >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(entered >= 3, "{entered}");
    tasks.shutdown().await.unwrap();
    assert!(matches!(log.append(bench.entry(1)).await, Err(Error::LogClosed)));
    assert_eq!(bench.ledger().await, (4, 4));
}

#[tokio::test]
async fn the_ledger_s_mark_follows_the_file_within_a_segment() {
    let bench = bench().await;
    let settings = UsageSettings {
        flush_every: Duration::from_millis(5),
        ..QUIET
    };
    let (log, tasks) = bench.open(settings).await.unwrap();
    for round in 1..=3 {
        log.append(bench.entry(round)).await.unwrap();
        let length = std::fs::metadata(newest(&bench.node())).unwrap().len() as i64;
        let mut mark = None;
        for _ in 0..500 {
            mark = bench
                .database
                .watermark("node-1")
                .await
                .unwrap()
                .map(|mark| mark.offset);
            if mark == Some(length) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(mark, Some(length), "{round}");
        assert_eq!(bench.ledger().await.0, round as usize);
    }
    tasks.shutdown().await.unwrap();
    assert_eq!(bench.ledger().await, (3, 6));
}

#[tokio::test]
async fn one_process_at_a_time_and_only_with_a_plain_name() {
    let bench = bench().await;
    let (_log, tasks) = bench.open(QUIET).await.unwrap();
    assert!(matches!(bench.open(QUIET).await, Err(Error::LogInUse(_))));
    tasks.shutdown().await.unwrap();
    for name in ["", "..", "a/b", ".hidden", "a b", &"n".repeat(65)] {
        let refused = UsageLog::open(&bench.usage(), name, bench.database.clone(), clock(), QUIET).await;
        assert!(matches!(refused, Err(Error::NodeName(_))), "{name}");
    }
}

#[tokio::test]
async fn units_that_no_ledger_holds_are_refused() {
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    assert!(log.append(bench.entry(u64::MAX)).await.is_err());
    let endless = UsageEntry {
        meter: "m".repeat(256),
        ..bench.entry(1)
    };
    assert!(log.append(endless).await.is_err());
    tasks.shutdown().await.unwrap();
    assert_eq!(bench.ledger().await, (0, 0));
}

/// A disk that can be told to fail, before or after the bytes have arrived.
struct Failing {
    file: Box<dyn Storage>,
    is_full: Arc<AtomicBool>,
    half: Arc<Mutex<usize>>,
}

impl Storage for Failing {
    fn append(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        if !self.is_full.load(Ordering::SeqCst) {
            return self.file.append(bytes, at);
        }
        let half = *self.half.lock().unwrap();
        self.file.append(&bytes[..half.min(bytes.len())], at)?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.file.cut(length)
    }
}

async fn open_on(bench: &Bench, replace: impl FnOnce(Box<dyn Storage>) -> Box<dyn Storage>) -> (UsageLog, UsageTasks) {
    let (mut writer, log) = prepare(&bench.usage(), "node-1", &bench.database, &clock(), &QUIET)
        .await
        .unwrap();
    let flusher = Flusher {
        folder: writer.folder.clone(),
        node: "node-1".to_owned(),
        database: bench.database.clone(),
        clock: clock(),
        log,
        every: QUIET.flush_every,
        every_records: QUIET.flush_records,
        entered: None,
        told: tokio::sync::watch::channel(super::flusher::Entered::now(0)).0,
    };
    writer.storage = replace(writer.storage);
    start(writer, flusher, clock()).unwrap()
}

#[tokio::test]
async fn a_full_disk_fails_appends_until_there_is_room_and_leaves_no_half_record() {
    let bench = bench().await;
    let (is_full, half) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(5)));
    let (full, bytes) = (Arc::clone(&is_full), Arc::clone(&half));
    let (log, tasks) = open_on(&bench, |file| {
        Box::new(Failing {
            file,
            is_full: full,
            half: bytes,
        })
    })
    .await;
    log.append(bench.entry(1)).await.unwrap();
    is_full.store(true, Ordering::SeqCst);
    for half_bytes in [0, 5, 50, usize::MAX] {
        *half.lock().unwrap() = half_bytes;
        let error = log.append(bench.entry(10)).await.unwrap_err();
        assert!(matches!(error, Error::NotRecorded(_)), "{error}");
    }
    let distress = UsageEntry {
        owed: true,
        ..bench.entry(100)
    };
    assert!(
        log.append(distress).await.is_err(),
        "its answer is released all the same, by the meter"
    );
    is_full.store(false, Ordering::SeqCst);
    log.append(bench.entry(1000)).await.unwrap();
    bench.die(log, tasks).await;
    let (_, tasks) = bench.open(QUIET).await.unwrap();
    tasks.shutdown().await.unwrap();
    assert_eq!(
        bench.ledger().await,
        (3, 1101),
        "what failed is not charged, what is owed is"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_systems_own_full_device_fails_appends() {
    let bench = bench().await;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (log, tasks) = open_on(&bench, |_| Box::new(full)).await;
    for _ in 0..2 {
        let error = log.append(bench.entry(1)).await.unwrap_err();
        assert!(error.to_string().contains("could not be written"), "{error}");
    }
    tasks.shutdown().await.unwrap();
    assert_eq!(bench.ledger().await, (0, 0));
}

#[tokio::test]
async fn a_ledger_that_fails_loses_nothing() {
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    log.append(bench.entry(5)).await.unwrap();
    bench.database.close().await;
    log.append(bench.entry(6)).await.unwrap();
    assert!(tasks.shutdown().await.is_err());
    let again = Bench {
        database: bench.home.open(bench.folder.path()).await,
        ..bench
    };
    let (_, tasks) = again.open(QUIET).await.unwrap();
    tasks.shutdown().await.unwrap();
    assert_eq!(again.ledger().await, (2, 11));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let bench = bench().await;
    let (log, tasks) = bench.open(QUIET).await.unwrap();
    let files: Vec<PathBuf> = std::fs::read_dir(bench.node())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2, "a segment and the lock: {files:?}");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    drop(log);
    tasks.shutdown().await.unwrap();
}

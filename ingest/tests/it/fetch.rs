//! The HTTP client against a server that misbehaves in every way that forecast servers were seen to.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use driftline_ingest::fetch::{
    Class, FetchError, FetchSettings, Fetcher, HostLimits, Looked, Proxying, Received, Text, Validator, Wanted,
};
use sha2::{Digest, Sha256};
use url::Url;

use crate::scripted_server::{Do, Server, broken_off, object, raw, whole};

const MIB: usize = 1 << 20;

fn settings() -> FetchSettings {
    FetchSettings {
        connect_timeout: Duration::from_secs(5),
        first_byte_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(30),
        attempts: 3,
        backoff_base: Duration::from_millis(1),
        backoff_cap: Duration::from_millis(5),
        per_host: HostLimits {
            requests_per_minute: 60_000,
            concurrent: 4,
            failures_to_rest: 100,
            ..HostLimits::default()
        },
        proxy: Proxying::Direct,
        ..FetchSettings::default()
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(settings()).unwrap()
}

/// Bytes that repeat nowhere and begin as GRIB does.
fn data(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    b"GRIB\0\0\0\x02".iter().copied().chain(noise).take(length).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn wanted(url: Url) -> Wanted {
    Wanted {
        url,
        ranges: Vec::new(),
        at_least_bytes: 1,
        settled_for: None,
        known: None,
    }
}

/// A folder and the file that is to come into being in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("step.grib2")
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    async fn fetch(&self, fetcher: &Fetcher, wanted: &Wanted) -> Result<Received, FetchError> {
        fetcher.to_file(wanted, &self.file(), &|_| ()).await
    }

    fn has(&self, expected: &[u8]) {
        assert!(std::fs::read(self.file()).unwrap() == expected, "the file differs");
        let names = ["step.grib2", "step.grib2.receipt"];
        assert_eq!(self.names(), names, "nothing unfinished is left");
    }
}

fn is_later(error: &FetchError) -> bool {
    matches!(error.class(), Class::Later { .. })
}

#[tokio::test]
async fn a_whole_object_comes_into_the_file_with_its_version_and_its_digest() {
    let body = data(3 * MIB + 17);
    let served = body.clone();
    let server = Server::start(move |_, asked| object(asked, &served, "\"v1\"")).await;
    let place = Place::new();
    let seen = AtomicU64::new(0);
    let progress = |bytes: u64| {
        assert!(seen.swap(bytes, Ordering::Relaxed) <= bytes, "progress never goes back");
    };
    let fetcher = fetcher();
    let received = fetcher
        .to_file(&wanted(server.url("gfs/f000")), &place.file(), &progress)
        .await
        .unwrap();
    place.has(&body);
    assert_eq!(
        (received.bytes, received.requests, received.resumed_from),
        (body.len() as u64, 1, 0)
    );
    assert_eq!(
        (received.sha256, received.validator.etag.as_deref()),
        (sha256(&body), Some("\"v1\""))
    );
    assert_eq!(seen.into_inner(), body.len() as u64);
    let asked = &server.asked()[0];
    assert!(asked.header("user-agent").unwrap().starts_with("driftline/"));
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
    let host = &fetcher.hosts()[0];
    assert_eq!(
        (host.requests, host.bytes, host.consecutive_failures),
        (1, body.len() as u64, 0)
    );
}

#[tokio::test]
async fn ranges_come_one_after_the_other_with_nothing_between_them() {
    let body = data(MIB);
    let served = body.clone();
    let server = Server::start(move |_, asked| object(asked, &served, "\"v1\"")).await;
    let place = Place::new();
    let ranges = [0..100, 150..300, 500_000..500_010, 400_000..400_001];
    let wish = Wanted {
        ranges: ranges.to_vec(),
        ..wanted(server.url("f"))
    };
    let received = place.fetch(&fetcher(), &wish).await.unwrap();
    let expected: Vec<u8> = ranges
        .iter()
        .flat_map(|range| body[range.start as usize..range.end as usize].to_vec())
        .collect();
    place.has(&expected);
    assert_eq!(
        received.ranges,
        [[0, 100], [150, 300], [500_000, 500_010], [400_000, 400_001]]
    );
    let asked: Vec<String> = server.ranges().into_iter().flatten().collect();
    assert_eq!(asked, ["bytes=0-299", "bytes=500000-500009", "bytes=400000-400000"]);
}

#[tokio::test]
async fn a_page_with_status_200_is_no_data_whatever_it_calls_itself() {
    let page = format!("<html>data file is not present{}</html>", " ".repeat(2000));
    for kind in ["text/html; charset=iso-8859-1", "application/octet-stream"] {
        for body in [page.as_str(), "{\"error\": \"busy\"}", "Service unavailable"] {
            let (kind, sent) = (format!("Content-Type: {kind}"), body.to_owned());
            let server = Server::start(move |_, _| whole("200 OK", &[&kind], sent.as_bytes())).await;
            let place = Place::new();
            let wish = Wanted {
                at_least_bytes: 100_000,
                ..wanted(server.url("f"))
            };
            let error = place.fetch(&fetcher(), &wish).await.unwrap_err();
            assert!(matches!(error, FetchError::NotData { .. }), "{error}");
            assert!(
                is_later(&error) && error.to_string().contains(&body[..10].escape_debug().to_string()),
                "{error}"
            );
            assert_eq!((place.names().len(), server.asked().len()), (0, 1));
        }
    }
}

#[tokio::test]
async fn a_page_in_the_middle_of_a_download_costs_none_of_what_came_before() {
    let body = data(3 * MIB);
    let served = body.clone();
    let server = Server::start(move |number, asked| match number {
        0 => broken_off(object(asked, &served, "\"v1\""), 2 * MIB),
        1 => whole("200 OK", &["Content-Type: text/html"], &vec![b'<'; 4 * MIB]),
        _ => object(asked, &served, "\"v1\""),
    })
    .await;
    let place = Place::new();
    let error = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap_err();
    assert!(matches!(error, FetchError::NotData { .. }), "{error}");
    let received = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap();
    assert_eq!(received.resumed_from, 2 * MIB as u64);
    place.has(&body);
}

#[tokio::test]
async fn a_storm_of_302_is_throttling_and_is_never_followed() {
    let server = Server::start(|_, asked| match asked.path.as_str() {
        "/f" => whole("302 Found", &["Location: /blocked.html"], b""),
        _ => whole("200 OK", &[], &data(1000)),
    })
    .await;
    let place = Place::new();
    let fetcher = fetcher();
    let error = place.fetch(&fetcher, &wanted(server.url("f"))).await.unwrap_err();
    assert!(matches!(error.class(), Class::Later { not_before: Some(_) }), "{error}");
    assert!(error.to_string().contains("throttles"), "{error}");
    assert_eq!(server.asked().len(), 3, "as many as there are attempts");
    assert!(server.asked().iter().all(|asked| asked.path == "/f"));
    assert_eq!((fetcher.hosts()[0].throttled, place.names().len()), (3, 0));
}

#[tokio::test]
async fn absent_aged_out_and_moved_are_told_apart_and_asked_for_once() {
    for (status, class) in [
        ("404 Not Found", Class::Absent),
        ("403 Forbidden", Class::AgedOut),
        ("301 Moved Permanently", Class::Refused),
        ("401 Unauthorized", Class::Refused),
        ("400 Bad Request", Class::Refused),
    ] {
        let server = Server::start(move |_, _| whole(status, &["Location: /elsewhere"], b"<html>")).await;
        let fetcher = fetcher();
        let url = server.url("f");
        let place = Place::new();
        let errors = [
            place.fetch(&fetcher, &wanted(url.clone())).await.unwrap_err(),
            fetcher.text(&url, 1000, None).await.unwrap_err(),
            fetcher.look(&url, None).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.class(), class, "{error}");
        }
        assert_eq!((server.asked().len(), place.names().len()), (3, 0));
        assert_eq!(fetcher.hosts()[0].consecutive_failures, 0, "the host is well");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_if_short_and_handed_on_if_long() {
    let body = data(1000);
    let served = body.clone();
    let server = Server::start(move |number, asked| match number {
        0 => whole("429 Too Many Requests", &["Retry-After: 1"], b""),
        1 => object(asked, &served, "\"v1\""),
        _ => whole("503 Service Unavailable", &["Retry-After: 600"], b""),
    })
    .await;
    let place = Place::new();
    let fetcher = fetcher();
    let begun = std::time::Instant::now();
    place.fetch(&fetcher, &wanted(server.url("f"))).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "came back too early");
    let error = place.fetch(&fetcher, &wanted(server.url("g"))).await.unwrap_err();
    let Class::Later {
        not_before: Some(not_before),
    } = error.class()
    else {
        unreachable!("{error}")
    };
    let ahead = not_before.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((595..=600).contains(&ahead), "{ahead} s");
    let error = fetcher.look(&server.url("h"), None).await.unwrap_err();
    assert!(matches!(error, FetchError::HostResting { .. }), "{error}");
    assert_eq!(server.asked().len(), 3, "the host is left alone as it wished");
}

#[tokio::test]
async fn a_server_that_hangs_stalls_or_drips_is_given_up_in_time() {
    let short = Duration::from_millis(100);
    let drip = || {
        let byte = [Do::Send(vec![0]), Do::Wait(Duration::from_millis(20))];
        std::iter::repeat_n(byte, 10_000).flatten()
    };
    let head = || raw("200 OK", &["Content-Length: 1000000", "ETag: \"v1\""], b"GRIB");
    // Each with one timeout that is short, so that none of the others can be met.
    let hangs = FetchSettings {
        first_byte_timeout: short,
        connect_timeout: short,
        ..settings()
    };
    let stalls = FetchSettings {
        stall_timeout: short,
        ..settings()
    };
    let drips = FetchSettings {
        total_timeout: Duration::from_secs(1),
        ..settings()
    };
    let behaviours: [(FetchSettings, Vec<Do>, &str); 3] = [
        (hangs, vec![Do::Hang], "did not answer"),
        (
            stalls,
            head().into_iter().chain([Do::Hang]).collect(),
            "sent nothing more",
        ),
        (drips, head().into_iter().chain(drip()).collect(), "still not finished"),
    ];
    for (settings, behaviour, words) in behaviours {
        let server = Server::start(move |_, _| behaviour.clone()).await;
        let place = Place::new();
        let fetcher = Fetcher::new(FetchSettings {
            attempts: 2,
            ..settings
        })
        .unwrap();
        let wish = wanted(server.url("f"));
        let error = tokio::time::timeout(Duration::from_secs(60), place.fetch(&fetcher, &wish))
            .await
            .unwrap()
            .unwrap_err();
        assert!(is_later(&error) && error.to_string().contains(words), "{error}");
        assert_eq!(server.asked().len(), 2);
        assert_eq!(fetcher.hosts()[0].failures["timeout"], 2);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_continued_with_exactly_the_missing_bytes() {
    let body = data(300_000);
    let served = body.clone();
    let server = Server::start(move |number, asked| {
        let answer = object(asked, &served, "\"v1\"");
        if number < 2 {
            broken_off(answer, 100_000)
        } else {
            answer
        }
    })
    .await;
    let place = Place::new();
    let received = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap();
    place.has(&body);
    assert_eq!((received.sha256, received.requests), (sha256(&body), 3));
    let ranges = server.ranges();
    assert_eq!(
        ranges,
        [None, Some("bytes=100000-".to_owned()), Some("bytes=200000-".to_owned())]
    );
    assert_eq!(server.asked()[1].header("if-range"), Some("\"v1\""));
}

#[tokio::test]
async fn without_an_entity_tag_the_time_of_change_is_the_condition() {
    let body = data(300_000);
    let served = body.clone();
    let changed = "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT";
    let server = Server::start(move |number, asked| match asked.range(served.len()) {
        None => broken_off(whole("200 OK", &[changed, "ETag: W/\"weak\""], &served), 1000),
        Some(range) => {
            assert_eq!(number, 1);
            let header = format!("Content-Range: bytes {}-{}/*", range.start, range.end - 1);
            whole("206 Partial Content", &[changed, &header], &served[range])
        }
    })
    .await;
    let place = Place::new();
    let received = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap();
    place.has(&body);
    assert_eq!(received.requests, 2);
    let condition = server.asked()[1].header("if-range").map(str::to_owned);
    assert_eq!(condition.as_deref(), Some("Mon, 01 Jan 2024 00:00:00 GMT"));
}

#[tokio::test]
async fn ranges_that_break_off_are_continued_within_the_range() {
    let body = data(MIB);
    let served = body.clone();
    let server = Server::start(move |number, asked| {
        let answer = object(asked, &served, "\"v1\"");
        if number == 1 { broken_off(answer, 5) } else { answer }
    })
    .await;
    let place = Place::new();
    let wish = Wanted {
        ranges: vec![0..50, 500_000..500_020],
        ..wanted(server.url("f"))
    };
    place.fetch(&fetcher(), &wish).await.unwrap();
    place.has(&[&body[..50], &body[500_000..500_020]].concat());
    let asked: Vec<String> = server.ranges().into_iter().flatten().collect();
    assert_eq!(asked, ["bytes=0-49", "bytes=500000-500019", "bytes=500005-500019"]);
}

#[tokio::test]
async fn a_download_whose_caller_vanished_is_continued_by_the_next_one() {
    let body = data(4 * MIB);
    let served = body.clone();
    let server = Server::start(move |number, asked| {
        let mut answer = object(asked, &served, "\"v1\"");
        if number == 0 {
            answer = broken_off(answer, 3 * MIB + 5);
            answer.push(Do::Hang);
        }
        answer
    })
    .await;
    let place = Arc::new(Place::new());
    let url = server.url("f?token=abc");
    let (first, vanishing) = (Arc::clone(&place), wanted(url.clone()));
    let seen = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&seen);
    let task = tokio::spawn(async move {
        let progress = move |bytes| told.store(bytes, Ordering::Relaxed);
        fetcher().to_file(&vanishing, &first.file(), &progress).await
    });
    while seen.load(Ordering::Relaxed) < 3 * MIB as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let record = std::fs::read_to_string(place.folder.path().join("step.grib2.part.json")).unwrap();
    assert!(!record.contains("abc"), "secrets are not stored: {record}");
    let received = place.fetch(&fetcher(), &wanted(url)).await.unwrap();
    place.has(&body);
    assert!(received.resumed_from >= 2 * MIB as u64, "{}", received.resumed_from);
    assert_eq!(server.ranges()[1], Some(format!("bytes={}-", received.resumed_from)));
    assert_eq!(received.url.query(), Some("token=redacted"));
}

#[tokio::test]
async fn an_object_that_changes_in_between_is_fetched_anew_and_never_mixed() {
    let (old, mut new) = (data(300_000), data(310_000));
    new[8..].reverse();
    let served = new.clone();
    let server = Server::start(move |number, asked| match number {
        0 => broken_off(object(asked, &old, "\"v1\""), 100_000),
        _ => object(asked, &served, "\"v2\""),
    })
    .await;
    let place = Place::new();
    let received = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap();
    place.has(&new);
    assert_eq!(received.validator.etag.as_deref(), Some("\"v2\""));
    assert_eq!(server.ranges(), [None, Some("bytes=100000-".to_owned()), None]);
}

#[tokio::test]
async fn an_object_that_never_stands_still_is_left_for_later() {
    let body = data(MIB);
    let server = Server::start(move |number, asked| object(asked, &body, &format!("\"v{number}\""))).await;
    let place = Place::new();
    let wish = Wanted {
        ranges: vec![0..50, 500_000..500_020],
        ..wanted(server.url("f"))
    };
    let error = place.fetch(&fetcher(), &wish).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Changed { .. }) && is_later(&error),
        "{error}"
    );
    assert_eq!(
        server.asked().len(),
        6,
        "begun three times, and each time the second range is of another version"
    );
}

#[tokio::test]
async fn a_total_that_changes_between_ranges_is_another_object() {
    let (old, mut new) = (data(MIB), data(MIB + 1));
    new[8..].reverse();
    let expected = [&new[..50], &new[500_000..500_020]].concat();
    // No version is told, only the length.
    let server = Server::start(move |number, asked| {
        let body = if number == 0 { &old } else { &new };
        let range = asked.range(body.len()).unwrap();
        let header = format!("Content-Range: bytes {}-{}/{}", range.start, range.end - 1, body.len());
        whole("206 Partial Content", &[&header], &body[range])
    })
    .await;
    let place = Place::new();
    let wish = Wanted {
        ranges: vec![0..50, 500_000..500_020],
        ..wanted(server.url("f"))
    };
    place.fetch(&fetcher(), &wish).await.unwrap();
    place.has(&expected);
}

/// A server that knows no ranges.
fn rangeless(body: &[u8]) -> Vec<Do> {
    whole("200 OK", &["ETag: \"v1\""], body)
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_read_through_if_the_object_is_small() {
    let body = data(300_000);
    let served = body.clone();
    let server = Server::start(move |number, _| match number {
        0 => broken_off(rangeless(&served), 100_010),
        _ => rangeless(&served),
    })
    .await;
    let place = Place::new();
    let wish = Wanted {
        ranges: vec![10..50, 100_000..100_020, 250_000..250_001],
        ..wanted(server.url("f"))
    };
    place.fetch(&fetcher(), &wish).await.unwrap();
    place.has(&[&body[10..50], &body[100_000..100_020], &body[250_000..250_001]].concat());
    assert_eq!(server.asked().len(), 2, "one stream serves all ranges");

    let stingy = Fetcher::new(FetchSettings {
        small_object_bytes: 299_999,
        ..settings()
    })
    .unwrap();
    let place = Place::new();
    let error = place.fetch(&stingy, &wish).await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::RangeIgnored {
                total: Some(300_000),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!((error.class(), place.names().len()), (Class::Refused, 0));
}

#[tokio::test]
async fn a_wrong_range_never_reaches_the_file() {
    for header in [
        "Content-Range: bytes 0-49/1000000",
        "Content-Range: bytes 100-150/1000000",
        "Content-Range: bytes 90-139/1000000",
        "Content-Range: octets 100-149/1000000",
        "X-No-Range: at all",
        "Content-Type: multipart/byteranges; boundary=x",
    ] {
        let server = Server::start(move |_, _| whole("206 Partial Content", &[header], &data(50))).await;
        let place = Place::new();
        let range = 100..150;
        let wish = Wanted {
            ranges: vec![range],
            ..wanted(server.url("f"))
        };
        let error = place.fetch(&fetcher(), &wish).await.unwrap_err();
        assert!(matches!(error, FetchError::WrongRange { .. }), "{header}: {error}");
        assert_eq!((error.class(), place.names().len()), (Class::Refused, 0));
    }
}

#[tokio::test]
async fn an_index_that_promises_more_than_there_is_is_found_out() {
    let ends_within = 300..400;
    let ends_before = 1000..1100;
    for range in [ends_within, ends_before] {
        let server = Server::start(|_, asked| object(asked, &data(350), "\"v1\"")).await;
        let place = Place::new();
        let wish = Wanted {
            ranges: vec![range],
            ..wanted(server.url("f"))
        };
        let error = place.fetch(&fetcher(), &wish).await.unwrap_err();
        assert!(
            matches!(error, FetchError::ShorterThanAsked { total: Some(350), .. }),
            "{error}"
        );
        assert_eq!(place.names().len(), 0);
    }
}

#[tokio::test]
async fn a_file_that_is_short_young_or_huge_is_not_taken() {
    let young = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let server = Server::start(move |_, asked| match asked.path.as_str() {
        "/empty" => whole("200 OK", &[], b""),
        "/short" => whole("200 OK", &[], &data(999)),
        "/young" => whole("200 OK", &[&format!("Last-Modified: {young}")], &data(1000)),
        "/huge" => raw("200 OK", &["Content-Length: 9000000000000"], &data(1000)),
        _ => raw("200 OK", &["Transfer-Encoding: chunked"], &chunked(&data(3000))),
    })
    .await;
    let small = Fetcher::new(FetchSettings {
        most_bytes: 2000,
        ..settings()
    })
    .unwrap();
    let place = Place::new();
    let fetch = async |path: &str| {
        let wish = Wanted {
            at_least_bytes: 1000,
            settled_for: Some(Duration::from_secs(180)),
            ..wanted(server.url(path))
        };
        place.fetch(&small, &wish).await.unwrap_err()
    };
    assert!(matches!(
        fetch("empty").await,
        FetchError::TooShort {
            bytes: 0,
            least: 1000,
            ..
        }
    ));
    assert!(matches!(fetch("short").await, FetchError::TooShort { bytes: 999, .. }));
    assert!(matches!(
        fetch("huge").await,
        FetchError::TooLong {
            bytes: 9_000_000_000_000,
            ..
        }
    ));
    assert!(matches!(fetch("endless").await, FetchError::TooLong { most: 2000, .. }));
    let error = fetch("young").await;
    let Class::Later {
        not_before: Some(not_before),
    } = error.class()
    else {
        unreachable!("{error}")
    };
    assert!((60..=180).contains(&not_before.duration_since(jiff::Timestamp::now()).as_secs()));
    assert_eq!((server.asked().len(), place.names().len()), (5, 0));
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let pieces = body
        .chunks(500)
        .map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    [pieces.collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec()].concat()
}

#[tokio::test]
async fn a_body_of_unannounced_length_must_end_properly() {
    let body = data(3000);
    let served = body.clone();
    let server = Server::start(move |number, _| {
        let sent = chunked(&served);
        let sent = if number == 0 { &sent[..1000] } else { &sent };
        raw("200 OK", &["Transfer-Encoding: chunked"], sent)
    })
    .await;
    let place = Place::new();
    let received = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap();
    place.has(&body);
    assert_eq!(
        (received.requests, server.ranges()),
        (2, vec![None, None]),
        "without a version it is begun anew"
    );
}

#[tokio::test]
async fn what_lies_there_of_something_else_is_not_built_upon() {
    let body = data(2 * MIB);
    let begin = async |place: &Place| {
        let served = body.clone();
        let server = Server::start(move |_, asked| broken_off(object(asked, &served, "\"v1\""), MIB + 9)).await;
        let once = Fetcher::new(FetchSettings {
            attempts: 1,
            ..settings()
        })
        .unwrap();
        place.fetch(&once, &wanted(server.url("old"))).await.unwrap_err();
        assert_eq!(place.names(), ["step.grib2.part", "step.grib2.part.json"]);
        server
    };
    let spoilers: [fn(&Path); 4] = [
        |_| (),
        |folder| std::fs::write(folder.join("step.grib2.part.json"), b"{\"garbage\": ").unwrap(),
        |folder| std::fs::write(folder.join("step.grib2.part"), data(100)).unwrap(),
        |folder| {
            let path = folder.join("step.grib2.part");
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[70_000] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        },
    ];
    for (number, spoil) in spoilers.iter().enumerate() {
        let place = Place::new();
        let old = begin(&place).await;
        spoil(place.folder.path());
        let served = body.clone();
        let server = Server::start(move |_, asked| object(asked, &served, "\"v1\"")).await;
        // The first one is spoilt by asking another server; the others are asked for at the same address.
        let url = if number == 0 { server.url("new") } else { old.url("old") };
        let fetched = place.fetch(&fetcher(), &wanted(url)).await;
        if number == 0 {
            assert_eq!(fetched.unwrap().resumed_from, 0);
            place.has(&body);
        } else {
            assert_eq!(old.ranges()[1], None, "case {number} begins anew");
        }
    }
}

#[tokio::test]
async fn two_who_fetch_into_the_same_file_do_not_mix() {
    let server = Server::start(|_, _| {
        let mut answer = raw("200 OK", &["Content-Length: 1000000"], &data(1000));
        answer.push(Do::Hang);
        answer
    })
    .await;
    let place = Arc::new(Place::new());
    let (first, wish) = (Arc::clone(&place), wanted(server.url("f")));
    let task = tokio::spawn(async move { first.fetch(&fetcher(), &wish).await });
    while server.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let error = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }) && is_later(&error), "{error}");
    assert_eq!(server.asked().len(), 1);
    task.abort();
}

#[tokio::test]
async fn a_full_disk_is_said_as_such_and_is_our_own_fault() {
    let server = Server::start(|_, asked| object(asked, &data(MIB), "\"v1\"")).await;
    let place = Place::new();
    std::os::unix::fs::symlink("/dev/full", place.folder.path().join("step.grib2.part")).unwrap();
    let error = place.fetch(&fetcher(), &wanted(server.url("f"))).await.unwrap_err();
    assert!(matches!(error, FetchError::DiskFull { .. }), "{error}");
    assert_eq!((error.class(), server.asked().len()), (Class::Local, 1));
    assert!(!place.file().exists());
}

#[tokio::test]
async fn texts_and_looks_spare_what_is_known() {
    let server = Server::start(|_, asked| object(asked, b"1:0:d=2024010100:UGRD:", "\"i1\"")).await;
    let fetcher = fetcher();
    let url = server.url("f.idx");
    let Text::New { body, validator } = fetcher.text(&url, 1000, None).await.unwrap() else {
        unreachable!()
    };
    assert_eq!(body, "1:0:d=2024010100:UGRD:");
    assert_eq!(
        fetcher.text(&url, 1000, Some(&validator)).await.unwrap(),
        Text::Unchanged
    );
    assert_eq!(fetcher.look(&url, Some(&validator)).await.unwrap(), Looked::Unchanged);
    let looked = fetcher.look(&url, None).await.unwrap();
    assert!(matches!(looked, Looked::There { bytes: Some(22), .. }), "{looked:?}");
    let methods: Vec<String> = server.asked().iter().map(|asked| asked.method.clone()).collect();
    assert_eq!(methods, ["GET", "GET", "HEAD", "HEAD"]);
    let error = fetcher.text(&url, 21, None).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLong { most: 21, .. }), "{error}");
    let place = Place::new();
    let wish = Wanted {
        known: Some(validator),
        ..wanted(url)
    };
    let error = place.fetch(&fetcher, &wish).await.unwrap_err();
    assert_eq!((error.class(), place.names().len()), (Class::Unchanged, 0));
}

#[tokio::test]
async fn a_server_without_conditions_or_head_is_understood_too() {
    let server = Server::start(|_, asked| match asked.method.as_str() {
        "HEAD" => whole("405 Method Not Allowed", &[], b""),
        _ => whole("200 OK", &["ETag: \"i1\""], b"text"),
    })
    .await;
    let known = Validator {
        etag: Some("\"i1\"".to_owned()),
        last_modified: None,
    };
    let fetcher = fetcher();
    let url = server.url("f");
    assert_eq!(fetcher.look(&url, Some(&known)).await.unwrap(), Looked::Unchanged);
    assert_eq!(fetcher.text(&url, 10, Some(&known)).await.unwrap(), Text::Unchanged);
    assert!(matches!(
        fetcher.look(&url, None).await.unwrap(),
        Looked::There { bytes: Some(4), .. }
    ));
}

#[tokio::test]
async fn a_host_that_keeps_failing_is_left_alone_and_probed_once_after_a_while() {
    let well = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&well);
    let server = Server::start(move |_, asked| match told.load(Ordering::Relaxed) {
        0 => whole("500 Internal Server Error", &[], b""),
        _ => object(asked, b"text", "\"t\""),
    })
    .await;
    let limits = HostLimits {
        failures_to_rest: 4,
        rest: Duration::from_secs(2),
        ..settings().per_host
    };
    let fetcher = Fetcher::new(FetchSettings {
        per_host: limits,
        ..settings()
    })
    .unwrap();
    let url = server.url("f");
    assert!(matches!(
        fetcher.text(&url, 10, None).await.unwrap_err(),
        FetchError::GaveUp { attempts: 3, .. }
    ));
    let error = fetcher.text(&url, 10, None).await.unwrap_err();
    assert!(
        matches!(error, FetchError::HostResting { .. }) && error.to_string().contains("500"),
        "{error}"
    );
    assert_eq!(server.asked().len(), 4);
    let host = &fetcher.hosts()[0];
    assert!(host.open_until.is_some() && host.consecutive_failures == 4, "{host:?}");
    assert_eq!(host.failures["unavailable"], 4);
    well.store(1, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(2050)).await;
    fetcher.text(&url, 10, None).await.unwrap();
    let host = &fetcher.hosts()[0];
    assert_eq!(
        (host.open_until, host.consecutive_failures, server.asked().len()),
        (None, 0, 5)
    );
}

#[tokio::test]
async fn no_more_requests_are_on_their_way_to_a_host_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, peak) = (Arc::clone(&now), Arc::clone(&most));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (counted, peak) = (Arc::clone(&counted), Arc::clone(&peak));
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                tokio::time::sleep(Duration::from_millis(30)).await;
                counted.fetch_sub(1, Ordering::SeqCst);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntext";
                let _ = stream.write_all(answer).await;
            });
        }
    });
    let limits = HostLimits {
        concurrent: 3,
        ..settings().per_host
    };
    let fetcher = Fetcher::new(FetchSettings {
        per_host: limits,
        ..settings()
    })
    .unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (fetcher, url) = (fetcher.clone(), url.clone());
            tokio::spawn(async move { fetcher.text(&url, 10, None).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at once");
}

#[tokio::test]
async fn many_tasks_together_keep_to_the_requests_per_minute() {
    let server = Server::start(|_, asked| object(asked, b"text", "\"t\"")).await;
    let limits = HostLimits {
        requests_per_minute: 1200,
        concurrent: 50,
        ..settings().per_host
    };
    let fetcher = Fetcher::new(FetchSettings {
        overrides: [(server.host(), limits)].into(),
        ..settings()
    })
    .unwrap();
    let begun = std::time::Instant::now();
    let tasks: Vec<_> = (0..140)
        .map(|_| {
            let (fetcher, url) = (fetcher.clone(), server.url("f"));
            tokio::spawn(async move { fetcher.look(&url, None).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // 120 at once, the others at 1080 a minute.
    assert!(
        begun.elapsed() >= Duration::from_millis(20 * 60_000 / 1080),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(server.asked().len(), 140);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_before_anything_is_sent() {
    let fetcher = fetcher();
    for address in ["file:///etc/passwd", "ftp://host/f"] {
        let error = fetcher.look(&Url::parse(address).unwrap(), None).await.unwrap_err();
        assert!(matches!(error, FetchError::Unaskable { .. }), "{error}");
        assert_eq!(error.class(), Class::Refused);
    }
    #[expect(clippy::reversed_empty_ranges, reason = "an index that makes no sense")]
    let senseless: [Range<u64>; 2] = [5..5, 9..3];
    for range in senseless {
        let wish = Wanted {
            ranges: vec![range],
            ..wanted(Url::parse("http://127.0.0.1:1/f").unwrap())
        };
        let error = Place::new().fetch(&fetcher, &wish).await.unwrap_err();
        assert!(matches!(error, FetchError::Unaskable { .. }), "{error}");
    }
    assert!(
        Fetcher::new(FetchSettings {
            attempts: 0,
            ..settings()
        })
        .is_err()
    );
}

#[tokio::test]
async fn a_host_that_nobody_answers_for_is_named_without_secrets() {
    let url = Url::parse("http://me:hidden@127.0.0.1:1/f?sig=hidden").unwrap();
    let error = fetcher().look(&url, None).await.unwrap_err();
    assert!(
        is_later(&error) && error.to_string().contains("127.0.0.1:1/f?sig=redacted"),
        "{error}"
    );
    let everything = format!("{error:?} {error}");
    assert!(!everything.contains("hidden"), "{everything}");
}

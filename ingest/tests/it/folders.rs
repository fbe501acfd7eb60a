//! Folders whose files are forcing, as an operator has them: of this machine and behind servers that are hostile, sloppy or
//! merely different.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use driftline_compute::Compute;
use driftline_ingest::fetch::{FetchSettings, Fetcher, HostLimits, Proxying};
use driftline_ingest::{FolderFeed, Report, Scheduler, Turn, Window, statuses};
use driftline_store::Store;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::classic::{Classic, Values};
use crate::scripted_server::{Asked, Server, raw, whole};

const NX: usize = 6;
const NY: usize = 5;
/// 2015-11-16T00:00:00Z, on which the crafted files count their hours.
const EPOCH_S: i64 = 1_447_632_000;

/// Wind at three hours of a run, each like the same hour of any other run.
fn wind(run_h: i64, first_h: i64) -> Vec<u8> {
    let axis = |first: f64, count: usize| Values::Double((0..count).map(|at| first + 0.5 * at as f64).collect());
    let hours = first_h..first_h + 3;
    let values = |sign: f32| {
        let nodes = hours
            .clone()
            .flat_map(|hour| (0..NX * NY).map(move |node| (hour, node)));
        Values::Float(
            nodes
                .map(|(hour, node)| sign * (5.0 + (hour % 24) as f32 * 0.3 + node as f32 * 0.1))
                .collect(),
        )
    };
    let since = "hours since 2015-11-16 00:00:00";
    Classic::default()
        .unlimited("time", 3)
        .dim("lat", NY as u32)
        .dim("lon", NX as u32)
        .dim("one", 1)
        .variable("lat", "lat", axis(60.0, NY))
        .with("units", "degrees_north")
        .variable("lon", "lon", axis(3.0, NX))
        .with("units", "degrees_east")
        .variable("reference", "one", Values::Double(vec![run_h as f64]))
        .with("standard_name", "forecast_reference_time")
        .with("units", since)
        .variable(
            "time",
            "time",
            Values::Double(hours.clone().map(|hour| hour as f64).collect()),
        )
        .with("units", since)
        .variable("u10", "time lat lon", values(1.0))
        .with("standard_name", "eastward_wind")
        .with("units", "m s-1")
        .variable("v10", "time lat lon", values(-1.0))
        .with("standard_name", "northward_wind")
        .with("units", "m s-1")
        .bytes()
}

/// A data directory, and one feed of a folder.
struct Station {
    data: TempDir,
    store: Store,
    compute: Compute,
    window: Window,
}

impl Station {
    async fn new() -> Self {
        let (data, compute) = (tempfile::tempdir().unwrap(), Compute::new(2).unwrap());
        let store = Store::open(data.path(), compute.clone()).await.unwrap();
        let hindcast = SignedDuration::from_hours(24 * 366 * 50);
        Self {
            data,
            store,
            compute,
            window: Window {
                hindcast,
                ..Window::default()
            },
        }
    }

    /// Uses what ends at this hour of the crafted files and later.
    fn oldest_h(&mut self, hour: i64) {
        let now_s = Timestamp::now().as_second();
        self.window.hindcast = SignedDuration::from_secs(now_s - EPOCH_S - hour * 3600 + 60);
    }

    /// One look, as every process has it that begins anew.
    async fn look(&self, location: &str) -> Turn {
        let fetcher = Fetcher::new(FetchSettings {
            attempts: 1,
            per_host: HostLimits {
                requests_per_minute: 60_000,
                ..HostLimits::default()
            },
            proxy: Proxying::Direct,
            ..FetchSettings::default()
        })
        .unwrap();
        let (store, compute) = (self.store.clone(), self.compute.clone());
        let scheduler = Scheduler::new(store, compute, fetcher, self.spool(), self.window);
        let scheduler = scheduler.with_folder(FolderFeed::new("own", location, None).unwrap());
        scheduler.run_once().await.remove(0).1
    }

    fn spool(&self) -> PathBuf {
        self.data.path().join("spool")
    }

    /// The folder of the spool that the files are in.
    fn spooled(&self) -> PathBuf {
        self.spool().join("own/19700101T000000Z")
    }

    async fn report(&self) -> Report {
        let mut all = statuses(&self.store, Vec::new(), &[("own", "")], Timestamp::now())
            .await
            .unwrap();
        all.remove(0).report.unwrap()
    }

    /// What an operator is told under a code.
    async fn told(&self, code: &str) -> Vec<String> {
        let problems = self.report().await.problems.into_iter();
        let of_code = problems.filter(|problem| problem.code == code);
        of_code.map(|problem| problem.message).collect()
    }

    /// Hours of the newest revision of a run.
    async fn hours(&self, run_h: i64) -> Vec<i64> {
        let catalog = self.store.catalog().await.unwrap();
        let run = driftline_domain::RunTime(Timestamp::from_second(EPOCH_S + run_h * 3600).unwrap());
        let Some(head) = catalog.head("own", run) else {
            return Vec::new();
        };
        let times = head.manifest.series[0].times.iter();
        times.map(|time| (time.0.as_second() - EPOCH_S) / 3600).collect()
    }
}

/// Puts a file that has not changed for an hour into a folder.
fn put(folder: &TempDir, name: &str, bytes: &[u8]) {
    put_dated(folder, name, bytes, SystemTime::now() - Duration::from_secs(3600));
}

fn put_dated(folder: &TempDir, name: &str, bytes: &[u8], at: SystemTime) {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_times(std::fs::FileTimes::new().set_modified(at)).unwrap();
}

fn at(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn not_found() -> Vec<crate::scripted_server::Do> {
    whole("404 Not Found", &[], b"")
}

#[tokio::test]
async fn no_name_of_a_listing_leads_out_of_the_spool() {
    let station = Station::new().await;
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("abs.nc");
    std::fs::write(&victim, "precious").unwrap();
    let absolute = victim.to_str().unwrap().replace('/', "%2F");
    let page = format!("<a href=\"..%2F..%2Fescaped.nc\">x</a><a href=\"{absolute}\">x</a><a href=\"good.nc\">x</a>");
    let server = Server::start(move |_, asked: &Asked| match asked.path.as_str() {
        "/files/" => whole("200 OK", &[], page.as_bytes()),
        _ => whole("200 OK", &[], &wind(0, 0)),
    })
    .await;
    let turn = station.look(server.url("files/").as_str()).await;
    assert_eq!(turn.published.len(), 1, "the other file is taken: {turn:?}");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    assert!(!station.spool().join("escaped.nc").exists() && !station.spool().join("own/escaped.nc").exists());
    let told = station.told("not_taken").await;
    assert!(
        told.len() == 1 && told[0].starts_with("2 files (the name '../../escaped.nc'"),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_files_of_a_server_on_this_machine_come_from_the_server() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "secret.nc", &wind(0, 0));
    let folder = format!("{}/", at(&files));
    let server = Server::start(move |_, asked: &Asked| {
        if asked.path == folder {
            return whole("200 OK", &[], b"<a href=\"secret.nc\">x</a>");
        }
        not_found()
    })
    .await;
    let here = server
        .url(&at(&files)[1..])
        .to_string()
        .replace("127.0.0.1", "localhost");
    let turn = station.look(&format!("{here}/")).await;
    assert!(turn.published.is_empty(), "the local disk was read: {turn:?}");
    let told = station.told("unreachable").await;
    assert!(told.len() == 1 && told[0].contains("404"), "{told:?}");
}

#[tokio::test]
async fn a_listing_that_dates_files_otherwise_than_their_server_costs_no_second_download() {
    let station = Station::new().await;
    let listed = Arc::new(Mutex::new("27-Jul-2025 18:42"));
    let said = Arc::clone(&listed);
    let server = Server::start(move |_, asked: &Asked| {
        let page = format!("<a href=\"a.nc\">a.nc</a>  {}   -", said.lock().unwrap());
        if asked.path == "/files/" {
            return whole("200 OK", &[], page.as_bytes());
        }
        let marks = ["ETag: \"one\"", "Last-Modified: Sun, 27 Jul 2025 18:42:31 GMT"];
        match asked.header("if-none-match") {
            Some("\"one\"") => raw("304 Not Modified", &marks, b""),
            _ => whole("200 OK", &marks, &wind(0, 0)),
        }
    })
    .await;
    let location = server.url("files/").to_string();
    let asked_for_file = || {
        server
            .asked()
            .iter()
            .filter(|asked| asked.path.ends_with("a.nc"))
            .count()
    };
    assert_eq!(station.look(&location).await.published.len(), 1);
    assert_eq!(station.look(&location).await, Turn::default());
    assert_eq!(asked_for_file(), 1, "the listing says what it said before");
    *listed.lock().unwrap() = "27-Jul-2025 18:43";
    assert_eq!(station.look(&location).await, Turn::default());
    assert_eq!(asked_for_file(), 2, "the server is asked whether it changed");
    assert_eq!(station.look(&location).await, Turn::default());
    assert_eq!(asked_for_file(), 2);
    assert_eq!(station.report().await.counters.parts, 1, "and sent it once");
}

#[tokio::test]
async fn an_unchanged_file_is_not_read_again_and_a_changed_one_is() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "a.nc", &wind(0, 0));
    put(&files, "page.nc", b"<html>no forcing</html>");
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    // Whoever opened it now would see that it is none.
    let spooled = station.spooled().join("a.nc");
    garble(&spooled);
    let turn = station.look(at(&files)).await;
    assert!(turn.published.is_empty(), "{turn:?}");
    let counters = station.report().await.counters;
    assert_eq!((counters.parts, counters.refused), (2, 1));
    assert_eq!(
        station.told("unreadable").await.len(),
        1,
        "still of the file that is none"
    );
    std::fs::remove_file(files.path().join("page.nc")).unwrap();
    // The run gets a file: its other ones are read, and the damage is seen and mended.
    put(&files, "b.nc", &wind(0, 3));
    assert!(station.look(at(&files)).await.failed);
    assert!(station.told("spool_damaged").await[0].starts_with("a.nc"));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    assert_eq!(station.hours(0).await, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_ends_nothing_but_itself() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, &format!("{}.nc", "a".repeat(245)), &wind(0, 0));
    put(&files, "b.nc", &wind(0, 0));
    put(&files, "c.nc", &wind(0, 3));
    // Its copy cannot be written.
    std::fs::create_dir_all(station.spooled().join("b.nc.part")).unwrap();
    let turn = station.look(at(&files)).await;
    assert_eq!(station.hours(0).await, [3, 4, 5], "{turn:?}");
    assert!(station.told("not_taken").await[0].contains("too long"));
    assert!(station.told("unreachable").await[0].starts_with("b.nc: cannot create"));
    std::fs::remove_dir(station.spooled().join("b.nc.part")).unwrap();
    station.look(at(&files)).await;
    assert_eq!(station.hours(0).await, [0, 1, 2, 3, 4, 5]);
}

/// Runs in a process of its own, which may have few files open.
#[tokio::test]
#[ignore = "a part of more_files_than_a_process_may_have_open"]
async fn more_files_than_this_process_may_have_open() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    for run in 0..80 {
        put(&files, &format!("{run}.nc"), &wind(run, run));
    }
    let turn = station.look(at(&files)).await;
    assert_eq!(
        (turn.published.len(), turn.failed),
        (80, false),
        "{:?}",
        station.report().await.problems
    );
}

#[test]
fn more_files_than_a_process_may_have_open() {
    let own = std::env::current_exe().unwrap();
    let script = "ulimit -n 64; exec \"$0\" --ignored --exact folders::more_files_than_this_process_may_have_open";
    let done = Command::new("sh").args(["-c", script]).arg(own).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_listing_that_leads_in_circles_or_never_ends_is_refused() {
    let station = Station::new().await;
    let page = |token: &str, keys: usize| {
        let more = format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>");
        let keys: String = (0..keys)
            .map(|key| format!("<Contents><Key>{token}{key}.nc</Key></Contents>"))
            .collect();
        format!("<ListBucketResult>{more}{keys}</ListBucketResult>")
    };
    let circle = Server::start(move |_, _| whole("200 OK", &[], page("same", 1).as_bytes())).await;
    assert!(station.look(circle.url("?list-type=2").as_str()).await.failed);
    let told = station.told("turn_failed").await;
    assert!(told[0].contains("leads back to a page before"), "{told:?}");
    assert_eq!(circle.asked().len(), 2);

    let endless =
        Server::start(move |number, _| whole("200 OK", &[], page(&number.to_string(), 40_000).as_bytes())).await;
    assert!(station.look(endless.url("?list-type=2").as_str()).await.failed);
    let told = station.told("turn_failed").await;
    assert!(told[1].contains("more than 100000 entries together"), "{told:?}");
    assert_eq!(endless.asked().len(), 3);
}

#[tokio::test]
async fn what_is_no_forcing_by_its_name_is_left_and_what_is_passed_over_is_told_in_one_line() {
    let (mut station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "README.md", b"# Our model");
    put(&files, ".a.nc.Xw3", b"half");
    for run in [0, 1, 48] {
        put(&files, &format!("run{run}.nc"), &wind(run, run));
    }
    std::os::unix::fs::symlink("run0.nc", files.path().join("latest.nc")).unwrap();
    station.oldest_h(24);
    let turn = station.look(at(&files)).await;
    assert_eq!(
        (turn.published.len(), turn.failed),
        (1, false),
        "{:?}",
        station.report().await
    );
    let told = station.told("link").await;
    assert!(told[0].starts_with("1 file (latest.nc) passed over"), "{told:?}");
    let told = station.told("older").await;
    assert!(
        told[0].starts_with("2 files (run0.nc, for one) of runs that have left"),
        "{told:?}"
    );
    assert!(
        !station.spooled().join("run0.nc").exists(),
        "what is not used takes no room"
    );
    // One more is old: the line changes, and there is still one. None is fetched again.
    station.oldest_h(96);
    assert_eq!(station.look(at(&files)).await, Turn::default());
    let told = station.told("older").await;
    assert!(told.len() == 1 && told[0].starts_with("3 files"), "{told:?}");
    assert_eq!(station.report().await.counters.parts, 3);
}

#[tokio::test]
async fn a_file_dated_ahead_of_the_clock_is_told_of_and_taken_once_it_has_not_changed() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    put_dated(&files, "a.nc", &wind(0, 0), tomorrow);
    assert_eq!(station.look(at(&files)).await, Turn::default());
    assert!(station.told("dated_ahead").await[0].starts_with("1 file (a.nc) dated ahead"));
    assert_eq!(
        station.look(at(&files)).await,
        Turn::default(),
        "half a minute has not passed"
    );
    seen_a_minute_earlier(&station);
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    // It changes, and is waited for again.
    put_dated(&files, "a.nc", &wind(0, 3), tomorrow + Duration::from_secs(1));
    assert_eq!(station.look(at(&files)).await, Turn::default());
}

/// Turns back what the look noted of when it saw a file first.
fn seen_a_minute_earlier(station: &Station) {
    let path = station.spooled().join(".notes.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("\"seen_at\":\"").unwrap();
    let (seen, after) = rest.split_once('"').unwrap();
    let earlier = seen.parse::<Timestamp>().unwrap() - SignedDuration::from_secs(60);
    std::fs::write(&path, format!("{before}\"seen_at\":\"{earlier}\"{after}")).unwrap();
}

#[tokio::test]
async fn a_run_goes_on_after_its_first_files_have_left_the_folder() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "f00.nc", &wind(0, 0));
    put(&files, "f03.nc", &wind(0, 3));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    std::fs::remove_file(files.path().join("f00.nc")).unwrap();
    assert_eq!(station.look(at(&files)).await, Turn::default(), "nothing is new");
    put(&files, "f06.nc", &wind(0, 6));
    let turn = station.look(at(&files)).await;
    assert_eq!(
        (turn.published.len(), turn.failed),
        (1, false),
        "{:?}",
        station.report().await.problems
    );
    assert_eq!(station.hours(0).await, [0, 1, 2, 3, 4, 5, 6, 7, 8]);

    // Without its bytes the run cannot go on, and somebody is told what to do.
    std::fs::remove_file(station.spooled().join("f00.nc")).unwrap();
    put(&files, "f09.nc", &wind(0, 9));
    assert!(station.look(at(&files)).await.failed);
    let told = station.told("cycle_refused").await;
    assert!(
        told[0].contains("f00.nc, which it was made from, is neither in the folder") && told[0].contains("put it back"),
        "{told:?}"
    );
    put(&files, "f00.nc", &wind(0, 0));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    assert_eq!(station.hours(0).await.len(), 12);
}

#[tokio::test]
async fn a_file_under_a_new_name_takes_the_place_of_the_one_that_is_gone() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "first.nc", &wind(0, 0));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    std::fs::remove_file(files.path().join("first.nc")).unwrap();
    put(&files, "second.nc", &wind(0, 0));
    put(&files, "more.nc", &wind(0, 3));
    let turn = station.look(at(&files)).await;
    assert_eq!(
        (turn.published.len(), turn.failed),
        (1, false),
        "{:?}",
        station.report().await.problems
    );
    assert_eq!(station.hours(0).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(station.look(at(&files)).await, Turn::default());
    assert!(!station.spooled().join("first.nc").exists());
}

#[tokio::test]
async fn a_run_that_ages_step_by_step_stays_whole() {
    let (mut station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "f00.nc", &wind(0, 0));
    put(&files, "f03.nc", &wind(0, 3));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    station.oldest_h(4);
    assert_eq!(
        station.look(at(&files)).await,
        Turn::default(),
        "{:?}",
        station.report().await.problems
    );
    put(&files, "f06.nc", &wind(0, 6));
    assert_eq!(station.look(at(&files)).await.published.len(), 1);
    assert_eq!(station.hours(0).await, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_run_that_is_refused_is_told_of_and_not_looked_at_again_until_it_changes() {
    let (station, files) = (Station::new().await, tempfile::tempdir().unwrap());
    put(&files, "a.nc", &wind(0, 0));
    put(&files, "b.nc", &wind(0, 1));
    assert!(station.look(at(&files)).await.failed);
    assert!(station.told("cycle_refused").await[0].contains("stands twice in a.nc, b.nc"));
    garble(&station.spooled().join("a.nc"));
    assert!(station.look(at(&files)).await.failed);
    assert_eq!(station.told("cycle_refused").await.len(), 1);
    assert!(station.told("spool_damaged").await.is_empty());
    std::fs::remove_file(files.path().join("a.nc")).unwrap();
    assert_eq!(
        station.look(at(&files)).await.published.len(),
        1,
        "without the other it stands once"
    );
}

fn garble(path: &Path) {
    let length = std::fs::metadata(path).unwrap().len();
    std::fs::write(path, vec![b'x'; usize::try_from(length).unwrap()]).unwrap();
}

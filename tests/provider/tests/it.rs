//! The fixture itself: what it serves fits together, and each fault does what it says.

use std::io::Read;
use std::time::Duration;

use driftline_provider::{Catalogue, Fault, Feed, Provider, Rule};
use jiff::Timestamp;
use serde_json::json;
use ureq::Agent;

const STEP: &str = "noaa-gfs-bdp-pds/gfs.20261120/06/atmos/gfs.t06z.pgrb2.0p25.f003";
const SIX: &str = "2026-11-20T06:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn gfs() -> Provider {
    Provider::start_blocking(Catalogue::empty().cycle(Feed::Gfs, at(SIX))).unwrap()
}

/// An answer, or the reason why there was none.
struct Got {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
    broken: bool,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

fn ask(provider: &Provider, path: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = agent().get(format!("{}/{path}", provider.base_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let Ok(answer) = request.call() else {
        return Got {
            status: 0,
            headers: http::HeaderMap::new(),
            body: Vec::new(),
            broken: true,
        };
    };
    let (head, body) = answer.into_parts();
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let mut reader = body.into_reader();
    let broken = loop {
        match reader.read(&mut piece) {
            Ok(0) => break false,
            Ok(read) => bytes.extend(&piece[..read]),
            Err(_) => break true,
        }
    };
    Got {
        status: head.status.as_u16(),
        headers: head.headers,
        body: bytes,
        broken,
    }
}

fn get(provider: &Provider, path: &str) -> Got {
    ask(provider, path, &[])
}

/// What comes after a fault was ordered for the step.
fn after(fault: Fault) -> (Provider, Got) {
    let provider = gfs();
    provider.fault(Rule::new(&format!("/{STEP}*"), fault));
    let got = get(&provider, STEP);
    (provider, got)
}

/// Offset of every message that an index names.
fn offsets(index: &str) -> Vec<usize> {
    let second = |line: &str| line.split(':').nth(1).unwrap().parse().unwrap();
    index.lines().map(second).collect()
}

#[test]
fn every_line_of_an_index_points_at_a_whole_message() {
    let catalogue = Catalogue::empty()
        .cycle(Feed::Gfs, at(SIX))
        .cycle(Feed::GfsWave, at(SIX));
    let provider = Provider::start_blocking(catalogue).unwrap();
    let wave = "noaa-gfs-bdp-pds/gfs.20261120/06/wave/gridded/gfswave.t06z.global.0p25.f003.grib2";
    for path in [STEP, wave] {
        let file = get(&provider, path).body;
        let mut starts = offsets(&get(&provider, &format!("{path}.idx")).text());
        starts.push(file.len());
        for pair in starts.windows(2) {
            let message = &file[pair[0]..pair[1]];
            assert!(
                message.starts_with(b"GRIB") && message.ends_with(b"7777"),
                "{path} {pair:?}"
            );
            assert_eq!(
                u64::from_be_bytes(message[8..16].try_into().unwrap()),
                message.len() as u64
            );
        }
    }
}

#[test]
fn the_index_of_ecmwf_points_at_whole_messages() {
    let provider = Provider::start_blocking(Catalogue::empty().cycle(Feed::Ecmwf, at(SIX))).unwrap();
    let stem = "ecmwf/forecasts/20261120/06z/ifs/0p25/oper/20261120060000-3h-oper-fc";
    let file = get(&provider, &format!("{stem}.grib2")).body;
    let index = get(&provider, &format!("{stem}.index")).text();
    assert!(index.contains(r#""param": "10u""#), "{index}");
    for line in index.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (offset, length) = (
            line["_offset"].as_u64().unwrap() as usize,
            line["_length"].as_u64().unwrap() as usize,
        );
        let message = &file[offset..offset + length];
        assert!(message.starts_with(b"GRIB") && message.ends_with(b"7777"), "{line}");
    }
    let old = Provider::start_blocking(Catalogue::empty().cycle(Feed::Ecmwf, at("2026-04-20T06:00:00Z"))).unwrap();
    let scda = "ecmwf-forecasts/20260420/06z/ifs/0p25/scda/20260420060000-0h-scda-fc.grib2";
    assert_eq!(
        get(&old, scda).status,
        200,
        "the stream had another name before 2026-05-12"
    );
}

#[test]
fn ranges_and_conditions_are_answered_as_http_says() {
    let provider = gfs();
    let whole = get(&provider, STEP);
    let tag = whole.header("etag").to_owned();
    let length = whole.body.len();
    for (range, from, to) in [
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, length),
        ("bytes=-4", length - 4, length),
    ] {
        let part = ask(&provider, STEP, &[("range", range)]);
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[from..to]), "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {from}-{}/{length}", to - 1)
        );
    }
    assert_eq!(ask(&provider, STEP, &[("range", "bytes=999999-")]).status, 416);
    assert_eq!(ask(&provider, STEP, &[("if-none-match", &tag)]).status, 304);
    assert_eq!(ask(&provider, STEP, &[("if-none-match", "\"other\"")]).status, 200);
    assert_eq!(
        ask(&provider, STEP, &[("range", "bytes=0-3"), ("if-range", &tag)]).status,
        206
    );
    assert_eq!(
        ask(&provider, STEP, &[("range", "bytes=0-3"), ("if-range", "\"other\"")]).status,
        200
    );
    let head = agent().head(format!("{}/{STEP}", provider.base_url())).call().unwrap();
    assert_eq!(head.headers()["content-length"], length.to_string());
    let seen = provider.requests();
    assert_eq!(
        (seen[1].range.as_deref(), seen[1].status, seen[1].bytes_sent),
        (Some("bytes=10-19"), 206, 10)
    );
}

/// Texts between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap())
        .collect()
}

#[test]
fn a_bucket_lists_all_of_a_cycle_in_pages_with_true_sizes() {
    let provider = gfs();
    let (mut keys, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("noaa-gfs-bdp-pds/?list-type=2&prefix=gfs.20261120/06/atmos/&max-keys=100{token}");
        let page = get(&provider, &path).text();
        keys.extend(between(&page, "<Key>", "</Key>").into_iter().map(str::to_owned));
        match between(&page, "<NextContinuationToken>", "</NextContinuationToken>").first() {
            Some(next) => token = format!("&continuation-token={next}"),
            None => break,
        }
    }
    assert_eq!(keys.len(), 2 * 209);
    assert!(keys.is_sorted());
    let page = get(
        &provider,
        "noaa-gfs-bdp-pds/?list-type=2&prefix=gfs.20261120/06/atmos/gfs.t06z.pgrb2.0p25.f003",
    )
    .text();
    let size: usize = between(&page, "<Size>", "</Size>")[0].parse().unwrap();
    assert_eq!(size, get(&provider, STEP).body.len());
    let folders = get(&provider, "noaa-gfs-bdp-pds/?list-type=2&delimiter=/").text();
    assert_eq!(between(&folders, "<Prefix>", "</Prefix>"), ["", "gfs.20261120/"]);
    assert!(
        get(&provider, "noaa-gfs-bdp-pds/gfs.20261120/nothing")
            .text()
            .contains("NoSuchKey")
    );
}

#[test]
fn withheld_steps_are_absent_until_they_are_released_and_a_stopped_cycle_goes_on_when_told() {
    let provider = gfs();
    provider.withhold(Feed::Gfs, at(SIX), 3);
    assert_eq!(get(&provider, STEP).status, 404);
    assert_eq!(get(&provider, &format!("{STEP}.idx")).status, 404);
    provider.release(Feed::Gfs, at(SIX), 3);
    assert_eq!(get(&provider, STEP).status, 200);
    provider.stop_after(Feed::Gfs, at(SIX), 2);
    assert_eq!(get(&provider, STEP).status, 404);
    provider.resume(Feed::Gfs, at(SIX));
    assert_eq!(get(&provider, STEP).status, 200);
}

#[test]
fn a_cycle_written_anew_has_other_bytes_of_the_same_length_and_another_tag() {
    let provider = gfs();
    let before = get(&provider, STEP);
    provider.reissue(Feed::Gfs, at(SIX));
    let after = get(&provider, STEP);
    assert_eq!(before.body.len(), after.body.len());
    assert_ne!(before.body, after.body);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_ne!(before.header("last-modified"), after.header("last-modified"));
}

#[test]
fn with_a_clock_the_files_of_a_cycle_appear_one_after_the_other() {
    let provider =
        Provider::start_blocking(Catalogue::empty().rolling(Feed::Gfs, jiff::SignedDuration::from_hours(24))).unwrap();
    let late = STEP.replace("f003", "f384");
    let seen = |now: &str| {
        provider.set_now(Some(at(now)));
        [STEP, late.as_str()].map(|path| get(&provider, path).status)
    };
    assert_eq!(seen("2026-11-20T09:30:00Z"), [404, 404]);
    assert_eq!(seen("2026-11-20T09:45:00Z"), [200, 404]);
    assert_eq!(seen("2026-11-20T11:05:00Z"), [200, 200]);
    assert_eq!(seen("2026-11-22T11:05:00Z"), [404, 404], "the oldest cycles go");
}

const MERGED: &str = "native/GLOBAL_ANALYSISFORECAST_PHY_001_024/cmems_mod_glo_phy_anfc_merged-uv_PT1H-i";

#[test]
fn cmems_keeps_the_newest_file_of_a_day_and_may_have_two_versions_of_a_dataset() {
    let (first, second) = (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"));
    let feed = Feed::CmemsCurrents;
    let catalogue = Catalogue::empty().cycle(feed, first).version(feed, "202211");
    let provider = Provider::start_blocking(catalogue).unwrap();
    let listed = || between_keys(&provider, "mdl-native-14", &format!("{MERGED}_"));
    let day = |run: &str, version: &str| format!("{MERGED}_{version}/2026/11/SMOC_20261122_R{run}.nc");
    assert!(listed().contains(&day("20261120", "202211")));
    provider.publish(feed, second);
    provider.add_version(feed, "202611");
    let now = listed();
    assert!(
        !now.contains(&day("20261120", "202211")),
        "the older file of the day is gone"
    );
    assert!(now.contains(&day("20261121", "202211")) && now.contains(&day("20261121", "202611")));
    // Days -1 to 9 of the newer bulletin and the one day that only the older has, in both versions.
    assert_eq!(now.len(), 2 * 12);
}

fn between_keys(provider: &Provider, bucket: &str, prefix: &str) -> Vec<String> {
    let page = get(provider, &format!("{bucket}/?list-type=2&prefix={prefix}")).text();
    between(&page, "<Key>", "</Key>")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[test]
fn thredds_lists_what_its_file_server_gives() {
    let midnight = at("2026-11-20T00:00:00Z");
    let catalogue = Catalogue::empty()
        .cycle(Feed::Norkyst, midnight)
        .cycle(Feed::Meps, midnight);
    let provider = Provider::start_blocking(catalogue).unwrap();
    let day = get(
        &provider,
        "thredds/catalog/fou-hi/norkystv3_his_files/2026/11/20/catalog.xml",
    )
    .text();
    let paths = between(&day, "urlPath=\"", "\"");
    assert_eq!(paths.len(), 6, "{day}");
    for path in paths {
        assert!(
            get(&provider, &format!("thredds/fileServer/{path}")).body.len() > 10_000,
            "{path}"
        );
    }
    let dated = "fou-hi/norkystv3_his_files/2026/11/20/norkyst800_his_zdepth_20261120T00Z_m00_FC_0002.nc";
    assert_eq!(get(&provider, &format!("thredds/fileServer/{dated}")).status, 200);
    let root = get(&provider, "thredds/catalog/meps25epsarchive/2026/11/20/catalog.xml").text();
    assert!(
        root.contains("meps_det_sfc_20261120T00Z.ncml") && root.contains("href=\"00/catalog.xml\""),
        "{root}"
    );
    let descriptor = get(
        &provider,
        "thredds/fileServer/meps25epsarchive/2026/11/20/meps_det_sfc_20261120T00Z.ncml",
    );
    assert!(descriptor.text().contains("joinExisting"));
    provider.publish(Feed::Norkyst, at("2026-11-21T00:00:00Z"));
    let day = get(
        &provider,
        "thredds/catalog/fou-hi/norkystv3_his_files/2026/11/20/catalog.xml",
    )
    .text();
    assert_eq!(between(&day, "urlPath=\"", "\"").len(), 1, "only the analysis stays");
}

#[test]
fn a_folder_is_served_as_a_bucket_and_as_a_web_page() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/forcing");
    let provider = Provider::start_blocking(Catalogue::empty().folder("cf", folder)).unwrap();
    let keys = between_keys(&provider, "plain/cf", "derived_");
    assert_eq!(
        keys,
        [
            "derived_latlon_current_16Nov2015.nc",
            "derived_latlon_wind_16Nov2015.nc"
        ]
    );
    let page = get(&provider, "plain/cf/").text();
    assert!(page.contains("<a href=\"derived_latlon_wind_16Nov2015.nc\">"), "{page}");
    let file = get(&provider, "plain/cf/derived_latlon_wind_16Nov2015.nc").body;
    assert_eq!(
        file,
        std::fs::read(format!("{folder}/derived_latlon_wind_16Nov2015.nc")).unwrap()
    );
}

const FILTER: &str = "nomads/cgi-bin/filter_gfs_0p25.pl?file=gfs.t06z.pgrb2.0p25.f003&lev_10_m_above_ground=on&var_UGRD=on&var_VGRD=on&leftlon=4&rightlon=5&toplat=61&bottomlat=60&dir=%2Fgfs.20261120%2F06%2Fatmos";

/// Columns and rows that the first message says.
fn grid(message: &[u8]) -> [u32; 2] {
    let three = 16 + 21;
    [30, 34].map(|at| u32::from_be_bytes(message[three + at..three + at + 4].try_into().unwrap()))
}

#[test]
fn the_filter_cuts_out_a_box_only_where_it_is_told_to_and_errs_with_status_200() {
    let provider = gfs();
    assert_eq!(grid(&get(&provider, FILTER).body), [11, 12]);
    let boxed = format!("{FILTER}&subregion=");
    assert_eq!(grid(&get(&provider, &boxed).body), [5, 5]);
    provider.fault(Rule::new("*cgi-bin*", Fault::IgnoredSubregion).once());
    assert_eq!(grid(&get(&provider, &boxed).body), [11, 12]);
    assert_eq!(grid(&get(&provider, &boxed).body), [5, 5]);
    let absent = get(&provider, &FILTER.replace("f003", "f999"));
    assert_eq!(
        (absent.status, absent.text().contains("data file is not present")),
        (200, true)
    );
}

#[test]
fn nomads_forbids_what_is_too_old_and_has_the_names_of_the_bucket() {
    let provider = gfs();
    let path = STEP.replace("noaa-gfs-bdp-pds/", "nomads/pub/data/nccf/com/gfs/prod/");
    provider.set_now(Some(at("2026-11-21T00:00:00Z")));
    assert_eq!(get(&provider, &path).body, get(&provider, STEP).body);
    provider.set_now(Some(at("2026-12-21T00:00:00Z")));
    assert_eq!(get(&provider, &path).status, 403);
}

#[test]
fn connections_break_stall_and_drip_as_ordered() {
    let whole = get(&gfs(), STEP).body;
    let (_p, cut) = after(Fault::TruncatedBody { after: 100 });
    assert_eq!(
        (cut.header("content-length"), cut.body.len(), cut.broken),
        (&*whole.len().to_string(), 100, true)
    );
    let (_p, reset) = after(Fault::Reset { after: 100 });
    assert!(reset.broken && reset.body.len() <= 100);
    let (_p, stalled) = after(Fault::Stall {
        after: 100,
        millis: 200,
    });
    assert!(stalled.broken && stalled.body.len() == 100);
    let (provider, hung) = after(Fault::Hang { millis: 200 });
    assert_eq!((hung.status, hung.broken, provider.requests()[0].status), (0, true, 0));
    let (_p, dripped) = after(Fault::Drip { bytes: 500, millis: 5 });
    assert_eq!((dripped.body, dripped.broken), (whole.clone(), false));
    let (_p, flipped) = after(Fault::FlippedBit { byte: 200 });
    let differing: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != flipped.body[*at]).collect();
    assert_eq!(differing, [200]);
}

#[test]
fn statuses_and_pages_come_instead_of_files() {
    let (_p, page) = after(Fault::HtmlPage);
    assert!(page.status == 200 && page.text().starts_with("<!DOCTYPE html>"));
    let (_p, empty) = after(Fault::EmptyBody);
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let (provider, redirected) = after(Fault::Redirect);
    assert_eq!((redirected.status, redirected.header("location")), (302, "/_busy"));
    assert!(get(&provider, "_busy").text().contains("<html>"));
    let (_p, many) = after(Fault::TooManyRequests { retry_after: 7 });
    assert_eq!((many.status, many.header("retry-after")), (429, "7"));
    for status in [403, 404, 500, 503] {
        let (_p, got) = after(Fault::Status { status });
        assert_eq!(got.status, status);
    }
}

#[test]
fn files_are_damaged_as_ordered_and_the_server_stands_by_them() {
    let good = gfs();
    let whole = get(&good, STEP).body;
    let (_p, short) = after(Fault::TruncatedFile { bytes: 700 });
    assert_eq!(
        (short.header("content-length"), &short.body[..], short.broken),
        ("700", &whole[..700], false)
    );
    let (_p, corrupt) = after(Fault::Corrupt);
    assert!(corrupt.body.len() == whole.len() && corrupt.body != whole);
    let (_p, other) = after(Fault::OtherStep { hours: 1 });
    assert_eq!(other.body, get(&good, &STEP.replace("f003", "f004")).body);
    let (_p, older) = after(Fault::OtherCycle { hours: 6 });
    good.publish(Feed::Gfs, at("2026-11-20T00:00:00Z"));
    let midnight = get(
        &good,
        &STEP.replace("20261120/06", "20261120/00").replace("t06z", "t00z"),
    );
    assert_eq!(older.body, midnight.body);
    let (_p, wide) = after(Fault::WrongGrid);
    assert!(wide.body.len() == whole.len() && wide.body != whole);
    let (provider, _) = after(Fault::RenamedVariable);
    assert!(
        get(&provider, &format!("{STEP}.idx"))
            .text()
            .contains(":UGRDX:10 m above ground:")
    );
    let (provider, _) = after(Fault::StaleIndex { by: 64 });
    let stale = offsets(&get(&provider, &format!("{STEP}.idx")).text());
    let right = offsets(&get(&good, &format!("{STEP}.idx")).text());
    assert_eq!((stale[0], stale[1]), (0, right[1] + 64));
}

#[test]
fn ranges_are_ignored_or_moved_as_ordered() {
    let range = [("range", "bytes=10-19")];
    let (provider, whole) = after(Fault::IgnoredRange);
    let got = ask(&provider, STEP, &range);
    assert_eq!((got.status, got.body), (200, whole.body.clone()));
    let (provider, _) = after(Fault::WrongContentRange { by: 5 });
    let got = ask(&provider, STEP, &range);
    assert_eq!((got.status, &got.body[..]), (206, &whole.body[15..25]));
    assert!(got.header("content-range").starts_with("bytes 15-24/"));
}

#[test]
fn a_file_that_is_still_being_written_grows_and_is_as_of_now() {
    let provider = gfs();
    let whole = get(&provider, STEP);
    provider.fault(Rule::new("*f003", Fault::StillUploading { share: 0.5, grows: 0.3 }));
    let sizes: Vec<usize> = (0..3).map(|_| get(&provider, STEP).body.len()).collect();
    assert!(
        sizes[0] < sizes[1] && sizes[1] < sizes[2] && sizes[2] == whole.body.len(),
        "{sizes:?}"
    );
    assert_ne!(
        get(&provider, STEP).header("last-modified"),
        whole.header("last-modified")
    );
}

#[test]
fn a_fault_befalls_as_many_requests_as_ordered_and_the_same_ones_each_time() {
    let provider = gfs();
    provider.fault(Rule::new("*f003", Fault::Status { status: 503 }).times(2).after(1));
    let seen: Vec<u16> = (0..5).map(|_| get(&provider, STEP).status).collect();
    assert_eq!(seen, [200, 503, 503, 200, 200]);
    assert_eq!(provider.faults().hits(), [2]);
    let chance = || {
        let provider = gfs();
        provider.fault(Rule::new("*", Fault::Status { status: 503 }).sometimes(0.5));
        (0..40).map(|_| get(&provider, STEP).status).collect::<Vec<u16>>()
    };
    let first = chance();
    let befell = first.iter().filter(|status| **status == 503).count();
    assert!((10..30).contains(&befell), "{befell}");
    assert_eq!(first, chance());
    provider.faults().clear();
    assert_eq!(get(&provider, STEP).status, 200);
}

#[test]
fn orders_are_taken_over_http_too() {
    let provider = gfs();
    let order = |order: serde_json::Value| {
        let answer = agent()
            .post(format!("{}/_control", provider.base_url()))
            .send(order.to_string());
        answer.unwrap().status().as_u16()
    };
    let rule = json!({"path": "*f003", "fault": "truncated-body", "after": 10, "times": 1});
    assert_eq!(order(json!({"do": "fault", "rule": rule})), 200);
    assert_eq!(get(&provider, STEP).body.len(), 10);
    assert_eq!(
        order(json!({"do": "withhold", "feed": "gfs", "run": SIX, "step": 3})),
        200
    );
    assert_eq!(get(&provider, STEP).status, 404);
    assert_eq!(order(json!({"do": "no-such-order"})), 400);
    let seen: serde_json::Value = serde_json::from_str(&get(&provider, "_control/requests").text()).unwrap();
    assert_eq!(seen.as_array().unwrap().len(), 2, "{seen:#}");
    assert_eq!(order(json!({"do": "forget-requests"})), 200);
    assert!(provider.requests().is_empty());
}

//! What is served fits together: files with their indexes, listings with files, answers with HTTP.

use driftline_provider::{Catalogue, Fault, Feed, Provider, Rule};

use crate::client::{SIX, STEP, agent, ask, at, between, get, gfs, offsets};

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

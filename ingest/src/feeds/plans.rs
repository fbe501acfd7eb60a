//! What the feeds plan at fixed dates, against the layouts as documented.

use driftline_domain::RunTime;
use url::Url;

use super::{Extent, FeedOverrides, Overrides, all, by_name};
use crate::feed::{Access, Listing, Listings, Part, Plan, PlanError, Server};

fn run(text: &str) -> RunTime {
    text.parse().unwrap()
}

fn parts(feed: &str, run: RunTime, listed: &Listings) -> Vec<Part> {
    match by_name(feed, &Overrides::default()).unwrap().plan(run, listed).unwrap() {
        Plan::Parts(parts) => parts,
        Plan::List(urls) => panic!("{urls:?}"),
    }
}

/// Objects of a part with their indexes, in order.
fn addresses(part: &Part) -> Vec<(String, Option<String>)> {
    let address = |access: &Access| match access {
        Access::Indexed { object, index, .. } => (object.to_string(), Some(index.to_string())),
        Access::Whole { object } => (object.to_string(), None),
        Access::Local { path } => panic!("{path:?}"),
    };
    part.places.iter().map(|place| address(&place.access)).collect()
}

/// Plans, answering each listing that is asked for; what the answers lack is absent.
fn plan_with(feed: &str, run: RunTime, answers: &[(&str, String)]) -> (Result<Vec<Part>, PlanError>, Vec<String>) {
    let feed = by_name(feed, &Overrides::default()).unwrap();
    let (mut listed, mut asked) = (Listings::new(), Vec::new());
    for _ in 0..20 {
        let urls = match feed.plan(run, &listed) {
            Ok(Plan::Parts(parts)) => return (Ok(parts), asked),
            Ok(Plan::List(urls)) => urls,
            Err(error) => return (Err(error), asked),
        };
        for url in urls {
            asked.push(url.to_string());
            let answer = answers.iter().find(|(known, _)| *known == url.as_str());
            let listing = answer.map_or(Listing::Absent, |(_, body)| Listing::Body(body.clone()));
            assert!(listed.insert(url, listing).is_none(), "asked for once");
        }
    }
    panic!("asks on and on: {asked:?}");
}

#[test]
fn every_feed_is_told_of_and_planned_consistently() {
    let names: Vec<&str> = all().iter().map(|about| about.name).collect();
    let expected = [
        "gfs-wind",
        "gfs-wave",
        "ecmwf-wind",
        "cmems-currents",
        "cmems-currents-daily",
        "cmems-waves",
        "norkyst",
        "meps",
        "arome",
        "rtofs",
    ];
    assert_eq!(names, expected);
    for about in all() {
        assert_eq!(driftline_store::feed_name_violation(about.name), None);
        let feed = by_name(about.name, &Overrides::default()).unwrap();
        let now = "2026-08-01T23:30:00Z".parse().unwrap();
        let runs = feed.runs("2026-07-30T00:00:00Z".parse().unwrap(), now);
        assert!(!runs.is_empty() && runs.is_sorted_by(|a, b| a > b), "{}", about.name);
        assert!(runs.iter().all(|run| now.duration_since(run.0) >= about.first_after));
        let times = feed.expected_times(runs[0]);
        assert!(times.is_sorted_by(|a, b| a < b), "{}", about.name);
        assert!(about.first_after <= about.complete_after && about.complete_after < about.given_up_after);
        let longest = runs.iter().filter_map(|run| {
            let last = feed.expected_times(*run).pop()?;
            Some(last.0.duration_since(run.0))
        });
        assert_eq!(longest.max(), Some(about.horizon), "{}", about.name);
    }
    assert!(by_name("gfs", &Overrides::default()).is_none());
}

#[test]
fn operators_are_told_of_every_feed_and_whom_to_credit() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/feeds.md");
    let text = std::fs::read_to_string(path).unwrap();
    for about in all() {
        assert!(text.contains(&format!("`{}`", about.name)), "{}", about.name);
        assert!(
            text.contains(about.attribution) && text.contains(about.licence),
            "{}",
            about.name
        );
        let disabled = text.contains(&format!("`{}` (disabled)", about.name));
        assert_eq!(disabled, about.disabled.is_some(), "{}", about.name);
        let places = super::places_of(about.name).unwrap();
        assert!(!places.is_empty() && places.iter().all(|place| text.contains(&format!("`{place}`"))));
    }
}

#[test]
fn gfs_wind_as_documented() {
    let parts = parts("gfs-wind", run("2024-01-31T18:00:00Z"), &Listings::new());
    assert_eq!(parts.len(), 209);
    assert_eq!(
        (
            parts[120].name.as_str(),
            parts[121].name.as_str(),
            parts[208].name.as_str()
        ),
        ("f120", "f123", "f384")
    );
    assert_eq!(parts[3].times[0].to_string(), "2024-01-31T21:00:00Z");
    let key = "gfs.20240131/18/atmos/gfs.t18z.pgrb2.0p25.f003";
    let with_index = |base: &str| (format!("{base}/{key}"), Some(format!("{base}/{key}.idx")));
    assert_eq!(
        addresses(&parts[3]),
        [
            with_index("https://noaa-gfs-bdp-pds.s3.amazonaws.com"),
            with_index("https://storage.googleapis.com/global-forecast-system"),
            with_index("https://nomads.ncep.noaa.gov/pub/data/nccf/com/gfs/prod"),
            (
                "https://nomads.ncep.noaa.gov/cgi-bin/filter_gfs_0p25_1hr.pl?file=gfs.t18z.pgrb2.0p25.f003\
                 &lev_10_m_above_ground=on&var_UGRD=on&var_VGRD=on&dir=%2Fgfs.20240131%2F18%2Fatmos"
                    .to_owned(),
                None
            ),
        ]
    );
    assert!(addresses(&parts[121])[3].0.contains("/filter_gfs_0p25.pl?"));
    let ages: Vec<Option<i64>> = parts[3]
        .places
        .iter()
        .map(|place| place.while_younger_than.map(|age| age.as_hours()))
        .collect();
    assert_eq!(ages, [None, None, Some(12), Some(12)]);
    let servers: Vec<Server> = parts[3].places.iter().map(|place| place.server).collect();
    assert_eq!(
        servers,
        [Server::Bucket, Server::Bucket, Server::Nomads, Server::Nomads]
    );
}

#[test]
fn gfs_wave_as_documented() {
    let parts = parts("gfs-wave", run("2024-06-19T00:00:00Z"), &Listings::new());
    assert_eq!(parts.len(), 209);
    let key = "gfs.20240619/00/wave/gridded/gfswave.t00z.global.0p25.f384.grib2";
    let places = addresses(&parts[208]);
    assert_eq!(places.len(), 3);
    assert_eq!(
        places[0],
        (
            format!("https://noaa-gfs-bdp-pds.s3.amazonaws.com/{key}"),
            Some(format!("https://noaa-gfs-bdp-pds.s3.amazonaws.com/{key}.idx"))
        )
    );
    let Access::Indexed { wanted, .. } = &parts[0].places[0].access else {
        panic!()
    };
    let wanted: Vec<(&str, &str)> = wanted.iter().map(|one| (one.parameter, one.level)).collect();
    assert_eq!(wanted, [("HTSGW", "surface"), ("DIRPW", "surface")]);
}

#[test]
fn ecmwf_wind_as_documented_with_either_name_of_the_stream() {
    let long = parts("ecmwf-wind", run("2024-02-29T12:00:00Z"), &Listings::new());
    assert_eq!((long.len(), long[84].name.as_str()), (85, "f360"));
    assert_eq!(long[49].times[0].to_string(), "2024-03-06T18:00:00Z", "step 150");
    let stem = "20240229/12z/ifs/0p25/oper/20240229120000-3h-oper-fc";
    assert_eq!(
        addresses(&long[1]),
        [
            "https://data.ecmwf.int/forecasts",
            "https://ecmwf-forecasts.s3.eu-central-1.amazonaws.com",
            "https://storage.googleapis.com/ecmwf-open-data"
        ]
        .map(|base| (format!("{base}/{stem}.grib2"), Some(format!("{base}/{stem}.index"))))
    );
    let streams = |time: &str| -> Vec<bool> {
        let parts = parts("ecmwf-wind", run(time), &Listings::new());
        assert_eq!(parts.len(), 49, "short run");
        addresses(&parts[0])
            .iter()
            .map(|(object, _)| object.contains("/oper/"))
            .collect()
    };
    assert_eq!(streams("2026-05-11T18:00:00Z"), [false, false, false, true, true, true]);
    assert_eq!(streams("2026-05-12T06:00:00Z"), [true, true, true, false, false, false]);
}

const MDL: &str = "https://s3.waw3-1.cloudferro.com/mdl-native-14";
const SMOC: &str = "native/GLOBAL_ANALYSISFORECAST_PHY_001_024/cmems_mod_glo_phy_anfc_merged-uv_PT1H-i_";

fn versions(stem: &str, versions: &[&str]) -> (String, String) {
    let folders = versions
        .iter()
        .map(|version| format!("<CommonPrefixes><Prefix>{stem}{version}/</Prefix></CommonPrefixes>"));
    let prefix = stem.replace('/', "%2F");
    (
        format!("{MDL}?list-type=2&prefix={prefix}&delimiter=%2F"),
        format!("<ListBucketResult>{}</ListBucketResult>", folders.collect::<String>()),
    )
}

fn month(stem: &str, version: &str, month: &str, names: &[String]) -> (String, String) {
    let folder = format!("{stem}{version}/{month}/");
    let keys = names
        .iter()
        .map(|name| format!("<Contents><Key>{folder}{name}</Key><Size>9</Size></Contents>"));
    (
        format!("{MDL}?list-type=2&prefix={}", folder.replace('/', "%2F")),
        format!("<ListBucketResult>{}</ListBucketResult>", keys.collect::<String>()),
    )
}

fn borrowed(answers: &[(String, String)]) -> Vec<(&str, String)> {
    answers.iter().map(|(url, body)| (url.as_str(), body.clone())).collect()
}

#[test]
fn smoc_is_taken_from_the_newest_version_that_has_the_run() {
    let day = |day: u32| format!("SMOC_202406{day:02}_R20240607.nc");
    let older: Vec<String> = (6..=16)
        .map(day)
        .chain(["SMOC_20240606_R20240606.nc".to_owned()])
        .collect();
    // The new version exists and has no file of this run yet.
    let answers = [
        versions(SMOC, &["202211", "202411"]),
        month(SMOC, "202411", "2024/06", &["SMOC_20240606_R20240614.nc".to_owned()]),
        month(SMOC, "202211", "2024/06", &older),
    ];
    let (parts, asked) = plan_with("cmems-currents", run("2024-06-07T00:00:00Z"), &borrowed(&answers));
    let parts = parts.unwrap();
    assert_eq!(
        asked,
        answers.iter().map(|(url, _)| url.clone()).collect::<Vec<_>>(),
        "newest first"
    );
    assert_eq!(parts.len(), 11);
    assert_eq!(
        addresses(&parts[0]),
        [(format!("{MDL}/{SMOC}202211/2024/06/SMOC_20240606_R20240607.nc"), None)]
    );
    assert_eq!(
        (parts[0].times.len(), parts[0].times[23].to_string()),
        (24, "2024-06-06T23:00:00Z".to_owned())
    );
    // Once it has, it is taken.
    let mut moved = answers.to_vec();
    moved[1] = month(SMOC, "202411", "2024/06", &older[..1]);
    let (parts, _) = plan_with("cmems-currents", run("2024-06-07T00:00:00Z"), &borrowed(&moved));
    assert!(addresses(&parts.unwrap()[0])[0].0.contains("_202411/"));
}

#[test]
fn days_that_a_smoc_run_lacks_are_no_parts_and_stay_expected() {
    let names: Vec<String> = [27, 28, 30]
        .iter()
        .map(|day| format!("SMOC_202401{day:02}_R20240128.nc"))
        .collect();
    let answers = [
        versions(SMOC, &["202211"]),
        month(SMOC, "202211", "2024/01", &names),
        month(SMOC, "202211", "2024/02", &["SMOC_20240203_R20240128.nc".to_owned()]),
    ];
    let time = run("2024-01-28T00:00:00Z");
    let (parts, _) = plan_with("cmems-currents", time, &borrowed(&answers));
    let days: Vec<String> = parts.unwrap().iter().map(|part| part.name.clone()).collect();
    assert_eq!(days, ["2024012700", "2024012800", "2024013000", "2024020300"]);
    let expected = by_name("cmems-currents", &Overrides::default())
        .unwrap()
        .expected_times(time);
    assert_eq!(
        (expected.len(), expected[0].to_string()),
        (264, "2024-01-27T00:00:00Z".to_owned())
    );
    // A run that nothing has appeared of yet is no error; a dataset that no version of is left is one.
    let (parts, _) = plan_with("cmems-currents", run("2024-01-29T00:00:00Z"), &borrowed(&answers));
    assert_eq!(parts, Ok(Vec::new()));
    let (parts, _) = plan_with("cmems-currents", time, &borrowed(&[versions(SMOC, &["beta"])]));
    assert!(matches!(parts, Err(PlanError::Vanished(text)) if text.contains("merged-uv")));
}

#[test]
fn a_listing_of_several_pages_is_read_to_its_end() {
    let (url, body) = month(SMOC, "202211", "2024/06", &["SMOC_20240606_R20240607.nc".to_owned()]);
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>a/b</NextContinuationToken></ListBucketResult>";
    let (_, second) = month(SMOC, "202211", "2024/06", &["SMOC_20240607_R20240607.nc".to_owned()]);
    let answers = [
        versions(SMOC, &["202211"]),
        (url.clone(), body.replace("</ListBucketResult>", more)),
        (format!("{url}&continuation-token=a%2Fb"), second),
    ];
    let (parts, asked) = plan_with("cmems-currents", run("2024-06-07T00:00:00Z"), &borrowed(&answers));
    assert_eq!((parts.unwrap().len(), asked.len()), (2, 3));
}

#[test]
fn an_error_page_in_place_of_a_listing_is_refused_by_its_address() {
    let (url, _) = versions(SMOC, &[]);
    let page = "<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>";
    let (parts, _) = plan_with(
        "cmems-currents",
        run("2024-06-07T00:00:00Z"),
        &[(&url, page.to_owned())],
    );
    let Err(PlanError::Listing { url: named, .. }) = parts else {
        panic!("{parts:?}")
    };
    assert_eq!(named.as_str(), url);
}

#[test]
fn cmems_waves_of_the_run_that_was_listed_on_2026_09_26() {
    let stem = "native/GLOBAL_ANALYSISFORECAST_WAV_001_027/cmems_mod_glo_wav_anfc_0.083deg_PT3H-i_";
    let name =
        |day: u32, hour: u32, month: u32| format!("mfwamglocep_2026{month:02}{day:02}{hour:02}_R20260925_12H.nc");
    let mut september: Vec<String> = (25..=30).flat_map(|day| [name(day, 0, 9), name(day, 12, 9)]).collect();
    september.insert(0, name(24, 12, 9));
    september.push("mfwamglocep_2026092400_R20260925_00H.nc".to_owned());
    let october: Vec<String> = (1..=4).flat_map(|day| [name(day, 0, 10), name(day, 12, 10)]).collect();
    let answers = [
        versions(stem, &["202411", "202311"]),
        month(stem, "202411", "2026/09", &september),
        month(stem, "202411", "2026/10", &october),
    ];
    let (parts, _) = plan_with("cmems-waves", run("2026-09-25T12:00:00Z"), &borrowed(&answers));
    let parts = parts.unwrap();
    assert_eq!(
        (parts.len(), parts[0].name.as_str(), parts[20].name.as_str()),
        (21, "2026092412", "2026100412")
    );
    let times = by_name("cmems-waves", &Overrides::default())
        .unwrap()
        .expected_times(run("2026-09-25T12:00:00Z"));
    assert_eq!(times.len(), 84);
    assert_eq!(
        times[83].to_string(),
        "2026-10-05T00:00:00Z",
        "the end of service of that day"
    );
}

#[test]
fn cmems_daily_files_of_any_mode() {
    let stem = "native/GLOBAL_ANALYSISFORECAST_PHY_001_024/cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m_";
    let names = [
        "glo12_rg_1d-m_20240606-20240606_3D-uovo_hcst_R20240607.nc",
        "glo12_rg_1d-m_20240607-20240607_3D-uovo_fcst_R20240607.nc",
        "glo12_rg_1d-m_20240608-20240608_2D_fcst_R20240607.nc",
        "glo12_rg_1d-m_20240609-20240609_3D-uovo_fcst_R20240606.nc",
    ];
    let answers = [
        versions(stem, &["202406"]),
        month(stem, "202406", "2024/06", &names.map(str::to_owned)),
    ];
    let (parts, _) = plan_with("cmems-currents-daily", run("2024-06-07T00:00:00Z"), &borrowed(&answers));
    let parts = parts.unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(
        parts[1].times[0].to_string(),
        "2024-06-07T12:00:00Z",
        "a mean stands at noon"
    );
}

const MET: &str = "https://thredds.met.no/thredds";

fn met_catalog(folder: &str, names: &[&str]) -> (String, String) {
    let datasets = names
        .iter()
        .map(|name| format!("<dataset name=\"{name}\" urlPath=\"{folder}/{name}\"/>"));
    (
        format!("{MET}/catalog/{folder}/catalog.xml"),
        format!(
            "<catalog xmlns:xlink=\"x\"><dataset>{}</dataset></catalog>",
            datasets.collect::<String>()
        ),
    )
}

#[test]
fn norkyst_as_its_day_folder_was_seen() {
    let folder = "fou-hi/norkystv3_his_files/2026/07/27";
    let names = [
        "norkyst800_his_zdepth_latest_m00_FC_0005.nc",
        "norkyst800_his_zdepth_latest_m00_FC_0001.nc",
        "norkyst160_his_zdepth_20260727T00Z_m70_AN.nc",
        "norkyst800_his_zdepth_20260727T00Z_m60_AN.nc",
        "norkyst800_his_zdepth_20260727T00Z_m00_AN.nc",
        "norkyst800_his_zdepth_20260727T00Z_m00_FC_0001.nc",
        "norkyst800_his_zdepth_20260726T00Z_m00_FC_0002.nc",
        "norkyst800_his_zdepth_latest_m00_FC_0009.nc",
    ];
    let answers = [met_catalog(folder, &names)];
    let (parts, asked) = plan_with("norkyst", run("2026-07-27T00:00:00Z"), &borrowed(&answers));
    let parts = parts.unwrap();
    assert_eq!(asked, [answers[0].0.clone()]);
    let told: Vec<(&str, usize)> = parts
        .iter()
        .map(|part| (part.name.as_str(), part.times.len()))
        .collect();
    assert_eq!(told, [("20260727", 24), ("20260728", 24), ("20260801", 1)]);
    assert_eq!(
        addresses(&parts[0]),
        [(
            format!("{MET}/fileServer/{folder}/norkyst800_his_zdepth_20260727T00Z_m00_AN.nc"),
            None
        )]
    );
    assert_eq!(parts[2].times[0].to_string(), "2026-08-01T00:00:00Z");
    let (parts, _) = plan_with("norkyst", run("2026-07-28T00:00:00Z"), &borrowed(&answers));
    assert_eq!(parts, Ok(Vec::new()), "a day folder that is not there yet");
}

#[test]
fn meps_in_each_of_its_layouts() {
    let time = run("2026-01-01T06:00:00Z");
    let day = "meps25epsarchive/2026/01/01";
    let now = met_catalog(
        day,
        &["meps_det_sfc_20260101T06Z.ncml", "meps_det_pl_20260101T06Z.ncml"],
    );
    let (parts, asked) = plan_with("meps", time, &borrowed(std::slice::from_ref(&now)));
    let parts = parts.unwrap();
    assert_eq!(asked.len(), 2, "the hour's catalog is asked for, and absent");
    assert_eq!(parts.len(), 67);
    let step = format!("{day}/06/member_00/meps_sfc_07_20260101T06Z.nc");
    assert_eq!(addresses(&parts[7]), [(format!("{MET}/fileServer/{step}"), None)]);
    assert_eq!(parts[7].times[0].to_string(), "2026-01-01T13:00:00Z");
    // A catalog that lists some of the steps is believed.
    let steps = [
        "meps_sfc_01_20260101T06Z.nc",
        "meps_sfc_00_20260101T06Z.nc",
        "meps_pl_02_20260101T06Z.nc",
    ];
    let hour = met_catalog(&format!("{day}/06/member_00"), &steps);
    let (parts, _) = plan_with("meps", time, &borrowed(&[now, hour]));
    let names: Vec<String> = parts.unwrap().into_iter().map(|part| part.name).collect();
    assert_eq!(names, ["f000", "f001"]);
    // One file a run, as it was.
    let old = met_catalog("meps25epsarchive/2023/01/01", &["meps_det_2_5km_20230101T00Z.nc"]);
    let (parts, _) = plan_with("meps", run("2023-01-01T00:00:00Z"), &borrowed(&[old]));
    let parts = parts.unwrap();
    assert_eq!((parts.len(), parts[0].times.len()), (1, 67));
    let names = addresses(&parts[0]);
    assert_eq!(
        names[0].0,
        format!("{MET}/fileServer/meps25epsarchive/2023/01/01/meps_det_2_5km_20230101T00Z.nc")
    );
    assert_eq!(
        names[1].0,
        format!("{MET}/fileServer/mepslatest/meps_det_2_5km_20230101T00Z.nc")
    );
}

#[test]
fn arome_arctic_has_no_members() {
    let day = "aromearcticarchive/2026/01/01";
    let answers = [
        met_catalog(day, &["arome_arctic_det_sfc_20260101T00Z.ncml"]),
        met_catalog(&format!("{day}/00"), &["arome_arctic_sfc_66_20260101T00Z.nc"]),
    ];
    let (parts, _) = plan_with("arome", run("2026-01-01T00:00:00Z"), &borrowed(&answers));
    let parts = parts.unwrap();
    assert_eq!((parts.len(), parts[0].name.as_str()), (1, "f066"));
    assert_eq!(
        addresses(&parts[0])[0].0,
        format!("{MET}/fileServer/{day}/00/arome_arctic_sfc_66_20260101T00Z.nc")
    );
}

#[test]
fn rtofs_ships_disabled_with_its_reason() {
    let about = all().into_iter().find(|about| about.name == "rtofs").unwrap();
    assert!(about.disabled.is_some_and(|reason| reason.contains("not verified")));
    let parts = parts("rtofs", run("2026-06-28T00:00:00Z"), &Listings::new());
    assert_eq!(parts.len(), 113);
    assert_eq!(
        addresses(&parts[24])[0].0,
        "https://nomads.ncep.noaa.gov/pub/data/nccf/com/rtofs/prod/rtofs.20260628/rtofs_glo_2ds_f024_prog.nc"
    );
}

#[test]
fn a_mirror_of_a_cut_binds_to_no_grid() {
    let mut overrides = Overrides {
        mirror: Some(Url::parse("http://127.0.0.1:9/m").unwrap()),
        ..Overrides::default()
    };
    let own = FeedOverrides {
        extent: Extent::Cut,
        ..FeedOverrides::default()
    };
    overrides.feeds.insert("cmems-currents".to_owned(), own);
    let feed = by_name("cmems-currents", &overrides).unwrap();
    assert_eq!(feed.about().fields[0].grid, None);
    let Plan::List(urls) = feed.plan(run("2024-06-07T00:00:00Z"), &Listings::new()).unwrap() else {
        panic!()
    };
    assert!(
        urls[0]
            .as_str()
            .starts_with("http://127.0.0.1:9/m/s3.waw3-1.cloudferro.com/mdl-native-14?list-type=2"),
        "{}",
        urls[0]
    );
    let whole = by_name("gfs-wind", &overrides).unwrap();
    assert!(whole.about().fields[0].grid.is_some());
}

//! Buoys as their importers see them: crafted files in every layout, and the real drifters that may lie beside the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::BBox;
use driftline_ingest::{
    BuoyFilter, BuoyKind, BuoyOrigin, CountedStates, Dropped, Error, ImportedBuoys, SkillSettings, State, buoy_tracks,
    import_buoys, read_buoys, skill,
};
use driftline_store::Store;

use crate::classic::{Classic, Values};
use crate::files_below;

/// Seconds of the first report of the crafted buoys.
const START: f64 = 1_700_000_000.0;

struct Importer {
    data: tempfile::TempDir,
    store: Store,
    compute: Compute,
    coast: Arc<Coast>,
}

impl Importer {
    async fn new(coast: Coast) -> Self {
        let (data, compute) = (tempfile::tempdir().unwrap(), Compute::new(2).unwrap());
        let store = Store::open(data.path(), compute.clone()).await.unwrap();
        let coast = Arc::new(coast);
        Self {
            data,
            store,
            compute,
            coast,
        }
    }

    async fn import(&self, path: &Path, dataset: &str, filter: &BuoyFilter) -> Result<ImportedBuoys, Error> {
        let origin = BuoyOrigin {
            dataset: Some(dataset.to_owned()),
            ..BuoyOrigin::default()
        };
        let paths = [path.to_owned()];
        let mut imported = import_buoys(&self.store, &self.compute, &self.coast, &paths, &origin, filter).await?;
        let one = imported.pop().unwrap();
        let tally = one.file.tally();
        assert_eq!(
            tally.read,
            tally.kept + tally.dropped.values().sum::<usize>(),
            "every report is accounted for"
        );
        Ok(one)
    }
}

fn drifting() -> BuoyFilter {
    BuoyFilter::of(BuoyKind::Drifting)
}

/// Half-hourly reports of two buoys in the open Atlantic, three and five of them, as (time, lon, lat) by buoy.
fn reports() -> [Vec<(f64, f64, f64)>; 2] {
    let of = |count: usize, lat: f64| {
        (0..count)
            .map(|at| (START + 1800.0 * at as f64, -30.0 + 0.01 * at as f64, lat))
            .collect()
    };
    [of(3, 40.0), of(5, 41.0)]
}

fn with_positions(file: Classic, dims: &str, of: impl Fn(usize) -> Vec<f64>) -> Classic {
    file.variable("time", dims, Values::Double(of(0)))
        .with("units", "seconds since 1970-01-01")
        .with("_FillValue", -1.0)
        .variable("longitude", dims, Values::Double(of(1)))
        .with("standard_name", "longitude")
        .with("_FillValue", -1.0)
        .variable("latitude", dims, Values::Double(of(2)))
        .with("standard_name", "latitude")
        .with("_FillValue", -1.0)
}

fn part(report: (f64, f64, f64), which: usize) -> f64 {
    [report.0, report.1, report.2][which]
}

/// The two buoys in each layout of CF chapter 9.
fn layouts() -> Vec<(&'static str, Classic)> {
    let names = || Values::Text("buoy-1buoy-2".to_owned());
    let base = || {
        Classic::default()
            .dim("trajectory", 2)
            .dim("obs", 5)
            .dim("row", 8)
            .dim("letters", 6)
            .variable("name", "trajectory letters", names())
            .with("cf_role", "trajectory_id")
            .global("creator_name", "Somebody")
    };
    let [short, long] = reports();
    let padded = |which: usize, buoys_first: bool| -> Vec<f64> {
        let at = |buoy: usize, obs: usize| {
            let track = if buoy == 0 { &short } else { &long };
            track.get(obs).map_or(-1.0, |report| part(*report, which))
        };
        if buoys_first {
            (0..10).map(|place| at(place / 5, place % 5)).collect()
        } else {
            (0..10).map(|place| at(place % 2, place / 2)).collect()
        }
    };
    let in_a_row: Vec<(f64, f64, f64)> = short.iter().chain(&long).copied().collect();
    // Every report names its buoy; those of the two take turns.
    let turns = [(1, 0), (0, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 3), (1, 4)];
    let mixed = |which: usize| -> Vec<f64> {
        let report = |&(buoy, at): &(usize, usize)| part(if buoy == 0 { short[at] } else { long[at] }, which);
        turns.iter().map(report).collect()
    };
    vec![
        (
            "rectangle",
            with_positions(base(), "trajectory obs", |which| padded(which, true)),
        ),
        (
            "turned rectangle",
            with_positions(base(), "obs trajectory", |which| padded(which, false)),
        ),
        (
            "contiguous",
            with_positions(base(), "row", |which| {
                in_a_row.iter().map(|report| part(*report, which)).collect()
            })
            .variable("rows", "trajectory", Values::Short(vec![3, 5]))
            .with("sample_dimension", "row"),
        ),
        (
            "indexed",
            with_positions(base(), "row", mixed)
                .variable(
                    "index",
                    "row",
                    Values::Short(turns.iter().map(|turn| turn.0 as i16).collect()),
                )
                .with("instance_dimension", "trajectory"),
        ),
    ]
}

#[tokio::test]
async fn two_buoys_come_out_the_same_from_every_layout_of_cf() {
    let importer = Importer::new(Coast::open_sea().unwrap()).await;
    for (layout, file) in layouts() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = layout.replace(' ', "-");
        let imported = importer.import(&file.write(&folder), &dataset, &drifting()).await;
        let imported = imported.unwrap_or_else(|error| panic!("{layout}: {error}"));
        assert_eq!(imported.file.attribution.as_deref(), Some("Somebody"), "{layout}");
        assert_eq!(imported.file.kind, BuoyKind::Drifting);
        let tracks = buoy_tracks(&importer.store, &dataset).await.unwrap();
        let names: Vec<&str> = tracks.iter().map(|track| track.platform.as_str()).collect();
        assert_eq!(names, ["buoy-1", "buoy-2"], "{layout}");
        for (track, reports) in tracks.iter().zip(reports()) {
            let found: Vec<_> = track
                .fixes
                .iter()
                .map(|fix| (fix.time.unix_s() as f64, fix.lon_deg, fix.lat_deg))
                .collect();
            assert_eq!(found, reports, "{layout}");
        }
    }
}

#[tokio::test]
async fn a_station_with_a_series_is_a_moored_buoy() {
    let importer = Importer::new(Coast::open_sea().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let times: Vec<f64> = (0..4).map(|hour| START + 3600.0 * f64::from(hour)).collect();
    let file = Classic::default()
        .dim("station", 2)
        .dim("time", 4)
        .variable("wmo", "station", Values::Short(vec![101, 102]))
        .with("cf_role", "timeseries_id")
        .variable("lon", "station", Values::Double(vec![-30.0, -31.0]))
        .with("units", "degrees_east")
        .variable("lat", "station", Values::Double(vec![40.0, 41.0]))
        .with("units", "degrees_north")
        .variable("time", "time", Values::Double(times))
        .with("units", "seconds since 1970-01-01");
    let imported = importer
        .import(&file.write(&folder), "moored", &drifting())
        .await
        .unwrap();
    assert_eq!(imported.file.kind, BuoyKind::Moored);
    assert_eq!(imported.file.tally().states, [(State::Moored, 8)].into());
    assert_eq!(imported.file.tracks[1].platform, "102");
    assert_eq!(imported.file.tracks[1].fixes[3].lon_deg, -31.0);
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn table() -> String {
    let row = |at: i64| {
        format!(
            "b,2023-11-14T{:02}:{:02}:00Z,40.0,{:.2}\n",
            at / 2,
            30 * (at % 2),
            -30.0 + 0.01 * at as f64
        )
    };
    let rows: String = (0..20).map(row).collect();
    format!("id,time,lat,lon\n{rows}")
}

#[tokio::test]
async fn the_same_file_again_writes_nothing_and_reads_back_as_it_was() {
    let importer = Importer::new(Coast::open_sea().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, "b.csv", &table());
    let first = importer.import(&path, "b", &drifting()).await.unwrap();
    assert!(first.is_new);
    let before = files_below(importer.data.path());
    let again = importer.import(&path, "b", &drifting()).await.unwrap();
    assert!(!again.is_new && again.stored == first.stored);
    assert_eq!(files_below(importer.data.path()), before);
    let bytes = importer.store.observations().read(&first.stored).await.unwrap();
    let file = read_buoys(bytes).unwrap();
    // NaN is not equal to itself.
    assert_eq!(format!("{file:?}"), format!("{:?}", first.file));
    // Filtered otherwise it is another file, and the later one counts.
    let boxed = BuoyFilter {
        bbox: Some(BBox::new(-29.95, 39.0, -29.0, 41.0).unwrap()),
        ..drifting()
    };
    assert!(importer.import(&path, "b", &boxed).await.unwrap().is_new);
    assert_eq!(buoy_tracks(&importer.store, "b").await.unwrap()[0].fixes.len(), 15);
    let error = buoy_tracks(&importer.store, "c").await.unwrap_err().to_string();
    assert!(error.contains("there is no data set 'c'; there are: b"), "{error}");
}

#[tokio::test]
async fn what_holds_no_usable_report_is_refused_with_the_reason_and_stores_nothing() {
    let importer = Importer::new(Coast::open_sea().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let far = BuoyFilter {
        bbox: Some(BBox::new(0.0, 50.0, 1.0, 51.0).unwrap()),
        ..drifting()
    };
    for (name, text, filter, words) in [
        (
            "page.csv",
            "<html>gone</html>",
            drifting(),
            "begins with '<html>gone</html>'",
        ),
        ("empty.csv", "", drifting(), "the file is empty"),
        ("rows.csv", "time,lat,lon\n", drifting(), "it holds no report"),
        (
            "far.csv",
            &table(),
            far,
            "none of its 20 reports is left: 20 outside_box",
        ),
        ("cut.nc", "CDF\u{1}", drifting(), "cut off"),
    ] {
        let error = importer
            .import(&written(&folder, name, text), "x", &filter)
            .await
            .unwrap_err();
        let said = error.to_string();
        assert!(
            error.is_refusal() && said.contains(words) && said.contains(name),
            "{said}"
        );
    }
    assert!(!importer.data.path().join("objects/observations").exists());
}

/// A file of real drifters, or a line that says what is not covered.
fn drifters(name: &str, not_covered: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/drifters")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("not covered, since ../shared/data/drifters/{name} is not there: {not_covered}");
    None
}

#[tokio::test]
async fn the_barents_pair_has_the_skill_that_is_published_for_it() {
    let Some(path) = drifters("barents_omb_2022.nc", "the published skill of real drifters") else {
        return;
    };
    let importer = Importer::new(Coast::embedded().unwrap()).await;
    let imported = importer.import(&path, "barents", &drifting()).await.unwrap();
    let tally = imported.file.tally();
    println!("{:?}", imported.file.platforms);
    assert_eq!(tally.read, 1027 + 2287, "padding is no report");
    assert_eq!(
        tally.dropped,
        [(Dropped::TooSoon, 10)].into(),
        "the reports a few seconds apart"
    );
    let tracks = buoy_tracks(&importer.store, "barents").await.unwrap();
    let fast = tracks.iter().flat_map(|track| track.fixes.windows(2)).filter(|pair| {
        let way_m =
            driftline_ingest::distance_m((pair[0].lon_deg, pair[0].lat_deg), (pair[1].lon_deg, pair[1].lat_deg));
        way_m / (pair[1].time.unix_s() - pair[0].time.unix_s()) as f64 > 5.0
    });
    assert_eq!(fast.count(), 0);
    let stranded: Vec<usize> = imported
        .file
        .platforms
        .values()
        .map(|one| one.states.get(&State::Stranded).copied().unwrap_or(0))
        .collect();
    assert!(
        stranded[0] > 300 && stranded[1] == 0,
        "one strands on Hopen: {stranded:?}"
    );
    let found = skill(&tracks[0], &tracks[1], &SkillSettings::default()).unwrap();
    println!("{found:?}");
    assert!((found.score - 0.832).abs() < 0.0005, "{found:?}");
    let adrift = SkillSettings {
        states: CountedStates::Drifting,
        max_gap_s: Some(10_800.0),
        ..SkillSettings::default()
    };
    println!(
        "only adrift, no gap bridged: {:?}",
        skill(&tracks[0], &tracks[1], &adrift)
    );
}

#[tokio::test]
async fn the_baltic_drifters_lose_what_is_not_drift() {
    let Some(path) = drifters(
        "baltic_geomar_2023_raw.csv",
        "raw tracks with days on a desk and a trip to Mallorca",
    ) else {
        return;
    };
    let importer = Importer::new(Coast::embedded().unwrap()).await;
    let baltic = BuoyFilter {
        bbox: Some(BBox::new(9.0, 53.5, 13.0, 56.0).unwrap()),
        ..drifting()
    };
    let imported = importer.import(&path, "baltic", &baltic).await.unwrap();
    let tally = imported.file.tally();
    println!("{tally:?}");
    for (platform, one) in &imported.file.platforms {
        println!("{platform}: {one:?}");
    }
    assert_eq!(tally.read, 19_513);
    assert_eq!(
        imported.file.platforms["297"].dropped,
        [(Dropped::OutsideBox, 15)].into(),
        "all of it is far away"
    );
    assert_eq!(tally.dropped[&Dropped::Duplicate], 7001);
    for platform in ["298", "299", "300", "301", "302", "303"] {
        let states = &imported.file.platforms[platform].states;
        assert!(
            states[&State::BeforeDeployment] > 10,
            "days on a desk in Kiel: {platform} {states:?}"
        );
        assert!(
            states[&State::Stranded] > 0 && states[&State::Drifting] > 700,
            "{platform} {states:?}"
        );
    }
}

#[tokio::test]
async fn the_north_sea_drifter_is_kept_whole() {
    let Some(path) = drifters("code_sldmb_northsea_20150610.csv", "a drifter without a name") else {
        return;
    };
    let importer = Importer::new(Coast::embedded().unwrap()).await;
    let imported = importer.import(&path, "northsea", &drifting()).await.unwrap();
    let tally = imported.file.tally();
    assert_eq!((tally.read, tally.kept, tally.segments), (47, 47, 1));
    assert_eq!(tally.states, [(State::Drifting, 47)].into());
    assert_eq!(imported.file.tracks[0].platform, "code-sldmb-northsea-20150610");
}

//! Documents of a real run, of one across the antimeridian, and of one with everything ashore.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::{MissionSpec, RunId};
use driftline_leeway::{Continue, Snapshot};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::view::Particles;
use super::*;
use crate::products::sample::{Run, label};
use crate::products::{
    AreaSettings, RasterGrid, Status, areas_and_probability, probability_tif, search_areas, stranding,
    stranding_geojson,
};
use crate::results::RunContext;
use crate::{Engine, ForcingOrigin};

fn spec(lat: f64, lon: f64, time: &str) -> MissionSpec {
    MissionSpec::from_json(&json!({
        "name": "Kutter \"Ål\" <1>, =2", "last_known_lat": lat, "last_known_lon": lon, "last_known_time": time,
        "object_type": "PIW-1", "forecast_hours": 6, "ensemble_size": 400
    }))
    .unwrap()
}

fn engine() -> Engine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/forcing");
    let files = ["norkyst800_subset_16Nov2015.nc", "arome_subset_16Nov2015.nc"].map(|name| folder.join(name));
    Engine {
        compute: Compute::new(2).unwrap(),
        coast: coast(),
        origin: ForcingOrigin::open_files(&files).unwrap(),
    }
}

#[tokio::test]
async fn a_stored_run_gives_the_same_bytes_as_one_in_memory() {
    // Near the coast, so that some strand.
    let spec = spec(60.25, 4.95, "2015-11-16T00:00:00Z");
    let engine = engine();
    let forecast = engine.forecast(&spec, 11, Arc::new(|_| Continue::Go)).await.unwrap();
    let products = Arc::new(engine.products(forecast).await.unwrap());
    let context = RunContext {
        mission: driftline_domain::MissionId::generate(),
        run: RunId::generate(),
        issued: Timestamp::now(),
    };
    let files = products.files(&context).unwrap();
    let content = |name: &str| {
        let found = files.iter().find(|(file, _)| file == name).unwrap();
        bytes::Bytes::from(found.1.clone())
    };
    let computed = RunView::of_products(&products, &context, Arc::clone(&engine.coast)).unwrap();
    assert!(
        !computed.arrivals().unwrap().is_empty(),
        "nothing strands: the test would not see it"
    );
    // The summary as it comes back from the database: text.
    let row = products.run_row(&context, Vec::new()).unwrap();
    let summary: Value = serde_json::from_str(&row.summary.to_string()).unwrap();
    let spec: MissionSpec = serde_json::from_str(&serde_json::to_string(&computed.spec).unwrap()).unwrap();
    for document in DOCUMENTS {
        let stored = StoredRun {
            mission: context.mission,
            run: context.run,
            spec: spec.clone(),
            summary: summary.clone(),
            areas: AREA_FILES.map(content).to_vec(),
            centroid: content(CENTROID_FILE),
            particles: document.reads_particles.then(|| content(PARTICLES_FILE)),
            besides: document
                .reads_besides
                .iter()
                .map(|name| (*name, content(name)))
                .collect(),
        };
        let made = (document.make)(&stored.open(Arc::clone(&engine.coast)).unwrap()).unwrap();
        let began = std::time::Instant::now();
        let again = (document.make)(&computed).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        assert!(made == again, "{} differs", document.name);
        println!("{}: {} bytes in {seconds:.3} s", document.name, made.len());
    }
}

fn coast() -> Arc<Coast> {
    static COAST: OnceLock<Arc<Coast>> = OnceLock::new();
    Arc::clone(COAST.get_or_init(|| Arc::new(Coast::embedded().unwrap())))
}

fn probability(clouds: &[crate::products::Cloud<'_>]) -> Vec<u8> {
    let grid = RasterGrid::around(clouds, 100.0);
    let settings = AreaSettings::default();
    let bands = clouds
        .iter()
        .map(|cloud| (cloud.time, areas_and_probability(cloud, &settings, &grid).unwrap().1));
    probability_tif(&grid, bands, &label()).unwrap()
}

fn shore(clouds: &[crate::products::Cloud<'_>]) -> Vec<u8> {
    stranding_geojson(&stranding(clouds, &[], &coast()).unwrap(), &label()).unwrap()
}

/// The run across the antimeridian, or another one.
fn view(run: &Run) -> RunView {
    let clouds = run.clouds();
    let sets = clouds
        .iter()
        .filter_map(|cloud| search_areas(cloud, &AreaSettings::default()).unwrap());
    let snapshot = |cloud: &crate::products::Cloud<'_>| Snapshot {
        time_s: cloud.time.unix_s(),
        lon_deg: cloud.lon_deg.to_vec(),
        lat_deg: cloud.lat_deg.to_vec(),
        status: cloud.status.to_vec(),
    };
    RunView {
        label: label(),
        spec: spec(-17.0, 179.7, "2015-11-16T06:00:00Z"),
        summary: json!({"particles": clouds[0].len(), "mode": "operational", "forcing": []}),
        areas: sets.collect(),
        coast: coast(),
        besides: vec![
            (PROBABILITY_FILE, probability(&clouds).into()),
            (STRANDING_FILE, shore(&clouds).into()),
        ],
        particles: Particles::Read(clouds.iter().map(snapshot).collect()),
    }
}

fn made(name: &str, view: &RunView) -> Vec<u8> {
    (document(name).unwrap().make)(view).unwrap()
}

/// Every pair `longitude,latitude` of the KML's coordinates, ring by ring.
fn coordinates(kml: &str) -> Vec<Vec<(f64, f64)>> {
    let lists = kml
        .split("<coordinates>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap());
    let pair = |text: &str| {
        let (lon, lat) = text.split_once(',').unwrap();
        (lon.parse().unwrap(), lat.parse().unwrap())
    };
    lists.map(|list| list.split(' ').map(pair).collect()).collect()
}

#[test]
fn nothing_crosses_the_antimeridian_within_a_line_or_ring() {
    let view = view(&Run::fiji());
    let kml = String::from_utf8(made("areas.kml", &view)).unwrap();
    let lists = coordinates(&kml);
    assert!(lists.len() > 20, "{}", lists.len());
    let on_both_sides = [true, false].map(|east| lists.iter().flatten().any(|(lon, _)| (*lon > 0.0) == east));
    assert_eq!(on_both_sides, [true, true]);
    for list in &lists {
        for pair in list.windows(2) {
            assert!((pair[0].0 - pair[1].0).abs() < 10.0, "{pair:?}");
        }
    }
    let gpx = String::from_utf8(made("areas.gpx", &view)).unwrap();
    for segment in gpx.split("<trkseg>").skip(1) {
        let lons = segment
            .split("lon=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse::<f64>().unwrap());
        let lons: Vec<f64> = lons.collect();
        assert!(lons.iter().all(|lon| (-180.0..180.0).contains(lon)));
        assert!(lons.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 10.0), "{lons:?}");
    }
    // The box of an area that lies on both sides has its western edge in the east.
    let mut view = view;
    view.areas.truncate(3);
    let text = String::from_utf8(made("summary.txt", &view)).unwrap();
    let corners: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  SW") || line.starts_with("  NE"))
        .collect();
    assert!(
        corners[0].contains('E') && corners[1].ends_with(')') && corners[1].contains('W'),
        "{text}"
    );
}

#[test]
fn the_text_is_short_and_seven_bit_however_long_the_names_are() {
    let mut view = view(&Run::fiji());
    view.spec.name = Some("Ål på gård ".repeat(18));
    let source = json!({"kind": "current", "feed": "a".repeat(64), "run": "2015-11-16T00:00:00Z", "share": 0.5});
    view.summary["forcing"] = json!([source, source, source]);
    view.label.attribution = vec!["Generated using E.U. Copernicus Marine Service Information; ".repeat(9)];
    let text = String::from_utf8(made("summary.txt", &view)).unwrap();
    assert!(text.len() <= 1_000 && text.is_ascii(), "{} bytes\n{text}", text.len());
    assert!(
        text.contains("50 PCT AREA") && text.contains("CENTRE +4.0H") && text.contains("CENTRE +3.0H"),
        "{text}"
    );
}

#[test]
fn a_run_with_everything_ashore_has_documents_too() {
    let view = view(&Run::of(5, 3, |_, _| 4.0, |_, _| 60.0, |_, _| Status::Stranded));
    assert!(view.areas.is_empty());
    for document in DOCUMENTS {
        assert!(!(document.make)(&view).unwrap().is_empty(), "{}", document.name);
    }
    let text = String::from_utf8(made("summary.txt", &view)).unwrap();
    assert!(
        text.contains("NOTHING ADRIFT") && text.contains("ASHORE 100.0 PCT"),
        "{text}"
    );
    let stranded = String::from_utf8(made("stranded.csv", &view)).unwrap();
    assert_eq!(stranded.lines().count(), 6);
}

#[test]
fn names_are_unique_and_lie_where_the_contract_says() {
    let mut names: Vec<&str> = DOCUMENTS.iter().map(|document| document.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DOCUMENTS.len());
    assert_eq!(crate::file_path("particles.nc"), "raw/particles.nc");
    assert_eq!(crate::file_path("areas.parquet"), "processed/areas.parquet");
    assert_eq!(crate::file_path("heatmap.png"), "visualizations/heatmap.png");
    assert_eq!(crate::file_path("report.pdf"), "report.pdf");
}

#[test]
fn what_is_not_said_to_read_particles_does_not() {
    let view = RunView {
        particles: Particles::NotLoaded,
        ..view(&Run::fiji())
    };
    for document in DOCUMENTS {
        let made = (document.make)(&view);
        assert_eq!(made.is_err(), document.reads_particles, "{}", document.name);
    }
}

#[test]
fn what_is_not_said_to_read_a_file_does_not() {
    let view = RunView {
        besides: Vec::new(),
        ..view(&Run::fiji())
    };
    for document in DOCUMENTS {
        let made = (document.make)(&view);
        assert_eq!(made.is_err(), !document.reads_besides.is_empty(), "{}", document.name);
    }
}

/// The document as it is made of a run whose question is this.
fn of_question(name: &str, body: &Value) -> Vec<u8> {
    let mut view = view(&Run::fiji());
    view.spec = MissionSpec::from_json(body).unwrap();
    made(name, &view)
}

/// Width and height by the header of a PNG (PNG, 11.2.2) or GIF (GIF89a, 18).
fn size(picture: &[u8]) -> (u32, u32) {
    if picture.starts_with(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
        return (number(16), number(20));
    }
    assert!(picture.starts_with(b"GIF89a"), "{:?}", &picture[..8]);
    let number = |at: usize| u32::from(u16::from_le_bytes([picture[at], picture[at + 1]]));
    (number(6), number(8))
}

#[test]
fn pictures_and_briefing_are_what_their_media_types_say() {
    let view = view(&Run::fiji());
    assert_eq!(size(&made("heatmap.png", &view)), (1200, 900));
    assert_eq!(size(&made("trajectories.png", &view)), (1200, 900));
    assert_eq!(size(&made("animation.gif", &view)), (840, 660));
    let briefing = made("report.pdf", &view);
    assert!(briefing.starts_with(b"%PDF-1.") && briefing.trim_ascii_end().ends_with(b"%%EOF"));
}

#[test]
fn the_heat_map_shows_the_raster_of_the_end() {
    let whole = view(&Run::fiji());
    let picture = made("heatmap.png", &whole);
    let mut other = view(&Run::fiji());
    // The same density at every time but the last: the picture may not change.
    let clouds = Run::fiji();
    let clouds = clouds.clouds();
    let grid = RasterGrid::around(&clouds, 100.0);
    let band = |at: usize| {
        areas_and_probability(&clouds[at], &AreaSettings::default(), &grid)
            .unwrap()
            .1
    };
    let stack = |order: [usize; 5]| {
        let bands = clouds.iter().zip(order).map(|(cloud, at)| (cloud.time, band(at)));
        probability_tif(&grid, bands, &label()).unwrap()
    };
    other.besides[0].1 = stack([1, 1, 1, 1, 4]).into();
    assert!(made("heatmap.png", &other) == picture);
    other.besides[0].1 = stack([0, 1, 2, 3, 3]).into();
    assert!(made("heatmap.png", &other) != picture);
}

#[test]
fn every_kind_of_release_can_be_drawn_and_told() {
    let (early, late) = ("2015-11-16T06:00:00Z", "2015-11-16T07:00:00Z");
    let place = |lat: f64, lon: f64| json!({"lat": lat, "lon": lon, "time": early, "radius_m": 900});
    let scenario = |release: Value| json!({"release": release, "object_type": "PIW-1"});
    let later = json!({"lat": -16.8, "lon": -179.9, "time": late});
    let ring = json!([[179.7, -17.1], [-179.9, -17.1], [-179.9, -16.9], [179.7, -17.1]]);
    let line = |lon: f64, bearing: f64| json!({"lat": -17.0, "lon": lon, "bearing_deg": bearing, "sigma_deg": 3, "range_m": 30_000});
    let releases = [
        json!({"point": place(-17.0, 179.9)}),
        json!({"cone": {"from": place(-17.0, 179.9), "to": later.clone()}}),
        json!({"track": {"legs": [{"lat": -17.0, "lon": 179.9}, later], "departure": [early, early], "radius_m": 500}}),
        json!({"polygon": {"coordinates": [ring], "times": [early, late]}}),
        json!({"bearings": {"lines": [line(179.8, 45.0), line(-179.95, 315.0)], "times": [early, late]}}),
    ];
    let plain = made("report.pdf", &view(&Run::fiji()));
    for direction in ["forward", "backtrack"] {
        for release in &releases {
            let body = json!({"forecast_hours": 6, "ensemble_size": 400,
                "config": {"direction": direction, "scenarios": [scenario(release.clone())]}});
            assert_eq!(size(&of_question("heatmap.png", &body)), (1200, 900), "{release}");
            assert!(of_question("report.pdf", &body) != plain);
        }
        let all: Vec<Value> = releases.iter().cloned().map(scenario).collect();
        let body = json!({"forecast_hours": 6, "ensemble_size": 400,
            "config": {"direction": direction, "scenarios": all}});
        assert_eq!(size(&of_question("trajectories.png", &body)), (1200, 900));
        assert!(of_question("report.pdf", &body) != plain);
        let mut asked = view(&Run::fiji());
        asked.spec = MissionSpec::from_json(&body).unwrap();
        let told = briefing_facts::scenarios(&asked);
        let words = [
            "deviation 0.49",
            "between 17°",
            "a voyage from 17°",
            "in an area around",
            "bearings 45° from",
        ];
        assert_eq!(told.len(), words.len());
        for (text, words) in told.iter().zip(words) {
            assert!(
                text.contains("(20.0") && text.contains("PIW-1") && text.contains(words),
                "{words}: {text}"
            );
        }
    }
}

//! Ingest as its callers see it: real currents from `tests/data/forcing` together with crafted wind that is refused.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and a line says what was not covered"
)]

#[path = "../../../store/decode/tests/it/classic.rs"]
mod classic;
mod fetch;
mod folders;
mod observations;
mod scripted_server;

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use classic::{Classic, Values};
use driftline_compute::Compute;
use driftline_domain::{BBox, ForcingKind, VectorField};
use driftline_ingest::{Error, FeedOrigin, Ingested, ingest_files};
use driftline_store::{Published, SeriesRef, Store};
use jiff::Timestamp;

const NX: usize = 6;
const NY: usize = 5;
const STEPS: usize = 3;

/// Currents of the run of 2015-11-16T00.
fn real_current() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/forcing/derived_latlon_current_16Nov2015.nc")
}

/// Wind of the same run; `of_step` gives the eastward component in m/s at a node.
fn wind(folder: &tempfile::TempDir, of_step: impl Fn(usize, usize) -> f32) -> PathBuf {
    let axis = |first: f64, count: usize| Values::Double((0..count).map(|at| first + 0.5 * at as f64).collect());
    let values = |sign: f32| {
        let nodes = (0..STEPS).flat_map(|step| (0..NX * NY).map(move |node| (step, node)));
        Values::Float(nodes.map(|(step, node)| sign * of_step(step, node)).collect())
    };
    let file = Classic::default()
        .unlimited("time", STEPS as u32)
        .dim("lat", NY as u32)
        .dim("lon", NX as u32)
        .variable("lat", "lat", axis(60.0, NY))
        .with("units", "degrees_north")
        .variable("lon", "lon", axis(3.0, NX))
        .with("units", "degrees_east")
        .variable(
            "time",
            "time",
            Values::Double((0..STEPS).map(|step| step as f64).collect()),
        )
        .with("units", "hours since 2015-11-16 00:00:00")
        .variable("u10", "time lat lon", values(1.0))
        .with("standard_name", "eastward_wind")
        .with("units", "m s-1")
        .variable("v10", "time lat lon", values(-1.0))
        .with("standard_name", "northward_wind")
        .with("units", "m s-1");
    file.write(folder)
}

/// Waves of the same run as CMEMS packs them: heights by node, directions that turn with the step.
fn waves(folder: &tempfile::TempDir, height_cm: impl Fn(usize, usize) -> i16) -> PathBuf {
    let axis = |first: f64, count: usize| Values::Double((0..count).map(|at| first + 0.5 * at as f64).collect());
    let of = |number: &dyn Fn(usize, usize) -> i16| {
        let nodes = (0..STEPS).flat_map(|step| (0..NX * NY).map(move |node| (step, node)));
        Values::Short(nodes.map(|(step, node)| number(step, node)).collect())
    };
    let file = Classic::default()
        .unlimited("time", STEPS as u32)
        .dim("latitude", NY as u32)
        .dim("longitude", NX as u32)
        .variable("latitude", "latitude", axis(60.0, NY))
        .with("units", "degrees_north")
        .variable("longitude", "longitude", axis(3.0, NX))
        .with("units", "degrees_east")
        .variable(
            "time",
            "time",
            Values::Double((0..STEPS).map(|step| 3.0 * step as f64).collect()),
        )
        .with("units", "hours since 2015-11-16 00:00:00")
        .variable("VHM0", "time latitude longitude", of(&height_cm))
        .with("standard_name", "sea_surface_wave_significant_height")
        .with("units", "m")
        .with("scale_factor", 0.01)
        .with("_FillValue", -32767_i16)
        .variable(
            "VMDR",
            "time latitude longitude",
            of(&|step, node| 100 * step as i16 + node as i16),
        )
        .with("standard_name", "sea_surface_wave_from_direction")
        .with("units", "degree")
        .with("scale_factor", 1.0)
        .with("_FillValue", -32767_i16);
    file.write(folder)
}

fn sound(step: usize, node: usize) -> f32 {
    5.0 + step as f32 + node as f32 * 0.1
}

async fn ingest(data: &Path, paths: &[PathBuf]) -> Result<Vec<Ingested>, Error> {
    let compute = Compute::new(2).unwrap();
    let store = Store::open(data, compute.clone()).await.unwrap();
    let origin = FeedOrigin {
        feed: Some("x".to_owned()),
        ..FeedOrigin::default()
    };
    ingest_files(&store, &compute, paths, &origin, Timestamp::now()).await
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn a_later_field_that_fails_quality_control_lets_nothing_be_stored() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bad = wind(&folder, |step, node| sound(step.min(1), node));
    let error = ingest(data.path(), &[real_current(), bad]).await.unwrap_err();
    assert!(matches!(error, Error::Quality { .. }), "{error}");
    assert!(error.to_string().contains("wind"), "{error}");
    let forcing = data.path().join("objects/forcing");
    assert!(
        !forcing.exists(),
        "quality is looked at before anything is stored: {:?}",
        files_below(&forcing)
    );
}

#[tokio::test]
async fn a_cycle_that_the_store_refuses_leaves_nothing_behind() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let good = wind(&folder, sound);
    let ingested = ingest(data.path(), &[real_current(), good]).await.unwrap();
    let [
        Ingested {
            published: Published::New(cycle),
            ..
        },
    ] = ingested.as_slice()
    else {
        panic!("{ingested:?}")
    };
    assert_eq!(cycle.manifest.series.len(), 2);
    let before = files_below(data.path());
    // Without its wind the cycle would take back what missions could rely on.
    let error = ingest(data.path(), &[real_current()]).await.unwrap_err();
    assert!(error.is_refusal() && error.to_string().contains("lacks"), "{error}");
    assert_eq!(files_below(data.path()), before);
}

#[tokio::test]
async fn waves_are_published_as_height_and_direction_and_refused_when_stuck() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let good = waves(&folder, |step, node| 150 + 10 * step as i16 + node as i16);
    let ingested = ingest(data.path(), &[good]).await.unwrap();
    let Published::New(cycle) = &ingested[0].published else {
        panic!("{ingested:?}")
    };
    let manifest = &cycle.manifest;
    let [entry] = manifest.series.as_slice() else {
        panic!("{:?}", manifest.series)
    };
    assert_eq!(
        (entry.kind, entry.group.as_str(), entry.level.as_str()),
        (ForcingKind::Waves, "waves", "sea surface")
    );
    assert_eq!(entry.source_variables, ["VHM0", "VMDR"]);
    assert_eq!(manifest.schema, 3, "programs that do not know its layout must say so");
    let arrays = ["waves/wave_height/zarr.json", "waves/wave_direction/zarr.json"];
    for array in arrays {
        assert!(manifest.objects.iter().any(|object| object.path == array), "{array}");
    }
    let store = Store::open(data.path(), Compute::new(2).unwrap()).await.unwrap();
    store.verify(cycle).await.unwrap();
    let world = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let series = SeriesRef {
        cycle: std::sync::Arc::clone(cycle),
        index: 0,
    };
    let slab = store.slab(&series, &world, 2, 0.0).await.unwrap().unwrap();
    // 1.72 m from 202 degrees at node 2 of the last step: towards 22 degrees.
    let (height_m, to_deg) = VectorField::wave_height_and_direction(slab.field.east[2], slab.field.north[2]);
    assert!(
        (height_m - 1.72).abs() < 1e-5 && (to_deg - 22.0).abs() < 1e-3,
        "{height_m} {to_deg}"
    );

    let too_high = waves(&folder, |_, node| if node == 7 { 3100 } else { 150 });
    let error = ingest(data.path(), &[too_high]).await.unwrap_err();
    assert!(
        error.is_refusal() && error.to_string().contains("'VHM0' holds 31 m"),
        "{error}"
    );
    let flat = waves(&folder, |_, _| 0);
    let error = ingest(data.path(), &[flat]).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("waves at 2015-11-16T00:00:00Z is zero everywhere"),
        "{error}"
    );
}

#[tokio::test]
async fn an_ingest_removes_what_a_killed_one_left_a_day_ago_and_keeps_what_is_published() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let published = ingest(data.path(), &[real_current()]).await.unwrap();
    let Published::New(cycle) = &published[0].published else {
        panic!("new")
    };
    let named = data.path().join("objects").join(&cycle.manifest.prefix);
    let killed = named.with_file_name("0123456789abcdef0123456789abcdef");
    std::fs::create_dir(&killed).unwrap();
    std::fs::write(killed.join("zarr.json"), "{}").unwrap();
    for path in files_below(&data.path().join("objects/forcing")) {
        let modified = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(90_000));
        File::open(path).unwrap().set_times(modified).unwrap();
    }
    // Even an ingest that is refused makes room.
    let nothing = folder.path().join("absent.nc");
    ingest(data.path(), &[nothing]).await.unwrap_err();
    assert!(!killed.exists());
    let compute = Compute::new(2).unwrap();
    Store::open(data.path(), compute)
        .await
        .unwrap()
        .verify(cycle)
        .await
        .unwrap();
}

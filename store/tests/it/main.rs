//! The store as its users see it: publish, read back, correct, damage.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod chunks;
mod damage;
mod faulty;
mod maps;
mod orphans;
mod positions;
mod remote;
mod retention;

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::{BBox, Composition, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime, VectorField};
use driftline_store::{Cycle, CycleIdentity, Error, Horizon, NewSeries, Published, SourceFile, Store};
use jiff::Timestamp;

const STEPS: usize = 30;

fn globe() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 720,
        ny: 130,
        lon0_deg: -180.0,
        lat0_deg: -32.5,
        dlon_deg: 0.5,
        dlat_deg: 0.5,
    })
}

fn times(count: usize) -> Vec<ValidTime> {
    (0..count)
        .map(|hour| ValidTime::from_unix_s(1_447_632_000 + 3600 * hour as i64).unwrap())
        .collect()
}

/// A value that tells step and node; every 17th node is missing.
fn value(step: usize, node: usize) -> f32 {
    if node.is_multiple_of(17) {
        f32::NAN
    } else {
        (step as f32) * 0.1 + (node % 1000) as f32 * 0.001
    }
}

fn field(step: usize, grid: &GridSpec) -> VectorField {
    let east: Vec<f32> = (0..grid.len()).map(|node| value(step, node)).collect();
    let north = east.iter().map(|value| -value).collect();
    VectorField { east, north }
}

fn series(grid: GridSpec, times: Vec<ValidTime>) -> NewSeries {
    let step_sources = vec![vec![0]; times.len()];
    NewSeries {
        group: "current".to_owned(),
        kind: ForcingKind::Current,
        grid,
        times,
        composition: Composition::Unstated,
        level: "0 m".to_owned(),
        source_variables: ["u".to_owned(), "v".to_owned()],
        attribution: None,
        step_sources,
    }
}

fn identity(source: &str) -> CycleIdentity {
    let run = RunTime::from_unix_s(1_447_632_000).unwrap();
    let source = SourceFile {
        name: "a.nc".to_owned(),
        bytes: 1,
        sha256: source.to_owned(),
        decoder: "test".to_owned(),
        origin: None,
    };
    CycleIdentity {
        feed: "test".to_owned(),
        run,
        sources: vec![source],
        attribution: None,
        horizon: None,
        marks: Vec::new(),
    }
}

async fn open(dir: &Path) -> Store {
    Store::open(dir, Compute::new(2).unwrap()).await.unwrap()
}

async fn publish(store: &Store, source: &str, steps: usize, add: f32) -> Result<Published, Error> {
    let mut cycle = match store.begin_cycle(identity(source)).await? {
        Ok(cycle) => cycle,
        Err(unchanged) => return Ok(unchanged),
    };
    let read = move |step| {
        let mut field = field(step, &globe());
        field.east[1] += add;
        Ok::<_, Infallible>(field)
    };
    cycle.add_series(series(globe(), times(steps)), read).await?;
    cycle.publish(Timestamp::UNIX_EPOCH).await
}

#[tokio::test]
async fn a_window_across_the_seam_gives_what_was_published() {
    let dir = tempfile::tempdir().unwrap();
    publish(&open(dir.path()).await, "1", STEPS, 0.0).await.unwrap();
    let store = open(dir.path()).await;
    let catalog = store.catalog().await.unwrap();
    let bbox = BBox::new(178.0, -5.0, -178.0, 5.0).unwrap();
    let all = times(STEPS);
    let found = catalog.covering(ForcingKind::Current, &bbox, all[20], all[26], &[]);
    assert_eq!(found.len(), 1);
    let window = store
        .load_window(&found[0], &bbox, all[20], all[26])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(window.times, all[20..27]);
    for (k, loaded) in window.fields.iter().enumerate() {
        for j in 0..window.grid.ny() {
            for i in 0..window.grid.nx() {
                let (lon, lat) = window.grid.position(driftline_domain::GridPoint {
                    i: i as f64,
                    j: j as f64,
                });
                let stored = globe().fraction(lon, lat).unwrap();
                let node = stored.j.round() as usize * 720 + stored.i.round() as usize % 720;
                let (wanted, east, north) = (
                    value(20 + k, node),
                    loaded.east[j * window.grid.nx() + i],
                    loaded.north[j * window.grid.nx() + i],
                );
                assert!(
                    wanted.is_nan() == east.is_nan() && (wanted.is_nan() || (wanted - east).abs() < 0.000_51),
                    "{lon} {lat} {wanted} {east}"
                );
                assert!(wanted.is_nan() || (wanted + north).abs() < 0.000_51);
            }
        }
    }
    store.verify(&found[0].cycle).await.unwrap();
}

#[tokio::test]
async fn the_same_again_is_no_revision_and_a_correction_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let Published::New(first) = publish(&store, "1", 6, 0.0).await.unwrap() else {
        panic!("new")
    };
    let count = || walk(dir.path()).len();
    let files = count();
    assert!(matches!(
        publish(&store, "1", 6, 0.0).await.unwrap(),
        Published::Unchanged(_)
    ));
    assert!(matches!(
        publish(&store, "other bytes, same values", 6, 0.0).await.unwrap(),
        Published::Unchanged(_)
    ));
    assert_eq!(count(), files, "an unchanged cycle leaves nothing behind");
    let Published::New(second) = publish(&store, "2", 6, 0.01).await.unwrap() else {
        panic!("new")
    };
    assert_eq!((first.manifest.revision, second.manifest.revision), (1, 2));
    let refused = publish(&store, "3", 5, 0.0).await.unwrap_err().to_string();
    assert!(refused.contains("which the new one lacks"), "{refused}");
    assert_eq!(
        store
            .catalog()
            .await
            .unwrap()
            .cycles()
            .next()
            .unwrap()
            .manifest
            .revision,
        2
    );
}

/// One file holds all steps of a run, and how many are taken is a setting.
#[tokio::test]
async fn more_steps_of_the_same_file_are_a_revision_and_fewer_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let take = async |steps: usize| {
        let mut identity = identity("one file");
        identity.horizon = Some(Horizon {
            expected_until: times(steps)[steps - 1],
            expected_steps: steps,
            missing: Vec::new(),
        });
        let mut cycle = match store.begin_cycle(identity).await.unwrap() {
            Ok(cycle) => cycle,
            Err(unchanged) => return unchanged,
        };
        let read = |step| Ok::<_, Infallible>(field(step, &globe()));
        cycle.add_series(series(globe(), times(steps)), read).await.unwrap();
        cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap()
    };
    assert_eq!(made(take(6).await).manifest.revision, 1);
    assert!(matches!(take(6).await, Published::Unchanged(_)));
    let longer = made(take(9).await);
    assert_eq!(
        (longer.manifest.revision, longer.manifest.series[0].times.len()),
        (2, 9)
    );
    assert!(matches!(take(6).await, Published::Unchanged(_)));
}

#[tokio::test]
async fn writers_at_the_same_time_all_publish_whole_cycles() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).await, open(dir.path()).await);
    let (x, y) = tokio::join!(publish(&a, "x", 6, 0.1), publish(&b, "y", 6, 0.2));
    assert!(matches!(
        (x.unwrap(), y.unwrap()),
        (Published::New(_), Published::New(_))
    ));
    let catalog = open(dir.path()).await.catalog().await.unwrap();
    assert_eq!((catalog.sequence(), catalog.cycles().count()), (2, 1));
    assert_eq!(catalog.cycles().next().unwrap().manifest.revision, 2);
}

#[tokio::test]
async fn a_cycle_that_was_never_published_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let mut cycle = store.begin_cycle(identity("1")).await.unwrap().ok().unwrap();
    cycle
        .add_series(series(globe(), times(6)), |step| {
            Ok::<_, Infallible>(field(step, &globe()))
        })
        .await
        .unwrap();
    drop(cycle);
    assert_eq!(open(dir.path()).await.catalog().await.unwrap().cycles().count(), 0);
}

#[tokio::test]
async fn unchanged_is_said_only_of_a_manifest_that_could_be_synced() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish(&store, "1", 6, 0.0).await.unwrap();
    store.catalog().await.unwrap();
    std::fs::remove_file(manifest_file(dir.path(), 1)).unwrap();
    for source in ["1", "other bytes, same values"] {
        let error = publish(&store, source, 6, 0.0).await.unwrap_err().to_string();
        assert!(
            error.contains("sync") && error.contains("000000000001.json"),
            "{source}: {error}"
        );
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let Published::New(cycle) = publish(&open(dir.path()).await, "1", 6, 0.0).await.unwrap() else {
        panic!("new")
    };
    for entry in &cycle.manifest.objects {
        let file = dir
            .path()
            .join("objects")
            .join(&cycle.manifest.prefix)
            .join(&entry.path);
        let good = std::fs::read(&file).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 4;
        std::fs::write(&file, &bad).unwrap();
        let error = open(dir.path()).await.verify(&cycle).await.unwrap_err().to_string();
        assert!(error.contains(&entry.path) && error.contains("damaged"), "{error}");
        std::fs::write(&file, &good).unwrap();
    }
}

#[tokio::test]
async fn implausible_values_and_bad_names_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert!(
        publish(&store, "1", 6, 20.0)
            .await
            .unwrap_err()
            .to_string()
            .contains("only -15 to 15 m s-1 is plausible")
    );
    let mut wrong = identity("1");
    wrong.feed = "../escape".to_owned();
    assert!(matches!(store.begin_cycle(wrong).await, Err(Error::Rejected(_))));
    assert_eq!(store.catalog().await.unwrap().cycles().count(), 0);
}

/// The revision that a publication made; a test that expected one stops where there is none.
fn made(published: Published) -> Arc<Cycle> {
    match published {
        Published::New(cycle) => Some(cycle),
        Published::Unchanged(_) => None,
    }
    .unwrap()
}

fn manifest_file(dir: &Path, sequence: u64) -> std::path::PathBuf {
    dir.join(format!("objects/forcing/manifests/{sequence:012}.json"))
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

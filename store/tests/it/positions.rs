//! Grids of positions: the manifest has their digest, the cycle their arrays, and the catalog nothing without them.

use std::convert::Infallible;
use std::path::PathBuf;

use driftline_domain::{BBox, CurvilinearGrid, ForcingKind, GridPoint, GridSpec, VectorField};
use driftline_store::{Published, Store};
use jiff::Timestamp;

use crate::{identity, open, series, times};

const NX: usize = 70;
const NY: usize = 65;
const STEPS: usize = 3;

/// Turned by 40 degrees, across the antimeridian, one node without a position.
fn turned() -> GridSpec {
    let (sin, cos) = 40f64.to_radians().sin_cos();
    let place = |node: usize| {
        let (i, j) = ((node % NX) as f64 - 30.0, (node / NX) as f64 - 30.0);
        match node {
            3 => (f64::NAN, f64::NAN),
            _ => (179.5 + 0.1 * (i * cos - j * sin), 70.0 + 0.04 * (i * sin + j * cos)),
        }
    };
    let (lon, lat) = (0..NX * NY).map(place).unzip();
    GridSpec::Curvilinear(CurvilinearGrid::new(NX, NY, lon, lat).unwrap())
}

/// Tells step, row and column, exact in the packing.
fn value(step: usize, node: usize) -> f32 {
    if node.is_multiple_of(37) {
        f32::NAN
    } else {
        (step * 1_000 + node % NX * 10 + node / NX) as f32 * 0.001
    }
}

pub(crate) async fn publish(store: &Store, source: &str, add: f32) -> Published {
    let mut cycle = store.begin_cycle(identity(source)).await.unwrap().unwrap();
    let read = move |step| {
        let east: Vec<f32> = (0..NX * NY).map(|node| value(step, node) + add).collect();
        let north = east.iter().map(|value| -value).collect();
        Ok::<_, Infallible>(VectorField { east, north })
    };
    cycle.add_series(series(turned(), times(STEPS)), read).await.unwrap();
    cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap()
}

fn beyond_the_antimeridian() -> BBox {
    BBox::new(179.8, 69.8, -179.9, 70.3).unwrap()
}

fn found(path: &std::path::Path, end: &str) -> Vec<PathBuf> {
    let mut open = vec![path.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(end) {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn a_window_and_a_slab_hold_what_was_published_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    publish(&open(dir.path()).await, "1", 0.0).await;
    let manifest = std::fs::read_to_string(&found(dir.path(), "manifests/")[0]).unwrap();
    assert!(
        manifest.len() < 6_000 && manifest.contains("\"curvilinear\""),
        "{} bytes",
        manifest.len()
    );
    let store = open(dir.path()).await;
    let catalog = store.catalog().await.unwrap();
    let (bbox, all) = (beyond_the_antimeridian(), times(STEPS));
    let series = catalog.covering(ForcingKind::Current, &bbox, all[0], all[2], &[]);
    assert_eq!(series.len(), 1);
    assert_eq!(series[0].entry().grid, turned());
    let elsewhere = BBox::new(0.0, 69.8, 10.0, 70.3).unwrap();
    assert!(
        catalog
            .covering(ForcingKind::Current, &elsewhere, all[0], all[2], &[])
            .is_empty()
    );
    let window = store
        .load_window(&series[0], &bbox, all[0], all[2])
        .await
        .unwrap()
        .unwrap();
    assert!(window.grid.len() < NX * NY / 4, "{} nodes", window.grid.len());
    let slab = store.slab(&series[0], &bbox, 1, 0.0).await.unwrap().unwrap();
    for (grid, field, step) in [
        (&window.grid, &window.fields[2], 2),
        (&slab.grid, slab.field.as_ref(), 1),
    ] {
        for (lon, lat) in [(179.85, 69.9), (-180.0, 70.0), (-179.95, 70.25)] {
            let (here, whole) = (grid.fraction(lon, lat).unwrap(), turned().fraction(lon, lat).unwrap());
            let at = (here.i as usize, here.j as usize);
            let node = whole.j as usize * NX + whole.i as usize;
            let (stored, wanted) = (field.east[at.1 * grid.nx() + at.0], value(step, node));
            assert!(
                (stored - wanted).abs() < 1e-5 || (stored.is_nan() && wanted.is_nan()),
                "{lon} {lat}: {stored} instead of {wanted}"
            );
        }
    }
}

#[tokio::test]
async fn a_thinned_slab_has_every_nth_node_where_that_stands() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish(&store, "1", 0.0).await;
    let catalog = store.catalog().await.unwrap();
    let all = times(STEPS);
    let world = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let series = catalog.covering(ForcingKind::Current, &world, all[0], all[0], &[]);
    let slab = store.slab(&series[0], &world, 0, 20_000.0).await.unwrap().unwrap();
    let stride = NX.div_ceil(slab.grid.nx());
    assert!(stride > 1, "{} x {}", slab.grid.nx(), slab.grid.ny());
    for j in 0..slab.grid.ny() {
        for i in 0..slab.grid.nx() {
            let at = |grid: &GridSpec, i: usize, j: usize| {
                grid.position(GridPoint {
                    i: i as f64,
                    j: j as f64,
                })
            };
            let (thin, whole) = (at(&slab.grid, i, j), at(&turned(), i * stride, j * stride));
            assert_eq!(
                (thin.0.to_bits(), thin.1.to_bits()),
                (whole.0.to_bits(), whole.1.to_bits())
            );
            let (stored, wanted) = (
                slab.field.east[j * slab.grid.nx() + i],
                value(0, j * stride * NX + i * stride),
            );
            assert!(
                (stored - wanted).abs() < 1e-5 || (stored.is_nan() && wanted.is_nan()),
                "{stored} {wanted}"
            );
        }
    }
}

#[tokio::test]
async fn a_cycle_without_its_positions_is_not_in_the_catalog_until_they_are_back() {
    let dir = tempfile::tempdir().unwrap();
    publish(&open(dir.path()).await, "1", 0.0).await;
    let chunk = found(dir.path(), "longitude/c/").remove(0);
    let whole = std::fs::read(&chunk).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let store = open(dir.path()).await;
    for damaged in [Some(changed), None] {
        match damaged {
            Some(bytes) => std::fs::write(&chunk, bytes).unwrap(),
            None => std::fs::remove_file(&chunk).unwrap(),
        }
        let catalog = store.catalog().await.unwrap();
        assert_eq!(catalog.cycles().count(), 0, "nothing could be found in it");
        assert_eq!(catalog.damaged().len(), 1);
        assert!(!catalog.damaged()[0].reason.is_empty());
    }
    std::fs::write(&chunk, whole).unwrap();
    let catalog = store.catalog().await.unwrap();
    assert!(catalog.cycles().count() == 1 && !catalog.is_degraded());
}

#[tokio::test]
async fn a_later_revision_shares_the_positions_and_may_not_lose_the_grid() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish(&store, "1", 0.0).await;
    store.catalog().await.unwrap();
    assert!(matches!(publish(&store, "2", 0.001).await, Published::New(_)));
    let catalog = open(dir.path()).await.catalog().await.unwrap();
    let cycle = catalog.cycles().next().unwrap();
    assert_eq!((cycle.manifest.revision, cycle.manifest.schema), (2, 3));
    assert!(matches!(&cycle.manifest.series[0].grid, GridSpec::Curvilinear(grid) if grid.has_positions()));
}

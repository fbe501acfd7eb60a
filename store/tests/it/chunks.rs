//! What is read chunk by chunk: damage of every kind of object is found and named, and what is gone is never "no value".

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_domain::BBox;
use driftline_store::{Cycle, Error, ForcingWindow, SeriesRef, SeriesSpan};

use crate::{STEPS, made, open, publish, times, walk};

/// Chunks in each shard of the test's grid: 720 x 130 nodes of half a degree, in shards of 24 x 150 x 240.
const SHARD_CHUNKS: usize = 2 * 5 * 8;

fn everywhere() -> BBox {
    BBox::new(-180.0, -32.0, 180.0, 32.0).unwrap()
}

/// Everything of the first series, read by a store that has nothing in memory yet.
async fn read(dir: &Path, cycle: &Arc<Cycle>) -> Result<Option<ForcingWindow>, Error> {
    let series = SeriesRef {
        cycle: Arc::clone(cycle),
        index: 0,
    };
    let all = times(STEPS);
    open(dir)
        .await
        .load_window(&series, &everywhere(), all[0], all[STEPS - 1])
        .await
}

fn file_of(dir: &Path, cycle: &Cycle, path: &str) -> PathBuf {
    dir.join("objects").join(&cycle.manifest.prefix).join(path)
}

async fn published(dir: &Path) -> Arc<Cycle> {
    made(publish(&open(dir).await, "1", STEPS, 0.0).await.unwrap())
}

/// The shards of both arrays.
fn shards(cycle: &Cycle) -> impl Iterator<Item = &str> {
    let entries = cycle.manifest.objects.iter();
    let shards = entries.filter(|entry| entry.index_crc32c.is_some());
    shards.map(|entry| entry.path.as_str())
}

#[tokio::test]
async fn a_flipped_bit_is_found_by_the_read_that_meets_it_and_array_shard_and_chunk_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let cycle = published(dir.path()).await;
    read(dir.path(), &cycle).await.unwrap().unwrap();
    let mut shards_seen = 0;
    for path in shards(&cycle) {
        let file = file_of(dir.path(), &cycle, path);
        let good = std::fs::read(&file).unwrap();
        let array = path.split("/c/").next().unwrap();
        let inside = (good.len() / 3, format!("of array {array}: its bytes have CRC-32C"));
        let index = (good.len() - 9, "index of its chunks: its bytes have CRC-32C".to_owned());
        for (at, wanted) in [inside, index] {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            std::fs::write(&file, &bad).unwrap();
            let told = read(dir.path(), &cycle).await.unwrap_err().to_string();
            assert!(told.contains(path) && told.contains(&wanted), "{told}");
        }
        std::fs::write(&file, &good).unwrap();
        shards_seen += 1;
    }
    assert_eq!(
        shards_seen,
        2 * 2 * 3,
        "two arrays, two blocks of steps, three shards along a row"
    );
    for array in ["current/current_east/zarr.json", "current/current_north/zarr.json"] {
        let file = file_of(dir.path(), &cycle, array);
        let good = std::fs::read(&file).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        std::fs::write(&file, &bad).unwrap();
        let told = read(dir.path(), &cycle).await.unwrap_err().to_string();
        assert!(told.contains(array) && told.contains("SHA-256"), "{told}");
        std::fs::write(&file, &good).unwrap();
    }
    read(dir.path(), &cycle).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shard_that_is_gone_cut_short_or_another_is_an_error_and_never_land() {
    let dir = tempfile::tempdir().unwrap();
    let cycle = published(dir.path()).await;
    for path in shards(&cycle) {
        let file = file_of(dir.path(), &cycle, path);
        let good = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let told = read(dir.path(), &cycle).await.unwrap_err().to_string();
        assert!(
            told.contains(path) && told.contains("it is gone, though the manifest names it"),
            "{told}"
        );
        std::fs::write(&file, &good[..good.len() - 1]).unwrap();
        let told = read(dir.path(), &cycle).await.unwrap_err().to_string();
        assert!(told.contains(path) && told.contains("the manifest says"), "{told}");
        std::fs::write(&file, with_chunks_exchanged(&good)).unwrap();
        let told = read(dir.path(), &cycle).await.unwrap_err().to_string();
        assert!(told.contains(path) && told.contains("this is another shard"), "{told}");
        std::fs::write(&file, &good).unwrap();
    }
    read(dir.path(), &cycle).await.unwrap().unwrap();
}

/// A shard of the same length with an index that is right in itself: its first two chunks are exchanged.
fn with_chunks_exchanged(shard: &[u8]) -> Vec<u8> {
    let from = shard.len() - SHARD_CHUNKS * 16 - 4;
    let mut other = shard.to_vec();
    let (first, second) = other[from..].split_at_mut(16);
    first.swap_with_slice(&mut second[..16]);
    let end = other.len() - 4;
    let crc = crc32c::crc32c(&other[from..end]);
    other[end..].copy_from_slice(&crc.to_le_bytes());
    other
}

#[tokio::test]
async fn windows_of_one_box_come_in_the_order_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let cycle = published(dir.path()).await;
    let store = open(dir.path()).await;
    let all = times(STEPS);
    let span = |from: usize, until: usize| SeriesSpan {
        series: SeriesRef {
            cycle: Arc::clone(&cycle),
            index: 0,
        },
        from: all[from],
        until: all[until],
    };
    let bbox = BBox::new(10.0, 0.0, 12.0, 2.0).unwrap();
    let found = store
        .load_windows(&[span(5, 8), span(0, 29), span(24, 24)], &bbox)
        .await
        .unwrap();
    let ranges = found.into_iter().map(|window| window.unwrap().times);
    let wanted = [&all[5..9], &all[..], &all[24..25]];
    assert_eq!(ranges.collect::<Vec<_>>(), wanted);
    let north = BBox::new(10.0, 60.0, 12.0, 62.0).unwrap();
    assert!(store.load_windows(&[span(0, 1)], &north).await.unwrap()[0].is_none());
}

#[tokio::test]
async fn the_root_and_each_group_repeat_the_metadata_below_them() {
    let dir = tempfile::tempdir().unwrap();
    let cycle = published(dir.path()).await;
    let json = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(file_of(dir.path(), &cycle, path)).unwrap()).unwrap()
    };
    let below = |path: &str| {
        json(path)["consolidated_metadata"]["metadata"]
            .as_object()
            .unwrap()
            .clone()
    };
    let names = ["current_east", "current_north", "latitude", "longitude", "time"];
    let group = below("current/zarr.json");
    assert_eq!(group.keys().collect::<Vec<_>>(), names);
    for name in names {
        let own = json(&format!("current/{name}/zarr.json"));
        assert_eq!(group[name], own);
        assert_eq!(below("zarr.json")[&format!("current/{name}")], own);
    }
    assert_eq!(below("zarr.json")["current"]["node_type"], "group");
    assert!(cycle.manifest.objects.iter().any(|entry| entry.path == "zarr.json"));
}

#[tokio::test]
async fn cycles_of_earlier_versions_are_read_and_their_damage_is_found() {
    for version in ["0.1.0", "0.2.0", "0.3.0"] {
        let stored =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/data/upgrade/{version}/data/objects"));
        let dir = tempfile::tempdir().unwrap();
        for file in walk(&stored) {
            let copy = dir.path().join("objects").join(file.strip_prefix(&stored).unwrap());
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(&file, &copy).unwrap();
        }
        let catalog = open(dir.path()).await.catalog().await.unwrap();
        let mut read = 0;
        for cycle in catalog.cycles() {
            read += all_values(dir.path(), cycle).await.unwrap();
            let shard = cycle
                .manifest
                .objects
                .iter()
                .find(|entry| entry.path.contains("/c/0/0/0"));
            let file = file_of(dir.path(), cycle, &shard.unwrap().path);
            let good = std::fs::read(&file).unwrap();
            let mut bad = good.clone();
            bad[good.len() / 2] ^= 1;
            std::fs::write(&file, bad).unwrap();
            let told = all_values(dir.path(), cycle).await.unwrap_err().to_string();
            assert!(told.contains("CRC-32C"), "{version}: {told}");
        }
        assert!(read > 10_000, "{version} holds {read} values");
    }
}

/// How many nodes of all steps of all fields of a cycle have a value.
async fn all_values(dir: &Path, cycle: &Arc<Cycle>) -> Result<usize, Error> {
    let store = open(dir).await;
    let mut count = 0;
    for index in 0..cycle.manifest.series.len() {
        let series = SeriesRef {
            cycle: Arc::clone(cycle),
            index,
        };
        let (from, until) = series.entry().extent().unwrap();
        let bbox = series.entry().grid.bounds();
        let window = store.load_window(&series, &bbox, from, until).await?.unwrap();
        let east = window.fields.iter().flat_map(|field| &field.east);
        count += east.filter(|value| !value.is_nan()).count();
    }
    Ok(count)
}

//! Slabs for maps: the values that were published, thinned by picking, from whichever chunks they lie in.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftline_domain::{
    BBox, Ellipsoid, ForcingKind, GridPoint, GridSpec, ProjectedGrid, Projection, RegularGrid, RunTime, ValidTime,
    VectorField,
};
use driftline_store::{CycleIdentity, Kind, SeriesRef, StepsWanted, Store};
use jiff::Timestamp;

use crate::{STEPS, globe, identity, made, open, publish, series, times, value, walk};

/// The packing error of a current.
const HALF_STEP: f32 = 0.000_51;

async fn published(dir: &Path) -> (Store, SeriesRef) {
    let cycle = made(publish(&open(dir).await, "1", STEPS, 0.0).await.unwrap());
    (open(dir).await, SeriesRef { cycle, index: 0 })
}

/// Compares every node of a slab with what was published at that place.
fn compare(grid: &GridSpec, field: &VectorField, whole: &GridSpec, stride: usize, step: usize) -> usize {
    let mut with_value = 0;
    for j in 0..grid.ny() {
        for i in 0..grid.nx() {
            let (lon, lat) = grid.position(GridPoint {
                i: i as f64,
                j: j as f64,
            });
            let at = whole.fraction(lon, lat).unwrap();
            let (column, row) = (at.i.round(), at.j.round());
            assert!(
                (at.i - column).abs() < 1e-6 && (at.j - row).abs() < 1e-6,
                "a node is a node"
            );
            let (column, row) = (column as usize % whole.nx(), row as usize);
            assert!(column.is_multiple_of(stride) && row.is_multiple_of(stride));
            let (wanted, found) = (value(step, row * whole.nx() + column), field.east[j * grid.nx() + i]);
            assert_eq!(wanted.is_nan(), found.is_nan(), "{column} {row}");
            assert!(
                wanted.is_nan() || (wanted - found).abs() < HALF_STEP,
                "{wanted} {found}"
            );
            assert!(wanted.is_nan() || (wanted + field.north[j * grid.nx() + i]).abs() < HALF_STEP);
            with_value += usize::from(!wanted.is_nan());
        }
    }
    with_value
}

#[tokio::test]
async fn a_slab_has_the_published_values_at_any_resolution_and_across_the_seam() {
    let dir = tempfile::tempdir().unwrap();
    let (store, series) = published(dir.path()).await;
    let cell_m = globe().cell_m();
    let boxes = [
        BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap(),
        BBox::new(170.0, -10.0, -160.0, 20.0).unwrap(),
        BBox::new(3.1, -1.0, 3.4, -0.8).unwrap(),
    ];
    // The first and a later shard, the first and the last step of a chunk, the shorter last chunk.
    for step in [0, 11, 12, 24, STEPS - 1] {
        for bbox in boxes {
            for stride in [1, 2, 8] {
                let slab = store.slab(&series, &bbox, step, cell_m * stride as f64 * 1.01).await;
                let slab = slab.unwrap().unwrap();
                assert_eq!(slab.time, times(STEPS)[step]);
                let with_value = compare(&slab.grid, &slab.field, &globe(), stride, step);
                assert!(
                    with_value * 17 >= slab.grid.len() * 15,
                    "{with_value} of {}",
                    slab.grid.len()
                );
            }
        }
    }
    let world = store.slab(&series, &boxes[0], 0, cell_m * 8.1).await.unwrap().unwrap();
    assert!(world.grid.wraps() && world.grid.nx() == 90);
}

#[tokio::test]
async fn where_there_is_nothing_there_is_no_slab() {
    let dir = tempfile::tempdir().unwrap();
    let (store, series) = published(dir.path()).await;
    let north = BBox::new(0.0, 60.0, 10.0, 70.0).unwrap();
    assert!(store.slab(&series, &north, 0, 0.0).await.unwrap().is_none());
    let south = BBox::new(0.0, -10.0, 10.0, 0.0).unwrap();
    let error = store.slab(&series, &south, STEPS, 0.0).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
}

#[tokio::test]
async fn damage_under_a_map_is_told_and_a_restored_file_counts_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, series) = published(dir.path()).await;
    let bbox = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let shards = walk(&dir.path().join("objects/forcing/test"));
    let shards = shards
        .into_iter()
        .filter(|file| file.to_string_lossy().contains("current_east/c/0"));
    let mut told = 0;
    for file in shards {
        let good = std::fs::read(&file).unwrap();
        let flipped = |at: usize| {
            let mut bad = good.clone();
            bad[at] ^= 1;
            bad
        };
        // In a chunk of the first steps, in the index, and cut off.
        for bad in [
            flipped(good.len() / 8),
            flipped(good.len() - 20),
            good[..good.len() - 40].to_vec(),
        ] {
            std::fs::write(&file, bad).unwrap();
            let fresh = open(dir.path()).await;
            let error = fresh.slab(&series, &bbox, 0, 0.0).await.unwrap_err();
            assert!(error.to_string().contains("is damaged"), "{error}");
            told += 1;
            std::fs::write(&file, &good).unwrap();
            let healed = fresh.slab(&series, &bbox, 0, 0.0).await.unwrap();
            assert!(healed.is_some(), "no error is remembered");
        }
        std::fs::write(&file, good).unwrap();
    }
    assert_eq!(told, 9, "three shards hold the first steps");
    assert!(store.slab(&series, &bbox, 0, 0.0).await.unwrap().is_some());
}

#[tokio::test]
async fn many_who_ask_at_once_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let (store, series) = published(dir.path()).await;
    let bbox = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
    let first = store.slab(&series, &bbox, 3, 0.0).await.unwrap().unwrap();
    // With the objects gone, what is answered comes from memory; so do the other steps of the chunk.
    std::fs::remove_dir_all(dir.path().join("objects/forcing/test")).unwrap();
    let asked = (0..20).map(|k| {
        let (store, series) = (store.clone(), series.clone());
        tokio::spawn(async move { store.slab(&series, &bbox, k % 12, 0.0).await })
    });
    for (k, asked) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        let slab = asked.await.unwrap().unwrap().unwrap();
        assert_eq!(slab.field.east.len(), first.field.east.len());
        compare(&slab.grid, &slab.field, &globe(), 1, k % 12);
    }
    let error = store.slab(&series, &bbox, 12, 0.0).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal, "{error}");
    assert!(error.to_string().contains("it is gone"), "{error}");
}

#[tokio::test]
async fn what_does_not_fit_the_cache_is_still_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (store, series) = published(dir.path()).await;
    let store = store.with_map_cache(1);
    let bbox = BBox::new(10.0, -10.0, 60.0, 20.0).unwrap();
    for _ in 0..2 {
        let slab = store.slab(&series, &bbox, 0, 0.0).await.unwrap().unwrap();
        compare(&slab.grid, &slab.field, &globe(), 1, 0);
    }
}

fn polar() -> GridSpec {
    GridSpec::Projected(ProjectedGrid {
        projection: Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        },
        nx: 130,
        ny: 70,
        x0_m: -3_000_000.0,
        y0_m: -1_500_000.0,
        dx_m: 4000.0,
        dy_m: 4000.0,
    })
}

#[tokio::test]
async fn a_projected_field_is_thinned_in_its_own_plane() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let mut cycle = store.begin_cycle(identity("p")).await.unwrap().unwrap();
    let read = |step| Ok::<_, Infallible>(crate::field(step, &polar()));
    cycle.add_series(series(polar(), times(2)), read).await.unwrap();
    let cycle = made(cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap());
    let series = SeriesRef { cycle, index: 0 };
    let bounds = polar().bounds();
    for stride in [1, 4] {
        let slab = store
            .slab(&series, &bounds, 1, 4100.0 * stride as f64)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(slab.grid.nx(), 130_usize.div_ceil(stride));
        compare(&slab.grid, &slab.field, &polar(), stride, 1);
    }
}

#[tokio::test]
async fn a_calm_sea_is_shown_though_it_has_no_direction() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let mut cycle = store.begin_cycle(identity("w")).await.unwrap().unwrap();
    let calm = |_| {
        let zeros = vec![0.0; globe().len()];
        Ok::<_, Infallible>(VectorField {
            east: zeros.clone(),
            north: zeros,
        })
    };
    let mut waves = series(globe(), times(1));
    (waves.kind, waves.group) = (ForcingKind::Waves, "waves".to_owned());
    cycle.add_series(waves, calm).await.unwrap();
    let cycle = made(cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap());
    let bbox = BBox::new(10.0, -10.0, 60.0, 20.0).unwrap();
    let series = SeriesRef { cycle, index: 0 };
    let slab = store.slab(&series, &bbox, 0, 0.0).await.unwrap().unwrap();
    assert!(
        slab.field
            .east
            .iter()
            .chain(&slab.field.north)
            .all(|&value| value == 0.0)
    );
    let window = store
        .load_window(&series, &bbox, times(1)[0], times(1)[0])
        .await
        .unwrap()
        .unwrap();
    assert!(window.fields[0].east.iter().all(|&value| value == 0.0));
}

/// A cycle of hourly fields on a small grid.
async fn hourly(store: &Store, feed: &str, run_h: i64, hours: i64, cell_deg: f64) {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 10,
        ny: 10,
        lon0_deg: 0.0,
        lat0_deg: 50.0,
        dlon_deg: cell_deg,
        dlat_deg: cell_deg,
    });
    let at = |hour: i64| 1_447_632_000 + 3600 * hour;
    let identity = CycleIdentity {
        feed: feed.to_owned(),
        run: RunTime::from_unix_s(at(run_h)).unwrap(),
        ..identity(&format!("{feed}{run_h}"))
    };
    let mut cycle = store.begin_cycle(identity).await.unwrap().unwrap();
    let times = (run_h..run_h + hours).map(|hour| ValidTime::from_unix_s(at(hour)).unwrap());
    let mut about = series(grid.clone(), times.collect());
    about.attribution = Some(format!("by {feed}"));
    let read = move |step| Ok::<_, Infallible>(crate::field(step, &grid));
    cycle.add_series(about, read).await.unwrap();
    made(cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap());
}

#[tokio::test]
async fn an_instant_is_shown_by_the_newest_cycle_that_has_the_nearest_step_finest_grid_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    hourly(&store, "coarse", 0, 48, 0.5).await;
    hourly(&store, "fine", 0, 12, 0.1).await;
    let before = store.catalog().await.unwrap();
    hourly(&store, "fine", 6, 12, 0.1).await;
    let catalog = store.recent_catalog(Duration::ZERO).await.unwrap();
    assert_eq!((before.cycles().count(), catalog.cycles().count()), (2, 3));
    let recent = store.recent_catalog(Duration::from_secs(3600)).await.unwrap();
    assert!(Arc::ptr_eq(&recent, &catalog));
    let shown = |hour: f64| -> Vec<(String, i64, usize)> {
        let at = ValidTime::from_unix_s(1_447_632_000 + (3600.0 * hour) as i64).unwrap();
        let found = catalog.showing(ForcingKind::Current, at);
        let about = found.into_iter().map(|found| {
            let manifest = &found.series.cycle.manifest;
            (
                manifest.feed.clone(),
                (manifest.run.unix_s() - 1_447_632_000) / 3600,
                found.step,
            )
        });
        about.collect()
    };
    let (fine, coarse) = (
        |run, step| ("fine".to_owned(), run, step),
        |step| ("coarse".to_owned(), 0, step),
    );
    assert_eq!(shown(3.2), [fine(0, 3), coarse(3)]);
    assert_eq!(shown(8.4), [fine(6, 2), coarse(8)]);
    // The newer cycle begins nearer to 05:40 than the older cycle's step at 05:00 and as near as its step at 06:00.
    assert_eq!(shown(5.7), [fine(6, 0), coarse(6)]);
    assert_eq!(shown(17.5), [fine(6, 11), coarse(17)]);
    assert_eq!(
        shown(17.6),
        [coarse(18)],
        "half a step behind the end the finer feed shows nothing"
    );
    assert_eq!(shown(60.0), []);
    let at = ValidTime::from_unix_s(1_447_632_000).unwrap();
    assert!(catalog.showing(ForcingKind::Waves, at).is_empty());
    let about = catalog.about(ForcingKind::Current).unwrap();
    assert_eq!(
        (about.from.unix_s(), about.until.unix_s()),
        (1_447_632_000, 1_447_632_000 + 47 * 3600)
    );
    assert_eq!(
        (about.step_s, about.attribution.as_slice()),
        (3600, &["by coarse".to_owned(), "by fine".to_owned()][..])
    );
    assert_eq!((about.bbox.west, about.bbox.east, about.bbox.north), (0.0, 4.5, 54.5));
    assert_eq!(catalog.about(ForcingKind::Wind), None);
}

#[tokio::test]
async fn values_are_of_exactly_their_step_from_the_newest_cycle_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    hourly(&store, "coarse", 0, 48, 0.5).await;
    hourly(&store, "fine", 0, 12, 0.1).await;
    hourly(&store, "fine", 6, 12, 0.1).await;
    let catalog = store.catalog().await.unwrap();
    let at = |hour: i64| ValidTime::from_unix_s(1_447_632_000 + 3600 * hour).unwrap();
    let (in_both, in_coarse) = (
        BBox::new(0.3, 50.3, 0.4, 50.4).unwrap(),
        BBox::new(3.0, 53.0, 3.1, 53.1).unwrap(),
    );
    let found = |bbox: &BBox, of_cycle: Option<(&str, RunTime)>, from: i64, until: i64| -> Vec<String> {
        let steps = catalog.steps_between(StepsWanted {
            kind: ForcingKind::Current,
            of_cycle,
            bbox,
            from: Some(at(from)),
            until: Some(at(until)),
        });
        let told = steps.iter().map(|step| {
            let fields = step.fields.iter().map(|field| {
                let (manifest, entry) = (&field.series.cycle.manifest, field.series.entry());
                assert_eq!(entry.times[field.step], step.time);
                format!("{}{}", manifest.feed, (manifest.run.unix_s() - 1_447_632_000) / 3600)
            });
            fields.collect::<Vec<_>>().join(" ")
        });
        told.collect()
    };
    assert_eq!(
        found(&in_both, None, 5, 7),
        ["fine0 coarse0", "fine6 coarse0", "fine6 coarse0"]
    );
    assert_eq!(
        found(&in_both, None, 17, 18),
        ["fine6 coarse0", "coarse0"],
        "where the finer feed ends"
    );
    assert_eq!(found(&in_coarse, None, 5, 6), ["coarse0", "coarse0"]);
    let first = Some(("fine", RunTime::from_unix_s(1_447_632_000).unwrap()));
    assert_eq!(found(&in_both, first, 10, 20), ["fine0", "fine0"]);
    assert!(found(&in_both, Some(("none", RunTime::from_unix_s(0).unwrap())), 0, 9).is_empty());
    assert!(found(&in_both, None, 50, 60).is_empty());
    let feeds: Vec<String> = catalog
        .cycles_with(ForcingKind::Current)
        .iter()
        .map(|cycle| cycle.manifest.feed.clone())
        .collect();
    assert_eq!(feeds, ["fine", "coarse", "fine"], "newest run first");
    let about = catalog.about_cycle(
        ForcingKind::Current,
        "fine",
        RunTime::from_unix_s(1_447_632_000).unwrap(),
    );
    assert_eq!(about.unwrap().until, at(11));
}

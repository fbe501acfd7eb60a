//! What retention removes, in which order, and what it never removes: what is current, held, open, or not understood.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::{BBox, ForcingKind, GridSpec, RegularGrid, RunTime, ValidTime};
use driftline_store::{Cycle, CycleQuery, Error, Hold, Kind, ORPHAN_AGE, Objects, Retained, RetentionRules, Store};
use jiff::{SignedDuration, Timestamp};

use crate::faulty::{Fault, Faulty};
use crate::{field, identity, made, open, publish, series, walk};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn rules() -> RetentionRules {
    RetentionRules {
        grace: HOUR,
        newest: 1,
        ..RetentionRules::default()
    }
}

/// A small sea: these tests publish often.
fn sea() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 40,
        ny: 30,
        lon0_deg: 0.0,
        lat0_deg: 0.0,
        dlon_deg: 0.5,
        dlat_deg: 0.5,
    })
}

/// The cycle of a run so many hours after the first one.
async fn publish_run(store: &Store, hours: i64, add: f32) -> Arc<Cycle> {
    let mut identity = identity(&format!("{hours} {add}"));
    let first = identity.run.0.as_second() + hours * 3600;
    identity.run = RunTime::from_unix_s(first).unwrap();
    let times: Vec<ValidTime> = (0..6)
        .map(|hour| ValidTime::from_unix_s(first + 3600 * hour).unwrap())
        .collect();
    let mut cycle = store.begin_cycle(identity).await.unwrap().ok().unwrap();
    let read = move |step| {
        let mut field = field(step, &sea());
        field.east[1] += add;
        Ok::<_, std::convert::Infallible>(field)
    };
    cycle.add_series(series(sea(), times), read).await.unwrap();
    made(cycle.publish(Timestamp::now()).await.unwrap())
}

async fn runs(store: &Store) -> Vec<(u64, u32)> {
    let catalog = store.catalog().await.unwrap();
    catalog
        .cycles()
        .map(|cycle| (cycle.sequence, cycle.manifest.revision))
        .collect()
}

/// Retention as it runs so many hours from now.
async fn later(store: &Store, hours: i64) -> Retained {
    let now = Timestamp::now() + HOUR * i32::try_from(hours).unwrap();
    store.apply_retention(&rules(), now).await.unwrap()
}

fn removed(retired: usize, deleted: usize, done: Retained) {
    assert_eq!((done.retired, done.deleted), (retired, deleted), "{done:?}");
}

async fn remote(faulty: &Faulty) -> Store {
    let objects = Objects::remote(Arc::new(faulty.clone()));
    Store::on(objects, Compute::new(2).unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_is_outside_the_window_is_hidden_first_and_deleted_a_grace_period_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (old, new) = (publish_run(&store, 0, 0.0).await, publish_run(&store, 6, 0.0).await);
    // All of it is years ago: the newest cycle is kept nevertheless.
    removed(1, 0, later(&store, 0).await);
    assert_eq!(runs(&store).await, [(2, 1)]);
    assert_eq!(
        runs(&open(dir.path()).await).await,
        [(2, 1)],
        "for whoever starts now as well"
    );
    store.verify(&old).await.unwrap();
    removed(0, 0, later(&store, 0).await);
    store.verify(&old).await.unwrap();
    let done = later(&store, 2).await;
    removed(0, 1, done);
    assert!(done.bytes > 1000);
    let error = store.verify(&old).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "test 2015-11-16T00:00:00Z revision 1 has been removed; choose another cycle"
    );
    assert_eq!(error.kind(), Kind::NotFound);
    store.verify(&new).await.unwrap();
    removed(0, 0, later(&store, 3).await);
    let left = walk(&dir.path().join("objects/forcing/test"));
    assert!(
        left.iter()
            .all(|path| path.to_string_lossy().contains("20151116T060000Z")),
        "{left:?}"
    );
    // The number of what is gone is accounted for: orphans are still swept.
    drop(crate::orphans::begun(&store).await);
    crate::orphans::age(&dir.path().join("objects"));
    let swept = open(dir.path()).await.sweep_orphans(ORPHAN_AGE, Timestamp::now()).await;
    assert_eq!(swept.unwrap().prefixes, 1);
    store.verify(&new).await.unwrap();
}

#[tokio::test]
async fn the_window_keeps_what_still_holds_and_the_rules_may_name_feeds() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish_run(&store, 0, 0.0).await;
    publish_run(&store, 6, 0.0).await;
    let years = RetentionRules {
        hindcast: SignedDuration::from_hours(24 * 365 * 100),
        ..rules()
    };
    let of_others = RetentionRules {
        feeds: Some(["gfs".to_owned()].into()),
        ..rules()
    };
    let two = RetentionRules { newest: 2, ..rules() };
    for rules in [years, of_others, two] {
        removed(0, 0, store.apply_retention(&rules, Timestamp::now()).await.unwrap());
    }
    assert_eq!(runs(&store).await, [(1, 1), (2, 1)]);
}

/// A file that is written anew every hour makes a revision every hour, and a folder may have a window of its own.
#[tokio::test]
async fn of_feeds_that_the_rules_do_not_name_revisions_are_retired_and_cycles_by_a_window_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let others = RetentionRules {
        feeds: Some(BTreeSet::new()),
        ..rules()
    };
    let apply = async |rules: &RetentionRules, hours: i32| {
        let done = store.apply_retention(rules, Timestamp::now() + HOUR * hours).await;
        let done = done.unwrap();
        (done.retired, done.deleted)
    };
    publish_run(&store, 0, 0.0).await;
    publish_run(&store, 0, 0.5).await;
    publish_run(&store, 6, 0.0).await;
    assert_eq!(apply(&others, 0).await, (0, 0));
    assert_eq!(apply(&RetentionRules::of_revisions_only(HOUR), 2).await, (1, 0));
    assert_eq!(apply(&others, 4).await, (0, 1));
    assert_eq!(runs(&store).await, [(2, 2), (3, 1)], "the cycles stay");
    let with_own = |hours| RetentionRules {
        hindcasts: [("test".to_owned(), HOUR * hours)].into(),
        ..others.clone()
    };
    assert_eq!(apply(&with_own(24 * 365 * 50), 0).await, (0, 0));
    assert_eq!(apply(&with_own(1), 0).await, (1, 0));
    assert_eq!(runs(&store).await, [(3, 1)], "but for the newest one");
}

#[tokio::test]
async fn a_cycle_is_withdrawn_by_hand_and_comes_back_by_a_hold() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let first = publish_run(&store, 0, 0.0).await;
    let second = publish_run(&store, 0, 0.5).await;
    let run = first.manifest.run;
    let retire = async || store.retire_cycle("test", run, "wrong grid", Timestamp::now()).await;
    let number = store.hold(hold(Some(run), Some(1)), Timestamp::now()).await.unwrap();
    let held = retire().await.unwrap_err();
    assert!(
        held.kind() == Kind::Invalid && held.to_string().contains(&format!("hold {number} (late incident)")),
        "{held}"
    );
    store.release(number, Timestamp::now()).await.unwrap();
    assert_eq!(retire().await.unwrap(), [1, 2]);
    let entry = dir.path().join("objects/forcing/retention/000000000003.json");
    assert!(std::fs::read_to_string(entry).unwrap().contains("by hand: wrong grid"));
    assert_eq!(runs(&store).await, []);
    assert_eq!(retire().await.unwrap_err().kind(), Kind::NotFound);
    // Whoever has it open goes on reading for the grace period, and within it a hold brings it back.
    store.verify(&second).await.unwrap();
    let back = store.hold(hold(Some(run), Some(2)), Timestamp::now()).await.unwrap();
    assert_eq!(runs(&store).await, [(2, 2)]);
    store.release(back, Timestamp::now()).await.unwrap();
    assert_eq!(retire().await.unwrap(), [2]);
    removed(0, 2, later(&store, 2).await);
    assert_eq!(
        publish_run(&store, 0, 0.9).await.manifest.revision,
        1,
        "nothing is left of it"
    );
}

#[tokio::test]
async fn superseded_revisions_are_addressable_for_the_grace_period() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (first, second) = (publish_run(&store, 0, 0.0).await, publish_run(&store, 0, 0.5).await);
    let run = first.manifest.run;
    removed(0, 0, later(&store, 0).await);
    let catalog = store.catalog().await.unwrap();
    assert_eq!(catalog.revision("test", run, 1).unwrap().sequence, 1);
    store.verify(catalog.revision("test", run, 1).unwrap()).await.unwrap();
    removed(1, 0, later(&store, 2).await);
    assert!(store.catalog().await.unwrap().revision("test", run, 1).is_none());
    removed(0, 1, later(&store, 4).await);
    store.verify(&second).await.unwrap();
    // Locally both revisions had names for the same files; those of the second one are there as ever.
    assert_eq!(runs(&open(dir.path()).await).await, [(2, 2)]);
}

#[tokio::test]
async fn a_clock_that_runs_ahead_removes_nothing_that_the_newest_publication_does_not_allow() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish_run(&store, 0, 0.0).await;
    publish_run(&store, 6, 0.0).await;
    let grace = RetentionRules {
        grace: SignedDuration::from_hours(48),
        ..rules()
    };
    for days in [100, 200, 300] {
        let skewed = Timestamp::now() + SignedDuration::from_hours(24 * days);
        assert_eq!(store.apply_retention(&grace, skewed).await.unwrap().deleted, 0);
    }
}

fn hold(run: Option<RunTime>, revision: Option<u32>) -> Hold {
    Hold {
        feed: "test".to_owned(),
        run,
        revision,
        until: None,
        why: "late incident".to_owned(),
    }
}

#[tokio::test]
async fn what_is_held_is_kept_and_what_was_retired_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let cycles = [
        publish_run(&store, 0, 0.0).await,
        publish_run(&store, 6, 0.0).await,
        publish_run(&store, 12, 0.0).await,
    ];
    let run = |at: usize| Some(cycles[at].manifest.run);
    let kept = store.hold(hold(run(0), Some(1)), Timestamp::now()).await.unwrap();
    removed(1, 0, later(&store, 0).await);
    assert_eq!(runs(&store).await, [(1, 1), (3, 1)]);
    let back = store.hold(hold(run(1), None), Timestamp::now()).await.unwrap();
    assert_eq!(runs(&store).await, [(1, 1), (2, 1), (3, 1)]);
    removed(0, 0, later(&store, 2).await);
    for cycle in &cycles {
        store.verify(cycle).await.unwrap();
    }
    store.release(back, Timestamp::now()).await.unwrap();
    let catalog = open(dir.path()).await.catalog().await.unwrap();
    assert_eq!(
        catalog
            .holds()
            .map(|(number, hold)| (number, hold.run))
            .collect::<Vec<_>>(),
        [(kept, run(0))]
    );
    removed(1, 0, later(&store, 2).await);
    removed(0, 1, later(&store, 4).await);
    for error in [
        store.release(back, Timestamp::now()).await.map(|()| 0),
        store.hold(hold(RunTime::from_unix_s(0), None), Timestamp::now()).await,
        store.hold(hold(run(1), None), Timestamp::now()).await,
    ] {
        assert_eq!(error.unwrap_err().kind(), Kind::NotFound);
    }
    let until = Hold {
        until: Some(Timestamp::now() + HOUR),
        ..hold(None, None)
    };
    store.release(kept, Timestamp::now()).await.unwrap();
    store.hold(until, Timestamp::now()).await.unwrap();
    removed(0, 0, later(&store, 0).await);
    removed(1, 0, later(&store, 2).await);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_removal_is_taken_up_by_the_next_run() {
    let faulty = Faulty::default();
    let store = remote(&faulty).await;
    publish_run(&store, 0, 0.0).await;
    let new = publish_run(&store, 6, 0.0).await;
    // Killed before it could say what it retires, before and after the objects went.
    for (hours, after) in [(0, 0), (2, 0), (2, 1)] {
        faulty.plan(Fault::Full, "forcing/retention", after, 1);
        let now = Timestamp::now() + HOUR * hours;
        remote(&faulty).await.apply_retention(&rules(), now).await.unwrap_err();
        if hours == 0 {
            removed(1, 0, later(&remote(&faulty).await, 0).await);
        }
    }
    assert!(faulty.paths("forcing/test/20151116T000000Z").await.is_empty());
    let again = remote(&faulty).await;
    removed(0, 1, later(&again, 2).await);
    removed(0, 0, later(&again, 2).await);
    again.verify(&new).await.unwrap();
    let old = faulty.paths("forcing/test/20151116T000000Z").await;
    assert!(old.is_empty(), "{old:?}");
    assert_eq!(runs(&store).await, [(2, 1)]);
}

/// The positions of a grid are among the objects that are removed; a catalog is read with or without them.
#[tokio::test(start_paused = true)]
async fn an_interrupted_removal_of_a_grid_of_positions_damages_no_catalog() {
    let faulty = Faulty::default();
    let store = remote(&faulty).await;
    made(crate::positions::publish(&store, "1", 0.0).await);
    let new = publish_run(&store, 6, 0.0).await;
    removed(1, 0, later(&store, 0).await);
    assert!(!remote(&faulty).await.catalog().await.unwrap().is_degraded());
    // Killed when the objects had gone, before it could say so.
    faulty.plan(Fault::Full, "forcing/retention", 1, 1);
    let now = Timestamp::now() + HOUR * 2;
    store.apply_retention(&rules(), now).await.unwrap_err();
    assert!(faulty.paths("forcing/test/20151116T000000Z").await.is_empty());
    let again = remote(&faulty).await;
    assert_eq!(again.catalog().await.unwrap().damaged(), []);
    removed(0, 1, later(&again, 2).await);
    let fresh = remote(&faulty).await;
    assert_eq!(fresh.catalog().await.unwrap().damaged(), []);
    assert_eq!(runs(&fresh).await, [(2, 1)]);
    fresh.verify(&new).await.unwrap();
}

#[tokio::test]
async fn two_that_remove_at_once_and_one_that_holds_never_cross() {
    let faulty = Faulty::default();
    let (a, b) = (remote(&faulty).await, remote(&faulty).await);
    let old = publish_run(&a, 0, 0.0).await;
    publish_run(&a, 6, 0.0).await;
    faulty.plan(Fault::Slow, "forcing/retention", 0, 2);
    let held = hold(Some(old.manifest.run), None);
    let (done, number) = tokio::join!(later(&a, 0), b.hold(held, Timestamp::now()));
    number.unwrap();
    assert!(done.retired <= 1);
    for hours in [0, 2, 4] {
        later(&a, hours).await;
        later(&b, hours).await;
    }
    a.verify(&old).await.unwrap();
    assert_eq!(runs(&b).await, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn nothing_is_removed_while_the_log_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish_run(&store, 0, 0.0).await;
    publish_run(&store, 6, 0.0).await;
    removed(1, 0, later(&store, 0).await);
    let file = dir.path().join("objects/forcing/retention/000000000001.json");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    let store = open(dir.path()).await;
    assert_eq!(runs(&store).await, [(1, 1), (2, 1)], "readers see what manifests say");
    let far = Timestamp::now() + HOUR * 3;
    let refused = store.apply_retention(&rules(), far).await.unwrap_err().to_string();
    assert!(
        refused.contains("000000000001.json") && refused.contains("no forcing is removed"),
        "{refused}"
    );
    assert!(matches!(
        store.hold(hold(None, None), far).await,
        Err(Error::Damaged { .. })
    ));
    std::fs::write(&file, good).unwrap();
    assert_eq!(runs(&store).await, [(2, 1)], "without a restart");
}

#[tokio::test]
async fn whoever_starts_reads_no_manifest_of_what_a_checkpoint_says_is_gone() {
    let faulty = Faulty::default();
    let store = remote(&faulty).await;
    for hours in 0..70 {
        publish_run(&store, hours, 0.0).await;
    }
    removed(69, 0, later(&store, 0).await);
    removed(0, 69, later(&store, 2).await);
    faulty.take_read();
    let again = remote(&faulty).await;
    assert_eq!(runs(&again).await, [(70, 1)]);
    let read = faulty.take_read();
    let manifests: Vec<_> = read
        .iter()
        .filter(|path| path.starts_with("forcing/manifests"))
        .collect();
    assert_eq!(manifests, ["forcing/manifests/000000000070.json"]);
    // It is a shortcut and no more.
    for path in faulty.paths("forcing/checkpoints").await {
        faulty.spoil(&path).await;
    }
    let without = remote(&faulty).await;
    assert_eq!(runs(&without).await, [(70, 1)]);
    assert_eq!(publish_run(&without, 71, 0.0).await.sequence, 71);
}

#[tokio::test]
async fn cycles_are_found_by_place_kind_time_and_feed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    made(publish(&store, "1", 6, 0.0).await.unwrap());
    let catalog = store.catalog().await.unwrap();
    let count = |query: CycleQuery| catalog.find(&query).len();
    let all = CycleQuery::default;
    let bbox = |north| BBox::new(0.0, north - 1.0, 1.0, north).ok();
    let hour = |hour: i64| ValidTime::from_unix_s(1_447_632_000 + 3600 * hour);
    for (query, found) in [
        (all(), 1),
        (
            CycleQuery {
                bbox: bbox(10.0),
                ..all()
            },
            1,
        ),
        (
            CycleQuery {
                bbox: bbox(80.0),
                ..all()
            },
            0,
        ),
        (
            CycleQuery {
                kinds: vec![ForcingKind::Wind, ForcingKind::Current],
                ..all()
            },
            1,
        ),
        (
            CycleQuery {
                kinds: vec![ForcingKind::Wind],
                ..all()
            },
            0,
        ),
        (CycleQuery { from: hour(5), ..all() }, 1),
        (CycleQuery { from: hour(6), ..all() }, 0),
        (
            CycleQuery {
                until: hour(0),
                ..all()
            },
            1,
        ),
        (
            CycleQuery {
                until: hour(-1),
                ..all()
            },
            0,
        ),
        (
            CycleQuery {
                feeds: vec!["test".to_owned()],
                ..all()
            },
            1,
        ),
        (
            CycleQuery {
                feeds: vec!["gfs".to_owned()],
                ..all()
            },
            0,
        ),
    ] {
        assert_eq!(count(query.clone()), found, "{query:?}");
    }
}

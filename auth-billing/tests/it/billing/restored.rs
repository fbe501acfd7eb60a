//! An installation that was restored from a backup tells Stripe nothing twice of what was told after the backup was made.

use std::sync::Arc;

use super::fake::Fake;
use super::{Place, terms};

on_both_engines! {
    what_was_told_after_the_backup_is_not_told_again_a_day_later,
    what_was_told_after_the_backup_is_not_told_again_at_once,
    what_was_not_told_is_told_after_the_restore,
}

async fn what_was_told_after_the_backup_is_not_told_again_a_day_later(place: Place) {
    restored(place, true, 25 * 3_600).await;
}

async fn what_was_told_after_the_backup_is_not_told_again_at_once(place: Place) {
    restored(place, true, 600).await;
}

async fn what_was_not_told_is_told_after_the_restore(place: Place) {
    restored(place, false, 25 * 3_600).await;
}

async fn restored(place: Place, is_told: bool, after_s: i64) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    let sync = place.sync(&fake.base);
    sync.pass().await.unwrap();
    // Of one hour the difference is made and waits, of the next it is not made, and both have two meters.
    for units in [40, 9] {
        place.used((org, key), "tile", units, place.now()).await;
        place.used((org, key), "features", units + 1, place.now()).await;
        place.advance(3_600);
    }
    place.advance(3_600);
    let first_hour_over = place.now() - jiff::SignedDuration::from_hours(2);
    place
        .database
        .enqueue_meter_events(first_hour_over, place.now())
        .await
        .unwrap();
    assert_eq!(place.database.meter_events_waiting().await.unwrap(), (2, 0));
    let copy = place.copied().await;
    if is_told {
        assert_eq!(sync.pass().await.unwrap().told, 4);
    }
    place.advance(after_s);
    copy.database.note_restore(copy.now()).await.unwrap();
    let sync = copy.sync(&fake.base);
    assert_eq!(
        sync.pass().await.unwrap().told,
        0,
        "Stripe may not have added up yet what it was told last"
    );
    for _ in 0..4 {
        copy.advance(3_600);
        sync.pass().await.unwrap();
    }
    assert_eq!(copy.database.meter_events_waiting().await.unwrap(), (0, 0));
    let taken = fake.taken();
    let mut values: Vec<i64> = taken.iter().map(|one| one.value).collect();
    values.sort_unstable();
    assert_eq!(values, [9, 10, 40, 41], "{taken:?}");
    // And it goes on.
    copy.used((org, key), "tile", 5, copy.now()).await;
    copy.advance(3 * 3_600);
    assert_eq!(sync.pass().await.unwrap().told, 1);
    assert_eq!(fake.taken().last().unwrap().value, 5);
    assert_eq!(fake.wrong(), Vec::<String>::new());
}

//! The ledger: exact under repetition, in one transaction with the watermark.

use driftline_database::{Entry, ErrorKind, UsageRecord, Watermark};
use driftline_domain::RequestId;

use crate::{Place, at};

on_both_engines! {
    entering_records_twice_changes_nothing,
    records_and_watermark_stand_or_fall_together,
    a_watermark_never_moves_back,
    what_comes_late_counts_beside_closed_hours,
}

fn records(place: &Place, seqs: std::ops::Range<i64>) -> Vec<UsageRecord> {
    let record = |seq| UsageRecord {
        node: "node-1".to_owned(),
        epoch: 5,
        seq,
        org: place.org,
        key: place.key,
        meter: if seq % 2 == 0 { "features" } else { "tiles" }.to_owned(),
        units: seq + 1,
        at: at(seq * 600),
        request: Some(RequestId::generate()),
        mission: None,
    };
    seqs.map(record).collect()
}

fn mark(segment: i64, offset: i64) -> Watermark {
    Watermark {
        node: "node-1".to_owned(),
        segment,
        offset,
    }
}

async fn units(place: &Place) -> i64 {
    let hours = place
        .database
        .usage_hours(place.org, at(-3600), at(99 * 3600))
        .await
        .unwrap();
    hours.iter().map(|hour| hour.units).sum()
}

async fn entering_records_twice_changes_nothing(place: Place) {
    let all = records(&place, 0..12);
    let sum: i64 = all.iter().map(|record| record.units).sum();
    assert_eq!(
        place
            .database
            .apply_usage(&all[..8], &mark(1, 800), at(7_000))
            .await
            .unwrap(),
        8
    );
    // A crash after the commit, before it was known: the same and a few more.
    assert_eq!(
        place
            .database
            .apply_usage(&all, &mark(1, 1200), at(7_000))
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        place
            .database
            .apply_usage(&all, &mark(1, 1200), at(7_000))
            .await
            .unwrap(),
        0
    );
    assert_eq!(units(&place).await, sum);
    let first = place.database.usage_records(place.org, 0, 7).await.unwrap();
    let rest = place
        .database
        .usage_records(place.org, first[6].entry, 100)
        .await
        .unwrap();
    let listed: Vec<_> = first.into_iter().chain(rest).map(|entry| entry.record).collect();
    assert_eq!(listed, all);
    let hours = place.database.usage_hours(place.org, at(0), at(3600)).await.unwrap();
    let features = hours.iter().find(|hour| hour.meter == "features").unwrap();
    assert_eq!((features.units, features.records, features.hour), (1 + 3 + 5, 3, at(0)));
    assert_eq!(place.database.last_epoch("node-1").await.unwrap(), Some(5));
    assert_eq!(place.database.last_epoch("node-2").await.unwrap(), None);
}

async fn records_and_watermark_stand_or_fall_together(place: Place) {
    let mut all = records(&place, 0..4);
    place
        .database
        .apply_usage(&all[..2], &mark(1, 200), at(7_000))
        .await
        .unwrap();
    all[3].units = -1;
    let error = place
        .database
        .apply_usage(&all, &mark(1, 400), at(7_000))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(place.database.watermark("node-1").await.unwrap(), Some(mark(1, 200)));
    assert_eq!(units(&place).await, 3);
    assert_eq!(place.database.watermark("node-2").await.unwrap(), None);
}

async fn a_watermark_never_moves_back(place: Place) {
    for (segment, offset) in [(2, 100), (1, 900), (2, 50), (2, 100)] {
        place
            .database
            .apply_usage(&[], &mark(segment, offset), at(7_000))
            .await
            .unwrap();
        assert_eq!(place.database.watermark("node-1").await.unwrap(), Some(mark(2, 100)));
    }
    place.database.apply_usage(&[], &mark(3, 32), at(7_000)).await.unwrap();
    assert_eq!(place.database.watermark("node-1").await.unwrap(), Some(mark(3, 32)));
}

async fn what_comes_late_counts_beside_closed_hours(place: Place) {
    // At 00:00, 00:10 … 01:50.
    let all = records(&place, 0..12);
    let enter = async |records: &[UsageRecord], now| place.database.enter_usage(records, at(now)).await.unwrap();
    // One second before the first hour's grace ends, and at its end.
    assert_eq!(enter(&all[..2], 7_199).await, [Entry::InItsHour; 2]);
    assert_eq!(enter(&all[1..4], 7_200).await, [Entry::Known, Entry::Late, Entry::Late]);
    assert_eq!(enter(&all[6..8], 7_200).await, [Entry::InItsHour; 2]);
    assert_eq!(enter(&all[..8], 9_000).await, {
        let mut entries = [Entry::Known; 8];
        entries[4..6].fill(Entry::Late);
        entries
    });
    let hours = place.database.usage_hours(place.org, at(0), at(3600)).await.unwrap();
    assert_eq!(
        hours.iter().map(|hour| hour.units).sum::<i64>(),
        1 + 2,
        "the closed hour stays as it was"
    );
    let late = place
        .database
        .late_usage(place.org, at(7_200), at(10_800))
        .await
        .unwrap();
    assert_eq!(late.iter().map(|late| late.units).sum::<i64>(), 3 + 4 + 5 + 6);
    assert!(
        late.iter()
            .all(|late| (late.hour, late.entered_hour) == (at(0), at(7_200)))
    );
    assert_eq!(late.iter().map(|late| late.records).collect::<Vec<_>>(), [2, 2]);
    assert!(
        place
            .database
            .late_usage(place.org, at(0), at(7_200))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(place.database.usage_records(place.org, 0, 100).await.unwrap().len(), 8);
}

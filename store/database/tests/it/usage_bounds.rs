//! Numbers that nobody means: sums beyond 64 bits take nothing from others, and what has no room is set aside, not lost. And
//! batches of any size are what their records would be one by one.

use std::collections::BTreeMap;
use std::time::Duration;

use driftline_database::{Entry, ErrorKind, InvoiceDraft, MISSION_METER, Quota, QuotaPeriod, UsageRecord, Watermark};
use driftline_domain::{KeyId, MissionId, OrgId};

use crate::credit::prepaid;
use crate::{Home, Place, at, organisation, run};

on_both_engines! {
    sums_beyond_64_bits_take_nothing_from_anybody,
    what_has_no_room_is_set_aside_and_the_rest_is_entered,
    a_mission_is_published_where_its_hour_has_no_room,
    a_batch_is_what_its_records_are_one_by_one,
    a_day_of_a_key_has_a_bound_whoever_sends_at_once,
}

fn record(org: OrgId, key: KeyId, seq: i64, units: i64, at_s: i64) -> UsageRecord {
    UsageRecord {
        node: "node-1".to_owned(),
        epoch: 5,
        seq,
        org,
        key,
        meter: "features".to_owned(),
        units,
        at: at(at_s),
        request: None,
        mission: None,
    }
}

fn mark(offset: i64) -> Watermark {
    Watermark {
        node: "node-1".to_owned(),
        segment: 1,
        offset,
    }
}

impl Place {
    /// Runs a statement that the product never makes; `{org}` and `{key}` stand for this place's.
    async fn sql(&self, text: &str) {
        let literal = |id: String| match self.home {
            Home::Folder(_) => format!("x'{id}'"),
            Home::Server(_) => format!("'{id}'"),
        };
        let text = text
            .replace("{org}", &literal(self.org.uuid().simple().to_string()))
            .replace("{key}", &literal(self.key.uuid().simple().to_string()));
        let text = sqlx::AssertSqlSafe(text);
        match &self.home {
            Home::Folder(_) => {
                let url = format!("sqlite://{}", self.home.file().display());
                let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
                sqlx::raw_sql(text).execute(&pool).await.unwrap();
                pool.close().await;
            }
            Home::Server(server) => {
                let pool = sqlx::PgPool::connect(server.url()).await.unwrap();
                sqlx::raw_sql(text).execute(&pool).await.unwrap();
                pool.close().await;
            }
        }
    }

    /// The hour of a second of this place's key and meter `features` has so many units already.
    async fn has_used(&self, at_s: i64, units: i64) {
        let hour = at(at_s).as_microsecond();
        self.sql(&format!(
            "INSERT INTO usage_hours (org_id, key_id, meter, hour, units, records) \
             VALUES ({{org}}, {{key}}, 'features', {hour}, {units}, 1)"
        ))
        .await;
    }
}

async fn sums_beyond_64_bits_take_nothing_from_anybody(place: Place) {
    let database = &place.database;
    database.put_plan("plan", &prepaid(), at(0)).await.unwrap();
    let (other, key) = organisation(database, "Navy").await;
    for org in [place.org, other] {
        database.assign_plan(org, Some("plan"), at(0)).await.unwrap();
        database
            .note_stripe_customer(org, &format!("cus_{}", org.uuid().simple()), at(0))
            .await
            .unwrap();
        for period in QuotaPeriod::ALL {
            let quota = Quota {
                org,
                meter: "features".to_owned(),
                period,
                soft: Some(10),
                hard: None,
            };
            database.set_quota(&quota, at(0)).await.unwrap();
        }
    }
    for hour in 0..3 {
        place.has_used(hour * 3600, i64::MAX).await;
        let at_us = at(hour * 3600).as_microsecond();
        place
            .sql(&format!(
                "INSERT INTO usage_records (node, epoch, seq, org_id, key_id, meter, units, at) \
                 VALUES ('odd', 1, {hour}, {{org}}, {{key}}, 'features', {max}, {at_us}); \
                 INSERT INTO usage_late (org_id, entered_hour, meter, key_id, hour, units, records) \
                 VALUES ({{org}}, {at_us}, 'features', {{key}}, {at_us}, {max}, 1)",
                max = i64::MAX
            ))
            .await;
    }
    let ordinary = record(other, key, 1, 7, 60);
    assert_eq!(database.apply_usage(&[ordinary], &mark(1), at(100)).await.unwrap(), 1);
    let contents = database.contents().await.unwrap();
    assert_eq!(contents.ledger["features"].hourly_units, i64::MAX);
    assert_eq!(database.ledger_totals().await.unwrap()["features"], i64::MAX);
    let used: BTreeMap<(OrgId, QuotaPeriod), i64> = database
        .quota_use(None, at(4 * 3600))
        .await
        .unwrap()
        .into_iter()
        .map(|found| ((found.quota.org, found.quota.period), found.used))
        .collect();
    assert_eq!(used[&(place.org, QuotaPeriod::Month)], i64::MAX);
    assert_eq!(used[&(other, QuotaPeriod::Month)], 7);
    assert_eq!(
        database.enqueue_meter_events(at(2 * 3600), at(3 * 3600)).await.unwrap(),
        3
    );
    let january = (at(0), at(31 * 86_400));
    for (org, units) in [(place.org, i64::MAX), (other, 7)] {
        let closed = database
            .close_invoice(org, january, at(31 * 86_400 + 7_200), |basis, _| {
                assert_eq!(basis.usage["features"], units);
                Ok(InvoiceDraft {
                    total_minor: 0,
                    document: serde_json::json!({}),
                })
            })
            .await;
        assert!(closed.unwrap().is_some());
    }
}

async fn what_has_no_room_is_set_aside_and_the_rest_is_entered(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    place.has_used(0, i64::MAX - 5).await;
    let records = [
        record(place.org, place.key, 1, 3, 10),
        record(place.org, place.key, 2, 10, 20),
        record(place.org, place.key, 3, 2, 30),
        record(other, other_key, 4, 7, 40),
        // An hour without a row that a single batch overflows.
        record(other, other_key, 5, i64::MAX, 3_600),
        record(other, other_key, 6, 9, 3_601),
    ];
    let enter = async |offset| place.database.apply_usage(&records, &mark(offset), at(4_000)).await;
    assert_eq!(enter(1).await.unwrap(), 6);
    let look = async || {
        let hours = async |org| place.database.usage_hours(org, at(0), at(7_200)).await.unwrap();
        let units =
            |hours: Vec<driftline_database::UsageHour>| -> Vec<i64> { hours.iter().map(|hour| hour.units).collect() };
        let listed = async |org| place.database.usage_records(org, 0, 100).await.unwrap();
        assert_eq!(units(hours(place.org).await), [i64::MAX]);
        assert_eq!(units(hours(other).await), [7, i64::MAX]);
        assert_eq!(
            listed(place.org)
                .await
                .iter()
                .map(|entry| entry.record.seq)
                .collect::<Vec<_>>(),
            [1, 3]
        );
        assert_eq!(
            listed(other)
                .await
                .iter()
                .map(|entry| entry.record.seq)
                .collect::<Vec<_>>(),
            [4, 5]
        );
        assert_eq!(place.database.usage_set_aside().await.unwrap(), 2);
    };
    look().await;
    assert_eq!(place.database.watermark("node-1").await.unwrap(), Some(mark(1)));
    // The same again, in time and when it would be late: nothing changes.
    assert_eq!(enter(2).await.unwrap(), 0);
    let again = place.database.enter_usage(&records, at(99_000)).await.unwrap();
    assert_eq!(again, [Entry::Known; 6]);
    look().await;
}

async fn a_mission_is_published_where_its_hour_has_no_room(place: Place) {
    let hour = at(0).as_microsecond();
    place
        .sql(&format!(
            "INSERT INTO usage_hours (org_id, key_id, meter, hour, units, records) \
             VALUES ({{org}}, {{key}}, '{MISSION_METER}', {hour}, {}, 1)",
            i64::MAX
        ))
        .await;
    place.publish("boat", 10, run(&[[4.0, 60.0, 5.0, 61.0]])).await;
    assert_eq!(place.database.usage_set_aside().await.unwrap(), 1);
    assert!(place.lease("node/1", 60).await.is_none());
}

async fn a_batch_is_what_its_records_are_one_by_one(place: Place) {
    let (other, other_key) = organisation(&place.database, "Navy").await;
    let mission = MissionId::generate();
    let mut records: Vec<UsageRecord> = (0..1_500)
        .map(|seq| {
            let (org, key) = if seq % 3 == 0 {
                (other, other_key)
            } else {
                (place.org, place.key)
            };
            UsageRecord {
                meter: ["tile", "features", "edr"][seq as usize % 3].to_owned(),
                // Some of closed hours.
                ..record(org, key, seq, 1 + seq % 11, seq * 17)
            }
        })
        .collect();
    records[700].mission = Some(mission);
    records[900].mission = Some(mission);
    // Numbers that came before, and a number twice.
    let now = at(20_000);
    place.database.enter_usage(&records[100..160], now).await.unwrap();
    let mut sent = records.clone();
    sent.push(records[1_499].clone());
    let new = place.database.apply_usage(&sent, &mark(1), now).await.unwrap();
    assert_eq!(new, 1_500 - 60 - 1, "one of the two of a mission");
    assert_eq!(place.database.apply_usage(&sent, &mark(2), now).await.unwrap(), 0);
    let mut expected: BTreeMap<(OrgId, String, bool), (i64, i64)> = BTreeMap::new();
    for (seq, record) in records.iter().enumerate().filter(|(seq, _)| *seq != 900) {
        let is_late = 20_000 >= (seq as i64 * 17).div_euclid(3600) * 3600 + 7_200;
        let sum = expected.entry((record.org, record.meter.clone(), is_late)).or_default();
        *sum = (sum.0 + record.units, sum.1 + 1);
    }
    let mut found: BTreeMap<(OrgId, String, bool), (i64, i64)> = BTreeMap::new();
    for org in [place.org, other] {
        for hour in place.database.usage_hours(org, at(-3600), at(99_000)).await.unwrap() {
            let sum = found.entry((org, hour.meter, false)).or_default();
            *sum = (sum.0 + hour.units, sum.1 + hour.records);
        }
        for late in place.database.late_usage(org, at(-3600), at(99_000)).await.unwrap() {
            let sum = found.entry((org, late.meter, true)).or_default();
            *sum = (sum.0 + late.units, sum.1 + late.records);
        }
    }
    assert_eq!(found, expected);
    assert_eq!(
        place.database.contents().await.unwrap().unbalanced_meters(),
        Vec::<&str>::new()
    );
}

async fn a_day_of_a_key_has_a_bound_whoever_sends_at_once(place: Place) {
    let send = |seq: i64| {
        let database = place.database.clone();
        let record = record(place.org, place.key, seq, 40, 60 * seq);
        tokio::spawn(async move { database.enter_usage_within(&[record], 100, at(4_000)).await })
    };
    let sent: Vec<_> = (0..4).map(send).collect();
    let (mut entered, mut refused) = (0, 0);
    for one in sent {
        match tokio::time::timeout(Duration::from_secs(30), one)
            .await
            .unwrap()
            .unwrap()
        {
            Ok(entries) => {
                assert_eq!(entries, [Entry::InItsHour]);
                entered += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Invalid);
                assert!(error.to_string().contains("100 are the most"), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!((entered, refused), (2, 2));
    // Another day has its own.
    let tomorrow = record(place.org, place.key, 9, 90, 86_400);
    let entered = place.database.enter_usage_within(&[tomorrow], 100, at(86_500)).await;
    assert_eq!(entered.unwrap(), [Entry::InItsHour]);
}

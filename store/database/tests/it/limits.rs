//! Buckets that nodes share, and quotas with their notices.

use driftline_database::{Quota, QuotaBound, QuotaNotice, QuotaPeriod, TokenDraw, UsageRecord, Watermark};
use driftline_domain::RequestId;
use jiff::Timestamp;

use crate::{Place, at, organisation};

on_both_engines! {
    a_bucket_gives_what_it_has_and_takes_back_what_lapsed,
    however_many_draw_at_once_no_token_is_given_twice,
    quotas_are_set_changed_and_removed,
    a_part_of_a_quota_is_noted_and_told_once,
}

/// 60 tokens of a second each.
fn draw(now_us: i64, tokens: i64) -> TokenDraw {
    TokenDraw {
        now_us,
        cost_us: tokens * 1_000_000,
        depth_us: 60_000_000,
        unused_us: 0,
        unused_since_us: 0,
    }
}

const NOW: i64 = 1_767_225_600_000_000;

async fn a_bucket_gives_what_it_has_and_takes_back_what_lapsed(place: Place) {
    let ask = async |order| place.database.draw_tokens("requests/key_1", order).await.unwrap();
    assert_eq!(ask(draw(NOW, 40)).await, (true, NOW + 40_000_000));
    assert_eq!(ask(draw(NOW, 21)).await, (false, NOW + 40_000_000), "nothing changed");
    assert_eq!(ask(draw(NOW, 20)).await, (true, NOW + 60_000_000));
    let lapsed = TokenDraw {
        unused_us: 15_000_000,
        unused_since_us: NOW,
        ..draw(NOW + 1_000_000, 10)
    };
    assert_eq!(ask(lapsed).await, (true, NOW + 55_000_000));
    // Full again since: what was drawn before is not given back a second time.
    let later = NOW + 100_000_000;
    assert_eq!(ask(draw(later, 30)).await, (true, later + 30_000_000));
    let late = TokenDraw {
        unused_us: 20_000_000,
        unused_since_us: NOW,
        ..draw(later, 30)
    };
    assert_eq!(ask(late).await, (true, later + 60_000_000));
    let drawn = place.database.draw_tokens("requests/key_2", draw(later, 60)).await;
    assert!(drawn.unwrap().0);
    assert_eq!(place.database.forget_full_buckets(later + 60_000_000).await.unwrap(), 0);
    assert_eq!(place.database.forget_full_buckets(later + 60_000_001).await.unwrap(), 2);
}

async fn however_many_draw_at_once_no_token_is_given_twice(place: Place) {
    let draws = (0..40).map(|_| {
        let database = place.database.clone();
        tokio::spawn(async move { database.draw_tokens("maps/org_1", draw(NOW, 3)).await.unwrap().0 })
    });
    let mut given = 0;
    for drawn in draws.collect::<Vec<_>>() {
        given += i32::from(drawn.await.unwrap());
    }
    assert_eq!(given, 20);
}

fn quota(place: &Place, meter: &str, period: QuotaPeriod, soft: Option<i64>, hard: Option<i64>) -> Quota {
    Quota {
        org: place.org,
        meter: meter.to_owned(),
        period,
        soft,
        hard,
    }
}

async fn use_up(place: &Place, seq: i64, meter: &str, units: i64, when: Timestamp, now: Timestamp) {
    let record = UsageRecord {
        node: "node-1".to_owned(),
        epoch: 1,
        seq,
        org: place.org,
        key: place.key,
        meter: meter.to_owned(),
        units,
        at: when,
        request: Some(RequestId::generate()),
        mission: None,
    };
    let mark = Watermark {
        node: "node-1".to_owned(),
        segment: 1,
        offset: seq,
    };
    place.database.apply_usage(&[record], &mark, now).await.unwrap();
}

async fn quotas_are_set_changed_and_removed(place: Place) {
    let database = &place.database;
    let (day, month) = (QuotaPeriod::Day, QuotaPeriod::Month);
    let noon = at(5 * 86_400 + 43_200);
    database
        .set_quota(&quota(&place, "tile", month, Some(80), Some(100)), at(0))
        .await
        .unwrap();
    database
        .set_quota(&quota(&place, "tile", day, None, Some(10)), at(0))
        .await
        .unwrap();
    database
        .set_quota(&quota(&place, "edr", month, Some(5), None), at(0))
        .await
        .unwrap();
    use_up(&place, 0, "tile", 7, at(3_600), at(3_600)).await;
    use_up(&place, 1, "tile", 2, noon, noon).await;
    // Of the month before, and of this month but entered when its hour was closed.
    use_up(&place, 2, "tile", 1_000, at(-3_600), at(-3_500)).await;
    use_up(&place, 3, "tile", 30, at(7_200), noon).await;
    let found = database.quota_use(Some(place.org), noon).await.unwrap();
    let used = |meter: &str, period| {
        let found = found
            .iter()
            .find(|found| found.quota.meter == meter && found.quota.period == period);
        found.map(|found| (found.used, found.quota.soft, found.quota.hard))
    };
    assert_eq!(used("tile", month), Some((39, Some(80), Some(100))));
    assert_eq!(
        used("tile", day),
        Some((32, None, Some(10))),
        "what came late counts when it came"
    );
    assert_eq!(used("edr", month), Some((0, Some(5), None)));
    let (other, _) = organisation(database, "Other").await;
    assert!(database.quota_use(Some(other), noon).await.unwrap().is_empty());
    assert_eq!(database.quota_use(None, noon).await.unwrap(), found);
    database
        .set_quota(&quota(&place, "tile", month, None, Some(40)), at(1))
        .await
        .unwrap();
    database
        .set_quota(&quota(&place, "tile", day, None, None), at(1))
        .await
        .unwrap();
    let left = database.quota_use(Some(place.org), noon).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(
        left.iter()
            .any(|found| (found.quota.soft, found.quota.hard) == (None, Some(40)))
    );
    let error = database
        .set_quota(&quota(&place, "tile", day, Some(0), None), at(1))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("quota 0 cannot be stored"), "{error}");
}

async fn a_part_of_a_quota_is_noted_and_told_once(place: Place) {
    let database = &place.database;
    let notice = QuotaNotice {
        org: place.org,
        meter: "tile".to_owned(),
        period: QuotaPeriod::Month,
        period_start: at(0),
        bound: QuotaBound::Soft,
        percent: 80,
        units: 100,
        used: 81,
        at: at(500),
    };
    assert!(database.note_quota(&notice).await.unwrap());
    assert!(
        !database
            .note_quota(&QuotaNotice {
                used: 95,
                at: at(600),
                ..notice.clone()
            })
            .await
            .unwrap()
    );
    assert!(
        database
            .note_quota(&QuotaNotice {
                percent: 100,
                at: at(700),
                ..notice.clone()
            })
            .await
            .unwrap()
    );
    let to_tell = database.quota_notices_to_tell(10).await.unwrap();
    assert_eq!(
        to_tell.iter().map(|notice| notice.percent).collect::<Vec<_>>(),
        [80, 100]
    );
    for (seconds, is_first) in [(800, true), (900, false)] {
        let mut change = database.account_change("tell of a quota").await.unwrap();
        let is_told = change.quota_notice_told(&to_tell[0], at(seconds)).await.unwrap();
        assert_eq!(is_told, is_first);
        change.commit().await.unwrap();
    }
    assert_eq!(database.quota_notices_to_tell(10).await.unwrap().len(), 1);
    let listed = database.quota_notices(place.org, at(0)).await.unwrap();
    assert_eq!((listed.len(), &listed[1]), (2, &notice));
}

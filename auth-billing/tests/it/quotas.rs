//! Quotas through the layers.

use driftline_database::{Quota, QuotaBound, QuotaPeriod};
use jiff::Timestamp;
use std::sync::atomic::Ordering;

use crate::{START_S, Service, refusal, service};

async fn set(service: &Service, meter: &str, soft: Option<i64>, hard: Option<i64>) {
    let quota = Quota {
        org: service.org,
        meter: meter.to_owned(),
        period: QuotaPeriod::Month,
        soft,
        hard,
    };
    let now = Timestamp::from_second(START_S).unwrap();
    service.database.set_quota(&quota, now).await.unwrap();
    service.quotas.refresh().await.unwrap();
}

#[tokio::test]
async fn a_hard_quota_refuses_what_is_beyond_it_and_a_soft_one_tells() {
    let mut service = service().await;
    // An answer of /billed costs 3 units of features.
    set(&service, "features", Some(3), Some(6)).await;
    assert_eq!(service.get("/billed/200").await.charge(), Some("3"));
    assert_eq!(service.get("/billed/200").await.charge(), Some("3"));
    let answer = service.get("/billed/200").await;
    let (status, code, detail) = refusal(&answer);
    assert_eq!((status, code.as_str(), answer.charge()), (429, "quota_exceeded", None));
    assert!(
        detail.contains("quota of 6 units of features a month is used up"),
        "{detail}"
    );
    assert!(detail.contains("2026-02-01T00:00:00Z"), "{detail}");
    assert_eq!(answer.headers["retry-after"], "2678400");
    assert_eq!(service.get("/whoami").await.status, 200, "what costs nothing goes on");
    assert_eq!(service.get("/wms").await.status, 200, "and so does another meter");
    assert_eq!(
        service.get("/distress/200").await.charge(),
        Some("3"),
        "nothing of a mission in distress is refused"
    );
    service.quotas.refresh().await.unwrap();
    service.quotas.refresh().await.unwrap();
    let notices = service
        .database
        .quota_notices(service.org, Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let mut told: Vec<_> = notices
        .iter()
        .map(|notice| (notice.bound.name(), notice.percent))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("hard", 80), ("hard", 100), ("soft", 80), ("soft", 100)]);
    assert!(
        notices
            .iter()
            .all(|notice| notice.bound == QuotaBound::Soft || notice.units == 6)
    );
    service.shut().await;
    let answer = service.get("/v1/billing/quotas").await.json();
    let quota = &answer["quotas"][0];
    assert_eq!(
        (&quota["meter"], &quota["used"], &quota["left"]),
        (&"features".into(), &9.into(), &0.into())
    );
    assert_eq!(
        (quota["from"].as_str(), answer["notices"].as_array().unwrap().len()),
        (Some("2026-01-01T00:00:00Z"), 4)
    );
    // February.
    service.now_s.fetch_add(31 * 86_400, Ordering::SeqCst);
    assert_eq!(
        service.get("/billed/200").await.status,
        503,
        "the log is closed, but no quota is in the way"
    );
}

#[tokio::test]
async fn an_address_that_says_its_price_is_refused_before_any_work() {
    let service = service().await;
    set(&service, "tile", None, Some(1)).await;
    let mission = service.mission(service.org).await;
    let path = format!("/missions/{mission}/tiles/particles/1/2/3.mvt");
    assert_eq!(service.get(&path).await.charge(), Some("1"));
    // The route of this test believes whoever says that it is about distress; the address is asked before the route.
    let refused = service.get(&format!("{path}?distress")).await;
    assert_eq!(refusal(&refused).1, "quota_exceeded");
    let distress = service.mission_in_distress().await;
    let path = format!("/missions/{distress}/tiles/particles/1/2/3.mvt");
    assert_eq!(service.get(&format!("{path}?distress")).await.charge(), Some("1"));
    let answer = service.get(&path).await;
    assert_eq!(
        refusal(&answer).1,
        "quota_exceeded",
        "an answer that says otherwise is not given out"
    );
}

#[tokio::test]
async fn a_mission_is_held_against_its_quota_unless_it_is_in_distress() {
    let service = service().await;
    set(&service, "mission.particle_hours", None, Some(100_000)).await;
    let key = service.key.expose();
    let send = async |text: &str| service.send_text("/v1/missions", key, text).await;
    assert_eq!(send("ordinary 100000").await.status, 202);
    let refused = send("ordinary 100001").await;
    assert_eq!(refusal(&refused).1, "quota_exceeded");
    assert_eq!(send("distress 100001").await.status, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_could_not_be_noted_is_noted_at_the_next_look() {
    for place in [crate::billing::in_file().await, crate::billing::on_server().await] {
        let (org, key, _) = place.organisation("Coastguard", None).await;
        let quota = Quota {
            org,
            meter: "tile".to_owned(),
            period: QuotaPeriod::Month,
            soft: Some(10),
            hard: None,
        };
        place.database.set_quota(&quota, place.now()).await.unwrap();
        let quotas = driftline_auth_billing::Quotas::open(place.database.clone(), place.clock())
            .await
            .unwrap();
        place.used((org, key), "tile", 9, place.now()).await;
        place.sql("ALTER TABLE quota_notices RENAME TO elsewhere").await;
        quotas.refresh().await.unwrap();
        place.sql("ALTER TABLE elsewhere RENAME TO quota_notices").await;
        quotas.refresh().await.unwrap();
        let notices = place.database.quota_notices(org, Timestamp::UNIX_EPOCH).await.unwrap();
        let told: Vec<_> = notices.iter().map(|notice| (notice.bound, notice.percent)).collect();
        assert_eq!(told, [(QuotaBound::Soft, 80)]);
    }
}

//! Limits as their layers use them: alone, shared between two nodes, and without the database.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use jiff::Timestamp;

use super::share::RowModel;
use super::*;
use crate::Error;

const START_US: i64 = 1_767_225_600_000_000;

#[derive(Default)]
struct Rows {
    rows: Mutex<HashMap<String, RowModel>>,
    asked: AtomicUsize,
    is_down: AtomicBool,
    is_slow: AtomicBool,
}

impl SharedBuckets for Rows {
    fn draw<'a>(&'a self, bucket: &'a str, order: DrawOrder) -> Draw<'a> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if self.is_slow.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.is_down.load(Ordering::SeqCst) {
                return Err(Error::NotRecorded("no connection".to_owned()));
            }
            let mut rows = self.rows.lock().unwrap();
            Ok(rows.entry(bucket.to_owned()).or_default().draw(&order))
        })
    }
}

fn clock() -> (Arc<AtomicI64>, Clock) {
    let now = Arc::new(AtomicI64::new(START_US));
    let ticking = Arc::clone(&now);
    let clock: Clock = Arc::new(move || Timestamp::from_microsecond(ticking.load(Ordering::SeqCst)).unwrap());
    (now, clock)
}

async fn given(limits: &Limits, class: Class, org: OrgId, key: KeyId, times: usize) -> usize {
    let mut given = 0;
    for _ in 0..times {
        let admission = limits.admit(class, org, key).await;
        given += usize::from(admission.refusal(&limits.0.settings).is_none());
    }
    given
}

#[tokio::test]
async fn every_key_has_its_limit_and_all_of_an_organisation_together_theirs() {
    let (now, clock) = clock();
    let settings = LimitSettings {
        organisation_requests: 2_500,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, clock, None, None);
    let org = OrgId::generate();
    let keys = [KeyId::generate(), KeyId::generate(), KeyId::generate()];
    let counts = [
        given(&limits, Class::Requests, org, keys[0], 1_200).await,
        given(&limits, Class::Requests, org, keys[1], 1_200).await,
        given(&limits, Class::Requests, org, keys[2], 1_200).await,
    ];
    assert_eq!(counts, [1_000, 1_000, 500]);
    assert_eq!(
        given(&limits, Class::Maps, org, keys[0], 10).await,
        10,
        "maps have their own"
    );
    assert_eq!(
        given(&limits, Class::Requests, OrgId::generate(), KeyId::generate(), 10).await,
        10
    );
    now.fetch_add(6_000_000, Ordering::SeqCst);
    assert_eq!(given(&limits, Class::Requests, org, keys[0], 200).await, 100);
}

#[tokio::test]
async fn a_mission_in_distress_passes_the_limit_of_the_others_and_has_its_own() {
    let (_, clock) = clock();
    let settings = LimitSettings {
        mission_writes: 5,
        distress_per_hour: 3,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, clock, None, None);
    let (org, key) = (OrgId::generate(), KeyId::generate());
    let request = async || {
        let admission = limits.admit(Class::MissionWrites, org, key).await;
        MissionAdmission::new(limits.clone(), org, admission.refusal(&limits.0.settings))
    };
    for _ in 0..5 {
        request().await.admit(key, false, 1).await.unwrap();
    }
    let over = request().await;
    let problem = over.admit(key, false, 1).await.unwrap_err();
    assert_eq!((problem.status.as_u16(), problem.code), (429, "rate_limited"));
    for _ in 0..3 {
        request().await.admit(key, true, 1).await.unwrap();
    }
    let problem = over.admit(key, true, 1).await.unwrap_err();
    assert!(
        problem
            .detail
            .contains("3 missions in distress by this organisation within an hour"),
        "{}",
        problem.detail
    );
    assert!(
        request().await.admit(KeyId::generate(), true, 1).await.is_err(),
        "the limit is the organisation's"
    );
}

#[tokio::test]
async fn each_mission_of_one_request_is_counted() {
    let (_, clock) = clock();
    let settings = LimitSettings {
        mission_writes: 5,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, clock, None, None);
    let (org, key) = (OrgId::generate(), KeyId::generate());
    let admission = limits.admit(Class::MissionWrites, org, key).await;
    let batch = MissionAdmission::new(limits.clone(), org, admission.refusal(&limits.0.settings));
    let mut admitted = 0;
    for _ in 0..10 {
        admitted += usize::from(batch.admit(key, false, 1).await.is_ok());
    }
    assert_eq!(admitted, 5);
}

#[tokio::test]
async fn two_nodes_share_one_limit() {
    let (now, clock) = clock();
    let rows = Arc::new(Rows::default());
    let node = || {
        let shared: Arc<dyn SharedBuckets> = Arc::clone(&rows) as Arc<dyn SharedBuckets>;
        Limits::new(LimitSettings::default(), Clock::clone(&clock), Some(shared), None)
    };
    let (first, second) = (node(), node());
    let (org, key) = (OrgId::generate(), KeyId::generate());
    let mut count = 0;
    // A minute of three times what is allowed, at both nodes.
    for _ in 0..600 {
        now.fetch_add(100_000, Ordering::SeqCst);
        count += given(&first, Class::Requests, org, key, 3).await;
        count += given(&second, Class::Requests, org, key, 2).await;
    }
    // A full bucket and a minute of what comes back.
    assert!((1_900..=2_000).contains(&count), "{count}");
    let asked = rows.asked.load(Ordering::SeqCst);
    assert!(asked < 600, "{asked} questions for 3,000 requests");
}

#[tokio::test]
async fn a_node_counts_alone_while_the_database_does_not_answer() {
    let (now, clock) = clock();
    let rows = Arc::new(Rows::default());
    let limits = Limits::new(
        LimitSettings::default(),
        clock,
        Some(Arc::clone(&rows) as Arc<dyn SharedBuckets>),
        None,
    );
    let (org, key) = (OrgId::generate(), KeyId::generate());
    rows.is_down.store(true, Ordering::SeqCst);
    assert_eq!(given(&limits, Class::Requests, org, key, 1_500).await, 1_000);
    assert!(rows.asked.load(Ordering::SeqCst) <= 2, "asked once a second");
    rows.is_down.store(false, Ordering::SeqCst);
    now.fetch_add(2_000_000, Ordering::SeqCst);
    assert_eq!(given(&limits, Class::Requests, org, key, 10).await, 10);
    assert!(!rows.rows.lock().unwrap().is_empty(), "the rows are used again");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_holds_a_request_for_a_moment_only() {
    let (_, clock) = clock();
    let rows = Arc::new(Rows::default());
    let limits = Limits::new(
        LimitSettings::default(),
        clock,
        Some(Arc::clone(&rows) as Arc<dyn SharedBuckets>),
        None,
    );
    rows.is_slow.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    assert_eq!(
        given(&limits, Class::Requests, OrgId::generate(), KeyId::generate(), 1).await,
        1
    );
    assert!(began.elapsed().as_millis() <= 600, "{:?}", began.elapsed());
}

#[test]
fn logins_have_a_limit_of_their_own() {
    let (_, clock) = clock();
    let limits = Limits::new(LimitSettings::default(), clock, None, None);
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let admitted = (0..100).filter(|_| limits.admit_login(address).is_ok()).count();
    assert_eq!(admitted, 60);
    let problem = limits.admit_login(address).unwrap_err();
    let header = |name: &str| {
        problem
            .headers
            .iter()
            .find(|(found, _)| found == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(header("retry-after"), "1");
    assert_eq!(header("ratelimit-policy"), "\"logins\";q=60;w=60");
    assert_eq!(header("ratelimit"), "\"logins\";r=0;t=1");
    assert!(limits.admit_address(address).is_ok());
}

#[tokio::test]
async fn a_person_without_an_organisation_has_a_limit_too() {
    let (_, clock) = clock();
    let settings = LimitSettings {
        requests: 3,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, clock, None, None);
    let (one, other) = (UserId::generate(), UserId::generate());
    for _ in 0..3 {
        assert!(limits.admit_person(one).await.is_ok());
    }
    let problem = limits.admit_person(one).await.unwrap_err();
    assert_eq!((problem.status.as_u16(), problem.code), (429, "rate_limited"));
    assert!(limits.admit_person(other).await.is_ok());
}

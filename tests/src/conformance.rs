//! `make conformance`: a test of ours for every abstract test of every conformance class that the service declares, named
//! by the identifier in its standard, and validators that others wrote. All of them ask one running service.
//!
//! Each standard has a file with its [`Case`]s. A case panics where the service does not conform. The first test here
//! fails for a declared class of which no case is known, the second runs every case and reports all that failed.

mod common;
mod wms;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::harness::{Client, Prepared, Server, mission_off_norway};

/// What cases ask.
pub(crate) struct Subject {
    _prepared: Prepared,
    /// The service.
    pub(crate) server: Server,
    /// A client with a key that may do everything.
    pub(crate) client: Client,
    /// The same key, for clients of others.
    pub(crate) key: String,
    /// A completed mission.
    pub(crate) mission: String,
}

/// An abstract test.
pub(crate) struct Case {
    /// The conformance class, as declared.
    pub(crate) class: &'static str,
    /// The test's identifier in the standard, such as `/conf/core/fc-op`; of validators their name.
    pub(crate) id: &'static str,
    /// Panics where the service does not conform.
    pub(crate) check: fn(&Subject),
}

impl Subject {
    fn new() -> Self {
        let prepared = Prepared::new();
        let server = prepared.serve();
        let client = server.client().with_key(&prepared.key);
        let posted = client.post("/v1/missions", &mission_off_norway(12, 1_000));
        let mission = posted.expect(202, "POST").json()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.wait_for(&mission)["status"], "completed");
        Self {
            key: prepared.key.clone(),
            _prepared: prepared,
            server,
            client,
            mission,
        }
    }

    /// The service that all cases share.
    fn shared() -> &'static Self {
        static SUBJECT: OnceLock<Subject> = OnceLock::new();
        SUBJECT.get_or_init(Self::new)
    }
}

/// Every case of every standard.
fn cases() -> Vec<Case> {
    [common::cases(), wms::cases()].into_iter().flatten().collect()
}

/// Roots that declare classes.
const ROOTS: [&str; 1] = ["/ogc"];

#[test]
#[ignore = "make conformance"]
fn every_declared_class_has_cases() {
    let subject = Subject::shared();
    let known: Vec<&str> = cases().iter().map(|case| case.class).collect();
    for root in ROOTS {
        let declared = subject.client.json(&format!("{root}/conformance"));
        let declared = declared["conformsTo"].as_array().unwrap();
        let missing: Vec<_> = declared
            .iter()
            .filter(|class| !known.contains(&class.as_str().unwrap()))
            .collect();
        assert!(
            missing.is_empty(),
            "{root} declares classes without a case: {missing:?}"
        );
    }
}

#[test]
#[ignore = "make conformance"]
fn every_case() {
    let subject = Subject::shared();
    let mut failed = Vec::new();
    let cases = cases();
    for case in &cases {
        let name = format!("{} {}", case.class, case.id);
        match catch_unwind(AssertUnwindSafe(|| (case.check)(subject))) {
            Ok(()) => println!("ok {name}"),
            Err(_) => {
                println!("FAILED {name}");
                failed.push(name);
            }
        }
    }
    // What `make conformance` ends with.
    println!(
        "{} passed, {} failed, 0 skipped",
        cases.len() - failed.len(),
        failed.len()
    );
    assert!(failed.is_empty(), "not conforming: {failed:#?}");
}

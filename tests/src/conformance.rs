//! `make conformance`: a test of ours for every abstract test of every conformance class that the service declares, named
//! by the identifier in its standard, and validators that others wrote. All of them ask one running service.
//!
//! Each standard has a file with its [`Case`]s. A case panics where the service does not conform. The one test here fails
//! for a declared class of which no case is known, then runs every case and reports all that failed. A case of a class that
//! the service does not declare is named, but neither run nor counted.

mod asking;
mod common;
mod cql2;
mod edr;
mod features;
mod maps;
mod processes;
mod styles;
mod tiles;
mod validators;
mod wms;
mod wmts;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::harness::{Client, Launch, Prepared, Server, mission_off_norway};

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

/// Its name, with a character that filters have to escape.
pub(crate) const MISSION_NAME: &str = "the master's person overboard";

/// Panics where the service does not conform.
pub(crate) type Check = fn(&Subject);

/// An abstract test.
pub(crate) struct Case {
    /// The conformance class, as declared; [`validators::CLASS`] for a validator.
    pub(crate) class: &'static str,
    /// The test's identifier in the standard, such as `/conf/core/fc-op`; of validators their name.
    pub(crate) id: &'static str,
    /// What is asked.
    pub(crate) check: Check,
}

/// An abstract test of a declared class that cannot be asked of this service.
pub(crate) struct Skipped {
    /// The conformance class.
    pub(crate) class: &'static str,
    /// The test's identifier within it.
    pub(crate) id: &'static str,
    /// Why.
    pub(crate) why: &'static str,
}

impl Subject {
    fn new() -> Self {
        let prepared = Prepared::new();
        // Cases listen on this machine for callbacks and for inputs that are asked for.
        let allowed = [("DRIFTLINE__OUTBOUND__ALLOW", "127.0.0.1".to_owned())];
        let server = Launch::on(&prepared.data()).with_settings(&allowed).start();
        let client = server.client().with_key(&prepared.key);
        let mut mission = mission_off_norway(12, 1_000);
        mission["name"] = json!(MISSION_NAME);
        let posted = client.post("/v1/missions", &mission);
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

    /// The classes that the roots declare.
    pub(crate) fn declared(&self) -> BTreeSet<String> {
        let of_root = |root: &&str| {
            let declared = self.client.json(&format!("{root}/conformance"));
            let classes = declared["conformsTo"].as_array().unwrap().clone();
            classes
                .into_iter()
                .map(|class| class.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        ROOTS.iter().flat_map(of_root).collect()
    }
}

/// Every case of every standard, and the validators.
fn cases() -> Vec<Case> {
    [
        common::cases(),
        features::cases(),
        cql2::cases(),
        edr::cases(),
        maps::cases(),
        processes::cases(),
        styles::cases(),
        tiles::cases(),
        wms::cases(),
        wmts::cases(),
        validators::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Roots that declare classes.
const ROOTS: [&str; 2] = ["/ogc", "/edr"];

#[test]
#[ignore = "make conformance"]
fn every_case() {
    // Dropped at the end, and its server with it: a static one would outlive the tests.
    let subject = &Subject::new();
    let declared = subject.declared();
    let known: BTreeSet<String> = cases().iter().map(|case| case.class.to_owned()).collect();
    let unknown: Vec<_> = declared.difference(&known).collect();
    assert!(unknown.is_empty(), "declared without a case: {unknown:?}");
    // Services with capabilities have no list of classes.
    let has_capabilities = |class: &str| wms::CLASSES.contains(&class) || wmts::CLASSES.contains(&class);
    let is_asked = |class: &str| class == validators::CLASS || has_capabilities(class) || declared.contains(class);
    let (asked, others): (Vec<Case>, Vec<Case>) = cases().into_iter().partition(|case| is_asked(case.class));
    for case in others {
        println!("not declared: {} {}", case.class, case.id);
    }
    let (mut passed, mut failed) = (0, Vec::new());
    for case in asked {
        let name = format!("{} {}", case.class, case.id);
        match catch_unwind(AssertUnwindSafe(|| (case.check)(subject))) {
            Ok(()) => {
                println!("ok {name}");
                passed += 1;
            }
            Err(_) => {
                println!("FAILED {name}");
                failed.push(name);
            }
        }
    }
    let skipped: Vec<Skipped> = cql2::skipped().into_iter().filter(|it| is_asked(it.class)).collect();
    for case in &skipped {
        println!("skipped {} {}: {}", case.class, case.id, case.why);
    }
    // What `make conformance` ends with.
    println!("{passed} passed, {} failed, {} skipped", failed.len(), skipped.len());
    assert!(failed.is_empty(), "not conforming: {failed:#?}");
}

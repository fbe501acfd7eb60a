//! An empty database for a test, embedded or on a server: as `DRIFTLINE_TEST_ENGINE` says. A test binary that takes its databases
//! from here runs each of its tests on one engine, and then starts itself once more for the other ([`again_on_a_server`]).

use std::path::Path;
use std::process::Command;

use driftline_database::{Database, PostgresSettings};

use super::postgres::FreshDatabase;

/// `server` chooses PostgreSQL; unset is the embedded engine.
const ENGINE: &str = "DRIFTLINE_TEST_ENGINE";

/// What a database needs to stay, besides the test's own folder.
pub(crate) struct Home {
    server: Option<FreshDatabase>,
}

impl Home {
    /// A further handle, as another process has one, or the same process after it ended.
    pub(crate) async fn open(&self, folder: &Path) -> Database {
        let Some(server) = &self.server else {
            return Database::open(&folder.join("driftline.sqlite")).await.unwrap();
        };
        let settings = PostgresSettings {
            url: server.url().to_owned(),
            connections: 5,
            prepared: true,
        };
        Database::connect(&settings).await.unwrap()
    }
}

/// A database of the test's own; an embedded one lies in the folder.
pub(crate) async fn fresh(folder: &Path) -> (Database, Home) {
    let home = Home {
        server: is_on_server().then(FreshDatabase::create),
    };
    (home.open(folder).await, home)
}

pub(crate) fn is_on_server() -> bool {
    let engine = std::env::var_os(ENGINE);
    assert!(
        engine.as_ref().is_none_or(|name| name == "server"),
        "{ENGINE} is {engine:?}, not \"server\""
    );
    engine.is_some()
}

/// Runs the tests of this binary whose names contain `chosen` again on a server, without those that contain one of `skipped`,
/// which choose engines themselves. Fails as they fail, and says what they said.
pub(crate) fn again_on_a_server(chosen: &str, skipped: &[&str]) {
    if is_on_server() {
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.env(ENGINE, "server").args(["--test-threads=2", chosen]);
    for name in skipped {
        again.args(["--skip", name]);
    }
    let done = again.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && !said.contains(" 0 passed"),
        "on a server: {said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

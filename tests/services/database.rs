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
    _server: Option<FreshDatabase>,
}

/// A database of the test's own; an embedded one lies in the folder.
pub(crate) async fn fresh(folder: &Path) -> (Database, Home) {
    match is_on_server() {
        true => on_server().await,
        false => {
            let database = Database::open(&folder.join("driftline.sqlite")).await.unwrap();
            (database, Home { _server: None })
        }
    }
}

/// One on a server, whatever the variable says.
pub(crate) async fn on_server() -> (Database, Home) {
    let server = FreshDatabase::create();
    let settings = PostgresSettings {
        url: server.url().to_owned(),
        connections: 5,
        prepared: true,
    };
    let database = Database::connect(&settings).await.unwrap();
    let home = Home { _server: Some(server) };
    (database, home)
}

pub(crate) fn is_on_server() -> bool {
    let engine = std::env::var_os(ENGINE);
    assert!(
        engine.as_ref().is_none_or(|name| name == "server"),
        "{ENGINE} is {engine:?}, not \"server\""
    );
    engine.is_some()
}

/// Runs this test binary again on a server, without the tests whose names contain one of `skipped`: those that choose engines
/// themselves. Fails as they fail, and says what they said.
pub(crate) fn again_on_a_server(skipped: &[&str]) {
    if is_on_server() {
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.env(ENGINE, "server").arg("--test-threads=2");
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
    println!("{}", said.lines().last().unwrap_or_default());
}

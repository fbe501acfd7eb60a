//! Databases of PostgreSQL for tests: one server for the whole test binary, started when the first test asks, and for each test
//! an empty database that goes with the value. `DRIFTLINE_TEST_POSTGRES`, the URL of a server whose user may create databases,
//! takes the place of the server that `postgres.sh` starts.

use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::service::Service;

/// An empty database.
pub(crate) struct FreshDatabase {
    name: String,
    url: String,
}

impl FreshDatabase {
    /// Creates it.
    pub(crate) fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // The process stands in the name: test binaries may share the server of the variable.
        let name = format!("driftline_{}_{count}", std::process::id());
        administer(&format!("CREATE DATABASE {name}"));
        let (server, _) = server_url().rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        Self { name, url }
    }

    /// Where it is, `postgres://user:password@host:port/name`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        // With whatever a pool still holds open. In a thread of its own: a connection that a pool is just opening ends only when
        // the test's runtime does, and that may be waiting here.
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        std::thread::spawn(move || administer(&statement));
    }
}

/// The server of this test binary.
fn server_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var_os("DRIFTLINE_TEST_POSTGRES") {
        Some(url) => url.into_string().unwrap(),
        None => {
            let server = Service::start("postgres.sh", &[]);
            let url = server.address().to_owned();
            // Statics are never dropped: the server ends when this process does.
            std::mem::forget(server);
            url
        }
    })
}

/// Runs one statement as the server's owner. psql, so that this file needs no driver and no runtime.
fn administer(statement: &str) {
    let done = Command::new("psql")
        .args([server_url(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement])
        .output()
        .unwrap_or_else(|error| {
            panic!("psql does not start ({error}): run deploy/setup/services.sh, as `make test` does")
        });
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{statement}: {said}");
}

//! What every test from outside needs: the binary, its commands, a running server, an HTTP client, the outside readers,
//! and a data directory that holds the bundled forcing.

mod clients;
mod commands;
mod http;
mod object_service;
mod peers;
mod pictures;
mod prepared;
mod server;
mod shim;

// Of all crates that test against them.
#[path = "../services/postgres.rs"]
mod postgres;
#[path = "../services/service.rs"]
mod service;

pub(crate) use clients::{gdal, gdal_says, node, opendrift, python, system_python};
pub(crate) use commands::{Commands, json_of, run};
pub(crate) use http::{Answer, Client};
pub(crate) use object_service::{BUCKET, ObjectService, free_port};
pub(crate) use peers::{MailSink, haproxy, keycloak, nats, stripe_mock};
pub(crate) use pictures::{keep_picture, pictures};
pub(crate) use postgres::FreshDatabase;
pub(crate) use prepared::{ALL_SCOPES, OFF_NORWAY, Prepared, forcing_file, mission_off_norway};
pub(crate) use server::{Launch, Server};
pub(crate) use service::Service;
pub(crate) use shim::shared_object;

use std::path::{Path, PathBuf};
use std::sync::Once;

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Data that may lie beside the project; `None` where it does not, after one line that says what is not covered then.
pub(crate) fn beside(path: &str, not_covered: &str) -> Option<PathBuf> {
    let found = repository().parent().unwrap().join("shared").join(path);
    if found.exists() {
        return Some(found);
    }
    println!("not covered, since ../shared/{path} is not there: {not_covered}");
    None
}

/// A folder that goes with the value. It lies where cargo builds, on a disk and not in memory.
pub(crate) fn scratch(what: &str) -> tempfile::TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    static SWEPT: Once = Once::new();
    SWEPT.call_once(|| sweep(parent));
    let own = format!("product-{}-{what}-", std::process::id());
    tempfile::Builder::new().prefix(&own).tempdir_in(parent).unwrap()
}

/// Removes what earlier runs of the tests left behind: statics are never dropped.
fn sweep(parent: &Path) {
    std::fs::create_dir_all(parent).unwrap();
    for entry in std::fs::read_dir(parent).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix("product-").and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another run may sweep at the same moment.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = into.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Reproducible chance (SplitMix64), so that a failure names the seed that shows it again.
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in 0..bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

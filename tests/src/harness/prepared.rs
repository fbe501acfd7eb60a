//! A data directory that holds the bundled forcing, two organisations and their keys. Made once per run of the tests and
//! copied for each, so that no test sees what another one did.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Commands, Launch, Server, copy_folder, repository, scratch};

/// A test's own data directory with forcing and keys in it.
pub(crate) struct Prepared {
    folder: tempfile::TempDir,
    /// Key of the organisation "coastguard", with every scope.
    pub(crate) key: String,
    /// Key of another organisation, "shipping", with every scope.
    pub(crate) foreign_key: String,
}

/// Every scope there is.
pub(crate) const ALL_SCOPES: &str = "missions:read,missions:write,missions:distress,features:read,usage:read";

struct Template {
    folder: tempfile::TempDir,
    key: String,
    foreign_key: String,
}

/// A bundled forcing file; its absence is a failure.
pub(crate) fn forcing_file(name: &str) -> PathBuf {
    let path = repository().join("tests/data/forcing").join(name);
    assert!(path.exists(), "the bundled file {} is missing", path.display());
    path
}

/// Feed names and files of the forcing off Norway, 16 to 18 November 2015.
pub(crate) const OFF_NORWAY: [(&str, &str); 2] = [
    ("norkyst800", "norkyst800_subset_16Nov2015.nc"),
    ("arome", "arome_subset_16Nov2015.nc"),
];

/// A person in the water off Norway, inside both feeds.
pub(crate) fn mission_off_norway(hours: u32, particles: u32) -> Value {
    json!({
        "name": "person overboard",
        "last_known_lat": 60.15,
        "last_known_lon": 4.1,
        "last_known_time": "2015-11-16T00:00:00Z",
        "object_type": "PIW-1",
        "uncertainty_radius_m": 1000.0,
        "forecast_hours": hours,
        "ensemble_size": particles,
        "config": { "seed": 7 },
    })
}

fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = scratch("prepared");
        let data = folder.path().join("data");
        let commands = Commands::on(&data);
        for (feed, file) in OFF_NORWAY {
            commands.ingest(&forcing_file(file), feed);
        }
        let key_of = |organisation: &str| {
            commands.organisation(organisation);
            commands.key(organisation, &["--scopes", ALL_SCOPES]).1
        };
        let (key, foreign_key) = (key_of("coastguard"), key_of("shipping"));
        Template {
            folder,
            key,
            foreign_key,
        }
    })
}

impl Prepared {
    /// A copy of its own.
    pub(crate) fn new() -> Self {
        let template = template();
        let folder = scratch("data");
        copy_folder(template.folder.path(), folder.path());
        Self {
            folder,
            key: template.key.clone(),
            foreign_key: template.foreign_key.clone(),
        }
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A server on it.
    pub(crate) fn serve(&self) -> Server {
        Launch::on(&self.data()).start()
    }

    /// Moves the data directory's content to another place.
    pub(crate) fn copy_to(&self, data: &Path) {
        copy_folder(&self.data(), data);
    }
}

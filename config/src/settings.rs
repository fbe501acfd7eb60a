//! One struct per section, checked as a whole; the default file documents each value.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, S3Settings};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// HTTP.
    pub server: ServerSettings,
    /// Where data lies.
    pub store: StoreSettings,
    /// The object store by S3, where one is named.
    pub s3: S3Settings,
    /// Where land is.
    pub coast: CoastSettings,
    /// How missions run.
    pub missions: MissionSettings,
    /// The usage log.
    pub usage: UsageSettings,
    /// What is written about the service's own work.
    pub log: LogSettings,
}

/// HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// What emitted links begin with; empty: the request's own host.
    pub public_base_url: String,
    /// Origins of web pages that may use secret keys, such as `https://sar.example.org`; `*` for every page.
    pub cors_origins: Vec<String>,
}

/// Where data lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Folder of database, usage log and, unless told otherwise, forcing and results.
    pub data_dir: PathBuf,
    /// Where forcing and results lie: a folder, or `s3://bucket/prefix`; empty: the folder `objects` in `data_dir`.
    pub objects: String,
    /// Name of this node in usage records.
    pub node: String,
}

/// Where land is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoastSettings {
    /// Coast file of the operator's own; empty: the coast that comes with the program.
    pub file: PathBuf,
}

/// How missions run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissionSettings {
    /// Missions computed at the same time.
    pub max_concurrent_jobs: usize,
    /// Compute threads; 0 for one per core.
    pub threads: usize,
    /// Seconds a worker may be silent before its job is given to another.
    pub lease_s: u32,
}

/// The usage log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageSettings {
    /// Milliseconds between transfers from the usage log to the ledger.
    pub flush_ms: u64,
}

/// What is written about the service's own work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// error, warn, info, debug or trace.
    pub level: String,
    /// Form of a line.
    pub format: LogFormat,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Reads and checks a merged table; `origin` is named in what is refused.
pub(crate) fn read(table: toml::Table, origin: &str) -> Result<Settings, Error> {
    let invalid = |message: String| Error::Invalid {
        origin: origin.to_owned(),
        message,
    };
    let settings: Settings = table
        .try_into()
        .map_err(|error: toml::de::Error| invalid(error.to_string()))?;
    settings.check().map_err(invalid)?;
    Ok(settings)
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        let url = &self.server.public_base_url;
        if !(url.is_empty() || url.starts_with("http://") || url.starts_with("https://"))
            || url.contains(['?', '#', ' '])
        {
            return Err(format!(
                "server.public_base_url '{url}' is not an http or https address without query"
            ));
        }
        if let Some(origin) = self
            .server
            .cors_origins
            .iter()
            .find(|origin| !looks_like_an_origin(origin))
        {
            return Err(format!(
                "server.cors_origins: '{origin}' is not an origin such as https://sar.example.org, and not *"
            ));
        }
        if !(1..=256).contains(&self.missions.max_concurrent_jobs) {
            return Err(format!(
                "missions.max_concurrent_jobs is {}; it must be between 1 and 256",
                self.missions.max_concurrent_jobs
            ));
        }
        if self.missions.threads > 1024 {
            return Err(format!(
                "missions.threads is {}; it must be at most 1024",
                self.missions.threads
            ));
        }
        if !(1..=3600).contains(&self.missions.lease_s) {
            return Err(format!(
                "missions.lease_s is {}; it must be between 1 and 3600",
                self.missions.lease_s
            ));
        }
        if !(10..=60_000).contains(&self.usage.flush_ms) {
            return Err(format!(
                "usage.flush_ms is {}; it must be between 10 and 60000",
                self.usage.flush_ms
            ));
        }
        self.check_objects()?;
        let node = &self.store.node;
        let plain = node
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if node.is_empty() || node.len() > 63 || !plain {
            return Err(format!(
                "store.node '{node}' must be 1 to 63 lower-case letters, digits or dashes"
            ));
        }
        if !["error", "warn", "info", "debug", "trace"].contains(&self.log.level.as_str()) {
            return Err(format!(
                "log.level '{}' is not one of error, warn, info, debug, trace",
                self.log.level
            ));
        }
        Ok(())
    }

    /// The operator's own coast file; `None`: the coast that comes with the program.
    pub fn coast_file(&self) -> Option<&Path> {
        let file = &self.coast.file;
        (!file.as_os_str().is_empty()).then_some(file)
    }

    /// What emitted links begin with, without a trailing slash; `None`: the request's own host.
    pub fn public_base_url(&self) -> Option<&str> {
        let url = self.server.public_base_url.trim_end_matches('/');
        (!url.is_empty()).then_some(url)
    }
}

/// Scheme and host; what the patterns mean is read where they are used, before a port is bound.
fn looks_like_an_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    text == "*" || host.is_some_and(is_host)
}

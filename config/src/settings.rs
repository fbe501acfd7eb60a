//! One struct per section, checked as a whole; the default file documents each value.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    Address, BillingSettings, DatabaseSettings, Error, IdentitySettings, LimitSettings, MailSettings, NatsSettings,
    S3Settings,
};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// HTTP.
    pub server: ServerSettings,
    /// Who runs the service.
    pub provider: ProviderSettings,
    /// Where data lies.
    pub store: StoreSettings,
    /// Where missions, accounts and the ledger are kept.
    pub database: DatabaseSettings,
    /// What tells processes on several machines of each other's changes.
    pub nats: NatsSettings,
    /// Accounts of people.
    pub identity: IdentitySettings,
    /// Mail.
    pub mail: MailSettings,
    /// The object store by S3, where one is named.
    pub s3: S3Settings,
    /// Where land is.
    pub coast: CoastSettings,
    /// Feeds that are fetched.
    pub ingest: IngestSettings,
    /// How missions run.
    pub missions: MissionSettings,
    /// Requests to addresses that customers name.
    pub outbound: OutboundSettings,
    /// The live feed for TAK.
    pub cot: CotSettings,
    /// How much callers may ask in a time.
    pub limits: LimitSettings,
    /// The usage log.
    pub usage: UsageSettings,
    /// Invoices and Stripe.
    pub billing: BillingSettings,
    /// What is written about the service's own work.
    pub log: LogSettings,
    /// Where spans of requests go.
    pub traces: TraceSettings,
    /// What conformance suites ask for beside the service itself.
    pub conformance: ConformanceSettings,
}

/// HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Seconds after the signal to stop during which requests are still accepted.
    pub drain_s: u32,
    /// Address where a process that serves nothing answers operators; empty: nowhere.
    pub operations_listen: String,
    /// What emitted links begin with; empty: the request's own host.
    pub public_base_url: String,
    /// Origins of web pages that may use secret keys, such as `https://sar.example.org`; `*` for every page.
    pub cors_origins: Vec<String>,
    /// Networks of proxies that are believed when they say who the client is.
    pub trusted_proxies: Vec<String>,
}

/// Who runs the service, as capabilities tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Name of the organisation.
    pub name: String,
    /// Its web site; empty: none is told.
    pub site: String,
    /// Its telephone number; empty: none is told.
    pub phone: String,
    /// Its address for electronic mail; empty: none is told.
    pub email: String,
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

/// Feeds that are fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    /// Names of the feeds that are kept up to date.
    pub feeds: Vec<String>,
    /// A server that has everything of every provider, under the provider's host and path; empty: the providers themselves.
    pub mirror: Address,
    /// Where feeds are fetched instead: by feed and place a base address, empty for a place that is not used.
    pub places: BTreeMap<String, BTreeMap<String, Address>>,
    /// Feeds of which the mirror or the places have a part of the provider's grid only.
    pub cut: Vec<String>,
    /// Folders and prefixes whose files are forcing.
    pub folders: Vec<FolderSettings>,
    /// Hours beyond its nominal time that a cycle is fetched.
    pub forecast_h: u32,
    /// Hours back that cycles are fetched and kept.
    pub hindcast_h: u32,
    /// Hours beyond its nominal time that a late cycle must reach to be published early.
    pub usable_h: u32,
    /// Hours that a superseded or expired revision stays readable.
    pub grace_h: u32,
    /// Seconds between looks at a feed.
    pub poll_s: u32,
    /// Seconds between looks at a published cycle that its provider may have written anew.
    pub recheck_s: u32,
    /// Most requests to one host in a minute.
    pub requests_per_minute: u32,
    /// Folder of files on their way into a cycle; empty: `spool` in the data directory.
    pub spool: PathBuf,
}

/// A folder or prefix whose files are forcing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderSettings {
    /// Feed that the files become.
    pub feed: String,
    /// Path of a folder on this machine, or address of a listing.
    pub location: Address,
    /// Credit line; empty: what the files say of themselves.
    #[serde(default)]
    pub attribution: String,
    /// Hours after its last valid time that a cycle is kept; `None`: until it is withdrawn by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_h: Option<u32>,
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
    /// Seconds before a failed mission is tried again first.
    pub retry_base_s: u32,
    /// Seconds between two attempts at most.
    pub retry_longest_s: u32,
    /// A mission is tried so often.
    pub attempts: u32,
    /// Seconds that a mission may wait for a worker.
    pub time_to_live_s: u32,
}

impl MissionSettings {
    fn check(&self) -> Result<(), String> {
        if self.threads > 1024 {
            return Err(format!("missions.threads is {}; it must be at most 1024", self.threads));
        }
        if !(1..=3600).contains(&self.lease_s) {
            return Err(format!(
                "missions.lease_s is {}; it must be between 1 and 3600",
                self.lease_s
            ));
        }
        for (key, value, most) in [
            ("retry_base_s", self.retry_base_s, 3600),
            ("retry_longest_s", self.retry_longest_s, 86_400),
            ("attempts", self.attempts, 1000),
            ("time_to_live_s", self.time_to_live_s, 7 * 86_400),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("missions.{key} is {value}; it must be between 1 and {most}"));
            }
        }
        Ok(())
    }
}

/// Requests to addresses that customers name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSettings {
    /// Networks beside the public ones that may be asked, such as `10.1.0.0/16`.
    pub allow: Vec<String>,
}

/// The live feed for TAK.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CotSettings {
    /// Address to listen on; empty: there is no feed.
    pub listen: String,
    /// The server's certificate, with those between it and its authority; empty: `cot/server.pem` in the data directory.
    pub certificate: PathBuf,
    /// Its key; empty: `cot/server-key.pem` in the data directory.
    pub key: PathBuf,
    /// The authorities that may have signed a client's certificate; empty: `cot/ca.pem` in the data directory.
    pub client_ca: PathBuf,
}

/// Where the certificates of the feed for TAK lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CotFiles {
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authorities of clients.
    pub client_ca: PathBuf,
}

/// The usage log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageSettings {
    /// Milliseconds between transfers from the usage log to the ledger.
    pub flush_ms: u64,
}

/// What conformance suites ask for beside the service itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConformanceSettings {
    /// Folder of GML files that become layers of WMS; empty: none.
    pub blue_lake: PathBuf,
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

/// Where spans of requests go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    /// Base address of a collector that takes OTLP over HTTP; empty: nowhere.
    pub endpoint: Address,
    /// What this process is called there.
    pub service_name: String,
    /// Share of requests that are traced where the caller does not say.
    pub share: f64,
}

impl TraceSettings {
    fn check(&self) -> Result<(), String> {
        if !self.endpoint.is_empty() && !self.endpoint.is_http() {
            return Err(format!(
                "traces.endpoint '{}' is not an http or https address",
                self.endpoint
            ));
        }
        if !(0.0..=1.0).contains(&self.share) {
            return Err(format!("traces.share is {}; it must be between 0 and 1", self.share));
        }
        if self.service_name.trim().is_empty() {
            return Err("traces.service_name is empty".to_owned());
        }
        Ok(())
    }
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
        if self.provider.name.trim().is_empty() {
            return Err("provider.name is empty; capabilities have to tell who runs the service".to_owned());
        }
        let site = &self.provider.site;
        if !(site.is_empty() || site.starts_with("http://") || site.starts_with("https://")) {
            return Err(format!("provider.site '{site}' is not an http or https address"));
        }
        if !(1..=256).contains(&self.missions.max_concurrent_jobs) {
            return Err(format!(
                "missions.max_concurrent_jobs is {}; it must be between 1 and 256",
                self.missions.max_concurrent_jobs
            ));
        }
        self.ingest.check()?;
        self.traces.check()?;
        if self.server.drain_s > 300 {
            return Err(format!(
                "server.drain_s is {}; it must be at most 300",
                self.server.drain_s
            ));
        }
        self.limits.check()?;
        self.billing.check()?;
        self.missions.check()?;
        let listen = &self.server.operations_listen;
        if !listen.is_empty() && listen.parse::<SocketAddr>().is_err() {
            return Err(format!(
                "server.operations_listen '{listen}' is not an address with a port, such as 127.0.0.1:8081"
            ));
        }
        let listen = &self.cot.listen;
        if !listen.is_empty() && listen.parse::<SocketAddr>().is_err() {
            return Err(format!(
                "cot.listen '{listen}' is not an address with a port, such as 0.0.0.0:8089"
            ));
        }
        if !(10..=60_000).contains(&self.usage.flush_ms) {
            return Err(format!(
                "usage.flush_ms is {}; it must be between 10 and 60000",
                self.usage.flush_ms
            ));
        }
        self.check_objects()?;
        self.database.check()?;
        self.nats.check()?;
        self.identity.check()?;
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

    /// The folder of test layers, where one is named.
    pub fn blue_lake(&self) -> Option<&Path> {
        let folder = &self.conformance.blue_lake;
        (!folder.as_os_str().is_empty()).then_some(folder)
    }

    /// Where a process that serves nothing answers operators; `None`: nowhere.
    pub fn operations_listen(&self) -> Option<SocketAddr> {
        self.server.operations_listen.parse().ok()
    }

    /// Where the feed for TAK listens; `None`: there is none.
    pub fn cot_listen(&self) -> Option<SocketAddr> {
        self.cot.listen.parse().ok()
    }

    /// Where the certificates of the feed for TAK lie.
    pub fn cot_files(&self) -> CotFiles {
        let folder = self.store.data_dir.join("cot");
        let or = |file: &Path, name: &str| {
            if file.as_os_str().is_empty() {
                folder.join(name)
            } else {
                file.to_owned()
            }
        };
        CotFiles {
            certificate: or(&self.cot.certificate, "server.pem"),
            key: or(&self.cot.key, "server-key.pem"),
            client_ca: or(&self.cot.client_ca, "ca.pem"),
        }
    }

    /// What emitted links begin with, without a trailing slash; `None`: the request's own host.
    pub fn public_base_url(&self) -> Option<&str> {
        let url = self.server.public_base_url.trim_end_matches('/');
        (!url.is_empty()).then_some(url)
    }
}

/// Ten years, in hours.
const MOST_KEPT_H: u32 = 24 * 3653;

impl IngestSettings {
    fn check(&self) -> Result<(), String> {
        let bounds = [
            ("forecast_h", self.forecast_h, 1, 24 * 31),
            ("hindcast_h", self.hindcast_h, 0, 24 * 366),
            ("usable_h", self.usable_h, 1, 24 * 31),
            ("grace_h", self.grace_h, 1, 24 * 366),
            ("poll_s", self.poll_s, 1, 3600),
            ("recheck_s", self.recheck_s, 0, 7 * 86_400),
            ("requests_per_minute", self.requests_per_minute, 1, 60_000),
        ];
        if let Some((key, value, low, high)) = bounds.iter().find(|(_, value, low, high)| value < low || value > high) {
            return Err(format!("ingest.{key} is {value}; it must be between {low} and {high}"));
        }
        for (number, folder) in self.folders.iter().enumerate() {
            if let Some(keep_h) = folder.keep_h.filter(|keep_h| !(1..=MOST_KEPT_H).contains(keep_h)) {
                return Err(format!(
                    "ingest.folders[{number}].keep_h is {keep_h}; it must be between 1 and {MOST_KEPT_H}"
                ));
            }
        }
        match self.addresses().find(|(_, base)| !base.is_empty() && !base.is_http()) {
            Some((key, base)) => Err(format!("{key}: '{base}' is not an http or https address")),
            None => Ok(()),
        }
    }

    /// Base addresses, each with the key that holds it.
    fn addresses(&self) -> impl Iterator<Item = (String, &Address)> {
        let places = self.places.iter().flat_map(|(feed, places)| {
            let key = move |place: &String| format!("ingest.places.{feed}.{place}");
            places.iter().map(move |(place, base)| (key(place), base))
        });
        std::iter::once(("ingest.mirror".to_owned(), &self.mirror)).chain(places)
    }
}

/// Scheme and host; what the patterns mean is read where they are used, before a port is bound.
fn looks_like_an_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    text == "*" || host.is_some_and(is_host)
}

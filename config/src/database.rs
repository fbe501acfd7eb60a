//! The servers that several processes share: PostgreSQL and NATS. Their addresses hold passwords and show in no print.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::objects::optional_secret;
use crate::{Address, Error, Secret, Settings};

/// Where missions, accounts and the ledger are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// A PostgreSQL server; empty: a file in the data directory.
    pub url: Address,
    /// File that holds the address of the server.
    pub url_file: PathBuf,
    /// Connections of this process at most.
    pub connections: u32,
    /// Whether statements are prepared once for each connection.
    pub prepared: bool,
}

/// What tells processes of each other's changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSettings {
    /// A NATS server; empty: none.
    pub url: Address,
    /// File that holds the address of the server.
    pub url_file: PathBuf,
    /// What the names of subjects begin with.
    pub prefix: String,
}

impl DatabaseSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        let url = self.url.reveal();
        if !(url.is_empty() || url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(format!(
                "database.url '{}' is not of the form postgres://user:password@host/database",
                self.url
            ));
        }
        if !(2..=1000).contains(&self.connections) {
            return Err(format!(
                "database.connections is {}; it must be between 2 and 1000",
                self.connections
            ));
        }
        Ok(())
    }
}

impl NatsSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        let url = self.url.reveal();
        if !(url.is_empty() || url.starts_with("nats://") || url.starts_with("tls://")) {
            return Err(format!(
                "nats.url '{}' is neither nats://host:port nor tls://host:port",
                self.url
            ));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if self.prefix.is_empty() || !self.prefix.bytes().all(plain) {
            return Err(format!(
                "nats.prefix '{}' must be letters, digits, dashes and underscores",
                self.prefix
            ));
        }
        Ok(())
    }
}

impl Settings {
    /// The address of the PostgreSQL server; `None`: the embedded file.
    pub fn database_url(&self) -> Result<Option<Secret>, Error> {
        let given = Secret::from(self.database.url.reveal().to_owned());
        optional_secret("database.url", &given, &self.database.url_file)
    }

    /// The address of the NATS server; `None`: there is none.
    pub fn nats_url(&self) -> Result<Option<Secret>, Error> {
        let given = Secret::from(self.nats.url.reveal().to_owned());
        optional_secret("nats.url", &given, &self.nats.url_file)
    }
}

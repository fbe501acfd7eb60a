//! Accounts of people, the mail that they get, and the identity providers that they may log in with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::objects::optional_secret;
use crate::{Error, Secret, Settings};

/// Accounts of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// Whether people may make accounts by themselves.
    pub registration: bool,
    /// Domains of mail addresses that may; empty: all.
    pub registration_domains: Vec<String>,
    /// Key that personal fields and signing keys are encrypted with: 32 bytes in hexadecimal or base64.
    pub master_key: Secret,
    /// File that holds it; both empty: `master.key` in the data directory.
    pub master_key_file: PathBuf,
    /// Minutes that an access token is valid.
    pub access_minutes: u32,
    /// Days that a refresh token waits to be used.
    pub refresh_idle_days: u32,
    /// Days that a login session lasts in any case.
    pub session_days: u32,
    /// What signs access tokens.
    pub token_algorithm: TokenAlgorithm,
    /// Days that one key signs.
    pub token_key_days: u32,
    /// Who access tokens are for.
    pub audience: String,
    /// Memory of one password hash, in KiB.
    pub hash_memory_kib: u32,
    /// Passes of one password hash.
    pub hash_passes: u32,
    /// Lanes of one password hash.
    pub hash_lanes: u32,
    /// Threads that hash passwords.
    pub hash_threads: usize,
    /// Logins that wait for them at most.
    pub hash_queue: usize,
    /// Identity providers.
    pub providers: Vec<OidcSettings>,
}

/// What signs access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    /// Ed25519.
    EdDSA,
    /// RSA with SHA-256.
    RS256,
}

/// An identity provider (OpenID Connect).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// Its name in addresses.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What it knows us as.
    pub client_id: String,
    /// What it knows us by.
    #[serde(default = "no_secret")]
    pub client_secret: Secret,
    /// File that holds it.
    #[serde(default)]
    pub client_secret_file: PathBuf,
}

fn no_secret() -> Secret {
    Secret::from(String::new())
}

/// Mail by SMTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Host of the mail server; empty: no mail is sent.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// User, where the server wants one.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// File that holds the password.
    pub password_file: PathBuf,
    /// Certificates (PEM) of authorities that are trusted beside the system's; empty: none.
    pub ca_file: PathBuf,
    /// Sender.
    pub from: String,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEncryption {
    /// TLS from the first byte.
    Tls,
    /// By STARTTLS, and not without.
    Starttls,
    /// Not at all.
    None,
}

impl IdentitySettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        let bounds = [
            ("access_minutes", u64::from(self.access_minutes), 1, 24 * 60),
            ("refresh_idle_days", u64::from(self.refresh_idle_days), 1, 90),
            ("session_days", u64::from(self.session_days), 1, 365),
            ("token_key_days", u64::from(self.token_key_days), 2, 365),
            ("hash_memory_kib", u64::from(self.hash_memory_kib), 19_456, 1 << 20),
            ("hash_passes", u64::from(self.hash_passes), 2, 100),
            ("hash_lanes", u64::from(self.hash_lanes), 1, 64),
            ("hash_threads", self.hash_threads as u64, 1, 256),
            ("hash_queue", self.hash_queue as u64, 0, 10_000),
        ];
        if let Some((key, value, low, high)) = bounds.iter().find(|(_, value, low, high)| value < low || value > high) {
            return Err(format!(
                "identity.{key} is {value}; it must be between {low} and {high}"
            ));
        }
        if self.audience.trim().is_empty() {
            return Err("identity.audience is empty; tokens have to be for somebody".to_owned());
        }
        for (number, provider) in self.providers.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let name = &provider.name;
            if name.is_empty() || name.len() > 32 || !name.bytes().all(plain) {
                return Err(format!(
                    "identity.providers[{number}].name '{name}' must be 1 to 32 lower-case letters, digits or dashes"
                ));
            }
            let issuer = &provider.issuer;
            if !(issuer.starts_with("https://") || issuer.starts_with("http://")) {
                return Err(format!(
                    "identity.providers[{number}].issuer '{issuer}' is not an http or https address"
                ));
            }
            if self.providers[..number].iter().any(|earlier| earlier.name == *name) {
                return Err(format!("identity.providers: '{name}' stands twice"));
            }
        }
        Ok(())
    }
}

impl MailSettings {
    pub(crate) fn check_together(&self) -> Result<(), String> {
        if !self.host.is_empty() && self.from.trim().is_empty() {
            return Err("mail.host is set and mail.from is empty; mails need a sender".to_owned());
        }
        if !self.ca_file.as_os_str().is_empty() && self.encryption == MailEncryption::None {
            return Err(format!(
                "mail.ca_file is '{}' and mail.encryption is \"none\": no certificate would be looked at",
                self.ca_file.display()
            ));
        }
        Ok(())
    }
}

impl Settings {
    /// The master key as it was set, or the file's text; `None`: neither is set.
    pub fn master_key(&self) -> Result<Option<Secret>, Error> {
        let identity = &self.identity;
        optional_secret("identity.master_key", &identity.master_key, &identity.master_key_file)
    }

    /// The password for the mail server.
    pub fn mail_password(&self) -> Result<Option<Secret>, Error> {
        optional_secret("mail.password", &self.mail.password, &self.mail.password_file)
    }
}

impl OidcSettings {
    /// The secret that the provider knows us by.
    pub fn secret(&self) -> Result<Option<Secret>, Error> {
        optional_secret(
            "identity.providers.client_secret",
            &self.client_secret,
            &self.client_secret_file,
        )
    }
}

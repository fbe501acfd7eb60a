//! What operators decide about accounts.

use std::fmt;

use jiff::SignedDuration;

use super::password::HashCost;
use super::signing_key::TokenAlgorithm;
use crate::origin::AllowedOrigins;

/// Everything that can be set about accounts.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// What links in mails and redirects begin with, without a slash at the end; also the issuer of tokens. `None`: nobody
    /// is sent a link, and the issuer is `driftline`.
    pub public_base: Option<String>,
    /// Who the tokens are for.
    pub audience: String,
    /// What the service calls itself towards people.
    pub service_name: String,
    /// How long an access token is valid.
    pub access_life: SignedDuration,
    /// How long a refresh token waits to be used.
    pub refresh_idle: SignedDuration,
    /// How long a login session lasts in any case.
    pub session_life: SignedDuration,
    /// What signs access tokens.
    pub algorithm: TokenAlgorithm,
    /// How long one key signs.
    pub key_life: SignedDuration,
    /// What a password hash costs.
    pub hash: HashCost,
    /// Threads that hash.
    pub hash_threads: usize,
    /// Logins that wait for them.
    pub hash_queue: usize,
    /// Whether people may make accounts by themselves.
    pub registration: bool,
    /// Domains of mail addresses that may; all of them where the list is empty.
    pub registration_domains: Vec<String>,
    /// Origins of pages that may use the cookie of a session, beside the service's own.
    pub cookie_origins: AllowedOrigins,
    /// How mail is sent; `None`: it is not.
    pub mail: Option<MailSettings>,
    /// Identity providers that people may log in with.
    pub providers: Vec<ProviderSettings>,
}

/// How mail is sent.
#[derive(Clone)]
pub struct MailSettings {
    /// Host of the mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// User and password, where the server wants them.
    pub credentials: Option<(String, String)>,
    /// Certificates (PEM) of authorities that are trusted beside the system's.
    pub authorities: Option<String>,
    /// What mails come from, for example `Driftline <noreply@sar.example.org>`.
    pub from: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailSettings({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEncryption {
    /// TLS from the first byte (port 465).
    Tls,
    /// Begun in the clear, encrypted before anything is said (port 587); a server that cannot is not spoken to.
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

/// An identity provider (OpenID Connect).
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its name in addresses, for example `google`.
    pub name: String,
    /// Its issuer, for example `https://accounts.google.com`.
    pub issuer: String,
    /// What it knows us as.
    pub client_id: String,
    /// What it knows us by; none for a public client.
    pub client_secret: Option<String>,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderSettings({}, {})", self.name, self.issuer)
    }
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            public_base: None,
            audience: "driftline".to_owned(),
            service_name: "Driftline".to_owned(),
            access_life: SignedDuration::from_mins(60),
            refresh_idle: SignedDuration::from_hours(7 * 24),
            session_life: SignedDuration::from_hours(30 * 24),
            algorithm: TokenAlgorithm::EdDsa,
            key_life: SignedDuration::from_hours(30 * 24),
            hash: HashCost::default(),
            hash_threads: 1,
            hash_queue: 32,
            registration: false,
            registration_domains: Vec::new(),
            cookie_origins: AllowedOrigins::default(),
            mail: None,
            providers: Vec::new(),
        }
    }
}

impl IdentitySettings {
    /// Who issues the tokens.
    pub(crate) fn issuer(&self) -> &str {
        self.public_base.as_deref().unwrap_or("driftline")
    }

    /// The path under which the service is published; empty at the root of its host.
    pub(crate) fn path_prefix(&self) -> String {
        let url = self.public_base.as_deref().and_then(|base| url::Url::parse(base).ok());
        url.map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned())
    }

    /// Whether cookies are for encrypted connections only: always but for a service that is published in the clear on the
    /// machine itself.
    pub(crate) fn has_secure_cookies(&self) -> bool {
        let Some(base) = &self.public_base else {
            // Nothing is known of how it is reached: only a browser on the machine itself speaks to it in the clear.
            return false;
        };
        let url = url::Url::parse(base).ok();
        let is_local = |url: &url::Url| match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        !url.is_some_and(|url| url.scheme() == "http" && is_local(&url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published_at(base: &str) -> IdentitySettings {
        IdentitySettings {
            public_base: Some(base.to_owned()),
            ..IdentitySettings::default()
        }
    }

    #[test]
    fn cookies_are_secure_unless_the_service_is_the_machines_own() {
        for (base, secure) in [
            ("https://sar.example.org/drift", true),
            ("http://sar.example.org", true),
            ("http://127.0.0.1:8080", false),
            ("http://localhost:8080", false),
            ("http://[::1]:8080", false),
            ("https://localhost", true),
        ] {
            assert_eq!(published_at(base).has_secure_cookies(), secure, "{base}");
        }
        assert_eq!(published_at("https://sar.example.org/drift").path_prefix(), "/drift");
        assert_eq!(IdentitySettings::default().path_prefix(), "");
    }

    #[test]
    fn secrets_of_settings_are_not_printed() {
        let settings = IdentitySettings {
            mail: Some(MailSettings {
                host: "mail".to_owned(),
                port: 587,
                encryption: MailEncryption::StartTls,
                credentials: Some(("me".to_owned(), "hidden".to_owned())),
                authorities: None,
                from: "a@b.org".to_owned(),
            }),
            providers: vec![ProviderSettings {
                name: "google".to_owned(),
                issuer: "https://accounts.google.com".to_owned(),
                client_id: "id".to_owned(),
                client_secret: Some("hidden".to_owned()),
            }],
            ..IdentitySettings::default()
        };
        assert!(!format!("{settings:?}").contains("hidden"));
    }
}

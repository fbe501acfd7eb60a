//! Typed settings: `config/driftline.toml` is the annotated default, a file and then the environment override it.
//! Everything is checked before a port is bound. This is the only place that reads the environment.

mod address;
mod billing;
mod database;
mod environment;
mod identity;
mod limits;
mod objects;
mod settings;

pub use address::Address;
pub use billing::{BillingSettings, StripeAccess};
pub use database::{DatabaseSettings, NatsSettings};
pub use environment::{Environment, ProcessEnvironment};
pub use identity::{IdentitySettings, MailEncryption, MailSettings, OidcSettings, TokenAlgorithm};
pub use limits::LimitSettings;
pub use objects::{Addressing, ObjectsAt, S3Credentials, S3Settings, Secret};
pub use settings::{
    CoastSettings, CotFiles, CotSettings, FolderSettings, IngestSettings, LogFormat, LogSettings, MissionSettings,
    OutboundSettings, ProviderSettings, ServerSettings, Settings, StoreSettings, TraceSettings, UsageSettings,
};

use std::path::{Path, PathBuf};

/// The annotated default, which is also the documentation of every setting.
pub const DEFAULT_TOML: &str = include_str!("../driftline.toml");

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is not valid TOML or holds unknown keys or wrong types.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where the value came from: a file or an environment variable.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file that a setting names cannot be used.
    #[error("the {what} {path} cannot be used: {source}")]
    File {
        /// What it was to be, such as "coast file".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads the default, then the file, then the environment.
pub fn load(file: Option<&Path>, environment: &dyn Environment) -> Result<Settings, Error> {
    let mut table = parse(DEFAULT_TOML, "the built-in default")?;
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let origin = path.display().to_string();
        overlay(&mut table, parse(&text, &origin)?);
        // Unknown keys are reported against the file that holds them, not against the merged whole.
        settings::read(table.clone(), &origin)?;
    }
    for (variable, path, value) in environment::overrides(environment) {
        environment::apply(&mut table, &variable, &path, &value)?;
        settings::read(table.clone(), &format!("environment variable {variable}"))?;
    }
    let origin = "the configuration";
    let settings = settings::read(table, origin)?;
    // What depends on two settings is looked at when both are known, whichever came first.
    let together = settings
        .s3
        .check_together()
        .and_then(|()| settings.mail.check_together());
    together.map_err(|message| Error::Invalid {
        origin: origin.to_owned(),
        message,
    })?;
    Ok(settings)
}

fn parse(text: &str, origin: &str) -> Result<toml::Table, Error> {
    text.parse().map_err(|error: toml::de::Error| Error::Invalid {
        origin: origin.to_owned(),
        message: error.to_string(),
    })
}

fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over_inner)) => overlay(inner, over_inner),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<(&'static str, &'static str)>);
    impl Environment for Fixed {
        fn variables(&self) -> Vec<(String, String)> {
            self.0.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        }
    }

    #[test]
    fn the_default_is_valid_and_binds_to_loopback() {
        let settings = load(None, &Fixed(vec![])).unwrap();
        assert!(settings.server.listen.ip().is_loopback());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = std::env::temp_dir().join(format!("driftline-config-{}", std::process::id()));
        std::fs::write(&dir, "[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let env = Fixed(vec![
            ("DRIFTLINE__SERVER__LISTEN", "127.0.0.1:2"),
            ("LOG_LEVEL", "debug"),
            ("MAX_CONCURRENT_JOBS", "3"),
        ]);
        let settings = load(Some(&dir), &env).unwrap();
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(settings.server.listen.port(), 2);
        assert_eq!(settings.log.level, "debug");
        assert_eq!(settings.missions.max_concurrent_jobs, 3);
    }

    #[test]
    fn the_coast_is_the_programs_own_unless_a_file_is_named() {
        assert_eq!(load(None, &Fixed(vec![])).unwrap().blue_lake(), None);
        assert_eq!(load(None, &Fixed(vec![])).unwrap().coast_file(), None);
        let file = std::env::temp_dir().join(format!("driftline-config-coast-{}", std::process::id()));
        std::fs::write(&file, "[coast]\nfile = \"/srv/sea/fjord.coast\"\n").unwrap();
        let by_file = load(Some(&file), &Fixed(vec![])).unwrap();
        let by_environment = load(Some(&file), &Fixed(vec![("DRIFTLINE__COAST__FILE", "own.coast")])).unwrap();
        let taken_back = load(Some(&file), &Fixed(vec![("DRIFTLINE__COAST__FILE", "")])).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(by_file.coast_file(), Some(Path::new("/srv/sea/fjord.coast")));
        assert_eq!(by_environment.coast_file(), Some(Path::new("own.coast")));
        assert_eq!(taken_back.coast_file(), None);
    }

    #[test]
    fn lists_are_separated_by_commas_in_the_environment() {
        for (value, expected) in [
            (
                "https://a.org, http://localhost:*,",
                vec!["https://a.org", "http://localhost:*"],
            ),
            ("*", vec!["*"]),
            ("", vec![]),
        ] {
            for name in ["CORS_ORIGINS", "DRIFTLINE__SERVER__CORS_ORIGINS"] {
                let settings = load(None, &Fixed(vec![(name, value)])).unwrap();
                assert_eq!(settings.server.cors_origins, expected, "{name}={value}");
            }
        }
        assert!(load(None, &Fixed(vec![])).unwrap().server.cors_origins.is_empty());
    }

    #[test]
    fn no_print_and_no_refusal_shows_the_password_of_an_address() {
        let text = "[ingest]\nmirror = \"http://me:hidden@m/\"\n[ingest.places.gfs-wind]\naws = \"https://me:hidden@a/\"\n\
                    [[ingest.folders]]\nfeed = \"a\"\nlocation = \"https://me:hidden@b/?prefix=c\"\nkeep_h = 48\n";
        let file = std::env::temp_dir().join(format!("driftline-config-address-{}", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let settings = load(Some(&file), &Fixed(vec![]));
        std::fs::write(&file, text.replace("http", "ftp")).unwrap();
        let refused = load(Some(&file), &Fixed(vec![])).unwrap_err().to_string();
        std::fs::write(&file, text.replace("48", "0")).unwrap();
        let at_once = load(Some(&file), &Fixed(vec![])).unwrap_err().to_string();
        std::fs::remove_file(&file).unwrap();
        let settings = settings.unwrap();
        assert_eq!(settings.ingest.mirror.reveal(), "http://me:hidden@m/");
        let shown = format!("{settings:?} {}", toml::to_string(&settings).unwrap());
        assert!(
            shown.contains("https://(not shown)@b/?prefix=c") && !shown.contains("hidden"),
            "{shown}"
        );
        assert!(
            refused.contains("ingest.mirror") && !refused.contains("hidden"),
            "{refused}"
        );
        assert!(at_once.contains("ingest.folders[0].keep_h is 0"), "{at_once}");
    }

    #[test]
    fn unknown_keys_and_absurd_values_are_refused_with_their_origin() {
        for (variable, value, word) in [
            ("DRIFTLINE__SERVER__LISTENN", "x", "listenn"),
            ("DRIFTLINE__NOPE__X", "1", "nope"),
            ("DRIFTLINE__SERVER__LISTEN", "nowhere", "listen"),
            ("DRIFTLINE__MISSIONS__MAX_CONCURRENT_JOBS", "0", "max_concurrent_jobs"),
            ("PUBLIC_BASE_URL", "ftp://x", "public_base_url"),
            ("CORS_ORIGINS", "https://a.org,b.org", "'b.org'"),
            ("CORS_ORIGINS", "https://a.org/map", "cors_origins"),
            ("LOG_LEVEL", "loud", "level"),
            ("DRIFTLINE__COAST__FLIE", "own.coast", "flie"),
            ("DRIFTLINE__COT__LISTEN", "8089", "cot.listen"),
            ("DRIFTLINE__STORE__OBJECTS", "gs://bucket", "gs://bucket"),
            ("DRIFTLINE__STORE__OBJECTS", "s3:///cycles", "bucket"),
            ("S3_ENDPOINT", "minio:9000", "s3.endpoint"),
            ("JWT_EXPIRATION_MINUTES", "0", "identity.access_minutes"),
            (
                "DRIFTLINE__IDENTITY__HASH_MEMORY_KIB",
                "1024",
                "identity.hash_memory_kib",
            ),
            ("DRIFTLINE__IDENTITY__TOKEN_ALGORITHM", "HS256", "HS256"),
            ("DRIFTLINE__MAIL__ENCRYPTION", "maybe", "maybe"),
            ("DRIFTLINE__LIMITS__LOGINS_PER_MINUTE", "0", "limits.logins_per_minute"),
            ("DRIFTLINE__LIMITS__REQUESTS", "1", "requests"),
        ] {
            let message = load(None, &Fixed(vec![(variable, value)])).unwrap_err().to_string();
            assert!(message.contains(variable) && message.contains(word), "{message}");
        }
    }

    #[test]
    fn accounts_are_closed_and_mail_is_off_unless_told_otherwise() {
        let settings = load(None, &Fixed(vec![])).unwrap();
        assert!(!settings.identity.registration && settings.mail.host.is_empty());
        assert_eq!(settings.master_key().unwrap(), None);
        let env = Fixed(vec![
            ("JWT_EXPIRATION_MINUTES", "15"),
            ("SMTP_HOST", "mail.example.org"),
            ("SMTP_PORT", "465"),
            ("SMTP_USER", "me"),
            ("SMTP_PASSWORD", "hidden"),
            ("DRIFTLINE__MAIL__FROM", "sar@example.org"),
            ("DRIFTLINE_MASTER_KEY", "hidden"),
            (
                "DRIFTLINE__IDENTITY__REGISTRATION_DOMAINS",
                "kystverket.no, example.org",
            ),
        ]);
        let settings = load(None, &env).unwrap();
        assert_eq!(settings.identity.access_minutes, 15);
        assert_eq!(
            (settings.mail.host.as_str(), settings.mail.port),
            ("mail.example.org", 465)
        );
        assert_eq!(settings.identity.registration_domains, ["kystverket.no", "example.org"]);
        assert_eq!(settings.mail_password().unwrap().unwrap().reveal(), "hidden");
        let shown = format!("{settings:?} {}", toml::to_string(&settings).unwrap());
        assert!(!shown.contains("hidden"), "{shown}");
        let sender = load(None, &Fixed(vec![("SMTP_HOST", "mail")])).unwrap_err().to_string();
        assert!(sender.contains("mail.from"), "{sender}");
    }

    #[test]
    fn providers_are_read_from_the_file_and_checked() {
        let file = std::env::temp_dir().join(format!("driftline-config-oidc-{}", std::process::id()));
        let text = "[[identity.providers]]\nname = \"google\"\nissuer = \"https://accounts.google.com\"\n\
                    client_id = \"id\"\nclient_secret = \"hidden\"\n";
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            load(Some(&file), &Fixed(vec![]))
        };
        let settings = read(text).unwrap();
        let provider = &settings.identity.providers[0];
        assert_eq!(provider.secret().unwrap().unwrap().reveal(), "hidden");
        assert!(!format!("{settings:?}").contains("hidden"));
        for (text, word) in [
            (text.replace("google\"", "Goo gle\""), "name"),
            (text.replace("https://", "ftp://"), "issuer"),
            (format!("{text}{text}"), "twice"),
        ] {
            let message = read(&text).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
        std::fs::remove_file(&file).unwrap();
    }
}

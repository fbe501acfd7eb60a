//! Accounts as the settings want them: the master key, the mail server, and what the service and the command line share.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use driftline_auth_billing::{
    AllowedOrigins, HashCost, Identity, IdentitySettings, MailEncryption, MailSettings, MailTransport, MasterKey,
    ProviderSettings, Smtp, TokenAlgorithm, system_clock,
};
use driftline_config::Settings;
use driftline_database::Database;
use jiff::SignedDuration;

/// The master key of an embedded installation, in its data directory.
const KEY_FILE: &str = "master.key";

/// Opens the accounts of an installation.
pub(crate) async fn open(settings: &Settings, database: &Database) -> anyhow::Result<Identity> {
    let master_key = master_key(settings, database)?;
    let identity = Identity::open(database.clone(), system_clock(), of(settings)?, &master_key).await;
    identity.context("cannot open the accounts")
}

/// What sends mail; `None`: nothing does.
pub(crate) fn transport(identity: &Identity) -> anyhow::Result<Option<Box<dyn MailTransport>>> {
    let Some(mail) = &identity.settings().mail else {
        return Ok(None);
    };
    let smtp = Smtp::new(mail).context("mail")?;
    Ok(Some(Box::new(smtp)))
}

fn of(settings: &Settings) -> anyhow::Result<IdentitySettings> {
    let identity = &settings.identity;
    let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
    let origins = settings.server.cors_origins.iter().map(String::as_str);
    let mut providers = Vec::new();
    for provider in &identity.providers {
        providers.push(ProviderSettings {
            name: provider.name.clone(),
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            client_secret: provider.secret()?.map(|secret| secret.reveal().to_owned()),
        });
    }
    Ok(IdentitySettings {
        public_base: settings.public_base_url().map(str::to_owned),
        audience: identity.audience.clone(),
        service_name: settings.provider.name.clone(),
        access_life: SignedDuration::from_mins(i64::from(identity.access_minutes)),
        refresh_idle: days(identity.refresh_idle_days),
        session_life: days(identity.session_days),
        algorithm: match identity.token_algorithm {
            driftline_config::TokenAlgorithm::EdDSA => TokenAlgorithm::EdDsa,
            driftline_config::TokenAlgorithm::RS256 => TokenAlgorithm::Rs256,
        },
        key_life: days(identity.token_key_days),
        hash: HashCost {
            memory_kib: identity.hash_memory_kib,
            passes: identity.hash_passes,
            lanes: identity.hash_lanes,
        },
        hash_threads: identity.hash_threads,
        hash_queue: identity.hash_queue,
        registration: identity.registration,
        registration_domains: identity.registration_domains.clone(),
        cookie_origins: AllowedOrigins::parse(origins).context("server.cors_origins")?,
        mail: mail(settings)?,
        providers,
    })
}

fn mail(settings: &Settings) -> anyhow::Result<Option<MailSettings>> {
    let mail = &settings.mail;
    if mail.host.is_empty() {
        return Ok(None);
    }
    let password = settings.mail_password()?;
    let password = password.map(|password| password.reveal().to_owned());
    let user = Some(mail.user.clone()).filter(|user| !user.is_empty());
    let authorities = if mail.ca_file.as_os_str().is_empty() {
        None
    } else {
        let text = std::fs::read_to_string(&mail.ca_file);
        Some(text.with_context(|| format!("mail.ca_file: cannot read {}", mail.ca_file.display()))?)
    };
    Ok(Some(MailSettings {
        host: mail.host.clone(),
        port: mail.port,
        encryption: match mail.encryption {
            driftline_config::MailEncryption::Tls => MailEncryption::Tls,
            driftline_config::MailEncryption::Starttls => MailEncryption::StartTls,
            driftline_config::MailEncryption::None => MailEncryption::None,
        },
        credentials: user.zip(password),
        authorities,
        from: mail.from.clone(),
    }))
}

/// The key of the settings, or that of the data directory, which is made where there is none. On a server that several
/// machines share, each would make its own, so that one has to be set there.
fn master_key(settings: &Settings, database: &Database) -> anyhow::Result<MasterKey> {
    if let Some(text) = settings.master_key()? {
        return MasterKey::parse(text.reveal()).context("identity.master_key");
    }
    let path = settings.store.data_dir.join(KEY_FILE);
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    if database.is_shared() {
        tracing::warn!(
            "the master key of this installation is made in {}; other machines on the same database need it as \
             identity.master_key or identity.master_key_file",
            path.display()
        );
    }
    make_key(&path)
}

fn read_key(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let key = MasterKey::parse(&text);
            key.map(Some).with_context(|| format!("the file {}", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Makes a key that is whole and on disk before anything is encrypted with it; of two processes that make one at once the
/// first wins.
fn make_key(path: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::generate()?;
    let staged = path.with_extension(format!("key.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&staged).and_then(|mut file| {
        file.write_all(key.to_text().as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", staged.display()))?;
    let linked = std::fs::hard_link(&staged, path);
    std::fs::remove_file(&staged).with_context(|| format!("cannot remove {}", staged.display()))?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("cannot create {}", path.display()));
        }
        _ => {}
    }
    crate::backup::files::sync_folder(path.parent().unwrap_or(Path::new(".")))?;
    let key = read_key(path)?;
    key.with_context(|| format!("{} went away", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_made_once_and_is_its_owners_alone() {
        let folder = std::env::temp_dir().join(format!("driftline-master-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(KEY_FILE);
        let (first, second) = (make_key(&path).unwrap(), make_key(&path).unwrap());
        assert_eq!(first.to_text(), second.to_text());
        assert_eq!(read_key(&path).unwrap().unwrap().to_text(), first.to_text());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(read_key(&path).is_err(), "a damaged key is not replaced by a new one");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

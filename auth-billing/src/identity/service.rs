//! The one handle on accounts: what the routes, the authentication and the command line share.

use std::fmt;
use std::sync::Arc;

use driftline_database::{Act, Database, NewMail, Sealing};
use driftline_domain::{MailId, OrgId, UserId};
use jiff::Timestamp;
use webauthn_rs::Webauthn;

use super::hasher::Hasher;
use super::known_people::KnownPeople;
use super::mail_text::MailText;
use super::oidc::Providers;
use super::passkeys::relying_party;
use super::settings::IdentitySettings;
use super::token_keys::TokenKeys;
use super::vault::{MasterKey, Place, Vault};
use crate::{Clock, Error};

/// What the database keeps of the master key.
const MASTER_KEY_CHECK: &str = "master key check";

/// Accounts; clones share everything.
#[derive(Clone)]
pub struct Identity(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) clock: Clock,
    pub(super) settings: IdentitySettings,
    pub(super) vault: Vault,
    pub(super) hasher: Hasher,
    pub(super) keys: TokenKeys,
    pub(super) known: KnownPeople,
    pub(super) providers: Providers,
    pub(super) webauthn: Option<Webauthn>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Opens the accounts of an installation.
    ///
    /// # Errors
    /// A master key other than the one that its personal data are encrypted with, settings that cannot be used, a failing
    /// database.
    pub async fn open(
        database: Database,
        clock: Clock,
        settings: IdentitySettings,
        master_key: &MasterKey,
    ) -> Result<Self, Error> {
        if settings.mail.is_some() && settings.public_base.is_none() {
            let message = "mail is set up, but not what links in mails begin with (server.public_base_url)";
            return Err(Error::IdentitySettings(message.to_owned()));
        }
        let vault = Vault::new(master_key);
        let check = database
            .signing_secret(MASTER_KEY_CHECK, vault.check(), clock())
            .await?;
        if check != vault.check() {
            return Err(Error::OtherMasterKey);
        }
        let database = database.with_sealing(Arc::new(AccountSealing(vault.clone())));
        let hasher = Hasher::new(settings.hash, settings.hash_threads, settings.hash_queue)?;
        Ok(Self(Arc::new(Inner {
            keys: TokenKeys::new(&settings),
            known: KnownPeople::default(),
            providers: Providers::new()?,
            webauthn: relying_party(&settings)?,
            database,
            clock,
            settings,
            vault,
            hasher,
        })))
    }

    /// The database, with the master key for what is personal of who pays.
    pub fn sealed_database(&self) -> Database {
        self.0.database.clone()
    }

    /// What was decided about accounts.
    pub fn settings(&self) -> &IdentitySettings {
        &self.0.settings
    }

    /// Password hashes that wait and that are made, for metrics.
    pub fn hashing(&self) -> (usize, usize) {
        self.0.hasher.load()
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// By what the account of a mail address, already normalised, is looked up.
    pub(super) fn email_index(&self, normalised: &str) -> [u8; 32] {
        self.0.vault.index("user", normalised)
    }

    /// Seals a personal field of a person.
    pub(super) fn seal_field(&self, column: &'static str, user: UserId, text: &str) -> Result<Vec<u8>, Error> {
        let id = user.uuid();
        let place = Place {
            column,
            row: id.as_bytes(),
        };
        self.0.vault.seal(place, text.as_bytes())
    }

    /// Opens a personal field of a person.
    pub(super) fn open_field(&self, column: &'static str, user: UserId, sealed: &[u8]) -> Result<String, Error> {
        let id = user.uuid();
        let place = Place {
            column,
            row: id.as_bytes(),
        };
        self.0.vault.open_text(place, sealed)
    }

    /// A mail, ready to be put on its way with what it tells of.
    pub(super) fn sealed_mail(&self, mail: &MailText) -> Result<NewMail, Error> {
        let id = MailId::generate();
        let text = serde_json::to_vec(mail).map_err(|error| Error::Mail(error.to_string()))?;
        let sealed = self.0.vault.seal(mail_place(id.uuid().as_bytes()), &text)?;
        Ok(NewMail {
            id,
            kind: mail.kind.name(),
            mail: sealed,
        })
    }

    /// Opens a mail that was taken to be sent.
    pub(super) fn open_mail(&self, id: MailId, sealed: &[u8]) -> Result<MailText, Error> {
        let bytes = self.0.vault.open(mail_place(id.uuid().as_bytes()), sealed)?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Mail(error.to_string()))
    }
}

/// What is personal of who pays, under the master key.
pub fn account_sealing(master_key: &MasterKey) -> Arc<dyn Sealing> {
    Arc::new(AccountSealing(Vault::new(master_key)))
}

#[derive(Debug)]
struct AccountSealing(Vault);

impl AccountSealing {
    fn place(row: &[u8]) -> Place<'_> {
        Place {
            column: "billing_accounts.sealed",
            row,
        }
    }
}

impl Sealing for AccountSealing {
    fn seal(&self, org: OrgId, plain: &[u8]) -> Result<Vec<u8>, String> {
        let sealed = self.0.seal(Self::place(org.uuid().as_bytes()), plain);
        sealed.map_err(|error| error.to_string())
    }

    fn open(&self, org: OrgId, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let plain = self.0.open(Self::place(org.uuid().as_bytes()), sealed);
        plain.map_err(|error| error.to_string())
    }
}

fn mail_place(row: &[u8]) -> Place<'_> {
    Place {
        column: "mail_outbox.mail",
        row,
    }
}

/// An entry of the installation's chain.
pub(super) fn installation_act(actor: String, action: &'static str, subject: String) -> Act {
    Act {
        org: None,
        actor,
        action,
        subject,
        details: serde_json::json!({}),
    }
}

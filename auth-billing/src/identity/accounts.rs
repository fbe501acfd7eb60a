//! What the steps with accounts have in common: finding one, opening what is personal, mails and entries of the audit log.

use driftline_database::{AccountChange, Act, ApiKey, KeyKind, NewUser, Role, User};
use driftline_domain::{KeyId, OrgId, UserId, Violation};
use jiff::Timestamp;

use super::address::MailAddress;
use super::mail_text::{Letterhead, MailText};
use super::service::Identity;
use crate::keys::random_32;
use crate::{Error, Problem};

pub(super) const EMAIL: &str = "users.email";
pub(super) const NAME: &str = "users.name";
pub(super) const PHONE: &str = "users.phone";
const NAME_CHARS: usize = 50;
const PHONE_CHARS: usize = 32;

/// What is personal about a person, opened.
#[derive(Clone)]
pub(super) struct Personal {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
}

impl Identity {
    /// Opens what is personal about a person.
    pub(super) fn personal(&self, user: &User) -> Result<Personal, Error> {
        let open = |column, sealed: &Option<Vec<u8>>| {
            let sealed = sealed.as_deref();
            sealed
                .map(|sealed| self.open_field(column, user.id, sealed))
                .transpose()
        };
        Ok(Personal {
            email: open(EMAIL, &user.email)?,
            name: open(NAME, &user.name)?,
            phone: open(PHONE, &user.phone)?,
        })
    }

    /// A row for a new account.
    pub(super) fn new_user(&self, email: &MailAddress, name: Option<&str>) -> Result<NewUser, Error> {
        let id = UserId::generate();
        Ok(NewUser {
            id,
            email_index: self.email_index(&email.normalised()),
            email: self.seal_field(EMAIL, id, email.expose())?,
            name: name.map(|name| self.seal_field(NAME, id, name)).transpose()?,
            password: None,
            is_verified: false,
            is_superadmin: false,
        })
    }

    /// The account of a person who calls.
    pub(super) async fn user(&self, id: UserId) -> Result<User, Problem> {
        let user = self.database().user(id).await?.filter(|user| user.erased_at.is_none());
        user.ok_or_else(Problem::unauthenticated)
    }

    /// What mails of this service say alike; without it nobody can be sent a link.
    pub(super) fn letterhead(&self) -> Result<Letterhead<'_>, Problem> {
        let settings = self.settings();
        match (&settings.mail, &settings.public_base) {
            (Some(_), Some(base)) => Ok(Letterhead {
                service: &settings.service_name,
                base,
            }),
            _ => {
                let detail = "this needs mail, which is not set up here; ask whoever runs this service";
                Err(Problem::new(http::StatusCode::FORBIDDEN, "no_mail", detail))
            }
        }
    }

    /// Tells a person of something that happened to the account, where mail is set up.
    pub(super) async fn notify(
        &self,
        change: &mut AccountChange,
        user: &User,
        what: &str,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let (Ok(head), Some(to)) = (self.letterhead(), self.personal(user)?.email) else {
            tracing::info!(user.id = %user.id, what, "no mail is set up, so that the person is not told");
            return Ok(());
        };
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        self.send(change, &head.notice(&to, what, &at.to_string()), now).await
    }

    /// Puts a mail on its way with the change that it tells of.
    pub(super) async fn send(
        &self,
        change: &mut AccountChange,
        mail: &MailText,
        now: Timestamp,
    ) -> Result<(), Problem> {
        change.enqueue_mail(&self.sealed_mail(mail)?, now).await?;
        Ok(())
    }
}

/// The key that stands for a membership: of 256 bits that were thrown away.
pub(super) fn member_key(org: OrgId, user: UserId, now: Timestamp) -> Result<ApiKey, Error> {
    Ok(ApiKey {
        networks: Vec::new(),
        replaced_by: None,
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: user.to_string(),
        hint: String::new(),
        sha256: random_32()?,
        scopes: Vec::new(),
        origins: Vec::new(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        user: Some(user),
        created_by: None,
    })
}

/// An entry in an organisation's chain.
pub(super) fn act(org: OrgId, actor: String, action: &'static str, subject: impl ToString) -> Act {
    Act {
        org: Some(org),
        actor,
        action,
        subject: subject.to_string(),
        details: serde_json::json!({}),
    }
}

/// The same with more about it.
pub(super) fn detailed(act: Act, details: serde_json::Value) -> Act {
    Act { details, ..act }
}

/// A person's name; the empty one is none.
pub(super) fn checked_name(field: &str, text: &str, violations: &mut Vec<Violation>) -> Option<String> {
    checked_text(field, text, NAME_CHARS, violations)
}

/// A telephone number; the empty one is none.
pub(super) fn checked_phone(field: &str, text: &str, violations: &mut Vec<Violation>) -> Option<String> {
    let is_dialled = |c: char| c.is_ascii_digit() || " +-()./".contains(c);
    if !text.chars().all(is_dialled) {
        let message = "a telephone number has digits, blanks and + - ( ) . / only".to_owned();
        violations.push(Violation::new(field, "not_a_number", message));
        return None;
    }
    checked_text(field, text, PHONE_CHARS, violations)
}

fn checked_text(field: &str, text: &str, most: usize, violations: &mut Vec<Violation>) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > most || text.chars().any(char::is_control) {
        let message = format!("it has at most {most} printable characters");
        violations.push(Violation::new(field, "not_a_text", message));
        return None;
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// A role by its name.
pub(super) fn checked_role(field: &str, text: &str) -> Result<Role, Violation> {
    Role::of_name(text).ok_or_else(|| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(32).collect();
        let known = Role::ALL.map(Role::name).join(", ");
        let message = format!("'{shown}' is no role; the roles are {known}");
        Violation::new(field, "unknown", message)
    })
}

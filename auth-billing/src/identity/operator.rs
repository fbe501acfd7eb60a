//! What whoever runs the installation does for people from the command line: entries of the audit log say `system`.

use std::fmt;

use driftline_database::Role;
use driftline_domain::{OrgId, UserId, Violation};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::accounts::{act, checked_name, detailed, member_key};
use super::address::{MailAddress, masked};
use super::imported;
use super::password;
use super::service::{Identity, installation_act};
use crate::{Error, Problem};

const LINK_HOURS: i64 = 24;
const SYSTEM: &str = "system";

/// The password of a new account.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// As it is typed.
    Plain(&'a str),
    /// As another system has hashed it: bcrypt or Argon2id.
    Hashed(&'a str),
}

impl fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(not shown)")
    }
}

/// A member to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// Organisation.
    pub org: OrgId,
    /// Mail address.
    pub email: &'a str,
    /// Name of the person; may be empty.
    pub name: &'a str,
    /// As what.
    pub role: Role,
    /// Password of a new account; `None`: the person sets one by a link.
    pub password: Option<Given<'a>>,
    /// Whether the mail address is known to be the person's.
    pub is_verified: bool,
    /// Whether the person runs the installation.
    pub is_superadmin: bool,
}

/// A member that was made.
#[derive(Debug, Clone)]
pub struct MadeMember {
    /// The account.
    pub user: UserId,
    /// Whether it was made now.
    pub is_new: bool,
    /// Token of the link by which the person sets the first password.
    pub token: Option<String>,
}

/// A member as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct MaskedMember {
    /// The account.
    pub user: UserId,
    /// Mail address, masked.
    pub email: String,
    /// As what.
    pub role: &'static str,
    /// Since when.
    pub since: Timestamp,
}

impl Identity {
    /// Makes a person a member of an organisation, with an account where the mail address has none.
    ///
    /// # Errors
    /// An address, name or password that breaks a rule; a person who is a member; a failing database.
    pub async fn make_member(&self, new: &NewMember<'_>) -> Result<MadeMember, Error> {
        let refuse = |problem: Problem| Error::Account(problem.detail);
        let email = MailAddress::of_field("email", new.email).map_err(|broken| Error::Account(broken.message))?;
        let mut broken = Vec::new();
        let name = checked_name("name", new.name, &mut broken);
        match new.password {
            Some(Given::Plain(password)) => {
                broken.extend(password::violations("password", password, &[email.expose(), new.name]));
            }
            Some(Given::Hashed(hash)) => {
                let refusal = imported::refusal(hash);
                broken.extend(refusal.map(|why| Violation::new("hash", "not_taken_over", why)));
            }
            None => {}
        }
        if let Some(broken) = broken.first() {
            return Err(Error::Account(format!("{}: {}", broken.field, broken.message)));
        }
        let now = self.now();
        let known = self
            .database()
            .user_by_email(&self.email_index(&email.normalised()))
            .await?;
        if known.is_some() && new.is_superadmin {
            let message = "this mail address has an account; who runs the installation gets one of its own";
            return Err(Error::Account(message.to_owned()));
        }
        let hash = match (&known, new.password) {
            (None, Some(Given::Plain(password))) => Some(self.0.hasher.hash(password).await.map_err(refuse)?),
            (None, Some(Given::Hashed(hash))) => Some(hash.to_owned()),
            (Some(_), Some(_)) => {
                let message = "this mail address has an account, whose password stays as it is";
                return Err(Error::Account(message.to_owned()));
            }
            _ => None,
        };
        let mut change = self.database().account_change("make the member").await?;
        let (user, is_new) = match known {
            Some(user) => (user.id, false),
            None => {
                let mut row = self.new_user(&email, name.as_deref())?;
                row.password = hash;
                row.is_verified = new.is_verified;
                row.is_superadmin = new.is_superadmin;
                if !change.insert_user(&row, now).await? {
                    return Err(Error::Account(
                        "this mail address got an account at this moment".to_owned(),
                    ));
                }
                (row.id, true)
            }
        };
        let key = member_key(new.org, user, now)?;
        if !change.insert_member(new.org, user, new.role, &key, now).await? {
            return Err(Error::Account(
                "this person belongs to the organisation already".to_owned(),
            ));
        }
        let details = serde_json::json!({ "role": new.role.name(), "superadmin": new.is_superadmin });
        let added = detailed(act(new.org, SYSTEM.to_owned(), "member.added", user), details);
        change.record(&added, now).await?;
        change.commit().await?;
        let token = if is_new && new.password.is_none() {
            let life = SignedDuration::from_hours(LINK_HOURS);
            Some(self.first_password_link(user, life).await.map_err(refuse)?)
        } else {
            None
        };
        Ok(MadeMember { user, is_new, token })
    }

    /// The members of an organisation, for lists.
    ///
    /// # Errors
    /// A failing database, a field that does not open.
    pub async fn masked_members(&self, org: OrgId) -> Result<Vec<MaskedMember>, Error> {
        let members = self.database().members(org).await?;
        let masked = members.iter().map(|member| {
            let email = self.personal(&member.user)?.email.unwrap_or_default();
            Ok(MaskedMember {
                user: member.user.id,
                email: masked(&email),
                role: member.role.name(),
                since: member.since,
            })
        });
        masked.collect()
    }

    /// A token by which a person sets a new password, once.
    ///
    /// # Errors
    /// An address without an account, a failing database.
    pub async fn make_reset(&self, email: &str) -> Result<(UserId, String), Error> {
        let user = self.known(email).await?;
        let life = SignedDuration::from_hours(LINK_HOURS);
        let token = self.first_password_link(user, life).await;
        Ok((user, token.map_err(|problem| Error::Account(problem.detail))?))
    }

    /// Takes a person's second factor away.
    ///
    /// # Errors
    /// An address without an account or without a second factor, a failing database.
    pub async fn remove_second_factor(&self, email: &str) -> Result<UserId, Error> {
        let (user, now) = (self.known(email).await?, self.now());
        let mut change = self.database().account_change("take the second factor away").await?;
        if !change.delete_totp(user).await? {
            return Err(Error::Account("this account has no second factor".to_owned()));
        }
        let removed = installation_act(SYSTEM.to_owned(), "second_factor.removed", user.to_string());
        change.record(&removed, now).await?;
        change.commit().await?;
        Ok(user)
    }

    async fn known(&self, email: &str) -> Result<UserId, Error> {
        let normalised = email.trim().to_ascii_lowercase();
        let user = self.database().user_by_email(&self.email_index(&normalised)).await?;
        let found = user.map(|user| user.id);
        found.ok_or_else(|| Error::Account("this mail address has no account".to_owned()))
    }
}

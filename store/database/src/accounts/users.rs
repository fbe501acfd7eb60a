//! Accounts of people. What is personal comes and goes sealed: nothing here can read it.

use driftline_domain::UserId;
use jiff::Timestamp;

use super::AccountChange;
use crate::columns::{Reader, micros};
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// A person with an account.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Mail address, sealed; none of an account that was erased.
    pub email: Option<Vec<u8>>,
    /// Name, sealed.
    pub name: Option<Vec<u8>>,
    /// Telephone number, sealed.
    pub phone: Option<Vec<u8>>,
    /// PHC string of the password.
    pub password: Option<String>,
    /// Since when the person runs the installation.
    pub superadmin_since: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the mail address was found to be the person's.
    pub verified_at: Option<Timestamp>,
    /// When the password was set last.
    pub password_changed_at: Option<Timestamp>,
    /// When the account was erased.
    pub erased_at: Option<Timestamp>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Identifier.
    pub id: UserId,
    /// HMAC of the normalised mail address.
    pub email_index: [u8; 32],
    /// Mail address, sealed.
    pub email: Vec<u8>,
    /// Name, sealed.
    pub name: Option<Vec<u8>>,
    /// PHC string of the password.
    pub password: Option<String>,
    /// Whether the mail address is known to be the person's.
    pub is_verified: bool,
    /// Whether the person runs the installation.
    pub is_superadmin: bool,
}

const COLUMNS: &str = "id, email, name, phone, password, superadmin_since, created_at, verified_at, \
                       password_changed_at, erased_at";

impl Database {
    /// The account with this id, erased ones included.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let row = sql::query(format!("SELECT {COLUMNS} FROM users WHERE id = ?")).bind(id);
        let row = row.fetch_optional(&self.reader).await;
        row.map_err(Error::engine("read the account"))?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// The account of this mail address.
    pub async fn user_by_email(&self, index: &[u8; 32]) -> Result<Option<User>> {
        let row = sql::query(format!("SELECT {COLUMNS} FROM users WHERE email_index = ?")).bind(index.to_vec());
        let row = row.fetch_optional(&self.reader).await;
        row.map_err(Error::engine("look the account up"))?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// The account at another identity provider.
    pub async fn user_by_identity(&self, issuer: &str, subject: &str) -> Result<Option<User>> {
        let row = sql::query(format!(
            "SELECT {COLUMNS} FROM users WHERE id = \
             (SELECT user_id FROM oidc_identities WHERE issuer = ? AND subject = ?)"
        ))
        .bind(issuer)
        .bind(subject);
        let row = row.fetch_optional(&self.reader).await;
        row.map_err(Error::engine("look the account up"))?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// The other identity providers that know a person: issuer and subject.
    pub async fn identities(&self, id: UserId) -> Result<Vec<(String, String)>> {
        let rows = sql::query("SELECT issuer, subject FROM oidc_identities WHERE user_id = ? ORDER BY issuer, subject")
            .bind(id)
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the identities"))?;
        rows.iter()
            .map(|row| Ok((Reader(row).get("issuer")?, Reader(row).get("subject")?)))
            .collect()
    }
}

impl AccountChange {
    /// The account with this id as it is now, held as it is until the transaction ends: a password is set, an account is
    /// erased before or after, and not meanwhile.
    pub async fn user(&mut self, id: UserId) -> Result<Option<User>> {
        let hold = self.0.tx.dialect().for_update();
        let row = sql::query(format!("SELECT {COLUMNS} FROM users WHERE id = ?{hold}")).bind(id);
        let row = row.fetch_optional(&mut self.0.tx).await;
        row.map_err(Error::engine("read the account"))?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// Makes an account; false where the mail address has one.
    pub async fn insert_user(&mut self, new: &NewUser, now: Timestamp) -> Result<bool> {
        let when = |is: bool| is.then(|| micros(now));
        let insert = sql::query(
            "INSERT INTO users (id, email_index, email, name, password, superadmin_since, created_at, verified_at, \
             password_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_index) DO NOTHING",
        )
        .bind(new.id)
        .bind(new.email_index.to_vec())
        .bind(new.email.clone())
        .bind(new.name.clone())
        .bind(&new.password)
        .bind(when(new.is_superadmin))
        .bind(micros(now))
        .bind(when(new.is_verified))
        .bind(when(new.password.is_some()));
        self.changed("make the account", insert).await
    }

    /// Sets a password. Its time tells it from the one before, also where the clock stood still or went back.
    pub async fn set_password(&mut self, id: UserId, hash: &str, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE users SET password = ?1, password_changed_at = \
             CASE WHEN password_changed_at >= ?2 THEN password_changed_at + 1 ELSE ?2 END \
             WHERE id = ?3 AND erased_at IS NULL",
        )
        .bind(hash)
        .bind(micros(now))
        .bind(id);
        self.changed("set the password", update).await
    }

    /// Puts a hash at a higher cost in the place of the one that was compared.
    pub async fn renew_password(&mut self, id: UserId, compared: &str, renewed: &str) -> Result<bool> {
        let update = sql::query("UPDATE users SET password = ? WHERE id = ? AND password = ?")
            .bind(renewed)
            .bind(id)
            .bind(compared);
        self.changed("renew the password's hash", update).await
    }

    /// Notes that the mail address is the person's; false where that was known.
    pub async fn mark_verified(&mut self, id: UserId, now: Timestamp) -> Result<bool> {
        let update =
            sql::query("UPDATE users SET verified_at = ? WHERE id = ? AND verified_at IS NULL AND erased_at IS NULL")
                .bind(micros(now))
                .bind(id);
        self.changed("verify the account", update).await
    }

    /// Sets name and telephone number, both sealed.
    pub async fn set_profile(&mut self, id: UserId, name: Option<Vec<u8>>, phone: Option<Vec<u8>>) -> Result<bool> {
        let update = sql::query("UPDATE users SET name = ?, phone = ? WHERE id = ? AND erased_at IS NULL")
            .bind(name)
            .bind(phone)
            .bind(id);
        self.changed("change the account", update).await
    }

    /// Sets a mail address that was found to be the person's; false where another account has it.
    pub async fn set_email(&mut self, id: UserId, index: &[u8; 32], email: Vec<u8>, now: Timestamp) -> Result<bool> {
        let name = index.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.lock(&name).await?;
        let update = sql::query(
            "UPDATE users SET email_index = ?1, email = ?2, verified_at = ?3 WHERE id = ?4 AND erased_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM users WHERE email_index = ?1 AND id <> ?4)",
        )
        .bind(index.to_vec())
        .bind(email)
        .bind(micros(now))
        .bind(id);
        self.changed("change the mail address", update).await
    }

    /// Takes everything personal out of an account and all that logs in to it; the row stays, since missions and audit
    /// entries name it. Memberships are the caller's.
    pub async fn erase_user(&mut self, id: UserId, index: [u8; 32], now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE users SET email_index = ?, email = NULL, name = NULL, phone = NULL, password = NULL, \
             superadmin_since = NULL, erased_at = ? WHERE id = ? AND erased_at IS NULL",
        )
        .bind(index.to_vec())
        .bind(micros(now))
        .bind(id);
        if !self.changed("erase the account", update).await? {
            return Ok(false);
        }
        for statement in [
            "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM login_sessions WHERE user_id = ?)",
            "DELETE FROM login_sessions WHERE user_id = ?",
            "DELETE FROM one_time_tokens WHERE user_id = ?",
            "DELETE FROM totp WHERE user_id = ?",
            "DELETE FROM recovery_codes WHERE user_id = ?",
            "DELETE FROM passkeys WHERE user_id = ?",
            "DELETE FROM oidc_identities WHERE user_id = ?",
        ] {
            self.run("erase the account", sql::query(statement).bind(id)).await?;
        }
        Ok(true)
    }

    /// Notes that a person has an account at another identity provider; false where that is somebody's already.
    pub async fn insert_identity(&mut self, issuer: &str, subject: &str, id: UserId, now: Timestamp) -> Result<bool> {
        let insert = sql::query(
            "INSERT INTO oidc_identities (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(issuer)
        .bind(subject)
        .bind(id)
        .bind(micros(now));
        self.changed("link the account", insert).await
    }
}

pub(super) fn user(row: &Row) -> Result<User> {
    let row = Reader(row);
    Ok(User {
        id: row.id("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        phone: row.get("phone")?,
        password: row.get("password")?,
        superadmin_since: row.maybe_time("superadmin_since")?,
        created_at: row.time("created_at")?,
        verified_at: row.maybe_time("verified_at")?,
        password_changed_at: row.maybe_time("password_changed_at")?,
        erased_at: row.maybe_time("erased_at")?,
    })
}

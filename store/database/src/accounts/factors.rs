//! Second factors and passkeys. A code of an authenticator, and a recovery code, is used in one conditional statement.

use driftline_domain::{PasskeyId, UserId};
use jiff::Timestamp;

use super::AccountChange;
use crate::columns::{Reader, micros};
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// An authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totp {
    /// What it shares with us, sealed.
    pub seed: Vec<u8>,
    /// When the person showed that it works; before that it is not asked for.
    pub confirmed_at: Option<Timestamp>,
    /// The step of the code that was used last.
    pub last_step: Option<i64>,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Identifier.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// The authenticator's own name for it.
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Public key, counter and flags, sealed.
    pub passkey: Vec<u8>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

impl Database {
    /// The authenticator of a person.
    pub async fn totp(&self, user: UserId) -> Result<Option<Totp>> {
        let row = sql::query("SELECT seed, confirmed_at, last_step FROM totp WHERE user_id = ?").bind(user);
        let row = row.fetch_optional(&self.reader).await;
        let read = |row: Row| {
            let row = Reader(&row);
            Ok(Totp {
                seed: row.get("seed")?,
                confirmed_at: row.maybe_time("confirmed_at")?,
                last_step: row.get("last_step")?,
            })
        };
        row.map_err(Error::engine("read the second factor"))?
            .map(read)
            .transpose()
    }

    /// How many recovery codes a person has left.
    pub async fn recovery_codes_left(&self, user: UserId) -> Result<i64> {
        sql::query_scalar("SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL")
            .bind(user)
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("count the recovery codes"))
    }

    /// The passkeys of a person, oldest first.
    pub async fn passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        let rows = sql::query("SELECT * FROM passkeys WHERE user_id = ? ORDER BY id").bind(user);
        let rows = rows.fetch_all(&self.reader).await;
        rows.map_err(Error::engine("list the passkeys"))?
            .iter()
            .map(passkey)
            .collect()
    }

    /// The passkey that an authenticator calls so.
    pub async fn passkey(&self, credential_id: &[u8]) -> Result<Option<Passkey>> {
        let row = sql::query("SELECT * FROM passkeys WHERE credential_id = ?").bind(credential_id.to_vec());
        let row = row.fetch_optional(&self.reader).await;
        row.map_err(Error::engine("look the passkey up"))?
            .as_ref()
            .map(passkey)
            .transpose()
    }
}

impl AccountChange {
    /// Gives a person an authenticator that has yet to show that it works; false where one works already.
    pub async fn put_totp(&mut self, user: UserId, seed: Vec<u8>, now: Timestamp) -> Result<bool> {
        let insert = sql::query(
            "INSERT INTO totp (user_id, seed, created_at) VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE \
             SET seed = excluded.seed, created_at = excluded.created_at WHERE totp.confirmed_at IS NULL",
        )
        .bind(user)
        .bind(seed)
        .bind(micros(now));
        self.changed("store the second factor", insert).await
    }

    /// The authenticator works, as the code of this step showed; false where that was known.
    pub async fn confirm_totp(&mut self, user: UserId, step: i64, now: Timestamp) -> Result<bool> {
        let update =
            sql::query("UPDATE totp SET confirmed_at = ?, last_step = ? WHERE user_id = ? AND confirmed_at IS NULL")
                .bind(micros(now))
                .bind(step)
                .bind(user);
        self.changed("confirm the second factor", update).await
    }

    /// Uses the code of a step, once.
    pub async fn use_totp_step(&mut self, user: UserId, step: i64) -> Result<bool> {
        let update = sql::query(
            "UPDATE totp SET last_step = ?1 WHERE user_id = ?2 AND confirmed_at IS NOT NULL \
             AND (last_step IS NULL OR last_step < ?1)",
        )
        .bind(step)
        .bind(user);
        self.changed("use the code", update).await
    }

    /// Takes authenticator and recovery codes away; false where there was no authenticator.
    pub async fn delete_totp(&mut self, user: UserId) -> Result<bool> {
        let codes = sql::query("DELETE FROM recovery_codes WHERE user_id = ?").bind(user);
        self.run("take the recovery codes away", codes).await?;
        let factor = sql::query("DELETE FROM totp WHERE user_id = ?").bind(user);
        self.changed("take the second factor away", factor).await
    }

    /// Puts these recovery codes in the place of all earlier ones.
    pub async fn put_recovery_codes(&mut self, user: UserId, sha256s: &[[u8; 32]]) -> Result<()> {
        let codes = sql::query("DELETE FROM recovery_codes WHERE user_id = ?").bind(user);
        self.run("take the recovery codes away", codes).await?;
        for sha256 in sha256s {
            let insert =
                sql::query("INSERT INTO recovery_codes (user_id, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING")
                    .bind(user)
                    .bind(sha256.to_vec());
            self.run("store the recovery codes", insert).await?;
        }
        Ok(())
    }

    /// Uses a recovery code, once.
    pub async fn use_recovery_code(&mut self, user: UserId, sha256: &[u8; 32], now: Timestamp) -> Result<bool> {
        let update =
            sql::query("UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND sha256 = ? AND used_at IS NULL")
                .bind(micros(now))
                .bind(user)
                .bind(sha256.to_vec());
        self.changed("use the recovery code", update).await
    }

    /// Stores a passkey; false where the authenticator's name for it is known already.
    pub async fn insert_passkey(&mut self, new: &Passkey) -> Result<bool> {
        let insert = sql::query(
            "INSERT INTO passkeys (id, user_id, credential_id, name, passkey, created_at) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(new.id)
        .bind(new.user)
        .bind(new.credential_id.clone())
        .bind(&new.name)
        .bind(new.passkey.clone())
        .bind(micros(new.created_at));
        self.changed("store the passkey", insert).await
    }

    /// Notes a passkey's use with its new counter; false where another use came between.
    pub async fn use_passkey(&mut self, id: PasskeyId, before: &[u8], after: Vec<u8>, now: Timestamp) -> Result<bool> {
        let update = sql::query("UPDATE passkeys SET passkey = ?, last_used_at = ? WHERE id = ? AND passkey = ?")
            .bind(after)
            .bind(micros(now))
            .bind(id)
            .bind(before.to_vec());
        self.changed("note the passkey's use", update).await
    }

    /// Whether a person has this passkey now.
    pub async fn has_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool> {
        let found = sql::query_scalar("SELECT count(*) FROM passkeys WHERE id = ? AND user_id = ?")
            .bind(id)
            .bind(user);
        let found: Result<i64> = found
            .fetch_one(&mut self.0.tx)
            .await
            .map_err(Error::engine("look the passkey up"));
        Ok(found? > 0)
    }

    /// Takes a person's passkey away.
    pub async fn delete_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool> {
        let delete = sql::query("DELETE FROM passkeys WHERE id = ? AND user_id = ?")
            .bind(id)
            .bind(user);
        self.changed("take the passkey away", delete).await
    }
}

fn passkey(row: &Row) -> Result<Passkey> {
    let row = Reader(row);
    Ok(Passkey {
        id: row.id("id")?,
        user: row.id("user_id")?,
        credential_id: row.get("credential_id")?,
        name: row.get("name")?,
        passkey: row.get("passkey")?,
        created_at: row.time("created_at")?,
        last_used_at: row.maybe_time("last_used_at")?,
    })
}

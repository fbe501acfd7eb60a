//! People and what belongs to them. Changes are made in one transaction each, [`AccountChange`], together with the mail
//! and the entry of the audit log that go with them; what must hold under concurrency stands in the condition of one
//! statement, and its method says whether it held.

mod attempts;
mod ceremonies;
mod deletion;
mod factors;
mod mail;
mod members;
mod one_time;
mod sessions;
mod token_keys;
mod users;

pub use attempts::{Attempt, BlockedUntil};
pub use deletion::{Deleted, Deletion};
pub use factors::{Passkey, Totp};
pub use mail::{Mail, NewMail};
pub use members::{Invitation, Member, Membership};
pub use one_time::{OneTime, OneTimeKind};
pub use sessions::{LoginSession, RefreshToken, SessionHolder};
pub use token_keys::TokenKey;
pub use users::{NewUser, User};

use driftline_domain::{KeyId, OrgId, UserId};
use jiff::{SignedDuration, Timestamp};

use crate::audit::{self, Act};
use crate::columns::micros;
use crate::open::Change;
use crate::orgs_keys::{absent, api_key, insert_key, insert_organisation};
use crate::sql;
use crate::{ApiKey, Database, Error, Organisation, Result};

/// Ended sessions, used tokens and sent mails are kept so long, for who looks into what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A transaction on accounts; dropped without `commit` it leaves no trace.
pub struct AccountChange(pub(crate) Change);

impl Database {
    /// Begins a change; `what` completes "the database could not …".
    pub async fn account_change(&self, what: &'static str) -> Result<AccountChange> {
        self.change(what).await.map(AccountChange)
    }

    /// Takes away what has ended long ago; says how many rows went.
    pub async fn purge_accounts(&self, now: Timestamp) -> Result<u64> {
        let long_ago = micros(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN));
        let mut change = self.change("take away what has ended").await?;
        let mut gone = 0;
        for statement in [
            "DELETE FROM refresh_tokens WHERE session_id IN \
             (SELECT id FROM login_sessions WHERE expires_at < ?1 OR revoked_at < ?1)",
            "DELETE FROM login_sessions WHERE expires_at < ?1 OR revoked_at < ?1",
            "DELETE FROM refresh_tokens WHERE expires_at < ?1",
            "DELETE FROM one_time_tokens WHERE expires_at < ?1",
            "DELETE FROM login_attempts WHERE last_at < ?1",
            "DELETE FROM mail_outbox WHERE sent_at < ?1 OR given_up_at < ?1",
            "DELETE FROM token_keys WHERE kept_until < ?1",
        ] {
            let done = sql::query(statement).bind(long_ago).execute(&mut change.tx).await;
            gone += done.map_err(Error::engine("take away what has ended"))?.rows_affected();
        }
        // Anybody can begin one, and nobody looks into those that were not finished.
        let over = sql::query("DELETE FROM ceremonies WHERE expires_at < ?").bind(micros(now));
        let done = over.execute(&mut change.tx).await;
        gone += done.map_err(Error::engine("take away what has ended"))?.rows_affected();
        change.commit().await?;
        Ok(gone)
    }
}

impl AccountChange {
    /// Makes it all true at once.
    pub async fn commit(self) -> Result<()> {
        self.0.commit().await
    }

    /// Writes the audit log; last of all, since others who write the same chain wait from here on.
    pub async fn record(&mut self, act: &Act, now: Timestamp) -> Result<()> {
        audit::append(&mut self.0, act, now).await
    }

    /// Founds an organisation; its name must not be taken.
    pub async fn insert_organisation(&mut self, name: &str, now: Timestamp) -> Result<Organisation> {
        // PostgreSQL gives a transaction up after a failed statement, so that the name is looked at before.
        self.0.lock("names of organisations").await?;
        insert_organisation(&mut self.0.tx, name, now).await
    }

    /// Renames an organisation; false where the name is taken.
    pub async fn rename_organisation(&mut self, org: OrgId, name: &str) -> Result<bool> {
        self.lock_organisation(org).await?;
        self.0.lock("names of organisations").await?;
        let done = sql::query(
            "UPDATE organisations SET name = ?1 WHERE id = ?2 AND NOT EXISTS \
             (SELECT 1 FROM organisations WHERE name = ?1 AND id <> ?2)",
        )
        .bind(name)
        .bind(org);
        self.changed("rename the organisation", done).await
    }

    /// Holds what belongs to an organisation still until the end of the transaction; refused where it was deleted.
    pub async fn lock_organisation(&mut self, org: OrgId) -> Result<()> {
        self.0.lock(&format!("members of {org}")).await?;
        let stands = "SELECT count(*) > 0 FROM organisations WHERE id = ? AND deleted_at IS NULL";
        let stands: bool = sql::query_scalar(stands)
            .bind(org)
            .fetch_one(&mut self.0.tx)
            .await
            .map_err(Error::engine("hold the organisation"))?;
        stands.then_some(()).ok_or_else(|| absent(org))
    }

    /// Stores a key.
    pub async fn insert_key(&mut self, key: &ApiKey) -> Result<()> {
        insert_key(&mut self.0.tx, key).await
    }

    /// Revokes a key of an organisation; with `made_by` only one that this person made. Never a membership's own.
    pub async fn revoke_key(
        &mut self,
        org: OrgId,
        key: KeyId,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool> {
        let done = sql::query(
            "UPDATE api_keys SET revoked_at = ?1 WHERE id = ?2 AND org_id = ?3 AND revoked_at IS NULL \
             AND user_id IS NULL AND (CAST(?4 AS BIGINT) = 0 OR created_by = ?5)",
        )
        .bind(micros(now))
        .bind(key)
        .bind(org)
        .bind(i64::from(made_by.is_some()))
        .bind(made_by);
        self.changed("revoke the key", done).await
    }

    /// The keys of an organisation that this person made and nobody has revoked; held until the transaction ends.
    pub async fn keys_made_by(&mut self, org: OrgId, user: UserId) -> Result<Vec<ApiKey>> {
        let hold = self.0.tx.dialect().for_update();
        let rows = sql::query(format!(
            "SELECT * FROM api_keys WHERE org_id = ? AND created_by = ? AND user_id IS NULL AND revoked_at IS NULL \
             ORDER BY id{hold}"
        ))
        .bind(org)
        .bind(user)
        .fetch_all(&mut self.0.tx)
        .await
        .map_err(Error::engine("list the person's keys"))?;
        rows.iter().map(api_key).collect()
    }

    /// Whether a statement changed something.
    pub(crate) async fn changed(&mut self, what: &'static str, query: sql::Query) -> Result<bool> {
        let done = query.execute(&mut self.0.tx).await.map_err(Error::engine(what))?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn run(&mut self, what: &'static str, query: sql::Query) -> Result<()> {
        self.changed(what, query).await.map(drop)
    }
}

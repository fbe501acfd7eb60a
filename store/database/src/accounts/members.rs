//! Who belongs to an organisation, as what, and who is invited.

use driftline_domain::{InvitationId, KeyId, OrgId, UserId};
use jiff::Timestamp;

use super::AccountChange;
use super::users::{User, user};
use crate::columns::{Reader, micros};
use crate::sql::{self, Row};
use crate::{ApiKey, Database, Error, Result, Role};

/// What a person is in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organisation.
    pub org: OrgId,
    /// Its name.
    pub org_name: String,
    /// As what.
    pub role: Role,
    /// The key that stands for the person there.
    pub key: KeyId,
    /// Since when.
    pub created_at: Timestamp,
}

/// A member with the account behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The account.
    pub user: User,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Identifier.
    pub id: InvitationId,
    /// Into which organisation.
    pub org: OrgId,
    /// HMAC of the normalised mail address.
    pub email_index: [u8; 32],
    /// Mail address, sealed.
    pub email: Vec<u8>,
    /// As what.
    pub role: Role,
    /// SHA-256 of the token in the mail.
    pub token_sha256: [u8; 32],
    /// Who invites; none for the command line.
    pub invited_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl Database {
    /// The organisations of a person, by name.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Membership>> {
        let rows = sql::query(
            "SELECT m.org_id, o.name, m.role, m.key_id, m.created_at FROM memberships m \
             JOIN organisations o ON o.id = m.org_id WHERE m.user_id = ? ORDER BY o.name",
        )
        .bind(user)
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the memberships"))?;
        rows.iter()
            .map(|row| {
                let read = Reader(row);
                Ok(Membership {
                    org: read.id("org_id")?,
                    org_name: read.get("name")?,
                    role: role("role", row)?,
                    key: read.id("key_id")?,
                    created_at: read.time("created_at")?,
                })
            })
            .collect()
    }

    /// The members of an organisation, in the order in which they have accounts.
    pub async fn members(&self, org: OrgId) -> Result<Vec<Member>> {
        let rows = sql::query(
            "SELECT u.*, m.role AS member_role, m.created_at AS member_since FROM memberships m \
             JOIN users u ON u.id = m.user_id WHERE m.org_id = ? ORDER BY u.id",
        )
        .bind(org)
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the members"))?;
        rows.iter().map(member).collect()
    }

    /// A member of an organisation.
    pub async fn member(&self, org: OrgId, id: UserId) -> Result<Option<Member>> {
        let row = sql::query(
            "SELECT u.*, m.role AS member_role, m.created_at AS member_since FROM memberships m \
             JOIN users u ON u.id = m.user_id WHERE m.org_id = ? AND m.user_id = ?",
        )
        .bind(org)
        .bind(id)
        .fetch_optional(&self.reader)
        .await
        .map_err(Error::engine("read the member"))?;
        row.as_ref().map(member).transpose()
    }

    /// The invitations of an organisation that can still be accepted, oldest first.
    pub async fn open_invitations(&self, org: OrgId, now: Timestamp) -> Result<Vec<Invitation>> {
        let rows = sql::query(
            "SELECT * FROM invitations WHERE org_id = ? AND accepted_at IS NULL AND withdrawn_at IS NULL \
             AND expires_at > ? ORDER BY id",
        )
        .bind(org)
        .bind(micros(now))
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine("list the invitations"))?;
        rows.iter().map(invitation).collect()
    }

    /// The invitation of a token that can still be accepted.
    pub async fn invitation(&self, token_sha256: &[u8; 32], now: Timestamp) -> Result<Option<Invitation>> {
        let row = sql::query(
            "SELECT * FROM invitations WHERE token_sha256 = ? AND accepted_at IS NULL AND withdrawn_at IS NULL \
             AND expires_at > ?",
        )
        .bind(token_sha256.to_vec())
        .bind(micros(now))
        .fetch_optional(&self.reader)
        .await
        .map_err(Error::engine("read the invitation"))?;
        row.as_ref().map(invitation).transpose()
    }
}

impl AccountChange {
    /// Makes a person a member, with the key that stands for the membership; false where the person is one.
    pub async fn insert_member(
        &mut self,
        org: OrgId,
        user: UserId,
        role: Role,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<bool> {
        self.lock_organisation(org).await?;
        let exists = sql::query_scalar("SELECT count(*) FROM memberships WHERE org_id = ? AND user_id = ?")
            .bind(org)
            .bind(user);
        let exists: i64 = exists
            .fetch_one(&mut self.0.tx)
            .await
            .map_err(Error::engine("make the member"))?;
        if exists > 0 {
            return Ok(false);
        }
        self.insert_key(key).await?;
        let insert =
            sql::query("INSERT INTO memberships (org_id, user_id, role, key_id, created_at) VALUES (?, ?, ?, ?, ?)")
                .bind(org)
                .bind(user)
                .bind(role.name())
                .bind(key.id)
                .bind(micros(now));
        self.changed("make the member", insert).await
    }

    /// What a person is in an organisation now; stays so until the transaction ends.
    pub async fn role_of(&mut self, org: OrgId, user: UserId) -> Result<Option<Role>> {
        self.lock_organisation(org).await?;
        let row = sql::query("SELECT role FROM memberships WHERE org_id = ? AND user_id = ?")
            .bind(org)
            .bind(user)
            .fetch_optional(&mut self.0.tx)
            .await
            .map_err(Error::engine("read the role"))?;
        row.as_ref().map(|row| role("role", row)).transpose()
    }

    /// Changes a member's role; false where there is no such member. Whether an administrator is left is for
    /// [`Self::admins`] to say, in the same transaction.
    pub async fn set_role(&mut self, org: OrgId, user: UserId, role: Role) -> Result<bool> {
        self.lock_organisation(org).await?;
        let update = sql::query("UPDATE memberships SET role = ? WHERE org_id = ? AND user_id = ?")
            .bind(role.name())
            .bind(org)
            .bind(user);
        self.changed("change the role", update).await
    }

    /// Ends a membership and the key that stands for it; false where there is no such member.
    pub async fn remove_member(&mut self, org: OrgId, user: UserId, now: Timestamp) -> Result<bool> {
        self.lock_organisation(org).await?;
        let remove = sql::query("DELETE FROM memberships WHERE org_id = ? AND user_id = ? RETURNING key_id")
            .bind(org)
            .bind(user);
        let failed = || Error::engine("remove the member");
        let Some(row) = remove.fetch_optional(&mut self.0.tx).await.map_err(failed())? else {
            return Ok(false);
        };
        let key: KeyId = Reader(&row).id("key_id")?;
        let revoke = sql::query("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(micros(now))
            .bind(key);
        self.run("remove the member", revoke).await?;
        let sessions = sql::query("UPDATE login_sessions SET org_id = NULL WHERE user_id = ? AND org_id = ?")
            .bind(user)
            .bind(org);
        self.run("remove the member", sessions).await?;
        Ok(true)
    }

    /// How many administrators an organisation has, as this transaction leaves it, and how many members.
    pub async fn admins(&mut self, org: OrgId) -> Result<(i64, i64)> {
        self.lock_organisation(org).await?;
        let row = sql::query(
            "SELECT count(*) AS members, count(CASE WHEN role = 'org_admin' THEN 1 END) AS admins \
             FROM memberships WHERE org_id = ?",
        )
        .bind(org)
        .fetch_one(&mut self.0.tx)
        .await
        .map_err(Error::engine("count the administrators"))?;
        Ok((Reader(&row).get("admins")?, Reader(&row).get("members")?))
    }

    /// Stores an invitation.
    pub async fn insert_invitation(&mut self, new: &Invitation) -> Result<()> {
        let insert = sql::query(
            "INSERT INTO invitations (id, org_id, email_index, email, role, token_sha256, invited_by, created_at, \
             expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id)
        .bind(new.org)
        .bind(new.email_index.to_vec())
        .bind(new.email.clone())
        .bind(new.role.name())
        .bind(new.token_sha256.to_vec())
        .bind(new.invited_by)
        .bind(micros(new.created_at))
        .bind(micros(new.expires_at));
        self.run("store the invitation", insert).await
    }

    /// Accepts an invitation, once.
    pub async fn accept_invitation(&mut self, id: InvitationId, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE invitations SET accepted_at = ?1 WHERE id = ?2 AND accepted_at IS NULL \
             AND withdrawn_at IS NULL AND expires_at > ?1",
        )
        .bind(micros(now))
        .bind(id);
        self.changed("accept the invitation", update).await
    }

    /// Withdraws an invitation of an organisation; false where there is none that could be accepted.
    pub async fn withdraw_invitation(&mut self, org: OrgId, id: InvitationId, now: Timestamp) -> Result<bool> {
        let update = sql::query(
            "UPDATE invitations SET withdrawn_at = ? WHERE id = ? AND org_id = ? AND accepted_at IS NULL \
             AND withdrawn_at IS NULL",
        )
        .bind(micros(now))
        .bind(id)
        .bind(org);
        self.changed("withdraw the invitation", update).await
    }
}

pub(super) fn role(column: &'static str, row: &Row) -> Result<Role> {
    let name: String = Reader(row).get(column)?;
    Role::of_name(&name).ok_or_else(|| Error::damaged(column, &name, "no such role is known"))
}

fn member(row: &Row) -> Result<Member> {
    Ok(Member {
        user: user(row)?,
        role: role("member_role", row)?,
        since: Reader(row).time("member_since")?,
    })
}

fn invitation(row: &Row) -> Result<Invitation> {
    let read = Reader(row);
    Ok(Invitation {
        id: read.id("id")?,
        org: read.id("org_id")?,
        email_index: crate::orgs_keys::bytes_32("email_index", read.get("email_index")?)?,
        email: read.get("email")?,
        role: role("role", row)?,
        token_sha256: crate::orgs_keys::bytes_32("token_sha256", read.get("token_sha256")?)?,
        invited_by: read.maybe_id("invited_by")?,
        created_at: read.time("created_at")?,
        expires_at: read.time("expires_at")?,
        accepted_at: read.maybe_time("accepted_at")?,
        withdrawn_at: read.maybe_time("withdrawn_at")?,
    })
}

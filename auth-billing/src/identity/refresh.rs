//! Staying logged in and logging out. A refresh token works once; within ten seconds it yields the same successor again, for
//! two tabs that refresh at once, and after that its use is taken for theft and ends the whole session (RFC 9700, 4.14.2).

use driftline_database::{LoginSession, RefreshToken, SessionHolder};
use driftline_domain::{OrgId, SessionId, UserId};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::accounts::{act, detailed};
use super::secret_text::{REFRESH_PREFIX, SecretText};
use super::service::{Identity, installation_act};
use super::sign_in::{Tokens, choose};
use crate::Problem;

/// Within this time a spent refresh token yields its successor once more.
const GRACE: SignedDuration = SignedDuration::from_secs(10);

impl Identity {
    /// Exchanges a refresh token for new tokens, perhaps for another organisation of the person.
    pub(super) async fn refresh(&self, token: &SecretText, wished: Option<OrgId>) -> Result<Tokens, Problem> {
        let now = self.now();
        let known = self.database().refresh_token(&token.sha256()).await?;
        let known = known.ok_or_else(refused)?;
        let session = self
            .database()
            .login_session(known.session)
            .await?
            .ok_or_else(refused)?;
        let holder = self
            .database()
            .session_holder(session.id, now)
            .await?
            .ok_or_else(refused)?;
        if known.spent_at.is_none() {
            if known.expires_at <= now {
                return Err(refused());
            }
            let spent = self.rotate(token, &session, &holder, wished, now).await?;
            if let Some(tokens) = spent {
                return Ok(tokens);
            }
        }
        // Spent, by this person's other tab or by somebody else.
        let spent = self
            .database()
            .refresh_token(&token.sha256())
            .await?
            .ok_or_else(refused)?;
        match (spent.spent_at, &spent.successor) {
            (Some(at), Some(sealed)) if now.duration_since(at) <= GRACE => {
                let successor = token.open_successor(sealed)?;
                let ends = self.database().refresh_token(&successor.sha256()).await?;
                let ends = ends.map_or(session.expires_at, |row| row.expires_at);
                let holder = self
                    .database()
                    .session_holder(session.id, now)
                    .await?
                    .ok_or_else(refused)?;
                self.tokens(&holder, session.id, successor, ends, now).await
            }
            _ => {
                self.end_stolen(&session, now).await?;
                Err(refused())
            }
        }
    }

    /// Spends a token for a new one; `None` where another request spent it first.
    async fn rotate(
        &self,
        token: &SecretText,
        session: &LoginSession,
        holder: &SessionHolder,
        wished: Option<OrgId>,
        now: Timestamp,
    ) -> Result<Option<Tokens>, Problem> {
        let memberships = self.database().memberships(session.user).await?;
        let current = holder.member.as_ref().map(|(org, ..)| *org);
        let member = choose(&memberships, wished.or(current))?;
        let successor = SecretText::generate(REFRESH_PREFIX)?;
        let row = self.refresh_row(&successor, session.id, session.expires_at, now);
        let mut change = self.database().account_change("rotate the refresh token").await?;
        let sealed = token.seal_successor(&successor)?;
        if !change.spend_refresh(&token.sha256(), sealed, now).await? {
            return Ok(None);
        }
        change.insert_refresh(&row).await?;
        if !change
            .touch_session(session.id, member.map(|member| member.org), now)
            .await?
        {
            return Err(refused());
        }
        change.commit().await?;
        if member.map(|member| member.org) != session.org {
            // Tokens of the organisation that the session has left work no more.
            self.0.known.forget_session(session.id);
        }
        let holder = SessionHolder {
            member: member.map(|member| (member.org, member.org_name.clone(), member.role, member.key)),
            ..holder.clone()
        };
        let tokens = self.tokens(&holder, session.id, successor, row.expires_at, now).await?;
        Ok(Some(tokens))
    }

    /// A token was used a second time: whoever has it, the whole session ends, and its owner is told.
    async fn end_stolen(&self, session: &LoginSession, now: Timestamp) -> Result<(), Problem> {
        // Read before: a transaction holds one connection, and whoever waits for a second one waits for all who do the same.
        let user = self.user(session.user).await?;
        let mut change = self.database().account_change("end the session").await?;
        if !change
            .revoke_session(session.user, session.id, "refresh token reused", now)
            .await?
        {
            return Ok(());
        }
        let what =
            "A login of yours was ended: a token of it was used twice, which happens when somebody has copied it.";
        self.notify(&mut change, &user, what, now).await?;
        let (actor, id) = ("nobody".to_owned(), session.id);
        let reused = match session.org {
            Some(org) => act(org, actor, "session.token_reused", id),
            None => installation_act(actor, "session.token_reused", id.to_string()),
        };
        change.record(&reused, now).await?;
        change.commit().await?;
        self.0.known.forget_session(session.id);
        tracing::warn!(session.id = %session.id, user.id = %session.user, "a refresh token was used twice; its session is over");
        Ok(())
    }

    /// Whose refresh token this is, without spending it.
    pub(super) async fn holder_of_refresh(&self, token: &SecretText) -> Result<Option<SessionHolder>, Problem> {
        let now = self.now();
        let known = self.database().refresh_token(&token.sha256()).await?;
        let is_good = |row: &RefreshToken| {
            let in_grace = row.spent_at.is_none_or(|at| now.duration_since(at) <= GRACE);
            in_grace && row.expires_at > now
        };
        match known.filter(is_good) {
            Some(row) => Ok(self.database().session_holder(row.session, now).await?),
            None => Ok(None),
        }
    }

    /// Ends the session of a refresh token. Nobody learns whether there was one.
    pub(super) async fn log_out(&self, token: &SecretText) -> Result<(), Problem> {
        let Some(known) = self.database().refresh_token(&token.sha256()).await? else {
            return Ok(());
        };
        let Some(session) = self.database().login_session(known.session).await? else {
            return Ok(());
        };
        self.end_session(session.user, session.id, "logout").await.map(drop)
    }

    /// Ends a session of a person; false where there is none that is not over.
    pub(super) async fn end_session(&self, user: UserId, id: SessionId, why: &str) -> Result<bool, Problem> {
        let now = self.now();
        let org = self.database().login_session(id).await?.and_then(|session| session.org);
        let mut change = self.database().account_change("end the session").await?;
        if !change.revoke_session(user, id, why, now).await? {
            return Ok(false);
        }
        let ended = match org {
            Some(org) => act(org, user.to_string(), "session.ended", id),
            None => installation_act(user.to_string(), "session.ended", id.to_string()),
        };
        change
            .record(&detailed(ended, serde_json::json!({ "why": why })), now)
            .await?;
        change.commit().await?;
        self.0.known.forget_session(id);
        Ok(true)
    }
}

/// The same words whatever is wrong with a refresh token.
pub(super) fn refused() -> Problem {
    let detail = "this session is over, or was never there; please log in";
    Problem::new(StatusCode::UNAUTHORIZED, "session_over", detail)
}

//! Logging in, staying logged in and logging out. An unknown account, a wrong password and an erased account have the same
//! answer and cost the same work. A refresh token works once; within ten seconds it yields the same successor again, for
//! two tabs that refresh at once, and after that its use is taken for theft and ends the whole session (RFC 9700, 4.14.2).

use driftline_database::{LoginSession, Membership, RefreshToken, SessionHolder, User};
use driftline_domain::{OrgId, SessionId, UserId};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::accounts::{act, detailed};
use super::client::Client;
use super::jwt::{Claims, token_id};
use super::matrix::scopes_of;
use super::second_factor::Seed;
use super::secret_text::{REFRESH_PREFIX, SecretText, recovery_code_sha256};
use super::service::{Identity, installation_act};
use super::vault::Place;
use crate::{Error, Problem};

/// Within this time a spent refresh token yields its successor once more.
const GRACE: SignedDuration = SignedDuration::from_secs(10);
pub(super) const CLIENT: &str = "login_sessions.client";
pub(super) const SEED: &str = "totp.seed";

/// What a person gets who has logged in.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: SecretText,
    /// When the refresh token ends if it is not used.
    pub(super) refresh_until: Timestamp,
    pub(super) session: SessionId,
    pub(super) user: UserId,
    pub(super) organisation: Option<OrganisationAnswer>,
}

/// The organisation that a person works for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct OrganisationAnswer {
    pub(super) id: OrgId,
    pub(super) name: String,
    pub(super) role: &'static str,
}

impl From<&Membership> for OrganisationAnswer {
    fn from(membership: &Membership) -> Self {
        Self {
            id: membership.org,
            name: membership.org_name.clone(),
            role: membership.role.name(),
        }
    }
}

/// What somebody shows who logs in with a password.
pub(super) struct Shown<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) code: Option<&'a str>,
    pub(super) organisation: Option<OrgId>,
}

impl Identity {
    /// Logs in with password and, where there is one, second factor.
    pub(super) async fn log_in(&self, shown: &Shown<'_>, client: &Client) -> Result<Tokens, Problem> {
        // What is no address belongs to nobody, like any other unknown one.
        let normalised = shown.email.trim().to_ascii_lowercase();
        let trial = self.begin_trial(&normalised, client).await?;
        let user = self.database().user_by_email(&self.email_index(&normalised)).await?;
        let stored = user.as_ref().and_then(|user| user.password.as_deref());
        let compared = self.0.hasher.compare(shown.password, stored).await?;
        let (Some(user), true) = (user, compared.is_right) else {
            return Err(wrong_credentials());
        };
        if user.verified_at.is_none() {
            self.pause_trial(&trial).await?;
            let detail = "this mail address is not confirmed yet; open the link in the mail that was sent to it";
            return Err(Problem::new(StatusCode::FORBIDDEN, "email_unverified", detail));
        }
        let method = match (self.second_factor(&user).await?, shown.code) {
            (None, _) => "password",
            (Some(_), None) => {
                self.pause_trial(&trial).await?;
                let detail = "this account has a second factor: send its code, or a recovery code, as code";
                return Err(Problem::new(StatusCode::UNAUTHORIZED, "second_factor_needed", detail));
            }
            (Some(seed), Some(code)) => self.use_code(&user, &seed, code).await?,
        };
        self.end_trial(&trial).await?;
        if let (Some(renewed), Some(stored)) = (&compared.renewed, &user.password) {
            let mut change = self.database().account_change("renew the password's hash").await?;
            change.renew_password(user.id, stored, renewed).await?;
            change.commit().await?;
        }
        self.begin_session(&user, shown.organisation, method, client).await
    }

    /// Seed and last step of a second factor that has to be asked for.
    pub(super) async fn second_factor(&self, user: &User) -> Result<Option<(Seed, Option<i64>)>, Problem> {
        let Some(totp) = self.database().totp(user.id).await? else {
            return Ok(None);
        };
        if totp.confirmed_at.is_none() {
            return Ok(None);
        }
        Ok(Some((self.open_seed(user.id, &totp.seed)?, totp.last_step)))
    }

    pub(super) fn open_seed(&self, user: UserId, sealed: &[u8]) -> Result<Seed, Error> {
        let id = user.uuid();
        let place = Place {
            column: SEED,
            row: id.as_bytes(),
        };
        let bytes = self.0.vault.open(place, sealed)?;
        Seed::of_bytes(&bytes).ok_or(Error::Sealed(SEED))
    }

    /// Uses the code of an authenticator or a recovery code up; says how that is called.
    pub(super) async fn use_code(
        &self,
        user: &User,
        (seed, last_step): &(Seed, Option<i64>),
        code: &str,
    ) -> Result<&'static str, Problem> {
        let now = self.now();
        let mut change = self.database().account_change("use the code").await?;
        if let Some(step) = seed.step_of(code.trim(), *last_step, now) {
            if change.use_totp_step(user.id, step).await? {
                change.commit().await?;
                return Ok("password+totp");
            }
        } else if let Some(sha256) = recovery_code_sha256(user.id.uuid().as_bytes(), code)
            && change.use_recovery_code(user.id, &sha256, now).await?
        {
            self.notify(
                &mut change,
                user,
                "A recovery code was used to log in to your account.",
                now,
            )
            .await?;
            let used = installation_act(user.id.to_string(), "recovery_code.used", user.id.to_string());
            change.record(&used, now).await?;
            change.commit().await?;
            return Ok("password+recovery");
        }
        let detail = "the code is wrong, or was used already; wait for the next one";
        Err(Problem::new(StatusCode::UNAUTHORIZED, "second_factor_wrong", detail))
    }

    /// Begins a session of a person who has shown enough.
    pub(super) async fn begin_session(
        &self,
        user: &User,
        wished: Option<OrgId>,
        method: &str,
        client: &Client,
    ) -> Result<Tokens, Problem> {
        let now = self.now();
        let memberships = self.database().memberships(user.id).await?;
        let member = choose(&memberships, wished)?;
        let settings = self.settings();
        let id = SessionId::generate();
        let session = LoginSession {
            id,
            user: user.id,
            org: member.map(|member| member.org),
            method: method.to_owned(),
            client: self.seal_client(id, client)?,
            created_at: now,
            last_used_at: now,
            expires_at: later(now, settings.session_life),
            revoked_at: None,
            revoked_why: None,
        };
        let refresh = SecretText::generate(REFRESH_PREFIX)?;
        let token = self.refresh_row(&refresh, id, session.expires_at, now);
        let mut change = self.database().account_change("begin the session").await?;
        change.insert_session(&session).await?;
        change.insert_refresh(&token).await?;
        let actor = user.id.to_string();
        let begun = match member {
            Some(member) => act(member.org, actor, "session.begun", id),
            None => installation_act(actor, "session.begun", id.to_string()),
        };
        let begun = detailed(begun, serde_json::json!({ "method": method }));
        change.record(&begun, now).await?;
        change.commit().await?;
        let holder = SessionHolder {
            user: user.id,
            superadmin_since: user.superadmin_since,
            member: member.map(|member| (member.org, member.org_name.clone(), member.role, member.key)),
        };
        self.tokens(&holder, id, refresh, token.expires_at, now).await
    }

    fn seal_client(&self, session: SessionId, client: &Client) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(client).unwrap_or_default();
        let id = session.uuid();
        let place = Place {
            column: CLIENT,
            row: id.as_bytes(),
        };
        self.0.vault.seal(place, &text)
    }

    fn refresh_row(&self, token: &SecretText, session: SessionId, ends: Timestamp, now: Timestamp) -> RefreshToken {
        RefreshToken {
            sha256: token.sha256(),
            session,
            created_at: now,
            expires_at: later(now, self.settings().refresh_idle).min(ends),
            spent_at: None,
            successor: None,
        }
    }

    /// An access token for what a person is now, beside a refresh token.
    async fn tokens(
        &self,
        holder: &SessionHolder,
        session: SessionId,
        refresh: SecretText,
        refresh_until: Timestamp,
        now: Timestamp,
    ) -> Result<Tokens, Problem> {
        let (settings, iat) = (self.settings(), now.as_second());
        let member = holder.member.as_ref();
        let scopes = member.map(|(_, _, role, _)| scopes_of(*role).names().join(" "));
        let claims = Claims {
            iss: settings.issuer().to_owned(),
            aud: settings.audience.clone(),
            sub: holder.user,
            org: member.map(|(org, ..)| *org),
            role: member.map(|(_, _, role, _)| role.name().to_owned()),
            scope: scopes.unwrap_or_default(),
            sid: session,
            jti: token_id(),
            iat,
            exp: iat + settings.access_life.as_secs(),
        };
        Ok(Tokens {
            access: self.sign(&claims).await?,
            refresh,
            refresh_until,
            session,
            user: holder.user,
            organisation: member.map(|(org, name, role, _)| OrganisationAnswer {
                id: *org,
                name: name.clone(),
                role: role.name(),
            }),
        })
    }

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
        let mut change = self.database().account_change("end the session").await?;
        if !change
            .revoke_session(session.user, session.id, "refresh token reused", now)
            .await?
        {
            return Ok(());
        }
        let user = self.user(session.user).await?;
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

/// The membership that a person wants to work as; without a wish the first.
fn choose(memberships: &[Membership], wished: Option<OrgId>) -> Result<Option<&Membership>, Problem> {
    let Some(wished) = wished else {
        return Ok(memberships.first());
    };
    let found = memberships.iter().find(|membership| membership.org == wished);
    found
        .map(Some)
        .ok_or_else(|| Problem::not_found(format!("there is no organisation '{wished}' that you belong to")))
}

pub(super) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The same words for an unknown account and a wrong password.
pub(super) fn wrong_credentials() -> Problem {
    let detail = "mail address and password do not belong together";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", detail)
}

/// The same words whatever is wrong with a refresh token.
pub(super) fn refused() -> Problem {
    let detail = "this session is over, or was never there; please log in";
    Problem::new(StatusCode::UNAUTHORIZED, "session_over", detail)
}

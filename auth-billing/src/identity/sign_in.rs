//! Logging in. An unknown account, a wrong password and an erased account have the same answer and cost the same work.
//! What was shown is looked at again in the transaction that begins the session: a login that was under way while the
//! password was set anew, or the passkey taken away, begins none.

use driftline_database::{AccountChange, LoginSession, Membership, RefreshToken, SessionHolder, User};
use driftline_domain::{OrgId, PasskeyId, SessionId, UserId};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::accounts::{act, detailed};
use super::attempts::{Guessed, Trial};
use super::client::Client;
use super::jwt::{Claims, token_id};
use super::matrix::scopes_of;
use super::second_factor::Seed;
use super::secret_text::{REFRESH_PREFIX, SecretText, recovery_code_sha256};
use super::service::{Identity, installation_act};
use super::vault::Place;
use crate::{Error, Problem};

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

/// How somebody has shown who it is.
pub(super) enum Way {
    /// By password, and a second factor where there is one.
    Password {
        method: &'static str,
        /// The password's hash at today's cost, where the one that was compared was made at a lower cost.
        renewed: Option<String>,
    },
    Passkey(PasskeyId),
    /// By another identity provider.
    Provider,
}

impl Way {
    fn method(&self) -> &'static str {
        match self {
            Self::Password { method, .. } => method,
            Self::Passkey(_) => "passkey",
            Self::Provider => "oidc",
        }
    }
}

impl Identity {
    /// Logs in with password and, where there is one, second factor.
    pub(super) async fn log_in(&self, shown: &Shown<'_>, client: &Client) -> Result<Tokens, Problem> {
        // What is no address belongs to nobody, like any other unknown one.
        let normalised = shown.email.trim().to_ascii_lowercase();
        let trial = self.begin_trial(Guessed::Account(&normalised), client).await?;
        let user = self.database().user_by_email(&self.email_index(&normalised)).await?;
        let stored = user.as_ref().and_then(|user| user.password.as_deref());
        let compared = self.compare_in(&trial, shown.password, stored).await?;
        let (Some(user), true) = (&user, compared.is_right) else {
            if let Some(user) = &user {
                self.tell_failure(user.id, "password", &trial);
            }
            return Err(wrong_credentials());
        };
        if user.verified_at.is_none() {
            self.pause_trial(&trial).await?;
            let detail = "this mail address is not confirmed yet; open the link in the mail that was sent to it";
            return Err(Problem::new(StatusCode::FORBIDDEN, "email_unverified", detail));
        }
        let method = match (self.second_factor(user).await?, shown.code) {
            (None, _) => "password",
            (Some(_), None) => {
                self.pause_trial(&trial).await?;
                let detail = "this account has a second factor: send its code, or a recovery code, as code";
                return Err(Problem::new(StatusCode::UNAUTHORIZED, "second_factor_needed", detail));
            }
            (Some(seed), Some(code)) => self.use_code_in(&trial, user, &seed, code).await?,
        };
        self.end_trial(&trial).await?;
        let way = Way::Password {
            method,
            renewed: compared.renewed,
        };
        self.begin_session(user, &way, shown.organisation, client).await
    }

    /// [`Self::use_code`] within an attempt: a wrong code is told, and what is not the person's fault takes it back.
    pub(super) async fn use_code_in(
        &self,
        trial: &Trial,
        user: &User,
        seed: &(Seed, Option<i64>),
        code: &str,
    ) -> Result<&'static str, Problem> {
        let used = self.use_code(user, seed, code).await;
        if let Err(problem) = &used {
            if problem.status == StatusCode::UNAUTHORIZED {
                self.tell_failure(user.id, "code", trial);
            } else {
                self.pause_trial(trial).await?;
            }
        }
        used
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
    async fn use_code(
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

    /// Begins a session of a person who has shown enough; `user` is the account as it was when that was compared.
    pub(super) async fn begin_session(
        &self,
        user: &User,
        way: &Way,
        wished: Option<OrgId>,
        client: &Client,
    ) -> Result<Tokens, Problem> {
        let (now, method) = (self.now(), way.method());
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
        self.hold_what_was_shown(&mut change, user, way).await?;
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

    /// Refuses what is no longer true of the account, and holds the account as it is until the transaction ends. Whoever
    /// sets a password ends all sessions in a transaction of its own: this session is there by then, or never.
    async fn hold_what_was_shown(&self, change: &mut AccountChange, user: &User, way: &Way) -> Result<(), Problem> {
        let current = change.user(user.id).await?;
        let is_same = |now: &User| now.erased_at.is_none() && now.password_changed_at == user.password_changed_at;
        let is_true = current.as_ref().is_some_and(is_same);
        match way {
            Way::Password { .. } if !is_true => return Err(wrong_credentials()),
            Way::Password { renewed, .. } => {
                if let (Some(renewed), Some(stored)) = (renewed, &user.password) {
                    change.renew_password(user.id, stored, renewed).await?;
                }
            }
            Way::Passkey(id) if !is_true || !change.has_passkey(user.id, *id).await? => return Err(overtaken()),
            Way::Provider if !is_true => return Err(overtaken()),
            Way::Passkey(_) | Way::Provider => {}
        }
        Ok(())
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

    pub(super) fn refresh_row(
        &self,
        token: &SecretText,
        session: SessionId,
        ends: Timestamp,
        now: Timestamp,
    ) -> RefreshToken {
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
    pub(super) async fn tokens(
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
}

/// The membership that a person wants to work as; without a wish the first.
pub(super) fn choose(memberships: &[Membership], wished: Option<OrgId>) -> Result<Option<&Membership>, Problem> {
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

/// The account changed between what was shown and the session that it was shown for.
fn overtaken() -> Problem {
    let detail = "the account was changed while you logged in; please log in again";
    Problem::new(StatusCode::UNAUTHORIZED, "login_overtaken", detail)
}

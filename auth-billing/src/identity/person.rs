//! Who a person is towards handlers.

use axum::extract::FromRequestParts;
use driftline_database::Role;
use driftline_domain::{OrgId, SessionId, UserId};
use http::request::Parts;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;

use super::known_people::KnownPerson;
use super::matrix::scopes_of;
use super::service::Identity;
use crate::{Caller, Carry, Problem};

/// A person who is logged in; extractor of handlers behind [`crate::Auth::wrap`]. Whoever works for an organisation has a
/// [`Caller`] as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub user: UserId,
    /// The login session.
    pub session: SessionId,
    /// The organisation that the person works for in it, and as what.
    pub member: Option<(OrgId, Role)>,
    /// Whether the person runs the installation.
    pub is_superadmin: bool,
}

impl Person {
    /// How the audit log names the person.
    pub fn actor(&self) -> String {
        self.user.to_string()
    }
}

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if let Some(person) = parts.extensions.get::<Self>() {
            return Ok(*person);
        }
        if parts.extensions.get::<Caller>().is_some() {
            let detail = "this is for people who are logged in; an API key has no account";
            return Err(Problem::new(http::StatusCode::FORBIDDEN, "login_needed", detail));
        }
        Err(Problem::unauthenticated())
    }
}

impl Identity {
    /// Whose access token this is, and as whom the person calls. `None`: nobody's that lets anybody in now.
    pub(crate) async fn person_of(&self, token: &str) -> Result<Option<(Person, Option<Caller>)>, Problem> {
        let sha256: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = self.now();
        if let Some(known) = self.0.known.recall(&sha256, now.as_second()) {
            return Ok(Some(person_and_caller(&known)));
        }
        let Ok(claims) = self.verify(token).await? else {
            return Ok(None);
        };
        let found = self.look_session_up(claims.sid, claims.sub, claims.exp, now).await?;
        // A token that was made for one organisation is not one for another that the session turned to later.
        let found = found.filter(|known| known.holder.member.as_ref().map(|member| member.0) == claims.org);
        let Some(known) = found else {
            return Ok(None);
        };
        self.0.known.remember(sha256, known.clone());
        Ok(Some(person_and_caller(&known)))
    }

    async fn look_session_up(
        &self,
        session: SessionId,
        user: UserId,
        exp_s: i64,
        now: Timestamp,
    ) -> Result<Option<KnownPerson>, Problem> {
        // The time runs from before the look-up, as for keys.
        let looked_up = Instant::now();
        let holder = self.database().session_holder(session, now).await?;
        let holder = holder.filter(|holder| holder.user == user);
        Ok(holder.map(|holder| KnownPerson::new(holder, session, exp_s, looked_up)))
    }
}

fn person_and_caller(known: &KnownPerson) -> (Person, Option<Caller>) {
    let holder = &known.holder;
    let person = Person {
        user: holder.user,
        session: known.session,
        member: holder.member.as_ref().map(|(org, _, role, _)| (*org, *role)),
        is_superadmin: holder.superadmin_since.is_some(),
    };
    let caller = holder.member.as_ref().map(|(org, name, role, key)| Caller {
        org: *org,
        org_name: Arc::from(name.as_str()),
        key: *key,
        kind: driftline_database::KeyKind::Secret,
        scopes: scopes_of(*role),
        role: Some(*role),
        person: Some(person),
        carry: Carry::nothing(),
        limited_to: None,
        shares: None,
        link_ends: None,
    });
    (person, caller)
}

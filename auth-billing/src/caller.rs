//! Who is calling, as handlers see it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use driftline_database::{KeyKind, Role};
use driftline_domain::{KeyId, MissionId, OrgId};
use http::request::Parts;
use jiff::Timestamp;

use crate::identity::Person;
use crate::{Carry, Grant, KeyRight, Problem, Resource, Scope, Scopes, Verb, grant, key_right};

/// An authenticated caller; extractors of handlers behind [`crate::Auth::wrap`].
#[derive(Debug, Clone)]
pub struct Caller {
    /// Organisation.
    pub org: OrgId,
    /// Its name.
    pub org_name: Arc<str>,
    /// The key used, or the one that a signed link was made with: it is charged.
    pub key: KeyId,
    /// What that key is for.
    pub kind: KeyKind,
    /// What the caller may do.
    pub scopes: Scopes,
    /// What the person who calls is in the organisation, or who made the ticket; none of a key.
    pub role: Option<Role>,
    /// The person who calls, where it is one and no program.
    pub person: Option<Person>,
    /// What links of the answer must repeat.
    pub carry: Carry,
    /// The caller has a signed link: everything below this path, for example `/missions/mis_…/`, and nothing else. An
    /// answer to it may be `Cache-Control: public`; to all others that is turned into `private`.
    pub limited_to: Option<Arc<str>>,
    /// The caller has a share link: it reads this mission, below `/v1/missions/mis_…` as well, and nothing else.
    pub shares: Option<MissionId>,
    /// When the signed link ends; no answer may be kept for longer.
    pub(crate) link_ends: Option<Timestamp>,
}

impl Caller {
    /// Refuses, with 403, a caller who lacks a scope: a key by its own, a person by the role.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let (has, key) = (&self.scopes, self.key);
        Err(Problem::forbidden(match self.role {
            Some(role) => format!("this needs the scope {scope}; the role {role} has {has}"),
            None => format!("this needs the scope {scope}; the key {key} has {has}"),
        }))
    }

    /// To how much of its organisation's things of a sort the caller may do something, by the matrix of roles or by the
    /// scopes of a key. Lists show what is granted: everything, or what the caller [`Self::owns`].
    pub fn grant(&self, resource: Resource, verb: Verb) -> Grant {
        match self.role {
            Some(role) => grant(role, resource, verb),
            None if self.kind == KeyKind::Publishable => Grant::Nothing,
            None => match key_right(resource, verb) {
                KeyRight::Any => Grant::All,
                KeyRight::Scope(scope) if self.scopes.contains(scope) => Grant::All,
                _ => Grant::Nothing,
            },
        }
    }

    /// Whether the caller made what this key made: a person acts under a key of the membership's own.
    pub fn owns(&self, created_by: KeyId) -> bool {
        self.key == created_by
    }

    /// Refuses, with 403, a caller who may not do something to a thing of the organisation; `owns` says whether the caller
    /// made it. Things of other organisations are not found (404) before this is asked.
    pub fn require_right(&self, resource: Resource, verb: Verb, owns: bool) -> Result<(), Problem> {
        match self.grant(resource, verb) {
            Grant::All => return Ok(()),
            Grant::Own if owns => return Ok(()),
            _ => {}
        }
        let (verb_name, what) = (verb.name(), resource.name());
        Err(Problem::forbidden(match (self.role, key_right(resource, verb)) {
            (Some(role), _) => format!("the role {role} does not permit to {verb_name} {what} here"),
            (None, KeyRight::Scope(scope)) => {
                format!(
                    "to {verb_name} {what} needs the scope {scope}; this key has {}",
                    self.scopes
                )
            }
            (None, _) => format!("to {verb_name} {what} is for people who are logged in, not for keys"),
        }))
    }

    /// How the audit log names the caller.
    pub fn actor(&self) -> String {
        match self.person {
            Some(person) => person.user.to_string(),
            None => self.key.to_string(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| match parts.extensions.get::<Person>() {
                Some(_) => Problem::new(
                    http::StatusCode::FORBIDDEN,
                    "no_organisation",
                    "this account belongs to no organisation, or this session works for none; accept an invitation first",
                ),
                None => Problem::unauthenticated(),
            })
    }
}

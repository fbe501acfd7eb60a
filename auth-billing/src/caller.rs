//! Who is calling, as handlers see it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use driftline_database::KeyKind;
use driftline_domain::{KeyId, MissionId, OrgId};
use http::request::Parts;
use jiff::Timestamp;

use crate::{Carry, Problem, Scope, Scopes};

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
    /// Refuses, with 403, a caller whose key lacks a scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let (key, has) = (self.key, &self.scopes);
        Err(Problem::forbidden(format!(
            "this needs the scope {scope}; the key {key} has {has}"
        )))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}

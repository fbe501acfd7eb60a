//! Who is calling, as handlers see it, and what the links of an answer must repeat so that the next request of a map
//! client, which follows them without knowing why, is that caller's as well.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use driftline_domain::{KeyId, OrgId};
use http::request::Parts;

use crate::{Problem, Scope, Scopes};

/// An authenticated caller; extractors of handlers behind [`crate::Auth::wrap`].
#[derive(Debug, Clone)]
pub struct Caller {
    /// Organisation.
    pub org: OrgId,
    /// Its name.
    pub org_name: Arc<str>,
    /// The key used.
    pub key: KeyId,
    /// What the key may do.
    pub scopes: Scopes,
    /// What links of the answer must repeat.
    pub carry: Carry,
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

/// What emitted links repeat of the credential: the query parameter as it was given, or nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Carry(Option<(String, String)>);

impl Carry {
    /// Nothing: the credential came in a header.
    pub fn nothing() -> Self {
        Self(None)
    }

    /// The parameter of this name with this key.
    pub(crate) fn parameter(name: &str, key: &str) -> Self {
        Self(Some((name.to_owned(), key.to_owned())))
    }

    /// Whether there is nothing to repeat.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The parameter to repeat, `name=key`; for links whose query is put together elsewhere.
    pub fn pair(&self) -> Option<String> {
        self.0.as_ref().map(|(name, key)| format!("{name}={key}"))
    }

    /// The link with what must be repeated, before its fragment; templates such as `{z}` stay as they are.
    pub fn apply(&self, url: &str) -> String {
        let Some(pair) = self.pair() else { return url.to_owned() };
        let (address, fragment) = match url.find('#') {
            Some(at) => url.split_at(at),
            None => (url, ""),
        };
        let query = address.split_once('?').map(|(_, query)| query);
        if query.is_some_and(|query| query.split('&').any(|given| given == pair)) {
            return url.to_owned();
        }
        let joint = match query {
            None => "?",
            Some(query) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{address}{joint}{pair}{fragment}")
    }
}

impl fmt::Debug for Carry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((name, _)) => write!(f, "Carry({name}=***)"),
            None => f.write_str("Carry(nothing)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_to_every_kind_of_link() {
        let carry = Carry::parameter("KEY", "dls_x");
        for (url, expected) in [
            ("/wms", "/wms?KEY=dls_x"),
            ("/wms?", "/wms?KEY=dls_x"),
            ("/wms?a=1", "/wms?a=1&KEY=dls_x"),
            ("/wms?a=1&", "/wms?a=1&KEY=dls_x"),
            (
                "http://h/t/{z}/{x}/{y}.png#f?x",
                "http://h/t/{z}/{x}/{y}.png?KEY=dls_x#f?x",
            ),
            ("/wms?KEY=dls_x&a=1", "/wms?KEY=dls_x&a=1"),
            ("/wms?next=KEY=dls_x", "/wms?next=KEY=dls_x&KEY=dls_x"),
        ] {
            assert_eq!(carry.apply(url), expected, "{url}");
        }
        assert_eq!(Carry::nothing().apply("/wms?a=1"), "/wms?a=1");
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", Carry::parameter("key", "dls_x")), "Carry(key=***)");
    }
}

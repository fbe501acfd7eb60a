//! Who listens to a mission, and by what credential. Keys are revoked, sessions end and roles change while somebody listens:
//! the credential is looked at again as it was at the beginning ([`Auth`] remembers for five seconds what it has found).

use axum::body::Body;
use driftline_auth_billing::{Auth, Caller, ClientAddress, Grant, Problem, Resource, Scope, Verb};
use driftline_database::Mission;
use driftline_domain::KeyId;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Request, Uri};

use crate::Error;

/// What shows who listens.
pub(super) enum Listener {
    /// A request, or one that says the same as what came another way.
    Request(Box<Parts>),
    /// A ticket, used up since, of whoever acts under this key.
    Ticket(KeyId),
}

impl Listener {
    /// Whoever has this credential, as if a request from this address had carried it.
    pub(super) fn of_credential(credential: &str, address: Option<ClientAddress>) -> Result<Self, Problem> {
        let value = HeaderValue::from_str(&format!("Bearer {credential}"))
            .ok()
            .ok_or_else(Problem::unauthenticated)?;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.headers.insert(AUTHORIZATION, value);
        // A publishable key is no credential under /v1, and is told so by this path.
        parts.uri = Uri::from_static("/v1/ws/missions");
        parts.extensions.extend(address.map(extension).unwrap_or_default());
        Ok(Self::Request(Box::new(parts)))
    }

    /// Whoever sent this request.
    pub(super) fn of_request(request: Request<Body>) -> Self {
        Self::Request(Box::new(request.into_parts().0))
    }

    /// Who it is now.
    pub(super) async fn caller(&self, auth: &Auth) -> Result<Caller, Problem> {
        match self {
            Self::Request(parts) => auth.caller(parts).await,
            Self::Ticket(key) => auth.holder_of_ticket(*key).await,
        }
    }
}

fn extension(address: ClientAddress) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    extensions.insert(address);
    extensions
}

/// Refuses who may not see this mission of the own organisation; that others made it is not told to who sees own ones only.
pub(super) fn may_see(caller: &Caller, mission: &Mission) -> Result<(), Error> {
    caller.require(Scope::MissionsRead).map_err(Error::refused)?;
    let sees_own_only = caller.grant(Resource::Missions, Verb::Read) == Grant::Own;
    match sees_own_only && !caller.owns(mission.created_by) {
        true => Err(Error::not_found("mission", &mission.id.to_string())),
        false => Ok(()),
    }
}

//! The routes of accounts: tables from which the routers are built; [`OPERATIONS`] is what the API document lists of them.

mod audit;
mod deletion;
mod forward;
mod invitations;
mod keys;
mod look;
mod members;
mod oidc;
mod open;
mod operations;
mod organisations;
mod passkeys;
mod profile;
mod second_factor;
mod sessions;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post};

use super::service::Identity;
use crate::Problem;

pub use operations::{OPERATIONS, Operation};

type Handlers = MethodRouter<Identity>;

/// Routes that anybody may ask.
fn open_table() -> Vec<(&'static str, Handlers)> {
    vec![
        ("/v1/auth/register", post(open::register)),
        ("/v1/auth/verify-email", post(open::verify_email)),
        ("/v1/auth/login", post(open::login)),
        ("/v1/auth/refresh", post(open::refresh)),
        ("/v1/auth/logout", post(open::logout)),
        ("/v1/auth/password-reset", post(open::ask_for_reset)),
        ("/v1/auth/password-reset/confirm", post(open::reset_password)),
        ("/v1/auth/invitation", post(invitations::accept_as_new)),
        ("/v1/auth/forward", get(forward::forward)),
        ("/v1/auth/oidc", get(oidc::providers)),
        ("/v1/auth/oidc/{provider}/login", get(oidc::depart)),
        ("/v1/auth/oidc/{provider}/callback", get(oidc::arrive)),
        ("/v1/auth/passkeys/challenge", post(passkeys::challenge_login)),
        ("/v1/auth/passkeys/login", post(passkeys::log_in)),
        ("/.well-known/jwks.json", get(open::key_set)),
    ]
}

/// Routes behind authentication.
fn own_table() -> Vec<(&'static str, Handlers)> {
    vec![
        ("/v1/auth/me", get(profile::me)),
        (
            "/v1/users/me",
            get(profile::me).patch(profile::change).delete(profile::erase),
        ),
        ("/v1/users/me/export", get(profile::export)),
        ("/v1/users/me/password", post(profile::change_password)),
        ("/v1/users/me/invitations", post(invitations::accept)),
        (
            "/v1/users/me/sessions",
            get(sessions::list).delete(sessions::end_others),
        ),
        ("/v1/users/me/sessions/{session_id}", delete(sessions::end)),
        (
            "/v1/users/me/totp",
            get(second_factor::show)
                .post(second_factor::enrol)
                .delete(second_factor::remove),
        ),
        ("/v1/users/me/totp/confirm", post(second_factor::confirm)),
        ("/v1/users/me/passkeys", get(passkeys::list).post(passkeys::register)),
        ("/v1/users/me/passkeys/challenge", post(passkeys::challenge)),
        ("/v1/users/me/passkeys/{passkey_id}", delete(passkeys::remove)),
        ("/v1/organisations", get(organisations::list).post(organisations::found)),
        (
            "/v1/organisations/{org_id}",
            get(organisations::one)
                .patch(organisations::rename)
                .delete(deletion::delete),
        ),
        ("/v1/organisations/{org_id}/look", post(look::begin)),
        ("/v1/organisations/{org_id}/members", get(members::list)),
        (
            "/v1/organisations/{org_id}/members/{user_id}",
            get(members::one).patch(members::change_role).delete(members::remove),
        ),
        (
            "/v1/organisations/{org_id}/invitations",
            get(invitations::list).post(invitations::invite),
        ),
        (
            "/v1/organisations/{org_id}/invitations/{invitation_id}",
            delete(invitations::withdraw),
        ),
        ("/v1/roles", get(organisations::roles)),
        ("/v1/api-keys", get(keys::list).post(keys::create)),
        ("/v1/api-keys/{key_id}", delete(keys::revoke)),
        ("/v1/api-keys/{key_id}/rotate", post(keys::rotate)),
        ("/v1/audit", get(audit::list)),
        ("/v1/audit/export", get(audit::export)),
        ("/v1/audit/verification", get(audit::verify)),
    ]
}

impl Identity {
    /// Routes that anybody may ask: logging in, and what leads to it.
    pub fn open_routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.routes(open_table())
    }

    /// Routes for people who are logged in; [`crate::Auth::wrap`] belongs around them.
    pub fn own_routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.routes(own_table())
    }

    fn routes<S: Clone + Send + Sync + 'static>(&self, table: Vec<(&'static str, Handlers)>) -> Router<S> {
        let add = |router: Router<Self>, (path, handlers): (&str, Handlers)| router.route(path, handlers);
        table.into_iter().fold(Router::new(), add).with_state(self.clone())
    }
}

/// What a path names; a text that names nothing is not found, like anything else that is not there.
fn named<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
    text.parse().map_err(|_names_nothing| absent(what, &shown))
}

/// It is not there, or is another organisation's.
fn absent(what: &str, name: &dyn std::fmt::Display) -> Problem {
    Problem::not_found(format!("there is no {what} '{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_of_operations_has_the_paths_of_the_routers() {
        for (table, is_open) in [(open_table(), true), (own_table(), false)] {
            let routed: BTreeSet<&str> = table.iter().map(|(path, _)| *path).collect();
            let listed = OPERATIONS.iter().filter(|operation| operation.is_open == is_open);
            let listed: BTreeSet<&str> = listed.map(|operation| operation.path).collect();
            assert_eq!(routed, listed);
        }
        let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), OPERATIONS.len(), "each has a name of its own");
    }
}

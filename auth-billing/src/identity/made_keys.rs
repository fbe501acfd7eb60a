//! Keys and the rights of who made them. A key has what its maker had, and no more for longer: it ends when its maker leaves,
//! and when the maker's role no longer has what the key has.

use driftline_database::{AccountChange, ApiKey, Role};
use driftline_domain::{KeyId, OrgId, UserId};
use jiff::Timestamp;

use super::matrix::scopes_of;
use crate::{Caller, Problem, Scope, Scopes};

/// Revokes the keys that a person made for an organisation, of a role that the person keeps there those that have more than
/// it; says which.
pub(super) async fn revoke_made_keys(
    change: &mut AccountChange,
    org: OrgId,
    user: UserId,
    kept: Option<Role>,
    now: Timestamp,
) -> Result<Vec<KeyId>, Problem> {
    let exceeds = |key: &ApiKey| match kept {
        Some(role) => !beyond(&Scopes::of_stored(&key.scopes), &scopes_of(role)).is_empty(),
        None => true,
    };
    let mut revoked = Vec::new();
    for key in change.keys_made_by(org, user).await? {
        if exceeds(&key) && change.revoke_key(org, key.id, Some(user), now).await? {
            revoked.push(key.id);
        }
    }
    Ok(revoked)
}

/// Refuses a key with more than its maker has at this moment, and lets nobody change that until the transaction ends.
pub(super) async fn require_scopes(
    change: &mut AccountChange,
    caller: &Caller,
    scopes: &Scopes,
) -> Result<(), Problem> {
    let has = match caller.person {
        Some(person) => {
            let role = change.role_of(caller.org, person.user).await?;
            let role = role.ok_or_else(|| Problem::forbidden("you do not belong to this organisation any more"))?;
            scopes_of(role)
        }
        None => caller.scopes.clone(),
    };
    let beyond = beyond(scopes, &has);
    if beyond.is_empty() {
        Ok(())
    } else {
        let detail = format!("a key cannot have what you have not: {beyond}");
        Err(Problem::forbidden(detail))
    }
}

fn beyond(scopes: &Scopes, has: &Scopes) -> Scopes {
    Scope::ALL
        .into_iter()
        .filter(|scope| scopes.contains(*scope) && !has.contains(*scope))
        .collect()
}

//! Members of an organisation and their roles. An organisation that has members always has an administrator.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use driftline_database::Member;
use driftline_domain::{OrgId, UserId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::accounts::{act, checked_role, detailed};
use super::super::address::{masked, masked_phone};
use super::super::body::Body;
use super::super::made_keys::revoke_made_keys;
use super::super::matrix::{Resource, Verb};
use super::super::service::Identity;
use super::organisations::own;
use super::{absent, named};
use crate::routes::allow_only;
use crate::{Caller, Problem};

pub(super) async fn list(
    State(identity): State<Identity>,
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Read, false)?;
    let mut members = Vec::new();
    for member in identity.database().members(org).await? {
        let personal = identity.personal(&member.user)?;
        members.push(json!({
            "user": member.user.id, "role": member.role.name(), "since": member.since, "name": personal.name,
            "email": personal.email.as_deref().map(masked), "phone": personal.phone.as_deref().map(masked_phone),
        }));
    }
    Ok(Json(json!({ "members": members })))
}

pub(super) async fn one(
    State(identity): State<Identity>,
    caller: Caller,
    Path((org, user)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Read, false)?;
    let member = identity.member(org, &user).await?;
    Ok(Json(identity.describe_member(&member)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleWish {
    role: String,
}

pub(super) async fn change_role(
    State(identity): State<Identity>,
    caller: Caller,
    Path((org, user)): Path<(String, String)>,
    Body(wish): Body<RoleWish>,
) -> Result<Json<Value>, Problem> {
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Update, false)?;
    let member = identity.member(org, &user).await?;
    let role = checked_role("role", &wish.role).map_err(|violation| Problem::invalid(vec![violation]))?;
    let (id, now) = (member.user.id, identity.now());
    let mut change = identity.database().account_change("change the role").await?;
    if !change.set_role(org, id, role).await? {
        return Err(absent("member", &id));
    }
    if change.admins(org).await?.0 == 0 {
        return Err(last_administrator());
    }
    let revoked = revoke_made_keys(&mut change, org, id, Some(role), now).await?;
    let details = json!({ "from": member.role.name(), "to": role.name(), "keys_revoked": revoked });
    let changed = detailed(act(org, caller.actor(), "member.role_changed", id), details);
    change.record(&changed, now).await?;
    change.commit().await?;
    identity.0.known.forget_person(id);
    let member = identity.member(org, &user).await?;
    let mut answer = identity.describe_member(&member)?;
    answer["keys_revoked"] = json!(revoked);
    Ok(Json(answer))
}

/// An administrator removes anybody; anybody leaves.
pub(super) async fn remove(
    State(identity): State<Identity>,
    caller: Caller,
    Path((org, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let org = own(&caller, &org)?;
    let leaves = caller.person.is_some_and(|person| person.user.to_string() == user);
    if !leaves {
        caller.require_right(Resource::Members, Verb::Delete, false)?;
    }
    let member = identity.member(org, &user).await?;
    let (id, now) = (member.user.id, identity.now());
    let mut change = identity.database().account_change("remove the member").await?;
    if !change.remove_member(org, id, now).await? {
        return Err(absent("member", &id));
    }
    let (admins, members) = change.admins(org).await?;
    if admins == 0 && members > 0 {
        return Err(last_administrator());
    }
    let what = if leaves { "member.left" } else { "member.removed" };
    let revoked = revoke_made_keys(&mut change, org, id, None, now).await?;
    let gone = detailed(act(org, caller.actor(), what, id), json!({ "keys_revoked": revoked }));
    change.record(&gone, now).await?;
    change.commit().await?;
    identity.0.known.forget_person(id);
    Ok(StatusCode::NO_CONTENT)
}

fn last_administrator() -> Problem {
    Problem::conflict("an organisation keeps one administrator at least; make somebody else one first")
}

impl Identity {
    async fn member(&self, org: OrgId, user: &str) -> Result<Member, Problem> {
        let id: UserId = named("member", user)?;
        let found = self.database().member(org, id).await?;
        found.ok_or_else(|| absent("member", &id))
    }

    fn describe_member(&self, member: &Member) -> Result<Value, Problem> {
        let personal = self.personal(&member.user)?;
        Ok(json!({
            "user": member.user.id, "role": member.role.name(), "since": member.since,
            "name": personal.name, "email": personal.email, "phone": personal.phone,
        }))
    }
}

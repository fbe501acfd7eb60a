//! The end of an organisation, by its administrator. What it used and has not paid for is billed as if nothing had happened.

use axum::Json;
use axum::extract::{Path, State};
use driftline_database::{Deletion, Member, Role};
use driftline_domain::Violation;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::accounts::{act, detailed};
use super::super::body::Body;
use super::super::client::Client;
use super::super::matrix::{Resource, Verb};
use super::super::service::{Identity, installation_act};
use super::absent;
use super::organisations::own;
use crate::{Caller, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeletionWish {
    /// The organisation's name once more, so that none is deleted by accident.
    name: String,
    password: Option<String>,
}

pub(super) async fn delete(
    State(identity): State<Identity>,
    caller: Caller,
    client: Client,
    Path(id): Path<String>,
    Body(wish): Body<DeletionWish>,
) -> Result<Json<Value>, Problem> {
    let org = own(&caller, &id)?;
    caller.require_right(Resource::Organisation, Verb::Delete, false)?;
    // Only a person has a role that grants it.
    let person = caller.person.ok_or_else(Problem::unauthenticated)?;
    let found = identity.database().organisation(org).await?;
    let found = found.filter(|found| found.deleted_at.is_none());
    let found = found.ok_or_else(|| absent("organisation", &org))?;
    if wish.name.trim() != found.name {
        let violation = Violation::new("name", "not_its_name", "this is not the organisation's name");
        return Err(Problem::invalid(vec![violation]));
    }
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    let (members, now) = (identity.database().members(org).await?, identity.now());
    let mut change = identity.database().account_change("delete the organisation").await?;
    // What this node knows of the person may be some seconds old, and this cannot be undone.
    if change.role_of(org, person.user).await? != Some(Role::OrgAdmin) {
        return Err(Problem::forbidden(
            "you are no administrator of this organisation any more",
        ));
    }
    let deleted = match change.delete_organisation(org, now).await? {
        Deletion::Done(deleted) => deleted,
        Deletion::AtWork(count) => return Err(at_work(count)),
    };
    let what = format!(
        "The organisation '{}' was deleted, with its missions and keys.",
        deleted.name
    );
    for Member { user, .. } in members
        .iter()
        .filter(|member| deleted.members.contains(&member.user.id))
    {
        identity.notify(&mut change, user, &what, now).await?;
    }
    let answer = json!({
        "id": org, "name": deleted.name, "deleted_at": now, "missions_withdrawn": deleted.missions,
        "members_removed": deleted.members.len(), "plan_ends_at": deleted.plan_ends_at, "credit_left": deleted.credit,
    });
    let gone = detailed(act(org, person.actor(), "organisation.deleted", org), answer.clone());
    change.record(&gone, now).await?;
    // Nobody reads the organisation's own chain any more but whoever runs the installation.
    change
        .record(
            &installation_act(person.actor(), "organisation.deleted", org.to_string()),
            now,
        )
        .await?;
    change.commit().await?;
    for user in deleted.members {
        identity.0.known.forget_person(user);
    }
    Ok(Json(answer))
}

fn at_work(count: i64) -> Problem {
    let detail = format!("{count} missions of the organisation are waiting or computed; cancel them first, or wait");
    Problem::conflict(detail)
}

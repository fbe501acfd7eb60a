//! The organisations of who is logged in, and what the roles in them may do.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::Role;
use driftline_domain::{OrgId, Violation};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::accounts::{act, detailed, member_key};
use super::super::body::Body;
use super::super::matrix::{Grant, Resource, Verb, grant, scopes_of};
use super::super::person::Person;
use super::super::service::Identity;
use super::super::sign_in::OrganisationAnswer;
use super::{absent, named};
use crate::routes::allow_only;
use crate::{Caller, Problem};

pub(super) async fn list(
    State(identity): State<Identity>,
    person: Person,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let memberships = identity.database().memberships(person.user).await?;
    let organisations: Vec<OrganisationAnswer> = memberships.iter().map(OrganisationAnswer::from).collect();
    Ok(Json(json!({ "organisations": organisations })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundWish {
    name: String,
}

/// Founds an organisation with its founder as administrator. The session turns to it at the next refresh, if wished.
pub(super) async fn found(
    State(identity): State<Identity>,
    person: Person,
    Body(wish): Body<FoundWish>,
) -> Result<Response, Problem> {
    if !identity.settings().registration && !person.is_superadmin {
        return Err(Problem::forbidden(
            "organisations are founded by whoever runs this service",
        ));
    }
    let name = checked_name(&wish.name)?;
    let now = identity.now();
    let mut change = identity.database().account_change("found the organisation").await?;
    let org = change.insert_organisation(name, now).await?;
    let key = member_key(org.id, person.user, now)?;
    change
        .insert_member(org.id, person.user, Role::OrgAdmin, &key, now)
        .await?;
    let founded = act(org.id, person.actor(), "organisation.founded", org.id);
    change.record(&founded, now).await?;
    change.commit().await?;
    let answer = json!({ "id": org.id, "name": org.name, "role": Role::OrgAdmin.name() });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

fn checked_name(text: &str) -> Result<&str, Problem> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        let message = "the organisation's name has 1 to 200 printable characters";
        return Err(Problem::invalid(vec![Violation::new("name", "not_a_name", message)]));
    }
    Ok(name)
}

/// The organisation that a path names, which is the caller's or not there.
pub(super) fn own(caller: &Caller, text: &str) -> Result<OrgId, Problem> {
    let org: OrgId = named("organisation", text)?;
    if org == caller.org {
        Ok(org)
    } else {
        Err(absent("organisation", &org))
    }
}

pub(super) async fn one(
    State(identity): State<Identity>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let org = own(&caller, &id)?;
    caller.require_right(Resource::Organisation, Verb::Read, false)?;
    let found = identity.database().organisation(org).await?;
    let found = found.filter(|found| found.deleted_at.is_none());
    let found = found.ok_or_else(|| absent("organisation", &org))?;
    Ok(Json(
        json!({ "id": found.id, "name": found.name, "created_at": found.created_at }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameWish {
    name: String,
}

pub(super) async fn rename(
    State(identity): State<Identity>,
    caller: Caller,
    Path(id): Path<String>,
    Body(wish): Body<RenameWish>,
) -> Result<Json<Value>, Problem> {
    let org = own(&caller, &id)?;
    caller.require_right(Resource::Organisation, Verb::Update, false)?;
    let name = checked_name(&wish.name)?;
    let now = identity.now();
    let mut change = identity.database().account_change("rename the organisation").await?;
    if !change.rename_organisation(org, name).await? {
        return Err(Problem::conflict("another organisation has this name"));
    }
    let renamed = detailed(
        act(org, caller.actor(), "organisation.renamed", org),
        json!({ "name": name }),
    );
    change.record(&renamed, now).await?;
    change.commit().await?;
    Ok(Json(json!({ "id": org, "name": name })))
}

/// The matrix, as the service holds it.
pub(super) async fn roles(_: Person, RawQuery(raw): RawQuery) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let roles: Vec<Value> = Role::ALL
        .into_iter()
        .map(|role| {
            let mut rights = Map::new();
            for resource in Resource::ALL {
                let granted = |wanted| {
                    let verbs = Verb::ALL
                        .into_iter()
                        .filter(move |verb| grant(role, resource, *verb) == wanted);
                    verbs.map(Verb::name).collect::<Vec<_>>()
                };
                let (all, own) = (granted(Grant::All), granted(Grant::Own));
                rights.insert(resource.name().to_owned(), json!({ "all": all, "own": own }));
            }
            json!({ "role": role.name(), "scopes": scopes_of(role).names(), "rights": rights })
        })
        .collect();
    Ok(Json(json!({ "roles": roles })))
}

//! Invitations: an administrator names an address and a role, the mail's link lets its reader join, once and within a week.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::Invitation;
use driftline_domain::{InvitationId, UserId};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::accounts::{act, checked_name, checked_role, detailed, member_key};
use super::super::address::{MailAddress, masked};
use super::super::body::Body;
use super::super::matrix::{Resource, Verb};
use super::super::password;
use super::super::person::Person;
use super::super::registration::link_refused;
use super::super::secret_text::{LINK_PREFIX, SecretText};
use super::super::service::Identity;
use super::super::sign_in::later;
use super::super::vault::Place;
use super::organisations::own;
use super::{absent, named};
use crate::routes::allow_only;
use crate::{Caller, Error, Problem};

const DAYS: i64 = 7;
const EMAIL: &str = "invitations.email";

pub(super) async fn list(
    State(identity): State<Identity>,
    caller: Caller,
    Path(org): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Read, false)?;
    let mut invitations = Vec::new();
    for row in identity.database().open_invitations(org, identity.now()).await? {
        let email = identity.invited_address(&row)?;
        invitations.push(json!({
            "id": row.id, "email": masked(&email), "role": row.role.name(), "invited_by": row.invited_by,
            "created_at": row.created_at, "expires_at": row.expires_at,
        }));
    }
    Ok(Json(json!({ "invitations": invitations })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteWish {
    email: String,
    role: String,
}

pub(super) async fn invite(
    State(identity): State<Identity>,
    caller: Caller,
    Path(org): Path<String>,
    Body(wish): Body<InviteWish>,
) -> Result<Response, Problem> {
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Create, false)?;
    let head = identity.letterhead()?;
    let (email, role) = match (
        MailAddress::of_field("email", &wish.email),
        checked_role("role", &wish.role),
    ) {
        (Ok(email), Ok(role)) => (email, role),
        (email, role) => {
            let broken = email.err().into_iter().chain(role.err());
            return Err(Problem::invalid(broken.collect()));
        }
    };
    let sender = caller.actor();
    identity
        .require_mail("invitation", &email.normalised(), &sender)
        .await?;
    let (id, now) = (InvitationId::generate(), identity.now());
    let token = SecretText::generate(LINK_PREFIX)?;
    let invitation = Invitation {
        id,
        org,
        email_index: identity.email_index(&email.normalised()),
        email: identity
            .0
            .vault
            .seal(place(id.uuid().as_bytes()), email.expose().as_bytes())?,
        role,
        token_sha256: token.sha256(),
        invited_by: caller.person.map(|person| person.user),
        created_at: now,
        expires_at: later(now, SignedDuration::from_hours(24 * DAYS)),
        accepted_at: None,
        withdrawn_at: None,
    };
    let mail = head.invitation(email.expose(), &caller.org_name, role.name(), token.expose(), DAYS);
    let mut change = identity.database().account_change("store the invitation").await?;
    change.lock_organisation(org).await?;
    change.insert_invitation(&invitation).await?;
    identity.send(&mut change, &mail, now).await?;
    let invited = detailed(
        act(org, caller.actor(), "member.invited", id),
        json!({ "role": role.name() }),
    );
    change.record(&invited, now).await?;
    change.commit().await?;
    let answer = json!({
        "id": id, "email": masked(email.expose()), "role": role.name(), "expires_at": invitation.expires_at
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn withdraw(
    State(identity): State<Identity>,
    caller: Caller,
    Path((org, invitation)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let org = own(&caller, &org)?;
    caller.require_right(Resource::Members, Verb::Delete, false)?;
    let id: InvitationId = named("invitation", &invitation)?;
    let now = identity.now();
    let mut change = identity.database().account_change("withdraw the invitation").await?;
    if !change.withdraw_invitation(org, id, now).await? {
        return Err(absent("invitation", &id));
    }
    change
        .record(&act(org, caller.actor(), "invitation.withdrawn", id), now)
        .await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptWish {
    token: String,
}

/// Who is logged in joins. The invitation is for who reads the mail of its address: the account's own must be that.
pub(super) async fn accept(
    State(identity): State<Identity>,
    person: Person,
    Body(wish): Body<AcceptWish>,
) -> Result<Json<Value>, Problem> {
    let invitation = identity.open_invitation(&wish.token).await?;
    let user = identity.user(person.user).await?;
    let address = identity.personal(&user)?.email.unwrap_or_default();
    if identity.email_index(&address.to_ascii_lowercase()) != invitation.email_index {
        return Err(Problem::forbidden(
            "this invitation is for another mail address than that of your account",
        ));
    }
    let now = identity.now();
    let mut change = identity.database().account_change("accept the invitation").await?;
    identity.join(&mut change, &invitation, user.id).await?;
    change.commit().await?;
    identity.0.known.forget_person(user.id);
    Ok(Json(
        json!({ "organisation": invitation.org, "role": invitation.role.name(), "joined_at": now }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptAsNewWish {
    token: String,
    password: String,
    #[serde(default)]
    name: String,
}

/// Who has no account makes one and joins: the link shows that the address is its reader's.
pub(super) async fn accept_as_new(
    State(identity): State<Identity>,
    Body(wish): Body<AcceptAsNewWish>,
) -> Result<StatusCode, Problem> {
    let invitation = identity.open_invitation(&wish.token).await?;
    let address = identity.invited_address(&invitation)?;
    let email = MailAddress::parse(&address).ok_or_else(link_refused)?;
    let mut broken = Vec::new();
    let name = checked_name("name", &wish.name, &mut broken);
    broken.extend(password::violations(
        "password",
        &wish.password,
        &[email.expose(), &wish.name],
    ));
    if !broken.is_empty() {
        return Err(Problem::invalid(broken));
    }
    let hash = identity.0.hasher.hash(&wish.password).await?;
    let now = identity.now();
    let mut new = identity.new_user(&email, name.as_deref())?;
    new.password = Some(hash);
    new.is_verified = true;
    let mut change = identity.database().account_change("accept the invitation").await?;
    if !change.insert_user(&new, now).await? {
        let detail = "this mail address has an account; log in and accept the invitation there";
        return Err(Problem::new(StatusCode::CONFLICT, "has_account", detail));
    }
    identity.join(&mut change, &invitation, new.id).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Identity {
    async fn open_invitation(&self, token: &str) -> Result<Invitation, Problem> {
        let token = SecretText::parse(LINK_PREFIX, token).ok_or_else(link_refused)?;
        let found = self.database().invitation(&token.sha256(), self.now()).await?;
        found.ok_or_else(link_refused)
    }

    fn invited_address(&self, invitation: &Invitation) -> Result<String, Error> {
        let id = invitation.id.uuid();
        self.0.vault.open_text(place(id.as_bytes()), &invitation.email)
    }

    async fn join(
        &self,
        change: &mut driftline_database::AccountChange,
        invitation: &Invitation,
        user: UserId,
    ) -> Result<(), Problem> {
        let now = self.now();
        change.lock_organisation(invitation.org).await?;
        if !change.accept_invitation(invitation.id, now).await? {
            return Err(link_refused());
        }
        let (org, role) = (invitation.org, invitation.role);
        let key = member_key(org, user, now)?;
        if !change.insert_member(org, user, role, &key, now).await? {
            return Err(Problem::conflict("you belong to this organisation already"));
        }
        let details = json!({ "role": role.name(), "invitation": invitation.id });
        let joined = detailed(act(org, user.to_string(), "member.joined", user), details);
        Ok(change.record(&joined, now).await?)
    }
}

fn place(row: &[u8]) -> Place<'_> {
    Place { column: EMAIL, row }
}

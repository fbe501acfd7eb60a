//! The account of who is logged in: seen, changed, copied out and erased (Regulation (EU) 2016/679, articles 15 to 20).

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::{Account, AccountDetails, AuditFilter, ErrorKind, OneTime, OneTimeKind, Role, User};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::accounts::{NAME, PHONE, act, checked_name, checked_phone, detailed};
use super::super::address::MailAddress;
use super::super::body::Body;
use super::super::client::Client;
use super::super::made_keys::revoke_made_keys;
use super::super::person::Person;
use super::super::registration::Payload;
use super::super::reset::end_links;
use super::super::secret_text::{LINK_PREFIX, SecretText};
use super::super::service::{Identity, installation_act};
use super::super::sign_in::{OrganisationAnswer, later};
use crate::Problem;
use crate::keys::random_32;
use crate::routes::allow_only;

const CHANGE_HOURS: i64 = 24;
/// Entries of the audit log in an export.
const EXPORTED_ENTRIES: i64 = 10_000;

pub(super) async fn me(
    State(identity): State<Identity>,
    person: Person,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    Ok(Json(identity.describe(person).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeWish {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    /// Needed to change the mail address.
    password: Option<String>,
}

pub(super) async fn change(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<ChangeWish>,
) -> Result<Json<Value>, Problem> {
    let user = identity.user(person.user).await?;
    let personal = identity.personal(&user)?;
    let mut violations = Vec::new();
    let name = match &wish.name {
        Some(name) => checked_name("name", name, &mut violations),
        None => personal.name.clone(),
    };
    let phone = match &wish.phone {
        Some(phone) => checked_phone("phone", phone, &mut violations),
        None => personal.phone.clone(),
    };
    let email = wish
        .email
        .as_deref()
        .map(|email| MailAddress::of_field("email", email))
        .transpose();
    let email = email.unwrap_or_else(|violation| {
        violations.push(violation);
        None
    });
    if !violations.is_empty() {
        return Err(Problem::invalid(violations));
    }
    if email.is_some() {
        identity.letterhead()?;
        identity
            .require_presence(&user, person, wish.password.as_deref(), &client)
            .await?;
    }
    if let Some(email) = &email {
        let sender = person.actor();
        identity
            .require_mail("change_email", &email.normalised(), &sender)
            .await?;
    }
    let now = identity.now();
    let seal = |column, text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| identity.seal_field(column, user.id, text)).transpose()
    };
    let (name, phone) = (seal(NAME, &name)?, seal(PHONE, &phone)?);
    let mut change = identity.database().account_change("change the account").await?;
    change.set_profile(user.id, name, phone).await?;
    if let Some(email) = &email {
        let token = SecretText::generate(LINK_PREFIX)?;
        let payload = Payload {
            email: Some(email.expose().to_owned()),
            ..Payload::default()
        };
        let one = OneTime {
            user: user.id,
            payload: Some(identity.seal_payload(user.id, &payload)?),
        };
        let ends = later(now, SignedDuration::from_hours(CHANGE_HOURS));
        let (sha256, kind) = (token.sha256(), OneTimeKind::ChangeEmail);
        change.insert_one_time(&sha256, kind, &one, now, ends).await?;
        let mail = identity
            .letterhead()?
            .change_email(email.expose(), token.expose(), CHANGE_HOURS);
        identity.send(&mut change, &mail, now).await?;
        // Who reads the address that the account has now may not be who asks.
        let what = "Somebody who is logged in to your account asked to change its mail address to another one. It changes \
                    when the link in the mail that was sent there is opened.";
        identity.notify(&mut change, &user, what, now).await?;
    }
    let changed = installation_act(person.actor(), "user.changed", person.actor());
    change.record(&changed, now).await?;
    change.commit().await?;
    Ok(Json(identity.describe(person).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordWish {
    current: Option<String>,
    new: String,
}

pub(super) async fn change_password(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<PasswordWish>,
) -> Result<StatusCode, Problem> {
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.current.as_deref(), &client)
        .await?;
    identity.refuse_personal(&user, &wish.new)?;
    let hash = identity.0.hasher.hash(&wish.new).await?;
    let now = identity.now();
    let mut change = identity.database().account_change("set the password").await?;
    change.set_password(user.id, &hash, now).await?;
    change
        .revoke_sessions(user.id, Some(person.session), "password changed", now)
        .await?;
    end_links(&mut change, user.id, now).await?;
    identity
        .notify(&mut change, &user, "The password of your account was changed.", now)
        .await?;
    let changed = installation_act(person.actor(), "user.password_changed", person.actor());
    change.record(&changed, now).await?;
    change.commit().await?;
    identity.0.known.forget_person(user.id);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EraseWish {
    password: Option<String>,
}

/// What is personal goes; missions and what they cost stay with the organisation, under a number.
pub(super) async fn erase(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<EraseWish>,
) -> Result<StatusCode, Problem> {
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    let now = identity.now();
    let memberships = identity.database().memberships(user.id).await?;
    let mut accounts = Vec::new();
    for account in identity.pays_for(&user).await? {
        let details = AccountDetails {
            email: String::new(),
            ..account.details
        };
        accounts.push(identity.database().account_row(account.org, &details)?);
    }
    let mut change = identity.database().account_change("erase the account").await?;
    let mut left = Vec::with_capacity(memberships.len());
    for membership in &memberships {
        match change.remove_member(membership.org, user.id, now).await {
            // Somebody else took the membership or the organisation away meanwhile.
            Ok(false) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            done => done?,
        };
        let revoked = revoke_made_keys(&mut change, membership.org, user.id, None, now).await?;
        left.push((membership.org, revoked));
        let (admins, members) = change.admins(membership.org).await?;
        if admins == 0 && members > 0 {
            let detail = format!(
                "you are the last administrator of '{}'; make somebody else one first",
                membership.org_name
            );
            return Err(Problem::conflict(detail));
        }
    }
    for row in &accounts {
        change.put_account(row, now).await?;
    }
    change.erase_user(user.id, random_32()?, now).await?;
    for (org, keys) in left {
        let erased = act(org, person.actor(), "member.erased", user.id);
        let erased = detailed(erased, json!({ "keys_revoked": keys }));
        change.record(&erased, now).await?;
    }
    let erased = installation_act(person.actor(), "user.erased", person.actor());
    change.record(&erased, now).await?;
    change.commit().await?;
    identity.0.known.forget_person(user.id);
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that is stored about a person, but for what is stored as a hash only.
pub(super) async fn export(State(identity): State<Identity>, person: Person) -> Result<Response, Problem> {
    let (database, now) = (identity.database(), identity.now());
    let mut all = identity.describe(person).await?;
    let mut sessions = Vec::new();
    for row in database.login_sessions(person.user, now).await? {
        let client = identity.open_client(row.id, &row.client)?;
        sessions.push(json!({
            "id": row.id, "method": row.method, "client": client, "created_at": row.created_at,
            "last_used_at": row.last_used_at, "expires_at": row.expires_at
        }));
    }
    let filter = AuditFilter {
        actor: Some(person.actor()),
        ..AuditFilter::default()
    };
    let mut acts = Vec::new();
    let chains = database.memberships(person.user).await?;
    for org in chains.iter().map(|membership| Some(membership.org)).chain([None]) {
        for entry in database.audit_entries(org, &filter, EXPORTED_ENTRIES).await? {
            acts.push(json!({"org": org, "at": entry.at, "action": entry.action, "subject": entry.subject}));
        }
    }
    let passkeys: Vec<Value> = database
        .passkeys(person.user)
        .await?
        .iter()
        .map(|key| json!({"id": key.id, "name": key.name, "created_at": key.created_at, "last_used_at": key.last_used_at}))
        .collect();
    let identities = database.identities(person.user).await?;
    let identities: Vec<Value> = identities
        .iter()
        .map(|(issuer, subject)| json!({"issuer": issuer, "subject": subject}))
        .collect();
    all["sessions"] = json!(sessions);
    all["acts"] = json!(acts);
    all["passkeys"] = json!(passkeys);
    all["identities"] = json!(identities);
    let user = identity.user(person.user).await?;
    let paid = identity.pays_for(&user).await?;
    let paid: Vec<Value> = paid
        .iter()
        .map(|account| json!({"org": account.org, "email": account.details.email}))
        .collect();
    all["invoices_go_to"] = json!(paid);
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_DISPOSITION, "attachment; filename=\"driftline-account.json\""),
    ];
    Ok((headers, Json(all)).into_response())
}

impl Identity {
    /// Billing accounts whose invoices go to the person's mail address, also of organisations that the person has left or that were
    /// deleted.
    async fn pays_for(&self, user: &User) -> Result<Vec<Account>, Problem> {
        let Some(email) = self.personal(user)?.email else {
            return Ok(Vec::new());
        };
        let mut accounts = Vec::new();
        for org in self.database().billing_accounts().await? {
            match self.database().account(org).await {
                Ok(account) if account.details.email.eq_ignore_ascii_case(&email) => accounts.push(account),
                Ok(_) => {}
                // One that cannot be read is in nobody else's way.
                Err(error) => tracing::error!(
                    alarm = true, org.id = %org, cause = crate::chain(&error),
                    "a billing account cannot be read: whether it has the address of who asks is not known"
                ),
            }
        }
        Ok(accounts)
    }

    /// A person as the person may see it.
    async fn describe(&self, person: Person) -> Result<Value, Problem> {
        let user = self.user(person.user).await?;
        let memberships = self.database().memberships(user.id).await?;
        let organisations: Vec<OrganisationAnswer> = memberships.iter().map(OrganisationAnswer::from).collect();
        let current = person
            .member
            .map(|(org, role): (_, Role)| json!({"id": org, "role": role.name()}));
        let totp = self.database().totp(user.id).await?;
        let mut value = self.describe_account(&user)?;
        value["second_factor"] = json!(totp.is_some_and(|totp| totp.confirmed_at.is_some()));
        value["organisations"] = json!(organisations);
        value["organisation"] = json!(current);
        value["session"] = json!(person.session);
        Ok(value)
    }

    fn describe_account(&self, user: &User) -> Result<Value, Problem> {
        let personal = self.personal(user)?;
        Ok(json!({
            "id": user.id, "email": personal.email, "name": personal.name, "phone": personal.phone,
            "superadmin": user.superadmin_since.is_some(), "created_at": user.created_at,
            "verified_at": user.verified_at, "password_changed_at": user.password_changed_at,
        }))
    }
}

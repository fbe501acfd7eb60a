//! Making an account by oneself, and proving that a mail address is one's own. Whether an address has an account is told
//! to its owner by mail, and to nobody else: a known and an unknown address have the same answer and the same work, one
//! hash and one mail.

use driftline_database::{OneTime, OneTimeKind, Role};
use driftline_domain::{UserId, Violation};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::accounts::{EMAIL, act, checked_name, detailed, member_key};
use super::address::MailAddress;
use super::password;
use super::reset::end_links;
use super::secret_text::{LINK_PREFIX, SecretText};
use super::service::{Identity, installation_act};
use super::sign_in::later;
use super::vault::Place;
use crate::{Error, Problem};

const VERIFY_HOURS: i64 = 24;
const PAYLOAD: &str = "one_time_tokens.payload";

/// What somebody says who registers.
pub(super) struct Registration<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) name: &'a str,
    pub(super) organisation: &'a str,
}

/// What is done when a link is used.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Payload {
    /// The organisation that is founded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) organisation: Option<String>,
    /// The mail address that is the account's from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
}

impl Identity {
    /// Registers, if that is open; what came of it is told by mail.
    pub(super) async fn register(&self, wish: &Registration<'_>) -> Result<(), Problem> {
        let settings = self.settings();
        if !settings.registration {
            let detail = "accounts are made by invitation here; ask an administrator of your organisation";
            return Err(Problem::new(StatusCode::FORBIDDEN, "registration_closed", detail));
        }
        let head = self.letterhead()?;
        let (email, name, organisation) = self.checked_registration(wish).map_err(Problem::invalid)?;
        let hash = self.0.hasher.hash(wish.password).await?;
        let may_go = self.may_mail("registered", &email.normalised()).await?;
        let now = self.now();
        let mut new = self.new_user(&email, name.as_deref())?;
        new.password = Some(hash);
        let token = SecretText::generate(LINK_PREFIX)?;
        let mut change = self.database().account_change("make the account").await?;
        if change.insert_user(&new, now).await? {
            let payload = Payload {
                organisation: Some(organisation),
                ..Payload::default()
            };
            let one = OneTime {
                user: new.id,
                payload: Some(self.seal_payload(new.id, &payload)?),
            };
            let ends = later(now, SignedDuration::from_hours(VERIFY_HOURS));
            let kind = OneTimeKind::Verify;
            change.insert_one_time(&token.sha256(), kind, &one, now, ends).await?;
            let mail = head.verify(email.expose(), token.expose(), VERIFY_HOURS);
            self.send(&mut change, &mail, now).await?;
            let registered = installation_act(new.id.to_string(), "user.registered", new.id.to_string());
            change.record(&registered, now).await?;
        } else {
            let mail = if may_go {
                head.registered(email.expose())
            } else {
                head.decoy()
            };
            self.send(&mut change, &mail, now).await?;
        }
        change.commit().await?;
        Ok(())
    }

    fn checked_registration(
        &self,
        wish: &Registration<'_>,
    ) -> Result<(MailAddress, Option<String>, String), Vec<Violation>> {
        let mut violations = Vec::new();
        let email = MailAddress::of_field("email", wish.email).map_err(|violation| violations.push(violation));
        let name = checked_name("name", wish.name, &mut violations);
        let organisation = wish.organisation.trim().to_owned();
        if organisation.is_empty() || organisation.chars().count() > 200 || organisation.chars().any(char::is_control) {
            let message = "the organisation's name has 1 to 200 printable characters";
            violations.push(Violation::new("organisation", "not_a_name", message));
        }
        violations.extend(password::violations(
            "password",
            wish.password,
            &[wish.email, wish.name],
        ));
        let domains = &self.settings().registration_domains;
        if let Ok(email) = &email
            && !domains.is_empty()
            && !domains
                .iter()
                .any(|domain| domain.eq_ignore_ascii_case(&email.domain()))
        {
            let message = "addresses of this domain cannot register here; ask for an invitation";
            violations.push(Violation::new("email", "domain_not_allowed", message));
        }
        match email {
            Ok(email) if violations.is_empty() => Ok((email, name, organisation)),
            _ => Err(violations),
        }
    }

    /// Uses the link of a mail: the address is its owner's. Founds the organisation that was named at registration, under
    /// another name where that one is taken by now.
    pub(super) async fn verify_email(&self, token: &str, organisation: Option<&str>) -> Result<(), Problem> {
        let token = SecretText::parse(LINK_PREFIX, token).ok_or_else(link_refused)?;
        let now = self.now();
        let mut change = self.database().account_change("confirm the mail address").await?;
        if let Some(one) = change
            .use_one_time(&token.sha256(), OneTimeKind::ChangeEmail, now)
            .await?
        {
            let payload = self.open_payload(&one)?;
            let address = payload
                .email
                .as_deref()
                .and_then(MailAddress::parse)
                .ok_or_else(link_refused)?;
            let index = self.email_index(&address.normalised());
            let sealed = self.seal_field(EMAIL, one.user, address.expose())?;
            let before = change.user(one.user).await?.filter(|user| user.erased_at.is_none());
            let before = before.ok_or_else(link_refused)?;
            if !change.set_email(one.user, &index, sealed, now).await? {
                return Err(Problem::conflict("this mail address belongs to another account by now"));
            }
            // A link that went to the old address must not open the account that has left it.
            end_links(&mut change, one.user, now).await?;
            self.notify(
                &mut change,
                &before,
                "The mail address of your account was changed.",
                now,
            )
            .await?;
            let changed = installation_act(one.user.to_string(), "user.email_changed", one.user.to_string());
            change.record(&changed, now).await?;
            return Ok(change.commit().await?);
        }
        let one = change.use_one_time(&token.sha256(), OneTimeKind::Verify, now).await?;
        let one = one.ok_or_else(link_refused)?;
        change.mark_verified(one.user, now).await?;
        let payload = self.open_payload(&one)?;
        let founded = match (payload.organisation, organisation) {
            (Some(named), wished) => {
                let name = wished.unwrap_or(&named);
                let org = change.insert_organisation(name, now).await?;
                let key = member_key(org.id, one.user, now)?;
                change
                    .insert_member(org.id, one.user, Role::OrgAdmin, &key, now)
                    .await?;
                Some(org.id)
            }
            (None, _) => None,
        };
        let actor = one.user.to_string();
        let verified = match founded {
            Some(org) => {
                let details = serde_json::json!({ "role": Role::OrgAdmin.name() });
                detailed(act(org, actor, "organisation.founded", org), details)
            }
            None => installation_act(actor.clone(), "user.verified", actor),
        };
        change.record(&verified, now).await?;
        Ok(change.commit().await?)
    }

    pub(super) fn seal_payload(&self, user: UserId, payload: &Payload) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(payload).unwrap_or_default();
        let id = user.uuid();
        self.0.vault.seal(place(id.as_bytes()), &text)
    }

    fn open_payload(&self, one: &OneTime) -> Result<Payload, Error> {
        let Some(sealed) = &one.payload else {
            return Ok(Payload::default());
        };
        let id = one.user.uuid();
        let bytes = self.0.vault.open(place(id.as_bytes()), sealed)?;
        serde_json::from_slice(&bytes).map_err(|_not_shown| Error::Sealed(PAYLOAD))
    }
}

fn place(row: &[u8]) -> Place<'_> {
    Place { column: PAYLOAD, row }
}

/// The same words for a token that is unknown, used or over.
pub(super) fn link_refused() -> Problem {
    let detail = "this link is not valid, was used already, or is over; ask for a new one";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "link_over", detail)
}

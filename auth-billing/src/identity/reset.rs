//! Setting a new password by a link in a mail. Asked for the address of nobody, the answer and the work are the same: a
//! mail is written that is never sent.

use driftline_database::{AccountChange, OneTime, OneTimeKind, User};
use driftline_domain::UserId;
use jiff::{SignedDuration, Timestamp};

use super::attempts::Guessed;
use super::password;
use super::registration::link_refused;
use super::secret_text::{LINK_PREFIX, SecretText};
use super::service::{Identity, installation_act};
use super::sign_in::later;
use crate::Problem;

const RESET_MINUTES: i64 = 30;

impl Identity {
    /// Sends a link, if there is an account.
    pub(super) async fn ask_for_reset(&self, email: &str) -> Result<(), Problem> {
        let head = self.letterhead()?;
        let normalised = email.trim().to_ascii_lowercase();
        let may_go = self.may_mail("reset", &normalised).await?;
        let user = self.database().user_by_email(&self.email_index(&normalised)).await?;
        let now = self.now();
        let token = SecretText::generate(LINK_PREFIX)?;
        let mut change = self.database().account_change("write the mail").await?;
        let address = match &user {
            Some(user) => self.personal(user)?.email,
            None => None,
        };
        let mail = match (&user, address) {
            (Some(user), Some(address)) if may_go => {
                let ends = later(now, SignedDuration::from_mins(RESET_MINUTES));
                self.put_reset(&mut change, user.id, &token, now, ends).await?;
                head.reset(&address, token.expose(), RESET_MINUTES)
            }
            _ => {
                // As many statements as for somebody whom a mail is sent to.
                let nobody = UserId::generate();
                change.end_one_times(nobody, OneTimeKind::Reset, now).await?;
                head.decoy()
            }
        };
        self.send(&mut change, &mail, now).await?;
        Ok(change.commit().await?)
    }

    async fn put_reset(
        &self,
        change: &mut AccountChange,
        user: UserId,
        token: &SecretText,
        now: Timestamp,
        ends: Timestamp,
    ) -> Result<(), Problem> {
        let one = OneTime { user, payload: None };
        let sha256 = token.sha256();
        Ok(change
            .insert_one_time(&sha256, OneTimeKind::Reset, &one, now, ends)
            .await?)
    }

    /// A link by which a person sets the first password, for whoever makes an account on the command line.
    pub(super) async fn first_password_link(&self, user: UserId, life: SignedDuration) -> Result<String, Problem> {
        let now = self.now();
        let token = SecretText::generate(LINK_PREFIX)?;
        let mut change = self.database().account_change("make the link").await?;
        self.put_reset(&mut change, user, &token, now, later(now, life)).await?;
        change.commit().await?;
        Ok(token.expose().to_owned())
    }

    /// Sets a new password by the token of a link; every session of the person ends.
    pub(super) async fn reset_password(&self, token: &str, new: &str) -> Result<(), Problem> {
        let token = SecretText::parse(LINK_PREFIX, token).ok_or_else(link_refused)?;
        let now = self.now();
        // Looked at before the token is used up: a password that is refused must not cost the link.
        let broken = password::violations("password", new, &[]);
        if !broken.is_empty() {
            return Err(Problem::invalid(broken));
        }
        let hash = self.0.hasher.hash(new).await?;
        let mut change = self.database().account_change("set the password").await?;
        let one = change.use_one_time(&token.sha256(), OneTimeKind::Reset, now).await?;
        let one = one.ok_or_else(link_refused)?;
        let user = change.user(one.user).await?.filter(|user| user.erased_at.is_none());
        let user = user.ok_or_else(link_refused)?;
        self.refuse_personal(&user, new)?;
        // Whoever reads the mail of an address is its owner.
        change.mark_verified(user.id, now).await?;
        change.set_password(user.id, &hash, now).await?;
        change.revoke_sessions(user.id, None, "password reset", now).await?;
        end_links(&mut change, user.id, now).await?;
        self.notify(&mut change, &user, "The password of your account was set anew.", now)
            .await?;
        let reset = installation_act(user.id.to_string(), "user.password_reset", user.id.to_string());
        change.record(&reset, now).await?;
        change.commit().await?;
        self.0.known.forget_person(user.id);
        if let Some(email) = self.personal(&user)?.email {
            // The owner need not wait for what somebody else's guesses brought.
            let subject = self.guessed(Guessed::Account(&email.to_ascii_lowercase()));
            self.database().end_attempt(Some(&subject), &[]).await?;
        }
        Ok(())
    }

    /// Refuses a password that is made of its owner's address or name.
    pub(super) fn refuse_personal(&self, user: &User, new: &str) -> Result<(), Problem> {
        let personal = self.personal(user)?;
        let words: Vec<&str> = personal
            .email
            .iter()
            .chain(&personal.name)
            .map(String::as_str)
            .collect();
        let broken = password::violations("password", new, &words);
        if broken.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(broken))
        }
    }
}

/// Ends the links that were sent before a password was set: whoever had the account until then may have asked for one that
/// would give it back.
pub(super) async fn end_links(change: &mut AccountChange, user: UserId, now: Timestamp) -> Result<(), Problem> {
    for kind in [OneTimeKind::Reset, OneTimeKind::ChangeEmail] {
        change.end_one_times(user, kind, now).await?;
    }
    Ok(())
}

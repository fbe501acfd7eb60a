//! Passkeys (WebAuthn Level 3): a key pair that an authenticator keeps for this service's address only, so that no other
//! page can ask for it. The authenticator verifies its person, so that a passkey counts as two factors. Whoever logs in
//! names no account: the authenticator does, and nobody learns who has one. What waits between challenge and answer is kept
//! by us and taken once.

use driftline_database::Passkey as Row;
use driftline_domain::{PasskeyId, UserId};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::client::Client;
use super::oidc::lost;
use super::secret_text::SecretText;
use super::service::{Identity, installation_act};
use super::settings::IdentitySettings;
use super::sign_in::{Tokens, Way, later};
use super::vault::Place;
use crate::{Error, Problem, chain};

/// Between challenge and answer.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_mins(5);
const CEREMONY_PREFIX: &str = "dlc_";
const REGISTER: &str = "passkey registration";
const LOG_IN: &str = "passkey login";
const COLUMN: &str = "passkeys.passkey";

/// Who the keys are for: the host of the service. `None` where the service is not published, or in the clear on another
/// machine than the browser's, where no browser offers passkeys.
pub(super) fn relying_party(settings: &IdentitySettings) -> Result<Option<Webauthn>, Error> {
    let url = settings.public_base.as_deref().and_then(|base| Url::parse(base).ok());
    let Some(url) = url else { return Ok(None) };
    let Some(host) = url.domain().map(str::to_owned) else {
        return Ok(None);
    };
    if url.scheme() != "https" && host != "localhost" {
        return Ok(None);
    }
    let unfit = |error: webauthn_rs::prelude::WebauthnError| Error::IdentitySettings(format!("passkeys: {error}"));
    let builder = WebauthnBuilder::new(&host, &url).map_err(unfit)?;
    let built = builder.rp_name(&settings.service_name).build();
    built.map(Some).map_err(unfit)
}

impl Identity {
    fn webauthn(&self) -> Result<&Webauthn, Problem> {
        self.0.webauthn.as_ref().ok_or_else(|| {
            let detail = "passkeys need a service that is published by a name and https (server.public_base_url)";
            Problem::new(StatusCode::FORBIDDEN, "no_passkeys", detail)
        })
    }

    /// A challenge for a new passkey of a person.
    pub(super) async fn challenge_registration(&self, user: UserId) -> Result<Value, Problem> {
        let row = self.user(user).await?;
        let personal = self.personal(&row)?;
        let email = personal.email.unwrap_or_default();
        let name = personal.name.unwrap_or_else(|| email.clone());
        let mut known = Vec::new();
        for row in self.database().passkeys(user).await? {
            known.push(self.open_passkey(&row)?.cred_id().clone());
        }
        let begun = self
            .webauthn()?
            .start_passkey_registration(user.uuid(), &email, &name, Some(known));
        let (challenge, state) = begun.map_err(|error| refused(&error))?;
        let mut challenge = serde_json::to_value(&challenge).unwrap_or_default();
        // So that the authenticator can name the account by itself at the login.
        challenge["publicKey"]["authenticatorSelection"]["residentKey"] = json!("preferred");
        self.keep(REGISTER, &(user, state), challenge).await
    }

    /// Registers the passkey that answers a challenge.
    pub(super) async fn register_passkey(
        &self,
        user: UserId,
        ceremony: &str,
        name: &str,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<PasskeyId, Problem> {
        let (whose, state): (UserId, PasskeyRegistration) = self.take(REGISTER, ceremony).await?;
        if whose != user {
            return Err(lost());
        }
        let made = self.webauthn()?.finish_passkey_registration(answer, &state);
        let made = made.map_err(|error| refused(&error))?;
        let (id, now) = (PasskeyId::generate(), self.now());
        let row = Row {
            id,
            user,
            credential_id: made.cred_id().as_slice().to_vec(),
            name: name.to_owned(),
            passkey: self.seal_passkey(id, &made)?,
            created_at: now,
            last_used_at: None,
        };
        let person = self.user(user).await?;
        let mut change = self.database().account_change("store the passkey").await?;
        if !change.insert_passkey(&row).await? {
            return Err(Problem::conflict("this passkey is registered already"));
        }
        self.notify(&mut change, &person, "A passkey was added to your account.", now)
            .await?;
        change
            .record(
                &installation_act(user.to_string(), "passkey.added", id.to_string()),
                now,
            )
            .await?;
        change.commit().await?;
        Ok(id)
    }

    /// A challenge for whoever wants to log in.
    pub(super) async fn challenge_login(&self) -> Result<Value, Problem> {
        let begun = self.webauthn()?.start_discoverable_authentication();
        let (challenge, state) = begun.map_err(|error| refused(&error))?;
        let mut challenge = serde_json::to_value(&challenge).unwrap_or_default();
        // Whether a page asks at once or waits for the form's field is the page's choice.
        if let Some(members) = challenge.as_object_mut() {
            members.remove("mediation");
        }
        self.keep(LOG_IN, &state, challenge).await
    }

    /// Logs in whom a passkey names.
    pub(super) async fn log_in_with_passkey(
        &self,
        ceremony: &str,
        answer: &PublicKeyCredential,
        client: &Client,
    ) -> Result<Tokens, Problem> {
        let state: DiscoverableAuthentication = self.take(LOG_IN, ceremony).await?;
        let webauthn = self.webauthn()?;
        let (user, credential) = webauthn
            .identify_discoverable_authentication(answer)
            .map_err(|error| refused(&error))?;
        let row = self.database().passkey(credential).await?;
        let Some(row) = row.filter(|row| row.user.uuid() == user) else {
            let named = self.database().user(UserId::from_uuid(user)).await?;
            if let Some(named) = named.filter(|named| named.erased_at.is_none()) {
                self.tell_unknown_passkey(named.id).await?;
            }
            return Err(unknown());
        };
        let mut passkey = self.open_passkey(&row)?;
        let shown = webauthn
            .finish_discoverable_authentication_v2(answer, state, &passkey)
            .map_err(|error| refused(&error))?;
        if !shown.user_verified() {
            return Err(unknown());
        }
        let person = self.user(row.user).await.map_err(|_gone| unknown())?;
        passkey.update_credential(&shown);
        let after = self.seal_passkey(row.id, &passkey)?;
        let mut change = self.database().account_change("note the passkey's use").await?;
        if !change.use_passkey(row.id, &row.passkey, after, self.now()).await? {
            return Err(lost());
        }
        change.commit().await?;
        self.begin_session(&person, &Way::Passkey(row.id), None, client).await
    }

    /// Keeps a state and answers its name with the challenge.
    async fn keep(&self, kind: &str, state: &impl serde::Serialize, mut challenge: Value) -> Result<Value, Problem> {
        let name = SecretText::generate(CEREMONY_PREFIX)?;
        let sha256 = name.sha256();
        let sealed = self.seal_ceremony(&sha256, state)?;
        let ends = later(self.now(), ANSWERED_WITHIN);
        self.database().keep_ceremony(&sha256, kind, sealed, ends).await?;
        challenge["ceremony"] = json!(name.expose());
        Ok(challenge)
    }

    async fn take<T: for<'de> serde::Deserialize<'de>>(&self, kind: &str, name: &str) -> Result<T, Problem> {
        let name = SecretText::parse(CEREMONY_PREFIX, name).ok_or_else(lost)?;
        let sha256: [u8; 32] = Sha256::digest(name.expose()).into();
        let taken = self.database().take_ceremony(&sha256, kind, self.now()).await?;
        Ok(self.open_ceremony(&sha256, &taken.ok_or_else(lost)?)?)
    }

    fn seal_passkey(&self, id: PasskeyId, passkey: &Passkey) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(passkey).map_err(|error| Error::IdentitySettings(error.to_string()))?;
        self.0.vault.seal(place(id.uuid().as_bytes()), &text)
    }

    fn open_passkey(&self, row: &Row) -> Result<Passkey, Error> {
        let bytes = self.0.vault.open(place(row.id.uuid().as_bytes()), &row.passkey)?;
        serde_json::from_slice(&bytes).map_err(|_not_shown| Error::Sealed(COLUMN))
    }
}

fn place(row: &[u8]) -> Place<'_> {
    Place { column: COLUMN, row }
}

/// The same words for a passkey that is unknown and one of an erased account.
fn unknown() -> Problem {
    let detail = "this passkey belongs to no account here";
    Problem::new(StatusCode::UNAUTHORIZED, "passkey_unknown", detail)
}

fn refused(error: &webauthn_rs::prelude::WebauthnError) -> Problem {
    tracing::info!(cause = chain(error), "an answer of an authenticator is not believed");
    let detail = "the answer of the authenticator could not be verified";
    Problem::new(StatusCode::UNAUTHORIZED, "passkey_refused", detail)
}

//! Logging in with an account at another identity provider: OpenID Connect Core 1.0, authorization code flow with PKCE
//! (RFC 7636, S256), state and nonce. The state is bound to the browser by a cookie and taken once; the answer is taken from
//! the provider's token endpoint over a connection of our own. An account here is found by the provider's subject; the
//! first time by the mail address, and only where both sides know the address to be the person's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_database::User;
use futures::future::BoxFuture;
use http::StatusCode;
use jiff::SignedDuration;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse,
};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::address::MailAddress;
use super::client::Client;
use super::service::{Identity, installation_act};
use super::settings::ProviderSettings;
use super::sign_in::{Tokens, Way, later};
use super::vault::Place;
use crate::{Error, Problem, chain};

/// A journey to the provider and back takes no longer.
const JOURNEY: SignedDuration = SignedDuration::from_mins(10);
/// What a provider says of itself is believed so long.
const BELIEVED: Duration = Duration::from_secs(600);
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer at most.
const MOST: usize = 1 << 20;
const KIND: &str = "oidc";

type Known =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What is known of the providers.
pub(super) struct Providers {
    http: Http,
    known: Mutex<HashMap<String, (Instant, Arc<Known>)>>,
}

/// What waits for the person's return.
#[derive(Serialize, Deserialize)]
struct Journey {
    provider: String,
    nonce: String,
    verifier: String,
}

/// Where the browser is sent, and the state that it brings back.
pub(super) struct Departure {
    pub(super) to: String,
    pub(super) state: String,
}

/// Why a provider was not heard.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error("the identity provider did not answer")]
    Request(#[from] reqwest::Error),
    #[error("the identity provider's answer is longer than {MOST} bytes")]
    TooLong,
    #[error("the identity provider's answer is no answer")]
    Answer(#[from] http::Error),
}

/// What a provider says of a person, once it was found right.
struct Told {
    subject: String,
    /// The mail address, where the provider knows it to be the person's.
    verified_email: Option<String>,
}

impl Providers {
    pub(super) fn new() -> Result<Self, Error> {
        // A provider is named by the operator, so that addresses inside the own network are good; redirects are not.
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(WITHIN)
            .timeout(WITHIN)
            .build()
            .map_err(|error| Error::Outbound(chain(&error)))?;
        Ok(Self {
            http: Http(http),
            known: Mutex::default(),
        })
    }
}

/// What asks providers; the library's words for it.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Unheard;
    type Future = BoxFuture<'c, Result<HttpResponse, Unheard>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Http {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unheard> {
        let (head, body) = request.into_parts();
        let asked = self
            .0
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(body);
        let mut answer = asked.send().await?;
        let mut built = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            built = built.header(name, value);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MOST {
                return Err(Unheard::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(built.body(bytes)?)
    }
}

impl Identity {
    /// The names of the providers.
    pub(super) fn provider_names(&self) -> Vec<&str> {
        self.settings()
            .providers
            .iter()
            .map(|provider| provider.name.as_str())
            .collect()
    }

    fn provider(&self, name: &str) -> Result<&ProviderSettings, Problem> {
        let found = self.settings().providers.iter().find(|provider| provider.name == name);
        let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        found.ok_or_else(|| Problem::not_found(format!("there is no identity provider '{shown}'")))
    }

    /// What is known of a provider, asked for again from time to time, since its keys change.
    async fn known_provider(&self, provider: &ProviderSettings, believed: Duration) -> Result<Arc<Known>, Problem> {
        let providers = &self.0.providers;
        let recalled = {
            let known = providers.known.lock().unwrap_or_else(PoisonError::into_inner);
            known
                .get(&provider.name)
                .filter(|(at, _)| at.elapsed() < believed)
                .cloned()
        };
        if let Some((_, known)) = recalled {
            return Ok(known);
        }
        let Some(base) = &self.settings().public_base else {
            let detail = "logging in elsewhere needs to know where this service is (server.public_base_url)";
            return Err(Problem::new(StatusCode::FORBIDDEN, "no_public_base", detail));
        };
        let unfit = |error: &dyn std::fmt::Display| Error::IdentitySettings(error.to_string());
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| unfit(&error))?;
        let back = format!("{base}/v1/auth/oidc/{}/callback", provider.name);
        let back = RedirectUrl::new(back).map_err(|error| unfit(&error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &providers.http).await;
        let metadata = metadata.map_err(|error| unheard(&provider.name, &error))?;
        let secret = provider.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(provider.client_id.clone());
        let known = CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(back);
        let known = Arc::new(known);
        let mut all = providers.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(provider.name.clone(), (Instant::now(), Arc::clone(&known)));
        Ok(known)
    }

    /// Sends a person to a provider.
    pub(super) async fn depart(&self, name: &str) -> Result<Departure, Problem> {
        let provider = self.provider(name)?;
        let known = self.known_provider(provider, BELIEVED).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (to, state, nonce) = known
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let journey = Journey {
            provider: provider.name.clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        };
        let sha256: [u8; 32] = Sha256::digest(state.secret()).into();
        let sealed = self.seal_ceremony(&sha256, &journey)?;
        let ends = later(self.now(), JOURNEY);
        self.database().keep_ceremony(&sha256, KIND, sealed, ends).await?;
        Ok(Departure {
            to: to.to_string(),
            state: state.secret().clone(),
        })
    }

    /// Logs a person in who comes back from a provider with a code.
    pub(super) async fn arrive(&self, name: &str, code: &str, state: &str, client: &Client) -> Result<Tokens, Problem> {
        let provider = self.provider(name)?;
        let sha256: [u8; 32] = Sha256::digest(state).into();
        let taken = self.database().take_ceremony(&sha256, KIND, self.now()).await?;
        let journey: Journey = self.open_ceremony(&sha256, &taken.ok_or_else(lost)?)?;
        if journey.provider != provider.name {
            return Err(lost());
        }
        let told = self.told_of(provider, &journey, code).await?;
        let user = self.account_of(provider, &told).await?;
        self.begin_session(&user, &Way::Provider, None, client).await
    }

    /// What the provider says of the person whom a code stands for.
    async fn told_of(&self, provider: &ProviderSettings, journey: &Journey, code: &str) -> Result<Told, Problem> {
        let known = self.known_provider(provider, BELIEVED).await?;
        let exchange = known.exchange_code(AuthorizationCode::new(code.to_owned()));
        let exchange = exchange.map_err(|error| unheard(&provider.name, &error))?;
        let verifier = PkceCodeVerifier::new(journey.verifier.clone());
        let answer = exchange
            .set_pkce_verifier(verifier)
            .request_async(&self.0.providers.http)
            .await;
        let answer = answer.map_err(|error| unheard(&provider.name, &error))?;
        let token = answer.id_token().ok_or_else(|| {
            tracing::warn!(
                provider = provider.name,
                "an identity provider answered without an ID token"
            );
            not_believed()
        })?;
        let nonce = Nonce::new(journey.nonce.clone());
        let claims = match token.claims(&known.id_token_verifier(), &nonce) {
            Ok(claims) => claims.clone(),
            // The provider may have changed its keys since it was asked for them.
            Err(_) => {
                let again = self.known_provider(provider, Duration::ZERO).await?;
                let claims = token.claims(&again.id_token_verifier(), &nonce);
                let claims = claims.map_err(|error| {
                    tracing::warn!(
                        provider = provider.name,
                        cause = chain(&error),
                        "an ID token is not believed"
                    );
                    not_believed()
                })?;
                claims.clone()
            }
        };
        let verified = claims.email_verified() == Some(true);
        Ok(Told {
            subject: claims.subject().to_string(),
            verified_email: claims.email().filter(|_| verified).map(|email| email.to_string()),
        })
    }

    /// The account of a person whom a provider knows: by its subject, or, the first time, by the mail address.
    async fn account_of(&self, provider: &ProviderSettings, told: &Told) -> Result<User, Problem> {
        let (issuer, now) = (&provider.issuer, self.now());
        if let Some(user) = self.database().user_by_identity(issuer, &told.subject).await? {
            return Ok(user);
        }
        let address = told.verified_email.as_deref().and_then(MailAddress::parse).ok_or_else(|| {
            let detail = "the identity provider does not say that the mail address is yours, so that no account is found by it";
            Problem::new(StatusCode::FORBIDDEN, "email_not_verified", detail)
        })?;
        let index = self.email_index(&address.normalised());
        let known = self.database().user_by_email(&index).await?;
        let mut change = self.database().account_change("link the account").await?;
        let (user, action) = match &known {
            // An address that nobody has shown to be the account's could have been typed by anybody.
            Some(user) if user.verified_at.is_none() => return Err(no_account()),
            Some(user) => (user.id, "user.identity_linked"),
            None => {
                self.may_register(&address)?;
                let mut new = self.new_user(&address, None)?;
                new.is_verified = true;
                if !change.insert_user(&new, now).await? {
                    return Err(Problem::conflict("this mail address got an account at this moment"));
                }
                (new.id, "user.registered")
            }
        };
        if !change.insert_identity(issuer, &told.subject, user, now).await? {
            return Err(Problem::conflict(
                "this account at the identity provider was linked at this moment",
            ));
        }
        let linked = installation_act(user.to_string(), action, user.to_string());
        let details = serde_json::json!({ "provider": provider.name });
        if let Some(row) = &known {
            let what = format!("Your account can now be used by logging in with {}.", provider.name);
            self.notify(&mut change, row, &what, now).await?;
        }
        change.record(&super::accounts::detailed(linked, details), now).await?;
        change.commit().await?;
        self.user(user).await
    }

    fn may_register(&self, address: &MailAddress) -> Result<(), Problem> {
        let settings = self.settings();
        let domains = &settings.registration_domains;
        let is_listed = domains.is_empty()
            || domains
                .iter()
                .any(|domain| domain.eq_ignore_ascii_case(&address.domain()));
        if settings.registration && is_listed {
            Ok(())
        } else {
            Err(no_account())
        }
    }

    pub(super) fn seal_ceremony(&self, sha256: &[u8; 32], state: &impl Serialize) -> Result<Vec<u8>, Error> {
        let text = serde_json::to_vec(state).map_err(|error| Error::IdentitySettings(error.to_string()))?;
        self.0.vault.seal(ceremony(sha256), &text)
    }

    pub(super) fn open_ceremony<T: for<'de> Deserialize<'de>>(
        &self,
        sha256: &[u8; 32],
        sealed: &[u8],
    ) -> Result<T, Error> {
        let bytes = self.0.vault.open(ceremony(sha256), sealed)?;
        serde_json::from_slice(&bytes).map_err(|_not_shown| Error::Sealed(CEREMONY))
    }
}

const CEREMONY: &str = "ceremonies.state";

fn ceremony(row: &[u8; 32]) -> Place<'_> {
    Place { column: CEREMONY, row }
}

/// Who comes back with a state that is unknown, used or over.
pub(super) fn lost() -> Problem {
    let detail = "this login took too long, was finished already, or began in another browser; begin it again";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "login_over", detail)
}

fn no_account() -> Problem {
    let detail = "there is no account for this mail address here; ask an administrator of your organisation";
    Problem::new(StatusCode::FORBIDDEN, "no_account", detail)
}

fn not_believed() -> Problem {
    let detail = "what the identity provider said of you could not be verified";
    Problem::new(StatusCode::BAD_GATEWAY, "provider_not_believed", detail)
}

fn unheard(provider: &str, error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::warn!(
        provider,
        cause = chain(error),
        "an identity provider did not answer as it should"
    );
    let detail = "the identity provider did not answer as it should; try again, or log in another way";
    Problem::new(StatusCode::BAD_GATEWAY, "provider_failed", detail)
}

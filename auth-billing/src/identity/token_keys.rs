//! The keys that sign access tokens, as this node knows them: read from the database, made when they are missing, and
//! read again every half minute and whenever a token names one that is not known here.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use driftline_database::TokenKey;
use jiff::Timestamp;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::jwt::{Claims, KeyRing, TokenError};
use super::rotation::{Rotation, Step};
use super::service::Identity;
use super::settings::IdentitySettings;
use super::signing_key::{SigningKey, TokenAlgorithm, generate};
use super::vault::Place;
use crate::Error;

/// What was read is believed so long.
const BELIEVED: Duration = Duration::from_secs(30);
/// Tokens with invented key names must not make us read all the time.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What this node knows.
pub(super) struct TokenKeys {
    rotation: Rotation,
    read: RwLock<Option<Read>>,
    /// One reads at a time; the others wait for what it finds.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Read {
    ring: Arc<KeyRing>,
    at: Instant,
}

impl TokenKeys {
    pub(super) fn new(settings: &IdentitySettings) -> Self {
        Self {
            rotation: Rotation {
                algorithm: settings.algorithm,
                key_life: settings.key_life,
                access_life: settings.access_life,
            },
            read: RwLock::default(),
            reading: Mutex::default(),
        }
    }

    fn known(&self) -> Option<Read> {
        self.read.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Identity {
    /// Signs what a token says.
    pub(super) async fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let now = self.now();
        let ring = self.key_ring(now).await?;
        ring.sign(claims, now)
    }

    /// What a token says, if it is ours and valid now.
    pub(super) async fn verify(&self, token: &str) -> Result<Result<Claims, TokenError>, Error> {
        let (now, settings) = (self.now(), self.settings());
        let verify = |ring: &KeyRing| ring.verify(token, settings.issuer(), &settings.audience, now);
        let found = verify(&*self.key_ring(now).await?);
        if found != Err(TokenError::UnknownKey) {
            return Ok(found);
        }
        // Another node may have made the key a moment ago.
        Ok(verify(&*self.read_keys(READ_AGAIN_AFTER, now).await?))
    }

    /// The public halves of the keys (RFC 7517).
    pub(super) async fn key_set(&self) -> Result<serde_json::Value, Error> {
        let now = self.now();
        Ok(self.key_ring(now).await?.jwks(now))
    }

    async fn key_ring(&self, now: Timestamp) -> Result<Arc<KeyRing>, Error> {
        self.read_keys(BELIEVED, now).await
    }

    /// The keys as they were read at most so long ago, with one that signs now.
    async fn read_keys(&self, believed: Duration, now: Timestamp) -> Result<Arc<KeyRing>, Error> {
        let keys = &self.0.keys;
        let fresh = |read: &Read| read.at.elapsed() < believed && read.ring.current(now).is_some();
        if let Some(read) = keys.known().filter(fresh) {
            return Ok(read.ring);
        }
        let _reading = keys.reading.lock().await;
        if let Some(read) = keys.known().filter(fresh) {
            return Ok(read.ring);
        }
        let at = Instant::now();
        let mut rows = self.database().token_keys().await?;
        while let Some(step) = keys.rotation.step(&rows, now) {
            self.take_step(step, now).await?;
            rows = self.database().token_keys().await?;
        }
        let ring = rows.iter().map(|row| self.signing_key(row)).collect::<Result<_, _>>()?;
        let ring = Arc::new(KeyRing(ring));
        let read = Read {
            ring: Arc::clone(&ring),
            at,
        };
        *keys.read.write().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(ring)
    }

    /// Does what is due; where another node did it first, that is as good.
    async fn take_step(&self, step: Step, now: Timestamp) -> Result<(), Error> {
        let rotation = self.0.keys.rotation;
        let done = match step {
            Step::End { generation, at } => {
                let kept_until = rotation.kept_until(at);
                self.database().end_token_key(generation, at, kept_until).await?
            }
            Step::Make {
                generation,
                from,
                until,
            } => {
                let kid = Uuid::now_v7().simple().to_string();
                let private = self.0.hasher.make_key(rotation.algorithm).await?;
                let key = TokenKey {
                    generation,
                    private_key: self.0.vault.seal(place(&kid), &private)?,
                    kid,
                    algorithm: rotation.algorithm.name().to_owned(),
                    created_at: now,
                    active_from: from,
                    active_until: until,
                    kept_until: rotation.kept_until(until),
                };
                self.database().insert_token_key(&key).await?
            }
        };
        if done {
            tracing::info!(?step, "the keys that sign access tokens went a step on");
        }
        Ok(())
    }

    fn signing_key(&self, row: &TokenKey) -> Result<SigningKey, Error> {
        let algorithm = TokenAlgorithm::of_name(&row.algorithm)
            .ok_or_else(|| Error::SigningKey(format!("'{}' is no algorithm", row.algorithm)))?;
        let private = self.0.vault.open(place(&row.kid), &row.private_key)?;
        let active = (row.active_from, row.active_until);
        SigningKey::new(&row.kid, algorithm, &private, active, row.kept_until)
    }
}

impl super::hasher::Hasher {
    /// A private key, made where nobody else has to wait for it: RSA takes a core for a second.
    pub(super) async fn make_key(&self, algorithm: TokenAlgorithm) -> Result<Vec<u8>, Error> {
        self.compute().run(move || generate(algorithm)).await?
    }
}

fn place(kid: &str) -> Place<'_> {
    Place {
        column: "token_keys.private_key",
        row: kid.as_bytes(),
    }
}

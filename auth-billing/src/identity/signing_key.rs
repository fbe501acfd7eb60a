//! Keys that sign access tokens: Ed25519 (RFC 8037) or RSA, both halves, and from when until when each signs and is believed.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use rsa::pkcs1::EncodeRsaPrivateKey;

use crate::Error;
use crate::keys::random_32;

const RSA_BITS: usize = 2_048;
/// PKCS #8 of an Ed25519 private key is this, then the 32 bytes (RFC 8410, section 7).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What signs access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// Ed25519.
    EdDsa,
    /// RSA with SHA-256, for gateways that know nothing else.
    Rs256,
}

impl TokenAlgorithm {
    /// Its name in headers, key sets and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Rs256]
            .into_iter()
            .find(|known| known.name() == name)
    }

    pub(super) fn jose(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

/// A new private key in DER, PKCS #8 for Ed25519 and PKCS #1 for RSA. Making an RSA key takes a core for a second or more.
pub(crate) fn generate(algorithm: TokenAlgorithm) -> Result<Vec<u8>, Error> {
    match algorithm {
        TokenAlgorithm::EdDsa => Ok([&ED25519_PKCS8[..], &random_32()?].concat()),
        TokenAlgorithm::Rs256 => {
            let failed = |error: &dyn fmt::Display| Error::SigningKey(error.to_string());
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, RSA_BITS).map_err(|error| failed(&error))?;
            let der = key.to_pkcs1_der().map_err(|error| failed(&error))?;
            Ok(der.as_bytes().to_vec())
        }
    }
}

/// A key with both halves, ready to sign and verify.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(super) algorithm: TokenAlgorithm,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    pub(super) public: Jwk,
    /// It signs from here on,
    pub(crate) active_from: Timestamp,
    /// until here;
    pub(crate) active_until: Timestamp,
    /// and is believed until here.
    pub(crate) kept_until: Timestamp,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.kid, self.algorithm.name())
    }
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Published, so that everybody has it before its first use.
    Next,
    /// Signs.
    Current,
    /// Signs no more; tokens that it signed are still valid.
    Retiring,
    /// Neither published nor believed.
    Gone,
}

impl SigningKey {
    /// The key of this private half.
    pub(crate) fn new(
        kid: &str,
        algorithm: TokenAlgorithm,
        private_der: &[u8],
        active: (Timestamp, Timestamp),
        kept_until: Timestamp,
    ) -> Result<Self, Error> {
        let encoding = match algorithm {
            TokenAlgorithm::EdDsa => EncodingKey::from_ed_der(private_der),
            TokenAlgorithm::Rs256 => EncodingKey::from_rsa_der(private_der),
        };
        let failed = |error: jsonwebtoken::errors::Error| Error::SigningKey(error.to_string());
        let mut public = Jwk::from_encoding_key(&encoding, algorithm.jose()).map_err(failed)?;
        public.common.key_id = Some(kid.to_owned());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            kid: kid.to_owned(),
            algorithm,
            encoding,
            decoding: DecodingKey::from_jwk(&public).map_err(failed)?,
            public,
            active_from: active.0,
            active_until: active.1,
            kept_until,
        })
    }

    pub(crate) fn state(&self, now: Timestamp) -> KeyState {
        if now < self.active_from {
            KeyState::Next
        } else if now < self.active_until {
            KeyState::Current
        } else if now < self.kept_until {
            KeyState::Retiring
        } else {
            KeyState::Gone
        }
    }
}

//! Access tokens: JWT (RFC 7519) signed with EdDSA (RFC 8037) or RS256, for 60 minutes or what the settings say. The
//! algorithm is pinned to the key that `kid` names: what a token says of its algorithm is compared, never obeyed, so that
//! neither `none` nor an HMAC under a public key is ever tried (RFC 8725, sections 2.1 and 3.1). "Now" is an argument.

use driftline_domain::{OrgId, SessionId, UserId};
use jiff::Timestamp;
use jsonwebtoken::{Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::signing_key::{KeyState, SigningKey};
use crate::Error;

/// Longest token that is looked at; ours have about 700 characters, with RS256 about 1,000.
const MAX_CHARS: usize = 4_096;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: UserId,
    /// The organisation that the person works for now; none for an account without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org: Option<OrgId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    /// Scopes with blanks between them (RFC 8693, section 4.2).
    pub(crate) scope: String,
    pub(crate) sid: SessionId,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// A name for one token.
pub(crate) fn token_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// Every key that an installation knows.
#[derive(Debug, Default)]
pub(crate) struct KeyRing(pub(crate) Vec<SigningKey>);

/// Why a token is not believed; told to nobody, every reason has the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token has no form that one of ours has")]
    Malformed,
    #[error("the token names no key that is known")]
    UnknownKey,
    #[error("the token names another algorithm than its key has")]
    Algorithm,
    #[error("the token's signature, issuer or audience is wrong")]
    Invalid,
    #[error("the token has expired, or is not valid yet")]
    Expired,
}

impl KeyRing {
    /// The key that signs now.
    pub(crate) fn current(&self, now: Timestamp) -> Option<&SigningKey> {
        // Clocks of nodes differ: where two overlap, the newer one.
        let current = self.0.iter().filter(|key| key.state(now) == KeyState::Current);
        current.max_by_key(|key| key.active_from)
    }

    /// Signs with the current key.
    pub(crate) fn sign(&self, claims: &Claims, now: Timestamp) -> Result<String, Error> {
        let key = self.current(now);
        let key = key.ok_or_else(|| Error::SigningKey("there is no current key".to_owned()))?;
        let header = Header {
            kid: Some(key.kid.clone()),
            ..Header::new(key.algorithm.jose())
        };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|error| Error::SigningKey(error.to_string()))
    }

    /// What a token says, once everything about it was found right.
    pub(crate) fn verify(
        &self,
        token: &str,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        if token.len() > MAX_CHARS {
            return Err(TokenError::Malformed);
        }
        // A header with an algorithm that is none, such as `none`, is not read at all.
        let header = jsonwebtoken::decode_header(token).ok().ok_or(TokenError::Malformed)?;
        let kid = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let key = self.0.iter().find(|key| key.kid == kid);
        let key = key.filter(|key| matches!(key.state(now), KeyState::Current | KeyState::Retiring));
        let key = key.ok_or(TokenError::UnknownKey)?;
        if header.alg != key.algorithm.jose() {
            return Err(TokenError::Algorithm);
        }
        let mut validation = Validation::new(key.algorithm.jose());
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library asks the machine's clock; ours is an argument, and is asked below.
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation);
        let claims = decoded.ok().ok_or(TokenError::Invalid)?.claims;
        let now_s = now.as_second();
        if now_s >= claims.exp || claims.iat > now_s + SKEW_S || claims.exp <= claims.iat {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// The public halves of what is next, current and retiring (RFC 7517, section 5).
    pub(crate) fn jwks(&self, now: Timestamp) -> serde_json::Value {
        let shown = self.0.iter().filter(|key| key.state(now) != KeyState::Gone);
        serde_json::json!({ "keys": shown.map(|key| &key.public).collect::<Vec<_>>() })
    }
}

/// Seconds by which clocks of nodes may differ.
pub(crate) const SKEW_S: i64 = 60;

#[cfg(test)]
mod tests {
    use super::super::signing_key::{TokenAlgorithm, generate};
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{Algorithm, EncodingKey};
    use serde_json::{Value, json};

    const NOW_S: i64 = 1_767_225_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(NOW_S + seconds).unwrap()
    }

    fn key(kid: &str, algorithm: TokenAlgorithm, from: i64, until: i64) -> SigningKey {
        let der = generate(algorithm).unwrap();
        SigningKey::new(kid, algorithm, &der, (at(from), at(until)), at(until + 3_720)).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            iss: "https://sar.example.org".to_owned(),
            aud: "driftline".to_owned(),
            sub: UserId::generate(),
            org: Some(OrgId::generate()),
            role: Some("operator".to_owned()),
            scope: "missions:read missions:write".to_owned(),
            sid: SessionId::generate(),
            jti: token_id(),
            iat: NOW_S,
            exp: NOW_S + 3_600,
        }
    }

    fn verify(ring: &KeyRing, token: &str, seconds: i64) -> Result<Claims, TokenError> {
        ring.verify(token, "https://sar.example.org", "driftline", at(seconds))
    }

    fn forged(header: &Value, claims: &Claims, signature: &[u8]) -> String {
        let part = |value: Vec<u8>| URL_SAFE_NO_PAD.encode(value);
        format!(
            "{}.{}.{}",
            part(header.to_string().into_bytes()),
            part(serde_json::to_vec(claims).unwrap()),
            part(signature.to_vec())
        )
    }

    #[test]
    fn what_was_signed_is_believed_for_its_time_whatever_signs() {
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
            let ring = KeyRing(vec![key("k1", algorithm, 0, 86_400)]);
            let claims = claims();
            let token = ring.sign(&claims, at(0)).unwrap();
            assert_eq!(verify(&ring, &token, 0), Ok(claims.clone()));
            assert_eq!(verify(&ring, &token, 3_599), Ok(claims));
            assert_eq!(verify(&ring, &token, 3_600), Err(TokenError::Expired));
            assert_eq!(verify(&ring, &token, -61), Err(TokenError::UnknownKey));
        }
    }

    #[test]
    fn issuer_and_audience_are_ours() {
        let ring = KeyRing(vec![key("k1", TokenAlgorithm::EdDsa, 0, 86_400)]);
        for (iss, aud) in [
            ("https://evil.example.org", "driftline"),
            ("https://sar.example.org", "other"),
        ] {
            let claims = Claims {
                iss: iss.to_owned(),
                aud: aud.to_owned(),
                ..claims()
            };
            let token = ring.sign(&claims, at(0)).unwrap();
            assert_eq!(verify(&ring, &token, 0), Err(TokenError::Invalid), "{iss} {aud}");
        }
    }

    #[test]
    fn an_unsigned_token_is_none_in_any_spelling() {
        let ring = KeyRing(vec![key("k1", TokenAlgorithm::EdDsa, 0, 86_400)]);
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let token = forged(&json!({"alg": alg, "typ": "JWT", "kid": "k1"}), &claims(), b"");
            assert_eq!(verify(&ring, &token, 0), Err(TokenError::Malformed), "{alg}");
        }
    }

    #[test]
    fn an_hmac_under_the_public_key_is_never_tried() {
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
            let ring = KeyRing(vec![key("k1", algorithm, 0, 86_400)]);
            let public = serde_json::to_vec(&ring.jwks(at(0))["keys"][0]).unwrap();
            let header = Header {
                kid: Some("k1".to_owned()),
                ..Header::new(Algorithm::HS256)
            };
            let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&public)).unwrap();
            assert_eq!(verify(&ring, &token, 0), Err(TokenError::Algorithm));
        }
    }

    #[test]
    fn another_key_of_the_ring_under_a_borrowed_name_is_refused() {
        let ring = KeyRing(vec![
            key("ed", TokenAlgorithm::EdDsa, 0, 86_400),
            key("rs", TokenAlgorithm::Rs256, -10, 0),
        ]);
        let token = ring.sign(&claims(), at(0)).unwrap();
        let [_, body, signature] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        for (header, expected) in [
            (json!({"alg": "EdDSA", "kid": "rs"}), TokenError::Algorithm),
            (json!({"alg": "RS256", "kid": "rs"}), TokenError::Invalid),
            (json!({"alg": "RS256", "kid": "ed"}), TokenError::Algorithm),
            (json!({"alg": "EdDSA", "kid": "other"}), TokenError::UnknownKey),
            (json!({"alg": "EdDSA"}), TokenError::UnknownKey),
            (
                json!({"alg": "EdDSA", "kid": "../../ed", "jwk": ring.jwks(at(0))["keys"][0]}),
                TokenError::UnknownKey,
            ),
        ] {
            let header_part = URL_SAFE_NO_PAD.encode(header.to_string());
            let found = verify(&ring, &format!("{header_part}.{body}.{signature}"), 0);
            assert_eq!(found, Err(expected), "{header}");
        }
    }

    #[test]
    fn every_changed_character_is_found() {
        let ring = KeyRing(vec![key("k1", TokenAlgorithm::EdDsa, 0, 86_400)]);
        let token = ring.sign(&claims(), at(0)).unwrap();
        for place in (0..token.len()).step_by(7) {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verify(&ring, &changed, 0).is_err(), "{place}");
        }
        for text in ["", ".", "..", "a.b.c", &token[..token.len() - 10], &"x".repeat(5_000)] {
            assert!(verify(&ring, text, 0).is_err());
        }
    }

    #[test]
    fn keys_are_next_current_retiring_and_gone_in_turn() {
        let ring = KeyRing(vec![
            key("a", TokenAlgorithm::EdDsa, 0, 1_000),
            key("b", TokenAlgorithm::EdDsa, 1_000, 2_000),
        ]);
        let token = ring.sign(&claims(), at(999)).unwrap();
        assert_eq!(
            ring.jwks(at(0))["keys"].as_array().unwrap().len(),
            2,
            "next is published"
        );
        assert_eq!(ring.current(at(1_000)).unwrap().kid, "b");
        assert!(
            verify(&ring, &token, 1_001).is_ok(),
            "what a retiring key signed is valid"
        );
        let late = ring.jwks(at(1_000 + 3_720));
        assert_eq!(late["keys"][0]["kid"], "b");
        assert_eq!(verify(&ring, &token, 1_000 + 3_720), Err(TokenError::UnknownKey));
        assert!(ring.sign(&claims(), at(2_000)).is_err(), "no key, no token");
    }

    #[test]
    fn the_key_set_has_public_halves_only() {
        for (algorithm, members) in [
            (TokenAlgorithm::EdDsa, vec!["alg", "crv", "kid", "kty", "use", "x"]),
            (TokenAlgorithm::Rs256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        ] {
            let ring = KeyRing(vec![key("k1", algorithm, 0, 86_400)]);
            let jwks = ring.jwks(at(0));
            let key = jwks["keys"][0].as_object().unwrap();
            let mut found: Vec<&str> = key.keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, members);
            assert_eq!(key["alg"], algorithm.name());
        }
    }
}

//! Secrets that travel as texts and are stored as their SHA-256: refresh tokens, the tokens of links in mails, and recovery
//! codes. A token has 256 random bits in base64url behind a prefix that says what it is, so that leaked ones are found
//! and logs redact them; its hash needs no salt, there is nothing to guess.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::identity::vault::{Place, open_under, seal_under};
use crate::keys::random_32;

/// What every refresh token begins with.
pub(crate) const REFRESH_PREFIX: &str = "dlr_";
/// What the token of a link in a mail begins with.
pub(crate) const LINK_PREFIX: &str = "dle_";
const BODY_CHARS: usize = 43;
/// Letters and digits that are not taken for each other (Crockford's base 32, in lower case).
const CODE_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A token; it prints itself only through [`SecretText::expose`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(String);

impl SecretText {
    /// A new token behind this prefix.
    pub(crate) fn generate(prefix: &str) -> Result<Self, Error> {
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random_32()?))))
    }

    /// A token of the right form; whether it is known is for the database to say.
    pub(crate) fn parse(prefix: &str, text: &str) -> Option<Self> {
        let body = text.strip_prefix(prefix)?;
        let is_body = body.len() == BODY_CHARS
            && body
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        is_body.then(|| Self(text.to_owned()))
    }

    /// The token itself, for its owner.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Seals its successor so that only who presents this token can read it: for the seconds in which two tabs use the
    /// same token, both get the same successor, and nothing at rest tells it.
    pub(crate) fn seal_successor(&self, successor: &Self) -> Result<Vec<u8>, Error> {
        seal_under(self.successor_key(), SUCCESSOR, successor.0.as_bytes())
    }

    /// The successor that was sealed under this token.
    pub(crate) fn open_successor(&self, sealed: &[u8]) -> Result<Self, Error> {
        let bytes = open_under(self.successor_key(), SUCCESSOR, sealed)?;
        let text = String::from_utf8(bytes).map_err(|_not_shown| Error::Sealed(SUCCESSOR.column))?;
        Self::parse(REFRESH_PREFIX, &text).ok_or(Error::Sealed(SUCCESSOR.column))
    }

    fn successor_key(&self) -> [u8; 32] {
        Sha256::digest([b"driftline successor of ", self.0.as_bytes()].concat()).into()
    }
}

const SUCCESSOR: Place<'static> = Place {
    column: "refresh_tokens.successor",
    row: b"",
};

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({}***)", self.0.get(..4).unwrap_or_default())
    }
}

/// Ten codes of 50 bits, each for one login without the second factor: `7k2mq-x09fd`.
pub(crate) fn recovery_codes() -> Result<Vec<String>, Error> {
    (0..10)
        .map(|_| {
            let bits = random_32()?;
            let code: String = bits[..10]
                .iter()
                .map(|b| char::from(CODE_ALPHABET[usize::from(b & 31)]))
                .collect();
            Ok(format!("{}-{}", &code[..5], &code[5..]))
        })
        .collect()
}

/// What is stored of a recovery code: bound to its owner, so that equal codes of two people do not look equal. `None`
/// where the text cannot be one.
pub(crate) fn recovery_code_sha256(owner: &[u8], text: &str) -> Option<[u8; 32]> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    let is_code = plain.len() == 10 && plain.bytes().all(|b| CODE_ALPHABET.contains(&b));
    is_code.then(|| Sha256::digest([b"driftline recovery code ", owner, plain.as_bytes()].concat()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_form_and_shows_itself_to_nobody() {
        let token = SecretText::generate(REFRESH_PREFIX).unwrap();
        let text = token.expose().to_owned();
        assert_eq!(SecretText::parse(REFRESH_PREFIX, &text), Some(token.clone()));
        assert_eq!(SecretText::parse(LINK_PREFIX, &text), None);
        assert!(!format!("{token:?}").contains(&text[4..]));
        for bad in [
            "",
            "dlr_",
            &text[..46],
            &format!("{text}x"),
            &text.replace("dlr_", "dlr_ "),
            "dlr_é",
        ] {
            assert_eq!(SecretText::parse(REFRESH_PREFIX, bad), None, "{bad}");
        }
    }

    #[test]
    fn only_who_has_the_token_reads_its_successor() {
        let generate = || SecretText::generate(REFRESH_PREFIX).unwrap();
        let (token, successor, other) = (generate(), generate(), generate());
        let sealed = token.seal_successor(&successor).unwrap();
        assert_eq!(token.open_successor(&sealed).unwrap(), successor);
        other.open_successor(&sealed).unwrap_err();
        let text = sealed.iter().map(|b| char::from(*b)).collect::<String>();
        assert!(!text.contains(&successor.expose()[4..]));
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let codes = recovery_codes().unwrap();
        let mut distinct = codes.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((codes.len(), distinct.len()), (10, 10));
        let hash = recovery_code_sha256(b"ada", "7k2mq-x01fd").unwrap();
        for typed in ["7K2MQ X01FD", "7k2mqxo1fd", "7k2mq-x0lfd"] {
            assert_eq!(recovery_code_sha256(b"ada", typed), Some(hash), "{typed}");
        }
        assert_ne!(recovery_code_sha256(b"bob", "7k2mq-x01fd"), Some(hash));
        for bad in ["", "7k2mq", "7k2mq-x01fu", "123456"] {
            assert_eq!(recovery_code_sha256(b"ada", bad), None, "{bad}");
        }
    }
}

//! The token of a share link, in the form of a key with the prefix `dll_`: 256 random bits in base 62 and a checksum.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Error;
use crate::keys::{KeyFormError, is_token, random_32, token};

const PREFIX: &str = "dll_";
const HINT_CHARS: usize = 10;

/// A whole token. It prints itself only through [`LinkText::expose`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LinkText(String);

impl LinkText {
    pub(crate) fn generate() -> Result<Self, Error> {
        Ok(Self(token(PREFIX, &random_32()?)))
    }

    /// A token whose form and checksum are right; whether it is known is for the database to say.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyFormError> {
        if is_token(PREFIX, text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyFormError)
        }
    }

    /// The token itself, to be shown once.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Its first characters, by which its owner recognises it.
    pub(crate) fn hint(&self) -> String {
        self.0.chars().take(HINT_CHARS).collect()
    }

    /// What is stored of it.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for LinkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkText({PREFIX}***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyText;

    #[test]
    fn a_token_is_no_key_and_a_key_no_token() {
        let link = LinkText::generate().unwrap();
        assert!(link.expose().starts_with(PREFIX) && link.expose().len() == 53);
        assert_eq!(LinkText::parse(link.expose()), Ok(link.clone()));
        assert!(KeyText::parse(link.expose()).is_err());
        let renamed = link.expose().replace(PREFIX, "dls_");
        assert!(LinkText::parse(&renamed).is_err() && KeyText::parse(&renamed).is_err());
        let shown = format!("{link:?}");
        assert!(!shown.contains(&link.expose()[4..]), "{shown}");
        assert_eq!(link.hint(), link.expose()[..10]);
    }
}

//! Personal fields and private keys at rest: AES-256-GCM (NIST SP 800-38D) under keys that are derived from one master
//! key with HMAC-SHA256, each purpose its own. A sealed value is bound to its place (the name of the column and the row),
//! so that one moved into another row does not open there. Mail addresses are looked up by an HMAC of the normalised
//! address: equal addresses are found without being readable.
//!
//! Sealed: one byte of version (1), 12 bytes of nonce, ciphertext, 16 bytes of tag.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::Error;
use crate::keys::random_32;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The key that everything else is derived from. It prints itself never.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// A new one.
    ///
    /// # Errors
    /// A system without randomness.
    pub fn generate() -> Result<Self, Error> {
        random_32().map(Self)
    }

    /// Reads 32 bytes in hexadecimal, base64 or base64url.
    ///
    /// # Errors
    /// A text that is none of these; it is not repeated.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bytes = of_hex(text)
            .or_else(|| STANDARD.decode(text).ok())
            .or_else(|| URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or(Error::MasterKey)
    }

    /// As a file holds it.
    pub fn to_text(&self) -> String {
        STANDARD.encode(self.0)
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, &[b"driftline ", purpose.as_bytes()])
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(not shown)")
    }
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32)
        .map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok())
        .collect()
}

/// HMAC-SHA256 of parts.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key shorter than the block is padded with zeros (RFC 2104, section 2).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as Mac>::new(&block.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Where a sealed value stands: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) column: &'static str,
    pub(crate) row: &'a [u8],
}

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Vault {
    fields: Aes256Gcm,
    index: [u8; 32],
    check: [u8; 32],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(not shown)")
    }
}

impl Vault {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self {
            fields: Aes256Gcm::new(&master.derive("fields v1").into()),
            index: master.derive("mail address index v1"),
            check: master.derive("check v1"),
        }
    }

    /// What an installation stores of its master key, so that another one is refused at the start and not by row after row
    /// that does not open.
    pub(crate) fn check(&self) -> [u8; 32] {
        self.check
    }

    /// By what a mail address, already normalised, is looked up.
    pub(crate) fn index(&self, what: &str, text: &str) -> [u8; 32] {
        mac(&self.index, &[what.as_bytes(), b"\0", text.as_bytes()])
    }

    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        seal_with(&self.fields, place, plain)
    }

    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        open_with(&self.fields, place, sealed)
    }

    pub(crate) fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, Error> {
        let bytes = self.open(place, sealed)?;
        String::from_utf8(bytes).map_err(|_never_shown| Error::Sealed(place.column))
    }
}

/// Seals under a key of its own, such as one that only the holder of a token can make.
pub(crate) fn seal_under(key: [u8; 32], place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
    seal_with(&Aes256Gcm::new(&key.into()), place, plain)
}

/// Opens what was sealed under that key.
pub(crate) fn open_under(key: [u8; 32], place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    open_with(&Aes256Gcm::new(&key.into()), place, sealed)
}

fn seal_with(cipher: &Aes256Gcm, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| Error::Random(error.to_string()))?;
    let aad = associated(place);
    let payload = Payload { msg: plain, aad: &aad };
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_opaque| Error::Sealed(place.column))?;
    Ok([&[VERSION][..], &nonce, &sealed].concat())
}

fn open_with(cipher: &Aes256Gcm, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let refuse = || Error::Sealed(place.column);
    let (&version, rest) = sealed.split_first().ok_or_else(refuse)?;
    if version != VERSION || rest.len() < NONCE_BYTES + TAG_BYTES {
        return Err(refuse());
    }
    let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(refuse)?;
    let aad = associated(place);
    let payload = Payload { msg: body, aad: &aad };
    cipher
        .decrypt(&Nonce::from(*nonce), payload)
        .map_err(|_opaque| refuse())
}

fn associated(place: Place<'_>) -> Vec<u8> {
    [place.column.as_bytes(), b"\0", place.row].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(&MasterKey([7; 32]))
    }

    fn at(row: &[u8]) -> Place<'_> {
        Place {
            column: "users.email",
            row,
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let vault = vault();
        let sealed = vault.seal(at(b"1"), b"ada@example.org").unwrap();
        assert_eq!(vault.open(at(b"1"), &sealed).unwrap(), b"ada@example.org");
        assert_ne!(
            sealed,
            vault.seal(at(b"1"), b"ada@example.org").unwrap(),
            "a nonce of its own"
        );
        vault.open(at(b"2"), &sealed).unwrap_err();
        let elsewhere = Place {
            column: "users.name",
            row: b"1",
        };
        vault.open(elsewhere, &sealed).unwrap_err();
        Vault::new(&MasterKey([8; 32])).open(at(b"1"), &sealed).unwrap_err();
        for at_byte in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at_byte] ^= 1;
            vault.open(at(b"1"), &bad).unwrap_err();
        }
        for length in 0..sealed.len() {
            vault.open(at(b"1"), &sealed[..length]).unwrap_err();
        }
    }

    #[test]
    fn equal_addresses_have_one_index_that_depends_on_key_and_purpose() {
        let index = vault().index("user", "ada@example.org");
        assert_eq!(index, vault().index("user", "ada@example.org"));
        assert_ne!(index, vault().index("user", "bob@example.org"));
        assert_ne!(index, vault().index("login", "ada@example.org"));
        assert_ne!(index, Vault::new(&MasterKey([8; 32])).index("user", "ada@example.org"));
    }

    #[test]
    fn a_master_key_is_read_in_its_usual_forms_and_never_shown() {
        let key = MasterKey(std::array::from_fn(|i| (i as u8).wrapping_mul(9)));
        let hex: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [key.to_text(), format!("{hex}\n"), URL_SAFE_NO_PAD.encode(key.0)] {
            assert_eq!(MasterKey::parse(&text).unwrap().0, key.0, "{text}");
        }
        for text in ["", "secret", "00", &hex[..62], &"é".repeat(32)] {
            let message = MasterKey::parse(text).unwrap_err().to_string();
            assert!(text.is_empty() || !message.contains(text), "{message}");
        }
        assert!(!format!("{key:?} {:?}", Vault::new(&key)).contains(&key.to_text()));
    }

    #[test]
    fn the_mac_is_rfc_4231s() {
        // Test case 2 has a short key; ours are 32 bytes, zero-padded to the same block.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let found = mac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(found[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}

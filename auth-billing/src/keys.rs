//! API keys: `dls_` (secret) or `dlp_` (publishable), 43 characters of base 62 (256 random bits), and the CRC-32 of all
//! that in 6 more characters. The checksum finds mistyped keys, and keys in leaked files, without a database. Stored is
//! the SHA-256 only: a key has its full entropy, so that a slow hash would protect nothing (platform.md 2.4).

use std::fmt;

use driftline_database::{ApiKey, Database, KeyKind};
use driftline_domain::{KeyId, OrgId};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::auth::is_valid;
use crate::origin::AllowedOrigins;
use crate::{Error, Scope, Scopes};

const PREFIX_CHARS: usize = 4;
const BODY_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;
const HINT_CHARS: usize = 10;
const NAME_MAX: usize = 100;
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn prefix(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Secret => "dls_",
        KeyKind::Publishable => "dlp_",
    }
}

/// A whole key of either kind. It prints itself only through [`KeyText::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

/// A text that cannot be a key, whatever the database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key: one begins with dls_ or dlp_, has 53 characters and a matching checksum")]
pub struct KeyFormError;

impl KeyText {
    /// A key whose form and checksum are right; whether it is known is for the database to say.
    pub fn parse(text: &str) -> Result<Self, KeyFormError> {
        let mut kinds = [KeyKind::Secret, KeyKind::Publishable].into_iter();
        if kinds.any(|kind| is_token(prefix(kind), text)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyFormError)
        }
    }

    /// What the key is for, which its prefix says.
    pub fn kind(&self) -> KeyKind {
        if self.0.starts_with(prefix(KeyKind::Publishable)) {
            KeyKind::Publishable
        } else {
            KeyKind::Secret
        }
    }

    /// The key itself, to be shown to its owner once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    fn of_bits(kind: KeyKind, bits: [u8; 32]) -> Self {
        Self(token(prefix(kind), &bits))
    }
}

/// 256 bits as a text of this prefix.
pub(crate) fn token(prefix: &str, bits: &[u8; 32]) -> String {
    let checked = format!("{prefix}{}", base_62(bits, BODY_CHARS));
    let check = checksum(&checked);
    checked + &check
}

/// Whether a text has this prefix, which has four characters, and the form and checksum that go with it.
pub(crate) fn is_token(prefix: &str, text: &str) -> bool {
    let Some(body) = text.strip_prefix(prefix) else {
        return false;
    };
    if body.len() != BODY_CHARS + CHECK_CHARS || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (checked, check) = text.split_at(PREFIX_CHARS + BODY_CHARS);
    check == checksum(checked)
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({self})")
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}***", prefix(self.kind()))
    }
}

/// A new secret key and its row, not yet stored.
pub fn mint(
    org: OrgId,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeyText, ApiKey), Error> {
    if scopes.is_empty() {
        return Err(Error::NoScope);
    }
    cut(ApiKey {
        scopes: scopes.names(),
        ..unfinished(org, name, expires_at, now)
    })
}

/// A new publishable key and its row, not yet stored. Whoever looks at the page has it: it reads maps and features and
/// can be given nothing else.
pub fn mint_publishable(
    org: OrgId,
    name: &str,
    origins: &AllowedOrigins,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeyText, ApiKey), Error> {
    if origins.is_empty() {
        return Err(Error::NoOrigin);
    }
    cut(ApiKey {
        kind: KeyKind::Publishable,
        scopes: Scopes::from_iter([Scope::FeaturesRead]).names(),
        origins: origins.names(),
        ..unfinished(org, name, expires_at, now)
    })
}

fn unfinished(org: OrgId, name: &str, expires_at: Option<Timestamp>, now: Timestamp) -> ApiKey {
    ApiKey {
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: name.trim().to_owned(),
        hint: String::new(),
        sha256: [0; 32],
        scopes: Vec::new(),
        origins: Vec::new(),
        networks: Vec::new(),
        replaced_by: None,
        created_at: now,
        expires_at,
        revoked_at: None,
        last_used_at: None,
        user: None,
        created_by: None,
    }
}

/// Refuses a row whose name cannot stand in a list, and one that would never have worked.
pub(crate) fn check_row(row: &ApiKey) -> Result<(), Error> {
    let name = &row.name;
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::KeyName(name.chars().take(NAME_MAX).collect()));
    }
    match row.expires_at.filter(|&at| at <= row.created_at) {
        Some(expires_at) => Err(Error::ExpiresInThePast(expires_at)),
        None => Ok(()),
    }
}

/// Checks the row and gives it a new key.
fn cut(mut row: ApiKey) -> Result<(KeyText, ApiKey), Error> {
    check_row(&row)?;
    let key = KeyText::of_bits(row.kind, random_32()?);
    row.hint = key.expose().chars().take(HINT_CHARS).collect();
    row.sha256 = key.sha256();
    Ok((key, row))
}

/// 256 bits that nobody can guess.
pub(crate) fn random_32() -> Result<[u8; 32], Error> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bits)
}

/// Makes and stores a secret key for an organisation; it is shown here and never again.
pub async fn create_key(
    database: &Database,
    org: OrgId,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeyText, ApiKey), Error> {
    let (key, row) = mint(org, name, scopes, expires_at, now)?;
    database.insert_key(&row).await?;
    Ok((key, row))
}

/// Makes and stores a publishable key for an organisation.
pub async fn create_publishable_key(
    database: &Database,
    org: OrgId,
    name: &str,
    origins: &AllowedOrigins,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(KeyText, ApiKey), Error> {
    let (key, row) = mint_publishable(org, name, origins, expires_at, now)?;
    database.insert_key(&row).await?;
    Ok((key, row))
}

/// Makes and stores a key that takes the place of another one, which ends after the overlap.
pub async fn replace_key(
    database: &Database,
    org: OrgId,
    old: KeyId,
    overlap: SignedDuration,
    now: Timestamp,
) -> Result<(KeyText, ApiKey), Error> {
    let found = database.key(old).await?.filter(|key| key.org == org);
    let found = found.ok_or(Error::NoKeyToReplace(old))?;
    let successor = successor(found, overlap, now)?;
    let is_done = database
        .replace_key(old, &successor.row, successor.old_ends, now)
        .await?;
    if !is_done {
        return Err(Error::NoKeyToReplace(old));
    }
    Ok((successor.text, successor.row))
}

/// A key that takes another one's place.
pub(crate) struct Successor {
    pub(crate) text: KeyText,
    pub(crate) row: ApiKey,
    /// When the old one ends.
    pub(crate) old_ends: Timestamp,
}

/// A key with the name, scopes, origins and networks of this one, and as long a life as that had.
pub(crate) fn successor(old: ApiKey, overlap: SignedDuration, now: Timestamp) -> Result<Successor, Error> {
    if !is_valid(&old, now) {
        return Err(Error::NoKeyToReplace(old.id));
    }
    let lives = old.expires_at.map(|at| at.duration_since(old.created_at));
    let after = |time: SignedDuration| {
        let sum = now.checked_add(time);
        sum.map_err(|error| Error::Overlap(error.to_string()))
    };
    let (text, row) = cut(ApiKey {
        id: KeyId::generate(),
        created_at: now,
        expires_at: lives.map(after).transpose()?,
        revoked_at: None,
        last_used_at: None,
        replaced_by: None,
        ..old
    })?;
    Ok(Successor {
        text,
        row,
        old_ends: after(overlap)?,
    })
}

fn checksum(checked: &str) -> String {
    base_62(&crc32fast::hash(checked.as_bytes()).to_be_bytes(), CHECK_CHARS)
}

/// A big-endian number in base 62 with leading zeros.
fn base_62(bytes: &[u8], chars: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = vec![BASE_62[0]; chars];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        *digit = BASE_62[rest as usize];
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bits: [u8; 32]) -> KeyText {
        KeyText::of_bits(KeyKind::Secret, bits)
    }

    #[test]
    fn the_form_is_fixed_and_holds_every_bit() {
        // 2^256 - 1 in base 62, by another program (Python's integers), and the CRC-32 of zlib.
        let top = key([255; 32]);
        assert_eq!(top.expose(), "dls_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp11Bmflw");
        assert_eq!(KeyText::parse(top.expose()), Ok(top));
        let zero = key([0; 32]);
        assert_eq!(zero.expose(), "dls_00000000000000000000000000000000000000000004JKcWu");
        let public = KeyText::of_bits(KeyKind::Publishable, [255; 32]);
        assert_eq!(public.expose(), "dlp_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12KRQ4z");
        assert_eq!((zero.kind(), public.kind()), (KeyKind::Secret, KeyKind::Publishable));
        assert_eq!(KeyText::parse(public.expose()), Ok(public));
    }

    #[test]
    fn every_changed_character_is_found() {
        let good = key(std::array::from_fn(|i| i as u8 * 7 + 3)).expose().to_owned();
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
            let bad = String::from_utf8(bad).unwrap();
            assert_eq!(KeyText::parse(&bad), Err(KeyFormError), "{at}");
        }
        for bad in [
            "",
            "dls_",
            &good[..52],
            &format!("{good}0"),
            &format!(" {good}"),
            &good.replace("dls_", "dlp_"),
        ] {
            assert_eq!(KeyText::parse(bad), Err(KeyFormError), "{bad}");
        }
    }

    #[test]
    fn shows_itself_to_nobody() {
        let (secret, row) = mint(OrgId::generate(), " boat ", &Scopes::all(), None, Timestamp::UNIX_EPOCH).unwrap();
        for text in [format!("{secret:?}"), format!("{secret}"), format!("{row:?}")] {
            assert!(!text.contains(&secret.expose()[HINT_CHARS..]), "{text}");
        }
        assert_eq!(row.name, "boat");
        assert_eq!(row.sha256, secret.sha256());
        assert_eq!(row.hint, secret.expose()[..10]);
    }

    #[test]
    fn refuses_keys_that_could_never_work() {
        let mint = |name: &str, scopes: &Scopes, expires: Option<Timestamp>| {
            mint(OrgId::generate(), name, scopes, expires, Timestamp::UNIX_EPOCH)
        };
        assert!(matches!(mint("", &Scopes::all(), None), Err(Error::KeyName(_))));
        assert!(matches!(mint("a\nb", &Scopes::all(), None), Err(Error::KeyName(_))));
        assert!(matches!(mint("a", &Scopes::from_iter([]), None), Err(Error::NoScope)));
        let past = mint("a", &Scopes::all(), Some(Timestamp::UNIX_EPOCH));
        assert!(matches!(past, Err(Error::ExpiresInThePast(_))));
    }
}

//! What a password must be, and how it is kept: Argon2id (RFC 9106) in the PHC string form, never below OWASP's floor of
//! 19 MiB, two passes, one lane. Rules follow NIST SP 800-63B, section 5.1.1.2: length counts, composition does not, and
//! what stands at the head of every attacker's list is refused.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use driftline_domain::Violation;

use crate::Error;
use crate::identity::imported::is_bcrypt;
use crate::keys::random_32;

/// Characters at least and at most.
const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 256;
/// OWASP Password Storage Cheat Sheet, Argon2id: at least this memory and these passes.
const FLOOR_KIB: u32 = 19_456;
const FLOOR_PASSES: u32 = 2;
/// More than that on one login would be an outage of our own making.
const MOST_KIB: u32 = 1 << 20;

/// Words that make up most of what is tried first; a password that is one of them with digits and signs around it, or one
/// of them several times, is no better than the word. Longer words stand before those that they begin with.
const COMMON: [&str; 24] = [
    "password",
    "passwort",
    "passord",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "letmein",
    "welcome",
    "administrator",
    "admin",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "superman",
    "trustno",
    "changeme",
    "secret",
    "default",
    "driftline",
    "coastguard",
];

/// How much a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB; at least 19,456.
    pub memory_kib: u32,
    /// Passes over it; at least 2.
    pub passes: u32,
    /// Lanes; at least 1.
    pub lanes: u32,
}

impl Default for HashCost {
    fn default() -> Self {
        Self {
            memory_kib: FLOOR_KIB,
            passes: FLOOR_PASSES,
            lanes: 1,
        }
    }
}

impl HashCost {
    /// Refuses what is below the floor or out of Argon2's range.
    pub(crate) fn hasher(self) -> Result<Argon2<'static>, Error> {
        let wrong = |why: &str| {
            Error::HashParameters(format!(
                "memory {} KiB, passes {}, lanes {}: {why}",
                self.memory_kib, self.passes, self.lanes
            ))
        };
        if self.memory_kib < FLOOR_KIB || self.passes < FLOOR_PASSES || self.lanes < 1 {
            return Err(wrong("at least 19456 KiB, 2 passes and 1 lane are needed"));
        }
        if self.memory_kib > MOST_KIB {
            return Err(wrong("1 GiB is the most"));
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None);
        let params = params.map_err(|error| wrong(&error.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// The PHC string of a password with a new salt.
    pub(crate) fn hash(self, password: &str) -> Result<String, Error> {
        let salt = random_32()?;
        let salt = SaltString::encode_b64(&salt[..16]).map_err(|_not_shown| Error::PasswordHash)?;
        let hashed = self.hasher()?.hash_password(password.as_bytes(), &salt);
        hashed
            .map(|hash| hash.to_string())
            .map_err(|_not_shown| Error::PasswordHash)
    }

    /// Whether a stored hash was made at a lower cost than this and should be renewed at the next login.
    pub(crate) fn is_above(self, stored: &str) -> bool {
        let read = PasswordHash::new(stored).ok();
        let params = read.and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            params.m_cost() < self.memory_kib || params.t_cost() < self.passes || params.p_cost() < self.lanes
        })
    }
}

/// Whether a password is the one that was hashed.
pub(crate) fn matches(password: &str, stored: &str) -> Result<bool, Error> {
    if is_bcrypt(stored) {
        return bcrypt::verify(password, stored).map_err(|_not_shown| Error::PasswordHash);
    }
    let hash = PasswordHash::new(stored).map_err(|_not_shown| Error::PasswordHash)?;
    // Parameters stand in the hash; those of the verifier do not matter.
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(_not_shown) => Err(Error::PasswordHash),
    }
}

/// Every rule that a new password breaks; `personal` are words that it must not be made of, such as the mail address.
pub(crate) fn violations(field: &str, password: &str, personal: &[&str]) -> Vec<Violation> {
    let chars = password.chars().count();
    let refuse = |code: &str, message: String| vec![Violation::new(field, code, message)];
    if !(MIN_CHARS..=MAX_CHARS).contains(&chars) {
        let message = format!("a password has {MIN_CHARS} to {MAX_CHARS} characters; this one has {chars}");
        return refuse("length", message);
    }
    if password.chars().any(char::is_control) {
        return refuse("control_character", "a password has no control characters".to_owned());
    }
    let lower = password.to_lowercase();
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 5 {
        let message = "a password has at least five different characters".to_owned();
        return refuse("too_simple", message);
    }
    if is_a_row(&lower) || is_made_of_common_words(&lower) {
        let message = "this password is among the first that are tried; three words that have nothing to do with each \
                       other make a good one"
            .to_owned();
        return refuse("too_common", message);
    }
    let is_personal =
        |word: &&&str| word.chars().count() >= 4 && left_over(&lower, &word.to_lowercase()) < MIN_CHARS / 2;
    if personal.iter().any(|word| is_personal(&word)) {
        let message = "this password is made of your own mail address or name".to_owned();
        return refuse("personal", message);
    }
    Vec::new()
}

/// Letters or digits that follow each other, such as `abcdefghijkl` or `987654321098`.
fn is_a_row(lower: &str) -> bool {
    let chars: Vec<u32> = lower.chars().map(u32::from).collect();
    let steps = chars.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1);
    // A row of digits goes on from 9 to 0.
    steps.count() + 2 >= chars.len()
}

fn is_made_of_common_words(lower: &str) -> bool {
    let plain: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let mut rest = plain.clone();
    for word in COMMON {
        rest = rest.replace(word, "");
    }
    // Digits and signs beside a common word are the oldest trick.
    rest.chars().count() < 4 && rest != plain || plain.chars().count() < 4 && lower.chars().count() < 16
}

/// Letters of a password beside a word.
fn left_over(lower: &str, word: &str) -> usize {
    if lower.contains(word) {
        lower.replace(word, "").chars().filter(|c| c.is_alphanumeric()).count()
    } else {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        let found = violations("password", password, &["ada@example.org", "ada.lovelace"]);
        found.first().map(|violation| violation.code.clone())
    }

    #[test]
    fn length_counts_and_what_everybody_tries_does_not() {
        for (password, expected) in [
            ("short", Some("length")),
            (&"x".repeat(257), Some("length")),
            ("aaaaaaaaaaaaaaaa", Some("too_simple")),
            ("abcabcabcabcabc", Some("too_simple")),
            ("abcdefghijklm", Some("too_common")),
            ("012345678901", Some("too_common")),
            ("Password2026!", Some("too_common")),
            ("passwordpassword", Some("too_common")),
            ("qwertyuiop123", Some("too_common")),
            ("4711-0815-2026", Some("too_common")),
            ("ada@example.org1", Some("personal")),
            ("line\nline line line", Some("control_character")),
            ("lantern puffin gneiss", None),
            ("blåbær på svaberg", None),
            ("Tr0ub4dor&3xyz", None),
            ("8xK-22f-9Qm-t0w", None),
        ] {
            assert_eq!(code(password).as_deref(), expected, "{password}");
        }
    }

    #[test]
    fn no_refusal_repeats_the_password() {
        for password in ["Password2026!", "short"] {
            let found = violations("password", password, &[]);
            assert!(!found[0].message.contains(password), "{found:?}");
        }
    }

    #[test]
    fn a_hash_is_argon2id_at_the_floor_and_salted() {
        let cost = HashCost::default();
        let hash = cost.hash("lantern puffin gneiss").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, cost.hash("lantern puffin gneiss").unwrap());
        assert!(matches("lantern puffin gneiss", &hash).unwrap());
        assert!(!matches("lantern puffin gneisS", &hash).unwrap());
        assert!(matches("x", "no hash").is_err());
        assert!(!cost.is_above(&hash));
        let higher = HashCost { passes: 3, ..cost };
        assert!(higher.is_above(&hash) && higher.is_above("no hash"));
    }

    #[test]
    fn nothing_below_the_floor_is_taken() {
        let floor = HashCost::default();
        for cost in [
            HashCost {
                memory_kib: 19_455,
                ..floor
            },
            HashCost { passes: 1, ..floor },
            HashCost { lanes: 0, ..floor },
            HashCost {
                memory_kib: 2 << 20,
                ..floor
            },
        ] {
            assert!(matches!(cost.hash("x"), Err(Error::HashParameters(_))), "{cost:?}");
        }
    }
}

//! Time-based one-time passwords (RFC 6238, SHA-1, six digits, 30 s), a step of clock difference allowed either way. A code
//! works once: the step that it was made for is kept, and only a later one is taken (section 5.2).

use std::fmt;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret};

use crate::Error;
use crate::keys::random_32;

/// RFC 4226, section 4, R6: 160 bits are recommended.
pub(crate) const SEED_BYTES: usize = 20;
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator and the service share; it prints itself never.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seed([u8; SEED_BYTES]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(not shown)")
    }
}

impl Seed {
    pub(crate) fn generate() -> Result<Self, Error> {
        let bits = random_32()?;
        let mut seed = [0; SEED_BYTES];
        seed.copy_from_slice(&bits[..SEED_BYTES]);
        Ok(Self(seed))
    }

    /// The seed of these bytes, as they were stored.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it: base 32 without padding (RFC 4648, section 6); 20 bytes are 32 letters.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::with_capacity(32);
        for group in self.0.chunks(5) {
            let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            text.extend(
                (0..8)
                    .rev()
                    .map(|i| char::from(BASE_32[(bits >> (5 * i) & 31) as usize])),
            );
        }
        text
    }

    /// What an authenticator reads as a QR code.
    pub(crate) fn to_address(&self, issuer: &str, account: &str) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (issuer, account) = (encode(issuer), encode(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            self.to_text()
        )
    }

    /// The step that a code was made for: the newest of those that it is right for, behind the one used last.
    pub(crate) fn step_of(&self, code: &str, last_step: Option<i64>, now: Timestamp) -> Option<i64> {
        let is_code = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        let now_s = u64::try_from(now.as_second()).ok().filter(|_| is_code)?;
        let totp = Builder::new().with_secret(Secret::new_stack(self.0)).build().ok()?;
        let step = totp.check(code, now_s)?;
        let step = i64::try_from(step).ok()?;
        last_step.is_none_or(|last| step > last).then_some(step)
    }

    /// The code of a time.
    #[cfg(test)]
    pub(crate) fn code(&self, at: Timestamp) -> String {
        let totp = Builder::new().with_secret(Secret::new_stack(self.0)).build().unwrap();
        totp.generate(at.as_second() as u64).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn codes_are_rfc_6238s() {
        // Appendix B: eight digits for this secret; six are their end.
        let seed = Seed(*b"12345678901234567890");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(seed.code(at(time)), code);
            assert_eq!(seed.step_of(code, None, at(time)), Some(time / 30));
        }
        assert_eq!(seed.to_text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_works_once_and_near_its_time_only() {
        let seed = Seed::generate().unwrap();
        let now = at(1_767_225_615);
        let code = seed.code(now);
        let step = seed.step_of(&code, None, now).unwrap();
        assert_eq!(seed.step_of(&code, Some(step), now), None, "a replay");
        assert_eq!(seed.step_of(&code, Some(step - 1), at(1_767_225_615 + 30)), Some(step));
        assert_eq!(seed.step_of(&code, None, at(1_767_225_615 + 90)), None);
        assert_eq!(seed.step_of(&code, None, at(1_767_225_615 - 90)), None);
        for bad in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert_eq!(seed.step_of(bad, None, now), None, "{bad}");
        }
    }

    #[test]
    fn the_address_is_what_authenticators_read() {
        let seed = Seed(*b"12345678901234567890");
        assert_eq!(
            seed.to_address("Drift line", "ada@example.org"),
            "otpauth://totp/Drift%20line:ada%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&\
             issuer=Drift%20line&algorithm=SHA1&digits=6&period=30"
        );
        assert!(!format!("{seed:?}").contains("GEZD"));
    }
}

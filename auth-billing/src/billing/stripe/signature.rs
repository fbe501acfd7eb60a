//! Whether a webhook is Stripe's: `Stripe-Signature: t=<seconds>,v1=<HMAC-SHA256 of "t.body">`, not older than five minutes.

use std::fmt;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// How far a webhook's time may be from ours, either way.
const TOLERANCE_S: u64 = 300;
/// Signatures that are looked at: while a secret is replaced there are two.
const MOST_SIGNATURES: usize = 8;

/// The secret of a webhook endpoint, `whsec_…`.
#[derive(Clone)]
pub struct WebhookSecret(String);

impl From<String> for WebhookSecret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(not shown)")
    }
}

impl WebhookSecret {
    /// Whether this header signs this body, now.
    pub fn signs(&self, header: &str, body: &[u8], now: Timestamp) -> bool {
        let mut time = None;
        let mut signatures = Vec::new();
        for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
            match name {
                "t" if time.is_none() => time = Some(value),
                // A second time could be the one that was signed while the first is the one that is checked.
                "t" => return false,
                "v1" if signatures.len() < MOST_SIGNATURES => signatures.push(value),
                _ => {}
            }
        }
        let Some((text, seconds)) = time.and_then(|text| Some((text, text.parse::<i64>().ok()?))) else {
            return false;
        };
        if seconds.abs_diff(now.as_second()) > TOLERANCE_S {
            return false;
        }
        signatures.iter().any(|signature| self.made(signature, text, body))
    }

    fn made(&self, signature: &str, time: &str, body: &[u8]) -> bool {
        let Some(signature) = from_hexadecimal(signature) else {
            return false;
        };
        // A key of any length is one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            return false;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        // In a time that does not depend on where they differ.
        mac.verify_slice(&signature).is_ok()
    }
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\"id\":\"evt_1\"}";
    // printf '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
    const SIGNED: &str = "7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2";

    fn signs(header: &str, body: &[u8], now_s: i64) -> bool {
        let secret = WebhookSecret::from("whsec_test".to_owned());
        secret.signs(header, body, Timestamp::from_second(now_s).unwrap())
    }

    #[test]
    fn only_what_stripe_signed_within_five_minutes_counts() {
        let t = 1_492_774_577;
        let good = format!("t={t},v1={SIGNED}");
        for now in [t, t + 300, t - 300] {
            assert!(signs(&good, BODY, now), "{now}");
        }
        for now in [t + 301, t - 301, 0] {
            assert!(!signs(&good, BODY, now), "{now}");
        }
        assert!(signs(&format!("t={t},v1={},v1={SIGNED},v0=x", "0".repeat(64)), BODY, t));
        assert!(!signs(&good, b"{\"id\":\"evt_2\"}", t), "another body");
        let flipped = SIGNED.replace(['a', 'b'], "c");
        for header in [
            String::new(),
            format!("v1={SIGNED}"),
            format!("t={t}"),
            format!("t={t},v0={SIGNED}"),
            format!("t={t},v1={flipped}"),
            format!("t={t},v1={}", &SIGNED[..62]),
            format!("t={},v1={SIGNED}", t + 1),
            format!("t={t},t={t},v1={SIGNED}"),
            format!("t={t}x,v1={SIGNED}"),
            format!("t={t},v1={}", "é".repeat(32)),
        ] {
            assert!(!signs(&header, BODY, t), "{header}");
        }
        let other = WebhookSecret::from("whsec_other".to_owned());
        assert!(!other.signs(&good, BODY, Timestamp::from_second(t).unwrap()));
        assert!(!format!("{other:?}").contains("whsec"));
    }
}

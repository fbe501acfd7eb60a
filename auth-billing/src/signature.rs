//! Signed links: `?exp=&kid=&sig=` on any address below a mission's map data, so that a mission can be shown to a
//! partner, or to a page, without giving a key away. `sig` is the HMAC-SHA256 (RFC 2104) over the path prefix, `exp`
//! (unix seconds) and `kid` (the key whose owner answers and pays for it), in base64url without padding. One signature
//! covers everything below `/missions/{mission_id}/`, and nothing else can be signed.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_domain::{KeyId, MissionId};
use hmac::{Hmac, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;

use crate::Carry;

const MISSIONS: &str = "/missions/";

/// What a link says of its signature; whether that is true is for [`Signer::verify`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The first second at which the link works no more.
    pub(crate) exp_s: i64,
    /// The key that it stands for.
    pub(crate) kid: KeyId,
    mac: [u8; 32],
}

impl Signature {
    /// Reads the three parameters; a number, id or signature in another spelling than the emitted one is none.
    pub(crate) fn parse(exp: &str, kid: &str, sig: &str) -> Option<Self> {
        let exp_s: i64 = exp.parse().ok()?;
        let kid = KeyId::from_str(kid).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(sig).ok()?.try_into().ok()?;
        (exp_s.to_string() == exp).then_some(Self { exp_s, kid, mac })
    }

    /// What links repeat.
    pub(crate) fn carry(&self) -> Carry {
        Carry::signature(
            self.exp_s.to_string(),
            self.kid.to_string(),
            URL_SAFE_NO_PAD.encode(self.mac),
        )
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature(exp={}, kid={}, sig=***)", self.exp_s, self.kid)
    }
}

/// Signs and verifies with the installation's secret.
pub(crate) struct Signer(Hmac<Sha256>);

impl Signer {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        // RFC 2104 pads a shorter key with zeros up to the block of SHA-256, 64 bytes.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..secret.len()].copy_from_slice(secret);
        Self(Hmac::new(&block))
    }

    /// A signature for everything below a prefix.
    pub(crate) fn sign(&self, prefix: &str, exp_s: i64, kid: KeyId) -> Signature {
        let mac = self.mac(prefix, exp_s, kid).finalize().into_bytes().into();
        Signature { exp_s, kid, mac }
    }

    /// Whether a signature was made here for this prefix, in a time that does not depend on where it differs.
    pub(crate) fn verify(&self, prefix: &str, signature: &Signature) -> bool {
        let mac = self.mac(prefix, signature.exp_s, signature.kid);
        mac.verify_slice(&signature.mac).is_ok()
    }

    fn mac(&self, prefix: &str, exp_s: i64, kid: KeyId) -> Hmac<Sha256> {
        // None of the parts can hold a line feed, so that no two messages are the same text.
        self.0
            .clone()
            .chain_update(format!("driftline map link 1\n{prefix}\n{exp_s}\n{kid}"))
    }
}

/// What a link to a mission's map data is signed for.
pub(crate) fn prefix_of(mission: MissionId) -> String {
    format!("{MISSIONS}{mission}/")
}

/// The prefix that has to be signed for this path; `None` where nothing can be: outside of missions, or in a path that
/// somebody behind or before us might take for another one.
pub(crate) fn prefix_of_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(MISSIONS)?;
    let end = rest.find('/')?;
    let is_mission = MissionId::from_str(&rest[..end]).is_ok();
    (is_mission && !is_devious(&rest[end..])).then(|| &path[..MISSIONS.len() + end + 1])
}

/// Dot segments, slashes and backslashes in disguise, and escapes of escapes.
pub(crate) fn is_devious(path: &str) -> bool {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let slashes = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'/').count();
    decoded.contains(&b'%')
        || decoded.iter().any(|byte| *byte == b'\\' || byte.is_ascii_control())
        || slashes(&decoded) != slashes(path.as_bytes())
        || decoded
            .split(|&byte| byte == b'/')
            .any(|part| part == b"." || part == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSION: &str = "mis_0190f6c8aaaa7bbb8cccddddeeeeffff";
    const KEY: &str = "key_0190f6c8aaaa7bbb8cccddddeeeeffff";

    fn prefix() -> String {
        prefix_of(MISSION.parse().unwrap())
    }

    #[test]
    fn the_signature_is_the_one_of_another_program() {
        let signature = Signer::new(&[7; 32]).sign(&prefix(), 1_800_000_000, KEY.parse().unwrap());
        // Python: hmac.new(bytes([7] * 32), message, "sha256"), base64.urlsafe_b64encode.
        assert_eq!(
            signature.carry().query().unwrap(),
            format!("exp=1800000000&kid={KEY}&sig=ZBmP0qYzVsjNzBlfD9Sl0OOMERRjfppm93TTKK8bFQw")
        );
    }

    #[test]
    fn whatever_is_changed_is_found() {
        let signer = Signer::new(&[7; 32]);
        let good = signer.sign(&prefix(), 1_800_000_000, KEY.parse().unwrap());
        assert!(signer.verify(&prefix(), &good));
        assert!(!Signer::new(&[8; 32]).verify(&prefix(), &good));
        assert!(!signer.verify(&prefix().replace("eeeeffff", "eeeefffe"), &good));
        assert!(!signer.verify("/missions/", &good));
        let later = Signature {
            exp_s: good.exp_s + 1,
            ..good.clone()
        };
        let other = Signature {
            kid: KeyId::generate(),
            ..good.clone()
        };
        assert!(!signer.verify(&prefix(), &later) && !signer.verify(&prefix(), &other));
        for bit in 0..256 {
            let mut bad = good.clone();
            bad.mac[bit / 8] ^= 1 << (bit % 8);
            assert!(!signer.verify(&prefix(), &bad), "{bit}");
        }
    }

    #[test]
    fn only_the_emitted_spelling_is_read() {
        let sig = URL_SAFE_NO_PAD.encode([255; 32]);
        assert!(Signature::parse("1800000000", KEY, &sig).is_some());
        for exp in ["+1800000000", "01800000000", "1.8e9", "", "99999999999999999999"] {
            assert!(Signature::parse(exp, KEY, &sig).is_none(), "{exp}");
        }
        assert!(Signature::parse("1800000000", &KEY.to_uppercase(), &sig).is_none());
        for bad in [&sig[1..], &format!("{sig}="), &sig.replace('_', "/"), ""] {
            assert!(Signature::parse("1800000000", KEY, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment_and_is_not_talked_around() {
        let prefix = prefix();
        for below in [
            "wms",
            "tiles/particles/3/4/5.mvt",
            "ogc/collections/x/items",
            "a%20b",
            "",
        ] {
            let path = format!("{prefix}{below}");
            assert_eq!(prefix_of_path(&path), Some(prefix.as_str()), "{path}");
        }
        for below in [
            "..",
            "../x",
            "a/./b",
            "%2e%2e/x",
            "a%2Fb",
            "a%5cb",
            "a\\b",
            "%252e%252e/x",
            "a%00b",
        ] {
            let path = format!("{prefix}{below}");
            assert_eq!(prefix_of_path(&path), None, "{path}");
        }
        for path in [
            "/",
            "/missions/",
            "/missions/mis_a/wms",
            &format!("/missions/{MISSION}"),
            &format!("/missions/{MISSION}a/wms"),
            &format!("/Missions/{MISSION}/wms"),
            &format!("/missions/mis%5F{}/wms", &MISSION[4..]),
            &format!("//missions/{MISSION}/wms"),
            &format!("/v1/missions/{MISSION}/results"),
        ] {
            assert_eq!(prefix_of_path(path), None, "{path}");
        }
    }
}

//! Password hashes that come from another system: bcrypt in its modular form (`$2a$`, `$2b$`, `$2y$`) and Argon2id as PHC
//! strings. The person logs in with the password that it has, and the hash is made anew at our cost then. What would hold a
//! hashing thread for long is refused: anybody can ask for a comparison.

use argon2::Params;
use argon2::password_hash::PasswordHash;

/// Doublings; 14 take about a second, each further one twice as long.
const MOST_DOUBLINGS: u32 = 14;
const FEWEST_DOUBLINGS: u32 = 4;
/// Salt and digest in bcrypt's base 64.
const BCRYPT_CHARS: usize = 53;
/// Of Argon2id: memory of one comparison, and memory times passes.
const MOST_KIB: u32 = 1 << 18;
const MOST_KIB_PASSES: u64 = 1 << 20;
const MOST_LANES: u32 = 16;

/// Whether a stored hash is one of bcrypt.
pub(crate) fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix))
}

/// Why a hash cannot be taken over; the hash is not repeated.
pub(crate) fn refusal(hash: &str) -> Option<String> {
    if is_bcrypt(hash) {
        refusal_of_bcrypt(hash)
    } else if hash.starts_with("$argon2id$") {
        refusal_of_argon2id(hash)
    } else {
        Some("the hash is none of bcrypt ($2a$, $2b$, $2y$) and none of Argon2id ($argon2id$)".to_owned())
    }
}

fn refusal_of_bcrypt(hash: &str) -> Option<String> {
    let (cost, rest) = hash.get(4..)?.split_once('$').unwrap_or_default();
    let is_base_64 = |c: u8| c.is_ascii_alphanumeric() || c == b'.' || c == b'/';
    let is_whole = cost.len() == 2 && rest.len() == BCRYPT_CHARS && rest.bytes().all(is_base_64);
    let doublings = cost.parse::<u32>().ok().filter(|_| is_whole);
    match doublings {
        None => Some("the bcrypt hash is not whole".to_owned()),
        Some(found) if !(FEWEST_DOUBLINGS..=MOST_DOUBLINGS).contains(&found) => Some(format!(
            "the bcrypt hash has cost {found}; it must be between {FEWEST_DOUBLINGS} and {MOST_DOUBLINGS}"
        )),
        // Bits that no encoder sets are found here.
        Some(_) if bcrypt::verify("", hash).is_err() => Some("the bcrypt hash is not whole".to_owned()),
        Some(_) => None,
    }
}

fn refusal_of_argon2id(hash: &str) -> Option<String> {
    let read = PasswordHash::new(hash)
        .ok()
        .filter(|read| read.hash.is_some() && read.salt.is_some());
    let Some(params) = read.and_then(|read| Params::try_from(&read).ok()) else {
        return Some("the Argon2id hash is not whole".to_owned());
    };
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let work = u64::from(memory) * u64::from(passes);
    (memory > MOST_KIB || work > MOST_KIB_PASSES || lanes > MOST_LANES).then(|| {
        format!(
            "the Argon2id hash has {memory} KiB, {passes} passes and {lanes} lanes; at most {MOST_KIB} KiB, \
             {MOST_KIB_PASSES} KiB times passes and {MOST_LANES} lanes are taken over"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::password::matches;

    /// Test vectors of others: jBCrypt's and the crypt_blowfish of Openwall (2a, 2y), of the password "U*U" and the like.
    const VECTORS: [(&str, &str); 3] = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ];

    #[test]
    fn hashes_of_others_are_read() {
        for (password, hash) in VECTORS {
            for prefix in ["$2a$", "$2b$", "$2y$"] {
                let hash = hash.replace("$2a$", prefix);
                assert_eq!(refusal(&hash), None, "{hash}");
                assert!(matches(password, &hash).unwrap(), "{hash}");
                assert!(!matches("U*V", &hash).unwrap(), "{hash}");
            }
        }
    }

    #[test]
    fn what_is_too_dear_or_none_is_refused_and_not_repeated() {
        let good = VECTORS[0].1;
        let cheap = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(refusal(cheap), None);
        for bad in [
            good.replace("$05$", "$15$"),
            good.replace("$05$", "$31$"),
            good.replace("$05$", "$03$"),
            good.replace("$05$", "$5$"),
            good.replace("$2a$", "$2x$"),
            good[..59].to_owned(),
            format!("{good}A"),
            good.replace("E5YPO", "E5Y!O"),
            "$2a$".to_owned(),
            "$2b$å".to_owned(),
            cheap.replace("m=19456", "m=524288"),
            cheap.replace("t=2", "t=1000"),
            cheap.replace("p=1", "p=17"),
            cheap.replace("argon2id", "argon2i"),
            "$argon2id$v=19$m=19456,t=2,p=1".to_owned(),
            "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            String::new(),
        ] {
            let why = refusal(&bad).unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(bad.is_empty() || !why.contains(&bad), "{why}");
        }
    }
}

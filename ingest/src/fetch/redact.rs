//! Addresses without what must not be seen: user, password, and the values of query parameters that grant access.

use url::Url;

/// Parts of parameter names that grant access, in lower case.
const SECRET_PARTS: &[&str] = &[
    "signature",
    "credential",
    "token",
    "secret",
    "password",
    "passwd",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
];

/// Whole parameter names that grant access, in lower case.
const SECRET_NAMES: &[&str] = &["sig", "key", "auth", "authorization", "pwd"];

/// The address as it may be stored, logged and shown.
pub(crate) fn redacted(url: &Url) -> Url {
    let mut shown = url.clone();
    // These fail only for addresses that cannot have a user, which then have none.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let mut pairs = shown.query_pairs_mut();
        pairs.clear();
        for (name, value) in url.query_pairs() {
            let value = if is_secret(&name) { "redacted" } else { value.as_ref() };
            pairs.append_pair(&name, value);
        }
    }
    shown
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.contains(&name.as_str()) || SECRET_PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_and_the_rest_stays_as_it_was() {
        for (address, shown) in [
            ("https://me:pw@host/a?x=1&y=%2F", "https://host/a?x=1&y=%2F"),
            (
                "https://b.host/k?X-Amz-Signature=abc&X-Amz-Credential=me%2F1&versionId=7",
                "https://b.host/k?X-Amz-Signature=redacted&X-Amz-Credential=redacted&versionId=7",
            ),
            ("https://h/f?sv=1&sig=s%3D", "https://h/f?sv=1&sig=redacted"),
            (
                "https://h/f?dir=%2Fgfs.20240101%2F00&key_of=1",
                "https://h/f?dir=%2Fgfs.20240101%2F00&key_of=1",
            ),
        ] {
            assert_eq!(redacted(&Url::parse(address).unwrap()).as_str(), shown);
        }
    }
}

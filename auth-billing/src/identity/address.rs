//! Mail addresses: read strictly (what goes into a header must not be able to end it), normalised for look-ups, and masked
//! wherever they are shown to somebody else than their owner.

use driftline_domain::Violation;

/// Characters of an address at most (climate data design: e-mail at most 255; RFC 5321 allows 254).
const MAX_CHARS: usize = 254;
const MAX_LOCAL: usize = 64;

/// A mail address as its owner writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailAddress(String);

impl MailAddress {
    /// Reads an address of the form local@domain in ASCII (RFC 5321, section 4.1.2, without quoted local parts and
    /// addresses in brackets). Nothing that could end a header passes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.rsplit_once('@')?;
        let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&b);
        let is_local = (1..=MAX_LOCAL).contains(&local.len())
            && local.bytes().all(is_atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_domain = domain.split('.').count() >= 2 && domain.split('.').all(is_label);
        (text.len() <= MAX_CHARS && is_local && is_domain).then(|| Self(text.to_owned()))
    }

    /// Reads an address or says what is wrong with the field.
    pub(crate) fn of_field(field: &str, text: &str) -> Result<Self, Violation> {
        Self::parse(text).ok_or_else(|| {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
            let message = format!("'{shown}' is no mail address of the form name@example.org");
            Violation::new(field, "not_an_address", message)
        })
    }

    /// The address itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// As it is compared: servers that tell capitals apart are not found in the wild.
    pub(crate) fn normalised(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The part behind the last `@`, in lower case.
    pub(crate) fn domain(&self) -> String {
        let (_, domain) = self.0.rsplit_once('@').unwrap_or_default();
        domain.to_ascii_lowercase()
    }
}

/// An address with all but its first letter and its domain hidden: `a***@example.org`.
pub(crate) fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => "***".to_owned(),
    }
}

/// A telephone number with all but its last two digits hidden.
pub(crate) fn masked_phone(phone: &str) -> String {
    let chars: Vec<char> = phone.chars().collect();
    let tail: String = chars[chars.len().saturating_sub(2)..].iter().collect();
    format!("***{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_nothing_that_could_end_a_header() {
        for text in [
            "ada@example.org",
            "Ada.Lovelace+sar@Sub.Example.co",
            " ada@example.org ",
            "o'hara_99@kystvakt-en.no",
        ] {
            assert!(MailAddress::parse(text).is_some(), "{text}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada\n@example.org",
            "ada@example.org\0",
            "ada@exam ple.org",
            "<ada@example.org>",
            "ada@example.org,eve@example.org",
            "a..b@example.org",
            ".a@example.org",
            "ada@-example.org",
            "ada@example..org",
            "\"a b\"@example.org",
            "ada@[10.0.0.1]",
            "ådå@example.org",
            &long,
        ] {
            assert_eq!(MailAddress::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn one_address_has_one_normal_form() {
        let address = MailAddress::parse("Ada@Example.ORG").unwrap();
        assert_eq!(address.normalised(), "ada@example.org");
        assert_eq!(address.domain(), "example.org");
        assert_eq!(address.expose(), "Ada@Example.ORG");
    }

    #[test]
    fn what_is_masked_keeps_what_its_owner_recognises() {
        assert_eq!(masked("ada.lovelace@example.org"), "a***@example.org");
        assert_eq!(masked("broken"), "***");
        assert_eq!(masked_phone("+4712345678"), "***78");
        assert_eq!(masked_phone(""), "***");
    }
}

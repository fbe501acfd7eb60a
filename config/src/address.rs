//! Addresses, of which user and password show in no print and no log.

use std::fmt::{Debug, Display, Formatter};

use serde::{Deserialize, Serialize, Serializer};

/// An address, or a path where a setting takes either.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The text itself, for the one who asks there.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_http(&self) -> bool {
        self.0.starts_with("http://") || self.0.starts_with("https://")
    }

    /// What stands before the user, and what follows the password; `None` where there is neither.
    fn around_user(&self) -> Option<(&str, &str)> {
        let (begin, is_address) = match self.0.find("://") {
            Some(at) => (at + 3, true),
            None => (0, false),
        };
        let rest = &self.0[begin..];
        // More slashes than two are read like two.
        let rest = if is_address {
            rest.trim_start_matches(['/', '\\'])
        } else {
            rest
        };
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let (user, _) = authority.rsplit_once('@')?;
        // Without a scheme it is most likely a path.
        (is_address || user.contains(':')).then(|| (&self.0[..begin], &rest[user.len()..]))
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.around_user() {
            Some((before, after)) => write!(f, "{before}(not shown){after}"),
            None => f.write_str(&self.0),
        }
    }
}

impl Debug for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{self}'")
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_left_out_and_the_rest_stays_as_it_was() {
        for (text, shown) in [
            ("", ""),
            ("https://host/a@b?x=u:p@y", "https://host/a@b?x=u:p@y"),
            ("http://u:p@host:8080/a", "http://(not shown)@host:8080/a"),
            ("http://u@host", "http://(not shown)@host"),
            ("https:///u:p@host/", "https://(not shown)@host/"),
            ("https://u:p@q@host/", "https://(not shown)@host/"),
            ("u:p@host/path", "(not shown)@host/path"),
            ("/srv/model@home", "/srv/model@home"),
            ("model@home/x", "model@home/x"),
        ] {
            let address = Address::from(text.to_owned());
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("'{shown}'"));
            assert_eq!(address.reveal(), text);
        }
    }
}

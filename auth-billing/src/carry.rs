//! What the links of an answer repeat of the caller's credential, so that the next request of a map client, which
//! follows them without knowing why, is that caller's as well. A key in a header is repeated by the client itself.

use std::fmt;

/// What emitted links repeat: nothing, a query parameter, the key in the path, or the three parts of a signature.
/// A link is the public base, then [`Carry::path_prefix`], then the path; [`Carry::apply`] adds to its query.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Carry(Form);

#[derive(Clone, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Nothing,
    /// Name and value, as they were given.
    Parameter(String, String),
    /// `/key/{key}`.
    Path(String),
    /// Pairs, in the order in which they are emitted.
    Signature([(&'static str, String); 3]),
}

impl Carry {
    /// Nothing: the credential came in a header.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The parameter of this name with this key.
    pub fn parameter(name: &str, key: &str) -> Self {
        Self(Form::Parameter(name.to_owned(), key.to_owned()))
    }

    /// The key in the path.
    pub fn path(key: &str) -> Self {
        Self(Form::Path(format!("/key/{key}")))
    }

    /// The parts of a signature.
    pub fn signature(exp: String, kid: String, sig: String) -> Self {
        Self(Form::Signature([("exp", exp), ("kid", kid), ("sig", sig)]))
    }

    /// Whether there is nothing to repeat.
    pub fn is_empty(&self) -> bool {
        self.0 == Form::Nothing
    }

    /// What stands between the public base and every path: `/key/{key}`, or nothing.
    pub fn path_prefix(&self) -> &str {
        match &self.0 {
            Form::Path(prefix) => prefix,
            _ => "",
        }
    }

    /// The parameters to repeat, such as `key=…`, for links whose query is put together elsewhere.
    pub fn query(&self) -> Option<String> {
        let pairs = self.pairs();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }

    /// The link with the parameters that must be repeated, before its fragment; templates such as `{z}` stay as they
    /// are, and what the link has already is not added again.
    pub fn apply(&self, url: &str) -> String {
        let (address, fragment) = match url.find('#') {
            Some(at) => url.split_at(at),
            None => (url, ""),
        };
        let mut address = address.to_owned();
        for pair in self.pairs() {
            let query = address.split_once('?').map(|(_, query)| query);
            if query.is_some_and(|query| query.split('&').any(|given| given == pair)) {
                continue;
            }
            match query {
                None => address.push('?'),
                Some(query) if query.is_empty() || query.ends_with('&') => {}
                Some(_) => address.push('&'),
            }
            address.push_str(&pair);
        }
        address + fragment
    }

    fn pairs(&self) -> Vec<String> {
        match &self.0 {
            Form::Nothing | Form::Path(_) => Vec::new(),
            Form::Parameter(name, key) => vec![format!("{name}={key}")],
            Form::Signature(parts) => parts.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        }
    }
}

impl fmt::Debug for Carry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Nothing => f.write_str("Carry(nothing)"),
            Form::Parameter(name, _) => write!(f, "Carry({name}=***)"),
            Form::Path(_) => f.write_str("Carry(/key/***)"),
            Form::Signature(_) => f.write_str("Carry(sig=***)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_appended_to_every_kind_of_link() {
        let carry = Carry::parameter("KEY", "dls_x");
        for (url, expected) in [
            ("/wms", "/wms?KEY=dls_x"),
            ("/wms?", "/wms?KEY=dls_x"),
            ("/wms?a=1", "/wms?a=1&KEY=dls_x"),
            ("/wms?a=1&", "/wms?a=1&KEY=dls_x"),
            (
                "http://h/t/{z}/{x}/{y}.png#f?x",
                "http://h/t/{z}/{x}/{y}.png?KEY=dls_x#f?x",
            ),
            ("/wms?KEY=dls_x&a=1", "/wms?KEY=dls_x&a=1"),
            ("/wms?next=KEY=dls_x", "/wms?next=KEY=dls_x&KEY=dls_x"),
        ] {
            assert_eq!(carry.apply(url), expected, "{url}");
        }
        assert_eq!((carry.path_prefix(), carry.query().as_deref()), ("", Some("KEY=dls_x")));
        assert_eq!(Carry::nothing().apply("/wms?a=1"), "/wms?a=1");
        assert!(Carry::nothing().is_empty() && Carry::nothing().query().is_none());
    }

    #[test]
    fn a_key_in_the_path_stands_before_the_path_and_leaves_the_query_alone() {
        let carry = Carry::path("dls_x");
        assert_eq!((carry.path_prefix(), carry.query()), ("/key/dls_x", None));
        assert_eq!(
            carry.apply("http://h/key/dls_x/wms?a=1#f"),
            "http://h/key/dls_x/wms?a=1#f"
        );
        assert!(!carry.is_empty());
    }

    #[test]
    fn a_signature_is_repeated_whole_and_once() {
        let carry = Carry::signature("9".to_owned(), "key_1".to_owned(), "abc".to_owned());
        assert_eq!(carry.query().as_deref(), Some("exp=9&kid=key_1&sig=abc"));
        let whole = "/t/{z}/{x}/{y}.mvt?a=1&exp=9&kid=key_1&sig=abc#f";
        assert_eq!(carry.apply("/t/{z}/{x}/{y}.mvt?a=1#f"), whole);
        assert_eq!(carry.apply(whole), whole);
    }

    #[test]
    fn debug_shows_no_credential() {
        for carry in [
            Carry::parameter("key", "dls_x"),
            Carry::path("dls_x"),
            Carry::signature("9".to_owned(), "key_1".to_owned(), "dls_x".to_owned()),
        ] {
            let text = format!("{carry:?}");
            assert!(text.contains("***") && !text.contains("dls_x"), "{text}");
        }
    }
}

//! Entity tags (RFC 9110, section 8.8.3): strong, the first 128 bits of a SHA-256.

use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::compression::Encoding;

/// A strong entity tag, quotes included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    /// The tag of these bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::of_parts(&[bytes])
    }

    /// The tag of a list of parts; the borders between them count.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let hex: String = digest
            .finalize()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(format!("\"{hex}\""))
    }

    /// The tag of the same content in another form: strong tags differ between encodings.
    pub(crate) fn of_encoding(&self, encoding: Encoding) -> Self {
        match encoding.ending() {
            None => self.clone(),
            Some(ending) => Self(format!("{}{ending}\"", self.0.trim_end_matches('"'))),
        }
    }

    /// The tag as text.
    pub(crate) fn as_text(&self) -> &str {
        &self.0
    }

    /// The tag's characters.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether the client has this content already, in whatever encoding.
    pub(crate) fn is_held_by(&self, headers: &HeaderMap) -> bool {
        self.held_form(headers).is_some()
    }

    /// The tag of the form in which the client has this content already.
    pub(crate) fn held_form(&self, headers: &HeaderMap) -> Option<Self> {
        let lists = headers.get_all(header::IF_NONE_MATCH).iter();
        lists.filter_map(|list| list.to_str().ok()).find_map(|list| {
            if list.trim() == "*" {
                return Some(self.clone());
            }
            list.split(',').find_map(|tag| self.form_of(tag.trim()))
        })
    }

    /// Weakly compared: a proxy that compressed the answer may have marked the tag.
    fn form_of(&self, tag: &str) -> Option<Self> {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        let mut forms = [Encoding::Plain, Encoding::Gzip, Encoding::Brotli]
            .map(|encoding| self.of_encoding(encoding))
            .into_iter();
        forms.find(|form| form.0 == tag)
    }

    /// The header's value; `None` cannot happen for hexadecimal digits, but costs nothing.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_differ_with_content_and_with_the_borders_of_parts() {
        assert_ne!(EntityTag::of_bytes(b"a"), EntityTag::of_bytes(b"b"));
        assert_ne!(EntityTag::of_parts(&[b"ab", b"c"]), EntityTag::of_parts(&[b"a", b"bc"]));
    }

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_stars() {
        let tag = EntityTag::of_bytes(b"a");
        let held = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            tag.is_held_by(&headers)
        };
        let brotli = tag.of_encoding(Encoding::Brotli);
        assert!(brotli != tag && held(&brotli.0) && held(&format!("W/{}", brotli.0)));
        assert!(held(&tag.0) && held(&format!("\"x\", W/{}", tag.0)) && held("*"));
        assert!(!held("\"x\"") && !held("") && !held(tag.0.trim_matches('"')));
        assert!(!tag.is_held_by(&HeaderMap::new()));
    }
}

//! Which of several forms a client takes best (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

use crate::Error;
use crate::query::shown;

/// One range of an Accept header.
struct Range {
    kind: String,
    /// Weight in thousandths.
    weight: u32,
}

/// The offered form that the client prefers; of equally good ones the first, which is also taken where the client says
/// nothing. Names are media types without parameters.
///
/// # Errors
/// A client that takes none of them.
pub(crate) fn preferred<T: Copy>(headers: &HeaderMap, offered: &[(&str, T)]) -> Result<T, Error> {
    let texts: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let accept = texts.join(",").to_ascii_lowercase();
    let ranges: Vec<Range> = accept.split(',').filter_map(Range::read).collect();
    let first = offered.first().map(|(_, form)| *form);
    let none = || Error::NotAcceptable(shown(&accept));
    if ranges.is_empty() {
        return first.ok_or_else(none);
    }
    let mut best: Option<(u32, T)> = None;
    for (kind, form) in offered {
        let weight = weight_of(&ranges, kind);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, *form));
        }
    }
    best.map(|(_, form)| form).ok_or_else(none)
}

/// The weight of the most exact range that matches.
fn weight_of(ranges: &[Range], kind: &str) -> u32 {
    let matching = ranges
        .iter()
        .filter_map(|range| Some((range.exactness(kind)?, range.weight)));
    matching
        .max_by_key(|(exactness, _)| *exactness)
        .map_or(0, |(_, weight)| weight)
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().filter(|kind| !kind.is_empty())?.to_owned();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .and_then(|q| q.parse::<f64>().ok());
        let weight = (weight.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32;
        Some(Self { kind, weight })
    }

    /// How exactly the range names a media type; `None` where it does not.
    fn exactness(&self, kind: &str) -> Option<u8> {
        let group = kind.split('/').next().unwrap_or_default();
        match self.kind.as_str() {
            same if same == kind => Some(3),
            "*/*" => Some(1),
            range => (range.strip_suffix("/*")? == group).then_some(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const OFFERED: [(&str, u8); 3] = [("application/geo+json", 1), ("application/json", 1), ("text/html", 2)];

    fn chosen(accept: &str) -> Option<u8> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        preferred(&headers, &OFFERED).ok()
    }

    #[test]
    fn the_weightiest_then_the_first() {
        assert_eq!(preferred(&HeaderMap::new(), &OFFERED).ok(), Some(1));
        assert_eq!(chosen("*/*"), Some(1));
        assert_eq!(chosen(""), Some(1));
        assert_eq!(chosen("application/json"), Some(1));
        assert_eq!(
            chosen("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            Some(2)
        );
        assert_eq!(chosen("text/html;q=0.5, application/geo+json;q=0.4"), Some(2));
        assert_eq!(chosen("text/*;q=0.5, application/*;q=0.6"), Some(1));
        assert_eq!(chosen("image/png"), None);
        assert_eq!(chosen("text/html;q=0"), None);
        assert_eq!(chosen("text/html;q=0, */*"), Some(1));
    }
}

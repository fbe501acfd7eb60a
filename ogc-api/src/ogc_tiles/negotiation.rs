//! Which of several forms an answer has: an ending of the path or `f` decides, otherwise the header Accept (RFC 9110,
//! 12.5.1), and without any of them the first form.

use http::header;

use crate::Error;
use crate::ask::Ask;
use crate::query::shown;

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// Its name in `f`.
    pub(crate) name: &'static str,
    /// Its media type; further ones mean the same to clients.
    pub(crate) media_types: &'static [&'static str],
}

/// The form that a request wants of those on offer; `ending` is a form's name that the path ends with.
pub(crate) fn chosen(ask: &Ask, offered: &[Form], ending: Option<&str>) -> Result<Form, Error> {
    let names: Vec<&str> = offered.iter().map(|form| form.name).collect();
    ask.query.check_format(&names)?;
    let named = |name: &str| offered.iter().find(|form| form.name == name).copied();
    match (ask.query.get("f"), ending) {
        (Some(format), Some(ending)) if format != ending => Err(Error::parameter(
            "f",
            format!("'{}' contradicts the path's ending .{ending}", shown(format)),
        )),
        (Some(name), _) | (None, Some(name)) => {
            named(name).ok_or_else(|| Error::parameter("f", format!("'{}' is not offered", shown(name))))
        }
        (None, None) => accepted(ask, offered),
    }
}

fn accepted(ask: &Ask, offered: &[Form]) -> Result<Form, Error> {
    let headers = ask.headers.get_all(header::ACCEPT).iter();
    let texts: Vec<&str> = headers.filter_map(|range| range.to_str().ok()).collect();
    let accept = texts.join(",").to_ascii_lowercase();
    if accept.trim().is_empty() {
        return offered.first().copied().ok_or(Error::NotAcceptable(accept));
    }
    best(&accept, offered).ok_or_else(|| Error::NotAcceptable(shown(&accept)))
}

/// The form of the highest quality; of several the first.
fn best(accept: &str, offered: &[Form]) -> Option<Form> {
    let mut found: Option<(f32, Form)> = None;
    for form in offered {
        let qualities = form.media_types.iter().map(|kind| quality(accept, kind));
        let quality = qualities.fold(0.0, f32::max);
        if quality > found.map_or(0.0, |(best, _)| best) {
            found = Some((quality, *form));
        }
    }
    found.map(|(_, form)| form)
}

/// How much a media type is wanted: the most specific range that holds it tells.
fn quality(accept: &str, media_type: &str) -> f32 {
    let (group, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let mut found = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let rank = match kind {
            "*/*" | "*" => 1,
            kind if kind.strip_suffix("/*") == Some(group) => 2,
            kind if kind == media_type => 3,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse().ok());
        if rank > found.0 {
            found = (rank, weight.unwrap_or(1.0));
        }
    }
    found.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_tells_and_quality_decides() {
        let json = Form {
            name: "json",
            media_types: &["application/json"],
        };
        let tile = Form {
            name: "mvt",
            media_types: &["application/vnd.mapbox-vector-tile", "application/x-protobuf"],
        };
        for (accept, expected) in [
            ("*/*", Some(json)),
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Some(json)),
            ("application/x-protobuf", Some(tile)),
            ("application/json;q=0.5, application/vnd.mapbox-vector-tile", Some(tile)),
            ("application/*, application/json;q=0", Some(tile)),
            ("text/html", None),
            ("*/*;q=0", None),
        ] {
            assert_eq!(best(accept, &[json, tile]), expected, "{accept}");
        }
    }
}

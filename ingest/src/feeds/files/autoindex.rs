//! Pages that web servers make of a folder: Apache's plain and table forms, nginx', Python's.
//!
//! Their common ground: one link a file, and behind it perhaps a date and a length. Lengths such as `1.2G` are rounded and
//! therefore passed over. Links that lead out of the folder (to sort, to the parent, elsewhere) are no entries.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use url::Url;

use super::{Listed, Marks, bounded, last_segment};

pub(super) fn read(url: &Url, body: &str) -> Result<Listed, String> {
    let mut listed = Listed::default();
    let mut links = 0;
    let mut pieces = pieces(body);
    // What stands before the first link is the page's head.
    pieces.next();
    for piece in pieces {
        links += 1;
        let Some(target) = href(piece).and_then(|href| below(url, &href)) else {
            continue;
        };
        if target.path().ends_with('/') {
            bounded(&listed.folders)?;
            listed.folders.push(target);
            continue;
        }
        let words = words_behind(piece);
        let marks = Marks {
            bytes: words.iter().find_map(|word| exact_length(word)),
            last_modified: words.windows(2).find_map(|pair| date(pair[0], pair[1])),
            etag: None,
        };
        let name = name_of(&target);
        listed.add(target, &name, marks)?;
    }
    if links == 0 {
        return Err("it is neither a bucket's page nor a catalog, and as a folder's page it has no links".to_owned());
    }
    Ok(listed)
}

/// The text cut before each link.
fn pieces(body: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = vec![0];
    let found = body.match_indices('<').map(|(at, _)| at);
    starts.extend(found.filter(|&at| {
        let tag = body.as_bytes().get(at + 1..at + 3);
        tag.is_some_and(|tag| tag[0].eq_ignore_ascii_case(&b'a') && tag[1].is_ascii_whitespace())
    }));
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([body.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &body[start..end])
}

/// The address of a piece that begins with a link.
fn href(piece: &str) -> Option<String> {
    let tag = &piece[..piece.find('>')?];
    let at = tag.to_ascii_lowercase().find("href")?;
    let value = tag.get(at + 4..)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = value[1..].split(quote).next()?;
    quick_xml::escape::unescape(value)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

/// The address that a link leads to, if it lies in the folder.
fn below(folder: &Url, href: &str) -> Option<Url> {
    let target = folder.join(href).ok()?;
    let base = &folder.path()[..=folder.path().rfind('/')?];
    let inside = target.origin() == folder.origin()
        && target.path().len() > base.len()
        && target.path().starts_with(base)
        && target.query().is_none()
        && target.fragment().is_none();
    inside.then_some(target)
}

/// What decoding yields may have separators again: only an entry tells whether it is a name.
fn name_of(target: &Url) -> String {
    let name = last_segment(target.path());
    percent_encoding::percent_decode_str(name)
        .decode_utf8_lossy()
        .into_owned()
}

/// The words that stand behind the link, without tags.
fn words_behind(piece: &str) -> Vec<&str> {
    let lower = piece.to_ascii_lowercase();
    let behind = lower.find("</a>").map_or("", |at| &piece[at + 4..]);
    let texts = behind
        .split('<')
        .map(|text| text.split_once('>').map_or(text, |(_, text)| text));
    texts.flat_map(str::split_whitespace).take(8).collect()
}

fn exact_length(word: &str) -> Option<u64> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| word.parse().ok())?
}

/// `27-Jul-2026 18:42` or `2026-07-27 18:42`, perhaps with seconds.
fn date(day: &str, time: &str) -> Option<Timestamp> {
    let text = format!("{day} {time}");
    let formats = [
        "%d-%b-%Y %H:%M:%S",
        "%d-%b-%Y %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ];
    let read = formats
        .iter()
        .find_map(|format| DateTime::strptime(format, &text).ok())?;
    read.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> Url {
        Url::parse("https://files.example/pub/prod/").unwrap()
    }

    #[test]
    fn a_page_of_nginx() {
        let body = "<html><head><title>Index of /pub/prod/</title></head><body><h1>Index</h1><hr><pre>\
            <a href=\"../\">../</a>\n\
            <a href=\"rtofs.20260628/\">rtofs.20260628/</a>   28-Jun-2026 08:01      -\n\
            <a href=\"a%20b.nc\">a b.nc</a>                  27-Jul-2026 18:42           4123456789\n</pre></body></html>";
        let listed = read(&folder(), body).unwrap();
        assert_eq!(listed.folders, [folder().join("rtofs.20260628/").unwrap()]);
        assert_eq!(listed.entries.len(), 1);
        let entry = &listed.entries[0];
        assert_eq!(
            (entry.name.as_str(), entry.marks.bytes),
            ("a b.nc", Some(4_123_456_789))
        );
        assert_eq!(entry.marks.last_modified, Some("2026-07-27T18:42:00Z".parse().unwrap()));
        assert_eq!(entry.url.as_str(), "https://files.example/pub/prod/a%20b.nc");
    }

    #[test]
    fn a_table_of_apache() {
        let body = "<table><tr><th><A HREF=\"?C=N;O=D\">Name</A></th></tr>\
            <tr><td><a href=\"/pub/\">Parent Directory</a></td></tr>\
            <tr><td><a href='f+1.grib2'>f+1.grib2</a></td><td align=\"right\">2026-07-27 18:42  </td>\
            <td align=\"right\">1.2G</td></tr><tr><td><a href=\"https://evil.example/x.nc\">x</a></td></tr></table>";
        let listed = read(&folder(), body).unwrap();
        assert_eq!(
            listed.entries.len(),
            1,
            "sorting, parent and other hosts are no entries"
        );
        assert_eq!(listed.entries[0].name.as_str(), "f+1.grib2");
        assert_eq!(listed.entries[0].marks.bytes, None, "a rounded length is none");
        assert!(listed.entries[0].marks.last_modified.is_some());
    }

    #[test]
    fn broken_pages_are_no_panic() {
        for body in [
            "<a ",
            "<a href=",
            "<a href=\"",
            "<a href=\"\u{e9}",
            "<a href=>x</a>",
            "<A\u{3000}href='x'",
            "<a href=\"&bad;\">",
        ] {
            let _ = read(&folder(), body);
        }
        assert!(read(&folder(), "<p>data file is not present</p>").is_err());
    }
}

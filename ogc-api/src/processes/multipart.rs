//! Several raw outputs in one answer: multipart/related (RFC 2387). A part names its output in `Content-ID`; one by reference is
//! empty and names its address in `Content-Location` (18-062r2, /req/core/process-execute-sync-raw-mixed-multi).

use super::outputs::{Content, Part};
use crate::entity_tag::EntityTag;

/// The body, and its media type with the boundary.
pub(super) fn related(parts: &[Part]) -> (String, String) {
    let texts: Vec<&[u8]> = parts.iter().map(text).map(str::as_bytes).collect();
    // A digest of what it separates stands in none of it.
    let tag = String::from_utf8_lossy(EntityTag::of_parts(&texts).as_bytes()).into_owned();
    let boundary = format!("part-{}", tag.trim_matches('"'));
    let mut body = String::with_capacity(texts.iter().map(|text| text.len() + 200).sum());
    for part in parts {
        body.push_str(&format!(
            "--{boundary}\r\nContent-ID: <{}>\r\nContent-Type: {}\r\n",
            part.id, part.media_type
        ));
        match &part.content {
            Content::Value(raw, _) => {
                body.push_str("\r\n");
                body.push_str(raw);
            }
            Content::Reference(address) => body.push_str(&format!("Content-Location: {address}\r\n\r\n")),
        }
        body.push_str("\r\n");
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    let first = parts.first().map_or("text/plain", |part| part.media_type);
    (
        body,
        format!("multipart/related; type=\"{first}\"; boundary=\"{boundary}\""),
    )
}

fn text(part: &Part) -> &str {
    match &part.content {
        Content::Value(raw, _) => raw,
        Content::Reference(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::outputs::Form;

    #[test]
    fn parts_stand_between_boundaries_with_their_names() {
        let parts = [
            Part::value("echo", "text/plain", "a\r\n--part-".to_owned(), Form::Qualified),
            Part::reference("summary", "application/json", "https://h/x".to_owned()),
        ];
        let (body, kind) = related(&parts);
        let boundary = kind.rsplit("boundary=").next().unwrap().trim_matches('"');
        let marker = format!("--{boundary}");
        let pieces: Vec<&str> = body.split(marker.as_str()).collect();
        assert_eq!(pieces.len(), 4);
        assert_eq!(
            pieces[1],
            "\r\nContent-ID: <echo>\r\nContent-Type: text/plain\r\n\r\na\r\n--part-\r\n"
        );
        assert!(
            pieces[2].ends_with("Content-Location: https://h/x\r\n\r\n\r\n"),
            "{body}"
        );
        assert_eq!(pieces[3], "--\r\n");
    }
}

//! Pages of S3's ListObjectsV2.

use url::Url;

use super::xml::{Node, walk};
use super::{Listed, Marks, bounded, last_segment};
use crate::feeds::places::under;

/// Address of the first page of the keys below a prefix; with a delimiter, keys beyond it are told as folders.
pub fn first_page(bucket: &Url, prefix: &str, delimiter: Option<&str>) -> Url {
    let mut url = bucket.clone();
    url.query_pairs_mut()
        .clear()
        .append_pair("list-type", "2")
        .append_pair("prefix", prefix);
    if let Some(delimiter) = delimiter {
        url.query_pairs_mut().append_pair("delimiter", delimiter);
    }
    url
}

/// What a page says while it is read.
#[derive(Default)]
struct Page {
    key: Option<String>,
    marks: Marks,
    truncated: bool,
    token: Option<String>,
}

pub(super) fn read(url: &Url, body: &str) -> Result<Listed, String> {
    let mut bucket = url.clone();
    bucket.set_query(None);
    let mut listed = Listed::default();
    let mut page = Page::default();
    let mut parents: Vec<String> = Vec::new();
    walk(body, |node| {
        match node {
            Node::Open(name, _) => parents.push(name.to_owned()),
            Node::Close(name, text) => {
                parents.pop();
                let parent = parents.last().map(String::as_str);
                close(&mut listed, &mut page, (url, &bucket), (parent, name, text))?;
            }
        }
        Ok(())
    })?;
    listed.next = match (page.truncated, page.token) {
        (true, Some(token)) => Some(next_page(url, &token)),
        (true, None) => return Err("it says that more follows, and not where".to_owned()),
        (false, _) => None,
    };
    Ok(listed)
}

fn close(
    listed: &mut Listed,
    page: &mut Page,
    (url, bucket): (&Url, &Url),
    element: (Option<&str>, &str, &str),
) -> Result<(), String> {
    match element {
        (Some("Contents"), "Key", text) => page.key = Some(text.to_owned()),
        (Some("Contents"), "Size", text) => page.marks.bytes = text.parse().ok(),
        (Some("Contents"), "LastModified", text) => page.marks.last_modified = text.parse().ok(),
        (Some("Contents"), "ETag", text) => page.marks.etag = Some(text.to_owned()),
        (_, "Contents", _) => {
            let key = page.key.take().ok_or("an entry has no key")?;
            let marks = std::mem::take(&mut page.marks);
            // A key that ends in a slash is a folder's mark and no file.
            if let Some(url) = under(bucket, &key).filter(|_| !key.ends_with('/')) {
                listed.add(url, last_segment(&key), marks)?;
            }
        }
        (Some("CommonPrefixes"), "Prefix", text) => {
            bounded(&listed.folders)?;
            let delimiter = url.query_pairs().find(|(name, _)| name == "delimiter");
            let delimiter = delimiter.map(|(_, value)| value.into_owned());
            listed.folders.push(first_page(bucket, text, delimiter.as_deref()));
        }
        (_, "IsTruncated", text) => page.truncated = text == "true",
        (_, "NextContinuationToken", text) => page.token = Some(text.to_owned()),
        _ => {}
    }
    Ok(())
}

/// The same question with a token in place of the last one.
fn next_page(url: &Url, token: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "continuation-token")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut next = url.clone();
    next.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .append_pair("continuation-token", token);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>mdl</Name><Prefix>a/</Prefix>
<IsTruncated>true</IsTruncated><NextContinuationToken>1+/=&amp;x</NextContinuationToken>
<Contents><Key>a/</Key><Size>0</Size></Contents>
<Contents><Key>a/R&amp;D 1.nc</Key><LastModified>2024-06-07T11:02:03.000Z</LastModified>
<ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>12345</Size></Contents>
<CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes></ListBucketResult>"#;

    #[test]
    fn pages_follow_each_other() {
        let bucket = Url::parse("https://s3.example/mdl").unwrap();
        let url = first_page(&bucket, "a/", Some("/"));
        assert_eq!(
            url.as_str(),
            "https://s3.example/mdl?list-type=2&prefix=a%2F&delimiter=%2F"
        );
        let listed = read(&url, FIRST).unwrap();
        assert_eq!(listed.entries.len(), 1, "a folder's mark is no file");
        let entry = &listed.entries[0];
        assert_eq!(entry.url.as_str(), "https://s3.example/mdl/a/R&D%201.nc");
        assert_eq!((entry.name.as_str(), entry.marks.bytes), ("R&D 1.nc", Some(12345)));
        assert_eq!(
            entry.marks.etag.as_deref(),
            Some("\"9b2cf535f27731c974343645a3985328\"")
        );
        assert_eq!(entry.marks.last_modified, Some("2024-06-07T11:02:03Z".parse().unwrap()));
        assert_eq!(listed.folders, [first_page(&bucket, "a/b/", Some("/"))]);
        let next = listed.next.unwrap();
        assert!(next.as_str().ends_with("&continuation-token=1%2B%2F%3D%26x"), "{next}");
        let last = FIRST.replace(">true<", ">false<");
        assert_eq!(read(&next, &last).unwrap().next, None);
        let third = read(&next, &FIRST.replace("1+/=&amp;x", "2")).unwrap().next.unwrap();
        assert!(
            third.as_str().ends_with("delimiter=%2F&continuation-token=2"),
            "{third}"
        );
    }

    #[test]
    fn a_page_that_says_more_without_saying_where_is_refused() {
        let url = Url::parse("https://s3.example/mdl?list-type=2").unwrap();
        let body = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
        assert!(read(&url, body).unwrap_err().contains("more follows"));
        let body = "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>";
        assert!(read(&url, body).unwrap_err().contains("key"));
    }
}

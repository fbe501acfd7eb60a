//! Listings as providers write them: S3 (ListObjectsV2), a web server's folder, a THREDDS catalogue.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// A file in a listing.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) size: usize,
    pub(crate) modified: Timestamp,
    pub(crate) etag: String,
}

/// What a listing was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    /// Name after which to go on.
    pub(crate) after: Option<String>,
    pub(crate) at_most: usize,
}

/// Names of files and folders of one page, and whether there are more.
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    pub(crate) folders: Vec<String>,
    pub(crate) next: Option<String>,
}

/// The page of a listing: names sorted, those below a delimiter folded to one.
pub(crate) fn page(names: impl IntoIterator<Item = String>, asked: &Asked) -> Page {
    let fold = |name: &str| {
        let rest = name.strip_prefix(&asked.prefix)?;
        let delimiter = asked.delimiter.as_deref()?;
        rest.find(delimiter)
            .map(|at| name[..asked.prefix.len() + at + delimiter.len()].to_owned())
    };
    let sorted: BTreeSet<(String, bool)> = names
        .into_iter()
        .filter(|name| name.starts_with(&asked.prefix))
        .map(|name| fold(&name).map_or((name, false), |folder| (folder, true)))
        .collect();
    let after = asked.after.clone().unwrap_or_default();
    let mut left = sorted.into_iter().filter(|(name, _)| *name > after).peekable();
    let mut page = Page {
        keys: Vec::new(),
        folders: Vec::new(),
        next: None,
    };
    for (name, folder) in left.by_ref().take(asked.at_most) {
        page.next = Some(name.clone());
        if folder {
            page.folders.push(name)
        } else {
            page.keys.push(name)
        }
    }
    if left.peek().is_none() {
        page.next = None;
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The page in the words of S3.
pub(crate) fn s3(bucket: &str, asked: &Asked, page: &Page, items: &[Item]) -> String {
    let contents: String = items
        .iter()
        .map(|item| {
            format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                escaped(&item.key),
                item.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                escaped(&item.etag),
                item.size
            )
        })
        .collect();
    let folder = |name: &String| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(name));
    let folders: String = page.folders.iter().map(folder).collect();
    let more = match &page.next {
        Some(next) => format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
            escaped(next)
        ),
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    let delimiter = asked
        .delimiter
        .as_ref()
        .map(|one| format!("<Delimiter>{}</Delimiter>", escaped(one)));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{bucket}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{}</MaxKeys>{}{more}{contents}{folders}</ListBucketResult>",
        escaped(&asked.prefix),
        items.len() + page.folders.len(),
        asked.at_most,
        delimiter.unwrap_or_default()
    )
}

/// A folder as Apache shows it.
pub(crate) fn folder(path: &str, folders: &[String], items: &[Item]) -> String {
    let leaf = |name: &str| name.trim_end_matches('/').rsplit('/').next().unwrap_or(name).to_owned();
    let mut rows = String::from("<a href=\"../\">../</a>\n");
    for name in folders {
        let leaf = leaf(name);
        rows += &format!("<a href=\"{leaf}/\">{leaf}/</a>    -\n");
    }
    for item in items {
        let leaf = escaped(&leaf(&item.key));
        rows += &format!(
            "<a href=\"{leaf}\">{leaf}</a>    {}  {}\n",
            item.modified.strftime("%d-%b-%Y %H:%M"),
            item.size
        );
    }
    format!(
        "<html><head><title>Index of {path}</title></head>\n<body><h1>Index of {path}</h1><hr><pre>{rows}</pre><hr></body></html>\n"
    )
}

/// A folder as a THREDDS catalogue.
pub(crate) fn thredds(path: &str, folders: &[String], items: &[Item]) -> String {
    let leaf = |name: &str| name.trim_end_matches('/').rsplit('/').next().unwrap_or(name).to_owned();
    let mut rows = String::new();
    for name in folders {
        let leaf = leaf(name);
        rows += &format!(
            "    <catalogRef xlink:href=\"{leaf}/catalog.xml\" xlink:title=\"{leaf}\" ID=\"{path}{leaf}\" name=\"\"/>\n"
        );
    }
    for item in items {
        let (leaf, key) = (leaf(&item.key), &item.key);
        rows += &format!(
            "    <dataset name=\"{leaf}\" ID=\"{key}\" urlPath=\"{key}\">\n      <dataSize units=\"bytes\">{}</dataSize>\n      <date type=\"modified\">{}</date>\n    </dataset>\n",
            item.size,
            item.modified.strftime("%Y-%m-%dT%H:%M:%SZ")
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<catalog xmlns=\"http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.2\">\n  \
         <service name=\"all\" serviceType=\"Compound\" base=\"\">\n    <service name=\"file\" serviceType=\"HTTPServer\" base=\"/thredds/fileServer/\"/>\n    <service name=\"odap\" serviceType=\"OpenDAP\" base=\"/thredds/dodsC/\"/>\n  </service>\n  \
         <dataset name=\"{path}\" ID=\"{path}\">\n    <metadata inherited=\"true\"><serviceName>all</serviceName></metadata>\n{rows}  </dataset>\n</catalog>\n"
    )
}

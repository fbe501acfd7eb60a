//! Any CF NetCDF or GRIB2 in a folder or below a bucket's prefix: what the listings of such places say. No cyclic feed:
//! nothing is known in advance of what comes there and when; the scheduler lists, and takes what is new.
//!
//! Three ways of listing are read: pages of S3's ListObjectsV2 (also of GCS and every compatible store), pages that Apache,
//! nginx and Python's server make of a folder, and catalogs of THREDDS. Listings are foreign text: their length, depth and
//! number of entries are bounded, documents with a type declaration (and thus entities of their own) are refused, and an
//! address outside of the listed folder is passed over. A name that could lead out of the folder that files are put in
//! makes no entry.
//!
//! Sources: Amazon S3 API reference, ListObjectsV2; the modules mod_autoindex and ngx_http_autoindex_module as they write
//! pages; THREDDS catalog specification 1.0.

mod autoindex;
mod bucket;
mod catalog;
mod entry;
mod xml;

pub use bucket::first_page;
pub(crate) use catalog::Catalog;
pub use entry::{Entry, EntryName, Marks, NotTaken};

use url::Url;

use crate::feed::PlanError;

/// Bytes beyond which a listing is not read: a page of 1000 keys has about 500 kB.
const MOST_BYTES: usize = 16 << 20;
/// Entries beyond which a listing is refused, all of its pages together.
pub(crate) const MOST_ENTRIES: usize = 100_000;

/// A listing, or one page of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Files, in the order of the listing.
    pub entries: Vec<Entry>,
    /// Files whose names or addresses are not to be trusted.
    pub not_taken: NotTaken,
    /// Addresses of listings of what lies deeper.
    pub folders: Vec<Url>,
    /// Address of the next page.
    pub next: Option<Url>,
}

impl Listed {
    /// One more entry, or one more that is not taken. What would be passed over under any name is not worth a word.
    fn add(&mut self, url: Url, name: &str, marks: Marks) -> Result<(), String> {
        bounded(&self.entries)?;
        match Entry::new(url, name, marks) {
            Ok(entry) => self.entries.push(entry),
            Err(reason) if may_be_forcing(name) => self.not_taken.add(reason),
            Err(_) => {}
        }
        Ok(())
    }
}

/// Reads the listing that was found at an address, whichever of the three kinds it is.
pub fn read(url: &Url, body: &str) -> Result<Listed, PlanError> {
    let read = if body.len() > MOST_BYTES {
        Err(format!("it has {} bytes, more than {MOST_BYTES}", body.len()))
    } else {
        match xml::root(body).as_deref() {
            Some("ListBucketResult") => bucket::read(url, body),
            Some("catalog") => catalog::read(url, body),
            Some("Error") => Err("the store answers with an error document".to_owned()),
            _ => autoindex::read(url, body),
        }
    };
    read.map_err(|reason| PlanError::Listing {
        url: url.clone(),
        reason,
    })
}

/// Whether a file of this name may be forcing.
pub fn may_be_forcing(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let endings = [".nc", ".nc4", ".cdf", ".grib2", ".grb2", ".grib", ".grb"];
    endings.iter().any(|ending| name.ends_with(ending))
}

/// The last segment of a path.
fn last_segment(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn bounded<T>(entries: &[T]) -> Result<(), String> {
    if entries.len() >= MOST_ENTRIES {
        return Err(format!("it has more than {MOST_ENTRIES} entries"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        let url = Url::parse("https://bucket.example/?list-type=2&prefix=a%2F").unwrap();
        read(&url, body).unwrap_err().to_string()
    }

    #[test]
    fn hostile_listings_are_refused_with_a_reason() {
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">]>\
                      <ListBucketResult><Contents><Key>&lol2;</Key></Contents></ListBucketResult>";
        assert!(refusal(laughs).contains("document type"), "{}", refusal(laughs));
        let entity = "<ListBucketResult><Contents><Key>&secret;</Key></Contents></ListBucketResult>";
        assert!(refusal(entity).contains("secret"), "{}", refusal(entity));
        let deep = format!("<ListBucketResult>{}", "<a>".repeat(100));
        assert!(refusal(&deep).contains("deep"), "{}", refusal(&deep));
        let huge = " ".repeat(MOST_BYTES + 1);
        assert!(refusal(&huge).contains("bytes"));
        for text in [
            "",
            "not found",
            "{\"error\": 1}",
            "<ListBucketResult><Contents><Key>a",
            "<a",
        ] {
            assert!(!refusal(text).is_empty(), "{text}");
        }
        let many = format!(
            "<ListBucketResult>{}",
            "<Contents><Key>a</Key></Contents>".repeat(MOST_ENTRIES + 1)
        );
        assert!(refusal(&many).contains("entries"));
    }

    #[test]
    fn names_that_lead_out_of_a_folder_are_taken_from_no_kind_of_listing() {
        let page = "<a href=\"..%2F..%2Fescaped.nc\">x</a><a href=\"%2Ftmp%2Fabs.nc\">x</a><a href=\"a%00.nc\">x</a>\
                    <a href=\"a.nc\">x</a>";
        let bucket = "<ListBucketResult><Contents><Key>p/..\\..\\escaped.nc</Key></Contents>\
                      <Contents><Key>p/..nc</Key></Contents><Contents><Key>p/a&#10;.nc</Key></Contents>\
                      <Contents><Key>p/a.nc</Key></Contents></ListBucketResult>";
        let catalog = "<catalog><service serviceType=\"HTTPServer\" base=\"/files/\"/><dataset urlPath=\"p/..\\a.nc\"/>\
                       <dataset urlPath=\"p/..nc\"/><dataset urlPath=\"p/.hidden.nc\"/><dataset urlPath=\"p/a.nc\"/></catalog>";
        for body in [page, bucket, catalog] {
            let url = Url::parse("https://files.example/p/").unwrap();
            let listed = read(&url, body).unwrap();
            let names: Vec<&str> = listed.entries.iter().map(|entry| entry.name.as_str()).collect();
            assert_eq!((names, listed.not_taken.count), (vec!["a.nc"], 3), "{body}");
            assert!(listed.not_taken.told().unwrap().starts_with("3 files (the name"));
        }
    }

    #[test]
    fn forcing_is_known_by_the_name() {
        assert!(may_be_forcing("a.NC") && may_be_forcing("x.grib2"));
        assert!(!may_be_forcing("x.grib2.idx") && !may_be_forcing("readme.html"));
    }
}

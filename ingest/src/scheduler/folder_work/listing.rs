//! What lies in a folder now: of this machine by its own means, elsewhere by its listing.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::path::Path;

use jiff::Timestamp;
use url::Url;

use super::SETTLED;
use crate::Error;
use crate::feed::PlanError;
use crate::feeds::files::{self, Entry, MOST_ENTRIES, Marks, NotTaken};
use crate::fetch::{Fetcher, Text};

/// Pages of a listing that are read.
const MOST_PAGES: usize = 1000;
/// Longest page of a listing that is read.
const MOST_PAGE_BYTES: u64 = 16 * 1024 * 1024;
/// Longest address of a next page, in bytes: it carries a token that the server makes up.
const MOST_ADDRESS_BYTES: usize = 16 * 1024;

/// What lies in a folder and may be forcing.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// Files with names that are not to be trusted, or that nothing can be learned of.
    pub(super) not_taken: NotTaken,
    /// Links to files elsewhere.
    pub(super) links: NotTaken,
}

/// All pages of a listing.
pub(super) async fn remote(fetcher: &Fetcher, first: &Url) -> Result<Listing, Error> {
    let refuse = |reason: String| {
        let url = first.clone();
        Err(Error::Plan(PlanError::Listing { url, reason }))
    };
    let (mut listing, mut seen, mut next) = (Listing::default(), BTreeSet::new(), Some(first.clone()));
    while let Some(url) = next.take() {
        if !seen.insert(url.clone()) {
            return refuse(format!("its page {} leads back to a page before", seen.len()));
        }
        if seen.len() > MOST_PAGES {
            return refuse(format!("it has more than {MOST_PAGES} pages"));
        }
        let Text::New { body, .. } = fetcher.text(&url, MOST_PAGE_BYTES, None).await? else {
            return refuse("a page of it did not come".to_owned());
        };
        let page = files::read(&url, &body).map_err(Error::Plan)?;
        listing.not_taken.join(page.not_taken);
        let forcing = page.entries.into_iter().filter(|one| files::may_be_forcing(&one.name));
        listing.entries.extend(forcing);
        if listing.entries.len() > MOST_ENTRIES {
            return refuse(format!("its pages have more than {MOST_ENTRIES} entries together"));
        }
        next = page.next;
        if next
            .as_ref()
            .is_some_and(|next| next.as_str().len() > MOST_ADDRESS_BYTES)
        {
            return refuse(format!("the address of its page {} is too long", seen.len() + 1));
        }
    }
    Ok(listing)
}

/// Regular files directly in a folder that have not changed for a while, in the order of their names.
pub(super) fn local(folder: &Path, now: Timestamp) -> Result<Listing, Error> {
    let read_error = |source: std::io::Error| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let folder = std::fs::canonicalize(folder).map_err(read_error)?;
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(&folder).map_err(read_error)? {
        let entry = entry.map_err(read_error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Programs that copy give a file its name last, and hide it before.
        if !files::may_be_forcing(&name) || name.starts_with('.') {
            continue;
        }
        if let Err(reason) = add(&mut listing, &entry, &name, now) {
            listing.not_taken.add(reason);
        }
    }
    listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

fn add(listing: &mut Listing, entry: &DirEntry, name: &str, now: Timestamp) -> Result<(), String> {
    let about = match entry.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        about => about.map_err(|error| format!("{name}: {error}"))?,
    };
    if about.is_symlink() {
        listing.links.add(name.to_owned());
    }
    let last_modified = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    // What is dated ahead of the clock is not waited for here: the look compares it with what it saw before.
    let settled = last_modified.is_none_or(|at| now.duration_since(at).abs() > SETTLED);
    if !about.is_file() || !settled {
        return Ok(());
    }
    let url = Url::from_file_path(entry.path()).map_err(|()| format!("{name}: its path is no address"))?;
    let marks = Marks {
        bytes: Some(about.len()),
        last_modified,
        etag: None,
    };
    listing.entries.push(Entry::new(url, name, marks)?);
    Ok(())
}

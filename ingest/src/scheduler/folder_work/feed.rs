//! A folder as the settings name it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use url::Url;

/// A folder whose files are forcing.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderFeed {
    /// Feed that the files become.
    pub name: String,
    /// Credit line; `None` for what the files say of themselves.
    pub attribution: Option<String>,
    pub(super) location: Location,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Location {
    Local(PathBuf),
    Remote(Url),
}

/// Why a setting names no folder.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FolderError(String);

impl FolderFeed {
    /// A folder's path, or the address of a listing.
    ///
    /// # Errors
    /// A sentence, where the name is no feed's name, or the location is empty or an address that cannot be listed.
    pub fn new(name: &str, location: &str, attribution: Option<String>) -> Result<Self, FolderError> {
        if let Some(violation) = driftline_store::feed_name_violation(name) {
            return Err(FolderError(violation));
        }
        Ok(Self {
            name: name.to_owned(),
            attribution,
            location: Location::new(location).map_err(|reason| FolderError(format!("{name}: {reason}")))?,
        })
    }

    /// All folders of the settings: name, location and credit line of each.
    ///
    /// # Errors
    /// The first that is no folder, and a name that is given twice: two folders of one name would clear away each
    /// other's files.
    pub fn all<'a>(
        folders: impl IntoIterator<Item = (&'a str, &'a str, Option<String>)>,
    ) -> Result<Vec<Self>, FolderError> {
        let (mut all, mut names) = (Vec::new(), BTreeSet::new());
        for (name, location, attribution) in folders {
            if !names.insert(name) {
                return Err(FolderError(format!(
                    "two folders are called '{name}'; each needs a name of its own, or put the files into one folder"
                )));
            }
            all.push(Self::new(name, location, attribution)?);
        }
        Ok(all)
    }
}

impl Location {
    fn new(location: &str) -> Result<Self, String> {
        if location.trim().is_empty() {
            return Err("the location is empty".to_owned());
        }
        match Url::parse(location) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self::Remote(url)),
            Ok(url) if location.contains("://") => Err(format!(
                "'{}' addresses are not read; a location is a path, or the http or https address of a listing",
                url.scheme()
            )),
            // A path may have a colon.
            _ => Ok(Self::Local(PathBuf::from(location))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(folders: &[(&str, &str)]) -> String {
        let folders = folders.iter().map(|(name, location)| (*name, *location, None));
        FolderFeed::all(folders).unwrap_err().to_string()
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_a_reason() {
        let twice = [("a", "/srv/a"), ("b", "/srv/b"), ("a", "https://a.example/")];
        assert!(refusal(&twice).contains("two folders are called 'a'"));
        assert!(refusal(&[("a", " ")]).contains("empty"));
        assert!(refusal(&[("a", "s3://bucket/a")]).contains("'s3'"));
        assert!(refusal(&[("../a", "/srv/a")]).contains("feed name"));
        assert!(refusal(&[("", "/srv/a")]).contains("feed name"));
    }

    #[test]
    fn a_path_and_an_address_are_told_apart() {
        let folders = [("a", "/srv/a:b", None), ("b", "HTTP://a.example/b/", None)];
        let all = FolderFeed::all(folders).unwrap();
        assert_eq!(all[0].location, Location::Local(PathBuf::from("/srv/a:b")));
        assert!(matches!(&all[1].location, Location::Remote(url) if url.as_str() == "http://a.example/b/"));
    }
}

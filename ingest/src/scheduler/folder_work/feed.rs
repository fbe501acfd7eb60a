//! A folder as the settings name it.

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
            location: Location::new(location).map_err(FolderError)?,
        })
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

    fn refusal(name: &str, location: &str) -> String {
        FolderFeed::new(name, location, None).unwrap_err().to_string()
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_a_reason() {
        assert!(refusal("a", " ").contains("empty"));
        assert!(refusal("a", "s3://bucket/a").contains("'s3'"));
        assert!(refusal("../a", "/srv/a").contains("feed name"));
        assert!(refusal("", "/srv/a").contains("feed name"));
    }

    #[test]
    fn a_path_and_an_address_are_told_apart() {
        let location = |location| FolderFeed::new("a", location, None).unwrap().location;
        assert_eq!(location("/srv/a:b"), Location::Local(PathBuf::from("/srv/a:b")));
        assert!(
            matches!(location("HTTP://a.example/b/"), Location::Remote(url) if url.as_str() == "http://a.example/b/")
        );
    }
}

//! Files of observations: `observations/<kind>/<dataset>/<sha256>.parquet`, created whole, durably and once.
//!
//! A file is named after its own content: the same content again is the same file, nothing is ever overwritten, and
//! what is read is compared with its name. What the files say is known to those who make them, not here.

use bytes::Bytes;
use jiff::Timestamp;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use crate::{Error, Objects, feed_name_violation};

const PREFIX: &str = "observations";
const SUFFIX: &str = ".parquet";

/// One stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationFile {
    /// What is observed: `buoys`.
    pub kind: String,
    /// The data set that it belongs to.
    pub dataset: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// Access to observations.
#[derive(Clone)]
pub struct Observations {
    objects: Objects,
}

impl ObservationFile {
    /// Path of the object in the store.
    pub fn path(&self) -> String {
        path_of(&self.kind, &self.dataset, &self.sha256)
    }

    fn parse(path: &Path, stored_at: Timestamp) -> Option<Self> {
        let parts: Vec<String> = path.parts().map(|part| part.as_ref().to_owned()).collect();
        let [prefix, kind, dataset, file] = parts.as_slice() else {
            return None;
        };
        let sha256 = file.strip_suffix(SUFFIX)?;
        let is_ours = prefix == PREFIX && sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        is_ours.then(|| Self {
            kind: kind.clone(),
            dataset: dataset.clone(),
            sha256: sha256.to_owned(),
            stored_at,
        })
    }
}

impl Observations {
    pub(crate) fn new(objects: Objects) -> Self {
        Self { objects }
    }

    /// Stores a file durably; false when the data set holds the very same already, and then nothing is written.
    pub async fn create(&self, kind: &str, dataset: &str, bytes: Bytes) -> Result<(ObservationFile, bool), Error> {
        for name in [kind, dataset] {
            if let Some(violation) = feed_name_violation(name) {
                return Err(Error::Rejected(violation.replace("feed name", "data set name")));
            }
        }
        let sha256 = digest(&bytes);
        let path = Path::from(path_of(kind, dataset, &sha256));
        let known = self.list(kind).await?;
        if let Some(same) = known.into_iter().find(|file| file.path() == path.as_ref()) {
            return Ok((same, false));
        }
        let is_new = self.objects.create_durably(&path, bytes).await?;
        let stored = self
            .list(kind)
            .await?
            .into_iter()
            .find(|file| file.path() == path.as_ref());
        let stored = stored.ok_or_else(|| Error::NotFound(path.to_string()))?;
        Ok((stored, is_new))
    }

    /// The files of a kind, data set by data set, the oldest first.
    pub async fn list(&self, kind: &str) -> Result<Vec<ObservationFile>, Error> {
        let prefix = Path::from(format!("{PREFIX}/{kind}"));
        let found = self.objects.list_with_times(&prefix).await?;
        let files = found
            .iter()
            .filter_map(|(path, time)| ObservationFile::parse(path, *time));
        let mut files: Vec<ObservationFile> = files.collect();
        files.sort_by(|a, b| {
            let order = a.dataset.cmp(&b.dataset).then(a.stored_at.cmp(&b.stored_at));
            order.then_with(|| a.sha256.cmp(&b.sha256))
        });
        Ok(files)
    }

    /// The bytes of a file, compared with its name.
    pub async fn read(&self, file: &ObservationFile) -> Result<Bytes, Error> {
        let path = Path::from(file.path());
        let bytes = self.objects.get(&path).await?;
        let found = digest(&bytes);
        if found != file.sha256 {
            return Err(Error::Damaged {
                object: path.to_string(),
                reason: format!("its SHA-256 is {found}"),
            });
        }
        Ok(bytes)
    }
}

fn path_of(kind: &str, dataset: &str, sha256: &str) -> String {
    format!("{PREFIX}/{kind}/{dataset}/{sha256}{SUFFIX}")
}

fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_content_is_stored_once_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let observations = Observations::new(Objects::open_local(folder.path()).await.unwrap());
        let (file, is_new) = observations
            .create("buoys", "barents", Bytes::from_static(b"one"))
            .await
            .unwrap();
        assert!(is_new);
        let again = observations
            .create("buoys", "barents", Bytes::from_static(b"one"))
            .await
            .unwrap();
        assert_eq!(again, (file.clone(), false));
        let (other, _) = observations
            .create("buoys", "baltic", Bytes::from_static(b"two"))
            .await
            .unwrap();
        assert_eq!(observations.list("buoys").await.unwrap(), [other, file.clone()]);
        assert_eq!(observations.read(&file).await.unwrap(), "one");
        std::fs::write(folder.path().join(file.path()), b"onf").unwrap();
        let error = observations.read(&file).await.unwrap_err().to_string();
        assert!(error.contains(&file.path()) && error.contains("SHA-256"), "{error}");
    }

    #[tokio::test]
    async fn a_name_that_would_leave_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let observations = Observations::new(Objects::open_local(folder.path()).await.unwrap());
        let error = observations
            .create("buoys", "../forcing", Bytes::new())
            .await
            .unwrap_err();
        assert!(error.to_string().starts_with("data set name '../forcing'"), "{error}");
        assert!(observations.list("buoys").await.unwrap().is_empty());
    }
}

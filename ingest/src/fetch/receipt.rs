//! The receipt of a fetched file, `<file>.receipt`: where its bytes came from. It is there before the file has its name, so
//! that a file under its name is never without one.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reqwest::Url;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::disk;
use super::part::hex;
use super::{FetchError, Received, Validator};

/// Where the receipt of a file lies.
pub fn receipt_path(file: &Path) -> PathBuf {
    file.with_added_extension("receipt")
}

/// Writes the receipt of a file that is about to get its name; it survives a power cut.
pub(super) async fn write_receipt(destination: &Path, received: &Received) -> Result<(), FetchError> {
    let path = receipt_path(destination);
    let staged = path.with_added_extension("new");
    let text = serde_json::to_vec(received)
        .map_err(std::io::Error::other)
        .map_err(disk("write", &path))?;
    let mut file = File::create(&staged).await.map_err(disk("create", &staged))?;
    file.write_all(&text).await.map_err(disk("write", &staged))?;
    file.sync_all().await.map_err(disk("sync", &staged))?;
    tokio::fs::rename(&staged, &path).await.map_err(disk("rename", &staged))
}

/// Copies a file of this machine as if it had been fetched.
pub async fn local_copy(source: &Path, destination: &Path) -> Result<Received, FetchError> {
    let modified = tokio::fs::metadata(source)
        .await
        .and_then(|about| about.modified())
        .map_err(disk("read", source))?;
    let url = Url::from_file_path(source).map_err(|()| FetchError::Unaskable {
        url: source.display().to_string(),
        reason: "a file must be named by its absolute path".to_owned(),
    })?;
    let (bytes, sha256) = copy(source, &destination.with_added_extension("part")).await?;
    let received = Received {
        url,
        ranges: Vec::new(),
        validator: Validator {
            etag: None,
            last_modified: Timestamp::try_from(modified).ok(),
        },
        bytes,
        sha256,
        fetched_at: Timestamp::now(),
        resumed_from: 0,
        requests: 0,
    };
    write_receipt(destination, &received).await?;
    let part = destination.with_added_extension("part");
    tokio::fs::rename(&part, destination)
        .await
        .map_err(disk("rename", &part))?;
    Ok(received)
}

async fn copy(source: &Path, destination: &Path) -> Result<(u64, String), FetchError> {
    let mut from = File::open(source).await.map_err(disk("open", source))?;
    let mut to = File::create(destination).await.map_err(disk("create", destination))?;
    let (mut hasher, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let count = from.read(&mut buffer).await.map_err(disk("read", source))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
        to.write_all(&buffer[..count])
            .await
            .map_err(disk("write", destination))?;
    }
    to.sync_all().await.map_err(disk("sync", destination))?;
    Ok((bytes, hex(&hasher.finalize())))
}

//! The usage log's segments of every node whose log lies in this data directory.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;

use super::files;

/// Copies segments as they are now. One that goes meanwhile is in the ledger; the last one of a log may end within a record that
/// nobody has been told of, which is cut off when the log is opened. Returns how many.
pub(crate) fn copy(from: &Path, into: &Path) -> anyhow::Result<usize> {
    files::ensure_folder(into)?;
    let is_no_segment = |below: &Path| {
        let is_node = below.components().count() == 1;
        !is_node && below.extension().is_none_or(|extension| extension != "log")
    };
    let mut count = 0;
    let mut folders = vec![into.to_owned()];
    for found in files::walk(from, &is_no_segment)? {
        let target = into.join(&found.below);
        if found.is_folder {
            files::ensure_folder(&target)?;
            folders.push(target);
            continue;
        }
        let source = from.join(&found.below);
        let bytes = match std::fs::read(&source) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", source.display())),
        };
        files::write_new(&target, &bytes)?;
        count += 1;
    }
    folders.iter().try_for_each(|folder| files::sync_folder(folder))?;
    Ok(count)
}

/// The nodes whose segments lie in a folder.
pub(crate) fn nodes(folder: &Path) -> anyhow::Result<Vec<String>> {
    let only_nodes = |below: &Path| below.components().count() > 1;
    let found = files::walk(folder, &only_nodes)?;
    let folders = found.iter().filter(|found| found.is_folder);
    Ok(folders.map(|found| found.below.display().to_string()).collect())
}

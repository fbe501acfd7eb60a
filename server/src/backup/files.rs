//! Files of a backup: whole, synced, their owner's alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Creates a folder that must not exist; the one above it must.
pub(crate) fn create_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("cannot create {}", folder.display()))
}

/// Creates a folder where it is not there.
pub(crate) fn ensure_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() { Ok(()) } else { create_folder(folder) }
}

pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file into one that must not exist, and syncs it. Returns its length.
pub(crate) fn copy_file(from: &Path, into: &Path) -> anyhow::Result<u64> {
    let mut source = File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
    let mut target = new_file(into)?;
    let bytes = std::io::copy(&mut source, &mut target)
        .with_context(|| format!("cannot copy {} to {}", from.display(), into.display()))?;
    target
        .sync_all()
        .with_context(|| format!("cannot sync {}", into.display()))?;
    Ok(bytes)
}

/// Gives a file that nobody changes a second name, or copies it where the file system cannot. Returns its length.
pub(crate) fn link_or_copy(from: &Path, into: &Path) -> anyhow::Result<u64> {
    match std::fs::hard_link(from, into) {
        Ok(()) => Ok(std::fs::metadata(into)
            .with_context(|| format!("cannot look at {}", into.display()))?
            .len()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read {}", from.display()))
        }
        Err(_) => copy_file(from, into),
    }
}

pub(crate) fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync {}", folder.display()))
}

fn new_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// A file of a folder tree, by its path below the root.
pub(crate) struct Found {
    pub(crate) below: PathBuf,
    pub(crate) is_folder: bool,
}

/// Everything below a folder, folders before what they hold; what is neither file nor folder is refused. Nothing where the folder
/// is not there. `skip` sees paths below the root.
pub(crate) fn walk(root: &Path, skip: &dyn Fn(&Path) -> bool) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot list {}", root.join(&folder).display())),
        };
        for entry in entries {
            let entry = entry?;
            let below = folder.join(entry.file_name());
            if skip(&below) {
                continue;
            }
            let kind = entry.file_type()?;
            if !kind.is_dir() && !kind.is_file() {
                bail!("{} is neither a file nor a folder", entry.path().display());
            }
            if kind.is_dir() {
                open.push(below.clone());
            }
            found.push(Found {
                below,
                is_folder: kind.is_dir(),
            });
        }
    }
    found.sort_by(|a, b| a.below.cmp(&b.below));
    Ok(found)
}

/// What lies in a data directory beside database, objects, usage, spool and what only a running process needs.
pub(crate) fn is_named_elsewhere(below: &Path) -> bool {
    let mut parts = below.components();
    let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let is_deeper = parts.next().is_some();
    let Some(first) = first else { return true };
    let is_database = first.starts_with("driftline.sqlite");
    let is_lock = first.ends_with(".lock") && !is_deeper;
    let is_home = first == "home" || first.starts_with("home.");
    is_database || is_lock || is_home || ["objects", "usage", "spool"].contains(&first.as_str())
}

/// Copies everything that `skip` does not pass over. Returns how many files.
pub(crate) fn copy_tree(from: &Path, into: &Path, skip: &dyn Fn(&Path) -> bool) -> anyhow::Result<usize> {
    ensure_folder(into)?;
    let mut count = 0;
    let mut folders = vec![into.to_owned()];
    for found in walk(from, skip)? {
        let target = into.join(&found.below);
        if found.is_folder {
            ensure_folder(&target)?;
            folders.push(target);
        } else {
            copy_file(&from.join(&found.below), &target)?;
            count += 1;
        }
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_place_of_its_own_is_told_from_what_has_none() {
        for name in [
            "driftline.sqlite",
            "driftline.sqlite-wal",
            "node-1.lock",
            "home",
            "objects/a/b",
            "usage/node-1/1.log",
            "spool",
        ] {
            assert!(is_named_elsewhere(Path::new(name)), "{name}");
        }
        for name in ["cot/ca.pem", "master.key", "cot/x.lock"] {
            assert!(!is_named_elsewhere(Path::new(name)), "{name}");
        }
    }
}

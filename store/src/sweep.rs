//! Removes what ingests that were killed have left behind: objects that no manifest names, staged objects, and the
//! temporary files of puts that were cut off. What is younger than the caller's bound is left: its writer may live.
//!
//! Age is counted by the store's own clock: on a machine whose clock runs ahead, the work of a living ingest on another
//! one would be old.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path as FsPath;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;
use uuid::Uuid;

use crate::objects::{STAGING, local};
use crate::{Error, Store};

/// How long what nobody names may be the work of a living ingest.
pub const ORPHAN_AGE: SignedDuration = SignedDuration::from_hours(24);

/// Where forcing lies.
pub(crate) const FORCING: &str = "forcing";

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Prefixes of forcing that no manifest names.
    pub prefixes: usize,
    /// Staged objects.
    pub staged: usize,
    /// Temporary files of the object store, and folders without a file.
    pub temporaries: usize,
}

impl Store {
    /// Removes leftovers of ingests that ended before they published, where everything about them is older than a
    /// bound, by this machine's clock and by the store's. Never what a manifest names, in whatever revision; while a
    /// manifest is damaged or missing, nobody knows what it names, and no forcing is removed at all.
    pub async fn sweep_orphans(&self, older_than: SignedDuration, now: Timestamp) -> Result<Swept, Error> {
        let before = now.min(self.time_of_store().await?) - older_than;
        let swept = Swept {
            prefixes: self.sweep_forcing(before).await?,
            staged: self.sweep_staging(before).await?,
            temporaries: match self.objects.local_root() {
                Some(root) => sweep_temporaries(root, before).await?,
                None => 0,
            },
        };
        if swept != Swept::default() {
            tracing::info!(?swept, "removed what unfinished ingests had left behind");
        }
        Ok(swept)
    }

    /// What time it is by the clock that dates objects. An object without content finds room where nothing else does, and
    /// a sweep makes some.
    pub(crate) async fn time_of_store(&self) -> Result<Timestamp, Error> {
        let probe = Path::from(format!("{STAGING}/clock-{}", Uuid::now_v7().simple()));
        self.objects.put_new(&probe, Bytes::new()).await?;
        let written = self.objects.last_written(&probe).await;
        self.objects.delete(&probe).await?;
        written
    }

    /// Whether something can be put into the store now: more than nothing, since an object without content finds room on a
    /// full disk.
    pub async fn check_writable(&self) -> Result<(), Error> {
        let probe = Path::from(format!("{STAGING}/writable-{}", Uuid::now_v7().simple()));
        self.objects.put_new(&probe, Bytes::from_static(&[0; 4096])).await?;
        self.objects.delete(&probe).await
    }

    async fn sweep_forcing(&self, before: Timestamp) -> Result<usize, Error> {
        let mut orphans = self.old_prefixes(&Path::from(FORCING), before).await?;
        // The manifests are read after the objects were listed: what was published in between is seen as named.
        let catalog = self.catalog().await?;
        orphans.retain(|prefix| !catalog.names(prefix));
        let mut removed = 0;
        for prefix in &orphans {
            // To remove the ones before may have taken long: its writer may have gone on, or published.
            let path = Path::from(prefix.as_str());
            let is_old = self.old_prefixes(&path, before).await?.contains(prefix);
            let catalog = self.catalog().await?;
            if !catalog.is_complete() {
                tracing::warn!(
                    prefixes = orphans.len() - removed,
                    "objects that no manifest names are kept: a manifest that is damaged or missing may name them"
                );
                break;
            }
            if is_old && !catalog.names(prefix) {
                self.objects.delete_tree(&path).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The prefixes of writers, below a prefix or the prefix itself, of which every object is older than this.
    async fn old_prefixes(&self, below: &Path, before: Timestamp) -> Result<BTreeSet<String>, Error> {
        let mut newest: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (path, written) in self.objects.list_with_times(below).await? {
            if let Some(prefix) = prefix_of(&path) {
                let newest = newest.entry(prefix).or_insert(written);
                *newest = written.max(*newest);
            }
        }
        newest.retain(|_, written| *written < before);
        Ok(newest.into_keys().collect())
    }

    async fn sweep_staging(&self, before: Timestamp) -> Result<usize, Error> {
        let mut removed = 0;
        for (path, written) in self.objects.list_with_times(&Path::from(STAGING)).await? {
            if written < before {
                self.objects.delete(&path).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// `forcing/<feed>/<run>/<writer>` of an object below it; `None` for anything that no publisher writes.
fn prefix_of(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.parts().take(5).collect();
    let [forcing, feed, run, writer, _below] = parts.as_slice() else {
        return None;
    };
    let (forcing, feed, run, writer) = (forcing.as_ref(), feed.as_ref(), run.as_ref(), writer.as_ref());
    let is_writer = writer.len() == 32 && writer.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_writer.then(|| format!("{forcing}/{feed}/{run}/{writer}"))
}

/// Removes the files that a put of `object_store` writes before it gives them their name; it never lists them itself.
/// Then the folders of writers that are empty.
async fn sweep_temporaries(root: &FsPath, before: Timestamp) -> Result<usize, Error> {
    let (mut folders, mut seen, mut removed) = (vec![root.to_path_buf()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        let Some(mut entries) = unless_gone(tokio::fs::read_dir(&folder).await, "list", &folder)? else {
            continue;
        };
        while let Some(entry) = entries.next_entry().await.map_err(local("list", &folder))? {
            let (path, kind) = (
                entry.path(),
                entry.file_type().await.map_err(local("look at", &folder))?,
            );
            let of_a_writer = kind.is_dir() && path.strip_prefix(root).is_ok_and(is_of_a_writer);
            let temporary = kind.is_file() && is_temporary(&path);
            if (of_a_writer || temporary) && is_old_file(&path, before).await? {
                if temporary {
                    let gone = unless_gone(tokio::fs::remove_file(&path).await, "remove", &path)?;
                    removed += usize::from(gone.is_some());
                } else {
                    seen.push(path.clone());
                }
            }
            if kind.is_dir() {
                folders.push(path);
            }
        }
    }
    // Folders were seen from above; from below, one that holds empty ones only is empty when its turn comes. The
    // system removes no folder that holds anything.
    for folder in seen.iter().rev() {
        removed += usize::from(tokio::fs::remove_dir(folder).await.is_ok());
    }
    Ok(removed)
}

async fn is_old_file(path: &FsPath, before: Timestamp) -> Result<bool, Error> {
    let about = unless_gone(tokio::fs::symlink_metadata(path).await, "look at", path)?;
    let written = about.and_then(|about| Timestamp::try_from(about.modified().ok()?).ok());
    Ok(written.is_some_and(|written| written < before))
}

/// `<name>#<number>`; the names of objects hold no `#`.
fn is_temporary(path: &FsPath) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let number = name.rsplit_once('#').map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a folder below the root is one writer's alone: its prefix or below that.
fn is_of_a_writer(folder: &FsPath) -> bool {
    folder.starts_with(FORCING) && prefix_of(&Path::from(format!("{}/x", folder.display()))).is_some()
}

/// What others remove at the same time is nobody's fault.
fn unless_gone<T>(found: std::io::Result<T>, action: &'static str, path: &FsPath) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(local(action, path)(error)),
    }
}

//! `object_store` with the durability that it lacks locally: its put neither syncs the file nor its folders.
//!
//! On a local folder `put_new` leaves bytes in the page cache and `sync` makes files and every folder above them
//! survive a power cut; on other stores a put that returned is durable and `sync` does nothing. There an answer may be
//! lost on the way: `put_new` and `create_durably` then look whether what is stored is what they were to store. Local
//! folders are created for their owner alone: what is stored tells where missing persons are.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart,
};
use uuid::Uuid;

use crate::failures::{self, Cause};
use crate::{Error, Location};

/// Where objects lie that are about to get their name.
pub(crate) const STAGING: &str = "staging";

/// Larger objects travel to a remote store in parts of this size, in bytes: one request is never long.
pub(crate) const PART: usize = 8 * 1024 * 1024;
/// How often an object is put whose answer was lost or told of a passing failure; the store's client has repeated each
/// request before that.
const CREATE_ATTEMPTS: u32 = 3;
/// Pause before the second attempt; the next one is twice as long.
const CREATE_PAUSE: Duration = Duration::from_millis(500);

/// An object store and, where it is a local folder, that folder.
#[derive(Clone)]
pub struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) local_root: Option<Arc<PathBuf>>,
    /// For people.
    pub(crate) name: Arc<str>,
}

impl Objects {
    /// Opens a local folder as object store, creating it durably when it is not there.
    pub async fn open_local(root: &FsPath) -> Result<Self, Error> {
        create_folders_durably(root).await?;
        let root = tokio::fs::canonicalize(root).await.map_err(local("resolve", root))?;
        let store = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self {
            store: Arc::new(store),
            name: root.display().to_string().into(),
            local_root: Some(Arc::new(root)),
        })
    }

    /// Opens a location; a bucket is not asked anything yet.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        match location {
            Location::Folder(root) => Self::open_local(root).await,
            Location::S3(location) => Ok(Self {
                store: location.client()?,
                local_root: None,
                name: location.name().into(),
            }),
        }
    }

    /// Any other object store, whose puts are durable once they return.
    pub fn remote(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            name: store.to_string().into(),
            store,
            local_root: None,
        }
    }

    /// Whether objects lie on another machine: a request takes time, and several at once take no longer.
    pub(crate) fn is_remote(&self) -> bool {
        self.local_root.is_none()
    }

    /// Puts an object that must not exist yet. Durable only after `sync`.
    pub async fn put_new(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        if !self.is_remote() {
            return Ok(self.put_once(path, bytes).await?);
        }
        match self.create_remotely(path, bytes).await? {
            true => Ok(()),
            false => Err(Error::Taken(path.to_string())),
        }
    }

    pub(crate) async fn put_once(&self, path: &Path, bytes: Bytes) -> object_store::Result<()> {
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        self.store.put_opts(path, bytes.into(), options).await.map(drop)
    }

    /// Puts an object whose name is its writer's alone and which may be large. Durable only after `sync`.
    pub(crate) async fn put_own(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        if !self.is_remote() || bytes.len() <= 2 * PART {
            return self.put_new(path, bytes).await;
        }
        let mut upload = WriteMultipart::new_with_chunk_size(self.store.put_multipart(path).await?, PART);
        upload.put(bytes.clone());
        match upload.finish().await {
            Ok(_) => Ok(()),
            // The answer to the last request may have been lost.
            Err(_) if self.holds(path, &bytes).await.unwrap_or(false) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Another name for an object that nobody changes, by the store's own means. Durable only after `sync`.
    pub(crate) async fn copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        self.store.copy(from, to).await.map_err(not_found(from))
    }

    /// Makes these objects survive a power cut: each file, then every folder on the way to it.
    pub async fn sync(&self, paths: &[Path]) -> Result<(), Error> {
        let Some(root) = self.local_root.as_deref() else {
            return Ok(());
        };
        let mut folders = BTreeSet::new();
        for path in paths {
            let file = root.join(path.as_ref());
            sync_path(&file).await?;
            let above = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
            folders.extend(above.map(FsPath::to_path_buf));
        }
        for folder in folders.iter().rev() {
            sync_path(folder).await?;
        }
        Ok(())
    }

    /// Creates an object whole and durably, or tells that another one exists: after a power cut it is there in full or
    /// not at all. Locally the bytes are synced under another name first, since a name can become durable before its
    /// bytes. On a remote store an object with these very bytes counts as created: it is what a lost answer leaves
    /// behind. Who must be the only one to create it puts something of his own into it.
    pub async fn create_durably(&self, path: &Path, bytes: Bytes) -> Result<bool, Error> {
        if self.is_remote() {
            return self.create_remotely(path, bytes).await;
        }
        self.create_by_link(path, bytes).await
    }

    /// Puts until the store has answered with certainty: created, or taken by other bytes. A put that failed may have
    /// taken effect, so that the name, once taken, is looked at before anybody is told that another was quicker.
    async fn create_remotely(&self, path: &Path, bytes: Bytes) -> Result<bool, Error> {
        let (mut attempt, mut pause) = (1, CREATE_PAUSE);
        loop {
            let failure = match self.put_once(path, bytes.clone()).await {
                Ok(()) => return Ok(true),
                Err(error) => error,
            };
            let is_taken = matches!(failure, object_store::Error::AlreadyExists { .. });
            if !is_taken && !Cause::of(&failure).is_uncertain() {
                return Err(failure.into());
            }
            if is_taken || attempt == CREATE_ATTEMPTS {
                match self.holds(path, &bytes).await {
                    Ok(is_ours) => return Ok(is_ours),
                    // Two puts at the same moment can make a service tell both of a conflict, and keep neither.
                    Err(Error::NotFound(_)) if attempt < CREATE_ATTEMPTS => {}
                    Err(_) => return Err(failure.into()),
                }
            }
            tracing::warn!(object = %path, attempt, cause = failures::told(&failure), "putting an object again");
            tokio::time::sleep(pause).await;
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }

    /// Puts an object in place of what was there: for hints that may be lost or overtaken, never for data.
    pub(crate) async fn replace(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        self.store.put(path, bytes.into()).await?;
        Ok(())
    }

    /// Whether an object has these bytes.
    async fn holds(&self, path: &Path, bytes: &Bytes) -> Result<bool, Error> {
        Ok(self.get(path).await? == *bytes)
    }

    async fn create_by_link(&self, path: &Path, bytes: Bytes) -> Result<bool, Error> {
        let staging = Path::from(format!("{STAGING}/{}", Uuid::now_v7().simple()));
        self.put_new(&staging, bytes).await?;
        let created = self.link_durably(&staging, path).await;
        // Whatever became of the object, it does not hang on its second name; a sweep removes that later.
        if let Err(error) = self.store.delete(&staging).await {
            tracing::warn!(object = %staging, cause = %error, "a staged object could not be deleted");
        }
        created
    }

    async fn link_durably(&self, staging: &Path, path: &Path) -> Result<bool, Error> {
        self.sync(std::slice::from_ref(staging)).await?;
        match self.store.copy_if_not_exists(staging, path).await {
            Ok(()) => {
                self.sync(std::slice::from_ref(path)).await?;
                Ok(true)
            }
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An object's bytes.
    pub async fn get(&self, path: &Path) -> Result<Bytes, Error> {
        let found = self.store.get(path).await.map_err(not_found(path))?;
        Ok(found.bytes().await?)
    }

    /// Parts of an object.
    pub(crate) async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, Error> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        self.store.get_ranges(path, ranges).await.map_err(not_found(path))
    }

    /// The last bytes of an object, fewer where it is shorter, and its whole length.
    pub(crate) async fn get_end(&self, path: &Path, count: u64) -> Result<(Bytes, u64), Error> {
        let options = GetOptions::new().with_range(Some(GetRange::Suffix(count)));
        let found = self.store.get_opts(path, options).await.map_err(not_found(path))?;
        let size = found.meta.size;
        Ok((found.bytes().await?, size))
    }

    /// An object's length and its bytes in pieces.
    pub(crate) async fn stream(&self, path: &Path) -> Result<(u64, BoxStream<'static, Result<Bytes, Error>>), Error> {
        let found = self.store.get(path).await.map_err(not_found(path))?;
        let size = found.meta.size;
        Ok((size, found.into_stream().map_err(Error::from).boxed()))
    }

    /// Length of an object in bytes.
    pub(crate) async fn size(&self, path: &Path) -> Result<u64, Error> {
        Ok(self.store.head(path).await.map_err(not_found(path))?.size)
    }

    /// Objects under a prefix that come after a name, in order.
    pub async fn list_after(&self, prefix: &Path, after: Option<&Path>) -> Result<Vec<Path>, Error> {
        let found = match after {
            Some(after) => self.store.list_with_offset(Some(prefix), after),
            None => self.store.list(Some(prefix)),
        };
        let mut paths: Vec<Path> = found.map_ok(|object| object.location).try_collect().await?;
        paths.sort();
        Ok(paths)
    }

    /// Objects under a prefix and the length of each in bytes.
    pub(crate) async fn list_sizes(&self, prefix: &Path) -> Result<BTreeMap<Path, u64>, Error> {
        let found = self.store.list(Some(prefix));
        let sized = found.map_ok(|object| (object.location, object.size));
        Ok(sized.try_collect().await?)
    }

    /// Objects under a prefix and when each was last written.
    pub(crate) async fn list_with_times(&self, prefix: &Path) -> Result<Vec<(Path, Timestamp)>, Error> {
        let found: Vec<ObjectMeta> = self.store.list(Some(prefix)).try_collect().await?;
        let timed = found.into_iter().map(|object| {
            let written = moment(&object);
            (object.location, written)
        });
        Ok(timed.collect())
    }

    /// Objects under a prefix and when each was last written, one after the other: for prefixes that hold very many.
    pub(crate) fn stream_with_times(&self, prefix: &Path) -> BoxStream<'static, Result<(Path, Timestamp), Error>> {
        let found = self.store.list(Some(prefix));
        let timed = found.map_ok(|object| {
            let written = moment(&object);
            (object.location, written)
        });
        timed.map_err(Error::from).boxed()
    }

    /// When an object was last written, by the store's clock.
    pub(crate) async fn last_written(&self, path: &Path) -> Result<Timestamp, Error> {
        let about = self.store.head(path).await.map_err(not_found(path))?;
        Ok(moment(&about))
    }

    /// Deletes one object; that it is gone already is fine.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), Error> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes every object under a prefix; what is gone already is fine.
    pub async fn delete_all(&self, prefix: &Path) -> Result<usize, Error> {
        let paths = self.list_after(prefix, None).await?;
        let count = paths.len();
        // A remote store takes many names at once.
        let mut deleted = self.store.delete_stream(stream::iter(paths).map(Ok).boxed());
        while let Some(one) = deleted.next().await {
            match one {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(count)
    }

    /// Deletes every object under a prefix that nobody writes to any more and, locally, what an object store does not
    /// list: its folders and the temporary files of puts that were cut off.
    pub(crate) async fn delete_tree(&self, prefix: &Path) -> Result<(), Error> {
        self.delete_all(prefix).await?;
        let Some(root) = self.local_root.as_deref() else {
            return Ok(());
        };
        let folder = root.join(prefix.as_ref());
        match tokio::fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(local("remove", &folder)(error)),
            _ => Ok(()),
        }
    }

    /// The local folder, if this is one.
    pub(crate) fn local_root(&self) -> Option<&FsPath> {
        self.local_root.as_deref().map(PathBuf::as_path)
    }
}

/// When an object was last written. A time beyond all calendars counts as new: nobody removes what he cannot date.
fn moment(object: &ObjectMeta) -> Timestamp {
    Timestamp::from_millisecond(object.last_modified.timestamp_millis()).unwrap_or(Timestamp::MAX)
}

fn not_found(path: &Path) -> impl FnOnce(object_store::Error) -> Error {
    move |error| match error {
        object_store::Error::NotFound { .. } => Error::NotFound(path.to_string()),
        other => other.into(),
    }
}

/// Creates folders that their owner alone may enter.
fn owners_only() -> tokio::fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a matter of unix"))]
    let mut builder = tokio::fs::DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder
}

/// Creates a folder and those above it, syncing each folder that got a new entry.
async fn create_folders_durably(root: &FsPath) -> Result<(), Error> {
    let missing: Vec<&FsPath> = root
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    for folder in missing.iter().rev() {
        match owners_only().create(folder).await {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(local("create", folder)(error)),
            _ => {}
        }
        let above = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(FsPath::new("."));
        sync_path(above).await?;
    }
    Ok(())
}

async fn sync_path(path: &FsPath) -> Result<(), Error> {
    let file = tokio::fs::File::open(path)
        .await
        .map_err(local("open for syncing", path))?;
    file.sync_all().await.map_err(local("sync", path))
}

pub(crate) fn local(action: &'static str, path: &FsPath) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Local { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::undeletable::Undeletable;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn create_is_exclusive_locally_and_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let local = Objects::open_local(&dir.path().join("a/b")).await.unwrap();
        for objects in [local, Objects::remote(Arc::new(InMemory::new()))] {
            objects.refuse_if_unfit().await.unwrap();
            let path = Path::from("m/0001.json");
            assert!(objects.create_durably(&path, Bytes::from_static(b"one")).await.unwrap());
            assert!(!objects.create_durably(&path, Bytes::from_static(b"two")).await.unwrap());
            assert_eq!(objects.get(&path).await.unwrap(), "one");
            assert_eq!(objects.list_after(&Path::from("staging"), None).await.unwrap(), []);
            assert!(matches!(
                objects.get(&Path::from("m/none")).await,
                Err(Error::NotFound(_))
            ));
        }
    }

    #[tokio::test]
    async fn a_staged_object_that_cannot_be_deleted_spoils_no_creation() {
        let dir = tempfile::tempdir().unwrap();
        let whole = Objects::open_local(dir.path()).await.unwrap();
        let objects = Objects {
            store: Arc::new(Undeletable(Arc::clone(&whole.store))),
            ..whole
        };
        let path = Path::from("m/0001.json");
        assert!(objects.create_durably(&path, Bytes::from_static(b"one")).await.unwrap());
        assert!(!objects.create_durably(&path, Bytes::from_static(b"two")).await.unwrap());
        assert_eq!(objects.get(&path).await.unwrap(), "one");
        let staged = objects.list_after(&Path::from(STAGING), None).await.unwrap();
        assert_eq!(staged.len(), 2, "the store of this test deletes nothing");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn others_may_not_enter_the_folders_that_it_creates() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join("theirs");
        std::fs::create_dir(&theirs).unwrap();
        std::fs::set_permissions(&theirs, std::fs::Permissions::from_mode(0o755)).unwrap();
        Objects::open_local(&theirs.join("data/objects")).await.unwrap();
        let mode = |path: &str| std::fs::metadata(theirs.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("data"), mode("data/objects")), (0o700, 0o700));
        assert_eq!(mode(""), 0o755, "a folder that was there is left as it was");
    }
}

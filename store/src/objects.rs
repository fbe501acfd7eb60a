//! `object_store` with the durability that it lacks locally: its put neither syncs the file nor its folders.
//!
//! On a local folder `put_new` leaves bytes in the page cache and `sync` makes files and every folder above them
//! survive a power cut; on other stores a put that returned is durable and `sync` does nothing.

use std::collections::BTreeSet;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use uuid::Uuid;

use crate::Error;

/// An object store and, where it is a local folder, that folder.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    local_root: Option<Arc<PathBuf>>,
}

impl Objects {
    /// Opens a local folder as object store, creating it durably when it is not there.
    pub async fn open_local(root: &FsPath) -> Result<Self, Error> {
        create_folders_durably(root).await?;
        let root = tokio::fs::canonicalize(root).await.map_err(local("resolve", root))?;
        let store = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self {
            store: Arc::new(store),
            local_root: Some(Arc::new(root)),
        })
    }

    /// Any other object store, whose puts are durable once they return.
    pub fn remote(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            local_root: None,
        }
    }

    /// Puts an object that must not exist yet. Durable only after `sync`.
    pub async fn put_new(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        self.store.put_opts(path, bytes.into(), options).await?;
        Ok(())
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

    /// Creates an object whole and durably, or tells that it exists: after a power cut it is there in full or not at
    /// all. Locally the bytes are synced under another name first, since a name can become durable before its bytes.
    pub async fn create_durably(&self, path: &Path, bytes: Bytes) -> Result<bool, Error> {
        let created = if self.local_root.is_some() {
            let staging = Path::from(format!("staging/{}", Uuid::now_v7().simple()));
            self.put_new(&staging, bytes).await?;
            self.sync(std::slice::from_ref(&staging)).await?;
            let linked = self.store.copy_if_not_exists(&staging, path).await;
            self.store.delete(&staging).await?;
            linked
        } else {
            let options = PutOptions {
                mode: PutMode::Create,
                ..PutOptions::default()
            };
            self.store.put_opts(path, bytes.into(), options).await.map(drop)
        };
        match created {
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
        match self.store.get(path).await {
            Ok(found) => Ok(found.bytes().await?),
            Err(object_store::Error::NotFound { .. }) => Err(Error::NotFound(path.to_string())),
            Err(error) => Err(error.into()),
        }
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

    /// Deletes every object under a prefix; what is gone already is fine.
    pub async fn delete_all(&self, prefix: &Path) -> Result<usize, Error> {
        let paths = self.list_after(prefix, None).await?;
        for path in &paths {
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(paths.len())
    }

    /// Tries what publication rests on: a second create of the same name must fail and change nothing.
    pub async fn refuse_if_create_overwrites(&self) -> Result<(), Error> {
        let probe = Path::from(format!("staging/probe-{}", Uuid::now_v7().simple()));
        self.put_new(&probe, Bytes::from_static(b"first")).await?;
        let second = self.put_new(&probe, Bytes::from_static(b"second")).await;
        let kept = self.get(&probe).await?;
        self.store.delete(&probe).await?;
        match second {
            Err(Error::Objects(object_store::Error::AlreadyExists { .. })) if kept == "first" => Ok(()),
            _ => Err(Error::StoreOverwrites),
        }
    }
}

/// Creates a folder and those above it, syncing each folder that got a new entry.
async fn create_folders_durably(root: &FsPath) -> Result<(), Error> {
    let missing: Vec<&FsPath> = root
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    for folder in missing.iter().rev() {
        match tokio::fs::create_dir(folder).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(Error::Local {
                    action: "create",
                    path: folder.to_path_buf(),
                    source,
                });
            }
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

fn local(action: &'static str, path: &FsPath) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Local { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn create_is_exclusive_locally_and_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let local = Objects::open_local(&dir.path().join("a/b")).await.unwrap();
        for objects in [local, Objects::remote(Arc::new(InMemory::new()))] {
            objects.refuse_if_create_overwrites().await.unwrap();
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
}

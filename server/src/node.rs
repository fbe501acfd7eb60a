//! The node: one process at a time under one name on one data directory. Leases, usage segments and results are this
//! process's alone for as long as it holds the lock; the system gives the lock back when the process ends, however.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, bail};
use uuid::Uuid;

/// The claim on a node's name; dropped it is free for another process.
pub(crate) struct Node {
    name: String,
    process: Uuid,
    _lock: File,
}

impl Node {
    /// Claims the name on an existing data directory, before anything of the node is touched.
    pub(crate) fn claim(data_dir: &Path, name: &str) -> anyhow::Result<Self> {
        let path = data_dir.join(format!("{name}.lock"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another process serves as node '{name}' in {} and holds {name}.lock; a second process beside it, such \
                 as one with --roles worker beside one with --roles api, needs another store.node",
                data_dir.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            process: Uuid::now_v7(),
            _lock: lock,
        })
    }

    /// What the worker names of every process of this node begin with.
    pub(crate) fn workers(&self) -> String {
        format!("{}/", self.name)
    }

    /// What the worker names of this very process begin with.
    pub(crate) fn own_workers(&self) -> String {
        format!("{}/{}/", self.name, self.process.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_claimed_once_at_a_time_on_a_data_directory() {
        let folder = std::env::temp_dir().join(format!("driftline-node-{}", Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let first = Node::claim(&folder, "node-1").unwrap();
        let second = Node::claim(&folder, "node-1").err().unwrap().to_string();
        assert!(second.contains("'node-1'") && second.contains("store.node"), "{second}");
        let other = Node::claim(&folder, "node-2").unwrap();
        let before = first.own_workers();
        assert!(before.starts_with(&first.workers()) && !before.starts_with(&other.workers()));
        drop(first);
        let again = Node::claim(&folder, "node-1").unwrap();
        assert_ne!(again.own_workers(), before, "another process");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

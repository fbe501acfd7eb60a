//! The node: one process at a time under one name. Leases, usage segments and results are this process's alone for as long as
//! it holds the name. On its data directory that is a lock, which the system gives back when the process ends, however;
//! among processes that share a database server it is a row there, which says every few seconds that the process lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use driftline_auth_billing::chain;
use driftline_database::{Database, NodeClaim};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::stopping::Stopping;

/// A process that has not said for so long that it lives is dead.
pub(crate) const SILENT: Duration = Duration::from_secs(30);
/// How often it says so.
const SAY_EVERY: Duration = Duration::from_secs(5);
/// Pause between two looks at a name that another process holds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The claim on a node's name; dropped it is free for another process on the data directory.
pub(crate) struct Node {
    claim: NodeClaim,
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
            claim: NodeClaim {
                name: name.to_owned(),
                home: home(&data_dir.join("home"))?,
                process: Uuid::now_v7(),
                roles: String::new(),
            },
            _lock: lock,
        })
    }

    /// Claims the name among the processes that share a database server, and waits for a predecessor elsewhere that may be
    /// dead; refuses when it lives. An embedded database has no other processes than those of its data directory.
    pub(crate) async fn claim_among_all(&mut self, database: &Database, roles: &str) -> anyhow::Result<()> {
        self.claim.roles = roles.to_owned();
        if !database.is_shared() {
            return Ok(());
        }
        let until = Instant::now() + SILENT + 2 * LOOK_AGAIN;
        let mut has_told = false;
        while !database.claim_node(&self.claim, SILENT, Timestamp::now()).await? {
            if Instant::now() >= until {
                bail!(
                    "another process serves as node '{}' on this database server and lives; give every process its own \
                     store.node",
                    self.claim.name
                );
            }
            if !has_told {
                tracing::info!(
                    node = self.claim.name,
                    "another process elsewhere has this node's name; waiting until it is silent for {} s",
                    SILENT.as_secs()
                );
            }
            has_told = true;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Says that this process lives until it has stopped; ends it when another one has its name.
    pub(crate) fn keep_alive(&self, database: &Database, stopping: &Stopping) -> impl Future<Output = ()> + use<> {
        let (claim, database, stopping) = (self.claim.clone(), database.clone(), stopping.clone());
        async move {
            if database.is_shared() {
                say_that_it_lives(&claim, &database, &stopping, stopping.stopped()).await;
            }
        }
    }

    /// Gives the name back: its successor need not wait.
    pub(crate) async fn release(&self, database: &Database) {
        if database.is_shared()
            && let Err(error) = database.release_node(&self.claim).await
        {
            tracing::warn!(
                cause = chain(&error),
                "the node's name was not given back; it is free in a while"
            );
        }
    }

    /// What the worker names of every process of this node begin with.
    pub(crate) fn workers(&self) -> String {
        format!("{}/", self.claim.name)
    }

    /// What the worker names of this very process begin with.
    pub(crate) fn own_workers(&self) -> String {
        format!("{}/{}/", self.claim.name, self.claim.process.simple())
    }

    /// What tells this process from all others.
    pub(crate) fn process(&self) -> Uuid {
        self.claim.process
    }
}

async fn say_that_it_lives(
    claim: &NodeClaim,
    database: &Database,
    stopping: &Stopping,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SAY_EVERY) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        match database.node_lives(claim, Timestamp::now()).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    alarm = true,
                    node = claim.name,
                    "another process has taken this node's name while this one was silent; this one ends"
                );
                stopping.must_end();
                return;
            }
            Err(error) => tracing::warn!(cause = chain(&error), "the node could not say that it lives"),
        }
    }
}

/// The identity of a data directory, made once.
fn home(path: &Path) -> anyhow::Result<Uuid> {
    let read = || -> anyhow::Result<Uuid> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Uuid::parse_str(text.trim()).with_context(|| format!("{} does not hold an identity", path.display()))
    };
    if path.exists() {
        return read();
    }
    // Written whole under another name first: a process beside this one reads all of it or finds none.
    let made = Uuid::now_v7();
    let staged = path.with_extension(made.simple().to_string());
    let mut file = File::create_new(&staged).with_context(|| format!("cannot create {}", staged.display()))?;
    writeln!(file, "{made}")?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&staged, path);
    std::fs::remove_file(&staged)?;
    match linked {
        Ok(()) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(),
        Err(error) => Err(error).with_context(|| format!("cannot create {}", path.display())),
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
        assert_eq!(other.claim.home, first.claim.home, "one data directory");
        let before = first.own_workers();
        assert!(before.starts_with(&first.workers()) && !before.starts_with(&other.workers()));
        let home = first.claim.home;
        drop(first);
        let again = Node::claim(&folder, "node-1").unwrap();
        assert_ne!(again.own_workers(), before, "another process");
        assert_eq!(again.claim.home, home);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

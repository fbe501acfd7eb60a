//! A power cut, simulated: what of a folder would be found afterwards, if only that survives which was made durable.
//!
//! The shim of `tests/powercut/shim.c` is preloaded into the program under test and notes the content of files at their
//! last fsync and the entries of folders at theirs. After the program was killed, `Disk::after_power_cut` builds the
//! folder anew from these notes. The strictest reading: a file exists only if the folder that lists it was synced (and
//! every folder above likewise), with the content of its own last sync, or empty if there was none.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::harness::{Chance, scratch, shared_object};

/// How much of what was never synced is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    /// Everything, as if nothing had been written back by itself.
    Everything,
    /// Each file and each folder by the toss of a coin: the kernel writes back what it likes, in any order.
    ByChance(u64),
}

/// The notes of one disk: a folder tree whose durable part is known.
pub(crate) struct Disk {
    notes: tempfile::TempDir,
    tree: tempfile::TempDir,
}

impl Disk {
    /// An empty disk.
    pub(crate) fn new() -> Self {
        let disk = Self {
            notes: scratch("powercut-notes"),
            tree: scratch("powercut-tree"),
        };
        fs::create_dir(disk.notes.path().join("files")).unwrap();
        fs::create_dir(disk.notes.path().join("folders")).unwrap();
        disk
    }

    /// Where the program under test may write.
    pub(crate) fn path(&self) -> &Path {
        self.tree.path()
    }

    /// Takes everything that lies on the disk now as durable.
    pub(crate) fn settle(&self) {
        self.note_all_durable(self.path());
    }

    /// Lets a program run on this disk.
    pub(crate) fn watch<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", shared_object("tests/powercut/shim.c"))
            .env("POWERCUT_SHADOW", self.notes.path())
    }

    /// The disk after a power cut; every process on it must be dead.
    pub(crate) fn after_power_cut(self, loss: Loss) -> Self {
        let refused = fs::read_to_string(self.notes.path().join("refused")).unwrap_or_default();
        assert_eq!(
            refused, "",
            "the program makes data durable by calls that the shim does not follow"
        );
        let after = Self::new();
        let mut rebuild = Rebuild {
            notes: self.notes.path(),
            now: BTreeMap::new(),
            chance: match loss {
                Loss::Everything => None,
                Loss::ByChance(seed) => Some(Chance::new(seed)),
            },
        };
        rebuild.look_at(self.path());
        rebuild.folder(&identity(self.path()), after.path());
        after.settle();
        after
    }

    fn note_all_durable(&self, folder: &Path) {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, inode) = (entry.path(), identity(&entry.path()));
            let kind = if path.is_dir() { 'd' } else { 'f' };
            entries.extend_from_slice(format!("{kind} {inode} ").as_bytes());
            entries.extend_from_slice(&entry.file_name().into_vec());
            entries.push(0);
            if path.is_dir() {
                self.note_all_durable(&path);
            } else {
                fs::copy(&path, self.notes.path().join("files").join(inode)).unwrap();
            }
        }
        fs::write(self.notes.path().join("folders").join(identity(folder)), entries).unwrap();
    }
}

/// A number that no other file ever has: inode and time of birth, written as the shim writes it.
fn identity(path: &Path) -> String {
    let found = fs::symlink_metadata(path).unwrap();
    let birth = found.created().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{}-{}.{:09}", found.ino(), birth.as_secs(), birth.subsec_nanos())
}

struct Entry {
    is_folder: bool,
    inode: String,
    name: OsString,
}

struct Rebuild<'a> {
    notes: &'a Path,
    /// Where each file and folder lies at the moment of the cut.
    now: BTreeMap<String, PathBuf>,
    chance: Option<Chance>,
}

impl Rebuild<'_> {
    fn look_at(&mut self, path: &Path) {
        self.now.insert(identity(path), path.to_owned());
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.look_at(&entry.unwrap().path());
            }
        }
    }

    /// Whether this one thing happened to be written back by itself.
    fn survived_by_chance(&mut self) -> bool {
        self.chance.as_mut().is_some_and(|chance| chance.below(2) == 0)
    }

    fn folder(&mut self, inode: &str, into: &Path) {
        let entries = match self.now.get(inode).cloned() {
            Some(now) if self.survived_by_chance() => entries_now(&now),
            _ => entries_noted(&self.notes.join("folders").join(inode)),
        };
        for entry in entries {
            let path = into.join(&entry.name);
            if entry.is_folder {
                fs::create_dir(&path).unwrap();
                self.folder(&entry.inode, &path);
            } else {
                self.file(&entry.inode, &path);
            }
        }
    }

    fn file(&mut self, inode: &str, into: &Path) {
        let noted = self.notes.join("files").join(inode);
        match self.now.get(inode).cloned() {
            Some(now) if self.survived_by_chance() => drop(fs::copy(now, into).unwrap()),
            _ if noted.exists() => drop(fs::copy(noted, into).unwrap()),
            _ => fs::write(into, b"").unwrap(),
        }
    }
}

fn entries_now(folder: &Path) -> Vec<Entry> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| Entry {
            is_folder: entry.path().is_dir(),
            inode: identity(&entry.path()),
            name: entry.file_name(),
        })
        .collect()
}

/// The entries at the folder's last sync; none if there was none.
fn entries_noted(record: &Path) -> Vec<Entry> {
    let noted = fs::read(record).unwrap_or_default();
    let lines = noted.split(|byte| *byte == 0).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut fields = line.splitn(3, |byte| *byte == b' ');
            let mut field = || fields.next().unwrap().to_vec();
            let (kind, inode, name) = (field(), field(), field());
            assert!(
                kind == b"f" || kind == b"d",
                "the shim noted neither file nor folder: {kind:?}"
            );
            Entry {
                is_folder: kind == b"d",
                inode: String::from_utf8(inode).unwrap(),
                name: OsString::from_vec(name),
            }
        })
        .collect()
}

/// Runs a shell script on the disk, in its folder.
fn shell(disk: &Disk, script: &str) -> std::process::Output {
    let mut command = Command::new("sh");
    disk.watch(command.args(["-euc", script]).current_dir(disk.path()))
        .output()
        .unwrap()
}

fn content(disk: &Disk, name: &str) -> Option<String> {
    fs::read_to_string(disk.path().join(name)).ok()
}

#[test]
fn a_power_cut_takes_what_was_never_synced_and_nothing_else() {
    let disk = Disk::new();
    // `sync FILE` is fsync of that file or folder; redirections only write.
    let done = shell(
        &disk,
        "printf whole > kept; sync kept
         printf text > unsynced
         printf old > changed; sync changed
         mkdir listed unlisted
         printf inside > listed/file; sync listed/file listed
         printf inside > unlisted/file; sync unlisted/file
         printf moved > before; sync before
         sync .
         printf new > changed
         printf late > late; sync late
         mv before after
         rm kept",
    );
    assert!(done.status.success(), "{done:?}");
    let after = disk.after_power_cut(Loss::Everything);
    assert_eq!(
        content(&after, "kept").as_deref(),
        Some("whole"),
        "its removal was never synced"
    );
    assert_eq!(
        content(&after, "unsynced").as_deref(),
        Some(""),
        "its name was synced, its content never"
    );
    assert_eq!(content(&after, "changed").as_deref(), Some("old"));
    assert_eq!(content(&after, "listed/file").as_deref(), Some("inside"));
    assert!(after.path().join("unlisted").is_dir());
    assert_eq!(
        content(&after, "unlisted/file"),
        None,
        "the folder that lists it was never synced"
    );
    assert_eq!(content(&after, "late"), None, "the folder was synced before it came");
    assert_eq!(content(&after, "before").as_deref(), Some("moved"));
    assert_eq!(content(&after, "after"), None, "the rename was never synced");
}

#[test]
fn a_program_that_never_syncs_loses_everything_and_one_cut_follows_another() {
    let disk = Disk::new();
    assert!(shell(&disk, "printf one > one").status.success());
    let disk = disk.after_power_cut(Loss::Everything);
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
    assert!(shell(&disk, "printf two > two; sync two .").status.success());
    let disk = disk.after_power_cut(Loss::Everything);
    assert!(shell(&disk, "printf more >> two").status.success());
    let disk = disk.after_power_cut(Loss::Everything);
    assert_eq!(
        content(&disk, "two").as_deref(),
        Some("two"),
        "what survived one cut is durable for the next"
    );
}

#[test]
fn a_cut_by_chance_keeps_what_was_synced_and_some_of_the_rest() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..24 {
        let disk = Disk::new();
        assert!(
            shell(
                &disk,
                "printf old > file; sync file .; printf new > file; printf x > other"
            )
            .status
            .success()
        );
        let after = disk.after_power_cut(Loss::ByChance(seed));
        let file = content(&after, "file").unwrap();
        assert!(file == "old" || file == "new", "{file}");
        seen.insert((file, content(&after, "other")));
    }
    // old or new; and the other file missing, empty or whole.
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn the_shim_refuses_what_it_does_not_follow() {
    for script in [
        "dd if=/dev/zero of=file bs=1 count=1 oflag=sync",
        "dd if=/dev/zero of=file bs=1 count=1 oflag=dsync",
        "sync",
    ] {
        let disk = Disk::new();
        let done = shell(&disk, script);
        assert!(!done.status.success(), "{script}");
        assert_ne!(
            fs::read_to_string(disk.notes.path().join("refused")).unwrap(),
            "",
            "{script}"
        );
    }
}

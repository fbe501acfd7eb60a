//! Crashes and power cuts while forcing comes in, while missions are computed and while metered answers go out. What was
//! acknowledged is compared with what is there afterwards: nothing lost, nothing doubled, nothing half.
//!
//! The witnesses are outside: exit codes of commands, ids of answers that arrived whole. Times are drawn from a fixed
//! seed, which a failure names; what the machine does in that time differs from run to run, as it should.

mod ingest;
mod service;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Commands, Launch, json_of, scratch};
use crate::powercut::{Disk, Loss};

/// What happens to the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Strike {
    /// The process is killed; the page cache survives.
    Kill,
    /// The process is killed and the power goes.
    PowerCut(Loss),
}

/// Where a data directory lies through several strikes.
pub(crate) enum Ground {
    Folder(tempfile::TempDir),
    Disk(Disk),
}

impl Ground {
    pub(crate) fn for_strikes(strikes: &[Strike]) -> Self {
        if strikes.iter().any(|strike| matches!(strike, Strike::PowerCut(_))) {
            Self::Disk(Disk::new())
        } else {
            Self::Folder(scratch("struck"))
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join("data"),
            Self::Disk(disk) => disk.path().join("data"),
        }
    }

    /// A command on this ground, watched where the power may go: what is done unwatched would never count as durable.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Commands::on(&self.data()).command(arguments);
        if let Self::Disk(disk) = self {
            disk.watch(&mut command);
        }
        command
    }

    /// Runs a command that must succeed, and reads the one JSON object that it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        json_of(self.command(arguments).arg("--json"))
    }

    /// Cycles that a reader sees.
    pub(crate) fn cycles(&self) -> usize {
        self.json(&["catalog"])["cycles"].as_array().unwrap().len()
    }

    pub(crate) fn launch(&self) -> Launch<'_> {
        let launch = Launch::on(&self.data());
        match self {
            Self::Folder(_) => launch,
            Self::Disk(disk) => launch.watched_by(disk),
        }
    }

    /// What is left of the ground; no process may live on it.
    pub(crate) fn after(self, strike: Strike) -> Self {
        match (self, strike) {
            (Self::Disk(disk), Strike::PowerCut(loss)) => Self::Disk(disk.after_power_cut(loss)),
            (ground, _) => ground,
        }
    }
}

/// What became of a command that was to be killed.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// It succeeded after this time, before it could be killed.
    ByItself(Duration),
    Killed,
}

/// Runs a command and kills it after this time, unless it ends before.
pub(crate) fn killed_after(ground: &Ground, arguments: &[&str], time: Duration) -> End {
    let mut command = ground.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    while began.elapsed() < time {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?} ended with {status} and was not killed");
            return End::ByItself(began.elapsed());
        }
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    // It may have ended in the last moment.
    if child.wait().unwrap().success() {
        End::ByItself(time)
    } else {
        End::Killed
    }
}

/// Runs a command to its end; how long it took.
pub(crate) fn left_alone(ground: &Ground, arguments: &[&str]) -> Duration {
    match killed_after(ground, arguments, Duration::from_secs(120)) {
        End::ByItself(time) => time,
        End::Killed => panic!("{arguments:?} does not end"),
    }
}

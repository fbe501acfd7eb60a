//! Which runs have had files for so long that whoever wrote them has published or given up. Whether a run was published only
//! the database knows; the store knows how old its files are, by its own clock.

use std::collections::BTreeMap;

use driftline_domain::{MissionId, RunId};
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;

use crate::results::RESULTS;
use crate::{Error, Store};

impl Store {
    /// Runs of which every file is older than a bound, by this machine's clock and by the store's.
    pub async fn old_runs(&self, older_than: SignedDuration, now: Timestamp) -> Result<Vec<(MissionId, RunId)>, Error> {
        let before = now.min(self.time_of_store().await?) - older_than;
        let mut newest: BTreeMap<(MissionId, RunId), Timestamp> = BTreeMap::new();
        let mut files = self.objects.stream_with_times(&Path::from(RESULTS));
        while let Some((path, written)) = files.try_next().await? {
            if let Some(run) = run_of(&path) {
                let newest = newest.entry(run).or_insert(written);
                *newest = written.max(*newest);
            }
        }
        newest.retain(|_, written| *written < before);
        Ok(newest.into_keys().collect())
    }
}

/// `results/<mission>/<run>` of a file below it; `None` for anything that no worker writes.
fn run_of(path: &Path) -> Option<(MissionId, RunId)> {
    let mut parts = path.parts().skip(1);
    let mission = parts.next()?.as_ref().parse().ok()?;
    let run = parts.next()?.as_ref().parse().ok()?;
    parts.next().is_some().then_some((mission, run))
}

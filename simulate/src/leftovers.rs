//! Removes the files of runs that nobody will ever read: their worker died before it published, or could not remove them, or
//! the mission was withdrawn and its files stayed. What waits to be taken over by another worker stays, and so does whatever
//! belongs to missions that this database does not know: it may be an empty one beside a store that is full, or an old copy.

use std::collections::BTreeSet;

use driftline_database::Database;
use driftline_domain::{MissionId, RunId};
use driftline_store::{ORPHAN_AGE, Store};
use jiff::Timestamp;

use crate::Error;
use crate::worker::simulated_by;

/// Runs asked about at once.
const AT_ONCE: usize = 500;

/// Removes what is older than a day and was not published; returns how many runs. The database says what is published after
/// the store has said what is old: what was published in between is seen.
pub async fn remove_leftovers(database: &Database, store: &Store, now: Timestamp) -> Result<usize, Error> {
    let results = store.results();
    let mut removed = 0;
    for old in store.old_runs(ORPHAN_AGE, now).await?.chunks(AT_ONCE) {
        let missions: Vec<MissionId> = old.iter().map(|(mission, _)| *mission).collect();
        let known: BTreeSet<MissionId> = database.known_missions(&missions).await?.into_iter().collect();
        let kept = kept(database, old).await?;
        for (mission, run) in old {
            if known.contains(mission) && !kept.contains(run) {
                results.delete_run(*mission, *run).await?;
                removed += 1;
            }
        }
    }
    if removed > 0 {
        tracing::info!(runs = removed, "removed the files of runs that were never published");
    }
    Ok(removed)
}

/// Of these runs the published ones, and those that a simulation has left for others.
async fn kept(database: &Database, runs: &[(MissionId, RunId)]) -> Result<BTreeSet<RunId>, Error> {
    let missions: Vec<MissionId> = runs.iter().map(|(mission, _)| *mission).collect();
    let runs: Vec<RunId> = runs.iter().map(|(_, run)| *run).collect();
    let waiting = database.handed_over_of(&missions).await?;
    let mut kept: BTreeSet<RunId> = database.published_among(&runs).await?.into_iter().collect();
    for left in &waiting {
        kept.insert(simulated_by(left)?);
    }
    Ok(kept)
}

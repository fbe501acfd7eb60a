//! Parquet files of runs that were read lately: a client that pages asks for the same file again and again, and
//! published files never change.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use driftline_database::Run;
use driftline_domain::RunId;

use crate::{AppState, Error};

/// Bytes kept in all; a larger single file is read each time.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Files in memory, the one used last at the end.
#[derive(Default)]
pub(crate) struct FileCache {
    kept: Mutex<VecDeque<((RunId, &'static str), Bytes)>>,
}

impl FileCache {
    /// A file of a published run; `None` when the run has no such file.
    pub(crate) async fn read(state: &AppState, run: &Run, file: &'static str) -> Result<Option<Bytes>, Error> {
        if let Some(bytes) = state.file_cache().get(run.id, file) {
            return Ok(Some(bytes));
        }
        let read = state.files.read(run.mission, run.id, file).await;
        let bytes = read.map_err(|error| Error::Results {
            run: run.id.to_string(),
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        if let Some(bytes) = &bytes {
            state.file_cache().put(run.id, file, bytes.clone());
        }
        Ok(bytes)
    }

    fn get(&self, run: RunId, file: &'static str) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(key, _)| *key == (run, file))?;
        let entry = kept.remove(place)?;
        let bytes = entry.1.clone();
        kept.push_back(entry);
        Some(bytes)
    }

    fn put(&self, run: RunId, file: &'static str, bytes: Bytes) {
        if bytes.len() > MAX_BYTES {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(key, _)| *key != (run, file));
        kept.push_back(((run, file), bytes));
        let mut total: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
        while total > MAX_BYTES {
            match kept.pop_front() {
                Some((_, dropped)) => total -= dropped.len(),
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_used_longest_ago_makes_room() {
        let cache = FileCache::default();
        let runs: Vec<RunId> = (0..3).map(|_| RunId::generate()).collect();
        let file = Bytes::from(vec![0; MAX_BYTES / 2]);
        cache.put(runs[0], "a", file.clone());
        cache.put(runs[1], "a", file.clone());
        assert!(cache.get(runs[0], "a").is_some());
        cache.put(runs[2], "a", file);
        assert!(cache.get(runs[0], "a").is_some() && cache.get(runs[2], "a").is_some());
        assert!(cache.get(runs[1], "a").is_none() && cache.get(runs[0], "b").is_none());
        cache.put(runs[1], "a", Bytes::from(vec![0; MAX_BYTES + 1]));
        assert!(cache.get(runs[1], "a").is_none());
    }
}

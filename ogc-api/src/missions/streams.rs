//! How many event streams may be open: in all, because each asks the database once a second, and per organisation, so
//! that one of them cannot take the places of all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_domain::OrgId;

use crate::Error;

/// Event streams open at once.
const MAX_STREAMS: usize = 256;
/// Event streams of one organisation open at once.
const MAX_STREAMS_OF_ORG: usize = 32;

/// The places; clones share them.
#[derive(Clone, Default)]
pub(crate) struct EventStreams(Arc<Mutex<HashMap<OrgId, usize>>>);

/// A place, free again when it is dropped.
pub(crate) struct StreamPlace {
    streams: EventStreams,
    org: OrgId,
}

impl EventStreams {
    /// Takes a place, or says whose places are all taken.
    pub(crate) fn take(&self, org: OrgId) -> Result<StreamPlace, Error> {
        let mut open = self.open();
        let own = open.get(&org).copied().unwrap_or(0);
        if own >= MAX_STREAMS_OF_ORG {
            return Err(Error::Busy(
                "this organisation has as many event streams open as it may",
            ));
        }
        if open.values().sum::<usize>() >= MAX_STREAMS {
            return Err(Error::Busy(
                "all organisations together have too many event streams open",
            ));
        }
        open.insert(org, own + 1);
        Ok(StreamPlace {
            streams: self.clone(),
            org,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<OrgId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        match open.get_mut(&self.org) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                open.remove(&self.org);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organisation_leaves_places_for_others_and_places_come_back() {
        let streams = EventStreams::default();
        let (ours, theirs) = (OrgId::generate(), OrgId::generate());
        let mut held: Vec<StreamPlace> = (0..MAX_STREAMS_OF_ORG).map(|_| streams.take(ours).unwrap()).collect();
        let refused = streams.take(ours).err().unwrap().to_string();
        assert!(refused.contains("this organisation"), "{refused}");
        drop(streams.take(theirs).unwrap());
        drop(held.pop());
        held.push(streams.take(ours).unwrap());
        while held.len() < MAX_STREAMS {
            held.push(streams.take(OrgId::generate()).unwrap());
        }
        let refused = streams.take(theirs).err().unwrap().to_string();
        assert!(refused.contains("all organisations"), "{refused}");
        held.clear();
        assert!(streams.open().is_empty(), "nothing is remembered of streams that ended");
    }
}

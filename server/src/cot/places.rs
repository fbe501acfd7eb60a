//! How many CoT clients may be connected: in all, and of one organisation, so that it cannot take the places of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_domain::OrgId;

/// Connections at once, those in the handshake included.
pub(super) const MAX: usize = 256;
/// Connections of one organisation at once.
const MAX_OF_ORG: usize = 64;

/// The places; clones share them.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<OrgId, usize>>>);

/// A place, free again when it is dropped.
pub(super) struct Place {
    places: Places,
    org: OrgId,
}

impl Places {
    /// A place, unless the organisation has all that it may have.
    pub(super) fn take(&self, org: OrgId) -> Option<Place> {
        let mut taken = self.taken();
        let own = taken.entry(org).or_default();
        if *own >= MAX_OF_ORG {
            return None;
        }
        *own += 1;
        Some(Place {
            places: self.clone(),
            org,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<OrgId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.org) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.org);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_has_its_share_and_places_come_back() {
        let places = Places::default();
        let (ours, theirs) = (OrgId::generate(), OrgId::generate());
        let mut held: Vec<Place> = (0..MAX_OF_ORG).map(|_| places.take(ours).unwrap()).collect();
        assert!(places.take(ours).is_none() && places.take(theirs).is_some());
        held.pop();
        held.push(places.take(ours).unwrap());
        held.clear();
        assert!(places.taken().is_empty(), "nothing is remembered of who has gone");
    }
}

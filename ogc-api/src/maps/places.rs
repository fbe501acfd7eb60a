//! How many pictures and tiles may be in the making at once: in all, so that missions keep their share of the machine,
//! and per organisation, so that one of them cannot take the places of all others (ogc.md, trap 26). Whoever finds no
//! place waits for one; the deadline around every handler ends the waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use driftline_domain::OrgId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// Places: as many tiles, or megapixels of larger pictures, are in the making at once.
const PLACES: usize = 16;
/// Places that one organisation takes at most.
const PLACES_OF_ORG: u32 = 8;
/// What one place is enough for.
const PIXELS_OF_PLACE: u64 = 1 << 20;

/// The places.
pub(crate) struct MapPlaces {
    all: Arc<Semaphore>,
    of_orgs: Mutex<HashMap<OrgId, Weak<OrgPlaces>>>,
    /// Threads that the work of one organisation has at once.
    threads_of_org: usize,
}

/// What one organisation has.
struct OrgPlaces {
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// A place, free again when it is dropped.
pub(crate) struct MapPlace {
    of_org: Arc<OrgPlaces>,
    _of_org: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl MapPlace {
    /// Waits for the organisation's turn on a thread: however long its pictures take, others find threads.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.of_org.threads).acquire_owned().await;
        turn.map_err(|_closed| Error::Internal("the places of maps were closed".to_owned()))
    }
}

impl MapPlaces {
    /// Places for work on so many threads, half of which one organisation may have at once.
    pub(crate) fn on(threads: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(PLACES)),
            of_orgs: Mutex::default(),
            threads_of_org: (threads / 2).max(1),
        }
    }

    /// Waits for the places that a picture of so many pixels needs.
    pub(crate) async fn take(&self, org: OrgId, pixels: u64) -> Result<Arc<MapPlace>, Error> {
        let needed = u32::try_from(pixels.div_ceil(PIXELS_OF_PLACE)).unwrap_or(u32::MAX);
        let needed = needed.clamp(1, PLACES_OF_ORG);
        let closed = |_closed| Error::Internal("the places of maps were closed".to_owned());
        // First the organisation's own: what waits there takes no place from others.
        let own = self.of_org(org);
        let of_org = Arc::clone(&own.places)
            .acquire_many_owned(needed)
            .await
            .map_err(closed)?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(needed).await.map_err(closed)?;
        Ok(Arc::new(MapPlace {
            of_org: own,
            _of_org: of_org,
            _of_all: of_all,
        }))
    }

    fn of_org(&self, org: OrgId) -> Arc<OrgPlaces> {
        let mut of_orgs = self.of_orgs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = of_orgs.get(&org).and_then(Weak::upgrade) {
            return known;
        }
        of_orgs.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(OrgPlaces {
            places: Arc::new(Semaphore::new(PLACES_OF_ORG as usize)),
            threads: Arc::new(Semaphore::new(self.threads_of_org)),
        });
        of_orgs.insert(org, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn one_organisation_leaves_places_for_others_and_places_come_back() {
        let places = MapPlaces::on(2);
        let (ours, theirs) = (OrgId::generate(), OrgId::generate());
        let mut held = Vec::new();
        for _ in 0..PLACES_OF_ORG {
            held.push(places.take(ours, 256 * 256).await.unwrap());
        }
        assert!(places.take(ours, 1).now_or_never().is_none(), "the organisation waits");
        held.push(places.take(theirs, 4096 * 4096).await.unwrap());
        assert!(
            places.take(theirs, 1).now_or_never().is_none(),
            "one large picture fills its places"
        );
        let turn = held[0].turn().await.unwrap();
        assert!(
            held[1].turn().now_or_never().is_none(),
            "one thread of two is for others"
        );
        assert!(held[PLACES_OF_ORG as usize].turn().now_or_never().is_some());
        drop(turn);
        assert!(held[1].turn().now_or_never().is_some());
        held.remove(0);
        assert!(places.take(ours, 1).now_or_never().is_some());
        held.clear();
        places.of_org(OrgId::generate());
        assert_eq!(
            places.of_orgs.lock().unwrap().len(),
            1,
            "nothing is remembered of who is gone"
        );
    }
}

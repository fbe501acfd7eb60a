//! Links as they were found in the database, believed for as long as keys are: that bounds how long a revoked link works.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use driftline_database::ShareLink;

/// More links than that at once are looked up every time.
const REMEMBERED_LINKS: usize = 10_000;

type Links = HashMap<[u8; 32], (Arc<ShareLink>, Instant)>;

/// What is remembered.
#[derive(Default)]
pub(crate) struct KnownLinks(Mutex<Links>);

impl KnownLinks {
    pub(super) fn recall(&self, sha256: &[u8; 32]) -> Option<Arc<ShareLink>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (link, until) = known.get(sha256)?;
        (Instant::now() < *until).then(|| Arc::clone(link))
    }

    pub(super) fn remember(&self, link: &Arc<ShareLink>, until: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_LINKS {
            let now = Instant::now();
            known.retain(|_, (_, until)| now < *until);
        }
        if known.len() < REMEMBERED_LINKS {
            known.insert(link.sha256, (Arc::clone(link), until));
        }
    }
}

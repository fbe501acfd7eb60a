//! Keys as they were found in the database, believed for at most [`REMEMBERED`]: that bounds how long a revoked key,
//! and every link that it signed, still works.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_database::ApiKey;
use driftline_domain::KeyId;

use crate::Networks;
use crate::origin::AllowedOrigins;

/// What was found is believed so long.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(5);
/// More keys than that at once are looked up every time.
const REMEMBERED_KEYS: usize = 10_000;

/// By what a key is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// The hash of the key itself.
    Sha256([u8; 32]),
    /// Its identifier, for signed links.
    Id(KeyId),
}

/// A key that was found.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) key: Arc<ApiKey>,
    pub(crate) origins: Arc<AllowedOrigins>,
    pub(crate) networks: Arc<Networks>,
    pub(crate) org_name: Arc<str>,
    pub(crate) until: Instant,
}

/// What is remembered.
#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<HashMap<Name, Known>>);

impl KnownKeys {
    pub(crate) fn recall(&self, name: &Name) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).filter(|known| Instant::now() < known.until).cloned()
    }

    pub(crate) fn remember(&self, name: Name, found: Known) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_KEYS {
            let now = Instant::now();
            known.retain(|_, known| now < known.until);
        }
        if known.len() < REMEMBERED_KEYS {
            known.insert(name, found);
        }
    }
}

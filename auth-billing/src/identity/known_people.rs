//! Access tokens that were found right, believed for at most [`REMEMBERED`]: that bounds how long a person who was logged
//! out, lost a role or left an organisation can go on. Looked up again rather than told what ended: a node that does not
//! reach the database lets nobody in, and does not let everybody in (docs/decisions).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use driftline_database::SessionHolder;
use driftline_domain::{SessionId, UserId};

use crate::known_keys::REMEMBERED;

/// More than that at once are looked up every time.
const MOST: usize = 10_000;

/// A person who was found.
#[derive(Clone)]
pub(super) struct KnownPerson {
    pub(super) holder: Arc<SessionHolder>,
    pub(super) session: SessionId,
    /// When the token ends.
    pub(super) exp_s: i64,
    pub(super) until: Instant,
}

/// What is remembered, by the SHA-256 of the token.
#[derive(Default)]
pub(super) struct KnownPeople(Mutex<HashMap<[u8; 32], KnownPerson>>);

impl KnownPeople {
    pub(super) fn recall(&self, token: &[u8; 32], now_s: i64) -> Option<KnownPerson> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(token).filter(|known| Instant::now() < known.until);
        known.filter(|known| now_s < known.exp_s).cloned()
    }

    pub(super) fn remember(&self, token: [u8; 32], found: KnownPerson) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            let now = Instant::now();
            known.retain(|_, known| now < known.until);
        }
        if known.len() < MOST {
            known.insert(token, found);
        }
    }

    /// A session that ended here is not believed here any more, at once.
    pub(super) fn forget_session(&self, session: SessionId) {
        self.forget(|known| known.session == session);
    }

    /// What changed about a person here is seen here at once.
    pub(super) fn forget_person(&self, user: UserId) {
        self.forget(|known| known.holder.user == user);
    }

    fn forget(&self, which: impl Fn(&KnownPerson) -> bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| !which(known));
    }
}

impl KnownPerson {
    pub(super) fn new(holder: SessionHolder, session: SessionId, exp_s: i64, looked_up: Instant) -> Self {
        Self {
            holder: Arc::new(holder),
            session,
            exp_s,
            until: looked_up + REMEMBERED,
        }
    }
}

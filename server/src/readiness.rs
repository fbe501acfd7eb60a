//! What `/ready` tells beside the database and the catalogue: whether store and usage log can be written, whether feeds are late,
//! and whether NATS is there. Asked at most every few seconds, however often proxies ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_auth_billing::{UsageLog, chain};
use driftline_ingest::FeedState;
use driftline_ogc_api::{PartState, Readiness};
use driftline_store::Store;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::bus::Bus;
use crate::metrics::Source;

/// Parts are asked at most this often.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// A part that takes longer counts as not well.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked.
pub(crate) struct ServiceReadiness {
    pub(crate) draining: watch::Receiver<bool>,
    pub(crate) store: Store,
    /// Where this process keeps one.
    pub(crate) usage: Option<UsageLog>,
    pub(crate) forcing: Arc<Source>,
    pub(crate) bus: Option<Bus>,
    pub(crate) known: Mutex<Option<Known>>,
}

/// What was found, and when.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    at: Instant,
    parts: Vec<(&'static str, PartState)>,
}

impl Readiness for ServiceReadiness {
    fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    fn parts(&self) -> BoxFuture<'_, Vec<(&'static str, PartState)>> {
        Box::pin(async {
            let mut parts = match self.recent() {
                Some(parts) => parts,
                None => self.ask().await,
            };
            if let Some(bus) = &self.bus {
                parts.push(("nats", state(bus.is_up())));
            }
            parts
        })
    }
}

impl ServiceReadiness {
    fn recent(&self) -> Option<Vec<(&'static str, PartState)>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref().filter(|known| known.at.elapsed() < ASK_EVERY)?;
        Some(known.parts.clone())
    }

    async fn ask(&self) -> Vec<(&'static str, PartState)> {
        let store = async {
            match timeout(PATIENCE, self.store.check_writable()).await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(cause = chain(&error), "nothing can be put into the store");
                    false
                }
                Err(_) => {
                    tracing::error!("the store does not take anything within {} s", PATIENCE.as_secs());
                    false
                }
            }
        };
        let usage = async {
            let Some(usage) = &self.usage else { return None };
            Some(match timeout(PATIENCE, usage.check()).await {
                Ok(Ok(())) => true,
                Ok(Err(error)) => {
                    tracing::error!(cause = chain(&error), "usage cannot be recorded");
                    false
                }
                Err(_) => false,
            })
        };
        let (store, usage, (forcing, _)) = tokio::join!(store, usage, self.forcing.look(Timestamp::now()));
        let is_fresh = forcing.is_some_and(|known| {
            let mut states = known.statuses.iter().map(|status| status.state);
            states.all(|state| matches!(state, FeedState::Fresh | FeedState::Off))
        });
        let mut parts = vec![("store", state(store)), ("forcing", state(is_fresh))];
        parts.extend(usage.map(|is_well| ("usage_log", state(is_well))));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known {
            at: Instant::now(),
            parts: parts.clone(),
        });
        parts
    }
}

fn state(is_well: bool) -> PartState {
    if is_well { PartState::Well } else { PartState::Degraded }
}

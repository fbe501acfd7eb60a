//! Asking the database for portions: one request at a time per bucket, in a task of its own, so that a client that hangs up
//! takes nothing with it. Who needs a token that is not there waits for that one, briefly; a database that does not answer
//! leaves this node to its own buckets, and is asked again after a second. That is logged once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::buckets::{Buckets, Name};
use super::rate::{Rate, Standing};
use super::share::{DrawOrder, Drawn, Next};
use crate::{Error, chain};

/// A request waits so long for the database before it goes by this node's own count.
const PATIENCE: Duration = Duration::from_millis(250);
/// After a failure the database is left alone so long.
const ALONE_US: i64 = 1_000_000;
/// Who waited that long though the database answers stood behind many others: it comes back when they are through.
const CROWDED_US: i64 = 1_000_000;

/// The answer of a row, once it is there.
pub type Draw<'a> = Pin<Box<dyn Future<Output = Result<Drawn, Error>> + Send + 'a>>;

/// Rows that nodes share, one per bucket.
pub trait SharedBuckets: Send + Sync {
    /// Draws tokens by one conditional change of the row.
    fn draw<'a>(&'a self, bucket: &'a str, order: DrawOrder) -> Draw<'a>;
}

/// The way to the rows.
pub(super) struct Shared {
    rows: Arc<dyn SharedBuckets>,
    alone_until_us: Arc<AtomicI64>,
}

impl Shared {
    pub(super) fn new(rows: Arc<dyn SharedBuckets>) -> Self {
        Self {
            rows,
            alone_until_us: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }

    pub(super) async fn take(&self, buckets: &Arc<Buckets>, name: Name, rate: Rate, now_us: i64) -> Standing {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut was_answered = false;
        // A portion may be used up by others before this request looks: then it waits for the next one.
        while now_us >= self.alone_until_us.load(Ordering::Relaxed) {
            match buckets.with(name, rate, now_us, |bucket| bucket.take_shared(now_us, rate)) {
                Next::Decided(standing, order) => {
                    self.send(buckets, name, rate, order);
                    return standing;
                }
                Next::Waits(mut arrival, order) => {
                    self.send(buckets, name, rate, order);
                    match tokio::time::timeout_at(until, arrival.changed()).await {
                        Ok(_) => was_answered = true,
                        // This node's own count would be a second limit beside the shared one.
                        Err(_) if was_answered => {
                            return Standing {
                                is_given: false,
                                left: 0,
                                wait_us: CROWDED_US,
                            };
                        }
                        Err(_) => break,
                    }
                }
            }
        }
        buckets.with(name, rate, now_us, |bucket| bucket.take_own(now_us, rate))
    }

    fn send(&self, buckets: &Arc<Buckets>, name: Name, rate: Rate, order: Option<DrawOrder>) {
        let Some(order) = order else { return };
        let (rows, buckets) = (Arc::clone(&self.rows), Arc::clone(buckets));
        let alone_until_us = Arc::clone(&self.alone_until_us);
        tokio::spawn(async move {
            let answer = tokio::time::timeout(PATIENCE, rows.draw(&name.text(), order)).await;
            let answer = answer.unwrap_or(Err(Error::NoAnswer(PATIENCE)));
            // First, so that who waits for the bucket finds that the node is alone.
            note(&alone_until_us, order.now_us, answer.as_ref().err());
            buckets.with(name, rate, order.now_us, |bucket| match &answer {
                Ok(drawn) => bucket.share.arrived(&order, *drawn, rate),
                Err(_) => bucket.share.failed(),
            });
        });
    }
}

/// Remembers whether the database answers, and logs only when that changes.
fn note(alone_until_us: &AtomicI64, now_us: i64, failure: Option<&Error>) {
    match failure {
        Some(error) => {
            let before = alone_until_us.swap(now_us.saturating_add(ALONE_US), Ordering::Relaxed);
            if before == i64::MIN {
                tracing::warn!(
                    cause = chain(error),
                    "limits are not shared among nodes while the database does not answer; this node counts alone"
                );
            }
        }
        None if alone_until_us.swap(i64::MIN, Ordering::Relaxed) != i64::MIN => {
            tracing::info!("limits are shared among nodes again");
        }
        None => {}
    }
}

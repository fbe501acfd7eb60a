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

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::share::RowModel;
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;
    use uuid::Uuid;

    const NOW_US: i64 = 1_700_000_000_000_000;

    /// One row, five milliseconds away, which can fail.
    #[derive(Default)]
    struct FarRow {
        row: Mutex<RowModel>,
        fails: AtomicBool,
    }

    impl SharedBuckets for FarRow {
        fn draw<'a>(&'a self, _: &'a str, order: DrawOrder) -> Draw<'a> {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                match self.fails.load(Ordering::Relaxed) {
                    true => Err(Error::NoAnswer(PATIENCE)),
                    false => Ok(self.row.lock().unwrap().draw(&order)),
                }
            })
        }
    }

    struct Node {
        shared: Shared,
        buckets: Arc<Buckets>,
    }

    impl Node {
        fn of(row: &Arc<FarRow>) -> Self {
            Self {
                shared: Shared::new(Arc::clone(row) as Arc<dyn SharedBuckets>),
                buckets: Arc::default(),
            }
        }

        /// How many of so many that ask at once are let through.
        async fn crowd(&self, count: usize, rate: Rate, now_us: i64) -> usize {
            let name = Name {
                class: Class::Requests,
                is_organisation: false,
                whose: Uuid::nil(),
            };
            let asked = (0..count).map(|_| self.shared.take(&self.buckets, name, rate, now_us));
            let all = futures::future::join_all(asked).await;
            all.iter().filter(|standing| standing.is_given).count()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn crowds_at_two_nodes_meet_one_limit() {
        for (rate, crowd) in [
            (Rate::per_minute(100), 300),
            (Rate::per_hour(60), 200),
            (Rate::per_minute(10_000), 12_000),
        ] {
            let row = Arc::new(FarRow::default());
            let nodes = [Node::of(&row), Node::of(&row)];
            let (first, second) =
                tokio::join!(nodes[0].crowd(crowd, rate, NOW_US), nodes[1].crowd(crowd, rate, NOW_US));
            let limit = rate.tokens() as usize;
            let both = first + second;
            assert!(
                (limit * 9 / 10..=limit).contains(&both),
                "{rate:?}: {first} and {second}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_left_alone_begins_with_what_it_has_given() {
        let rate = Rate::per_minute(100);
        let row = Arc::new(FarRow::default());
        let node = Node::of(&row);
        let together = node.crowd(80, rate, NOW_US).await;
        row.fails.store(true, Ordering::Relaxed);
        let alone = node.crowd(200, rate, NOW_US).await;
        assert_eq!(together, 80);
        assert!((10..=20).contains(&alone), "{alone} beside {together} of 100");
    }
}

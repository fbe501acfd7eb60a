//! The threads that hash passwords: few, their own, with a short queue. One hash takes tens of milliseconds of one core
//! and its whole memory, so that an unbounded queue would keep everybody waiting and take the machine's memory (threads x
//! memory is what is used at most; docs/decisions). Who finds the queue full is told to come back.

use std::sync::Arc;

use driftline_compute::Compute;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;

use crate::identity::password::{HashCost, matches};
use crate::{Error, Problem};

/// Hashes and compares passwords; clones share the threads.
#[derive(Clone)]
pub(crate) struct Hasher {
    compute: Compute,
    places: Arc<Semaphore>,
    cost: HashCost,
    /// The hash of a password that nobody has: compared where there is no account, so that the answer takes as long.
    nobody: Arc<str>,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) is_right: bool,
    /// The password's hash at today's cost where the stored one was made at a lower cost.
    pub(crate) renewed: Option<String>,
}

impl Hasher {
    /// Threads, and how many wait at most.
    pub(crate) fn new(cost: HashCost, threads: usize, queue: usize) -> Result<Self, Error> {
        let nobody = cost.hash("no account has this password")?;
        Ok(Self {
            compute: Compute::new(threads)?,
            places: Arc::new(Semaphore::new(threads.max(1) + queue)),
            cost,
            nobody: nobody.into(),
        })
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Problem> {
        let (cost, password) = (self.cost, password.to_owned());
        self.run(move || cost.hash(&password)).await
    }

    /// Compares with the stored hash, or, in the same time, with nobody's.
    pub(crate) async fn compare(&self, password: &str, stored: Option<&str>) -> Result<Compared, Problem> {
        let (cost, password) = (self.cost, password.to_owned());
        let exists = stored.is_some();
        let hash = stored.map_or_else(|| Arc::clone(&self.nobody), Arc::from);
        self.run(move || {
            let is_right = matches(&password, &hash)? && exists;
            let renewed = (is_right && cost.is_above(&hash)).then(|| cost.hash(&password));
            Ok(Compared {
                is_right,
                renewed: renewed.transpose()?,
            })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let Ok(place) = place else {
            return Err(busy());
        };
        let done = self.compute.run(move || {
            let done = work();
            drop(place);
            done
        });
        Ok(done.await.map_err(Error::from)??)
    }

    pub(crate) fn compute(&self) -> &Compute {
        &self.compute
    }

    /// Hashes that wait and that run, for metrics.
    pub(crate) fn load(&self) -> (usize, usize) {
        self.compute.load()
    }
}

fn busy() -> Problem {
    let detail = "too many logins at once; please try again in a few seconds";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
        .with_header(RETRY_AFTER, HeaderValue::from_static("2"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn a_right_password_is_found_and_an_old_hash_renewed() {
        let hasher = Hasher::new(HashCost::default(), 1, 4).unwrap();
        let hash = hasher.hash("lantern puffin gneiss").await.unwrap();
        let right = hasher.compare("lantern puffin gneiss", Some(&hash)).await.unwrap();
        assert_eq!((right.is_right, right.renewed), (true, None));
        let wrong = hasher.compare("lantern", Some(&hash)).await.unwrap();
        assert!(!wrong.is_right);
        let dearer = HashCost {
            passes: 3,
            ..HashCost::default()
        };
        let dearer = Hasher::new(dearer, 1, 4).unwrap();
        let renewed = dearer.compare("lantern puffin gneiss", Some(&hash)).await.unwrap();
        assert!(renewed.renewed.unwrap().contains("t=3"));
        assert_eq!(dearer.compare("lantern", Some(&hash)).await.unwrap().renewed, None);
    }

    #[tokio::test]
    async fn nobodys_password_is_compared_and_never_right() {
        let hasher = Hasher::new(HashCost::default(), 1, 4).unwrap();
        assert!(
            !hasher
                .compare("no account has this password", None)
                .await
                .unwrap()
                .is_right
        );
        // A comparison costs milliseconds; the branch without an account does, too.
        let began = Instant::now();
        hasher.compare("x", None).await.unwrap();
        assert!(began.elapsed() > Duration::from_millis(2), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_full_queue_is_told_to_come_back() {
        let hasher = Hasher::new(HashCost::default(), 1, 1).unwrap();
        let all = (0..8).map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.compare("x", None).await })
        });
        let (mut answered, mut refused) = (0, 0);
        for one in all.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(_) => answered += 1,
                Err(problem) => {
                    assert_eq!(problem.status, 503);
                    assert!(problem.headers.iter().any(|(name, _)| name == RETRY_AFTER));
                    refused += 1;
                }
            }
        }
        assert!(answered >= 2 && refused >= 1, "{answered} answered, {refused} refused");
        assert!(hasher.compare("x", None).await.is_ok(), "places are given back");
    }
}

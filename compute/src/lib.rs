//! The one gate from tokio to rayon: runs a closure on the CPU pool and awaits its result.
//!
//! Not `spawn_blocking`, whose threads have no useful limit: a burst of missions would start hundreds. Work whose
//! caller has gone away before it began is skipped. Nothing here knows what is computed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

/// Why a computation gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The pool's threads could not be started.
    #[error("cannot start {threads} compute threads: {source}")]
    Start {
        /// Threads wanted.
        threads: usize,
        /// The cause.
        source: rayon::ThreadPoolBuildError,
    },
    /// The closure panicked; the panic's own message went to the log.
    #[error("a computation panicked")]
    Panicked,
}

/// A pool of compute threads; clones share it.
#[derive(Clone)]
pub struct Compute {
    pool: Arc<rayon::ThreadPool>,
    load: Arc<Load>,
}

#[derive(Default)]
struct Load {
    pending: AtomicUsize,
    running: AtomicUsize,
}

impl Compute {
    /// A pool with this many threads, at least one.
    pub fn new(threads: usize) -> Result<Self, Error> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("compute-{index}"))
            .build()
            .map_err(|source| Error::Start { threads, source })?;
        Ok(Self {
            pool: Arc::new(pool),
            load: Arc::default(),
        })
    }

    /// As many threads as the machine has cores.
    pub fn with_all_cores() -> Result<Self, Error> {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Runs a closure on the pool; `par_*` of rayon inside it uses the same pool.
    pub async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.run_while_wanted(move |_| work()).await
    }

    /// Like [`Self::run`] for work in pieces: it is handed a question to ask between them, whose answer turns to false when
    /// nobody waits for the result any more. What it returns then is thrown away.
    pub async fn run_while_wanted<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let load = Arc::clone(&self.load);
        let span = tracing::Span::current();
        load.pending.fetch_add(1, Ordering::Relaxed);
        self.pool.spawn(move || {
            load.pending.fetch_sub(1, Ordering::Relaxed);
            if sender.is_closed() {
                return;
            }
            load.running.fetch_add(1, Ordering::Relaxed);
            let result = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| work(&|| !sender.is_closed()))));
            load.running.fetch_sub(1, Ordering::Relaxed);
            // A caller that left while we worked no longer wants the result.
            let _ = sender.send(result.ok());
        });
        receiver.await.ok().flatten().ok_or(Error::Panicked)
    }

    /// Runs a closure on the pool and blocks; for the command line, which has no async runtime.
    pub fn run_blocking<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// How many threads it has.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Computations that wait and that run, for metrics.
    pub fn load(&self) -> (usize, usize) {
        (
            self.load.pending.load(Ordering::Relaxed),
            self.load.running.load(Ordering::Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_come_back_and_panics_become_errors() {
        let compute = Compute::new(2).unwrap();
        assert_eq!(compute.run(|| 6 * 7).await.unwrap(), 42);
        assert!(matches!(
            compute.run(|| -> u32 { panic!("on purpose") }).await,
            Err(Error::Panicked)
        ));
        assert_eq!(compute.run(|| 1).await.unwrap(), 1, "the pool survives a panic");
        assert_eq!(compute.load(), (0, 0));
    }

    #[tokio::test]
    async fn work_whose_caller_left_is_skipped() {
        let compute = Compute::new(1).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let (release, gate) = std::sync::mpsc::channel::<()>();
        let blocker = compute.run(move || gate.recv().is_ok());
        let counter = Arc::clone(&ran);
        let mut blocker = Box::pin(blocker);
        assert!(futures_poll_once(blocker.as_mut()).await);
        let abandoned = compute.run(move || counter.fetch_add(1, Ordering::SeqCst));
        let mut abandoned = Box::pin(abandoned);
        assert!(futures_poll_once(abandoned.as_mut()).await);
        drop(abandoned);
        release.send(()).unwrap();
        assert!(blocker.await.unwrap());
        assert_eq!(compute.run(|| 0).await.unwrap(), 0);
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn work_in_pieces_learns_that_its_caller_left() {
        let compute = Compute::new(1).unwrap();
        let (began, has_begun) = std::sync::mpsc::channel();
        let (ended, has_ended) = std::sync::mpsc::channel();
        let work = compute.run_while_wanted(move |wanted| {
            began.send(wanted()).unwrap();
            while wanted() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
        });
        let mut work = Box::pin(work);
        assert!(futures_poll_once(work.as_mut()).await);
        assert!(has_begun.recv().unwrap(), "the caller waits when it begins");
        drop(work);
        has_ended.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    }

    /// Polls once, so that the work is queued; true while it is pending.
    async fn futures_poll_once<F: Future + Unpin>(mut future: F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_pending())
        })
        .await
    }
}

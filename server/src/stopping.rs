//! The end of a process in three steps: it is told (`/ready` says so and workers put down what they hold), it stops taking
//! requests, and it is over. Between the first two lies the time that a proxy in front needs to notice.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, watch};

/// Where a process stands; clones share it.
#[derive(Clone)]
pub(crate) struct Stopping {
    draining: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
    /// The process must end although nobody asked for it.
    must: Arc<Notify>,
}

/// Why the process was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// By a signal.
    BySignal,
    /// By a part of it that cannot go on.
    ByItself,
}

impl Stopping {
    pub(crate) fn new() -> Self {
        Self {
            draining: watch::channel(false).0,
            stopped: watch::channel(false).0,
            must: Arc::default(),
        }
    }

    /// Turns true at the signal.
    pub(crate) fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    /// Turns true when nothing new is taken any more.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.subscribe()
    }

    /// Ends the process in good order because it cannot go on.
    pub(crate) fn must_end(&self) {
        self.must.notify_one();
    }

    /// Says at once that everything ends.
    pub(crate) fn end(&self) {
        self.draining.send_replace(true);
        self.stopped.send_replace(true);
    }

    /// Waits for SIGTERM or SIGINT, then so long, or until a second signal, with everybody told at either end.
    pub(crate) async fn run(&self, drain: Duration) -> anyhow::Result<Told> {
        let mut signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
        let told = tokio::select! {
            () = any(&mut signals) => Told::BySignal,
            () = self.must.notified() => Told::ByItself,
        };
        self.draining.send_replace(true);
        if told == Told::BySignal && !drain.is_zero() {
            tracing::info!(
                drain_s = drain.as_secs(),
                "stopping: not ready any more, still answering"
            );
            tokio::select! {
                () = tokio::time::sleep(drain) => {}
                () = any(&mut signals) => tracing::info!("told a second time"),
            }
        }
        tracing::info!("stopping");
        self.stopped.send_replace(true);
        Ok(told)
    }
}

async fn any(signals: &mut [Signal; 2]) {
    let [terminate, interrupt] = signals;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

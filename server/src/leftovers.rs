//! Once a day, beside the workers: files of runs that were never published are removed.

use std::time::Duration;

use driftline_auth_billing::chain;
use driftline_database::Database;
use driftline_simulate::remove_leftovers;
use driftline_store::Store;
use jiff::Timestamp;
use tokio::sync::watch;

const DAY: Duration = Duration::from_hours(24);

/// At the start and then daily, until the process is to end.
pub(crate) async fn remove_daily(database: Database, store: Store, mut draining: watch::Receiver<bool>) {
    while !*draining.borrow() {
        let turn = async {
            if let Err(error) = remove_leftovers(&database, &store, Timestamp::now()).await {
                tracing::warn!(cause = chain(&error), "files of unpublished runs were not removed");
            }
            tokio::time::sleep(DAY).await;
        };
        tokio::select! {
            () = turn => {}
            changed = draining.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

//! What the scheduler says of each feed, for processes that have not fetched it themselves. Hints: the newest replaces
//! the one before, and nothing that is published depends on them.

use bytes::Bytes;
use object_store::path::Path;

use crate::{Error, Kind, Store};

impl Store {
    /// Keeps what is known of a feed.
    pub async fn put_feed_report(&self, feed: &str, report: Bytes) -> Result<(), Error> {
        self.objects.replace(&report_path(feed), report).await
    }

    /// What was last known of a feed; `None` where nobody has fetched it.
    pub async fn feed_report(&self, feed: &str) -> Result<Option<Bytes>, Error> {
        match self.objects.get(&report_path(feed)).await {
            Ok(report) => Ok(Some(report)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn report_path(feed: &str) -> Path {
    Path::from(format!("forcing/reports/{feed}.json"))
}

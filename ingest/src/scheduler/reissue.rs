//! Published cycles that their provider may write anew: asked for changes by the marks of their files' versions.

use std::sync::Arc;

use driftline_domain::RunTime;
use driftline_store::{Cycle, SourceFile};
use jiff::Timestamp;

use super::cycle_work::Wanted;
use super::{Scheduler, Turn};
use crate::Error;
use crate::feed::{Feed, Part, Place};
use crate::fetch::{self, Looked, Validator};
use crate::report::Report;
use crate::spool::CycleSpool;

impl Scheduler {
    /// Asks whether the provider has written a published cycle anew, and fetches what has changed.
    pub(super) async fn look_for_reissue(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        head: &Arc<Cycle>,
        (report, turn): (&mut Report, &mut Turn),
    ) -> Result<(), Error> {
        let about = feed.about();
        let now = Timestamp::now();
        let looked_at = report
            .rechecked
            .get(&run)
            .copied()
            .unwrap_or(head.manifest.published_at);
        if !about.reissued || now < looked_at + self.window.recheck || now > run.0 + about.given_up_after {
            return Ok(());
        }
        report.rechecked.insert(run, now);
        let expected = self.expected_times(feed, run);
        let Some(parts) = self.parts(feed, run, &expected).await? else {
            return Ok(());
        };
        let spool = self.spool.cycle(about.name, run)?;
        let mut changed = 0;
        for source in &head.manifest.sources {
            if self.is_written_anew(source, &parts, &spool).await {
                spool.drop_part(&source.name)?;
                changed += 1;
            }
        }
        if changed == 0 {
            return Ok(());
        }
        tracing::info!(feed = about.name, %run, parts = changed, "the provider has written parts of the cycle anew");
        let wanted = Wanted {
            feed,
            run,
            parts: &parts,
            expected,
            head: Some(head),
        };
        self.fetch_and_publish(&wanted, report, turn).await
    }

    /// Whether a published source is another version where it was fetched. The receipt knows better than the manifest where
    /// the provider wrote the same bytes again: that makes no revision.
    async fn is_written_anew(&self, source: &SourceFile, parts: &[Part], spool: &CycleSpool) -> bool {
        let Some(origin) = &source.origin else { return false };
        let of_part = parts.iter().filter(|part| part.name == source.name);
        let mut addresses = of_part.flat_map(|part| &part.places).filter_map(Place::object);
        // What is stored of an address is without its secrets.
        let Some(url) = addresses.find(|url| fetch::redacted(url).as_str() == origin.url) else {
            return false;
        };
        let known = match spool.fetched(&source.name) {
            Some(receipt) if receipt.url.as_str() == origin.url => receipt.validator,
            _ => Validator {
                etag: origin.etag.clone(),
                last_modified: origin.last_modified,
            },
        };
        let looked = self.fetcher.look(url, Some(&known)).await;
        matches!(looked, Ok(Looked::There { validator, .. }) if validator != known)
    }
}

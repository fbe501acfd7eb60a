//! Pages in an order that was asked for (Part 3's `sortby`). Everything that is selected is looked at, and the page keeps
//! the features that come first behind its cursor: a sort key and a place, so that a walk sees each feature once whatever
//! is published meanwhile.

use std::collections::BinaryHeap;
use std::sync::Arc;

use driftline_database::Cursor;
use driftline_query::{Key, Order};

use super::block::{BlockRef, Picked};
use super::holdings::Holdings;
use super::items_query::Next;
use super::selection::Selection;
use crate::query::Page;
use crate::{AppState, Error};

/// Features that are looked at for one page; who wants more has to name a mission or a time.
const MAX_SORTED: usize = 5_000_000;

/// A selection in an order.
pub(crate) struct Sorted<'a> {
    /// What is selected.
    pub(crate) selection: &'a Selection,
    /// The order.
    pub(crate) order: &'a Arc<Order>,
}

/// A feature in its order.
struct Ranked {
    key: Key,
    cursor: Cursor,
    picked: Picked,
}

impl Ranked {
    fn rank(&self) -> (&Key, i64, i64) {
        (&self.key, self.cursor.run_seq, self.cursor.row)
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl Sorted<'_> {
    /// The features of a page, and where the next one begins when there is more.
    pub(crate) async fn page(
        &self,
        state: &AppState,
        holdings: &Holdings,
        page: Page,
        after_key: Option<&str>,
    ) -> Result<(Vec<Picked>, Option<Next>), Error> {
        let after_key = after_key.map(Key::parse).transpose();
        let after_key = after_key.map_err(|error| Error::parameter("cursor", error.to_string()))?;
        let after = after_key.zip(page.after);
        let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let wanted = page.limit.saturating_add(1).saturating_add(skipped);
        let mut first: BinaryHeap<Ranked> = BinaryHeap::new();
        let mut looked_at = 0;
        let mut place = None;
        let boxes = self.selection.boxes();
        let runs = holdings.runs.iter().filter(|run| self.selection.may_meet(run));
        for run in runs {
            for reference in BlockRef::of_run(state, run, self.selection.collection, &boxes).await? {
                if !self.selection.may_meet_block(&reference) {
                    continue;
                }
                let Some(block) = reference.load(state, self.selection.collection).await? else {
                    continue;
                };
                looked_at += block.len();
                if looked_at > MAX_SORTED {
                    let reason = format!("more than {MAX_SORTED} features are not sorted; name a mission or a time");
                    return Err(Error::parameter("sortby", reason));
                }
                let found = self.selection.pick(state, &block, 0, usize::MAX, &mut place).await?;
                let (order, after, held) = (Arc::clone(self.order), after.clone(), Arc::clone(&block));
                let rank = move || rank(&order, &held, found, after.as_ref(), wanted);
                let ranked = state.compute.run(rank).await;
                let ranked = ranked.map_err(|error| Error::Internal(format!("a page: {error}")))??;
                for one in ranked {
                    first.push(one);
                    if first.len() > wanted {
                        first.pop();
                    }
                }
            }
        }
        let mut sorted = first.into_sorted_vec();
        sorted.drain(..skipped.min(sorted.len()));
        let has_more = sorted.len() > page.limit;
        sorted.truncate(page.limit);
        let last = sorted.last().filter(|_| has_more);
        let next = last.map(|last| Next::Key(last.key.to_text(), last.cursor));
        Ok((sorted.into_iter().map(|ranked| ranked.picked).collect(), next))
    }
}

/// The features of a block that come first behind the cursor, at most so many.
fn rank(
    order: &Order,
    block: &Arc<super::block::Block>,
    found: Vec<usize>,
    after: Option<&(Key, Cursor)>,
    wanted: usize,
) -> Result<Vec<Ranked>, Error> {
    let keys = order.keys(&block.columns()?.table(block)).map_err(Error::Filter)?;
    let mut ranked: Vec<Ranked> = found
        .into_iter()
        .filter_map(|index| {
            let one = Ranked {
                key: keys.get(index)?,
                cursor: block.cursor(index),
                picked: Picked {
                    block: Arc::clone(block),
                    index,
                },
            };
            let is_behind = after.is_none_or(|(key, cursor)| one.rank() > (key, cursor.run_seq, cursor.row));
            is_behind.then_some(one)
        })
        .collect();
    ranked.sort_unstable();
    ranked.truncate(wanted);
    Ok(ranked)
}

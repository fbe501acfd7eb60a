//! Which features of a collection are wanted, and pages of them: in the order of runs and rows behind a cursor, or in an
//! order that was asked for. Blocks are read one after the other; what takes long is looked at on the compute pool, and
//! whoever goes away is not waited for.

use std::sync::Arc;

use driftline_database::{Cursor, Run};
use driftline_domain::{BBox, MissionId, OrgId};
use driftline_query::Filter;

use super::block::{Block, BlockRef, Picked};
use super::collection::Collection;
use super::holdings::Holdings;
use super::region::Region;
use crate::maps::MapPlace;
use crate::query::{Interval, Page};
use crate::{AppState, Error};

/// What is looked at on the async threads: beyond it the compute pool does it.
const ROWS_AT_ONCE: usize = 4_000;

/// Runs, and features of theirs, that are looked at for a count.
const RUNS_COUNTED: usize = 500;
const ROWS_COUNTED: usize = 50_000;

/// Which features of a collection are wanted.
#[derive(Clone)]
pub(crate) struct Selection {
    /// Of this tenant.
    pub(crate) org: OrgId,
    /// Of this mission only.
    pub(crate) mission: Option<MissionId>,
    /// In this collection.
    pub(crate) collection: Collection,
    /// That touch this region.
    pub(crate) region: Option<Region>,
    /// Whose time meets this interval.
    pub(crate) interval: Interval,
    /// That changed in this interval.
    pub(crate) updated: Option<Interval>,
    /// That meet all these conditions.
    pub(crate) filters: Vec<Filter>,
}

impl Selection {
    /// Whether every feature of the collection is wanted.
    pub(crate) fn is_everything(&self) -> bool {
        self.region.is_none() && self.interval.is_open() && self.updated.is_none() && self.filters.is_empty()
    }

    /// The features of a page, and the cursor of the next one when there is more.
    pub(crate) async fn page(
        &self,
        state: &AppState,
        holdings: &Holdings,
        page: Page,
    ) -> Result<(Vec<Picked>, Option<Cursor>), Error> {
        // One more than the page holds tells whether there is a next page.
        let mut walk = Walk {
            wanted: page.limit + 1,
            to_skip: usize::try_from(page.offset).unwrap_or(usize::MAX),
            picked: Vec::new(),
            place: None,
        };
        let from = page
            .after
            .map_or(0, |after| holdings.runs.partition_point(|run| run.seq < after.run_seq));
        for run in &holdings.runs[from..] {
            let behind = page.after.filter(|after| after.run_seq == run.seq);
            let behind = behind.map(|after| u64::try_from(after.row).unwrap_or(0));
            if self.may_meet(run) {
                self.walk_run(state, run, behind, &mut walk).await?;
            }
            if walk.wanted == walk.picked.len() {
                break;
            }
        }
        let has_more = walk.picked.len() > page.limit;
        walk.picked.truncate(page.limit);
        let next = walk.picked.last().filter(|_| has_more).map(Picked::cursor);
        Ok((walk.picked, next))
    }

    /// How many features are selected in all, where that costs no reading of files.
    pub(crate) async fn count(&self, state: &AppState, holdings: &Holdings, page: Page) -> Result<Option<i64>, Error> {
        if self.is_everything() {
            return holdings.count(state, self.collection).await;
        }
        // Behind the first page a filtered selection is not counted again: a page costs the same at any depth.
        if page.after.is_some() || !self.is_quickly_counted(state, holdings).await? {
            return Ok(None);
        }
        let (boxes, mut count, mut place) = (self.boxes(), 0, None);
        for run in holdings.runs.iter().filter(|run| self.may_meet(run)) {
            for reference in BlockRef::of_run(state, run, self.collection, &boxes).await? {
                if !self.may_meet_block(&reference) {
                    continue;
                }
                let Some(block) = reference.load(state, self.collection).await? else {
                    continue;
                };
                count += if self.filters.is_empty() && block.len() <= ROWS_AT_ONCE {
                    block.count(self.region.as_ref(), self.interval)
                } else {
                    self.pick(state, &block, 0, usize::MAX, &mut place).await?.len()
                };
            }
        }
        Ok(i64::try_from(count).ok())
    }

    /// Whether looking at everything that may match costs next to nothing.
    async fn is_quickly_counted(&self, state: &AppState, holdings: &Holdings) -> Result<bool, Error> {
        if self.collection.is_small() {
            return Ok(holdings.runs.len() <= RUNS_COUNTED);
        }
        let (boxes, mut rows) = (self.boxes(), 0);
        for run in holdings.runs.iter().filter(|run| self.may_meet(run)) {
            for reference in BlockRef::of_run(state, run, self.collection, &boxes).await? {
                if self.may_meet_block(&reference) {
                    rows += reference.rows_at_most.unwrap_or(ROWS_COUNTED);
                }
            }
            if rows >= ROWS_COUNTED {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a run may have something of it.
    pub(crate) fn may_meet(&self, run: &Run) -> bool {
        let in_time = self.interval.meets(run.valid_from, run.valid_until);
        let changed = self
            .updated
            .is_none_or(|updated| updated.holds(driftline_domain::ValidTime(run.published_at)));
        let named = |property: &str, id: String| {
            let mut wanted = self.filters.iter().filter_map(|filter| filter.equals(property));
            wanted.all(|wanted| wanted == id)
        };
        in_time
            && changed
            && self.region.as_ref().is_none_or(|region| region.may_touch(run.bbox))
            && named("mission_id", run.mission.to_string())
            && named("run_id", run.id.to_string())
    }

    /// Whether a block may have something of it.
    pub(crate) fn may_meet_block(&self, reference: &BlockRef) -> bool {
        reference.may_meet(self.interval)
            && self.filters.iter().all(|filter| match reference.one_time() {
                Some(time) => {
                    let ((from, until), time) = (filter.interval("valid_time"), time.0.as_microsecond());
                    from.is_none_or(|from| from <= time) && until.is_none_or(|until| time <= until)
                }
                None => true,
            })
    }

    /// Boxes, each of which all that is wanted touches.
    pub(crate) fn boxes(&self) -> Vec<BBox> {
        let told = self.filters.iter().filter_map(Filter::bbox);
        // What is no box on the globe leaves nothing out.
        let told = told.filter_map(|[west, south, east, north]| BBox::new(west, south, east, north).ok());
        self.region.iter().map(|region| region.bbox).chain(told).collect()
    }

    async fn walk_run(
        &self,
        state: &AppState,
        run: &Arc<Run>,
        behind: Option<u64>,
        walk: &mut Walk,
    ) -> Result<(), Error> {
        let boxes = self.boxes();
        for reference in BlockRef::of_run(state, run, self.collection, &boxes).await? {
            if walk.wanted == walk.picked.len() {
                return Ok(());
            }
            if !self.may_meet_block(&reference)
                || behind.is_some_and(|row| reference.ends_before(row.saturating_add(1)))
            {
                continue;
            }
            if let Some(rows) = reference.rows.filter(|rows| behind.is_none() && *rows <= walk.to_skip)
                && self.is_everything()
            {
                walk.to_skip -= rows;
                continue;
            }
            let Some(block) = reference.load(state, self.collection).await? else {
                continue;
            };
            let start = behind.map_or(0, |row| block.index_behind(row));
            let most = (walk.wanted - walk.picked.len()).saturating_add(walk.to_skip);
            let found = self.pick(state, &block, start, most, &mut walk.place).await?;
            let skipped = walk.to_skip.min(found.len());
            walk.to_skip -= skipped;
            walk.picked.extend(found.into_iter().skip(skipped).map(|index| Picked {
                block: Arc::clone(&block),
                index,
            }));
        }
        Ok(())
    }

    /// The features of a block that are wanted, from one on, at most so many.
    pub(crate) async fn pick(
        &self,
        state: &AppState,
        block: &Arc<Block>,
        start: usize,
        most: usize,
        place: &mut Option<Arc<MapPlace>>,
    ) -> Result<Vec<usize>, Error> {
        if self.filters.is_empty() && (block.len() - start.min(block.len()) <= ROWS_AT_ONCE || self.is_everything()) {
            return self.pick_now(block, start, most);
        }
        let kept = match place {
            Some(kept) => Arc::clone(kept),
            None => Arc::clone(place.insert(state.map_places().take(self.org, 1).await?)),
        };
        let (turn, block, selection) = (kept.turn().await?, Arc::clone(block), self.clone());
        let work = move || {
            let _kept = (turn, kept);
            selection.pick_now(&block, start, most)
        };
        let done = state.compute.run(work).await;
        done.map_err(|error| Error::Internal(format!("a page: {error}")))?
    }

    fn pick_now(&self, block: &Block, start: usize, most: usize) -> Result<Vec<usize>, Error> {
        let matching: Vec<Vec<bool>> = match self.filters.as_slice() {
            [] => Vec::new(),
            filters => {
                let table = block.columns()?.table(block);
                let matching = filters.iter().map(|filter| filter.matches(&table));
                matching.collect::<Result<_, _>>().map_err(Error::Filter)?
            }
        };
        let is_wanted = |index: usize| matching.iter().all(|rows| rows.get(index).copied().unwrap_or(false));
        Ok(block.pick(start, self.region.as_ref(), self.interval, most, is_wanted))
    }
}

/// A walk through the blocks.
struct Walk {
    wanted: usize,
    to_skip: usize,
    picked: Vec<Picked>,
    place: Option<Arc<MapPlace>>,
}

//! Blocks before they are loaded: where each is, and what is known of it without reading.

use std::sync::{Arc, OnceLock};

use driftline_database::Run;
use driftline_domain::{BBox, ValidTime};

use super::{Block, Content};
use crate::features::cells::{Cells, Strip};
use crate::features::collection::{Collection, Kept};
use crate::query::Interval;
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Where a block is and what is known of it before it is loaded.
#[derive(Debug, Clone)]
pub(crate) struct BlockRef {
    /// The run.
    pub(crate) run: Arc<Run>,
    /// Its output time, for particles and cells; 0 for what a run has once.
    part: usize,
    /// Which cells of the raster of that time, for cells.
    strip: Option<Strip>,
    /// Number of its first row among those of the run.
    pub(crate) first_row: u64,
    /// The row that is behind its last one, where that is known.
    end_row: Option<u64>,
    /// How many there are, where that is known.
    pub(crate) rows: Option<usize>,
    /// How many there are at most, where that is known.
    pub(crate) rows_at_most: Option<usize>,
    /// First and last time of its features.
    span: (ValidTime, ValidTime),
}

impl BlockRef {
    /// The blocks of a run in a collection, in order. Those whose features are known to lie outside one of the boxes may be
    /// missing, and in those that are there such features may be.
    pub(crate) async fn of_run(
        state: &AppState,
        run: &Arc<Run>,
        collection: Collection,
        boxes: &[BBox],
    ) -> Result<Vec<Self>, Error> {
        if collection.kept() == Kept::Cells {
            return Self::of_bands(state, run, boxes).await;
        }
        if collection != Collection::Particles {
            let whole = Self {
                run: Arc::clone(run),
                part: 0,
                strip: None,
                first_row: 0,
                end_row: None,
                rows: None,
                rows_at_most: None,
                span: (run.valid_from, run.valid_until),
            };
            return Ok(vec![whole]);
        }
        let Some(layout) = RunCache::layout(state, run).await? else {
            return Ok(Vec::new());
        };
        let mut first_row = 0;
        let steps = layout.steps().iter().enumerate().map(|(part, step)| {
            let block = Self {
                run: Arc::clone(run),
                part,
                strip: None,
                first_row,
                end_row: Some(first_row + step.rows as u64),
                rows: Some(step.rows),
                rows_at_most: Some(step.rows),
                span: (step.time, step.time),
            };
            first_row += step.rows as u64;
            block
        });
        Ok(steps.collect())
    }

    async fn of_bands(state: &AppState, run: &Arc<Run>, boxes: &[BBox]) -> Result<Vec<Self>, Error> {
        let Some(bands) = RunCache::band_times(state, run).await? else {
            return Ok(Vec::new());
        };
        let strips = Strip::that_meet(&bands.grid, boxes);
        let blocks = bands.times.iter().enumerate().flat_map(|(part, time)| {
            strips.iter().map(move |strip| Self {
                run: Arc::clone(run),
                part,
                strip: Some(strip.clone()),
                first_row: strip.rows_of_band(part).start,
                end_row: Some(strip.rows_of_band(part).end),
                rows: None,
                rows_at_most: Some(strip.len()),
                span: (*time, *time),
            })
        });
        Ok(blocks.collect())
    }

    /// Whether some feature of it may hold at some time of the interval.
    pub(crate) fn may_meet(&self, interval: Interval) -> bool {
        interval.meets(self.span.0, self.span.1)
    }

    /// The time that all its features have, of those that have one.
    pub(crate) fn one_time(&self) -> Option<ValidTime> {
        (self.rows.is_some() || self.strip.is_some()).then_some(self.span.0)
    }

    /// Whether all its rows stand before this one.
    pub(crate) fn ends_before(&self, row: u64) -> bool {
        self.end_row.is_some_and(|end| end <= row)
    }

    async fn cells(&self, state: &AppState) -> Result<Option<Cells>, Error> {
        let (Some(strip), Some(grid)) = (&self.strip, RunCache::band(state, &self.run, self.part).await?) else {
            return Ok(None);
        };
        Ok(Some(strip.cells(grid, self.part, self.span.0)))
    }

    /// The block; `None` where the run has no such file.
    pub(crate) async fn load(&self, state: &AppState, collection: Collection) -> Result<Option<Arc<Block>>, Error> {
        let run = &self.run;
        let content = match collection.kept() {
            Kept::Positions => RunCache::positions(state, run, self.part)
                .await?
                .map(Content::Particles),
            Kept::Cells => self.cells(state).await?.map(Content::Cells),
            Kept::Tracks => RunCache::tracks(state, run).await?.map(Content::Tracks),
            _ => RunCache::rows(state, run, collection).await?.map(Content::Rows),
        };
        Ok(content.map(|content| {
            Arc::new(Block {
                collection,
                run: Arc::clone(run),
                first_row: self.first_row,
                content,
                columns: OnceLock::new(),
                text: OnceLock::new(),
            })
        }))
    }
}

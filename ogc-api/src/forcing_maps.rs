//! The seam through which maps see the stored forcing: what there is of a kind, and the fields around a box at one
//! time. The server fills it in from the store's catalog.

use std::sync::Arc;

use driftline_domain::{BBox, ForcingKind, GridSpec, RunTime, ValidTime, VectorField};
use futures::future::BoxFuture;

use crate::SeamError;

/// Forcing for maps.
pub trait ForcingMaps: Send + Sync {
    /// What there is of a kind; `None` when nothing is stored.
    fn about(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Option<ForcingAbout>, SeamError>>;

    /// The fields of a kind around a box at the stored step nearest to an instant, the one to be drawn on top first:
    /// finest grid first, of equal grids the newest cycle first. Each is cut to the box with a margin for
    /// interpolation. `max_cell_m` is what a picture resolves: an implementation that keeps coarser copies of a field
    /// may return one whose cells are not larger.
    fn slabs(
        &self,
        kind: ForcingKind,
        bbox: BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>>;

    /// The same of the cycles of one model run only.
    fn slabs_of_run(
        &self,
        kind: ForcingKind,
        run: RunTime,
        bbox: BBox,
        at: ValidTime,
        max_cell_m: Option<f64>,
    ) -> BoxFuture<'_, Result<Vec<MapSlab>, SeamError>>;
}

/// What there is of one kind of forcing, over all cycles that maps draw from.
#[derive(Debug, Clone, PartialEq)]
pub struct ForcingAbout {
    /// A box around all of it.
    pub bbox: BBox,
    /// First stored step.
    pub from: ValidTime,
    /// Last stored step.
    pub until: ValidTime,
    /// Seconds between steps.
    pub step_s: u32,
    /// Lines that every product must carry, each once.
    pub attribution: Vec<String>,
    /// Grows whenever something is published: what was drawn before may look different now.
    pub version: u64,
    /// The model runs, the oldest first.
    pub runs: Vec<ForcingRun>,
}

/// What there is of one kind of forcing from one model run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForcingRun {
    /// When the models started.
    pub run: RunTime,
    /// First stored step.
    pub from: ValidTime,
    /// Last stored step.
    pub until: ValidTime,
}

/// One field of one cycle around a box at one time.
#[derive(Debug, Clone)]
pub struct MapSlab {
    /// Where its values stand.
    pub grid: GridSpec,
    /// The values; waves as a vector whose length is the significant height and whose direction is the one that they
    /// travel towards.
    pub field: Arc<VectorField>,
    /// When it holds.
    pub time: ValidTime,
    /// Feed.
    pub feed: String,
    /// Model cycle.
    pub run: RunTime,
    /// Revision of the cycle.
    pub revision: u32,
    /// Line that every product must carry.
    pub attribution: Option<String>,
}

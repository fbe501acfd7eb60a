//! The seam through which values of the stored forcing are read: which steps there are, each with the fields that hold
//! exactly then, and one field around a box. Pictures use [`crate::ForcingMaps`], which takes the nearest step. The server
//! fills it in from the store's catalog.

use std::sync::Arc;

use driftline_domain::{BBox, ForcingKind, GridSpec, RunTime, ValidTime};
use futures::future::BoxFuture;

use crate::{ForcingAbout, MapSlab, SeamError};

/// Values of forcing.
pub trait ForcingFields: Send + Sync {
    /// The stored steps that are wanted, in their order.
    fn steps(&self, question: StepsQuestion) -> BoxFuture<'_, Result<Vec<FieldStep>, SeamError>>;

    /// A field of a step around a box, every node of it, with a margin for interpolation; `None` where no node has a
    /// value.
    fn field<'a>(&'a self, field: &'a StoredField, bbox: BBox) -> BoxFuture<'a, Result<Option<MapSlab>, SeamError>>;

    /// The cycles that have a kind, newest first, each in its newest revision.
    fn cycles(&self, kind: ForcingKind) -> BoxFuture<'_, Result<Vec<CycleAbout>, SeamError>>;
}

/// A model cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleName {
    /// Feed.
    pub feed: String,
    /// Reference time.
    pub run: RunTime,
}

/// What one cycle has of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct CycleAbout {
    /// Which cycle.
    pub name: CycleName,
    /// Its newest revision.
    pub revision: u32,
    /// Where and when.
    pub about: ForcingAbout,
}

/// Which steps are wanted; `None` restricts nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct StepsQuestion {
    /// The kind of field.
    pub kind: ForcingKind,
    /// The one cycle to take them from.
    pub of_cycle: Option<CycleName>,
    /// Only fields whose grid meets this box.
    pub bbox: BBox,
    /// First instant.
    pub from: Option<ValidTime>,
    /// Last instant.
    pub until: Option<ValidTime>,
}

/// The fields that hold at one stored time, finest grid first.
#[derive(Debug, Clone)]
pub struct FieldStep {
    /// When.
    pub time: ValidTime,
    /// The fields.
    pub fields: Vec<StoredField>,
}

/// One step of one stored series.
#[derive(Debug, Clone)]
pub struct StoredField {
    /// The series.
    pub series: Arc<FieldAbout>,
    /// Index into its times.
    pub step: usize,
}

/// A series of fields on one grid.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldAbout {
    /// Its cycle.
    pub cycle: CycleName,
    /// Revision of the cycle.
    pub revision: u32,
    /// Index among the cycle's series.
    pub index: usize,
    /// Where its values stand.
    pub grid: GridSpec,
    /// Line that every product must carry.
    pub attribution: Option<String>,
}

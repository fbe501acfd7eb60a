//! One page of a collection: features in the order of runs and rows, behind a cursor, that meet a box and an interval.

use driftline_database::{Cursor, FeatureFilter, FeatureKind, RunFilter};
use driftline_domain::{BBox, MissionId, OrgId};

use super::collection::{Collection, Kept};
use super::geojson::FeatureText;
use super::holdings::Holdings;
use super::{geometry, positions};
use crate::query::{Interval, Page};
use crate::runs::RunCache;
use crate::{AppState, Error};

/// Which features of a collection are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// Of this tenant.
    pub(crate) org: OrgId,
    /// Of this mission only.
    pub(crate) mission: Option<MissionId>,
    /// In this collection.
    pub(crate) collection: Collection,
    /// That touch this box.
    pub(crate) bbox: Option<BBox>,
    /// Whose time meets this interval.
    pub(crate) interval: Interval,
}

/// Features read in one go, and where the next go begins.
pub(crate) struct Batch {
    /// The features that were found.
    pub(crate) features: Vec<FeatureText>,
    /// The last place that was looked at; `None` at the end of the collection.
    pub(crate) reached: Option<Cursor>,
}

/// Features read in one go at most.
const BATCH: usize = 10_001;
/// Runs looked up at once.
const RUNS_AT_ONCE: u32 = 16;
/// Of more runs than that the features in files are not counted.
const RUNS_COUNTED: usize = 64;

impl Selection {
    /// The features of a page, and the cursor of the next one when there is more.
    pub(crate) async fn page(&self, state: &AppState, page: Page) -> Result<(Vec<FeatureText>, Option<Cursor>), Error> {
        let mut to_skip = page.offset as usize;
        let mut after = page.after;
        let mut found: Vec<FeatureText> = Vec::new();
        // One more than the page holds tells whether there is a next page.
        while found.len() <= page.limit {
            let wanted = (page.limit + 1 - found.len() + to_skip).min(BATCH);
            let batch = self.batch(state, after, wanted).await?;
            let skipped = to_skip.min(batch.features.len());
            to_skip -= skipped;
            found.extend(batch.features.into_iter().skip(skipped));
            match batch.reached {
                Some(reached) => after = Some(reached),
                None => break,
            }
        }
        let has_more = found.len() > page.limit;
        found.truncate(page.limit);
        let next = found.last().filter(|_| has_more).map(|last| last.cursor);
        Ok((found, next))
    }

    /// How many features are selected in all, where that costs no reading of geometries or files. Behind the first
    /// page a filtered selection is not counted again: a page costs the same at any depth.
    pub(crate) async fn count(&self, state: &AppState, holdings: &Holdings, page: Page) -> Result<Option<i64>, Error> {
        if self.bbox.is_none() && self.interval.is_open() {
            return match self.collection.kept() {
                Kept::Rows(_) => Ok(holdings.count(self.collection)),
                Kept::File(_) => self.count_in_files(state, holdings).await,
            };
        }
        if page.after.is_some() {
            return Ok(None);
        }
        match self.collection.kept() {
            // An area's box may touch where the area does not.
            Kept::Rows(FeatureKind::SearchAreas) if self.bbox.is_some() => Ok(None),
            Kept::Rows(kind) => {
                let filter = self.row_filter(None);
                Ok(Some(state.database.count_features(self.org, kind, &filter).await?))
            }
            Kept::File(_) => Ok(None),
        }
    }

    /// Features in the files of all runs: their footers tell, and are kept. QGIS takes a collection without a count for
    /// an empty one.
    async fn count_in_files(&self, state: &AppState, holdings: &Holdings) -> Result<Option<i64>, Error> {
        if holdings.run_count() > RUNS_COUNTED {
            return Ok(None);
        }
        let filter = RunFilter {
            mission: self.mission,
            limit: RUNS_COUNTED as u32,
            ..RunFilter::default()
        };
        let mut count = 0;
        for run in state.database.runs(self.org, &filter).await? {
            count += match self.collection {
                Collection::Trajectories => RunCache::tracks(state, &run).await?.map_or(0, |tracks| tracks.0.len()),
                _ => RunCache::layout(state, &run).await?.map_or(0, |layout| layout.rows()),
            };
        }
        Ok(i64::try_from(count).ok())
    }

    async fn batch(&self, state: &AppState, after: Option<Cursor>, wanted: usize) -> Result<Batch, Error> {
        match self.collection.kept() {
            Kept::Rows(kind) => self.rows(state, kind, after, wanted).await,
            Kept::File(_) => self.file_rows(state, after, wanted).await,
        }
    }

    async fn rows(
        &self,
        state: &AppState,
        kind: FeatureKind,
        after: Option<Cursor>,
        wanted: usize,
    ) -> Result<Batch, Error> {
        let filter = self.row_filter(after);
        let rows = state.database.features(self.org, kind, &filter, wanted as u32).await?;
        let reached = rows.last().filter(|_| rows.len() == wanted).map(|last| last.cursor);
        let mut features = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(bbox) = &self.bbox
                && !geometry::touches(&row, bbox)?
            {
                continue;
            }
            features.push(FeatureText::from(row));
        }
        Ok(Batch { features, reached })
    }

    fn row_filter(&self, after: Option<Cursor>) -> FeatureFilter {
        FeatureFilter {
            mission: self.mission,
            bbox: self.bbox.map(corners),
            from: self.interval.from,
            until: self.interval.until,
            after,
        }
    }

    async fn file_rows(&self, state: &AppState, after: Option<Cursor>, wanted: usize) -> Result<Batch, Error> {
        let mut filter = RunFilter {
            mission: self.mission,
            after_seq: after.map(|cursor| cursor.run_seq.saturating_sub(1)),
            from: self.interval.from,
            until: self.interval.until,
            bbox: self.bbox.map(corners),
            limit: RUNS_AT_ONCE,
        };
        let mut features = Vec::new();
        loop {
            let runs = state.database.runs(self.org, &filter).await?;
            for run in &runs {
                let behind = after
                    .filter(|cursor| cursor.run_seq == run.seq)
                    .map(|cursor| cursor.row);
                let missing = wanted - features.len();
                features.extend(positions::of_run(state, run, self, behind, missing).await?);
                if features.len() == wanted {
                    let reached = features.last().map(|last: &FeatureText| last.cursor);
                    return Ok(Batch { features, reached });
                }
            }
            match runs.last() {
                Some(last) if runs.len() == RUNS_AT_ONCE as usize => filter.after_seq = Some(last.seq),
                _ => {
                    return Ok(Batch {
                        features,
                        reached: None,
                    });
                }
            }
        }
    }
}

fn corners(bbox: BBox) -> [f64; 4] {
    [bbox.west, bbox.south, bbox.east, bbox.north]
}

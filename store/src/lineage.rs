//! From what is stored back to the bytes it was made from (feeds-and-store.md 10, property 6).

use std::collections::BTreeSet;
use std::ops::Range;

use crate::layout::SHARD_STEPS;
use crate::{Manifest, SourceFile};

impl Manifest {
    /// The sources that steps of a series were made from, in the order of `sources`. `None` where there is no such series,
    /// where it has not these steps, and for cycles of versions that did not keep it (before 0.4).
    pub fn step_lineage(&self, group: &str, steps: Range<usize>) -> Option<Vec<&SourceFile>> {
        let lineage = self.lineage.iter().find(|lineage| lineage.group == group)?;
        let indices: BTreeSet<u32> = lineage.steps.get(steps)?.iter().flatten().copied().collect();
        indices
            .into_iter()
            .map(|index| self.sources.get(index as usize))
            .collect()
    }

    /// The sources of a chunk of an array of a series: of the steps that it spans, whatever its rows and columns, since a
    /// source gives the field of a whole step. `chunk` counts chunks of `chunk_steps` steps; the last one may be cut off.
    pub fn chunk_lineage(&self, group: &str, chunk: [usize; 3], chunk_steps: usize) -> Option<Vec<&SourceFile>> {
        let count = self.series.iter().find(|series| series.group == group)?.times.len();
        let first = chunk[0].checked_mul(chunk_steps)?;
        let steps = first..first.checked_add(chunk_steps)?.min(count);
        if steps.is_empty() {
            return None;
        }
        self.step_lineage(group, steps)
    }

    /// The sources of a stored object by its path below the prefix: those of a shard's steps, and of whatever belongs to
    /// a series as a whole those of all its steps.
    pub fn object_lineage(&self, path: &str) -> Option<Vec<&SourceFile>> {
        self.object(path)?;
        let series = self
            .series
            .iter()
            .find(|series| path.starts_with(&format!("{}/", series.group)))?;
        let parts: Vec<&str> = path.rsplitn(5, '/').collect();
        match parts.as_slice() {
            // <group>/<array>/c/<t>/<y>/<x>, counted from the end.
            [x, y, t, "c", _array] => {
                let index = |part: &&str| part.parse::<usize>().ok();
                self.chunk_lineage(&series.group, [index(t)?, index(y)?, index(x)?], SHARD_STEPS)
            }
            _ => self.step_lineage(&series.group, 0..series.times.len()),
        }
    }
}

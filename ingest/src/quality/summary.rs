//! What one step looks like by itself: one pass over its values.

use driftline_domain::{ForcingKind, VectorField};

use super::expectation::{LARGE_STEP, Limits};

/// Nodes below which values may agree by chance.
pub(super) const MANY: usize = 16;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StepSummary {
    /// Nodes with a value.
    pub(super) values: usize,
    zeros: usize,
    /// Nodes whose vector has no eastward part.
    due_north: usize,
    /// Square of the longest vector.
    longest_square: f32,
    /// Sum of all lengths.
    lengths: f64,
    /// Whether every vector is the first one.
    is_constant: bool,
    /// Order-dependent digest of the values and of where they are, to tell whether two steps are the same to the bit.
    pub(super) digest: u64,
}

/// Looks at one step.
pub(super) fn summarise(field: &VectorField) -> StepSummary {
    let mut summary = StepSummary {
        values: 0,
        zeros: 0,
        due_north: 0,
        longest_square: 0.0,
        lengths: 0.0,
        is_constant: true,
        digest: 0xcbf2_9ce4_8422_2325,
    };
    let mut first = None;
    for (node, (&east, &north)) in field.east.iter().zip(&field.north).enumerate() {
        if east.is_nan() || north.is_nan() {
            continue;
        }
        let square = east * east + north * north;
        summary.values += 1;
        summary.zeros += usize::from(square == 0.0);
        summary.due_north += usize::from(east.abs() <= 1e-6 * north.abs());
        summary.longest_square = summary.longest_square.max(square);
        summary.lengths += f64::from(square.sqrt());
        summary.is_constant &= *first.get_or_insert((east, north)) == (east, north);
        // A multiplication by an odd constant and a turn: every bit of every value reaches the end.
        let bits = (u64::from(east.to_bits()) << 32 | u64::from(north.to_bits())) ^ node as u64;
        summary.digest = (summary.digest ^ bits)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
    summary
}

impl StepSummary {
    /// What is wrong with the step by itself: a code and what the step does.
    pub(super) fn objection(&self, kind: ForcingKind, limits: &Limits) -> Option<(&'static str, String)> {
        if self.values == 0 {
            return Some(("step_all_missing", "has no value at all".to_owned()));
        }
        // Water and air that stand still to the last bit everywhere are a fill value in disguise.
        if self.zeros == self.values && self.values > MANY {
            return Some(("zero", "is zero everywhere".to_owned()));
        }
        if self.is_constant && self.values > MANY {
            return Some(("constant", "has the same value everywhere".to_owned()));
        }
        // So are directions that are 0 or 180 degrees everywhere.
        if kind == ForcingKind::Waves && self.due_north == self.values && self.values > MANY {
            return Some((
                "direction",
                "has the same direction, due north or south, everywhere".to_owned(),
            ));
        }
        self.out_of_range(kind, limits).map(|words| ("range", words))
    }

    fn out_of_range(&self, kind: ForcingKind, limits: &Limits) -> Option<String> {
        let longest = f64::from(self.longest_square).sqrt();
        let mean = self.lengths / self.values as f64;
        let units = if kind == ForcingKind::Waves { "m" } else { "m/s" };
        if longest > limits.longest || !longest.is_finite() {
            return Some(format!(
                "reaches {longest:.1} {units}, more than the {} that are believed",
                limits.longest
            ));
        }
        if mean > limits.largest_mean {
            return Some(format!(
                "is {mean:.2} {units} on the mean, more than the {} that are believed: is it in another unit?",
                limits.largest_mean
            ));
        }
        let is_faint = self.values >= LARGE_STEP && mean < limits.smallest_mean;
        is_faint.then(|| {
            format!(
                "is {mean:.5} {units} on the mean, less than the {} that are believed: is it in another unit?",
                limits.smallest_mean
            )
        })
    }
}

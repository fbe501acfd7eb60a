//! What quality control says: refused for a reason, or fit, with marks for what is odd.

use driftline_domain::{ForcingKind, ValidTime};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is, for programs: `step_all_missing`, `hole`, `grid` and so on; never changed once published.
    pub code: &'static str,
    /// The step that it concerns; `None` where it concerns all.
    pub time: Option<ValidTime>,
    /// A sentence for people that names step and values.
    pub message: String,
}

/// The outcome for a series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it must not be published.
    pub refused: Option<Finding>,
    /// What whoever uses it should know; published with it.
    pub marks: Vec<Finding>,
}

impl Finding {
    /// A finding.
    pub(super) fn new(code: &'static str, time: Option<ValidTime>, message: String) -> Self {
        Self { code, time, message }
    }

    /// The check against the cycle before could not be made.
    pub(crate) fn not_compared(kind: ForcingKind, cause: &dyn std::fmt::Display) -> Self {
        let message = format!("{kind} was not held against the cycle before: {cause}");
        Self::new("not_compared", None, message)
    }
}

impl Verdict {
    /// Refuses for a reason, unless there is an earlier one.
    pub(super) fn refuse(&mut self, finding: Finding) {
        self.refused.get_or_insert(finding);
    }

    /// Marks.
    pub(super) fn mark(&mut self, finding: Finding) {
        self.marks.push(finding);
    }
}

//! A line of the report.

use serde_json::{Map, Value, json};

/// What came of one file.
pub(crate) struct Line {
    compared: usize,
    /// Distances in metres, sorted.
    distances_m: Vec<f64>,
    status_mismatches: usize,
    further: Map<String, Value>,
    /// Whether it is within its tolerances; a skipped file is.
    pub(crate) within: bool,
}

impl Line {
    /// Distances in metres of what was compared, and how many states or values were not the same.
    pub(crate) fn of(compared: usize, mut distances_m: Vec<f64>, status_mismatches: usize) -> Self {
        distances_m.sort_by(f64::total_cmp);
        Self {
            compared,
            distances_m,
            status_mismatches,
            further: Map::new(),
            within: true,
        }
    }

    /// A file that is not compared, and why.
    pub(crate) fn skipped(reason: String) -> Self {
        Self::of(0, Vec::new(), 0).with("skipped", reason)
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.further.insert(name.to_owned(), value.into());
        self
    }

    /// With a tolerance that it meets or not.
    pub(crate) fn within(mut self, meets: bool) -> Self {
        self.within &= meets;
        self
    }

    /// The value below which this share of the distances lies; 0 of none.
    pub(crate) fn quantile_m(&self, share: f64) -> f64 {
        quantile(&self.distances_m, share)
    }

    /// Share of mismatches of so many.
    pub(crate) fn mismatch_share(&self, of: usize) -> f64 {
        if of == 0 {
            0.0
        } else {
            self.status_mismatches as f64 / of as f64
        }
    }

    /// As JSON.
    pub(crate) fn json(&self, file: &str) -> Value {
        let distance = |share: f64| (!self.distances_m.is_empty()).then(|| self.quantile_m(share));
        let mut json = json!({
            "file": file, "compared": self.compared, "max_m": distance(1.0), "p99_m": distance(0.99),
            "median_m": distance(0.5), "status_mismatches": self.status_mismatches, "within": self.within,
        });
        if let Some(members) = json.as_object_mut() {
            members.extend(self.further.clone());
        }
        json
    }
}

/// The value below which this share of sorted values lies; 0 of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or(0.0)
}

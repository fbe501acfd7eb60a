//! The table after divan's: medians, CPU time, hashes.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::cases::{Case, Model};

/// One timed run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    pub(crate) model: Model,
    pub(crate) case: Case,
    pub(crate) particle_steps: u64,
    pub(crate) hash: u64,
    pub(crate) wall_s: f64,
    /// Of all threads.
    pub(crate) cpu_s: f64,
}

static ALL: Mutex<Vec<Measurement>> = Mutex::new(Vec::new());

/// Keeps a run for the table.
pub(crate) fn add(measurement: Measurement) {
    ALL.lock().unwrap_or_else(PoisonError::into_inner).push(measurement);
}

/// The table as Markdown, and whether runs that must agree did.
pub(crate) fn table() -> (String, bool) {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = String::from(
        "\n| model | case | particle-steps | wall, s | M steps/s | CPU, s | ns of CPU each | final state |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut repeatable = true;
    for runs in all.chunk_by(|a, b| a.model == b.model && a.case == b.case) {
        let first = runs[0];
        let same = all
            .iter()
            .filter(|other| other.model == first.model && other.case.same_run(&first.case))
            .all(|other| (other.hash, other.particle_steps) == (first.hash, first.particle_steps));
        repeatable &= same;
        let steps = first.particle_steps as f64;
        let wall_s = median(runs.iter().map(|run| run.wall_s));
        let cpu_s = median(runs.iter().map(|run| run.cpu_s));
        let _infallible = writeln!(
            text,
            "| {} | {} | {} | {wall_s:.4} | {:.1} | {cpu_s:.4} | {:.1} | {:016x}{} |",
            first.model.name(),
            first.case,
            first.particle_steps,
            steps / wall_s / 1e6,
            cpu_s / steps * 1e9,
            first.hash,
            if same { "" } else { " DIFFERS" },
        );
    }
    (if all.is_empty() { String::new() } else { text }, repeatable)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    (low + high) / 2.0
}

//! Measures the drift kernel: `cargo bench --package driftline-leeway`, one group with `-- operational`, one case with
//! `-- 'projected, cloud, 20000'`.
//!
//! divan times whole runs (seeding included; making the fields, preparing them and opening the coast are not) and prints
//! particle-steps per second. A table follows with what divan has no column for: CPU time beside wall time, and a hash of
//! the final state. Runs of one case on different numbers of threads must agree to the last bit; the benchmark fails where
//! they do not. Particle-steps are those of particles afloat, as the run counts them itself.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it is a command")]

mod cases;
mod report;
mod sea;

use std::process::ExitCode;
use std::time::Instant;

use divan::Bencher;
use divan::counter::ItemsCount;
use rustix::time::{ClockId, clock_gettime};

use cases::{Case, Model, cases};
use report::Measurement;

/// Timed runs of a case, after one that is not counted; the table has their medians.
const RUNS: u32 = 5;

/// The published model with an error of the current that is correlated in time: the default of a mission.
#[divan::bench(args = cases(), sample_count = RUNS, sample_size = 1)]
fn operational(bencher: Bencher<'_, '_>, case: &Case) {
    measure(bencher, Model::Operational, case);
}

/// The same with an error of the wind and with coefficients of which a part changes slowly.
#[divan::bench(args = cases(), sample_count = RUNS, sample_size = 1)]
fn every_error(bencher: Bencher<'_, '_>, case: &Case) {
    measure(bencher, Model::EveryError, case);
}

/// The reference's own algorithm.
#[divan::bench(args = cases(), sample_count = RUNS, sample_size = 1)]
fn parity(bencher: Bencher<'_, '_>, case: &Case) {
    measure(bencher, Model::Parity, case);
}

fn measure(bencher: Bencher<'_, '_>, model: Model, case: &Case) {
    let scene = case.scene(model);
    let pool = case.pool();
    let first = pool.install(|| scene.run(model, case));
    let particle_steps = first.particle_steps();
    bencher.counter(ItemsCount::new(particle_steps)).bench_local(|| {
        let (wall, cpu_s) = (Instant::now(), cpu_s());
        let outcome = pool.install(|| scene.run(model, case));
        let (wall_s, cpu_s) = (wall.elapsed().as_secs_f64(), self::cpu_s() - cpu_s);
        report::add(Measurement {
            model,
            case: *case,
            particle_steps: outcome.particle_steps(),
            hash: outcome.hash(),
            wall_s,
            cpu_s,
        });
    });
}

/// CPU time of all threads of this process, seconds.
fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn main() -> ExitCode {
    divan::main();
    let (table, repeatable) = report::table();
    print!("{table}");
    if repeatable {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! A parity run: blocks of particles taken from output to output.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use driftline_coast::Coast;
use rayon::prelude::*;

use super::advance::Kernel;
use super::block::{BLOCK, Block, Counts};
use super::{Forcing, RunSpec, Seed};
use crate::{Continue, Error, Outcome, Progress, SeedsMoved, Snapshot, SourceUse, Stats, Status};

/// Runs seeds on the installed rayon pool. The same arguments give the same outcome to the last bit. A particle whose
/// release lies outside of the run stays `not_released`.
pub fn run(
    spec: &RunSpec,
    seeds: &[Seed],
    forcing: &Forcing,
    coast: &Coast,
    progress: &(dyn Fn(Progress) -> Continue + Sync),
) -> Result<Outcome, Error> {
    spec.check(seeds)?;
    let kernel = Kernel::new(spec, forcing, coast);
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let total = seeds.len() as u64 * u64::from(spec.steps);
    let mut blocks: Vec<Box<Block>> = seeds
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(number, seeds)| {
            let mut block = Block::of(spec, forcing, seeds, number);
            kernel.begin(&mut block);
            block
        })
        .collect();
    let mut snapshots = vec![snapshot(spec, seeds.len(), &blocks, 0)];
    let mut first = 0;
    while first < spec.steps {
        let end = first.saturating_add(spec.steps_per_output).min(spec.steps);
        blocks.par_iter_mut().for_each(|block| {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            kernel.advance(block, first..end);
            let more = block.len() as u64 * u64::from(end - first);
            let done = done.fetch_add(more, Ordering::Relaxed) + more;
            if progress(Progress { done, total }) == Continue::Stop {
                stop.store(true, Ordering::Relaxed);
            }
        });
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        snapshots.push(snapshot(spec, seeds.len(), &blocks, end));
        first = end;
    }
    Ok(Outcome {
        snapshots,
        ended: blocks.iter().flat_map(|block| block.ended()).collect(),
        seeds_moved: SeedsMoved::default(),
        stats: stats(spec, seeds.len(), &blocks),
    })
}

fn snapshot(spec: &RunSpec, particles: usize, blocks: &[Box<Block>], step: u32) -> Snapshot {
    let (mut lon_deg, mut lat_deg) = (vec![0.0; particles], vec![0.0; particles]);
    let mut status = vec![Status::Active; particles];
    let parts = lon_deg
        .par_chunks_mut(BLOCK)
        .zip(lat_deg.par_chunks_mut(BLOCK))
        .zip(status.par_chunks_mut(BLOCK));
    parts
        .zip(blocks)
        .for_each(|(((lon, lat), status), block)| block.copy_to(lon, lat, status));
    Snapshot {
        time_s: spec.time_s(step),
        lon_deg,
        lat_deg,
        status,
    }
}

fn stats(spec: &RunSpec, particles: usize, blocks: &[Box<Block>]) -> Stats {
    let mut stats = Stats {
        particles: particles as u32,
        steps: spec.steps,
        ..Stats::default()
    };
    for block in blocks {
        let Counts {
            particle_steps,
            current,
            wind,
            coast_extrapolated,
            jibes,
        } = &block.counts;
        let (current_fallback, wind_fallback) = block.fallback_particles();
        stats.particle_steps += particle_steps;
        add(&mut stats.current, current, current_fallback);
        add(&mut stats.wind, wind, wind_fallback);
        stats.coast_extrapolated += coast_extrapolated;
        stats.jibes += jibes;
    }
    stats
}

fn add(sum: &mut SourceUse, part: &SourceUse, fallback_particles: u64) {
    sum.particle_steps.resize(part.particle_steps.len(), 0);
    for (total, more) in sum.particle_steps.iter_mut().zip(&part.particle_steps) {
        *total += more;
    }
    sum.extrapolated += part.extrapolated;
    sum.fallback_particles += fallback_particles;
}

//! The probability raster: where the object is at each output time, if it is adrift, as probability per square kilometre
//! on one grid of longitudes and latitudes.
//!
//! It is the density of the search areas itself ([`super::areas`]), carried from the plane to the grid: a cell has the mean
//! of the density within it, so value times area of the cell, summed over all cells of a band, is 1. Particles that are
//! ashore or out of data have no part in it, and a band without any particle adrift is all zeros. Values that together
//! hold less than a thousandth of the probability are zero too.

use driftline_domain::ValidTime;
use driftline_tiles::cog::{self, Missing, RasterBand, RasterStack};

use super::Error;
use super::areas::{AreaSet, AreaSettings, Estimate};
use super::cloud::Cloud;
use super::features::RunLabel;
use super::nodes::Nodes;
use super::raster_grid::RasterGrid;

/// Metres east and north on the plane, or nodes.
type Place = (f64, f64);

/// The plane is laid out exactly at every so many cells, linearly in between.
const BLOCK: usize = 8;
/// Samples along a side of a cell at most; nodes are put together where this would not meet them all.
const MOST_SAMPLES: f64 = 16.0;
/// Share of the probability that is not written because it would be spread thin over many cells.
const NEGLIGIBLE: f64 = 1e-3;

/// Areas and the band of the probability raster for one time, from one estimate of the density.
pub fn areas_and_probability(
    cloud: &Cloud<'_>,
    settings: &AreaSettings<'_>,
    grid: &RasterGrid,
) -> Result<(Option<AreaSet>, Vec<f32>), Error> {
    let Some(estimate) = Estimate::of(cloud, settings)? else {
        return Ok((None, vec![0.0; grid.len()]));
    };
    let areas = estimate.areas(cloud, settings)?;
    Ok((Some(areas), band(&estimate, grid)))
}

/// The Cloud Optimized GeoTIFF of the bands of a run.
pub fn probability_tif(
    grid: &RasterGrid,
    bands: impl Iterator<Item = (ValidTime, Vec<f32>)>,
    label: &RunLabel,
) -> Result<Vec<u8>, Error> {
    let text = |name: &str, value: &dyn std::fmt::Display| (name.to_owned(), value.to_string());
    let stack = RasterStack {
        west: grid.west_deg,
        north: grid.north_deg,
        dlon: grid.dlon_deg,
        dlat: grid.dlat_deg,
        nx: grid.nx,
        ny: grid.ny,
        bands: bands
            .map(|(time, values)| RasterBand {
                description: time.to_string(),
                values,
            })
            .collect(),
        unit: "km-2".to_owned(),
        title: "Probability density of the object's position if it is adrift, one band per output time".to_owned(),
        attribution: label.attribution.clone(),
        missing: Missing::Zero,
        metadata: vec![
            text("mission_id", &label.mission_id),
            text("run_id", &label.run_id),
            text("issued", &label.issued),
            text("object_code", &label.object.key),
            text("seed", &label.seed),
            text("engine_version", &label.engine_version),
        ],
    };
    Ok(cog::write(&stack)?)
}

/// The density of an estimate on the grid, per square kilometre.
fn band(estimate: &Estimate, grid: &RasterGrid) -> Vec<f32> {
    let mut values = vec![0.0; grid.len()];
    resample(estimate, grid, &mut values);
    let km2: Vec<f64> = (0..grid.ny).map(|row| grid.cell_km2(row)).collect();
    let filled = values.iter().filter(|value| **value > 0.0).count();
    let thin = NEGLIGIBLE * probability(&values, &km2) / filled.max(1) as f64;
    for (row, km2) in values.chunks_mut(grid.nx).zip(&km2) {
        let least = thin / km2;
        row.iter_mut()
            .for_each(|value| *value = if *value < least { 0.0 } else { *value });
    }
    let whole = probability(&values, &km2);
    let scale = if whole > 0.0 { 1.0 / whole } else { 0.0 };
    values.into_iter().map(|value| shortened(value * scale)).collect()
}

/// What values of these densities hold together, given the size of the cells of each row.
fn probability(values: &[f64], km2: &[f64]) -> f64 {
    let rows = values.chunks(values.len() / km2.len()).zip(km2);
    rows.map(|(row, km2)| row.iter().sum::<f64>() * km2).sum()
}

/// A number in eight bits after the first: right to a fifth of a percent, far better than an ensemble knows it, and it
/// packs in half the time to half the size.
fn shortened(value: f64) -> f32 {
    const DROPPED: u32 = 15;
    let bits = (value as f32).to_bits();
    f32::from_bits((bits + (1 << (DROPPED - 1))) >> DROPPED << DROPPED)
}

/// Adds to each cell the mean of the density within it.
fn resample(estimate: &Estimate, grid: &RasterGrid, values: &mut [f64]) {
    let (columns, rows) = (grid.nx.div_ceil(BLOCK), grid.ny.div_ceil(BLOCK));
    let plane = |column: usize, row: usize| {
        let (lon, lat) = grid.position((column * BLOCK) as f64, (row * BLOCK) as f64);
        estimate.plane.forward(lon, lat)
    };
    let mut source = Source {
        nodes: estimate.density.nodes,
        mass: std::borrow::Cow::Borrowed(&estimate.density.mass),
        halved: false,
    };
    let mut north: Vec<(f64, f64)> = (0..=columns).map(|column| plane(column, 0)).collect();
    for row in 0..rows {
        let south: Vec<(f64, f64)> = (0..=columns).map(|column| plane(column, row + 1)).collect();
        for column in 0..columns {
            let block = Block {
                corners: [north[column], north[column + 1], south[column], south[column + 1]],
            };
            if block.meets(&source.nodes) {
                let (first_column, first_row) = (column * BLOCK, row * BLOCK);
                let cells = (BLOCK.min(grid.nx - first_column), BLOCK.min(grid.ny - first_row));
                block.fill(&mut source, cells, |i, j, mean| {
                    values[(first_row + j) * grid.nx + first_column + i] = mean;
                });
            }
        }
        north = south;
    }
}

/// The nodes that are read: those of the estimate, or coarser ones.
struct Source<'a> {
    nodes: Nodes,
    mass: std::borrow::Cow<'a, [f64]>,
    halved: bool,
}

impl Source<'_> {
    /// Samples along a side of this length, at least one per node that lies on it.
    fn samples(&mut self, side_m: f64) -> usize {
        while side_m / self.nodes.cell_m > MOST_SAMPLES {
            let (nodes, mass) = self.nodes.halved(&self.mass);
            (self.nodes, self.mass, self.halved) = (nodes, mass.into(), true);
        }
        // Coarser nodes do not resolve the kernels any more: between them twice as many samples are needed.
        let per_node = if self.halved { 2.0 } else { 1.0 };
        libm::ceil(per_node * side_m / self.nodes.cell_m).max(1.0) as usize
    }
}

/// A block of cells in the plane, its corners in the order north-west, north-east, south-west, south-east.
struct Block {
    corners: [Place; 4],
}

impl Block {
    /// Whether it may have nodes in it, with something to spare for the bend of its sides.
    fn meets(&self, nodes: &Nodes) -> bool {
        let near = |axis: fn(&Place) -> f64, low: f64, count: usize| {
            let values = self.corners.iter().map(axis);
            let (least, most) = values.fold((f64::MAX, f64::MIN), |(l, m), value| (l.min(value), m.max(value)));
            let spare = 0.25 * (most - least) + nodes.cell_m;
            least - spare < low + count as f64 * nodes.cell_m && most + spare > low
        };
        near(|at| at.0, nodes.x0_m, nodes.nx) && near(|at| at.1, nodes.y0_m, nodes.ny)
    }

    /// Gives the mean density per square kilometre of so many of its cells.
    fn fill(&self, source: &mut Source<'_>, cells: (usize, usize), mut put: impl FnMut(usize, usize, f64)) {
        let [nw, ne, sw, _] = self.corners;
        let side = |from: Place, to: Place| libm::hypot(to.0 - from.0, to.1 - from.1) / BLOCK as f64;
        // The longer side first: it decides how coarse nodes may be.
        let (across_m, down_m) = (side(nw, ne), side(nw, sw));
        source.samples(across_m.max(down_m));
        let (across, down) = (source.samples(across_m), source.samples(down_m));
        let Source { nodes, mass, .. } = source;
        let per_km2 = 1e6 / (nodes.cell_m * nodes.cell_m) / (across * down) as f64;
        let corners = self
            .corners
            .map(|(x, y)| ((x - nodes.x0_m) / nodes.cell_m, (y - nodes.y0_m) / nodes.cell_m));
        let share =
            |cell: usize, step: usize, steps: usize| (cell as f64 + (step as f64 + 0.5) / steps as f64) / BLOCK as f64;
        for j in 0..cells.1 {
            let mut sums = [0.0; BLOCK];
            for step in 0..down {
                let (west, east) = (
                    between(corners[0], corners[2], share(j, step, down)),
                    between(corners[1], corners[3], share(j, step, down)),
                );
                for (i, sum) in sums.iter_mut().enumerate().take(cells.0) {
                    for step in 0..across {
                        *sum += nodes.at(mass, between(west, east, share(i, step, across)));
                    }
                }
            }
            for (i, sum) in sums.iter().enumerate().take(cells.0) {
                put(i, j, sum * per_km2);
            }
        }
    }
}

/// The place this share of the way from one to another.
fn between(a: Place, b: Place, share: f64) -> Place {
    (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
}

#[cfg(test)]
mod tests;

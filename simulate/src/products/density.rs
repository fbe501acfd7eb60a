//! Kernel density of a particle cloud on a metric grid: metres, and probability per cell.
//!
//! The kernel is gaussian, its bandwidth half of Scott's rule, h = 0.5 n^(-1/6) det(cov)^(1/4) (leeway.md 6.1). That
//! is right for a blob or two and far too wide across a filament, whose covariance says nothing about its width. So
//! the cloud itself decides how much narrower: among h, 0.71 h, 0.5 h and 0.35 h the scale with the highest
//! leave-one-out likelihood is sought (M. Stone, J. R. Statist. Soc. B 36 (1974); a parabola through three), and as far
//! as it is below 1, particles get widths of their own: narrow where the pilot density is high, wide where it is low
//! (I. S. Abramson, Annals of Statistics 10 (1982)), in eight classes. At scale 1 this is the plain half-Scott kernel,
//! at 0.5 and below Abramson's square-root law.

use super::nodes::{Nodes, SHARING_VARIANCE};

/// Half of Scott's rule: with all of it, areas are 1.2 to 1.7 times too large on clouds with two lobes.
const SCOTT_FRACTION: f64 = 0.5;
/// Bandwidth scales tried, a factor of sqrt(2) apart; the last only where the one before it is the best so far.
const SCALES: [f64; 4] = [1.0, SCALE_STEP, 0.5, 0.5 * SCALE_STEP];
const SCALE_STEP: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// How far widths follow the pilot density at most: Abramson's square-root law.
const STEEPEST: f64 = 0.5;
/// Bandwidth classes of the adaptive kernel.
const CLASSES: usize = 8;
/// Widest kernel in units of h: a lone straggler is no reason to spread its probability over the map.
const WIDEST: f64 = 2.0;
/// A particle with no neighbour in reach counts as if it had this share of its own kernel's peak there; its
/// logarithm would otherwise decide alone.
const LEAST_NEIGHBOUR: f64 = 0.05;

/// Mean and covariance of points in the plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) mean_m: (f64, f64),
    /// xx, xy, yy.
    pub(crate) covariance_m2: [f64; 3],
}

/// Probability per node's cell; all values together are 1.
pub(crate) struct Density {
    pub(crate) nodes: Nodes,
    pub(crate) mass: Vec<f64>,
    /// Geometric mean of the particles' bandwidths, but for the floor and the widest kernel.
    pub(crate) bandwidth_m: f64,
    /// 1 for the plain kernel, down to 0.35 for the narrowest adaptive one.
    pub(crate) scale: f64,
}

impl Moments {
    /// Of at least one point; the covariance divides by n.
    pub(crate) fn of(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
        let mean_m = (sum_x / n, sum_y / n);
        let mut sums = [0.0; 3];
        for (x, y) in points {
            let (dx, dy) = (x - mean_m.0, y - mean_m.1);
            sums = [sums[0] + dx * dx, sums[1] + dx * dy, sums[2] + dy * dy];
        }
        Self {
            mean_m,
            covariance_m2: sums.map(|sum| sum / n),
        }
    }

    /// Half of Scott's rule for so many points.
    pub(crate) fn half_scott_m(&self, n: f64) -> f64 {
        let [xx, xy, yy] = self.covariance_m2;
        let determinant = (xx * yy - xy * xy).max(0.0);
        SCOTT_FRACTION * libm::pow(n, -1.0 / 6.0) * libm::sqrt(libm::sqrt(determinant))
    }
}

impl Density {
    /// The density of at least one point, with kernels no narrower than the floor.
    pub(crate) fn estimate(points: &[(f64, f64)], moments: &Moments, floor_m: f64) -> Self {
        let half_scott_m = moments.half_scott_m(points.len() as f64);
        let (nodes, widest_m) = Nodes::around(points, half_scott_m.max(floor_m), WIDEST);
        let candidate = |scale: f64| {
            let mut mass = vec![0.0; nodes.nx * nodes.ny];
            nodes.spread(points, widest_m * scale, &mut mass);
            mass
        };
        let pilot = candidate(SCALES[0]);
        // At the floor, or on a grid that could not be as fine as asked, there is nothing narrower to choose.
        let scale = if widest_m > half_scott_m {
            1.0
        } else {
            let fit = |mass: &[f64], scale: f64| log_likelihood(points, &nodes, mass, widest_m * scale);
            let narrower = |scale: f64| fit(&candidate(scale), scale);
            let fits = [fit(&pilot, SCALES[0]), narrower(SCALES[1]), narrower(SCALES[2])];
            if fits[2] > fits[1] && fits[2] > fits[0] {
                best_scale(SCALES[2], [fits[1], fits[2], narrower(SCALES[3])])
            } else {
                best_scale(SCALES[1], fits)
            }
        };
        let mut mass = pilot;
        if scale < 1.0 {
            let classes = classes(points, &nodes, &mass, scale);
            mass.fill(0.0);
            for (members, factor) in classes {
                let bandwidth_m = (widest_m * factor).max(floor_m).max(nodes.cell_m);
                nodes.spread(&members, bandwidth_m, &mut mass);
            }
        }
        let total: f64 = mass.iter().sum();
        mass.iter_mut().for_each(|value| *value /= total);
        Self {
            nodes,
            mass,
            bandwidth_m: (widest_m * scale).max(floor_m),
            scale,
        }
    }

    /// Takes the mass away from the nodes for which `keep` does not hold and scales the rest up to 1; gives the share taken. Where
    /// nothing would be left the density stays as it is: a search area in doubt is better than none.
    pub(crate) fn cut(&mut self, keep: impl Fn(usize) -> bool) -> f64 {
        const NOTHING: f64 = 1e-9;
        let cells = self.mass.iter().enumerate().filter(|(_, mass)| **mass > 0.0);
        let lost: Vec<usize> = cells.map(|(index, _)| index).filter(|index| !keep(*index)).collect();
        // The sum of nothing is -0.0, which would be printed as such.
        let share: f64 = lost.iter().map(|index| self.mass[*index]).sum::<f64>() + 0.0;
        if share > 0.0 && share < 1.0 - NOTHING {
            lost.iter().for_each(|index| self.mass[*index] = 0.0);
            self.mass.iter_mut().for_each(|mass| *mass /= 1.0 - share);
        }
        share.min(1.0)
    }

    /// The part of the grid with any cell above a value, and one more cell around it.
    pub(crate) fn cropped(&self, least: f64) -> (Nodes, Vec<f64>) {
        let nodes = self.nodes;
        let (mut west, mut east, mut south, mut north) = (nodes.nx, 0, nodes.ny, 0);
        for (j, row) in self.mass.chunks(nodes.nx).enumerate() {
            let Some(first) = row.iter().position(|mass| *mass > least) else {
                continue;
            };
            let last = row.iter().rposition(|mass| *mass > least).unwrap_or(first);
            (west, east) = (west.min(first), east.max(last));
            (south, north) = (south.min(j), j);
        }
        let (west, south) = (west.min(east).saturating_sub(1), south.min(north).saturating_sub(1));
        let (east, north) = ((east + 2).min(nodes.nx), (north + 2).min(nodes.ny));
        let rows = self.mass[south * nodes.nx..north * nodes.nx].chunks(nodes.nx);
        let mass = rows.flat_map(|row| &row[west..east]).copied().collect();
        let (x0_m, y0_m) = nodes.place(south * nodes.nx + west);
        (
            Nodes {
                nx: east - west,
                ny: north - south,
                x0_m,
                y0_m,
                ..nodes
            },
            mass,
        )
    }

    /// Where the density is highest, in the plane.
    pub(crate) fn mode(&self) -> (f64, f64) {
        let highest = |best: usize, index: usize| {
            if self.mass[index] > self.mass[best] {
                index
            } else {
                best
            }
        };
        self.nodes.place((0..self.mass.len()).fold(0, highest))
    }

    /// The values of the cells that decide where this level's threshold lies, in no order: sorting the thin ones too would
    /// take most of the time.
    fn densest(&self, level: f64) -> Vec<f64> {
        /// Bits of a number's fraction that are left out: 64 bins to a factor of two.
        const DROPPED: u32 = 46;
        // Cells this thin hold less than half of what lies outside the area, all together: they are not in it.
        let outside = 1.0 - level;
        let thin = 0.5 * outside / self.mass.len() as f64;
        let bin = |value: f64| (value.to_bits() >> DROPPED) as usize;
        let highest = self.mass.iter().copied().fold(thin, f64::max);
        let mut bins = vec![0.0; bin(highest) - bin(thin) + 1];
        for value in self.mass.iter().copied().filter(|value| *value > thin) {
            bins[bin(value) - bin(thin)] += value;
        }
        // Past the level by half of what lies outside, and one more bin that is not empty.
        let (mut above, mut enough) = (0.0, false);
        let last = bins.iter().enumerate().rev().find(|(_, mass)| {
            let found = enough && **mass > 0.0;
            above += **mass;
            enough = above > level + 0.5 * outside;
            found
        });
        let least = bin(thin) + last.map_or(0, |(index, _)| index);
        let mut values = self.mass.clone();
        values.retain(|value| *value > thin && bin(*value) >= least);
        values
    }

    /// For each rising level the mass per cell above which lies that share of all mass. A threshold falls between
    /// two neighbouring values, never on one: an outline through a node could touch itself there.
    pub(crate) fn thresholds(&self, levels: &[f64]) -> Vec<f64> {
        const CLEAR_OF_NODES: std::ops::RangeInclusive<f64> = 0.05..=0.95;
        let mut values = self.densest(levels.last().copied().unwrap_or(1.0));
        values.sort_unstable_by(|a, b| b.total_cmp(a));
        // Cells of one value, as around a lone particle, are passed together. An outline through a cell's middle has
        // half of it inside.
        let mut groups = values.chunk_by(|a, b| *b > *a * (1.0 - 1e-9));
        let (mut above, mut middle, mut value) = (0.0, 0.0, values[0]);
        let mut before = (middle, value);
        let mut thresholds = Vec::with_capacity(levels.len());
        for level in levels {
            while middle < *level || before.1 == value {
                let Some(group) = groups.next() else {
                    // Between the thinnest cell and the empty ones around it.
                    (before, middle, value) = ((middle, value), 1.0, 0.0);
                    break;
                };
                before = (middle, value);
                value = group[group.len() - 1];
                let mass: f64 = group.iter().sum();
                middle = above + 0.5 * mass;
                above += mass;
            }
            let share =
                ((level - before.0) / (middle - before.0)).clamp(*CLEAR_OF_NODES.start(), *CLEAR_OF_NODES.end());
            thresholds.push(before.1 + share * (value - before.1));
        }
        thresholds
    }
}

/// Places that the fit of a scale is judged at: its scatter falls with their root, and is far below what tells scales apart.
const JUDGED_AT: usize = 20_000;

/// Mean logarithm of the density that the other particles make at a particle's place, over all particles or, of many, an
/// even choice (of an odd step: sides alternate with the particles' numbers).
fn log_likelihood(points: &[(f64, f64)], nodes: &Nodes, mass: &[f64], bandwidth_m: f64) -> f64 {
    let width = bandwidth_m / nodes.cell_m;
    // Reading between nodes spreads a particle's own peak once more, as sharing it out did.
    let own = 1.0 / (std::f64::consts::TAU * (width * width + SHARING_VARIANCE));
    let others = |point: &(f64, f64)| (nodes.sample(mass, *point) - own).max(LEAST_NEIGHBOUR * own);
    let step = (points.len() / JUDGED_AT).max(1) | 1;
    let judged = points.iter().step_by(step);
    judged.clone().map(|point| libm::log(others(point))).sum::<f64>() / judged.len() as f64
}

/// The top of the parabola through three fits around the middle scale, within the scales tried.
fn best_scale(middle_scale: f64, [wide, middle, narrow]: [f64; 3]) -> f64 {
    let curvature = wide - 2.0 * middle + narrow;
    let step = if curvature < 0.0 {
        (0.5 * (wide - narrow) / curvature).clamp(-1.0, 1.0)
    } else if narrow > wide {
        1.0
    } else {
        -1.0
    };
    if step == -1.0 && middle_scale == SCALES[1] {
        // Exactly 1: that is the plain kernel.
        SCALES[0]
    } else {
        middle_scale * libm::pow(SCALE_STEP, step)
    }
}

/// The points by like pilot density, and the bandwidth factor of each class.
fn classes(points: &[(f64, f64)], nodes: &Nodes, pilot: &[f64], scale: f64) -> Vec<(Vec<(f64, f64)>, f64)> {
    let log_density = |point: &(f64, f64)| libm::log(nodes.sample(pilot, *point));
    let mut ranked: Vec<_> = points.iter().map(|point| (log_density(point), *point)).collect();
    // Equal densities keep the particles' order, and the sums below theirs.
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mean = |members: &[(f64, (f64, f64))]| members.iter().map(|(log, _)| log).sum::<f64>() / members.len() as f64;
    let overall = mean(&ranked);
    let class = |members: &[(f64, (f64, f64))]| {
        let factor = scale * libm::exp((1.0 - scale).min(STEEPEST) * (overall - mean(members)));
        (members.iter().map(|(_, point)| *point).collect(), factor.min(WIDEST))
    };
    ranked.chunks(ranked.len().div_ceil(CLASSES)).map(class).collect()
}

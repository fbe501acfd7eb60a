//! One datum per lobe: where the search areas fall into parts, each part that matters has a place of its own to start
//! a search from. The mean of two parts may lie where nothing is.
//!
//! A lobe is a part of the smallest area (50 %) that holds at least 5 % of the probability. A part of a wider area, up
//! to 90 %, that has no such lobe in it is one as well. What lies between parts belongs to none, so shares add up to less
//! than 1.

use super::areas::place;
use super::density::Density;
use super::plane::Plane;

/// A part with less of the probability has no datum.
const LEAST_SHARE: f64 = 0.05;
/// Parts of wider areas are not looked at: they hold the whole cloud, or stragglers.
const WIDEST_LEVEL: f64 = 0.9;

/// A separate place where the object may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lobe {
    /// Where to start from: longitude in [-180, 180) and latitude. The mean of the part, or its mode where the mean lies
    /// outside of it, as with a crescent.
    pub datum: (f64, f64),
    /// Whether `datum` is the mean.
    pub is_mean: bool,
    /// Longitude and latitude of the part's highest density.
    pub mode: (f64, f64),
    /// Probability that the object is in the part, if it is adrift.
    pub share: f64,
    /// Level of the area that it is a part of.
    pub level: f64,
    /// Size of the part.
    pub area_km2: f64,
}

/// A part of an area, nodes that hang together.
struct Part {
    nodes: Vec<usize>,
    mass: f64,
}

/// The lobes of a density, given the thresholds of rising levels.
pub(crate) fn lobes(plane: &Plane, density: &Density, levels: &[f64], thresholds: &[f64]) -> Vec<Lobe> {
    let mut found = Vec::new();
    let mut taken = vec![false; density.mass.len()];
    for (index, (&level, &threshold)) in levels.iter().zip(thresholds).enumerate() {
        if index > 0 && level > WIDEST_LEVEL {
            break;
        }
        let mut parts = parts(density, threshold);
        parts.retain(|part| part.mass >= LEAST_SHARE && !part.nodes.iter().any(|&node| taken[node]));
        for part in parts {
            part.nodes.iter().for_each(|&node| taken[node] = true);
            found.push(lobe(plane, density, &part, level));
        }
    }
    if found.is_empty() {
        // Many small parts: the largest of the smallest area stands for all.
        let largest = thresholds.first().and_then(|&threshold| {
            let parts = parts(density, threshold);
            parts.into_iter().reduce(|a, b| if b.mass > a.mass { b } else { a })
        });
        let level = levels.first().copied().unwrap_or(1.0);
        found.extend(largest.map(|part| lobe(plane, density, &part, level)));
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found
}

fn lobe(plane: &Plane, density: &Density, part: &Part, level: f64) -> Lobe {
    let nodes = density.nodes;
    let (mut x, mut y, mut mode) = (0.0, 0.0, part.nodes[0]);
    for &node in &part.nodes {
        let (x_m, y_m) = nodes.place(node);
        (x, y) = (x + density.mass[node] * x_m, y + density.mass[node] * y_m);
        if density.mass[node] > density.mass[mode] {
            mode = node;
        }
    }
    let mean_m = (x / part.mass, y / part.mass);
    let is_mean = nodes.nearest(mean_m).is_some_and(|node| part.nodes.contains(&node));
    let mode_m = nodes.place(mode);
    Lobe {
        datum: place(plane, if is_mean { mean_m } else { mode_m }),
        is_mean,
        mode: place(plane, mode_m),
        share: part.mass,
        level,
        area_km2: part.nodes.len() as f64 * nodes.cell_m * nodes.cell_m / 1e6,
    }
}

/// The parts of the area above a threshold, in the order of their first nodes.
fn parts(density: &Density, threshold: f64) -> Vec<Part> {
    let nx = density.nodes.nx;
    let mut open: Vec<bool> = density.mass.iter().map(|mass| *mass > threshold).collect();
    let mut parts = Vec::new();
    for first in 0..open.len() {
        if !open[first] {
            continue;
        }
        open[first] = false;
        let (mut nodes, mut next) = (vec![first], 0);
        while let Some(&node) = nodes.get(next) {
            next += 1;
            // No area reaches the rim of the grid, so no row goes on in the next one.
            for beside in [node.wrapping_sub(nx), node.wrapping_sub(1), node + 1, node + nx] {
                if open.get(beside).copied().unwrap_or(false) {
                    open[beside] = false;
                    nodes.push(beside);
                }
            }
        }
        let mass = nodes.iter().map(|&node| density.mass[node]).sum();
        parts.push(Part { nodes, mass });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::density::Moments;

    /// Gaussians as (share, east and north of the centre, width), all in metres, drawn evenly.
    fn lobes_of(gaussians: &[(f64, f64, f64, f64)]) -> Vec<Lobe> {
        const N: usize = 5_000;
        let golden = 0.618_033_988_749_894_9;
        let points: Vec<(f64, f64)> = gaussians
            .iter()
            .flat_map(|&(share, x_m, y_m, width_m)| {
                let n = (share * N as f64) as usize;
                (0..n).map(move |k| {
                    // Equal shares in rings, turned by the golden angle.
                    let radius = width_m * libm::sqrt(-2.0 * libm::log((k as f64 + 0.5) / n as f64));
                    let (sin, cos) = libm::sincos(std::f64::consts::TAU * golden * k as f64);
                    (x_m + radius * cos, y_m + radius * sin)
                })
            })
            .collect();
        let density = Density::estimate(&points, &Moments::of(&points), 100.0);
        let levels = [0.5, 0.9, 0.95];
        lobes(
            &Plane::around(179.95, 60.0),
            &density,
            &levels,
            &density.thresholds(&levels),
        )
    }

    fn metres(place: (f64, f64)) -> (f64, f64) {
        Plane::around(179.95, 60.0).forward(place.0, place.1)
    }

    #[test]
    fn one_cloud_is_one_lobe() {
        let lobes = lobes_of(&[(1.0, 1_000.0, -2_000.0, 3_000.0)]);
        assert_eq!(lobes.len(), 1, "{lobes:?}");
        assert!((lobes[0].share - 0.5).abs() < 0.02 && lobes[0].is_mean && lobes[0].level == 0.5);
        let (x, y) = metres(lobes[0].datum);
        assert!(libm::hypot(x - 1_000.0, y + 2_000.0) < 200.0, "{x} {y}");
        // Half of a gaussian is within 1.18 widths.
        let km2 = std::f64::consts::PI * 9.0 * 2.0 * std::f64::consts::LN_2;
        assert!((lobes[0].area_km2 / km2 - 1.0).abs() < 0.1, "{}", lobes[0].area_km2);
    }

    #[test]
    fn each_lobe_has_its_datum_and_its_share() {
        let lobes = lobes_of(&[(0.6, 0.0, 0.0, 3_000.0), (0.4, 30_000.0, 5_000.0, 3_000.0)]);
        assert_eq!(lobes.len(), 2, "{lobes:?}");
        for (lobe, centre) in lobes.iter().zip([(0.0, 0.0), (30_000.0, 5_000.0)]) {
            let (x, y) = metres(lobe.datum);
            assert!(libm::hypot(x - centre.0, y - centre.1) < 300.0, "{x} {y}");
            let (x, y) = metres(lobe.mode);
            assert!(libm::hypot(x - centre.0, y - centre.1) < 2_000.0, "{x} {y}");
            assert!(
                (-180.0..180.0).contains(&lobe.datum.0),
                "east of the antimeridian it is west"
            );
        }
        assert!((lobes[0].share + lobes[1].share - 0.5).abs() < 0.02 && lobes[0].share > lobes[1].share);
    }

    #[test]
    fn a_thin_lobe_beside_a_dense_one_is_found_in_the_wider_area() {
        // The second has a fifth of the particles on nine times the area: none of it is in the 50 % area.
        let lobes = lobes_of(&[(0.8, 0.0, 0.0, 2_000.0), (0.2, 40_000.0, 0.0, 6_000.0)]);
        assert_eq!(lobes.len(), 2, "{lobes:?}");
        assert_eq!((lobes[0].level, lobes[1].level), (0.5, 0.9));
        let (x, y) = metres(lobes[1].datum);
        assert!(libm::hypot(x - 40_000.0, y) < 2_500.0, "{x} {y}");
        let few = lobes_of(&[(0.97, 0.0, 0.0, 3_000.0), (0.03, 40_000.0, 0.0, 1_000.0)]);
        assert_eq!(few.len(), 1, "three in a hundred are no lobe: {few:?}");
    }
}

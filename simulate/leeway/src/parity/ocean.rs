//! Seeds on land go to the nearest node of sea of a lattice: nearest in plain degrees, as the reference counts it.

use driftline_coast::Coast;
use driftline_domain::{meters_per_degree, wrap_lon_deg};

use super::Seed;
use crate::SeedsMoved;

/// Spacing of the lattice, degrees.
const SPACING_DEG: f64 = 0.01;
/// How far the lattice reaches beyond the seeds, degrees.
const MARGIN_DEG: f64 = 0.1;
/// Nodes that an axis has at most: where one has more, both are given this many.
const MAX_NODES: usize = 1_000;

/// Moves seeds on land to the nearest node of sea. Where the lattice has none, they stay (and strand at once).
pub fn to_ocean(seeds: &mut [Seed], coast: &Coast) -> SeedsMoved {
    let on_land: Vec<usize> = (0..seeds.len())
        .filter(|k| coast.on_land(f64::from(seeds[*k].lon_deg), f64::from(seeds[*k].lat_deg)))
        .collect();
    let mut moved = SeedsMoved::default();
    if on_land.is_empty() {
        return moved;
    }
    let lattice = Lattice::around(seeds, coast);
    for k in on_land {
        let seed = &mut seeds[k];
        let from = (f64::from(seed.lon_deg), f64::from(seed.lat_deg));
        let Some(to) = lattice.nearest(from) else { continue };
        (seed.lon_deg, seed.lat_deg) = (to.0 as f32, to.1 as f32);
        let (lon_m, lat_m) = meters_per_degree((from.1 + to.1) / 2.0);
        let distance_m = libm::hypot(wrap_lon_deg(to.0 - from.0) * lon_m, (to.1 - from.1) * lat_m);
        moved.count += 1;
        moved.max_distance_m = moved.max_distance_m.max(distance_m);
    }
    moved
}

/// One axis of the lattice.
struct Axis {
    first_deg: f64,
    step_deg: f64,
    nodes: usize,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        Self {
            first_deg: low - MARGIN_DEG,
            step_deg: SPACING_DEG,
            nodes: libm::ceil((high - low + 2.0 * MARGIN_DEG) / SPACING_DEG) as usize,
        }
    }

    /// The same stretch, ends included, with the largest number of nodes.
    fn coarse(&self) -> Self {
        Self {
            first_deg: self.first_deg,
            step_deg: self.nodes as f64 * self.step_deg / (MAX_NODES - 1) as f64,
            nodes: MAX_NODES,
        }
    }

    fn at(&self, node: usize) -> f64 {
        self.first_deg + node as f64 * self.step_deg
    }

    fn closest(&self, value: f64) -> i64 {
        libm::rint((value - self.first_deg) / self.step_deg) as i64
    }
}

struct Lattice {
    lon: Axis,
    lat: Axis,
    sea: Vec<bool>,
}

impl Lattice {
    fn around(seeds: &[Seed], coast: &Coast) -> Self {
        let mut lon = Axis::over(seeds.iter().map(|seed| f64::from(seed.lon_deg)));
        let mut lat = Axis::over(seeds.iter().map(|seed| f64::from(seed.lat_deg)));
        if lon.nodes.max(lat.nodes) > MAX_NODES {
            (lon, lat) = (lon.coarse(), lat.coarse());
        }
        let rows = (0..lat.nodes).map(|row| lat.at(row).clamp(-90.0, 90.0));
        let sea = rows
            .flat_map(|lat_deg| (0..lon.nodes).map(move |column| (column, lat_deg)))
            .map(|(column, lat_deg)| !coast.on_land(lon.at(column), lat_deg))
            .collect();
        Self { lon, lat, sea }
    }

    /// The node of sea nearest in degrees, looked for ring by ring.
    fn nearest(&self, from: (f64, f64)) -> Option<(f64, f64)> {
        let centre = (self.lon.closest(from.0), self.lat.closest(from.1));
        let reach = self.lon.nodes.max(self.lat.nodes) as i64;
        let step_deg = self.lon.step_deg.min(self.lat.step_deg);
        let mut best: Option<(f64, (f64, f64))> = None;
        for ring in 0..=reach {
            // Nothing in this ring or beyond can be nearer.
            if best.is_some_and(|(distance, _)| distance < (ring as f64 - 0.5) * step_deg) {
                break;
            }
            for row in centre.1 - ring..=centre.1 + ring {
                let edge = (row - centre.1).abs() == ring;
                let stride = if edge || ring == 0 { 1 } else { 2 * ring };
                for column in (centre.0 - ring..=centre.0 + ring).step_by(stride as usize) {
                    let Some(place) = self.sea_at(column, row) else {
                        continue;
                    };
                    let distance = libm::hypot(place.0 - from.0, place.1 - from.1);
                    if best.is_none_or(|(least, _)| distance < least) {
                        best = Some((distance, place));
                    }
                }
            }
        }
        best.map(|(_, place)| (wrap_lon_deg(place.0), place.1))
    }

    fn sea_at(&self, column: i64, row: i64) -> Option<(f64, f64)> {
        let (column, row) = (usize::try_from(column).ok()?, usize::try_from(row).ok()?);
        let inside = column < self.lon.nodes && row < self.lat.nodes;
        (inside && self.sea[row * self.lon.nodes + column]).then(|| (self.lon.at(column), self.lat.at(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parity::{Character, Line};

    fn seed(lon_deg: f32, lat_deg: f32) -> Seed {
        let line = Line {
            slope_percent: 0.0,
            offset_cm_s: 0.0,
            eps_cm_s: 0.0,
        };
        Seed {
            lon_deg,
            lat_deg,
            release_s: 0.0,
            orientation: 0,
            character: Character {
                downwind: line,
                crosswind: line,
            },
        }
    }

    #[test]
    fn land_seeds_go_to_the_nearest_node_and_others_stay() {
        let island = vec![(5.0, 60.0), (5.2, 60.0), (5.2, 60.2), (5.0, 60.2)];
        let coast = Coast::from_polygons(&[island]).unwrap();
        let mut seeds = [seed(5.033, 60.1), seed(4.9, 60.1), seed(5.1, 60.19)];
        let moved = to_ocean(&mut seeds, &coast);
        assert_eq!(moved.count, 2);
        assert_eq!(seeds[1], seed(4.9, 60.1));
        // The lattice begins at 4.8 and 60.0, each 0.01 degree. Degrees of longitude count as much as those of latitude.
        assert!(
            (seeds[0].lon_deg - 4.99).abs() < 1e-5 && (seeds[0].lat_deg - 60.1).abs() < 1e-5,
            "{:?}",
            seeds[0]
        );
        assert!((seeds[2].lat_deg - 60.21).abs() < 1e-5, "{:?}", seeds[2]);
        assert!((moved.max_distance_m - 2_395.0).abs() < 30.0, "{moved:?}");
        let mut inland = [seed(5.1, 60.1)];
        let all_land = Coast::from_polygons(&[vec![(0.0, 50.0), (10.0, 50.0), (10.0, 70.0), (0.0, 70.0)]]).unwrap();
        assert_eq!(to_ocean(&mut inland, &all_land).count, 0);
    }
}

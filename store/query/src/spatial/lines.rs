//! Edges in bands of latitude, for the question on which of them a position lies, and how many lie east of it.

use geo::kernels::{Kernel, Orientation};
use geo::{Coord, GeoNum};

/// Bands at most: more edges share them.
const MOST_BANDS: usize = 256;

/// Edges of lines or rings.
#[derive(Debug)]
pub(super) struct Edges {
    edges: Vec<(Coord<f64>, Coord<f64>)>,
    south: f64,
    /// Bands for each degree.
    bands_per_deg: f64,
    /// Numbers of the edges of each, those that reach furthest east first.
    bands: Vec<Vec<u32>>,
}

/// What edges tell of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// It lies on one.
    Edge,
    /// An odd number lies east of it: it is inside of rings.
    Odd,
    Even,
}

impl Edges {
    /// Of positions in a row, each row a line or a ring.
    pub(super) fn of(rows: Vec<Vec<Coord<f64>>>) -> Self {
        let edges: Vec<(Coord<f64>, Coord<f64>)> = rows
            .iter()
            .flat_map(|row| row.windows(2).map(|pair| (pair[0], pair[1])))
            .collect();
        let lats = || edges.iter().flat_map(|(a, b)| [a.y, b.y]);
        let south = lats().fold(f64::INFINITY, f64::min);
        let north = lats().fold(f64::NEG_INFINITY, f64::max);
        let count = edges.len().clamp(1, MOST_BANDS);
        let bands_per_deg = if north > south {
            count as f64 / (north - south)
        } else {
            0.0
        };
        let mut bands = vec![Vec::new(); count];
        for (number, (a, b)) in (0_u32..).zip(&edges) {
            let first = band(a.y.min(b.y), south, bands_per_deg, count);
            let last = band(a.y.max(b.y), south, bands_per_deg, count);
            bands[first..=last].iter_mut().for_each(|band| band.push(number));
        }
        let east = |number: &u32| edges[*number as usize].0.x.max(edges[*number as usize].1.x);
        bands
            .iter_mut()
            .for_each(|band| band.sort_by(|a, b| east(b).total_cmp(&east(a))));
        Self {
            edges,
            south,
            bands_per_deg,
            bands,
        }
    }

    pub(super) fn locate(&self, position: Coord<f64>) -> On {
        let mut odd = false;
        let here = band(position.y, self.south, self.bands_per_deg, self.bands.len());
        for number in &self.bands[here] {
            let (a, b) = self.edges[*number as usize];
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            if position.x > a.x.max(b.x) {
                // So do all that follow: the easternmost come first.
                break;
            }
            if position.y < low.y || position.y > high.y {
                continue;
            }
            let beside = low.y <= position.y && position.y < high.y;
            if position.x < a.x.min(b.x) {
                odd ^= beside;
                continue;
            }
            match <f64 as GeoNum>::Ker::orient2d(low, high, position) {
                Orientation::Collinear => return On::Edge,
                // Left of an edge that runs north: the edge lies east.
                Orientation::CounterClockwise => odd ^= beside,
                Orientation::Clockwise => {}
            }
        }
        if odd { On::Odd } else { On::Even }
    }
}

/// The band of a latitude; those beyond the ends fall into the last ones.
fn band(lat: f64, south: f64, bands_per_deg: f64, count: usize) -> usize {
    let band = (lat - south) * bands_per_deg;
    if band > 0.0 { (band as usize).min(count - 1) } else { 0 }
}

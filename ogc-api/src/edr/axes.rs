//! The axes of a gridded answer: the stored nodes inside a frame, or so many positions as the request names.

use super::region::Frame;
use super::steps::Native;

/// A node this share of a spacing outside of a frame is on its edge.
const ROUNDING: f64 = 1e-6;

/// How many positions along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// The stored ones.
    Stored,
    /// So many, evenly from edge to edge.
    Positions(usize),
    /// The stored ones, every so many of them.
    Every(usize),
}

/// Longitudes and latitudes that rise.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axes {
    /// Longitudes; they may pass 180 degrees.
    pub(crate) lon: Vec<f64>,
    /// Latitudes.
    pub(crate) lat: Vec<f64>,
}

impl Axes {
    /// How many positions along both axes, without making them.
    pub(crate) fn count(native: &Native, frame: &Frame, resolution: [Resolution; 2]) -> usize {
        let [lon, lat] = plans(native, frame, resolution);
        lon.count.saturating_mul(lat.count)
    }

    /// The axes.
    pub(crate) fn of(native: &Native, frame: &Frame, resolution: [Resolution; 2]) -> Self {
        let [lon, lat] = plans(native, frame, resolution);
        Self {
            lon: lon.values(),
            lat: lat.values(),
        }
    }

    /// Every position, row by row from the south.
    pub(crate) fn places(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.lat
            .iter()
            .flat_map(|lat| self.lon.iter().map(move |lon| (*lon, *lat)))
    }
}

/// An even axis.
struct Plan {
    first: f64,
    spacing: f64,
    count: usize,
}

impl Plan {
    fn values(&self) -> Vec<f64> {
        (0..self.count)
            .map(|k| cleaned(self.first + self.spacing * k as f64))
            .collect()
    }
}

/// Without the last bits, which sums of decimal spacings leave.
fn cleaned(degrees: f64) -> f64 {
    (degrees * 1e9).round() / 1e9
}

fn plans(native: &Native, frame: &Frame, [x, y]: [Resolution; 2]) -> [Plan; 2] {
    let (lon0, lat0) = native.origin.map_or((None, None), |(lon, lat)| (Some(lon), Some(lat)));
    [
        plan(lon0, native.spacing.0, frame.west, frame.east, x),
        plan(lat0, native.spacing.1, frame.south, frame.north, y),
    ]
}

fn plan(origin: Option<f64>, spacing: f64, low: f64, high: f64, resolution: Resolution) -> Plan {
    let middle = Plan {
        first: (low + high) / 2.0,
        spacing,
        count: 1,
    };
    let every = match resolution {
        Resolution::Positions(0 | 1) => return middle,
        Resolution::Positions(count) => {
            return Plan {
                first: low,
                spacing: (high - low) / (count - 1) as f64,
                count,
            };
        }
        Resolution::Stored => 1,
        Resolution::Every(every) => every.max(1),
    };
    // Without nodes of its own the axis begins at the edge.
    let origin = origin.unwrap_or(low);
    let first = ((low - origin) / spacing - ROUNDING).ceil();
    let last = ((high - origin) / spacing + ROUNDING).floor();
    // A frame between two nodes is answered for its middle.
    if last < first {
        return middle;
    }
    Plan {
        first: origin + first * spacing,
        spacing: spacing * every as f64,
        count: (last - first) as usize / every + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NATIVE: Native = Native {
        origin: Some((-180.0, 50.0)),
        spacing: (0.1, 0.25),
    };

    fn frame(west: f64, south: f64, east: f64, north: f64) -> Frame {
        Frame {
            west,
            south,
            east,
            north,
        }
    }

    #[test]
    fn stored_nodes_on_the_edges_count_and_others_do_not() {
        let axes = Axes::of(&NATIVE, &frame(4.0, 59.9, 4.35, 60.3), [Resolution::Stored; 2]);
        assert_eq!(axes.lon, [4.0, 4.1, 4.2, 4.3]);
        assert_eq!(axes.lat, [60.0, 60.25]);
        assert_eq!(axes.places().nth(4), Some((4.0, 60.25)));
        let beyond = Axes::of(&NATIVE, &frame(179.85, 60.0, 180.1, 60.0), [Resolution::Stored; 2]);
        assert_eq!(beyond.lon, [179.9, 180.0, 180.1]);
        let count = Axes::count(&NATIVE, &frame(4.0, 59.9, 4.35, 60.3), [Resolution::Stored; 2]);
        assert_eq!(count, 8);
    }

    #[test]
    fn a_frame_between_nodes_is_answered_for_its_middle() {
        let axes = Axes::of(&NATIVE, &frame(4.02, 60.05, 4.06, 60.15), [Resolution::Stored; 2]);
        assert_eq!((axes.lon[..].len(), axes.lat[0]), (1, 60.1));
    }

    #[test]
    fn positions_reach_from_edge_to_edge() {
        let axes = Axes::of(
            &NATIVE,
            &frame(4.0, 60.0, 5.0, 61.0),
            [Resolution::Positions(5), Resolution::Every(2)],
        );
        assert_eq!(axes.lon, [4.0, 4.25, 4.5, 4.75, 5.0]);
        assert_eq!(axes.lat, [60.0, 60.5, 61.0]);
        let huge = Axes::count(
            &NATIVE,
            &frame(0.0, 0.0, 1.0, 1.0),
            [Resolution::Positions(usize::MAX); 2],
        );
        assert_eq!(huge, usize::MAX);
    }
}

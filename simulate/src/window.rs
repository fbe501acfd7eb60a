//! How much forcing is loaded around a mission, and whether that was enough.

use driftline_domain::{BBox, GridSpec, LatLon, MissionSpec, meters_per_degree, wrap_lon_deg};
use driftline_leeway::Outcome;

use crate::extent::Extent;
use crate::sources::LoadedSource;

/// Forcing is first loaded as far as a drift of this speed leads in its first hours; should a particle go farther, twice
/// as far is loaded and the run made anew.
const FIRST_GUESS_MS: f64 = 2.0;
/// Hours after which drift is taken to have turned often enough to gain ground more slowly.
const FAST_HOURS: f64 = 48.0;
/// The speed from there on.
const LATER_GUESS_MS: f64 = 0.7;
/// Loaded at least this far around the start, metres.
const MIN_REACH_M: f64 = 50_000.0;

/// How far from the releases forcing is loaded at first, metres.
pub(crate) fn first_reach_m(spec: &MissionSpec) -> f64 {
    let hours = f64::from(spec.forecast_hours);
    let fast = FIRST_GUESS_MS * hours.min(FAST_HOURS) * 3600.0;
    let later = LATER_GUESS_MS * (hours - FAST_HOURS).max(0.0) * 3600.0;
    (fast + later).max(MIN_REACH_M)
}

/// A box around everything that a mission can release, and this far beyond.
pub(crate) fn around_releases(spec: &MissionSpec, reach_m: f64) -> BBox {
    let mut extent = Extent::around(spec.position.lon_deg());
    let mut is_everywhere = false;
    for scenario in spec.scenarios().iter() {
        let bounds = scenario.release.bounds();
        is_everywhere |= bounds.east - bounds.west >= 360.0;
        extent.add_box([bounds.west, bounds.south, bounds.east, bounds.north]);
    }
    let [west, south, east, north] = extent.bbox();
    let (west, east) = if is_everywhere { (-180.0, 180.0) } else { (west, east) };
    widened(
        &BBox {
            west,
            south,
            east,
            north,
        },
        reach_m,
    )
}

/// A box of this half-width in metres around a place; every longitude where it comes near a pole.
pub(crate) fn around(position: LatLon, reach_m: f64) -> BBox {
    let (lon, lat) = (position.lon_deg(), position.lat_deg());
    widened(
        &BBox {
            west: lon,
            south: lat,
            east: lon,
            north: lat,
        },
        reach_m,
    )
}

/// A box widened on all sides; every longitude where it comes near a pole or round the globe.
fn widened(bbox: &BBox, reach_m: f64) -> BBox {
    let (_, lat_m) = meters_per_degree((bbox.south + bbox.north) / 2.0);
    let (south, north) = (bbox.south - reach_m / lat_m, bbox.north + reach_m / lat_m);
    let (lon_m, _) = meters_per_degree(south.abs().max(north.abs()).min(89.9));
    let more = reach_m / lon_m;
    let width = if bbox.crosses_antimeridian() {
        bbox.east + 360.0 - bbox.west
    } else {
        bbox.east - bbox.west
    };
    let (south, north) = (south.max(-90.0), north.min(90.0));
    if width + 2.0 * more >= 360.0 || south <= -89.9 || north >= 89.9 {
        return BBox {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
    }
    BBox {
        west: wrap_lon_deg(bbox.west - more),
        south,
        east: wrap_lon_deg(bbox.east + more),
        north,
    }
}

/// Where loading stopped short of what a source has.
pub(crate) struct Cuts {
    sources: Vec<(GridSpec, GridSpec)>,
}

impl Cuts {
    pub(crate) fn of<'a>(sources: impl Iterator<Item = &'a LoadedSource>) -> Self {
        let cut = sources.filter(|source| source.window.len() < source.whole.len());
        Self {
            sources: cut
                .map(|source| (source.window.clone(), source.whole.clone()))
                .collect(),
        }
    }

    /// Whether a particle came where more would have been loaded: it may have missed data, or fallen back to a
    /// coarser source, only because of the cut.
    pub(crate) fn were_met(&self, outcome: &Outcome) -> bool {
        let beyond = |lon: f64, lat: f64| {
            self.sources
                .iter()
                .any(|(window, whole)| window.fraction(lon, lat).is_none() && whole.fraction(lon, lat).is_some())
        };
        if self.sources.is_empty() {
            return false;
        }
        outcome
            .snapshots
            .iter()
            .any(|at| at.lon_deg.iter().zip(&at.lat_deg).any(|(lon, lat)| beyond(*lon, *lat)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_a_place_is_in_metres_and_knows_seam_and_pole() {
        let bbox = around(LatLon::new(60.0, 4.0).unwrap(), 111_000.0);
        assert!((bbox.north - 61.0).abs() < 0.01 && (bbox.south - 59.0).abs() < 0.01);
        assert!((2.0..2.2).contains(&(bbox.east - 4.0)), "{bbox:?}");
        assert!(around(LatLon::new(0.0, 179.9).unwrap(), 50_000.0).crosses_antimeridian());
        assert_eq!(around(LatLon::new(89.5, 0.0).unwrap(), 100_000.0).west, -180.0);
    }
}

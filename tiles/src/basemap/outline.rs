//! The land in a tile as polygons of whole tile units, x east and y south.
//!
//! The degrees that the tile touches give their rings. Each is cut to the tile and a margin, projected, thinned and
//! rounded; an overlay by the even-odd rule then makes sound polygons of them, in which the borders of degrees, that two
//! rings share, are gone. Thinning once more takes the vertices that only those borders held.

use driftline_coast::{Coast, Land, UNITS_PER_DEGREE};
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;

use super::clip::{Place, Window, clip};
use super::nest::polygons;
use super::thin::thin_ring;
use crate::{TileId, mercator};

/// Units along the side of a tile.
pub(crate) const EXTENT: i32 = 4096;
/// Units that geometry goes on beyond the tile, so that a line drawn along the cut is not seen.
pub(crate) const MARGIN: i32 = 64;

/// A closed line in tile units, its first vertex not repeated.
pub(crate) type Ring = Vec<IntPoint>;

/// Land as polygons, each an exterior ring (clockwise on the screen) and its holes (counter-clockwise).
pub(crate) type Polygons = Vec<Vec<Ring>>;

/// How much detail a tile has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detail {
    /// Vertices whose loss moves the shore by no more than this are left out before rings are put together, units.
    pub(crate) tolerance: f64,
    /// And once more after, as far as this.
    pub(crate) then: Option<f64>,
    /// Islands and holes smaller than this are left out, square units.
    pub(crate) smallest: i64,
}

/// The land in a tile.
pub(crate) fn land(coast: &Coast, tile: TileId, detail: Detail) -> Polygons {
    let [west_m, _, _, north_m] = tile.bounds();
    land_in_square(coast, (west_m, north_m), tile.span(), detail)
}

/// The land in a square of Web Mercator, given by its upper left corner and side in metres, in the units of a tile.
pub(crate) fn land_in_square(coast: &Coast, (west_m, north_m): Place, span_m: f64, detail: Detail) -> Polygons {
    let frame = Frame::of((west_m, north_m), span_m, detail);
    let mut rings = Vec::new();
    for (lon_deg, lat_deg, degrees, land) in runs(coast, &frame) {
        match land {
            Land::None => {}
            Land::All => rings.extend(frame.rectangle(lon_deg, lat_deg, degrees)),
            Land::Rings(own) => {
                let own = own
                    .into_iter()
                    .map(|ring| ring.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect());
                rings.extend(own.filter_map(|ring| frame.ring(lon_deg, lat_deg, ring)));
            }
        }
    }
    let whole = overlay(&rings, detail.smallest);
    let Some(tolerance) = detail.then else {
        return whole;
    };
    let place = |at: IntPoint| (f64::from(at.x), f64::from(at.y));
    let rings = whole.iter().flatten();
    let thinned: Vec<Ring> = rings.map(|ring| thin_ring(ring, place, on_cut, tolerance)).collect();
    overlay(&thinned, detail.smallest)
}

/// Whether a vertex lies where the land was cut at the tile's margin.
pub(crate) fn on_cut(at: IntPoint) -> bool {
    let cut = [-MARGIN, EXTENT + MARGIN];
    cut.contains(&at.x) || cut.contains(&at.y)
}

/// Whether an edge lies along the cut, and so is no shore.
pub(crate) fn along_cut(a: IntPoint, b: IntPoint) -> bool {
    let cut = [-MARGIN, EXTENT + MARGIN];
    (a.x == b.x && cut.contains(&a.x)) || (a.y == b.y && cut.contains(&a.y))
}

/// Sound polygons of rings by the even-odd rule, without specks.
fn overlay(rings: &[Ring], smallest: i64) -> Polygons {
    let edges = rings.iter().map(Vec::len).sum();
    // Without its vertices on straight lines a ring would not say where another touches it.
    let options = IntOverlayOptions {
        preserve_output_collinear: true,
        ..IntOverlayOptions::default()
    };
    let mut overlay = Overlay::new_custom(edges, options, Solver::default());
    for ring in rings {
        overlay.add_contour(ring, ShapeType::Subject);
    }
    let shapes = overlay.overlay(OverlayRule::Subject, FillRule::EvenOdd);
    polygons(shapes.into_iter().flatten().collect(), smallest)
}

/// The land of the degrees that a frame touches: longitude and latitude of the south-west corner and the number of
/// degrees eastward, of which more than one only where all of them are land.
fn runs(coast: &Coast, frame: &Frame) -> Vec<(i32, i32, i32, Land)> {
    let floor = |value: f64| libm::floor(value) as i32;
    let mut runs: Vec<(i32, i32, i32, Land)> = Vec::new();
    for lat_deg in floor(frame.lat.0)..=floor(frame.lat.1) {
        for lon_deg in floor(frame.lon.0)..=floor(frame.lon.1) {
            let land = coast.land_in_degree(lon_deg, lat_deg);
            match runs.last_mut() {
                Some((from, lat, degrees, Land::All))
                    if land == Land::All && *lat == lat_deg && *from + *degrees == lon_deg =>
                {
                    *degrees += 1;
                }
                _ if land == Land::None => {}
                _ => runs.push((lon_deg, lat_deg, 1, land)),
            }
        }
    }
    runs
}

/// A tile, or another square, with its margin, and the way from degrees to its units.
struct Frame {
    /// West and east in degrees, beyond 180 where the margin is.
    lon: (f64, f64),
    /// South and north in degrees.
    lat: (f64, f64),
    west_m: f64,
    north_m: f64,
    units_per_m: f64,
    detail: Detail,
}

impl Frame {
    fn of((west_m, north_m): Place, span_m: f64, detail: Detail) -> Self {
        let (east_m, south_m) = (west_m + span_m, north_m - span_m);
        let margin_m = span_m * f64::from(MARGIN) / f64::from(EXTENT);
        Self {
            lon: (
                mercator::lon_deg(west_m - margin_m),
                mercator::lon_deg(east_m + margin_m),
            ),
            lat: (
                mercator::lat_deg(south_m - margin_m),
                mercator::lat_deg(north_m + margin_m),
            ),
            west_m,
            north_m,
            units_per_m: f64::from(EXTENT) / span_m,
            detail,
        }
    }

    /// This frame in units of the degree with this south-west corner.
    fn window(&self, lon_deg: i32, lat_deg: i32) -> Window {
        let units = |degrees: f64, from: i32| (degrees - f64::from(from)) * f64::from(UNITS_PER_DEGREE);
        Window {
            x: (units(self.lon.0, lon_deg), units(self.lon.1, lon_deg)),
            y: (units(self.lat.0, lat_deg), units(self.lat.1, lat_deg)),
        }
    }

    fn rectangle(&self, lon_deg: i32, lat_deg: i32, degrees: i32) -> Option<Ring> {
        let side = f64::from(UNITS_PER_DEGREE);
        let (east, north) = (f64::from(degrees) * side, side);
        self.ring(
            lon_deg,
            lat_deg,
            vec![(0.0, 0.0), (east, 0.0), (east, north), (0.0, north)],
        )
    }

    /// A ring of a degree's units in tile units; none where nothing of it is left.
    fn ring(&self, lon_deg: i32, lat_deg: i32, ring: Vec<Place>) -> Option<Ring> {
        let window = self.window(lon_deg, lat_deg);
        let side = f64::from(UNITS_PER_DEGREE);
        let to_x = |x: f64| (mercator::x_m(f64::from(lon_deg) + x / side) - self.west_m) * self.units_per_m;
        let to_y = |y: f64| (self.north_m - mercator::y_m(f64::from(lat_deg) + y / side)) * self.units_per_m;
        let (x, y) = (span(&ring, |at| at.0), span(&ring, |at| at.1));
        let islet = x.0 > 0.0 && y.0 > 0.0 && x.1 < side && y.1 < side;
        if islet && (to_x(x.1) - to_x(x.0)) * (to_y(y.0) - to_y(y.1)) < self.detail.smallest as f64 {
            return None;
        }
        let ring = clip(ring, window);
        let fixed = |at: Place| {
            [0.0, side, window.x.0, window.x.1].contains(&at.0) || [0.0, side, window.y.0, window.y.1].contains(&at.1)
        };
        let projected: Vec<(Place, bool)> = ring
            .into_iter()
            .map(|at| ((to_x(at.0), to_y(at.1)), fixed(at)))
            .collect();
        let thin = thin_ring(&projected, |vertex| vertex.0, |vertex| vertex.1, self.detail.tolerance);
        let mut ring: Ring = thin
            .into_iter()
            .map(|((x, y), _)| IntPoint::new(libm::round(x) as i32, libm::round(y) as i32))
            .collect();
        ring.dedup();
        (ring.len() > 2).then_some(ring)
    }
}

/// Least and greatest value along an axis.
fn span(ring: &[Place], axis: impl Fn(&Place) -> f64) -> (f64, f64) {
    let values = ring.iter().map(axis);
    values.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

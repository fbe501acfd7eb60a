//! The piece of map that a picture shows: a coordinate system, a box in it, and pixels.
//!
//! Pixel coordinates are fractional, from the upper left corner of the upper left pixel; the centre of that pixel is
//! (0.5, 0.5). A box may reach beyond 180 degrees or around the globe more than once: the world repeats there.

use std::ops::RangeInclusive;

use driftline_domain::{BBox, ReferencePlane, ReferenceSystem, wrap_lon_deg};

use crate::mercator::{self, HALF_WORLD_M};
use crate::{Error, TileId, TileMatrixSet};

/// A map's coordinate system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MapCrs {
    /// Longitude and latitude in degrees (CRS:84, EPSG:4326 in the order x east, y north).
    Crs84,
    /// EPSG:3857, metres.
    WebMercator,
    /// A map projection that does not repeat, metres.
    Projected(ReferenceSystem),
}

impl From<ReferenceSystem> for MapCrs {
    fn from(system: ReferenceSystem) -> Self {
        match system {
            ReferenceSystem::Crs84 | ReferenceSystem::Epsg4326 => Self::Crs84,
            ReferenceSystem::WebMercator => Self::WebMercator,
            ReferenceSystem::Utm { .. } | ReferenceSystem::PolarStereographic(_) => Self::Projected(system),
        }
    }
}

/// What a picture shows. Fields are checked by the constructors.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MapView {
    /// Coordinate system of the box.
    pub crs: MapCrs,
    /// min x, min y, max x, max y in units of the coordinate system; x east, y north.
    pub bounds: [f64; 4],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How many pixels stand where an ordinary screen has one: lines, arrows and text grow with it.
    pub pixel_ratio: u32,
    /// The projection made ready; of a system that repeats only its degrees are looked at.
    sheet: ReferencePlane,
}

/// Widest box of a projected system, metres: twice around the globe.
const WIDEST_PROJECTED_M: f64 = 8e7;

impl MapView {
    /// Longest side that can be drawn at all; a service's own limit is smaller.
    pub const MAX_SIDE_PX: u32 = 16_384;
    /// Widest box, in turns around the globe.
    pub const MAX_TURNS: u32 = 16;

    /// A checked view.
    pub fn new(crs: MapCrs, bounds: [f64; 4], width: u32, height: u32) -> Result<Self, Error> {
        let side = 1..=Self::MAX_SIDE_PX;
        if !side.contains(&width) || !side.contains(&height) {
            return Err(Error::Size { width, height });
        }
        let [x0, y0, x1, y1] = bounds;
        if !bounds.iter().all(|bound| bound.is_finite()) || x0 >= x1 || y0 >= y1 {
            return Err(Error::Box(bounds));
        }
        let view = Self {
            crs,
            bounds,
            width,
            height,
            pixel_ratio: 1,
            sheet: match crs {
                MapCrs::Crs84 => ReferencePlane::Degrees,
                MapCrs::WebMercator => ReferencePlane::WebMercator,
                MapCrs::Projected(system) => system.plane(),
            },
        };
        let (least, most) = (view.turn() * 2.5e-12, view.turn() * f64::from(Self::MAX_TURNS));
        let span_fits = |low: f64, high: f64| high - low >= least && low >= -most && high <= most;
        if !span_fits(x0, x1) || !span_fits(y0, y1) || x1 - x0 > most {
            return Err(Error::BoxSpan(bounds));
        }
        Ok(view)
    }

    /// The view of a tile with this many pixels on a side; from 512 on it is one for dense screens.
    pub fn of_tile(z: u8, x: u32, y: u32, size_px: u32) -> Result<Self, Error> {
        Self::of(TileId::new(z, x, y)?, size_px)
    }

    /// The view of a tile of any tile matrix set with this many pixels on a side; from 512 on it is one for dense screens.
    pub fn of(tile: TileId, size_px: u32) -> Result<Self, Error> {
        let view = Self::new(tile.set().crs(), tile.bounds(), size_px, size_px)?;
        Ok(view.with_pixel_ratio(size_px / TileMatrixSet::TILE_PX))
    }

    /// The same view for a screen with this many pixels where an ordinary one has one, from 1 to 4.
    pub fn with_pixel_ratio(self, pixel_ratio: u32) -> Self {
        Self {
            pixel_ratio: pixel_ratio.clamp(1, 4),
            ..self
        }
    }

    /// Longitude and latitude of a place in the picture. The longitude lies beyond 180 degrees where the box does, the
    /// latitude beyond 90 where there is no place; of a projection both are not numbers there.
    pub fn lon_lat(&self, pixel_x: f64, pixel_y: f64) -> (f64, f64) {
        let [x0, _, _, y1] = self.bounds;
        let (across, down) = self.scale();
        self.lon_lat_of(x0 + pixel_x / across, y1 - pixel_y / down)
    }

    /// Where a position stands in the picture; of the repeated worlds, the one next to the picture's middle.
    pub fn pixel(&self, lon_deg: f64, lat_deg: f64) -> (f64, f64) {
        let [x0, _, x1, _] = self.bounds;
        let (x, y) = self.plane(lon_deg, lat_deg);
        if !self.repeats() {
            return self.pixel_of(x, y);
        }
        let turns = libm::round(((x0 + x1) / 2.0 - x) / self.turn());
        self.pixel_of(x + turns * self.turn(), y)
    }

    /// What a small step east and north at a place is in the picture: to the right and up, of no certain length.
    pub(crate) fn heading(&self, (lon_deg, lat_deg): (f64, f64), east: f64, north: f64) -> (f64, f64) {
        /// A step that no projection bends and that rounding does not touch, degrees of latitude.
        const STEP_DEG: f64 = 1e-4;
        let (across, down) = self.scale();
        let stretch = 1.0 / libm::cos(lat_deg.to_radians()).max(1e-6);
        match self.crs {
            MapCrs::Crs84 => (east * across * stretch, north * down),
            MapCrs::WebMercator => (east * across, north * down),
            MapCrs::Projected(_) => {
                let length = libm::hypot(east, north);
                let step = if length > 0.0 { STEP_DEG / length } else { 0.0 };
                // Backwards where the step would leave the globe.
                let step = if lat_deg + north * step > 90.0 || lat_deg + north * step < -90.0 {
                    -step
                } else {
                    step
                };
                let from = self.plane(lon_deg, lat_deg);
                let to = self.plane(lon_deg + east * step * stretch, lat_deg + north * step);
                let sign = if step < 0.0 { -1.0 } else { 1.0 };
                (sign * (to.0 - from.0) * across, sign * (to.1 - from.1) * down)
            }
        }
    }

    /// The box of longitudes and latitudes that holds the picture's content; `None` beyond the poles.
    pub fn geographic_bounds(&self) -> Option<BBox> {
        if !self.repeats() {
            return self.sheet.covering_box(self.bounds);
        }
        let [x0, y0, x1, y1] = self.bounds;
        let (west, south) = self.lon_lat_of(x0, y0);
        let (east, north) = self.lon_lat_of(x1, y1);
        (south < 90.0 && north > -90.0).then(|| wrapped_box(west, south.max(-90.0), east, north.min(90.0)))
    }

    /// Whether the world stands in the plane again and again, a turn apart.
    pub(crate) fn repeats(&self) -> bool {
        !matches!(self.crs, MapCrs::Projected(_))
    }

    /// Units of the coordinate system in a turn around the globe; where the world does not repeat, what boxes may span.
    pub(crate) fn turn(&self) -> f64 {
        match self.crs {
            MapCrs::Crs84 => 360.0,
            MapCrs::WebMercator => 2.0 * HALF_WORLD_M,
            MapCrs::Projected(_) => WIDEST_PROJECTED_M,
        }
    }

    /// Pixels per unit, across and down.
    pub(crate) fn scale(&self) -> (f64, f64) {
        let [x0, y0, x1, y1] = self.bounds;
        (f64::from(self.width) / (x1 - x0), f64::from(self.height) / (y1 - y0))
    }

    /// Position in the coordinate system's plane, not brought into the picture; not a number where the plane has none.
    pub(crate) fn plane(&self, lon_deg: f64, lat_deg: f64) -> (f64, f64) {
        match self.crs {
            MapCrs::Crs84 => (lon_deg, lat_deg),
            MapCrs::WebMercator => (mercator::x_m(lon_deg), mercator::y_m(lat_deg)),
            MapCrs::Projected(_) => self.sheet.forward(lon_deg, lat_deg).unwrap_or(NOWHERE),
        }
    }

    /// Pixel of a place in the plane.
    pub(crate) fn pixel_of(&self, x: f64, y: f64) -> (f64, f64) {
        let [x0, _, _, y1] = self.bounds;
        let (across, down) = self.scale();
        ((x - x0) * across, (y1 - y) * down)
    }

    /// Shifts in plane units at which content between two longitudes' x shows up in the picture, with a margin in
    /// pixels around it.
    pub(crate) fn copies(&self, x_min: f64, x_max: f64, margin_px: f64) -> impl Iterator<Item = f64> + use<> {
        let turn = self.turn();
        self.turns(x_min, x_max, margin_px).map(move |copy| copy as f64 * turn)
    }

    fn turns(&self, x_min: f64, x_max: f64, margin_px: f64) -> RangeInclusive<i64> {
        if !self.repeats() {
            return 0..=0;
        }
        let [x0, _, x1, _] = self.bounds;
        let turn = self.turn();
        let margin = margin_px / self.scale().0;
        let first = libm::ceil((x0 - margin - x_max) / turn);
        let last = libm::floor((x1 + margin - x_min) / turn);
        let limit = f64::from(Self::MAX_TURNS) * 4.0;
        let (first, last) = (first.max(-limit) as i64, last.min(limit) as i64);
        first..=last
    }

    fn lon_lat_of(&self, x: f64, y: f64) -> (f64, f64) {
        match self.crs {
            MapCrs::Crs84 => (x, y),
            MapCrs::WebMercator => (mercator::lon_deg(x), mercator::lat_deg(y)),
            MapCrs::Projected(_) => self.sheet.inverse(x, y).unwrap_or(NOWHERE),
        }
    }
}

/// What stands for no place.
const NOWHERE: (f64, f64) = (f64::NAN, f64::NAN);

/// A box whose longitudes may lie anywhere, brought onto the globe.
pub(crate) fn wrapped_box(west: f64, south: f64, east: f64, north: f64) -> BBox {
    if east - west >= 360.0 {
        return BBox {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
    }
    let wrapped_east = wrap_lon_deg(east);
    BBox {
        west: wrap_lon_deg(west),
        south,
        east: if wrapped_east == -180.0 { 180.0 } else { wrapped_east },
        north,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_and_east_is_right() {
        for view in [
            MapView::new(MapCrs::Crs84, [4.0, 59.0, 6.0, 61.0], 200, 100).unwrap(),
            MapView::of_tile(7, 65, 37, 256).unwrap(),
        ] {
            let (lon, lat) = view.lon_lat(10.0, 20.0);
            let (right, _) = view.lon_lat(11.0, 20.0);
            let (_, below) = view.lon_lat(10.0, 21.0);
            assert!(right > lon && below < lat);
            let (x, y) = view.pixel(lon, lat);
            assert!((x - 10.0).abs() < 1e-6 && (y - 20.0).abs() < 1e-6, "{x} {y}");
        }
    }

    #[test]
    fn the_world_repeats() {
        let view = MapView::new(MapCrs::Crs84, [170.0, -10.0, 190.0, 10.0], 200, 200).unwrap();
        assert_eq!(view.pixel(-175.0, 0.0), (150.0, 100.0));
        assert_eq!(view.pixel(175.0, 0.0), (50.0, 100.0));
        let bbox = view.geographic_bounds().unwrap();
        assert_eq!((bbox.west, bbox.east), (170.0, -170.0));
        assert_eq!(view.copies(-176.0, -174.0, 0.0).collect::<Vec<_>>(), [360.0]);
        let wide = MapView::new(MapCrs::Crs84, [-540.0, -90.0, 540.0, 90.0], 300, 50).unwrap();
        assert_eq!(wide.copies(1.0, 2.0, 0.0).collect::<Vec<_>>(), [-360.0, 0.0, 360.0]);
    }

    #[test]
    fn refuses_absurd_views() {
        let whole = [-180.0, -90.0, 180.0, 90.0];
        for (bounds, width, height) in [
            (whole, 0, 10),
            (whole, 10, 0),
            (whole, u32::MAX, 10),
            ([1.0, 0.0, 1.0, 5.0], 10, 10),
            ([0.0, 5.0, 1.0, 1.0], 10, 10),
            ([f64::NAN, 0.0, 1.0, 1.0], 10, 10),
            ([0.0, 0.0, f64::INFINITY, 1.0], 10, 10),
            ([0.0, 0.0, 5e-324, 1.0], 10, 10),
            ([-1e300, 0.0, 1e300, 1.0], 10, 10),
            ([1e9, 0.0, 1e9 + 1.0, 1.0], 10, 10),
        ] {
            assert!(
                MapView::new(MapCrs::Crs84, bounds, width, height).is_err(),
                "{bounds:?}"
            );
        }
        assert!(MapView::of_tile(3, 8, 0, 256).is_err());
        assert!(MapView::of_tile(3, 0, 0, 0).is_err());
        assert_eq!(MapView::of_tile(3, 0, 0, 512).unwrap().pixel_ratio, 2);
    }

    #[test]
    fn a_projected_view_does_not_repeat_and_has_the_pole_within() {
        let arctic = MapCrs::from(ReferenceSystem::find("EPSG:3995").unwrap());
        let view = MapView::new(arctic, [-2e6, -2e6, 2e6, 2e6], 400, 400).unwrap();
        let (x, y) = view.pixel(90.0, 80.0);
        assert!(x > 300.0 && (y - 200.0).abs() < 1e-6, "{x} {y}");
        let (lon, lat) = view.lon_lat(x, y);
        assert!((lon - 90.0).abs() < 1e-9 && (lat - 80.0).abs() < 1e-9, "{lon} {lat}");
        let around = view.geographic_bounds().unwrap();
        assert_eq!((around.west, around.east, around.north), (-180.0, 180.0, 90.0));
        assert_eq!(view.copies(-1e6, 1e6, 0.0).collect::<Vec<_>>(), [0.0]);
        let utm = MapCrs::from(ReferenceSystem::find("EPSG:32633").unwrap());
        let far = MapView::new(utm, [-3e7, -1e6, 3e7, 1e6], 400, 400).unwrap();
        assert!(far.lon_lat(0.0, 200.0).0.is_nan());
        assert!(far.pixel(105.0, 0.0).0.is_nan());
        assert!(MapView::new(utm, [0.0, 0.0, 1e300, 1e6], 400, 400).is_err());
    }

    #[test]
    fn beyond_the_poles_there_is_nothing() {
        let view = MapView::new(MapCrs::Crs84, [0.0, 91.0, 10.0, 100.0], 10, 10).unwrap();
        assert_eq!(view.geographic_bounds(), None);
    }
}

//! Land in any Web Mercator view, for those who draw a whole chart: the steps of a tile's land, in pixels of the view.

use driftline_coast::Coast;
use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::outline::{Detail, EXTENT, Ring, land_in_square};
use crate::{Error, MapCrs, MapView};

/// Vertices whose loss moves the shore by no more than this are left out.
const TOLERANCE_PX: f64 = 0.3;
/// Islands smaller than this are left out, square pixels.
const SMALLEST_PX2: f64 = 1.0;

/// The land in a view as polygons in its pixels, y downward. They reach beyond the view: along its sides, or up to the
/// square above its longer one. A view in degrees is refused.
pub fn land_in_view(coast: &Coast, view: &MapView) -> Result<MultiPolygon<f64>, Error> {
    if view.crs != MapCrs::WebMercator {
        return Err(Error::NotMercator);
    }
    let side_px = f64::from(view.width.max(view.height));
    let [west_m, _, east_m, north_m] = view.bounds;
    let span_m = (east_m - west_m) * side_px / f64::from(view.width);
    let units_per_px = f64::from(EXTENT) / side_px;
    let detail = Detail {
        tolerance: (TOLERANCE_PX * units_per_px).max(0.5),
        then: None,
        smallest: (SMALLEST_PX2 * units_per_px * units_per_px) as i64 + 1,
    };
    let ring = |ring: &Ring| -> LineString<f64> {
        let pixel = |units: i32| f64::from(units) / units_per_px;
        let corners = ring.iter().map(|at| Coord {
            x: pixel(at.x),
            y: pixel(at.y),
        });
        corners.collect()
    };
    let land = land_in_square(coast, (west_m, north_m), span_m, detail);
    let polygons = land.iter().filter_map(|rings| {
        let (exterior, holes) = rings.split_first()?;
        Some(Polygon::new(ring(exterior), holes.iter().map(ring).collect()))
    });
    Ok(polygons.collect())
}

#[cfg(test)]
mod tests {
    use geo::{Area as _, Contains as _, Point};

    use super::*;
    use crate::{Fit, view_around};

    #[test]
    fn land_stands_where_its_places_do() {
        let island = vec![(179.5, 60.0), (180.5, 60.0), (180.5, 60.5), (179.5, 60.5)];
        let coast = Coast::from_polygons(&[island]).unwrap();
        let fit = Fit {
            width: 400,
            height: 200,
            margin_px: 20.0,
            least_side_m: 1e3,
        };
        let view = view_around([(179.0, 59.8), (-179.0, 60.7)], &fit).unwrap();
        let land = land_in_view(&coast, &view).unwrap();
        for (lon, lat, is_land) in [
            (180.0, 60.2, true),
            (-179.6, 60.4, true),
            (179.4, 60.2, false),
            (180.0, 59.9, false),
        ] {
            let (x, y) = view.pixel(lon, lat);
            assert_eq!(land.contains(&Point::new(x, y)), is_land, "{lon} {lat}");
        }
        let corners = [view.pixel(179.5, 60.5), view.pixel(-179.5, 60.0)];
        let expected = (corners[1].0 - corners[0].0) * (corners[1].1 - corners[0].1);
        assert!((land.unsigned_area() / expected - 1.0).abs() < 0.01);
        let degrees = MapView::new(MapCrs::Crs84, [0.0, 0.0, 1.0, 1.0], 10, 10).unwrap();
        assert!(land_in_view(&coast, &degrees).is_err());
    }
}

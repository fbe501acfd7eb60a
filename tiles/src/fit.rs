//! A view that holds given places: the map of a chart.

use crate::mercator;
use crate::{Error, MapCrs, MapView};
use driftline_domain::{meters_per_degree, wrap_lon_deg};

/// The picture that a view is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pixels that no place comes nearer to the border than.
    pub margin_px: f64,
    /// The shorter side shows at least this much on the ground, metres.
    pub least_side_m: f64,
}

/// The Web Mercator view with all these longitudes and latitudes (degrees) in its middle. Places that are no numbers are
/// left out; longitudes count from the first place, so that a cloud on the antimeridian stays together.
pub fn view_around(places: impl IntoIterator<Item = (f64, f64)>, fit: &Fit) -> Result<MapView, Error> {
    let mut places = places
        .into_iter()
        .filter(|(lon, lat)| lon.is_finite() && lat.is_finite());
    let (first_lon, first_lat) = places.next().ok_or(Error::NoPlace)?;
    let (mut lon, mut lat) = ((0.0f64, 0.0f64), (first_lat, first_lat));
    for (other_lon, other_lat) in places {
        let turned = wrap_lon_deg(other_lon - first_lon);
        lon = (lon.0.min(turned), lon.1.max(turned));
        lat = (lat.0.min(other_lat), lat.1.max(other_lat));
    }
    let west = wrap_lon_deg(first_lon);
    let (x0, x1) = (mercator::x_m(west + lon.0), mercator::x_m(west + lon.1));
    let (y0, y1) = (mercator::y_m(lat.0), mercator::y_m(lat.1));
    let (width, height) = (f64::from(fit.width), f64::from(fit.height));
    let inner = |side: f64| (side - 2.0 * fit.margin_px).max(side / 2.0);
    // What a metre on the ground takes in the plane, in the middle.
    let (lon_m, _) = meters_per_degree(((lat.0 + lat.1) / 2.0).clamp(-89.0, 89.0));
    let stretch = mercator::x_m(1.0) / lon_m;
    let per_px = [
        (x1 - x0) / inner(width),
        (y1 - y0) / inner(height),
        fit.least_side_m * stretch / width.min(height),
    ];
    let per_px = per_px.into_iter().fold(0.0, f64::max);
    let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
    let (half_x, half_y) = (per_px * width / 2.0, per_px * height / 2.0);
    MapView::new(
        MapCrs::WebMercator,
        [x - half_x, y - half_y, x + half_x, y + half_y],
        fit.width,
        fit.height,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIT: Fit = Fit {
        width: 600,
        height: 400,
        margin_px: 30.0,
        least_side_m: 4000.0,
    };

    #[test]
    fn every_place_stands_within_the_margin_and_one_touches_it() {
        for places in [
            vec![(4.5, 60.1), (5.0, 60.2), (4.4, 59.9)],
            vec![(179.9, -17.0), (-179.8, -17.3)],
            vec![(-179.8, 84.9), (179.0, 84.2)],
        ] {
            let view = view_around(places.clone(), &FIT).unwrap();
            let mut least = f64::MAX;
            for (lon, lat) in places {
                let (x, y) = view.pixel(lon, lat);
                let room = x.min(600.0 - x).min(y).min(400.0 - y);
                least = least.min(room);
            }
            assert!((least - 30.0).abs() < 0.5, "{least} {view:?}");
        }
    }

    #[test]
    fn a_single_place_gets_some_room_and_none_is_refused() {
        let view = view_around([(4.5, 60.1), (f64::NAN, 1.0)], &FIT).unwrap();
        let ((_, north), (_, south)) = (view.lon_lat(0.0, 0.0), view.lon_lat(0.0, 400.0));
        let (_, lat_m) = meters_per_degree(60.1);
        assert!(((north - south) * lat_m / 4000.0 - 1.0).abs() < 0.01);
        assert!(matches!(view_around([], &FIT), Err(Error::NoPlace)));
    }
}

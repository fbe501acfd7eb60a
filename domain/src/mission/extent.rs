//! Boxes around places, wide enough for what is scattered about them.

use crate::{BBox, LatLon, meters_per_degree, wrap_lon_deg};

/// The whole Earth.
pub(super) const WORLD: BBox = BBox {
    west: -180.0,
    south: -90.0,
    east: 180.0,
    north: 90.0,
};

/// The narrowest box found around discs of this radius; the world for no places at all.
pub(super) fn around(places: impl IntoIterator<Item = LatLon>, radius_m: f64) -> BBox {
    let boxes = places.into_iter().map(|place| disc(place, radius_m));
    boxes.reduce(|a, b| a.around(&b)).unwrap_or(WORLD)
}

fn disc(place: LatLon, radius_m: f64) -> BBox {
    // A degree of latitude is shortest at the equator.
    let (_, lat_m) = meters_per_degree(0.0);
    let reach_deg = radius_m / lat_m;
    let (south, north) = (place.lat_deg() - reach_deg, place.lat_deg() + reach_deg);
    let poleward_deg = north.max(-south);
    let (lon_m, _) = meters_per_degree(poleward_deg.min(90.0));
    let turn_deg = if poleward_deg < 90.0 { radius_m / lon_m } else { 180.0 };
    let (south, north) = (south.max(-90.0), north.min(90.0));
    if turn_deg >= 180.0 {
        return BBox { south, north, ..WORLD };
    }
    BBox {
        west: wrap_lon_deg(place.lon_deg() - turn_deg),
        south,
        east: wrap_lon_deg(place.lon_deg() + turn_deg),
        north,
    }
}

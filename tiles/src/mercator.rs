//! Spherical Web Mercator (EPSG:3857) in metres: x east, y north.
//!
//! Formulas: IOGP Guidance Note 7-2, method 1024 (Popular Visualisation Pseudo-Mercator), sphere of 6,378,137 m.

/// Half of the world's width, pi times the radius.
pub(crate) const HALF_WORLD_M: f64 = 20_037_508.342_789_244;
/// Latitudes beyond are drawn as if they were here: 3.5 worlds above the equator, outside of every tile.
const LAST_LAT_DEG: f64 = 89.99;

/// x of a longitude, which may lie beyond 180 degrees.
pub(crate) fn x_m(lon_deg: f64) -> f64 {
    lon_deg / 180.0 * HALF_WORLD_M
}

/// y of a latitude.
pub(crate) fn y_m(lat_deg: f64) -> f64 {
    let sin = libm::sin(lat_deg.clamp(-LAST_LAT_DEG, LAST_LAT_DEG).to_radians());
    0.5 * libm::log((1.0 + sin) / (1.0 - sin)) * (HALF_WORLD_M / std::f64::consts::PI)
}

/// Longitude of an x.
pub(crate) fn lon_deg(x_m: f64) -> f64 {
    x_m / HALF_WORLD_M * 180.0
}

/// Latitude of a y.
pub(crate) fn lat_deg(y_m: f64) -> f64 {
    libm::atan(libm::sinh(y_m / HALF_WORLD_M * std::f64::consts::PI)).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_guidance_note_and_with_itself() {
        // IOGP 373-7-2, worked example of method 1024: 24d22'54.433"N 100d20'00.000"W.
        let (lat, lon) = (24.0 + 22.0 / 60.0 + 54.433 / 3600.0, -(100.0 + 20.0 / 60.0));
        assert!((x_m(lon) + 11_169_055.58).abs() < 0.01, "{}", x_m(lon));
        assert!((y_m(lat) - 2_800_000.0).abs() < 0.01, "{}", y_m(lat));
        for lat in [-85.0, -33.3, 0.0, 1e-9, 60.39, 89.0] {
            assert!((lat_deg(y_m(lat)) - lat).abs() < 1e-12, "{lat}");
        }
        assert!((y_m(85.051_128_779_806_6) - HALF_WORLD_M).abs() < 1e-3);
    }
}

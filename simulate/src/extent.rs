//! The box around places, in degrees.

use driftline_domain::wrap_lon_deg;

/// A box that grows around a longitude, so that it may pass the antimeridian.
pub(crate) struct Extent {
    centre_deg: f64,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Extent {
    /// An empty box whose places are near this longitude.
    pub(crate) fn around(lon_deg: f64) -> Self {
        Self {
            centre_deg: lon_deg,
            west: f64::MAX,
            east: f64::MIN,
            south: f64::MAX,
            north: f64::MIN,
        }
    }

    pub(crate) fn add(&mut self, lon_deg: f64, lat_deg: f64) {
        let turn = wrap_lon_deg(lon_deg - self.centre_deg);
        (self.west, self.east) = (self.west.min(turn), self.east.max(turn));
        (self.south, self.north) = (self.south.min(lat_deg), self.north.max(lat_deg));
    }

    pub(crate) fn add_box(&mut self, [west, south, east, north]: [f64; 4]) {
        self.add(west, south);
        self.add(east, north);
    }

    /// West, south, east, north; west > east across the antimeridian.
    pub(crate) fn bbox(&self) -> [f64; 4] {
        [
            wrap_lon_deg(self.centre_deg + self.west),
            self.south,
            wrap_lon_deg(self.centre_deg + self.east),
            self.north,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_around_the_antimeridian_is_narrow() {
        let mut extent = Extent::around(179.5);
        extent.add(179.0, -1.0);
        extent.add(-179.0, 2.0);
        assert_eq!(extent.bbox(), [179.0, -1.0, -179.0, 2.0]);
    }
}

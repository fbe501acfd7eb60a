//! Coordinate reference systems of WMS: their names in both versions and the order of their axes. EPSG:4326 has latitude
//! first in 1.3.0 and longitude first in 1.1.1 (ogc.md, trap 7).

use driftline_domain::BBox;
use driftline_tiles::MapCrs;

use super::exception::{Code, Exception};
use super::version::Version;
use crate::query::shown;

/// A reference system as requests name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceSystem {
    /// Longitude and latitude on WGS 84, in the version's order.
    Epsg4326,
    /// Longitude, latitude on WGS 84.
    Crs84,
    /// Web Mercator, metres.
    Epsg3857,
}

/// Latitude at which the square of Web Mercator ends.
const MERCATOR_LAT_DEG: f64 = 85.051_128_779_806_59;
/// Half of Web Mercator's width, metres.
const MERCATOR_HALF_M: f64 = 20_037_508.342_789_244;

impl ReferenceSystem {
    /// Those of a version, in the order of capabilities.
    pub(crate) fn of_version(version: Version) -> &'static [Self] {
        match version {
            Version::V130 => &[Self::Epsg4326, Self::Crs84, Self::Epsg3857],
            Version::V111 => &[Self::Epsg4326, Self::Epsg3857],
        }
    }

    /// The system of this name; the old private number of Web Mercator is one of its names.
    pub(crate) fn find(name: &str) -> Result<Self, Exception> {
        match name.to_ascii_uppercase().as_str() {
            "EPSG:4326" => Ok(Self::Epsg4326),
            "CRS:84" | "OGC:CRS84" => Ok(Self::Crs84),
            "EPSG:3857" | "EPSG:900913" => Ok(Self::Epsg3857),
            _ => Err(Exception::new(
                Code::InvalidCrs,
                format!(
                    "'{}' is not offered; there are EPSG:4326, EPSG:3857 and CRS:84",
                    shown(name)
                ),
            )),
        }
    }

    /// Its name in capabilities.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Epsg4326 => "EPSG:4326",
            Self::Crs84 => "CRS:84",
            Self::Epsg3857 => "EPSG:3857",
        }
    }

    /// The plane it is drawn in.
    pub(crate) fn plane(self) -> MapCrs {
        match self {
            Self::Epsg4326 | Self::Crs84 => MapCrs::Crs84,
            Self::Epsg3857 => MapCrs::WebMercator,
        }
    }

    fn has_latitude_first(self, version: Version) -> bool {
        self == Self::Epsg4326 && version == Version::V130
    }

    /// The four numbers of BBOX as min x, min y, max x, max y with x to the east.
    pub(crate) fn bounds(self, numbers: [f64; 4], version: Version) -> [f64; 4] {
        let [a, b, c, d] = numbers;
        if self.has_latitude_first(version) {
            [b, a, d, c]
        } else {
            numbers
        }
    }

    /// A box in this system, in its order of axes; of a box across the antimeridian the whole turn.
    pub(crate) fn box_of(self, bbox: &BBox, version: Version) -> [f64; 4] {
        let (west, east) = turn_of(bbox);
        match self {
            Self::Epsg3857 => {
                let y = |lat: f64| {
                    let lat = lat.clamp(-MERCATOR_LAT_DEG, MERCATOR_LAT_DEG).to_radians();
                    lat.sin().atanh() / std::f64::consts::PI * MERCATOR_HALF_M
                };
                let x = |lon: f64| lon / 180.0 * MERCATOR_HALF_M;
                [x(west), y(bbox.south), x(east), y(bbox.north)]
            }
            _ if self.has_latitude_first(version) => [bbox.south, west, bbox.north, east],
            _ => [west, bbox.south, east, bbox.north],
        }
    }
}

/// West and east of a box for formats that know no antimeridian.
pub(crate) fn turn_of(bbox: &BBox) -> (f64, f64) {
    if bbox.crosses_antimeridian() {
        (-180.0, 180.0)
    } else {
        (bbox.west, bbox.east)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_epsg_4326_of_1_3_0_has_latitude_first() {
        let bbox = BBox::new(-4.0, 50.75, 14.0, 64.25).unwrap();
        let lat_first = [50.75, -4.0, 64.25, 14.0];
        let lon_first = [-4.0, 50.75, 14.0, 64.25];
        for (system, version, expected) in [
            (ReferenceSystem::Epsg4326, Version::V130, lat_first),
            (ReferenceSystem::Epsg4326, Version::V111, lon_first),
            (ReferenceSystem::Crs84, Version::V130, lon_first),
            (ReferenceSystem::Crs84, Version::V111, lon_first),
        ] {
            assert_eq!(system.box_of(&bbox, version), expected, "{system:?} {version:?}");
            assert_eq!(system.bounds(expected, version), lon_first, "{system:?} {version:?}");
        }
        let whole = BBox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
        let square = ReferenceSystem::Epsg3857.box_of(&whole, Version::V130);
        assert!(
            square.iter().all(|side| (side.abs() - MERCATOR_HALF_M).abs() < 1e-3),
            "{square:?}"
        );
        let fiji = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        assert_eq!(
            ReferenceSystem::Crs84.box_of(&fiji, Version::V130),
            [-180.0, -20.0, 180.0, -10.0]
        );
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(ReferenceSystem::find("epsg:900913").unwrap(), ReferenceSystem::Epsg3857);
        assert_eq!(ReferenceSystem::find("CRS:84").unwrap(), ReferenceSystem::Crs84);
        for name in ["", "EPSG:32632", "EPSG:4326 ", "4326"] {
            assert!(ReferenceSystem::find(name).is_err(), "{name}");
        }
    }
}

//! Coordinate reference systems of requests and answers: longitude and latitude on WGS 84, in either order.

use serde_json::{Value, json};

use crate::query::shown;

/// A reference system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crs {
    /// Longitude, latitude.
    Crs84,
    /// Latitude, longitude.
    Epsg4326,
}

/// Names under which the systems are asked for; the first of each is the one in metadata.
const NAMES: [(Crs, &str); 9] = [
    (Crs::Epsg4326, "EPSG:4326"),
    (Crs::Epsg4326, "http://www.opengis.net/def/crs/EPSG/0/4326"),
    (Crs::Epsg4326, "https://www.opengis.net/def/crs/EPSG/0/4326"),
    (Crs::Epsg4326, "urn:ogc:def:crs:EPSG::4326"),
    (Crs::Crs84, "CRS84"),
    (Crs::Crs84, "CRS:84"),
    (Crs::Crs84, "OGC:CRS84"),
    (Crs::Crs84, "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
    (Crs::Crs84, "https://www.opengis.net/def/crs/OGC/1.3/CRS84"),
];

impl Crs {
    /// Names in metadata. Suites ask in the last one that they know with longitude first: that is CRS84.
    pub(crate) const IDS: [&str; 2] = ["EPSG:4326", "CRS84"];

    /// The system of the parameter `crs`; without it CRS84.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::Crs84) };
        let known = NAMES.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        let crs = known.map(|(crs, _)| crs);
        crs.ok_or_else(|| {
            format!(
                "'{}' is not offered; there are {}",
                shown(text),
                Self::IDS.join(" and ")
            )
        })
    }

    /// Longitude and latitude of coordinates in the system's order.
    pub(crate) fn lon_lat(self, x: f64, y: f64) -> (f64, f64) {
        match self {
            Self::Crs84 => (x, y),
            Self::Epsg4326 => (y, x),
        }
    }

    /// The axes of CoverageJSON in the system's order. `x` is longitude and `y` latitude always.
    pub(crate) fn axes(self) -> [&'static str; 2] {
        match self {
            Self::Crs84 => ["x", "y"],
            Self::Epsg4326 => ["y", "x"],
        }
    }

    /// The system's identifier.
    pub(crate) fn uri(self) -> &'static str {
        match self {
            Self::Crs84 => "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            Self::Epsg4326 => "http://www.opengis.net/def/crs/EPSG/0/4326",
        }
    }

    /// What metadata say of both.
    pub(crate) fn details() -> Value {
        json!([
            {"crs": "EPSG:4326", "wkt": wkt("WGS 84", "AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]")},
            {"crs": "CRS84", "wkt": wkt("WGS 84 (CRS84)", "AXIS[\"Longitude\",EAST],AXIS[\"Latitude\",NORTH],AUTHORITY[\"OGC\",\"CRS84\"]")},
        ])
    }
}

fn wkt(name: &str, rest: &str) -> String {
    format!(
        "GEOGCS[\"{name}\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],\
         AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],\
         UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],{rest}]"
    )
}

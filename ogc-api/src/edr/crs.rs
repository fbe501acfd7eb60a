//! Coordinate reference systems of requests and answers, all on WGS 84: longitude and latitude in either order, and for values
//! at positions the projected systems of `driftline_domain::ReferenceSystem` in metres. Grids have axes of longitude and
//! latitude, which no projected system has.

use driftline_domain::{BBox, PolarSystem, ReferenceSystem};
use serde_json::{Value, json};

use super::coords::Place;
use super::coverage::{Coverage, Domain};
use crate::query::shown;

/// Millimetres are told, no less.
const PER_METRE: f64 = 1e3;

/// A reference system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crs {
    /// Longitude, latitude.
    Crs84,
    /// Latitude, longitude.
    Epsg4326,
    /// Metres to the east, or right, and to the north, or up.
    Projected(ReferenceSystem),
}

impl Crs {
    /// Names in metadata of collections. Suites ask in the last one that they know with longitude first: that is CRS84.
    pub(crate) const IDS: [&str; 2] = ["EPSG:4326", "CRS84"];

    /// The system of the parameter `crs`; without it CRS84.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::Crs84) };
        match ReferenceSystem::find(text) {
            Some(ReferenceSystem::Crs84) => Ok(Self::Crs84),
            Some(ReferenceSystem::Epsg4326) => Ok(Self::Epsg4326),
            Some(projected) => Ok(Self::Projected(projected)),
            None => Err(format!(
                "'{}' is not offered; there are {}, and for values at positions EPSG:3857, UTM (EPSG:32601 to 32660 and \
                 32701 to 32760) and polar stereographic (EPSG:3995, 3996, 3413, 3031)",
                shown(text),
                Self::IDS.join(" and ")
            )),
        }
    }

    /// Whether coordinates are metres.
    pub(crate) fn is_projected(self) -> bool {
        matches!(self, Self::Projected(_))
    }

    /// Longitude and latitude of coordinates in the system's order; `None` where the system has no place.
    pub(crate) fn lon_lat(self, x: f64, y: f64) -> Option<Place> {
        match self {
            Self::Crs84 => Some((x, y)),
            Self::Epsg4326 => Some((y, x)),
            Self::Projected(system) => system.inverse(x, y),
        }
    }

    /// A coverage with its places in the system, x first; the places of degrees stay as they are. What the system has no
    /// place for is the error.
    pub(crate) fn placed(self, mut coverage: Coverage) -> Result<Coverage, String> {
        let Self::Projected(system) = self else {
            return Ok(coverage);
        };
        let plane = system.plane();
        let move_to = |place: &mut Place| {
            let (x, y) = plane
                .forward(place.0, place.1)
                .ok_or_else(|| format!("{} has no place for {}, {}", system.short_name(), place.0, place.1))?;
            *place = ((x * PER_METRE).round() / PER_METRE, (y * PER_METRE).round() / PER_METRE);
            Ok::<(), String>(())
        };
        match &mut coverage.domain {
            Domain::PointSeries { place, .. } => move_to(place)?,
            Domain::Trajectory(positions) => positions.iter_mut().try_for_each(|(_, place)| move_to(place))?,
            Domain::Grid { .. } => return Err(format!("{} has no grids", system.short_name())),
        }
        Ok(coverage)
    }

    /// The axes of CoverageJSON in the system's order. In degrees `x` is longitude and `y` latitude always.
    pub(crate) fn axes(self) -> [&'static str; 2] {
        match self {
            Self::Crs84 | Self::Projected(_) => ["x", "y"],
            Self::Epsg4326 => ["y", "x"],
        }
    }

    /// What CoverageJSON says of it.
    pub(crate) fn system(self) -> Value {
        let (kind, system) = match self {
            Self::Crs84 => ("GeographicCRS", ReferenceSystem::Crs84),
            Self::Epsg4326 => ("GeographicCRS", ReferenceSystem::Epsg4326),
            Self::Projected(system) => ("ProjectedCRS", system),
        };
        json!({"type": kind, "id": system.uri()})
    }

    /// What metadata say of the two systems of degrees.
    pub(crate) fn details() -> Value {
        json!([
            {"crs": "EPSG:4326", "wkt": wkt("WGS 84", LATITUDE_FIRST)},
            {"crs": "CRS84", "wkt": wkt("WGS 84 (CRS84)", LONGITUDE_FIRST)},
        ])
    }

    /// The same, and those projected systems that are of use in a box between them.
    pub(crate) fn details_around(bbox: &BBox) -> Value {
        let mut details = Self::details();
        if let Some(listed) = details.as_array_mut() {
            let told = projected_in(bbox).filter_map(|system| {
                let wkt = projected_wkt(system)?;
                Some(json!({"crs": system.short_name(), "wkt": wkt}))
            });
            listed.splice(1..1, told.collect::<Vec<_>>());
        }
        details
    }
}

/// The UTM zones that a box touches, where they are few, and the polar systems that are made for a part of it.
fn projected_in(bbox: &BBox) -> impl Iterator<Item = ReferenceSystem> {
    let polar = PolarSystem::ALL
        .map(ReferenceSystem::PolarStereographic)
        .into_iter()
        .filter({
            let (south, north) = (bbox.south, bbox.north);
            move |system| {
                let area = system.area_of_use();
                area.south <= north && area.north >= south
            }
        });
    crate::wms::zones_of(bbox).into_iter().chain(polar)
}

const LATITUDE_FIRST: &str = "AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]";
const LONGITUDE_FIRST: &str = "AXIS[\"Longitude\",EAST],AXIS[\"Latitude\",NORTH],AUTHORITY[\"OGC\",\"CRS84\"]";

fn wkt(name: &str, rest: &str) -> String {
    format!(
        "GEOGCS[\"{name}\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],\
         AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],\
         UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],{rest}]"
    )
}

/// Well-known text (OGC 01-009) with the parameters of the EPSG registry; `None` for systems of degrees and Web Mercator, whose
/// sphere that text cannot say.
fn projected_wkt(system: ReferenceSystem) -> Option<String> {
    let (method, parameters, axes) = match system {
        ReferenceSystem::Utm { zone, south } => {
            let middle = i32::from(zone) * 6 - 183;
            let northing = if south { 10_000_000 } else { 0 };
            let parameters = [
                ("latitude_of_origin", 0.0),
                ("central_meridian", f64::from(middle)),
                ("scale_factor", 0.9996),
                ("false_easting", 500_000.0),
                ("false_northing", f64::from(northing)),
            ];
            (
                "Transverse_Mercator",
                parameters,
                "AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]",
            )
        }
        ReferenceSystem::PolarStereographic(polar) => {
            let (true_at, middle) = match polar {
                PolarSystem::Arctic => (71.0, 0.0),
                PolarSystem::Ibcao => (75.0, 0.0),
                PolarSystem::SeaIceNorth => (70.0, -45.0),
                PolarSystem::Antarctic => (-71.0, 0.0),
            };
            let parameters = [
                ("latitude_of_origin", true_at),
                ("central_meridian", middle),
                ("scale_factor", 1.0),
                ("false_easting", 0.0),
                ("false_northing", 0.0),
            ];
            let way = if polar == PolarSystem::Antarctic {
                "NORTH"
            } else {
                "SOUTH"
            };
            let axes = if way == "NORTH" {
                "AXIS[\"Easting\",NORTH],AXIS[\"Northing\",NORTH]"
            } else {
                "AXIS[\"Easting\",SOUTH],AXIS[\"Northing\",SOUTH]"
            };
            ("Polar_Stereographic", parameters, axes)
        }
        _ => return None,
    };
    let parameters = parameters
        .map(|(name, value)| format!("PARAMETER[\"{name}\",{value}],"))
        .concat();
    Some(format!(
        "PROJCS[\"{}\",{},PROJECTION[\"{method}\"],{parameters}UNIT[\"metre\",1,AUTHORITY[\"EPSG\",\"9001\"]],{axes},\
         AUTHORITY[\"EPSG\",\"{}\"]]",
        system.name(),
        wkt("WGS 84", "AUTHORITY[\"EPSG\",\"4326\"]"),
        system.epsg()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::ValidTime;

    #[test]
    fn systems_are_found_by_every_usual_name() {
        for (text, crs) in [
            (None, Crs::Crs84),
            (Some("crs84"), Crs::Crs84),
            (Some("http://www.opengis.net/def/crs/OGC/1.3/CRS84"), Crs::Crs84),
            (Some("EPSG:4326"), Crs::Epsg4326),
            (Some("urn:ogc:def:crs:EPSG::4326"), Crs::Epsg4326),
            (
                Some("http://www.opengis.net/def/crs/EPSG/0/32631"),
                Crs::Projected(ReferenceSystem::Utm { zone: 31, south: false }),
            ),
        ] {
            assert_eq!(Crs::parse(text), Ok(crs), "{text:?}");
        }
        for text in ["", "EPSG:2154", "EPSG:32661", "native"] {
            let refused = Crs::parse(Some(text)).unwrap_err();
            assert!(refused.contains("EPSG:4326") && refused.contains("32601"), "{refused}");
        }
    }

    #[test]
    fn places_go_to_the_system_and_back() {
        let utm = Crs::parse(Some("EPSG:32631")).unwrap();
        // The central meridian of zone 31 is 3 degrees east: its easting is 500 km.
        let (lon, lat) = utm.lon_lat(500_000.0, 6_651_411.19).unwrap();
        assert!((lon - 3.0).abs() < 1e-9 && (lat - 60.0).abs() < 1e-6, "{lon} {lat}");
        let coverage = Coverage {
            domain: Domain::PointSeries {
                place: (3.0, 60.0),
                times: Vec::new(),
            },
            ranges: Vec::new(),
        };
        let Domain::PointSeries { place, .. } = utm.placed(coverage.clone()).unwrap().domain else {
            panic!("another domain");
        };
        assert_eq!(place, (500_000.0, 6_651_411.19));
        assert_eq!(Crs::Epsg4326.placed(coverage.clone()), Ok(coverage.clone()));
        let mut at_the_pole = coverage;
        at_the_pole.domain = Domain::Trajectory(vec![(ValidTime::from_unix_s(0).unwrap(), (3.0, 90.0))]);
        let mercator = Crs::parse(Some("EPSG:3857")).unwrap();
        assert!(mercator.placed(at_the_pole).unwrap_err().contains("EPSG:3857"));
    }

    #[test]
    fn the_systems_around_a_box_are_few() {
        let details = Crs::details_around(&BBox::new(2.0, 58.0, 7.0, 62.0).unwrap());
        let names: Vec<&str> = details
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["crs"].as_str().unwrap())
            .collect();
        let expected = [
            "EPSG:4326",
            "EPSG:32631",
            "EPSG:32632",
            "EPSG:3995",
            "EPSG:3996",
            "EPSG:3413",
            "CRS84",
        ];
        assert_eq!(names, expected);
        let wide = Crs::details_around(&BBox::new(-60.0, -30.0, 20.0, 30.0).unwrap());
        assert_eq!(wide.as_array().unwrap().len(), 2);
    }
}

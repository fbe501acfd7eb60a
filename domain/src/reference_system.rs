//! The coordinate reference systems that results and maps are offered in, all on WGS 84: degrees, Web Mercator, UTM and
//! polar stereographic.
//!
//! Parameters, names, axes and areas of use are those of the EPSG registry (IOGP). Axes: EPSG:4326 is the one system here
//! whose registered order is north before east. Web Mercator and UTM are registered as easting, northing. The polar ones
//! have no east or north axis to speak of: in the Arctic both axes point south, along 90 and 180 degrees east (EPSG:3413:
//! along 45 and 135), in the Antarctic both north, along 90 and 0; each is registered, and handled by PROJ, GDAL and
//! QGIS, with the axis to the right first. So the order of the numbers is right, up for each of them in every interface.

mod covering;
mod names;

use crate::{BBox, Ellipsoid, Projection, Projector};

/// A coordinate reference system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceSystem {
    /// Longitude, latitude in degrees (OGC CRS84).
    Crs84,
    /// Latitude, longitude in degrees.
    Epsg4326,
    /// EPSG:3857, spherical metres.
    WebMercator,
    /// Universal transverse Mercator, EPSG:32601 to 32660 and, south of the equator, 32701 to 32760.
    Utm {
        /// From 1 (180 to 174 degrees west) to 60.
        zone: u8,
        /// Whether northings start 10,000 km below the equator.
        south: bool,
    },
    /// Around a pole, metres.
    PolarStereographic(PolarSystem),
}

/// The polar stereographic systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolarSystem {
    /// EPSG:3995, true to scale at 71 degrees north, 0 degrees east at the bottom.
    Arctic,
    /// EPSG:3996 (IBCAO), true to scale at 75 degrees north, 0 degrees east at the bottom.
    Ibcao,
    /// EPSG:3413 (NSIDC sea ice), true to scale at 70 degrees north, 45 degrees west at the bottom.
    SeaIceNorth,
    /// EPSG:3031, true to scale at 71 degrees south, 0 degrees east at the top.
    Antarctic,
}

/// A system made ready for many points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReferencePlane {
    /// Degrees.
    Degrees,
    /// Web Mercator.
    WebMercator,
    /// A projection of the ellipsoid.
    Projected(Projector),
}

/// Radius of Web Mercator's sphere times pi (IOGP Guidance Note 7-2, method 1024).
const HALF_WORLD_M: f64 = 20_037_508.342_789_244;
/// No place is projected nearer to Web Mercator's poles, which lie at infinity.
const SINGULAR_DEG: f64 = 1e-6;

impl PolarSystem {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Arctic, Self::Ibcao, Self::SeaIceNorth, Self::Antarctic];

    fn epsg(self) -> u16 {
        match self {
            Self::Arctic => 3995,
            Self::Ibcao => 3996,
            Self::SeaIceNorth => 3413,
            Self::Antarctic => 3031,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Arctic => "WGS 84 / Arctic Polar Stereographic",
            Self::Ibcao => "WGS 84 / IBCAO Polar Stereographic",
            Self::SeaIceNorth => "WGS 84 / NSIDC Sea Ice Polar Stereographic North",
            Self::Antarctic => "WGS 84 / Antarctic Polar Stereographic",
        }
    }

    fn projection(self) -> Projection {
        let (lat_ts_deg, lon0_deg) = match self {
            Self::Arctic => (71.0, 0.0),
            Self::Ibcao => (75.0, 0.0),
            Self::SeaIceNorth => (70.0, -45.0),
            Self::Antarctic => (-71.0, 0.0),
        };
        Projection::PolarStereographic {
            lat_ts_deg,
            lon0_deg,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::WGS84,
        }
    }

    fn is_south(self) -> bool {
        self == Self::Antarctic
    }
}

impl ReferenceSystem {
    /// Every system.
    pub fn all() -> Vec<Self> {
        let utm = [false, true].map(|south| (1..=60).map(move |zone| Self::Utm { zone, south }));
        [Self::Crs84, Self::Epsg4326, Self::WebMercator]
            .into_iter()
            .chain(PolarSystem::ALL.map(Self::PolarStereographic))
            .chain(utm.into_iter().flatten())
            .collect()
    }

    /// Those offered for results and maps: all of them, the ones that clients know best first.
    pub fn offered() -> Vec<Self> {
        Self::all()
    }

    /// The UTM zone of a place, by the plain division into 6 degrees; Norway's and Svalbard's wider zones are a matter of
    /// map sheets, not of the systems.
    pub fn utm_at(lon_deg: f64, lat_deg: f64) -> Self {
        let at = libm::floor((crate::wrap_lon_deg(lon_deg) + 180.0) / 6.0);
        Self::Utm {
            zone: (at as u8 + 1).min(60),
            south: lat_deg < 0.0,
        }
    }

    /// Whether coordinates are degrees; metres otherwise.
    pub fn is_geographic(&self) -> bool {
        matches!(self, Self::Crs84 | Self::Epsg4326)
    }

    /// Whether the registered order is north before east, as answers of OGC APIs and WMS 1.3.0 have it.
    pub fn is_north_first(&self) -> bool {
        *self == Self::Epsg4326
    }

    /// Where the system is meant to be used.
    pub fn area_of_use(&self) -> BBox {
        let (west, south, east, north) = match *self {
            Self::Crs84 | Self::Epsg4326 => (-180.0, -90.0, 180.0, 90.0),
            Self::WebMercator => (-180.0, -85.06, 180.0, 85.06),
            Self::Utm { zone, south } => {
                let west = f64::from(zone) * 6.0 - 186.0;
                let (low, high) = if south { (-80.0, 0.0) } else { (0.0, 84.0) };
                (west, low, west + 6.0, high)
            }
            Self::PolarStereographic(polar) if polar.is_south() => (-180.0, -90.0, 180.0, -60.0),
            Self::PolarStereographic(_) => (-180.0, 60.0, 180.0, 90.0),
        };
        BBox {
            west,
            south,
            east,
            north,
        }
    }

    /// The system made ready for many points.
    pub fn plane(&self) -> ReferencePlane {
        match *self {
            Self::Crs84 | Self::Epsg4326 => ReferencePlane::Degrees,
            Self::WebMercator => ReferencePlane::WebMercator,
            Self::Utm { zone, south } => {
                let projection = Projection::TransverseMercator {
                    lon0_deg: f64::from(zone) * 6.0 - 183.0,
                    k0: 0.9996,
                    false_easting_m: 500_000.0,
                    false_northing_m: if south { 10_000_000.0 } else { 0.0 },
                    ellipsoid: Ellipsoid::WGS84,
                };
                ReferencePlane::Projected(projection.projector())
            }
            Self::PolarStereographic(polar) => ReferencePlane::Projected(polar.projection().projector()),
        }
    }

    /// x and y of a place, x to the east (or right) first whatever the registered order; `None` where the system has no
    /// such place.
    pub fn forward(&self, lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
        self.plane().forward(lon_deg, lat_deg)
    }

    /// Longitude and latitude of x and y, x first; `None` where the system has no place. In degrees and in Web Mercator a
    /// longitude beyond 180 degrees stays there, so that a box keeps its eastern edge; elsewhere it is in [-180, 180).
    pub fn inverse(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        self.plane().inverse(x, y)
    }
}

impl ReferencePlane {
    /// See [`ReferenceSystem::forward`].
    pub fn forward(&self, lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
        if !lon_deg.is_finite() || !(-90.0..=90.0).contains(&lat_deg) {
            return None;
        }
        match self {
            Self::Degrees => Some((lon_deg, lat_deg)),
            Self::WebMercator => (libm::fabs(lat_deg) < 90.0 - SINGULAR_DEG).then(|| {
                let y = libm::atanh(libm::sin(lat_deg.to_radians())) / std::f64::consts::PI;
                (lon_deg / 180.0 * HALF_WORLD_M, y * HALF_WORLD_M)
            }),
            Self::Projected(projector) => projector
                .has(lon_deg, lat_deg)
                .then(|| projector.forward(lon_deg, lat_deg)),
        }
    }

    /// See [`ReferenceSystem::inverse`].
    pub fn inverse(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        match self {
            Self::Degrees => (-90.0..=90.0).contains(&y).then_some((x, y)),
            Self::WebMercator => {
                let lat = libm::atan(libm::sinh(y / HALF_WORLD_M * std::f64::consts::PI));
                Some((x / HALF_WORLD_M * 180.0, lat.to_degrees()))
            }
            Self::Projected(projector) => projector.reaches(x, y).then(|| projector.inverse(x, y)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system, a place in it, and x and y.
    type Known = (&'static str, (f64, f64), (f64, f64));

    /// Values of PROJ 9 (pyproj, always_xy).
    const PLACES: [Known; 17] = [
        ("EPSG:3857", (10.0, 60.0), (1_113_194.907, 8_399_737.889)),
        ("EPSG:3857", (-179.5, -84.0), (-19_981_848.597, -18_807_214.096)),
        ("EPSG:32633", (15.0, 0.0), (500_000.0, 0.0)),
        ("EPSG:32633", (20.5, 69.3), (716_717.291, 7_697_553.626)),
        ("EPSG:32633", (4.0, 60.0), (-111_654.054, 6_702_495.148)),
        ("EPSG:32633", (-10.0, 78.0), (-63_461.302, 8_780_721.942)),
        ("EPSG:32633", (45.0, 10.0), (3_939_373.916, 1_273_532.451)),
        ("EPSG:32701", (-177.0, -45.0), (500_000.0, 5_017_049.599)),
        ("EPSG:32701", (-170.25, -12.5), (1_234_969.261, 8_608_753.855)),
        ("EPSG:32760", (178.5, -35.25), (636_465.116, 6_098_201.206)),
        ("EPSG:3995", (10.0, 75.0), (284_571.722, -1_613_886.438)),
        ("EPSG:3995", (-120.0, 66.0), (-2_290_574.205, 1_322_463.634)),
        ("EPSG:3996", (10.0, 75.0), (287_554.949, -1_630_805.154)),
        ("EPSG:3413", (10.0, 75.0), (1_338_395.730, -937_154.779)),
        ("EPSG:3413", (-45.0, 66.0), (0.0, -2_637_012.836)),
        ("EPSG:3031", (10.0, -75.0), (284_571.722, 1_613_886.438)),
        ("EPSG:3031", (-120.0, -66.0), (-2_290_574.205, -1_322_463.634)),
    ];

    #[test]
    fn every_system_agrees_with_proj_and_with_itself() {
        for (name, (lon, lat), expected) in PLACES {
            let system = ReferenceSystem::find(name).unwrap();
            let (x, y) = system.forward(lon, lat).unwrap();
            assert!(
                (x - expected.0).abs() < 1e-3 && (y - expected.1).abs() < 1e-3,
                "{name} {lon} {lat}: {x} {y}"
            );
            let (lon_back, lat_back) = system.inverse(x, y).unwrap();
            assert!(
                (lon_back - lon).abs() < 1e-9 && (lat_back - lat).abs() < 1e-9,
                "{name} {lon} {lat}: {lon_back} {lat_back}"
            );
        }
    }

    #[test]
    fn a_middle_of_the_area_of_use_is_within_reach_and_goes_there_and_back() {
        for system in ReferenceSystem::all() {
            let area = system.area_of_use();
            let (lon, lat) = ((area.west + area.east) / 2.0 + 1.0, (area.south + area.north) / 2.0);
            let (x, y) = system.forward(lon, lat).unwrap();
            let (lon_back, lat_back) = system.inverse(x, y).unwrap();
            assert!(
                (lon_back - lon).abs() < 1e-9 && (lat_back - lat).abs() < 1e-9,
                "{system:?}"
            );
            if let ReferenceSystem::Utm { zone, south } = system {
                assert_eq!(ReferenceSystem::utm_at(lon, lat), ReferenceSystem::Utm { zone, south });
                assert!((x - 600_000.0).abs() < 20_000.0, "{system:?} {x}");
            }
        }
    }

    #[test]
    fn where_a_system_has_no_place_there_is_none() {
        let utm = ReferenceSystem::find("EPSG:32633").unwrap();
        let arctic = ReferenceSystem::find("EPSG:3995").unwrap();
        for (system, lon, lat) in [
            (ReferenceSystem::WebMercator, 0.0, 90.0),
            (ReferenceSystem::Crs84, 0.0, 90.1),
            (ReferenceSystem::Crs84, f64::NAN, 0.0),
            (utm, 105.0, 0.0),
            (utm, 15.0 + 61.0, 0.0),
            (arctic, 0.0, -90.0),
        ] {
            assert_eq!(system.forward(lon, lat), None, "{system:?} {lon} {lat}");
        }
        for (system, x, y) in [
            (utm, 1e9, 0.0),
            (utm, 0.0, f64::NAN),
            (arctic, f64::INFINITY, 0.0),
            (ReferenceSystem::Epsg4326, 0.0, 91.0),
        ] {
            assert_eq!(system.inverse(x, y), None, "{system:?} {x} {y}");
        }
        let (_, pole) = arctic.inverse(0.0, 0.0).unwrap();
        assert!((pole - 90.0).abs() < 1e-9);
        assert!(utm.forward(-120.0, 89.0).is_some(), "over the pole");
    }
}

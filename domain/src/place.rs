//! Places on the WGS84 ellipsoid: positions, boxes that may cross the antimeridian, and the local metric.

use serde::{Deserialize, Serialize};

/// WGS84 semi-major axis in metres (NGA.STND.0036, table 3.1).
const WGS84_A_M: f64 = 6_378_137.0;
/// WGS84 first eccentricity squared, f (2 - f) with f = 1/298.257223563.
const WGS84_E2: f64 = 6.694_379_990_141_316_5e-3;

/// Why numbers are no place.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PlaceError {
    /// A latitude outside [-90, 90] or not a number.
    #[error("latitude {0} is not between -90 and 90 degrees")]
    Latitude(f64),
    /// A longitude outside [-360, 360] or not a number.
    #[error("longitude {0} is not between -360 and 360 degrees")]
    Longitude(f64),
    /// A box whose southern edge is north of its northern edge.
    #[error("the box's south {south} lies north of its north {north}")]
    SouthAboveNorth {
        /// Southern edge in degrees.
        south: f64,
        /// Northern edge in degrees.
        north: f64,
    },
}

/// The same longitude in [-180, 180).
pub fn wrap_lon_deg(lon_deg: f64) -> f64 {
    if (-180.0..180.0).contains(&lon_deg) {
        return lon_deg;
    }
    let turned = lon_deg - 360.0 * libm::floor((lon_deg + 180.0) / 360.0);
    if turned >= 180.0 { turned - 360.0 } else { turned }
}

/// Metres per degree of longitude and of latitude at a latitude, on the WGS84 ellipsoid.
pub fn meters_per_degree(lat_deg: f64) -> (f64, f64) {
    let lat = lat_deg.to_radians();
    let sin_lat = libm::sin(lat);
    let w = 1.0 - WGS84_E2 * sin_lat * sin_lat;
    let prime_vertical_m = WGS84_A_M / libm::sqrt(w);
    let meridian_m = prime_vertical_m * (1.0 - WGS84_E2) / w;
    let per_radian = 1f64.to_radians();
    (prime_vertical_m * libm::cos(lat) * per_radian, meridian_m * per_radian)
}

/// A position: degrees, latitude in [-90, 90], longitude in [-180, 180).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawLatLon", into = "RawLatLon")]
pub struct LatLon {
    lat_deg: f64,
    lon_deg: f64,
}

#[derive(Serialize, Deserialize)]
struct RawLatLon {
    lat: f64,
    lon: f64,
}

impl TryFrom<RawLatLon> for LatLon {
    type Error = PlaceError;
    fn try_from(raw: RawLatLon) -> Result<Self, PlaceError> {
        Self::new(raw.lat, raw.lon)
    }
}

impl From<LatLon> for RawLatLon {
    fn from(place: LatLon) -> Self {
        Self {
            lat: place.lat_deg,
            lon: place.lon_deg,
        }
    }
}

impl LatLon {
    /// Where the equator meets the zero meridian.
    pub(crate) const ORIGIN: Self = Self {
        lat_deg: 0.0,
        lon_deg: 0.0,
    };

    /// A checked position; longitudes up to a full turn off are brought into [-180, 180).
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, PlaceError> {
        if !(-90.0..=90.0).contains(&lat_deg) {
            return Err(PlaceError::Latitude(lat_deg));
        }
        if !(-360.0..=360.0).contains(&lon_deg) {
            return Err(PlaceError::Longitude(lon_deg));
        }
        Ok(Self {
            lat_deg,
            lon_deg: wrap_lon_deg(lon_deg),
        })
    }

    /// Degrees north.
    pub fn lat_deg(&self) -> f64 {
        self.lat_deg
    }

    /// Degrees east, in [-180, 180).
    pub fn lon_deg(&self) -> f64 {
        self.lon_deg
    }
}

/// A box of longitudes and latitudes in degrees. `west > east` means that it crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BBox {
    /// Western edge, in [-180, 180].
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge, in [-180, 180].
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

impl BBox {
    /// A checked box.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, PlaceError> {
        for lon in [west, east] {
            if !(-360.0..=360.0).contains(&lon) {
                return Err(PlaceError::Longitude(lon));
            }
        }
        for lat in [south, north] {
            if !(-90.0..=90.0).contains(&lat) {
                return Err(PlaceError::Latitude(lat));
            }
        }
        if south > north {
            return Err(PlaceError::SouthAboveNorth { south, north });
        }
        if east - west >= 360.0 {
            return Ok(Self {
                west: -180.0,
                south,
                east: 180.0,
                north,
            });
        }
        let keep_180 = |lon: f64| if lon == 180.0 { 180.0 } else { wrap_lon_deg(lon) };
        Ok(Self {
            west: keep_180(west),
            south,
            east: keep_180(east),
            north,
        })
    }

    /// Whether the box crosses the antimeridian.
    pub fn crosses_antimeridian(&self) -> bool {
        self.west > self.east
    }

    /// Whether a position lies in the box, edges included.
    pub fn contains(&self, lon_deg: f64, lat_deg: f64) -> bool {
        (self.south..=self.north).contains(&lat_deg) && self.contains_lon(lon_deg)
    }

    /// The narrowest box around both; where two are equally narrow the one that does not cross the antimeridian.
    pub fn around(&self, other: &Self) -> Self {
        let (south, north) = (self.south.min(other.south), self.north.max(other.north));
        let whole = Self {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
        let holds = |outer: &Self, inner: &Self| {
            let turn = inner.west - outer.west;
            let turn = turn - 360.0 * libm::floor(turn / 360.0);
            outer.width_deg() >= 360.0 || turn + inner.width_deg() <= outer.width_deg() + 1e-9
        };
        let candidates = [(self, self), (other, other), (self, other), (other, self)];
        let around = candidates.into_iter().filter_map(|(first, last)| {
            let joined = Self {
                west: first.west,
                south,
                east: last.east,
                north,
            };
            (holds(&joined, self) && holds(&joined, other)).then_some(joined)
        });
        around
            .chain([whole])
            .min_by(|a, b| {
                let key = |bbox: &Self| (bbox.width_deg(), bbox.crosses_antimeridian());
                let (a, b) = (key(a), key(b));
                a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
            })
            .unwrap_or(whole)
    }

    /// Degrees of longitude from its western to its eastern edge.
    pub fn width_deg(&self) -> f64 {
        if self.crosses_antimeridian() {
            self.east + 360.0 - self.west
        } else {
            self.east - self.west
        }
    }

    /// Whether two boxes share a point, edges included.
    pub fn intersects(&self, other: &Self) -> bool {
        let lat = self.south <= other.north && other.south <= self.north;
        lat && (self.contains_lon(other.west) || other.contains_lon(self.west))
    }

    fn contains_lon(&self, lon_deg: f64) -> bool {
        if self.crosses_antimeridian() {
            lon_deg >= self.west || lon_deg <= self.east
        } else {
            (self.west..=self.east).contains(&lon_deg)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_longitudes_into_the_half_open_turn() {
        for (lon, wrapped) in [
            (0.0, 0.0),
            (180.0, -180.0),
            (-180.0, -180.0),
            (190.0, -170.0),
            (-190.0, 170.0),
            (540.0, -180.0),
        ] {
            assert_eq!(wrap_lon_deg(lon), wrapped, "{lon}");
        }
        assert!(wrap_lon_deg(-180.0 - 1e-14) < 180.0);
    }

    #[test]
    fn refuses_what_is_no_place() {
        assert!(LatLon::new(91.0, 0.0).is_err());
        assert!(LatLon::new(f64::NAN, 0.0).is_err());
        assert!(LatLon::new(0.0, f64::INFINITY).is_err());
        assert_eq!(LatLon::new(1.0, 361.0).err(), Some(PlaceError::Longitude(361.0)));
        assert!(BBox::new(0.0, 10.0, 1.0, 5.0).is_err());
    }

    #[test]
    fn a_box_may_cross_the_antimeridian() {
        let fiji = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        assert!(fiji.contains(179.0, -15.0) && fiji.contains(-179.0, -15.0) && !fiji.contains(0.0, -15.0));
        assert!(fiji.intersects(&BBox::new(-180.0, -90.0, -176.0, 90.0).unwrap()));
        assert!(!fiji.intersects(&BBox::new(-170.0, -90.0, 170.0, 90.0).unwrap()));
        assert_eq!(BBox::new(175.0, -20.0, 185.0, -10.0).unwrap(), fiji);
    }

    #[test]
    fn a_box_around_two_is_the_narrowest() {
        let bbox = |west, east| BBox {
            west,
            south: 0.0,
            east,
            north: 1.0,
        };
        let edges = |a: BBox, b: BBox| {
            let (one, other) = (a.around(&b), b.around(&a));
            assert_eq!(one, other);
            (one.west, one.east)
        };
        assert_eq!(edges(bbox(2.0, 5.0), bbox(4.0, 9.0)), (2.0, 9.0));
        assert_eq!(edges(bbox(2.0, 5.0), bbox(3.0, 4.0)), (2.0, 5.0));
        assert_eq!(edges(bbox(170.0, 178.0), bbox(-175.0, -170.0)), (170.0, -170.0));
        assert_eq!(edges(bbox(175.0, -175.0), bbox(-178.0, -170.0)), (175.0, -170.0));
        assert_eq!(edges(bbox(-180.0, 180.0), bbox(175.0, -175.0)), (-180.0, 180.0));
        assert_eq!(edges(bbox(-100.0, 90.0), bbox(80.0, -90.0)), (-180.0, 180.0));
        let tall = bbox(0.0, 1.0).around(&BBox {
            south: -5.0,
            ..bbox(0.0, 1.0)
        });
        assert_eq!((tall.south, tall.north), (-5.0, 1.0));
    }

    #[test]
    fn one_degree_of_latitude_at_the_equator_is_110_574_m() {
        let (lon_m, lat_m) = meters_per_degree(0.0);
        assert!((lat_m - 110_574.3).abs() < 0.1, "{lat_m}");
        assert!((lon_m - 111_319.5).abs() < 0.1, "{lon_m}");
    }
}

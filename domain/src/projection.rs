//! The map projections that forcing files come on and maps are asked for in, all conformal: polar stereographic, Lambert
//! conformal conic and transverse Mercator, on a sphere or an ellipsoid. Longitude and latitude go to metres east and
//! north and back.
//!
//! Formulas: J. P. Snyder, "Map Projections: A Working Manual", USGS Professional Paper 1395 (1987), equations 15-1
//! to 15-11 (Lambert), 21-33 to 21-40 (polar stereographic), 7-9 and 3-2 (conformal latitude). Trigonometry comes
//! from `libm`, so that every machine computes the same bits; the drift kernel calls `forward` for each particle.

mod ellipsoid;
mod projector;
mod transverse_mercator;

use serde::{Deserialize, Serialize};

pub use ellipsoid::Ellipsoid;
pub use projector::Projector;
use projector::Shape;
use transverse_mercator::TransverseMercator;

/// A map projection with its parameters, angles in degrees, lengths in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Projection {
    /// Polar stereographic, true to scale at `lat_ts_deg`; centred on the pole of that latitude's sign.
    PolarStereographic {
        /// Latitude of true scale; its sign chooses the pole.
        lat_ts_deg: f64,
        /// Longitude that points straight away from the pole along -y (north) or +y (south).
        lon0_deg: f64,
        /// Added to x.
        false_easting_m: f64,
        /// Added to y.
        false_northing_m: f64,
        /// Figure of the Earth.
        ellipsoid: Ellipsoid,
    },
    /// Lambert conformal conic with one or two standard parallels.
    LambertConformal {
        /// First standard parallel.
        lat1_deg: f64,
        /// Second standard parallel; equal to the first for the tangent case.
        lat2_deg: f64,
        /// Latitude of origin.
        lat0_deg: f64,
        /// Central meridian.
        lon0_deg: f64,
        /// Added to x.
        false_easting_m: f64,
        /// Added to y.
        false_northing_m: f64,
        /// Figure of the Earth.
        ellipsoid: Ellipsoid,
    },
    /// Transverse Mercator; its northings count from the equator.
    TransverseMercator {
        /// Central meridian.
        lon0_deg: f64,
        /// Scale on the central meridian.
        k0: f64,
        /// Added to x.
        false_easting_m: f64,
        /// Added to y.
        false_northing_m: f64,
        /// Figure of the Earth.
        ellipsoid: Ellipsoid,
    },
}

impl Projection {
    /// The projection made ready for many points.
    pub fn projector(&self) -> Projector {
        match *self {
            Self::PolarStereographic {
                lat_ts_deg,
                lon0_deg,
                false_easting_m,
                false_northing_m,
                ellipsoid,
            } => {
                let shape = Shape::Polar {
                    sign: pole_sign(lat_ts_deg),
                    scale_m: polar_scale(lat_ts_deg, ellipsoid),
                };
                Projector {
                    shape,
                    lon0_deg,
                    false_easting_m,
                    false_northing_m,
                    ellipsoid,
                }
            }
            Self::LambertConformal {
                lat1_deg,
                lat2_deg,
                lat0_deg,
                lon0_deg,
                false_easting_m,
                false_northing_m,
                ellipsoid,
            } => {
                let shape = cone(lat1_deg, lat2_deg, lat0_deg, ellipsoid);
                Projector {
                    shape,
                    lon0_deg,
                    false_easting_m,
                    false_northing_m,
                    ellipsoid,
                }
            }
            Self::TransverseMercator {
                lon0_deg,
                k0,
                false_easting_m,
                false_northing_m,
                ellipsoid,
            } => Projector {
                shape: Shape::Cylinder(TransverseMercator::new(k0, ellipsoid)),
                lon0_deg,
                false_easting_m,
                false_northing_m,
                ellipsoid,
            },
        }
    }

    /// Projects degrees east and north to metres.
    pub fn forward(&self, lon_deg: f64, lat_deg: f64) -> (f64, f64) {
        self.projector().forward(lon_deg, lat_deg)
    }

    /// The degrees east and north of a projected point in metres.
    pub fn inverse(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        self.projector().inverse(x_m, y_m)
    }

    /// The bearing of the projection's y axis at a point: degrees clockwise from north, on the WGS84 ellipsoid,
    /// whatever figure the projection itself is defined on (leeway.md 3.5, as the reference does it).
    pub fn y_axis_bearing_rad(&self, x_m: f64, y_m: f64) -> f64 {
        const STEP_M: f64 = 10.0;
        let projector = self.projector();
        let (lon_deg, lat_deg) = projector.inverse(x_m, y_m);
        let (lon_ahead_deg, lat_ahead_deg) = projector.inverse(x_m, y_m + STEP_M);
        let (east_m, north_m) = crate::meters_per_degree((lat_deg + lat_ahead_deg) / 2.0);
        let d_lon = crate::wrap_lon_deg(lon_ahead_deg - lon_deg);
        libm::atan2(d_lon * east_m, (lat_ahead_deg - lat_deg) * north_m)
    }
}

fn pole_sign(lat_ts_deg: f64) -> f64 {
    if lat_ts_deg < 0.0 { -1.0 } else { 1.0 }
}

/// Snyder 21-34 and 21-33: metres per unit of t; at the pole itself the limit for true scale there.
fn polar_scale(lat_ts_deg: f64, ellipsoid: Ellipsoid) -> f64 {
    let lat_ts = libm::fabs(lat_ts_deg).to_radians();
    if libm::fabs(lat_ts_deg) > 90.0 - 1e-9 {
        let e = ellipsoid.e();
        return 2.0 * ellipsoid.a_m / libm::sqrt(libm::pow(1.0 + e, 1.0 + e) * libm::pow(1.0 - e, 1.0 - e));
    }
    ellipsoid.a_m * ellipsoid.m(lat_ts) / ellipsoid.t(lat_ts)
}

fn cone(lat1_deg: f64, lat2_deg: f64, lat0_deg: f64, ellipsoid: Ellipsoid) -> Shape {
    let (lat1, lat2) = (lat1_deg.to_radians(), lat2_deg.to_radians());
    let (m1, t1) = (ellipsoid.m(lat1), ellipsoid.t(lat1));
    let n = if libm::fabs(lat1_deg - lat2_deg) < 1e-10 {
        libm::sin(lat1)
    } else {
        (libm::log(m1) - libm::log(ellipsoid.m(lat2))) / (libm::log(t1) - libm::log(ellipsoid.t(lat2)))
    };
    let a_f = ellipsoid.a_m * m1 / (n * libm::pow(t1, n));
    Shape::Cone {
        n,
        a_f,
        rho0: a_f * libm::pow(ellipsoid.t(lat0_deg.to_radians()), n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proj4rs::proj::Proj;

    const MET_SPHERE: Ellipsoid = Ellipsoid::sphere(6_371_000.0);

    fn norkyst() -> Projection {
        Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 3_192_800.0,
            false_northing_m: 1_784_000.0,
            ellipsoid: MET_SPHERE,
        }
    }

    fn arome() -> Projection {
        Projection::LambertConformal {
            lat1_deg: 63.0,
            lat2_deg: 63.0,
            lat0_deg: 63.0,
            lon0_deg: 15.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: MET_SPHERE,
        }
    }

    /// Another implementation, proj4rs, has the last word on the formulas.
    fn agrees_with_proj4rs(projection: Projection, definition: &str, places: &[(f64, f64)]) {
        let oracle = Proj::from_proj_string(definition).unwrap();
        let geographic = Proj::from_proj_string("+proj=longlat +R=6371000").unwrap();
        let geographic = if definition.contains("WGS84") {
            Proj::from_proj_string("+proj=longlat +ellps=WGS84").unwrap()
        } else {
            geographic
        };
        for &(lon, lat) in places {
            let mut point = (lon.to_radians(), lat.to_radians(), 0.0);
            proj4rs::transform::transform(&geographic, &oracle, &mut point).unwrap();
            let (x, y) = projection.forward(lon, lat);
            assert!(
                (x - point.0).abs() < 1e-3 && (y - point.1).abs() < 1e-3,
                "{definition}: {lon} {lat}: {x} {y} {point:?}"
            );
            let (lon_back, lat_back) = projection.inverse(x, y);
            assert!(
                (lon_back - lon).abs() < 1e-9 && (lat_back - lat).abs() < 1e-9,
                "{lon} {lat}: {lon_back} {lat_back}"
            );
        }
    }

    #[test]
    fn polar_stereographic_agrees_with_another_implementation() {
        let places = [(4.0, 60.0), (-170.0, 75.0), (70.0, 45.0), (25.0, 88.0)];
        agrees_with_proj4rs(
            norkyst(),
            "+proj=stere +lat_0=90 +lon_0=70 +lat_ts=60 +R=6371000 +x_0=3192800 +y_0=1784000",
            &places,
        );
        let arctic = Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 58.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::WGS84,
        };
        agrees_with_proj4rs(
            arctic,
            "+proj=stere +lat_0=90 +lon_0=58 +lat_ts=60 +ellps=WGS84",
            &places,
        );
        let south = Projection::PolarStereographic {
            lat_ts_deg: -71.0,
            lon0_deg: 0.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::WGS84,
        };
        agrees_with_proj4rs(
            south,
            "+proj=stere +lat_0=-90 +lon_0=0 +lat_ts=-71 +ellps=WGS84",
            &[(10.0, -70.0), (-120.0, -62.0)],
        );
    }

    #[test]
    fn lambert_conformal_agrees_with_another_implementation() {
        let places = [(4.0, 60.0), (15.0, 63.0), (30.0, 70.0), (-5.0, 50.0)];
        agrees_with_proj4rs(
            arome(),
            "+proj=lcc +lat_0=63 +lon_0=15 +lat_1=63 +lat_2=63 +R=6371000",
            &places,
        );
        let conus = Projection::LambertConformal {
            lat1_deg: 33.0,
            lat2_deg: 45.0,
            lat0_deg: 39.0,
            lon0_deg: -96.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::WGS84,
        };
        agrees_with_proj4rs(
            conus,
            "+proj=lcc +lat_0=39 +lon_0=-96 +lat_1=33 +lat_2=45 +ellps=WGS84",
            &[(-100.0, 40.0), (-70.0, 25.0)],
        );
        let patagonia = Projection::LambertConformal {
            lat1_deg: -40.0,
            lat2_deg: -50.0,
            lat0_deg: -45.0,
            lon0_deg: -65.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: MET_SPHERE,
        };
        agrees_with_proj4rs(
            patagonia,
            "+proj=lcc +lat_0=-45 +lon_0=-65 +lat_1=-40 +lat_2=-50 +R=6371000",
            &[(-60.0, -47.0), (-70.0, -38.0)],
        );
    }

    #[test]
    fn transverse_mercator_agrees_with_another_implementation() {
        let zone_33 = Projection::TransverseMercator {
            lon0_deg: 15.0,
            k0: 0.9996,
            false_easting_m: 500_000.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::WGS84,
        };
        agrees_with_proj4rs(
            zone_33,
            "+proj=etmerc +lat_0=0 +lon_0=15 +k=0.9996 +x_0=500000 +ellps=WGS84",
            &[
                (15.0, 0.0),
                (4.0, 60.0),
                (20.0, 71.0),
                (12.0, -35.0),
                (-10.0, 78.0),
                (40.0, 5.0),
            ],
        );
    }

    #[test]
    fn the_y_axis_of_a_polar_grid_turns_with_longitude() {
        let projection = norkyst();
        for (lon, lat) in [(4.0, 60.0), (20.0, 70.0), (70.0, 65.0)] {
            let (x, y) = projection.forward(lon, lat);
            let expected = (lon - 70.0_f64).to_radians();
            let bearing = projection.y_axis_bearing_rad(x, y);
            // The sphere's meridian convergence; the ellipsoid's differs by under a quarter of a degree.
            assert!((bearing - expected).abs() < 0.005, "{lon}: {bearing} {expected}");
        }
    }
}

//! Where and when an object began to drift: the shapes that a coordinator knows it by.

use serde::{Deserialize, Serialize};

use super::{BearingsRelease, PolygonRelease, TrackRelease, extent, sphere};
use crate::{BBox, LatLon, ValidTime};

/// Standard deviations around a gaussian release that count as its extent.
pub(super) const EXTENT_SIGMAS: f64 = 6.0;
/// Pieces of a line that its extent is looked at in.
const PIECES: u32 = 16;

/// Where and when an object began to drift. In JSON an object with the one member that names the shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// A last known position.
    Point(PointRelease),
    /// Between two positions at two times.
    Cone(ConeRelease),
    /// Somewhere on a voyage.
    Track(TrackRelease),
    /// Anywhere in an area.
    Polygon(PolygonRelease),
    /// Where lines of bearing, or sectors, lead.
    Bearings(BearingsRelease),
}

/// A last known position, with the time it held at or the window in which the drift began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointRelease {
    /// Where.
    #[serde(flatten)]
    pub position: LatLon,
    /// When, or the start of the window.
    pub time: ValidTime,
    /// End of the window: particles are released evenly between `time` and this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<ValidTime>,
    /// Standard deviation per axis of a gaussian release, radius of a uniform one, metres.
    pub radius_m: f64,
    /// How particles are spread around the position.
    #[serde(default)]
    pub distribution: Distribution,
    /// How the position was found; without a radius of its own its error is that of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_source: Option<PositionSource>,
}

/// How particles are spread around a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Normal in east and north, the radius being the standard deviation of each.
    #[default]
    Gaussian,
    /// Evenly over the disc of the radius.
    Uniform,
}

/// How a position was found, and so how wrong it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionSource {
    /// A satellite fix.
    Gps,
    /// Range and bearing by radar.
    Radar,
    /// Three visual lines of position.
    VisualFix,
    /// Sun, moon or stars.
    Celestial,
    /// Marine radio beacon.
    RadioBeacon,
    /// Loran C.
    LoranC,
}

impl PositionSource {
    /// Every source with its word in JSON.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("gps", Self::Gps),
        ("radar", Self::Radar),
        ("visual_fix", Self::VisualFix),
        ("celestial", Self::Celestial),
        ("radio_beacon", Self::RadioBeacon),
        ("loran_c", Self::LoranC),
    ];

    /// Error of a fix in metres: 0.1, 1, 1, 2, 4 and 1 nautical miles (Australian National SAR Manual, appendix J). It
    /// is taken as the standard deviation per axis, which is a little wider than a probable error of that radius.
    pub fn radius_m(self) -> f64 {
        const NAUTICAL_MILE_M: f64 = 1_852.0;
        let miles = match self {
            Self::Gps => 0.1,
            Self::Radar | Self::VisualFix | Self::LoranC => 1.0,
            Self::Celestial => 2.0,
            Self::RadioBeacon => 4.0,
        };
        miles * NAUTICAL_MILE_M
    }
}

/// Two positions at two times, and everything between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConeRelease {
    /// The earlier end.
    pub from: ConeEnd,
    /// The later end.
    pub to: ConeEnd,
}

/// One end of a cone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConeEnd {
    /// Where.
    #[serde(flatten)]
    pub position: LatLon,
    /// When.
    pub time: ValidTime,
    /// Standard deviation per axis, metres.
    pub radius_m: f64,
}

impl Release {
    /// When the first particle can be released.
    pub fn first_time(&self) -> ValidTime {
        match self {
            Self::Point(point) => point.time,
            Self::Cone(cone) => cone.from.time,
            Self::Track(track) => track.departure[0],
            Self::Polygon(polygon) => polygon.times[0],
            Self::Bearings(bearings) => bearings.times[0],
        }
    }

    /// When the last particle is released; of a voyage by speeds a little later than any.
    pub fn last_time(&self) -> ValidTime {
        match self {
            Self::Point(point) => point.until.unwrap_or(point.time),
            Self::Cone(cone) => cone.to.time,
            Self::Track(track) => track.last_time(),
            Self::Polygon(polygon) => polygon.times[1],
            Self::Bearings(bearings) => bearings.times[1],
        }
    }

    /// A place in the middle of it, for maps and for a first look at the forcing.
    pub fn centre(&self) -> LatLon {
        match self {
            Self::Point(point) => point.position,
            Self::Cone(cone) => sphere::between(cone.from.position, cone.to.position, 0.5),
            Self::Track(track) => track.middle(),
            Self::Polygon(polygon) => polygon.centre(),
            Self::Bearings(bearings) => bearings.crossing().0,
        }
    }

    /// Standard deviation or radius around its points or lines, metres; 0 where the shape says it all.
    pub fn radius_m(&self) -> f64 {
        match self {
            Self::Point(point) => point.radius_m,
            Self::Cone(cone) => cone.from.radius_m.max(cone.to.radius_m),
            Self::Track(track) => track.radius_m,
            Self::Polygon(_) | Self::Bearings(_) => 0.0,
        }
    }

    /// A box around everything that it can release, to six standard deviations.
    pub fn bounds(&self) -> BBox {
        match self {
            Self::Point(point) => {
                let sigmas = match point.distribution {
                    Distribution::Gaussian => EXTENT_SIGMAS,
                    Distribution::Uniform => 1.0,
                };
                extent::around([point.position], sigmas * point.radius_m)
            }
            Self::Cone(cone) => {
                let places = line(cone.from.position, cone.to.position);
                extent::around(places, EXTENT_SIGMAS * self.radius_m())
            }
            Self::Track(track) => {
                let legs = track.legs.windows(2);
                let places = legs.flat_map(|ends| line(ends[0].position, ends[1].position));
                extent::around(places, EXTENT_SIGMAS * track.radius_m)
            }
            Self::Polygon(polygon) => polygon.bounds(),
            Self::Bearings(bearings) => bearings.bounds(),
        }
    }
}

/// Places along the great circle from one place to another, both included.
fn line(from: LatLon, to: LatLon) -> impl Iterator<Item = LatLon> {
    (0..=PIECES).map(move |piece| sphere::between(from, to, f64::from(piece) / f64::from(PIECES)))
}

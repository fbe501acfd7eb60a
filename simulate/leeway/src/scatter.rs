//! Where and when particles begin: the geometry of a release, in operational mode.
//!
//! A place is a function of (seed, id) and, for what is spread evenly over time, of a particle's rank within its
//! scenario. Positions are drawn anew for every particle, so that more particles leave the old ones where they were;
//! times, and with them places along a cone or a voyage, are even: rank r of n stands at (r + 1/2) / n of the window.
//! Nothing here knows the coast: who starts on land is put to sea by the caller.

mod area;
mod bearings;
#[cfg(test)]
mod tests;
mod voyage;

use driftline_domain::{ConeRelease, Distribution, LatLon, PointRelease, Release, ValidTime};

use self::area::Area;
use self::bearings::Lines;
use self::voyage::Voyage;
use crate::random::{Draw, Purpose};
use crate::{displacement, moved};

/// Where and when a particle begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scattered {
    /// Degrees east, in [-180, 180).
    pub lon_deg: f64,
    /// Degrees north.
    pub lat_deg: f64,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub time_s: i64,
}

/// A release made ready for drawing from it: prepared once, asked for every particle, by any number of threads.
#[derive(Debug, Clone)]
pub struct Scatter {
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Point(PointRelease),
    Cone(Cone),
    Track(Voyage),
    Polygon(Area, [ValidTime; 2]),
    Bearings(Lines, [ValidTime; 2]),
}

impl Scatter {
    /// Makes a release ready. Takes microseconds for points, cones and tracks, up to tenths of a second for a polygon of
    /// a thousand corners or a dozen lines of bearing.
    pub fn new(release: &Release) -> Self {
        let shape = match release {
            Release::Point(point) => Shape::Point(point.clone()),
            Release::Cone(cone) => Shape::Cone(Cone::new(cone)),
            Release::Track(track) => Shape::Track(Voyage::new(track)),
            Release::Polygon(polygon) => Shape::Polygon(Area::new(polygon), polygon.times),
            Release::Bearings(bearings) => Shape::Bearings(Lines::new(bearings), bearings.times),
        };
        Self { shape }
    }

    /// Where and when a particle begins: `id` is its number in the whole run, `rank` its number among the `count`
    /// particles of its scenario.
    pub fn place(&self, seed: u64, id: u32, rank: u32, count: u32) -> Scattered {
        let dice = Dice { seed, id };
        let share = (f64::from(rank) + 0.5) / f64::from(count.max(1));
        match &self.shape {
            Shape::Point(point) => {
                let window = [point.time, point.until.unwrap_or(point.time)];
                let centre = degrees(point.position);
                let (lon_deg, lat_deg) = match point.distribution {
                    Distribution::Gaussian => gaussian(&dice.draw(0), centre, point.radius_m),
                    Distribution::Uniform => uniform(&dice.draw(0), centre, point.radius_m),
                };
                at((lon_deg, lat_deg), within(window, share))
            }
            Shape::Cone(cone) => cone.place(&dice.draw(0), share),
            Shape::Track(voyage) => voyage.place(&dice.draw(0), share),
            Shape::Polygon(area, times) => at(area.place(dice), within(*times, share)),
            Shape::Bearings(lines, times) => at(lines.place(dice), within(*times, share)),
        }
    }
}

/// Where and when one particle begins; see [`Scatter::place`]. For more than a few [`Scatter::new`] should stand outside
/// of the loop.
pub fn scatter(release: &Release, seed: u64, id: u32, rank: u32, count: u32) -> Scattered {
    Scatter::new(release).place(seed, id, rank, count)
}

/// The random numbers of one particle's place.
#[derive(Clone, Copy)]
struct Dice {
    seed: u64,
    id: u32,
}

impl Dice {
    fn draw(self, attempt: u32) -> Draw {
        Draw::new(self.seed, self.id, 0, Purpose::SeedPosition, attempt)
    }
}

/// Between two places at two times: centre along the geodesic, radius and time all linear.
#[derive(Debug, Clone)]
struct Cone {
    from: (f64, f64),
    way_m: (f64, f64),
    radius_m: [f64; 2],
    times: [ValidTime; 2],
}

impl Cone {
    fn new(cone: &ConeRelease) -> Self {
        let from = degrees(cone.from.position);
        Self {
            from,
            way_m: displacement(from, degrees(cone.to.position)),
            radius_m: [cone.from.radius_m, cone.to.radius_m],
            times: [cone.from.time, cone.to.time],
        }
    }

    fn place(&self, draw: &Draw, share: f64) -> Scattered {
        let centre = moved(self.from.0, self.from.1, share * self.way_m.0, share * self.way_m.1);
        let radius_m = self.radius_m[0] + share * (self.radius_m[1] - self.radius_m[0]);
        at(gaussian(draw, centre, radius_m), within(self.times, share))
    }
}

/// Normal in east and north around a centre.
fn gaussian(draw: &Draw, (lon_deg, lat_deg): (f64, f64), sigma_m: f64) -> (f64, f64) {
    let (east, north) = draw.normals();
    moved(lon_deg, lat_deg, sigma_m * east, sigma_m * north)
}

/// Evenly over a disc around a centre.
fn uniform(draw: &Draw, (lon_deg, lat_deg): (f64, f64), radius_m: f64) -> (f64, f64) {
    let [turn, share, ..] = draw.uniforms();
    let (sin, cos) = libm::sincos(std::f64::consts::TAU * turn);
    let length_m = radius_m * share.sqrt();
    moved(lon_deg, lat_deg, length_m * sin, length_m * cos)
}

/// Seconds at a share of a window, rounded.
fn within([first, last]: [ValidTime; 2], share: f64) -> i64 {
    let (first_s, last_s) = (first.unix_s(), last.unix_s());
    first_s + libm::round((last_s - first_s) as f64 * share) as i64
}

fn degrees(place: LatLon) -> (f64, f64) {
    (place.lon_deg(), place.lat_deg())
}

fn at((lon_deg, lat_deg): (f64, f64), time_s: i64) -> Scattered {
    Scattered {
        lon_deg,
        lat_deg,
        time_s,
    }
}

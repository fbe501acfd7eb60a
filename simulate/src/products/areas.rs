//! Search areas: where the object is with a probability of 50, 90 and 95 %, at one time. Square kilometres; longitude
//! and latitude in degrees; bandwidths in metres.
//!
//! An area is the highest-density region of the active particles' kernel density (leeway.md 6.1, sar.md 6): the
//! smallest area that holds its share of the probability, in as many parts and with as many holes as that takes.
//! Stranded particles are not smeared over the sea; they are a product of their own.

use driftline_domain::{ValidTime, wrap_lon_deg};
use geo::{Area as _, MultiPolygon};

use super::Error;
use super::Status;
use super::antimeridian::to_map;
use super::cloud::Cloud;
use super::density::{Density, Moments};
use super::lattice::Lattice;
use super::lobes::{Lobe, lobes};
use super::outline::outlines;
use super::plane::Plane;

/// The levels that coordinators expect.
pub const LEVELS: [f64; 3] = [0.5, 0.9, 0.95];

/// Whether a longitude and latitude in degrees is at sea.
pub type SeaMask<'a> = &'a (dyn Fn(f64, f64) -> bool + Sync);

/// What areas to make.
#[derive(Clone)]
pub struct AreaSettings<'a> {
    /// Probabilities, rising.
    pub levels: Vec<f64>,
    /// No kernel is narrower than this: a tenth of the forcing's cell.
    pub bandwidth_floor_m: f64,
    /// Density on land is cut off and the rest scaled up; without a mask nothing is cut.
    pub sea: Option<SeaMask<'a>>,
}

/// The areas of one time, the smallest first.
#[derive(Debug, Clone)]
pub struct AreaSet {
    /// When.
    pub time: ValidTime,
    /// One per level, each within the next.
    pub levels: Vec<Area>,
    /// The most telling points.
    pub datum: Datum,
    /// The separate places where the object may be, the likeliest first; at least one.
    pub lobes: Vec<Lobe>,
    /// Geometric mean of the kernels' widths (standard deviations).
    pub bandwidth_m: f64,
    /// Which kernel: `half_scott`, or `half_scott_adaptive` where the cloud asks for narrower ones.
    pub kernel: &'static str,
    /// Particles that the areas are made from.
    pub n_particles: usize,
    /// Particles in any state.
    pub n_all: usize,
    /// Particles of equal weight that would be worth as much.
    pub n_effective: f64,
    /// Share of all particles, active or not, that are ashore.
    pub stranded_fraction: f64,
    /// Share of the density that fell on land and was cut off.
    pub land_fraction: f64,
}

/// One area.
#[derive(Debug, Clone)]
pub struct Area {
    /// Probability that the object is inside, if it is adrift.
    pub level: f64,
    /// Longitudes and latitudes by RFC 7946: closed rings, exteriors counter-clockwise, cut at the antimeridian.
    pub polygons: MultiPolygon,
    /// Size.
    pub area_km2: f64,
    /// The density on its rim, probability per square kilometre.
    pub threshold_per_km2: f64,
}

/// Where the object most probably is, longitudes in [-180, 180).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datum {
    /// Longitude and latitude of the particles' mean.
    pub mean: (f64, f64),
    /// Longitude and latitude of the highest density.
    pub mode: (f64, f64),
    /// Covariance east-east, east-north, north-north around the mean, square metres.
    pub covariance_m2: [f64; 3],
}

/// Mean and covariance of particles, without any areas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Longitude and latitude of the mean.
    pub mean: (f64, f64),
    /// Covariance east-east, east-north, north-north around the mean, square metres.
    pub covariance_m2: [f64; 3],
    /// Particles counted.
    pub n: usize,
}

impl Default for AreaSettings<'_> {
    /// The usual levels, a floor of 100 m, no coast.
    fn default() -> Self {
        Self {
            levels: LEVELS.to_vec(),
            bandwidth_floor_m: 100.0,
            sea: None,
        }
    }
}

impl AreaSettings<'_> {
    fn check(&self) -> Result<(), Error> {
        let within = self.levels.iter().all(|level| *level > 0.0 && *level < 1.0);
        if !within || self.levels.is_empty() || self.levels.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Error::Levels(self.levels.clone()));
        }
        if !(self.bandwidth_floor_m.is_finite() && self.bandwidth_floor_m > 0.0) {
            return Err(Error::BandwidthFloor(self.bandwidth_floor_m));
        }
        Ok(())
    }
}

/// The areas of a cloud; `None` when no particle is adrift.
pub fn search_areas(cloud: &Cloud<'_>, settings: &AreaSettings<'_>) -> Result<Option<AreaSet>, Error> {
    let estimate = Estimate::of(cloud, settings)?;
    estimate.map(|estimate| estimate.areas(cloud, settings)).transpose()
}

/// Where the active particles of a cloud are, as a density that everything else is made from.
pub(crate) struct Estimate {
    pub(crate) plane: Plane,
    pub(crate) density: Density,
    moments: Moments,
    /// Share of the density that fell on land and was cut off.
    land_fraction: f64,
}

impl Estimate {
    /// The density of a cloud, cut at the coast; `None` when no particle is adrift.
    pub(crate) fn of(cloud: &Cloud<'_>, settings: &AreaSettings<'_>) -> Result<Option<Self>, Error> {
        settings.check()?;
        cloud.check()?;
        if cloud.count(Status::Active) == 0 {
            return Ok(None);
        }
        let plane = Plane::amid(cloud.active());
        let points: Vec<(f64, f64)> = cloud.active().map(|(lon, lat)| plane.forward(lon, lat)).collect();
        let moments = Moments::of(&points);
        let mut density = Density::estimate(&points, &moments, settings.bandwidth_floor_m);
        let land_fraction = settings.sea.map_or(0.0, |at_sea| {
            let lattice = Lattice::over(&plane, density.nodes);
            density.cut(|node| {
                let (lon, lat) = lattice.position(node);
                at_sea(wrap_lon_deg(lon), lat)
            })
        });
        Ok(Some(Self {
            plane,
            density,
            moments,
            land_fraction,
        }))
    }

    /// The areas of the cloud that this is the density of.
    pub(crate) fn areas(&self, cloud: &Cloud<'_>, settings: &AreaSettings<'_>) -> Result<AreaSet, Error> {
        let Self {
            plane,
            density,
            moments,
            land_fraction,
        } = self;
        let n_particles = cloud.count(Status::Active);
        let thresholds = density.thresholds(&settings.levels);
        let cell_km2 = density.nodes.cell_m * density.nodes.cell_m / 1e6;
        let outlines = outlines(density, &thresholds)?;
        let lobes = lobes(plane, density, &settings.levels, &thresholds);
        let levels = settings.levels.iter().zip(thresholds).zip(outlines);
        let levels = levels.map(|((level, threshold), outline)| Area {
            level: *level,
            area_km2: outline.unsigned_area() / 1e6,
            polygons: to_map(plane, &outline),
            threshold_per_km2: threshold / cell_km2,
        });
        Ok(AreaSet {
            time: cloud.time,
            levels: levels.collect(),
            datum: Datum {
                mean: place(plane, moments.mean_m),
                mode: place(plane, density.mode()),
                covariance_m2: moments.covariance_m2,
            },
            lobes,
            bandwidth_m: density.bandwidth_m,
            kernel: if density.scale < 1.0 {
                "half_scott_adaptive"
            } else {
                "half_scott"
            },
            n_particles,
            n_all: cloud.len(),
            n_effective: n_particles as f64,
            stranded_fraction: cloud.stranded_fraction(),
            land_fraction: *land_fraction,
        })
    }
}

/// Mean and covariance of the particles in any of these states; `None` when there are none.
pub fn spread(cloud: &Cloud<'_>, states: &[Status]) -> Result<Option<Spread>, Error> {
    cloud.check()?;
    let wanted = |particle: &usize| states.contains(&cloud.status[*particle]);
    let places = || {
        (0..cloud.len())
            .filter(wanted)
            .map(|p| (cloud.lon_deg[p], cloud.lat_deg[p]))
    };
    if places().next().is_none() {
        return Ok(None);
    }
    let plane = Plane::amid(places());
    let points: Vec<(f64, f64)> = places().map(|(lon, lat)| plane.forward(lon, lat)).collect();
    let moments = Moments::of(&points);
    Ok(Some(Spread {
        mean: place(&plane, moments.mean_m),
        covariance_m2: moments.covariance_m2,
        n: points.len(),
    }))
}

pub(crate) fn place(plane: &Plane, (x_m, y_m): (f64, f64)) -> (f64, f64) {
    let (lon, lat) = plane.inverse(x_m, y_m);
    (wrap_lon_deg(lon), lat)
}

#[cfg(test)]
mod tests;

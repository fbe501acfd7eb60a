//! Measures search areas: time for one hour's from 5,000 particles, and on two truths whose areas are known how often fresh
//! samples fall inside and how large the areas are, over 200 repeats:
//! `cargo run --release -p driftline-simulate --example measure_areas [REPEATS]`. Draws are a fixed sequence, so runs
//! compare. Times are of one thread's processor time where the system tells it, else of the clock on the wall.

use std::f64::consts::PI;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_simulate::products;
use geo::{Contains, Point};
use products::{AreaSettings, Cloud, LEVELS, Status, areas_and_probability, search_areas};

#[path = "../src/products/areas/tests/truth.rs"]
mod truth;

use truth::{FILAMENT, Random, TWO_LOBES, Truth};

const PARTICLES: usize = 5_000;
const FRESH: usize = 2_000;
/// Timed runs of one case.
const TIMED: usize = 200;

type Failure = Box<dyn std::error::Error>;

/// How often each level's area is hit, its size relative to the truth's, and how often the kernel adapted.
type Coverage = ([f64; 3], [f64; 3], f64);

/// Particles adrift.
struct Drawn {
    lon: Vec<f64>,
    lat: Vec<f64>,
    status: Vec<Status>,
}

impl Drawn {
    /// From a truth around a centre in degrees. Metres to degrees as on a sphere: near the equator, where coverage is
    /// measured, that is right to a few parts in ten thousand; elsewhere only the time counts.
    fn new(truth: &Truth, n: usize, (lon0, lat0): (f64, f64), random: &mut Random) -> Self {
        const EQUATOR_M: f64 = 6_378_137.0;
        const MERIDIAN_M: f64 = 6_335_439.3;
        let cos = libm::cos(lat0.to_radians());
        let degrees = |(x, y): (f64, f64)| {
            (
                lon0 + x / (EQUATOR_M * cos) * 180.0 / PI,
                lat0 + y / MERIDIAN_M * 180.0 / PI,
            )
        };
        let (lon, lat) = (0..n).map(|_| degrees((truth.draw)(random))).unzip();
        Self {
            lon,
            lat,
            status: vec![Status::Active; n],
        }
    }

    fn cloud(&self) -> Result<Cloud<'_>, Failure> {
        Ok(Cloud {
            time: "2015-11-16T06:00:00Z".parse()?,
            lon_deg: &self.lon,
            lat_deg: &self.lat,
            status: &self.status,
        })
    }
}

#[expect(clippy::print_stdout, reason = "it is a command")]
fn main() -> Result<(), Failure> {
    let repeats: u64 = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let coast = Coast::embedded()?;
    let sea = |lon: f64, lat: f64| !coast.on_land(lon, lat);
    for (name, truth) in [("two lobes", &TWO_LOBES), ("filament", &FILAMENT)] {
        for (place, centre, at_coast) in [
            ("no coast", (4.0, 60.0), false),
            ("Norwegian sea, with the coast", (1.0, 63.0), true),
            ("Norwegian coast", (4.9, 60.2), true),
        ] {
            let drawn = Drawn::new(truth, PARTICLES, centre, &mut Random(1));
            let settings = AreaSettings {
                sea: at_coast.then_some(&sea),
                ..AreaSettings::default()
            };
            let cloud = drawn.cloud()?;
            let (areas, wall) = timed(|| search_areas(&cloud, &settings).map(drop))?;
            let grid = products::RasterGrid::around(&[cloud], settings.bandwidth_floor_m);
            let (both, _) = timed(|| areas_and_probability(&cloud, &settings, &grid).map(drop))?;
            println!(
                "{name}, {place}: areas {areas:.2} ms (median on the wall {wall:.2} ms), with the raster's band {both:.2} ms"
            );
        }
        let (hits, sizes, kernels) = coverage(truth, repeats)?;
        println!(
            "{name}, {repeats} repeats: hit {hits:.3?} of {LEVELS:?}, area {sizes:.3?} of the true one, adaptive kernel in {:.0} %",
            100.0 * kernels
        );
    }
    Ok(())
}

/// Means over repeats, by fresh samples of the truth.
fn coverage(truth: &Truth, repeats: u64) -> Result<Coverage, Failure> {
    let (mut hits, mut sizes, mut adapted) = ([0.0; 3], [0.0; 3], 0.0);
    let true_km2 = truth.areas_km2();
    for repeat in 0..repeats {
        let mut random = Random(repeat);
        let drawn = Drawn::new(truth, PARTICLES, (4.0, 0.0), &mut random);
        let set = search_areas(&drawn.cloud()?, &AreaSettings::default())?.ok_or("nobody is adrift")?;
        let fresh = Drawn::new(truth, FRESH, (4.0, 0.0), &mut random);
        adapted += f64::from(set.kernel != "half_scott");
        for (k, area) in set.levels.iter().enumerate() {
            let places = fresh.lon.iter().zip(&fresh.lat);
            let inside = places.filter(|(lon, lat)| area.polygons.contains(&Point::new(**lon, **lat)));
            hits[k] += inside.count() as f64 / FRESH as f64;
            sizes[k] += area.area_km2 / true_km2[k];
        }
    }
    let mean = |sums: [f64; 3]| sums.map(|sum| sum / repeats as f64);
    Ok((mean(hits), mean(sizes), adapted / repeats as f64))
}

/// Milliseconds per call: the mean on the processor, whose clock ticks coarsely, and the median on the wall.
fn timed<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<(f64, f64), E> {
    work()?;
    let mut walls = Vec::with_capacity(TIMED);
    let begin = clock_s();
    for _ in 0..TIMED {
        let begin = Instant::now();
        work()?;
        walls.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let mean = (clock_s() - begin) * 1e3 / TIMED as f64;
    walls.sort_by(f64::total_cmp);
    Ok((mean, walls[TIMED / 2]))
}

/// Seconds on the processor of this thread; without Linux, those of the clock on the wall.
fn clock_s() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let on_processor = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_processor.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

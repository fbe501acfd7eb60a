//! The raster against the particles and the areas that it comes from.

use geo::{Contains, Point};

use super::*;
use crate::products::plane::Plane;
use crate::products::sample::hour;
use crate::products::{Status, spread};

/// A fixed sequence of numbers in 0..1 (Knuth's MMIX constants).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Two independent numbers of the normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> (f64, f64) {
        let (sin, cos) = libm::sincos(std::f64::consts::TAU * self.next());
        let r = libm::sqrt(-2.0 * libm::log(self.next()));
        (r * cos, r * sin)
    }
}

/// Normal clouds, hour by hour.
struct Run(Vec<(Vec<f64>, Vec<f64>, Vec<Status>)>);

impl Run {
    /// 5,000 particles that drift north-east from a place; standard deviations in metres at each hour.
    fn normal(lon: f64, lat: f64, sigmas_m: &[f64]) -> Self {
        let mut random = Sequence(1);
        let columns = sigmas_m.iter().enumerate().map(|(hour, sigma_m)| {
            let plane = Plane::around(lon, lat);
            let (mut lons, mut lats) = (Vec::new(), Vec::new());
            for _ in 0..5_000 {
                let (x, y) = random.normal();
                let (lon, lat) = plane.inverse(
                    x * sigma_m + 2_000.0 * hour as f64,
                    y * sigma_m * 0.6 + 1_000.0 * hour as f64,
                );
                lons.push(driftline_domain::wrap_lon_deg(lon));
                lats.push(lat);
            }
            (lons, lats, vec![Status::Active; 5_000])
        });
        Self(columns.collect())
    }

    fn clouds(&self) -> Vec<Cloud<'_>> {
        let columns = self.0.iter().enumerate();
        columns
            .map(|(h, (lon_deg, lat_deg, status))| Cloud {
                time: hour(h),
                lon_deg,
                lat_deg,
                status,
            })
            .collect()
    }
}

/// What is at and below each cell of a band: centre and probability.
fn cells<'a>(grid: &'a RasterGrid, band: &'a [f32]) -> impl Iterator<Item = ((f64, f64), f64)> + 'a {
    band.iter().enumerate().map(|(index, value)| {
        let (row, column) = (index / grid.nx, index % grid.nx);
        let place = grid.position(column as f64 + 0.5, row as f64 + 0.5);
        (place, f64::from(*value) * grid.cell_km2(row))
    })
}

/// Sum, mean and covariance of a band on a plane around the cloud's mean.
fn moments(grid: &RasterGrid, band: &[f32], plane: &Plane) -> (f64, (f64, f64), [f64; 3]) {
    let (mut sum, mut mean) = (0.0, (0.0, 0.0));
    for ((lon, lat), share) in cells(grid, band) {
        let (x, y) = plane.forward(lon, lat);
        if share > 0.0 {
            (sum, mean) = (sum + share, (mean.0 + share * x, mean.1 + share * y));
        }
    }
    let mut covariance = [0.0; 3];
    for ((lon, lat), share) in cells(grid, band).filter(|(_, share)| *share > 0.0) {
        let (x, y) = plane.forward(lon, lat);
        let (dx, dy) = (x - mean.0, y - mean.1);
        covariance = [
            covariance[0] + share * dx * dx,
            covariance[1] + share * dx * dy,
            covariance[2] + share * dy * dy,
        ];
    }
    (sum, mean, covariance)
}

/// Areas and band of one time.
type Made = (Option<AreaSet>, Vec<f32>);

fn bands(clouds: &[Cloud<'_>], settings: &AreaSettings<'_>) -> (RasterGrid, Vec<Made>) {
    let grid = RasterGrid::around(clouds, settings.bandwidth_floor_m);
    let bands = clouds
        .iter()
        .map(|cloud| areas_and_probability(cloud, settings, &grid).unwrap());
    (grid, bands.collect())
}

#[test]
fn each_band_is_the_cloud_wherever_it_is() {
    for (lon, lat) in [
        (4.0, 60.0),
        (179.95, -17.0),
        (-179.99, 66.0),
        (-70.0, 0.0),
        (15.0, 80.0),
        (30.0, 89.4),
        (0.0, -89.97),
    ] {
        let run = Run::normal(lon, lat, &[1_000.0, 3_000.0, 9_000.0]);
        let clouds = run.clouds();
        let (grid, bands) = bands(&clouds, &AreaSettings::default());
        assert!(grid.len() <= 160_000, "{grid:?}");
        for (cloud, (areas, band)) in clouds.iter().zip(&bands) {
            let areas = areas.as_ref().unwrap();
            let about = spread(cloud, &[Status::Active]).unwrap().unwrap();
            let plane = Plane::around(about.mean.0, about.mean.1);
            let (sum, mean, covariance) = moments(&grid, band, &plane);
            assert!((sum - 1.0).abs() < 1e-3, "{lon} {lat}: {sum}");
            let off_m = libm::hypot(mean.0, mean.1);
            let cell_m = libm::sqrt(grid.cell_km2(grid.ny / 2) * 1e6);
            assert!(
                off_m < 0.1 * areas.bandwidth_m.max(cell_m),
                "{lon} {lat}: the mean is {off_m} m off"
            );
            // Before it is scaled to 1, what was carried over is all there is, but for the kernels' far tails.
            let estimate = Estimate::of(cloud, &AreaSettings::default()).unwrap().unwrap();
            let mut values = vec![0.0; grid.len()];
            resample(&estimate, &grid, &mut values);
            let km2: Vec<f64> = (0..grid.ny).map(|row| grid.cell_km2(row)).collect();
            let carried = probability(&values, &km2);
            assert!((carried - 1.0).abs() < 0.01, "{lon} {lat}: {carried}");
            // The kernel widens the cloud, and so does a cell.
            for axis in [0, 2] {
                let widened =
                    about.covariance_m2[axis] + areas.bandwidth_m * areas.bandwidth_m + cell_m * cell_m / 12.0;
                let ratio = covariance[axis] / widened;
                assert!((0.93..1.05).contains(&ratio), "{lon} {lat}, axis {axis}: {ratio}");
            }
        }
    }
}

#[test]
fn areas_hold_their_share_of_the_raster() {
    let run = Run::normal(179.95, -17.0, &[4_000.0, 8_000.0]);
    let (grid, bands) = bands(&run.clouds(), &AreaSettings::default());
    for (areas, band) in &bands {
        for area in &areas.as_ref().unwrap().levels {
            let inside = |(lon, lat): (f64, f64)| {
                area.polygons
                    .contains(&Point::new(driftline_domain::wrap_lon_deg(lon), lat))
            };
            let share: f64 = cells(&grid, band)
                .filter(|(place, _)| inside(*place))
                .map(|(_, share)| share)
                .sum();
            assert!((share - area.level).abs() < 0.01, "{}: {share}", area.level);
        }
    }
    assert!(
        grid.west_deg < 180.0 && grid.west_deg + grid.dlon_deg * grid.nx as f64 > 180.0,
        "{grid:?}"
    );
}

/// A release of 100 m in a grid that has to hold 400 km: its cells are far larger than the cloud.
#[test]
fn a_small_cloud_does_not_vanish_in_a_large_grid() {
    let run = Run::normal(4.0, 60.0, &[50.0, 100.0, 60_000.0]);
    let clouds = run.clouds();
    let (grid, bands) = bands(
        &clouds,
        &AreaSettings {
            bandwidth_floor_m: 30.0,
            ..AreaSettings::default()
        },
    );
    for (cloud, (_, band)) in clouds.iter().zip(&bands).take(2) {
        let about = spread(cloud, &[Status::Active]).unwrap().unwrap();
        let (sum, mean, _) = moments(&grid, band, &Plane::around(about.mean.0, about.mean.1));
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        let cell_m = libm::sqrt(grid.cell_km2(grid.ny / 2) * 1e6);
        assert!(cell_m > 500.0, "{cell_m}");
        assert!(libm::hypot(mean.0, mean.1) < cell_m, "{mean:?}");
        let filled = band.iter().filter(|value| **value > 0.0).count();
        assert!((1..=6).contains(&filled), "{filled}");
    }
}

/// Coarse and fine cells tell the same: what a coarse cell has is what the fine ones in it have together.
#[test]
fn coarse_cells_hold_what_fine_ones_do() {
    let run = Run::normal(4.0, 60.0, &[3_000.0]);
    let clouds = run.clouds();
    let fine = RasterGrid::around(&clouds, 100.0);
    for factor in [2, 3, 7, 20] {
        let coarse = RasterGrid {
            nx: fine.nx.div_ceil(factor),
            ny: fine.ny.div_ceil(factor),
            dlon_deg: fine.dlon_deg * factor as f64,
            dlat_deg: fine.dlat_deg * factor as f64,
            ..fine
        };
        let band = |grid: &RasterGrid| {
            areas_and_probability(&clouds[0], &AreaSettings::default(), grid)
                .unwrap()
                .1
        };
        let mut sums = vec![0.0; coarse.len()];
        for (index, (_, share)) in cells(&fine, &band(&fine)).enumerate() {
            let (row, column) = (index / fine.nx / factor, index % fine.nx / factor);
            sums[row * coarse.nx + column] += share;
        }
        let most = sums.iter().copied().fold(0.0, f64::max);
        for (sum, (place, share)) in sums.iter().zip(cells(&coarse, &band(&coarse))) {
            assert!(
                (share - sum).abs() < 0.012 * most,
                "{factor} at {place:?}: {share} for {sum}"
            );
        }
    }
}

#[test]
fn land_has_none_and_the_sea_beside_it_has_all() {
    let run = Run::normal(4.0, 60.0, &[3_000.0]);
    let sea = |lon: f64, _: f64| lon < 4.01;
    let settings = AreaSettings {
        sea: Some(&sea),
        ..AreaSettings::default()
    };
    let (grid, bands) = bands(&run.clouds(), &settings);
    let ashore: f64 = cells(&grid, &bands[0].1)
        .filter(|((lon, _), _)| *lon > 4.01 + grid.dlon_deg)
        .map(|(_, share)| share)
        .sum();
    let all: f64 = cells(&grid, &bands[0].1).map(|(_, share)| share).sum();
    assert!(ashore < 0.01, "{ashore}");
    assert!((all - 1.0).abs() < 1e-3, "{all}");
}

#[test]
fn without_a_particle_adrift_all_is_zero() {
    let mut run = Run::normal(4.0, 60.0, &[3_000.0, 3_000.0]);
    run.0[1].2.fill(Status::Stranded);
    let (_, some) = bands(&run.clouds(), &AreaSettings::default());
    assert!(some[0].0.is_some() && some[0].1.iter().any(|value| *value > 0.0));
    assert!(some[1].0.is_none() && some[1].1.iter().all(|value| *value == 0.0));
    run.0[0].2.fill(Status::MissingData);
    let (grid, none) = bands(&run.clouds(), &AreaSettings::default());
    assert!(
        none.iter()
            .all(|(_, band)| band.len() == grid.len() && band.iter().all(|value| *value == 0.0))
    );
    assert!(
        (grid.west_deg - 4.0).abs() < 1.0 && (grid.north_deg - 60.0).abs() < 1.0,
        "{grid:?}"
    );
}

#[test]
fn many_times_or_wide_runs_get_larger_cells() {
    let run = Run::normal(4.0, 60.0, &[200.0, 40_000.0]);
    let clouds = run.clouds();
    let two = RasterGrid::around(&clouds, 50.0);
    let many: Vec<Cloud<'_>> = (0..750).flat_map(|_| clouds.clone()).collect();
    let many = RasterGrid::around(&many, 50.0);
    assert!((140_000..=150_000).contains(&two.len()), "{two:?}");
    assert!(many.len() * 1_500 <= 17_000_000, "{many:?}");
    let small = RasterGrid::around(&clouds[..1], 50.0);
    assert!(small.len() < 60_000, "{small:?}");
}

#[test]
fn values_are_shortened_to_eight_bits() {
    for value in [1.0, 0.1, 3.7e-9, 123.456] {
        let short = shortened(value);
        assert!((f64::from(short) / value - 1.0).abs() < 2.0e-3, "{value}");
        assert_eq!(short.to_bits() & 0x7fff, 0);
    }
    assert_eq!(shortened(0.0), 0.0);
}

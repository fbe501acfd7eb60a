//! Invented currents and winds on grids as forcing comes on: rotating eddies without a hole, hourly.

use std::f64::consts::TAU;

use driftline_domain::{
    Ellipsoid, GridPoint, GridSpec, ProjectedGrid, Projection, RegularGrid, VectorField, meters_per_degree,
    wrap_lon_deg,
};
use driftline_leeway::Source;

/// 2015-11-16T00:00:00Z.
pub(crate) const START_S: i64 = 1_447_632_000;

const SPHERE: Ellipsoid = Ellipsoid::sphere(6_371_000.0);

/// The pair of grids that current and wind stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grids {
    /// Current on 1/12 degree, wind on 1/4 degree.
    Regular,
    /// Current on 800 m, polar stereographic; wind on 2.5 km, Lambert conformal.
    Projected,
}

/// Current and wind around a place (latitude, longitude) for so many hours.
pub(crate) fn sources(grids: Grids, place: (f64, f64), reach_m: f64, hours: u32) -> (Source, Source) {
    let (current_grid, wind_grid) = match grids {
        Grids::Regular => (regular(1.0 / 12.0, place, reach_m), regular(0.25, place, reach_m)),
        Grids::Projected => (
            projected(polar(), 800.0, place, reach_m),
            projected(lambert(), 2_500.0, place, reach_m),
        ),
    };
    // The drift goes north-west, away from the coast that the cloud lies before.
    let current = Eddies {
        mean_ms: (-0.1, 0.2),
        speed_ms: 0.3,
        wavelength_m: 60_000.0,
        period_h: 12.4,
    };
    let wind = Eddies {
        mean_ms: (-4.0, 5.0),
        speed_ms: 5.0,
        wavelength_m: 700_000.0,
        period_h: 36.0,
    };
    (current.source(current_grid, hours), wind.source(wind_grid, hours))
}

fn regular(spacing_deg: f64, (lat_deg, lon_deg): (f64, f64), reach_m: f64) -> GridSpec {
    let (lon_m, lat_m) = meters_per_degree(lat_deg);
    // Meridians come together to the north.
    let reach_lon_deg = 1.3 * reach_m / lon_m;
    let reach_lat_deg = reach_m / lat_m;
    let nodes = |reach_deg: f64| (2.0 * reach_deg / spacing_deg).ceil() as usize + 2;
    GridSpec::Regular(RegularGrid {
        nx: nodes(reach_lon_deg),
        ny: nodes(reach_lat_deg),
        lon0_deg: wrap_lon_deg(lon_deg - reach_lon_deg),
        lat0_deg: lat_deg - reach_lat_deg,
        dlon_deg: spacing_deg,
        dlat_deg: spacing_deg,
    })
}

/// The plane of NorKyst-800m.
fn polar() -> Projection {
    Projection::PolarStereographic {
        lat_ts_deg: 60.0,
        lon0_deg: 70.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: SPHERE,
    }
}

/// The plane of AROME-MetCoOp.
fn lambert() -> Projection {
    Projection::LambertConformal {
        lat1_deg: 63.0,
        lat2_deg: 63.0,
        lat0_deg: 63.0,
        lon0_deg: 15.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: SPHERE,
    }
}

fn projected(projection: Projection, spacing_m: f64, (lat_deg, lon_deg): (f64, f64), reach_m: f64) -> GridSpec {
    let (x_m, y_m) = projection.forward(lon_deg, lat_deg);
    let nodes = (2.0 * reach_m / spacing_m).ceil() as usize + 2;
    GridSpec::Projected(ProjectedGrid {
        projection,
        nx: nodes,
        ny: nodes,
        x0_m: x_m - reach_m,
        y0_m: y_m - reach_m,
        dx_m: spacing_m,
        dy_m: spacing_m,
    })
}

/// A mean flow and eddies on it that come and go.
struct Eddies {
    mean_ms: (f64, f64),
    speed_ms: f64,
    wavelength_m: f64,
    period_h: f64,
}

impl Eddies {
    fn source(&self, grid: GridSpec, hours: u32) -> Source {
        let phases: Vec<(f64, f64)> = (0..grid.ny())
            .flat_map(|j| (0..grid.nx()).map(move |i| (i as f64, j as f64)))
            .map(|(i, j)| self.phases(grid.position(GridPoint { i, j })))
            .collect();
        let waves: Vec<[f64; 4]> = phases
            .iter()
            .map(|&(x, y)| [libm::sin(y), libm::cos(y), libm::sin(x), libm::cos(x)])
            .collect();
        let hourly = 0..=i64::from(hours);
        Source {
            grid,
            times_s: hourly.clone().map(|hour| START_S + hour * 3_600).collect(),
            fields: hourly.map(|hour| self.field(&waves, hour)).collect(),
        }
    }

    /// Where a place lies in the waves, radians.
    fn phases(&self, (lon_deg, lat_deg): (f64, f64)) -> (f64, f64) {
        let (lon_m, lat_m) = meters_per_degree(lat_deg);
        let per_metre = TAU / self.wavelength_m;
        (lon_deg * lon_m * per_metre, lat_deg * lat_m * per_metre)
    }

    /// Two standing patterns in turn: sin(y + t) east and sin(x + t) north.
    fn field(&self, waves: &[[f64; 4]], hour: i64) -> VectorField {
        let turn = TAU * hour as f64 / self.period_h;
        let (sin_t, cos_t) = (libm::sin(turn), libm::cos(turn));
        let component = |mean: f64, sin: f64, cos: f64| (mean + self.speed_ms * (sin * cos_t + cos * sin_t)) as f32;
        let (east, north) = waves
            .iter()
            .map(|&[sin_y, cos_y, sin_x, cos_x]| {
                (
                    component(self.mean_ms.0, sin_y, cos_y),
                    component(self.mean_ms.1, sin_x, cos_x),
                )
            })
            .unzip();
        VectorField { east, north }
    }
}

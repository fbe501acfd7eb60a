//! Grids and fields that tests draw.

use driftline_domain::{Ellipsoid, GridPoint, GridSpec, ProjectedGrid, Projection, RegularGrid, VectorField};

/// The grid of the speed comparison with other servers: 500 x 500 nodes, 5 W to 15 E, 50 N to 65 N.
pub(crate) fn north_sea() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 500,
        ny: 500,
        lon0_deg: -5.0,
        lat0_deg: 50.0,
        dlon_deg: 20.0 / 499.0,
        dlat_deg: 15.0 / 499.0,
    })
}

/// The whole globe, a quarter of a degree.
pub(crate) fn globe() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 1440,
        ny: 721,
        lon0_deg: -180.0,
        lat0_deg: -90.0,
        dlon_deg: 0.25,
        dlat_deg: 0.25,
    })
}

/// A polar stereographic grid off Norway, 800 m.
pub(crate) fn coast_model() -> GridSpec {
    let projection = Projection::PolarStereographic {
        lat_ts_deg: 60.0,
        lon0_deg: 70.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: Ellipsoid::sphere(6_371_000.0),
    };
    let (x, y) = projection.forward(4.0, 60.0);
    GridSpec::Projected(ProjectedGrid {
        projection,
        nx: 400,
        ny: 300,
        x0_m: x - 160_000.0,
        y0_m: y - 120_000.0,
        dx_m: 800.0,
        dy_m: 800.0,
    })
}

/// A field whose components are functions of longitude and latitude.
pub(crate) fn field(grid: &GridSpec, value: impl Fn(f64, f64) -> Option<(f64, f64)>) -> VectorField {
    let nodes = (0..grid.ny()).flat_map(|j| (0..grid.nx()).map(move |i| (i as f64, j as f64)));
    let values = nodes.map(|(i, j)| {
        let (lon, lat) = grid.position(GridPoint { i, j });
        value(lon, lat).map_or((f32::NAN, f32::NAN), |(east, north)| (east as f32, north as f32))
    });
    let (east, north) = values.unzip();
    VectorField { east, north }
}

/// Eddies, with an island.
pub(crate) fn eddies(grid: &GridSpec) -> VectorField {
    field(grid, |lon, lat| {
        let island = (lon - 5.0).hypot(lat - 58.0) < 1.0;
        (!island).then(|| (0.6 * (lon * 1.7).sin() + 0.2, 0.5 * (lat * 2.3).cos()))
    })
}

//! The bundled files: grids, times, levels and lineage as their own headers state them.

use driftline_decode::Error;
use driftline_domain::{Composition, Ellipsoid, ForcingKind, GridSpec, Projection, VectorField};

use crate::{bundled, open, times};

fn missing(field: &VectorField) -> usize {
    assert_eq!(field.east.len(), field.north.len());
    for (east, north) in field.east.iter().zip(&field.north) {
        assert_eq!(east.is_nan(), north.is_nan(), "missing in both or neither");
    }
    field.east.iter().filter(|value| value.is_nan()).count()
}

#[test]
fn norkyst_is_a_polar_stereographic_current() {
    let file = open("norkyst800_subset_16Nov2015.nc");
    let [series] = file.series() else { panic!("one series") };
    assert_eq!(
        (series.kind, series.composition),
        (ForcingKind::Current, Composition::Unstated)
    );
    assert_eq!(series.source_variables, ["u", "v"]);
    assert_eq!(series.level, "0 m depth");
    let GridSpec::Projected(grid) = series.grid.clone() else {
        panic!("{:?}", series.grid)
    };
    assert_eq!((grid.nx, grid.ny, grid.dx_m, grid.dy_m), (301, 201, 800.0, 800.0));
    assert_eq!((grid.x0_m, grid.y0_m), (-2_952_800.0, -1_384_000.0));
    let expected = Projection::PolarStereographic {
        lat_ts_deg: 60.0,
        lon0_deg: 70.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: Ellipsoid::sphere(6_371_000.0),
    };
    assert_eq!(grid.projection, expected, "from scale_factor_at_projection_origin");
    let times = times(&file, 0);
    assert_eq!(
        (times.len(), times[0].as_str(), times[66].as_str()),
        (67, "2015-11-16T00:00:00Z", "2015-11-18T18:00:00Z")
    );
    assert_eq!(
        file.run().to_string(),
        "2015-11-16T00:00:00Z",
        "no reference time is stated"
    );
    assert_eq!(file.lineage().title.as_deref(), Some("ROMS 3.5 - NorKyst-800m"));
    assert_eq!(file.lineage().size_bytes, 7_126_203);
    assert!(file.refused().is_empty() && file.caveats().is_empty());
    let land = missing(&file.read(0, 0).unwrap());
    assert_eq!(land, missing(&file.read(0, 66).unwrap()), "land stays land");
    assert_eq!(
        land,
        1_420_534 / 67,
        "over all steps 1 420 534 values are the fill value"
    );
}

#[test]
fn arome_is_a_lambert_wind_and_its_positions_agree() {
    for (name, nx, steps) in [
        ("arome_subset_16Nov2015.nc", 81, 67),
        ("AROME_MetCoOp_00_DEF_20160114_subset.nc", 141, 3),
    ] {
        let file = open(name);
        let [series] = file.series() else { panic!("one series") };
        assert_eq!(
            (series.kind, series.level.as_str()),
            (ForcingKind::Wind, "10 m above ground")
        );
        assert_eq!(series.source_variables, ["x_wind_10m", "y_wind_10m"]);
        assert_eq!(
            (series.grid.nx(), series.grid.ny(), series.times.len()),
            (nx, 151, steps)
        );
        let GridSpec::Projected(grid) = series.grid.clone() else {
            panic!("{:?}", series.grid)
        };
        assert_eq!((grid.dx_m, grid.dy_m), (2500.0, 2500.0), "rounding noise removed");
        assert!(file.caveats().is_empty(), "{:?}", file.caveats());
        assert_eq!(
            series.attribution.as_deref(),
            Some("Norwegian Meteorological Institute, met.no")
        );
        assert_eq!(file.lineage().title, None, "'unknown' is no title");
        assert_eq!(missing(&file.read(0, steps - 1).unwrap()), 0);
    }
}

#[test]
fn the_latlon_files_are_read_south_first() {
    let current = open("derived_latlon_current_16Nov2015.nc");
    let GridSpec::Regular(grid) = current.series()[0].grid.clone() else {
        panic!()
    };
    assert_eq!((grid.nx, grid.ny), (231, 131));
    assert_eq!(
        (grid.lon0_deg, grid.lat0_deg, grid.dlon_deg, grid.dlat_deg),
        (2.5, 59.3, 0.02, 0.02)
    );
    assert_eq!(current.series()[0].level, "0.5 m depth");
    let wind = open("derived_latlon_wind_16Nov2015.nc");
    let GridSpec::Regular(grid) = wind.series()[0].grid.clone() else {
        panic!()
    };
    assert_eq!((grid.nx, grid.ny), (11, 12));
    assert_eq!(
        (grid.lon0_deg, grid.lat0_deg, grid.dlat_deg),
        (3.75, 59.25, 0.25),
        "stored from 62 N southward"
    );
}

#[test]
fn arctic_takes_the_surface_of_17_depths_and_says_that_the_file_contradicts_itself() {
    let file = open("Arctic20_1to5Feb_2016.nc");
    let [series] = file.series() else {
        panic!("u, v and not ubar, vbar")
    };
    assert_eq!(series.level, "0 m depth");
    let GridSpec::Projected(grid) = series.grid.clone() else {
        panic!("{:?}", series.grid)
    };
    assert_eq!(
        (grid.nx, grid.ny, grid.dx_m, grid.x0_m, grid.y0_m),
        (91, 51, 20_000.0, -1_971_000.0, -1_757_000.0)
    );
    assert!(
        matches!(
            grid.projection,
            Projection::PolarStereographic {
                lat_ts_deg: 60.0,
                lon0_deg: 58.0,
                ..
            }
        ),
        "{:?}",
        grid.projection
    );
    let [caveat] = file.caveats() else {
        panic!("{:?}", file.caveats())
    };
    assert!(
        caveat.contains("PROJ string") && caveat.contains("20000 m wide"),
        "{caveat}"
    );
    assert_eq!(
        file.run().to_string(),
        "2016-02-01T12:00:00Z",
        "forecast_reference_time"
    );
    assert_eq!(times(&file, 0)[4], "2016-02-05T12:00:00Z");
    assert_eq!(missing(&file.read(0, 0).unwrap()), 1815 / 5);
}

#[test]
fn a_step_that_is_not_there_is_an_error() {
    let file = open("AROME_MetCoOp_00_DEF_20160114_subset.nc");
    for (series, step) in [(0, 3), (1, 0), (usize::MAX, usize::MAX)] {
        assert!(
            matches!(file.read(series, step), Err(Error::NoSuchStep { .. })),
            "{series} {step}"
        );
    }
}

#[test]
fn many_threads_read_one_file() {
    let file = open("arome_subset_16Nov2015.nc");
    let expected: Vec<VectorField> = (0..4).map(|step| file.read(0, step).unwrap()).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for (step, expected) in expected.iter().enumerate() {
                    assert_eq!(file.read(0, step).unwrap(), *expected);
                }
            });
        }
    });
}

#[test]
fn a_file_cut_short_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.nc");
    // NetCDF-4 states its own length; the classic file (Arctic) is found out by its declared data.
    for name in ["derived_latlon_current_16Nov2015.nc", "Arctic20_1to5Feb_2016.nc"] {
        let whole = std::fs::read(bundled(name)).unwrap();
        for keep in [whole.len() - 4, whole.len() / 2, 5000, 100, 20, 3] {
            std::fs::write(&path, &whole[..keep]).unwrap();
            let Err(error) = driftline_decode::ForcingFile::open(&path) else {
                panic!("{name}: {keep} bytes were read")
            };
            let cut = matches!(
                error,
                Error::Truncated { .. } | Error::Unreadable { .. } | Error::NotNetCdf(_)
            );
            assert!(cut, "{name}: {keep}: {error}");
        }
    }
}

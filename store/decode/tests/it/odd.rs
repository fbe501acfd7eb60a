//! Files crafted for one oddity each: what must be read in spite of it, and what must be refused and how.

use driftline_decode::{Error, ForcingFile};
use driftline_domain::{Composition, ForcingKind, GridSpec, VectorField};

use crate::classic::{Classic, Values};
use crate::times;

pub(crate) const NX: usize = 4;
pub(crate) const NY: usize = 3;
pub(crate) const STEPS: usize = 2;

/// A value that tells its place: step, row and column of the file.
fn value(step: usize, row: usize, column: usize) -> f64 {
    (step * 100 + row * 10 + column) as f64 / 1000.0
}

fn values(sign: f64) -> Values {
    let nodes = (0..STEPS).flat_map(|step| (0..NY).flat_map(move |row| (0..NX).map(move |column| (step, row, column))));
    Values::Float(
        nodes
            .map(|(step, row, column)| (sign * value(step, row, column)) as f32)
            .collect(),
    )
}

pub(crate) struct Axes {
    lon: Vec<f64>,
    lat: Vec<f64>,
    time: Vec<f64>,
    time_units: &'static str,
}

impl Default for Axes {
    fn default() -> Self {
        Self {
            lon: vec![4.0, 4.5, 5.0, 5.5],
            lat: vec![60.0, 60.25, 60.5],
            time: vec![0.0, 1.0],
            time_units: "hours since 2024-03-01 00:00:00",
        }
    }
}

/// Dimensions and coordinates of a longitude-latitude file with an unlimited time.
pub(crate) fn coordinates(axes: Axes) -> Classic {
    Classic::default()
        .unlimited("time", axes.time.len() as u32)
        .dim("lat", axes.lat.len() as u32)
        .dim("lon", axes.lon.len() as u32)
        .variable("lat", "lat", Values::Double(axes.lat))
        .with("units", "degrees_north")
        .variable("lon", "lon", Values::Double(axes.lon))
        .with("units", "degrees_east")
        .variable("time", "time", Values::Double(axes.time))
        .with("units", axes.time_units)
}

fn components(file: Classic, names: [&str; 2], dims: &str) -> Classic {
    let [x, y] = names.map(|name| name.chars().take_while(|c| !c.is_whitespace()).collect::<String>());
    file.variable(&x, dims, values(1.0))
        .with("standard_name", names[0].split_once(' ').unwrap().1)
        .with("units", "m s-1")
        .variable(&y, dims, values(-1.0))
        .with("standard_name", names[1].split_once(' ').unwrap().1)
        .with("units", "m s-1")
}

pub(crate) const CURRENT: [&str; 2] = ["uo eastward_sea_water_velocity", "vo northward_sea_water_velocity"];
const GRID_CURRENT: [&str; 2] = ["u x_sea_water_velocity", "v y_sea_water_velocity"];

fn latlon(axes: Axes) -> Classic {
    components(coordinates(axes), CURRENT, "time lat lon")
}

pub(crate) fn open(file: &Classic) -> Result<ForcingFile, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = file.write(&folder);
    // The file stays open after its folder is gone.
    ForcingFile::open(&path)
}

pub(crate) fn refusal(file: &Classic) -> Error {
    match open(file) {
        Ok(file) => panic!("read as {:?}", file.series()),
        Err(error) => error,
    }
}

fn assert_near(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 1e-6,
        "{found} instead of {expected}"
    );
}

#[test]
fn a_plain_file_with_unlimited_time() {
    let file = open(&latlon(Axes::default())).unwrap();
    assert_eq!(times(&file, 0), ["2024-03-01T00:00:00Z", "2024-03-01T01:00:00Z"]);
    let GridSpec::Regular(grid) = file.series()[0].grid.clone() else {
        panic!()
    };
    assert_eq!(
        (
            grid.nx,
            grid.ny,
            grid.lon0_deg,
            grid.lat0_deg,
            grid.dlon_deg,
            grid.dlat_deg
        ),
        (4, 3, 4.0, 60.0, 0.5, 0.25)
    );
    let field = file.read(0, 1).unwrap();
    for row in 0..NY {
        for column in 0..NX {
            assert_near(field.east[row * NX + column], value(1, row, column));
            assert_near(field.north[row * NX + column], -value(1, row, column));
        }
    }
}

#[test]
fn north_first_and_east_first_are_turned_round() {
    let axes = Axes {
        lat: vec![60.5, 60.25, 60.0],
        lon: vec![5.5, 5.0, 4.5, 4.0],
        ..Axes::default()
    };
    let file = open(&latlon(axes)).unwrap();
    let GridSpec::Regular(grid) = file.series()[0].grid.clone() else {
        panic!()
    };
    assert_eq!((grid.lon0_deg, grid.lat0_deg), (4.0, 60.0));
    let field = file.read(0, 0).unwrap();
    assert_near(field.east[0], value(0, NY - 1, NX - 1));
    assert_near(field.east[NX - 1], value(0, NY - 1, 0));
    assert_near(field.east[NX * NY - 1], value(0, 0, 0));
}

#[test]
fn a_globe_from_0_to_360_begins_at_the_antimeridian() {
    let axes = Axes {
        lon: vec![0.0, 90.0, 180.0, 270.0],
        ..Axes::default()
    };
    let file = open(&latlon(axes)).unwrap();
    let grid = file.series()[0].grid.clone();
    assert!(grid.wraps());
    let field = file.read(0, 0).unwrap();
    for (position, (lon, column)) in [(-180.0, 2), (-90.0, 3), (0.0, 0), (90.0, 1)].into_iter().enumerate() {
        assert_eq!(grid.fraction(lon, 60.0).unwrap().i, position as f64);
        assert_near(field.east[position], value(0, 0, column));
    }
}

#[test]
fn regions_across_either_seam_stay_in_one_piece() {
    for (lon, west) in [
        (vec![359.0, 359.5, 0.0, 0.5], -1.0),
        (vec![179.0, 179.5, 180.0, 180.5], 179.0),
        (vec![179.5, -180.0, -179.5, -179.0], 179.5),
        (vec![250.0, 250.5, 251.0, 251.5], -110.0),
    ] {
        let file = open(&latlon(Axes {
            lon: lon.clone(),
            ..Axes::default()
        }))
        .unwrap();
        let GridSpec::Regular(grid) = file.series()[0].grid.clone() else {
            panic!()
        };
        assert_eq!((grid.lon0_deg, grid.dlon_deg), (west, 0.5), "{lon:?}");
        let third = file.series()[0].grid.fraction(lon[2], 60.0).unwrap();
        assert!((third.i - 2.0).abs() < 1e-9, "{lon:?}");
        assert_near(file.read(0, 0).unwrap().east[2], value(0, 0, 2));
    }
}

#[test]
fn time_units_in_the_singular() {
    let axes = Axes {
        time: vec![48.0, 51.0],
        time_units: "Hour since 2023-02-28 00:00:00",
        ..Axes::default()
    };
    let file = open(&latlon(axes)).unwrap();
    assert_eq!(times(&file, 0), ["2023-03-02T00:00:00Z", "2023-03-02T03:00:00Z"]);
    assert_eq!(file.run().to_string(), "2023-03-02T00:00:00Z");
}

#[test]
fn packed_with_a_negative_scale_and_a_fill_value() {
    let packed = |fill: i16| {
        let mut stored: Vec<i16> = (0..(STEPS * NX * NY) as i16).collect();
        stored[5] = fill;
        Values::Short(stored)
    };
    let mut file = coordinates(Axes::default());
    for (name, standard_name, fill) in [
        ("uo", "eastward_sea_water_velocity", -9),
        ("vo", "northward_sea_water_velocity", 7),
    ] {
        file = file
            .variable(name, "time lat lon", packed(fill))
            .with("standard_name", standard_name)
            .with("units", "cm/s")
            .with("scale_factor", -2.0_f32)
            .with("add_offset", 10.0_f32)
            .with("_FillValue", -9_i16);
    }
    let file = open(&file).unwrap();
    let field = file.read(0, 0).unwrap();
    assert_near(field.east[0], 0.1);
    assert_near(field.east[3], 0.04);
    assert!(
        field.east[5].is_nan() && field.north[5].is_nan(),
        "missing in one is missing in both"
    );
    assert!(field.north[4].is_finite() && field.east[6].is_finite());
}

#[test]
fn the_level_nearest_the_surface_is_taken_wherever_it_stands() {
    let dims = "time depth lat lon";
    let deep_first = |depths: [f64; 2]| {
        let file = coordinates(Axes::default())
            .dim("depth", 2)
            .variable("depth", "depth", Values::Double(depths.to_vec()))
            .with("units", "m")
            .with("positive", "down")
            .with("standard_name", "depth");
        let levels = |sign: f32| {
            let level = |k: usize| (0..NX * NY).map(move |_| sign * (k as f32 + 1.0) / 10.0);
            Values::Float((0..STEPS).flat_map(|_| (0..2).flat_map(level)).collect())
        };
        file.variable("uo", dims, levels(1.0))
            .with("standard_name", "eastward_sea_water_velocity")
            .with("units", "m/s")
            .variable("vo", dims, levels(-1.0))
            .with("standard_name", "northward_sea_water_velocity")
            .with("units", "m/s")
    };
    let file = open(&deep_first([100.0, 2.5])).unwrap();
    assert_eq!(file.series()[0].level, "2.5 m depth");
    assert_near(file.read(0, 1).unwrap().east[0], 0.2);
    let error = refusal(&deep_first([100.0, 50.0]));
    assert!(
        matches!(error, Error::Level { .. }) && error.to_string().contains("50 m"),
        "{error}"
    );
}

#[test]
fn wind_must_be_at_ten_metres() {
    let at = |height: f64| {
        let file = coordinates(Axes::default())
            .dim("height", 1)
            .variable("height", "height", Values::Double(vec![height]))
            .with("units", "m")
            .with("standard_name", "height");
        components(file, ["u eastward_wind", "v northward_wind"], "time height lat lon")
    };
    let file = open(&at(10.0)).unwrap();
    assert_eq!(
        (file.series()[0].kind, file.series()[0].level.as_str()),
        (ForcingKind::Wind, "10 m above ground")
    );
    let error = refusal(&at(100.0));
    assert!(
        matches!(error, Error::Level { .. }) && error.to_string().contains("100 m"),
        "{error}"
    );
    let by_name = components(
        coordinates(Axes::default()),
        ["u100 eastward_wind", "v100 northward_wind"],
        "time lat lon",
    );
    assert!(refusal(&by_name).to_string().contains("100 m"));
}

#[test]
fn one_member_is_read_and_more_are_refused() {
    let with_members = |members: usize| {
        let repeated = |sign: f32| Values::Float(vec![sign * 0.5; STEPS * members * NX * NY]);
        coordinates(Axes::default())
            .dim("ensemble_member", members as u32)
            .variable("uo", "time ensemble_member lat lon", repeated(1.0))
            .with("standard_name", "eastward_sea_water_velocity")
            .with("units", "m/s")
            .variable("vo", "time ensemble_member lat lon", repeated(-1.0))
            .with("standard_name", "northward_sea_water_velocity")
            .with("units", "m/s")
    };
    assert_near(open(&with_members(1)).unwrap().read(0, 1).unwrap().north[0], -0.5);
    let error = refusal(&with_members(3)).to_string();
    assert!(error.contains("'ensemble_member' holds 3 ensemble members"), "{error}");
}

#[test]
fn a_field_stored_column_by_column() {
    let file = components(coordinates(Axes::default()), CURRENT, "time lon lat");
    let field = open(&file).unwrap().read(0, 0).unwrap();
    // The third node of the first row is stored at column 2, row 0: the seventh value.
    assert_near(field.east[2], value(0, 1, 2));
}

/// A polar stereographic file around longitude 34 east, 90 degrees away from the projection's own meridian's sense:
/// there the grid's y axis points away from north by a known angle.
pub(crate) fn polar(names: [&str; 2], x_km: Vec<f64>, y_km: Vec<f64>) -> Classic {
    let file = Classic::default()
        .unlimited("time", 2)
        .dim("y", y_km.len() as u32)
        .dim("x", x_km.len() as u32)
        .variable("x", "x", Values::Double(x_km))
        .with("standard_name", "projection_x_coordinate")
        .with("units", "km")
        .variable("y", "y", Values::Double(y_km))
        .with("standard_name", "projection_y_coordinate")
        .with("units", "km")
        .variable("time", "time", Values::Double(vec![0.0, 1.0]))
        .with("units", "days since 2024-01-01")
        .variable("crs", "", Values::Short(vec![0]))
        .with("grid_mapping_name", "polar_stereographic")
        .with("straight_vertical_longitude_from_pole", 0.0)
        .with("latitude_of_projection_origin", 90.0)
        .with("standard_parallel", 60.0)
        .with("earth_radius", 6_371_000.0);
    let file = components(file, names, "time y x");
    file.with("grid_mapping", "crs")
}

/// Around 90 degrees east, where the y axis (towards the far side of the pole) points west.
pub(crate) fn far_east() -> (Vec<f64>, Vec<f64>) {
    (vec![2000.0, 2020.0, 2040.0, 2060.0], vec![-20.0, 0.0, 20.0])
}

#[test]
fn components_along_the_grid_are_turned_and_eastward_ones_are_not() {
    let (x, y) = far_east();
    let turned = open(&polar(GRID_CURRENT, x.clone(), y.clone())).unwrap();
    let left = open(&polar(CURRENT, x, y)).unwrap();
    let node = NX + 1;
    let along = value(0, 1, 1);
    let field = left.read(0, 0).unwrap();
    assert_near(field.east[node], along);
    assert_near(field.north[node], -along);
    // On the meridian 90 E of a map with 0 E pointing down, x points south and y points east.
    let field: VectorField = turned.read(0, 0).unwrap();
    let (lon, lat) = turned.series()[0]
        .grid
        .position(driftline_domain::GridPoint { i: 1.0, j: 1.0 });
    assert!((lon - 90.0).abs() < 1e-9 && (60.0..75.0).contains(&lat), "{lon} {lat}");
    assert!(
        (f64::from(field.east[node]) + along).abs() < 1e-5,
        "{}",
        field.east[node]
    );
    assert!(
        (f64::from(field.north[node]) + along).abs() < 1e-5,
        "{}",
        field.north[node]
    );
}

#[test]
fn descending_projected_axes_in_km_are_turned_round() {
    let (mut x, mut y) = far_east();
    x.reverse();
    y.reverse();
    let file = open(&polar(CURRENT, x, y)).unwrap();
    let GridSpec::Projected(grid) = file.series()[0].grid.clone() else {
        panic!()
    };
    assert_eq!((grid.x0_m, grid.y0_m, grid.dx_m, grid.dy_m), (2e6, -2e4, 2e4, 2e4));
    assert_near(file.read(0, 0).unwrap().east[0], value(0, NY - 1, NX - 1));
}

#[test]
fn positions_that_contradict_the_projection_are_refused() {
    let (x, y) = far_east();
    let grid = open(&polar(CURRENT, x.clone(), y.clone())).unwrap().series()[0]
        .grid
        .clone();
    let with_positions = |shift_deg: f64| {
        let nodes = (0..NY).flat_map(|j| (0..NX).map(move |i| (i as f64, j as f64)));
        let positions = nodes.map(|(i, j)| grid.position(driftline_domain::GridPoint { i, j }));
        let (lon, lat): (Vec<f64>, Vec<f64>) = positions.map(|(lon, lat)| (lon + shift_deg, lat)).unzip();
        polar(CURRENT, x.clone(), y.clone())
            .variable("longitude", "y x", Values::Double(lon))
            .with("standard_name", "longitude")
            .variable("latitude", "y x", Values::Double(lat))
            .with("standard_name", "latitude")
    };
    assert!(open(&with_positions(0.0)).unwrap().caveats().is_empty());
    // A tenth of a degree of longitude at 70 N is 4 km, a fifth of a cell; one degree is two cells.
    assert_eq!(open(&with_positions(0.1)).unwrap().caveats().len(), 1);
    let error = refusal(&with_positions(1.0));
    assert!(
        matches!(error, Error::Projection { .. }) && error.to_string().contains("longitude and latitude"),
        "{error}"
    );
}

#[test]
fn unknown_and_missing_projections_are_refused() {
    let (x, y) = far_east();
    let plain = polar(CURRENT, x, y).bytes();
    let with = |from: &[u8], to: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edited.nc");
        let at = plain.windows(from.len()).position(|window| window == from).unwrap();
        let mut bytes = plain.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        std::fs::write(&path, bytes).unwrap();
        match ForcingFile::open(&path) {
            Ok(_) => panic!("read"),
            Err(error) => error.to_string(),
        }
    };
    assert!(with(b"polar_stereographic", b"transverse_mercator").contains("transverse_mercator"));
    assert!(with(b"standard_parallel", b"standard_parallex").contains("neither a standard parallel"));
    assert!(with(b"latitude_of_projection_origin", b"latitude_of_projection_orixin").contains("latitude_of"));
}

#[test]
fn merged_currents_are_told_apart_by_name() {
    let mut file = coordinates(Axes::default());
    for [x, y] in [["uo", "vo"], ["utide", "vtide"], ["vsdx", "vsdy"], ["utotal", "vtotal"]] {
        let names = [
            format!("{x} eastward_sea_water_velocity"),
            format!("{y} northward_sea_water_velocity"),
        ];
        file = components(file, [&names[0], &names[1]], "time lat lon");
    }
    let file = open(&file).unwrap();
    let found: Vec<(&str, Composition)> = file
        .series()
        .iter()
        .map(|series| (series.source_variables[0].as_str(), series.composition))
        .collect();
    assert_eq!(
        found,
        [
            ("utotal", Composition::EulerianTideStokes),
            ("uo", Composition::Eulerian)
        ]
    );
    let told: Vec<String> = file.refused().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("'utide' is the tide alone") && told[1].contains("'vsdx' is the Stokes drift alone"));
}

#[test]
fn stokes_drift_alone_is_no_current() {
    let names = [
        "VSDX sea_surface_wave_stokes_drift_x_velocity",
        "VSDY sea_surface_wave_stokes_drift_y_velocity",
    ];
    let error = refusal(&components(coordinates(Axes::default()), names, "time lat lon"));
    assert!(
        matches!(error, Error::Part { .. }) && error.to_string().contains("'VSDX' is the Stokes drift alone"),
        "{error}"
    );
    let beside = components(latlon(Axes::default()), names, "time lat lon");
    let file = open(&beside).unwrap();
    assert_eq!(file.series()[0].source_variables, ["uo", "vo"]);
    assert!(matches!(file.refused(), [Error::Part { .. }]), "{:?}", file.refused());
}

#[test]
fn times_may_be_whole_numbers_single_or_double_precision() {
    for time in [
        Values::Short(vec![0, 3]),
        Values::Float(vec![0.0, 3.0]),
        Values::Double(vec![0.0, 3.0]),
    ] {
        let axes = Axes::default();
        let file = Classic::default()
            .unlimited("time", 2)
            .dim("lat", 3)
            .dim("lon", 4)
            .variable("lat", "lat", Values::Double(axes.lat))
            .with("units", "degrees_north")
            .variable("lon", "lon", Values::Double(axes.lon))
            .with("units", "degrees_east")
            .variable("time", "time", time.clone())
            .with("units", "hours since 2024-03-01 12:00:00");
        let file = open(&components(file, CURRENT, "time lat lon")).unwrap();
        assert_eq!(
            times(&file, 0),
            ["2024-03-01T12:00:00Z", "2024-03-01T15:00:00Z"],
            "{time:?}"
        );
    }
}

#[test]
fn the_layout_of_cmems_with_one_depth_is_read_and_its_depth_told() {
    let file = coordinates(Axes::default())
        .dim("depth", 1)
        .variable("depth", "depth", Values::Float(vec![0.494]))
        .with("units", "m")
        .with("positive", "down")
        .with("standard_name", "depth");
    let file = open(&components(file, CURRENT, "time depth lat lon")).unwrap();
    assert_eq!(file.series()[0].level, "0.494 m depth");
    assert_near(file.read(0, 1).unwrap().east[5], value(1, 1, 1));
}

#[test]
fn marks_of_missing_values_in_every_dress_are_missing() {
    let marked = |name: &str, mark: Values| {
        let mut stored: Vec<f32> = vec![0.25; STEPS * NX * NY];
        stored[6] = 999.0;
        stored[7] = f32::NAN;
        coordinates(Axes::default())
            .variable("uo", "time lat lon", Values::Float(stored))
            .with("standard_name", "eastward_sea_water_velocity")
            .with("units", "m/s")
            .with(name, mark)
            .variable("vo", "time lat lon", values(1.0))
            .with("standard_name", "northward_sea_water_velocity")
            .with("units", "m/s")
    };
    for (name, mark) in [
        ("_FillValue", Values::Float(vec![999.0])),
        ("_FillValue", Values::Double(vec![999.0])),
        ("missing_value", Values::Float(vec![999.0])),
        ("missing_value", Values::Double(vec![-999.0, 999.0])),
        ("valid_max", Values::Float(vec![15.0])),
        ("valid_range", Values::Double(vec![-15.0, 15.0])),
    ] {
        let field = open(&marked(name, mark.clone())).unwrap().read(0, 0).unwrap();
        let missing: Vec<usize> = (0..NX * NY).filter(|node| field.east[*node].is_nan()).collect();
        assert_eq!(missing, [6, 7], "{name} {mark:?}");
        assert!(field.north[6].is_nan() && field.north[7].is_nan());
    }
}

#[test]
fn current_and_wind_in_one_file() {
    let file = components(
        latlon(Axes::default()),
        ["u10 eastward_wind", "v10 northward_wind"],
        "time lat lon",
    );
    let file = open(&file).unwrap();
    let kinds: Vec<ForcingKind> = file.series().iter().map(|series| series.kind).collect();
    assert_eq!(kinds, ForcingKind::DRIFT);
}

#[test]
fn a_usable_current_is_kept_beside_a_wind_that_is_refused() {
    let file = components(
        latlon(Axes::default()),
        ["u100 eastward_wind", "v100 northward_wind"],
        "time lat lon",
    );
    let file = open(&file).unwrap();
    assert_eq!(file.series().len(), 1);
    assert!(matches!(file.refused(), [Error::Level { .. }]), "{:?}", file.refused());
}

#[test]
fn a_single_time_in_a_scalar_and_a_stated_run() {
    let axes = Axes::default();
    let one = |sign: f32| Values::Float(vec![sign * 0.25; NX * NY]);
    let file = Classic::default()
        .dim("lat", 3)
        .dim("lon", 4)
        .variable("lat", "lat", Values::Double(axes.lat))
        .variable("lon", "lon", Values::Double(axes.lon))
        .variable("time", "", Values::Double(vec![6.0]))
        .with("units", "hours since 2024-03-01")
        .variable("reftime", "", Values::Double(vec![0.0]))
        .with("units", "hours since 2024-03-01")
        .with("standard_name", "forecast_reference_time")
        .variable("uo", "lat lon", one(1.0))
        .with("standard_name", "eastward_sea_water_velocity")
        .with("units", "m/s")
        .variable("vo", "lat lon", one(-1.0))
        .with("standard_name", "northward_sea_water_velocity")
        .with("units", "m/s")
        .global("title", "one hour")
        .global("institution", "an institute");
    let file = open(&file).unwrap();
    assert_eq!(times(&file, 0), ["2024-03-01T06:00:00Z"]);
    assert_eq!(file.run().to_string(), "2024-03-01T00:00:00Z");
    assert_eq!(file.lineage().title.as_deref(), Some("one hour"));
    assert_eq!(file.series()[0].attribution.as_deref(), Some("an institute"));
    assert_near(file.read(0, 0).unwrap().east[11], 0.25);
}

#[test]
fn broken_axes_and_times_are_refused_with_the_value() {
    let cases = [
        (
            Axes {
                lon: vec![4.0, 4.5, 5.2, 5.5],
                ..Axes::default()
            },
            "'lon'",
            "5.2",
        ),
        (
            Axes {
                lat: vec![60.0, 60.0, 60.0],
                ..Axes::default()
            },
            "'lat'",
            "60",
        ),
        (
            Axes {
                lat: vec![80.0, 86.0, 92.0],
                ..Axes::default()
            },
            "'lat'",
            "92",
        ),
        (
            Axes {
                time: vec![1.0, 1.0],
                ..Axes::default()
            },
            "'time'",
            "2024-03-01T01:00:00Z stands there twice",
        ),
        (
            Axes {
                time: vec![1.0, 0.0],
                ..Axes::default()
            },
            "'time'",
            "comes before",
        ),
        (
            Axes {
                time: vec![0.0, f64::NAN],
                ..Axes::default()
            },
            "'time'",
            "NaN",
        ),
        (
            Axes {
                time_units: "months since 2000-01-01",
                ..Axes::default()
            },
            "'time'",
            "month",
        ),
    ];
    for (axes, axis, value) in cases {
        let error = refusal(&latlon(axes)).to_string();
        assert!(error.contains(axis) && error.contains(value), "{error}");
    }
    let file = coordinates(Axes::default()).with("calendar", "360_day");
    let error = refusal(&components(file, CURRENT, "time lat lon"));
    assert!(
        matches!(error, Error::Time { .. }) && error.to_string().contains("360_day"),
        "{error}"
    );
}

#[test]
fn a_file_without_records_or_forcing_says_what_it_holds() {
    let empty = refusal(&latlon(Axes {
        time: vec![],
        ..Axes::default()
    }));
    assert!(empty.to_string().contains("no time step"), "{empty}");
    let file = coordinates(Axes::default())
        .variable("thetao", "time lat lon", values(1.0))
        .with("long_name", "Temperature")
        .with("units", "degrees_C");
    let error = refusal(&file);
    assert!(matches!(error, Error::NoForcing { .. }), "{error}");
    assert!(
        error.to_string().contains("'thetao' (Temperature, degrees_C)"),
        "{error}"
    );
}

#[test]
fn half_a_pair_and_pairs_of_two_shapes_are_refused() {
    let half = coordinates(Axes::default())
        .variable("uo", "time lat lon", values(1.0))
        .with("standard_name", "eastward_sea_water_velocity")
        .with("units", "m/s");
    let error = refusal(&half);
    assert!(
        matches!(error, Error::Pair { .. }) && error.to_string().contains("'uo'"),
        "{error}"
    );
    let shapes = half
        .variable("vo", "time lon lat", values(1.0))
        .with("standard_name", "northward_sea_water_velocity")
        .with("units", "m/s");
    let error = refusal(&shapes).to_string();
    assert!(
        error.contains("time=2, lat=3, lon=4") && error.contains("time=2, lon=4, lat=3"),
        "{error}"
    );
}

#[test]
fn units_that_are_no_speed_and_absurd_values_are_refused() {
    let unit = coordinates(Axes::default())
        .variable("uo", "time lat lon", values(1.0))
        .with("standard_name", "eastward_sea_water_velocity")
        .with("units", "degrees")
        .variable("vo", "time lat lon", values(1.0))
        .with("standard_name", "northward_sea_water_velocity")
        .with("units", "m/s");
    assert!(matches!(refusal(&unit), Error::Units { .. }));
    let mut stored = vec![0.5_f32; STEPS * NX * NY];
    stored[NX * NY + 2] = 999.0;
    let absurd = coordinates(Axes::default())
        .variable("uo", "time lat lon", Values::Float(stored))
        .with("standard_name", "eastward_sea_water_velocity")
        .with("units", "m/s")
        .variable("vo", "time lat lon", values(1.0))
        .with("standard_name", "northward_sea_water_velocity")
        .with("units", "m/s");
    let file = open(&absurd).unwrap();
    assert!(file.read(0, 0).is_ok());
    let error = file.read(0, 1).unwrap_err();
    assert!(error.to_string().contains("999 m/s at 2024-03-01T01:00:00Z"), "{error}");
}

//! Grids of positions: files crafted for one property each, and a real ROMS file.

use driftline_decode::Error;
use driftline_domain::{ComponentAxes, CurvilinearGrid, ForcingKind, GridPoint, GridSpec};

use crate::classic::{Classic, Values};
use crate::odd::{open, refusal};
use crate::{open as open_bundled, times};

const NX: usize = 5;
const NY: usize = 4;

/// A grid turned by 30 degrees on a plane at the equator across the antimeridian: rows run to the north-east.
fn place(node: usize) -> (f64, f64) {
    let (i, j) = ((node % NX) as f64, (node / NX) as f64);
    let (sin, cos) = 30f64.to_radians().sin_cos();
    (179.9 + 0.1 * (i * cos - j * sin), 0.1 * (i * sin + j * cos))
}

fn positions() -> (Vec<f64>, Vec<f64>) {
    (0..NX * NY).map(place).unzip()
}

fn value(node: usize) -> f64 {
    node as f64 / 100.0
}

/// A file on `y` and `x`, which count and measure nothing, with these longitudes and latitudes.
fn base((lon, lat): (Vec<f64>, Vec<f64>)) -> Classic {
    Classic::default()
        .dim("time", 1)
        .dim("y", NY as u32)
        .dim("x", NX as u32)
        .variable("time", "time", Values::Double(vec![0.0]))
        .with("units", "hours since 2024-03-01 00:00:00")
        .variable("nav_lon", "y x", Values::Double(lon))
        .with("units", "degrees_east")
        .variable("nav_lat", "y x", Values::Double(lat))
        .with("units", "degrees_north")
}

fn with_current(file: Classic, standard_names: [&str; 2]) -> Classic {
    let field = |sign: f32| Values::Float((0..NX * NY).map(|node| sign * value(node) as f32).collect());
    file.variable("u", "time y x", field(1.0))
        .with("standard_name", standard_names[0])
        .with("coordinates", "nav_lon nav_lat")
        .with("units", "m s-1")
        .variable("v", "time y x", field(-0.5))
        .with("standard_name", standard_names[1])
        .with("coordinates", "nav_lon nav_lat")
        .with("units", "m s-1")
}

const EASTWARD: [&str; 2] = ["eastward_sea_water_velocity", "northward_sea_water_velocity"];
const ALONG_GRID: [&str; 2] = ["sea_water_x_velocity", "sea_water_y_velocity"];

fn grid(file: &driftline_decode::ForcingFile) -> CurvilinearGrid {
    match &file.series()[0].grid {
        GridSpec::Curvilinear(grid) => grid.clone(),
        other => panic!("{other:?}"),
    }
}

fn near(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 2e-5,
        "{found} instead of {expected}"
    );
}

#[test]
fn eastward_components_are_left_as_they_are_and_positions_tell_where() {
    let file = open(&with_current(base(positions()), EASTWARD)).unwrap();
    assert_eq!(times(&file, 0), ["2024-03-01T00:00:00Z"]);
    let grid = grid(&file);
    assert_eq!((grid.nx(), grid.ny()), (NX, NY));
    let (lon, lat) = grid.position(GridPoint { i: 2.5, j: 1.5 });
    let back = grid.fraction(lon, lat).unwrap();
    assert!((back.i - 2.5).abs() < 1e-9 && (back.j - 1.5).abs() < 1e-9, "{back:?}");
    assert!(grid.bounds().crosses_antimeridian(), "{:?}", grid.bounds());
    assert!((grid.cell_m() - 11_100.0).abs() < 100.0, "{}", grid.cell_m());
    let field = file.read(0, 0).unwrap();
    for node in 0..NX * NY {
        near(field.east[node], value(node));
        near(field.north[node], -0.5 * value(node));
    }
}

#[test]
fn components_along_the_grid_are_turned_by_its_rows_or_by_the_stated_angle() {
    let (sin, cos) = 30f64.to_radians().sin_cos();
    let angles = |degrees: f64| Values::Double(vec![degrees; NX * NY]);
    let stated = |name: &str, units: &str, angle: f64| {
        base(positions())
            .variable(name, "y x", angles(angle))
            .with("standard_name", "angle_of_rotation_from_east_to_x")
            .with("units", units)
    };
    for file in [
        base(positions()),
        stated("turn", "degrees", 30.0),
        stated("angle", "radians", 30f64.to_radians()),
    ] {
        let file = open(&with_current(file, ALONG_GRID)).unwrap();
        assert!(file.caveats().is_empty(), "{:?}", file.caveats());
        assert_eq!(
            file.component_axes(0),
            Some(ComponentAxes::EastNorth),
            "turned at the nodes"
        );
        let field = file.read(0, 0).unwrap();
        assert_eq!(field, file.read_native(0, 0).unwrap());
        for node in 0..NX * NY {
            let (x, y) = (value(node), -0.5 * value(node));
            // A degree of longitude at the equator is longer than one of latitude by 0.7 %: 0.2 degrees of the angle.
            let tolerance = 0.004 * value(node) + 1e-6;
            assert!((f64::from(field.east[node]) - (x * cos - y * sin)).abs() < tolerance);
            assert!((f64::from(field.north[node]) - (x * sin + y * cos)).abs() < tolerance);
        }
    }
    let contradicted = open(&with_current(stated("angle", "radians", 30.0), ALONG_GRID)).unwrap();
    assert!(
        contradicted.caveats()[0].contains("another angle"),
        "{:?}",
        contradicted.caveats()
    );
    let error = refusal(&with_current(stated("angle", "gon", 33.3), ALONG_GRID));
    assert!(
        matches!(error, Error::Units { .. }) && error.to_string().contains("'gon'"),
        "{error}"
    );
}

#[test]
fn a_mirrored_grid_needs_an_angle_for_components_along_it() {
    let (mut lon, mut lat) = positions();
    lon.chunks_mut(NX).for_each(<[f64]>::reverse);
    lat.chunks_mut(NX).for_each(<[f64]>::reverse);
    let error = refusal(&with_current(base((lon.clone(), lat.clone())), ALONG_GRID));
    assert!(
        matches!(error, Error::Curvilinear { .. }) && error.to_string().contains("no angle"),
        "{error}"
    );
    assert!(open(&with_current(base((lon, lat)), EASTWARD)).is_ok());
}

#[test]
fn positions_that_are_none_are_left_out_and_broken_ones_refused() {
    let (mut lon, lat) = positions();
    lon[0] = 1e20;
    let file = open(&with_current(base((lon, lat)), EASTWARD)).unwrap();
    assert!(grid(&file).node(0, 0).0.is_nan() && grid(&file).node(1, 0).0.is_finite());
    let (mut lon, mut lat) = positions();
    lon[..9].fill(0.0);
    lat[..9].fill(0.0);
    let file = open(&with_current(base((lon, lat)), EASTWARD)).unwrap();
    assert!(
        file.caveats()[0].contains("9 nodes have the same position"),
        "{:?}",
        file.caveats()
    );
    assert!(grid(&file).node(8, 0).0.is_nan() || grid(&file).node(3, 1).0.is_nan());
    let (lon, mut lat) = positions();
    lat[7] = 95.0;
    let error = refusal(&with_current(base((lon, lat)), EASTWARD)).to_string();
    assert!(error.contains("latitude 95 of node (2, 1)"), "{error}");
}

#[test]
fn a_field_stored_the_other_way_round_and_a_shifted_pole_are_read_by_their_positions() {
    let (lon, lat) = positions();
    let turned = |values: &[f64]| -> Vec<f64> { (0..NX * NY).map(|at| values[(at % NY) * NX + at / NY]).collect() };
    let file = Classic::default()
        .dim("time", 1)
        .dim("rlat", NY as u32)
        .dim("rlon", NX as u32)
        .variable("time", "time", Values::Double(vec![0.0]))
        .with("units", "hours since 2024-03-01 00:00:00")
        .variable("rlon", "rlon", Values::Double((0..NX).map(|i| i as f64).collect()))
        .with("standard_name", "grid_longitude")
        .with("units", "degrees")
        .variable("rlat", "rlat", Values::Double((0..NY).map(|j| j as f64).collect()))
        .with("standard_name", "grid_latitude")
        .with("units", "degrees")
        .variable("lon", "rlat rlon", Values::Double(lon.clone()))
        .with("standard_name", "longitude")
        .variable("lat", "rlat rlon", Values::Double(lat))
        .with("standard_name", "latitude");
    let values: Vec<f64> = (0..NX * NY).map(value).collect();
    let field = || Values::Float(turned(&values).into_iter().map(|value| value as f32).collect());
    let file = file
        .variable("uo", "time rlon rlat", field())
        .with("standard_name", EASTWARD[0])
        .with("units", "m/s")
        .variable("vo", "time rlon rlat", field())
        .with("standard_name", EASTWARD[1])
        .with("units", "m/s");
    let file = open(&file).unwrap();
    assert_eq!(
        (grid(&file).nx(), grid(&file).longitudes_deg()[3]),
        (NX, driftline_domain::wrap_lon_deg(lon[3]))
    );
    let field = file.read(0, 0).unwrap();
    (0..NX * NY).for_each(|node| near(field.east[node], value(node)));
}

/// ROMS with 4 x 3 cell centres 0.1 degree apart, without turn, land at the centre (3, 2); masks are packed and the values
/// on land are rubbish.
fn roms(lon_name: &str) -> Classic {
    let mask = |of: &[f64]| Values::Short(of.iter().map(|value| if *value == 1.0 { -2 } else { 2 }).collect());
    let packed = |file: Classic| file.with("scale_factor", -0.25).with("add_offset", 0.5);
    let file = Classic::default()
        .unlimited("ocean_time", 1)
        .dim("s_rho", 2)
        .dim("eta_rho", 3)
        .dim("xi_rho", 4)
        .dim("eta_u", 3)
        .dim("xi_u", 3)
        .dim("eta_v", 2)
        .dim("xi_v", 4)
        .variable("ocean_time", "ocean_time", Values::Double(vec![86_400.0]))
        .with("units", "seconds since 2024-03-01 00:00:00")
        .variable("s_rho", "s_rho", Values::Double(vec![-0.75, -0.25]))
        .with("standard_name", "ocean_s_coordinate_g2")
        .variable(
            lon_name,
            "eta_rho xi_rho",
            Values::Double((0..12).map(|k| f64::from(k % 4) * 0.1).collect()),
        )
        .with("units", "degree_east")
        .variable(
            "lat_rho",
            "eta_rho xi_rho",
            Values::Double((0..12).map(|k| f64::from(k / 4) * 0.1).collect()),
        )
        .with("units", "degree_north")
        .variable("angle", "eta_rho xi_rho", Values::Double(vec![0.0; 12]))
        .with("units", "radians");
    let mut rho = [1.0; 12];
    rho[11] = 0.0;
    let file = packed(file.variable("mask_rho", "eta_rho xi_rho", mask(&rho)));
    let file = packed(file.variable(
        "mask_u",
        "eta_u xi_u",
        mask(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
    ));
    let file = packed(file.variable("mask_v", "eta_v xi_v", mask(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0])));
    let u: Vec<f32> = [9.0; 9]
        .into_iter()
        .chain([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 5.0])
        .collect();
    let v: Vec<f32> = [9.0; 8]
        .into_iter()
        .chain([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 5.0])
        .collect();
    file.variable("u", "ocean_time s_rho eta_u xi_u", Values::Float(u))
        .with("long_name", "u-momentum component")
        .with("units", "meter second-1")
        .variable("v", "ocean_time s_rho eta_v xi_v", Values::Float(v))
        .with("long_name", "v-momentum component")
        .with("units", "meter second-1")
}

#[test]
fn roms_is_brought_to_the_cell_centres_and_land_stays_missing() {
    let file = open(&roms("lon_rho")).unwrap();
    assert!(file.caveats().is_empty() && file.refused().is_empty());
    let series = &file.series()[0];
    assert_eq!(
        (series.kind, series.grid.nx(), series.grid.ny()),
        (ForcingKind::Current, 4, 3)
    );
    assert_eq!(
        series.level,
        "uppermost of 2 terrain-following levels (s_rho = -0.2500)"
    );
    let field = file.read(0, 0).unwrap();
    let (east, north): (Vec<f32>, Vec<f32>) = (field.east, field.north);
    // Means of two sides; at the edges and beside land the one that there is.
    for (node, wanted) in [(0, 0.1), (1, 0.15), (2, 0.25), (3, 0.3), (9, 0.75), (10, 0.8)] {
        near(east[node], wanted);
    }
    for (node, wanted) in [(0, 0.1), (4, 0.3), (7, 0.4), (8, 0.5), (10, 0.7)] {
        near(north[node], wanted);
    }
    assert!(
        east[11].is_nan() && north[11].is_nan(),
        "land is missing and not 5 m/s, nor 0"
    );
    assert_eq!(east.iter().filter(|value| value.is_nan()).count(), 1);
}

#[test]
fn parity_gets_the_sides_of_roms_unmoved() {
    let file = open(&roms("lon_rho")).unwrap();
    let field = file.read_native(0, 0).unwrap();
    assert_eq!(file.component_axes(0), Some(ComponentAxes::EastNorth));
    near(field.east[0], 0.1);
    near(field.north[0], 0.1);
    near(field.east[6], 0.6);
    near(field.north[6], 0.7);
    // The last column has no u, the last row no v, and what turns a vector needs both.
    let missing: Vec<usize> = (0..12).filter(|node| field.east[*node].is_nan()).collect();
    assert_eq!(missing, [3, 7, 8, 9, 10, 11]);
}

#[test]
fn roms_without_positions_of_its_cells_is_refused() {
    let error = refusal(&roms("lon_other"));
    assert!(
        matches!(error, Error::Curvilinear { .. }) && error.to_string().contains("no 'lon_rho'"),
        "{error}"
    );
}

/// Wanted values computed with netCDF4 and numpy from the file: masks, means of the sides, `angle`.
#[test]
fn a_real_roms_file_gives_what_its_arrays_say() {
    let file = open_bundled("nordic4km_surface_02Feb2016.nc");
    let [series] = file.series() else {
        panic!("one current and no ice")
    };
    assert_eq!(series.source_variables, ["u", "v"]);
    assert_eq!((series.grid.nx(), series.grid.ny()), (151, 81));
    assert_eq!(
        times(&file, 0),
        ["2016-02-02T12:00:00Z", "2016-02-03T12:00:00Z", "2016-02-04T12:00:00Z"]
    );
    assert!(
        file.caveats().is_empty(),
        "the stated angle is that of the rows: {:?}",
        file.caveats()
    );
    let field = file.read(0, 0).unwrap();
    let node = 40 * 151 + 75;
    near(field.east[node], 0.324_161_97);
    near(field.north[node], 0.274_517_1);
    assert_eq!(field.east.iter().filter(|value| value.is_nan()).count(), 2380);
    let native = file.read_native(0, 0).unwrap();
    near(native.east[node], 0.327_517_65);
    near(native.north[node], 0.272_591_44);
    let found = series.grid.fraction(12.5, 68.6).unwrap();
    let (lon, lat) = series.grid.position(found);
    assert!((lon - 12.5).abs() < 1e-9 && (lat - 68.6).abs() < 1e-9);
    assert!(
        (series.grid.cell_m() - 4_000.0).abs() < 200.0,
        "{}",
        series.grid.cell_m()
    );
}

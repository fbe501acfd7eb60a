//! GRIB2 against what ecCodes unpacks of the same bytes: every value of every packing, where nodes lie, and what the
//! files are as forcing. Fixtures and references: `tests/data/grib`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use driftline_decode::grib::{self, Messages};
use driftline_decode::{Error, ForcingFile};
use driftline_domain::{ComponentAxes, ForcingKind, GridPoint, GridSpec, VectorField};

use crate::{data, open, times};

pub(crate) fn file(name: &str) -> PathBuf {
    data("grib").join(name)
}

pub(crate) fn open_grib(name: &str) -> ForcingFile {
    ForcingFile::open(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// As `digest` in `make.py`.
pub(crate) fn digest(values: &[f32]) -> u64 {
    let bits = |value: &f32| u64::from(if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() });
    let weighted = values
        .iter()
        .zip(0_u64..)
        .map(|(value, place)| bits(value).wrapping_mul(place % 65521 + 1));
    weighted.fold(0, u64::wrapping_add)
}

/// Lines of a reference by file name.
fn reference(name: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut by_file: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in std::fs::read_to_string(file(name)).unwrap().lines().skip(1) {
        let mut columns = line.split(',').map(str::to_owned);
        let file = columns.next().unwrap();
        by_file.entry(file).or_default().push(columns.collect());
    }
    by_file
}

/// Compares all fields of a file with a reference's lines: field, code, time, counts, extremes, mean, digest.
pub(crate) fn compare(path: &std::path::Path, lines: &[Vec<String>]) {
    let name = path.display();
    let messages = Messages::open(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(messages.about().len(), lines.len(), "{name}: fields");
    for (field, line) in lines.iter().enumerate() {
        let about = &messages.about()[field];
        let code = [about.discipline, about.category, about.parameter].map(|number| number.to_string());
        assert_eq!(code[..], line[1..4], "{name}: field {field}");
        if let Some(valid) = about.valid {
            let digits: String = valid.to_string().chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits[..12], line[4], "{name}: field {field}");
        }
        let values = messages.values(field).unwrap_or_else(|error| panic!("{name}: {error}"));
        let present: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let counts = [values.len(), values.len() - present.len()].map(|count| count.to_string());
        assert_eq!(counts[..], line[5..7], "{name}: field {field}: values and missing ones");
        let expected: Vec<f64> = line[7..10].iter().map(|number| number.parse().unwrap()).collect();
        if !present.is_empty() {
            let least = present.iter().copied().fold(f32::INFINITY, f32::min);
            let most = present.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(
                (least, most),
                (expected[0] as f32, expected[1] as f32),
                "{name}: field {field}: extremes"
            );
            let mean = present.iter().map(|value| f64::from(*value)).sum::<f64>() / present.len() as f64;
            let scale = most.abs().max(least.abs());
            assert!(
                (mean - expected[2]).abs() <= 1e-6 * f64::from(scale),
                "{name}: field {field}: mean {mean} and not {}",
                expected[2]
            );
        }
        assert_eq!(
            digest(&values).to_string(),
            line[10],
            "{name}: field {field}: every value"
        );
    }
}

#[test]
fn every_value_of_every_packing_is_the_one_that_eccodes_unpacks() {
    let reference = reference("messages.csv");
    assert!(reference.len() > 25, "{} files", reference.len());
    for (name, lines) in &reference {
        compare(&file(name), lines);
    }
}

#[test]
fn nodes_lie_where_eccodes_puts_them() {
    let mut checked = 0;
    for (name, lines) in reference("places.csv") {
        let forcing = open_grib(&name);
        let grid = forcing.series()[0].grid.clone();
        let field = forcing.read_native(0, 0).unwrap();
        for line in lines {
            let numbers: Vec<f64> = line[1..].iter().map(|number| number.parse().unwrap()).collect();
            let [lon_deg, lat_deg, value] = numbers[..] else {
                panic!("{line:?}")
            };
            let GridPoint { i, j } = grid
                .fraction(lon_deg, lat_deg)
                .unwrap_or_else(|| near_edge(&grid, lon_deg, lat_deg));
            assert!(
                (i - i.round()).abs() < 1e-3 && (j - j.round()).abs() < 1e-3,
                "{name}: {lon_deg} E {lat_deg} N is no node: {i} {j}"
            );
            let index = j.round() as usize * grid.nx() + i.round() as usize % grid.nx();
            let side = if line[0] == "1" { &field.east } else { &field.north };
            assert_eq!(side[index], value as f32, "{name}: {lon_deg} E {lat_deg} N");
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

/// Positions are printed with rounding: a node of the edge may come to lie a hair outside.
fn near_edge(grid: &GridSpec, lon_deg: f64, lat_deg: f64) -> GridPoint {
    let nudges = [-2e-6, 0.0, 2e-6];
    let tries = nudges
        .iter()
        .flat_map(|x| nudges.iter().map(move |y| (lon_deg + x, lat_deg + y)));
    tries
        .filter_map(|(lon_deg, lat_deg)| grid.fraction(lon_deg, lat_deg))
        .next()
        .unwrap_or_else(|| panic!("{lon_deg} E {lat_deg} N is outside of {grid:?}"))
}

#[test]
fn all_sixteen_ways_of_scanning_give_one_field() {
    let forcing = open_grib("scanning_modes.grib2");
    assert_eq!(forcing.series().len(), 16);
    let original = open("derived_latlon_wind_16Nov2015.nc");
    let expected = original.read(0, 6).unwrap();
    let grid = forcing.series()[0].grid.clone();
    for series in 0..16 {
        assert_eq!(forcing.series()[series].grid, grid, "{series}");
        near(
            &forcing.read(series, 0).unwrap(),
            &expected,
            3e-4,
            &format!("mode {series:#06b}"),
        );
    }
}

fn near(found: &VectorField, expected: &VectorField, precision: f32, name: &str) {
    for (found, expected) in [(&found.east, &expected.east), (&found.north, &expected.north)] {
        assert_eq!(found.len(), expected.len(), "{name}");
        for (index, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!(
                (a.is_nan() && b.is_nan()) || (a - b).abs() <= precision,
                "{name}: node {index}: {a} and not {b}"
            );
        }
    }
}

#[test]
fn vectors_along_a_lambert_grid_are_turned_as_those_of_netcdf() {
    let forcing = open_grib("lambert_wind.grib2");
    let original = open("arome_subset_16Nov2015.nc");
    let series = &forcing.series()[0];
    assert_eq!(forcing.component_axes(0), Some(ComponentAxes::Grid));
    assert_eq!(
        (series.kind, series.level.as_str()),
        (ForcingKind::Wind, "10 m above ground")
    );
    assert_eq!(times(&forcing, 0), ["2015-11-16T06:00:00Z"]);
    assert_eq!(forcing.run().to_string(), "2015-11-16T00:00:00Z");
    assert_eq!(series.attribution.as_deref(), Some("MET Norway"));
    let of_original = original
        .series()
        .iter()
        .position(|one| one.kind == ForcingKind::Wind)
        .unwrap();
    same_places(&series.grid, &original.series()[of_original].grid, (0, 0));
    let step = original.series()[of_original]
        .times
        .iter()
        .position(|time| *time == series.times[0])
        .unwrap();
    // Packed in steps of 2^-6 m/s, of which half may be lost, in both components where they are turned.
    near(
        &forcing.read_native(0, 0).unwrap(),
        &original.read_native(of_original, step).unwrap(),
        0.0079,
        "native",
    );
    near(
        &forcing.read(0, 0).unwrap(),
        &original.read(of_original, step).unwrap(),
        0.0112,
        "turned",
    );
}

#[test]
fn a_polar_grid_lies_where_that_of_netcdf_does() {
    let forcing = open_grib("polar_current.grib2");
    let original = open("norkyst800_subset_16Nov2015.nc");
    assert_eq!(forcing.component_axes(0), Some(ComponentAxes::Grid));
    assert_eq!(forcing.series()[0].kind, ForcingKind::Current);
    assert_eq!(forcing.series()[0].source_variables, ["UOGRD", "VOGRD"]);
    let (grid, whole) = (forcing.series()[0].grid.clone(), original.series()[0].grid.clone());
    same_places(&grid, &whole, (40, 20));
    let field = original.read(0, 6).unwrap();
    let cut = |values: &[f32]| {
        let rows = (20..80).flat_map(|j| (40..130).map(move |i| j * 301 + i));
        rows.map(|index| values[index]).collect()
    };
    let expected = VectorField {
        east: cut(&field.east),
        north: cut(&field.north),
    };
    near(&forcing.read(0, 0).unwrap(), &expected, 1e-3, "turned current");
}

/// Corners of a grid lie where the nodes of a larger one do, to 0.2 m.
fn same_places(grid: &GridSpec, whole: &GridSpec, (i0, j0): (usize, usize)) {
    for (i, j) in [
        (0, 0),
        (grid.nx() - 1, 0),
        (0, grid.ny() - 1),
        (grid.nx() - 1, grid.ny() - 1),
    ] {
        let place = |grid: &GridSpec, i: usize, j: usize| {
            grid.position(GridPoint {
                i: i as f64,
                j: j as f64,
            })
        };
        let (a, b) = (place(grid, i, j), place(whole, i + i0, j + j0));
        assert!((a.0 - b.0).abs() < 4e-6 && (a.1 - b.1).abs() < 2e-6, "{a:?} {b:?}");
    }
}

#[test]
fn a_global_grid_begins_at_the_antimeridian_and_wraps() {
    for (name, nx) in [("globe.grib2", 24), ("gfs_wind_10m.grib2", 144)] {
        let forcing = open_grib(name);
        let GridSpec::Regular(grid) = forcing.series()[0].grid else {
            panic!("{name}")
        };
        assert!(grid.wraps(), "{name}");
        assert_eq!((grid.nx, grid.lon0_deg, grid.lat0_deg), (nx, -180.0, -90.0), "{name}");
    }
}

#[test]
fn a_message_of_two_fields_gives_both() {
    let about = grib::inspect_file(&file("gfs_wind_10m.grib2")).unwrap();
    assert_eq!(about.len(), 2);
    assert_eq!((about[0].number, about[1].number), (1, 1));
    assert_eq!((about[0].length, about[1].length), (27_390, 27_390));
    assert_eq!(
        (about[0].short_name.as_str(), about[1].short_name.as_str()),
        ("UGRD", "VGRD")
    );
    assert_eq!((about[1].level_type, about[1].level_value), (Some(103), Some(10.0)));
    assert_eq!(about[1].nodes, Some((144, 73)));
    assert_eq!(about[0].run.to_string(), "2011-01-10T12:00:00Z");
    assert_eq!(about[0].valid.unwrap().to_string(), "2011-01-15T12:00:00Z");
    let bytes = std::fs::read(file("gfs_wind_10m.grib2")).unwrap();
    assert_eq!(grib::inspect(&bytes).unwrap(), about);
    let forcing = open_grib("gfs_wind_10m.grib2");
    assert_eq!(forcing.series()[0].source_variables, ["UGRD", "VGRD"]);
    assert_eq!(forcing.lineage().institution.as_deref(), Some("NOAA/NCEP"));
}

#[test]
fn wind_along_a_real_lambert_grid_is_turned() {
    let forcing = open_grib("eta_wind_10m.grib2");
    assert_eq!(forcing.component_axes(0), Some(ComponentAxes::Grid));
    let (native, turned) = (forcing.read_native(0, 0).unwrap(), forcing.read(0, 0).unwrap());
    let speed = |field: &VectorField, k: usize| field.east[k].hypot(field.north[k]);
    let changed = (0..native.east.len())
        .filter(|&k| (native.east[k] - turned.east[k]).abs() > 0.5)
        .count();
    assert!(changed > 1000, "{changed}");
    assert!((0..native.east.len()).all(|k| (speed(&native, k) - speed(&turned, k)).abs() < 1e-4));
}

#[test]
fn files_without_forcing_say_what_they_hold() {
    for (name, words) in [
        (
            "ds.waveh.5.grib",
            "'WVHGT' (significant height of wind waves) at the surface",
        ),
        ("hpa_and_pa.grib", "'TMP' (temperature) at 100 Pa"),
        (
            "regular_gg_wrong_increment.grib",
            "'10u' has no matching second component",
        ),
        ("alternate-scanning.grib", "'TMP' (temperature) at 2 m above ground"),
    ] {
        let error = ForcingFile::open(&file(name)).err().unwrap().to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
    let error = ForcingFile::open(&file("era5-levels-corrupted.grib")).err().unwrap();
    assert!(
        matches!(
            error,
            Error::Grib {
                message: 1,
                offset: 0,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("edition 1"), "{error}");
}

#[test]
fn messages_read_from_many_threads_at_once() {
    let forcing = open_grib("packing_jpeg_2000.grib2");
    let expected = forcing.read(0, 0).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| forcing.read(0, 0).unwrap())).collect();
        for thread in threads {
            near(&thread.join().unwrap(), &expected, 0.0, "in a thread");
        }
    });
}

//! Real GRIB2 files of feeds that may not be bundled, against what ecCodes unpacks of them (`tests/data/grib/feeds.csv`).

use std::collections::BTreeMap;

use driftline_decode::{Error, ForcingFile};
use driftline_domain::{ForcingKind, GridSpec};

use crate::feeds::sample;
use crate::grib::{compare, file};
use crate::times;

#[test]
fn every_value_of_the_real_files_is_the_one_that_eccodes_unpacks() {
    let mut by_file: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in std::fs::read_to_string(file("feeds.csv")).unwrap().lines().skip(1) {
        let mut columns = line.split(',').map(str::to_owned);
        let name = columns.next().unwrap();
        by_file.entry(name).or_default().push(columns.collect());
    }
    assert_eq!(by_file.len(), 10);
    for (name, lines) in &by_file {
        let folder = if name.starts_with("CMC") { "real" } else { "feeds" };
        if let Some(path) = sample(folder, name) {
            compare(&path, lines);
        }
    }
}

#[test]
fn a_file_of_the_wave_model_gives_wind_and_waves() {
    for (name, nx, ny, west, south, present) in [
        ("gfswave.t18z.atlocn.0p16.f001.grib2", 301, 331, -100.0, 0.0, 29_419),
        ("gdaswave.t00z.wcoast.0p16.f000.grib2", 241, 151, -150.0, 25.0, 11_041),
    ] {
        let Some(path) = sample("feeds", name) else { continue };
        let forcing = ForcingFile::open(&path).unwrap();
        let kinds: Vec<ForcingKind> = forcing.series().iter().map(|series| series.kind).collect();
        assert_eq!(kinds, [ForcingKind::Wind, ForcingKind::Waves], "{name}");
        assert_eq!(forcing.series()[0].level, "surface of a wave model, its wind at 10 m");
        assert_eq!(forcing.series()[1].source_variables, ["HTSGW", "DIRPW"]);
        assert_eq!(forcing.series()[1].attribution.as_deref(), Some("NOAA/NCEP"));
        assert!(forcing.refused().is_empty() && forcing.caveats().is_empty());
        for series in 0..2 {
            let GridSpec::Regular(grid) = forcing.series()[series].grid else {
                panic!("{name}")
            };
            assert_eq!(
                (grid.nx, grid.ny, grid.lon0_deg, grid.lat0_deg),
                (nx, ny, west, south),
                "{name}"
            );
            assert!((grid.dlon_deg - 1.0 / 6.0).abs() < 1e-12, "{}", grid.dlon_deg);
            let field = forcing.read(series, 0).unwrap();
            let found = field.east.iter().filter(|value| !value.is_nan()).count();
            assert_eq!(found, present, "{name}: sea nodes");
        }
        let waves = forcing.read(1, 0).unwrap();
        let height = |k: usize| waves.east[k].hypot(waves.north[k]);
        let highest = (0..waves.east.len()).map(height).fold(0.0, f32::max);
        assert!((1.0..20.0).contains(&highest), "{name}: {highest} m");
    }
}

#[test]
fn wind_of_the_global_model() {
    let Some(path) = sample("feeds", "gfs.t12z.pgrbf120.2p5deg.10m-wind.grib2") else {
        return;
    };
    let forcing = ForcingFile::open(&path).unwrap();
    assert_eq!(forcing.run().to_string(), "2011-01-10T12:00:00Z");
    assert_eq!(times(&forcing, 0), ["2011-01-15T12:00:00Z"]);
    assert_eq!(forcing.series()[0].level, "10 m above ground");
}

#[test]
fn products_that_are_no_forcing_are_named() {
    for (folder, name, words) in [
        ("feeds", "gfs.complex.grib2", "'HGT' (geopotential height) at 50000 Pa"),
        (
            "feeds",
            "ecmwf-ifs-oper-surface.grib2",
            "(water equivalent of snow depth)",
        ),
        ("real", "CMC_caps_HGT_ISBL_0050_ps3km_2018090900_P005.grib2", "'HGT'"),
    ] {
        let Some(path) = sample(folder, name) else { continue };
        let Err(error) = ForcingFile::open(&path) else {
            panic!("{name}")
        };
        assert!(matches!(error, Error::NoForcing { .. }), "{name}: {error}");
        if name.starts_with("gfs") || name.starts_with("CMC") {
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
    }
}

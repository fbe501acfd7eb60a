//! Real feed samples that may not be bundled. They are read where a shared folder lies beside the project, and
//! otherwise a line says what was not covered.

use std::path::PathBuf;

use driftline_decode::ForcingFile;
use driftline_domain::{ForcingKind, GridSpec, RegularGrid};

use crate::times;

pub(crate) fn sample(folder: &str, name: &str) -> Option<PathBuf> {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder)
        .join(name);
    if shared.exists() {
        return Some(shared);
    }
    println!("not covered: {name} is not beside this checkout");
    None
}

fn regular(file: &ForcingFile) -> RegularGrid {
    let GridSpec::Regular(grid) = file.series()[0].grid.clone() else {
        panic!("{:?}", file.series()[0].grid)
    };
    grid
}

#[test]
fn cmems_daily_means() {
    let name = "cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m_2024-01_100W-020E_10N-65N.nc";
    let Some(path) = sample("feeds", name) else { return };
    let file = ForcingFile::open(&path).unwrap();
    let grid = regular(&file);
    assert_eq!(
        (grid.nx, grid.ny, grid.lon0_deg, grid.lat0_deg),
        (1441, 661, -100.0, 10.0)
    );
    assert_eq!(
        (grid.dlon_deg, grid.dlat_deg),
        (1.0 / 12.0, 1.0 / 12.0),
        "single-precision noise removed"
    );
    assert_eq!(
        times(&file, 0),
        ["2024-01-01T00:00:00Z"],
        "units say days, unit_long says hours"
    );
    assert_eq!(file.series()[0].level, "0.494025 m depth");
    assert!(
        file.series()[0]
            .attribution
            .as_deref()
            .is_some_and(|text| text.contains("Copernicus Marine"))
    );
    let field = file.read(0, 0).unwrap();
    assert_eq!(
        field.east.iter().filter(|value| value.is_nan()).count(),
        350_568,
        "as counted by ncdump"
    );
}

#[test]
fn hycom_region_in_classic_format() {
    let Some(path) = sample("feeds", "pygnome_navo_hycom_gridded_current.nc") else {
        return;
    };
    let file = ForcingFile::open(&path).unwrap();
    let grid = regular(&file);
    assert_eq!(
        (grid.nx, grid.ny, grid.lat0_deg, grid.dlon_deg, grid.dlat_deg),
        (26, 52, 47.0, 0.08, 0.04)
    );
    assert!((grid.lon0_deg + 125.92).abs() < 1e-9, "{}", grid.lon0_deg);
    let times = times(&file, 0);
    assert_eq!(
        (times.len(), times[0].as_str()),
        (17, "2023-03-02T12:00:00Z"),
        "the series starts at 120 hours"
    );
    let missing: usize = (0..17)
        .map(|step| file.read(0, step).unwrap().east.iter().filter(|v| v.is_nan()).count())
        .sum();
    assert_eq!(missing, 7888, "as counted by ncdump");
}

#[test]
fn gfs_wind_from_a_thredds_server() {
    let Some(path) = sample("feeds", "pygnome_GFS_Global_0p25deg.nc") else {
        return;
    };
    let file = ForcingFile::open(&path).unwrap();
    assert_eq!(file.series()[0].kind, ForcingKind::Wind);
    assert_eq!(file.series()[0].level, "height not stated, taken as 10 m above ground");
    let grid = regular(&file);
    assert_eq!(
        (grid.nx, grid.ny, grid.lon0_deg, grid.lat0_deg, grid.dlon_deg),
        (7, 7, -125.5, 47.25, 0.25)
    );
    assert_eq!(
        times(&file, 0)[0],
        "2023-03-02T00:00:00Z",
        "'Hour since', starting at 48"
    );
    assert!(file.read(0, 16).unwrap().east.iter().all(|value| value.is_finite()));
}

#[test]
fn norkyst_at_12_depths_and_arome_with_negative_scale() {
    if let Some(path) = sample("real", "NorKyst-800m_ZDEPTHS_his_00_3Dsubset.nc") {
        let file = ForcingFile::open(&path).unwrap();
        assert_eq!(
            (file.series()[0].level.as_str(), file.series()[0].grid.nx()),
            ("0 m depth", 401)
        );
        assert!(file.caveats().is_empty(), "{:?}", file.caveats());
        assert!(file.read(0, 2).unwrap().east.iter().any(|value| value.is_finite()));
    }
    if let Some(path) = sample("real", "AROME_MetCoOp_00_DEF_20160202_subset.nc") {
        let file = ForcingFile::open(&path).unwrap();
        let field = file.read(0, 0).unwrap();
        let speeds = field
            .east
            .iter()
            .zip(&field.north)
            .map(|(east, north)| f64::from(east.hypot(*north)));
        let mean = speeds.sum::<f64>() / field.east.len() as f64;
        assert!((2.0..15.0).contains(&mean), "a plausible day off Norway: {mean}");
    }
}

#[test]
fn a_whole_roms_file_gives_what_its_surface_does() {
    let Some(path) = sample("real", "Nordic-4km_SLEVELS_avg_00_subset2Feb2016.nc") else {
        return;
    };
    let (whole, cut) = (
        ForcingFile::open(&path).unwrap(),
        crate::open("nordic4km_surface_02Feb2016.nc"),
    );
    assert_eq!(whole.series().len(), 1, "u and v, and neither ice nor depth means");
    assert_eq!(whole.series()[0].grid, cut.series()[0].grid);
    assert!(whole.series()[0].level.contains("of 35 terrain-following levels"));
    for step in 0..3 {
        let (ours, theirs) = (whole.read(0, step).unwrap(), cut.read(0, step).unwrap());
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
        assert_eq!(
            (bits(&ours.east), bits(&ours.north)),
            (bits(&theirs.east), bits(&theirs.north))
        );
    }
}

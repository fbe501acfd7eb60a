//! Agreement with roaring-landmask 0.11.0 (GSHHG full resolution): `landmask_20000.csv`, of which every tenth point is
//! in the repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use driftline_coast::Coast;

const SAMPLE: &str = include_str!("../../../../tests/data/golden/landmask_sample.csv");

/// Points of a reference table that we answer otherwise, and the number of points.
fn disagreements(coast: &Coast, table: &str) -> anyhow::Result<(Vec<(f64, f64)>, usize)> {
    let mut different = Vec::new();
    let mut count = 0;
    for line in table.lines().skip(1) {
        let mut fields = line.split(',');
        let mut field = || fields.next().with_context(|| format!("short line {line}"));
        let (lon, lat, on_land): (f64, f64, bool) = (field()?.parse()?, field()?.parse()?, field()?.trim() == "1");
        count += 1;
        if coast.on_land(lon, lat) != on_land {
            different.push((lon, lat));
        }
    }
    Ok((different, count))
}

#[test]
fn agrees_with_the_reference_on_the_sample() -> anyhow::Result<()> {
    let (different, count) = disagreements(&Coast::embedded()?, SAMPLE)?;
    assert_eq!(count, 2000);
    assert!(different.len() <= 2, "{different:?}");
    Ok(())
}

#[test]
fn agrees_with_the_reference_on_all_points() -> anyhow::Result<()> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    let folder = std::env::var_os("DRIFTLINE_GOLDEN").map_or(beside, PathBuf::from);
    let path = folder.join("leeway/landmask_20000.csv");
    let Ok(table) = std::fs::read_to_string(&path) else {
        // Straight to standard error: the output of a test that passes is not shown otherwise.
        writeln!(
            std::io::stderr(),
            "not covered: the 20,000 land mask points; {} is not there (DRIFTLINE_GOLDEN may name its folder)",
            path.display()
        )?;
        return Ok(());
    };
    let (different, count) = disagreements(&Coast::embedded()?, &table)?;
    assert!(
        different.len() * 1000 <= count,
        "{} of {count} differ: {different:?}",
        different.len()
    );
    Ok(())
}

#[test]
fn well_known_places_are_where_they_are() -> anyhow::Result<()> {
    let coast = Coast::embedded()?;
    for (lon, lat, on_land) in [
        (10.75, 59.95, true),  // Oslo
        (4.5, 60.4, false),    // off Bergen
        (28.0, 65.0, true),    // Finland
        (32.0, 61.0, true),    // Lake Ladoga is land here
        (51.0, 42.0, true),    // the Caspian is a lake of GSHHG
        (0.0, -90.0, true),    // the south pole
        (0.0, 90.0, false),    // the north pole
        (-30.0, 40.0, false),  // Atlantic
        (179.99, 70.0, false), // north of Chukotka, short of the antimeridian
        (180.0, 67.5, true),   // Chukotka on the antimeridian
        (-180.0, 67.5, true),
        (540.0, 67.5, true),
        (12.5, 41.9, true), // Rome
        (0.0, 0.0, false),
    ] {
        assert_eq!(coast.on_land(lon, lat), on_land, "{lon} {lat}");
    }
    assert_eq!(coast.source(), "GSHHG 2.3.7 full, LGPL-3.0-or-later");
    Ok(())
}

//! The embedded file is what the build makes of its source. Needs `--features build`.

use std::io::Write as _;
use std::path::Path;

use driftline_coast::{Error, build};

#[test]
fn the_source_gives_the_bytes_in_the_repository() -> anyhow::Result<()> {
    let Some(source) = std::env::var_os("DRIFTLINE_GSHHG") else {
        writeln!(
            std::io::stderr(),
            "not covered: building the coast file; DRIFTLINE_GSHHG names no binned_GSHHS_f.nc"
        )?;
        return Ok(());
    };
    let mut bytes = Vec::new();
    let report = build::from_gshhg(Path::new(&source), &mut bytes)?;
    assert_eq!((report.islands_lost, report.odd_corners), (0, 0));
    assert!(bytes == include_bytes!("../../data/gshhg-coast.bin"), "{report:#?}");
    Ok(())
}

#[test]
fn a_source_that_is_no_gshhg_is_refused() {
    let mut bytes = Vec::new();
    let missing = build::from_gshhg(Path::new("no/such/file"), &mut bytes);
    assert!(matches!(missing, Err(Error::Source { .. })));
    let text = build::from_gshhg(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        &mut bytes,
    );
    assert!(matches!(text, Err(Error::Source { .. })));
    assert!(bytes.is_empty());
}

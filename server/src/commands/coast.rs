//! `driftline coast`: the coastline file.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use crate::output;

/// Work on the coastline.
#[derive(Subcommand)]
pub(crate) enum Coast {
    /// Build the compact coast file from GSHHG's binned NetCDF.
    Build {
        /// `binned_GSHHS_f.nc` of GSHHG.
        source: PathBuf,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Builds it beside its destination and puts it there whole.
pub(crate) fn run(Coast::Build { source, out }: Coast) -> anyhow::Result<()> {
    let partial = out.with_extension("partial");
    let mut file = std::fs::File::create(&partial).with_context(|| format!("cannot write {}", partial.display()))?;
    let report = driftline_coast::build::from_gshhg(&source, &mut file)?;
    file.flush()?;
    file.sync_all()?;
    std::fs::rename(&partial, &out).with_context(|| format!("cannot write {}", out.display()))?;
    output::line(&format!("wrote {}: {report:?}", out.display()))
}

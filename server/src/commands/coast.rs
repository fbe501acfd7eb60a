//! `driftline coast`: the coastline file, and what is made of it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

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
    /// Build the basemap's tiles of low zooms from the coast of this program.
    Basemap {
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Builds it beside its destination and puts it there whole.
pub(crate) fn run(coast: Coast) -> anyhow::Result<()> {
    match coast {
        Coast::Build { source, out } => {
            let report = write_whole(&out, |file| Ok(driftline_coast::build::from_gshhg(&source, file)?))?;
            output::line(&format!("wrote {}: {report:?}", out.display()))
        }
        Coast::Basemap { out } => {
            let tiles = driftline_tiles::build_low_tiles(&driftline_coast::Coast::embedded()?)?;
            write_whole(&out, |file| Ok(file.write_all(&tiles)?))?;
            output::line(&format!("wrote {}: {} bytes", out.display(), tiles.len()))
        }
    }
}

/// Writes a file beside its destination, syncs it and moves it there.
fn write_whole<T>(out: &Path, write: impl FnOnce(&mut File) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let partial = out.with_extension("partial");
    let mut file = File::create(&partial).with_context(|| format!("cannot write {}", partial.display()))?;
    let told = write(&mut file)?;
    file.flush()?;
    file.sync_all()?;
    std::fs::rename(&partial, out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(told)
}

//! `driftline coast`: the coastline file, and what is made of it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;

use crate::output;

/// Work on the coastline.
#[derive(Subcommand)]
pub(crate) enum Coast {
    /// Build the compact coast file from GSHHG's binned NetCDF, or from land polygons in GeoJSON.
    Build {
        /// `binned_GSHHS_f.nc` of GSHHG, or land polygons in WGS84 as a file .geojson or .json.
        source: PathBuf,
        /// Of polygons: whom to name for them in every result and on every map, for example "Kartverket, CC BY 4.0".
        #[arg(long, value_name = "TEXT")]
        credit: Option<String>,
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
        Coast::Build { source, credit, out } => {
            let report = build(&source, credit.as_deref(), &out)?;
            output::line(&format!("wrote {}: {report}", out.display()))
        }
        Coast::Basemap { out } => {
            let tiles = driftline_tiles::build_low_tiles(&driftline_coast::Coast::embedded()?)?;
            write_whole(&out, |file| Ok(file.write_all(&tiles)?))?;
            output::line(&format!("wrote {}: {} bytes", out.display(), tiles.len()))
        }
    }
}

/// What a coast file keeps of the name of its source, characters.
const CREDIT_CHARS: usize = 200;

/// Builds the file from either kind of source, and tells what was done.
fn build(source: &Path, credit: Option<&str>, out: &Path) -> anyhow::Result<String> {
    let extension = source.extension().and_then(|extension| extension.to_str());
    let is_geojson = extension.is_some_and(|one| ["geojson", "json"].contains(&one.to_ascii_lowercase().as_str()));
    let credit = credit.map(str::trim).filter(|credit| !credit.is_empty());
    match (is_geojson, credit) {
        (true, Some(credit)) if credit.chars().count() > CREDIT_CHARS => {
            bail!("--credit is longer than {CREDIT_CHARS} characters")
        }
        (true, Some(credit)) => {
            let text = std::fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
            let report = write_whole(out, |file| Ok(driftline_coast::from_geojson(&text, credit, file)?))?;
            Ok(format!("{report:?}"))
        }
        (true, None) => bail!("--credit says whom results and maps are to name for these polygons"),
        (false, Some(_)) => bail!("--credit goes with polygons (.geojson, .json); GSHHG names itself"),
        (false, None) => {
            let report = write_whole(out, |file| Ok(driftline_coast::build::from_gshhg(source, file)?))?;
            Ok(format!("{report:?}"))
        }
    }
}

/// Writes a file beside its destination, syncs it and moves it there.
fn write_whole<T>(out: &Path, write: impl FnOnce(&mut File) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let partial = out.with_extension("partial");
    let mut file = File::create(&partial).with_context(|| format!("cannot write {}", partial.display()))?;
    let written = write(&mut file).and_then(|told| {
        file.sync_all()?;
        Ok(told)
    });
    let told = written.inspect_err(|_cause| {
        // What is told is why it could not be written, whether or not its beginning can be removed.
        let _ = std::fs::remove_file(&partial);
    })?;
    std::fs::rename(&partial, out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(told)
}

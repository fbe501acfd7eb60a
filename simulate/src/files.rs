//! The files of a run, `processed/<name>` in the object store and `<name>` for those who download them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_database::NewRun;
use driftline_store::ResultFile;
use driftline_tiles::cog;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::Error;
use crate::documents::{self, DOCUMENTS, Document, RunView};
use crate::forecast::Engine;
use crate::products::{self, AreaSet, Cloud, MAX_TRACKS, ParticlesWriter, RunLabel, Track};
use crate::results::{RunContext, RunProducts};

/// Where a file of this name lies below its run.
pub fn file_path(name: &str) -> String {
    documents::document(name).map_or_else(|| format!("processed/{name}"), Document::path)
}

impl Engine {
    /// Writes the files in memory and the row that names them.
    pub(crate) async fn files_and_row(
        &self,
        products: RunProducts,
        context: RunContext,
    ) -> Result<(Vec<ResultFile>, NewRun), Error> {
        let work = move || -> Result<(Vec<ResultFile>, NewRun), Error> {
            let files = products.files(&context)?;
            let about: Vec<Value> = files
                .iter()
                .map(|(name, bytes)| json!({"name": name, "bytes": bytes.len(), "media_type": media_type(name)}))
                .collect();
            let row = products.run_row(&context, about)?;
            let stored = files.into_iter().map(|(name, bytes)| ResultFile {
                path: file_path(&name),
                bytes: bytes.into(),
            });
            Ok((stored.collect(), row))
        };
        self.compute.run(work).await?
    }

    /// Writes the files of a forecast that belongs to no stored mission, documents among them, into a folder; those of
    /// `wanted` only, where it names any. Each is written as soon as it is made, so that few are in memory at once.
    pub async fn write_files(
        &self,
        products: Arc<RunProducts>,
        folder: PathBuf,
        wanted: Vec<String>,
    ) -> Result<(), Error> {
        let coast = Arc::clone(&self.coast);
        let work = move || -> Result<(), Error> {
            let known = file_names();
            if let Some(name) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(Error::UnknownFile {
                    name: name.clone(),
                    known: known.join(", "),
                });
            }
            let at = |path: &Path| {
                let path = path.to_owned();
                |source| Error::Write { path, source }
            };
            std::fs::create_dir_all(&folder).map_err(at(&folder))?;
            let context = RunContext::loose();
            let label = products.label(&context);
            let clouds = products.clouds()?;
            let view = RunView::of_products(&products, &context, coast)?;
            let maker = FileMaker::of(&products, &clouds, &label)?;
            let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
            known
                .into_par_iter()
                .filter(|name| is_wanted(name))
                .try_for_each(|name| {
                    let path = folder.join(name);
                    if name == PARTICLES {
                        return maker.write_particles(&path);
                    }
                    let bytes = match documents::document(name) {
                        Some(document) => (document.make)(&view)?,
                        None => maker.make(name)?,
                    };
                    std::fs::write(&path, bytes).map_err(at(&path))
                })
        };
        self.compute.run(work).await?
    }
}

/// The largest of the files: it is written without being held in memory.
const PARTICLES: &str = "particles.parquet";

/// Files that a run is published with.
const FILES: [&str; 12] = [
    "areas.parquet",
    "centroid.geojson",
    PARTICLES,
    "probability.tif",
    "search_area_50.geojson",
    "search_area_90.geojson",
    "search_area_95.geojson",
    "stranded.geojson",
    "stranding.csv",
    "stranding.geojson",
    "trajectories.geojson",
    "trajectories.parquet",
];

/// Names of all files of a run.
fn file_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = FILES
        .into_iter()
        .chain(DOCUMENTS.iter().map(|document| document.name))
        .collect();
    names.sort_unstable();
    names
}

impl RunProducts {
    /// Every file that the run is published with: name and content.
    pub(crate) fn files(&self, context: &RunContext) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let label = self.label(context);
        let clouds = self.clouds()?;
        let maker = FileMaker::of(self, &clouds, &label)?;
        FILES
            .into_par_iter()
            .map(|name| Ok((name.to_owned(), maker.make(name)?)))
            .collect()
    }
}

/// Makes the files of a run one by one.
struct FileMaker<'a> {
    products: &'a RunProducts,
    clouds: &'a [Cloud<'a>],
    label: &'a RunLabel,
    sets: Vec<AreaSet>,
    tracks: Vec<Track>,
}

impl<'a> FileMaker<'a> {
    fn of(products: &'a RunProducts, clouds: &'a [Cloud<'a>], label: &'a RunLabel) -> Result<Self, Error> {
        Ok(Self {
            products,
            clouds,
            label,
            sets: products.areas.iter().flatten().cloned().collect(),
            tracks: products::tracks(clouds, MAX_TRACKS)?,
        })
    }

    /// The content of one of [`FILES`].
    fn make(&self, name: &str) -> Result<Vec<u8>, Error> {
        let (label, sets, stranding) = (self.label, &self.sets[..], &self.products.stranding);
        Ok(match name {
            "areas.parquet" => products::areas_parquet(sets, label)?,
            "centroid.geojson" => products::centroid_geojson(sets, label)?,
            PARTICLES => products::particles_parquet(self.clouds, label)?,
            "probability.tif" => self.raster()?,
            "search_area_50.geojson" => products::search_area_geojson(sets, 0.5, label)?,
            "search_area_90.geojson" => products::search_area_geojson(sets, 0.9, label)?,
            "search_area_95.geojson" => products::search_area_geojson(sets, 0.95, label)?,
            "stranded.geojson" => products::stranded_geojson(stranding, label)?,
            "stranding.csv" => products::stranding_csv(stranding).into_bytes(),
            "stranding.geojson" => products::stranding_geojson(stranding, label)?,
            "trajectories.geojson" => products::trajectories_geojson(&self.tracks, label)?,
            "trajectories.parquet" => products::trajectories_parquet(&self.tracks, label)?,
            unknown => {
                return Err(Error::UnknownFile {
                    name: unknown.to_owned(),
                    known: FILES.join(", "),
                });
            }
        })
    }

    fn write_particles(&self, path: &Path) -> Result<(), Error> {
        let at = |source| Error::Write {
            path: path.to_owned(),
            source,
        };
        let file = BufWriter::new(File::create(path).map_err(at)?);
        let mut writer = ParticlesWriter::new(file, self.label)?;
        for cloud in self.clouds {
            writer.append(cloud)?;
        }
        writer.finish()?.flush().map_err(at)
    }

    fn raster(&self) -> Result<Vec<u8>, Error> {
        let (grid, bands) = self.products.raster()?;
        let times = self.clouds.iter().map(|cloud| cloud.time);
        Ok(products::probability_tif(
            grid,
            times.zip(bands.iter().cloned()),
            self.label,
        )?)
    }
}

/// The media type of a file of this name.
pub fn media_type(name: &str) -> &'static str {
    if let Some(document) = documents::document(name) {
        return document.media_type;
    }
    match name.rsplit_once('.') {
        Some((_, "parquet")) => "application/vnd.apache.parquet",
        Some((_, "geojson")) => "application/geo+json",
        Some((_, "csv")) => "text/csv; charset=utf-8",
        Some((_, "tif")) => cog::MEDIA_TYPE,
        _ => "application/octet-stream",
    }
}

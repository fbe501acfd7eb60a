//! The files of a run, `processed/<name>` in the object store and `<name>` for those who download them.

use std::sync::Arc;

use driftline_database::NewRun;
use driftline_store::ResultFile;
use driftline_tiles::cog;
use serde_json::{Value, json};

use crate::Error;
use crate::documents::{self, DOCUMENTS, Document, RunView};
use crate::forecast::Engine;
use crate::products::{self, AreaSet, Cloud, LEVELS, MAX_TRACKS, RunLabel};
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

    /// The files of a forecast that belongs to no stored mission, documents among them, by name.
    pub async fn loose_files(&self, products: Arc<RunProducts>) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let coast = Arc::clone(&self.coast);
        let work = move || {
            let context = RunContext::loose();
            let mut files = products.files(&context)?;
            let view = RunView::of_products(&products, &context, coast)?;
            for document in DOCUMENTS {
                files.push((document.name.to_owned(), (document.make)(&view)?));
            }
            files.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(files)
        };
        self.compute.run(work).await?
    }
}

impl RunProducts {
    /// Every file: name and content.
    pub(crate) fn files(&self, context: &RunContext) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let label = self.label(context);
        let clouds = self.clouds()?;
        // The raster takes about as long as all others together.
        let (raster, tables) = rayon::join(|| self.raster_file(&clouds, &label), || self.tables(&clouds, &label));
        let mut files = tables?;
        files.push(("probability.tif".to_owned(), raster?));
        files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(files)
    }

    fn raster_file(&self, clouds: &[Cloud<'_>], label: &RunLabel) -> Result<Vec<u8>, Error> {
        let (grid, bands) = &self.raster;
        let bands = clouds.iter().map(|cloud| cloud.time).zip(bands.iter().cloned());
        Ok(products::probability_tif(grid, bands, label)?)
    }

    fn tables(&self, clouds: &[Cloud<'_>], label: &RunLabel) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let sets: Vec<AreaSet> = self.areas.iter().flatten().cloned().collect();
        let tracks = products::tracks(clouds, MAX_TRACKS)?;
        let mut files = vec![
            (
                "particles.parquet".to_owned(),
                products::particles_parquet(clouds, label)?,
            ),
            (
                "trajectories.parquet".to_owned(),
                products::trajectories_parquet(&tracks, label)?,
            ),
            ("areas.parquet".to_owned(), products::areas_parquet(&sets, label)?),
            (
                "trajectories.geojson".to_owned(),
                products::trajectories_geojson(&tracks, label)?,
            ),
            ("centroid.geojson".to_owned(), products::centroid_geojson(&sets, label)?),
            (
                "stranded.geojson".to_owned(),
                products::stranded_geojson(&self.stranding, label)?,
            ),
            (
                "stranding.geojson".to_owned(),
                products::stranding_geojson(&self.stranding, label)?,
            ),
            (
                "stranding.csv".to_owned(),
                products::stranding_csv(&self.stranding).into_bytes(),
            ),
        ];
        for level in LEVELS {
            let name = format!("search_area_{}.geojson", (level * 100.0).round());
            files.push((name, products::search_area_geojson(&sets, level, label)?));
        }
        Ok(files)
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

//! Documents of a run: the forms in which others take its results (charts, plotters, spreadsheets, scientific readers).
//!
//! They are made from what is stored of a published run, when somebody first asks for one, and kept: a coordinator waits
//! for areas and not for a format that nobody may ever fetch. `driftline simulate --out` writes all of them. Every document
//! carries mission, run, mode, seed, version of the program, forcing and the credit lines that the forcing asks for.
//!
//! A further document is a row of [`DOCUMENTS`]: a name, a media type and a function of [`RunView`].

mod briefing;
mod briefing_facts;
mod csv;
mod error;
mod geopackage;
mod geopackage_schema;
mod gpx;
mod kml;
mod marine;
mod mbtiles;
mod netcdf;
mod outline;
mod pictures;
mod pmtiles;
mod provenance;
mod scene;
mod starts;
mod stored;
mod text;
mod tile_archive;
mod view;

pub use error::Error;
pub use marine::{latitude_dm, longitude_dm};
pub(crate) use outline::{TEXT_DECIMALS, rings, rounded};
pub use stored::{AREA_FILES, CENTROID_FILE, PARTICLES_FILE, PROBABILITY_FILE, STRANDING_FILE, StoredRun};
pub use view::RunView;

/// A document that can be made of any run.
#[derive(Debug)]
pub struct Document {
    /// Its name, unique among all files of a run.
    pub name: &'static str,
    /// The folder below the run, with its slash; empty for the run's own.
    pub folder: &'static str,
    /// Media type.
    pub media_type: &'static str,
    /// Whether it reads the positions of particles: only then are they loaded.
    pub reads_particles: bool,
    /// Further files of the run that it reads.
    pub reads_besides: &'static [&'static str],
    /// Makes the content: pure, the same bytes of the same run.
    pub make: fn(&RunView) -> Result<Vec<u8>, Error>,
}

/// Every document, in the order in which they are listed.
pub const DOCUMENTS: &[Document] = &[
    Document {
        name: "particles.nc",
        folder: "raw/",
        media_type: "application/x-netcdf",
        reads_particles: true,
        reads_besides: &[],
        make: netcdf::particles,
    },
    Document {
        name: "areas.kml",
        folder: "processed/",
        media_type: "application/vnd.google-earth.kml+xml",
        reads_particles: false,
        reads_besides: &[],
        make: kml::kml,
    },
    Document {
        name: "areas.kmz",
        folder: "processed/",
        media_type: "application/vnd.google-earth.kmz",
        reads_particles: false,
        reads_besides: &[],
        make: kml::kmz,
    },
    Document {
        name: "areas.gpx",
        folder: "processed/",
        media_type: "application/gpx+xml",
        reads_particles: false,
        reads_besides: &[],
        make: gpx::gpx,
    },
    Document {
        name: "run.gpkg",
        folder: "processed/",
        media_type: "application/geopackage+sqlite3",
        reads_particles: true,
        reads_besides: &[],
        make: geopackage::geopackage,
    },
    Document {
        name: "tiles.pmtiles",
        folder: "processed/",
        media_type: "application/vnd.pmtiles",
        reads_particles: true,
        reads_besides: &[],
        make: pmtiles::archive,
    },
    Document {
        name: "tiles.mbtiles",
        folder: "processed/",
        media_type: "application/vnd.mbtiles",
        reads_particles: true,
        reads_besides: &[],
        make: mbtiles::database,
    },
    Document {
        name: "cot.zip",
        folder: "processed/",
        media_type: "application/zip",
        reads_particles: false,
        reads_besides: &[],
        make: crate::cot::package,
    },
    Document {
        name: "datums.csv",
        folder: "processed/",
        media_type: CSV,
        reads_particles: false,
        reads_besides: &[],
        make: csv::datums,
    },
    Document {
        name: "areas.csv",
        folder: "processed/",
        media_type: CSV,
        reads_particles: false,
        reads_besides: &[],
        make: csv::areas,
    },
    Document {
        name: "stranded.csv",
        folder: "processed/",
        media_type: CSV,
        reads_particles: true,
        reads_besides: &[],
        make: csv::stranded,
    },
    Document {
        name: "summary.txt",
        folder: "processed/",
        media_type: "text/plain; charset=utf-8",
        reads_particles: false,
        reads_besides: &[],
        make: text::summary,
    },
    Document {
        name: "heatmap.png",
        folder: PICTURES,
        media_type: "image/png",
        reads_particles: true,
        reads_besides: &[PROBABILITY_FILE],
        make: pictures::heatmap,
    },
    Document {
        name: "trajectories.png",
        folder: PICTURES,
        media_type: "image/png",
        reads_particles: true,
        reads_besides: &[],
        make: pictures::trajectories,
    },
    Document {
        name: "animation.gif",
        folder: PICTURES,
        media_type: "image/gif",
        reads_particles: true,
        reads_besides: &[],
        make: pictures::animation,
    },
    Document {
        name: "report.pdf",
        folder: "",
        media_type: "application/pdf",
        reads_particles: true,
        reads_besides: &[STRANDING_FILE],
        make: briefing::briefing,
    },
];

const PICTURES: &str = "visualizations/";

const CSV: &str = "text/csv; charset=utf-8";

/// The document of this name.
pub fn document(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.name == name)
}

impl Document {
    /// Where it lies below its run.
    pub fn path(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }
}

#[cfg(test)]
mod tests;

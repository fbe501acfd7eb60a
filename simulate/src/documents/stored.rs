//! A run read back from its files: GeoJSON of areas and datums, the Parquet file of particles, the published summary.

use std::sync::Arc;

use bytes::Bytes;
use driftline_coast::Coast;
use driftline_domain::{MissionId, MissionSpec, Mode, ObjectClass, RunId, ValidTime};
use geo::MultiPolygon;
use geojson::{Feature, FeatureCollection, JsonObject};
use serde_json::Value;

use super::Error;
use super::view::{Particles, RunView};
use crate::products::Error as ProductError;
use crate::products::{Area, AreaSet, Datum, Lobe, RunLabel, read_snapshots};

/// Files that areas are read from, one for each level.
pub const AREA_FILES: [&str; 3] = [
    "search_area_50.geojson",
    "search_area_90.geojson",
    "search_area_95.geojson",
];
/// File that datums are read from.
pub const CENTROID_FILE: &str = "centroid.geojson";
/// File that positions are read from.
pub const PARTICLES_FILE: &str = "particles.parquet";

/// File that the probability at each output time is read from.
pub const PROBABILITY_FILE: &str = "probability.tif";
/// File that stretches of shoreline are read from.
pub const STRANDING_FILE: &str = "stranding.geojson";

/// What is stored of a run, as bytes.
pub struct StoredRun {
    /// The mission.
    pub mission: MissionId,
    /// The run.
    pub run: RunId,
    /// The question.
    pub spec: MissionSpec,
    /// The published summary.
    pub summary: Value,
    /// Contents of [`AREA_FILES`], in their order.
    pub areas: Vec<Bytes>,
    /// Content of [`CENTROID_FILE`].
    pub centroid: Bytes,
    /// Content of [`PARTICLES_FILE`], for documents that read positions.
    pub particles: Option<Bytes>,
    /// Names and contents of the further files that the document reads.
    pub besides: Vec<(&'static str, Bytes)>,
}

impl StoredRun {
    /// Reads everything back; the coast is that of the engine which computed the run.
    pub fn open(self, coast: Arc<Coast>) -> Result<RunView, Error> {
        let label = self.label()?;
        let n_all = self.summary["particles"]
            .as_u64()
            .ok_or(Error::Lacking("number of particles"))?;
        let mut areas = datums(&self.centroid, n_all as usize)?;
        for file in &self.areas {
            add_level(&mut areas, file)?;
        }
        let particles = match self.particles {
            Some(bytes) => Particles::Read(read_snapshots(bytes)?),
            None => Particles::NotLoaded,
        };
        Ok(RunView {
            label,
            spec: self.spec,
            summary: self.summary,
            areas,
            particles,
            besides: self.besides,
            coast,
        })
    }

    fn label(&self) -> Result<RunLabel, Error> {
        let summary = &self.summary;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let object = summary["object"]["key"].as_str().and_then(ObjectClass::find);
        let lines = summary["attribution"].as_array().ok_or(Error::Lacking("attribution"))?;
        Ok(RunLabel {
            mission_id: self.mission,
            run_id: self.run,
            issued: ValidTime(serde_json::from_value(summary["issued"].clone())?),
            object: object.ok_or(Error::Lacking("object class"))?,
            mode: serde_json::from_value::<Mode>(summary["mode"].clone())?,
            seed: summary["seed"].as_u64().ok_or(Error::Lacking("seed"))?,
            engine_version: text(&summary["engine_version"]).ok_or(Error::Lacking("engine version"))?,
            attribution: lines.iter().filter_map(text).collect(),
            more: JsonObject::new(),
        })
    }
}

/// The set of every output time, without areas yet.
fn datums(centroid: &[u8], n_all: usize) -> Result<Vec<AreaSet>, Error> {
    let mut sets: Vec<AreaSet> = Vec::new();
    for feature in features(centroid)? {
        let row = Row(feature.properties.as_ref());
        let (time, place) = (row.time()?, (row.number("lon")?, row.number("lat")?));
        match row.text("datum_kind")? {
            "mean" => sets.push(AreaSet {
                time,
                levels: Vec::new(),
                datum: Datum {
                    mean: place,
                    mode: place,
                    covariance_m2: [
                        row.number("covariance_east_m2")?,
                        row.number("covariance_east_north_m2")?,
                        row.number("covariance_north_m2")?,
                    ],
                },
                lobes: Vec::new(),
                bandwidth_m: row.number("bandwidth_m")?,
                kernel: kernel(row.text("kernel")?)?,
                n_particles: row.number("n_particles")? as usize,
                n_all,
                n_effective: row.number("n_effective")?,
                stranded_fraction: row.number("stranded_fraction")?,
                land_fraction: row.number("land_fraction")?,
            }),
            "mode" => at(&mut sets, time)?.datum.mode = place,
            "lobe" => at(&mut sets, time)?.lobes.push(lobe(&row, place)?),
            // Later versions may add kinds; these stay.
            _ => {}
        }
    }
    Ok(sets)
}

fn lobe(row: &Row<'_>, datum: (f64, f64)) -> Result<Lobe, Error> {
    Ok(Lobe {
        datum,
        is_mean: row.text("datum_place")? == "mean",
        mode: (row.number("mode_lon")?, row.number("mode_lat")?),
        share: row.number("share")?,
        level: row.number("level")?,
        area_km2: row.number("area_km2")?,
    })
}

fn add_level(sets: &mut [AreaSet], file: &[u8]) -> Result<(), Error> {
    for feature in features(file)? {
        let row = Row(feature.properties.as_ref());
        let geometry = feature
            .geometry
            .as_ref()
            .ok_or_else(|| foreign("an area has no geometry"))?;
        let polygons = match geo::Geometry::try_from(geometry) {
            Ok(geo::Geometry::MultiPolygon(polygons)) => polygons,
            Ok(geo::Geometry::Polygon(polygon)) => MultiPolygon(vec![polygon]),
            _ => return Err(foreign("an area is no polygon")),
        };
        let area = Area {
            level: row.number("level")?,
            polygons,
            area_km2: row.number("area_km2")?,
            threshold_per_km2: row.number("density_threshold_per_km2")?,
        };
        at(sets, row.time()?)?.levels.push(area);
    }
    Ok(())
}

fn at(sets: &mut [AreaSet], time: ValidTime) -> Result<&mut AreaSet, Error> {
    let index = sets.binary_search_by_key(&time, |set| set.time);
    let index = index.map_err(|_absent| foreign(&format!("there is no mean position at {time}")))?;
    Ok(&mut sets[index])
}

fn features(file: &[u8]) -> Result<Vec<Feature>, Error> {
    let collection: FeatureCollection = serde_json::from_slice(file)?;
    Ok(collection.features)
}

/// The names that this version and those before it write.
fn kernel(name: &str) -> Result<&'static str, Error> {
    ["half_scott", "half_scott_adaptive"]
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| foreign(&format!("kernel '{name}' is unknown")))
}

/// Properties of a feature.
struct Row<'a>(Option<&'a JsonObject>);

impl Row<'_> {
    fn value(&self, name: &str) -> Result<&Value, Error> {
        let found = self.0.and_then(|properties| properties.get(name));
        found.ok_or_else(|| foreign(&format!("property '{name}' is missing")))
    }

    fn number(&self, name: &str) -> Result<f64, Error> {
        let number = self.value(name)?.as_f64();
        number.ok_or_else(|| foreign(&format!("property '{name}' is no number")))
    }

    fn text(&self, name: &str) -> Result<&str, Error> {
        let text = self.value(name)?.as_str();
        text.ok_or_else(|| foreign(&format!("property '{name}' is no text")))
    }

    fn time(&self) -> Result<ValidTime, Error> {
        let text = self.text("valid_time")?;
        text.parse().map_err(|_wrong| foreign(&format!("'{text}' is no time")))
    }
}

fn foreign(problem: &str) -> Error {
    Error::Products(ProductError::Foreign {
        kind: "features",
        problem: problem.to_owned(),
    })
}

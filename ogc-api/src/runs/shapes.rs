//! What a run drew: search areas and datums, which are rows of the database, and the sample of tracks, which is a file.
//! Degrees.

use driftline_database::{Cursor, Feature, FeatureFilter, FeatureKind, Run};
use driftline_domain::ValidTime;
use driftline_simulate::products::{Track, Vertex, read_trajectories};
use driftline_tiles::AreaShape;
use geo::{CoordsIter, MultiPolygon};
use serde_json::{Map, Value};

use super::broken;
use crate::features::parsed_geometry;
use crate::{AppState, Error};

/// Rows read at once.
const ROWS_AT_ONCE: u32 = 500;
const TRACKS: &str = "trajectories.parquet";

/// A search area.
#[derive(Debug)]
pub(crate) struct Area {
    /// Stable identifier.
    pub(crate) id: String,
    /// When it holds.
    pub(crate) time: ValidTime,
    /// Level and polygons.
    pub(crate) shape: AreaShape,
    /// What else is said of it.
    pub(crate) properties: Map<String, Value>,
}

/// Areas in order of time, at each time the largest level first, so that smaller ones are drawn on top.
#[derive(Debug)]
pub(crate) struct RunAreas(pub(crate) Vec<Area>);

/// A mean or most likely position.
#[derive(Debug)]
pub(crate) struct DatumPoint {
    /// When it holds.
    pub(crate) time: ValidTime,
    /// Longitude and latitude.
    pub(crate) place: (f64, f64),
    /// What else is said of it.
    pub(crate) properties: Map<String, Value>,
}

/// Datums in the order of their collection.
#[derive(Debug)]
pub(crate) struct RunDatums(pub(crate) Vec<DatumPoint>);

/// Tracks in the order of their file.
#[derive(Debug)]
pub(crate) struct RunTracks(pub(crate) Vec<Track>);

impl super::Bytes for RunAreas {
    fn bytes(&self) -> usize {
        self.0
            .iter()
            .map(|area| 16 * area.shape.polygons.coords_count() + 4_096)
            .sum()
    }
}

impl super::Bytes for RunDatums {
    fn bytes(&self) -> usize {
        self.0.len() * 4_096
    }
}

impl super::Bytes for RunTracks {
    fn bytes(&self) -> usize {
        let vertices = self
            .0
            .iter()
            .flat_map(|track| &track.parts)
            .map(Vec::len)
            .sum::<usize>();
        vertices * size_of::<Vertex>() + self.0.len() * size_of::<Track>()
    }
}

impl RunAreas {
    pub(super) async fn read(state: &AppState, run: &Run) -> Result<Option<Self>, Error> {
        let rows = feature_rows(state, run, FeatureKind::SearchAreas).await?;
        let mut areas = decoded(state, run, rows, area).await?;
        areas.sort_by(|a, b| a.time.cmp(&b.time).then(b.shape.level.total_cmp(&a.shape.level)));
        Ok(Some(Self(areas)))
    }
}

impl RunDatums {
    pub(super) async fn read(state: &AppState, run: &Run) -> Result<Option<Self>, Error> {
        let rows = feature_rows(state, run, FeatureKind::Datums).await?;
        Ok(Some(Self(decoded(state, run, rows, datum).await?)))
    }
}

impl RunTracks {
    pub(super) async fn read(state: &AppState, run: &Run) -> Result<Option<Self>, Error> {
        let read = state.files.read(run.mission, run.id, TRACKS).await;
        let Some(bytes) = read.map_err(|error| broken(run, TRACKS, error))? else {
            return Ok(None);
        };
        let decoded = state.compute.run(move || read_trajectories(bytes)).await;
        let decoded = decoded.map_err(|error| broken(run, TRACKS, error))?;
        Ok(Some(Self(decoded.map_err(|error| broken(run, TRACKS, error))?)))
    }
}

/// Every row of a run, in order.
pub(crate) async fn feature_rows(state: &AppState, run: &Run, kind: FeatureKind) -> Result<Vec<Feature>, Error> {
    let mut filter = FeatureFilter {
        mission: Some(run.mission),
        after: Some(Cursor {
            run_seq: run.seq - 1,
            row: i64::MAX,
        }),
        ..FeatureFilter::default()
    };
    let mut all = Vec::new();
    loop {
        let page = state.database.features(run.org, kind, &filter, ROWS_AT_ONCE).await?;
        let is_last = page.len() < ROWS_AT_ONCE as usize || page.iter().any(|row| row.cursor.run_seq != run.seq);
        filter.after = page.last().map(|row| row.cursor);
        all.extend(page.into_iter().filter(|row| row.run == run.id));
        if is_last {
            return Ok(all);
        }
    }
}

/// Texts parsed on the compute pool: areas of long missions are megabytes.
async fn decoded<T: Send + 'static>(
    state: &AppState,
    run: &Run,
    rows: Vec<Feature>,
    one: fn(&Feature) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let work = move || -> Result<Vec<T>, String> {
        let read = |row: &Feature| one(row).ok_or_else(|| row.id.clone());
        rows.iter().map(read).collect()
    };
    let decoded = state.compute.run(work).await;
    let decoded = decoded.map_err(|error| broken(run, "its features", error))?;
    decoded.map_err(|id| broken(run, "its features", format!("{id} does not read back")))
}

fn area(row: &Feature) -> Option<Area> {
    let polygons = match parsed_geometry(&row.geometry)? {
        geo::Geometry::Polygon(polygon) => MultiPolygon(vec![polygon]),
        geo::Geometry::MultiPolygon(polygons) => polygons,
        _ => return None,
    };
    let properties = properties(row)?;
    Some(Area {
        id: row.id.clone(),
        time: row.valid_time,
        shape: AreaShape {
            level: properties.get("level").and_then(Value::as_f64)?,
            polygons,
        },
        properties,
    })
}

fn datum(row: &Feature) -> Option<DatumPoint> {
    let geo::Geometry::Point(place) = parsed_geometry(&row.geometry)? else {
        return None;
    };
    Some(DatumPoint {
        time: row.valid_time,
        place: (place.x(), place.y()),
        properties: properties(row)?,
    })
}

fn properties(row: &Feature) -> Option<Map<String, Value>> {
    serde_json::from_str(&row.properties).ok()
}

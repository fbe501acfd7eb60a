//! Features that are kept as text: rows of the database, and files of GeoJSON that a run wrote. Their geometry and
//! properties are copied into answers as they are; what a filter or another encoding needs is parsed once and kept.

use std::sync::OnceLock;

use driftline_database::{Feature, FeatureKind, Run};
use driftline_domain::{BBox, ValidTime};
use serde_json::{Map, Value};

use super::collection::{Collection, Kept};
use super::derived::{mission_feature, run_feature, scenario_features};
use super::files::FileCache;
use super::geometry::{bounds_of, geometry_touches, parsed};
use crate::maps::lists_file;
use crate::runs::{Bytes, broken, feature_rows};
use crate::{AppState, Error};

/// One feature.
#[derive(Debug)]
pub(crate) struct FeatureRow {
    /// Its place among the features of its run.
    pub(crate) row: u64,
    /// Stable identifier.
    pub(crate) id: String,
    /// First and last time that it holds.
    pub(crate) span: (ValidTime, ValidTime),
    /// West, south, east, north; west > east across the antimeridian.
    pub(crate) bbox: [f64; 4],
    /// GeoJSON geometry.
    pub(crate) geometry: String,
    /// GeoJSON properties.
    pub(crate) properties: String,
    shape: OnceLock<Option<geo::Geometry<f64>>>,
}

/// Features in the order of their collection.
#[derive(Debug)]
pub(crate) struct FeatureRows(pub(crate) Vec<FeatureRow>);

impl Bytes for FeatureRows {
    fn bytes(&self) -> usize {
        // The parsed shape takes about as much as its text.
        let texts = self.0.iter().map(|row| 2 * row.geometry.len() + row.properties.len());
        texts.sum::<usize>() + self.0.len() * size_of::<FeatureRow>()
    }
}

impl FeatureRows {
    /// Those of a run in a collection; `None` where the run has no such file.
    pub(crate) async fn of_run(state: &AppState, run: &Run, collection: Collection) -> Result<Option<Self>, Error> {
        match collection.kept() {
            Kept::Rows(kind) => Self::read(state, run, kind).await,
            Kept::GeoJson(file) => Self::of_file(state, run, file).await,
            Kept::Made => Self::made(state, run, collection).await,
            Kept::Positions | Kept::Tracks | Kept::Cells => Ok(None),
        }
    }

    async fn of_file(state: &AppState, run: &Run, file: &'static str) -> Result<Option<Self>, Error> {
        if !lists_file(run, file) {
            return Ok(None);
        }
        let Some(bytes) = FileCache::read(state, run, file).await? else {
            return Ok(None);
        };
        let held = run.clone();
        let read = move || {
            let whole = (held.valid_from, held.valid_until);
            // Shore holds from the first arrival on.
            let span = |properties: &Map<String, Value>| {
                let first = properties.get("first_arrival").and_then(Value::as_str)?.parse().ok()?;
                Some((first, whole.1))
            };
            Self::of_geojson(&held, file, &bytes, |properties| {
                Some(span(properties).unwrap_or(whole))
            })
        };
        let read = state.compute.run(read).await;
        read.map_err(|error| broken(run, file, error))?.map(Some)
    }

    async fn made(state: &AppState, run: &Run, collection: Collection) -> Result<Option<Self>, Error> {
        if collection == Collection::Runs {
            return run_feature(run).map(Some);
        }
        let Some(mission) = state.database.mission(run.org, run.mission).await? else {
            return Ok(None);
        };
        let made = match collection {
            Collection::Scenarios => scenario_features(run, &mission.spec),
            _ => mission_feature(run, &mission),
        };
        made.map(Some)
    }

    /// Those of a run that are rows of the database.
    async fn read(state: &AppState, run: &Run, kind: FeatureKind) -> Result<Option<Self>, Error> {
        let rows = feature_rows(state, run, kind).await?;
        Ok(Some(Self(rows.into_iter().map(FeatureRow::from).collect())))
    }

    /// Those of a file of GeoJSON, in its order. `span` tells when a feature holds from its properties.
    fn of_geojson(
        run: &Run,
        file: &str,
        bytes: &[u8],
        span: impl Fn(&Map<String, Value>) -> Option<(ValidTime, ValidTime)>,
    ) -> Result<Self, Error> {
        let refuse = |reason: String| broken(run, file, reason);
        let whole: Value = serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
        let features = whole.get("features").and_then(Value::as_array);
        let features = features.ok_or_else(|| refuse("it has no features".to_owned()))?;
        let row = |(number, feature): (u64, &Value)| -> Option<FeatureRow> {
            let geometry = feature.get("geometry")?.to_string();
            let properties = feature.get("properties")?.as_object()?;
            let shape = parsed(&geometry)?;
            Some(FeatureRow {
                row: number,
                id: feature.get("id")?.as_str()?.to_owned(),
                span: span(properties)?,
                bbox: bounds_of(&shape)?,
                geometry,
                properties: Value::Object(properties.clone()).to_string(),
                shape: OnceLock::from(Some(shape)),
            })
        };
        let rows = (0u64..).zip(features).map(|numbered| {
            let number = numbered.0;
            row(numbered).ok_or_else(|| refuse(format!("feature {number} does not read back")))
        });
        rows.collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl From<Feature> for FeatureRow {
    fn from(feature: Feature) -> Self {
        Self {
            row: u64::try_from(feature.cursor.row).unwrap_or(0),
            id: feature.id,
            span: (feature.valid_time, feature.valid_time),
            bbox: feature.bbox,
            geometry: feature.geometry,
            properties: feature.properties,
            shape: OnceLock::new(),
        }
    }
}

impl FeatureRow {
    /// A feature made here.
    pub(crate) fn new(
        row: u64,
        id: String,
        span: (ValidTime, ValidTime),
        shape: geo::Geometry<f64>,
        properties: &Map<String, Value>,
    ) -> Option<Self> {
        Some(Self {
            row,
            id,
            span,
            bbox: bounds_of(&shape)?,
            geometry: geojson::Geometry::new((&shape).into()).to_string(),
            properties: serde_json::to_string(properties).ok()?,
            shape: OnceLock::from(Some(shape)),
        })
    }

    /// Its geometry; `None` where the text does not read back.
    pub(crate) fn shape(&self) -> Option<&geo::Geometry<f64>> {
        self.shape.get_or_init(|| parsed(&self.geometry)).as_ref()
    }

    /// Its properties.
    pub(crate) fn members(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.properties).ok()
    }

    /// Whether it shares a point with the box. The boxes are compared first: a feature's own box may touch where the
    /// feature does not (Part 1, 7.15.3).
    pub(crate) fn touches(&self, bbox: &BBox) -> bool {
        let [west, south, east, north] = self.bbox;
        if north < bbox.south || south > bbox.north {
            return false;
        }
        let plain = west <= east && !bbox.crosses_antimeridian();
        if plain && (east < bbox.west || west > bbox.east) {
            return false;
        }
        if plain && bbox.contains(west, south) && bbox.contains(east, north) {
            return true;
        }
        self.shape().is_some_and(|shape| geometry_touches(shape, bbox))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_database::Cursor;
    use driftline_domain::{MissionId, RunId};

    fn feature(bbox: [f64; 4], geometry: &str) -> FeatureRow {
        FeatureRow::from(Feature {
            cursor: Cursor { run_seq: 1, row: 0 },
            id: "a".to_owned(),
            mission: MissionId::generate(),
            run: RunId::generate(),
            valid_time: ValidTime::from_unix_s(0).unwrap(),
            bbox,
            geometry: geometry.to_owned(),
            properties: "{}".to_owned(),
        })
    }

    fn is_touched(feature: &FeatureRow, bbox: [f64; 4]) -> bool {
        feature.touches(&BBox::new(bbox[0], bbox[1], bbox[2], bbox[3]).unwrap())
    }

    #[test]
    fn the_geometry_decides_where_only_its_box_touches() {
        let triangle = feature(
            [0.0, 0.0, 10.0, 10.0],
            r#"{"type":"Polygon","coordinates":[[[0,0],[10,0],[0,10],[0,0]]]}"#,
        );
        assert!(is_touched(&triangle, [1.0, 1.0, 2.0, 2.0]), "inside");
        assert!(is_touched(&triangle, [-5.0, -5.0, 20.0, 20.0]), "around");
        assert!(is_touched(&triangle, [-5.0, -5.0, 0.0, 0.0]), "in the corner");
        assert!(
            !is_touched(&triangle, [8.0, 8.0, 12.0, 12.0]),
            "in the empty half of its box"
        );
    }

    #[test]
    fn areas_and_boxes_across_the_antimeridian_meet() {
        let split = feature(
            [179.0, 0.0, -179.0, 1.0],
            r#"{"type":"MultiPolygon","coordinates":[[[[179,0],[180,0],[180,1],[179,1],[179,0]]],[[[-180,0],[-179,0],[-179,1],[-180,1],[-180,0]]]]}"#,
        );
        assert!(is_touched(&split, [178.0, 0.0, -178.0, 1.0]));
        assert!(is_touched(&split, [-179.5, 0.2, -170.0, 0.4]));
        assert!(is_touched(&split, [170.0, 0.2, 179.5, 0.4]));
        assert!(!is_touched(&split, [-170.0, 0.2, 170.0, 0.4]));
        assert!(!is_touched(&split, [-178.0, 0.2, 178.0, 0.4]));
    }
}

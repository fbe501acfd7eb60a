//! Features that are made from what is known of a run anyway: the mission that asked, its scenarios, and the run itself.

use driftline_database::{Mission, Run};
use driftline_domain::{LatLon, MissionSpec, Release, Scenario, ValidTime};
use geo::{Coord, Geometry, LineString, MultiLineString, MultiPolygon, Polygon, Rect, coord};
use serde_json::{Map, Value, json};

use super::rows::{FeatureRow, FeatureRows};
use crate::Error;
use crate::runs::broken;

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What every feature says of its run.
fn of_run(run: &Run) -> Map<String, Value> {
    let object = |name: &str| run.summary.get("object").and_then(|object| object.get(name)).cloned();
    members([
        ("mission_id", json!(run.mission)),
        ("run_id", json!(run.id)),
        ("issued", json!(run.published_at)),
        ("updated", json!(run.published_at)),
        ("status", json!("current")),
        ("valid_start", json!(run.valid_from)),
        ("valid_end", json!(run.valid_until)),
        ("object_code", json!(object("key"))),
        ("object_name", json!(object("description"))),
    ])
}

fn one(run: &Run, name: &str, row: Option<FeatureRow>) -> Result<FeatureRows, Error> {
    let row = row.ok_or_else(|| broken(run, name, "its place has no box"))?;
    Ok(FeatureRows(vec![row]))
}

/// The run as a feature: the box of everything it computed.
pub(super) fn run_feature(run: &Run) -> Result<FeatureRows, Error> {
    let mut properties = of_run(run);
    for name in [
        "engine_version",
        "seed",
        "mode",
        "direction",
        "particles",
        "stranded",
        "missing_data",
    ] {
        if let Some(value) = run.summary.get(name) {
            properties.insert(name.to_owned(), value.clone());
        }
    }
    let row = FeatureRow::new(0, run.id.to_string(), span(run), box_shape(run.bbox), &properties);
    one(run, "the run", row)
}

/// The mission as a feature: its last known position.
pub(super) fn mission_feature(run: &Run, mission: &Mission) -> Result<FeatureRows, Error> {
    let spec = &mission.spec;
    let mut properties = of_run(run);
    properties.extend(members([
        ("mission_name", json!(spec.name)),
        ("description", json!(spec.description)),
        ("last_known_time", json!(spec.time)),
        ("uncertainty_radius_m", json!(spec.radius_m)),
        ("forecast_hours", json!(spec.forecast_hours)),
        ("ensemble_size", json!(spec.ensemble_size)),
        ("priority", json!(spec.priority)),
        ("distress", json!(spec.distress)),
        ("direction", json!(spec.direction)),
        ("leeway_mode", json!(spec.mode)),
        ("scenarios", json!(spec.scenarios().len())),
        ("created_at", json!(mission.created_at)),
        ("completed_at", json!(mission.completed_at)),
    ]));
    let place = Geometry::Point(geo::Point(at(spec.position)));
    let row = FeatureRow::new(0, mission.id.to_string(), span(run), place, &properties);
    one(run, "the mission", row)
}

/// The scenarios of a mission: where and when each says that the object began to drift.
pub(super) fn scenario_features(run: &Run, spec: &MissionSpec) -> Result<FeatureRows, Error> {
    let scenarios = spec.scenarios();
    let shares = spec.scenario_shares();
    let row = |(number, (scenario, share)): (u64, (&Scenario, f64))| {
        let id = format!("{}.scenarios.{}", run.id, number + 1);
        let release = &scenario.release;
        let (kind, shape) = release_shape(release);
        let mut properties = of_run(run);
        properties.extend(members([
            ("scenario_id", json!(id)),
            ("scenario_name", json!(scenario.name)),
            ("scenario_weight", json!(share)),
            ("object_code", json!(scenario.object.key)),
            ("object_name", json!(scenario.object.description)),
            ("release", json!(kind)),
            ("uncertainty_radius_m", json!(release.radius_m())),
            ("valid_start", json!(release.first_time())),
            ("valid_end", json!(release.last_time())),
            ("changes", json!(scenario.changes.len())),
        ]));
        let span = (release.first_time(), release.last_time());
        FeatureRow::new(number, id, span, shape, &properties)
    };
    let rows: Option<Vec<FeatureRow>> = (0u64..).zip(scenarios.iter().zip(shares)).map(row).collect();
    rows.map(FeatureRows)
        .ok_or_else(|| broken(run, "its scenarios", "a release has no box"))
}

fn span(run: &Run) -> (ValidTime, ValidTime) {
    (run.valid_from, run.valid_until)
}

fn at(place: LatLon) -> Coord<f64> {
    coord! { x: place.lon_deg(), y: place.lat_deg() }
}

/// A box as an area, in two pieces where it crosses the antimeridian (RFC 7946, 3.1.9).
fn box_shape([west, south, east, north]: [f64; 4]) -> Geometry<f64> {
    let piece =
        |west: f64, east: f64| Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north }).to_polygon();
    if west <= east {
        piece(west, east).into()
    } else {
        MultiPolygon(vec![piece(west, 180.0), piece(-180.0, east)]).into()
    }
}

/// The word for a release, and its shape.
fn release_shape(release: &Release) -> (&'static str, Geometry<f64>) {
    let line = |places: Vec<LatLon>| Geometry::LineString(places.into_iter().map(at).collect());
    match release {
        Release::Point(point) => ("point", Geometry::Point(geo::Point(at(point.position)))),
        Release::Cone(cone) => ("cone", line(vec![cone.from.position, cone.to.position])),
        Release::Track(track) => ("track", line(track.legs.iter().map(|leg| leg.position).collect())),
        Release::Bearings(bearings) => {
            let lines = bearings
                .lines
                .iter()
                .map(|line| -> LineString<f64> { [line.position, line.end()].into_iter().map(at).collect() });
            ("bearings", Geometry::MultiLineString(MultiLineString(lines.collect())))
        }
        Release::Polygon(polygon) => {
            let mut rings = polygon
                .coordinates
                .iter()
                .map(|ring| -> LineString<f64> { ring.iter().map(|[x, y]| coord! { x: *x, y: *y }).collect() });
            let outline = rings.next().unwrap_or_else(|| LineString(Vec::new()));
            ("polygon", Geometry::Polygon(Polygon::new(outline, rings.collect())))
        }
    }
}

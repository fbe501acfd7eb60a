//! What a layer says about one place: the answer to a click. SI units, degrees, times UTC.

use std::borrow::Cow;

use driftline_domain::{BBox, ValidTime};
use driftline_simulate::products;
use driftline_simulate::tile_content::track_lines;
use driftline_tiles::{FieldValue, MapView, sample};
use geo::Intersects;
use serde_json::{Map, Value, json};

use super::about::LayerAbout;
use super::areas::areas_of;
use super::layer::{Layer, Look};
use super::picture::{Viewer, density, field_slabs, place_of, positions_at, run_of, slabs};
use super::time::Moment;
use super::tracks::shown_of;
use crate::runs::RunCache;
use crate::{Error, MapSlab};

/// A particle or track this many pixels away is meant.
const REACH_PX: f64 = 6.0;
/// Forcing is asked for this far around the place, degrees: a cell of the coarsest grid.
const AROUND_DEG: f64 = 0.5;

/// Something at a place.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Title of its layer.
    pub(crate) title: Cow<'static, str>,
    /// Stable identifier, where it has one.
    pub(crate) id: Option<String>,
    /// Longitude and latitude of the place asked for, or of the thing itself.
    pub(crate) place: (f64, f64),
    /// What is said of it.
    pub(crate) properties: Map<String, Value>,
}

/// What a layer has at a pixel, at most so many things.
pub(crate) async fn probe(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    look: Look,
    view: &MapView,
    moment: Moment,
    pixel: (u32, u32),
    most: usize,
) -> Result<Vec<Probe>, Error> {
    let place = place_of(view, pixel.0, pixel.1);
    if !(-90.0..=90.0).contains(&place.1) {
        return Ok(Vec::new());
    }
    let mut found = match (look, moment) {
        (Look::Field(_), Moment::Near(at)) => field(viewer, about, place, at).await?,
        (Look::Density(_), Moment::Near(at)) => probability(viewer, about, place, at).await?,
        (Look::Areas(_), moment) => areas(viewer, about, place, moment).await?,
        (Look::Points(_), Moment::Near(at)) => particles(viewer, about, view, pixel, at).await?,
        (Look::Lines(_), moment) => tracks(viewer, about, view, pixel, moment).await?,
        (_, Moment::Within(_)) => Vec::new(),
    };
    found.truncate(most);
    let credits = about.attribution.join("; ");
    for probe in &mut found {
        probe.properties.insert("layer".to_owned(), json!(about.layer.id()));
        probe.properties.entry("attribution").or_insert_with(|| json!(credits));
    }
    Ok(found)
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

async fn field(viewer: Viewer<'_>, about: &LayerAbout, place: (f64, f64), at: ValidTime) -> Result<Vec<Probe>, Error> {
    let Some(bbox) = around(place) else {
        return Ok(Vec::new());
    };
    let slabs = slabs(viewer.state, about, bbox, at, None).await?;
    let value = sample(&field_slabs(&slabs, about.layer.reading()), place.0, place.1);
    let found = value.and_then(|value| Some((value, slabs.get(value.slab)?)));
    let probe = |(value, slab): (FieldValue, &MapSlab)| Probe {
        title: about.layer.title().into(),
        id: None,
        place,
        properties: field_properties(about.layer, value, slab),
    };
    Ok(found.map(probe).into_iter().collect())
}

fn field_properties(layer: Layer, value: FieldValue, slab: &MapSlab) -> Map<String, Value> {
    let mut properties = members([
        ("value", json!(rounded(value.length(), 1e4))),
        ("unit", json!(layer.unit())),
        ("direction_to_deg", json!(value.to_deg().map(|deg| rounded(deg, 10.0)))),
        ("valid_time", json!(slab.time)),
        ("feed", json!(slab.feed)),
        ("cycle", json!(slab.run)),
        ("revision", json!(slab.revision)),
    ]);
    if layer == Layer::Wind {
        let from = value.to_deg().map(|deg| rounded((deg + 180.0) % 360.0, 10.0));
        properties.insert("direction_from_deg".to_owned(), json!(from));
    }
    if layer != Layer::Waves {
        properties.insert("east".to_owned(), json!(rounded(value.east, 1e4)));
        properties.insert("north".to_owned(), json!(rounded(value.north, 1e4)));
    }
    if let Some(credit) = &slab.attribution {
        properties.insert("attribution".to_owned(), json!(credit));
    }
    properties
}

async fn probability(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    place: (f64, f64),
    at: ValidTime,
) -> Result<Vec<Probe>, Error> {
    let grid = density(viewer.state, about, at).await?;
    let Some(value) = grid.and_then(|grid| grid.value_at(place.0, place.1)) else {
        return Ok(Vec::new());
    };
    let run = run_of(about)?;
    let properties = members([
        ("value", json!(value)),
        ("unit", json!(about.layer.unit())),
        ("valid_time", json!(at)),
        ("mission_id", json!(run.mission)),
        ("run_id", json!(run.id)),
    ]);
    Ok(vec![Probe {
        title: about.layer.title().into(),
        id: None,
        place,
        properties,
    }])
}

async fn areas(viewer: Viewer<'_>, about: &LayerAbout, place: (f64, f64), moment: Moment) -> Result<Vec<Probe>, Error> {
    let (lon, lat) = place;
    let spot = BBox {
        west: lon,
        south: lat,
        east: lon,
        north: lat,
    };
    let spot_coord = geo::Point::new(lon, lat);
    let found = areas_of(viewer, about, spot, moment).await?;
    let mut probes = Vec::new();
    for (_, found) in &found {
        let hit = found.iter().filter(|area| area.shape.polygons.intersects(&spot_coord));
        // The smallest area first: it says most.
        let hit: Vec<_> = hit.collect();
        probes.extend(hit.into_iter().rev().map(|area| Probe {
            title: about.layer.title().into(),
            id: Some(area.id.clone()),
            place,
            properties: area.properties.clone(),
        }));
    }
    Ok(probes)
}

async fn particles(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    view: &MapView,
    pixel: (u32, u32),
    at: ValidTime,
) -> Result<Vec<Probe>, Error> {
    let run = run_of(about)?;
    let Some(positions) = positions_at(viewer.state, run, at).await? else {
        return Ok(Vec::new());
    };
    let mut near: Vec<(f64, usize)> = (0..positions.len())
        .filter_map(|number| {
            let (x, y) = view.pixel(positions.lon_deg[number], positions.lat_deg[number]);
            let distance = distance_px(pixel, x, y);
            (distance <= REACH_PX).then_some((distance, number))
        })
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let probe = |(_, number): (f64, usize)| Probe {
        title: about.layer.title().into(),
        id: None,
        place: (positions.lon_deg[number], positions.lat_deg[number]),
        properties: members([
            ("particle_id", json!(number)),
            ("particle_status", json!(positions.status[number].name())),
            ("valid_time", json!(positions.time)),
            ("mission_id", json!(run.mission)),
            ("run_id", json!(run.id)),
        ]),
    };
    Ok(near.into_iter().map(probe).collect())
}

async fn tracks(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    view: &MapView,
    pixel: (u32, u32),
    moment: Moment,
) -> Result<Vec<Probe>, Error> {
    let run = run_of(about)?;
    let Some(tracks) = RunCache::tracks(viewer.state, run).await? else {
        return Ok(Vec::new());
    };
    let shown = (0u64..)
        .zip(&tracks.0)
        .filter_map(|(row, track)| Some((row, track, shown_of(track, moment)?)));
    let hit = shown.filter(|(_, _, shown)| {
        let lines = track_lines(shown);
        lines.0.iter().flat_map(geo::LineString::lines).any(|line| {
            let (start, end) = (
                view.pixel(line.start.x, line.start.y),
                view.pixel(line.end.x, line.end.y),
            );
            pixel_distance(pixel, start, end) <= REACH_PX
        })
    });
    let probe = |(row, track, _): (u64, &products::Track, Cow<'_, products::Track>)| {
        let ends = track.times();
        Probe {
            title: about.layer.title().into(),
            id: Some(format!("{}.trajectories.{row}", run.id)),
            place: place_of(view, pixel.0, pixel.1),
            properties: members([
                ("particle_id", json!(track.particle_id)),
                ("particle_status", json!(track.status.name())),
                ("valid_start", json!(ends.map(|(start, _)| start))),
                ("valid_end", json!(ends.map(|(_, end)| end))),
                ("mission_id", json!(run.mission)),
                ("run_id", json!(run.id)),
            ]),
        }
    };
    Ok(hit.map(probe).collect())
}

fn around((lon, lat): (f64, f64)) -> Option<BBox> {
    let (south, north) = ((lat - AROUND_DEG).max(-90.0), (lat + AROUND_DEG).min(90.0));
    BBox::new(lon - AROUND_DEG, south, lon + AROUND_DEG, north).ok()
}

/// Pixels from the middle of one to a line from start to end.
pub(crate) fn pixel_distance(pixel: (u32, u32), start: (f64, f64), end: (f64, f64)) -> f64 {
    let (x, y) = nearest_on(start, end, (f64::from(pixel.0) + 0.5, f64::from(pixel.1) + 0.5));
    distance_px(pixel, x, y)
}

fn distance_px(pixel: (u32, u32), x: f64, y: f64) -> f64 {
    let (dx, dy) = (x - f64::from(pixel.0) - 0.5, y - f64::from(pixel.1) - 0.5);
    dx.hypot(dy)
}

fn nearest_on(start: (f64, f64), end: (f64, f64), point: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length_squared = dx * dx + dy * dy;
    let share = if length_squared > 0.0 {
        (((point.0 - start.0) * dx + (point.1 - start.1) * dy) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (start.0 + share * dx, start.1 + share * dy)
}

fn rounded(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

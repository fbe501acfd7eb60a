//! Layers of features drawn by rules instead of one of their own styles.

use std::sync::Arc;

use driftline_simulate::tile_content::track_lines;
use driftline_tiles::{MapView, Picture, Symbol, draw_symbols};
use geo::Geometry;
use serde_json::{Map, Value, json};

use super::about::LayerAbout;
use super::areas::areas_of;
use super::layer::Layer;
use super::picture::{Drawn, MOST_AREAS, Viewer, compute, pixel_m, positions_at, run_of};
use super::rules::Rules;
use super::time::Moment;
use super::tracks::shown_of;
use crate::Error;
use crate::runs::RunCache;

/// Side of a pixel that scale denominators assume, metres (06-042, 7.2.4.6.9).
const PIXEL_M: f64 = 0.000_28;

/// A feature as rules see it.
struct Feature {
    geometry: Geometry<f64>,
    properties: Map<String, Value>,
}

/// Draws a layer by rules.
pub(crate) async fn draw_by_rules(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    rules: Arc<Rules>,
    view: MapView,
    moment: Moment,
) -> Result<Drawn, Error> {
    let step = match moment {
        Moment::Near(at) => Some(at),
        Moment::Within(_) => None,
    };
    let Some(bbox) = view.geographic_bounds() else {
        let picture = Picture::empty(view.width, view.height);
        return Ok(Drawn { picture, step });
    };
    let scale = pixel_m(&view, &bbox) / PIXEL_M;
    let features = features(viewer, about, bbox, moment).await?;
    let draw = move || {
        let drawn: Vec<(&Geometry<f64>, &[Symbol])> = features
            .iter()
            .flat_map(|feature| {
                let symbols = rules.symbols_of(&feature.properties, scale);
                symbols.into_iter().map(|symbols| (&feature.geometry, symbols))
            })
            .collect();
        draw_symbols(&view, drawn)
    };
    let picture = compute(viewer, draw).await?;
    Ok(Drawn { picture, step })
}

async fn features(
    viewer: Viewer<'_>,
    about: &LayerAbout,
    bbox: driftline_domain::BBox,
    moment: Moment,
) -> Result<Vec<Feature>, Error> {
    match (about.layer, moment) {
        (Layer::SearchAreas, moment) => {
            let found = areas_of(viewer, about, bbox, moment).await?;
            let count: usize = found.iter().map(|(_, found)| found.len()).sum();
            if count > MOST_AREAS && matches!(moment, Moment::Within(_)) {
                let reason = format!("the interval holds more than {MOST_AREAS} search areas; name a shorter one");
                return Err(Error::parameter("time", reason));
            }
            // The largest share at the bottom, as in the layer's own styles.
            let mut areas: Vec<_> = found.iter().flat_map(|(_, found)| found.iter()).collect();
            areas.sort_by(|a, b| b.shape.level.total_cmp(&a.shape.level));
            let feature = |area: &&crate::runs::Area| Feature {
                geometry: area.shape.polygons.clone().into(),
                properties: area.properties.clone(),
            };
            Ok(areas.iter().map(feature).collect())
        }
        (Layer::Particles, Moment::Near(at)) => {
            let Some(positions) = positions_at(viewer.state, run_of(about)?, at).await? else {
                return Ok(Vec::new());
            };
            let feature = |number: usize| Feature {
                geometry: geo::Point::new(positions.lon_deg[number], positions.lat_deg[number]).into(),
                properties: particle(number as u64, positions.status[number].name()),
            };
            Ok((0..positions.len()).map(feature).collect())
        }
        (Layer::Trajectories, moment) => {
            let Some(tracks) = RunCache::tracks(viewer.state, run_of(about)?).await? else {
                return Ok(Vec::new());
            };
            let shown = tracks.0.iter().filter_map(|track| shown_of(track, moment));
            let feature = |track: std::borrow::Cow<'_, driftline_simulate::products::Track>| Feature {
                geometry: track_lines(&track).into(),
                properties: particle(u64::from(track.particle_id), track.status.name()),
            };
            Ok(shown.map(feature).collect())
        }
        (layer, moment) => Err(Error::Internal(format!("{} has no features at {moment:?}", layer.id()))),
    }
}

fn particle(id: u64, status: &str) -> Map<String, Value> {
    let members = [
        ("particle_id", json!(id)),
        ("particle_status", json!(status)),
        ("status", json!(status)),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

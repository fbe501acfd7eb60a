//! TileJSON 3.0.0: what a map client needs to know of a tileset. Its tile addresses work as they stand: they carry the
//! caller's credential, and the time and style that were asked for (ogc.md, traps 16 to 18).

use axum::extract::State;
use axum::response::Response;
use driftline_domain::BBox;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::address::described_tileset;
use super::raster::{existing, style_parameter};
use super::tile::time_parameter;
use super::{MAX_ZOOM, Tileset, vector};
use crate::document::{JSON, document};
use crate::features::{Collection, Holdings, RootAsk, credits_of};
use crate::maps::{TimeWanted, Timeline};
use crate::query::Interval;
use crate::runs::output_times;
use crate::{AppState, Error};

/// What TileJSON says of a tileset's content.
struct Content {
    bbox: BBox,
    timeline: Timeline,
    attribution: Vec<String>,
}

/// `GET /tiles/{tileset}`.
pub(crate) async fn tilejson(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    let tileset = described_tileset(ask.param("tileset"))?;
    let content = match tileset {
        Tileset::Vector(collection) => {
            ask.query.allow_only(&["datetime", "time"])?;
            vector_content(&state, &asked, collection).await?
        }
        Tileset::Raster(layer) => {
            ask.query.allow_only(&["datetime", "time", "style"])?;
            style_parameter(&asked, layer)?;
            let about = existing(&state, ask, root, layer).await?;
            Content {
                bbox: about.bbox,
                timeline: about.timeline,
                attribution: about.attribution,
            }
        }
    };
    check_time(&asked, tileset, &content.timeline)?;
    let path = format!(
        "{}/tiles/{}/{{z}}/{{x}}/{{y}}.{}",
        root.base_path(),
        tileset.id(),
        tileset.ending()
    );
    let common = TileJson {
        name: format!("{}: {}", root.title(), tileset.title()),
        description: tileset.description(),
        attribution: &content.attribution,
        template: ask.site.url_with(&path, ask.query.pairs()),
        bbox: content.bbox,
        timeline: Some(&content.timeline),
    };
    let mut described = common.document();
    match tileset {
        Tileset::Vector(collection) => {
            described["vector_layers"] = json!([vector_layer(collection, root.mission().is_some())]);
        }
        Tileset::Raster(layer) => {
            described["format"] = json!("png");
            let style = |style: &crate::maps::Style| json!({"name": style.name, "title": style.title});
            described["driftline:styles"] = layer.styles().iter().map(style).collect();
        }
    }
    document(&ask.headers, JSON, &described)
}

/// A collection as a layer of vector tiles.
pub(crate) fn vector_layer(collection: Collection, is_mission: bool) -> Value {
    json!({
        "id": collection.id(),
        "description": collection.description(),
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "fields": vector::fields(collection, is_mission),
    })
}

/// A time that no tile would be given for is refused here already.
fn check_time(asked: &RootAsk, tileset: Tileset, timeline: &Timeline) -> Result<(), Error> {
    let Some((name, text)) = time_parameter(&asked.ask.query)? else {
        return Ok(());
    };
    let checked = match tileset {
        Tileset::Vector(_) => Interval::parse(text).map(drop),
        Tileset::Raster(_) => TimeWanted::of_tiles(text)
            .and_then(|wanted| timeline.moment(wanted, Timestamp::now()))
            .map(drop),
    };
    checked.map_err(|why| Error::parameter(name, why))
}

/// What every TileJSON says.
pub(crate) struct TileJson<'a> {
    /// For people.
    pub(crate) name: String,
    /// For people.
    pub(crate) description: &'a str,
    /// Credits.
    pub(crate) attribution: &'a [String],
    /// Address of tiles.
    pub(crate) template: String,
    /// Where there is something.
    pub(crate) bbox: BBox,
    /// When, where all tiles have the same steps.
    pub(crate) timeline: Option<&'a Timeline>,
}

impl TileJson<'_> {
    /// The document; its vector layers are for the caller to add.
    pub(crate) fn document(&self) -> Value {
        let bbox = &self.bbox;
        // TileJSON knows no antimeridian.
        let (west, east) = if bbox.crosses_antimeridian() {
            (-180.0, 180.0)
        } else {
            (bbox.west, bbox.east)
        };
        let (center_lon, zoom) = center(bbox);
        let mut document = json!({
            "tilejson": "3.0.0",
            "name": self.name,
            "description": self.description,
            "version": "1.0.0",
            "scheme": "xyz",
            "attribution": html_text(&self.attribution.join("; ")),
            "tiles": [self.template],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
            "bounds": [west, bbox.south, east, bbox.north],
            "center": [center_lon, (bbox.south + bbox.north) / 2.0, zoom],
            // The standard asks for the member; pictures have no layers.
            "vector_layers": [],
        });
        if let Some(timeline) = self.timeline {
            document["driftline:times"] = json!({
                "first": timeline.first(),
                "last": timeline.last(),
                "step_s": timeline.step_s(),
                "extent": timeline.extent(),
            });
        }
        document
    }
}

/// Longitude of a box's middle, and the zoom at which it about fills a screen.
pub(crate) fn center(bbox: &BBox) -> (f64, u8) {
    let turn = if bbox.crosses_antimeridian() { 360.0 } else { 0.0 };
    let width = bbox.east + turn - bbox.west;
    let middle = driftline_domain::wrap_lon_deg(bbox.west + width / 2.0);
    let span = width.max(bbox.north - bbox.south).max(0.01);
    let zoom = (360.0 / span).log2().floor().clamp(0.0, f64::from(MAX_ZOOM));
    (middle, zoom as u8)
}

/// Attributions are put into pages as they are.
fn html_text(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

async fn vector_content(state: &AppState, asked: &RootAsk, collection: Collection) -> Result<Content, Error> {
    let nothing = || Error::NoTileset {
        name: collection.id(),
        reason: "nothing of it is stored".to_owned(),
    };
    if let Some(mission) = asked.root.mission() {
        let run = mission.run.as_ref().ok_or(Error::NotCompleted(mission.status))?;
        let [west, south, east, north] = run.bbox;
        let times = output_times(run, mission.spec.output_interval_s);
        return Ok(Content {
            bbox: BBox {
                west,
                south,
                east,
                north,
            },
            timeline: Timeline::listed(times).ok_or_else(nothing)?,
            attribution: credits_of([run]),
        });
    }
    let holdings = Holdings::now(state, asked.ask.caller.org, None).await?;
    let extent = holdings.extent(collection).ok_or_else(nothing)?;
    let [west, south, east, north] = extent.bbox;
    Ok(Content {
        bbox: BBox {
            west,
            south,
            east,
            north,
        },
        // Each run has its own steps.
        timeline: Timeline::even(extent.from, extent.until, 0),
        attribution: holdings.attribution.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_center_of_a_box_across_the_antimeridian_is_on_it() {
        let fiji = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        assert_eq!(center(&fiji), (-180.0, 5));
        let spot = BBox::new(4.0, 60.0, 4.0, 60.0).unwrap();
        assert_eq!(center(&spot), (4.0, MAX_ZOOM));
        let world = BBox::new(-180.0, -80.0, 180.0, 80.0).unwrap();
        assert_eq!(center(&world), (0.0, 0));
    }
}

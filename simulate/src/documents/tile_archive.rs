//! The vector tiles of a run for use without a network (MVT 2.1, Web Mercator): search areas, datums, trajectories and some of
//! the particles, each layer named as its collection and with the attributes that tiles have over HTTP, all times in one
//! tile. What goes into a PMTiles and an MBTiles archive alike.
//!
//! Zooms reach down to where more than [`MOST_TILES`] tiles would be needed, at most to [`DEEPEST_ZOOM`]. Particles are thinned to
//! [`MOST_POSITIONS`] over all times, every second, fourth, eighth … by number, and say how many each stands for.

use std::io::Write;

use driftline_domain::{BBox, ValidTime, wrap_lon_deg};
use driftline_tiles::TileId;
use driftline_tiles::mvt::{Column, ColumnValues, LayerBuilder, Points, Value, VectorTile};
use flate2::Compression;
use flate2::write::GzEncoder;
use geo::{Coord, CoordsIter, MapCoords, MultiLineString, MultiPolygon};
use geojson::JsonObject;
use serde_json::{Value as Json, json};

use super::outline::rounded;
use super::{Error, RunView};
use crate::products::{MAX_TRACKS, Status, bounds, tracks};
use crate::tile_content::{AREA_MEMBERS, DATUM_MEMBERS, attributes, track_attributes, track_lines};

/// A unit of a tile is 2.4 m or less there, finer than any outline's rounding on a chart.
const DEEPEST_ZOOM: u8 = 12;
/// Tiles of the deepest zoom at most.
const MOST_TILES: usize = 40;
/// Positions of particles in a tile at most, over all times: what keeps an archive small enough for a satellite link.
const MOST_POSITIONS: usize = 2_000;
/// Geometry beyond a tile that is kept, as a share of its width, as in tiles over HTTP.
const BUFFER: f64 = 64.0 / 4096.0;

type Attributes = Vec<(&'static str, Value)>;

/// A feature and the box around it.
struct Shape<G> {
    bbox: BBox,
    geometry: G,
    attributes: Attributes,
}

/// Some of the particles at one time.
struct Group {
    time: Value,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    numbers: Vec<u32>,
    status: Vec<u8>,
}

/// Everything that tiles are cut from.
pub(super) struct Content {
    areas: Vec<Shape<MultiPolygon>>,
    datums: Vec<Shape<Coord>>,
    tracks: Vec<Shape<MultiLineString>>,
    groups: Vec<Group>,
    stride: usize,
    bbox: BBox,
}

/// A tile, compressed with gzip.
pub(super) struct Tile {
    pub(super) id: TileId,
    pub(super) bytes: Vec<u8>,
}

/// The tiles of a run in the order of zooms, columns and rows, and what is said of them.
pub(super) struct Archive {
    pub(super) tiles: Vec<Tile>,
    pub(super) about: About,
}

/// What an archive says of itself.
pub(super) struct About {
    pub(super) name: String,
    pub(super) description: String,
    /// Text that pages may show as it is.
    pub(super) attribution: String,
    /// West, south, east, north; across the antimeridian all longitudes.
    pub(super) bounds: [f64; 4],
    pub(super) center: (f64, f64),
    /// The zoom at which the run about fills a screen.
    pub(super) center_zoom: u8,
    pub(super) max_zoom: u8,
    pub(super) vector_layers: Json,
}

impl Archive {
    pub(super) fn of(view: &RunView) -> Result<Self, Error> {
        let content = Content::of(view)?;
        let addresses = content.addresses()?;
        let max_zoom = addresses.last().map_or(0, TileId::z);
        let center_zoom = content.zoom_that_shows_all().min(max_zoom);
        let particles_from = center_zoom.saturating_sub(1);
        let mut tiles = Vec::with_capacity(addresses.len());
        for id in addresses {
            let bytes = content.tile(id, id.z() >= particles_from)?;
            if !bytes.is_empty() {
                tiles.push(Tile {
                    id,
                    bytes: gzipped(&bytes)?,
                });
            }
        }
        Ok(Self {
            tiles,
            about: content.about(view, max_zoom, center_zoom, particles_from),
        })
    }
}

impl Content {
    fn of(view: &RunView) -> Result<Self, Error> {
        let (areas, datums) = (areas(view)?, datums(view)?);
        let tracks = lines(view)?;
        let (groups, stride) = particles(view)?;
        let start = Coord {
            x: view.spec.position.lon_deg(),
            y: view.spec.position.lat_deg(),
        };
        let corners = |bbox: &BBox| {
            let corner = |x, y| Coord { x, y };
            [corner(bbox.west, bbox.south), corner(bbox.east, bbox.north)]
        };
        let shapes = areas.iter().map(|shape| shape.bbox);
        let shapes = shapes.chain(datums.iter().map(|shape| shape.bbox));
        let shapes = shapes.chain(tracks.iter().map(|shape| shape.bbox));
        let mut all: Vec<Coord> = shapes.flat_map(|bbox| corners(&bbox)).collect();
        for group in &groups {
            let places = group.lon_deg.iter().zip(&group.lat_deg);
            all.extend(places.map(|(x, y)| Coord { x: *x, y: *y }));
        }
        // A run of which nothing is left still has the place where it began.
        let bbox = bounds(all).or_else(|| bounds([start])).ok_or(Error::Lacking("place"))?;
        Ok(Self {
            areas,
            datums,
            tracks,
            groups,
            stride,
            bbox,
        })
    }

    /// Addresses of the tiles that something may lie in, zoom by zoom from the whole globe on.
    fn addresses(&self) -> Result<Vec<TileId>, Error> {
        let mut all = vec![TileId::new(0, 0, 0)?];
        let mut above = all.clone();
        for z in 1..=DEEPEST_ZOOM {
            let mut these = Vec::new();
            for parent in &above {
                for (dx, dy) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let id = TileId::new(z, parent.x() * 2 + dx, parent.y() * 2 + dy)?;
                    if self.meets(id) {
                        these.push(id);
                    }
                }
            }
            if these.len() > MOST_TILES {
                break;
            }
            these.sort_unstable_by_key(|id| (id.x(), id.y()));
            all.extend(&these);
            above = these;
        }
        Ok(all)
    }

    fn meets(&self, id: TileId) -> bool {
        let tile = id.bbox(BUFFER);
        let shapes = self.areas.iter().map(|shape| &shape.bbox);
        let shapes = shapes.chain(self.datums.iter().map(|shape| &shape.bbox));
        let mut shapes = shapes.chain(self.tracks.iter().map(|shape| &shape.bbox));
        let place_in = |group: &Group| {
            let mut places = group.lon_deg.iter().zip(&group.lat_deg);
            places.any(|(lon, lat)| tile.contains(*lon, *lat))
        };
        shapes.any(|bbox| meet(bbox, &tile)) || self.groups.iter().any(place_in)
    }

    fn tile(&self, id: TileId, with_particles: bool) -> Result<Vec<u8>, Error> {
        let around = id.bbox(BUFFER);
        let mut areas = LayerBuilder::new("search-areas", id);
        for shape in self.areas.iter().filter(|shape| meet(&shape.bbox, &around)) {
            areas.polygon(None, &shape.geometry, &shape.attributes);
        }
        let mut datums = LayerBuilder::new("datums", id);
        for shape in &self.datums {
            datums.point(None, shape.geometry.x, shape.geometry.y, &shape.attributes);
        }
        let mut lines = LayerBuilder::new("trajectories", id);
        for shape in self.tracks.iter().filter(|shape| meet(&shape.bbox, &around)) {
            lines.line(None, &shape.geometry, &shape.attributes);
        }
        let mut tile = VectorTile::new();
        tile.add(areas);
        tile.add(datums);
        tile.add(lines);
        if with_particles {
            tile.add(self.particles(id)?);
        }
        Ok(tile.into_bytes())
    }

    fn particles(&self, id: TileId) -> Result<LayerBuilder, Error> {
        let mut layer = LayerBuilder::new("particles", id);
        let states = Status::ALL.map(|status| Value::Text(status.name().to_owned()));
        let stands_for = Value::Int(self.stride as i64);
        let column = |key, values| Column { key, values };
        for group in &self.groups {
            let mut columns = vec![
                column("particle_id", ColumnValues::U32(&group.numbers)),
                column("particle_status", ColumnValues::Choice(&states, &group.status)),
                column("valid_time", ColumnValues::Constant(&group.time)),
            ];
            if self.stride > 1 {
                columns.push(column("stands_for", ColumnValues::Constant(&stands_for)));
            }
            layer.points(&Points {
                lon_deg: &group.lon_deg,
                lat_deg: &group.lat_deg,
                ids: None,
                columns: &columns,
            })?;
        }
        Ok(layer)
    }

    /// The zoom at which the run about fills a screen, as TileJSON has it.
    fn zoom_that_shows_all(&self) -> u8 {
        let bbox = &self.bbox;
        let span = width_deg(bbox).max(bbox.north - bbox.south).max(0.01);
        libm::floor(libm::log2(360.0 / span)).clamp(0.0, f64::from(DEEPEST_ZOOM)) as u8
    }

    fn about(&self, view: &RunView, max_zoom: u8, center_zoom: u8, particles_from: u8) -> About {
        let bbox = &self.bbox;
        // Neither form of archive knows the antimeridian.
        let (west, east) = if bbox.crosses_antimeridian() {
            (-180.0, 180.0)
        } else {
            (bbox.west, bbox.east)
        };
        let layer = |id: &str, description: &str, min_zoom: u8, fields: Json| {
            json!({
                "id": id, "description": description, "minzoom": min_zoom, "maxzoom": max_zoom, "fields": fields
            })
        };
        let mut particle_fields = json!({
            "particle_id": "Number", "particle_status": "String", "valid_time": "String"
        });
        if self.stride > 1 {
            particle_fields["stands_for"] = "Number".into();
        }
        let line_fields = json!({
            "particle_id": "Number", "particle_status": "String", "valid_start": "String", "valid_end": "String"
        });
        let vector_layers = json!([
            layer(
                "search-areas",
                "Smallest areas that hold the object with a probability",
                0,
                fields(&AREA_MEMBERS)
            ),
            layer("datums", "Mean and most likely positions", 0, fields(&DATUM_MEMBERS)),
            layer("trajectories", "Tracks of a sample of the particles", 0, line_fields),
            layer(
                "particles",
                "Some of the particles at every output time",
                particles_from,
                particle_fields
            ),
        ]);
        About {
            name: format!("Driftline: {}", view.name()),
            description: view.provenance_lines(),
            attribution: quick_xml::escape::escape(view.label.attribution_line()).into_owned(),
            bounds: [west, bbox.south, east, bbox.north],
            center: (
                wrap_lon_deg(bbox.west + width_deg(bbox) / 2.0),
                (bbox.south + bbox.north) / 2.0,
            ),
            center_zoom,
            max_zoom,
            vector_layers,
        }
    }
}

/// Areas in order of time, at each time the largest first, so that smaller ones are drawn on top.
fn areas(view: &RunView) -> Result<Vec<Shape<MultiPolygon>>, Error> {
    let mut shapes = Vec::new();
    for set in &view.areas {
        for area in set.levels.iter().rev() {
            let geometry = area.polygons.map_coords(rounded);
            let properties = set.area_feature(area, &view.label)?.properties;
            if let Some(bbox) = bounds(geometry.coords_iter()) {
                shapes.push(Shape {
                    bbox,
                    geometry,
                    attributes: members(properties, &AREA_MEMBERS),
                });
            }
        }
    }
    Ok(shapes)
}

fn datums(view: &RunView) -> Result<Vec<Shape<Coord>>, Error> {
    let mut shapes = Vec::new();
    for set in &view.areas {
        let features = set.datum_features(&view.label)?;
        for ((x, y), feature) in set.datum_places().zip(features) {
            let geometry = rounded(Coord { x, y });
            if let Some(bbox) = bounds([geometry]) {
                shapes.push(Shape {
                    bbox,
                    geometry,
                    attributes: members(feature.properties, &DATUM_MEMBERS),
                });
            }
        }
    }
    Ok(shapes)
}

fn lines(view: &RunView) -> Result<Vec<Shape<MultiLineString>>, Error> {
    let mut shapes = Vec::new();
    for track in tracks(&view.clouds()?, MAX_TRACKS)? {
        let geometry = track_lines(&track);
        if let Some((times, bbox)) = track.times().zip(bounds(geometry.coords_iter())) {
            shapes.push(Shape {
                bbox,
                geometry,
                attributes: track_attributes(&track, times),
            });
        }
    }
    Ok(shapes)
}

/// Every so many of the particles at every time, and how many each stands for.
fn particles(view: &RunView) -> Result<(Vec<Group>, usize), Error> {
    let clouds = view.clouds()?;
    let all: usize = clouds.iter().map(|cloud| cloud.len()).sum();
    let stride = all.div_ceil(MOST_POSITIONS).max(1).next_power_of_two();
    let group = |cloud: &crate::products::Cloud<'_>| {
        let numbers = (0..cloud.len()).step_by(stride);
        Group {
            time: time_value(cloud.time),
            lon_deg: numbers
                .clone()
                .map(|number| wrap_lon_deg(cloud.lon_deg[number]))
                .collect(),
            lat_deg: numbers.clone().map(|number| cloud.lat_deg[number]).collect(),
            status: numbers.clone().map(|number| cloud.status[number] as u8).collect(),
            numbers: numbers.map(|number| number as u32).collect(),
        }
    };
    Ok((clouds.iter().map(group).collect(), stride))
}

fn time_value(time: ValidTime) -> Value {
    Value::Text(time.to_string())
}

fn members(properties: Option<JsonObject>, names: &[&'static str]) -> Attributes {
    attributes(&properties.unwrap_or_default(), names)
}

/// Names and kinds of attributes, as TileJSON tells them.
fn fields(names: &[&str]) -> Json {
    let texts = ["valid_time", "object_code", "mission_id", "run_id", "datum_kind"];
    let kind = |name: &str| if texts.contains(&name) { "String" } else { "Number" };
    names
        .iter()
        .map(|name| ((*name).to_owned(), Json::from(kind(name))))
        .collect()
}

fn width_deg(bbox: &BBox) -> f64 {
    let turn = if bbox.crosses_antimeridian() { 360.0 } else { 0.0 };
    bbox.east + turn - bbox.west
}

/// Whether two boxes share a place.
fn meet(one: &BBox, other: &BBox) -> bool {
    let spans = |bbox: &BBox| {
        if bbox.crosses_antimeridian() {
            [(bbox.west, 180.0), (-180.0, bbox.east)]
        } else {
            [(bbox.west, bbox.east); 2]
        }
    };
    let share = |(west, east): &(f64, f64)| spans(other).iter().any(|(w, e)| west <= e && w <= east);
    one.south <= other.north && other.south <= one.north && spans(one).iter().any(share)
}

/// The same bytes of the same tile: the header holds no time.
fn gzipped(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::best());
    encoder.write_all(bytes).map_err(Error::ArchiveContent)?;
    encoder.finish().map_err(Error::ArchiveContent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_meet_across_the_antimeridian() {
        let bbox = |west, east| BBox::new(west, -1.0, east, 1.0).unwrap();
        let fiji = bbox(179.0, -179.0);
        assert!(meet(&fiji, &bbox(-180.0, -179.5)) && meet(&bbox(179.5, 180.0), &fiji) && meet(&fiji, &fiji));
        assert!(!meet(&fiji, &bbox(-178.0, 178.0)) && meet(&bbox(1.0, 2.0), &bbox(2.0, 3.0)));
        assert_eq!(width_deg(&fiji), 2.0);
    }
}

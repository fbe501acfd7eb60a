//! What a tileset is made of: all feature collections or one, as features or as pictures; where it has something, and
//! so which tiles of a matrix there are.

use driftline_domain::BBox;
use driftline_tiles::{TileId, TileLimits, TileMatrixSet};

use crate::ask::Ask;
use crate::document::JSON;
use crate::features::{Collection, Holdings, Root, RootAsk};
use crate::links::{Link, Site};
use crate::maps::{Layer, LayerAbout};
use crate::{AppState, Error};

/// Features or pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Vector tiles.
    Vector,
    /// Map tiles.
    Map,
}

impl Kind {
    /// Link relation of its lists of tilesets.
    pub(crate) fn relation(self) -> &'static str {
        match self {
            Self::Vector => "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
            Self::Map => "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map",
        }
    }

    /// As tileset metadata calls it.
    pub(super) fn data_type(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Map => "map",
        }
    }

    /// Path of the lists below a root or a collection.
    fn path(self) -> &'static str {
        match self {
            Self::Vector => "/tiles",
            Self::Map => "/map/tiles",
        }
    }
}

/// What a request's tilesets show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// Features or pictures.
    pub(super) kind: Kind,
    /// One collection, or all of them.
    pub(super) collection: Option<Collection>,
}

/// What is there of it now.
pub(super) struct Content {
    /// Where.
    pub(super) bbox: BBox,
    /// Credits.
    pub(super) attribution: Vec<String>,
}

/// The picture that shows a collection as map tiles; all collections together are shown as search areas.
fn layer_of(collection: Option<Collection>) -> Option<Layer> {
    let id = collection.map_or(Collection::SearchAreas.id(), Collection::id);
    Layer::find(id).filter(|layer| layer.has_raster_tiles())
}

/// Links to the lists of tilesets of a root, or of one of its collections.
pub(crate) fn links(site: &Site, root: &Root, collection: Option<Collection>) -> Vec<Link> {
    let base = match collection {
        None => root.path(),
        Some(collection) => root.collection_path(collection),
    };
    if collection.is_some_and(|collection| !Collection::TILED.contains(&collection)) {
        return Vec::new();
    }
    let mut links = vec![(Kind::Vector, "Vector tiles")];
    if layer_of(collection).is_some() {
        links.push((Kind::Map, "Map tiles"));
    }
    links
        .into_iter()
        .map(|(kind, title)| {
            let path = format!("{base}{}?f=json", kind.path());
            site.link(kind.relation(), JSON, title, &path)
        })
        .collect()
}

impl Source {
    /// What the path of a request names.
    pub(super) fn of(asked: &RootAsk, kind: Kind) -> Result<Self, Error> {
        let collection = match asked.ask.param("collection_id") {
            "" => None,
            _ => Some(asked.tiled_collection()?),
        };
        let source = Self { kind, collection };
        if kind == Kind::Map {
            source.layer()?;
        }
        Ok(source)
    }

    /// The layer of its pictures.
    pub(super) fn layer(&self) -> Result<Layer, Error> {
        let name = self.collection.map_or("", Collection::id);
        layer_of(self.collection).ok_or_else(|| Error::not_found("tileset of pictures of", name))
    }

    /// Its collections in the order of layers: areas below points.
    pub(super) fn collections(&self) -> Vec<Collection> {
        match self.collection {
            Some(collection) => vec![collection],
            None => Collection::TILED.to_vec(),
        }
    }

    /// The path of its list.
    pub(super) fn path(&self, root: &Root) -> String {
        let base = match self.collection {
            None => root.path(),
            Some(collection) => root.collection_path(collection),
        };
        format!("{base}{}", self.kind.path())
    }

    /// Its title.
    pub(super) fn title(&self, root: &Root) -> String {
        match self.collection {
            None => root.title(),
            Some(collection) => format!("{}: {}", root.title(), collection.title()),
        }
    }

    /// What it shows.
    pub(super) fn description(&self) -> &'static str {
        match (self.collection, self.kind) {
            (Some(collection), _) => collection.description(),
            (None, Kind::Vector) => "Every collection as a layer of one vector tile.",
            (None, Kind::Map) => "Search areas as pictures.",
        }
    }

    /// What is there now; `None` where nothing is.
    pub(super) async fn content(&self, state: &AppState, ask: &Ask, root: &Root) -> Result<Option<Content>, Error> {
        if self.kind == Kind::Map {
            let about = LayerAbout::of(state, ask.caller.org, root, self.layer()?).await?;
            return Ok(about.ok().map(|about| Content {
                bbox: about.bbox,
                attribution: about.attribution,
            }));
        }
        let holdings = Holdings::now(state, ask.caller.org, root.mission_id()).await?;
        let collections = self.collections();
        let extents = collections.iter().filter_map(|one| holdings.extent(*one));
        let boxes = extents.map(|extent| {
            let [west, south, east, north] = extent.bbox;
            BBox {
                west,
                south,
                east,
                north,
            }
        });
        Ok(boxes.reduce(around).map(|bbox| Content {
            bbox,
            attribution: holdings.attribution.clone(),
        }))
    }

    /// What is there now, where a tileset without anything does not exist.
    pub(super) async fn existing(&self, state: &AppState, asked: &RootAsk) -> Result<Content, Error> {
        if let Some(mission) = asked.root.mission()
            && mission.run.is_none()
        {
            return Err(Error::NotCompleted(mission.status));
        }
        let content = self.content(state, &asked.ask, &asked.root).await?;
        content.ok_or_else(|| Error::NoTileset {
            name: self.collection.map_or("of all collections", Collection::id),
            reason: "nothing of it is stored".to_owned(),
        })
    }
}

impl Content {
    /// The tiles of every zoom of a set.
    pub(super) fn limits(&self, set: TileMatrixSet) -> Vec<TileLimits> {
        (0..=set.finest_zoom())
            .map(|zoom| TileLimits::of_box(set, zoom, &self.bbox))
            .collect()
    }

    /// Refuses a tile that its set's limits leave out (20-057, /req/core/tc-error).
    pub(super) fn check(&self, tile: TileId, name: &str) -> Result<(), Error> {
        if TileLimits::of_box(tile.set(), tile.z(), &self.bbox).hold(tile) {
            Ok(())
        } else {
            Err(Error::not_found("tile inside the limits of its tileset", name))
        }
    }
}

fn around(all: BBox, one: BBox) -> BBox {
    let crosses = all.crosses_antimeridian() || one.crosses_antimeridian();
    BBox {
        west: if crosses { -180.0 } else { all.west.min(one.west) },
        south: all.south.min(one.south),
        east: if crosses { 180.0 } else { all.east.max(one.east) },
        north: all.north.max(one.north),
    }
}

//! The forms that a page of features comes in. Each is a row of [`Format`]: its name in `f`, its media type, and how it is
//! written; landing pages, links and the API document list what stands here.

mod csv;
mod flatgeobuf;
mod geojson;
mod html;
mod json_fg;
mod parquet;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub(crate) use self::geojson::single;

use super::block::Picked;
use super::collection::Collection;
use super::positions::Positioned;
use super::tombstone::Withdrawn;
use crate::Error;
use crate::ask::Ask;
use crate::document::GEOJSON;
use crate::links::Link;
use crate::query::shown;

/// A form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 7946.
    GeoJson,
    /// OGC Features and Geometries JSON (21-045r1).
    JsonFg,
    /// A table with a column per property, geometry as well-known text.
    Csv,
    /// FlatGeobuf 3.
    FlatGeobuf,
    /// GeoParquet 1.1.
    GeoParquet,
    /// A page for people, with a map.
    Html,
}

impl Format {
    /// Every form, the default first.
    pub(crate) const ALL: [Self; 6] = [
        Self::GeoJson,
        Self::JsonFg,
        Self::FlatGeobuf,
        Self::GeoParquet,
        Self::Csv,
        Self::Html,
    ];

    /// Its name in `f`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GeoJson => "json",
            Self::JsonFg => "jsonfg",
            Self::Csv => "csv",
            Self::FlatGeobuf => "fgb",
            Self::GeoParquet => "parquet",
            Self::Html => "html",
        }
    }

    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::GeoJson => GEOJSON,
            Self::JsonFg => "application/vnd.ogc.fg+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::GeoParquet => "application/vnd.apache.parquet",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// Its media type without parameters, as links and the API document name it.
    pub(crate) fn bare_type(self) -> &'static str {
        let whole = self.media_type();
        whole.split(';').next().unwrap_or(whole)
    }

    /// What it is, for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::JsonFg => "JSON-FG",
            Self::Csv => "CSV",
            Self::FlatGeobuf => "FlatGeobuf",
            Self::GeoParquet => "GeoParquet",
            Self::Html => "A page with a map",
        }
    }

    /// Whether bytes of it are compressed already, or would not gain.
    pub(crate) fn is_compact(self) -> bool {
        matches!(self, Self::GeoParquet)
    }

    /// The form that a request asks for: by `f`, else by Accept, else GeoJSON.
    pub(crate) fn asked(ask: &Ask) -> Result<Self, Error> {
        if let Some(name) = ask.query.get("f") {
            let named = match name {
                "geojson" => Some(Self::GeoJson),
                _ => Self::ALL.into_iter().find(|format| format.name() == name),
            };
            return named.ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
                let reason = format!("'{}' is not offered; it must be {}", shown(name), known.join(", "));
                Error::parameter("f", reason)
            });
        }
        let kinds: Vec<(&str, Self)> = Self::ALL.iter().map(|format| (format.bare_type(), *format)).collect();
        let offered = [("application/json", Self::GeoJson)].into_iter().chain(kinds);
        crate::accept::preferred(&ask.headers, &offered.collect::<Vec<_>>())
    }
}

/// Which properties are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// Names in the order of the answer; `None` means all.
    names: Option<Vec<&'static str>>,
    /// Whether the geometry is.
    pub(crate) has_geometry: bool,
}

impl Fields {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self {
            names: None,
            has_geometry: true,
        }
    }

    /// Reads `properties` and `skipGeometry`.
    pub(crate) fn asked(ask: &Ask, collection: Collection) -> Result<Self, Error> {
        let names = match ask.query.get("properties") {
            None => None,
            Some("") => Some(Vec::new()),
            Some(list) => Some(
                list.split(',')
                    .map(|name| known(collection, name))
                    .collect::<Result<_, _>>()?,
            ),
        };
        let has_geometry = match ask.query.get("skipGeometry") {
            None | Some("false") => true,
            Some("true") => false,
            Some(other) => {
                let reason = format!("'{}' is neither true nor false", shown(other));
                return Err(Error::parameter("skipGeometry", reason));
            }
        };
        Ok(Self { names, has_geometry })
    }

    /// Whether nothing is left out.
    pub(crate) fn is_all(&self) -> bool {
        self.names.is_none() && self.has_geometry
    }

    /// The wanted ones of these properties.
    pub(crate) fn of(&self, mut properties: Map<String, Value>) -> Map<String, Value> {
        match &self.names {
            None => properties,
            Some(names) => {
                let wanted = names
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), properties.remove(*name)?)));
                wanted.collect()
            }
        }
    }

    /// The columns of table-like forms.
    pub(crate) fn columns(&self, collection: Collection) -> Vec<&'static super::properties::Property> {
        match &self.names {
            None => collection.properties().iter().collect(),
            Some(names) => names.iter().filter_map(|name| collection.property(name)).collect(),
        }
    }
}

fn known(collection: Collection, name: &str) -> Result<&'static str, Error> {
    collection.property(name).map(|property| property.name).ok_or_else(|| {
        let names: Vec<&str> = collection.properties().iter().map(|property| property.name).collect();
        let reason = format!("there is no property '{}'; there are {}", shown(name), names.join(", "));
        Error::parameter("properties", reason)
    })
}

/// A page, ready to be written in some form.
pub(crate) struct PageDocument<'a> {
    /// The collection.
    pub(crate) collection: Collection,
    /// What the root is called.
    pub(crate) title: &'a str,
    /// Its features.
    pub(crate) features: &'a [Picked],
    /// What is no more, where changes were asked for.
    pub(crate) withdrawn: &'a [Withdrawn],
    /// Which properties are wanted.
    pub(crate) fields: &'a Fields,
    /// How positions are written.
    pub(crate) positions: &'a Positioned,
    /// Links of the page.
    pub(crate) links: &'a [Link],
    /// The state of the content that the page was made from.
    pub(crate) time_stamp: Timestamp,
    /// Features that match in all, where that is known without reading them.
    pub(crate) number_matched: Option<i64>,
    /// Credits of the forcing.
    pub(crate) attribution: &'a [String],
    /// The coast, for the map of the page for people.
    pub(crate) coast: &'a driftline_coast::Coast,
}

impl PageDocument<'_> {
    /// Features on the page.
    pub(crate) fn number_returned(&self) -> usize {
        self.features.len() + self.withdrawn.len()
    }

    /// Its bytes.
    pub(crate) fn write(&self, format: Format) -> Result<Vec<u8>, Error> {
        match format {
            Format::GeoJson => Ok(geojson::page(self).into_bytes()),
            Format::JsonFg => Ok(json_fg::page(self).into_bytes()),
            Format::Csv => csv::page(self),
            Format::FlatGeobuf => flatgeobuf::page(self),
            Format::GeoParquet => parquet::page(self),
            Format::Html => Ok(html::page(self).into_bytes()),
        }
    }
}

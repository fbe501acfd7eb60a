//! OGC API Styles (20-009, draft): how the feature collections look on a light and on a dark map, as stylesheets that clients
//! apply to our vector tiles (MapLibre style, version 8) and to our features (SLD 1.0 and 1.1). The colours are those
//! of the pictures.

mod list;
mod mapbox;
mod rules;
mod sld;
mod stylesheet;

use axum::routing::{MethodRouter, get};
use driftline_tiles::Scheme;

use crate::{AppState, Error};

/// A style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StyleId {
    /// For a light map.
    Day,
    /// For a dark one.
    Night,
}

impl StyleId {
    /// Both, the default first.
    const ALL: [Self; 2] = [Self::Day, Self::Night];

    /// The style of this name.
    pub(crate) fn find(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|style| style.id() == name);
        found.ok_or_else(|| Error::not_found("style", name))
    }

    /// Name in paths.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Day => "For a light map",
            Self::Night => "For a dark map",
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::Day => Scheme::Day,
            Self::Night => Scheme::Night,
        }
    }
}

/// Conformance classes of the draft. MapLibre's validator and QGIS read the stylesheets.
pub(crate) const CLASSES: [&str; 4] = [
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-10",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-11",
];

/// Routes of styles.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/ogc/styles", get(list::list)),
        ("/missions/{mission_id}/ogc/styles", get(list::list)),
        ("/ogc/styles/{styleId}", get(stylesheet::stylesheet)),
        (
            "/missions/{mission_id}/ogc/styles/{styleId}",
            get(stylesheet::stylesheet),
        ),
        ("/ogc/styles/{styleId}/metadata", get(list::metadata)),
        (
            "/missions/{mission_id}/ogc/styles/{styleId}/metadata",
            get(list::metadata),
        ),
        ("/ogc/collections/{collection_id}/styles", get(list::list)),
        (
            "/missions/{mission_id}/ogc/collections/{collection_id}/styles",
            get(list::list),
        ),
        (
            "/ogc/collections/{collection_id}/styles/{styleId}",
            get(stylesheet::stylesheet),
        ),
        (
            "/missions/{mission_id}/ogc/collections/{collection_id}/styles/{styleId}",
            get(stylesheet::stylesheet),
        ),
    ]
}

//! One stylesheet, in the form that the client takes.

use axum::response::Response;
use http::{HeaderValue, header};

use super::{StyleId, mapbox, sld};
use crate::Error;
use crate::answer::Lasting;
use crate::document::{document, not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::features::{Collection, RootAsk};
use crate::ogc_tiles::{Form, chosen};
use crate::query::Interval;

/// A form of stylesheets.
#[derive(Clone, Copy)]
pub(super) struct StyleForm {
    pub(super) form: Form,
    pub(super) media_type: &'static str,
    pub(super) title: &'static str,
    pub(super) version: &'static str,
    pub(super) specification: &'static str,
}

/// MapLibre style as media type.
const MAPBOX: &str = "application/vnd.mapbox.style+json";
/// Forms of every style, the default first.
pub(super) const FORMS: [StyleForm; 3] = [
    StyleForm {
        form: Form {
            name: "mapbox",
            media_types: &[MAPBOX, "application/json"],
        },
        media_type: MAPBOX,
        title: "MapLibre style",
        version: "8",
        specification: "https://maplibre.org/maplibre-style-spec/",
    },
    StyleForm {
        form: Form {
            name: "sld10",
            media_types: &["application/vnd.ogc.sld+xml"],
        },
        media_type: "application/vnd.ogc.sld+xml;version=1.0",
        title: "SLD 1.0",
        version: "1.0.0",
        specification: "https://www.ogc.org/standards/sld",
    },
    StyleForm {
        form: Form {
            name: "sld11",
            media_types: &["application/vnd.ogc.sld+xml"],
        },
        media_type: "application/vnd.ogc.sld+xml;version=1.1",
        title: "SLD 1.1",
        version: "1.1.0",
        specification: "https://www.ogc.org/standards/sld",
    },
];

/// `GET …/styles/{styleId}`.
pub(super) async fn stylesheet(asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["f", "datetime"])?;
    Interval::parameter(&ask.query, "datetime")?;
    let form = chosen(ask, &FORMS.map(|form| form.form), None)?;
    let style = StyleId::find(ask.param("styleId"))?;
    let collections = collections_of(&asked)?;
    let mut response = match form.name {
        "mapbox" => document(&ask.headers, MAPBOX, &mapbox::style(&asked, style, &collections))?,
        name => {
            let version = if name == "sld10" {
                sld::Version::V10
            } else {
                sld::Version::V11
            };
            let body = sld::document(style, &collections, version)?;
            let tag = EntityTag::of_bytes(&body);
            if tag.is_held_by(&ask.headers) {
                return Ok(not_modified(&tag));
            }
            with_tag(body.into(), version.media_type(), &tag)
        }
    };
    Lasting::Briefly.note(&mut response);
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The collections that a request's style is for, in the order of drawing.
pub(super) fn collections_of(asked: &RootAsk) -> Result<Vec<Collection>, Error> {
    match asked.ask.param("collection_id") {
        "" => Ok(vec![
            Collection::SearchAreas,
            Collection::Trajectories,
            Collection::Particles,
            Collection::Datums,
        ]),
        _ => asked.tiled_collection().map(|collection| vec![collection]),
    }
}

/// The path of the styles that a request is about.
pub(super) fn shown_path(asked: &RootAsk) -> String {
    match asked.tiled_collection() {
        Ok(collection) => format!("{}/styles", asked.root.collection_path(collection)),
        Err(_) => format!("{}/styles", asked.root.path()),
    }
}

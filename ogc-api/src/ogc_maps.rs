//! OGC API Maps Part 1 (20-058): pictures of any box of the collections that can be drawn, of all together as search
//! areas. They are drawn as those of WMS.

mod request;

use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use driftline_auth_billing::Billable;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::request::readings;
use self::request::{MapWanted, layer_of};
use crate::answer::{Lasting, note_step, png_of, tagged};
use crate::entity_tag::EntityTag;
use crate::features::{Collection, Root, RootAsk};
use crate::links::{Link, Site};
use crate::maps::{TimeWanted, Viewer, draw_then};
use crate::tilesets::existing;
use crate::{AppState, Error};

const PNG: &str = "image/png";
/// Link relation of maps.
const MAP: &str = "http://www.opengis.net/def/rel/ogc/1.0/map";
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
const CONTENT_BBOX: HeaderName = HeaderName::from_static("content-bbox");

/// Routes of maps.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/ogc/map", get(map)),
        ("/missions/{mission_id}/ogc/map", get(map)),
        ("/ogc/styles/{styleId}/map", get(map)),
        ("/missions/{mission_id}/ogc/styles/{styleId}/map", get(map)),
        ("/ogc/collections/{collection_id}/map", get(map)),
        ("/missions/{mission_id}/ogc/collections/{collection_id}/map", get(map)),
        ("/ogc/collections/{collection_id}/styles/{styleId}/map", get(map)),
        (
            "/missions/{mission_id}/ogc/collections/{collection_id}/styles/{styleId}/map",
            get(map),
        ),
    ]
}

/// Conformance classes. GDAL's OGCAPI driver reads these maps.
pub(crate) const CLASSES: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/styled-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/png",
];

/// The link to the map of a root or of a collection, where it has one.
pub(crate) fn link(site: &Site, root: &Root, collection: Option<Collection>) -> Option<Link> {
    let base = drawn_path(root, collection)?;
    Some(site.link(MAP, PNG, "As a picture", &format!("{base}/map")))
}

/// The link to the same in a style (20-058, requirement class styled map).
pub(crate) fn styled_link(site: &Site, root: &Root, collection: Option<Collection>, style: &str) -> Option<Link> {
    let base = drawn_path(root, collection)?;
    Some(site.link(
        MAP,
        PNG,
        "A picture in this style",
        &format!("{base}/styles/{style}/map"),
    ))
}

/// The path of a root or of a collection that can be drawn.
fn drawn_path(root: &Root, collection: Option<Collection>) -> Option<String> {
    let layer = layer_of(collection)?;
    if layer.is_of_missions_only() && root.mission().is_none() {
        return None;
    }
    Some(match collection {
        None => root.path(),
        Some(collection) => root.collection_path(collection),
    })
}

/// `GET …/map`.
async fn map(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let RootAsk { ask, root } = &asked;
    let wanted = MapWanted::of(&asked)?;
    let about = existing(&state, ask, root, wanted.layer).await?;
    let moment = about.moment(wanted.time, Timestamp::now());
    let moment = moment.map_err(|why| Error::parameter("datetime", why))?;
    let view = wanted.view(&about.bbox)?;
    let made_from = format!(
        "{} map {} {} {} {moment:?} {view:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        wanted.layer.id(),
        wanted.style.name,
        about.state,
        wanted.ground
    );
    let tag = EntityTag::of_bytes(made_from.as_bytes());
    let lasting = if about.is_fixed() && wanted.time != TimeWanted::Current {
        Lasting::Forever
    } else {
        Lasting::Briefly
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let org = ask.caller.org;
    let pixels = u64::from(view.width) * u64::from(view.height);
    let place = &state.map_places().take(org, pixels).await?;
    let viewer = Viewer {
        state: &state,
        org,
        place,
    };
    let (look, ground) = (wanted.layer.look(wanted.style), wanted.ground);
    let written = move |picture| png_of(picture, ground);
    let (png, step) = draw_then(viewer, &about, look, view, moment, written).await?;
    let mut response = tagged(png?, PNG, &tag, lasting);
    note_step(&mut response, step);
    for (name, value) in [
        (CONTENT_CRS, format!("<{}>", wanted.plane.uri())),
        (CONTENT_BBOX, wanted.plane.written(view.bounds)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response.extensions_mut().insert(Billable {
        meter: "map",
        units: 1,
        distress: root.is_distress(),
    });
    Ok(response)
}

//! GetFeatureInfo: what the layers say about one pixel, as GeoJSON, plain text or HTML.

use axum::response::Response;

use super::blue_lake;
use super::exception::{Code, Exception};
use super::get_map::is_inside;
use super::kvp::Kvp;
use super::map_request::{MapLayer, MapRequest, layer_named};
use super::request::WmsAsk;
use super::version::Version;
use crate::AppState;
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::{InfoForm, Viewer, probe};
use crate::query::shown;

/// Answers of one layer at most.
const MOST_FEATURES: u32 = 100;

/// GetFeatureInfo.
pub(super) async fn answer(state: &AppState, asked: &WmsAsk, version: Version) -> Result<Response, Exception> {
    let kvp = &asked.kvp;
    let format = format(kvp)?;
    let most = most_features(kvp)?;
    let map = MapRequest::parse(state, asked, version).await?;
    let queried = queried(kvp, &map)?;
    let pixel = pixel(kvp, version)?;
    if !is_inside(&map.view, pixel.0, pixel.1) {
        let message = format!("the pixel {}, {} lies outside the picture", pixel.0, pixel.1);
        return Err(Exception::new(Code::InvalidPoint, message));
    }
    let org = asked.ask.caller.org;
    let place = &state.map_places().take(org, 1).await?;
    let viewer = Viewer { state, org, place };
    let mut found = Vec::new();
    for layer in map.layers.iter().filter(|drawn| queried.contains(&drawn.name())) {
        let most = most as usize;
        match layer {
            MapLayer::Own(layer) => {
                let look = layer.styling.look;
                let probes = probe(viewer, &layer.about, look, &map.view, layer.moment, pixel, most);
                found.extend(probes.await?);
            }
            MapLayer::Test(layer, times) => {
                found.extend(blue_lake::probe(layer, times, &map.view, pixel).into_iter().take(most));
            }
        }
    }
    let (body, media_type) = format.written(&found);
    let tag = EntityTag::of_bytes(body.as_bytes());
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    let mut response = tagged(body, media_type, &tag, Lasting::Briefly);
    if !found.is_empty() {
        asked.bill(&mut response, "feature-info");
    }
    Ok(response)
}

/// The form that is asked for.
pub(super) fn format(kvp: &Kvp) -> Result<InfoForm, Exception> {
    let Some(asked) = kvp.filled("INFO_FORMAT") else {
        return Ok(InfoForm::Plain);
    };
    InfoForm::find(asked).ok_or_else(|| {
        let message = format!(
            "INFO_FORMAT '{}' is not offered; there are {}",
            shown(asked),
            InfoForm::ALL.map(InfoForm::name).join(", ")
        );
        Exception::new(Code::InvalidFormat, message)
    })
}

fn most_features(kvp: &Kvp) -> Result<u32, Exception> {
    match kvp.filled("FEATURE_COUNT") {
        None => Ok(1),
        Some(_) => Ok(kvp.needed_number("FEATURE_COUNT")?.clamp(1, MOST_FEATURES)),
    }
}

fn queried<'a>(kvp: &'a Kvp, map: &MapRequest) -> Result<Vec<&'a str>, Exception> {
    let names: Vec<&str> = kvp.needed("QUERY_LAYERS")?.split(',').collect();
    for name in &names {
        if map.layers.iter().any(|drawn| drawn.name() == *name) {
            continue;
        }
        // What is no layer at all is another mistake.
        let layer = layer_named(name)?;
        return Err(Exception::new(
            Code::LayerNotQueryable,
            format!("the layer {} is not among LAYERS", layer.id()),
        ));
    }
    Ok(names)
}

/// Clients mix up the two pairs of names; neither has another meaning.
pub(super) fn pixel(kvp: &Kvp, version: Version) -> Result<(u32, u32), Exception> {
    let of = |own: &str, other: &str| {
        let name = if kvp.filled(own).is_none() && kvp.filled(other).is_some() {
            other
        } else {
            own
        };
        let number = kvp.needed_number(name);
        number.map_err(|_missing| {
            let text = shown(kvp.get(name).unwrap_or_default());
            Exception::new(Code::InvalidPoint, format!("{own} '{text}' is not a pixel"))
        })
    };
    match version {
        Version::V130 => Ok((of("I", "X")?, of("J", "Y")?)),
        Version::V111 => Ok((of("X", "I")?, of("Y", "J")?)),
    }
}

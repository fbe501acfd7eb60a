//! GetFeatureInfo (07-057r7, 7.3): what a layer says about one pixel of a tile, in the forms that WMS has.

use axum::response::Response;
use driftline_auth_billing::Billable;
use driftline_tiles::MapView;
use jiff::Timestamp;

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::request::WmtsAsk;
use super::tile;
use crate::answer::{Lasting, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::{InfoForm, Viewer, probe};
use crate::query::shown;
use crate::tilesets::existing;
use crate::{AppState, Error};

/// Things that are told of at most.
const MOST_FEATURES: usize = 10;

/// GetFeatureInfo.
pub(super) async fn answer(state: &AppState, asked: &WmtsAsk, kvp: &Kvp) -> Result<Response, Exception> {
    let wanted = tile::wanted(kvp)?;
    let form = form(kvp)?;
    let pixel = (pixel(kvp, "I", wanted.size_px)?, pixel(kvp, "J", wanted.size_px)?);
    let about = existing(state, &asked.ask, &asked.root, wanted.layer).await?;
    let moment = about.moment(wanted.time, Timestamp::now());
    let moment = moment.map_err(|why| Error::parameter("TIME", why))?;
    let view = MapView::of(wanted.id, wanted.size_px);
    let view = view.map_err(|error| Error::Internal(format!("a tile: {error}")))?;
    let org = asked.ask.caller.org;
    let place = &state.map_places().take(org, 1).await?;
    let viewer = Viewer { state, org, place };
    let look = wanted.layer.look(wanted.style);
    let found = probe(viewer, &about, look, &view, moment, pixel, MOST_FEATURES).await?;
    let (body, _) = form.written(&found);
    let tag = EntityTag::of_bytes(body.as_bytes());
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    // The media type as it was asked for, without a charset: the OGC's suite compares the two.
    let mut response = tagged(body, form.name(), &tag, Lasting::Briefly);
    if !found.is_empty() {
        response.extensions_mut().insert(Billable {
            meter: "feature-info",
            units: 1,
            distress: asked.root.is_distress(),
        });
    }
    Ok(response)
}

fn form(kvp: &Kvp) -> Result<InfoForm, Exception> {
    let asked = kvp.needed("INFOFORMAT")?;
    InfoForm::find(asked).ok_or_else(|| {
        let message = format!(
            "INFOFORMAT '{}' is not offered; there are {}",
            shown(asked),
            InfoForm::ALL.map(InfoForm::name).join(", ")
        );
        Exception::new(Code::InvalidParameterValue, "INFOFORMAT", message)
    })
}

/// Column (I) or row (J) of a pixel in the tile.
pub(super) fn pixel(kvp: &Kvp, name: &'static str, size_px: u32) -> Result<u32, Exception> {
    let text = kvp.needed(name)?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u32> = text.parse().ok().filter(|number| is_number && *number < size_px);
    number.ok_or_else(|| {
        let message = format!("{name} '{}' lies outside 0 to {}", shown(text), size_px - 1);
        Exception::new(Code::TileOutOfRange, name, message)
    })
}

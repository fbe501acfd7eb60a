//! PNG tiles.

use axum::response::Response;
use driftline_tiles::{MapView, Picture, TileId};
use jiff::Timestamp;

use super::tile::bill;
use crate::answer::{Lasting, note_step, png_of, tagged};
use crate::ask::Ask;
use crate::entity_tag::EntityTag;
use crate::features::{Root, RootAsk};
use crate::maps::{Layer, LayerAbout, Style, TimeWanted, Viewer, draw_then};
use crate::query::shown;
use crate::{AppState, Error};

const PNG: &str = "image/png";

/// Which picture is wanted.
pub(crate) struct RasterWanted {
    /// Of this layer, which has PNG tiles.
    pub(crate) layer: Layer,
    /// In this style.
    pub(crate) style: &'static Style,
    /// Where.
    pub(crate) id: TileId,
    /// Pixels on a side.
    pub(crate) size_px: u32,
    /// The parameter that named the time.
    pub(crate) time_name: &'static str,
    /// When.
    pub(crate) time: TimeWanted,
}

/// A PNG tile of one root, whose parameters were checked.
pub(crate) async fn raster_tile(
    state: &AppState,
    ask: &Ask,
    root: &Root,
    wanted: RasterWanted,
) -> Result<Response, Error> {
    let RasterWanted {
        layer,
        style,
        id,
        size_px,
        time_name,
        time,
    } = wanted;
    let org = ask.caller.org;
    let about = existing(state, ask, root, layer).await?;
    let moment = about.moment(time, Timestamp::now());
    let moment = moment.map_err(|why| Error::parameter(time_name, why))?;
    let made_from = format!(
        "{} {} {} {} {moment:?} {id:?} {}",
        env!("CARGO_PKG_VERSION"),
        layer.id(),
        style.name,
        about.state,
        size_px
    );
    let tag = EntityTag::of_bytes(made_from.as_bytes());
    let lasting = if about.is_fixed() && time != TimeWanted::Current {
        Lasting::Forever
    } else {
        Lasting::Briefly
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let view = MapView::of(id, size_px);
    let view = view.map_err(|error| Error::Internal(format!("a tile: {error}")))?;
    let pixels = u64::from(size_px) * u64::from(size_px);
    let place = &state.map_places().take(org, pixels).await?;
    let viewer = Viewer { state, org, place };
    // A tile with nothing in it is a transparent picture, and free: an <img> takes an answer without a body for a fault.
    let written = |picture: Picture| (!picture.is_empty(), png_of(picture, None));
    let (written, step) = draw_then(viewer, &about, layer.look(style), view, moment, written).await?;
    let (shows_something, png) = written;
    let mut response = tagged(png?, PNG, &tag, lasting);
    if shows_something {
        bill(&mut response, root);
    }
    note_step(&mut response, step);
    Ok(response)
}

/// The layer as this root has it.
pub(crate) async fn existing(state: &AppState, ask: &Ask, root: &Root, layer: Layer) -> Result<LayerAbout, Error> {
    let about = LayerAbout::of(state, ask.caller.org, root, layer).await?;
    about.map_err(|why| Error::NoTileset {
        name: layer.id(),
        reason: why.to_string(),
    })
}

/// The style that the query names.
pub(super) fn style_parameter(asked: &RootAsk, layer: Layer) -> Result<&'static Style, Error> {
    let name = asked.ask.query.get("style").unwrap_or_default();
    layer.style(name).ok_or_else(|| {
        let known: Vec<&str> = layer.styles().iter().map(|style| style.name).collect();
        let reason = format!(
            "'{}' is no style of {}; there are {}",
            shown(name),
            layer.id(),
            known.join(", ")
        );
        Error::parameter("style", reason)
    })
}

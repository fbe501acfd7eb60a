//! PNG tiles.

use axum::response::Response;
use driftline_tiles::MapView;
use jiff::Timestamp;

use super::address::TileAddress;
use super::tile::{bill, time_parameter};
use crate::answer::{Lasting, note_step, png_bytes, tagged};
use crate::entity_tag::EntityTag;
use crate::features::RootAsk;
use crate::maps::{Layer, LayerAbout, Style, TimeWanted, Viewer, draw};
use crate::query::shown;
use crate::{AppState, Error};

const PNG: &str = "image/png";

pub(super) async fn answer(
    state: &AppState,
    asked: &RootAsk,
    layer: Layer,
    address: TileAddress,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    ask.query.allow_only(&["datetime", "time", "style"])?;
    let style = style_parameter(asked, layer)?;
    let given = time_parameter(&ask.query)?;
    let (name, wanted) = match given {
        None => ("datetime", TimeWanted::Current),
        Some((name, text)) => {
            let wanted = TimeWanted::of_tiles(text).map_err(|why| Error::parameter(name, why))?;
            (name, wanted)
        }
    };
    let org = ask.caller.org;
    let about = existing(state, asked, layer).await?;
    let moment = about.moment(wanted, Timestamp::now());
    let moment = moment.map_err(|why| Error::parameter(name, why))?;
    let id = address.id;
    let made_from = format!(
        "{} {} {} {} {moment:?} {id:?} {}",
        env!("CARGO_PKG_VERSION"),
        layer.id(),
        style.name,
        about.state,
        address.size_px
    );
    let tag = EntityTag::of_bytes(made_from.as_bytes());
    let lasting = if about.is_fixed() && wanted != TimeWanted::Current {
        Lasting::Forever
    } else {
        Lasting::Briefly
    };
    if let Some(held) = tag.held_form(&ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let view = MapView::of_tile(id.z(), id.x(), id.y(), address.size_px);
    let view = view.map_err(|error| Error::Internal(format!("a tile: {error}")))?;
    let pixels = u64::from(address.size_px) * u64::from(address.size_px);
    let place = &state.map_places().take(org, pixels).await?;
    let viewer = Viewer { state, org, place };
    let drawn = draw(viewer, &about, layer.look(style), view, moment).await?;
    // A tile with nothing in it is a transparent picture, and free: an <img> takes an answer without a body for a fault.
    let shows_something = !drawn.picture.is_empty();
    let png = png_bytes(viewer, drawn.picture, None).await?;
    let mut response = tagged(png, PNG, &tag, lasting);
    if shows_something {
        bill(&mut response, root);
    }
    note_step(&mut response, drawn.step);
    Ok(response)
}

/// The layer as this root has it.
pub(super) async fn existing(state: &AppState, asked: &RootAsk, layer: Layer) -> Result<LayerAbout, Error> {
    let about = LayerAbout::of(state, asked.ask.caller.org, &asked.root, layer).await?;
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

//! GetMap and GetLegendGraphic: pictures.

use std::sync::Arc;

use axum::response::Response;
use driftline_domain::ValidTime;
use driftline_tiles::{LegendSize, MapView, Picture};
use http::{HeaderValue, header};

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::map_request::{DrawnLayer, MapLayer, MapRequest, defined, layer_named, time_wanted};
use super::request::WmsAsk;
use super::styling::Styles;
use super::version::Version;
use super::{MAX_SIDE_PX, PNG, blue_lake};
use crate::answer::{Lasting, note_step, png_bytes, png_of, tagged};
use crate::entity_tag::EntityTag;
use crate::maps::{self, Drawn, Look, Moment, Viewer};
use crate::query::shown;
use crate::{AppState, Error};

/// Colour of the ground unless asked for otherwise (06-042, 7.3.3.10).
const WHITE: [u8; 3] = [255; 3];

/// What lies under the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Transparent,
    Colour([u8; 3]),
}

impl Ground {
    /// Its colour, unless it is transparent.
    pub(super) fn colour(self) -> Option<[u8; 3]> {
        match self {
            Self::Transparent => None,
            Self::Colour(colour) => Some(colour),
        }
    }
}

/// GetMap.
pub(super) async fn answer(state: &AppState, asked: &WmsAsk, version: Version) -> Result<Response, Exception> {
    check_format(&asked.kvp)?;
    let ground = ground(&asked.kvp)?;
    let map = MapRequest::parse(state, asked, version).await?;
    let tag = tag_of(&map, ground);
    let is_fixed = map.has_fixed_time && map.layers.iter().all(MapLayer::is_fixed);
    let lasting = if is_fixed { Lasting::Forever } else { Lasting::Briefly };
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(lasting.not_modified(&held));
    }
    let (png, step) = picture(state, asked, &map, ground).await?;
    let mut response = tagged(png, PNG, &tag, lasting);
    note_step(&mut response, step);
    note_default(&mut response, &map);
    asked.bill(&mut response, "map");
    Ok(response)
}

/// Says that a time was not named and which one was taken (06-042, C.4.2).
fn note_default(response: &mut Response, map: &MapRequest) {
    let Some(default) = &map.default_time else { return };
    if let Ok(value) = HeaderValue::from_str(&format!("99 Default value used: time={default} ISO8601")) {
        response.headers_mut().insert(header::WARNING, value);
    }
}

/// The picture, and the step that all its layers show.
async fn picture(
    state: &AppState,
    asked: &WmsAsk,
    map: &MapRequest,
    ground: Ground,
) -> Result<(Vec<u8>, Option<ValidTime>), Error> {
    let org = asked.ask.caller.org;
    let (width, height) = (map.view.width, map.view.height);
    let pixels = u64::from(width) * u64::from(height);
    let place = &state.map_places().take(org, pixels).await?;
    let viewer = Viewer { state, org, place };
    if let [MapLayer::Own(layer)] = map.layers.as_slice()
        && layer.styling.rules.is_none()
    {
        let (look, ground) = (layer.styling.look, ground.colour());
        let written = move |picture| png_of(picture, ground);
        let (png, step) = maps::draw_then(viewer, &layer.about, look, map.view, layer.moment, written).await?;
        return Ok((png?, step));
    }
    let mut whole: Option<Picture> = None;
    let mut steps = Vec::new();
    for layer in &map.layers {
        let next = match layer {
            MapLayer::Own(layer) => {
                let drawn = drawn(viewer, layer, map.view).await?;
                steps.push(drawn.step);
                drawn.picture
            }
            MapLayer::Test(layer, times) => {
                steps.push(None);
                let (layer, times, view) = (Arc::clone(layer), times.clone(), map.view);
                maps::compute(viewer, move || blue_lake::draw(&layer, &times, &view)).await?
            }
        };
        // One over the other at once: two pictures are in memory, however many layers there are.
        whole = Some(match whole {
            None => next,
            Some(below) => {
                let stack = move || Picture::stack(width, height, vec![below, next]);
                maps::compute(viewer, stack).await?
            }
        });
    }
    let whole = whole.unwrap_or_else(|| Picture::empty(width, height));
    let first = steps.first().copied().flatten();
    let step = first.filter(|step| steps.iter().all(|other| *other == Some(*step)));
    Ok((png_bytes(viewer, whole, ground.colour()).await?, step))
}

async fn drawn(viewer: Viewer<'_>, layer: &DrawnLayer, view: MapView) -> Result<Drawn, Error> {
    match &layer.styling.rules {
        Some(rules) => maps::draw_by_rules(viewer, &layer.about, Arc::clone(rules), view, layer.moment).await,
        None => maps::draw(viewer, &layer.about, layer.styling.look, view, layer.moment).await,
    }
}

/// The picture is made from these things and from nothing else: the tag is known before anything is read.
fn tag_of(map: &MapRequest, ground: Ground) -> EntityTag {
    let mut made_from = format!("{} {:?} {ground:?}", env!("CARGO_PKG_VERSION"), map.view);
    for layer in &map.layers {
        made_from.push_str(&match layer {
            MapLayer::Own(layer) => {
                let (about, moment, style) = (&layer.about, layer.moment, &layer.styling.fingerprint);
                format!("\n{} {style} {} {moment:?}", about.layer.id(), about.state)
            }
            MapLayer::Test(layer, times) => format!("\n{} {times:?}", layer.name),
        });
    }
    EntityTag::of_bytes(made_from.as_bytes())
}

/// GetLegendGraphic (05-078r4, 12): the legend of one style. Of a density, TIME tells which step's range is meant.
pub(super) async fn legend(state: &AppState, asked: &WmsAsk) -> Result<Response, Exception> {
    let kvp = &asked.kvp;
    check_format(kvp)?;
    let layer = layer_named(kvp.needed("LAYER")?)?;
    let styling = Styles::of(kvp)?.styling(layer, kvp.get("STYLE").unwrap_or_default())?;
    let size = LegendSize {
        width: legend_side(kvp, "WIDTH")?,
        height: legend_side(kvp, "HEIGHT")?,
        pixel_ratio: 1,
    };
    let about = defined(state, asked, layer).await?;
    let org = asked.ask.caller.org;
    let place = &state.map_places().take(org, 1).await?;
    let viewer = Viewer { state, org, place };
    let look = styling.look;
    let moment = about.moment(time_wanted(kvp)?, jiff::Timestamp::now());
    let moment = moment.map_err(|why| Exception::new(Code::InvalidDimensionValue, format!("TIME: {why}")))?;
    let highest = match (look, moment) {
        (Look::Density(_), Moment::Near(at)) => maps::highest_density(viewer, &about, at).await?,
        _ => None,
    };
    let is_transparent = truth(kvp, "TRANSPARENT")?.unwrap_or(false);
    let made_from = format!(
        "{} legend {} {} {size:?} {highest:?} {is_transparent}",
        env!("CARGO_PKG_VERSION"),
        layer.id(),
        styling.fingerprint
    );
    let tag = EntityTag::of_bytes(made_from.as_bytes());
    if let Some(held) = tag.held_form(&asked.ask.headers) {
        return Ok(Lasting::Briefly.not_modified(&held));
    }
    let picture = match styling.rules {
        Some(rules) => maps::legend_of_rules(viewer, layer, rules, size).await?,
        None => maps::legend(viewer, layer, look, highest, size).await?,
    };
    let png = png_bytes(viewer, picture, (!is_transparent).then_some(WHITE)).await?;
    let mut response = tagged(png, PNG, &tag, Lasting::Briefly);
    asked.bill(&mut response, "legend");
    Ok(response)
}

fn legend_side(kvp: &Kvp, name: &str) -> Result<Option<u32>, Exception> {
    if kvp.filled(name).is_none() {
        return Ok(None);
    }
    let side = kvp.needed_number(name)?;
    if (1..=MAX_SIDE_PX / 4).contains(&side) {
        return Ok(Some(side));
    }
    let most = MAX_SIDE_PX / 4;
    Err(Exception::plain(format!(
        "{name} is {side}; legends have from 1 to {most} pixels on a side"
    )))
}

/// Pictures with a palette are what this service makes of its own accord, so that asking for one changes nothing.
fn check_format(kvp: &Kvp) -> Result<(), Exception> {
    let asked = kvp.needed("FORMAT")?;
    // In a query a plus sign may stand for the blank.
    let plain: String = asked.chars().filter(|c| !matches!(c, ' ' | '+')).collect();
    match plain.to_ascii_lowercase().as_str() {
        "image/png" | "image/png;mode=8bit" | "image/png;mode=24bit" | "image/png8" | "png" => Ok(()),
        _ => Err(Exception::new(
            Code::InvalidFormat,
            format!("FORMAT '{}' is not offered; there is {PNG}", shown(asked)),
        )),
    }
}

/// What a request wants under its layers.
pub(super) fn ground(kvp: &Kvp) -> Result<Ground, Exception> {
    let colour = match kvp.filled("BGCOLOR") {
        None => WHITE,
        Some(text) => colour(text)
            .ok_or_else(|| Exception::plain(format!("BGCOLOR '{}' is not of the form 0xRRGGBB", shown(text))))?,
    };
    Ok(match truth(kvp, "TRANSPARENT")? {
        Some(true) => Ground::Transparent,
        _ => Ground::Colour(colour),
    })
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"))?;
    let is_plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_plain)?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

fn truth(kvp: &Kvp, name: &str) -> Result<Option<bool>, Exception> {
    match kvp.filled(name) {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(text) => Err(Exception::plain(format!(
            "{name} '{}' is neither TRUE nor FALSE",
            shown(text)
        ))),
    }
}

/// What GetFeatureInfo asks about has to be in the picture.
pub(super) fn is_inside(view: &MapView, column: u32, row: u32) -> bool {
    column < view.width && row < view.height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grounds_and_formats_are_read() {
        let read = |query: &str| ground(&Kvp::parse(Some(query)).0);
        assert_eq!(read("").unwrap(), Ground::Colour(WHITE));
        assert_eq!(read("transparent=true&BGCOLOR=0xFF0000").unwrap(), Ground::Transparent);
        assert_eq!(
            read("TRANSPARENT=FALSE&BGCOLOR=0x0a0B0c").unwrap(),
            Ground::Colour([10, 11, 12])
        );
        for bad in [
            "TRANSPARENT=1",
            "BGCOLOR=red",
            "BGCOLOR=0x12345",
            "BGCOLOR=0x+12345",
            "BGCOLOR=%230000FF",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let format = |text: &str| check_format(&Kvp::parse(Some(&format!("FORMAT={text}"))).0);
        for good in [
            "image/png",
            "IMAGE/PNG",
            "image/png;%20mode=8bit",
            "image/png;+mode=8bit",
        ] {
            assert!(format(good).is_ok(), "{good}");
        }
        for bad in ["image/jpeg", "", "text/html"] {
            assert!(format(bad).is_err(), "{bad}");
        }
    }
}

//! One tile, from its address to its bytes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Billable;
use http::{HeaderValue, StatusCode, header};

use super::Tileset;
use super::address::TileAddress;
use super::raster::{self, RasterWanted};
use super::vector::{self, VectorWanted};
use crate::entity_tag::EntityTag;
use crate::features::{Root, RootAsk};
use crate::maps::TimeWanted;
use crate::query::{Interval, Query};
use crate::{AppState, Error};

/// `GET /tiles/{tileset}/{z}/{x}/{y}`.
pub(crate) async fn tile(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let address = TileAddress::of(&asked.ask)?;
    let query = &asked.ask.query;
    match address.tileset {
        Tileset::Vector(collection) => {
            query.allow_only(&["datetime", "time"])?;
            let interval = match time_parameter(query)? {
                None => Interval::default(),
                Some((name, text)) => Interval::parse(text).map_err(|why| Error::parameter(name, why))?,
            };
            let wanted = VectorWanted {
                collections: &[collection],
                id: address.id,
                interval,
            };
            vector::vector_tile(&state, &asked, wanted).await
        }
        Tileset::Raster(layer) => {
            query.allow_only(&["datetime", "time", "style"])?;
            let style = raster::style_parameter(&asked, layer)?;
            let (time_name, time) = match time_parameter(query)? {
                None => ("datetime", TimeWanted::Current),
                Some((name, text)) => {
                    let wanted = TimeWanted::of_tiles(text).map_err(|why| Error::parameter(name, why))?;
                    (name, wanted)
                }
            };
            let wanted = RasterWanted {
                layer,
                style,
                id: address.id,
                size_px: address.size_px,
                time_name,
                time,
            };
            raster::raster_tile(&state, &asked.ask, &asked.root, wanted).await
        }
    }
}

/// The value of `datetime`, or of `time`, which other tile services call it.
pub(super) fn time_parameter(query: &Query) -> Result<Option<(&'static str, &str)>, Error> {
    let (datetime, time) = (query.get("datetime"), query.get("time"));
    match (datetime, time) {
        (Some(datetime), Some(time)) if datetime != time => Err(Error::parameter(
            "time",
            "it contradicts datetime, which means the same".to_owned(),
        )),
        (Some(datetime), _) => Ok(Some(("datetime", datetime))),
        (None, time) => Ok(time.map(|time| ("time", time))),
    }
}

/// Nothing lies in the vector tile: no body, no charge, but a tag, so that it is not made again.
pub(super) fn empty(tag: &EntityTag, cache_control: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.extend(tag.header().map(|tag| (header::ETAG, tag)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

/// Marks a tile as one unit.
pub(super) fn bill(response: &mut Response, root: &Root) {
    response.extensions_mut().insert(Billable {
        meter: "tile",
        units: 1,
        distress: root.is_distress(),
    });
}

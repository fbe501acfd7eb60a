//! One tile, from its address to its bytes. Row before column, as the standard has it; endings that other tile services
//! know are taken behind the column.

use axum::extract::State;
use axum::response::Response;
use driftline_tiles::{TileId, TileMatrixSet};
use http::{HeaderValue, header};

use super::matrix_sets::find;
use super::negotiation::{Form, chosen};
use super::source::{Kind, Source};
use crate::features::RootAsk;
use crate::maps::TimeWanted;
use crate::query::Interval;
use crate::tilesets::{MVT, RasterWanted, VectorWanted, raster_tile, vector_tile};
use crate::{AppState, Error};

const VECTOR_FORMS: [Form; 1] = [Form {
    name: "mvt",
    media_types: &[MVT, "application/x-protobuf", "application/octet-stream"],
}];
const MAP_FORMS: [Form; 1] = [Form {
    name: "png",
    media_types: &["image/png"],
}];

/// Forms of tiles, the default first.
pub(super) fn forms(kind: Kind) -> &'static [Form] {
    match kind {
        Kind::Vector => &VECTOR_FORMS,
        Kind::Map => &MAP_FORMS,
    }
}

/// `GET …/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}`.
pub(super) async fn vector(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["f", "datetime"])?;
    let address = Address::of(&asked, Kind::Vector)?;
    let interval = Interval::parameter(&ask.query, "datetime")?;
    let content = address.source.existing(&state, &asked).await?;
    content.check(address.id, &address.name)?;
    let wanted = VectorWanted {
        collections: &address.source.collections(),
        id: address.id,
        interval,
    };
    varied(vector_tile(&state, &asked, wanted).await?)
}

/// `GET …/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}`.
pub(super) async fn map(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["f", "datetime"])?;
    let address = Address::of(&asked, Kind::Map)?;
    let layer = address.source.layer()?;
    let time = time(ask.query.get("datetime"))?;
    let style = layer
        .style("")
        .ok_or_else(|| Error::Internal(format!("{} has no style", layer.id())))?;
    let content = address.source.existing(&state, &asked).await?;
    content.check(address.id, &address.name)?;
    let wanted = RasterWanted {
        layer,
        style,
        id: address.id,
        size_px: TileMatrixSet::TILE_PX,
        time_name: "datetime",
        time,
    };
    varied(raster_tile(&state, ask, &asked.root, wanted).await?)
}

/// When a picture is wanted.
pub(super) fn time(text: Option<&str>) -> Result<TimeWanted, Error> {
    match text {
        None => Ok(TimeWanted::Current),
        Some(text) => TimeWanted::of_tiles(text).map_err(|why| Error::parameter("datetime", why)),
    }
}

fn varied(mut response: Response) -> Result<Response, Error> {
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// A tile of a tileset.
struct Address {
    source: Source,
    id: TileId,
    /// As the path has it.
    name: String,
}

impl Address {
    fn of(asked: &RootAsk, kind: Kind) -> Result<Self, Error> {
        let ask = &asked.ask;
        let source = Source::of(asked, kind)?;
        let set = find(ask.param("tileMatrixSetId"))?;
        let [matrix, row, column] = ["tileMatrix", "tileRow", "tileCol"].map(|name| ask.param(name));
        let name = format!("{}/{matrix}/{row}/{column}", set.id());
        let (column, ending) = match column.split_once('.') {
            None => (column, None),
            Some((column, ending)) => (column, Some(ending)),
        };
        let ending = match (kind, ending) {
            (_, None) => None,
            (Kind::Vector, Some("mvt" | "pbf")) => Some("mvt"),
            (Kind::Map, Some("png")) => Some("png"),
            _ => return Err(Error::not_found("tile", &name)),
        };
        chosen(ask, forms(kind), ending)?;
        let id = tile_id(set, matrix, row, column).ok_or_else(|| Error::not_found("tile", &name))?;
        Ok(Self { source, id, name })
    }
}

/// The tile of these numbers, each of which has one spelling; `None` outside the matrices of the set's definition.
fn tile_id(set: TileMatrixSet, matrix: &str, row: &str, column: &str) -> Option<TileId> {
    let number = |text: &str| {
        let number: u32 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    };
    let zoom = u8::try_from(number(matrix)?)
        .ok()
        .filter(|zoom| *zoom <= set.finest_zoom())?;
    TileId::of(set, zoom, number(column)?, number(row)?).ok()
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any address read as one of a tile, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn address_reading(set: &str, matrix: &str, row: &str, column: &str) {
    let Ok(set) = find(set) else { return };
    let column = column.split_once('.').map_or(column, |(column, _)| column);
    let Some(id) = tile_id(set, matrix, row, column) else {
        return;
    };
    let numbers = [u32::from(id.z()), id.y(), id.x()].map(|number| number.to_string());
    assert_eq!(
        numbers.each_ref().map(String::as_str),
        [matrix, row, column],
        "a tile has one address"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_before_columns_and_numbers_have_one_spelling() {
        let world = TileMatrixSet::WorldCrs84Quad;
        let tile = tile_id(world, "1", "0", "3").unwrap();
        assert_eq!((tile.z(), tile.x(), tile.y()), (1, 3, 0));
        for (matrix, row, column) in [
            ("1", "2", "0"),
            ("1", "0", "4"),
            ("24", "0", "0"),
            ("-1", "0", "0"),
            ("01", "0", "0"),
            ("1", "+0", "0"),
            ("1", "0", ""),
            ("300", "0", "0"),
            ("1", "99999999999", "0"),
        ] {
            assert_eq!(tile_id(world, matrix, row, column), None, "{matrix}/{row}/{column}");
        }
    }
}

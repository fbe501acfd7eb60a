//! GetTile (07-057r7, 7.2).

use axum::response::Response;
use driftline_tiles::{TileId, TileMatrixSet};

use super::exception::{Code, Exception};
use super::kvp::Kvp;
use super::request::WmtsAsk;
use super::{MAX_ZOOM, PNG};
use crate::AppState;
use crate::maps::{Layer, TimeWanted};
use crate::query::shown;
use crate::tilesets::{RasterWanted, raster_tile};

/// GetTile.
pub(super) async fn answer(state: &AppState, asked: &WmtsAsk, kvp: &Kvp) -> Result<Response, Exception> {
    Ok(raster_tile(state, &asked.ask, &asked.root, wanted(kvp)?).await?)
}

/// The tile that the parameters name.
pub(super) fn wanted(kvp: &Kvp) -> Result<RasterWanted, Exception> {
    let name = kvp.needed("LAYER")?;
    // Whoever names no style means the default, but has to say so.
    let style = kvp.get("STYLE").map_or_else(|| kvp.needed("STYLE"), Ok)?;
    kvp.expect("FORMAT", PNG)?;
    let id = tile_id(kvp)?;
    let layer = Layer::find(name).filter(|layer| layer.has_raster_tiles());
    let layer = layer.ok_or_else(|| invalid("LAYER", name))?;
    let style = layer.style(style).ok_or_else(|| invalid("STYLE", style))?;
    Ok(RasterWanted {
        layer,
        style,
        id,
        size_px: TileMatrixSet::TILE_PX,
        time_name: "TIME",
        time: time(kvp)?,
    })
}

fn invalid(name: &'static str, value: &str) -> Exception {
    let message = format!("{name} '{}' is not offered", shown(value));
    Exception::new(Code::InvalidParameterValue, name, message)
}

fn time(kvp: &Kvp) -> Result<TimeWanted, Exception> {
    match kvp.filled("TIME") {
        None => Ok(TimeWanted::Current),
        // What clients send for a dimension's default, and what is left of a template whose variable nobody filled in.
        Some(text) if ["default", "time", "{time}"].contains(&text.to_ascii_lowercase().as_str()) => {
            Ok(TimeWanted::Current)
        }
        Some(text) => TimeWanted::of_wms(text)
            .map_err(|why| Exception::new(Code::InvalidParameterValue, "TIME", format!("TIME: {why}"))),
    }
}

fn tile_id(kvp: &Kvp) -> Result<TileId, Exception> {
    let [set, matrix, row, column] = [
        kvp.needed("TILEMATRIXSET")?,
        kvp.needed("TILEMATRIX")?,
        kvp.needed("TILEROW")?,
        kvp.needed("TILECOL")?,
    ];
    let found = TileMatrixSet::find(set).ok_or_else(|| invalid("TILEMATRIXSET", set))?;
    // Clients put the set's name before the matrix's.
    let zoom = matrix.rsplit(':').next().unwrap_or(matrix);
    let zoom: Option<u8> = zoom.parse().ok().filter(|zoom| *zoom <= MAX_ZOOM);
    let zoom = zoom.ok_or_else(|| invalid("TILEMATRIX", matrix))?;
    let (columns, rows) = found.size(zoom);
    let number = |name: &'static str, text: &str, count: u32| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(invalid(name, text));
        }
        let number: Option<u32> = text.parse().ok().filter(|number| *number < count);
        number.ok_or_else(|| {
            let message = format!("{name} '{}' lies outside 0 to {}", shown(text), count - 1);
            Exception::new(Code::TileOutOfRange, name, message)
        })
    };
    let (row, column) = (number("TILEROW", row, rows)?, number("TILECOL", column, columns)?);
    TileId::of(found, zoom, column, row)
        .map_err(|error| Exception::new(Code::TileOutOfRange, "TILEROW", error.to_string()))
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any query read as WMTS would, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn readings(raw: &str) {
    use super::feature_info::pixel;
    let Ok(kvp) = Kvp::parse(Some(raw)) else { return };
    std::hint::black_box((tile_id(&kvp).is_ok(), time(&kvp).is_ok(), wanted(&kvp).is_ok()));
    for name in ["I", "J"] {
        if let Ok(pixel) = pixel(&kvp, name, TileMatrixSet::TILE_PX) {
            assert!(pixel < TileMatrixSet::TILE_PX, "{name} {pixel}");
        }
    }
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any address read as one of a tile.
pub(crate) fn address_reading(set: &str, matrix: &str, row: &str, column: &str) {
    let kvp = Kvp::of(vec![
        ("TILEMATRIXSET", set.to_owned()),
        ("TILEMATRIX", matrix.to_owned()),
        ("TILEROW", row.to_owned()),
        ("TILECOL", column.to_owned()),
    ]);
    if let (Ok(id), Some(set)) = (tile_id(&kvp), TileMatrixSet::find(set)) {
        let (columns, rows) = set.size(id.z());
        assert!(id.x() < columns && id.y() < rows, "{id:?} lies outside its matrix");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_by_set_matrix_row_and_column() {
        let tile = |query: &str| tile_id(&Kvp::parse(Some(query)).unwrap());
        let found = tile("TILEMATRIXSET=WorldCRS84Quad&TILEMATRIX=WorldCRS84Quad:2&TILEROW=1&TILECOL=7").unwrap();
        assert_eq!((found.z(), found.x(), found.y()), (2, 7, 1));
        for (query, code) in [
            (
                "TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=2&TILEROW=4&TILECOL=0",
                Code::TileOutOfRange,
            ),
            (
                "TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=2&TILEROW=0&TILECOL=99999999999",
                Code::TileOutOfRange,
            ),
            (
                "TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=2&TILEROW=-1&TILECOL=0",
                Code::InvalidParameterValue,
            ),
            (
                "TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=19&TILEROW=0&TILECOL=0",
                Code::InvalidParameterValue,
            ),
            (
                "TILEMATRIXSET=Other&TILEMATRIX=2&TILEROW=0&TILECOL=0",
                Code::InvalidParameterValue,
            ),
            (
                "TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=2&TILECOL=0",
                Code::MissingParameterValue,
            ),
        ] {
            let refused = format!("{:?}", tile(query).unwrap_err());
            assert!(refused.contains(&format!("{code:?}")), "{query}: {refused}");
        }
    }
}

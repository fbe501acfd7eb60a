//! `tiles.pmtiles`: the tiles of a run as one PMTiles 3 archive, which map libraries read piece by piece, over HTTP or from a
//! disk.

use std::io::Cursor;

use ::pmtiles::{Compression, PmTilesWriter, TileCoord, TileId, TileType};
use serde_json::json;

use super::tile_archive::{About, Archive, Tile};
use super::{Error, RunView};

/// `tiles.pmtiles`.
pub(super) fn archive(view: &RunView) -> Result<Vec<u8>, Error> {
    let Archive { tiles, about } = Archive::of(view)?;
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = writer(&about).create(&mut bytes)?;
    for (place, tile) in in_order(&tiles)? {
        writer.add_tile(place, &tile.bytes)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}

fn writer(about: &About) -> PmTilesWriter {
    let [west, south, east, north] = about.bounds;
    let metadata = json!({
        "name": about.name,
        "description": about.description,
        "attribution": about.attribution,
        "type": "overlay",
        "vector_layers": about.vector_layers,
    });
    PmTilesWriter::new(TileType::Mvt)
        .precompressed(Compression::Gzip)
        .min_zoom(0)
        .max_zoom(about.max_zoom)
        .bounds(west, south, east, north)
        .center(about.center.0, about.center.1)
        .center_zoom(about.center_zoom)
        .metadata(metadata.to_string())
}

/// Along the Hilbert curve of each zoom, as readers find them fastest.
fn in_order(tiles: &[Tile]) -> Result<Vec<(TileCoord, &Tile)>, Error> {
    let mut placed = Vec::with_capacity(tiles.len());
    for tile in tiles {
        placed.push((TileCoord::new(tile.id.z(), tile.id.x(), tile.id.y())?, tile));
    }
    placed.sort_unstable_by_key(|(place, _)| TileId::from(*place).value());
    Ok(placed)
}

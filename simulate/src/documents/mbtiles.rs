//! `tiles.mbtiles`: the tiles of a run as one MBTiles 1.3 database, which QGIS, GDAL and map programs on tablets open.
//!
//! Written by the SQLite that the database of the service is kept with, in memory; the same run gives the same bytes.

use rusqlite::{Connection, MAIN_DB, params};
use serde_json::json;

use super::tile_archive::{About, Archive};
use super::{Error, RunView};

/// "MPBX", the application that MBTiles names itself as.
const APPLICATION_ID: i32 = 0x4d50_4258;

const SCHEMA: &str = "
CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE tiles (
    zoom_level INTEGER NOT NULL,
    tile_column INTEGER NOT NULL,
    tile_row INTEGER NOT NULL,
    tile_data BLOB NOT NULL
);
CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row);";

/// `tiles.mbtiles`.
pub(super) fn database(view: &RunView) -> Result<Vec<u8>, Error> {
    let Archive { tiles, about } = Archive::of(view)?;
    let database = Connection::open_in_memory()?;
    database.pragma_update(None, "application_id", APPLICATION_ID)?;
    database.execute_batch("BEGIN")?;
    database.execute_batch(SCHEMA)?;
    for (name, value) in metadata(&about) {
        database.execute("INSERT INTO metadata VALUES (?1, ?2)", params![name, value])?;
    }
    let mut insert = database.prepare("INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)")?;
    for tile in &tiles {
        // Rows count from the south here.
        let row = (1_u32 << tile.id.z()) - 1 - tile.id.y();
        insert.execute(params![tile.id.z(), tile.id.x(), row, tile.bytes])?;
    }
    drop(insert);
    database.execute_batch("COMMIT")?;
    Ok(database.serialize(MAIN_DB)?.to_vec())
}

fn metadata(about: &About) -> [(&'static str, String); 11] {
    let bounds = about.bounds.map(|degrees| degrees.to_string()).join(",");
    let (lon, lat) = about.center;
    [
        ("name", about.name.clone()),
        ("format", "pbf".to_owned()),
        ("bounds", bounds),
        ("center", format!("{lon},{lat},{}", about.center_zoom)),
        ("minzoom", "0".to_owned()),
        ("maxzoom", about.max_zoom.to_string()),
        ("attribution", about.attribution.clone()),
        ("description", about.description.clone()),
        ("type", "overlay".to_owned()),
        ("version", "1".to_owned()),
        ("json", json!({"vector_layers": about.vector_layers}).to_string()),
    ]
}

//! A coast from a few land polygons: rounds them to whole units and cuts them at the borders of tiles.
//!
//! A piece always ends on a whole unit of the border, in both tiles the same, so rounded polygons stay closed.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::Error;
use crate::format::Writer;
use crate::grid::{ROWS, TILE, tile_number};
use crate::shape::{Line, Shape};

type Vertex = (i64, i64);

const SIDE: i64 = TILE as i64;

/// Adds the polygons, given as `(longitude, latitude)` vertices in degrees, to a coast file.
pub(crate) fn write(polygons: &[Vec<(f64, f64)>], writer: &mut Writer) -> Result<(), Error> {
    let mut tiles: BTreeMap<usize, Shape> = BTreeMap::new();
    for polygon in polygons {
        let pieces = cut(polygon)?;
        let columns = pieces.iter().flat_map(|piece| [piece.0.0, piece.1.0]);
        let rows = pieces.iter().flat_map(|piece| [piece.0.1, piece.1.1]);
        let (Some(west), Some(east)) = (columns.clone().min(), columns.max()) else {
            continue;
        };
        let (Some(south), Some(north)) = (rows.clone().min(), rows.max()) else {
            continue;
        };
        for row in south.div_euclid(SIDE)..=north.div_euclid(SIDE).min(i64::from(ROWS) - 1) {
            for column in west.div_euclid(SIDE)..=east.div_euclid(SIDE) {
                add(&mut tiles, &pieces, column, row);
            }
        }
    }
    for (tile, shape) in tiles {
        match (shape.lines.is_empty(), shape.corner_is_land) {
            (false, _) => writer.shore(tile, &shape)?,
            (true, true) => writer.land(tile),
            (true, false) => {}
        }
    }
    Ok(())
}

/// Adds what a polygon has in one tile.
fn add(tiles: &mut BTreeMap<usize, Shape>, pieces: &[(Vertex, Vertex)], column: i64, row: i64) {
    let (west, south) = (column * SIDE, row * SIDE);
    let within = |(x, y): Vertex| (west..=west + SIDE).contains(&x) && (south..=south + SIDE).contains(&y);
    let local = |(x, y): Vertex| ((x - west) as u16, (y - south) as u16);
    let lines = pieces
        .iter()
        .filter(|(a, b)| within(*a) && within(*b))
        .map(|&(a, b)| Line {
            closed: false,
            points: vec![local(a), local(b)],
        });
    let corner_is_land = pieces.iter().filter(|piece| west_of(**piece, (west, south))).count() % 2 == 1;
    match tiles.entry(tile_number(column as i32, row as i32)) {
        Entry::Vacant(place) => {
            place.insert(Shape {
                corner_is_land,
                lines: lines.collect(),
            });
        }
        Entry::Occupied(mut place) => {
            let shape = place.get_mut();
            shape.corner_is_land ^= corner_is_land;
            shape.lines.extend(lines);
        }
    }
}

/// Whether a piece is crossed on the way due west from just inside the corner of a tile.
fn west_of((a, b): (Vertex, Vertex), corner: Vertex) -> bool {
    if (a.1 <= corner.1) == (b.1 <= corner.1) {
        return false;
    }
    let (low, high) = if a.1 < b.1 { (a, b) } else { (b, a) };
    let area = (high.0 - low.0) * (corner.1 - low.1) - (high.1 - low.1) * (corner.0 - low.0);
    area <= 0
}

/// The edges of a polygon, cut so that each lies within one tile.
fn cut(polygon: &[(f64, f64)]) -> Result<Vec<(Vertex, Vertex)>, Error> {
    let vertices = polygon
        .iter()
        .map(|&vertex| rounded(vertex))
        .collect::<Result<Vec<Vertex>, Error>>()?;
    let mut pieces = Vec::new();
    for (index, &a) in vertices.iter().enumerate() {
        let b = vertices[(index + 1) % vertices.len()];
        for (a, b) in cut_at_meridians(a, b) {
            // Parallels are cut like meridians, with the axes changed about.
            let turned = cut_at_meridians((a.1, a.0), (b.1, b.0));
            pieces.extend(
                turned
                    .into_iter()
                    .map(|(a, b)| ((a.1, a.0), (b.1, b.0)))
                    .filter(|(a, b)| a != b),
            );
        }
    }
    Ok(pieces)
}

fn rounded((lon_deg, lat_deg): (f64, f64)) -> Result<Vertex, Error> {
    if !(-540.0..=540.0).contains(&lon_deg) || !(-90.0..=90.0).contains(&lat_deg) {
        return Err(Error::Vertex { lon_deg, lat_deg });
    }
    let units = |degrees: f64| libm::round(degrees * f64::from(TILE)) as i64;
    Ok((units(lon_deg + 180.0), units(lat_deg + 90.0)))
}

fn cut_at_meridians(a: Vertex, b: Vertex) -> Vec<(Vertex, Vertex)> {
    let (first, last) = (a.0.min(b.0).div_euclid(SIDE) + 1, a.0.max(b.0).div_euclid(SIDE));
    let at = |x: i64| {
        let share = (x - a.0) as f64 / (b.0 - a.0) as f64;
        (x, a.1 + libm::round((b.1 - a.1) as f64 * share) as i64)
    };
    let mut stops: Vec<Vertex> = (first..=last).map(|border| at(border * SIDE)).collect();
    if b.0 < a.0 {
        stops.reverse();
    }
    stops.insert(0, a);
    stops.push(b);
    stops
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .filter(|(a, b)| a != b)
        .collect()
}

//! The land of one degree as rings, for those who draw it. Units of 1/7680 degree from the degree's south-west corner.
//!
//! A degree keeps only its shorelines and the state of its south-west corner. Rings come from following the degree's
//! border: shorelines end on it, each end turns land into sea, and the stretches of border that are land close them.

use std::collections::BTreeMap;

use crate::Coast;
use crate::grid::{COLUMNS, ROWS, TILE, tile_number};
use crate::shape::{Line, Shape};
use crate::tile::LAND;

/// Units in a degree.
pub const UNITS_PER_DEGREE: u16 = TILE as u16;

/// A closed line of `(east, north)` units from the south-west corner of its degree; the first vertex is not repeated.
pub type Ring = Vec<(u16, u16)>;

/// The land in one degree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Land {
    /// All sea.
    None,
    /// All land.
    All,
    /// Land is what an odd number of rings enclose; rings may touch. Neighbouring degrees share the vertices on their
    /// common border, and an edge along it is shore only where the other degree has none there.
    Rings(Vec<Ring>),
}

/// A vertex as it is stored.
type Vertex = (u16, u16);

/// Length of a degree's border in units.
const AROUND: i32 = 4 * TILE;

impl Coast {
    /// The land between whole degrees: from `lon_deg` east and `lat_deg` north to one degree more. Longitudes wrap; there
    /// is no land beyond the poles. It agrees with [`Coast::on_land`] at every point that is not on a shoreline.
    pub fn land_in_degree(&self, lon_deg: i32, lat_deg: i32) -> Land {
        let (column, row) = (lon_deg.saturating_add(COLUMNS / 2), lat_deg.saturating_add(ROWS / 2));
        if !(0..ROWS).contains(&row) {
            return Land::None;
        }
        let code = self.packed().codes[tile_number(column, row)];
        match code {
            0 => Land::None,
            LAND => Land::All,
            mixed => self
                .packed()
                .shape(usize::from(mixed) - 2)
                // As in look-ups: what cannot be unpacked is land.
                .map_or(Land::All, |shape| Land::Rings(rings(&shape))),
        }
    }
}

/// The rings of a shape.
fn rings(shape: &Shape) -> Vec<Ring> {
    let mut rings = Vec::new();
    let mut ways = Vec::new();
    let mut turns = Vec::new();
    for line in &shape.lines {
        if line.closed && !runs_along_border(line) {
            rings.push(line.points.clone());
            continue;
        }
        for piece in inner_pieces(line) {
            let ends = piece.first().into_iter().chain(piece.last());
            turns.extend(ends.filter_map(border));
            ways.push(piece);
        }
    }
    ways.extend(land_along_border(turns, shape.corner_is_land));
    rings.extend(join(ways));
    rings.retain(|ring| ring.len() > 2);
    rings
}

/// How far along the degree's border a vertex lies, counter-clockwise from the south-west corner, if it lies on it.
fn border(&(x, y): &Vertex) -> Option<i32> {
    let (x, y) = (i32::from(x), i32::from(y));
    match (x, y) {
        (x, 0) => Some(x),
        (TILE, y) => Some(TILE + y),
        (x, TILE) => Some(3 * TILE - x),
        (0, y) => Some(AROUND - y),
        _ => None,
    }
}

/// The vertex at a place of the border.
fn at(place: i32) -> Vertex {
    let along = place % TILE;
    let (x, y) = match place / TILE {
        0 => (along, 0),
        1 => (TILE, along),
        2 => (TILE - along, TILE),
        3 => (0, TILE - along),
        _ => (0, 0),
    };
    (x as u16, y as u16)
}

/// Whether an edge lies on the border.
fn on_border(a: Vertex, b: Vertex) -> bool {
    let edges = [0, UNITS_PER_DEGREE];
    (a.0 == b.0 && edges.contains(&a.0)) || (a.1 == b.1 && edges.contains(&a.1))
}

fn runs_along_border(line: &Line) -> bool {
    let closing = line.points.last().zip(line.points.first());
    line.points.windows(2).any(|pair| on_border(pair[0], pair[1])) || closing.is_some_and(|(&a, &b)| on_border(a, b))
}

/// A line without its edges along the border: those say nothing that the border's own stretches do not.
fn inner_pieces(line: &Line) -> Vec<Ring> {
    let closing = line.points.first().filter(|_| line.closed);
    let mut pieces = Vec::new();
    let mut piece: Ring = Vec::new();
    for &next in line.points.iter().chain(closing) {
        if let Some(&before) = piece.last()
            && on_border(before, next)
        {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(next);
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The stretches of border that are land, given where land and sea take turns.
fn land_along_border(mut turns: Vec<i32>, corner_is_land: bool) -> Vec<Ring> {
    // The corner's state is that just after the corner; a turn on the corner itself comes last.
    turns
        .iter_mut()
        .filter(|turn| **turn == 0)
        .for_each(|turn| *turn = AROUND);
    turns.sort_unstable();
    turns.push(AROUND);
    let mut stretches = Vec::new();
    let (mut land, mut from) = (corner_is_land, 0);
    for turn in turns {
        if land && turn > from {
            let corners = (from / TILE + 1..4)
                .map(|side| side * TILE)
                .take_while(|corner| *corner < turn);
            let places = std::iter::once(from).chain(corners).chain([turn]);
            stretches.push(places.map(at).collect());
        }
        (land, from) = (!land, turn);
    }
    stretches
}

/// Joins ways to rings. An even number of them ends at each place; one that were to end alone is closed straight.
fn join(ways: Vec<Ring>) -> Vec<Ring> {
    let mut meeting: BTreeMap<Vertex, Vec<usize>> = BTreeMap::new();
    for (number, way) in ways.iter().enumerate() {
        for end in way.first().into_iter().chain(way.last()) {
            meeting.entry(*end).or_default().push(number);
        }
    }
    let mut ways: Vec<Option<Ring>> = ways.into_iter().map(Some).collect();
    let mut rings = Vec::new();
    for first in 0..ways.len() {
        let Some(mut ring) = ways[first].take() else { continue };
        while let (Some(&start), Some(&end)) = (ring.first(), ring.last())
            && start != end
        {
            let here = meeting.get_mut(&end);
            let Some(mut next) =
                here.and_then(|numbers| std::iter::from_fn(|| numbers.pop()).find_map(|number| ways[number].take()))
            else {
                break;
            };
            if next.first() != Some(&end) {
                next.reverse();
            }
            ring.extend_from_slice(&next[1..]);
        }
        if ring.first() == ring.last() {
            ring.pop();
        }
        rings.push(ring);
    }
    rings
}

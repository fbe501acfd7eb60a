//! Lines in a tile: simplified to its resolution, clipped, as whole units.

use geo::{LineString, MultiLineString, Simplify};

use super::layer::{LINE_TO, MOVE_TO, command};
use super::place::{Placer, rounded};
use super::wire::zigzag;
use crate::clip::{Frame, Place};

/// How far a simplified line may be off, units.
pub(super) const TOLERANCE: f64 = 1.0;

/// The commands of a line; none where nothing of it lies in the tile.
pub(super) fn line_commands(placer: &Placer, line: &MultiLineString<f64>) -> Vec<u32> {
    let mut pen = Pen::default();
    for part in line {
        let places: Vec<Place> = part.coords().map(|coord| placer.place(coord.x, coord.y)).collect();
        for shift in shifts(placer, &places) {
            let moved: Vec<Place> = places.iter().map(|(x, y)| (x + shift, *y)).collect();
            for piece in placer.frame.clip_line(&moved) {
                let simple = LineString::from(piece.places).simplify(TOLERANCE);
                pen.draw_line(&whole(simple.coords().map(|coord| (coord.x, coord.y))));
            }
        }
    }
    pen.commands
}

/// By how many units copies of places must be moved to show up in the tile.
pub(super) fn shifts(placer: &Placer, places: &[Place]) -> Vec<f64> {
    let Some(around) = Frame::around(places) else {
        return Vec::new();
    };
    let turn = placer.turn();
    // Content of more than a turn is none; three copies hold whatever can meet one tile.
    let nearest = libm::round(((placer.frame.x0 + placer.frame.x1) - (around.x0 + around.x1)) / (2.0 * turn));
    let copies = [nearest - 1.0, nearest, nearest + 1.0].map(|copy| copy * turn);
    let meets = |shift: &f64| {
        placer.frame.meets(&Frame {
            x0: around.x0 + shift,
            x1: around.x1 + shift,
            ..around
        })
    };
    copies.into_iter().filter(meets).collect()
}

/// Places as whole units, none of them twice in a row.
pub(super) fn whole(places: impl Iterator<Item = Place>) -> Vec<(i32, i32)> {
    let mut units: Vec<(i32, i32)> = places.map(|(x, y)| (rounded(x), rounded(y))).collect();
    units.dedup();
    units
}

/// Draws with differences from the place before.
#[derive(Default)]
pub(super) struct Pen {
    at: (i32, i32),
    pub(super) commands: Vec<u32>,
}

impl Pen {
    fn draw_line(&mut self, places: &[(i32, i32)]) {
        if let [first, rest @ ..] = places
            && !rest.is_empty()
        {
            self.commands.push(command(MOVE_TO, 1));
            self.go(*first);
            self.commands.push(command(LINE_TO, rest.len() as u32));
            rest.iter().for_each(|place| self.go(*place));
        }
    }

    pub(super) fn go(&mut self, (x, y): (i32, i32)) {
        self.commands.extend([zigzag(x - self.at.0), zigzag(y - self.at.1)]);
        self.at = (x, y);
    }
}

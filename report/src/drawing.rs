//! A drawing as a list of what is in it, before it becomes pixels or a page. x to the right, y downward; a unit is a pixel
//! of a picture or a point of a page.

use tiny_skia::{Path, PathBuilder};

use crate::Error;
use crate::font::{Face, Fonts};

/// Red, green, blue, alpha; straight.
pub(crate) type Colour = [u8; 4];

/// A place in the drawing.
pub(crate) type Spot = (f32, f32);

pub(crate) const INK: Colour = [0x1c, 0x24, 0x2b, 255];
pub(crate) const FAINT_INK: Colour = [0x55, 0x60, 0x69, 255];
pub(crate) const WHITE: Colour = [255; 4];

/// A rectangle with its sides parallel to the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A line's looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pen {
    pub(crate) colour: Colour,
    pub(crate) width: f32,
    pub(crate) dash: Dash,
}

/// What a line is broken into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// Marks whose shape says what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Disc,
    Diamond,
    Cross,
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// One line of text, its baseline at a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Writing {
    pub(crate) text: String,
    pub(crate) at: Spot,
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) colour: Colour,
    pub(crate) halo: Option<Colour>,
}

/// Straight RGBA pixels, one to a unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) at: Spot,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgba: Vec<u8>,
}

/// Something in a drawing.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// Filled by the even-odd rule.
    Fill(Path, Colour),
    Stroke(Path, Pen),
    /// Filled by the even-odd rule, with its rim.
    Outlined(Path, Colour, Pen),
    /// Equal marks at many places; the size is half the width.
    Marks(Mark, Vec<Spot>, f32, Colour),
    Text(Writing),
    Image(Image),
    /// What follows shows inside of a frame of whole units only, until [`Item::EndClip`].
    Clip(Frame),
    EndClip,
}

/// A drawing in the making.
#[derive(Debug, Clone)]
pub(crate) struct Drawing<'f> {
    pub(crate) fonts: &'f Fonts,
    pub(crate) items: Vec<Item>,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hand {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) colour: Colour,
    pub(crate) halo: Option<Colour>,
}

impl Hand {
    pub(crate) const fn regular(size: f32) -> Self {
        Self {
            face: Face::Regular,
            size,
            colour: INK,
            halo: None,
        }
    }

    pub(crate) const fn bold(size: f32) -> Self {
        Self {
            face: Face::Bold,
            ..Self::regular(size)
        }
    }

    pub(crate) const fn in_colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(crate) const fn on_halo(self) -> Self {
        Self {
            halo: Some([255, 255, 255, 230]),
            ..self
        }
    }
}

impl Frame {
    pub(crate) fn right(&self) -> f32 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.top + self.height
    }

    pub(crate) fn holds(&self, (x, y): Spot) -> bool {
        (self.left..=self.right()).contains(&x) && (self.top..=self.bottom()).contains(&y)
    }

    pub(crate) fn encloses(&self, other: &Self) -> bool {
        self.holds((other.left, other.top)) && self.holds((other.right(), other.bottom()))
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }

    /// Smaller by this much on every side.
    pub(crate) fn inset(&self, by: f32) -> Self {
        Self {
            left: self.left + by,
            top: self.top + by,
            width: self.width - 2.0 * by,
            height: self.height - 2.0 * by,
        }
    }

    pub(crate) fn path(&self) -> Option<Path> {
        tiny_skia::Rect::from_xywh(self.left, self.top, self.width, self.height).map(PathBuilder::from_rect)
    }
}

impl Pen {
    pub(crate) const fn solid(colour: Colour, width: f32) -> Self {
        Self {
            colour,
            width,
            dash: Dash::Solid,
        }
    }
}

impl Dash {
    /// Lengths of line and gap in a line of this width.
    pub(crate) fn lengths(self, width: f32) -> Option<[f32; 2]> {
        match self {
            Self::Solid => None,
            Self::Dashed => Some([4.5 * width, 2.5 * width]),
            Self::Dotted => Some([0.05 * width, 1.9 * width]),
        }
    }

    pub(crate) fn is_round(self) -> bool {
        self == Self::Dotted
    }
}

impl<'f> Drawing<'f> {
    pub(crate) fn new(fonts: &'f Fonts) -> Self {
        Self {
            fonts,
            items: Vec::new(),
        }
    }

    pub(crate) fn fill(&mut self, path: Option<Path>, colour: Colour) {
        self.items.extend(path.map(|path| Item::Fill(path, colour)));
    }

    pub(crate) fn stroke(&mut self, path: Option<Path>, pen: Pen) {
        self.items.extend(path.map(|path| Item::Stroke(path, pen)));
    }

    pub(crate) fn outlined(&mut self, path: Option<Path>, colour: Colour, pen: Pen) {
        self.items.extend(path.map(|path| Item::Outlined(path, colour, pen)));
    }

    pub(crate) fn line(&mut self, places: &[Spot], pen: Pen) {
        self.stroke(open_path([places]), pen);
    }

    pub(crate) fn marks(&mut self, mark: Mark, places: Vec<Spot>, size: f32, colour: Colour) {
        if !places.is_empty() {
            self.items.push(Item::Marks(mark, places, size, colour));
        }
    }

    pub(crate) fn text(&mut self, text: impl Into<String>, (x, y): Spot, hand: Hand, align: Align) {
        let text = text.into();
        let width = self.width(&text, hand);
        let x = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        self.items.push(Item::Text(Writing {
            text,
            at: (x, y),
            face: hand.face,
            size: hand.size,
            colour: hand.colour,
            halo: hand.halo,
        }));
    }

    pub(crate) fn width(&self, text: &str, hand: Hand) -> f32 {
        self.fonts.width(hand.face, text) * hand.size
    }

    /// The text, or as much of it as fits with an ellipsis.
    pub(crate) fn fitting(&self, text: &str, hand: Hand, width: f32) -> String {
        if self.width(text, hand) <= width {
            return text.to_owned();
        }
        let mut short = text.to_owned();
        while short.pop().is_some() {
            let cut = format!("{}…", short.trim_end());
            if self.width(&cut, hand) <= width {
                return cut;
            }
        }
        String::new()
    }

    /// The text in lines of at most this width, broken at spaces; a longer word is broken inside.
    pub(crate) fn wrapped(&self, text: &str, hand: Hand, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&longer, hand) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if self.width(&line, hand) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}

/// Lines as one path.
pub(crate) fn open_path<'a>(lines: impl IntoIterator<Item = &'a [Spot]>) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        trace(&mut path, line);
    }
    path.finish()
}

/// Rings as one path; their first places are not repeated.
pub(crate) fn closed_path<'a>(rings: impl IntoIterator<Item = &'a [Spot]>) -> Option<Path> {
    let mut path = PathBuilder::new();
    for ring in rings.into_iter().filter(|ring| ring.len() > 2) {
        trace(&mut path, ring);
        path.close();
    }
    path.finish()
}

fn trace(path: &mut PathBuilder, places: &[Spot]) {
    for (at, (x, y)) in places.iter().enumerate() {
        match at {
            0 => path.move_to(*x, *y),
            _ => path.line_to(*x, *y),
        }
    }
}

/// The outline of a mark around a place; a cross is two lines.
pub(crate) fn mark_path(mark: Mark, (x, y): Spot, size: f32) -> Option<Path> {
    match mark {
        Mark::Disc => PathBuilder::from_circle(x, y, size),
        Mark::Diamond => closed_path([[(x, y - size), (x + size, y), (x, y + size), (x - size, y)].as_slice()]),
        Mark::Cross => open_path([
            [(x - size, y - size), (x + size, y + size)].as_slice(),
            &[(x + size, y - size), (x - size, y + size)],
        ]),
    }
}

/// A picture's size in memory, refused where there is none.
pub(crate) fn pixmap(width: u32, height: u32) -> Result<tiny_skia::Pixmap, Error> {
    tiny_skia::Pixmap::new(width, height).ok_or(Error::Size { width, height })
}

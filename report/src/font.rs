//! The font of charts and pages: Liberation Sans, embedded (`fonts/README.md`). Widths and outlines; glyphs stand one after
//! the other, without kerning or shaping.

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};
use tiny_skia::{Path, PathBuilder, Transform};

use crate::Error;

pub(crate) static REGULAR: &[u8] = include_bytes!("../fonts/LiberationSans-Regular.ttf");
pub(crate) static BOLD: &[u8] = include_bytes!("../fonts/LiberationSans-Bold.ttf");

/// Which cut of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Regular,
    Bold,
}

/// Both cuts, opened.
#[derive(Clone)]
pub(crate) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// A character's glyph. Lengths in sizes of the font.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    /// Number in the font, 0 for a character that it lacks.
    pub(crate) id: u32,
    pub(crate) advance: f32,
    /// Bytes of the text from and to which it stands for.
    pub(crate) bytes: (usize, usize),
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fonts")
    }
}

impl Fonts {
    pub(crate) fn embedded() -> Result<Self, Error> {
        Ok(Self {
            regular: FontRef::new(REGULAR).map_err(Error::Font)?,
            bold: FontRef::new(BOLD).map_err(Error::Font)?,
        })
    }

    fn font(&self, face: Face) -> &FontRef<'static> {
        match face {
            Face::Regular => &self.regular,
            Face::Bold => &self.bold,
        }
    }

    /// The glyphs of a text.
    pub(crate) fn glyphs(&self, face: Face, text: &str) -> Vec<Glyph> {
        let font = self.font(face);
        let charmap = font.charmap();
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let em = self.em(face);
        let glyph = |(start, letter): (usize, char)| {
            let id = charmap.map(letter).unwrap_or_default();
            Glyph {
                id: id.to_u32(),
                advance: metrics.advance_width(id).unwrap_or_default() / em,
                bytes: (start, start + letter.len_utf8()),
            }
        };
        text.char_indices().map(glyph).collect()
    }

    /// Width of a text in sizes of the font.
    pub(crate) fn width(&self, face: Face, text: &str) -> f32 {
        self.glyphs(face, text).iter().map(|glyph| glyph.advance).sum()
    }

    /// The outline of a text whose baseline begins at a place.
    pub(crate) fn outline(&self, face: Face, text: &str, (x, y): (f32, f32), size: f32) -> Option<Path> {
        let outlines = self.font(face).outline_glyphs();
        let em = self.em(face);
        let mut pen = Pen {
            path: PathBuilder::new(),
            x: 0.0,
        };
        for glyph in self.glyphs(face, text) {
            if let Some(outline) = outlines.get(skrifa::GlyphId::new(glyph.id)) {
                // A glyph that cannot be drawn leaves its gap, as a missing one does.
                let _drawn = outline.draw(
                    DrawSettings::unhinted(Size::unscaled(), LocationRef::default()),
                    &mut pen,
                );
            }
            pen.x += glyph.advance * em;
        }
        let scale = size / em;
        pen.path
            .finish()?
            .transform(Transform::from_row(scale, 0.0, 0.0, -scale, x, y))
    }

    /// Units in the font's size.
    fn em(&self, face: Face) -> f32 {
        let metrics = self.font(face).metrics(Size::unscaled(), LocationRef::default());
        f32::from(metrics.units_per_em)
    }
}

/// Takes outlines into a path, each where its glyph stands.
struct Pen {
    path: PathBuilder,
    x: f32,
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + x1, y1, self.x + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.x + x1, y1, self.x + x2, y2, self.x + x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_we_write_ourselves_is_in_both_cuts() {
        let fonts = Fonts::embedded().unwrap();
        let ours = "0123456789 \u{a0}ABCXYZabcxyzÅåØøßŁЖΩ°′²³–—·×≤≥≈±→…−%§©(),.:;/+'";
        for face in [Face::Regular, Face::Bold] {
            let lacking: Vec<char> = ours
                .char_indices()
                .zip(fonts.glyphs(face, ours))
                .filter(|(_, glyph)| glyph.id == 0)
                .map(|((_, letter), _)| letter)
                .collect();
            assert!(lacking.is_empty(), "{face:?} {lacking:?}");
        }
        assert_eq!(fonts.glyphs(Face::Regular, "漢")[0].id, 0);
    }

    #[test]
    fn digits_are_of_one_width_and_outlines_fill_it() {
        let fonts = Fonts::embedded().unwrap();
        assert_eq!(fonts.width(Face::Regular, "1111"), fonts.width(Face::Regular, "8888"));
        let path = fonts.outline(Face::Bold, "HH", (100.0, 50.0), 20.0).unwrap();
        let bounds = path.bounds();
        let width = fonts.width(Face::Bold, "HH") * 20.0;
        assert!(bounds.left() >= 100.0 && bounds.right() <= 100.0 + width, "{bounds:?}");
        assert!(
            bounds.width() > 0.8 * width && (bounds.bottom() - 50.0).abs() < 0.01,
            "{bounds:?}"
        );
    }
}

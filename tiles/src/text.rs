//! Short texts in pictures: the misc-fixed bitmap fonts (public domain) as `embedded-graphics` carries them, ISO-8859-1.

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_7X13, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::text::{Baseline, Text};

/// Text as pixels, each set or not.
pub(crate) struct TextBits {
    pub(crate) width: u32,
    pub(crate) height: u32,
    bits: Vec<bool>,
}

impl TextBits {
    /// One line of text for a screen with this many pixels where an ordinary one has one.
    pub(crate) fn of(text: &str, pixel_ratio: u32) -> Self {
        let (font, times) = font(pixel_ratio);
        let mut target = Self {
            width: text.chars().count() as u32 * font.character_size.width,
            height: font.character_size.height,
            bits: Vec::new(),
        };
        target.bits = vec![false; target.width as usize * target.height as usize];
        let style = MonoTextStyle::new(font, BinaryColor::On);
        let line = Text::with_baseline(text, Point::zero(), style, Baseline::Top);
        match line.draw(&mut target) {
            Ok(_) => target.enlarged(times),
            Err(never) => match never {},
        }
    }

    /// Whether the pixel at a place is set.
    pub(crate) fn is_set(&self, x: i64, y: i64) -> bool {
        let inside = (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
        inside && self.bits[y as usize * self.width as usize + x as usize]
    }

    fn enlarged(self, times: u32) -> Self {
        let (width, height) = (self.width * times, self.height * times);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let bits = places
            .map(|(x, y)| self.is_set(i64::from(x / times), i64::from(y / times)))
            .collect();
        Self { width, height, bits }
    }
}

/// Height of a line of text.
pub(crate) fn line_height(pixel_ratio: u32) -> u32 {
    let (font, times) = font(pixel_ratio);
    font.character_size.height * times
}

/// A font, and how many times its pixels are enlarged.
fn font(pixel_ratio: u32) -> (&'static MonoFont<'static>, u32) {
    match pixel_ratio {
        0 | 1 => (&FONT_7X13, 1),
        2 => (&FONT_10X20, 1),
        _ => (&FONT_10X20, 2),
    }
}

impl OriginDimensions for TextBits {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for TextBits {
    type Color = BinaryColor;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(place, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(place.x), u32::try_from(place.y)) else {
                continue;
            };
            if x < self.width && y < self.height && colour == BinaryColor::On {
                self.bits[y as usize * self.width as usize + x as usize] = true;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_pixels_and_a_size() {
        for ratio in [1, 2, 4] {
            let text = TextBits::of("m/s km²", ratio);
            assert_eq!(text.height, line_height(ratio));
            let set = (0..i64::from(text.height)).flat_map(|y| (0..i64::from(text.width)).map(move |x| (x, y)));
            let set = set.filter(|(x, y)| text.is_set(*x, *y)).count();
            assert!(set > 50 && set < text.bits.len() / 2, "{set}");
        }
        // The superscript is a character of the font, not the replacement for unknown ones.
        let (two, unknown) = (TextBits::of("²", 1), TextBits::of("\u{4e00}", 1));
        assert_ne!(two.bits, unknown.bits);
        assert_eq!(TextBits::of("", 1).width, 0);
    }
}

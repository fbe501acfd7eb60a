//! A few words instead of a picture, for clients that show nothing but pictures.

use crate::Picture;
use crate::picture::{Rgba, TRANSPARENT};
use crate::text::{TextBits, line_height};

/// Pixels between the text and the picture's rim.
const MARGIN_PX: u32 = 4;

/// A picture of this size with a text in its upper left corner, broken into lines where it is too long, cut where there
/// is no room; on a ground of this colour or a transparent one.
pub fn draw_notice(width: u32, height: u32, text: &str, ground: Option<[u8; 3]>) -> Picture {
    const GROUND: u8 = 0;
    const HALO: u8 = 1;
    const INK: u8 = 2;
    let mut indices = vec![GROUND; width as usize * height as usize];
    let mut put = |x: i64, y: i64, index: u8| {
        if (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y) {
            indices[y as usize * width as usize + x as usize] = index;
        }
    };
    let columns = columns(width);
    for (row, line) in (0u32..).zip(broken(text, columns)) {
        let top = MARGIN_PX + row * line_height(1);
        if top >= height {
            break;
        }
        let bits = TextBits::of(&line, 1);
        for y in -1..=i64::from(bits.height) {
            for x in -1..=i64::from(bits.width) {
                let near = || (-1..=1).any(|dy| (-1..=1).any(|dx| bits.is_set(x + dx, y + dy)));
                let at = (i64::from(MARGIN_PX) + x, i64::from(top) + y);
                if bits.is_set(x, y) {
                    put(at.0, at.1, INK);
                } else if near() {
                    put(at.0, at.1, HALO);
                }
            }
        }
    }
    let ground = ground.map_or(TRANSPARENT, |[r, g, b]| [r, g, b, 255]);
    let palette: Vec<Rgba> = vec![ground, [255, 255, 255, 255], [176, 0, 32, 255]];
    Picture::indexed(width, height, palette, indices)
}

/// Characters that fit into a row.
fn columns(width: u32) -> usize {
    let character = TextBits::of("x", 1).width.max(1);
    (width.saturating_sub(2 * MARGIN_PX) / character).max(1) as usize
}

/// The text in lines of at most so many characters, broken at blanks where that is possible.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        let room = lines
            .last()
            .map_or(0, |line| columns.saturating_sub(line.chars().count() + 1));
        if letters.len() <= room
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
            line.extend(letters);
            continue;
        }
        while letters.len() > columns {
            let rest = letters.split_off(columns);
            lines.push(letters.into_iter().collect());
            letters = rest;
        }
        lines.push(letters.into_iter().collect());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_broken_to_the_width() {
        assert_eq!(broken("a bb ccc dddddddd", 5), ["a bb", "ccc", "ddddd", "ddd"]);
        assert!(broken("", 5).is_empty());
    }

    #[test]
    fn the_ground_stays_what_it_is_and_the_text_is_seen() {
        let picture = draw_notice(120, 60, "there is no layer 'x'", Some([1, 2, 3]));
        assert_eq!(picture.colour(119, 59), [1, 2, 3, 255]);
        let ink = (0..60).flat_map(|y| (0..120).map(move |x| (x, y)));
        let ink = ink.filter(|(x, y)| picture.colour(*x, *y) == [176, 0, 32, 255]).count();
        assert!(ink > 100, "{ink}");
        assert_eq!(draw_notice(3, 2, "long words", None).colour(2, 1)[3], 0);
    }
}

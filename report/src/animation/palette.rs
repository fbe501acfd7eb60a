//! The colours of an animation: median cut (P. Heckbert, "Color image quantization for frame buffer display", SIGGRAPH
//! 1982) over colours of five bits a channel, each standing for the mean of its pixels.

use tiny_skia::Pixmap;

const BITS: u32 = 5;
const CELLS: usize = 1 << (3 * BITS);

/// At most 255 colours, and which of them stands for a colour.
pub(super) struct Palette {
    colours: Vec<[u8; 3]>,
    /// The nearest colour of each cell, as far as it was asked for.
    nearest: Vec<Option<u8>>,
}

/// Pixels whose colours share their upper bits.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: u64,
    sums: [u64; 3],
}

fn cell_of([r, g, b]: [u8; 3]) -> usize {
    let upper = |channel: u8| usize::from(channel >> (8 - BITS));
    upper(r) << (2 * BITS) | upper(g) << BITS | upper(b)
}

impl Cell {
    fn mean(&self) -> [u8; 3] {
        self.sums.map(|sum| ((sum + self.count / 2) / self.count.max(1)) as u8)
    }
}

impl Palette {
    /// The colours of some pictures.
    pub(super) fn of(pictures: &[Pixmap], most: usize) -> Self {
        let mut cells = vec![Cell::default(); CELLS];
        for pixel in pictures.iter().flat_map(|picture| picture.pixels()) {
            let colour = [pixel.red(), pixel.green(), pixel.blue()];
            let cell = &mut cells[cell_of(colour)];
            cell.count += 1;
            for (sum, channel) in cell.sums.iter_mut().zip(colour) {
                *sum += u64::from(channel);
            }
        }
        cells.retain(|cell| cell.count > 0);
        let boxes = cut(cells, most);
        let colour = |cells: &Vec<Cell>| {
            let mut whole = Cell::default();
            for cell in cells {
                whole.count += cell.count;
                for (sum, more) in whole.sums.iter_mut().zip(cell.sums) {
                    *sum += more;
                }
            }
            whole.mean()
        };
        Self {
            colours: boxes.iter().map(colour).collect(),
            nearest: vec![None; CELLS],
        }
    }

    /// Red, green and blue of every index, 256 of them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.colours.iter().flatten().copied().collect();
        bytes.resize(3 * 256, 0);
        bytes
    }

    /// The indices of a picture's pixels.
    pub(super) fn indices(&mut self, picture: &Pixmap) -> Vec<u8> {
        let pixels = picture.pixels().iter();
        pixels
            .map(|pixel| self.index([pixel.red(), pixel.green(), pixel.blue()]))
            .collect()
    }

    fn index(&mut self, colour: [u8; 3]) -> u8 {
        let cell = cell_of(colour);
        if let Some(index) = self.nearest[cell] {
            return index;
        }
        let distance = |other: &[u8; 3]| -> i32 {
            let channels = other.iter().zip(colour);
            channels
                .map(|(a, b)| i32::from(*a) - i32::from(b))
                .map(|off| off * off)
                .sum()
        };
        let best = (0..self.colours.len()).min_by_key(|index| distance(&self.colours[*index]));
        let index = best.unwrap_or(0) as u8;
        self.nearest[cell] = Some(index);
        index
    }
}

/// Cells in boxes, none of them empty: the box whose colours differ most, weighed by its pixels, is cut in two until there
/// are enough.
fn cut(cells: Vec<Cell>, most: usize) -> Vec<Vec<Cell>> {
    let mut boxes = vec![cells];
    while boxes.len() < most {
        let weight = |cells: &[Cell]| {
            let count: u64 = cells.iter().map(|cell| cell.count).sum();
            let (_, range) = longest_side(cells);
            // The root keeps rare colours, such as marks, from drowning in the sea.
            u64::from(range) * (count.isqrt() + 1)
        };
        let widest = (0..boxes.len())
            .filter(|at| boxes[*at].len() > 1)
            .max_by_key(|at| weight(&boxes[*at]));
        let Some(at) = widest else { break };
        let mut cells = std::mem::take(&mut boxes[at]);
        let (channel, _) = longest_side(&cells);
        cells.sort_by_key(|cell| (cell.mean()[channel], cell.mean()));
        let half = cells.iter().map(|cell| cell.count).sum::<u64>() / 2;
        let mut passed = 0;
        let middle = cells.iter().position(|cell| {
            passed += cell.count;
            passed > half
        });
        let upper = cells.split_off(middle.unwrap_or(1).clamp(1, cells.len() - 1));
        boxes[at] = cells;
        boxes.push(upper);
    }
    boxes
}

/// The channel in which colours differ most, and by how much.
fn longest_side(cells: &[Cell]) -> (usize, u8) {
    let range = |channel: usize| {
        let values = cells.iter().map(|cell| cell.mean()[channel]);
        let (low, high) = values.fold((255, 0), |(low, high), value| (low.min(value), value.max(high)));
        high.saturating_sub(low)
    };
    (0..3)
        .map(|channel| (channel, range(channel)))
        .max_by_key(|(_, range)| *range)
        .unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_surfaces_keep_their_colour_and_rare_ones_are_kept_apart() {
        let mut picture = Pixmap::new(100, 100).unwrap();
        picture.fill(tiny_skia::Color::from_rgba8(0xe6, 0xef, 0xf5, 255));
        let rare = tiny_skia::ColorU8::from_rgba(200, 20, 10, 255).premultiply();
        picture.pixels_mut()[5] = rare;
        for (at, pixel) in picture.pixels_mut().iter_mut().enumerate().skip(9000) {
            let grey = (at % 256) as u8;
            *pixel = tiny_skia::ColorU8::from_rgba(grey, grey, grey, 255).premultiply();
        }
        let mut palette = Palette::of(&[picture.clone()], 20);
        let bytes = palette.bytes();
        assert_eq!(bytes.len(), 768);
        let indices = palette.indices(&picture);
        let colour = |at: usize| &bytes[3 * usize::from(indices[at])..3 * usize::from(indices[at]) + 3];
        assert_eq!(colour(0), [0xe6, 0xef, 0xf5]);
        assert!(colour(5)[0].abs_diff(200) < 8 && colour(5)[1] < 40, "{:?}", colour(5));
        assert!(indices.iter().all(|index| usize::from(*index) < 20));
    }
}

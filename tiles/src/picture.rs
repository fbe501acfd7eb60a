//! A drawn picture, and its bytes as PNG.
//!
//! Pictures of a colour scale stay indices into a palette down to the file: a quarter of the bytes to compress, and the
//! palette's transparency travels as tRNS. Colours are sRGB with straight alpha.

use crate::Error;

/// Red, green, blue, alpha; straight, not premultiplied.
pub type Rgba = [u8; 4];

/// Nothing drawn.
pub const TRANSPARENT: Rgba = [0; 4];

/// Pixels, row by row from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Pixels,
}

#[derive(Debug, Clone, PartialEq)]
enum Pixels {
    Plain(Rgba),
    Indexed { palette: Vec<Rgba>, indices: Vec<u8> },
    Rgba(Vec<u8>),
}

impl Picture {
    /// A picture with nothing in it.
    pub fn empty(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            pixels: Pixels::Plain(TRANSPARENT),
        }
    }

    /// Indices into a palette of at most 256 colours, none of them beyond its end.
    pub(crate) fn indexed(width: u32, height: u32, palette: Vec<Rgba>, indices: Vec<u8>) -> Self {
        debug_assert_eq!(indices.len(), width as usize * height as usize);
        debug_assert!(palette.len() <= 256 && indices.iter().all(|index| usize::from(*index) < palette.len()));
        Self {
            width,
            height,
            pixels: Pixels::Indexed { palette, indices },
        }
    }

    /// Straight RGBA bytes.
    pub(crate) fn rgba(width: u32, height: u32, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(bytes.len(), width as usize * height as usize * 4);
        Self {
            width,
            height,
            pixels: Pixels::Rgba(bytes),
        }
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether every pixel is transparent.
    pub fn is_empty(&self) -> bool {
        match &self.pixels {
            Pixels::Plain(colour) => colour[3] == 0,
            Pixels::Indexed { palette, indices } => indices.iter().all(|index| palette[usize::from(*index)][3] == 0),
            Pixels::Rgba(bytes) => bytes.chunks_exact(4).all(|pixel| pixel[3] == 0),
        }
    }

    /// The colour of a pixel; transparent outside.
    pub fn colour(&self, x: u32, y: u32) -> Rgba {
        if x >= self.width || y >= self.height {
            return TRANSPARENT;
        }
        let at = y as usize * self.width as usize + x as usize;
        match &self.pixels {
            Pixels::Plain(colour) => *colour,
            Pixels::Indexed { palette, indices } => palette[usize::from(indices[at])],
            Pixels::Rgba(bytes) => [bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]],
        }
    }

    /// The picture as RGBA bytes.
    pub fn to_rgba(&self) -> Vec<u8> {
        match &self.pixels {
            Pixels::Plain(colour) => colour.repeat(self.width as usize * self.height as usize),
            Pixels::Indexed { palette, indices } => {
                indices.iter().flat_map(|index| palette[usize::from(*index)]).collect()
            }
            Pixels::Rgba(bytes) => bytes.clone(),
        }
    }

    /// Pictures of one size over each other, the first at the bottom; parts that reach over the first one are lost.
    pub fn stack(width: u32, height: u32, layers: Vec<Self>) -> Self {
        let mut drawn = layers.into_iter().filter(|layer| !layer.is_empty());
        let Some(bottom) = drawn.next() else {
            return Self::empty(width, height);
        };
        drawn.fold(bottom, |bottom, top| bottom.under(&top))
    }

    /// The picture on a ground of one colour, without transparency.
    pub fn on_ground(self, ground: [u8; 3]) -> Self {
        let ground = [ground[0], ground[1], ground[2], 255];
        let pixels = match self.pixels {
            Pixels::Plain(colour) => Pixels::Plain(over(colour, ground)),
            Pixels::Indexed { palette, indices } => Pixels::Indexed {
                palette: palette.into_iter().map(|colour| over(colour, ground)).collect(),
                indices,
            },
            Pixels::Rgba(mut bytes) => {
                for pixel in bytes.as_chunks_mut::<4>().0 {
                    *pixel = over(*pixel, ground);
                }
                Pixels::Rgba(bytes)
            }
        };
        Self { pixels, ..self }
    }

    fn under(&self, top: &Self) -> Self {
        let mut bytes = self.to_rgba();
        for (row, line) in bytes.chunks_exact_mut(4 * self.width as usize).enumerate() {
            for (column, pixel) in line.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let colour = top.colour(column as u32, row as u32);
                if colour[3] != 0 {
                    *pixel = over(colour, *pixel);
                }
            }
        }
        Self::rgba(self.width, self.height, bytes)
    }

    /// The bytes of a PNG file.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        match &self.pixels {
            Pixels::Plain(colour) => {
                let row = (self.width as usize).div_ceil(8);
                // Zeros only: the thorough compression costs nothing here and leaves a few hundred bytes.
                let kind = (png::ColorType::Indexed, png::BitDepth::One, png::Compression::Balanced);
                self.png(kind, &[*colour], &vec![0; row * self.height as usize])
            }
            Pixels::Indexed { palette, indices } => {
                let kind = |depth| (png::ColorType::Indexed, depth, png::Compression::Fast);
                match palette.len() {
                    0..=2 => self.png(kind(png::BitDepth::One), palette, &self.packed::<1>(indices)),
                    3..=4 => self.png(kind(png::BitDepth::Two), palette, &self.packed::<2>(indices)),
                    5..=16 => self.png(kind(png::BitDepth::Four), palette, &self.packed::<4>(indices)),
                    _ => self.png(kind(png::BitDepth::Eight), palette, indices),
                }
            }
            Pixels::Rgba(bytes) => {
                let kind = (png::ColorType::Rgba, png::BitDepth::Eight, png::Compression::Fast);
                self.png(kind, &[], bytes)
            }
        }
    }

    fn png(
        &self,
        (colour, depth, compression): (png::ColorType, png::BitDepth, png::Compression),
        palette: &[Rgba],
        data: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(data.len() / 4 + 1536);
        let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.set_compression(compression);
        if !palette.is_empty() {
            encoder.set_palette(palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>());
        }
        if palette.iter().any(|colour| colour[3] != 255) {
            encoder.set_trns(palette.iter().map(|colour| colour[3]).collect::<Vec<_>>());
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(data)?;
        writer.finish()?;
        Ok(out)
    }

    /// Indices of BITS bits each, rows padded to whole bytes, the leftmost pixel in the highest bits.
    fn packed<const BITS: usize>(&self, indices: &[u8]) -> Vec<u8> {
        let per_byte = 8 / BITS;
        let rows = indices.chunks_exact(self.width as usize);
        let bytes = rows.flat_map(|row| {
            row.chunks(per_byte).map(move |pixels| {
                let joined = pixels.iter().fold(0u8, |byte, index| byte << BITS | index);
                joined << (BITS * (per_byte - pixels.len()))
            })
        });
        bytes.collect()
    }
}

/// Porter and Duff's "over", straight alpha.
pub(crate) fn over(top: Rgba, ground: Rgba) -> Rgba {
    if top[3] == 255 || ground[3] == 0 {
        return top;
    }
    let (top_a, ground_a) = (u32::from(top[3]), u32::from(ground[3]));
    let rest = ground_a * (255 - top_a);
    let alpha = top_a * 255 + rest;
    let mix = |k: usize| ((u32::from(top[k]) * top_a * 255 + u32::from(ground[k]) * rest + alpha / 2) / alpha) as u8;
    if alpha == 0 {
        return TRANSPARENT;
    }
    [mix(0), mix(1), mix(2), ((alpha + 127) / 255) as u8]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What another program would see in the PNG.
    pub(crate) fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgba).unwrap();
        rgba.truncate(info.buffer_size());
        (info.width, info.height, rgba)
    }

    #[test]
    fn every_kind_survives_the_file() {
        for colours in [1usize, 2, 3, 4, 5, 16, 17, 256] {
            let palette: Vec<Rgba> = (0..colours).map(|k| [k as u8, 7, 200, 255 - k as u8]).collect();
            let indices: Vec<u8> = (0..13 * 5).map(|at| (at * 31 % colours) as u8).collect();
            let picture = Picture::indexed(13, 5, palette, indices);
            assert_eq!(
                decoded(&picture.to_png().unwrap()),
                (13, 5, picture.to_rgba()),
                "{colours}"
            );
        }
        let rgba = Picture::rgba(3, 2, (0..24).map(|k| k * 10).collect());
        assert_eq!(decoded(&rgba.to_png().unwrap()), (3, 2, rgba.to_rgba()));
        let empty = Picture::empty(1000, 700);
        let bytes = empty.to_png().unwrap();
        assert!(bytes.len() < 500, "{}", bytes.len());
        assert_eq!(decoded(&bytes), (1000, 700, vec![0; 2_800_000]));
    }

    #[test]
    fn layers_lie_over_each_other() {
        let red = Picture::indexed(2, 1, vec![TRANSPARENT, [255, 0, 0, 255]], vec![1, 0]);
        let glass = Picture::rgba(2, 1, vec![0, 0, 255, 128, 0, 0, 255, 128]);
        let both = Picture::stack(2, 1, vec![red, Picture::empty(2, 1), glass]);
        assert_eq!(both.colour(0, 0), [127, 0, 128, 255]);
        assert_eq!(both.colour(1, 0), [0, 0, 255, 128]);
        assert_eq!(both.on_ground([255, 255, 255]).colour(1, 0), [127, 127, 255, 255]);
        assert!(Picture::stack(2, 1, vec![]).is_empty());
        assert_eq!(Picture::empty(1, 1).on_ground([1, 2, 3]).colour(0, 0), [1, 2, 3, 255]);
    }
}

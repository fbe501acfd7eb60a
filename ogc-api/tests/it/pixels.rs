//! Pictures as another program sees them.

use crate::service::Answer;

/// A decoded PNG.
#[derive(Clone, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    rgba: Vec<u8>,
}

impl Pixels {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("content-type"), "image/png");
        Self::decode(&answer.body)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut buffer).unwrap();
        let rgba = match info.color_type {
            png::ColorType::Rgba => buffer,
            png::ColorType::GrayscaleAlpha => {
                let pixels = buffer.chunks_exact(2);
                pixels
                    .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
                    .collect()
            }
            other => panic!("{other:?}"),
        };
        Self {
            width: info.width,
            height: info.height,
            rgba,
        }
    }

    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        let at = 4 * (y * self.width + x) as usize;
        self.rgba[at..at + 4].try_into().unwrap()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        self.rgba.chunks_exact(4).map(|pixel| pixel.try_into().unwrap())
    }

    /// Pixels that are not transparent.
    pub(crate) fn drawn(&self) -> usize {
        self.all().filter(|pixel| pixel[3] > 0).count()
    }
}

/// Without the pixels themselves: a failed comparison is to be read by people.
impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {} with {} drawn", self.width, self.height, self.drawn())
    }
}

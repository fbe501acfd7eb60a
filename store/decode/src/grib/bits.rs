//! Numbers of any width up to 32 bits from a stream of bits, first bit first.

/// A place in a stream of bits. Beyond its end there are zeros: whoever reads checks the length before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next number of this many bits, at most 32; zero for a width of zero.
    #[inline]
    pub(crate) fn take(&mut self, width: u32) -> u32 {
        if width == 0 {
            return 0;
        }
        let (byte, bit) = (self.at / 8, (self.at % 8) as u32);
        let window = match self.bytes.get(byte..).and_then(<[u8]>::first_chunk::<8>) {
            Some(chunk) => u64::from_be_bytes(*chunk),
            None => self.last_bytes(byte),
        };
        self.at += width as usize;
        ((window << bit) >> (64 - width)) as u32
    }

    #[cold]
    fn last_bytes(&self, byte: usize) -> u64 {
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let mut chunk = [0; 8];
        let length = rest.len().min(8);
        chunk[..length].copy_from_slice(&rest[..length]);
        u64::from_be_bytes(chunk)
    }
}

/// Bytes that so many numbers of so many bits take.
pub(crate) fn bytes_of(count: usize, width: u32) -> usize {
    count.saturating_mul(width as usize).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_width() {
        let bytes: Vec<u8> = (0..32).map(|k: u8| k.wrapping_mul(37).wrapping_add(11)).collect();
        let bit = |at: usize| u32::from(bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1));
        for width in 1..=32 {
            let mut bits = Bits::new(&bytes);
            for k in 0..280 / width as usize {
                let start = k * width as usize;
                let expected = (0..width as usize).fold(0, |value, b| value << 1 | bit(start + b));
                assert_eq!(bits.take(width), expected, "number {k} of {width} bits");
            }
        }
    }

    #[test]
    fn no_width_and_sizes() {
        let mut bits = Bits::new(&[0b1010_0000, 0xff]);
        assert_eq!((bits.take(3), bits.take(0)), (5, 0));
        assert_eq!(bits.take(13), 0xff);
        assert_eq!(bits.take(9), 0, "beyond the end are zeros");
        assert_eq!((bytes_of(3, 3), bytes_of(0, 7), bytes_of(8, 4)), (2, 0, 4));
    }
}

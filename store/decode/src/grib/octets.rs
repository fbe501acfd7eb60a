//! Numbers in a section, by the octet numbers that the manual gives them: the first octet is 1. Integers are big-endian;
//! signed ones carry their sign in the first bit (regulation 92.1.5), not as a two's complement.

/// The octets of one section, or its beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl Octets<'_> {
    fn array<const N: usize>(&self, octet: usize) -> Option<[u8; N]> {
        let start = octet.checked_sub(1)?;
        self.0.get(start..start.checked_add(N)?)?.try_into().ok()
    }

    pub(crate) fn u8(&self, octet: usize) -> Option<u8> {
        self.array::<1>(octet).map(|[byte]| byte)
    }

    pub(crate) fn u16(&self, octet: usize) -> Option<u16> {
        self.array(octet).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&self, octet: usize) -> Option<u32> {
        self.array(octet).map(u32::from_be_bytes)
    }

    pub(crate) fn f32(&self, octet: usize) -> Option<f32> {
        self.array(octet).map(f32::from_be_bytes)
    }

    pub(crate) fn i8(&self, octet: usize) -> Option<i8> {
        let raw = self.u8(octet)?;
        let magnitude = (raw & 0x7f) as i8;
        Some(if raw & 0x80 == 0 { magnitude } else { -magnitude })
    }

    pub(crate) fn i16(&self, octet: usize) -> Option<i16> {
        let raw = self.u16(octet)?;
        let magnitude = (raw & 0x7fff) as i16;
        Some(if raw & 0x8000 == 0 { magnitude } else { -magnitude })
    }

    pub(crate) fn i32(&self, octet: usize) -> Option<i32> {
        let raw = self.u32(octet)?;
        let magnitude = (raw & 0x7fff_ffff) as i32;
        Some(if raw & 0x8000_0000 == 0 { magnitude } else { -magnitude })
    }
}

/// A signed number of up to eight octets with its sign in the first bit.
pub(crate) fn signed(octets: &[u8]) -> i64 {
    let raw = unsigned(octets);
    let sign_bit = 1_u64 << (8 * octets.len().clamp(1, 8) - 1);
    let magnitude = (raw & (sign_bit - 1)) as i64;
    if raw & sign_bit == 0 { magnitude } else { -magnitude }
}

/// An unsigned number of up to eight octets.
pub(crate) fn unsigned(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |value, &octet| (value << 8) | u64::from(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_bits_and_not_complements() {
        let octets = Octets(&[0x80, 0x05, 0x00, 0x00, 0x07]);
        assert_eq!(
            (octets.i16(1), octets.i8(1), octets.i32(1)),
            (Some(-5), Some(0), Some(-0x5_0000))
        );
        assert_eq!(
            (octets.u32(2), octets.u32(3), octets.u8(0)),
            (Some(0x0500_0007), None, None)
        );
        assert_eq!((signed(&[0x80, 0x02]), signed(&[0x7f]), signed(&[])), (-2, 127, 0));
    }
}

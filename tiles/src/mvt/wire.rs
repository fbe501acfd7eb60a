//! The few parts of protobuf's wire format that a tile needs.

/// Wire type of numbers.
pub(super) const VARINT: u8 = 0;
/// Wire type of doubles.
pub(super) const FIXED64: u8 = 1;
/// Wire type of texts, messages and packed numbers.
pub(super) const LENGTH: u8 = 2;
/// Wire type of floats.
pub(super) const FIXED32: u8 = 5;

/// The byte before a field's value; numbers of fields are below 16.
pub(super) const fn key(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

#[inline]
pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag: small numbers of either sign become small.
#[inline]
pub(super) fn zigzag(value: i32) -> u32 {
    (value << 1 ^ value >> 31) as u32
}

/// A field with bytes.
pub(super) fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(key(field, LENGTH));
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// A field whose bytes are written in place: the length is put before them afterwards.
#[inline]
pub(super) fn nested(out: &mut Vec<u8>, field: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(key(field, LENGTH));
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    if length < 0x80 {
        out[at] = length as u8;
    } else {
        let mut prefix = Vec::with_capacity(10);
        varint(&mut prefix, length as u64);
        out.splice(at..=at, prefix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_protobuf_guide() {
        let mut out = Vec::new();
        varint(&mut out, 150);
        assert_eq!(out, [0x96, 0x01]);
        assert_eq!(
            [0, -1, 1, -2, i32::MAX, i32::MIN].map(zigzag),
            [0, 1, 2, 3, u32::MAX - 1, u32::MAX]
        );
    }

    #[test]
    fn long_fields_get_longer_lengths() {
        for length in [0usize, 1, 127, 128, 300, 20_000] {
            let (mut plain, mut in_place) = (vec![7], vec![7]);
            let content = vec![9; length];
            bytes(&mut plain, 3, &content);
            nested(&mut in_place, 3, |out| out.extend_from_slice(&content));
            assert_eq!(plain, in_place, "{length}");
        }
    }
}

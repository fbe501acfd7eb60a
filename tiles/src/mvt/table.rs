//! Keys and values of a layer: each stands once, features refer to them by number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::whole::WholeNumbers;
use super::wire::{self, FIXED32, FIXED64, VARINT};

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f32),
    /// A number.
    Double(f64),
    /// Yes or no.
    Bool(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What a value is by its bits, texts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Number {
    Int(i64),
    Float(u32),
    Double(u64),
    Bool(bool),
}

/// Whole numbers from 0 up to this one have a table of their own.
const LAST_WHOLE: i64 = (u32::MAX - 1) as i64;

/// The values of a layer.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The messages, one after the other, with their field keys.
    encoded: Vec<u8>,
    count: u32,
    whole: WholeNumbers,
    numbers: HashMap<Number, u32, BuildHasherDefault<Mixer>>,
    texts: HashMap<String, u32>,
}

impl Values {
    /// The number of a value.
    pub(super) fn index(&mut self, value: &Value) -> u32 {
        match value {
            Value::Text(text) => self.text_index(text),
            Value::Int(value) => self.number_index(Number::Int(*value)),
            Value::Float(value) => self.number_index(Number::Float(value.to_bits())),
            Value::Double(value) => self.number_index(Number::Double(value.to_bits())),
            Value::Bool(value) => self.number_index(Number::Bool(*value)),
        }
    }

    #[inline]
    pub(super) fn number_index(&mut self, number: Number) -> u32 {
        let (encoded, count) = (&mut self.encoded, &mut self.count);
        let mut add = || {
            wire::nested(encoded, 4, |out| encode(out, number));
            *count += 1;
            *count - 1
        };
        match number {
            Number::Int(value @ 0..LAST_WHOLE) => self.whole.place(value as u32, add),
            _ => *self.numbers.entry(number).or_insert_with(&mut add),
        }
    }

    /// Room for the different whole numbers of so many features.
    pub(super) fn expect_whole(&mut self, features: usize) {
        self.whole.reserve(features);
    }

    fn text_index(&mut self, text: &str) -> u32 {
        if let Some(index) = self.texts.get(text) {
            return *index;
        }
        wire::nested(&mut self.encoded, 4, |out| wire::bytes(out, 1, text.as_bytes()));
        self.texts.insert(text.to_owned(), self.count);
        self.count += 1;
        self.count - 1
    }

    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

fn encode(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Float(bits) => {
            out.push(wire::key(2, FIXED32));
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Number::Double(bits) => {
            out.push(wire::key(3, FIXED64));
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Number::Int(value) => match u64::try_from(value) {
            Ok(unsigned) => {
                out.push(wire::key(5, VARINT));
                wire::varint(out, unsigned);
            }
            Err(_) => {
                out.push(wire::key(6, VARINT));
                wire::varint(out, (value << 1 ^ value >> 63) as u64);
            }
        },
        Number::Bool(value) => out.extend_from_slice(&[wire::key(7, VARINT), u8::from(value)]),
    }
}

/// Keys of a layer; there are few.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<String>);

impl Keys {
    pub(super) fn index(&mut self, key: &str) -> u32 {
        let known = self.0.iter().position(|other| other == key);
        known.unwrap_or_else(|| {
            self.0.push(key.to_owned());
            self.0.len() - 1
        }) as u32
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A hash for numbers that nobody chooses to collide: our own particles. Multiplication by the golden ratio, the high
/// half folded down (D. Knuth, The Art of Computer Programming 3, 6.4).
#[derive(Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_stand_once() {
        let mut values = Values::default();
        let first = [
            Value::from("active"),
            Value::Int(7),
            Value::Int(1_700_000_000),
            Value::Int(-7),
            Value::Float(7.0),
            Value::Double(7.0),
            Value::Bool(true),
            Value::from("7"),
        ];
        for (expected, value) in first.iter().enumerate() {
            assert_eq!(values.index(value), expected as u32);
        }
        let length = values.encoded().len();
        for (expected, value) in first.iter().enumerate() {
            assert_eq!(values.index(value), expected as u32);
        }
        assert_eq!(values.encoded().len(), length);
    }
}

//! Values of one field, in the order of the message: sections 5 to 7. Missing ones are NaN.
//!
//! Sizes are checked before memory is taken: nodes against the grid's limit, packed values against the bytes there are.

use super::bits::{Bits, bytes_of};
use super::bytes::ReadAt;
use super::octets::Octets;
use super::sections::Field;
use super::{codecs, complex, run_length};
use crate::Error;

/// From packed numbers to values: (R + X * 2^E) / 10^D (regulation 92.9.4), in double precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scaling {
    reference: f64,
    step: f64,
}

impl Scaling {
    /// Octets 12 to 19 of every template that packs numbers.
    fn of(section: Octets<'_>) -> Option<Result<Self, String>> {
        let (reference, binary, decimal) = (section.f32(12)?, section.i16(16)?, section.i16(18)?);
        let decimal_factor = libm::pow(10.0, -f64::from(decimal));
        let scaling = Self {
            reference: f64::from(reference) * decimal_factor,
            step: libm::ldexp(1.0, i32::from(binary)) * decimal_factor,
        };
        let sound = scaling.reference.is_finite() && scaling.step.is_finite();
        Some(if sound {
            Ok(scaling)
        } else {
            Err(format!(
                "its values are scaled by 2^{binary} and 10^-{decimal} from {reference}"
            ))
        })
    }

    /// The value of a packed number.
    #[inline]
    pub(crate) fn value(&self, packed: f64) -> f32 {
        (self.reference + self.step * packed) as f32
    }
}

/// Reads and unpacks a field of this many nodes.
pub(crate) fn read(bytes: &impl ReadAt, field: &Field, nodes: usize) -> Result<Vec<f32>, Error> {
    let broken = |reason: String| field.place.broken(reason);
    let take = |range: &std::ops::Range<u64>, most: usize| {
        let length = usize::try_from(range.end - range.start)
            .ok()
            .filter(|length| *length <= most);
        let length = length.ok_or_else(|| broken("it has far more bytes than its nodes can take".to_owned()))?;
        let mut buffer = vec![0; length];
        bytes
            .read_exact_at(&mut buffer, range.start)
            .map_err(|error| broken(format!("it cannot be read: {error}")))?;
        Ok::<Vec<u8>, Error>(buffer)
    };
    let bitmap = match &field.bitmap {
        Some(range) => Some(take(range, nodes + 64)?),
        None => None,
    };
    let section = Octets(&field.representation);
    let count = section
        .u32(6)
        .ok_or_else(|| broken("its section 5 is too short".to_owned()))? as usize;
    let present = match &bitmap {
        Some(bitmap) => nodes_present(bitmap, nodes).map_err(broken)?,
        None => nodes,
    };
    if present != count {
        return Err(broken(format!(
            "it states {count} values, and its grid and bitmap leave room for {present}"
        )));
    }
    let data = take(&field.data, nodes.saturating_mul(9) + (1 << 16))?;
    let values = if count == 0 {
        Vec::new()
    } else {
        unpack(section, &data, count).map_err(broken)?
    };
    Ok(match bitmap {
        Some(bitmap) => spread(&values, &bitmap, nodes),
        None => values,
    })
}

/// Unpacks at least one value by the template of section 5.
fn unpack(section: Octets<'_>, data: &[u8], count: usize) -> Result<Vec<f32>, String> {
    let cut_off = || "its section 5 is too short".to_owned();
    let template = section.u16(10).ok_or_else(cut_off)?;
    match template {
        4 => return ieee(section.u8(12).ok_or_else(cut_off)?, data, count),
        200 => return run_length::unpack(section, data, count),
        0 | 2 | 3 | 40 | 41 | 42 => {}
        other => return Err(format!("its packing template 5.{other} is not read")),
    }
    let scaling = Scaling::of(section).ok_or_else(cut_off)??;
    let bits = u32::from(section.u8(20).ok_or_else(cut_off)?);
    if bits > 32 {
        return Err(format!("its values have {bits} bits"));
    }
    match template {
        2 => complex::unpack(section, data, count, scaling, false),
        3 => complex::unpack(section, data, count, scaling, true),
        // No bits: each value is the reference.
        _ if bits == 0 => Ok(vec![scaling.value(0.0); count]),
        40 => codecs::jpeg_2000(data, count, scaling),
        41 => codecs::png(data, count, bits, scaling),
        42 => codecs::ccsds(section, data, count, bits, scaling),
        _ => simple(data, count, bits, scaling),
    }
}

/// Template 7.0.
fn simple(data: &[u8], count: usize, bits: u32, scaling: Scaling) -> Result<Vec<f32>, String> {
    if data.len() < bytes_of(count, bits) {
        return Err(format!(
            "its {count} values of {bits} bits do not fit the {} bytes there are",
            data.len()
        ));
    }
    let mut numbers = Bits::new(data);
    Ok((0..count)
        .map(|_| scaling.value(f64::from(numbers.take(bits))))
        .collect())
}

/// Template 7.4: values as they are, in code table 5.7's precision.
fn ieee(precision: u8, data: &[u8], count: usize) -> Result<Vec<f32>, String> {
    let values: Vec<f32> = match precision {
        1 => data
            .as_chunks::<4>()
            .0
            .iter()
            .take(count)
            .map(|four| f32::from_be_bytes(*four))
            .collect(),
        2 => data
            .as_chunks::<8>()
            .0
            .iter()
            .take(count)
            .map(|eight| f64::from_be_bytes(*eight) as f32)
            .collect(),
        other => {
            return Err(format!(
                "its values have the precision {other} of code table 5.7, which is not read"
            ));
        }
    };
    if values.len() == count {
        Ok(values)
    } else {
        Err(format!("it holds {} of {count} values", values.len()))
    }
}

/// Nodes that the bitmap marks.
fn nodes_present(bitmap: &[u8], nodes: usize) -> Result<usize, String> {
    let needed = nodes.div_ceil(8);
    let Some(bytes) = bitmap.get(..needed) else {
        return Err(format!("its bitmap has {} bytes for {nodes} nodes", bitmap.len()));
    };
    let whole = nodes / 8;
    let ones = bytes[..whole]
        .iter()
        .map(|byte| byte.count_ones() as usize)
        .sum::<usize>();
    let last = bytes
        .get(whole)
        .map_or(0, |byte| (byte >> (8 - nodes % 8)).count_ones() as usize);
    Ok(ones + last)
}

/// Values at the nodes that the bitmap marks, NaN at the others.
fn spread(values: &[f32], bitmap: &[u8], nodes: usize) -> Vec<f32> {
    let mut spread = vec![f32::NAN; nodes];
    let mut rest = values;
    for (eight, byte) in spread.chunks_mut(8).zip(bitmap) {
        match (*byte, rest.split_at_checked(eight.len())) {
            (0, _) => {}
            (0xff, Some((own, after))) => {
                eight.copy_from_slice(own);
                rest = after;
            }
            (byte, _) => {
                for (bit, node) in eight.iter_mut().enumerate() {
                    if byte & (0x80 >> bit) != 0
                        && let Some((value, after)) = rest.split_first()
                    {
                        *node = *value;
                        rest = after;
                    }
                }
            }
        }
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_spreads_values() {
        let bitmap = [0b1010_0000, 0xff, 0b0100_0000];
        assert_eq!(nodes_present(&bitmap, 18), Ok(11));
        assert_eq!(
            nodes_present(&bitmap, 17),
            Ok(10),
            "bits beyond the last node do not count"
        );
        assert!(nodes_present(&bitmap, 25).is_err());
        let values: Vec<f32> = (0..11_u8).map(f32::from).collect();
        let spread = spread(&values, &bitmap, 18);
        assert_eq!(
            (spread[0], spread[2], spread[8], spread[15], spread[17]),
            (0.0, 1.0, 2.0, 9.0, 10.0)
        );
        assert_eq!(spread.iter().filter(|value| value.is_nan()).count(), 7);
    }
}

//! Complex packing (templates 5.2 and 7.2) and complex packing with spatial differencing (5.3 and 7.3), straight into
//! single precision. Values come in groups with a reference and a width of their own; missing ones may be coded within
//! (code table 5.5), and then differences run from one present value to the next.

use super::bits::{Bits, bytes_of};
use super::octets::{Octets, signed, unsigned};
use super::values::Scaling;

/// What section 5 says beyond simple packing.
struct Groups {
    count: usize,
    /// Bits of a group's reference.
    reference_bits: u32,
    width_bits: u32,
    width_least: u32,
    length_bits: u32,
    length_least: u32,
    length_step: u32,
    length_last: u32,
    missing: Missing,
}

/// Code table 5.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Every value is present.
    None,
    /// All ones are a missing value.
    AllOnes,
    /// All ones, and all ones less one, are.
    TwoHighest,
}

impl Groups {
    fn of(section: Octets<'_>) -> Option<Result<Self, String>> {
        let missing = match (section.u8(22)?, section.u8(23)?) {
            (1, 0) => Missing::None,
            (1, 1) => Missing::AllOnes,
            (1, 2) => Missing::TwoHighest,
            (1, other) => {
                return Some(Err(format!(
                    "its missing values are managed in the unknown way {other}"
                )));
            }
            (other, _) => return Some(Err(format!("its groups are split in the unknown way {other}"))),
        };
        let groups = Self {
            count: section.u32(32)? as usize,
            reference_bits: u32::from(section.u8(20)?),
            width_least: u32::from(section.u8(36)?),
            width_bits: u32::from(section.u8(37)?),
            length_least: section.u32(38)?,
            length_step: u32::from(section.u8(42)?),
            length_last: section.u32(43)?,
            length_bits: u32::from(section.u8(47)?),
            missing,
        };
        let widest = groups.reference_bits.max(groups.width_bits).max(groups.length_bits);
        Some(if widest > 32 {
            Err(format!("its groups are described by numbers of {widest} bits"))
        } else {
            Ok(groups)
        })
    }
}

/// One group.
#[derive(Debug, Clone, Copy)]
struct Group {
    reference: u32,
    width: u32,
    length: usize,
}

/// Unpacks `count` values; NaN where missing.
pub(crate) fn unpack(
    section: Octets<'_>,
    data: &[u8],
    count: usize,
    scaling: Scaling,
    differenced: bool,
) -> Result<Vec<f32>, String> {
    let cut_off = || "its section 5 is too short".to_owned();
    let groups = Groups::of(section).ok_or_else(cut_off)??;
    if groups.count == 0 {
        return Ok(vec![scaling.value(0.0); count]);
    }
    if !differenced {
        return unpack_groups(&groups, data, count, scaling, Plain);
    }
    let (order, octets) = (
        section.u8(48).ok_or_else(cut_off)?,
        usize::from(section.u8(49).ok_or_else(cut_off)?),
    );
    if !(1..=2).contains(&order) || !(1..=8).contains(&octets) {
        return Err(format!(
            "it is differenced {order} times with start values of {octets} octets"
        ));
    }
    let described = octets * (usize::from(order) + 1);
    let (start, data) = data.split_at_checked(described).ok_or("its start values are cut off")?;
    let number = |index: usize| &start[index * octets..(index + 1) * octets];
    let first = |index: usize| unsigned(number(index)) as i64;
    let least = signed(number(usize::from(order)));
    if order == 1 {
        let once = Once {
            first: Some(first(0)),
            last: 0,
            least,
        };
        unpack_groups(&groups, data, count, scaling, once)
    } else {
        let twice = Twice {
            seen: 0,
            first: [first(0), first(1)],
            last: 0,
            step: 0,
            least,
        };
        unpack_groups(&groups, data, count, scaling, twice)
    }
}

fn unpack_groups<U: Undo>(
    groups: &Groups,
    data: &[u8],
    count: usize,
    scaling: Scaling,
    mut undo: U,
) -> Result<Vec<f32>, String> {
    let (described, packed) = describe(groups, data, count)?;
    let mut values = vec![f32::NAN; count];
    let mut rest = values.as_mut_slice();
    let mut bits = Bits::new(packed);
    for group in described {
        let (own, after) = rest.split_at_mut(group.length);
        rest = after;
        match groups.missing {
            Missing::None => present(group, own, &mut bits, scaling, &mut undo),
            Missing::AllOnes => gappy(group, groups.reference_bits, 1, own, &mut bits, scaling, &mut undo),
            Missing::TwoHighest => gappy(group, groups.reference_bits, 2, own, &mut bits, scaling, &mut undo),
        }
    }
    Ok(values)
}

/// The groups, whose lengths add up to the number of values, and the bytes that hold their values, all of them there.
fn describe<'a>(groups: &Groups, data: &'a [u8], count: usize) -> Result<(Vec<Group>, &'a [u8]), String> {
    let widths_at = bytes_of(groups.count, groups.reference_bits);
    let lengths_at = widths_at.saturating_add(bytes_of(groups.count, groups.width_bits));
    let values_at = lengths_at.saturating_add(bytes_of(groups.count, groups.length_bits));
    let packed = data.get(values_at..).ok_or_else(|| {
        format!(
            "its {} groups are described in {values_at} bytes, and {} are there",
            groups.count,
            data.len()
        )
    })?;
    // Groups without values exist, but not more of them than values.
    if groups.count > count.saturating_mul(2) + 1 {
        return Err(format!("it states {} groups for {count} values", groups.count));
    }
    let mut references = Bits::new(data);
    let (mut widths, mut lengths) = (Bits::new(&data[widths_at..]), Bits::new(&data[lengths_at..]));
    let mut described = Vec::with_capacity(groups.count);
    let (mut values, mut needed_bits) = (0_u64, 0_u64);
    for index in 0..groups.count {
        let scaled = u64::from(lengths.take(groups.length_bits));
        let length = if index + 1 == groups.count {
            u64::from(groups.length_last)
        } else {
            u64::from(groups.length_least) + scaled * u64::from(groups.length_step)
        };
        let width = u64::from(widths.take(groups.width_bits)) + u64::from(groups.width_least);
        values = values.saturating_add(length);
        if width > 32 || values > count as u64 {
            return Err(format!(
                "its group {index} has {length} values of {width} bits, {values} of {count} by then"
            ));
        }
        needed_bits += length * width;
        described.push(Group {
            reference: references.take(groups.reference_bits),
            width: width as u32,
            length: length as usize,
        });
    }
    if values != count as u64 {
        return Err(format!(
            "its groups hold {values} values and not the {count} that it states"
        ));
    }
    if needed_bits.div_ceil(8) > packed.len() as u64 {
        return Err(format!(
            "its values take {needed_bits} bits, and {} bytes are there",
            packed.len()
        ));
    }
    Ok((described, packed))
}

/// A group in which every value is present.
#[inline]
fn present<U: Undo>(group: Group, own: &mut [f32], bits: &mut Bits<'_>, scaling: Scaling, undo: &mut U) {
    let reference = i64::from(group.reference);
    if group.width == 0 {
        for value in own {
            *value = scaling.value(undo.undo(reference) as f64);
        }
    } else {
        for value in own {
            *value = scaling.value(undo.undo(reference + i64::from(bits.take(group.width))) as f64);
        }
    }
}

/// A group in which the highest one or two numbers mean a missing value; in a group without width its reference does.
fn gappy<U: Undo>(
    group: Group,
    reference_bits: u32,
    marks: u64,
    own: &mut [f32],
    bits: &mut Bits<'_>,
    scaling: Scaling,
    undo: &mut U,
) {
    let reference = i64::from(group.reference);
    let is_mark = |number: u32, width: u32| {
        let highest = (1_u64 << width) - 1;
        width > 0 && u64::from(number) + marks > highest
    };
    if group.width == 0 {
        if !is_mark(group.reference, reference_bits) {
            for value in own {
                *value = scaling.value(undo.undo(reference) as f64);
            }
        }
        return;
    }
    for value in own {
        let number = bits.take(group.width);
        if !is_mark(number, group.width) {
            *value = scaling.value(undo.undo(reference + i64::from(number)) as f64);
        }
    }
}

/// Undoes differencing, one present value after the other. Sums wrap: a broken message must not stop the program.
trait Undo {
    fn undo(&mut self, difference: i64) -> i64;
}

struct Plain;

struct Once {
    first: Option<i64>,
    last: i64,
    least: i64,
}

struct Twice {
    seen: u8,
    first: [i64; 2],
    last: i64,
    /// The last value less the one before it.
    step: i64,
    least: i64,
}

impl Undo for Plain {
    #[inline]
    fn undo(&mut self, difference: i64) -> i64 {
        difference
    }
}

impl Undo for Once {
    #[inline]
    fn undo(&mut self, difference: i64) -> i64 {
        self.last = match self.first.take() {
            Some(first) => first,
            None => self.last.wrapping_add(difference).wrapping_add(self.least),
        };
        self.last
    }
}

impl Undo for Twice {
    #[inline]
    fn undo(&mut self, difference: i64) -> i64 {
        if self.seen < 2 {
            let value = self.first[usize::from(self.seen)];
            self.step = value.wrapping_sub(self.last);
            self.last = value;
            self.seen += 1;
            return value;
        }
        self.step = self.step.wrapping_add(difference).wrapping_add(self.least);
        self.last = self.last.wrapping_add(self.step);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_undone() {
        let mut once = Once {
            first: Some(7),
            last: 0,
            least: -3,
        };
        assert_eq!([0, 1, 5].map(|difference| once.undo(difference)), [7, 5, 7]);
        let mut twice = Twice {
            seen: 0,
            first: [10, 13],
            last: 0,
            step: 0,
            least: -1,
        };
        // 2 * 13 - 10 + (1 - 1) = 16, 2 * 16 - 13 + (3 - 1) = 21.
        assert_eq!([9, 9, 1, 3].map(|difference| twice.undo(difference)), [10, 13, 16, 21]);
    }
}

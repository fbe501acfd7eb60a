//! Run-length packing with level values (templates 5.200 and 7.200), as the Japan Meteorological Agency uses it.

use super::bits::Bits;
use super::octets::Octets;

/// Unpacks `count` values; level 0 is missing.
pub(crate) fn unpack(section: Octets<'_>, data: &[u8], count: usize) -> Result<Vec<f32>, String> {
    let cut_off = || "its section 5 is too short".to_owned();
    let width = u32::from(section.u8(12).ok_or_else(cut_off)?);
    let highest = u32::from(section.u16(13).ok_or_else(cut_off)?);
    let levels = section.u16(15).ok_or_else(cut_off)?;
    let factor = libm::pow(10.0, -f64::from(section.i8(17).ok_or_else(cut_off)?));
    let level = |number: u32| -> Result<f32, String> {
        if number == 0 {
            return Ok(f32::NAN);
        }
        let octet = 18 + 2 * (number as usize - 1);
        let value = section.u16(octet).filter(|_| number <= u32::from(levels));
        value
            .map(|value| (f64::from(value) * factor) as f32)
            .ok_or_else(|| format!("it uses level {number} of {levels}"))
    };
    // Numbers above the highest level are digits of a run's length, to the base of how many of them there are.
    let digits = (1_u64 << width.min(32)).saturating_sub(u64::from(highest) + 1);
    if !(1..=16).contains(&width) || u64::from(highest) >= 1 << width {
        return Err(format!("its levels up to {highest} are packed in {width} bits"));
    }
    let mut bits = Bits::new(data);
    let mut values = Vec::with_capacity(count);
    let (mut last, mut weight) = (None, 1_u64);
    for _ in 0..data.len() * 8 / width as usize {
        let number = bits.take(width);
        if number <= highest {
            if values.len() == count {
                // The last byte is filled up with zeros.
                break;
            }
            let value = level(number)?;
            values.push(value);
            (last, weight) = (Some(value), 1);
            continue;
        }
        let value = last.ok_or("it begins with the length of a run")?;
        let more = u64::from(number - highest - 1).saturating_mul(weight);
        weight = weight.saturating_mul(digits);
        if more > (count - values.len()) as u64 {
            return Err(format!("a run goes beyond its {count} values"));
        }
        values.resize(values.len() + more as usize, value);
    }
    if values.len() != count {
        return Err(format!(
            "its runs hold {} values and not the {count} that it states",
            values.len()
        ));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_levels() {
        let mut section = vec![0; 17];
        (section[11], section[13], section[15], section[16]) = (4, 10, 10, 1);
        section.extend((1..=10_u16).flat_map(u16::to_be_bytes));
        // Levels to 10, so that 11 to 15 are digits to the base of 5; the last half byte is filled up.
        let numbers: [u8; 14] = [3, 9, 12, 6, 4, 15, 2, 1, 0, 13, 12, 2, 3, 0];
        let data: Vec<u8> = numbers.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let values = unpack(Octets(&section), &data, 21).unwrap();
        let levels = values.iter().map(|value| {
            if value.is_nan() {
                0
            } else {
                (value * 10.0).round() as u8
            }
        });
        let expected = [3, 9, 9, 6, 4, 4, 4, 4, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3];
        assert_eq!(levels.collect::<Vec<u8>>(), expected);
        assert!(unpack(Octets(&section), &data, 5).is_err(), "a run beyond the end");
        assert!(unpack(Octets(&section), &[0xf0], 21).is_err(), "a run of nothing");
        assert!(unpack(Octets(&section[..16]), &data, 21).is_err());
    }
}

//! Packings whose values are compressed as a picture or by an entropy coder: JPEG 2000 (template 5.40), PNG (5.41) and
//! CCSDS 121.0-B (5.42). What the compressed data say of their own size is held against the message before any memory is
//! taken for it.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use rust_aec::{AecFlags, AecParams};

use super::bits::Bits;
use super::octets::Octets;
use super::values::Scaling;

/// Bits that single precision holds exactly; samples of the JPEG 2000 decoder are such numbers.
const EXACT_BITS: u32 = 24;

/// Runs a foreign decoder on bytes that nobody vouches for: were it to panic, that is an error of the message and not the
/// end of the program. This is the only place that does so.
fn guarded<T>(decode: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err("its compressed values are damaged beyond what the decoder foresees".to_owned()))
}

/// JPEG 2000: one component of a picture.
pub(crate) fn jpeg_2000(data: &[u8], count: usize, scaling: Scaling) -> Result<Vec<f32>, String> {
    guarded(|| {
        let settings = DecodeSettings {
            strict: true,
            ..DecodeSettings::default()
        };
        if !data.starts_with(b"\xff\x4f\xff\x51") {
            return Err("its JPEG 2000 data are no codestream".to_owned());
        }
        let image = Image::new(data, &settings).map_err(|error| format!("its JPEG 2000 data are broken: {error}"))?;
        right_size(image.width(), image.height(), count)?;
        if u32::from(image.original_bit_depth()) > EXACT_BITS {
            return Err(format!(
                "its JPEG 2000 samples have {} bits",
                image.original_bit_depth()
            ));
        }
        let mut context = DecoderContext::default();
        let decoded = image
            .decode(&mut context)
            .map_err(|error| format!("its JPEG 2000 data are broken: {error}"))?;
        let [component] = decoded.components() else {
            return Err("its JPEG 2000 data have several components".to_owned());
        };
        let samples = component.samples();
        if samples.len() != count || samples.iter().any(|sample| *sample as i32 as f32 != *sample) {
            return Err("its JPEG 2000 data do not hold whole numbers".to_owned());
        }
        Ok(samples.iter().map(|&sample| scaling.value(f64::from(sample))).collect())
    })
}

/// PNG: a grey picture, or one whose colours are the bytes of a number.
pub(crate) fn png(data: &[u8], count: usize, bits: u32, scaling: Scaling) -> Result<Vec<f32>, String> {
    guarded(|| {
        let broken = |error: png::DecodingError| format!("its PNG data are broken: {error}");
        let limits = png::Limits {
            bytes: count.saturating_mul(8) + (1 << 20),
        };
        let mut reader = png::Decoder::new_with_limits(Cursor::new(data), limits)
            .read_info()
            .map_err(broken)?;
        let (width, height) = reader.info().size();
        right_size(width, height, count)?;
        let (colour, depth) = reader.output_color_type();
        // Pictures come in few depths: 12 bits of a value are stored as 16.
        let stored = colour.samples() as u32 * depth as u32;
        if !(bits..=32).contains(&stored) {
            return Err(format!(
                "its PNG data have {stored} bits for each value and the message states {bits}"
            ));
        }
        let length = reader.output_buffer_size().ok_or("its PNG data are too large")?;
        let mut picture = vec![0; length];
        let frame = reader.next_frame(&mut picture).map_err(broken)?;
        let mut values = Vec::with_capacity(count);
        for row in picture.chunks_exact(frame.line_size.max(1)).take(height as usize) {
            let mut numbers = Bits::new(row);
            values.extend((0..width).map(|_| scaling.value(f64::from(numbers.take(stored)))));
        }
        if values.len() == count {
            Ok(values)
        } else {
            Err("its PNG data end too soon".to_owned())
        }
    })
}

/// CCSDS: adaptive entropy coding.
pub(crate) fn ccsds(
    section: Octets<'_>,
    data: &[u8],
    count: usize,
    bits: u32,
    scaling: Scaling,
) -> Result<Vec<f32>, String> {
    let cut_off = || "its section 5 is too short".to_owned();
    let stated = rust_aec::flags_from_grib2_ccsds_flags(section.u8(22).ok_or_else(cut_off)?);
    let block_size = u32::from(section.u8(23).ok_or_else(cut_off)?);
    let interval = u32::from(section.u16(24).ok_or_else(cut_off)?);
    if !matches!(block_size, 8 | 16 | 32 | 64) || !(1..=4096).contains(&interval) {
        return Err(format!(
            "its CCSDS data come in blocks of {block_size} with a reference every {interval}"
        ));
    }
    if stated.contains(AecFlags::DATA_SIGNED) {
        return Err("its CCSDS data are of signed numbers".to_owned());
    }
    // How the decoder stores numbers is for us to choose: in the machine's own order, never in three bytes.
    let flags = stated - AecFlags::MSB - AecFlags::DATA_3BYTE;
    let params = AecParams::new(bits as u8, block_size, interval, flags);
    let bytes = guarded(|| {
        rust_aec::decode(data, params, count).map_err(|error| format!("its CCSDS data are broken: {error}"))
    })?;
    let values: Vec<f32> = match bits {
        0..=8 => bytes.iter().map(|&byte| scaling.value(f64::from(byte))).collect(),
        9..=16 => {
            let pairs = bytes.as_chunks::<2>().0.iter();
            pairs
                .map(|&pair| scaling.value(f64::from(u16::from_le_bytes(pair))))
                .collect()
        }
        _ => {
            let fours = bytes.as_chunks::<4>().0.iter();
            fours
                .map(|&four| scaling.value(f64::from(u32::from_le_bytes(four))))
                .collect()
        }
    };
    if values.len() == count {
        Ok(values)
    } else {
        Err("its CCSDS data end too soon".to_owned())
    }
}

fn right_size(width: u32, height: u32, count: usize) -> Result<(), String> {
    if u64::from(width) * u64::from(height) == count as u64 {
        return Ok(());
    }
    Err(format!(
        "its picture has {width} times {height} values and the message states {count}"
    ))
}

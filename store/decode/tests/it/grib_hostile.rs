//! Broken GRIB2: whatever the bytes, the answer is values or an error, in bounded time and memory.

use driftline_decode::ForcingFile;
use driftline_decode::grib::Messages;

use crate::grib::{file, open_grib};
use crate::grib_builder::{messages, open_bytes, wind, written};

const SAMPLES: [&str; 9] = [
    "packing_simple.grib2",
    "packing_complex_missing_1.grib2",
    "packing_differenced.grib2",
    "packing_differenced_twice.grib2",
    "packing_jpeg_2000.grib2",
    "packing_png.grib2",
    "packing_ccsds.grib2",
    "polar_current.grib2",
    "gfs_wind_10m.grib2",
];

/// Everything that may be asked of these bytes.
fn try_all(bytes: &[u8]) -> bool {
    let mut whole = true;
    if let Ok(messages) = Messages::of(bytes) {
        for field in 0..messages.about().len() {
            whole &= messages.values(field).is_ok();
        }
    } else {
        whole = false;
    }
    let (_folder, path) = written(bytes);
    if let Ok(forcing) = ForcingFile::open(&path) {
        for (series, one) in forcing.series().iter().enumerate() {
            for step in 0..one.times.len() {
                whole &= forcing.read(series, step).is_ok();
            }
        }
    }
    whole
}

/// Bounds of the sections of the first message.
fn bounds(bytes: &[u8]) -> Vec<usize> {
    let length = u64::from_be_bytes(bytes[8..16].try_into().unwrap()) as usize;
    let mut bounds = vec![0, 4, 8, 16];
    let mut at = 16;
    while at < length - 4 {
        at += u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        bounds.push(at);
    }
    bounds.push(length);
    bounds
}

/// A generator that gives the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for name in SAMPLES {
        let bytes = std::fs::read(file(name)).unwrap();
        let ends: Vec<usize> = bounds(&bytes)
            .into_iter()
            .flat_map(|bound| bound.saturating_sub(3)..bound + 3)
            .filter(|end| *end < bytes.len())
            .collect();
        for end in ends {
            let whole_first = bounds(&bytes).last() == Some(&end);
            assert!(
                Messages::of(&bytes[..end]).is_err() || whole_first,
                "{name} cut to {end} bytes"
            );
        }
    }
}

#[test]
fn a_section_cut_within_a_whole_message_is_an_error() {
    for name in SAMPLES {
        let bytes = std::fs::read(file(name)).unwrap();
        let bounds = bounds(&bytes);
        // Bytes are taken from the end of each section, and the lengths that state them are put right.
        for pair in bounds[3..bounds.len() - 1].windows(2) {
            for less in [1, 2, 9, (pair[1] - pair[0]) / 2] {
                let length = pair[1] - pair[0];
                if less >= length - 4 {
                    continue;
                }
                let mut cut = bytes[..bounds[bounds.len() - 1]].to_vec();
                cut.drain(pair[1] - less..pair[1]);
                let total = cut.len() as u64;
                cut[8..16].copy_from_slice(&total.to_be_bytes());
                cut[pair[0]..pair[0] + 4].copy_from_slice(&((length - less) as u32).to_be_bytes());
                let number = cut[pair[0] + 4];
                let read = try_all(&cut);
                assert!(
                    !(read && number == 7 && less > 9),
                    "{name}: {less} bytes of the values are gone"
                );
            }
        }
    }
}

#[test]
fn flipped_bits_end_in_values_or_an_error() {
    let mut numbers = Numbers(20_260_601);
    for name in SAMPLES {
        let bytes = std::fs::read(file(name)).unwrap();
        let described = bounds(&bytes)[6.min(bounds(&bytes).len() - 1)];
        for round in 0..80 {
            let mut broken = bytes.clone();
            // Half of them hit the sections that describe the values.
            let reach = if round % 2 == 0 { described } else { bytes.len() };
            for _ in 0..1 + round % 3 {
                let at = numbers.below(reach);
                broken[at] ^= 1 << numbers.below(8);
            }
            try_all(&broken);
        }
    }
}

#[test]
fn random_bytes_after_the_mark_are_an_error() {
    let mut numbers = Numbers(7);
    for length in [4, 8, 15, 16, 17, 20, 64, 1000, 5000] {
        for _ in 0..20 {
            let mut bytes = b"GRIB\0\0\0\x02".to_vec();
            bytes.extend((length as u64 + 16).to_be_bytes());
            bytes.extend((0..length).map(|_| numbers.below(256) as u8));
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(b"7777");
            assert!(Messages::of(&bytes).is_err());
            assert!(open_bytes(&bytes).is_err());
        }
    }
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    // Number of points and both dimensions of section 3, then values of section 5, then groups, at their places.
    let four = |value: u32| value.to_be_bytes();
    for name in [
        "packing_differenced.grib2",
        "packing_ccsds.grib2",
        "packing_jpeg_2000.grib2",
        "packing_png.grib2",
    ] {
        let bytes = std::fs::read(file(name)).unwrap();
        let bounds = bounds(&bytes);
        let start = |number: u8| bounds[3..].iter().copied().find(|&at| bytes[at + 4] == number).unwrap();
        let (three, five) = (start(3), start(5));
        for (points, nx, ny) in [
            (u32::MAX, u32::MAX, 1),
            (u32::MAX, 65_537, 65_535),
            (80_000_001, 80_000_001, 1),
        ] {
            let mut huge = bytes.clone();
            huge[three + 6..three + 10].copy_from_slice(&four(points));
            huge[three + 30..three + 34].copy_from_slice(&four(nx));
            huge[three + 34..three + 38].copy_from_slice(&four(ny));
            assert!(Messages::of(&huge).unwrap().values(0).is_err(), "{name}");
            try_all(&huge);
        }
        for value in [u32::MAX, 0x7fff_ffff, 10_000_000] {
            let mut huge = bytes.clone();
            huge[five + 5..five + 9].copy_from_slice(&four(value));
            assert!(Messages::of(&huge).unwrap().values(0).is_err(), "{name}");
        }
    }
    let mut groups = std::fs::read(file("packing_differenced.grib2")).unwrap();
    let five = bounds(&groups)[3..]
        .iter()
        .copied()
        .find(|&at| groups[at + 4] == 5)
        .unwrap();
    groups[five + 31..five + 35].copy_from_slice(&four(u32::MAX));
    assert!(Messages::of(&groups).unwrap().values(0).is_err());
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let (_folder, path) = written(&messages(&wind(3.0, 4.0)));
    let forcing = ForcingFile::open(&path).unwrap();
    assert!(forcing.read(0, 0).is_ok());
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(100)
        .unwrap();
    let error = forcing.read(0, 0).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
    assert!(open_grib("globe.grib2").read(5, 0).is_err() && open_grib("globe.grib2").read(0, 5).is_err());
}

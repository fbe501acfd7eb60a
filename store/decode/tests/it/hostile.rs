//! Bytes that are no forcing file, or one that was damaged: every one gives an error or a field, never a panic.

use std::path::Path;

use driftline_decode::{Error, ForcingFile};

use crate::bundled;
use crate::classic::{Classic, Values};

fn small() -> Classic {
    let component = |sign: f32| Values::Float((0..12).map(|k| sign * k as f32 / 100.0).collect());
    Classic::default()
        .unlimited("time", 2)
        .dim("lat", 2)
        .dim("lon", 3)
        .variable("lat", "lat", Values::Float(vec![60.0, 61.0]))
        .with("units", "degrees_north")
        .variable("lon", "lon", Values::Float(vec![4.0, 5.0, 6.0]))
        .with("units", "degrees_east")
        .variable("time", "time", Values::Double(vec![0.0, 1.0]))
        .with("units", "hours since 2024-03-01")
        .variable("uo", "time lat lon", component(1.0))
        .with("standard_name", "eastward_sea_water_velocity")
        .with("units", "m/s")
        .variable("vo", "time lat lon", component(-1.0))
        .with("standard_name", "northward_sea_water_velocity")
        .with("units", "m/s")
}

/// Opens and reads everything; the outcome does not matter, that there is one does.
fn exercise(path: &Path) -> bool {
    let Ok(file) = ForcingFile::open(path) else {
        return false;
    };
    let mut whole = true;
    for (index, series) in file.series().iter().enumerate() {
        for step in [0, series.times.len() - 1] {
            match file.read(index, step) {
                Ok(field) => assert_eq!(field.east.len(), series.grid.len()),
                Err(_) => whole = false,
            }
        }
    }
    whole
}

#[test]
fn what_is_no_netcdf_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forcing.nc");
    let cases: [(&[u8], &str); 8] = [
        (b"", "empty"),
        (
            b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>",
            "HTML",
        ),
        (b"\n  <?xml version=\"1.0\"?><Error/>", "HTML or XML"),
        (b"GRIB\0\0\0\x02\0\0\0\0\0\0\0\0", "GRIB"),
        (b"{\"error\": \"quota\"}", "JSON"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (b"CDF\x09 and more than thirty-two bytes of it", "version 9"),
        (b"CDF\x01", "cut off"),
    ];
    for (bytes, word) in cases {
        std::fs::write(&path, bytes).unwrap();
        let Err(error) = ForcingFile::open(&path) else {
            panic!("{word} was read")
        };
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    assert!(matches!(
        ForcingFile::open(&folder.path().join("absent.nc")),
        Err(Error::Io { .. })
    ));
    assert!(matches!(ForcingFile::open(folder.path()), Err(Error::Io { .. })));
}

#[test]
fn every_truncation_of_a_classic_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.nc");
    let whole = small().bytes();
    std::fs::write(&path, &whole).unwrap();
    assert!(exercise(&path), "the whole file is read");
    for keep in 0..whole.len() {
        std::fs::write(&path, &whole[..keep]).unwrap();
        assert!(
            ForcingFile::open(&path).is_err(),
            "{keep} of {} bytes were read",
            whole.len()
        );
    }
}

#[test]
fn every_changed_byte_of_a_classic_file_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.nc");
    let whole = small().bytes();
    let mut refused = 0;
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            std::fs::write(&path, &bytes).unwrap();
            refused += usize::from(!exercise(&path));
        }
    }
    // Most of the header matters; changed values inside the plausible range do not show.
    assert!(refused > whole.len(), "{refused} of {}", 3 * whole.len());
}

#[test]
fn changed_bytes_of_a_netcdf4_file_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.nc");
    let whole = std::fs::read(bundled("derived_latlon_wind_16Nov2015.nc")).unwrap();
    // A fixed linear congruential sequence: the same damage in each run. Half of it strikes the headers.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    const TRIALS: usize = 600;
    for trial in 0..TRIALS {
        let mut bytes = whole.clone();
        for _ in 0..=next(3) {
            let at = if trial % 2 == 0 {
                next(12_000)
            } else {
                next(whole.len())
            };
            bytes[at] ^= 1 << next(8);
        }
        if trial % 10 == 0 {
            bytes.truncate(next(whole.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        refused += usize::from(!exercise(&path));
    }
    assert!(refused > TRIALS / 20, "{refused} of {TRIALS}");
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absurd.nc");
    // A header that declares 2^31 - 1 longitudes in a file of one kilobyte.
    let bytes = small().bytes();
    let mark = b"lon\0\0\0\0\x03";
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap();
    let mut absurd = bytes.clone();
    absurd[at + 4..at + 8].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    std::fs::write(&path, &absurd).unwrap();
    assert!(ForcingFile::open(&path).is_err());
}

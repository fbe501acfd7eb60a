//! Cloud Optimized GeoTIFF: round trips, another reader (the crate tiff), hostile bytes.

use driftline_tiles::cog::{self, RasterStack};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use crate::scenes::clouds;

#[test]
fn every_band_comes_back() {
    for (nx, ny, bands) in [(1, 1, 1), (7, 40, 3), (256, 256, 2), (300, 513, 4), (1200, 700, 3)] {
        let stack = clouds(nx, ny, bands);
        let bytes = cog::write(&stack).unwrap();
        for (k, band) in stack.bands.iter().enumerate() {
            let grid = cog::read_band(&bytes, k).unwrap();
            assert_eq!((grid.nx, grid.ny), (nx, ny));
            assert_eq!(
                (grid.west, grid.north, grid.dlon, grid.dlat),
                (stack.west, stack.north, stack.dlon, stack.dlat)
            );
            assert_eq!(grid.values, band.values);
        }
        let names: Vec<String> = stack.bands.iter().map(|band| band.description.clone()).collect();
        assert_eq!(cog::read_descriptions(&bytes).unwrap(), names);
        let beyond = cog::read_band(&bytes, bands).unwrap_err().to_string();
        assert_eq!(
            beyond,
            format!("the raster has {bands} bands, there is no band {bands} (the first is 0)")
        );
        assert_eq!(cog::write(&stack).unwrap(), bytes, "the same bytes each time");
    }
}

#[test]
fn another_reader_sees_the_same() {
    let mut stack = clouds(600, 300, 2);
    // The other reader knows no blocks without bytes: leave none.
    for value in stack.bands.iter_mut().flat_map(|band| &mut band.values) {
        *value += 1e-9;
    }
    let bytes = cog::write(&stack).unwrap();
    let mut decoder = Decoder::new(std::io::Cursor::new(&bytes)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (600, 300));
    assert_eq!(decoder.get_tag_ascii_string(Tag::GdalNodata).unwrap(), "0");
    assert_eq!(
        decoder.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap(),
        [0.0, 0.0, 0.0, 2.0, 62.0, 0.0]
    );
    let keys = decoder.get_tag_u16_vec(Tag::GeoKeyDirectoryTag).unwrap();
    assert!(keys.as_chunks::<4>().0.contains(&[2048, 0, 1, 4326]), "{keys:?}");
    let copyright = decoder.get_tag_ascii_string(Tag::Copyright).unwrap();
    assert_eq!(copyright, "Contains modified data & models of MET Norway; GSHHG");
    // Blocks of the second band follow all of the first: 3 x 2 per band.
    let (across, side) = (3, 256);
    for (k, band) in stack.bands.iter().enumerate() {
        for block in 0..6u32 {
            let DecodingResult::F32(cells) = decoder.read_chunk(k as u32 * 6 + block).unwrap() else {
                panic!("not float32");
            };
            let (left, top) = (block % across * side, block / across * side);
            let (width, height) = (side.min(600 - left), side.min(300 - top));
            // Below the raster's last row that reader leaves the block as it was stored.
            assert!(cells.len() >= (width * height) as usize, "{block}");
            for (at, value) in cells.iter().take((width * height) as usize).enumerate() {
                let (x, y) = (left as usize + at % width as usize, top as usize + at / width as usize);
                assert_eq!(*value, band.values[y * 600 + x], "{k} {x} {y}");
            }
        }
    }
    // One overview, of half the size.
    decoder.next_image().unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (300, 150));
    assert_eq!(decoder.get_tag_u32(Tag::NewSubfileType).unwrap(), 1);
    let DecodingResult::F32(cells) = decoder.read_chunk(0).unwrap() else {
        panic!("not float32");
    };
    let values = &stack.bands[0].values;
    let mean = (values[0] + values[1] + values[600] + values[601]) / 4.0;
    assert!((cells[0] - mean).abs() <= mean * 1e-6);
    assert!(!decoder.more_images());
}

#[test]
fn a_band_is_one_stretch_and_zeros_take_no_bytes() {
    let bytes = cog::write(&clouds(512, 512, 6)).unwrap();
    let mut decoder = Decoder::new(std::io::Cursor::new(&bytes)).unwrap();
    let places = decoder.get_tag_u32_vec(Tag::TileOffsets).unwrap();
    let lengths = decoder.get_tag_u32_vec(Tag::TileByteCounts).unwrap();
    let stored: Vec<(u32, u32)> = places
        .into_iter()
        .zip(lengths)
        .filter(|(_, length)| *length > 0)
        .collect();
    assert!(stored.len() < 24, "{stored:?}");
    for pair in stored.windows(2) {
        assert_eq!(pair[0].0 + pair[0].1, pair[1].0);
    }
    assert_eq!(
        stored.last().map(|(place, length)| place + length),
        Some(bytes.len() as u32)
    );
    let mut empty = clouds(512, 512, 6);
    empty.bands.iter_mut().for_each(|band| band.values.fill(0.0));
    let bytes = cog::write(&empty).unwrap();
    assert!(bytes.len() < 4_000, "{}", bytes.len());
    assert!(
        cog::read_band(&bytes, 5)
            .unwrap()
            .values
            .iter()
            .all(|value| *value == 0.0)
    );
}

#[test]
fn refuses_what_is_no_raster() {
    let sound = clouds(8, 8, 2);
    let message = |change: &dyn Fn(&mut RasterStack)| {
        let mut stack = sound.clone();
        change(&mut stack);
        cog::write(&stack).unwrap_err().to_string()
    };
    assert_eq!(message(&|stack| stack.bands.clear()), "not a raster: 0 bands");
    assert_eq!(
        message(&|stack| stack.bands[1].values.truncate(63)),
        "not a raster: band 1 has 63 values for 8 x 8 cells"
    );
    assert_eq!(
        message(&|stack| stack.bands[1].values[3] = f32::NAN),
        "not a raster: band 1 holds the value NaN"
    );
    assert!(message(&|stack| stack.dlon = 0.0).contains("sides of a cell"));
    assert!(message(&|stack| stack.north = f64::NAN).contains("NaN"));
    assert!(message(&|stack| stack.nx = 0).contains("0 x 8 cells"));
    assert!(message(&|stack| stack.nx = 1 << 40).contains("cells"));
}

#[test]
fn hostile_bytes_are_refused_without_panic() {
    let bytes = cog::write(&clouds(40, 30, 3)).unwrap();
    for length in 0..bytes.len() {
        let cut = &bytes[..length];
        let _ = (cog::read_descriptions(cut), cog::read_band(cut, 2));
        assert!(cog::read_band(cut, 2).is_err(), "{length}");
    }
    let mut next = crate::scenes::numbers(11);
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..1 + (next() * 3.0) as usize {
            let at = (next() * changed.len() as f64) as usize;
            changed[at] = [0, 1, 0x7f, 0x80, 0xff, changed[at] ^ 1][(next() * 6.0) as usize];
        }
        refused += usize::from(cog::read_band(&changed, 1).is_err());
        let _ = cog::read_descriptions(&changed);
    }
    assert!(refused > 2_000, "{refused}");
    assert!(cog::read_band(b"", 0).is_err() && cog::read_band(b"MM\0*aaaaaaaa", 0).is_err());
}

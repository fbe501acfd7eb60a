//! Writing: blocks first in memory, so that the directories know where they will stand.

use tiff::tags::{CompressionMethod, PhotometricInterpretation, PlanarConfiguration, Predictor, SampleFormat, Tag};

use super::directory::{DirectoryWriter, GDAL_METADATA, even};
use super::{Missing, RasterStack, blocks, metadata};
use crate::Error;

/// What GDAL looks for between header and first directory; the blank lets it write YES over NO.
const STRUCTURE: &str = "LAYOUT=IFDS_BEFORE_DATA\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";
/// Bands that a directory can count.
const MOST_BANDS: usize = 65_535;
/// Longest side of a raster, cells.
const LONGEST_SIDE: usize = 65_535;

/// One resolution: its size and the blocks of all bands.
struct Level {
    nx: usize,
    ny: usize,
    blocks: Vec<Option<Vec<u8>>>,
}

/// The bytes of the file.
pub fn write(stack: &RasterStack) -> Result<Vec<u8>, Error> {
    check(stack)?;
    let side = blocks::side(stack.nx, stack.ny);
    let levels = levels(stack, side)?;

    let structure = format!(
        "GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{STRUCTURE}",
        STRUCTURE.len()
    );
    let first = even(8 + structure.len());
    let sizes: Vec<usize> = (0..levels.len())
        .map(|level| directory(stack, &levels, level, side, &vec![0; levels[level].blocks.len()]).len())
        .collect();
    let (places, length) = places(&levels, first + sizes.iter().sum::<usize>())?;

    let mut out = Vec::with_capacity(length);
    out.extend(b"II*\0");
    out.extend((first as u32).to_le_bytes());
    out.extend(structure.bytes());
    out.resize(first, 0);
    for level in 0..levels.len() {
        let next = if level + 1 == levels.len() {
            0
        } else {
            out.len() + sizes[level]
        };
        directory(stack, &levels, level, side, &places[level]).write(&mut out, next as u32);
    }
    // Overviews first, the smallest before all.
    for block in levels.iter().rev().flat_map(|level| level.blocks.iter().flatten()) {
        out.extend(block);
    }
    Ok(out)
}

fn check(stack: &RasterStack) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::Raster(why));
    let place = [stack.west, stack.north, stack.dlon, stack.dlat];
    if !place.iter().all(|number| number.is_finite()) || stack.dlon <= 0.0 || stack.dlat <= 0.0 {
        return refuse(format!("west, north and the sides of a cell are {place:?}"));
    }
    let sides = 1..=LONGEST_SIDE;
    if !sides.contains(&stack.nx) || !sides.contains(&stack.ny) {
        return refuse(format!("{} x {} cells", stack.nx, stack.ny));
    }
    if stack.bands.is_empty() || stack.bands.len() > MOST_BANDS {
        return refuse(format!("{} bands", stack.bands.len()));
    }
    for (k, band) in stack.bands.iter().enumerate() {
        if band.values.len() != stack.nx * stack.ny {
            return refuse(format!(
                "band {k} has {} values for {} x {} cells",
                band.values.len(),
                stack.nx,
                stack.ny
            ));
        }
        let is_wrong = |value: &&f32| match stack.missing {
            Missing::Zero => !value.is_finite(),
            Missing::NotANumber => value.is_infinite(),
        };
        if let Some(value) = band.values.iter().find(is_wrong) {
            return refuse(format!("band {k} holds the value {value}"));
        }
    }
    Ok(())
}

fn levels(stack: &RasterStack, side: usize) -> Result<Vec<Level>, Error> {
    let sizes = blocks::levels(stack.nx, stack.ny);
    let mut levels: Vec<Level> = sizes
        .iter()
        .map(|(nx, ny)| Level {
            nx: *nx,
            ny: *ny,
            blocks: Vec::new(),
        })
        .collect();
    for band in &stack.bands {
        let mut coarse = Vec::new();
        for (level, (nx, ny)) in sizes.iter().enumerate() {
            let values = if level == 0 { &band.values } else { &coarse };
            levels[level]
                .blocks
                .extend(blocks::encode(values, *nx, *ny, side, stack.missing)?);
            if level + 1 < sizes.len() {
                coarse = blocks::halve(values, *nx, *ny, stack.missing);
            }
        }
    }
    Ok(levels)
}

/// Where each block of each level stands, 0 for one that is left out, and the length of the file.
fn places(levels: &[Level], first: usize) -> Result<(Vec<Vec<u32>>, usize), Error> {
    let mut at = first;
    let mut places: Vec<Vec<u32>> = Vec::with_capacity(levels.len());
    for level in levels.iter().rev() {
        let mut of_level = Vec::with_capacity(level.blocks.len());
        for block in &level.blocks {
            let length = block.as_ref().map_or(0, Vec::len);
            of_level.push(if length == 0 { 0 } else { at as u32 });
            at += length;
        }
        places.push(of_level);
    }
    places.reverse();
    match u32::try_from(at) {
        Ok(_) => Ok((places, at)),
        Err(_) => Err(Error::Raster(format!("{at} bytes are more than a TIFF file can hold"))),
    }
}

fn directory(stack: &RasterStack, levels: &[Level], level: usize, side: usize, places: &[u32]) -> DirectoryWriter {
    let Level { nx, ny, blocks } = &levels[level];
    let bands = stack.bands.len();
    let lengths: Vec<u32> = blocks
        .iter()
        .map(|block| block.as_ref().map_or(0, |bytes| bytes.len() as u32))
        .collect();
    let mut tags = DirectoryWriter::default();
    tags.longs(Tag::NewSubfileType, &[u32::from(level > 0)]);
    tags.longs(Tag::ImageWidth, &[*nx as u32]);
    tags.longs(Tag::ImageLength, &[*ny as u32]);
    tags.shorts(Tag::BitsPerSample, &vec![32; bands]);
    tags.shorts(Tag::Compression, &[CompressionMethod::Deflate.to_u16()]);
    tags.shorts(
        Tag::PhotometricInterpretation,
        &[PhotometricInterpretation::BlackIsZero.to_u16()],
    );
    tags.shorts(Tag::SamplesPerPixel, &[bands as u16]);
    tags.shorts(Tag::PlanarConfiguration, &[PlanarConfiguration::Planar.to_u16()]);
    tags.shorts(Tag::Predictor, &[Predictor::FloatingPoint.to_u16()]);
    tags.shorts(Tag::TileWidth, &[side as u16]);
    tags.shorts(Tag::TileLength, &[side as u16]);
    tags.longs(Tag::TileOffsets, places);
    tags.longs(Tag::TileByteCounts, &lengths);
    if bands > 1 {
        tags.shorts(Tag::ExtraSamples, &vec![0; bands - 1]);
    }
    tags.shorts(Tag::SampleFormat, &vec![SampleFormat::IEEEFP.to_u16(); bands]);
    let nothing = match stack.missing {
        Missing::Zero => "0",
        Missing::NotANumber => "nan",
    };
    tags.text(Tag::GdalNodata.to_u16(), nothing);
    if level == 0 {
        describe(stack, &mut tags);
    }
    tags
}

/// What only the full resolution carries: place on the globe and texts.
fn describe(stack: &RasterStack, tags: &mut DirectoryWriter) {
    tags.doubles(Tag::ModelPixelScaleTag, &[stack.dlon, stack.dlat, 0.0]);
    tags.doubles(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, stack.west, stack.north, 0.0]);
    // GeoTIFF 1.1: GTModelType geographic, GTRasterType PixelIsArea, GeodeticCRS EPSG:4326, its name, degrees.
    let keys: [[u16; 4]; 6] = [
        [1, 1, 1, 5],
        [1024, 0, 1, 2],
        [1025, 0, 1, 1],
        [2048, 0, 1, 4326],
        [2049, Tag::GeoAsciiParamsTag.to_u16(), 7, 0],
        [2054, 0, 1, 9102],
    ];
    tags.shorts(Tag::GeoKeyDirectoryTag, keys.as_flattened());
    tags.text(Tag::GeoAsciiParamsTag.to_u16(), "WGS 84|");
    tags.text(GDAL_METADATA, &metadata::to_xml(stack));
    tags.text(Tag::Software.to_u16(), concat!("Driftline ", env!("CARGO_PKG_VERSION")));
    if !stack.title.is_empty() {
        tags.text(Tag::ImageDescription.to_u16(), &stack.title);
    }
    if !stack.attribution.is_empty() {
        tags.text(Tag::Copyright.to_u16(), &stack.attribution.join("; "));
    }
}

//! Reading what [`super::write`] wrote, from bytes that nobody vouches for: every place is checked against the file, and
//! no size is believed before it is bounded.

use tiff::tags::{CompressionMethod, PlanarConfiguration, Predictor, SampleFormat, Tag};

use super::directory::{Directory, GDAL_METADATA, damaged};
use super::{blocks, metadata};
use crate::{DensityGrid, Error};

/// Cells that a band may have: 256 MiB of numbers.
const MOST_CELLS: usize = 1 << 26;

/// One band of a file that [`super::write`] made, in full resolution; the first band is 0.
pub fn read_band(bytes: &[u8], band: usize) -> Result<DensityGrid, Error> {
    let tags = Directory::first(bytes)?;
    let layout = Layout::of(&tags)?;
    if band >= layout.bands {
        return Err(Error::NoBand {
            band,
            bands: layout.bands,
        });
    }
    Ok(DensityGrid {
        values: layout.values(&tags, bytes, band)?,
        ..grid(&tags, &layout)?
    })
}

/// Where the cells of the bands are: the grid without values.
pub fn read_grid(bytes: &[u8]) -> Result<DensityGrid, Error> {
    let tags = Directory::first(bytes)?;
    grid(&tags, &Layout::of(&tags)?)
}

fn grid(tags: &Directory<'_>, layout: &Layout) -> Result<DensityGrid, Error> {
    let [dlon, dlat, _] = tags.doubles(Tag::ModelPixelScaleTag)?;
    let [column, row, _, west, north, _] = tags.doubles(Tag::ModelTiepointTag)?;
    let sound = [dlon, dlat, west, north].iter().all(|number| number.is_finite()) && dlon > 0.0 && dlat > 0.0;
    if !sound || (column, row) != (0.0, 0.0) {
        return Err(damaged("its place on the globe cannot be understood"));
    }
    Ok(DensityGrid {
        west,
        north,
        dlon,
        dlat,
        nx: layout.nx,
        ny: layout.ny,
        values: Vec::new(),
    })
}

/// Descriptions of the bands, in order.
pub fn read_descriptions(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let tags = Directory::first(bytes)?;
    let bands = Layout::of(&tags)?.bands;
    Ok(metadata::descriptions(tags.text(GDAL_METADATA)?, bands))
}

struct Layout {
    nx: usize,
    ny: usize,
    bands: usize,
    side: usize,
    /// Blocks of a band.
    across: usize,
    down: usize,
}

impl Layout {
    fn of(tags: &Directory<'_>) -> Result<Self, Error> {
        let (nx, ny) = (tags.number(Tag::ImageWidth)?, tags.number(Tag::ImageLength)?);
        let (side, height) = (tags.number(Tag::TileWidth)?, tags.number(Tag::TileLength)?);
        if nx == 0 || ny == 0 || nx.checked_mul(ny).is_none_or(|cells| cells > MOST_CELLS) {
            return Err(damaged(&format!("{nx} x {ny} cells")));
        }
        if side != height || side != blocks::side(nx, ny) {
            return Err(damaged(&format!("blocks of {side} x {height} cells")));
        }
        for (tag, wanted) in [
            (Tag::Compression, CompressionMethod::Deflate.to_u16()),
            (Tag::PlanarConfiguration, PlanarConfiguration::Planar.to_u16()),
            (Tag::Predictor, Predictor::FloatingPoint.to_u16()),
        ] {
            let found = tags.number(tag)?;
            if found != usize::from(wanted) {
                return Err(damaged(&format!(
                    "{found} instead of {wanted} under tag {}",
                    tag.to_u16()
                )));
            }
        }
        let bands = tags.number(Tag::SamplesPerPixel)?;
        let floats = usize::from(SampleFormat::IEEEFP.to_u16());
        if tags.numbers(Tag::BitsPerSample)? != vec![32; bands]
            || tags.numbers(Tag::SampleFormat)? != vec![floats; bands]
        {
            return Err(damaged("its bands are not float32"));
        }
        Ok(Self {
            nx,
            ny,
            bands,
            side,
            across: nx.div_ceil(side),
            down: ny.div_ceil(side),
        })
    }

    fn values(&self, tags: &Directory<'_>, bytes: &[u8], band: usize) -> Result<Vec<f32>, Error> {
        let (places, lengths) = (tags.numbers(Tag::TileOffsets)?, tags.numbers(Tag::TileByteCounts)?);
        let per_band = self.across * self.down;
        if places.len() != self.bands * per_band || lengths.len() != places.len() {
            return Err(damaged("it does not say where each block stands"));
        }
        let of_band = band * per_band..(band + 1) * per_band;
        let mut values = vec![0.0; self.nx * self.ny];
        for (block, (place, length)) in places[of_band.clone()].iter().zip(&lengths[of_band]).enumerate() {
            if *length == 0 {
                continue;
            }
            let stored = place.checked_add(*length).and_then(|end| bytes.get(*place..end));
            let stored =
                stored.ok_or_else(|| damaged(&format!("block {block} of band {band} lies outside the file")))?;
            let cells = blocks::decode(stored, self.side)?;
            let (left, top) = (block % self.across * self.side, block / self.across * self.side);
            let width = self.side.min(self.nx - left);
            for (row, line) in cells.chunks_exact(self.side).enumerate().take(self.ny - top) {
                let from = (top + row) * self.nx + left;
                values[from..from + width].copy_from_slice(&line[..width]);
            }
        }
        Ok(values)
    }
}

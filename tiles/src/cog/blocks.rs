//! Square blocks of a band: cut out, deflated with the float predictor, and back; overviews.
//!
//! The predictor (Adobe Photoshop TIFF Technical Note 3) puts the bytes of a row's numbers in order of significance and
//! keeps differences: smooth densities get a third smaller than with deflate alone.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::Missing;
use super::directory::damaged;
use crate::Error;

/// Cells on a block's side, a multiple of 16.
pub(super) fn side(nx: usize, ny: usize) -> usize {
    nx.max(ny).div_ceil(16).saturating_mul(16).min(256)
}

/// Sizes of the raster and of its overviews, the largest first.
pub(super) fn levels(nx: usize, ny: usize) -> Vec<(usize, usize)> {
    const LARGEST_WITHOUT_OVERVIEW: usize = 512;
    let halved =
        |(nx, ny): &(usize, usize)| (*nx.max(ny) > LARGEST_WITHOUT_OVERVIEW).then(|| (nx.div_ceil(2), ny.div_ceil(2)));
    std::iter::successors(Some((nx, ny)), halved).collect()
}

/// Cells of half the resolution. Of densities each is the mean of the four (at the edge two, or one) that it covers, and 0
/// counts: nothing in three of four cells means a quarter of the density. Otherwise every second cell is picked.
pub(super) fn halve(values: &[f32], nx: usize, ny: usize, missing: Missing) -> Vec<f32> {
    if missing == Missing::NotANumber {
        let rows = (0..ny).step_by(2);
        return rows
            .flat_map(|y| (0..nx).step_by(2).map(move |x| values[y * nx + x]))
            .collect();
    }
    let mut halved = Vec::with_capacity(nx.div_ceil(2) * ny.div_ceil(2));
    for y in (0..ny).step_by(2) {
        for x in (0..nx).step_by(2) {
            let rows = y..(y + 2).min(ny);
            let cells = rows.flat_map(|row| &values[row * nx + x..row * nx + (x + 2).min(nx)]);
            let (sum, count) = cells.fold((0.0f32, 0.0f32), |(sum, count), value| (sum + value, count + 1.0));
            halved.push(sum / count);
        }
    }
    halved
}

/// The blocks of a band, row by row; `None` for one with nothing in it.
pub(super) fn encode(
    values: &[f32],
    nx: usize,
    ny: usize,
    side: usize,
    missing: Missing,
) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let is_nothing = |value: &f32| match missing {
        Missing::Zero => *value == 0.0,
        Missing::NotANumber => value.is_nan(),
    };
    let mut blocks = Vec::new();
    for top in (0..ny).step_by(side) {
        for left in (0..nx).step_by(side) {
            let rows = (top..(top + side).min(ny)).map(|y| &values[y * nx + left..y * nx + (left + side).min(nx)]);
            if rows.clone().flatten().all(is_nothing) {
                blocks.push(None);
                continue;
            }
            let mut bytes = vec![0u8; side * side * 4];
            for (row, line) in rows.zip(bytes.chunks_exact_mut(side * 4)) {
                predict(row, line);
            }
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
            encoder.write_all(&bytes).map_err(Error::Deflate)?;
            blocks.push(Some(encoder.finish().map_err(Error::Deflate)?));
        }
    }
    Ok(blocks)
}

/// The numbers of a block.
pub(super) fn decode(bytes: &[u8], side: usize) -> Result<Vec<f32>, Error> {
    let length = side * side * 4;
    let mut plain = Vec::with_capacity(length);
    let read = ZlibDecoder::new(bytes).take(length as u64 + 1).read_to_end(&mut plain);
    read.map_err(|error| damaged(&format!("a block cannot be inflated: {error}")))?;
    if plain.len() != length {
        return Err(damaged("a block has not the length that its sides say"));
    }
    let mut values = Vec::with_capacity(side * side);
    for line in plain.chunks_exact_mut(side * 4) {
        restore(line, &mut values);
    }
    Ok(values)
}

/// Writes a row, which may be shorter than the line: the rest is 0.
fn predict(row: &[f32], line: &mut [u8]) {
    let side = line.len() / 4;
    for (x, value) in row.iter().enumerate() {
        for (plane, byte) in value.to_be_bytes().into_iter().enumerate() {
            line[plane * side + x] = byte;
        }
    }
    for at in (1..line.len()).rev() {
        line[at] = line[at].wrapping_sub(line[at - 1]);
    }
}

fn restore(line: &mut [u8], values: &mut Vec<f32>) {
    let side = line.len() / 4;
    for at in 1..line.len() {
        line[at] = line[at].wrapping_add(line[at - 1]);
    }
    values.extend((0..side).map(|x| f32::from_be_bytes([0, 1, 2, 3].map(|plane| line[plane * side + x]))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back() {
        let (nx, ny) = (37, 50);
        let values: Vec<f32> = (0..nx * ny).map(|k| (k as f32 * 0.37).sin() * 1e-4).collect();
        let side = 16;
        let blocks = encode(&values, nx, ny, side, Missing::Zero).unwrap();
        assert_eq!(blocks.len(), 3 * 4);
        for (at, block) in blocks.iter().enumerate() {
            let block = decode(block.as_ref().unwrap(), side).unwrap();
            for (k, value) in block.iter().enumerate() {
                let (x, y) = (at % 3 * side + k % side, at / 3 * side + k / side);
                let expected = if x < nx && y < ny { values[y * nx + x] } else { 0.0 };
                assert_eq!(*value, expected, "{x} {y}");
            }
        }
        assert!(encode(&vec![0.0; 100], 10, 10, 16, Missing::Zero).unwrap()[0].is_none());
        assert!(decode(&[1, 2, 3], 16).is_err());
        let short = encode(&[1.0; 256], 16, 16, 16, Missing::Zero)
            .unwrap()
            .remove(0)
            .unwrap();
        assert!(decode(&short, 32).is_err() && decode(&short, 8).is_err());
    }

    #[test]
    fn overviews_keep_the_mean() {
        assert_eq!(levels(512, 100), [(512, 100)]);
        assert_eq!(levels(1500, 513), [(1500, 513), (750, 257), (375, 129)]);
        assert_eq!(halve(&[1.0, 3.0, 5.0, 0.0, 0.0, 7.0], 3, 2, Missing::Zero), [1.0, 6.0]);
        assert_eq!(side(10, 3), 16);
        assert_eq!(side(100_000, 3), 256);
    }
}

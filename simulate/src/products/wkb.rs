//! Well-known binary of the geometries that result tables hold: MultiPolygon and Point written, MultiLineString written and
//! read back. Two-dimensional, little-endian (OGC 06-103r4, 8.2). Our own because these few lines replace a crate that
//! brings ten others.

use geo::{Coord, LineString, MultiLineString, MultiPolygon};

use super::Error;

const LITTLE_ENDIAN: u8 = 1;
const POINT: u32 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_LINE_STRING: u32 = 5;
const MULTI_POLYGON: u32 = 6;

/// Bytes of polygons.
pub(crate) fn write_polygons(polygons: &MultiPolygon) -> Vec<u8> {
    let mut bytes = Vec::new();
    head(&mut bytes, MULTI_POLYGON, polygons.0.len());
    for polygon in polygons {
        head(&mut bytes, POLYGON, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            count(&mut bytes, ring.0.len());
            coords(&mut bytes, ring);
        }
    }
    bytes
}

/// Bytes of lines.
pub(crate) fn write_lines(lines: &MultiLineString) -> Vec<u8> {
    let mut bytes = Vec::new();
    head(&mut bytes, MULTI_LINE_STRING, lines.0.len());
    for line in lines {
        head(&mut bytes, LINE_STRING, line.0.len());
        coords(&mut bytes, line);
    }
    bytes
}

/// Bytes of a point.
pub(crate) fn write_point(place: Coord) -> Vec<u8> {
    let mut bytes = vec![LITTLE_ENDIAN];
    bytes.extend(POINT.to_le_bytes());
    bytes.extend(place.x.to_le_bytes());
    bytes.extend(place.y.to_le_bytes());
    bytes
}

/// Lines of bytes.
pub(crate) fn read_lines(bytes: &[u8]) -> Result<MultiLineString, Error> {
    let mut input = Input(bytes);
    let lines = input.head(MULTI_LINE_STRING)?;
    let lines: Result<Vec<LineString>, Error> = (0..lines)
        .map(|_| {
            let vertices = input.head(LINE_STRING)?;
            (0..vertices)
                .map(|_| {
                    Ok(Coord {
                        x: input.float()?,
                        y: input.float()?,
                    })
                })
                .collect()
        })
        .collect();
    let lines = lines?;
    if input.0.is_empty() {
        Ok(MultiLineString(lines))
    } else {
        Err(foreign("bytes after its end"))
    }
}

fn head(bytes: &mut Vec<u8>, kind: u32, parts: usize) {
    bytes.push(LITTLE_ENDIAN);
    bytes.extend(kind.to_le_bytes());
    count(bytes, parts);
}

fn count(bytes: &mut Vec<u8>, parts: usize) {
    bytes.extend((parts as u32).to_le_bytes());
}

fn coords(bytes: &mut Vec<u8>, line: &LineString) {
    for coord in &line.0 {
        bytes.extend(coord.x.to_le_bytes());
        bytes.extend(coord.y.to_le_bytes());
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| foreign("too few bytes"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// Checks the kind and gives the number of parts.
    fn head(&mut self, kind: u32) -> Result<u32, Error> {
        let [order] = self.take()?;
        if order != LITTLE_ENDIAN || u32::from_le_bytes(self.take()?) != kind {
            return Err(foreign("not the kind of geometry that belongs there"));
        }
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn float(&mut self) -> Result<f64, Error> {
        Ok(f64::from_le_bytes(self.take()?))
    }
}

fn foreign(problem: &str) -> Error {
    Error::Foreign {
        kind: "geometry",
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_standard() {
        let ring = LineString::from(vec![(1.0, 2.0), (3.0, 2.0), (1.0, 4.0)]);
        let polygons = MultiPolygon(vec![geo::Polygon::new(ring, vec![])]);
        let bytes = write_polygons(&polygons);
        assert_eq!(
            bytes[..22],
            [1, 6, 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0]
        );
        assert_eq!(bytes[22..38], [1.0f64.to_le_bytes(), 2.0f64.to_le_bytes()].concat());
        assert_eq!(bytes.len(), 22 + 4 * 16);
    }

    #[test]
    fn lines_come_back_and_broken_bytes_are_refused() {
        let lines = MultiLineString(vec![
            LineString::from(vec![(179.0, 1.0), (180.0, 1.5)]),
            LineString::from(vec![(-180.0, 1.5), (-179.0, 2.0), (-178.0, 2.0)]),
        ]);
        let bytes = write_lines(&lines);
        assert_eq!(read_lines(&bytes).unwrap(), lines);
        for cut in 0..bytes.len() {
            assert!(read_lines(&bytes[..cut]).is_err(), "{cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(read_lines(&longer).is_err());
        let mut large = bytes;
        large[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(read_lines(&large).is_err(), "a count beyond the bytes");
    }
}

//! The shoreline of one degree as it is packed: open or closed lines of whole units (1/7680 degree), the steps from
//! vertex to vertex as numbers of as few bytes as they need.

use crate::grid::TILE;

/// A shoreline within a tile, in units from its south-west corner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Whether the last point is joined to the first.
    pub(crate) closed: bool,
    pub(crate) points: Vec<(u16, u16)>,
}

/// The shoreline of a tile as it is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether the inside of the south-west corner is land.
    pub(crate) corner_is_land: bool,
    pub(crate) lines: Vec<Line>,
}

impl Shape {
    /// The bytes of this shape before compression. Like is kept with like, which is what makes it compress.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.corner_is_land)];
        put(&mut bytes, self.lines.len() as u32);
        for line in &self.lines {
            put(&mut bytes, (line.points.len() as u32) << 1 | u32::from(line.closed));
        }
        for axis in [0, 1] {
            let coordinate = |point: &(u16, u16)| i32::from(if axis == 0 { point.0 } else { point.1 });
            // Islands follow one another closely, so a start is told from the start before it.
            let mut before = 0;
            for start in self.lines.iter().filter_map(|line| line.points.first()) {
                put_signed(&mut bytes, coordinate(start) - before);
                before = coordinate(start);
            }
            for line in &self.lines {
                for pair in line.points.windows(2) {
                    put_signed(&mut bytes, coordinate(&pair[1]) - coordinate(&pair[0]));
                }
            }
        }
        bytes
    }

    /// The shape of packed bytes, or what is wrong with them.
    pub(crate) fn unpack(bytes: &[u8]) -> Result<Shape, &'static str> {
        let mut rest = bytes;
        let corner_is_land = match take_byte(&mut rest)? {
            0 => false,
            1 => true,
            _ => return Err("the state of the corner is neither sea nor land"),
        };
        let count = take(&mut rest)? as usize;
        if count > bytes.len() {
            return Err("more lines than bytes");
        }
        let mut lines = Vec::with_capacity(count);
        let mut points_in_all = 0;
        for _ in 0..count {
            let head = take(&mut rest)?;
            let length = (head >> 1) as usize;
            points_in_all += length;
            if length == 0 || points_in_all > bytes.len() {
                return Err("a line has an impossible number of points");
            }
            lines.push(Line {
                closed: head & 1 == 1,
                points: vec![(0, 0); length],
            });
        }
        for axis in [0, 1] {
            let mut before = 0;
            let put_at = |point: &mut (u16, u16), value: i32| {
                let value = inside(value)?;
                if axis == 0 {
                    point.0 = value;
                } else {
                    point.1 = value;
                }
                Ok::<(), &'static str>(())
            };
            for line in &mut lines {
                before += take_signed(&mut rest)?;
                put_at(&mut line.points[0], before)?;
            }
            for line in &mut lines {
                let start = line.points[0];
                let mut value = i32::from(if axis == 0 { start.0 } else { start.1 });
                for point in &mut line.points[1..] {
                    value += take_signed(&mut rest)?;
                    put_at(point, value)?;
                }
            }
        }
        if !rest.is_empty() {
            return Err("bytes are left over");
        }
        Ok(Shape { corner_is_land, lines })
    }
}

fn inside(value: i32) -> Result<u16, &'static str> {
    match u16::try_from(value) {
        Ok(value) if i32::from(value) <= TILE => Ok(value),
        _ => Err("a point is outside the tile"),
    }
}

/// Seven bits at a time, low ones first.
fn put(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push((value as u8) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Sign in the lowest bit, so that small steps either way stay in one byte.
fn put_signed(bytes: &mut Vec<u8>, value: i32) {
    put(bytes, ((value << 1) ^ (value >> 31)) as u32);
}

fn take_byte(rest: &mut &[u8]) -> Result<u8, &'static str> {
    let (&first, after) = rest.split_first().ok_or("it ends too early")?;
    *rest = after;
    Ok(first)
}

fn take(rest: &mut &[u8]) -> Result<u32, &'static str> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = take_byte(rest)?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number is too long")
}

fn take_signed(rest: &mut &[u8]) -> Result<i32, &'static str> {
    let value = take(rest)?;
    Ok((value >> 1) as i32 ^ -((value & 1) as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let open = Line {
            closed: false,
            points: vec![(0, 7680), (100, 20), (7680, 0)],
        };
        let island = Line {
            closed: true,
            points: vec![(5, 5), (6, 5), (6, 6)],
        };
        let shape = Shape {
            corner_is_land: true,
            lines: vec![open, island],
        };
        assert_eq!(Shape::unpack(&shape.pack()), Ok(shape.clone()));
        let packed = shape.pack();
        for length in 0..packed.len() {
            assert!(Shape::unpack(&packed[..length]).is_err(), "{length}");
        }
    }
}

//! Positions of literals brought to CRS84: longitudes go on beyond 180 where a line crosses the antimeridian, so that it lies on the
//! plane in one piece.
//!
//! Which way round an edge goes is told by its middle in the reference system that it was given in: in CRS84 from 170 to -170 is
//! the long way, in UTM it is the short one.

use geo::{Coord, LineString};

use crate::Error;

/// From a reference system, by the order of its axes, to longitude and latitude.
pub(super) type ToCrs84<'a> = &'a dyn Fn(f64, f64) -> Option<(f64, f64)>;

/// Parts that each side of a box is cut into where it is no box in CRS84.
const PARTS: u32 = 16;

pub(super) fn position(position: Coord<f64>, to_crs84: ToCrs84<'_>) -> Result<Coord<f64>, Error> {
    match to_crs84(position.x, position.y) {
        Some((lon, lat)) if lon.abs() <= 540.0 && lat.abs() <= 90.0 => Ok(Coord { x: lon, y: lat }),
        _ => Err(Error::Geometry(format!(
            "the position {} {} lies outside of its reference system",
            position.x, position.y
        ))),
    }
}

pub(super) fn line(line: &LineString<f64>, to_crs84: ToCrs84<'_>) -> Result<LineString<f64>, Error> {
    let mut onward: Vec<Coord<f64>> = Vec::with_capacity(line.0.len());
    let mut before: Option<Coord<f64>> = None;
    for given in &line.0 {
        let mut here = position(*given, to_crs84)?;
        if let (Some(before), Some(last)) = (before, onward.last()) {
            let middle = Coord {
                x: f64::midpoint(before.x, given.x),
                y: f64::midpoint(before.y, given.y),
            };
            // The middle is in the reference system wherever both ends are; where it is not, the way is the short one.
            let middle_lon = to_crs84(middle.x, middle.y).map_or(last.x, |(lon, _)| nearest(lon, last.x));
            here.x = nearest(here.x, middle_lon);
        }
        onward.push(here);
        before = Some(*given);
    }
    Ok(LineString(onward))
}

/// A ring; one that runs round a pole is closed over the pole.
pub(super) fn ring(given: &LineString<f64>, to_crs84: ToCrs84<'_>) -> Result<LineString<f64>, Error> {
    let mut ring = line(given, to_crs84)?;
    if let (Some(first), Some(last)) = (ring.0.first().copied(), ring.0.last().copied())
        && (last.x - first.x).abs() > 180.0
    {
        let north = ring.0.iter().map(|position| position.y).sum::<f64>() > 0.0;
        let pole = if north { 90.0 } else { -90.0 };
        ring.0
            .extend([Coord { x: last.x, y: pole }, Coord { x: first.x, y: pole }, first]);
    }
    Ok(ring)
}

/// A box in another reference system, as it runs in CRS84.
pub(super) fn around(sides: [f64; 4], to_crs84: ToCrs84<'_>) -> Result<LineString<f64>, Error> {
    let [x0, y0, x1, y1] = sides;
    let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)];
    let mut given = vec![Coord { x: x0, y: y0 }];
    for pair in corners.windows(2) {
        let [(ax, ay), (bx, by)] = [pair[0], pair[1]];
        given.extend((1..=PARTS).map(|part| {
            let share = f64::from(part) / f64::from(PARTS);
            Coord {
                x: ax + (bx - ax) * share,
                y: ay + (by - ay) * share,
            }
        }));
    }
    ring(&LineString(given), to_crs84)
}

/// The longitude that is nearest to another one, some whole turns away.
fn nearest(lon: f64, to: f64) -> f64 {
    let turns = ((lon - to) / 360.0).round();
    // Half a turn is kept as it was given.
    if (lon - to).abs() <= 180.0 {
        lon
    } else {
        lon - turns * 360.0
    }
}

//! The parameter `coords`: well-known text (OGC 18-010r7) from anybody. Length, depth and number of positions are bounded
//! before anything is built; heights are read and ignored, for no collection has a vertical extent (19-086r6,
//! /req/edr/z-response); M is a time in seconds since 1970-01-01T00:00:00Z.

use std::str::FromStr;

use driftline_domain::{LatLon, ValidTime};
use geo::{Coord as GeoCoord, LineString, MultiPolygon, Polygon};
use wkt::Wkt;
use wkt::types::Coord;

use super::crs::Crs;
use crate::query::shown;

/// Longest text.
const MAX_BYTES: usize = 64 * 1024;
/// Most positions of one geometry.
pub(crate) const MAX_POSITIONS: usize = 1_000;
/// Deepest brackets: those of a MULTIPOLYGON.
const MAX_DEPTH: usize = 3;

/// Longitude and latitude in degrees. Longitudes are as they were given, so that shapes may pass the antimeridian.
pub(crate) type Place = (f64, f64);

/// A position of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vertex {
    /// Where.
    pub(crate) place: Place,
    /// When, where the path says so.
    pub(crate) at: Option<ValidTime>,
}

/// What `coords` can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Coords {
    /// POINT.
    Point(Place),
    /// MULTIPOINT.
    Points(Vec<Place>),
    /// POLYGON and MULTIPOLYGON.
    Polygons(MultiPolygon),
    /// LINESTRING and LINESTRINGM; several where they were given as MULTILINESTRING.
    Paths(Vec<Vec<Vertex>>),
}

impl Coords {
    /// Reads well-known text.
    pub(crate) fn parse(text: &str, crs: Crs) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it has {} bytes; at most {MAX_BYTES} are taken", text.len()));
        }
        // A plus sign stands for a blank in queries that forms and some clients write.
        let text = text.replace('+', " ");
        check_shape(text.trim())?;
        let parsed = Wkt::<f64>::from_str(text.trim());
        let parsed = parsed.map_err(|error| format!("'{}' is not well-known text: {error}", shown(&text)))?;
        let reader = Reader { crs };
        match parsed {
            Wkt::Point(point) => reader.place(point.coord().ok_or_else(empty)?).map(Self::Point),
            Wkt::MultiPoint(points) => {
                let coords = points.points().iter().map(|point| point.coord().ok_or_else(empty));
                let places = coords.map(|coord| reader.place(coord?));
                some(places.collect::<Result<Vec<_>, _>>()?).map(Self::Points)
            }
            Wkt::Polygon(polygon) => Ok(Self::Polygons(MultiPolygon(vec![reader.polygon(polygon.rings())?]))),
            Wkt::MultiPolygon(polygons) => {
                let polygons = polygons
                    .polygons()
                    .iter()
                    .map(|polygon| reader.polygon(polygon.rings()));
                let polygons = some(polygons.collect::<Result<Vec<_>, _>>()?)?;
                Ok(Self::Polygons(MultiPolygon(polygons)))
            }
            Wkt::LineString(line) => Ok(Self::Paths(vec![reader.path(line.coords())?])),
            Wkt::MultiLineString(lines) => {
                let paths = lines.line_strings().iter().map(|line| reader.path(line.coords()));
                some(paths.collect::<Result<Vec<_>, _>>()?).map(Self::Paths)
            }
            Wkt::GeometryCollection(_) => Err("a GEOMETRYCOLLECTION is not offered".to_owned()),
        }
    }

    /// What it is called, for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Point(_) => "POINT",
            Self::Points(_) => "MULTIPOINT",
            Self::Polygons(_) => "POLYGON or MULTIPOLYGON",
            Self::Paths(_) => "LINESTRING or MULTILINESTRING",
        }
    }
}

/// What the parser must not see: anything but one geometry of few positions with its brackets closed at its end.
fn check_shape(text: &str) -> Result<(), String> {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    if word.eq_ignore_ascii_case("GEOMETRYCOLLECTION") {
        return Err("a GEOMETRYCOLLECTION is not offered".to_owned());
    }
    let refuse = || {
        format!(
            "'{}' is not one geometry in well-known text, such as POINT(4.5 60.1)",
            shown(text)
        )
    };
    let (mut depth, mut positions, mut closed) = (0usize, 1usize, false);
    for character in text.chars() {
        if closed {
            return Err(refuse());
        }
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.checked_sub(1).ok_or_else(refuse)?;
                closed = depth == 0;
            }
            ',' => positions += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("its brackets are more than {MAX_DEPTH} deep"));
        }
    }
    if positions > MAX_POSITIONS {
        return Err(format!(
            "it has {positions} positions; at most {MAX_POSITIONS} are taken"
        ));
    }
    if closed { Ok(()) } else { Err(refuse()) }
}

fn empty() -> String {
    "it is empty".to_owned()
}

fn some<T>(found: Vec<T>) -> Result<Vec<T>, String> {
    if found.is_empty() { Err(empty()) } else { Ok(found) }
}

struct Reader {
    crs: Crs,
}

impl Reader {
    fn place(&self, coord: &Coord<f64>) -> Result<Place, String> {
        let place = self.crs.lon_lat(coord.x, coord.y);
        let (lon, lat) = place.ok_or_else(|| format!("{} {} is no place of the reference system", coord.x, coord.y))?;
        LatLon::new(lat, lon).map_err(|error| error.to_string())?;
        Ok((lon, lat))
    }

    fn polygon(&self, rings: &[wkt::types::LineString<f64>]) -> Result<Polygon, String> {
        let ring = |ring: &wkt::types::LineString<f64>| {
            let places = ring.coords().iter().map(|coord| self.place(coord));
            let places = places.collect::<Result<Vec<_>, _>>()?;
            if places.len() < 4 {
                return Err(format!("a ring has {} positions; it needs 4", places.len()));
            }
            Ok(LineString(places.into_iter().map(GeoCoord::from).collect()))
        };
        let mut rings = rings.iter().map(ring).collect::<Result<Vec<_>, _>>()?.into_iter();
        let exterior = rings.next().ok_or_else(empty)?;
        Ok(Polygon::new(exterior, rings.collect()))
    }

    fn path(&self, coords: &[Coord<f64>]) -> Result<Vec<Vertex>, String> {
        let vertex = |coord: &Coord<f64>| {
            let at = coord.m.map(time).transpose()?;
            Ok(Vertex {
                place: self.place(coord)?,
                at,
            })
        };
        let path = coords.iter().map(vertex).collect::<Result<Vec<_>, String>>()?;
        if path.len() < 2 {
            return Err(format!("a path has {} positions; it needs 2", path.len()));
        }
        Ok(path)
    }
}

fn time(seconds: f64) -> Result<ValidTime, String> {
    let refuse = || format!("M {seconds} is not a time in seconds since 1970-01-01T00:00:00Z");
    // Within what a time can be the conversion is exact enough: whole seconds are meant.
    let whole = (seconds.abs() < 1e12).then_some(seconds.round() as i64);
    whole.and_then(ValidTime::from_unix_s).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Coords, String> {
        Coords::parse(text, Crs::Crs84)
    }

    #[test]
    fn reads_what_clients_send() {
        assert_eq!(parse("POINT(4.5 60.1)"), Ok(Coords::Point((4.5, 60.1))));
        assert_eq!(parse("POINT(4.5+60.1)"), Ok(Coords::Point((4.5, 60.1))));
        assert_eq!(parse(" point z (4.5 60.1 -3)"), Ok(Coords::Point((4.5, 60.1))));
        let swapped = Coords::parse("POINT(60.1 4.5)", Crs::Epsg4326);
        assert_eq!(swapped, Ok(Coords::Point((4.5, 60.1))));
        for text in ["MULTIPOINT((1 2),(3 4))", "MULTIPOINT(1 2, 3 4)"] {
            assert_eq!(parse(text), Ok(Coords::Points(vec![(1.0, 2.0), (3.0, 4.0)])), "{text}");
        }
        let Ok(Coords::Paths(paths)) = parse("LINESTRINGM(1 2 1447653600, 3 4 1447657200)") else {
            panic!("no path");
        };
        assert_eq!(paths[0][1].at, ValidTime::from_unix_s(1_447_657_200));
        let Ok(Coords::Paths(paths)) = parse("LINESTRINGZM(1 2 5 1447653600, 3 4 5 1447657200)") else {
            panic!("no path");
        };
        assert_eq!(paths[0][0].at, ValidTime::from_unix_s(1_447_653_600));
        assert!(matches!(
            parse("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"),
            Ok(Coords::Polygons(_))
        ));
    }

    #[test]
    fn refuses_everything_else_without_a_panic() {
        let deep = format!("POINT{}1 2{}", "(".repeat(50_000), ")".repeat(50_000));
        let nested = "GEOMETRYCOLLECTION(".repeat(3_000);
        let long = format!("MULTIPOINT({})", vec!["1 2"; 1_001].join(","));
        let huge = "1".repeat(MAX_BYTES + 1);
        for text in [
            "",
            "POINT",
            "POINT()",
            "POINT EMPTY",
            "POINT(1)",
            "POINT(1 2",
            "POINT(1 2))",
            "POINT(1 2)(3 4)",
            "POINT(a b)",
            "POINT(NaN 2)",
            "POINT(1 91)",
            "POINT(400 1)",
            "LINESTRING(1 2)",
            "POLYGON((0 0,1 1,0 0))",
            "POLYGON EMPTY",
            "LINESTRINGM(1 2 99999999999999, 1 2 3)",
            "CIRCULARSTRING(0 0,1 1,2 0)",
            "POINT(1 2) POINT(3 4)",
            "))((",
            "POINT(1 2\0)",
            "MULTIPOINT(())",
            "POLYGON(())",
            "ПОИНТ(1 2)",
            "GEOMETRYCOLLECTION(POINT(1 2))",
            &deep,
            &nested,
            &long,
            &huge,
        ] {
            let refused = parse(text);
            assert!(
                refused.is_err(),
                "{}: {refused:?}",
                text.chars().take(40).collect::<String>()
            );
        }
    }
}

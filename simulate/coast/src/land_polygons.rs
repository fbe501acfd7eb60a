//! Builds the coast file from land polygons of the operator's own, as GeoJSON (RFC 7946): a harbour at a larger scale, a
//! coast of another provider, a few islands for an exercise.
//!
//! Longitude and latitude in degrees (WGS84), straight lines between positions, rings inside a polygon are water. Polygons
//! that overlap or touch are joined first, since the coast file counts shorelines from outside in: land under two of
//! them would otherwise come out as sea. All that is not in a polygon is sea, however far away.

use std::io::Write;

use geo::orient::{Direction, Orient};
use geo::{LineString, MultiPolygon, Polygon, unary_union};
use geojson::{GeoJson, Geometry, GeometryValue, Position};

use crate::grid::TILE;
use crate::{Coast, Error};

/// What a build from polygons did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolygonReport {
    /// Polygons in the source.
    pub polygons: usize,
    /// Shorelines written, around land and around water inside it.
    pub shorelines: usize,
    /// Vertices of these.
    pub points: usize,
    /// Shorelines that shrank to nothing when rounded to 1/7680 degree (14.5 m along a meridian), and were left out.
    pub shorelines_lost: usize,
    /// Length of the file, bytes.
    pub bytes: usize,
}

/// Reads land polygons from a GeoJSON text and writes the coast file to `out`. `credit` is what every result and map made
/// with this coast names as its source, of which 200 characters are kept. The same text gives the same bytes.
pub fn from_geojson(text: &str, credit: &str, out: &mut impl Write) -> Result<PolygonReport, Error> {
    let refuse = |what: String| Error::Polygons { what };
    let document: GeoJson = text.parse().map_err(|error| refuse(format!("{error}")))?;
    let mut polygons = Vec::new();
    match document {
        GeoJson::Geometry(geometry) => collect(geometry, &mut polygons)?,
        GeoJson::Feature(feature) => feature
            .geometry
            .into_iter()
            .try_for_each(|one| collect(one, &mut polygons))?,
        GeoJson::FeatureCollection(features) => features
            .features
            .into_iter()
            .filter_map(|feature| feature.geometry)
            .try_for_each(|one| collect(one, &mut polygons))?,
    }
    if polygons.is_empty() {
        return Err(refuse("there is no polygon in it".to_owned()));
    }
    let mut report = PolygonReport {
        polygons: polygons.len(),
        ..PolygonReport::default()
    };
    let turned: Vec<Polygon> = polygons.iter().map(|one| one.orient(Direction::Default)).collect();
    let joined: MultiPolygon = unary_union(&turned);
    let mut rings = Vec::new();
    for ring in joined
        .iter()
        .flat_map(|one| std::iter::once(one.exterior()).chain(one.interiors()))
    {
        let vertices = open_ring(ring);
        if is_nothing(&vertices) {
            report.shorelines_lost += 1;
        } else {
            report.shorelines += 1;
            report.points += vertices.len();
            rings.push(vertices);
        }
    }
    if rings.is_empty() {
        return Err(refuse(
            "its polygons are too small to be anything at 1/7680 degree".to_owned(),
        ));
    }
    let coast = Coast::named(credit, &rings)?;
    report.bytes = coast.bytes().len();
    out.write_all(coast.bytes()).map_err(Error::Write)?;
    Ok(report)
}

/// Takes the polygons out of a geometry.
fn collect(geometry: Geometry, polygons: &mut Vec<Polygon>) -> Result<(), Error> {
    match geometry.value {
        GeometryValue::Polygon { coordinates } => polygons.push(polygon(&coordinates)?),
        GeometryValue::MultiPolygon { coordinates } => {
            for rings in &coordinates {
                polygons.push(polygon(rings)?);
            }
        }
        GeometryValue::GeometryCollection { geometries } => {
            geometries.into_iter().try_for_each(|one| collect(one, polygons))?;
        }
        other => {
            let what = format!("a {} is no land: only polygons are", other.type_name());
            return Err(Error::Polygons { what });
        }
    }
    Ok(())
}

fn polygon(rings: &[Vec<Position>]) -> Result<Polygon, Error> {
    let ring = |positions: &Vec<Position>| -> Result<LineString, Error> {
        let vertex = |position: &Position| match *position.as_slice() {
            // Checked here and not when written: joining would carry what is no number everywhere.
            [lon_deg, lat_deg, ..] if (-540.0..=540.0).contains(&lon_deg) && (-90.0..=90.0).contains(&lat_deg) => {
                Ok((lon_deg, lat_deg))
            }
            [lon_deg, lat_deg, ..] => Err(Error::Vertex { lon_deg, lat_deg }),
            _ => Err(Error::Polygons {
                what: "a position has no longitude and latitude".to_owned(),
            }),
        };
        Ok(LineString::from(
            positions.iter().map(vertex).collect::<Result<Vec<_>, _>>()?,
        ))
    };
    let mut rings = rings.iter().map(ring);
    let exterior = rings.next().transpose()?.ok_or_else(|| Error::Polygons {
        what: "a polygon has no ring".to_owned(),
    })?;
    Ok(Polygon::new(exterior, rings.collect::<Result<Vec<_>, _>>()?))
}

/// Vertices without the last, which repeats the first.
fn open_ring(ring: &LineString) -> Vec<(f64, f64)> {
    let mut vertices: Vec<(f64, f64)> = ring.coords().map(|at| (at.x, at.y)).collect();
    if vertices.len() > 1 && vertices.first() == vertices.last() {
        vertices.pop();
    }
    vertices
}

/// Whether a ring encloses nothing once it is rounded to whole units.
fn is_nothing(vertices: &[(f64, f64)]) -> bool {
    let units = |degrees: f64| libm::round(degrees * f64::from(TILE)) as i64;
    let rounded: Vec<(i64, i64)> = vertices.iter().map(|at| (units(at.0), units(at.1))).collect();
    let next = rounded.iter().skip(1).chain(rounded.first());
    rounded
        .iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
        .sum::<i64>()
        == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str) -> Result<(Coast, PolygonReport), Error> {
        let mut bytes = Vec::new();
        let report = from_geojson(text, "Chart office, licence of the test", &mut bytes)?;
        Ok((Coast::from_bytes(bytes)?, report))
    }

    fn square(west: f64, south: f64, side: f64) -> String {
        let (east, north) = (west + side, south + side);
        format!("[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]")
    }

    #[test]
    fn polygons_that_overlap_or_touch_are_one_land_and_rings_inside_are_water() {
        let (land, lake) = (square(4.0, 60.0, 1.0), square(4.2, 60.2, 0.1));
        // The second lies half over the first, the third beside it; the third and fourth turn the other way round.
        let text = format!(
            r#"{{"type": "FeatureCollection", "features": [
                {{"type": "Feature", "properties": null, "geometry": {{"type": "Polygon", "coordinates": [{land}, {lake}]}}}},
                {{"type": "Feature", "properties": {{"name": "x"}}, "geometry": {{"type": "MultiPolygon", "coordinates":
                    [[{}], [[[5.0,60.0],[5.0,61.0],[5.5,61.0],[5.5,60.0],[5.0,60.0]]]]}}}},
                {{"type": "Feature", "properties": {{}}, "geometry": null}}
            ]}}"#,
            square(4.5, 60.5, 1.0)
        );
        let (coast, report) = built(&text).unwrap();
        assert_eq!(
            (report.polygons, report.shorelines, report.shorelines_lost),
            (3, 2, 0),
            "{report:?}"
        );
        for (lon_deg, lat_deg, land) in [
            (4.1, 60.1, true),
            (4.75, 60.75, true),
            (5.0, 60.4, true),
            (5.25, 60.25, true),
            (5.2, 61.2, true),
            (4.25, 60.25, false),
            (3.9, 60.5, false),
            (4.2, 61.2, false),
            (100.0, 0.0, false),
        ] {
            assert_eq!(coast.on_land(lon_deg, lat_deg), land, "{lon_deg} {lat_deg}");
        }
        assert_eq!(coast.source(), "Chart office, licence of the test");
        assert!(!coast.is_embedded() && coast.check().is_ok());
        assert_eq!(built(&text).unwrap().0.bytes(), coast.bytes());
    }

    #[test]
    fn what_is_no_land_is_refused_with_the_reason() {
        for (text, word) in [
            ("not json", "expected"),
            (r#"{"type": "Polygon", "coordinates": []}"#, "ring"),
            (r#"{"type": "Polygon", "coordinates": [[[4.0]]]}"#, "olygon"),
            (r#"{"type": "FeatureCollection", "features": []}"#, "no polygon"),
            (
                r#"{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}"#,
                "LineString",
            ),
            (
                r#"{"type": "Polygon", "coordinates": [[[400000, 6600000], [400100, 6600000], [400100, 6600100], [400000, 6600000]]]}"#,
                "400000",
            ),
            (
                r#"{"type": "Polygon", "coordinates": [[[1, 1], [1.00001, 1], [1, 1.00001], [1, 1]]]}"#,
                "too small",
            ),
        ] {
            let refused = built(text).map(|(_, report)| report).unwrap_err();
            assert!(refused.to_string().contains(word), "{refused}");
        }
    }
}

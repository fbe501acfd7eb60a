//! Where a position lies to a literal: inside, on its boundary, outside. Made for millions of positions: the edges stand in bands of
//! latitude, and a position is compared with those of its band.

use std::collections::BTreeMap;

use geo::{Coord, Geometry, LineString, Polygon};

use super::lines::{Edges, On};

/// Where a position lies. The greater is the deeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Location {
    Outside,
    Boundary,
    Inside,
}

/// A literal, ready for positions.
#[derive(Debug, Default)]
pub(super) struct Locator {
    points: Vec<Coord<f64>>,
    lines: Vec<Lines>,
    /// The rings of a polygon, or of polygons that do not overlap.
    areas: Vec<Edges>,
}

/// Lines and where they end.
#[derive(Debug)]
struct Lines {
    edges: Edges,
    /// Ends that an odd number of lines has (OGC 06-103r4, 6.1.8): two that meet have none there.
    ends: Vec<Coord<f64>>,
}

impl Locator {
    pub(super) fn of(geometry: &Geometry<f64>) -> Self {
        let mut locator = Self::default();
        locator.add(geometry);
        locator.points.sort_by(order);
        locator
    }

    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.points.push(point.0),
            Geometry::MultiPoint(points) => self.points.extend(points.iter().map(|point| point.0)),
            Geometry::LineString(line) => self.lines.push(Lines::of(std::slice::from_ref(line))),
            Geometry::MultiLineString(lines) => self.lines.push(Lines::of(&lines.0)),
            Geometry::Polygon(polygon) => self.areas.push(Edges::of(rings(polygon))),
            Geometry::MultiPolygon(polygons) => self.areas.push(Edges::of(polygons.iter().flat_map(rings).collect())),
            Geometry::Rect(rect) => self.areas.push(Edges::of(rings(&rect.to_polygon()))),
            Geometry::GeometryCollection(members) => members.iter().for_each(|member| self.add(member)),
            Geometry::Line(line) => self.lines.push(Lines::of(&[LineString(vec![line.start, line.end])])),
            Geometry::Triangle(triangle) => self.areas.push(Edges::of(rings(&triangle.to_polygon()))),
        }
    }

    pub(super) fn locate(&self, position: Coord<f64>) -> Location {
        if self.points.binary_search_by(|point| order(point, &position)).is_ok() {
            return Location::Inside;
        }
        let areas = self.areas.iter().map(|area| match area.locate(position) {
            On::Edge => Location::Boundary,
            On::Odd => Location::Inside,
            On::Even => Location::Outside,
        });
        let lines = self.lines.iter().map(|lines| lines.locate(position));
        areas.chain(lines).max().unwrap_or(Location::Outside)
    }
}

impl Lines {
    fn of(lines: &[LineString<f64>]) -> Self {
        let mut ends: BTreeMap<(u64, u64), (usize, Coord<f64>)> = BTreeMap::new();
        for end in lines
            .iter()
            .flat_map(|line| line.0.first().into_iter().chain(line.0.last()))
        {
            let place = ((end.x + 0.0).to_bits(), (end.y + 0.0).to_bits());
            ends.entry(place).or_insert((0, *end)).0 += 1;
        }
        Self {
            edges: Edges::of(lines.iter().map(|line| line.0.clone()).collect()),
            ends: ends
                .into_values()
                .filter(|(count, _)| count % 2 == 1)
                .map(|(_, end)| end)
                .collect(),
        }
    }

    fn locate(&self, position: Coord<f64>) -> Location {
        match self.edges.locate(position) {
            On::Edge if self.ends.contains(&position) => Location::Boundary,
            On::Edge => Location::Inside,
            On::Odd | On::Even => Location::Outside,
        }
    }
}

fn rings(polygon: &Polygon<f64>) -> Vec<Vec<Coord<f64>>> {
    std::iter::once(polygon.exterior())
        .chain(polygon.interiors())
        .map(|ring| ring.0.clone())
        .collect()
}

fn order(a: &Coord<f64>, b: &Coord<f64>) -> std::cmp::Ordering {
    (a.x + 0.0)
        .total_cmp(&(b.x + 0.0))
        .then((a.y + 0.0).total_cmp(&(b.y + 0.0)))
}

//! A geometry of a filter, brought to CRS84 and made ready to be compared with many.
//!
//! It lies on the plane in one piece, its west in [-180, 180); what it has beyond 180 is met by positions one turn further east.

use geo::{
    BoundingRect, Coord, CoordsIter, Geometry, GeometryCollection, LineString, MapCoords, Polygon, Rect, Validation,
};

use super::locate::{Location, Locator};
use super::ring::{self, ToCrs84};
use crate::Error;

/// A geometry of a filter.
#[derive(Debug)]
pub(crate) struct Literal {
    pub(super) geometry: Geometry<f64>,
    /// Around it; the east may lie beyond 180.
    pub(super) bounds: Sides,
    locator: Locator,
}

/// West, south, east, north, with the west in [-180, 180) and the east at most one turn away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sides {
    pub(super) west: f64,
    pub(super) south: f64,
    pub(super) east: f64,
    pub(super) north: f64,
}

impl Sides {
    /// Whether a position lies in or on it, seen from any turn.
    pub(super) fn holds(&self, lon_deg: f64, lat_deg: f64) -> bool {
        let on = |lon_deg: f64| (lon_deg >= self.west) & (lon_deg <= self.east);
        (lat_deg >= self.south) & (lat_deg <= self.north) & (on(lon_deg) | on(lon_deg + 360.0) | on(lon_deg - 360.0))
    }

    /// Whether a rectangle meets it, seen from any turn.
    pub(super) fn meets(&self, rect: &Rect<f64>) -> bool {
        let (min, max) = (rect.min(), rect.max());
        let on = |turn: f64| min.x + turn <= self.east && max.x + turn >= self.west;
        min.y <= self.north && max.y >= self.south && (on(0.0) || on(360.0) || on(-360.0))
    }
}

impl Literal {
    /// A geometry that is valid (no ring crosses itself) in whatever reference system `to_crs84` comes from.
    pub(crate) fn geometry(geometry: Geometry<f64>, to_crs84: ToCrs84<'_>) -> Result<Self, Error> {
        Self::of(moved(&geometry, to_crs84)?)
    }

    /// A box. Its first corner is the smallest along either axis, but for one across the antimeridian.
    pub(crate) fn bbox(sides: [f64; 4], to_crs84: ToCrs84<'_>) -> Result<Self, Error> {
        let [x0, y0, x1, y1] = sides;
        let at = |x, y| ring::position(Coord { x, y }, to_crs84);
        let (first, last, along, up) = (at(x0, y0)?, at(x1, y1)?, at(x1, y0)?, at(x0, y1)?);
        let like = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let corner = |corner: Coord<f64>, lon: f64, lat: f64| like(corner.x, lon) && like(corner.y, lat);
        let straight = corner(along, last.x, first.y) && corner(up, first.x, last.y);
        let exchanged = corner(along, first.x, last.y) && corner(up, last.x, first.y);
        if !straight && !exchanged {
            if x0 > x1 || y0 > y1 {
                return Err(Error::Geometry(format!(
                    "the box {x0}, {y0}, {x1}, {y1} ends before it begins"
                )));
            }
            let ring = ring::around(sides, to_crs84)?;
            return Self::of(Geometry::Polygon(Polygon::new(ring, Vec::new())));
        }
        if first.y > last.y {
            return Err(Error::Geometry(format!(
                "the box {x0}, {y0}, {x1}, {y1} has its south north of its north"
            )));
        }
        let east = if first.x > last.x { last.x + 360.0 } else { last.x };
        Self::of(match (like(first.x, east), like(first.y, last.y)) {
            (true, true) => Geometry::Point(first.into()),
            (false, false) => Geometry::Rect(Rect::new(first, Coord { x: east, y: last.y })),
            _ => Geometry::LineString(LineString(vec![first, Coord { x: east, y: last.y }])),
        })
    }

    fn of(geometry: Geometry<f64>) -> Result<Self, Error> {
        geometry
            .check_validation()
            .map_err(|error| Error::Geometry(error.to_string()))?;
        let rect = geometry
            .bounding_rect()
            .ok_or_else(|| Error::Geometry("it has no position".to_owned()))?;
        if rect.width() > 360.0 {
            return Err(Error::Geometry(format!("it is {} degrees wide", rect.width())));
        }
        let turn = -((rect.min().x + 180.0) / 360.0).floor() * 360.0;
        let geometry = geometry.map_coords(|position| Coord {
            x: position.x + turn,
            y: position.y,
        });
        let bounds = Sides {
            west: rect.min().x + turn,
            south: rect.min().y,
            east: rect.max().x + turn,
            north: rect.max().y,
        };
        let locator = Locator::of(&geometry);
        Ok(Self {
            geometry,
            bounds,
            locator,
        })
    }

    /// Where a position lies, seen from the turn that it lies deepest in.
    pub(super) fn locate(&self, lon_deg: f64, lat_deg: f64) -> Location {
        if !self.bounds.holds(lon_deg, lat_deg) {
            return Location::Outside;
        }
        let here = self.locator.locate(Coord { x: lon_deg, y: lat_deg });
        let other = |turn: f64| {
            self.locator.locate(Coord {
                x: lon_deg + turn,
                y: lat_deg,
            })
        };
        match here {
            Location::Inside => here,
            _ if self.bounds.east >= 180.0 && lon_deg <= self.bounds.east - 360.0 => here.max(other(360.0)),
            _ if self.bounds.west <= -180.0 && lon_deg >= self.bounds.west + 360.0 => here.max(other(-360.0)),
            _ => here,
        }
    }

    /// Its sides, if it is a box.
    pub(super) const fn within_box(&self) -> Option<&Sides> {
        match self.geometry {
            Geometry::Rect(_) => Some(&self.bounds),
            _ => None,
        }
    }

    /// Its position, if it is one point.
    pub(super) fn one_point(&self) -> Option<Coord<f64>> {
        let first = self.geometry.coords_iter().next()?;
        self.geometry
            .coords_iter()
            .all(|position| position == first)
            .then_some(first)
    }

    /// West, south, east, north, with west > east across the antimeridian.
    pub(super) fn bbox_crs84(&self) -> [f64; 4] {
        let Sides {
            west,
            south,
            east,
            north,
        } = self.bounds;
        let round = east - west >= 360.0;
        match east {
            _ if round => [-180.0, south, 180.0, north],
            east if east > 180.0 => [west, south, east - 360.0, north],
            east => [west, south, east, north],
        }
    }
}

/// Every position brought to CRS84.
fn moved(geometry: &Geometry<f64>, to_crs84: ToCrs84<'_>) -> Result<Geometry<f64>, Error> {
    let line = |line: &LineString<f64>| ring::line(line, to_crs84);
    let polygon = |polygon: &Polygon<f64>| {
        let outer = ring::ring(polygon.exterior(), to_crs84)?;
        let mut inner = Vec::with_capacity(polygon.interiors().len());
        for hole in polygon.interiors() {
            inner.push(beside(&outer, ring::ring(hole, to_crs84)?));
        }
        Ok(Polygon::new(outer, inner))
    };
    let point = |point: &geo::Point<f64>| ring::position(point.0, to_crs84).map(geo::Point);
    Ok(match geometry {
        Geometry::Point(one) => Geometry::Point(point(one)?),
        Geometry::LineString(one) => Geometry::LineString(line(one)?),
        Geometry::Polygon(one) => Geometry::Polygon(polygon(one)?),
        Geometry::MultiPoint(many) => Geometry::MultiPoint(geo::MultiPoint(each(&many.0, point)?)),
        Geometry::MultiLineString(many) => Geometry::MultiLineString(geo::MultiLineString(each(&many.0, line)?)),
        Geometry::MultiPolygon(many) => Geometry::MultiPolygon(geo::MultiPolygon(each(&many.0, polygon)?)),
        Geometry::GeometryCollection(many) => {
            Geometry::GeometryCollection(GeometryCollection(each(&many.0, |one| moved(one, to_crs84))?))
        }
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {
            return Err(Error::Internal("no encoding has such a geometry".to_owned()));
        }
    })
}

fn each<T>(many: &[T], moved: impl Fn(&T) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    many.iter().map(moved).collect()
}

/// A hole on the turn of the ring around it.
fn beside(outer: &LineString<f64>, hole: LineString<f64>) -> LineString<f64> {
    match (outer.bounding_rect(), hole.bounding_rect()) {
        (Some(outer), Some(inner)) => {
            let turns = ((outer.center().x - inner.center().x) / 360.0).round();
            hole.map_coords(|position| Coord {
                x: position.x + turns * 360.0,
                y: position.y,
            })
        }
        _ => hole,
    }
}

//! Lines and areas of features against a literal. Boxes are compared first; what they leave is related by `geo`.
//!
//! Features are split at the antimeridian, literals are not: for a literal beyond 180 the parts that lie west of it are looked at one
//! turn further east.

use std::borrow::Cow;

use geo::{BoundingRect, Coord, CoordsIter, Geometry, Intersects, MapCoords, PreparedGeometry, Relate};

use super::holds;
use super::literal::Literal;
use crate::expression::Relation;

/// Up to so many pairs of positions every edge is compared with every other; beyond, an index of edges is worth its making.
const MOST_PAIRS: usize = 50_000;

impl Literal {
    /// The answers for the shapes that stand.
    pub(super) fn answers(&self, relation: Relation, shapes: &[Geometry<f64>], standing: &[bool]) -> Vec<bool> {
        let own_positions = self.geometry.coords_count();
        let mut prepared = None;
        let mut answer = |shape: &Geometry<f64>| {
            let Some(rect) = shape.bounding_rect() else {
                return false;
            };
            if !self.bounds.meets(&rect) {
                return relation == Relation::Disjoint;
            }
            let few = own_positions * shape.coords_count() <= MOST_PAIRS;
            match relation {
                Relation::Intersects if few => self.meets(shape),
                Relation::Disjoint if few => !self.meets(shape),
                _ => {
                    let prepared = prepared.get_or_insert_with(|| PreparedGeometry::from(&self.geometry));
                    holds(relation.turned(), &prepared.relate(self.turned(shape).as_ref()))
                }
            }
        };
        shapes
            .iter()
            .zip(standing)
            .map(|(shape, stands)| *stands && answer(shape))
            .collect()
    }

    fn meets(&self, shape: &Geometry<f64>) -> bool {
        self.geometry.intersects(shape)
            || (self.bounds.east > 180.0 && self.geometry.intersects(&east_by_a_turn(shape)))
    }

    /// A shape with its parts on the turn where they may meet the literal.
    fn turned<'s>(&self, shape: &'s Geometry<f64>) -> Cow<'s, Geometry<f64>> {
        if self.bounds.east <= 180.0 {
            return Cow::Borrowed(shape);
        }
        let west_of_it =
            |part: &dyn Fn() -> Option<geo::Rect<f64>>| part().is_some_and(|rect| rect.max().x < self.bounds.west);
        let mut shape = shape.clone();
        match &mut shape {
            Geometry::MultiPoint(points) => {
                points
                    .0
                    .iter_mut()
                    .filter(|point| point.x() < self.bounds.west)
                    .for_each(|point| point.0.x += 360.0);
            }
            Geometry::MultiLineString(lines) => {
                for line in lines.0.iter_mut().filter(|line| west_of_it(&|| line.bounding_rect())) {
                    *line = line.map_coords(eastward);
                }
            }
            Geometry::MultiPolygon(polygons) => {
                for polygon in polygons
                    .0
                    .iter_mut()
                    .filter(|polygon| west_of_it(&|| polygon.bounding_rect()))
                {
                    *polygon = polygon.map_coords(eastward);
                }
            }
            other if west_of_it(&|| other.bounding_rect()) => *other = east_by_a_turn(other),
            _ => {}
        }
        Cow::Owned(shape)
    }
}

fn eastward(position: Coord<f64>) -> Coord<f64> {
    Coord {
        x: position.x + 360.0,
        y: position.y,
    }
}

fn east_by_a_turn(shape: &Geometry<f64>) -> Geometry<f64> {
    shape.map_coords(eastward)
}

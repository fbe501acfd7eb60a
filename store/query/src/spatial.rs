//! Questions on geometries: how those of features lie to a literal (OGC 06-103r4, 6.1.15, on the plane of longitude and latitude).

mod lines;
mod literal;
mod locate;
mod ring;
mod shapes;

pub(crate) use literal::Literal;

use geo::Relate;
use geo::relate::IntersectionMatrix;

use crate::Error;
use crate::expression::Relation;
use crate::table::Geometries;
use locate::Location;

/// What is asked of each feature's geometry.
#[derive(Debug)]
pub(crate) enum Question {
    /// The same answer for all: between two literals, or of a geometry to itself.
    Fixed(bool),
    /// How the geometry, first operand, lies to the literal.
    Against(Relation, Box<Literal>),
}

impl Question {
    /// Operands as they stand; none is the feature's own geometry.
    pub(crate) fn of(relation: Relation, left: Option<Literal>, right: Option<Literal>) -> Result<Self, Error> {
        Ok(match (left, right) {
            (None, Some(literal)) => Self::Against(relation, Box::new(literal)),
            (Some(literal), None) => Self::Against(relation.turned(), Box::new(literal)),
            (None, None) => Self::Fixed(matches!(
                relation,
                Relation::Contains | Relation::Equals | Relation::Intersects | Relation::Within
            )),
            (Some(left), Some(right)) => Self::Fixed(holds(relation, &left.geometry.relate(&right.geometry))),
        })
    }

    /// The answers for the rows that stand; the others get a no.
    pub(crate) fn answers(&self, geometries: Geometries<'_>, standing: &[bool]) -> Vec<bool> {
        match (self, geometries) {
            (Self::Fixed(answer), _) => vec![*answer; geometries.len()],
            (Self::Against(relation, literal), Geometries::Points { lon_deg, lat_deg }) => {
                let positions = lon_deg.iter().zip(lat_deg).zip(standing);
                let each = |answer: &dyn Fn(f64, f64) -> bool| {
                    positions
                        .map(|((lon_deg, lat_deg), stands)| *stands && answer(*lon_deg, *lat_deg))
                        .collect()
                };
                let locate = |lon_deg, lat_deg| literal.locate(lon_deg, lat_deg);
                match relation {
                    Relation::Intersects => match literal.within_box() {
                        Some(within) => lon_deg
                            .iter()
                            .zip(lat_deg)
                            .zip(standing)
                            .map(|((lon_deg, lat_deg), stands)| *stands & within.holds(*lon_deg, *lat_deg))
                            .collect(),
                        None => each(&|lon_deg, lat_deg| locate(lon_deg, lat_deg) != Location::Outside),
                    },
                    Relation::Disjoint => each(&|lon_deg, lat_deg| locate(lon_deg, lat_deg) == Location::Outside),
                    Relation::Within => each(&|lon_deg, lat_deg| locate(lon_deg, lat_deg) == Location::Inside),
                    Relation::Touches => each(&|lon_deg, lat_deg| locate(lon_deg, lat_deg) == Location::Boundary),
                    Relation::Contains | Relation::Equals => match literal.one_point() {
                        Some(_) => each(&|lon_deg, lat_deg| locate(lon_deg, lat_deg) == Location::Inside),
                        None => vec![false; standing.len()],
                    },
                    // A point has no part that could lie elsewhere.
                    Relation::Crosses | Relation::Overlaps => vec![false; standing.len()],
                }
            }
            (Self::Against(relation, literal), Geometries::Shapes(shapes)) => {
                literal.answers(*relation, shapes, standing)
            }
        }
    }

    /// The box that the geometry of every match meets.
    pub(crate) fn bbox(&self) -> Option<[f64; 4]> {
        match self {
            Self::Fixed(_) | Self::Against(Relation::Disjoint, _) => None,
            Self::Against(_, literal) => Some(literal.bbox_crs84()),
        }
    }
}

/// Whether two geometries that lie so are so related.
fn holds(relation: Relation, matrix: &IntersectionMatrix) -> bool {
    match relation {
        Relation::Contains => matrix.is_contains(),
        Relation::Crosses => matrix.is_crosses(),
        Relation::Disjoint => matrix.is_disjoint(),
        Relation::Equals => matrix.is_equal_topo(),
        Relation::Intersects => matrix.is_intersects(),
        Relation::Overlaps => matrix.is_overlaps(),
        Relation::Touches => matrix.is_touches(),
        Relation::Within => matrix.is_within(),
    }
}

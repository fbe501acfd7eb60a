//! Geometries of CQL2 text: well-known text, and `BBOX(…)`. A third coordinate, the height, is read past: everything lies on the sea.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::Reader;
use super::token::Token;
use crate::Error;
use crate::expression::Expression;

/// What a keyword begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Point,
    Line,
    Polygon,
    Points,
    Lines,
    Polygons,
    Collection,
}

const FORMS: [(&str, Form); 7] = [
    ("point", Form::Point),
    ("linestring", Form::Line),
    ("polygon", Form::Polygon),
    ("multipoint", Form::Points),
    ("multilinestring", Form::Lines),
    ("multipolygon", Form::Polygons),
    ("geometrycollection", Form::Collection),
];

impl Reader {
    /// The geometry that a word begins, if it begins one: a bracket, `Z` or `EMPTY` has to follow.
    pub(super) fn geometry(&mut self, word: &str) -> Result<Option<Geometry<f64>>, Error> {
        let Some(form) = form(word) else { return Ok(None) };
        if self.peek().is("empty") {
            return Err(Error::Geometry(format!(
                "{} EMPTY has no position",
                word.to_uppercase()
            )));
        }
        for dimension in ["m", "zm"] {
            if self.peek().is(dimension) {
                return Err(Error::Geometry("measures (M) mean nothing here".to_owned()));
            }
        }
        self.keyword("z");
        if !matches!(self.peek(), Token::Sign("(")) {
            return Ok(None);
        }
        self.of(form).map(Some)
    }

    fn of(&mut self, form: Form) -> Result<Geometry<f64>, Error> {
        Ok(match form {
            Form::Point => Geometry::Point(self.point()?),
            Form::Line => Geometry::LineString(self.line()?),
            Form::Polygon => Geometry::Polygon(self.polygon()?),
            Form::Points => Geometry::MultiPoint(MultiPoint(self.brackets(Self::point_of_many)?)),
            Form::Lines => Geometry::MultiLineString(MultiLineString(self.brackets(Self::line)?)),
            Form::Polygons => Geometry::MultiPolygon(MultiPolygon(self.brackets(Self::polygon)?)),
            Form::Collection => Geometry::GeometryCollection(GeometryCollection(self.brackets(Self::member)?)),
        })
    }

    /// `( a, b, … )`.
    fn brackets<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.need("(")?;
        let mut items = vec![item(self)?];
        while self.sign(",") {
            items.push(item(self)?);
        }
        self.need(")")?;
        Ok(items)
    }

    fn member(&mut self) -> Result<Geometry<f64>, Error> {
        let token = self.advance();
        let Token::Word(word) = &token else {
            return Err(self.expected("a geometry", &token));
        };
        match form(word) {
            Some(Form::Collection) => Err(Error::Geometry(
                "a GEOMETRYCOLLECTION cannot hold another one".to_owned(),
            )),
            _ => self.geometry(word)?.ok_or_else(|| self.expected("a geometry", &token)),
        }
    }

    fn point(&mut self) -> Result<Point<f64>, Error> {
        self.need("(")?;
        let position = self.position()?;
        self.need(")")?;
        Ok(Point(position))
    }

    /// Points of a MULTIPOINT stand with brackets and without.
    fn point_of_many(&mut self) -> Result<Point<f64>, Error> {
        if matches!(self.peek(), Token::Sign("(")) {
            self.point()
        } else {
            self.position().map(Point)
        }
    }

    fn line(&mut self) -> Result<LineString<f64>, Error> {
        self.brackets(Self::position).map(LineString)
    }

    fn polygon(&mut self) -> Result<Polygon<f64>, Error> {
        let mut rings = self.brackets(Self::line)?;
        let outer = rings.remove(0);
        Ok(Polygon::new(outer, rings))
    }

    fn position(&mut self) -> Result<Coord<f64>, Error> {
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        if !matches!(self.peek(), Token::Sign("," | ")")) {
            self.coordinate()?;
        }
        Ok(Coord { x, y })
    }

    fn coordinate(&mut self) -> Result<f64, Error> {
        let negative = self.sign("-") || {
            self.sign("+");
            false
        };
        let size = match self.advance() {
            // Whole numbers of degrees and metres are far below 2^53.
            Token::Integer(integer) => integer as f64,
            Token::Number(number) => number,
            other => {
                self.next -= 1;
                return Err(self.expected("a number", &other));
            }
        };
        Ok(if negative { -size } else { size })
    }

    /// `BBOX(west, south, east, north)` or with heights; the name and the bracket were taken.
    pub(super) fn bbox(&mut self) -> Result<Expression, Error> {
        let mut numbers = vec![self.coordinate()?];
        while self.sign(",") {
            numbers.push(self.coordinate()?);
        }
        self.need(")")?;
        Expression::of_box(&numbers)
    }
}

fn form(word: &str) -> Option<Form> {
    FORMS
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map(|(_, form)| *form)
}

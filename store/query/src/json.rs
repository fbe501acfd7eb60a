//! CQL2 as JSON (`cql2-json`; OGC 21-065r2, annex C and its schema). The depth is bounded twice: by the JSON reader before anything
//! is built, and by the levels of expressions.

use serde_json::{Map, Value};

use crate::Error;
use crate::expression::{Expression, MOST_LEVELS, Operator};
use crate::moment::{Span, shown};

/// Reads a whole text of JSON.
pub(crate) fn read(text: &str) -> Result<Expression, Error> {
    let value: Value = serde_json::from_str(text).map_err(|error| Error::Json {
        path: "$".to_owned(),
        reason: format!("this is not JSON: {error}"),
    })?;
    Place {
        path: "$".to_owned(),
        levels: 0,
    }
    .expression(&value)
}

/// Where in the document something stands.
struct Place {
    path: String,
    levels: usize,
}

impl Place {
    fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Json {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    fn within(&self, step: &str) -> Result<Self, Error> {
        if self.levels == MOST_LEVELS {
            return Err(Error::TooDeep { most: MOST_LEVELS });
        }
        Ok(Self {
            path: format!("{}{step}", self.path),
            levels: self.levels + 1,
        })
    }

    fn expression(&self, value: &Value) -> Result<Expression, Error> {
        match value {
            Value::Bool(boolean) => Ok(Expression::Boolean(*boolean)),
            Value::String(text) => Ok(Expression::Text(text.clone())),
            Value::Number(number) => self.number(number),
            Value::Array(items) => self.each(items, "").map(Expression::List),
            Value::Object(members) => self.object(members),
            Value::Null => Err(self.wrong("null is no value: ask with isNull")),
        }
    }

    fn number(&self, number: &serde_json::Number) -> Result<Expression, Error> {
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(Expression::Integer(integer)),
            (None, Some(float)) if float.is_finite() => Ok(Expression::Number(float)),
            _ => Err(self.wrong(format!("the number {number} is too large"))),
        }
    }

    fn each(&self, items: &[Value], member: &str) -> Result<Vec<Expression>, Error> {
        items
            .iter()
            .enumerate()
            .map(|(at, item)| self.within(&format!("{member}[{at}]"))?.expression(item))
            .collect()
    }

    /// An object is what its members say.
    fn object(&self, members: &Map<String, Value>) -> Result<Expression, Error> {
        if let Some(op) = members.get("op") {
            return self.operation(op, members.get("args"));
        }
        if let Some(name) = members.get("property") {
            let name = name
                .as_str()
                .ok_or_else(|| self.wrong("a property is named by a text"))?;
            return Ok(Expression::Property(name.to_owned()));
        }
        if let Some(date) = members.get("date") {
            return self.text(date, "a date").and_then(Span::date).map(Expression::Moment);
        }
        if let Some(timestamp) = members.get("timestamp") {
            return self
                .text(timestamp, "a timestamp")
                .and_then(Span::timestamp)
                .map(Expression::Moment);
        }
        if let Some(interval) = members.get("interval") {
            let ends = interval
                .as_array()
                .map(|ends| self.each(ends, ".interval"))
                .transpose()?
                .unwrap_or_default();
            let ends = <[Expression; 2]>::try_from(ends)
                .map_err(|ends| self.wrong(format!("an interval has 2 ends, not {}", ends.len())))?;
            return Ok(Expression::Interval(Box::new(ends)));
        }
        if let Some(numbers) = members.get("bbox") {
            let numbers: Option<Vec<f64>> = numbers
                .as_array()
                .and_then(|numbers| numbers.iter().map(Value::as_f64).collect());
            return Expression::of_box(&numbers.ok_or_else(|| self.wrong("a bbox is an array of numbers"))?);
        }
        if members.contains_key("type") {
            return self.geometry(members).map(Expression::Geometry);
        }
        Err(self.wrong("expected a member op, property, date, timestamp, interval, bbox or type"))
    }

    fn text<'a>(&self, value: &'a Value, what: &str) -> Result<&'a str, Error> {
        value.as_str().ok_or_else(|| self.wrong(format!("{what} is a text")))
    }

    fn operation(&self, op: &Value, args: Option<&Value>) -> Result<Expression, Error> {
        let name = self.text(op, "op")?;
        let Some(operator) = Operator::op(name) else {
            return Err(Error::UnknownFunction {
                name: shown(name),
                known: Operator::functions(),
            });
        };
        let args = args
            .and_then(Value::as_array)
            .ok_or_else(|| self.wrong(format!("'{name}' has no array args")))?;
        let operands = self.each(args, ".args")?;
        match (operator, operands.as_slice()) {
            (Operator::In, [_, list]) if !matches!(list, Expression::List(_)) => {
                Err(self.wrong("the second operand of in is an array"))
            }
            _ => Expression::call(operator, operands).map_err(|error| match error {
                Error::Type(reason) => self.wrong(reason),
                other => other,
            }),
        }
    }

    /// GeoJSON, but no collection in a collection.
    fn geometry(&self, members: &Map<String, Value>) -> Result<geo::Geometry<f64>, Error> {
        let collection = |value: &Value| value.get("type").and_then(Value::as_str) == Some("GeometryCollection");
        if members
            .get("geometries")
            .and_then(Value::as_array)
            .is_some_and(|inner| inner.iter().any(collection))
        {
            return Err(Error::Geometry(
                "a GeometryCollection cannot hold another one".to_owned(),
            ));
        }
        if !members.get("coordinates").is_none_or(holds_positions) {
            return Err(self.wrong("a position has at least two numbers"));
        }
        let geometry: geojson::Geometry =
            serde_json::from_value(Value::Object(members.clone())).map_err(|error| self.wrong(error.to_string()))?;
        geo::Geometry::try_from(geometry).map_err(|error| self.wrong(error.to_string()))
    }
}

/// Whether the innermost arrays hold two numbers or more.
fn holds_positions(coordinates: &Value) -> bool {
    match coordinates.as_array() {
        Some(items) if items.iter().any(Value::is_array) => items.iter().all(holds_positions),
        Some(items) => items.len() >= 2,
        None => false,
    }
}

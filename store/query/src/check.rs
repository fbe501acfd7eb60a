//! Names and types: an expression becomes a [`Node`] over these queryables, or an error that says which operands do not go together.
//!
//! A text literal beside a time is read as a time (RFC 3339), so that clients that know no `TIMESTAMP('…')` can ask for times.

mod temporal;
mod value;

use crate::Error;
use crate::expression::{Comparison, Expression, Operator};
use crate::node::{Node, Value};
use crate::queryable::{Kind, Queryable, find};
use crate::spatial::{Literal, Question};
use value::Operand;

/// What a filter is checked against, and the geometries it was found to ask for.
pub(crate) struct Check<'a> {
    queryables: &'a [Queryable],
    to_crs84: &'a dyn Fn(f64, f64) -> Option<(f64, f64)>,
    pub(crate) questions: Vec<Question>,
    /// The property whose geometry is asked for.
    pub(crate) geometry: Option<Queryable>,
}

impl<'a> Check<'a> {
    pub(crate) fn against(queryables: &'a [Queryable], to_crs84: &'a dyn Fn(f64, f64) -> Option<(f64, f64)>) -> Self {
        Self {
            queryables,
            to_crs84,
            questions: Vec::new(),
            geometry: None,
        }
    }

    /// An expression that has to be true or false.
    pub(crate) fn node(&mut self, expression: Expression) -> Result<Node, Error> {
        match expression {
            Expression::Boolean(boolean) => Ok(Node::Constant(boolean)),
            Expression::Property(name) => {
                let queryable = find(&name, self.queryables)?;
                match queryable.kind {
                    Kind::Boolean => Ok(Node::Flag(queryable)),
                    kind => Err(Error::Type(format!(
                        "the property '{name}' is {}: it has to be compared with something",
                        kind.words()
                    ))),
                }
            }
            Expression::Call(operator, operands) => self.call(operator, operands),
            other => Err(Error::Type(format!(
                "{} is no condition: it has to be compared with something",
                value::shown(&other)
            ))),
        }
    }

    fn nodes(&mut self, expressions: Vec<Expression>) -> Result<Vec<Node>, Error> {
        expressions
            .into_iter()
            .map(|expression| self.node(expression))
            .collect()
    }

    fn call(&mut self, operator: Operator, operands: Vec<Expression>) -> Result<Node, Error> {
        match operator {
            Operator::And => self.nodes(operands).map(Node::All),
            Operator::Or => self.nodes(operands).map(Node::Any),
            Operator::Not => {
                let [negated] = exactly(operator, operands)?;
                self.node(negated).map(Node::not)
            }
            Operator::Compare(comparison) => {
                let [left, right] = exactly(operator, operands)?;
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                compare(comparison, &left, &right)
            }
            Operator::Between => {
                let [value, low, high] = exactly(operator, operands)?;
                let (value, low, high) = (self.operand(value)?, self.operand(low)?, self.operand(high)?);
                Ok(Node::All(vec![
                    compare(Comparison::GreaterOrEqual, &value, &low)?,
                    compare(Comparison::LessOrEqual, &value, &high)?,
                ]))
            }
            Operator::Like => {
                let [value, pattern] = exactly(operator, operands)?;
                self.like(value, pattern)
            }
            Operator::In => {
                let [value, list] = exactly(operator, operands)?;
                self.one_of(value, list)
            }
            Operator::IsNull => {
                let [value] = exactly(operator, operands)?;
                self.is_null(value)
            }
            Operator::Temporal(relation) => {
                let [left, right] = exactly(operator, operands)?;
                let (left, right) = (self.extent(left)?, self.extent(right)?);
                Ok(temporal::related(relation, &left, &right))
            }
            Operator::Spatial(relation) => {
                let [left, right] = exactly(operator, operands)?;
                let question = Question::of(
                    relation,
                    self.geometry(operator, left)?,
                    self.geometry(operator, right)?,
                )?;
                self.questions.push(question);
                Ok(Node::Spatial(self.questions.len() - 1))
            }
            Operator::Fold(_) | Operator::Arithmetic(_) => Err(Error::Type(format!(
                "the result of {} is no condition: it has to be compared with something",
                operator.name()
            ))),
        }
    }

    fn like(&mut self, value: Expression, pattern: Expression) -> Result<Node, Error> {
        let (value, pattern) = (self.operand(value)?, self.operand(pattern)?);
        let Operand::Text(value) = value else {
            return Err(Error::Type(format!(
                "LIKE compares texts, and {} is none",
                value.shown()
            )));
        };
        match pattern {
            Operand::Text(pattern) => match value::constant(&pattern) {
                Some(pattern) => Ok(Node::Like(value, pattern)),
                None => Err(Error::Type("the pattern of LIKE is a text in quotes".to_owned())),
            },
            other => Err(Error::Type(format!(
                "the pattern of LIKE is a text, and {} is none",
                other.shown()
            ))),
        }
    }

    fn one_of(&mut self, value: Expression, list: Expression) -> Result<Node, Error> {
        let Expression::List(list) = list else {
            return Err(Error::Type(format!(
                "IN takes a list in brackets, not {}",
                value::shown(&list)
            )));
        };
        let value = self.operand(value)?;
        let mut equals = Vec::with_capacity(list.len());
        for item in list {
            let item = self.operand(item)?;
            equals.push(compare(Comparison::Equal, &value, &item)?);
        }
        Ok(in_list(equals))
    }

    fn is_null(&mut self, value: Expression) -> Result<Node, Error> {
        if let Expression::Property(name) = &value
            && find(name, self.queryables)?.kind == Kind::Geometry
        {
            // Every feature lies somewhere.
            return Ok(Node::Constant(false));
        }
        match self.operand(value)? {
            Operand::Text(value) | Operand::Numeric(value) | Operand::Boolean(value) => Ok(Node::IsNull(value)),
            Operand::Time(extent) => Ok(extent
                .instant()
                .map_or(Node::Constant(false), |value| Node::IsNull(value.clone()))),
        }
    }

    /// An operand of a spatial function: the feature's geometry, or a literal in CRS84.
    fn geometry(&mut self, operator: Operator, expression: Expression) -> Result<Option<Literal>, Error> {
        match expression {
            Expression::Property(name) => {
                let queryable = find(&name, self.queryables)?;
                if queryable.kind != Kind::Geometry {
                    let kind = queryable.kind.words();
                    return Err(Error::Type(format!(
                        "{} compares geometries, and the property '{name}' is {kind}",
                        operator.name()
                    )));
                }
                self.geometry = Some(queryable);
                Ok(None)
            }
            Expression::Geometry(geometry) => Literal::geometry(geometry, self.to_crs84).map(Some),
            Expression::Box(sides) => Literal::bbox(sides, self.to_crs84).map(Some),
            other => Err(Error::Type(format!(
                "{} compares geometries, and {} is none",
                operator.name(),
                value::shown(&other)
            ))),
        }
    }
}

/// Two operands of one type.
fn compare(comparison: Comparison, left: &Operand, right: &Operand) -> Result<Node, Error> {
    match (left, right) {
        (Operand::Text(left), Operand::Text(right)) => Ok(Node::compare(comparison, left.clone(), right.clone())),
        (Operand::Numeric(left), Operand::Numeric(right)) => Ok(Node::compare(comparison, left.clone(), right.clone())),
        (Operand::Boolean(left), Operand::Boolean(right)) => Ok(Node::compare(comparison, left.clone(), right.clone())),
        (Operand::Time(left), Operand::Time(right)) => Ok(temporal::compared(comparison, left, right)),
        (Operand::Time(left), Operand::Text(Value::Text(text))) => {
            Ok(temporal::compared(comparison, left, &temporal::Extent::read(text)?))
        }
        (Operand::Text(Value::Text(text)), Operand::Time(right)) => {
            Ok(temporal::compared(comparison, &temporal::Extent::read(text)?, right))
        }
        _ => Err(Error::Type(format!(
            "{} cannot be compared with {}",
            left.shown(),
            right.shown()
        ))),
    }
}

/// Equality with several literals of one property is one look-up.
fn in_list(equals: Vec<Node>) -> Node {
    let mut subject: Option<Value> = None;
    let mut list = Vec::with_capacity(equals.len());
    for node in &equals {
        match node {
            Node::Compare(Comparison::Equal, value, literal)
                if value::is_literal(literal) && subject.as_ref().is_none_or(|subject| subject == value) =>
            {
                subject = Some(value.clone());
                list.push(literal.clone());
            }
            _ => return Node::Any(equals),
        }
    }
    match subject {
        Some(subject) => Node::In(subject, list),
        None => Node::Any(equals),
    }
}

fn exactly<const N: usize>(operator: Operator, operands: Vec<Expression>) -> Result<[Expression; N], Error> {
    <[Expression; N]>::try_from(operands).map_err(|operands| {
        Error::Type(format!(
            "{} takes {N} operands, not {}",
            operator.name(),
            operands.len()
        ))
    })
}

//! Operands of comparisons by their type: texts, numbers, booleans, times.

use super::Check;
use super::temporal::Extent;
use crate::Error;
use crate::expression::{Expression, Fold, Operator};
use crate::fold::folded;
use crate::moment;
use crate::node::Value;
use crate::queryable::{Kind, find};

/// An operand and its type.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Text(Value),
    /// Integers and numbers go together.
    Numeric(Value),
    Boolean(Value),
    Time(Extent),
}

impl Check<'_> {
    /// An expression that has to be a value.
    pub(super) fn operand(&self, expression: Expression) -> Result<Operand, Error> {
        match expression {
            Expression::Text(text) => Ok(Operand::Text(Value::Text(text))),
            Expression::Integer(integer) => Ok(Operand::Numeric(Value::Integer(integer))),
            Expression::Number(number) => Ok(Operand::Numeric(Value::Number(number))),
            Expression::Boolean(boolean) => Ok(Operand::Boolean(Value::Boolean(boolean))),
            Expression::Moment(span) => Ok(Operand::Time(Extent::span(span))),
            Expression::Property(name) => {
                let queryable = find(&name, self.queryables)?;
                let value = Value::Property(queryable);
                match queryable.kind {
                    Kind::Text => Ok(Operand::Text(value)),
                    Kind::Integer | Kind::Number => Ok(Operand::Numeric(value)),
                    Kind::Boolean => Ok(Operand::Boolean(value)),
                    Kind::Time => Ok(Operand::Time(Extent::at(value))),
                    Kind::Geometry => Err(Error::Type(format!(
                        "the property '{name}' is a geometry: ask with S_INTERSECTS and its like"
                    ))),
                }
            }
            Expression::Call(Operator::Fold(fold), operands) => self.fold(fold, operands),
            Expression::Call(operator @ Operator::Arithmetic(arithmetic), operands) => {
                let [left, right] = super::exactly(operator, operands)?;
                let operands = [self.numeric(operator, left)?, self.numeric(operator, right)?];
                Ok(Operand::Numeric(Value::Arithmetic(arithmetic, Box::new(operands))))
            }
            other => Err(Error::Type(format!(
                "{} is no value that could be compared",
                shown(&other)
            ))),
        }
    }

    fn numeric(&self, operator: Operator, expression: Expression) -> Result<Value, Error> {
        match self.operand(expression)? {
            Operand::Numeric(value) => Ok(value),
            other => Err(Error::Type(format!(
                "'{}' computes with numbers, and {} is none",
                operator.name(),
                other.shown()
            ))),
        }
    }

    fn fold(&self, fold: Fold, operands: Vec<Expression>) -> Result<Operand, Error> {
        let [text] = super::exactly(Operator::Fold(fold), operands)?;
        match self.operand(text)? {
            Operand::Text(Value::Text(text)) => Ok(Operand::Text(Value::Text(folded(fold, &text)))),
            Operand::Text(value) => Ok(Operand::Text(Value::Fold(fold, Box::new(value)))),
            other => Err(Error::Type(format!(
                "{} takes a text, and {} is none",
                Operator::Fold(fold).name(),
                other.shown()
            ))),
        }
    }
}

/// The text that a value is for every feature.
pub(super) fn constant(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Whether it is the same for every feature, as it stands.
pub(super) const fn is_literal(value: &Value) -> bool {
    matches!(
        value,
        Value::Text(_) | Value::Integer(_) | Value::Number(_) | Value::Boolean(_) | Value::Time(_)
    )
}

impl Operand {
    /// For messages: what it is, and which.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(value) | Self::Numeric(value) | Self::Boolean(value) => shown_value(value),
            Self::Time(extent) => extent.instant().map_or_else(|| "a date".to_owned(), shown_value),
        }
    }
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::Property(queryable) => format!("the property '{}', {},", queryable.name, queryable.kind.words()),
        Value::Text(text) => format!("the text '{}'", moment::shown(text)),
        Value::Integer(integer) => format!("the number {integer}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Boolean(boolean) => format!("the boolean {boolean}"),
        Value::Time(_) => "a time".to_owned(),
        Value::Fold(fold, _) => format!("the text of {}", Operator::Fold(*fold).name()),
        Value::Arithmetic(..) => "a computed number".to_owned(),
    }
}

/// For messages.
pub(super) fn shown(expression: &Expression) -> String {
    match expression {
        Expression::Property(name) => format!("the property '{}'", moment::shown(name)),
        Expression::Text(text) => format!("the text '{}'", moment::shown(text)),
        Expression::Integer(integer) => format!("the number {integer}"),
        Expression::Number(number) => format!("the number {number}"),
        Expression::Boolean(boolean) => format!("the boolean {boolean}"),
        Expression::Moment(_) => "a time".to_owned(),
        Expression::Interval(_) => "an interval".to_owned(),
        Expression::Geometry(_) | Expression::Box(_) => "a geometry".to_owned(),
        Expression::List(_) => "a list".to_owned(),
        Expression::Call(operator, _) => format!("the result of {}", operator.name()),
    }
}

//! A filter whose types were checked: names are properties, times are instants, and every geometry is one of a list.

use crate::expression::{Arithmetic, Comparison, Fold};
use crate::queryable::Queryable;

/// What is true, false or unknown of a feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Constant(bool),
    /// A boolean property that stands alone.
    Flag(Queryable),
    /// All of these, at least one.
    All(Vec<Node>),
    /// One of these, at least one is there.
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Comparison, Value, Value),
    Like(Value, String),
    /// Equal to one of these literals, all of them of the value's type.
    In(Value, Vec<Value>),
    IsNull(Value),
    /// The relation of this number in the filter's list.
    Spatial(usize),
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Property(Queryable),
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// Microseconds since 1970, UTC.
    Time(i64),
    Fold(Fold, Box<Value>),
    /// Whatever it is made of, the result is a number; what has none (a division by zero) is null.
    Arithmetic(Arithmetic, Box<[Value; 2]>),
}

impl Node {
    /// A comparison of instants and the like, for short.
    pub(crate) const fn compare(comparison: Comparison, left: Value, right: Value) -> Self {
        Self::Compare(comparison, left, right)
    }

    pub(crate) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// What has to hold, side by side.
    pub(crate) fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::All(nodes) => nodes.into_iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }

    /// Whether it asks for geometries.
    pub(crate) fn is_spatial(&self) -> bool {
        match self {
            Self::Spatial(_) => true,
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::is_spatial),
            Self::Not(node) => node.is_spatial(),
            _ => false,
        }
    }

    /// Calls for each value that stands in it.
    pub(crate) fn properties(&self, found: &mut impl FnMut(Queryable)) {
        match self {
            Self::Constant(_) | Self::Spatial(_) => {}
            Self::Flag(queryable) => found(*queryable),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.properties(found)),
            Self::Not(node) => node.properties(found),
            Self::Compare(_, left, right) => {
                left.properties(found);
                right.properties(found);
            }
            Self::Like(value, _) | Self::IsNull(value) | Self::In(value, _) => value.properties(found),
        }
    }
}

impl Value {
    fn properties(&self, found: &mut impl FnMut(Queryable)) {
        match self {
            Self::Property(queryable) => found(*queryable),
            Self::Fold(_, value) => value.properties(found),
            Self::Arithmetic(_, operands) => operands.iter().for_each(|operand| operand.properties(found)),
            Self::Text(_) | Self::Integer(_) | Self::Number(_) | Self::Boolean(_) | Self::Time(_) => {}
        }
    }
}

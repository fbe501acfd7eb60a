//! Times of filters: every relation of intervals (OGC 21-065r2, 7.8) is a condition on the four ends, both ends belong to an interval,
//! an instant is an interval whose ends are one, and `'..'` is an end that nothing passes.
//!
//! A date is the interval of its day. Beside `=`, `<` and the like an instant equals a date on which it lies.

use super::Check;
use super::value::{Operand, is_literal};
use crate::Error;
use crate::expression::{Comparison, Expression, Temporal};
use crate::moment::Span;
use crate::node::{Node, Value};

/// From one end to the other.
#[derive(Debug, Clone)]
pub(super) struct Extent {
    first: End,
    last: End,
}

/// One end of an interval.
#[derive(Debug, Clone, PartialEq)]
enum End {
    /// `'..'` as the first.
    Ever,
    At(Value),
    /// `'..'` as the last.
    Never,
}

impl Extent {
    pub(super) fn at(value: Value) -> Self {
        Self {
            first: End::At(value.clone()),
            last: End::At(value),
        }
    }

    pub(super) fn span(span: Span) -> Self {
        Self {
            first: End::At(Value::Time(span.first_us)),
            last: End::At(Value::Time(span.last_us)),
        }
    }

    /// A date or a timestamp that stands as a plain text.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        Span::either(text).map(Self::span)
    }

    /// The one instant that it is, if it is one.
    pub(super) fn instant(&self) -> Option<&Value> {
        match (&self.first, &self.last) {
            (End::At(first), End::At(last)) if first == last => Some(first),
            _ => None,
        }
    }
}

impl Check<'_> {
    /// An operand of a temporal function.
    pub(super) fn extent(&self, expression: Expression) -> Result<Extent, Error> {
        match expression {
            Expression::Interval(ends) => {
                let [first, last] = *ends;
                let extent = Extent {
                    first: self.first(first)?,
                    last: self.last(last)?,
                };
                match (&extent.first, &extent.last) {
                    (End::At(Value::Time(first)), End::At(Value::Time(last))) if first > last => {
                        Err(Error::Type("an interval ends before it begins".to_owned()))
                    }
                    _ => Ok(extent),
                }
            }
            Expression::Text(text) => Extent::read(&text),
            other => match self.operand(other)? {
                Operand::Time(extent) => Ok(extent),
                other => Err(Error::Type(format!(
                    "temporal functions compare times, and {} is none",
                    other.shown()
                ))),
            },
        }
    }

    fn first(&self, end: Expression) -> Result<End, Error> {
        match end {
            Expression::Text(text) if text == ".." => Ok(End::Ever),
            other => self.end(other).map(|extent| extent.first),
        }
    }

    fn last(&self, end: Expression) -> Result<End, Error> {
        match end {
            Expression::Text(text) if text == ".." => Ok(End::Never),
            other => self.end(other).map(|extent| extent.last),
        }
    }

    fn end(&self, end: Expression) -> Result<Extent, Error> {
        match end {
            Expression::Interval(_) => Err(Error::Type("an interval cannot be an end of another one".to_owned())),
            other => self.extent(other),
        }
    }
}

/// `=`, `<` and the like.
pub(super) fn compared(comparison: Comparison, left: &Extent, right: &Extent) -> Node {
    if let (Some(left), Some(right)) = (left.instant(), right.instant()) {
        // A literal stands right: look-ups and bounds then find it in one place.
        return if is_literal(left) && !is_literal(right) {
            Node::compare(comparison.turned(), right.clone(), left.clone())
        } else {
            Node::compare(comparison, left.clone(), right.clone())
        };
    }
    match comparison {
        Comparison::Equal => intersects(left, right),
        Comparison::NotEqual => intersects(left, right).not(),
        Comparison::Less => before(&left.last, &right.first),
        Comparison::LessOrEqual => not_after(&left.first, &right.last),
        Comparison::Greater => before(&right.last, &left.first),
        Comparison::GreaterOrEqual => not_after(&right.first, &left.last),
    }
}

/// What a relation says of the ends.
pub(super) fn related(relation: Temporal, a: &Extent, b: &Extent) -> Node {
    match relation {
        Temporal::After => before(&b.last, &a.first),
        Temporal::Before => before(&a.last, &b.first),
        Temporal::Disjoint => Node::Any(vec![before(&a.last, &b.first), before(&b.last, &a.first)]),
        Temporal::Equals => Node::All(vec![same(&a.first, &b.first), same(&a.last, &b.last)]),
        Temporal::Intersects => intersects(a, b),
        Temporal::Contains => related(Temporal::During, b, a),
        Temporal::During => Node::All(vec![before(&b.first, &a.first), before(&a.last, &b.last)]),
        Temporal::FinishedBy => related(Temporal::Finishes, b, a),
        Temporal::Finishes => Node::All(vec![before(&b.first, &a.first), same(&a.last, &b.last)]),
        Temporal::Meets => same(&a.last, &b.first),
        Temporal::MetBy => same(&b.last, &a.first),
        Temporal::OverlappedBy => related(Temporal::Overlaps, b, a),
        Temporal::Overlaps => Node::All(vec![
            before(&a.first, &b.first),
            before(&b.first, &a.last),
            before(&a.last, &b.last),
        ]),
        Temporal::StartedBy => related(Temporal::Starts, b, a),
        Temporal::Starts => Node::All(vec![same(&a.first, &b.first), before(&a.last, &b.last)]),
    }
}

fn intersects(a: &Extent, b: &Extent) -> Node {
    Node::All(vec![not_after(&a.first, &b.last), not_after(&b.first, &a.last)])
}

fn before(a: &End, b: &End) -> Node {
    ordered(Comparison::Less, a, b)
}

fn not_after(a: &End, b: &End) -> Node {
    ordered(Comparison::LessOrEqual, a, b)
}

fn same(a: &End, b: &End) -> Node {
    ordered(Comparison::Equal, a, b)
}

/// An open end lies before or after every instant, and together with another open end on the same side.
fn ordered(comparison: Comparison, a: &End, b: &End) -> Node {
    let rank = |end: &End| match end {
        End::Ever => 0,
        End::At(_) => 1,
        End::Never => 2,
    };
    let holds = match comparison {
        Comparison::Equal => rank(a) == rank(b),
        Comparison::NotEqual => rank(a) != rank(b),
        Comparison::Less => rank(a) < rank(b),
        Comparison::LessOrEqual => rank(a) <= rank(b),
        Comparison::Greater => rank(a) > rank(b),
        Comparison::GreaterOrEqual => rank(a) >= rank(b),
    };
    match (a, b) {
        (End::At(a), End::At(b)) => compared(comparison, &Extent::at(a.clone()), &Extent::at(b.clone())),
        (End::At(value), _) | (_, End::At(value)) if !is_literal(value) => {
            // So it is of every instant, and unknown where there is none.
            let always = if holds { Comparison::Equal } else { Comparison::NotEqual };
            Node::compare(always, value.clone(), value.clone())
        }
        _ => Node::Constant(holds),
    }
}

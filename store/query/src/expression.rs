//! A filter as it was written, whichever encoding it came in: CQL2 expressions (OGC 21-065r2, clauses 6 to 8) before anything is
//! known of the properties.

use crate::Error;
use crate::moment::Span;

/// Levels that expressions may stand in one another: a thread with 2 MiB of stack reads, plans and drops them in a debug build.
pub(crate) const MOST_LEVELS: usize = 64;
/// Bytes of a filter that are read.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// An expression of CQL2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Property(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// `DATE('…')` and `TIMESTAMP('…')`.
    Moment(Span),
    /// `INTERVAL(a, b)`.
    Interval(Box<[Expression; 2]>),
    Geometry(geo::Geometry<f64>),
    /// West, south, east, north in CRS84; in the order of its axes in any other reference system.
    Box([f64; 4]),
    List(Vec<Expression>),
    Call(Operator, Vec<Expression>),
}

/// What is done with operands: operators and functions alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Not,
    Compare(Comparison),
    Like,
    Between,
    In,
    IsNull,
    Fold(Fold),
    Arithmetic(Arithmetic),
    Spatial(Relation),
    Temporal(Temporal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What comparisons of text may look past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    Case,
    Accents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Towards zero.
    WholeDivide,
    Modulo,
    Power,
}

/// How geometries lie to each other (OGC 06-103r4, 6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Contains,
    Crosses,
    Disjoint,
    Equals,
    Intersects,
    Overlaps,
    Touches,
    Within,
}

/// How intervals lie to each other (OGC 21-065r2, 7.8; Time Ontology).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporal {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

/// Names of functions in both encodings; they are read whatever their case.
const FUNCTIONS: [(&str, Operator); 25] = [
    ("casei", Operator::Fold(Fold::Case)),
    ("accenti", Operator::Fold(Fold::Accents)),
    ("s_contains", Operator::Spatial(Relation::Contains)),
    ("s_crosses", Operator::Spatial(Relation::Crosses)),
    ("s_disjoint", Operator::Spatial(Relation::Disjoint)),
    ("s_equals", Operator::Spatial(Relation::Equals)),
    ("s_intersects", Operator::Spatial(Relation::Intersects)),
    ("s_overlaps", Operator::Spatial(Relation::Overlaps)),
    ("s_touches", Operator::Spatial(Relation::Touches)),
    ("s_within", Operator::Spatial(Relation::Within)),
    ("t_after", Operator::Temporal(Temporal::After)),
    ("t_before", Operator::Temporal(Temporal::Before)),
    ("t_contains", Operator::Temporal(Temporal::Contains)),
    ("t_disjoint", Operator::Temporal(Temporal::Disjoint)),
    ("t_during", Operator::Temporal(Temporal::During)),
    ("t_equals", Operator::Temporal(Temporal::Equals)),
    ("t_finishedBy", Operator::Temporal(Temporal::FinishedBy)),
    ("t_finishes", Operator::Temporal(Temporal::Finishes)),
    ("t_intersects", Operator::Temporal(Temporal::Intersects)),
    ("t_meets", Operator::Temporal(Temporal::Meets)),
    ("t_metBy", Operator::Temporal(Temporal::MetBy)),
    ("t_overlappedBy", Operator::Temporal(Temporal::OverlappedBy)),
    ("t_overlaps", Operator::Temporal(Temporal::Overlaps)),
    ("t_startedBy", Operator::Temporal(Temporal::StartedBy)),
    ("t_starts", Operator::Temporal(Temporal::Starts)),
];

/// Operators as JSON names them; in text they are signs and keywords of the grammar.
const OPERATORS: [(&str, Operator); 20] = [
    ("and", Operator::And),
    ("or", Operator::Or),
    ("not", Operator::Not),
    ("=", Operator::Compare(Comparison::Equal)),
    ("<>", Operator::Compare(Comparison::NotEqual)),
    ("<", Operator::Compare(Comparison::Less)),
    ("<=", Operator::Compare(Comparison::LessOrEqual)),
    (">", Operator::Compare(Comparison::Greater)),
    (">=", Operator::Compare(Comparison::GreaterOrEqual)),
    ("like", Operator::Like),
    ("between", Operator::Between),
    ("in", Operator::In),
    ("isNull", Operator::IsNull),
    ("+", Operator::Arithmetic(Arithmetic::Add)),
    ("-", Operator::Arithmetic(Arithmetic::Subtract)),
    ("*", Operator::Arithmetic(Arithmetic::Multiply)),
    ("/", Operator::Arithmetic(Arithmetic::Divide)),
    ("div", Operator::Arithmetic(Arithmetic::WholeDivide)),
    ("%", Operator::Arithmetic(Arithmetic::Modulo)),
    ("^", Operator::Arithmetic(Arithmetic::Power)),
];

impl Operator {
    /// The function of a name.
    pub(crate) fn function(name: &str) -> Option<Self> {
        named(&FUNCTIONS, name)
    }

    /// The operator or function that JSON calls `op`.
    pub(crate) fn op(name: &str) -> Option<Self> {
        named(&OPERATORS, name).or_else(|| Self::function(name))
    }

    /// As messages name it.
    pub(crate) fn name(self) -> String {
        let called = |table: &[(&'static str, Self)]| {
            table
                .iter()
                .find(|(_, operator)| *operator == self)
                .map(|(name, _)| *name)
        };
        match called(&FUNCTIONS) {
            Some(name) => name.to_uppercase(),
            None => called(&OPERATORS).unwrap_or("isNull").to_uppercase(),
        }
    }

    /// The functions there are, for messages.
    pub(crate) fn functions() -> String {
        let names: Vec<String> = FUNCTIONS.iter().map(|(name, _)| name.to_uppercase()).collect();
        format!("{}, DATE, TIMESTAMP, INTERVAL, BBOX", names.join(", "))
    }

    /// How many operands it takes.
    pub(crate) const fn takes(self) -> (usize, usize) {
        match self {
            Self::And | Self::Or => (2, usize::MAX),
            Self::Not | Self::IsNull | Self::Fold(_) => (1, 1),
            Self::Between => (3, 3),
            Self::Compare(_) | Self::Like | Self::In | Self::Arithmetic(_) | Self::Spatial(_) | Self::Temporal(_) => {
                (2, 2)
            }
        }
    }
}

fn named(table: &[(&'static str, Operator)], name: &str) -> Option<Operator> {
    table
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, operator)| *operator)
}

impl Comparison {
    /// The same comparison with its operands exchanged.
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

impl Relation {
    /// The same relation with its operands exchanged.
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Contains => Self::Within,
            Self::Within => Self::Contains,
            Self::Crosses | Self::Disjoint | Self::Equals | Self::Intersects | Self::Overlaps | Self::Touches => self,
        }
    }
}

impl Expression {
    /// An operator with as many operands as it takes.
    pub(crate) fn call(operator: Operator, operands: Vec<Self>) -> Result<Self, Error> {
        let (least, most) = operator.takes();
        if (least..=most).contains(&operands.len()) {
            return Ok(Self::Call(operator, operands));
        }
        let takes = if most == usize::MAX {
            format!("{least} or more")
        } else {
            format!("{most}")
        };
        Err(Error::Type(format!(
            "{} takes {takes} operands, not {}",
            operator.name(),
            operands.len()
        )))
    }

    /// A box of four numbers, or of six with heights.
    pub(crate) fn of_box(numbers: &[f64]) -> Result<Self, Error> {
        match *numbers {
            [west, south, east, north] | [west, south, _, east, north, _] => Ok(Self::Box([west, south, east, north])),
            _ => Err(Error::Geometry(format!(
                "BBOX takes 4 or 6 numbers, not {}",
                numbers.len()
            ))),
        }
    }
}

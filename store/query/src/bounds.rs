//! What a filter tells of every match, as far as what has to hold side by side tells it: where to look, and where not.

use std::collections::BTreeMap;

use crate::expression::Comparison;
use crate::node::{Node, Value};
use crate::queryable::Kind;
use crate::spatial::Question;

/// What all matches have in common. What is not told is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bounds {
    /// West, south, east, north; west > east across the antimeridian. The geometry of each match meets it.
    pub(crate) bbox: Option<[f64; 4]>,
    /// First and last microsecond of time properties.
    pub(crate) times: BTreeMap<&'static str, (Option<i64>, Option<i64>)>,
    /// What text properties are equal to.
    pub(crate) texts: BTreeMap<&'static str, String>,
}

impl Bounds {
    pub(crate) fn of(node: &Node, questions: &[Question]) -> Self {
        match node {
            Node::All(nodes) => nodes
                .iter()
                .map(|node| Self::of(node, questions))
                .fold(Self::default(), Self::both),
            Node::Any(nodes) => nodes
                .iter()
                .map(|node| Self::of(node, questions))
                .reduce(Self::either)
                .unwrap_or_default(),
            Node::Compare(comparison, Value::Property(property), literal) => {
                Self::compared(property.name, property.kind, *comparison, literal)
            }
            Node::Compare(comparison, literal, Value::Property(property)) => {
                Self::compared(property.name, property.kind, comparison.turned(), literal)
            }
            Node::In(Value::Property(property), list) => list
                .iter()
                .map(|literal| Self::compared(property.name, property.kind, Comparison::Equal, literal))
                .reduce(Self::either)
                .unwrap_or_default(),
            Node::Spatial(question) => Self {
                bbox: questions.get(*question).and_then(Question::bbox),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn compared(name: &'static str, kind: Kind, comparison: Comparison, literal: &Value) -> Self {
        let mut bounds = Self::default();
        match (kind, literal) {
            (Kind::Text, Value::Text(text)) if comparison == Comparison::Equal => {
                bounds.texts.insert(name, text.clone());
            }
            (Kind::Time, Value::Time(us)) => {
                let interval = match comparison {
                    Comparison::Equal => (Some(*us), Some(*us)),
                    Comparison::Less | Comparison::LessOrEqual => (None, Some(*us)),
                    Comparison::Greater | Comparison::GreaterOrEqual => (Some(*us), None),
                    Comparison::NotEqual => return bounds,
                };
                bounds.times.insert(name, interval);
            }
            _ => {}
        }
        bounds
    }

    /// Where both hold. Of two boxes the smaller: a geometry can meet both, and not where they overlap.
    fn both(self, other: Self) -> Self {
        let bbox = match (self.bbox, other.bbox) {
            (Some(one), Some(other)) if area(other) < area(one) => Some(other),
            (one, other) => one.or(other),
        };
        let mut times = self.times;
        for (name, (first, last)) in other.times {
            let interval = times.entry(name).or_insert((None, None));
            interval.0 = interval.0.max(first);
            interval.1 = match (interval.1, last) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        let mut texts = other.texts;
        texts.extend(self.texts);
        Self { bbox, times, texts }
    }

    /// Where one of them holds.
    fn either(self, other: Self) -> Self {
        let bbox = match (self.bbox, other.bbox) {
            (Some(one), Some(other)) => around(one, other),
            _ => None,
        };
        let mut times = BTreeMap::new();
        for (name, (first, last)) in self.times {
            if let Some((other_first, other_last)) = other.times.get(name) {
                let last = last.zip(*other_last).map(|(one, other)| one.max(other));
                times.insert(name, (first.min(*other_first), last));
            }
        }
        let texts = self
            .texts
            .into_iter()
            .filter(|(name, text)| other.texts.get(name) == Some(text))
            .collect();
        Self { bbox, times, texts }
    }
}

fn width(bbox: [f64; 4]) -> f64 {
    let [west, _, east, _] = bbox;
    if west > east { east + 360.0 - west } else { east - west }
}

fn area(bbox: [f64; 4]) -> f64 {
    width(bbox) * (bbox[3] - bbox[1])
}

/// A box around two, none where one of them crosses the antimeridian: then there is more than one.
fn around(one: [f64; 4], other: [f64; 4]) -> Option<[f64; 4]> {
    let crosses = |bbox: [f64; 4]| bbox[0] > bbox[2];
    (!crosses(one) && !crosses(other)).then(|| {
        [
            one[0].min(other[0]),
            one[1].min(other[1]),
            one[2].max(other[2]),
            one[3].max(other[3]),
        ]
    })
}

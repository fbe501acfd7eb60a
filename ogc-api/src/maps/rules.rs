//! Styles of somebody else's: rules that say which features are drawn and with which symbols.

use driftline_tiles::Symbol;
use serde_json::{Map, Value};

/// Rules in the order in which they are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    /// What legends are headed with.
    pub(crate) title: String,
    /// The rules.
    pub(crate) rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// What legends say of it.
    pub(crate) title: String,
    /// For which features.
    pub(crate) condition: Condition,
    /// Scale denominators from and up to which it holds.
    pub(crate) scales: (Option<f64>, Option<f64>),
    /// What is drawn.
    pub(crate) symbols: Vec<Symbol>,
}

/// For which features a rule is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// All.
    Always,
    /// Those of no rule with a test.
    Else,
    /// Those that pass.
    When(Test),
}

/// A test of a feature's properties.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// A property beside a literal.
    Compare(String, Comparison, String),
    /// Every one.
    And(Vec<Test>),
    /// One of them.
    Or(Vec<Test>),
    /// The opposite.
    Not(Box<Test>),
}

/// How a property stands to a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The same.
    Equal,
    /// Something else.
    NotEqual,
    /// Less.
    Less,
    /// Less or the same.
    LessOrEqual,
    /// More.
    Greater,
    /// More or the same.
    GreaterOrEqual,
}

impl Rules {
    /// What is drawn of a feature at a scale, in order.
    pub(crate) fn symbols_of<'a>(&'a self, properties: &Map<String, Value>, scale: f64) -> Vec<&'a [Symbol]> {
        let holds = |rule: &&Rule| {
            let (least, most) = rule.scales;
            least.is_none_or(|least| scale >= least) && most.is_none_or(|most| scale < most)
        };
        let rules: Vec<&Rule> = self.rules.iter().filter(holds).collect();
        let passes = |rule: &Rule| match &rule.condition {
            Condition::When(test) => Some(test.passes(properties)),
            Condition::Always | Condition::Else => None,
        };
        let is_taken = rules.iter().any(|rule| passes(rule) == Some(true));
        let drawn = rules.iter().filter(|rule| match rule.condition {
            Condition::Always => true,
            Condition::Else => !is_taken,
            Condition::When(_) => passes(rule) == Some(true),
        });
        drawn.map(|rule| rule.symbols.as_slice()).collect()
    }
}

impl Test {
    fn passes(&self, properties: &Map<String, Value>) -> bool {
        match self {
            Self::Compare(name, comparison, literal) => {
                let value = properties.get(name).filter(|value| !value.is_null());
                value.is_some_and(|value| comparison.holds(value, literal))
            }
            Self::And(tests) => tests.iter().all(|test| test.passes(properties)),
            Self::Or(tests) => tests.iter().any(|test| test.passes(properties)),
            Self::Not(test) => !test.passes(properties),
        }
    }
}

impl Comparison {
    /// Numbers are compared as numbers where both sides are, everything else as text.
    fn holds(self, value: &Value, literal: &str) -> bool {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let order = match (text.parse::<f64>(), literal.parse::<f64>()) {
            (Ok(value), Ok(literal)) => value.partial_cmp(&literal),
            _ => Some(text.as_str().cmp(literal)),
        };
        order.is_some_and(|order| match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_take_features_by_their_properties_and_the_scale() {
        let rule = |title: &str, condition, scales| Rule {
            title: title.to_owned(),
            condition,
            scales,
            symbols: vec![Symbol::Fill([title.len() as u8, 0, 0, 255])],
        };
        let level = |literal: &str| Test::Compare("level".to_owned(), Comparison::Equal, literal.to_owned());
        let rules = Rules {
            title: String::new(),
            rules: vec![
                rule("a", Condition::When(level("0.50")), (None, None)),
                rule("bb", Condition::Else, (None, None)),
                rule("ccc", Condition::Always, (Some(1e5), Some(1e6))),
            ],
        };
        let drawn = |properties: Value, scale: f64| {
            let properties = properties.as_object().unwrap().clone();
            let symbols = rules.symbols_of(&properties, scale);
            symbols.iter().map(|symbols| symbols.len()).sum::<usize>()
        };
        assert_eq!(drawn(json!({"level": 0.5}), 1e7), 1);
        assert_eq!(drawn(json!({"level": 0.9}), 5e5), 2);
        assert_eq!(
            drawn(json!({}), 1e7),
            1,
            "what has no such property is of the other rule"
        );
        let not = Test::Not(Box::new(Test::Or(vec![level("x"), level("0.9")])));
        assert!(!not.passes(json!({"level": 0.9}).as_object().unwrap()));
        assert!(Comparison::Less.holds(&json!(9), "10") && Comparison::Greater.holds(&json!("b"), "a"));
    }
}

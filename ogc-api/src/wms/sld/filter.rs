//! Filters of rules (02-059 and 04-095): comparisons of a property with a literal, and their logic.

use crate::maps::{Comparison, Test};
use crate::query::shown;
use crate::wms::xml_tree::Element;

/// The test of a Filter.
pub(super) fn test(filter: &Element) -> Result<Test, String> {
    match &filter.children[..] {
        [one] => condition(one),
        several => Err(format!("a Filter has {} conditions; one is read", several.len())),
    }
}

fn condition(element: &Element) -> Result<Test, String> {
    let all = || -> Result<Vec<Test>, String> { element.children.iter().map(condition).collect() };
    let comparison = match element.name.as_str() {
        "And" => return Ok(Test::And(all()?)),
        "Or" => return Ok(Test::Or(all()?)),
        "Not" => return Ok(Test::Not(Box::new(test(element)?))),
        "PropertyIsEqualTo" => Comparison::Equal,
        "PropertyIsNotEqualTo" => Comparison::NotEqual,
        "PropertyIsLessThan" => Comparison::Less,
        "PropertyIsLessThanOrEqualTo" => Comparison::LessOrEqual,
        "PropertyIsGreaterThan" => Comparison::Greater,
        "PropertyIsGreaterThanOrEqualTo" => Comparison::GreaterOrEqual,
        other => {
            return Err(format!(
                "the filter {} is not offered; there are PropertyIsEqualTo, NotEqualTo, LessThan, LessThanOrEqualTo, \
                 GreaterThan, GreaterThanOrEqualTo, And, Or and Not",
                shown(other)
            ));
        }
    };
    match (element.child_text("PropertyName"), element.child_text("Literal")) {
        (Some(property), Some(literal)) => Ok(Test::Compare(property.to_owned(), comparison, literal.to_owned())),
        _ => Err(format!("{} needs a PropertyName and a Literal", element.name)),
    }
}

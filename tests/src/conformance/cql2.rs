//! CQL2 (OGC 21-065r2), annex A, asked through the filters of collections. The annex takes one or more data sources: here those
//! that are small, since each test evaluates many expressions for every queryable.
//!
//! The tests called `test-data` are for services that publish the annex's own data set, which ours does not; the crate `query`
//! evaluates their predicates.

mod comparison;
mod json;
mod spatial;
mod temporal;

use std::collections::BTreeSet;

use super::asking::ids;
use super::features::{schema, time_property};
use super::{Case, Skipped, Subject};

const SOURCES: [&str; 3] = ["search-areas", "datums", "trajectories"];

pub(super) fn cases() -> Vec<Case> {
    [comparison::cases(), spatial::cases(), temporal::cases(), json::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Tests of declared classes that ask for what the service does not have.
pub(super) fn skipped() -> Vec<Skipped> {
    let classes = [
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
        "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
        "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
        "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
        "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    ];
    let one = |class| Skipped {
        class,
        id: "test-data",
        why: "asks for the annex's own data set; the crate query evaluates its predicates",
    };
    classes.map(one).into()
}

/// The identifiers of what matches, or the status of the refusal.
fn evaluate(subject: &Subject, source: &str, filter: &str) -> Result<BTreeSet<String>, u16> {
    match subject.page_status(source, &[("filter", filter), ("limit", "1")]) {
        200 => Ok(ids(&subject.features(source, &[("filter", filter)]))),
        refused => Err(refused),
    }
}

/// What matches an expression that must be understood.
fn matching(subject: &Subject, source: &str, filter: &str) -> BTreeSet<String> {
    evaluate(subject, source, filter).unwrap_or_else(|status| panic!("{source}: {status} for {filter}"))
}

/// Every feature of a source.
fn everything(subject: &Subject, source: &str) -> BTreeSet<String> {
    ids(&subject.features(source, &[]))
}

/// What a queryable holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Integer,
    Boolean,
    Time,
    Geometry,
}

/// The queryables of a source, from its schema.
fn queryables(subject: &Subject, source: &str) -> Vec<(String, Kind)> {
    let schema = schema(subject, source);
    let kind = |property: &serde_json::Value| match (property["type"].as_str(), property["format"].as_str()) {
        (Some("string"), Some("date-time")) => Kind::Time,
        (Some("string"), _) => Kind::Text,
        (Some("number"), _) => Kind::Number,
        (Some("integer"), _) => Kind::Integer,
        (Some("boolean"), _) => Kind::Boolean,
        (None, Some(format)) if format.starts_with("geometry-") => Kind::Geometry,
        other => panic!("{source}: a queryable of {other:?}"),
    };
    let properties = schema["properties"].as_object().unwrap();
    properties
        .iter()
        .map(|(name, property)| (name.clone(), kind(property)))
        .collect()
}

/// Queryables of one kind in every source.
fn of_kind(subject: &Subject, wanted: &[Kind]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for source in SOURCES {
        let named = queryables(subject, source).into_iter();
        let named = named.filter(|(_, kind)| wanted.contains(kind));
        found.extend(named.map(|(name, _)| (source, name)));
    }
    found
}

/// Two expressions of a source, each of which some features match and some do not, combined by AND, OR and NOT; the results
/// are what set algebra says.
fn logical(subject: &Subject, source: &str, [a, b]: [&str; 2]) {
    let every = everything(subject, source);
    let (in_a, in_b) = (matching(subject, source, a), matching(subject, source, b));
    for one in [&in_a, &in_b] {
        assert!(!one.is_empty() && one.len() < every.len(), "{source}: {a}, {b}");
    }
    let minus = |from: &BTreeSet<String>, what: &BTreeSet<String>| from - what;
    let expected = [
        (format!("({a}) AND ({b})"), &in_a & &in_b),
        (format!("({a}) OR ({b})"), &in_a | &in_b),
        (format!("NOT ({a})"), minus(&every, &in_a)),
        (format!("({a}) AND NOT ({b})"), minus(&in_a, &in_b)),
        (format!("NOT (({a}) OR ({b}))"), minus(&every, &(&in_a | &in_b))),
        (format!("({a}) or ({b}) and not ({a})"), &in_a | &minus(&in_b, &in_a)),
    ];
    for (filter, ids) in expected {
        assert_eq!(matching(subject, source, &filter), ids, "{source}: {filter}");
    }
}

/// An expression that is true of the features that are valid before this time, for [`logical`].
fn before(source: &str, time: &str) -> String {
    format!("{} < TIMESTAMP('{time}')", time_property(source))
}

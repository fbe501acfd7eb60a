//! OGC API Features: Part 1 (17-069r4, annex A), Part 2 (18-058r1), Part 3 (19-079r2) and Part 8 (24-030, a draft).

mod crs;
mod description;
mod encodings;
mod filter;
mod items;
mod parameters;
mod sorting;

use super::{Case, Subject};

pub(super) use filter::{schema, time_property};

pub(super) fn cases() -> Vec<Case> {
    [
        description::cases(),
        items::cases(),
        parameters::cases(),
        encodings::cases(),
        crs::cases(),
        filter::cases(),
        sorting::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A class of Part 1.
fn core_case(id: &'static str, check: fn(&Subject)) -> Case {
    Case {
        class: "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
        id,
        check,
    }
}

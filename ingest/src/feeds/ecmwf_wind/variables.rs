//! What is taken, and who is credited.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::{Field, Wanted};
use crate::feeds::cycle;
use crate::feeds::places::Places;

pub(super) const ATTRIBUTION: &str =
    "Contains modified data of the European Centre for Medium-Range Weather Forecasts (www.ecmwf.int), CC BY 4.0";
pub(super) const LICENCE: &str = "CC BY 4.0";

/// As indexes name them.
pub(super) const WANTED: [Wanted; 2] = [
    Wanted {
        parameter: "10u",
        level: "sfc",
    },
    Wanted {
        parameter: "10v",
        level: "sfc",
    },
];

pub(super) fn fields(places: &Places) -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Wind,
        variables: &[["10u", "10v"]],
        composition: Composition::Unstated,
        grid: places.grid(cycle::quarter_degree()),
    }]
}

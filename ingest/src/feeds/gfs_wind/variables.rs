//! What is taken, and who is credited.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::{Field, Wanted};
use crate::feeds::cycle;
use crate::feeds::places::Places;

pub(super) const ATTRIBUTION: &str = "Data: NOAA/NCEP Global Forecast System";

/// As indexes name them.
pub(super) const WANTED: [Wanted; 2] = [
    Wanted {
        parameter: "UGRD",
        level: "10 m above ground",
    },
    Wanted {
        parameter: "VGRD",
        level: "10 m above ground",
    },
];

pub(super) fn fields(places: &Places) -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Wind,
        variables: &[["UGRD", "VGRD"]],
        composition: Composition::Unstated,
        grid: places.grid(cycle::quarter_degree()),
    }]
}

//! What is taken, and who is credited.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::{Field, Wanted};
use crate::feeds::cycle;
use crate::feeds::places::Places;

pub(super) const ATTRIBUTION: &str = "Data: NOAA/NCEP GFS-wave (WAVEWATCH III)";

/// As indexes name them: significant height, and direction of the primary wave (from). The index counts the
/// single swells as `1 in sequence` and so on, so that the level keeps them apart.
pub(super) const WANTED: [Wanted; 2] = [
    Wanted {
        parameter: "HTSGW",
        level: "surface",
    },
    Wanted {
        parameter: "DIRPW",
        level: "surface",
    },
];

pub(super) fn fields(places: &Places) -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Waves,
        variables: &[["HTSGW", "DIRPW"]],
        composition: Composition::Unstated,
        grid: places.grid(cycle::quarter_degree()),
    }]
}

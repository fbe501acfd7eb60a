//! What is taken: components along the grid's axes, which the decoder turns to east and north.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::Field;

/// Nodes of the grid.
pub(super) const NODES: u64 = 949 * 739;

pub(super) fn fields() -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Wind,
        variables: &[["x_wind_10m", "y_wind_10m"]],
        composition: Composition::Unstated,
        grid: None,
    }]
}

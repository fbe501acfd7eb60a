//! What is taken: the current at the surface (depth 0 m).

use driftline_domain::{Composition, ForcingKind};

use crate::feed::Field;

/// Depths in a file.
pub(super) const DEPTHS: u64 = 15;
/// Nodes of the grid.
pub(super) const NODES: u64 = 2747 * 1148;

pub(super) fn fields() -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Current,
        variables: &[["u_eastward", "v_northward"]],
        composition: Composition::EulerianTide,
        grid: None,
    }]
}

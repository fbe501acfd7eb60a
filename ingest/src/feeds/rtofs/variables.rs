//! What is taken, and who is credited.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::Field;

pub(super) const ATTRIBUTION: &str = "Data: NOAA/NCEP Global RTOFS";

pub(super) fn fields() -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Current,
        variables: &[["u_velocity", "v_velocity"]],
        composition: Composition::Eulerian,
        grid: None,
    }]
}

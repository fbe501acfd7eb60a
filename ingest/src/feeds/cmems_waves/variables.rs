//! What is taken.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::Field;
use crate::feeds::marine_store;
use crate::feeds::places::Places;

/// Stokes drift at the surface, east and north in m/s: named here for the decoder that will read it. It is no part of
/// [`fields`] yet, because no kind of forcing holds it.
pub const STOKES_DRIFT: [&str; 2] = ["VSDX", "VSDY"];

pub(super) fn fields(places: &Places) -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Waves,
        variables: &[["VHM0", "VMDR"]],
        composition: Composition::Unstated,
        grid: places.grid(marine_store::twelfth_degree()),
    }]
}

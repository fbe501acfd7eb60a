//! What is taken.

use driftline_domain::{Composition, ForcingKind};

use crate::feed::Field;
use crate::feeds::marine_store;
use crate::feeds::places::Places;

pub(super) fn fields(places: &Places) -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Waves,
        variables: &[["VHM0", "VMDR"]],
        composition: Composition::Unstated,
        grid: places.grid(marine_store::twelfth_degree()),
    }]
}

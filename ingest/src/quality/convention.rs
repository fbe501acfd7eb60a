//! Where vectors point: a field against another one of the same time, or nearly.
//!
//! One field alone does not tell whether it says where from or where to. Two cycles of a model that hold at the same
//! time are alike, so that a field which is its predecessor's mirror image has changed its convention, not the weather.

use driftline_domain::{ValidTime, VectorField};

use super::samples::Products;
use super::summary::MANY;
use super::verdict::{Finding, Verdict};

/// Most nodes that are compared.
const MOST: usize = 200_000;
/// A changed field must be this much like the other one, as vector correlation,
const LIKE: f64 = 0.7;
/// and by so much more than the field as it is.
const MORE_LIKE: f64 = 0.3;
/// Below this correlation two cycles have nothing in common.
const UNLIKE: f64 = 0.2;

/// Holds a field against that of the cycle before at the same time on the same grid.
pub fn compare_with_previous(field: &VectorField, previous: &VectorField, time: ValidTime) -> Verdict {
    let mut verdict = Verdict::default();
    let stride = field.east.len().div_ceil(MOST).max(1);
    let of = |field: &VectorField, node: usize| Some((*field.east.get(node)?, *field.north.get(node)?));
    let mut products = Products::default();
    for node in (0..field.east.len()).step_by(stride) {
        if let (Some(before), Some(now)) = (of(previous, node), of(field, node)) {
            products.add(before, now);
        }
    }
    if products.nodes <= MANY {
        return verdict;
    }
    let (as_it_is, _) = products.correlations();
    if let Some(how) = mistaken(&products) {
        let message = format!(
            "against the cycle before the field at {time} {how}: has its direction convention changed? (correlation {as_it_is:.2})"
        );
        verdict.refuse(Finding::new("direction_convention", Some(time), message));
    } else if as_it_is < UNLIKE {
        let message = format!("the field at {time} is unlike that of the cycle before (correlation {as_it_is:.2})");
        verdict.mark(Finding::new("unlike_previous", Some(time), message));
    }
    verdict
}

/// How the second field would have to be changed to be like the first, if that makes it much more like it.
pub(super) fn mistaken(products: &Products) -> Option<&'static str> {
    let (as_it_is, changed) = products.correlations();
    let (best, how) = changed.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best >= LIKE && best - as_it_is >= MORE_LIKE).then_some(how)
}

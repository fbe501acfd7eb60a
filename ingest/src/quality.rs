//! Checks on every field before anything of a cycle is visible. A hole is never zero and never silent.
//!
//! Plausible range is checked where values are read (`driftline-decode`) and packed (`driftline-store`); here: steps
//! without values, steps with holes that the others do not have, and fields that repeat or stand still.

use driftline_domain::{ForcingKind, VectorField};

/// A step may lack this share of the nodes that the fullest step has; more is a hole in the data. Wave models have no
/// sea where ice covers it, and ice comes and goes within a forecast.
fn tolerated_hole(kind: ForcingKind) -> f64 {
    match kind {
        ForcingKind::Current | ForcingKind::Wind => 0.02,
        ForcingKind::Waves => 0.2,
    }
}

/// Nodes below which values may agree by chance.
const MANY: usize = 16;

/// What one step looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepSummary {
    values: usize,
    zeros: usize,
    /// Nodes whose vector has no eastward part.
    due_north: usize,
    /// Order-dependent digest of the values, to tell whether two steps are the same to the bit.
    digest: u64,
}

/// Looks at one step.
pub(crate) fn summarise(field: &VectorField) -> StepSummary {
    let mut summary = StepSummary {
        values: 0,
        zeros: 0,
        due_north: 0,
        digest: 0xcbf2_9ce4_8422_2325,
    };
    for (east, north) in field.east.iter().zip(&field.north) {
        if east.is_nan() || north.is_nan() {
            continue;
        }
        summary.values += 1;
        summary.zeros += usize::from(*east == 0.0 && *north == 0.0);
        summary.due_north += usize::from(east.abs() <= 1e-6 * north.abs());
        // FNV-1a, 64 bits.
        for bits in [east.to_bits(), north.to_bits()] {
            summary.digest = (summary.digest ^ u64::from(bits)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    summary
}

/// The first thing that is wrong with a series, in words; `name` tells a step.
pub(crate) fn objection(kind: ForcingKind, steps: &[StepSummary], name: impl Fn(usize) -> String) -> Option<String> {
    let fullest = steps.iter().map(|step| step.values).max().unwrap_or(0);
    for (index, step) in steps.iter().enumerate() {
        if step.values == 0 {
            return Some(format!("{} has no value at all", name(index)));
        }
        let lacking = (fullest - step.values) as f64 / fullest as f64;
        if lacking > tolerated_hole(kind) {
            let percent = lacking * 100.0;
            return Some(format!(
                "{} lacks {percent:.1} % of the nodes that other steps have",
                name(index)
            ));
        }
        // Water and air that stand still to the last bit everywhere are a fill value in disguise.
        if step.zeros == step.values && step.values > MANY {
            return Some(format!("{} is zero everywhere", name(index)));
        }
        // So are directions that are 0 or 180 degrees everywhere.
        if kind == ForcingKind::Waves && step.due_north == step.values && step.values > MANY {
            return Some(format!(
                "{} has the same direction, due north or south, everywhere",
                name(index)
            ));
        }
    }
    let stuck = steps
        .windows(2)
        .position(|pair| pair[0] == pair[1] && pair[0].values > MANY)?;
    Some(format!("{} repeats {} to the last bit", name(stuck + 1), name(stuck)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(values: impl Iterator<Item = f32>) -> VectorField {
        let east: Vec<f32> = values.collect();
        VectorField {
            north: east.iter().map(|v| v * 2.0).collect(),
            east,
        }
    }

    fn verdict_of(kind: ForcingKind, fields: &[VectorField]) -> Option<String> {
        let steps: Vec<_> = fields.iter().map(summarise).collect();
        objection(kind, &steps, |step| format!("step {step}"))
    }

    fn verdict(fields: &[VectorField]) -> Option<String> {
        verdict_of(ForcingKind::Current, fields)
    }

    fn sound(step: usize) -> VectorField {
        field((0..100).map(move |node| {
            if node < 20 {
                f32::NAN
            } else {
                (node + step) as f32 * 0.01
            }
        }))
    }

    #[test]
    fn sound_fields_pass_and_each_fault_is_named() {
        assert_eq!(verdict(&[sound(0), sound(1), sound(2)]), None);
        let empty = field((0..100).map(|_| f32::NAN));
        assert_eq!(verdict(&[sound(0), empty]).unwrap(), "step 1 has no value at all");
        let hole = field((0..100).map(|node| if node < 30 { f32::NAN } else { node as f32 }));
        assert!(verdict(&[sound(0), hole]).unwrap().starts_with("step 1 lacks 12.5 %"));
        let still = field((0..100).map(|node| if node < 20 { f32::NAN } else { 0.0 }));
        assert_eq!(verdict(&[sound(0), still]).unwrap(), "step 1 is zero everywhere");
        assert_eq!(
            verdict(&[sound(0), sound(1), sound(1)]).unwrap(),
            "step 2 repeats step 1 to the last bit"
        );
    }

    #[test]
    fn waves_may_lack_nodes_under_ice_and_must_have_directions() {
        let waves = |fields: &[VectorField]| verdict_of(ForcingKind::Waves, fields);
        let under_ice = |nodes: usize| {
            let sound = sound(1);
            let hide = |(node, value): (usize, &f32)| if node < 20 + nodes { f32::NAN } else { *value };
            VectorField {
                east: sound.east.iter().enumerate().map(hide).collect(),
                north: sound.north.iter().enumerate().map(hide).collect(),
            }
        };
        assert_eq!(waves(&[sound(0), under_ice(8)]), None);
        assert!(verdict(&[sound(0), under_ice(8)]).is_some());
        assert!(
            waves(&[sound(0), under_ice(40)])
                .unwrap()
                .starts_with("step 1 lacks 50.0 %")
        );
        let mut northward = sound(0);
        northward.east.iter_mut().for_each(|east| *east *= 0.0);
        assert!(
            waves(std::slice::from_ref(&northward))
                .unwrap()
                .contains("due north or south")
        );
        assert_eq!(verdict(&[northward]), None, "a current may run along a meridian");
    }
}

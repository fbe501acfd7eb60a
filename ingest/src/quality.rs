//! Checks on every field before anything of a cycle is visible. A hole is never zero and never silent.
//!
//! Plausible range is checked where values are packed (`driftline-store`); here: steps without values, steps with
//! holes that the others do not have, and fields that repeat or stand still.

use driftline_domain::VectorField;

/// A step may lack this share of the nodes that the fullest step has; more is a hole in the data.
const TOLERATED_HOLE: f64 = 0.02;

/// What one step looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StepSummary {
    values: usize,
    zeros: usize,
    /// Order-dependent digest of the values, to tell whether two steps are the same to the bit.
    digest: u64,
}

/// Looks at one step.
pub(crate) fn summarise(field: &VectorField) -> StepSummary {
    let mut summary = StepSummary {
        values: 0,
        zeros: 0,
        digest: 0xcbf2_9ce4_8422_2325,
    };
    for (east, north) in field.east.iter().zip(&field.north) {
        if east.is_nan() || north.is_nan() {
            continue;
        }
        summary.values += 1;
        summary.zeros += usize::from(*east == 0.0 && *north == 0.0);
        // FNV-1a, 64 bits.
        for bits in [east.to_bits(), north.to_bits()] {
            summary.digest = (summary.digest ^ u64::from(bits)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    summary
}

/// The first thing that is wrong with a series, in words; `name` tells a step.
pub(crate) fn objection(steps: &[StepSummary], name: impl Fn(usize) -> String) -> Option<String> {
    let fullest = steps.iter().map(|step| step.values).max().unwrap_or(0);
    for (index, step) in steps.iter().enumerate() {
        if step.values == 0 {
            return Some(format!("{} has no value at all", name(index)));
        }
        let lacking = (fullest - step.values) as f64 / fullest as f64;
        if lacking > TOLERATED_HOLE {
            let percent = lacking * 100.0;
            return Some(format!(
                "{} lacks {percent:.1} % of the nodes that other steps have",
                name(index)
            ));
        }
        // Water and air that stand still to the last bit everywhere are a fill value in disguise.
        if step.zeros == step.values && step.values > 16 {
            return Some(format!("{} is zero everywhere", name(index)));
        }
    }
    let stuck = steps
        .windows(2)
        .position(|pair| pair[0] == pair[1] && pair[0].values > 16)?;
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

    fn verdict(fields: &[VectorField]) -> Option<String> {
        let steps: Vec<_> = fields.iter().map(summarise).collect();
        objection(&steps, |step| format!("step {step}"))
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
}

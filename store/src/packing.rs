//! Values as stored: 16-bit integers with a CF scale factor, -32768 for missing (feeds-and-store.md 7.2).

use driftline_domain::{ForcingKind, Variable, VectorField};

use crate::Error;

/// The stored number that means "no value".
pub(crate) const MISSING: i16 = i16::MIN;

/// Packs both components of one step. Values beyond what is plausible are refused, never clipped.
pub(crate) fn pack(kind: ForcingKind, step: usize, field: &VectorField) -> Result<[Vec<i16>; 2], Error> {
    let [east, north] = kind.components();
    Ok([
        pack_component(kind, east, step, &field.east)?,
        pack_component(kind, north, step, &field.north)?,
    ])
}

fn pack_component(kind: ForcingKind, variable: Variable, step: usize, values: &[f32]) -> Result<Vec<i16>, Error> {
    let (per_unit, limit) = (1.0 / kind.packing_step_ms(), kind.max_plausible_ms());
    let pack_one = |(node, &value): (usize, &f32)| {
        if value.is_nan() {
            return Ok(MISSING);
        }
        if value.abs() > limit {
            return Err(Error::Implausible {
                variable: variable.array_name(),
                value,
                step,
                node,
                limit,
            });
        }
        // The plausible range times the steps per unit stays below 32767: 15 m/s at 1 mm/s, 100 m/s at 1 cm/s.
        Ok((f64::from(value) * per_unit).round() as i16)
    };
    values.iter().enumerate().map(pack_one).collect()
}

/// The values of packed numbers, NaN for missing.
pub(crate) fn unpack(kind: ForcingKind, packed: &[i16]) -> Vec<f32> {
    let step = kind.packing_step_ms();
    let unpack_one = |&number: &i16| {
        if number == MISSING {
            f32::NAN
        } else {
            (f64::from(number) * step) as f32
        }
    };
    packed.iter().map(unpack_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_at_most_half_a_step() {
        let values = vec![0.0, -1.2345, 14.9999, f32::NAN, 0.0004];
        let field = VectorField {
            east: values.clone(),
            north: values.clone(),
        };
        let [east, _] = pack(ForcingKind::Current, 0, &field).unwrap();
        for (value, back) in values.iter().zip(unpack(ForcingKind::Current, &east)) {
            assert!(
                value.is_nan() == back.is_nan() && (value.is_nan() || (value - back).abs() <= 0.000_501),
                "{value} {back}"
            );
        }
    }

    #[test]
    fn implausible_values_are_refused_with_their_place() {
        for (kind, value) in [
            (ForcingKind::Current, 15.1),
            (ForcingKind::Wind, -101.0),
            (ForcingKind::Wind, f32::INFINITY),
        ] {
            let field = VectorField {
                east: vec![0.0, value],
                north: vec![0.0, 0.0],
            };
            assert!(matches!(
                pack(kind, 7, &field),
                Err(Error::Implausible { step: 7, node: 1, .. })
            ));
        }
    }
}

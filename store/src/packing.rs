//! Values as stored: 16-bit integers with CF scale factor and offset, -32768 for missing (feeds-and-store.md 7.2).
//!
//! Current and wind are stored as the components that they are in memory. Waves are a vector in memory and height and
//! direction in the store, so that other programs read plain CF; the turn is made here, both ways. What is read back
//! differs by at most half a step in each stored array: 0.5 mm/s, 5 mm/s, 5 mm, 0.005 degrees. A height below 5 mm comes
//! back as 0, and a vector of no length is stored without a direction, for it has none.

use driftline_domain::{ForcingKind, Variable, VectorField};

use crate::Error;

/// The stored number that means "no value".
pub(crate) const MISSING: i16 = i16::MIN;

/// Packs both arrays of one step. Values beyond what is plausible are refused, never clipped.
pub(crate) fn pack(kind: ForcingKind, step: usize, field: &VectorField) -> Result<[Vec<i16>; 2], Error> {
    let [first, second] = kind.components();
    if kind == ForcingKind::Waves {
        let nodes = field.east.iter().zip(&field.north);
        let (heights, directions): (Vec<f32>, Vec<f32>) =
            nodes.map(|(&east, &north)| height_and_direction(east, north)).unzip();
        return Ok([
            pack_array(first, step, &heights)?,
            pack_array(second, step, &directions)?,
        ]);
    }
    Ok([
        pack_array(first, step, &field.east)?,
        pack_array(second, step, &field.north)?,
    ])
}

fn height_and_direction(east: f32, north: f32) -> (f32, f32) {
    if east == 0.0 && north == 0.0 {
        return (0.0, f32::NAN);
    }
    let (height_m, to_deg) = VectorField::wave_height_and_direction(east, north);
    (height_m as f32, to_deg as f32)
}

fn pack_array(variable: Variable, step: usize, values: &[f32]) -> Result<Vec<i16>, Error> {
    let (per_unit, offset) = (1.0 / variable.packing_step(), variable.packing_offset());
    let (low, high) = variable.plausible();
    let mut all_plausible = true;
    let pack_one = |&value: &f32| {
        all_plausible &= value.is_nan() | ((value >= low) & (value <= high));
        let scaled = (f64::from(value) - offset) * per_unit;
        // Half away from zero, without a call per value. What is plausible fits 16 bits: a test of the domain looks at
        // every variable.
        let rounded = (scaled + f64::copysign(0.5, scaled)) as i32 as i16;
        if value.is_nan() { MISSING } else { rounded }
    };
    let packed = values.iter().map(pack_one).collect();
    if all_plausible {
        return Ok(packed);
    }
    let implausible = |value: &f32| !value.is_nan() && !(low..=high).contains(value);
    let found = values.iter().position(implausible).unwrap_or_default();
    Err(Error::Implausible {
        variable: variable.array_name(),
        value: values[found],
        units: variable.units(),
        step,
        node: found,
        low,
        high,
    })
}

/// The field of two packed arrays, NaN for missing.
pub(crate) fn unpack(kind: ForcingKind, packed: [&[i16]; 2]) -> VectorField {
    let [mut east, mut north] = packed.map(|numbers| vec![0.0; numbers.len()]);
    unpack_into(kind, packed, [&mut east, &mut north]);
    VectorField { east, north }
}

/// Like [`unpack`], into components that are as long as the packed arrays.
pub(crate) fn unpack_into(kind: ForcingKind, [first, second]: [&[i16]; 2], [east, north]: [&mut [f32]; 2]) {
    let variables = kind.components();
    if kind == ForcingKind::Waves {
        let nodes = first.iter().zip(second);
        for ((&height, &to), (east, north)) in nodes.zip(east.iter_mut().zip(north)) {
            (*east, *north) = wave_vector(variables, height, to);
        }
        return;
    }
    let component = |variable: Variable, packed: &[i16], values: &mut [f32]| {
        for (&number, into) in packed.iter().zip(values) {
            *into = value(variable, number).map_or(f32::NAN, |value| value as f32);
        }
    };
    component(variables[0], first, east);
    component(variables[1], second, north);
}

fn wave_vector([height, direction]: [Variable; 2], height_number: i16, to_number: i16) -> (f32, f32) {
    match (value(height, height_number), value(direction, to_number)) {
        (Some(0.0), _) => (0.0, 0.0),
        (Some(height_m), Some(to_deg)) => VectorField::wave_vector(height_m, to_deg),
        _ => (f32::NAN, f32::NAN),
    }
}

/// The value of a packed number; `None` for missing.
fn value(variable: Variable, number: i16) -> Option<f64> {
    (number != MISSING).then(|| f64::from(number) * variable.packing_step() + variable.packing_offset())
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
        let [east, north] = pack(ForcingKind::Current, 0, &field).unwrap();
        let back = unpack(ForcingKind::Current, [&east, &north]);
        for (value, back) in values.iter().zip(back.east) {
            assert!(
                value.is_nan() == back.is_nan() && (value.is_nan() || (value - back).abs() <= 0.000_501),
                "{value} {back}"
            );
        }
    }

    #[test]
    fn waves_are_stored_as_height_and_direction() {
        let polar = [
            (0.0, 0.0),
            (0.01, 359.994),
            (2.345, 90.0),
            (12.5, 180.004),
            (29.99, 270.123),
        ];
        let (mut east, mut north): (Vec<f32>, Vec<f32>) = polar
            .iter()
            .map(|&(height_m, to_deg)| VectorField::wave_vector(height_m, to_deg))
            .unzip();
        east.push(f32::NAN);
        north.push(f32::NAN);
        let [heights, directions] = pack(ForcingKind::Waves, 0, &VectorField { east, north }).unwrap();
        assert_eq!(heights, [0, 1, 235, 1250, 2999, MISSING]);
        assert_eq!(directions, [MISSING, 17_999, -9000, 0, 9012, MISSING]);
        let back = unpack(ForcingKind::Waves, [&heights, &directions]);
        for (node, (height_m, to_deg)) in polar.into_iter().enumerate() {
            let (height, to) = VectorField::wave_height_and_direction(back.east[node], back.north[node]);
            assert!((height - height_m).abs() <= 0.005_001, "{height_m} {height}");
            let off = (to - to_deg + 540.0).rem_euclid(360.0) - 180.0;
            assert!(height_m == 0.0 || off.abs() <= 0.0051, "{to_deg} {to}");
        }
        assert!(back.east[5].is_nan() && back.north[5].is_nan());
        // A height without its direction is no vector.
        let torn = unpack(ForcingKind::Waves, [&[250], &[MISSING]]);
        assert!(torn.east[0].is_nan() && torn.north[0].is_nan());
    }

    #[test]
    fn implausible_values_are_refused_with_their_place() {
        for (kind, value) in [
            (ForcingKind::Current, 15.1),
            (ForcingKind::Wind, -101.0),
            (ForcingKind::Wind, f32::INFINITY),
            (ForcingKind::Waves, 30.1),
            (ForcingKind::Waves, f32::INFINITY),
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

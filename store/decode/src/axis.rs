//! One coordinate axis: even spacing found, checked, and cleaned of rounding noise.
//!
//! Providers write coordinates in single precision, often computed by repeated addition or on 0..360, so that 1/12
//! degree reads 10.083336. The spacing is taken from both ends and brought to the nearest simple fraction, but only
//! where that moves no node by more than the noise of single precision.

/// An evenly spaced axis in ascending order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EvenAxis {
    /// Smallest coordinate.
    pub(crate) first: f64,
    /// Distance between nodes, positive.
    pub(crate) step: f64,
    /// Number of nodes.
    pub(crate) len: usize,
    /// Whether the file stores the largest coordinate first.
    pub(crate) descending: bool,
}

/// Largest deviation of a node from its even place, as a share of the spacing.
const MAX_UNEVENNESS: f64 = 0.01;
/// Simple fractions that spacings and origins are brought to: one over each of these.
const DENOMINATORS: [u32; 41] = [
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 30, 32, 36, 40, 48, 50, 60, 64, 80, 100, 120, 125, 128, 150, 200,
    240, 250, 300, 360, 400, 500, 600, 720, 1000, 1200, 2000, 10_000,
];

impl EvenAxis {
    /// Fits an axis in degrees of longitude; a jump of a whole turn between two nodes is no jump.
    pub(crate) fn of_longitudes(stored: &[f64]) -> Result<Self, String> {
        let mut values = stored.to_vec();
        for k in 1..values.len() {
            let turns = libm::rint((values[k] - values[k - 1]) / 360.0);
            if turns.is_finite() {
                values[k] -= 360.0 * turns;
            }
        }
        Self::fit(&values, 360.0)
    }

    /// Fits an axis in degrees of latitude.
    pub(crate) fn of_latitudes(stored: &[f64]) -> Result<Self, String> {
        let axis = Self::fit(stored, 360.0)?;
        let last = axis.first + axis.step * (axis.len - 1) as f64;
        if axis.first < -90.0 - 1e-6 || last > 90.0 + 1e-6 {
            return Err(format!("it runs from {} to {last}, beyond a pole", axis.first));
        }
        Ok(axis)
    }

    /// Fits an axis in metres or kilometres.
    pub(crate) fn of_distances(stored: &[f64]) -> Result<Self, String> {
        Self::fit(stored, 0.0)
    }

    /// An ascending axis of which only the ends are stated, each rounded by up to `noise`.
    pub(crate) fn between(first: f64, last: f64, len: usize, noise: f64) -> Result<Self, String> {
        if len < 2 || !(first.is_finite() && last.is_finite()) || last <= first {
            return Err(format!("{len} nodes reach from {first} to {last}"));
        }
        let intervals = (len - 1) as f64;
        Ok(Self {
            first: simple(first, noise),
            step: simple((last - first) / intervals, 2.0 * noise / intervals),
            len,
            descending: false,
        })
    }

    /// `magnitude` is the largest number that angles were computed with, 0 for distances.
    fn fit(values: &[f64], magnitude: f64) -> Result<Self, String> {
        let (Some(&start), Some(&end), true) = (values.first(), values.last(), values.len() >= 2) else {
            return Err(format!(
                "it has {} node, and two are needed for a spacing",
                values.len()
            ));
        };
        if let Some(index) = values.iter().position(|value| !value.is_finite() || value.abs() > 1e9) {
            return Err(format!("node {index} has the value {}", values[index]));
        }
        let descending = end < start;
        let ascending: Vec<f64> = if descending {
            values.iter().rev().copied().collect()
        } else {
            values.to_vec()
        };
        let noise = noise_of(&ascending, magnitude);
        let intervals = (ascending.len() - 1) as f64;
        let raw_step = (end - start).abs() / intervals;
        let step = simple(raw_step, 2.0 * noise / intervals);
        let offsets = ascending.iter().enumerate().map(|(k, value)| value - k as f64 * step);
        let mean_first = offsets.sum::<f64>() / ascending.len() as f64;
        // Degrees begin at simple fractions; metres of a projection begin anywhere.
        let first = if magnitude > 0.0 {
            simple(mean_first, noise)
        } else {
            mean_first
        };
        let tolerance = (MAX_UNEVENNESS * step).max(noise).min(0.2 * step);
        let even = |k: usize| first + k as f64 * step;
        let farthest = ascending
            .iter()
            .enumerate()
            .map(|(k, value)| (k, (value - even(k)).abs()));
        let (k, deviation) = farthest.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0));
        // A spacing of zero is none, and the tolerance is then zero, too.
        if deviation > tolerance || step <= 0.0 {
            let node = if descending { ascending.len() - 1 - k } else { k };
            return Err(format!(
                "its spacing is uneven: node {node} is at {}, an even spacing of {step} puts it at {}",
                ascending[k],
                even(k)
            ));
        }
        Ok(Self {
            first,
            step,
            len: ascending.len(),
            descending,
        })
    }

    /// Position in the file of each node in ascending order.
    pub(crate) fn file_order(&self) -> Vec<usize> {
        if self.descending {
            (0..self.len).rev().collect()
        } else {
            (0..self.len).collect()
        }
    }
}

/// The rounding that the values can carry: single precision where they all fit it.
fn noise_of(values: &[f64], magnitude: f64) -> f64 {
    let magnitude = values.iter().fold(magnitude, |largest, value| largest.max(value.abs()));
    let single = values.iter().all(|&value| f64::from(value as f32) == value);
    magnitude * if single { 2_f64.powi(-23) } else { 2_f64.powi(-40) }
}

/// The simplest fraction within `noise` of a value, or the value.
fn simple(value: f64, noise: f64) -> f64 {
    let candidates = DENOMINATORS.iter().map(|&denominator| {
        let denominator = f64::from(denominator);
        libm::rint(value * denominator) / denominator
    });
    candidates
        .into_iter()
        .find(|candidate| (candidate - value).abs() <= noise)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(first: f64, step: f64, len: usize) -> Vec<f64> {
        (0..len).map(|k| f64::from((first + step * k as f64) as f32)).collect()
    }

    #[test]
    fn single_precision_noise_is_removed() {
        let axis = EvenAxis::of_longitudes(&single(-180.0, 1.0 / 12.0, 4320)).unwrap();
        assert_eq!((axis.first, axis.step, axis.len), (-180.0, 1.0 / 12.0, 4320));
        let axis = EvenAxis::of_distances(&single(-697_442.19, 2500.0, 141)).unwrap();
        assert_eq!(axis.step, 2500.0);
        assert!((axis.first + 697_442.19).abs() < 0.05, "{}", axis.first);
    }

    #[test]
    fn exact_values_stay_exact() {
        let values: Vec<f64> = (0..50).map(|k| 4.123_456_789 + 0.033_7 * f64::from(k)).collect();
        let axis = EvenAxis::of_latitudes(&values).unwrap();
        assert!(
            (axis.step - 0.033_7).abs() < 1e-12 && (axis.first - 4.123_456_789).abs() < 1e-9,
            "{axis:?}"
        );
    }

    #[test]
    fn descending_and_seam() {
        let values: Vec<f64> = (0..9).map(|k| 62.0 - 0.25 * f64::from(k)).collect();
        let axis = EvenAxis::of_latitudes(&values).unwrap();
        assert_eq!((axis.first, axis.step, axis.descending), (60.0, 0.25, true));
        assert_eq!(axis.file_order()[0], 8);
        let axis = EvenAxis::of_longitudes(&[359.0, 359.5, 0.0, 0.5]).unwrap();
        assert_eq!((axis.first, axis.step), (359.0, 0.5));
        let axis = EvenAxis::of_longitudes(&[179.0, 179.5, -180.0, -179.5]).unwrap();
        assert_eq!((axis.first, axis.step, axis.len), (179.0, 0.5, 4));
    }

    #[test]
    fn uneven_axes_are_refused() {
        for values in [
            vec![0.0, 1.0, 2.1, 3.0],
            vec![0.0, 1.0, 1.0, 2.0],
            vec![5.0, 5.0, 5.0],
            vec![1.0],
            vec![],
            vec![0.0, f64::NAN, 2.0],
            vec![0.0, 1e38],
        ] {
            assert!(EvenAxis::of_distances(&values).is_err(), "{values:?}");
        }
        let message = EvenAxis::of_distances(&[0.0, 1.0, 2.1, 3.0]).unwrap_err();
        assert!(message.contains("node 2") && message.contains("2.1"), "{message}");
        assert!(EvenAxis::of_latitudes(&[89.0, 90.0, 91.0]).is_err());
        assert!(EvenAxis::of_longitudes(&[0.0, 1.0, 2.0, 4.0]).is_err());
    }
}

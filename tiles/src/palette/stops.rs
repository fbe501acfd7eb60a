//! A colour map of a few colours at shares of its range, with straight lines or steps between them.

use crate::picture::Rgba;

/// Stops at most.
const MOST: usize = 16;

/// The colours, from low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColourStops {
    /// Shares of the range in 65535ths, so that equal maps are equal.
    shares: [u16; MOST],
    colours: [Rgba; MOST],
    count: u8,
    is_stepped: bool,
}

impl ColourStops {
    /// How many stops a map may have.
    pub const MOST: usize = MOST;

    /// Colours at shares from 0 to 1, in order; stepped, each holds up to the next share. `None` without any, with too
    /// many, or out of order.
    pub fn new(stops: &[(f64, Rgba)], is_stepped: bool) -> Option<Self> {
        let in_order = stops.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        let inside = stops.iter().all(|(share, _)| (0.0..=1.0).contains(share));
        if stops.is_empty() || stops.len() > MOST || !in_order || !inside {
            return None;
        }
        let mut map = Self {
            shares: [u16::MAX; MOST],
            colours: [[0; 4]; MOST],
            count: stops.len() as u8,
            is_stepped,
        };
        for (at, (share, colour)) in stops.iter().enumerate() {
            map.shares[at] = (share * f64::from(u16::MAX) + 0.5) as u16;
            map.colours[at] = *colour;
        }
        Some(map)
    }

    /// The colour at a share; beyond the outermost stops theirs.
    pub(super) fn rgba(&self, share: f64) -> Rgba {
        let at = share.clamp(0.0, 1.0) * f64::from(u16::MAX);
        let count = usize::from(self.count);
        let above = self.shares[..count].partition_point(|stop| f64::from(*stop) <= at);
        let (Some(below), true) = (above.checked_sub(1), above < count) else {
            return self.colours[above.saturating_sub(1)];
        };
        if self.is_stepped {
            return self.colours[below];
        }
        let (low, high) = (f64::from(self.shares[below]), f64::from(self.shares[above]));
        let part = if high > low { (at - low) / (high - low) } else { 0.0 };
        std::array::from_fn(|k| {
            let (from, to) = (f64::from(self.colours[below][k]), f64::from(self.colours[above][k]));
            (from + (to - from) * part + 0.5) as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_or_stepped() {
        let stops = [(0.0, [0, 0, 0, 255]), (0.5, [100, 0, 0, 255]), (1.0, [200, 0, 0, 55])];
        let ramp = ColourStops::new(&stops, false).unwrap();
        assert_eq!(ramp.rgba(0.25), [50, 0, 0, 255]);
        assert_eq!((ramp.rgba(-1.0), ramp.rgba(2.0)), ([0, 0, 0, 255], [200, 0, 0, 55]));
        let steps = ColourStops::new(&stops, true).unwrap();
        assert_eq!((steps.rgba(0.49), steps.rgba(0.51)), ([0, 0, 0, 255], [100, 0, 0, 255]));
        for wrong in [
            vec![],
            vec![stops[2], stops[0]],
            vec![(2.0, [0; 4])],
            vec![stops[0]; 17],
        ] {
            assert_eq!(ColourStops::new(&wrong, false), None, "{wrong:?}");
        }
    }
}

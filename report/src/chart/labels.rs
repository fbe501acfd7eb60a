//! Room for texts on the map: each is put where nothing else stands yet.

use crate::drawing::{Frame, Spot};

/// What is taken already.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    within: Frame,
    taken: Vec<Frame>,
}

impl Labels {
    pub(crate) fn within(within: Frame) -> Self {
        Self {
            within,
            taken: Vec::new(),
        }
    }

    /// Keeps others off a frame.
    pub(crate) fn take(&mut self, frame: Frame) {
        self.taken.push(frame);
    }

    /// Keeps others off a square around a place.
    pub(crate) fn take_around(&mut self, (x, y): Spot, half: f32) {
        self.take(Frame {
            left: x - half,
            top: y - half,
            width: 2.0 * half,
            height: 2.0 * half,
        });
    }

    /// The first of some frames that is free, which is taken then.
    pub(crate) fn first_free(&mut self, candidates: impl IntoIterator<Item = Frame>) -> Option<Frame> {
        let free = |frame: &Frame| self.within.encloses(frame) && !self.taken.iter().any(|taken| taken.meets(frame));
        let found = candidates.into_iter().find(free)?;
        self.take(found);
        Some(found)
    }
}

/// Frames of a size around a place, the best first: right, left, above, below, and the corners.
pub(crate) fn around((x, y): Spot, (width, height): (f32, f32), gap: f32) -> [Frame; 8] {
    let (centre_x, centre_y) = (x - width / 2.0, y - height / 2.0);
    let (right, left) = (x + gap, x - gap - width);
    let (above, below) = (y - gap - height, y + gap);
    let places = [
        (right, centre_y),
        (left, centre_y),
        (centre_x, above),
        (centre_x, below),
        (right, above),
        (right, below),
        (left, above),
        (left, below),
    ];
    places.map(|(left, top)| Frame {
        left,
        top,
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_label_goes_elsewhere_and_a_ninth_is_left_out() {
        let mut labels = Labels::within(Frame {
            left: 0.0,
            top: 0.0,
            width: 100.0,
            height: 100.0,
        });
        let wanted = || around((50.0, 50.0), (20.0, 10.0), 4.0);
        let first = labels.first_free(wanted()).unwrap();
        let second = labels.first_free(wanted()).unwrap();
        assert_eq!((first.left, second.left), (54.0, 26.0));
        assert!(!first.meets(&second));
        let others = std::iter::from_fn(|| labels.first_free(wanted()));
        assert!(others.count() <= 6);
        assert!(labels.first_free(around((99.0, 99.0), (20.0, 10.0), 0.0)).is_some());
        assert!(labels.first_free(around((150.0, 99.0), (20.0, 10.0), 0.0)).is_none());
    }
}

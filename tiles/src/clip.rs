//! Cutting lines and rings to a rectangle, in whatever plane and unit they are given.

/// A place in a plane.
pub(crate) type Place = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
}

/// A piece of a line inside the frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// Length of the line before the piece, so that dashes go on over cuts.
    pub(crate) before: f64,
    pub(crate) places: Vec<Place>,
}

impl Frame {
    /// Whether a box of places can meet the frame.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.x0 <= other.x1 && other.x0 <= self.x1 && self.y0 <= other.y1 && other.y0 <= self.y1
    }

    /// The smallest frame around places; `None` without a place or with one that is no number.
    pub(crate) fn around(places: &[Place]) -> Option<Self> {
        let (x, y) = *places.first()?;
        let mut frame = Self {
            x0: x,
            y0: y,
            x1: x,
            y1: y,
        };
        for (x, y) in places {
            if !x.is_finite() || !y.is_finite() {
                return None;
            }
            frame.x0 = frame.x0.min(*x);
            frame.x1 = frame.x1.max(*x);
            frame.y0 = frame.y0.min(*y);
            frame.y1 = frame.y1.max(*y);
        }
        Some(frame)
    }

    /// The ring inside the frame (Sutherland and Hodgman, CACM 17 (1974)); parts of it may run along the frame and
    /// back. Rings come and go without repeating their first place.
    pub(crate) fn clip_ring(&self, ring: &[Place]) -> Vec<Place> {
        let mut places = ring.to_vec();
        for side in Side::ALL {
            if places.iter().all(|place| side.distance(self, *place) >= 0.0) {
                continue;
            }
            let mut kept = Vec::with_capacity(places.len() + 4);
            let mut before = places.last().copied();
            for place in places {
                if let Some(before) = before {
                    let (from, to) = (side.distance(self, before), side.distance(self, place));
                    if (from >= 0.0) != (to >= 0.0) {
                        kept.push(side.crossing(self, before, place, from / (from - to)));
                    }
                    if to >= 0.0 {
                        kept.push(place);
                    }
                }
                before = Some(place);
            }
            places = kept;
        }
        places
    }

    /// The pieces of a line inside the frame.
    pub(crate) fn clip_line(&self, line: &[Place]) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut open = false;
        let mut before = 0.0;
        for pair in line.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let length = libm::hypot(to.0 - from.0, to.1 - from.1);
            match self.clip_segment(from, to) {
                Some((enter, leave)) => {
                    let at = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
                    match pieces.last_mut() {
                        Some(piece) if open && enter == 0.0 => piece.places.push(at(leave)),
                        _ => pieces.push(Piece {
                            before: before + length * enter,
                            places: vec![at(enter), at(leave)],
                        }),
                    }
                    open = leave == 1.0;
                }
                None => open = false,
            }
            before += length;
        }
        pieces
    }

    /// The shares of a segment at which it enters and leaves (Liang and Barsky, ACM TOG 3 (1984)).
    fn clip_segment(&self, from: Place, to: Place) -> Option<(f64, f64)> {
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for side in Side::ALL {
            let (a, b) = (side.distance(self, from), side.distance(self, to));
            if a < 0.0 && b < 0.0 {
                return None;
            }
            if a < 0.0 {
                enter = enter.max(a / (a - b));
            } else if b < 0.0 {
                leave = leave.min(a / (a - b));
            }
        }
        (enter <= leave).then_some((enter, leave))
    }
}

#[derive(Clone, Copy)]
enum Side {
    West,
    East,
    Low,
    High,
}

impl Side {
    const ALL: [Self; 4] = [Self::West, Self::East, Self::Low, Self::High];

    /// How far inside a place lies.
    fn distance(self, frame: &Frame, (x, y): Place) -> f64 {
        match self {
            Self::West => x - frame.x0,
            Self::East => frame.x1 - x,
            Self::Low => y - frame.y0,
            Self::High => frame.y1 - y,
        }
    }

    /// The place on this side at a share of a segment; exactly on it.
    fn crossing(self, frame: &Frame, from: Place, to: Place, share: f64) -> Place {
        let (x, y) = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        match self {
            Self::West => (frame.x0, y),
            Self::East => (frame.x1, y),
            Self::Low => (x, frame.y0),
            Self::High => (x, frame.y1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Frame = Frame {
        x0: 0.0,
        y0: 0.0,
        x1: 10.0,
        y1: 10.0,
    };

    #[test]
    fn a_ring_is_cut_to_the_frame() {
        let ring = UNIT.clip_ring(&[(-5.0, 5.0), (5.0, 2.0), (15.0, 5.0), (5.0, 8.0)]);
        assert_eq!(ring.len(), 6, "{ring:?}");
        assert!(
            ring.iter()
                .all(|(x, y)| (0.0..=10.0).contains(x) && (0.0..=10.0).contains(y))
        );
        assert!(UNIT.clip_ring(&[(20.0, 0.0), (30.0, 0.0), (30.0, 9.0)]).is_empty());
        let around = UNIT.clip_ring(&[(-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)]);
        assert_eq!(Frame::around(&around), Some(UNIT));
        assert!(UNIT.clip_ring(&[]).is_empty());
    }

    #[test]
    fn a_line_falls_into_pieces_that_know_their_way() {
        let pieces = UNIT.clip_line(&[(-5.0, 5.0), (5.0, 5.0), (5.0, 20.0), (8.0, 20.0), (8.0, 2.0)]);
        assert_eq!(pieces.len(), 2, "{pieces:?}");
        assert_eq!(pieces[0].places, [(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)]);
        assert_eq!(pieces[0].before, 5.0);
        assert_eq!(pieces[1].places, [(8.0, 10.0), (8.0, 2.0)]);
        assert_eq!(pieces[1].before, 10.0 + 15.0 + 3.0 + 10.0);
        assert!(UNIT.clip_line(&[(1.0, 1.0)]).is_empty());
        assert!(UNIT.clip_line(&[(-1.0, 5.0), (1.0, 45.0)]).is_empty());
    }
}

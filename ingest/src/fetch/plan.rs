//! Which bytes of an object go into the file, in which requests, and which bytes of an answer they are.

use std::ops::Range;

/// Bytes between two ranges that are rather received and thrown away than asked around with a second request.
const BRIDGED_GAP_BYTES: u64 = 64 << 10;

/// The bytes that are wanted, in the order in which they go into the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pieces: Vec<Range<u64>>,
}

impl Plan {
    /// No ranges mean the whole object. `None` if a range is empty.
    pub(super) fn new(ranges: &[Range<u64>]) -> Option<Self> {
        let sound = ranges.iter().all(|range| range.start < range.end);
        sound.then(|| Self {
            pieces: ranges.to_vec(),
        })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes of all ranges; `None` for the whole object.
    pub(super) fn bytes(&self) -> Option<u64> {
        let lengths = self.pieces.iter().map(|piece| piece.end - piece.start);
        (!self.is_whole()).then(|| lengths.fold(0, u64::saturating_add))
    }

    /// Ranges as the record of a download has them.
    pub(super) fn ranges(&self) -> Vec<[u64; 2]> {
        self.pieces.iter().map(|piece| [piece.start, piece.end]).collect()
    }

    /// What is still to come once the file has `done` bytes. A whole object ends beyond all numbers.
    pub(super) fn rest(&self, done: u64) -> Vec<Range<u64>> {
        if self.is_whole() {
            return vec![Range {
                start: done,
                end: u64::MAX,
            }];
        }
        let mut before = done;
        let mut rest = Vec::new();
        for piece in &self.pieces {
            let length = piece.end - piece.start;
            if before < length {
                rest.push(piece.start + before..piece.end);
            }
            before = before.saturating_sub(length);
        }
        rest
    }
}

/// How many of the pieces the next request asks for, and from where to where.
pub(super) fn first_request(rest: &[Range<u64>]) -> (usize, Range<u64>) {
    let bridged = |pair: &[Range<u64>]| {
        let gap = pair[1].start.checked_sub(pair[0].end);
        gap.is_some_and(|gap| gap <= BRIDGED_GAP_BYTES)
    };
    run_of(rest, bridged)
}

/// How many of the pieces one stream of the whole object can serve, and from where to where.
pub(super) fn one_pass(rest: &[Range<u64>]) -> (usize, Range<u64>) {
    run_of(rest, |pair| pair[0].end <= pair[1].start)
}

fn run_of(rest: &[Range<u64>], joined: impl Fn(&[Range<u64>]) -> bool) -> (usize, Range<u64>) {
    let Some(first) = rest.first() else {
        return (0, 0..0);
    };
    let count = 1 + rest.windows(2).take_while(|pair| joined(pair)).count();
    (count, first.start..rest[count - 1].end)
}

/// The parts of `bytes`, which stand at `position` in the object, that belong to ascending pieces.
pub(super) fn cut<'a>(
    bytes: &'a [u8],
    position: u64,
    pieces: &'a [Range<u64>],
) -> impl Iterator<Item = &'a [u8]> + Send + use<'a> {
    let end = position.saturating_add(bytes.len() as u64);
    pieces.iter().filter_map(move |piece| {
        let (from, to) = (piece.start.max(position), piece.end.min(end));
        let index = |at: u64| usize::try_from(at - position).ok();
        if from < to {
            bytes.get(index(from)?..index(to)?)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_length_of_the_file() {
        let plan = Plan::new(&[10..20, 30..40, 5..8]).unwrap();
        assert_eq!(plan.bytes(), Some(23));
        assert_eq!(plan.rest(0), [10..20, 30..40, 5..8]);
        assert_eq!(plan.rest(4), [14..20, 30..40, 5..8]);
        assert_eq!(plan.rest(10), [30..40, 5..8]);
        let one = |range: Range<u64>| Vec::from([range]);
        assert_eq!(plan.rest(21), one(6..8));
        assert_eq!(plan.rest(23), []);
        let whole = Plan::new(&[]).unwrap();
        assert_eq!((whole.bytes(), whole.rest(7)), (None, one(7..u64::MAX)));
        assert_eq!(Plan::new(&one(3..3)), None);
    }

    #[test]
    fn near_ranges_are_one_request_and_far_or_backward_ones_are_not() {
        let near = BRIDGED_GAP_BYTES;
        assert_eq!(first_request(&[0..10, 10 + near..20 + near]), (2, 0..20 + near));
        assert_eq!(first_request(&[0..10, 11 + near..20 + near]), (1, 0..10));
        assert_eq!(first_request(&[50..60, 0..10]), (1, 50..60));
        assert_eq!(
            first_request(&[0..10, 5..20]),
            (1, 0..10),
            "a byte that is wanted twice"
        );
        assert_eq!(one_pass(&[0..10, 1 << 30..2 << 30, 5..6]), (2, 0..2 << 30));
    }

    #[test]
    fn what_was_not_asked_for_is_cut_away_wherever_the_stream_is_broken() {
        let object: Vec<u8> = (0..100).collect();
        let pieces = [3..7, 7..9, 20..41, 90..100];
        let wanted: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| piece.start as u8..piece.end as u8)
            .collect();
        for size in [1, 2, 7, 50, 100] {
            let got: Vec<u8> = object
                .chunks(size)
                .enumerate()
                .flat_map(|(at, chunk)| {
                    cut(chunk, (at * size) as u64, &pieces)
                        .flatten()
                        .copied()
                        .collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(got, wanted, "chunks of {size}");
        }
    }
}

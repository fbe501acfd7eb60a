//! Which cycles of a product a run needs: the newest one for every time, older ones only for what newer ones lack.
//!
//! A product publishes several cycles a day and each reaches days ahead, so that a time is held by many of them. Loading
//! them all would cost memory for nothing, and loading only some of them could drop the one that holds the start.

use driftline_domain::ValidTime;

/// What is to be loaded of one cycle: its index and the part of the time range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) index: usize,
    pub(crate) from: ValidTime,
    pub(crate) until: ValidTime,
}

/// One cycle of a product: same product, same series of cycles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<P> {
    /// Product: feed and grid.
    pub(crate) product: P,
    /// First time it holds.
    pub(crate) first: ValidTime,
    /// Last time it holds.
    pub(crate) last: ValidTime,
}

/// Chooses among cycles in the order of preference, newer before older within a product; the order is kept.
pub(crate) fn fresh_parts<P: PartialEq + Copy>(cycles: &[Held<P>], from: ValidTime, until: ValidTime) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut taken: Vec<Held<P>> = Vec::new();
    for (index, cycle) in cycles.iter().enumerate() {
        let newer: Vec<(ValidTime, ValidTime)> = taken
            .iter()
            .filter(|newer| newer.product == cycle.product)
            .map(|newer| (newer.first, newer.last))
            .collect();
        let held = (cycle.first.max(from), cycle.last.min(until));
        if held.0 > held.1 {
            continue;
        }
        if let Some((from, until)) = lacking(held, &newer) {
            parts.push(Part { index, from, until });
            taken.push(*cycle);
        }
    }
    parts
}

/// The shortest span that holds everything of `wanted` outside of `covered`; `None` when nothing is left.
fn lacking(wanted: (ValidTime, ValidTime), covered: &[(ValidTime, ValidTime)]) -> Option<(ValidTime, ValidTime)> {
    let (mut from, mut until) = wanted;
    while let Some((_, last)) = covered.iter().find(|(first, last)| *first <= from && *last > from) {
        from = *last;
    }
    while let Some((first, _)) = covered.iter().find(|(first, last)| *first < until && *last >= until) {
        until = *first;
    }
    let is_instant = wanted.0 == wanted.1;
    let is_covered = covered
        .iter()
        .any(|(first, last)| *first <= wanted.0 && *last >= wanted.1);
    let something_left = if is_instant { !is_covered } else { from < until };
    something_left.then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> ValidTime {
        ValidTime::from_unix_s(hour * 3600).unwrap()
    }

    fn cycle(product: u8, first: i64, last: i64) -> Held<u8> {
        Held {
            product,
            first: at(first),
            last: at(last),
        }
    }

    fn parts(cycles: &[Held<u8>], from: i64, until: i64) -> Vec<(usize, i64, i64)> {
        let hours = |time: ValidTime| time.unix_s() / 3600;
        let parts = fresh_parts(cycles, at(from), at(until));
        parts
            .into_iter()
            .map(|part| (part.index, hours(part.from), hours(part.until)))
            .collect()
    }

    #[test]
    fn the_newest_cycle_is_used_and_older_ones_fill_what_it_lacks() {
        let every_six_hours: Vec<_> = (0..10).rev().map(|k| cycle(1, 6 * k, 6 * k + 60)).collect();
        let found = parts(&every_six_hours, 0, 60);
        assert_eq!(found.len(), 10, "the start is held by the oldest cycle only");
        assert_eq!((found[0], found[9]), ((0, 54, 60), (9, 0, 6)));
        assert_eq!(
            parts(&every_six_hours, 56, 60),
            [(0, 56, 60)],
            "newer cycles supersede older ones"
        );
    }

    #[test]
    fn another_product_is_never_crowded_out() {
        let mut cycles: Vec<_> = (0..20).rev().map(|k| cycle(1, k, k + 60)).collect();
        cycles.push(cycle(2, 0, 60));
        assert!(parts(&cycles, 0, 60).contains(&(20, 0, 60)));
    }

    #[test]
    fn gaps_are_filled_from_older_cycles() {
        let cycles = [cycle(1, 0, 10), cycle(1, 20, 30), cycle(1, 5, 25)];
        assert_eq!(parts(&cycles, 0, 30), [(0, 0, 10), (1, 20, 30), (2, 10, 20)]);
        assert_eq!(parts(&cycles, 12, 12), [(2, 12, 12)]);
        assert_eq!(parts(&cycles, 3, 3), [(0, 3, 3)]);
        assert_eq!(parts(&[], 0, 1), []);
    }
}

//! Whole numbers and their places among a layer's values: a table with open addressing (D. Knuth, The Art of Computer
//! Programming 3, 6.4, algorithm L) of a key and a place in eight bytes. Particles are numbered, and a large tile has a
//! number of its own for each: a general map costs more than all else that is done for a point.

/// Numbers with their places; at most half full.
#[derive(Debug, Default)]
pub(super) struct WholeNumbers {
    /// The number plus one in the low half, the place in the high half; 0 where nothing stands.
    slots: Vec<u64>,
    count: usize,
}

/// Slots of the smallest table.
const FEWEST: usize = 64;

impl WholeNumbers {
    /// Room for so many more numbers, so that nothing is moved while they come.
    pub(super) fn reserve(&mut self, more: usize) {
        let needed = ((self.count + more) * 2).next_power_of_two().max(FEWEST);
        if needed > self.slots.len() {
            self.grow(needed);
        }
    }

    /// The place of a number below 2^32 - 1; `make` tells the place of one that is new.
    #[inline]
    pub(super) fn place(&mut self, number: u32, make: impl FnOnce() -> u32) -> u32 {
        if (self.count + 1) * 2 > self.slots.len() {
            self.reserve(self.count.max(1));
        }
        let key = u64::from(number) + 1;
        let at = self.slot(key);
        if self.slots[at] == 0 {
            self.slots[at] = u64::from(make()) << 32 | key;
            self.count += 1;
        }
        (self.slots[at] >> 32) as u32
    }

    /// Where a key stands or would stand.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The high bits of a product with the golden ratio spread neighbours evenly.
        let hashed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut at = hashed as usize & mask;
        while self.slots[at] != 0 && self.slots[at] & 0xffff_ffff != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self, slots: usize) {
        let before = std::mem::replace(&mut self.slots, vec![0; slots]);
        for slot in before.into_iter().filter(|slot| *slot != 0) {
            let at = self.slot(slot & 0xffff_ffff);
            self.slots[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_keeps_its_place() {
        let mut numbers = WholeNumbers::default();
        let all: Vec<u32> = (0..10_000u32)
            .map(|k| k.wrapping_mul(2_654_435_761))
            .chain([u32::MAX - 1])
            .filter(|number| *number < u32::MAX)
            .collect();
        for round in 0..2 {
            for (place, number) in all.iter().enumerate() {
                let mut is_new = false;
                let found = numbers.place(*number, || {
                    is_new = true;
                    place as u32
                });
                assert_eq!((found, is_new), (place as u32, round == 0), "{number}");
            }
        }
    }
}

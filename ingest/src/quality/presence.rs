//! Which nodes have values in which steps, in two bits for a node and a few counts for a step.
//!
//! A node that a step lacks and an earlier one has is lost there at once. A node that appears for the first time was
//! lost in every step before; those are counted with the step that brought it, and added up when all are known.

use driftline_domain::VectorField;

/// Most nodes of one loss that are asked for where they lie; of more every n-th is.
const MOST_PLACED: usize = 4_000;

/// What a step lacks that others have.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Lost {
    /// Nodes.
    pub(super) nodes: usize,
    /// Those of them in open sea.
    pub(super) open_sea: usize,
    /// The first of those, or of all where none is.
    pub(super) first: Option<usize>,
}

impl Lost {
    fn add(&mut self, other: Self) {
        self.first = match (self.open_sea > 0, other.open_sea > 0) {
            (false, true) => other.first,
            _ => self.first.or(other.first),
        };
        self.nodes += other.nodes;
        self.open_sea += other.open_sea;
    }
}

/// Differences between the nodes of a step and those before below which nothing is made of them.
const MANY_DIFFER: usize = 20;

/// Nodes seen so far, and what each step lacks of them.
pub(super) struct Presence {
    nx: usize,
    seen: Vec<u64>,
    /// The values there are in the newest step.
    present: Vec<u64>,
    nodes: usize,
    lost: Vec<Lost>,
    /// What each step was the first to have.
    late: Vec<Lost>,
}

impl Presence {
    /// Of a grid with so many nodes, and so many in a row.
    pub(super) fn new(nodes: usize, nx: usize) -> Self {
        Self {
            nx,
            seen: vec![0; nodes.div_ceil(64)],
            present: vec![0; nodes.div_ceil(64)],
            nodes,
            lost: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Takes the next step in; `in_open_sea` tells of a node. Tells by how many nodes, along the row and across rows, its
    /// missing values seem to have moved against the steps before, if they have.
    pub(super) fn look(&mut self, field: &VectorField, in_open_sea: impl Fn(usize) -> bool) -> Option<(i64, i64)> {
        for (word, (east, north)) in self
            .present
            .iter_mut()
            .zip(field.east.chunks(64).zip(field.north.chunks(64)))
        {
            let bits = east.iter().zip(north).enumerate();
            *word = bits.fold(0, |word, (bit, (east, north))| {
                word | u64::from(!(east.is_nan() || north.is_nan())) << bit
            });
        }
        let is_first = self.lost.is_empty();
        let pairs = || self.seen.iter().zip(&self.present);
        let lost = place(pairs().map(|(seen, present)| seen & !present), &in_open_sea);
        let late = if is_first {
            Lost::default()
        } else {
            place(pairs().map(|(seen, present)| present & !seen), &in_open_sea)
        };
        self.lost.push(lost);
        self.late.push(late);
        let differing = lost.nodes + late.nodes;
        let moved = if differing >= MANY_DIFFER {
            self.moved(differing)
        } else {
            None
        };
        for (seen, present) in self.seen.iter_mut().zip(&self.present) {
            *seen |= present;
        }
        moved
    }

    /// The move by one node that makes almost all differences go away.
    fn moved(&self, differing: usize) -> Option<(i64, i64)> {
        let (nx, ny) = (self.nx as i64, (self.nodes / self.nx.max(1)) as i64);
        let bit = |words: &[u64], node: i64| words[node as usize / 64] >> (node % 64) & 1;
        let differences = |(di, dj): (i64, i64)| -> u64 {
            let inside = (1..ny - 1).flat_map(|j| (1..nx - 1).map(move |i| j * nx + i));
            inside
                .map(|node| bit(&self.present, node) ^ bit(&self.seen, node - dj * nx - di))
                .sum()
        };
        let moves = (-1..=1).flat_map(|dj| (-1..=1).map(move |di| (di, dj)));
        let best = moves
            .filter(|step| *step != (0, 0))
            .min_by_key(|step| differences(*step))?;
        (differences(best) * 5 < differing as u64).then_some(best)
    }

    /// What each step lacks of the nodes that some step has.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let mut after = Lost::default();
        let mut lost = self.lost.clone();
        for (lost, late) in lost.iter_mut().zip(&self.late).rev() {
            lost.add(after);
            after.add(*late);
        }
        lost
    }

    /// Nodes that some step has.
    pub(super) fn seen_count(&self) -> usize {
        self.seen.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether some step has a node.
    pub(super) fn is_seen(&self, node: usize) -> bool {
        self.seen
            .get(node / 64)
            .is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// What no step has.
    pub(super) fn unseen(&self, in_open_sea: impl Fn(usize) -> bool) -> Lost {
        let last = self.nodes % 64;
        let inside = |word: usize| {
            if last > 0 && word + 1 == self.seen.len() {
                (1 << last) - 1
            } else {
                u64::MAX
            }
        };
        place(
            self.seen.iter().enumerate().map(|(at, word)| !word & inside(at)),
            &in_open_sea,
        )
    }
}

/// Counts set bits, and asks of as many of them as can be afforded where they lie.
fn place(words: impl Iterator<Item = u64> + Clone, in_open_sea: &impl Fn(usize) -> bool) -> Lost {
    let nodes: usize = words.clone().map(|word| word.count_ones() as usize).sum();
    if nodes == 0 {
        return Lost::default();
    }
    let every = nodes.div_ceil(MOST_PLACED);
    let (mut counted, mut asked, mut open, mut first, mut first_open) = (0_usize, 0_usize, 0_usize, None, None);
    for (at, word) in words.enumerate().filter(|(_, word)| *word != 0) {
        let mut left = word;
        while left != 0 {
            let node = at * 64 + left.trailing_zeros() as usize;
            left &= left - 1;
            first.get_or_insert(node);
            if counted.is_multiple_of(every) {
                asked += 1;
                if in_open_sea(node) {
                    open += 1;
                    first_open.get_or_insert(node);
                }
            }
            counted += 1;
        }
    }
    // Of a sample the share counts; every = 1 makes it exact.
    let open_sea = (open as f64 / asked as f64 * nodes as f64).round() as usize;
    Lost {
        nodes,
        open_sea,
        first: first_open.or(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(nodes: usize, missing: &[usize]) -> VectorField {
        let values: Vec<f32> = (0..nodes)
            .map(|node| if missing.contains(&node) { f32::NAN } else { 1.0 })
            .collect();
        VectorField {
            north: values.clone(),
            east: values,
        }
    }

    #[test]
    fn every_step_is_charged_with_what_others_have() {
        let mut presence = Presence::new(130, 13);
        let land = [0, 1, 129];
        let steps: [&[usize]; 4] = [&[0, 1, 129, 7, 64], &land, &[0, 1, 129, 7, 8, 65], &land];
        for missing in steps {
            assert_eq!(presence.look(&field(130, missing), |node| node >= 64), None);
        }
        let lost: Vec<(usize, usize, Option<usize>)> = presence
            .lost()
            .iter()
            .map(|lost| (lost.nodes, lost.open_sea, lost.first))
            .collect();
        assert_eq!(lost, [(2, 1, Some(64)), (0, 0, None), (3, 1, Some(65)), (0, 0, None)]);
        assert_eq!(presence.seen_count(), 127);
        assert!(presence.is_seen(7) && !presence.is_seen(129));
        let unseen = presence.unseen(|node| node >= 64);
        assert_eq!((unseen.nodes, unseen.open_sea, unseen.first), (3, 1, Some(129)));
    }

    #[test]
    fn a_large_loss_is_placed_by_a_sample() {
        let mut presence = Presence::new(100_000, 1000);
        presence.look(&field(100_000, &[]), |_| true);
        let empty = VectorField {
            east: vec![f32::NAN; 100_000],
            north: vec![f32::NAN; 100_000],
        };
        presence.look(&empty, |node| node < 50_000);
        let lost = presence.lost()[1];
        assert_eq!((lost.nodes, lost.first), (100_000, Some(0)));
        assert!(lost.open_sea.abs_diff(50_000) < 100, "{lost:?}");
    }
}

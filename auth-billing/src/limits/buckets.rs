//! Buckets of keys and organisations, each found under one of many locks that are held for the arithmetic only. Where nodes
//! share them a bucket has its portion of the row ([`super::share`]); while the database does not answer, the node goes by
//! its own bucket.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::class::Class;
use super::rate::{Rate, Standing, take};
use super::share::{Next, Share};

const SHARDS: usize = 64;
/// Buckets under one lock; beyond it those that are full go, which costs nobody anything.
const MOST: usize = 4_096;

/// Whose bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) class: Class,
    pub(crate) is_organisation: bool,
    pub(crate) whose: Uuid,
}

impl Name {
    /// As it stands in the database.
    pub(crate) fn text(&self) -> String {
        let kind = if self.is_organisation { "org" } else { "key" };
        format!("{}/{kind}_{}", self.class.name(), self.whose.simple())
    }
}

/// One bucket.
#[derive(Default)]
pub(crate) struct Bucket {
    full_at_us: i64,
    pub(crate) share: Share,
}

impl Bucket {
    /// Takes a token of those that nodes share. This node's own count goes along, so that it starts from what was given when
    /// the database stops answering.
    pub(crate) fn take_shared(&mut self, now_us: i64, rate: Rate) -> Next {
        let next = self.share.take(now_us, rate);
        if let Next::Decided(Standing { is_given: true, .. }, _) = next {
            take(&mut self.full_at_us, now_us, rate);
        }
        next
    }

    /// Takes a token by this node's own count.
    pub(crate) fn take_own(&mut self, now_us: i64, rate: Rate) -> Standing {
        take(&mut self.full_at_us, now_us, rate)
    }
}

type Shard = HashMap<Name, (Rate, Bucket)>;

/// All buckets.
pub(crate) struct Buckets {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl Buckets {
    /// Does something with one bucket.
    pub(crate) fn with<T>(&self, name: Name, rate: Rate, now_us: i64, act: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut shard = self.shard(&name);
        if shard.len() >= MOST && !shard.contains_key(&name) {
            make_room(&mut shard, now_us);
        }
        let (_, bucket) = shard.entry(name).or_insert_with(|| (rate, Bucket::default()));
        act(bucket)
    }

    fn shard(&self, name: &Name) -> MutexGuard<'_, Shard> {
        let place = self.hasher.hash_one(name) as usize % self.shards.len();
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

/// Lets go of full buckets, and where that is not enough of those that are nearest to it.
fn make_room(shard: &mut Shard, now_us: i64) {
    shard.retain(|_, (rate, bucket)| bucket.full_at_us > now_us || !bucket.share.is_idle(now_us, *rate));
    if shard.len() < MOST {
        return;
    }
    let mut times: Vec<i64> = shard.values().map(|(_, bucket)| bucket.full_at_us).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    shard.retain(|_, (_, bucket)| bucket.full_at_us > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_for_every_class_and_holder() {
        let whose = Uuid::nil();
        let names = [
            (Class::Requests, false),
            (Class::Requests, true),
            (Class::Maps, false),
            (Class::Distress, true),
        ];
        let texts = names.map(|(class, is_organisation)| {
            Name {
                class,
                is_organisation,
                whose,
            }
            .text()
        });
        assert_eq!(texts[0], "requests/key_00000000000000000000000000000000");
        assert_eq!(texts[1], "requests/org_00000000000000000000000000000000");
        assert!(texts[2].starts_with("maps/key_") && texts[3].starts_with("distress/org_"));
    }

    #[test]
    fn memory_is_bounded_and_buckets_in_use_stay() {
        let buckets = Buckets::default();
        let rate = Rate::per_minute(10);
        let name = |whose| Name {
            class: Class::Requests,
            is_organisation: false,
            whose,
        };
        let busy = name(Uuid::from_u128(1));
        let mut now = 1_000_000_000_000;
        for n in 0..300_000 {
            now += 10;
            let spent = buckets.with(busy, rate, now, |bucket| !bucket.take_own(now, rate).is_given);
            assert_eq!(spent, n >= 10, "{n}");
            buckets.with(name(Uuid::from_u128(n + 2)), rate, now, |bucket| {
                bucket.take_own(now, rate)
            });
        }
        assert!(buckets.len() <= SHARDS * MOST, "{}", buckets.len());
    }
}

//! One bucket that several nodes share through a row of the database: a node draws tokens from the row in portions and
//! serves requests from what it has drawn, so that most requests ask nobody. This is the arithmetic of it; nothing here
//! waits.
//!
//! With `C` tokens of capacity a node holds at most `P = C / 20`, and what it has drawn lapses after half of the time in
//! which `P` tokens come back; what lapsed is given back with the next draw. The row's bucket has `C - P` tokens. So in any
//! time all nodes together give no more than the limit, and at most `P` and a quarter of it for each node less: that much is held
//! elsewhere, or is not asked for because too little is there.

use tokio::sync::watch;

use super::rate::{Rate, Standing};

/// A node holds one part in so many of the capacity at most.
const PORTIONS: u32 = 20;

/// What is asked of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawOrder {
    /// Now, in microseconds since 1970 UTC.
    pub now_us: i64,
    /// What the wanted tokens cost, as time in which they come back.
    pub cost_us: i64,
    /// How far ahead of now the row may stand.
    pub depth_us: i64,
    /// What tokens cost that were drawn before and are given back unused.
    pub unused_us: i64,
    /// When the oldest of those were drawn.
    pub unused_since_us: i64,
}

/// What the row answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// Whether the tokens were given.
    pub is_given: bool,
    /// When the row's bucket is full again.
    pub full_at_us: i64,
}

/// What this node knows and holds of the bucket.
pub(crate) struct Share {
    tokens: u32,
    drawn_at_us: i64,
    oldest_us: i64,
    /// Tokens that lapsed here and are given back with the next draw.
    lapsed: u32,
    /// The row had not what was wanted: it is not asked again before, and then for no more than it will have.
    empty_until_us: i64,
    modest: Option<u32>,
    row_full_at_us: i64,
    drawing: Option<u32>,
    done: watch::Sender<u64>,
}

/// What becomes of a request.
pub(crate) enum Next {
    /// It is decided; an order of tokens for later requests may have to be sent.
    Decided(Standing, Option<DrawOrder>),
    /// It waits for a draw, which may have to be sent.
    Waits(watch::Receiver<u64>, Option<DrawOrder>),
}

impl Default for Share {
    fn default() -> Self {
        Self {
            tokens: 0,
            drawn_at_us: i64::MIN,
            oldest_us: i64::MIN,
            lapsed: 0,
            empty_until_us: i64::MIN,
            modest: None,
            row_full_at_us: i64::MIN,
            drawing: None,
            done: watch::channel(0).0,
        }
    }
}

impl Share {
    /// Takes a token, or says what has to happen first.
    pub(crate) fn take(&mut self, now_us: i64, rate: Rate) -> Next {
        let portion = portion(rate);
        let lives_us = (rate.cost_us(portion) / 2).max(1);
        // A clock that was set back makes what is held as good as lapsed.
        let is_fresh = (0..lives_us).contains(&now_us.saturating_sub(self.drawn_at_us));
        if self.tokens > 0 && is_fresh {
            self.tokens -= 1;
            let order = (self.tokens < portion / 2 && now_us >= self.empty_until_us)
                .then(|| self.order(now_us, rate, portion - self.tokens))
                .flatten();
            return Next::Decided(self.standing(now_us, rate), order);
        }
        let wait_us = self.empty_until_us.saturating_sub(now_us);
        if wait_us > 0 && wait_us <= rate.depth_us() {
            let refused = Standing {
                is_given: false,
                left: 0,
                wait_us,
            };
            return Next::Decided(refused, None);
        }
        let waiting = self.done.subscribe();
        // A draw that is under way may bring tokens beside those that lapsed: they are given back once it is done.
        if self.drawing.is_none() {
            self.lapsed = (self.lapsed + std::mem::take(&mut self.tokens)).min(portion);
        }
        let order = self.order(now_us, rate, portion);
        Next::Waits(waiting, order)
    }

    /// The answer to an order came.
    pub(crate) fn arrived(&mut self, order: &DrawOrder, drawn: Drawn, rate: Rate) {
        let wanted = self.drawing.take().unwrap_or_default();
        self.row_full_at_us = drawn.full_at_us;
        if drawn.is_given {
            self.oldest_us = if self.tokens > 0 {
                self.drawn_at_us
            } else {
                order.now_us
            };
            self.tokens = (self.tokens + wanted).min(portion(rate));
            self.drawn_at_us = order.now_us;
        } else {
            self.lapsed = (order.unused_us / rate.interval_us()) as u32;
            self.look_ahead(order, drawn.full_at_us - order.unused_us, rate);
        }
        self.tell();
    }

    /// Whatever the row has now, if that is worth a question; otherwise a quarter of a portion, once it has that.
    fn look_ahead(&mut self, order: &DrawOrder, full_at_us: i64, rate: Rate) {
        let least = (portion(rate) / 4).max(1);
        let until = |tokens| full_at_us.saturating_add(rate.cost_us(tokens)) - order.depth_us;
        let there = (order.now_us - until(0)) / rate.interval_us();
        let there = u32::try_from(there).unwrap_or(0).min(portion(rate));
        self.modest = Some(there.max(least));
        self.empty_until_us = if there >= least {
            order.now_us
        } else {
            until(least).clamp(order.now_us + 1, order.now_us.saturating_add(rate.depth_us()))
        };
    }

    /// No answer came.
    pub(crate) fn failed(&mut self) {
        self.drawing = None;
        self.tell();
    }

    /// Whether nothing would be lost with it.
    pub(crate) fn is_idle(&self, now_us: i64, rate: Rate) -> bool {
        self.drawing.is_none() && now_us.saturating_sub(self.drawn_at_us) > rate.depth_us()
    }

    fn tell(&self) {
        self.done.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn order(&mut self, now_us: i64, rate: Rate, wanted: u32) -> Option<DrawOrder> {
        if self.drawing.is_some() {
            return None;
        }
        let wanted = self.modest.take().unwrap_or(wanted).min(wanted);
        self.drawing = Some(wanted);
        let cost_us = rate.cost_us(wanted);
        let reserve_us = rate.cost_us(portion(rate));
        Some(DrawOrder {
            now_us,
            cost_us,
            depth_us: (rate.depth_us() - reserve_us).max(cost_us),
            unused_us: rate.cost_us(std::mem::take(&mut self.lapsed)),
            unused_since_us: self.oldest_us,
        })
    }

    /// As far as this node knows: what it holds and what the row had.
    fn standing(&self, now_us: i64, rate: Rate) -> Standing {
        let behind_us = self.row_full_at_us.saturating_sub(now_us).clamp(0, rate.depth_us());
        let in_row = (rate.depth_us() - behind_us) / rate.interval_us();
        let in_row = u32::try_from(in_row).unwrap_or(0).saturating_sub(portion(rate));
        Standing {
            is_given: true,
            left: (self.tokens + in_row).min(rate.tokens().saturating_sub(1)),
            wait_us: behind_us,
        }
    }
}

/// Tokens that a node holds at most.
fn portion(rate: Rate) -> u32 {
    (rate.tokens() / PORTIONS).max(1)
}

/// The row's arithmetic as the database does it, for tests without one.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct RowModel {
    pub(crate) full_at_us: i64,
    pub(crate) cleared_at_us: i64,
}

#[cfg(test)]
impl RowModel {
    pub(crate) fn draw(&mut self, order: &DrawOrder) -> Drawn {
        let is_known = order.unused_since_us >= self.cleared_at_us;
        let credited = self.full_at_us - if is_known { order.unused_us } else { 0 };
        let from = credited.max(order.now_us);
        let is_given = from + order.cost_us <= order.now_us + order.depth_us;
        if is_given {
            self.full_at_us = from + order.cost_us;
            if credited <= order.now_us {
                self.cleared_at_us = order.now_us;
            }
        }
        Drawn {
            is_given,
            full_at_us: self.full_at_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deterministic numbers (SplitMix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % bound
        }
    }

    /// Takes a token, with the row answering at once; whether it was given.
    fn ask(share: &mut Share, row: &mut RowModel, now: i64, rate: Rate) -> bool {
        for _ in 0..3 {
            match share.take(now, rate) {
                Next::Decided(standing, order) => {
                    if let Some(order) = order {
                        share.arrived(&order, row.draw(&order), rate);
                    }
                    return standing.is_given;
                }
                Next::Waits(_, Some(order)) => share.arrived(&order, row.draw(&order), rate),
                Next::Waits(_, None) => unreachable!("nothing is under way"),
            }
        }
        false
    }

    /// Instants at which tokens were given to two nodes that ask at these mean distances for two windows.
    fn given(rate: Rate, distances_us: [u64; 2], seed: u64) -> Vec<i64> {
        let (mut random, mut row) = (Random(seed), RowModel::default());
        let mut shares = [Share::default(), Share::default()];
        let start = 1_700_000_000_000_000;
        let mut next = [start, start];
        let mut given = Vec::new();
        loop {
            let node = usize::from(next[1] < next[0]);
            let now = next[node];
            if now >= start + 2 * rate.depth_us() {
                return given;
            }
            if ask(&mut shares[node], &mut row, now, rate) {
                given.push(now - start);
            }
            next[node] += 1 + random.below(2 * distances_us[node]) as i64;
        }
    }

    /// The most tokens given within any time beyond what the rate gives back in it: the bucket that was seen.
    fn seen_capacity(given: &[i64], rate: Rate) -> i64 {
        // With one token back per interval, the bucket's level as somebody outside can tell it.
        let (mut level, mut before, mut lowest) = (0_i64, 0_i64, 0_i64);
        for &now in given {
            level = (level + (now - before)).min(0) - rate.interval_us();
            before = now;
            lowest = lowest.min(level);
        }
        -lowest / rate.interval_us()
    }

    #[test]
    fn two_nodes_never_give_more_than_the_limit_and_little_less() {
        for (rate, seed) in [
            (Rate::per_minute(1_000), 1),
            (Rate::per_minute(10_000), 2),
            (Rate::per_minute(100), 3),
            (Rate::per_hour(60), 4),
        ] {
            let interval = rate.interval_us() as u64;
            for distances in [
                [interval / 8, interval / 8],
                [interval / 8, interval * 3],
                [interval / 2, interval],
                [interval / 8, interval * 40],
            ] {
                let given = given(rate, distances, seed);
                let seen = seen_capacity(&given, rate);
                let capacity = i64::from(rate.tokens());
                assert!(seen <= capacity, "{rate:?} {distances:?}: {seen} of {capacity}");
                let in_all = 3 * capacity;
                // A portion that is held and the quarter of one that is not asked for, at each node.
                let least = in_all - 2 * i64::from(portion(rate) + (portion(rate) / 4).max(1));
                let count = given.len() as i64;
                assert!(
                    count <= in_all && count >= least,
                    "{rate:?} {distances:?}: {count} of {in_all}"
                );
            }
        }
    }

    #[test]
    fn a_slow_user_never_meets_a_limit() {
        // One request every two seconds at each node: 60 a minute of 1,000, though each draw is of 50.
        let rate = Rate::per_minute(1_000);
        let (mut row, mut shares) = (RowModel::default(), [Share::default(), Share::default()]);
        for step in 0..600_i64 {
            for (node, share) in shares.iter_mut().enumerate() {
                let now = 1_000_000_000 + step * 2_000_000 + node as i64;
                assert!(ask(share, &mut row, now, rate), "step {step}");
            }
        }
        let now = 1_000_000_000 + 600 * 2_000_000;
        assert!(
            row.full_at_us - now < rate.cost_us(110),
            "what is not used is given back"
        );
    }

    #[test]
    fn what_is_given_back_late_is_not_counted_twice() {
        let rate = Rate::per_minute(1_000);
        let (mut row, mut first, mut second) = (RowModel::default(), Share::default(), Share::default());
        let least = i64::from(portion(rate) / 4);
        let start = 1_000_000_000_000;
        assert!(ask(&mut first, &mut row, start, rate));
        // Two minutes later the bucket is full whatever the first node still held; the second node empties it.
        let later = start + 120_000_000;
        let count = (0..2_000).filter(|_| ask(&mut second, &mut row, later, rate)).count();
        let rest = (0..100).filter(|_| ask(&mut first, &mut row, later + 1, rate)).count();
        // 49 tokens of two minutes ago are not worth anything.
        assert!(
            (950 - least..=950).contains(&((count + rest) as i64)),
            "{count} and {rest}"
        );
    }

    #[test]
    fn a_request_waits_only_where_nothing_is_held() {
        let rate = Rate::per_minute(1_000);
        let (mut row, mut share) = (RowModel::default(), Share::default());
        let (mut waits, mut orders) = (0, 0);
        for step in 0..5_000_i64 {
            let now = 1_000_000_000 + step * 100_000;
            match share.take(now, rate) {
                Next::Decided(standing, order) => {
                    assert!(standing.is_given);
                    if let Some(order) = order {
                        orders += 1;
                        share.arrived(&order, row.draw(&order), rate);
                    }
                }
                Next::Waits(_, Some(order)) => {
                    waits += 1;
                    share.arrived(&order, row.draw(&order), rate);
                    assert!(matches!(share.take(now, rate), Next::Decided(..)));
                }
                Next::Waits(_, None) => unreachable!("nothing is under way"),
            }
        }
        // 10 requests a second of 16.7 allowed: a portion of 50 lapses after 1.5 s with 15 used.
        assert!(
            waits + orders < 500,
            "{waits} waits and {orders} orders for 5,000 requests"
        );
    }
}

//! A token bucket as one time: the instant at which the bucket is full again (the generic cell rate algorithm, ITU-T
//! I.371, annex A). Taking a token moves that instant on by the time in which one token comes back. Times are microseconds
//! since 1970 UTC; "now" is an argument, and a clock that was set back empties no bucket beyond its size.

/// So many tokens, and the time in which an empty bucket fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    tokens: u32,
    window_s: u32,
}

impl Rate {
    /// A rate; neither a bucket without tokens nor one that fills at once is one, so that both are at least 1.
    pub const fn new(tokens: u32, window_s: u32) -> Self {
        Self {
            tokens: if tokens == 0 { 1 } else { tokens },
            window_s: if window_s == 0 { 1 } else { window_s },
        }
    }

    /// So many in a minute.
    pub const fn per_minute(tokens: u32) -> Self {
        Self::new(tokens, 60)
    }

    /// So many in an hour.
    pub const fn per_hour(tokens: u32) -> Self {
        Self::new(tokens, 3_600)
    }

    /// Tokens of a full bucket.
    pub const fn tokens(self) -> u32 {
        self.tokens
    }

    /// Seconds in which an empty bucket fills.
    pub const fn window_s(self) -> u32 {
        self.window_s
    }

    /// Time in which one token comes back.
    pub(crate) const fn interval_us(self) -> i64 {
        let interval = self.window_s as i64 * 1_000_000 / self.tokens as i64;
        if interval == 0 { 1 } else { interval }
    }

    /// Time in which these tokens come back.
    pub(crate) const fn cost_us(self, tokens: u32) -> i64 {
        self.interval_us() * tokens as i64
    }

    /// Time in which an empty bucket fills, in whole intervals.
    pub(crate) const fn depth_us(self) -> i64 {
        self.cost_us(self.tokens)
    }
}

/// How a bucket stands after a token was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether it was given.
    pub(crate) is_given: bool,
    /// Tokens that are left.
    pub(crate) left: u32,
    /// Time until the bucket is full, or, where nothing was given, until there is a token.
    pub(crate) wait_us: i64,
}

impl Standing {
    /// The wait in whole seconds, at least 1.
    pub(crate) fn wait_s(self) -> i64 {
        (self.wait_us + 999_999).div_euclid(1_000_000).max(1)
    }
}

/// Takes a token out of a bucket that is full at `full_at_us`, if there is one.
pub(crate) fn take(full_at_us: &mut i64, now_us: i64, rate: Rate) -> Standing {
    let depth_us = rate.depth_us();
    // A time beyond a whole bucket is one of before the clock was set back.
    *full_at_us = (*full_at_us).min(now_us.saturating_add(depth_us));
    let owed_us = full_at_us.saturating_sub(now_us).max(0);
    let after_us = owed_us + rate.interval_us();
    if after_us > depth_us {
        return Standing {
            is_given: false,
            left: 0,
            wait_us: after_us - depth_us,
        };
    }
    *full_at_us = now_us.saturating_add(after_us);
    Standing {
        is_given: true,
        left: u32::try_from((depth_us - after_us) / rate.interval_us()).unwrap_or(u32::MAX),
        wait_us: after_us,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::per_minute(100);

    /// Tokens given when one is asked for every `every_us` from 0 until `until_us`.
    fn given(full_at: &mut i64, from_us: i64, until_us: i64, every_us: i64) -> usize {
        let times = (0..).map(|i| from_us + i * every_us).take_while(|now| *now < until_us);
        times.filter(|now| take(full_at, *now, RATE).is_given).count()
    }

    #[test]
    fn a_full_bucket_gives_its_tokens_at_once_and_then_one_per_interval() {
        let mut full_at = 0;
        let now = 1_000_000_000;
        for left in (0..100).rev() {
            assert_eq!(take(&mut full_at, now, RATE).left, left);
        }
        let refused = take(&mut full_at, now, RATE);
        assert_eq!(
            (refused.is_given, refused.wait_us, refused.wait_s()),
            (false, 600_000, 1)
        );
        assert!(!take(&mut full_at, now + 599_999, RATE).is_given);
        assert!(take(&mut full_at, now + 600_000, RATE).is_given);
    }

    #[test]
    fn over_any_time_no_more_than_the_bucket_and_what_comes_back_is_given() {
        for every_us in [1_000, 7_000, 100_000, 599_000] {
            let mut full_at = 0;
            let given = given(&mut full_at, 0, 300_000_000, every_us);
            assert!((500..=600).contains(&given), "{every_us}: {given}");
        }
    }

    #[test]
    fn a_clock_that_jumps_takes_nobody_more_than_one_window() {
        let mut full_at = 0;
        given(&mut full_at, 3_600_000_000, 3_600_000_100, 1);
        // An hour back: the bucket is empty at most, not an hour in debt.
        let refused = take(&mut full_at, 0, RATE);
        assert!(!refused.is_given && refused.wait_us == 600_000, "{refused:?}");
        assert!(take(&mut full_at, 600_000, RATE).is_given);
    }

    #[test]
    fn a_rate_of_nothing_is_none() {
        assert_eq!(Rate::new(0, 0), Rate::new(1, 1));
        assert_eq!(Rate::per_minute(u32::MAX).interval_us(), 1);
    }
}

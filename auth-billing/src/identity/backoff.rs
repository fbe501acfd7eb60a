//! How long somebody who guesses has to wait: nothing for the first failures, then twice as long each time, up to a
//! bound. Counted for each account (also for those that do not exist, so that waiting tells nothing) and, at a higher
//! number, for each client address. A pause that ends by itself: an account cannot be locked for good by who does not
//! know its password.

use jiff::{SignedDuration, Timestamp};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An account, by its mail address.
    Account,
    /// A client address.
    Address,
}

/// Failures are forgotten after so long without another.
pub(crate) const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_S: i64 = 15 * 60;
/// No pause is longer.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_secs(LONGEST_S);

impl Subject {
    /// Attempts that cost nothing: people mistype.
    fn free(self) -> i64 {
        match self {
            Self::Account => 5,
            // Behind one address of an office there are many people.
            Self::Address => 50,
        }
    }

    /// Until when nothing is tried after this many failures in a row, the present attempt counted as one; `None`: the next
    /// one is free.
    pub(crate) fn blocked_until(self, failures: i64, now: Timestamp) -> Option<Timestamp> {
        let beyond = failures - self.free();
        if beyond <= 0 {
            return None;
        }
        let pause_s = 1_i64
            .checked_shl(u32::try_from(beyond.min(20)).unwrap_or(0))
            .unwrap_or(LONGEST_S);
        let pause = SignedDuration::from_secs(pause_s.min(LONGEST_S));
        Some(now.checked_add(pause).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_and_ends() {
        let now = Timestamp::UNIX_EPOCH;
        let pause = |subject: Subject, failures| {
            let until = subject.blocked_until(failures, now);
            until.map_or(0, |until| until.as_second())
        };
        let account: Vec<i64> = [1, 5, 6, 7, 8, 14, 15, 16, 1_000, i64::MAX]
            .map(|failures| pause(Subject::Account, failures))
            .to_vec();
        assert_eq!(account, [0, 0, 2, 4, 8, 512, 900, 900, 900, 900]);
        assert_eq!(
            [50, 51, 52].map(|failures| pause(Subject::Address, failures)),
            [0, 2, 4]
        );
        // A guesser gets, after the free ones, about 4 attempts an hour: 100 a day.
        assert_eq!(86_400 / pause(Subject::Account, 20), 96);
    }
}

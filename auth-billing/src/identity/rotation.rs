//! When keys that sign access tokens follow each other. A key is published a day before its first use, so that everybody
//! who keeps the key set has it by then, and it is kept until the last token that it signed has ended.

use driftline_database::TokenKey;
use jiff::{SignedDuration, Timestamp};

use super::jwt::SKEW_S;
use super::signing_key::TokenAlgorithm;

/// How long before its first use a key is published.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How long others may keep the key set.
pub(crate) const KEY_SET_KEPT_S: i64 = 300;

/// How keys follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) algorithm: TokenAlgorithm,
    /// How long one key signs.
    pub(crate) key_life: SignedDuration,
    /// How long what it signed is valid.
    pub(crate) access_life: SignedDuration,
}

/// What has to be done so that there is a key now, and the next one in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of this generation, for this time.
    Make {
        generation: i64,
        from: Timestamp,
        until: Timestamp,
    },
    /// The key of this generation signs no more: it has another algorithm than the settings say.
    End { generation: i64, at: Timestamp },
}

impl Rotation {
    /// Until when a key is kept that signs until then.
    pub(crate) fn kept_until(&self, active_until: Timestamp) -> Timestamp {
        let margin = SignedDuration::from_secs(2 * SKEW_S + KEY_SET_KEPT_S);
        later(later(active_until, self.access_life), margin)
    }

    /// The next step, if there is one; asked again until there is none.
    pub(crate) fn step(&self, keys: &[TokenKey], now: Timestamp) -> Option<Step> {
        let generation = keys.iter().map(|key| key.generation).max().unwrap_or(0) + 1;
        let current = keys
            .iter()
            .filter(|key| key.active_from <= now && now < key.active_until)
            .max_by_key(|key| key.active_from);
        let Some(current) = current else {
            // Another node's clock may be a little behind.
            let from = later(now, SignedDuration::from_secs(-SKEW_S));
            return Some(Step::Make {
                generation,
                from,
                until: later(now, self.key_life),
            });
        };
        if current.algorithm != self.algorithm.name() {
            return Some(Step::End {
                generation: current.generation,
                at: now,
            });
        }
        let has_next = keys.iter().any(|key| key.active_until > current.active_until);
        let is_time = now >= later(current.active_until, -AHEAD);
        (is_time && !has_next).then(|| Step::Make {
            generation,
            from: current.active_until,
            until: later(current.active_until, self.key_life),
        })
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + hours * HOUR).unwrap()
    }

    fn rotation() -> Rotation {
        Rotation {
            algorithm: TokenAlgorithm::EdDsa,
            key_life: SignedDuration::from_hours(720),
            access_life: SignedDuration::from_hours(1),
        }
    }

    fn key(generation: i64, algorithm: &str, from: i64, until: i64) -> TokenKey {
        TokenKey {
            generation,
            kid: generation.to_string(),
            algorithm: algorithm.to_owned(),
            private_key: Vec::new(),
            created_at: at(0),
            active_from: at(from),
            active_until: at(until),
            kept_until: rotation().kept_until(at(until)),
        }
    }

    #[test]
    fn the_first_key_is_made_and_then_nothing() {
        let step = rotation().step(&[], at(0)).unwrap();
        let Step::Make {
            generation,
            from,
            until,
        } = step
        else {
            panic!("{step:?}")
        };
        assert_eq!((generation, until), (1, at(720)));
        assert_eq!(from.as_second(), at(0).as_second() - SKEW_S);
        assert_eq!(rotation().step(&[key(1, "EdDSA", 0, 720)], at(0)), None);
    }

    #[test]
    fn the_next_key_is_published_a_day_ahead_and_begins_where_the_last_ends() {
        let keys = [key(1, "EdDSA", 0, 720)];
        assert_eq!(rotation().step(&keys, at(695)), None);
        let expected = Step::Make {
            generation: 2,
            from: at(720),
            until: at(1_440),
        };
        assert_eq!(rotation().step(&keys, at(696)), Some(expected));
        let both = [keys[0].clone(), key(2, "EdDSA", 720, 1_440)];
        assert_eq!(rotation().step(&both, at(719)), None);
        assert_eq!(rotation().step(&both, at(720)), None);
    }

    #[test]
    fn a_gap_and_another_algorithm_bring_a_key_at_once() {
        let step = rotation().step(&[key(1, "EdDSA", 0, 720)], at(800));
        assert!(matches!(step, Some(Step::Make { generation: 2, .. })), "{step:?}");
        let step = rotation().step(&[key(4, "RS256", 0, 720)], at(5));
        let expected = Step::End {
            generation: 4,
            at: at(5),
        };
        assert_eq!(step, Some(expected));
    }

    #[test]
    fn a_key_outlives_what_it_signed() {
        let kept = rotation().kept_until(at(720));
        assert_eq!(kept.as_second() - at(721).as_second(), 2 * SKEW_S + KEY_SET_KEPT_S);
    }
}

//! The TIME dimension of a test layer: steps, and lists of instants and intervals (06-042, annex C and D).

use driftline_domain::ValidTime;

use crate::maps::{TimeWanted, duration};

/// Items that one TIME may list.
const MOST_ITEMS: usize = 64;

/// Steps of a layer, in order.
#[derive(Debug)]
pub(crate) struct TestTimes {
    steps: Vec<ValidTime>,
}

impl TestTimes {
    /// The steps of features; `None` without any.
    pub(super) fn of(times: impl Iterator<Item = ValidTime>) -> Option<Self> {
        let mut steps: Vec<ValidTime> = times.collect();
        steps.sort_unstable();
        steps.dedup();
        (!steps.is_empty()).then_some(Self { steps })
    }

    /// What capabilities say: the default is the first step.
    pub(crate) fn default(&self) -> String {
        self.steps.first().map(ValidTime::to_string).unwrap_or_default()
    }

    /// `first/last/period`.
    pub(crate) fn extent(&self) -> String {
        match self.steps[..] {
            [first, second, .., last] => {
                let step_s = u32::try_from(second.unix_s() - first.unix_s()).unwrap_or(0);
                format!("{first}/{last}/{}", duration(step_s))
            }
            _ => {
                let steps: Vec<String> = self.steps.iter().map(ValidTime::to_string).collect();
                steps.join(",")
            }
        }
    }

    /// The steps that a value of TIME names; without one the default.
    pub(crate) fn chosen(&self, text: Option<&str>) -> Result<Vec<ValidTime>, String> {
        let Some(text) = text else {
            return Ok(self.steps.first().copied().into_iter().collect());
        };
        if text.split(',').count() > MOST_ITEMS {
            return Err(format!("more than {MOST_ITEMS} times"));
        }
        let mut chosen = Vec::new();
        for item in text.split(',') {
            match TimeWanted::of_wms(item.trim())? {
                TimeWanted::Current => chosen.extend(self.steps.last()),
                TimeWanted::Instant(time) => {
                    let nearest = self
                        .steps
                        .iter()
                        .min_by_key(|step| step.unix_s().abs_diff(time.unix_s()));
                    let inside = self.steps.first().is_some_and(|first| time >= *first)
                        && self.steps.last().is_some_and(|last| time <= *last);
                    match nearest {
                        Some(step) if inside => chosen.push(*step),
                        _ => return Err(format!("{time} lies outside {}", self.extent())),
                    }
                }
                TimeWanted::Within(interval) => chosen.extend(self.steps.iter().filter(|step| {
                    interval.from.is_none_or(|from| from <= **step)
                        && interval.until.is_none_or(|until| **step <= until)
                })),
            }
        }
        if chosen.is_empty() {
            return Err(format!("no step lies in it; there are {}", self.extent()));
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_steps_and_intervals() {
        let at = |seconds: i64| ValidTime::from_unix_s(946_684_800 + seconds).unwrap();
        let times = TestTimes::of((0..=12).map(|step| at(5 * step))).unwrap();
        assert_eq!(times.extent(), "2000-01-01T00:00:00Z/2000-01-01T00:01:00Z/PT5S");
        assert_eq!(times.chosen(None).unwrap(), [at(0)]);
        for (text, expected) in [
            ("2000-01-01T00:00:07Z", vec![at(5)]),
            ("2000-01-01T00:00:00Z/2000-01-01T00:00:10Z", vec![at(0), at(5), at(10)]),
            (
                "2000-01-01T00:00:50Z/2000-01-01T00:01:00Z/PT5S,2000-01-01T00:00:00Z",
                vec![at(0), at(50), at(55), at(60)],
            ),
            ("current", vec![at(60)]),
        ] {
            assert_eq!(times.chosen(Some(text)).unwrap(), expected, "{text}");
        }
        for wrong in ["2001-01-01T00:00:00Z", "x", "2001-01-01/2002-01-01"] {
            assert!(times.chosen(Some(wrong)).is_err(), "{wrong}");
        }
    }
}

//! For how long an output time stands for what comes after it: to the next one, the last for as long as the one before.

use driftline_domain::ValidTime;

/// When the output time of this number ends to hold; times rise. A single time holds for no time at all.
pub fn holds_until(times: &[ValidTime], number: usize) -> Option<ValidTime> {
    let this = *times.get(number)?;
    let before = number.checked_sub(1).and_then(|before| times.get(before));
    let as_long = before.and_then(|before| ValidTime::from_unix_s(2 * this.unix_s() - before.unix_s()));
    Some(times.get(number + 1).copied().or(as_long).unwrap_or(this))
}

/// The number of the output time that holds at an instant, and when it ends to.
pub fn holding_at(times: &[ValidTime], at: ValidTime) -> Option<(usize, ValidTime)> {
    let number = times.partition_point(|time| *time <= at).checked_sub(1)?;
    let until = holds_until(times, number)?;
    (at < until).then_some((number, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holds_to_the_next_and_the_last_as_long_as_the_one_before() {
        let time = |seconds| ValidTime::from_unix_s(seconds).unwrap();
        let times = [0, 3_600, 5_400].map(time);
        assert_eq!(holding_at(&times, time(-1)), None);
        assert_eq!(holding_at(&times, time(0)), Some((0, time(3_600))));
        assert_eq!(holding_at(&times, time(5_399)), Some((1, time(5_400))));
        assert_eq!(holding_at(&times, time(7_199)), Some((2, time(7_200))));
        assert_eq!(holding_at(&times, time(7_200)), None);
        assert_eq!(
            (holding_at(&[], time(0)), holding_at(&times[..1], time(0))),
            (None, None)
        );
    }
}

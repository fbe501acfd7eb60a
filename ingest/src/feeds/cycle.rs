//! Cycles and steps: which runs should have begun to appear, at which hours their steps lie, and the parts that hold these.

use driftline_domain::{GridSpec, RegularGrid, RunTime, ValidTime};
use jiff::{SignedDuration, Timestamp};

use crate::feed::{Part, Place};
use crate::stamp;

/// Runs beyond which no list goes: ten years of four a day.
const MOST_RUNS: usize = 15_000;

/// Runs every `cadence` from midnight UTC on that should have begun to appear by `now`, newest first, none before `since`.
pub(crate) fn runs(
    cadence: SignedDuration,
    first_after: SignedDuration,
    since: Timestamp,
    now: Timestamp,
) -> Vec<RunTime> {
    let every = cadence.as_secs().max(1);
    let latest = stamp::after(now, -first_after).as_second();
    // Runs are counted from 1970-01-01T00:00Z, from which every cadence that divides a day meets midnight.
    let newest = latest.div_euclid(every) * every;
    let times = (0..MOST_RUNS as i64).map_while(|k| RunTime::from_unix_s(newest - k * every));
    times.take_while(|run| run.0 >= since).collect()
}

/// Hours from `first` to `last`, every `every` hours.
pub(crate) fn hours(first: i64, last: i64, every: usize) -> impl Iterator<Item = i64> {
    (first..=last).step_by(every)
}

/// The valid times of steps so many hours after the run.
pub(crate) fn valid_times(run: RunTime, steps: impl IntoIterator<Item = i64>) -> Vec<ValidTime> {
    steps.into_iter().map(|step| stamp::valid(run, step)).collect()
}

/// A part that holds these steps of a run.
pub(crate) fn part(run: RunTime, name: String, steps: &[i64], places: Vec<Place>) -> Part {
    Part {
        name,
        times: valid_times(run, steps.iter().copied()),
        places,
    }
}

/// A part that holds one step, named after it: `f021`.
pub(crate) fn step_part(run: RunTime, step: i64, places: Vec<Place>) -> Part {
    part(run, format!("f{step:03}"), &[step], places)
}

/// 1440 x 721 nodes every quarter of a degree, pole to pole, as the decoder turns it.
pub(crate) fn quarter_degree() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 1440,
        ny: 721,
        lon0_deg: -180.0,
        lat0_deg: -90.0,
        dlon_deg: 0.25,
        dlat_deg: 0.25,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_those_that_should_have_begun_to_appear() {
        let (six, late) = (SignedDuration::from_hours(6), SignedDuration::from_mins(220));
        let since: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        let list = |now: &str| -> Vec<String> {
            let runs = runs(six, late, since, now.parse().unwrap());
            runs.iter().map(ToString::to_string).collect()
        };
        assert_eq!(list("2024-01-01T03:39:59Z"), Vec::<String>::new());
        assert_eq!(list("2024-01-01T03:40:00Z"), ["2024-01-01T00:00:00Z"]);
        assert_eq!(
            list("2024-01-01T15:40:00Z"),
            ["2024-01-01T12:00:00Z", "2024-01-01T06:00:00Z", "2024-01-01T00:00:00Z"]
        );
        let all = runs(six, late, Timestamp::MIN, since);
        assert_eq!(all.len(), MOST_RUNS, "a clock gone wild ends somewhere");
    }
}

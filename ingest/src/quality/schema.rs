//! What a feed promises of a series, and whether a series is that: kind, grid, times, variables, parts of the current.
//!
//! Grids are compared exactly: a grid that has moved by a rounding is another grid, and whoever reads coordinates snaps
//! them before. A feed that delivers on several grids names them all.

use driftline_domain::{Composition, ForcingKind, GridSpec, RunTime, ValidTime};

use super::verdict::{Finding, Verdict};

/// What a series must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What it is.
    pub kind: ForcingKind,
    /// Grids that it may stand on; any where there is none.
    pub grids: Vec<GridSpec>,
    /// When it must hold.
    pub times: ExpectedTimes,
    /// Names of its two variables; any where there are none.
    pub variables: Vec<[String; 2]>,
    /// Parts of the current; any where there are none.
    pub compositions: Vec<Composition>,
    /// Values that are believed.
    pub limits: Limits,
    /// What becomes of missing values.
    pub holes: HolePolicy,
}

/// Times of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedTimes {
    /// Whatever the files hold.
    Any,
    /// These and no others.
    Exactly(Vec<ValidTime>),
    /// The first of these, without a gap: a cycle that is still coming in.
    PrefixOf(Vec<ValidTime>),
}

/// Values that are believed, in the unit of the kind. Tighter than what can be stored at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Longest vector.
    pub longest: f64,
    /// Largest mean length over a step: what a whole sea or sky can have at once.
    pub largest_mean: f64,
    /// Smallest mean length over a step of at least [`LARGE_STEP`] nodes.
    pub smallest_mean: f64,
}

/// Nodes of a step whose mean says something of the unit; a few nodes may lie in a calm.
pub(super) const LARGE_STEP: usize = 10_000;

/// What becomes of missing values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HolePolicy {
    /// A step that lacks more than this share of the nodes that other steps have is refused.
    pub lost_share: f64,
    /// With a coast: a step that lacks more than this share of them in open sea is refused; any is marked.
    pub lost_open_share: f64,
    /// What becomes of open sea that no step has.
    pub unseen: Unseen,
}

/// What becomes of open sea that no step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It is a hole.
    Refuse,
    /// It is marked: beyond the model's domain, or under ice.
    Mark,
}

/// What a series says of itself.
#[derive(Debug, Clone, Copy)]
pub struct SeriesHead<'series> {
    /// Model cycle.
    pub run: RunTime,
    /// What it is.
    pub kind: ForcingKind,
    /// Where its values stand.
    pub grid: &'series GridSpec,
    /// When they hold, ascending.
    pub times: &'series [ValidTime],
    /// Variables of the source.
    pub variables: &'series [String; 2],
    /// Parts of the current.
    pub composition: Composition,
}

impl Expectation {
    /// What any series of a kind must be, whatever feed it comes from.
    pub fn of(kind: ForcingKind) -> Self {
        Self {
            kind,
            grids: Vec::new(),
            times: ExpectedTimes::Any,
            variables: Vec::new(),
            compositions: Vec::new(),
            limits: Limits::of(kind),
            holes: HolePolicy::of(kind),
        }
    }
}

impl Limits {
    /// What is believed of a kind. The longest are the strongest tidal streams, hurricanes and seas that were ever
    /// measured, with room; the means are those of no region a model covers, and of any in the wrong unit.
    pub fn of(kind: ForcingKind) -> Self {
        let (longest, largest_mean, smallest_mean) = match kind {
            ForcingKind::Current => (12.0, 4.0, 0.001),
            ForcingKind::Wind => (90.0, 45.0, 0.2),
            ForcingKind::Waves => (25.0, 14.0, 0.01),
        };
        Self {
            longest,
            largest_mean,
            smallest_mean,
        }
    }
}

impl HolePolicy {
    /// What becomes of missing values of a kind. Tides lay flats dry, so that currents may come and go at the coast, but
    /// not in open sea. Air is everywhere. Wave models have no sea where ice covers it, and ice comes and goes within a
    /// forecast.
    pub fn of(kind: ForcingKind) -> Self {
        match kind {
            ForcingKind::Current => Self {
                lost_share: 0.02,
                lost_open_share: 0.001,
                unseen: Unseen::Mark,
            },
            ForcingKind::Wind => Self {
                lost_share: 0.02,
                lost_open_share: 0.0,
                unseen: Unseen::Refuse,
            },
            ForcingKind::Waves => Self {
                lost_share: 0.2,
                lost_open_share: 0.2,
                unseen: Unseen::Mark,
            },
        }
    }
}

/// Holds a series against what its feed promises.
pub fn check_schema(head: &SeriesHead<'_>, expected: &Expectation) -> Verdict {
    let mut verdict = Verdict::default();
    let objections = [
        kind(head, expected),
        variables(head, expected),
        grid(head, expected),
        composition(head, expected),
        times(head, &expected.times),
    ];
    for finding in objections.into_iter().flatten() {
        verdict.refuse(finding);
    }
    verdict
}

fn kind(head: &SeriesHead<'_>, expected: &Expectation) -> Option<Finding> {
    let message = format!("it is {} where {} is expected", head.kind, expected.kind);
    (head.kind != expected.kind).then(|| Finding::new("kind", None, message))
}

fn variables(head: &SeriesHead<'_>, expected: &Expectation) -> Option<Finding> {
    let known = expected.variables.is_empty() || expected.variables.contains(head.variables);
    let words = |names: &[String; 2]| format!("'{}' and '{}'", names[0], names[1]);
    (!known).then(|| {
        let names: Vec<String> = expected.variables.iter().map(words).collect();
        let message = format!(
            "the {} is in the variables {}, the feed's are {}",
            head.kind,
            words(head.variables),
            names.join(" or ")
        );
        Finding::new("variables", None, message)
    })
}

fn grid(head: &SeriesHead<'_>, expected: &Expectation) -> Option<Finding> {
    let known = expected.grids.is_empty() || expected.grids.contains(head.grid);
    (!known).then(|| {
        let grids: Vec<String> = expected.grids.iter().map(grid_words).collect();
        let message = format!(
            "the grid of {} is {}, the feed's is {}",
            head.kind,
            grid_words(head.grid),
            grids.join(", or ")
        );
        Finding::new("grid_changed", None, message)
    })
}

/// A grid for people, with all that two grids may differ in.
fn grid_words(grid: &GridSpec) -> String {
    if let GridSpec::Regular(grid) = grid {
        return format!(
            "{} x {} nodes from {} E {} N every {} x {} degrees",
            grid.nx, grid.ny, grid.lon0_deg, grid.lat0_deg, grid.dlon_deg, grid.dlat_deg
        );
    }
    format!("{} x {} nodes, {grid:?}", grid.nx(), grid.ny())
}

fn composition(head: &SeriesHead<'_>, expected: &Expectation) -> Option<Finding> {
    let known = expected.compositions.is_empty() || expected.compositions.contains(&head.composition);
    (!known).then(|| {
        let message = format!(
            "the current is the sum of {:?}, the feed's of {:?}",
            head.composition, expected.compositions
        );
        Finding::new("composition", None, message)
    })
}

fn times(head: &SeriesHead<'_>, expected: &ExpectedTimes) -> Option<Finding> {
    let expected: &[ValidTime] = match expected {
        ExpectedTimes::Any => return None,
        ExpectedTimes::Exactly(times) => times,
        ExpectedTimes::PrefixOf(times) => {
            let last = head.times.last()?;
            let until = times.partition_point(|time| time <= last);
            &times[..until]
        }
    };
    let lacking: Vec<ValidTime> = expected
        .iter()
        .filter(|time| !head.times.contains(time))
        .copied()
        .collect();
    let surplus: Vec<ValidTime> = head
        .times
        .iter()
        .filter(|time| !expected.contains(time))
        .copied()
        .collect();
    let message = match (lacking.first(), surplus.first()) {
        (None, None) => return None,
        (Some(first), _) => format!(
            "the time axis of {} lacks {} of {} steps, the first {}",
            head.kind,
            lacking.len(),
            expected.len(),
            step_words(head.run, *first)
        ),
        (None, Some(first)) => format!(
            "the time axis of {} has {} steps that the feed has not, the first {}",
            head.kind,
            surplus.len(),
            step_words(head.run, *first)
        ),
    };
    Some(Finding::new(
        "time_axis",
        lacking.first().or(surplus.first()).copied(),
        message,
    ))
}

/// A step as forecasters name it: `f021 (2015-11-16T21:00:00Z)`.
fn step_words(run: RunTime, time: ValidTime) -> String {
    let seconds = time.unix_s() - run.unix_s();
    if seconds >= 0 && seconds % 3600 == 0 {
        format!("f{:03} ({time})", seconds / 3600)
    } else {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use driftline_domain::RegularGrid;

    use super::*;

    fn hours(hours: std::ops::Range<i64>) -> Vec<ValidTime> {
        hours
            .map(|hour| ValidTime::from_unix_s(1_447_632_000 + 3600 * hour).unwrap())
            .collect()
    }

    fn grid() -> RegularGrid {
        RegularGrid {
            nx: 1440,
            ny: 721,
            lon0_deg: -180.0,
            lat0_deg: -90.0,
            dlon_deg: 0.25,
            dlat_deg: 0.25,
        }
    }

    fn names(first: &str, second: &str) -> [String; 2] {
        [first.to_owned(), second.to_owned()]
    }

    fn expected() -> Expectation {
        Expectation {
            grids: vec![GridSpec::Regular(grid())],
            times: ExpectedTimes::Exactly(hours(0..48)),
            variables: vec![names("u10", "v10"), names("10u", "10v")],
            ..Expectation::of(ForcingKind::Wind)
        }
    }

    /// The code and words of a head changed in one thing.
    fn objection(
        change: impl Fn(&mut Expectation, &mut RegularGrid, &mut Vec<ValidTime>, &mut [String; 2]),
    ) -> Option<(&'static str, String)> {
        let (mut expected, mut grid, mut times, mut variables) =
            (expected(), grid(), hours(0..48), names("10u", "10v"));
        change(&mut expected, &mut grid, &mut times, &mut variables);
        let head = SeriesHead {
            run: RunTime::from_unix_s(1_447_632_000).unwrap(),
            kind: ForcingKind::Wind,
            grid: &GridSpec::Regular(grid),
            times: &times,
            variables: &variables,
            composition: Composition::Unstated,
        };
        check_schema(&head, &expected)
            .refused
            .map(|finding| (finding.code, finding.message))
    }

    #[test]
    fn a_series_as_promised_passes_and_each_difference_is_named() {
        assert_eq!(objection(|_, _, _, _| ()), None);
        let (code, words) = objection(|_, grid, _, _| grid.lat0_deg = -89.875).unwrap();
        assert_eq!(code, "grid_changed");
        assert!(
            words.contains("from -180 E -89.875 N") && words.contains("from -180 E -90 N"),
            "{words}"
        );
        let (code, words) = objection(|_, _, _, names| names[0] = "UGRD".to_owned()).unwrap();
        assert_eq!(
            (
                code,
                words.contains("'UGRD' and '10v'") && words.contains("'u10' and 'v10' or")
            ),
            ("variables", true),
            "{words}"
        );
        let (code, words) =
            objection(|_, _, times, _| times.retain(|time| time.unix_s() != 1_447_632_000 + 21 * 3600)).unwrap();
        assert_eq!(code, "time_axis");
        assert!(
            words.contains("lacks 1 of 48 steps, the first f021 (2015-11-16T21:00:00Z)"),
            "{words}"
        );
        let (code, words) = objection(|_, _, times, _| times.extend(hours(48..50))).unwrap();
        assert_eq!(
            (code, words.contains("2 steps that the feed has not, the first f048")),
            ("time_axis", true),
            "{words}"
        );
        let (code, words) = objection(|expected, _, _, _| expected.kind = ForcingKind::Current).unwrap();
        assert_eq!((code, words.as_str()), ("kind", "it is wind where current is expected"));
        let (code, _) = objection(|expected, _, _, _| expected.compositions = vec![Composition::EulerianTide]).unwrap();
        assert_eq!(code, "composition");
    }

    #[test]
    fn a_cycle_that_is_still_coming_in_may_end_early_and_may_not_have_a_gap() {
        let coming = |expected: &mut Expectation| expected.times = ExpectedTimes::PrefixOf(hours(0..48));
        assert_eq!(
            objection(|expected, _, times, _| {
                coming(expected);
                times.truncate(10);
            }),
            None
        );
        let (_, words) = objection(|expected, _, times, _| {
            coming(expected);
            times.truncate(10);
            times.remove(3);
        })
        .unwrap();
        assert!(words.contains("lacks 1 of 10 steps, the first f003"), "{words}");
    }
}

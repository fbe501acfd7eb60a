//! How well one track follows another: the skill score of Liu and Weisberg (2011, "Evaluation of trajectory modeling in
//! different dynamic regions using normalized cumulative Lagrangian separation", J. Geophys. Res. 116, C09013,
//! doi:10.1029/2010JC006837).
//!
//! Both tracks are brought to common times by linear interpolation. With d_i the separation at time i and l_i the length
//! of the observed track up to it, s = sum d_i / sum l_i, and the score is 1 - s / n for s <= n and 0 beyond; n is the
//! tolerance. 1 is a perfect match. The score is not symmetric: it is the observed track's length that counts.

use driftline_domain::ValidTime;

use super::filter::seconds_between;
use super::track::{Fix, State, Track, distance_m};

/// How two tracks are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkillSettings {
    /// Seconds between common times, counted from the first time that both tracks have.
    pub step_s: f64,
    /// Tolerance n.
    pub tolerance: f64,
    /// Positions are not made up across longer silences of a track; without it they always are.
    pub max_gap_s: Option<f64>,
    /// Whether only reports count that were judged to be adrift.
    pub states: CountedStates,
}

/// Which reports of a track count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedStates {
    /// All that were kept, those of a stranded buoy included.
    All,
    /// Only those adrift.
    Drifting,
}

impl Default for SkillSettings {
    /// The hourly times and the tolerance of 1 that scores are published for.
    fn default() -> Self {
        Self {
            step_s: 3600.0,
            tolerance: 1.0,
            max_gap_s: None,
            states: CountedStates::All,
        }
    }
}

/// A score and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skill {
    /// The score, 0 to 1.
    pub score: f64,
    /// Normalised cumulative separation s.
    pub separation: f64,
    /// First common time.
    pub from: ValidTime,
    /// Last common time.
    pub until: ValidTime,
    /// Common times that were compared.
    pub compared: usize,
    /// Common times that a track has no position for.
    pub skipped: usize,
    /// Longest silence of either track that was bridged, seconds.
    pub longest_gap_s: f64,
    /// Length of the observed track over the common times, metres.
    pub observed_length_m: f64,
    /// Largest separation, metres.
    pub largest_separation_m: f64,
}

/// The score of a modelled track against an observed one; the reason why there is none is a sentence.
pub fn skill(model: &Track, observed: &Track, settings: &SkillSettings) -> Result<Skill, String> {
    let is_usable = settings.step_s >= 1.0 && settings.tolerance > 0.0;
    if !is_usable {
        return Err("the step must be a second at least and the tolerance above 0".to_owned());
    }
    let (model, observed) = (Line::of(model, settings)?, Line::of(observed, settings)?);
    let from = model.first().max(observed.first());
    let until = model.last().min(observed.last());
    let span_s = seconds_between(from, until);
    if span_s < settings.step_s {
        return Err(format!(
            "the tracks have less than one step in common: one ends at {until}, the other begins at {from}"
        ));
    }
    let mut sums = Sums::default();
    for step in 0..=(span_s / settings.step_s) as i64 {
        let seconds = step as f64 * settings.step_s;
        let Some(time) = after(from, seconds) else { break };
        sums.add(time, model.at(time), observed.at(time));
    }
    sums.skill(settings.tolerance, from)
}

fn after(from: ValidTime, seconds: f64) -> Option<ValidTime> {
    let at_ms = from.0.as_millisecond() + (seconds * 1000.0) as i64;
    jiff::Timestamp::from_millisecond(at_ms).ok().map(ValidTime)
}

/// A track that can be asked for positions.
struct Line<'track> {
    fixes: Vec<&'track Fix>,
    max_gap_s: f64,
}

/// A position and the silence that it was made up across.
#[derive(Clone, Copy)]
struct At {
    place: (f64, f64),
    gap_s: f64,
}

impl<'track> Line<'track> {
    fn of(track: &'track Track, settings: &SkillSettings) -> Result<Self, String> {
        let counts = |fix: &&Fix| settings.states == CountedStates::All || fix.state == State::Drifting;
        let fixes: Vec<&Fix> = track.fixes.iter().filter(counts).collect();
        if fixes.len() < 2 {
            return Err(format!("'{}' has {} reports that count", track.platform, fixes.len()));
        }
        Ok(Self {
            fixes,
            max_gap_s: settings.max_gap_s.unwrap_or(f64::INFINITY),
        })
    }

    fn first(&self) -> ValidTime {
        self.fixes[0].time
    }

    fn last(&self) -> ValidTime {
        self.fixes[self.fixes.len() - 1].time
    }

    /// The position at a time, linear in degrees between the reports around it, the short way round the globe.
    fn at(&self, time: ValidTime) -> Option<At> {
        let next = self.fixes.partition_point(|fix| fix.time < time);
        let later = self.fixes.get(next)?;
        if later.time == time {
            return Some(At {
                place: (later.lon_deg, later.lat_deg),
                gap_s: 0.0,
            });
        }
        let earlier = self.fixes[next.checked_sub(1)?];
        let gap_s = seconds_between(earlier.time, later.time);
        let share = seconds_between(earlier.time, time) / gap_s;
        let east = driftline_domain::wrap_lon_deg(later.lon_deg - earlier.lon_deg);
        (gap_s <= self.max_gap_s).then_some(At {
            place: (
                earlier.lon_deg + share * east,
                earlier.lat_deg + share * (later.lat_deg - earlier.lat_deg),
            ),
            gap_s,
        })
    }
}

/// What is summed up over the common times.
#[derive(Default)]
struct Sums {
    separations_m: f64,
    lengths_m: f64,
    length_m: f64,
    last_observed: Option<(f64, f64)>,
    last: Option<ValidTime>,
    compared: usize,
    skipped: usize,
    longest_gap_s: f64,
    largest_m: f64,
}

impl Sums {
    fn add(&mut self, time: ValidTime, model: Option<At>, observed: Option<At>) {
        if let Some(observed) = observed {
            // The way went on also where the model has no position.
            self.length_m += self.last_observed.map_or(0.0, |last| distance_m(last, observed.place));
            self.last_observed = Some(observed.place);
        }
        let (Some(model), Some(observed)) = (model, observed) else {
            self.skipped += 1;
            return;
        };
        let separation_m = distance_m(model.place, observed.place);
        self.separations_m += separation_m;
        self.lengths_m += self.length_m;
        self.compared += 1;
        self.last = Some(time);
        self.longest_gap_s = self.longest_gap_s.max(model.gap_s).max(observed.gap_s);
        self.largest_m = self.largest_m.max(separation_m);
    }

    fn skill(self, tolerance: f64, from: ValidTime) -> Result<Skill, String> {
        if self.lengths_m == 0.0 {
            return Err("the observed track does not move, and no separation can be measured by it".to_owned());
        }
        let separation = self.separations_m / self.lengths_m;
        Ok(Skill {
            score: (1.0 - separation / tolerance).max(0.0),
            separation,
            from,
            until: self.last.unwrap_or(from),
            compared: self.compared,
            skipped: self.skipped,
            longest_gap_s: self.longest_gap_s,
            observed_length_m: self.length_m,
            largest_separation_m: self.largest_m,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::BuoyKind;

    /// Along the equator, hourly, at these degrees east; and so much north of it.
    fn track(platform: &str, lons: &[f64], lat_deg: f64) -> Track {
        let fix = |(hour, &lon_deg): (usize, &f64)| Fix {
            time: ValidTime::from_unix_s(3600 * hour as i64).unwrap(),
            lon_deg,
            lat_deg,
            sea_temperature_c: f64::NAN,
            segment: 0,
            state: State::Drifting,
        };
        Track {
            platform: platform.to_owned(),
            kind: BuoyKind::Drifting,
            fixes: lons.iter().enumerate().map(fix).collect(),
        }
    }

    #[test]
    fn scores_that_can_be_told_by_hand() {
        let settings = SkillSettings::default();
        let observed = track("o", &[0.0, 0.1, 0.2, 0.3, 0.4], 0.0);
        assert_eq!(skill(&observed, &observed, &settings).unwrap().score, 1.0);
        // Half as fast: separations 0, .05, .1, .15, .2 sum to half; lengths 0, .1, .2, .3, .4 to one.
        let slow = track("m", &[0.0, 0.05, 0.1, 0.15, 0.2], 0.0);
        let found = skill(&slow, &observed, &settings).unwrap();
        assert!((found.score - 0.5).abs() < 1e-12 && found.compared == 5, "{found:?}");
        let strict = SkillSettings {
            tolerance: 0.4,
            ..settings
        };
        assert_eq!(skill(&slow, &observed, &strict).unwrap().score, 0.0);
        // Seen from the slow one, the way is half as long.
        assert!(skill(&observed, &slow, &settings).unwrap().score.abs() < 1e-12);
    }

    #[test]
    fn a_track_across_the_antimeridian_is_like_any_other() {
        let observed = track("o", &[179.9, -180.0, -179.9], 0.0);
        let model = track("m", &[179.9, 179.95, -180.0], 0.0);
        let found = skill(&model, &observed, &SkillSettings::default()).unwrap();
        assert!((found.score - 0.5).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn silences_are_bridged_only_as_far_as_allowed() {
        let mut model = track("m", &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 0.0);
        let observed = model.clone();
        model.fixes.drain(2..5);
        let bridged = skill(&model, &observed, &SkillSettings::default()).unwrap();
        assert_eq!(
            (bridged.compared, bridged.skipped, bridged.longest_gap_s),
            (7, 0, 4.0 * 3600.0)
        );
        let limited = SkillSettings {
            max_gap_s: Some(10_800.0),
            ..SkillSettings::default()
        };
        let skipped = skill(&model, &observed, &limited).unwrap();
        assert_eq!((skipped.compared, skipped.skipped), (4, 3));
    }

    #[test]
    fn without_a_common_way_there_is_no_score() {
        let settings = SkillSettings::default();
        let observed = track("o", &[0.0, 0.1, 0.2], 0.0);
        let mut later = observed.clone();
        later
            .fixes
            .iter_mut()
            .for_each(|fix| fix.time = ValidTime::from_unix_s(fix.time.unix_s() + 36_000).unwrap());
        assert!(
            skill(&later, &observed, &settings)
                .unwrap_err()
                .contains("less than one step")
        );
        let still = track("s", &[0.1, 0.1, 0.1], 0.0);
        assert!(
            skill(&observed, &still, &settings)
                .unwrap_err()
                .contains("does not move")
        );
        let lone = track("l", &[0.1], 0.0);
        assert!(
            skill(&lone, &observed, &settings)
                .unwrap_err()
                .contains("'l' has 1 reports")
        );
    }
}

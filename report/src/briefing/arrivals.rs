//! Time to coast: when and where particles came ashore; in a backtrack, when and where they can have left the shore.

use driftline_domain::ValidTime;
use driftline_tiles::MarkStatus;

use super::Briefing;
use super::table::{Column, columns};
use crate::drawing::{Align, FAINT_INK};
use crate::flow::{BODY, Flow, LEADING, MARGIN};
use crate::{Direction, Scene, notation};

/// Stretches of shoreline that are listed.
const MOST_STRETCHES: usize = 5;

/// What came ashore. In a backtrack a particle that meets the shore on its way back can have left it there and then: the times
/// are those of leaving.
#[derive(Debug, Clone, PartialEq)]
pub struct Ashore {
    /// Share of all particles that met the shore in the time of the run.
    pub share: f64,
    /// The earliest time; `None` when no particle met the shore.
    pub first: Option<ValidTime>,
    /// When 10 %, 50 % and 90 % of them had.
    pub by: [Option<ValidTime>; 3],
    /// Stretches of shoreline, the likeliest first; only the first few are listed.
    pub stretches: Vec<Stretch>,
}

/// What came ashore on a stretch of shoreline.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Its name.
    pub name: String,
    /// Longitude of its middle, degrees.
    pub lon_deg: f64,
    /// Latitude of its middle, degrees.
    pub lat_deg: f64,
    /// Length of its shoreline, metres.
    pub length_m: f64,
    /// Share of all particles of the run.
    pub share: f64,
    /// The earliest time.
    pub first: Option<ValidTime>,
    /// When half of those that met this stretch had.
    pub half: Option<ValidTime>,
}

impl Ashore {
    /// Counted from the states at the output times, for those who know no better; which stretches they met is left open.
    pub fn counted(scene: &Scene<'_>) -> Self {
        let mut ashore: Vec<bool> = Vec::new();
        let mut times = Vec::new();
        for snapshot in &scene.snapshots {
            ashore.resize(ashore.len().max(snapshot.status.len()), false);
            for (ashore, code) in ashore.iter_mut().zip(snapshot.status) {
                if !*ashore && MarkStatus::of_code(*code) == Some(MarkStatus::Stranded) {
                    *ashore = true;
                    times.push(snapshot.time);
                }
            }
        }
        times.sort();
        Self {
            share: times.len() as f64 / ashore.len().max(1) as f64,
            first: times.first().copied(),
            by: [0.1, 0.5, 0.9].map(|share| by(&times, share)),
            stretches: Vec::new(),
        }
    }
}

/// The time by which this share of the arrivals had come.
fn by(arrivals: &[ValidTime], share: f64) -> Option<ValidTime> {
    let rank = libm::ceil(share * arrivals.len() as f64) as usize;
    arrivals.get(rank.max(1) - 1).copied()
}

pub(super) fn draw(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let (scene, ashore) = (briefing.scene, &briefing.ashore);
    let words = Words::of(scene.direction);
    flow.heading(words.heading);
    if ashore.share <= 0.0 {
        flow.paragraph(words.none, BODY);
        return;
    }
    let (share, others) = (notation::share(ashore.share), notation::share(1.0 - ashore.share));
    flow.paragraph(&(words.shares)(&share, &others), BODY);
    let rows = [
        (words.first, ashore.first),
        (words.by[0], ashore.by[0]),
        (words.by[1], ashore.by[1]),
        (words.by[2], ashore.by[2]),
    ];
    for (name, time) in rows {
        let Some(time) = time else { continue };
        flow.need(LEADING);
        let when = format!("{} ({})", notation::utc(time), notation::elapsed(scene.elapsed_s(time)));
        let y = flow.y + 9.0;
        flow.page()
            .text(name, (MARGIN, y), BODY.in_colour(FAINT_INK), Align::Left);
        flow.page().text(when, (MARGIN + 190.0, y), BODY, Align::Left);
        flow.y += LEADING;
    }
    stretches(flow, ashore, &words);
}

/// The likeliest stretches of shoreline.
fn stretches(flow: &mut Flow<'_>, ashore: &Ashore, words: &Words) {
    if ashore.stretches.is_empty() {
        return;
    }
    flow.y += 5.0;
    let head = [
        Column::left("Stretch of shoreline", 92.0),
        Column::left("Latitude", 70.0),
        Column::left("Longitude", 76.0),
        Column::right("Shore", 50.0),
        Column::right("Share of all", 58.0),
        Column::right(words.columns[0], 82.0),
        Column::right(words.columns[1], 82.0),
    ];
    let time = |time: Option<ValidTime>| time.map_or("–".to_owned(), notation::day_and_clock);
    let rows: Vec<Vec<String>> = ashore
        .stretches
        .iter()
        .take(MOST_STRETCHES)
        .map(|stretch| {
            vec![
                stretch.name.clone(),
                notation::lat_dmm(stretch.lat_deg, 1),
                notation::lon_dmm(stretch.lon_deg, 1),
                format!("{} km", notation::amount(stretch.length_m / 1e3)),
                notation::share(stretch.share),
                time(stretch.first),
                time(stretch.half),
            ]
        })
        .collect();
    columns(flow, &head, &rows, |_| false);
    let (shown, all) = (rows.len(), ashore.stretches.len());
    if shown < all {
        let rest =
            format!("The {shown} likeliest of {all} stretches; stranding.csv has all. Positions are their middles.");
        flow.paragraph(&rest, BODY.in_colour(FAINT_INK));
    }
}

/// How it is said of a forecast and of a backtrack.
struct Words {
    heading: &'static str,
    none: &'static str,
    shares: fn(&str, &str) -> String,
    first: &'static str,
    by: [&'static str; 3],
    columns: [&'static str; 2],
}

impl Words {
    fn of(direction: Direction) -> Self {
        match direction {
            Direction::Forward => Self {
                heading: "Time to coast",
                none: "No particle came ashore in the time of the run.",
                shares: |share, others| {
                    format!(
                        "{share} of the particles came ashore by the end of the run, {others} did not. Stranded particles are \
                         not part of the search areas."
                    )
                },
                first: "First arrival",
                by: [
                    "10 % of those that came ashore, by",
                    "50 % of those that came ashore, by",
                    "90 % of those that came ashore, by",
                ],
                columns: ["First (UTC)", "Half by (UTC)"],
            },
            Direction::Backtrack => Self {
                heading: "From the shore",
                none: "No particle met the shore on its way back.",
                shares: |share, others| {
                    format!(
                        "{share} of the particles met the shore on their way back: the object can have left it there and then. \
                         {others} did not. Those that met the shore are not part of the areas."
                    )
                },
                first: "Earliest departure",
                by: [
                    "10 % of departures, by",
                    "50 % of departures, by",
                    "90 % of departures, by",
                ],
                columns: ["Earliest (UTC)", "Half by (UTC)"],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_arrivals_are_ranks() {
        let hour = |hour: i64| ValidTime::from_unix_s(hour * 3600).unwrap();
        let arrivals: Vec<ValidTime> = (1..=10).map(hour).collect();
        assert_eq!(by(&arrivals, 0.0), Some(hour(1)));
        assert_eq!(by(&arrivals, 0.1), Some(hour(1)));
        assert_eq!(by(&arrivals, 0.5), Some(hour(5)));
        assert_eq!(by(&arrivals, 0.9), Some(hour(9)));
        assert_eq!(by(&[], 0.5), None);
    }
}

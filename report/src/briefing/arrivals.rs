//! Time to coast: when particles came ashore, counted from the states at the output times.

use driftline_domain::ValidTime;
use driftline_tiles::MarkStatus;

use super::Briefing;
use super::flow::{BODY, Flow, LEADING, MARGIN};
use crate::drawing::{Align, FAINT_INK};
use crate::{Scene, notation};

/// The output time at which each particle that came ashore was first seen there, in the order of the run.
fn arrivals(scene: &Scene<'_>) -> Vec<ValidTime> {
    let mut ashore: Vec<bool> = Vec::new();
    let mut arrivals = Vec::new();
    for snapshot in &scene.snapshots {
        ashore.resize(ashore.len().max(snapshot.status.len()), false);
        for (ashore, code) in ashore.iter_mut().zip(snapshot.status) {
            if !*ashore && MarkStatus::of_code(*code) == Some(MarkStatus::Stranded) {
                *ashore = true;
                arrivals.push(snapshot.time);
            }
        }
    }
    arrivals
}

/// The time by which this share of the arrivals had come.
fn by(arrivals: &[ValidTime], share: f64) -> Option<ValidTime> {
    let rank = libm::ceil(share * arrivals.len() as f64) as usize;
    arrivals.get(rank.max(1) - 1).copied()
}

pub(super) fn draw(flow: &mut Flow<'_>, briefing: &Briefing<'_>) {
    let scene = briefing.scene;
    flow.heading("Time to coast");
    let arrivals = arrivals(scene);
    let particles = scene.snapshots.iter().map(|snapshot| snapshot.status.len()).max();
    if arrivals.is_empty() {
        flow.paragraph("No particle came ashore in the time of the run.", BODY);
        return;
    }
    let share = arrivals.len() as f64 / particles.unwrap_or(1).max(1) as f64;
    let text = format!(
        "{} of the particles came ashore by the end of the run, {} did not. Stranded particles are not part of the search areas.",
        notation::share(share),
        notation::share(1.0 - share)
    );
    flow.paragraph(&text, BODY);
    let rows = [
        ("First arrival", 0.0),
        ("10 % of those that came ashore, by", 0.1),
        ("50 % of those that came ashore, by", 0.5),
        ("90 % of those that came ashore, by", 0.9),
    ];
    for (name, share) in rows {
        let Some(time) = by(&arrivals, share) else { continue };
        flow.need(LEADING);
        let when = format!("{} ({})", notation::utc(time), notation::elapsed(scene.elapsed_s(time)));
        let y = flow.y + 9.0;
        flow.page()
            .text(name, (MARGIN, y), BODY.in_colour(FAINT_INK), Align::Left);
        flow.page().text(when, (MARGIN + 190.0, y), BODY, Align::Left);
        flow.y += LEADING;
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

//! Positions that jump: a track is cut wherever a buoy would have gone too fast, and pieces of one or two reports are
//! dropped, since whatever moves is seen more than twice. What is left joins again where the way between is slow.

use super::filter::seconds_between;
use super::track::{Fix, distance_m};

/// Longest piece between two jumps that is taken for a fault.
const STRAY_REPORTS: usize = 2;

/// Speed between two reports, m/s; endless where no time passes and a way lies between.
pub(super) fn speed_ms(from: &Fix, to: &Fix) -> f64 {
    let way_m = distance_m((from.lon_deg, from.lat_deg), (to.lon_deg, to.lat_deg));
    if way_m == 0.0 {
        return 0.0;
    }
    way_m / seconds_between(from.time, to.time)
}

/// Drops what jumps: lone reports first, then pairs, each time joining what is left.
pub(super) fn drop_too_fast(fixes: &mut Vec<Fix>, max_speed_ms: f64) {
    for stray in 1..=STRAY_REPORTS {
        while drop_pieces(fixes, stray, max_speed_ms) {}
    }
}

/// Drops pieces of at most this many reports; whether there were any.
fn drop_pieces(fixes: &mut Vec<Fix>, stray: usize, max_speed_ms: f64) -> bool {
    let pieces: Vec<&[Fix]> = fixes
        .chunk_by(|earlier, later| speed_ms(earlier, later) <= max_speed_ms)
        .collect();
    if pieces.len() < 2 {
        return false;
    }
    let kept: Vec<Fix> = pieces
        .into_iter()
        .filter(|piece| piece.len() > stray)
        .flatten()
        .copied()
        .collect();
    let has_dropped = kept.len() < fixes.len();
    *fixes = kept;
    has_dropped
}

#[cfg(test)]
mod tests {
    use driftline_domain::ValidTime;

    use super::*;
    use crate::observations::State;

    /// Reports every ten minutes, at kilometres east of a place on the equator.
    fn track(kilometres: &[f64]) -> Vec<Fix> {
        let fix = |(at, km): (usize, &f64)| Fix {
            time: ValidTime::from_unix_s(600 * at as i64).unwrap(),
            lon_deg: 10.0 + km / 111.195,
            lat_deg: 0.0,
            sea_temperature_c: f64::NAN,
            segment: 0,
            state: State::Drifting,
        };
        kilometres.iter().enumerate().map(fix).collect()
    }

    fn kept(kilometres: &[f64]) -> Vec<i64> {
        let mut fixes = track(kilometres);
        drop_too_fast(&mut fixes, 5.0);
        fixes.iter().map(|fix| fix.time.unix_s() / 600).collect()
    }

    #[test]
    fn a_spike_of_one_or_two_reports_goes_and_its_neighbours_stay() {
        assert_eq!(kept(&[0.0, 0.3, 0.6, 90.0, 1.2, 1.5, 1.8]), [0, 1, 2, 4, 5, 6]);
        assert_eq!(kept(&[0.0, 0.3, 0.6, 90.0, 90.1, 1.5, 1.8, 2.1]), [0, 1, 2, 5, 6, 7]);
        assert_eq!(
            kept(&[70.0, 0.3, 0.6, 0.9]),
            [1, 2, 3],
            "a stray first report does not condemn the rest"
        );
    }

    #[test]
    fn what_is_carried_away_and_goes_on_elsewhere_stays_in_both_places() {
        assert_eq!(kept(&[0.0, 0.3, 0.6, 20.0, 40.0, 60.0, 60.1, 60.2]), [0, 1, 2, 5, 6, 7]);
    }

    #[test]
    fn of_two_reports_that_contradict_each_other_neither_is_believed() {
        assert!(kept(&[0.0, 90.0]).is_empty());
        assert_eq!(kept(&[4.0]), [0]);
    }
}

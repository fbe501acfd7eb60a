//! What each kept report is: adrift, at one place, on the shore, not set out yet.
//!
//! At one place means: within [`STAY_RADIUS_M`] for [`STAY_S`] or longer. Positions of a buoy that lies still scatter by
//! some 100 m indoors and when it uses Argos; water that stands still for six hours is rarer than a buoy that does.

use driftline_coast::Coast;

use super::filter::{BuoyFilter, seconds_between};
use super::track::{BuoyKind, Fix, State, distance_m};

/// How far reports of one place lie from the first of them, metres.
const STAY_RADIUS_M: f64 = 250.0;
/// How long a buoy is at one place before that is called staying, seconds.
const STAY_S: f64 = 6.0 * 3600.0;
/// A buoy that stays this close to the shore lies on it, metres: what the coast and the positions may be off together.
const SHORE_M: f64 = 500.0;
/// So far inland nothing drifts, metres.
const INLAND_M: f64 = 200.0;

/// Gives every report its state.
pub(super) fn judge(fixes: &mut [Fix], filter: &BuoyFilter, coast: &Coast) {
    match filter.kind {
        BuoyKind::Drifting => judge_drifting(fixes, coast),
        BuoyKind::Moored => judge_moored(fixes, filter.watch_circle_m),
    }
}

fn judge_drifting(fixes: &mut [Fix], coast: &Coast) {
    let stays = stays(fixes);
    for (fix, stays) in fixes.iter_mut().zip(&stays) {
        let (lon, lat) = (fix.lon_deg, fix.lat_deg);
        let on_land = coast.on_land(lon, lat);
        fix.state = if *stays && (on_land || coast.distance_to_coast(lon, lat, SHORE_M).is_some()) {
            State::Stranded
        } else if *stays {
            State::Stationary
        } else if on_land && coast.distance_to_coast(lon, lat, INLAND_M).is_none() {
            State::Ashore
        } else {
            State::Drifting
        };
    }
    // What lies still before it ever drifted has not been set out; what never drifts may be anything.
    if let Some(first) = fixes.iter().position(|fix| fix.state == State::Drifting) {
        fixes[..first]
            .iter_mut()
            .for_each(|fix| fix.state = State::BeforeDeployment);
    }
}

/// Which reports belong to a stay.
fn stays(fixes: &[Fix]) -> Vec<bool> {
    let mut stays = vec![false; fixes.len()];
    let mut first = 0;
    while first < fixes.len() {
        let place = (fixes[first].lon_deg, fixes[first].lat_deg);
        let near = |fix: &&Fix| distance_m(place, (fix.lon_deg, fix.lat_deg)) <= STAY_RADIUS_M;
        let last = first + fixes[first..].iter().take_while(near).count() - 1;
        if seconds_between(fixes[first].time, fixes[last].time) >= STAY_S {
            stays[first..=last].fill(true);
            // The next stay may begin with the last report of this one.
            first = last.max(first + 1);
        } else {
            first += 1;
        }
    }
    stays
}

fn judge_moored(fixes: &mut [Fix], watch_circle_m: f64) {
    let Some(station) = middle(fixes) else { return };
    for fix in fixes {
        let away_m = distance_m(station, (fix.lon_deg, fix.lat_deg));
        fix.state = if away_m <= watch_circle_m {
            State::Moored
        } else {
            State::OffStation
        };
    }
}

/// The median position; longitudes are taken relative to the first, so that a station on the antimeridian has one.
fn middle(fixes: &[Fix]) -> Option<(f64, f64)> {
    let first = fixes.first()?;
    let median = |mut values: Vec<f64>| {
        let at = values.len() / 2;
        *values.select_nth_unstable_by(at, f64::total_cmp).1
    };
    let east = |fix: &Fix| driftline_domain::wrap_lon_deg(fix.lon_deg - first.lon_deg);
    let lon = first.lon_deg + median(fixes.iter().map(east).collect());
    Some((
        driftline_domain::wrap_lon_deg(lon),
        median(fixes.iter().map(|fix| fix.lat_deg).collect()),
    ))
}

#[cfg(test)]
mod tests {
    use driftline_domain::ValidTime;

    use super::*;

    /// Half-hourly reports at these places.
    fn track(places: &[(f64, f64)]) -> Vec<Fix> {
        let fix = |(at, &(lon_deg, lat_deg)): (usize, &(f64, f64))| Fix {
            time: ValidTime::from_unix_s(1800 * at as i64).unwrap(),
            lon_deg,
            lat_deg,
            sea_temperature_c: f64::NAN,
            segment: 0,
            state: State::Drifting,
        };
        places.iter().enumerate().map(fix).collect()
    }

    fn states(places: &[(f64, f64)], kind: BuoyKind) -> Vec<State> {
        // An island of one degree.
        let coast = Coast::from_polygons(&[vec![(10.0, 50.0), (11.0, 50.0), (11.0, 51.0), (10.0, 51.0)]]).unwrap();
        let mut fixes = track(places);
        judge(&mut fixes, &BuoyFilter::of(kind), &coast);
        fixes.iter().map(|fix| fix.state).collect()
    }

    fn at_sea(reports: usize) -> Vec<(f64, f64)> {
        (0..reports).map(|report| (9.0 + 0.01 * report as f64, 50.5)).collect()
    }

    #[test]
    fn a_buoy_drifts_strands_and_was_not_set_out_before() {
        let desk = vec![(10.5, 50.5); 13];
        let shore = vec![(9.999, 50.5); 13];
        let found = states(&[desk, at_sea(20), shore].concat(), BuoyKind::Drifting);
        assert_eq!(found[..13], [State::BeforeDeployment; 13]);
        assert_eq!(found[13..33], [State::Drifting; 20]);
        assert_eq!(found[33..], [State::Stranded; 13]);
    }

    #[test]
    fn a_short_stop_is_no_stay_and_a_stay_at_sea_is_no_stranding() {
        let stop = vec![(9.5, 50.5); 12];
        let found = states(&[at_sea(5), stop, at_sea(5)].concat(), BuoyKind::Drifting);
        assert_eq!(found, [State::Drifting; 22]);
        let caught = vec![(9.5, 50.5); 13];
        let found = states(&[at_sea(5), caught].concat(), BuoyKind::Drifting);
        assert_eq!(found[5..], [State::Stationary; 13]);
    }

    #[test]
    fn what_moves_inland_is_ashore() {
        let inland: Vec<_> = (0..5).map(|at| (10.3 + 0.1 * f64::from(at), 50.5)).collect();
        let found = states(&[at_sea(5), inland].concat(), BuoyKind::Drifting);
        assert_eq!(found[5..], [State::Ashore; 5]);
    }

    #[test]
    fn a_moored_buoy_that_breaks_loose_is_off_station() {
        let moored: Vec<_> = (0..20).map(|at| (-179.99 + 0.001 * f64::from(at % 3), 5.0)).collect();
        let found = states(&[moored, vec![(179.8, 5.0), (179.7, 5.0)]].concat(), BuoyKind::Moored);
        assert_eq!(found[..20], [State::Moored; 20]);
        assert_eq!(found[20..], [State::OffStation; 2]);
    }
}

//! When cycles come, how far they go, and the grid.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::marine_store::{self, FileTimes};
use crate::feeds::places::Places;
use crate::stamp;

/// Hours after its beginning that a file holds.
const HOURS: [i64; 4] = [3, 6, 9, 12];

/// The files of a run: half a day each, from the day before it to the end of the ninth day after its date.
pub(super) fn files(run: RunTime) -> Vec<FileTimes> {
    let noon = run.unix_s().rem_euclid(24 * 3600) != 0;
    let last = if noon { 18 } else { 19 };
    let file = |half_day: i64| {
        let begins = stamp::after(run.0, SignedDuration::from_hours(12 * half_day));
        let times = HOURS.iter().map(|hour| stamp::valid(RunTime(begins), *hour));
        FileTimes {
            begins,
            times: times.collect(),
        }
    };
    (-2..=last).map(file).collect()
}

pub(super) fn about(places: &Places) -> About {
    About {
        name: NAME,
        title: "Copernicus Marine waves (MFWAM), 1/12 degree, global",
        provider: "Copernicus Marine Service (Meteo-France, Mercator Ocean International)",
        attribution: marine_store::ATTRIBUTION,
        licence: marine_store::LICENCE,
        fields: variables::fields(places),
        cadence: SignedDuration::from_hours(12),
        first_after: SignedDuration::from_hours(11),
        complete_after: SignedDuration::from_hours(12),
        given_up_after: SignedDuration::from_hours(36),
        horizon: SignedDuration::from_hours(240),
        reissued: true,
        disabled: None,
    }
}

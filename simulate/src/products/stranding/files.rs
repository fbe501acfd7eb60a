//! `stranded.geojson`, `stranding.geojson` and `stranding.csv`. Times are RFC 3339 to the second, lengths metres, shares 0 to
//! 1 of all particles of the run.

use std::fmt::Write as _;

use driftline_domain::ValidTime;
use geo::{LineString, MapCoords, MultiLineString};
use geojson::{Geometry, JsonObject, JsonValue};
use serde_json::json;

use super::{ARRIVAL_SHARES, SegmentArrivals, Stranding, whole_second};
use crate::products::Error;
use crate::products::features::{RunLabel, point, rounded};
use crate::products::track_ids;

/// Points that the file holds at most; `particles.parquet` has all.
const MAX_POINTS: usize = 20_000;

/// `stranded.geojson`: where and when particles came ashore, a point each, of more than 20,000 a fair choice; the
/// collection's member `stranded` has how many came ashore and how many are shown. `valid_time` is the first output time at
/// which the particle was ashore, `arrival_time` the second at which it met the shore.
pub fn stranded_geojson(stranding: &Stranding, label: &RunLabel) -> Result<Vec<u8>, Error> {
    let n_arrivals = stranding.arrivals.len();
    let mut features = Vec::with_capacity(n_arrivals.min(MAX_POINTS));
    for arrival in track_ids(n_arrivals, MAX_POINTS).map(|number| &stranding.arrivals[number]) {
        let own = [
            ("particle_id", arrival.particle_id.into()),
            ("valid_time", arrival.time.to_string().into()),
            ("arrival_time", told(whole_second(arrival.arrived_s))),
            ("segment", arrival.segment.map(|id| id.to_string()).into()),
            ("n_particles", stranding.n_all.into()),
        ];
        let geometry = point(arrival.lon_deg, arrival.lat_deg);
        features.push(label.feature(label.id("stranded", arrival.particle_id), geometry, &own)?);
    }
    let counts = json!({"n_arrivals": n_arrivals, "n_shown": features.len()});
    label.write_with(features, JsonObject::from_iter([("stranded".to_owned(), counts)]))
}

/// `stranding.geojson`: the stretches of shoreline with arrivals, the likeliest first, with the numbers of the run in the
/// collection's member `stranding`. `times` and `probability_by` run in parallel.
pub fn stranding_geojson(stranding: &Stranding, label: &RunLabel) -> Result<Vec<u8>, Error> {
    let times: Vec<String> = stranding
        .stranded_fraction
        .iter()
        .map(|(time, _)| time.to_string())
        .collect();
    let mut features = Vec::with_capacity(stranding.segments.len());
    for segment in stranding.by_probability() {
        let [time_10, time_50, time_90] = ARRIVAL_SHARES.map(|share| told(segment.arrival_time(share)));
        let name = segment.segment.id.to_string();
        let own = [
            ("segment", name.clone().into()),
            ("length_m", segment.segment.length_m.into()),
            ("n_arrivals", segment.arrived_s.len().into()),
            ("n_particles", stranding.n_all.into()),
            ("probability", segment.probability.into()),
            ("first_arrival", told(segment.arrival_time(0.0))),
            ("arrival_time_10", time_10),
            ("arrival_time_50", time_50),
            ("arrival_time_90", time_90),
            ("times", times.clone().into()),
            ("probability_by", segment.probability_by.clone().into()),
        ];
        features.push(label.feature(label.id("stranding", name), geometry(segment), &own)?);
    }
    label.write_with(
        features,
        JsonObject::from_iter([("stranding".to_owned(), stranding.summary())]),
    )
}

/// `stranding.csv` (RFC 4180): a row per stretch of shoreline with arrivals, the likeliest first, at the end of it a column
/// per output time with the probability of arrival by then. Longitude and latitude are the middle of its square.
pub fn stranding_csv(stranding: &Stranding) -> String {
    let mut csv =
        "segment,lon_deg,lat_deg,length_m,n_arrivals,probability,first_arrival,arrival_time_10,arrival_time_50,\
                   arrival_time_90"
            .to_owned();
    for (time, _) in &stranding.stranded_fraction {
        // Writing to a text cannot fail.
        let _ = write!(csv, ",by_{time}");
    }
    csv.push_str("\r\n");
    for segment in stranding.by_probability() {
        let (lon, lat) = segment.segment.id.middle();
        let _ = write!(
            csv,
            "{},{lon:.6},{lat:.6},{:.0},{},{}",
            segment.segment.id,
            segment.segment.length_m,
            segment.arrived_s.len(),
            segment.probability
        );
        for share in [0.0].into_iter().chain(ARRIVAL_SHARES) {
            let time = segment.arrival_time(share).map(|time| time.to_string());
            let _ = write!(csv, ",{}", time.unwrap_or_default());
        }
        for probability in &segment.probability_by {
            let _ = write!(csv, ",{probability}");
        }
        csv.push_str("\r\n");
    }
    csv
}

impl Stranding {
    /// The numbers of the run: shares of all particles over time and at the end, and when those that arrived did.
    pub fn summary(&self) -> JsonValue {
        let at = |share: f64| self.arrival_time(share);
        let hours = |share: f64| at(share).and_then(|time| self.hours_to(time));
        let by_time = self.stranded_fraction.iter();
        json!({
            "n_particles": self.n_all,
            "stranded_fraction": self.arrived_fraction(),
            "never_arrived_fraction": self.never_arrived_fraction(),
            "elsewhere_fraction": self.elsewhere_fraction(),
            "segments": self.segments.len(),
            "first_arrival": told(self.first_arrival()),
            "arrival_time_10": told(at(0.1)),
            "arrival_time_50": told(at(0.5)),
            "arrival_time_90": told(at(0.9)),
            "hours_to_first_arrival": hours(0.0),
            "hours_to_coast_10": hours(0.1),
            "hours_to_coast_50": hours(0.5),
            "hours_to_coast_90": hours(0.9),
            "by_time": by_time
                .map(|(time, share)| json!({"valid_time": time.to_string(), "stranded_fraction": share}))
                .collect::<Vec<_>>(),
        })
    }

    /// The stretches of shoreline, the likeliest first.
    pub(super) fn by_probability(&self) -> Vec<&SegmentArrivals> {
        let mut segments: Vec<&SegmentArrivals> = self.segments.iter().collect();
        segments.sort_by_key(|segment| (std::cmp::Reverse(segment.arrived_s.len()), segment.segment.id));
        segments
    }
}

/// A line, or several where the stretch has several pieces.
fn geometry(segment: &SegmentArrivals) -> Geometry {
    let lines = segment.segment.lines.iter();
    let mut lines: Vec<LineString> = lines
        .map(|line| LineString::from(line.clone()).map_coords(rounded))
        .collect();
    if lines.len() == 1 {
        Geometry::new((&lines.remove(0)).into())
    } else {
        Geometry::new((&MultiLineString(lines)).into())
    }
}

fn told(time: Option<ValidTime>) -> JsonValue {
    time.map(|time| time.to_string()).into()
}

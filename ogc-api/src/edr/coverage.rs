//! Values of an answer before they have a form: domains as CoverageJSON knows them, and one row of values for each
//! parameter. A missing value is NaN here and null, empty or a fill value in what is sent, never zero.

use driftline_domain::ValidTime;

use super::coords::Place;
use super::crs::Crs;
use super::parameter::Parameter;

/// Where and when values are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Domain {
    /// Values at each time, latitude and longitude, in this order.
    Grid {
        /// Longitudes, rising.
        lon: Vec<f64>,
        /// Latitudes, rising.
        lat: Vec<f64>,
        /// Times, rising.
        times: Vec<ValidTime>,
    },
    /// Values at each time of one place.
    PointSeries {
        /// The place.
        place: Place,
        /// Times, rising.
        times: Vec<ValidTime>,
    },
    /// Values along a path.
    Trajectory(Vec<(ValidTime, Place)>),
}

/// A domain with its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Coverage {
    /// Where and when.
    pub(crate) domain: Domain,
    /// For each parameter of the answer one value for each position of the domain.
    pub(crate) ranges: Vec<Vec<f32>>,
}

/// Everything that is told.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What was asked for.
    pub(crate) parameters: Vec<&'static Parameter>,
    /// The coverages.
    pub(crate) coverages: Vec<Coverage>,
    /// Whether several were asked for, though there may be one.
    pub(crate) is_collection: bool,
    /// Reference system of the answer.
    pub(crate) crs: Crs,
    /// Title for people.
    pub(crate) title: String,
    /// Credits, each once.
    pub(crate) attribution: Vec<String>,
    /// The address of the query, without a credential.
    pub(crate) endpoint: String,
}

impl Domain {
    /// Every position in the order of the values.
    pub(crate) fn positions(&self) -> Box<dyn Iterator<Item = (ValidTime, Place)> + '_> {
        match self {
            Self::Grid { lon, lat, times } => Box::new(times.iter().flat_map(move |time| {
                lat.iter()
                    .flat_map(move |lat| lon.iter().map(move |lon| (*time, (*lon, *lat))))
            })),
            Self::PointSeries { place, times } => Box::new(times.iter().map(move |time| (*time, *place))),
            Self::Trajectory(positions) => Box::new(positions.iter().copied()),
        }
    }

    /// The only time that occurs, where it is one.
    pub(crate) fn only_time(&self) -> Option<ValidTime> {
        let mut times = match self {
            Self::Grid { times, .. } | Self::PointSeries { times, .. } => times.clone(),
            Self::Trajectory(positions) => positions.iter().map(|(time, _)| *time).collect(),
        };
        times.dedup();
        match times[..] {
            [time] => Some(time),
            _ => None,
        }
    }
}

impl Answer {
    /// Values that are told, missing ones included.
    pub(crate) fn values(&self) -> usize {
        self.coverages
            .iter()
            .flat_map(|coverage| &coverage.ranges)
            .map(Vec::len)
            .sum()
    }

    /// Whether there is any value.
    pub(crate) fn has_values(&self) -> bool {
        let mut ranges = self.coverages.iter().flat_map(|coverage| &coverage.ranges);
        ranges.any(|range| range.iter().any(|value| !value.is_nan()))
    }

    /// The only time that occurs, where it is one.
    pub(crate) fn only_time(&self) -> Option<ValidTime> {
        let mut times = self.coverages.iter().map(|coverage| coverage.domain.only_time());
        let first = times.next()??;
        times.all(|time| time == Some(first)).then_some(first)
    }
}

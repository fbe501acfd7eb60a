//! Where, when and how likely the object comes ashore (leeway.md 6.3): for the run, and for each stretch of shoreline that
//! particles ran ashore on. Times are those of the crossings themselves, which fall within a step of the kernel.
//!
//! Shares are of all particles of the run, so what never arrived and what ran out of forcing is in the denominator.
//! Times of arrival are conditional on arrival: half of *those that came ashore here* had come by the 50 % time.

mod files;

use std::collections::BTreeMap;

use driftline_coast::{Coast, Segment, SegmentId};
use driftline_domain::{ValidTime, wrap_lon_deg};
use driftline_leeway::Ended;
use rayon::prelude::*;

use super::Error;
use super::Status;
use super::cloud::{Cloud, check_run};

pub use files::{stranded_geojson, stranding_csv, stranding_geojson};

/// Shares of those that arrived for which a time is told.
pub(crate) const ARRIVAL_SHARES: [f64; 3] = [0.1, 0.5, 0.9];

/// A particle that came ashore.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// The particle.
    pub particle_id: u32,
    /// Longitude in [-180, 180).
    pub lon_deg: f64,
    /// Latitude.
    pub lat_deg: f64,
    /// First output time at which it was ashore.
    pub time: ValidTime,
    /// When it met the shore, seconds since 1970-01-01T00:00:00Z.
    pub arrived_s: f64,
    /// The stretch of shoreline; `None` when there is none within five kilometres.
    pub segment: Option<SegmentId>,
}

/// What came ashore on one stretch of shoreline.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentArrivals {
    /// The stretch.
    pub segment: Segment,
    /// When its particles met the shore, seconds since 1970-01-01T00:00:00Z, rising; at least one.
    pub arrived_s: Vec<f64>,
    /// Share of all particles of the run that came ashore here.
    pub probability: f64,
    /// The same by each output time, in their order.
    pub probability_by: Vec<f64>,
}

/// Which particles came ashore over a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Stranding {
    /// Particles of the run.
    pub n_all: usize,
    /// By the time at which they met the shore, then by particle.
    pub arrivals: Vec<Arrival>,
    /// Share of all particles ashore at each output time; the first one is the start of the run.
    pub stranded_fraction: Vec<(ValidTime, f64)>,
    /// Stretches of shoreline with arrivals, in the order of their names' numbers: from south to north.
    pub segments: Vec<SegmentArrivals>,
}

/// Who came ashore, where and when, over the clouds of a run in order of time. `ended` tells by particle when exactly; a
/// particle that it says nothing of is taken to have arrived at the first output time that has it ashore.
pub fn stranding(clouds: &[Cloud<'_>], ended: &[Option<Ended>], coast: &Coast) -> Result<Stranding, Error> {
    check_run(clouds)?;
    let n_all = clouds.first().map_or(0, Cloud::len);
    let mut arrivals = arrivals(clouds, ended, n_all);
    arrivals
        .par_iter_mut()
        .for_each(|arrival| arrival.segment = coast.segment_at(arrival.lon_deg, arrival.lat_deg));
    arrivals.sort_by(|a, b| {
        a.arrived_s
            .total_cmp(&b.arrived_s)
            .then(a.particle_id.cmp(&b.particle_id))
    });
    let times: Vec<ValidTime> = clouds.iter().map(|cloud| cloud.time).collect();
    Ok(Stranding {
        n_all,
        segments: segments(&arrivals, &times, n_all, coast),
        arrivals,
        stranded_fraction: clouds
            .iter()
            .map(|cloud| (cloud.time, cloud.stranded_fraction()))
            .collect(),
    })
}

/// Every particle that is ashore at some output time of a run, by the first of them; segments are not looked for.
pub fn seen_ashore(clouds: &[Cloud<'_>]) -> Result<Vec<Arrival>, Error> {
    check_run(clouds)?;
    Ok(arrivals(clouds, &[], clouds.first().map_or(0, Cloud::len)))
}

/// Every particle that is ashore at some output time, once, without its segment.
fn arrivals(clouds: &[Cloud<'_>], ended: &[Option<Ended>], n_all: usize) -> Vec<Arrival> {
    let mut ashore = vec![false; n_all];
    let mut arrivals = Vec::new();
    for cloud in clouds {
        for (particle, ashore) in ashore.iter_mut().enumerate() {
            if *ashore || cloud.status[particle] != Status::Stranded {
                continue;
            }
            *ashore = true;
            let exact = ended.get(particle).copied().flatten();
            let exact = exact.filter(|ended| ended.status == Status::Stranded && ended.time_s.is_finite());
            arrivals.push(Arrival {
                particle_id: particle as u32,
                lon_deg: wrap_lon_deg(cloud.lon_deg[particle]),
                lat_deg: cloud.lat_deg[particle],
                time: cloud.time,
                arrived_s: exact.map_or(cloud.time.unix_s() as f64, |ended| ended.time_s),
                segment: None,
            });
        }
    }
    arrivals
}

/// Arrivals, given in order of time, by stretch of shoreline.
fn segments(arrivals: &[Arrival], times: &[ValidTime], n_all: usize, coast: &Coast) -> Vec<SegmentArrivals> {
    let mut by_segment: BTreeMap<SegmentId, Vec<f64>> = BTreeMap::new();
    for arrival in arrivals {
        if let Some(id) = arrival.segment {
            by_segment.entry(id).or_default().push(arrival.arrived_s);
        }
    }
    let share = |count: usize| count as f64 / n_all as f64;
    by_segment
        .into_iter()
        .filter_map(|(id, arrived_s)| {
            let by = |time: &ValidTime| share(arrived_s.partition_point(|&at| at <= time.unix_s() as f64));
            Some(SegmentArrivals {
                segment: coast.segment(id)?,
                probability: share(arrived_s.len()),
                probability_by: times.iter().map(by).collect(),
                arrived_s,
            })
        })
        .collect()
}

impl SegmentArrivals {
    /// The time by which this share of those that arrived here had arrived.
    pub fn arrival_time(&self, share_of_arrivals: f64) -> Option<ValidTime> {
        quantile(&self.arrived_s, |at| *at, share_of_arrivals)
    }
}

impl Stranding {
    /// Share of all particles that had come ashore when the run ended.
    pub fn arrived_fraction(&self) -> f64 {
        self.share(self.arrivals.len())
    }

    /// Share of all particles that had not come ashore when the run ended.
    pub fn never_arrived_fraction(&self) -> f64 {
        self.share(self.n_all - self.arrivals.len())
    }

    /// Share of all particles that came ashore where no stretch of shoreline is near.
    pub fn elsewhere_fraction(&self) -> f64 {
        self.share(self.arrivals.iter().filter(|arrival| arrival.segment.is_none()).count())
    }

    /// The time by which this share of those that arrived had arrived, to the second; `None` when none did.
    pub fn arrival_time(&self, share_of_arrivals: f64) -> Option<ValidTime> {
        quantile(&self.arrivals, |arrival| arrival.arrived_s, share_of_arrivals)
    }

    /// When the first particle came ashore, to the second.
    pub fn first_arrival(&self) -> Option<ValidTime> {
        self.arrival_time(0.0)
    }

    /// Hours from the start of the run to a time.
    fn hours_to(&self, time: ValidTime) -> Option<f64> {
        let (start, _) = self.stranded_fraction.first()?;
        Some((time.unix_s() - start.unix_s()) as f64 / 3600.0)
    }

    fn share(&self, count: usize) -> f64 {
        if self.n_all == 0 {
            0.0
        } else {
            count as f64 / self.n_all as f64
        }
    }
}

/// The time by which this share of some arrivals, in order of time, had arrived: that of the arrival which makes the share
/// whole.
fn quantile<A>(arrivals: &[A], at_s: impl Fn(&A) -> f64, share: f64) -> Option<ValidTime> {
    let rank = libm::ceil(share * arrivals.len() as f64) as usize;
    let arrival = arrivals.get(rank.clamp(1, arrivals.len().max(1)) - 1)?;
    whole_second(at_s(arrival))
}

/// A time to the second, as files write it.
fn whole_second(at_s: f64) -> Option<ValidTime> {
    ValidTime::from_unix_s(libm::round(at_s) as i64)
}

#[cfg(test)]
mod tests;

//! Dead reckoning: a vessel departs within a window, follows geodesics from waypoint to waypoint, and is lost, or loses
//! somebody, at a time that is even between its departure and its arrival.

use driftline_domain::{Pace, TrackRelease};

use super::{Scattered, at, degrees, gaussian};
use crate::random::Draw;
use crate::{displacement, moved};

/// A voyage with its legs measured.
#[derive(Debug, Clone)]
pub(super) struct Voyage {
    legs: Vec<Leg>,
    /// First and last departure, seconds since 1970.
    departure_s: [f64; 2],
    radius_m: f64,
}

#[derive(Debug, Clone)]
struct Leg {
    from: (f64, f64),
    /// Displacement at its start that leads to its end.
    way_m: (f64, f64),
    end: End,
}

/// When a leg ends, in seconds: at a time, or so long after its start.
#[derive(Debug, Clone, Copy)]
enum End {
    AtS(f64),
    AfterS(f64),
}

impl End {
    fn time_s(self, began_s: f64) -> f64 {
        match self {
            Self::AtS(time_s) => time_s,
            Self::AfterS(seconds) => began_s + seconds,
        }
    }
}

impl Voyage {
    pub(super) fn new(track: &TrackRelease) -> Self {
        let legs = track.legs.windows(2).map(|ends| {
            let from = degrees(ends[0].position);
            let way_m = displacement(from, degrees(ends[1].position));
            let end = match ends[1].pace {
                Some(Pace::At(time)) => End::AtS(time.unix_s() as f64),
                Some(Pace::SpeedMs(speed_ms)) => End::AfterS(libm::hypot(way_m.0, way_m.1) / speed_ms),
                None => End::AfterS(0.0),
            };
            Leg { from, way_m, end }
        });
        Self {
            legs: legs.collect(),
            departure_s: track.departure.map(|time| time.unix_s() as f64),
            radius_m: track.radius_m,
        }
    }

    /// The place at a share of the voyage's time; the departure is drawn.
    pub(super) fn place(&self, draw: &Draw, share: f64) -> Scattered {
        let [first_s, last_s] = self.departure_s;
        let departed_s = first_s + draw.uniforms()[2] * (last_s - first_s);
        let arrived_s = self
            .legs
            .iter()
            .fold(departed_s, |began_s, leg| leg.end.time_s(began_s));
        let lost_s = departed_s + share * (arrived_s - departed_s);
        let mut began_s = departed_s;
        let mut centre = self.legs.first().map_or((0.0, 0.0), |leg| leg.from);
        for leg in &self.legs {
            let ends_s = leg.end.time_s(began_s);
            let done = if ends_s > began_s {
                ((lost_s - began_s) / (ends_s - began_s)).clamp(0.0, 1.0)
            } else {
                1.0
            };
            centre = moved(leg.from.0, leg.from.1, done * leg.way_m.0, done * leg.way_m.1);
            if lost_s <= ends_s {
                break;
            }
            began_s = ends_s;
        }
        at(gaussian(draw, centre, self.radius_m), libm::round(lost_s) as i64)
    }
}
